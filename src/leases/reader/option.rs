//! Option values in lease records: constants by the letters of their format (spec/options.md 4, lease-file variant).

use super::super::lexer::Token;
use super::value::decimal;
use super::{Fault, Reader};
use crate::options::enums::Enumeration;
use crate::options::names::pack_list;
use std::io::Read;
use std::net::Ipv6Addr;

/// Octets of a value; ISC's buffer.
const MAX_VALUE: usize = 1024;
/// Characters of an IPv6 address.
const MAX_ADDRESS6: usize = 45;

impl<R: Read> Reader<'_, R> {
    /// A value up to its semicolon, which stays. `None` if it does not have the format.
    pub fn formatted(&mut self, format: &str) -> Result<Option<Vec<u8>>, Fault> {
        let letters = format.as_bytes();
        let mut value = Vec::new();
        let mut at = 0;
        while let Some(letter) = letters.get(at) {
            match letter {
                b'A' | b'a' if self.lexer.peek() == Token::Punctuation(b',') => {
                    self.lexer.next();
                    at = if *letter == b'A' { 0 } else { at.saturating_sub(1) };
                    continue;
                }
                b'A' => break,
                b'a' | b'o' | b'c' => {}
                // what is optional may be absent
                _ if letters.get(at + 1) == Some(&b'o') && self.lexer.peek() == Token::Punctuation(b';') => {}
                b'N' => {
                    let name = format.get(at + 1..).and_then(|rest| rest.split('.').next()).unwrap_or("");
                    let Some(octets) = self.enumerated(name)? else { return Ok(None) };
                    value.extend(octets);
                    at += name.len() + 1;
                }
                b'E' => {
                    let Some(octets) = self.string_or_hex()? else { return Ok(None) };
                    value.extend(octets);
                    break;
                }
                letter => match self.element(*letter)? {
                    Some(octets) if value.len() + octets.len() <= MAX_VALUE => value.extend(octets),
                    _ => return Ok(None),
                },
            }
            at += 1;
        }
        Ok(Some(value))
    }

    fn element(&mut self, letter: u8) -> Result<Option<Vec<u8>>, Fault> {
        match letter {
            b'I' => Ok(self.address()?.map(|address| address.octets().to_vec())),
            b'6' => self.address6(),
            b'T' | b'L' | b'l' => self.integer(4),
            b'S' | b's' => self.integer(2),
            b'B' | b'b' => self.integer(1),
            b'f' | b'F' => {
                self.word()?;
                let value = [("true", 1), ("on", 1), ("false", 0), ("off", 0), ("ignore", 2)];
                Ok(value.iter().find(|(word, _)| self.lexer.is(word)).map(|(_, value)| vec![*value]))
            }
            b't' | b'k' if self.lexer.peek() == Token::String => self.string_or_hex(),
            b't' | b'k' => Ok(None),
            b'd' => self.domain_name(),
            b'D' => self.domain_list(),
            b'Z' => Ok(Some(Vec::new())),
            _ => self.string_or_hex(),
        }
    }

    /// The low octets of a decimal number; `infinite` is all ones.
    fn integer(&mut self, width: usize) -> Result<Option<Vec<u8>>, Fault> {
        if !self.word()? {
            return Ok(None);
        }
        let number = if self.lexer.is("infinite") { Some(-1) } else { decimal(self.lexer.text()) };
        let octets = number.map(|number| number.to_be_bytes());
        Ok(octets.map(|octets| octets[octets.len() - width..].to_vec()))
    }

    /// A word of an enumeration, or its number.
    fn enumerated(&mut self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        if !self.word()? {
            return Ok(None);
        }
        let Some(enumeration) = Enumeration::named(name) else { return Ok(None) };
        let word = String::from_utf8_lossy(self.lexer.text());
        let number = decimal(self.lexer.text()).and_then(|number| u16::try_from(number).ok());
        let value = enumeration.value(&word).or(number);
        // as they stand on the wire: the text came from there
        Ok(value.map(|value| value.to_be_bytes()[2 - usize::from(enumeration.width.min(2))..].to_vec()))
    }

    fn address6(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut text = String::new();
        while text.len() < MAX_ADDRESS6 {
            match self.lexer.peek() {
                Token::Word => text.push_str(&String::from_utf8_lossy(self.lexer.text())),
                Token::Punctuation(mark @ (b':' | b'.')) => text.push(mark.into()),
                _ => break,
            }
            self.lexer.next();
        }
        Ok(text.parse::<Ipv6Addr>().ok().map(|address| address.octets().to_vec()))
    }

    /// Words joined by dots, without quotes.
    fn domain_name(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut text = Vec::new();
        while text.len() < MAX_VALUE {
            match self.lexer.peek() {
                Token::Word => text.extend_from_slice(self.lexer.text()),
                Token::Punctuation(b'.') => text.push(b'.'),
                _ => break,
            }
            self.lexer.next();
        }
        Ok(pack_list([&text[..]], false).ok())
    }

    /// Strings joined by commas.
    fn domain_list(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut names: Vec<Vec<u8>> = Vec::new();
        loop {
            if self.lexer.peek() != Token::String || names.len() > MAX_VALUE {
                return Ok(None);
            }
            self.lexer.next();
            names.push(self.lexer.text().to_vec());
            if self.lexer.peek() != Token::Punctuation(b',') {
                break;
            }
            self.lexer.next();
        }
        Ok(pack_list(names.iter().map(|name| &name[..]), false).ok())
    }
}

