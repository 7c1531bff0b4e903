//! Records that are not leases (spec/leases-file.md 10 to 15): parsed as far as they are needed, kept as they stand.

use super::super::lexer::Token;
use super::super::objects::HostRecord;
use super::super::text::from_latin1;
use super::{Fault, Other, Reader};
use crate::config::model::FixedAddress;
use crate::config::{lower_block, take_client_id};
use crate::eval::LogKind;
use std::io::Read;

impl<R: Read> Reader<'_, R> {
    /// A record after its keyword.
    pub fn object(&mut self, kind: Other) -> Result<(), Fault> {
        match kind {
            Other::Host => self.host(),
            Other::Group => self.group(),
            Other::Class => self.class(false),
            Other::Subclass => self.class(true),
            Other::Failover => self.failover(),
            Other::ServerDuid => self.server_duid(),
            Other::ByteOrder => self.byte_order(),
            Other::Ia => self.ia(),
        }
    }

    fn server_duid(&mut self) -> Result<(), Fault> {
        match self.string_or_hex()? {
            Some(duid) if !duid.is_empty() => self.to.objects.server_duid = Some(duid.into()),
            _ => {
                self.complain("expecting string or hexadecimal data");
                self.complain("Invalid duid contents");
                return self.skip_statement(0);
            }
        }
        self.semicolon()
    }

    fn byte_order(&mut self) -> Result<(), Fault> {
        self.token()?;
        if self.seen_byte_order {
            let late = "authoring-byte-order specified too late.\nIt must occur before the first lease in file\n";
            (self.to.report)(LogKind::Error, late.into());
            return self.semicolon();
        }
        self.seen_byte_order = true;
        let little = self.lexer.is("little-endian");
        if !little && !self.lexer.is("big-endian") {
            self.complain("authoring-byte-order is invalid:  it must be big-endian or little-endian.");
        } else if little == cfg!(target_endian = "big") {
            let warning = "WARNING: Lease file authored using different byte order, will attempt to convert";
            (self.to.report)(LogKind::Error, warning.into());
            self.foreign_order = true;
        }
        self.semicolon()
    }

    /// `<name> {`; the octets of the name.
    pub fn name_and_brace(&mut self) -> Result<Vec<u8>, Fault> {
        let mut name = Vec::new();
        loop {
            match self.token()? {
                Token::Punctuation(b'{') => return Ok(name),
                Token::Word | Token::String => name.extend_from_slice(self.lexer.text()),
                Token::Punctuation(b'.') => name.push(b'.'),
                _ => {
                    self.complain("expecting left brace");
                    return Err(Fault::Record { depth: 0 });
                }
            }
        }
    }

    fn host(&mut self) -> Result<(), Fault> {
        let name = self.name_and_brace()?;
        let mut host = HostRecord { name: from_latin1(&name).into(), ..HostRecord::default() };
        loop {
            match self.token()? {
                Token::Punctuation(b'}') => break,
                Token::Word => self.host_statement(&mut host)?,
                _ => {
                    self.complain("expecting a parameter or declaration");
                    self.skip_statement(0)?;
                }
            }
        }
        if !host.deleted {
            if let Some(warning) = take_client_id(&host.name, &mut host.uid, &host.statements) {
                (self.to.report)(LogKind::Error, warning);
            }
        }
        let (name, is_declared) = (host.name.clone(), self.to.config.host_named(&host.name).is_some());
        if self.to.objects.hosts.enter(host, is_declared).is_err() {
            self.complain(&format!("host {name}: already exists"));
        }
        Ok(())
    }

    /// One statement of a host, its keyword taken.
    fn host_statement(&mut self, host: &mut HostRecord) -> Result<(), Fault> {
        match &*self.lexer.text().to_ascii_lowercase() {
            b"dynamic" => {
                host.dynamic = true;
                self.semicolon()
            }
            b"deleted" => {
                host.deleted = true;
                self.semicolon()
            }
            b"hardware" => {
                if let Some(hardware) = self.hardware()? {
                    host.hardware = hardware;
                }
                Ok(())
            }
            b"uid" => {
                match self.string_or_hex()? {
                    Some(uid) => host.uid = uid.into(),
                    None => return self.skip_statement(0),
                }
                self.semicolon()
            }
            b"fixed-address" => self.fixed_addresses(host),
            b"group" => {
                self.token()?;
                host.group = Some(from_latin1(self.lexer.text()).into());
                self.semicolon()
            }
            _ => self.executable(host),
        }
    }

    fn fixed_addresses(&mut self, host: &mut HostRecord) -> Result<(), Fault> {
        loop {
            let mut value = String::new();
            let end = loop {
                match self.token()? {
                    Token::Word => value.push_str(&from_latin1(self.lexer.text())),
                    Token::Punctuation(b'.') => value.push('.'),
                    token => break token,
                }
            };
            host.fixed_addresses.push(match value.parse() {
                Ok(address) => FixedAddress::Address(address),
                Err(_) => FixedAddress::Name(value.into()),
            });
            match end {
                Token::Punctuation(b',') => {}
                Token::Punctuation(b';') => return Ok(()),
                _ => {
                    self.complain("semicolon expected.");
                    return self.skip_statement(0);
                }
            }
        }
    }

    /// A statement of the configuration language, its first word taken.
    fn executable(&mut self, host: &mut HostRecord) -> Result<(), Fault> {
        let mut statement = self.lexer.text().to_vec();
        self.lexer.begin_capture();
        let length = self.statement_end()?;
        let rest = self.lexer.end_capture();
        statement.extend_from_slice(rest.get(..length).unwrap_or(rest));
        match lower_block(self.to.config, &from_latin1(&statement)) {
            Ok(lowered) => host.statements.extend_from_slice(&lowered),
            Err(complaints) => {
                self.complain_all(&complaints);
                self.corrupt();
            }
        }
        Ok(())
    }

    /// Takes what remains of a statement of the configuration language: up to its semicolon, or to the brace that closes its
    /// last block. Gives the length of what was captured up to there.
    pub fn statement_end(&mut self) -> Result<usize, Fault> {
        let mut depth = 0u32;
        loop {
            match self.token()? {
                Token::Punctuation(b'{') => depth += 1,
                Token::Punctuation(b'}') if depth <= 1 => {
                    let length = self.lexer.capture_length();
                    let goes_on = self.lexer.peek() == Token::Word && (self.lexer.is("else") || self.lexer.is("elsif"));
                    if !goes_on {
                        return Ok(length);
                    }
                    depth = 0;
                }
                Token::Punctuation(b'}') => depth -= 1,
                Token::Punctuation(b';') if depth == 0 => return Ok(self.lexer.capture_length()),
                _ => {}
            }
        }
    }
}
