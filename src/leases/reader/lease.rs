//! `lease <ip> { ... }` (spec/leases-file.md 16).

use super::super::lease::{Billing, BindingState, Lease, LeaseExtras, SmallBytes};
use super::super::lexer::Token;
use super::super::store::virgin_lease;
use super::super::text::from_latin1;
use super::value::decimal;
use super::{Fault, Reader, SHARED};
use crate::config::ir::Stmt;
use crate::config::lower_block;
use crate::config::model::PoolId;
use crate::eval::bindings::Value;
use crate::eval::LogKind;
use crate::options::registry::SpaceId;
use crate::wire::units::Timestamp;
use std::io::Read;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// A statement of a lease record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statement {
    Starts,
    Ends,
    Tstp,
    Tsfp,
    Atsfp,
    Cltt,
    Timestamp,
    Uid,
    Class,
    Hardware,
    Reserved,
    DynamicBootp,
    Abandoned,
    Next,
    Rewind,
    Binding,
    ClientHostname,
    Billing,
    On,
    Option,
    Set,
    DdnsForwardName,
    DdnsReverseName,
}

/// Each keyword, and the bit by which a repetition is noticed (0: it may be repeated).
const STATEMENTS: [(&[u8], Statement, u32); 24] = [
    (b"starts", Statement::Starts, 1),
    (b"ends", Statement::Ends, 2),
    (b"cltt", Statement::Cltt, 524_288),
    (b"binding", Statement::Binding, BINDING),
    (b"next", Statement::Next, NEXT),
    (b"rewind", Statement::Rewind, REWIND),
    (b"hardware", Statement::Hardware, 64),
    (b"uid", Statement::Uid, 8),
    (b"set", Statement::Set, 0),
    (b"client-hostname", Statement::ClientHostname, 1024),
    (b"tstp", Statement::Tstp, TSTP),
    (b"tsfp", Statement::Tsfp, 131_072),
    (b"atsfp", Statement::Atsfp, 262_144),
    (b"option", Statement::Option, 0),
    (b"supersede", Statement::Option, 0),
    (b"billing", Statement::Billing, 2048),
    (b"on", Statement::On, 0),
    (b"reserved", Statement::Reserved, 0),
    (b"dynamic-bootp", Statement::DynamicBootp, 0),
    (b"abandoned", Statement::Abandoned, BINDING),
    (b"class", Statement::Class, 32),
    (b"ddns-fwd-name", Statement::DdnsForwardName, 4096),
    (b"ddns-rev-name", Statement::DdnsReverseName, 8192),
    (b"timestamp", Statement::Timestamp, 0),
];

const NEXT: u32 = 128;
const BINDING: u32 = 256;
const REWIND: u32 = 512;
const TSTP: u32 = 65_536;

fn statement(word: &[u8]) -> Option<(Statement, u32)> {
    let exact = STATEMENTS.iter().find(|(name, _, _)| *name == word);
    exact
        .or_else(|| STATEMENTS.iter().find(|(name, _, _)| word.eq_ignore_ascii_case(name)))
        .map(|(_, s, bit)| (*s, *bit))
}

/// A binding state's word, and the flags that old files wrote as states.
pub fn state(word: &[u8], lease: &mut Lease) -> Option<BindingState> {
    Some(match &*word.to_ascii_lowercase() {
        b"free" => BindingState::Free,
        b"active" => BindingState::Active,
        b"expired" => BindingState::Expired,
        b"released" => BindingState::Released,
        b"abandoned" => BindingState::Abandoned,
        b"reset" => BindingState::Reset,
        b"backup" => BindingState::Backup,
        b"reserved" => {
            lease.flags.reserved = true;
            BindingState::Active
        }
        b"bootp" => {
            lease.flags.bootp = true;
            BindingState::Active
        }
        _ => return None,
    })
}

fn extras(lease: &mut Lease) -> &mut LeaseExtras {
    lease.extras.get_or_insert_default()
}