#[cfg(test)]
mod tests {
    use crate::leases::testing::Site;
    use crate::leases::tests::{load, rewritten};
    use crate::options::registry::{OptionKey, SpaceId};
    use std::sync::Arc;

    /// Lines of the lease file as ISC writes them for agent options of all kinds; they read and write back.
    #[test]
    fn agent_options_of_any_format_read_back() {
        let mut config = Site::one_network(&[&["10.0.0.10-10.0.0.12"]]).build();
        let rows = [
            (1, "X", r#""a\"b\\c\$d\`e\|f\&g\'h""#),
            (2, "X", "61:62:0:63"),
            (3, "I", "1.2.3.4"),
            (4, "L", "256"),
            (9, "X", r#""xyz""#),
            (20, "t", r#""a\001b""#),
            (21, "IA", "1.1.1.1,2.2.2.2"),
            (22, "fIa", "true 1.1.1.1,2.2.2.2"),
            (23, "BsT", "7 -2 infinite"),
            (24, "6", "fd77::1"),
            (25, "d", "foo.ex."),
            (26, "D", r#""a.b.", "c.""#),
            (27, "Nstatus-codes.to", r#"NoBinding "xy""#),
            (28, "Nstatus-codes.to", "NoBinding"),
            (29, "ba", "-1,2"),
        ];
        let mut body = String::new();
        for (code, format, line) in rows {
            let name = format!("o{code}");
            Arc::get_mut(&mut config.registry).unwrap().define(
                OptionKey { space: SpaceId::AGENT, code },
                &name,
                format,
            );
            body += &format!("\n  option agent.{name} {line};");
        }
        let text = format!("lease 10.0.0.10 {{\n  ends never;\n  binding state active;{body}\n}}\n");
        let mut loaded = load(&config, text.as_bytes(), 1_700_000_000);
        assert_eq!(loaded.log, [""; 0]);
        let written = rewritten(&mut loaded, 1_700_000_000);
        assert!(written.contains(&body), "{written}\n{body}");
    }

    /// What has not its format is passed over; the lease stays.
    #[test]
    fn a_lease_survives_a_value_that_cannot_be_read() {
        let config = Site::one_network(&[&["10.0.0.10-10.0.0.12"]]).build();
        for value in ["<error>", "1.2.3", "", "\"x\"", "1:2"] {
            let text = format!(
                "lease 10.0.0.10 {{\n  ends never;\n  binding state active;\n  option agent.agent-id {value};\n  \
                 client-hostname \"h\";\n}}\n"
            );
            let mut loaded = load(&config, text.as_bytes(), 1_700_000_000);
            assert!(!loaded.log.is_empty(), "{value}");
            let written = rewritten(&mut loaded, 1_700_000_000);
            assert!(written.contains("client-hostname \"h\";"), "{value}: {written}");
            assert!(!written.contains("agent-id"), "{written}");
        }
    }
}
