//! Values inside records: dates, hex lists, addresses, strings.

use super::super::lexer::{calendar_time, clamped, Token};
use super::super::text::from_latin1;
use super::{Fault, Reader, SHARED};
use crate::wire::hardware::{HardwareAddr, MAX_ADDRESS};
use crate::wire::units::Timestamp;
use std::io::Read;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The value of a decimal number; `None` if the word is something else. What does not fit is cut to a sane size.
pub fn decimal(word: &[u8]) -> Option<i64> {
    let (negative, digits) = match word {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value =
        digits.iter().fold(0i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Some(if negative { -value } else { value })
}

/// The value of a hexadecimal word, if it fits an octet.
fn octet(word: &[u8]) -> Option<u8> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0u8, |value, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        value.checked_mul(16)?.checked_add(digit as u8)
    })
}

/// The parts of a date, and the complaint when the part or what follows it is missing.
const PARTS: [(&str, Option<(u8, &str)>); 6] = [
    ("numeric year expected.", Some((b'/', "expected slash separating year from month."))),
    ("numeric month expected.", Some((b'/', "expected slash separating month from day."))),
    ("numeric day of month expected.", None),
    ("numeric hour expected.", Some((b':', "expected colon separating hour from minute."))),
    ("numeric minute expected.", Some((b':', "expected colon separating minute from second."))),
    ("numeric second expected.", None),
];

impl<R: Read> Reader<'_, R> {
    /// A date with its semicolon (spec/leases-file.md 5). A malformed one is complained about and 0.
    pub fn date(&mut self) -> Result<Timestamp, Fault> {
        if let Some(date) = self.lexer.plain_date() {
            return Ok(date);
        }
        match self.date_core()? {
            Some(date) if self.lexer.peek() == Token::Punctuation(b';') => {
                self.token()?;
                Ok(date)
            }
            _ => {
                self.semicolon()?;
                Ok(Timestamp::UNSET)
            }
        }
    }

    /// A date up to its semicolon; `None` if there is something wrong with it.
    pub fn date_core(&mut self) -> Result<Option<Timestamp>, Fault> {
        self.lexer.peek();
        if self.lexer.is("never") {
            self.token()?;
            return Ok(Some(Timestamp::NEVER));
        }
        if self.lexer.is("epoch") {
            self.token()?;
            return Ok(self.number("Seconds since epoch expected.")?.map(clamped));
        }
        if self.number("numeric day of week expected.")?.is_none() {
            return Ok(None);
        }
        let mut fields = [0; 6];
        for (field, (missing, separator)) in fields.iter_mut().zip(PARTS) {
            match self.number(missing)? {
                Some(value) => *field = value.clamp(-1_000_000_000, 1_000_000_000),
                None => return Ok(None),
            }
            let Some((separator, missing)) = separator else { continue };
            if self.lexer.peek() != Token::Punctuation(separator) {
                self.complain(missing);
                return Ok(None);
            }
            self.token()?;
        }
        let [year, month, day, hour, minute, second] = fields;
        let year = if year > 1900 { year } else { year + 1900 };
        let zone = match self.lexer.peek() {
            Token::Punctuation(b';') => 0,
            Token::Word if decimal(self.lexer.text()).is_some() => {
                self.number("")?.unwrap_or(0).clamp(-1_000_000_000, 1_000_000_000)
            }
            _ => {
                self.complain("Time zone offset or semicolon expected.");
                return Ok(None);
            }
        };
        Ok(Some(calendar_time(year, month, day, hour, minute, second.saturating_add(zone))))
    }

    /// A decimal number; complains and takes nothing if there is none.
    fn number(&mut self, missing: &str) -> Result<Option<i64>, Fault> {
        let token = self.lexer.peek();
        if token == Token::End {
            return Err(Fault::End);
        }
        match (token == Token::Word).then(|| decimal(self.lexer.text())).flatten() {
            Some(value) => {
                self.token()?;
                Ok(Some(value))
            }
            None => {
                self.complain(missing);
                Ok(None)
            }
        }
    }

    /// Takes a word; false, with nothing taken, if there is none.
    pub fn word(&mut self) -> Result<bool, Fault> {
        match self.lexer.peek() {
            Token::End => Err(Fault::End),
            Token::Word => self.token().map(|_| true),
            _ => Ok(false),
        }
    }

    /// An IPv4 address. What does not belong to one is not taken.
    pub fn address(&mut self) -> Result<Option<Ipv4Addr>, Fault> {
        let mut octets = [0; 4];
        for (i, to) in octets.iter_mut().enumerate() {
            if i > 0 {
                if self.lexer.peek() != Token::Punctuation(b'.') {
                    return Ok(None);
                }
                self.lexer.next();
            }
            let value = self.word()?.then(|| decimal(self.lexer.text())).flatten();
            match value.and_then(|value| u8::try_from(value).ok()) {
                Some(value) => *to = value,
                None => return Ok(None),
            }
        }
        Ok(Some(octets.into()))
    }

    /// A hex list; `None` if an element is no hexadecimal octet. It may be empty.
    pub fn hex_list(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut list = Vec::new();
        while self.lexer.peek() == Token::Word {
            self.token()?;
            match octet(self.lexer.text()) {
                Some(value) => list.push(value),
                None => return Ok(None),
            }
            if self.lexer.peek() != Token::Punctuation(b':') {
                break;
            }
            self.token()?;
        }
        Ok(Some(list))
    }

    /// A string or a hex list.
    pub fn string_or_hex(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        if self.lexer.peek() == Token::String {
            self.token()?;
            return Ok(Some(self.lexer.text().to_vec()));
        }
        self.hex_list()
    }

    /// `<type> [octets];`; `None` after a complaint.
    pub fn hardware(&mut self) -> Result<Option<HardwareAddr>, Fault> {
        self.token()?;
        let word = self.lexer.text().to_ascii_lowercase();
        let htype = match &*word {
            b"ethernet" => Some(1),
            b"token-ring" => Some(6),
            b"fddi" => Some(8),
            b"infiniband" => Some(32),
            word => word.strip_prefix(b"unknown-").and_then(decimal).and_then(|number| u8::try_from(number).ok()),
        };
        let Some(htype) = htype else {
            self.complain("expecting a network hardware type");
            self.skip_statement(0)?;
            return Ok(None);
        };
        let Some(address) = self.hex_list()? else {
            self.complain("hexadecimal octet expected.");
            self.skip_statement(0)?;
            return Ok(None);
        };
        let hardware = HardwareAddr::new(htype, &address);
        if hardware.is_none() || address.len() > MAX_ADDRESS {
            self.complain("hardware address too long");
            self.skip_statement(0)?;
            return Ok(None);
        }
        self.semicolon()?;
        Ok(hardware)
    }

    /// The text read last as a name that is stored once.
    pub fn shared_name(&mut self) -> Arc<str> {
        let text = self.lexer.text();
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        let name: Arc<str> = from_latin1(text).into();
        if self.names.len() < SHARED {
            self.names.insert(text.into(), name.clone());
        }
        name
    }
}
