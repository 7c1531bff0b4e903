//! `ia-na`, `ia-ta` and `ia-pd` records (spec/dhcpv6.md 20.3).

use super::super::ia::{Ia, IaKind, IaLease};
use super::super::lease::{BindingState, LeaseExtras};
use super::super::lexer::Token;
use super::super::store::virgin_lease;
use super::super::text::from_latin1;
use super::lease::state;
use super::value::decimal;
use super::{Fault, Reader};
use crate::config::model::PoolId;
use crate::eval::LogKind;
use crate::wire::units::Timestamp;
use std::io::Read;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An IAID and at least two octets of DUID.
const SHORTEST_KEY: usize = 6;
const IAID: usize = 4;

impl<R: Read> Reader<'_, R> {
    /// An association after its keyword, which is the text read last.
    pub fn ia(&mut self) -> Result<(), Fault> {
        let word = self.lexer.text().to_ascii_lowercase();
        let name = from_latin1(&word).to_ascii_uppercase().replace('-', "_");
        if self.to.objects.associations.is_none() {
            self.complain(&format!("{name} is only supported in DHCPv6 mode."));
            return self.skip_statement(0);
        }
        self.check_byte_order();
        let kind = IaKind::ALL.into_iter().find(|kind| kind.keyword().as_bytes() == word);
        let kind = kind.unwrap_or(IaKind::NonTemporary);
        let Some(mut key) = self.string_or_hex()?.filter(|key| key.len() >= SHORTEST_KEY) else {
            self.complain(&format!("corrupt lease file; iaid+{} string too short", name.to_ascii_lowercase()));
            return Err(Fault::Record { depth: 0 });
        };
        if self.foreign_order {
            key[..IAID].reverse();
        }
        if self.token()? != Token::Punctuation(b'{') {
            self.complain("corrupt lease file; expecting left brace");
            return Err(Fault::Record { depth: 0 });
        }
        let mut ia = Ia { key: key.into(), cltt: Timestamp::UNSET, leases: Vec::new() };
        loop {
            match self.token()? {
                Token::Punctuation(b'}') => break,
                Token::Word if self.lexer.is("cltt") => ia.cltt = self.date()?,
                Token::Word if self.lexer.is("iaaddr") || self.lexer.is("iaprefix") => {
                    ia.leases.extend(self.ia_lease(kind, &name)?);
                }
                _ => {
                    let expected = if kind == IaKind::Prefixes { "IAPREFIX" } else { "IAADDR" };
                    self.complain(&format!("corrupt lease file; expecting {expected} or right brace"));
                    return Err(Fault::Record { depth: 1 });
                }
            }
        }
        let taken = self.to.objects.associations.as_mut().map(|tables| tables.enter(kind, ia)).unwrap_or_default();
        for address in taken {
            let kind = kind.keyword().trim_start_matches("ia-");
            self.complain(&format!("duplicate {kind} lease for address {address}"));
        }
        Ok(())
    }

    fn check_byte_order(&mut self) {
        if !std::mem::replace(&mut self.seen_byte_order, true) {
            let warning =
                "WARNING: authoring-byte-order not in the lease file.\nAssuming file byte order matches this server.\n";
            (self.to.report)(LogKind::Error, warning.into());
        }
    }

    /// An address or prefix with its block; `None` if it is in no pool.
    fn ia_lease(&mut self, kind: IaKind, name: &str) -> Result<Option<IaLease>, Fault> {
        let part = from_latin1(self.lexer.text()).to_ascii_lowercase();
        let Some((address, length)) = self.prefix()? else {
            self.complain("Invalid IPv6 address.");
            return Err(Fault::Record { depth: 1 });
        };
        let mut lease = IaLease {
            address,
            length,
            state: BindingState::Free,
            preferred: 0,
            max: 0,
            ends: Timestamp::UNSET,
            extras: LeaseExtras::default(),
        };
        let (mut has_state, mut has_end) = (false, false);
        // Variables and events are read into a lease.
        let mut carrier = virgin_lease(Ipv4Addr::UNSPECIFIED, PoolId(0));
        loop {
            match self.token()? {
                Token::Punctuation(b'}') => break,
                Token::Word if self.lexer.is("binding") => {
                    lease.state = self.ia_state()?;
                    has_state = true;
                }
                Token::Word if self.lexer.is("preferred-life") => lease.preferred = self.life()?,
                Token::Word if self.lexer.is("max-life") => lease.max = self.life()?,
                Token::Word if self.lexer.is("ends") => {
                    lease.ends = self.date()?;
                    has_end = true;
                }
                Token::Word if self.lexer.is("set") => self.set(&mut carrier)?,
                Token::Word if self.lexer.is("on") => self.on_events(&mut carrier)?,
                _ => {
                    let (name, word) = (name.to_ascii_lowercase(), from_latin1(self.lexer.text()));
                    self.complain(&format!("corrupt lease file; expecting {name} contents, got '{word}'"));
                    self.skip_statement(0)?;
                }
            }
        }
        for (there, what) in [(has_state, "state"), (has_end, "end time")] {
            if !there {
                self.complain(&format!("corrupt lease file; missing {what} in {part}"));
                return Err(Fault::Record { depth: 1 });
            }
        }
        lease.extras = carrier.extras.map(|extras| *extras).unwrap_or_default();
        if !kind.has_pool(self.to.config, address, length) {
            let line = match kind {
                IaKind::Prefixes => format!("No pool found for prefix {address}/{length}"),
                _ => format!("No pool found for {name} address {address}"),
            };
            (self.to.report)(LogKind::Error, line);
            return Ok(None);
        }
        Ok(Some(lease))
    }

    /// An IPv6 address, a length if there is one, and the brace.
    fn prefix(&mut self) -> Result<Option<(Ipv6Addr, u8)>, Fault> {
        let mut text = String::new();
        loop {
            match self.token()? {
                Token::Word => text.push_str(&from_latin1(self.lexer.text())),
                Token::Punctuation(octet @ (b':' | b'.' | b'/')) => text.push(octet.into()),
                Token::Punctuation(b'{') => break,
                _ => return Ok(None),
            }
        }
        let (address, length) = text.split_once('/').unwrap_or((&text, "128"));
        let length = length.parse().ok().filter(|length| *length <= 128);
        Ok(address.parse().ok().zip(length))
    }

    fn ia_state(&mut self) -> Result<BindingState, Fault> {
        self.token()?;
        if self.lexer.is("state") && self.token()? == Token::Word {
            let mut carrier = virgin_lease(Ipv4Addr::UNSPECIFIED, PoolId(0));
            let state = state(self.lexer.text(), &mut carrier);
            let flagged = carrier.flags.reserved || carrier.flags.bootp;
            let known = state.filter(|state| !flagged && !matches!(state, BindingState::Reset | BindingState::Backup));
            if let Some(state) = known {
                self.semicolon()?;
                return Ok(state);
            }
        }
        self.complain("corrupt lease file; expecting a binding state.");
        Err(Fault::Record { depth: 2 })
    }

    /// `<seconds>;`
    fn life(&mut self) -> Result<u32, Fault> {
        let token = self.token()?;
        let value = (token == Token::Word).then(|| decimal(self.lexer.text())).flatten();
        if self.lexer.peek() == Token::Punctuation(b';') {
            self.token()?;
        } else {
            self.complain("corrupt lease file; expecting semicolon.");
        }
        Ok(value.unwrap_or(0).clamp(0, u32::MAX.into()) as u32)
    }
}