impl<R: Read> Reader<'_, R> {
    /// A lease record after its keyword.
    pub fn lease(&mut self) -> Result<(), Fault> {
        let Some(address) = self.address()? else {
            self.complain("expecting an IP address");
            return Err(Fault::Record { depth: 0 });
        };
        if self.token()? != Token::Punctuation(b'{') {
            self.complain("lbrace expected");
            return Err(Fault::Record { depth: 0 });
        }
        let mut lease = virgin_lease(address, PoolId(0));
        let mut seen = 0;
        loop {
            match self.token()? {
                Token::Punctuation(b'}') => break,
                Token::Word => self.statement(&mut lease, &mut seen)?,
                _ => return self.unexpected(),
            }
        }
        self.complete(&mut lease, seen);
        self.enter(lease);
        Ok(())
    }

    fn unexpected(&mut self) -> Result<(), Fault> {
        self.complain("Unexpected configuration directive.");
        Err(Fault::Record { depth: 1 })
    }

    /// One statement, its keyword taken.
    fn statement(&mut self, lease: &mut Lease, seen: &mut u32) -> Result<(), Fault> {
        let Some((kind, bit)) = statement(self.lexer.text()) else { return self.unexpected() };
        let bit = match kind {
            Statement::Starts => self.date_into(bit, &mut lease.starts)?,
            Statement::Ends => self.date_into(bit, &mut lease.ends)?,
            Statement::Tstp => self.date_into(bit, &mut lease.tstp)?,
            Statement::Cltt => self.date_into(bit, &mut lease.cltt)?,
            Statement::Tsfp => self.date_into(bit, &mut extras(lease).tsfp)?,
            Statement::Atsfp => self.date_into(bit, &mut extras(lease).atsfp)?,
            // ISC dies of it (spec/leases-file.md 23).
            Statement::Timestamp => self.date().map(|_| 0)?,
            Statement::Uid => self.uid(lease, bit)?,
            Statement::Class => self.skip_statement(0).map(|()| bit)?,
            Statement::Hardware => {
                if let Some(hardware) = self.hardware()? {
                    lease.hardware = hardware;
                }
                bit
            }
            Statement::Reserved => {
                lease.flags.reserved = true;
                self.semicolon().map(|()| 0)?
            }
            Statement::DynamicBootp => {
                lease.flags.bootp = true;
                self.semicolon().map(|()| 0)?
            }
            Statement::Abandoned => {
                (lease.state, lease.next_state) = (BindingState::Abandoned, BindingState::Abandoned);
                if *seen & REWIND == 0 {
                    lease.rewind_state = BindingState::Abandoned;
                }
                self.semicolon().map(|()| bit)?
            }
            Statement::Binding => self.binding_state(lease, bit, *seen)?,
            Statement::Next | Statement::Rewind => {
                if self.token()? == Token::Word && self.lexer.is("binding") {
                    self.binding_state(lease, bit, *seen)?
                } else {
                    self.complain("expecting 'binding'");
                    self.skip_statement(0).map(|()| 0)?
                }
            }
            Statement::ClientHostname => self.client_hostname(lease).map(|()| bit)?,
            Statement::Billing => self.billing(lease).map(|()| bit)?,
            Statement::On => self.on_events(lease).map(|()| 0)?,
            Statement::Option => self.agent_option(lease).map(|()| 0)?,
            Statement::Set => self.set(lease).map(|()| 0)?,
            Statement::DdnsForwardName => self.variable(lease, "ddns-fwd-name".into()).map(|()| bit)?,
            Statement::DdnsReverseName => self.variable(lease, "ddns-rev-name".into()).map(|()| bit)?,
        };
        if *seen & bit != 0 {
            let name = STATEMENTS.iter().find(|(_, s, _)| *s == kind).map_or("", |(name, _, _)| as_str(name));
            self.complain(&format!("Too many {name} parameters in lease {}", lease.address));
        }
        *seen |= bit;
        Ok(())
    }

    fn date_into(&mut self, bit: u32, to: &mut Timestamp) -> Result<u32, Fault> {
        *to = self.date()?;
        Ok(bit)
    }

    fn uid(&mut self, lease: &mut Lease, bit: u32) -> Result<u32, Fault> {
        if self.lexer.peek() == Token::String {
            self.token()?;
            lease.uid = SmallBytes::new(self.lexer.text());
            if lease.uid.is_empty() {
                (self.to.report)(LogKind::Debug, "Unexpected hash function at hash.c:46.".into());
            }
        } else {
            let Some(uid) = self.hex_list()? else {
                self.complain("hexadecimal octet expected.");
                return Err(Fault::Record { depth: 1 });
            };
            lease.uid = SmallBytes::new(&uid);
            if uid.is_empty() {
                self.complain("zero-length uid");
                return self.semicolon().map(|()| 0);
            }
        }
        self.semicolon()?;
        Ok(bit)
    }

    /// `state <state>;` after `[next|rewind] binding`.
    fn binding_state(&mut self, lease: &mut Lease, bit: u32, seen: u32) -> Result<u32, Fault> {
        if self.token()? != Token::Word || !self.lexer.is("state") {
            self.complain("expecting 'state'");
            return self.skip_statement(0).map(|()| 0);
        }
        self.token()?;
        let Some(state) = state(self.lexer.text(), lease) else {
            self.complain(&format!("{}: expecting a binding state.", from_latin1(self.lexer.text())));
            return Err(Fault::Record { depth: 1 });
        };
        match bit {
            NEXT => lease.next_state = state,
            REWIND => lease.rewind_state = state,
            _ => {
                lease.state = state;
                if seen & NEXT == 0 {
                    lease.next_state = state;
                }
                if seen & REWIND == 0 {
                    lease.rewind_state = state;
                }
            }
        }
        self.semicolon()?;
        Ok(bit)
    }

    fn client_hostname(&mut self, lease: &mut Lease) -> Result<(), Fault> {
        let mut name = Vec::new();
        match self.token()? {
            Token::String => {
                let text = self.lexer.text();
                name.extend(text.iter().take_while(|octet| **octet != 0));
            }
            Token::Word => {
                name.extend_from_slice(self.lexer.text());
                while self.lexer.peek() == Token::Punctuation(b'.') {
                    self.token()?;
                    name.push(b'.');
                    if self.lexer.peek() == Token::Word {
                        self.token()?;
                        name.extend_from_slice(self.lexer.text());
                    }
                }
            }
            _ => {
                self.complain("expecting a hostname.");
                return Err(Fault::Record { depth: 1 });
            }
        }
        lease.hostname = SmallBytes::new(&name);
        self.semicolon()
    }

    fn billing(&mut self, lease: &mut Lease) -> Result<(), Fault> {
        self.token()?;
        let is_class = self.lexer.is("class");
        if !is_class && !self.lexer.is("subclass") {
            self.complain("expecting \"class\"");
            return self.skip_statement(0);
        }
        if self.token()? != Token::String {
            self.complain("expecting string");
            return self.skip_statement(0);
        }
        let known = self.class_names.contains(self.lexer.text());
        let class = self.shared_name();
        let subclass = if is_class {
            if !known {
                self.complain(&format!("unknown class {class}"));
            }
            None
        } else {
            if !known {
                self.complain(&format!("no class named {class}"));
            }
            let Some(data) = self.string_or_hex()? else {
                self.complain("Expecting string or hex list.");
                return self.skip_statement(0);
            };
            Some(data.into_boxed_slice())
        };
        if known {
            extras(lease).billing = Some(Billing { class, subclass });
        }
        self.semicolon()
    }

    /// `on <events> { ... }`. A block that cannot be read is lost, not the lease.
    pub fn on_events(&mut self, lease: &mut Lease) -> Result<(), Fault> {
        let (mut expiry, mut release) = (false, false);
        self.lexer.begin_capture();
        loop {
            match self.token()? {
                Token::Word if self.lexer.is("expiry") => expiry = true,
                Token::Word if self.lexer.is("release") => release = true,
                Token::Word if self.lexer.is("commit") || self.lexer.is("or") || self.lexer.is("transmission") => {}
                Token::Punctuation(b'{') => break,
                Token::Punctuation(b';') => return Ok(()),
                _ => {
                    self.complain("expecting a lease event.");
                    return Err(Fault::Record { depth: 1 });
                }
            }
        }
        self.skip_block(1)?;
        let source: Box<[u8]> = self.lexer.end_capture().into();
        let Some(block) = self.event_block(source) else { return Ok(()) };
        if expiry {
            extras(lease).on_expiry = Some(block.clone());
        }
        if release {
            extras(lease).on_release = Some(block);
        }
        Ok(())
    }

    /// The statements of `<events> { ... }`. The same text is read once only.
    fn event_block(&mut self, source: Box<[u8]>) -> Option<Arc<[Stmt]>> {
        if let Some(block) = self.event_blocks.get(&source) {
            return Some(block.clone());
        }
        let open = source.iter().position(|octet| *octet == b'{').map_or(0, |at| at + 1);
        let body = source.get(open..source.len().saturating_sub(1)).unwrap_or(&[]);
        match lower_block(self.to.config, &from_latin1(body)) {
            Ok(block) => {
                if self.event_blocks.len() < SHARED {
                    self.event_blocks.insert(source, block.clone());
                }
                Some(block)
            }
            Err(complaints) => {
                self.complain_all(&complaints);
                self.complain("possibly corrupt lease file");
                None
            }
        }
    }

    /// `option agent.<name> <value>;`
    fn agent_option(&mut self, lease: &mut Lease) -> Result<(), Fault> {
        self.token()?;
        let in_agent_space = self.lexer.is("agent");
        if self.lexer.peek() != Token::Punctuation(b'.') || !in_agent_space {
            self.complain("agent option expected.");
            return self.skip_statement(0);
        }
        self.token()?;
        self.token()?;
        let name = from_latin1(self.lexer.text());
        let known = self.to.config.registry.option_named(SpaceId::AGENT, &name).cloned();
        let unknown = name.strip_prefix("unknown-").and_then(|number| decimal(number.as_bytes()));
        let code = known.as_ref().map(|def| i64::from(def.key.code)).or(unknown);
        let Some(code) = code.and_then(|code| u8::try_from(code).ok()) else {
            self.complain(&format!("unknown option agent.{name}"));
            return self.skip_statement(0);
        };
        match self.formatted(known.as_ref().map_or("X", |def| &*def.format))? {
            Some(data) => extras(lease).agent_options.push((code, data.into_boxed_slice())),
            None => {
                self.complain("expecting string or hexadecimal data.");
                return self.skip_statement(0);
            }
        }
        self.semicolon()
    }

    /// `set <name> = <value>;`
    pub fn set(&mut self, lease: &mut Lease) -> Result<(), Fault> {
        if self.token()? != Token::Word || decimal(self.lexer.text()).is_some() {
            self.complain(&format!("{} can't be a variable name", from_latin1(self.lexer.text())));
            return Err(Fault::Record { depth: 1 });
        }
        let name = self.shared_name();
        if self.token()? != Token::Punctuation(b'=') {
            self.complain("expecting '=' in set statement.");
            return Err(Fault::Record { depth: 1 });
        }
        self.variable(lease, name)
    }

    fn variable(&mut self, lease: &mut Lease, name: Arc<str>) -> Result<(), Fault> {
        let Some(value) = self.value()? else { return Err(Fault::Record { depth: 1 }) };
        extras(lease).variables.set(&name, Some(value));
        self.semicolon()
    }

    /// The value of a variable (spec/leases-file.md 7); `None` after a complaint.
    fn value(&mut self) -> Result<Option<Value>, Fault> {
        match self.lexer.peek() {
            Token::End => Err(Fault::End),
            Token::String => {
                self.token()?;
                Ok(Some(self.shared_value()))
            }
            Token::Punctuation(b'%') => {
                self.token()?;
                let token = self.token()?;
                match (token == Token::Word).then(|| decimal(self.lexer.text())).flatten() {
                    Some(number) => Ok(Some(Value::Number(number as u64))),
                    None => {
                        self.complain("expecting decimal number.");
                        Ok(None)
                    }
                }
            }
            Token::Word if self.lexer.is("true") || self.lexer.is("false") => {
                let value = self.lexer.is("true");
                self.token()?;
                Ok(Some(Value::Boolean(value)))
            }
            // A hex list begins with an element that no decimal number is.
            Token::Word
                if decimal(self.lexer.text()).is_none() && self.lexer.text().iter().all(u8::is_ascii_hexdigit) =>
            {
                let list = self.hex_list()?;
                if list.is_none() {
                    self.complain("hexadecimal octet expected.");
                }
                Ok(list.map(|list| Value::Data(list.into())))
            }
            Token::Word if decimal(self.lexer.text()).is_none() => {
                self.token()?;
                self.complain("expecting true or false");
                Ok(None)
            }
            _ => {
                self.complain("expecting a constant value.");
                Ok(None)
            }
        }
    }

    /// The string read last as a value. Values that many leases have are stored once.
    fn shared_value(&mut self) -> Value {
        let text = self.lexer.text();
        if let Some(value) = self.values.get(text) {
            return value.clone();
        }
        let value = Value::Data(text.into());
        if self.values.len() < SHARED {
            self.values.insert(text.into(), value.clone());
        }
        value
    }

    /// What the record left out (spec/leases-file.md 16).
    fn complete(&self, lease: &mut Lease, seen: u32) {
        if seen & BINDING == 0 {
            let has_events = lease.extras.as_ref().is_some_and(|e| e.on_expiry.is_some() || e.on_release.is_some());
            lease.state = if lease.ends > self.now || has_events { BindingState::Active } else { BindingState::Free };
            lease.next_state = BindingState::Free;
            lease.rewind_state = lease.state;
        }
        if seen & TSTP == 0 {
            lease.tstp = lease.ends;
        }
    }

    /// Puts the lease into the store, in place of an earlier record of its address.
    fn enter(&mut self, mut lease: Lease) {
        let address: Ipv4Addr = lease.address;
        match self.to.store.pool_of(address) {
            Some(pool) => {
                lease.pool = pool;
                self.to.store.load(lease);
            }
            None => (self.to.report)(LogKind::Error, format!("lease {address}: no subnet.")),
        }
    }
}

fn as_str(word: &[u8]) -> &str {
    std::str::from_utf8(word).unwrap_or("")
}
