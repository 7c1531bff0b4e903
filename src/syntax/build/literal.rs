//! Names, strings, numbers, addresses, dates, tokens.

use super::super::number::{atoi, convert};
use super::*;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest token.
const LONGEST: usize = 1499;

impl Build {
    /// A name: a string's text (up to a NUL), or words joined by dots.
    pub fn name(&mut self, pair: Node) -> Name {
        let span = self.span(&pair);
        let text = pair.as_str().trim_end();
        let text = if text.starts_with('"') {
            let octets = self.string(&pair);
            octets.iter().take_while(|octet| **octet != 0).map(|octet| char::from(*octet)).collect()
        } else if text.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'#') {
            text.into()
        } else {
            words(pair.clone())
        };
        self.check_length(&pair, text.len(), "token larger than internal buffer");
        Name { text, span }
    }

    fn check_length(&mut self, pair: &Node, length: usize, message: &str) {
        if length > LONGEST {
            self.complain(pair, Code::TokenTooLong, message);
        }
    }

    /// The octets of a string, its escapes decoded.
    pub fn string(&mut self, pair: &Node) -> Octets {
        let text = pair.as_str().trim_end();
        let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let octets = if inner.contains('\\') {
            self.unescape(pair, inner)
        } else if inner.is_ascii() {
            inner.as_bytes().to_vec()
        } else {
            inner.chars().map(|c| c as u8).collect()
        };
        self.check_length(pair, octets.len(), "string constant larger than internal buffer");
        octets.into()
    }

    /// Decodes escapes the way ISC's scanner does, mistakes included (spec/config-language.md 1.5).
    fn unescape(&mut self, pair: &Node, text: &str) -> Vec<u8> {
        let mut octets = Vec::with_capacity(text.len());
        let mut rest = text.chars().map(|c| c as u8);
        while let Some(octet) = rest.next() {
            if octet != b'\\' {
                octets.push(octet);
                continue;
            }
            // A NUL of too few digits makes the octet after the next one an escape again.
            while let Some(octet) = rest.next() {
                match octet {
                    b't' => octets.push(b'\t'),
                    b'r' => octets.push(b'\r'),
                    b'n' => octets.push(b'\n'),
                    b'b' => octets.push(8),
                    b'0'..=b'3' => match self.octal(pair, octet - b'0', &mut rest) {
                        Some(value) => octets.push(value),
                        None => continue,
                    },
                    b'x' => octets.extend(self.hex(pair, &mut rest)),
                    other => octets.push(other),
                }
                break;
            }
        }
        octets
    }

    /// Two more octal digits. `None` for zeros followed by no digit.
    fn octal(&mut self, pair: &Node, first: u8, rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
        let (mut value, mut digits) = (first, 1);
        while digits < 3 {
            match rest.next()? {
                digit @ b'0'..=b'7' => {
                    value = value.wrapping_mul(8).wrapping_add(digit - b'0');
                    digits += 1;
                }
                _ if value == 0 => return None,
                other => self.complain(pair, Code::String, format!("invalid octal digit {:x}", signed(other))),
            }
        }
        Some(value)
    }

    /// Two hex digits, or a complaint and nothing.
    fn hex(&mut self, pair: &Node, rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
        let mut value = 0;
        for _ in 0..2 {
            let octet = rest.next()?;
            match char::from(octet).to_digit(16) {
                Some(digit) => value = value * 16 + digit as u8,
                None => {
                    self.complain(pair, Code::String, format!("invalid hex digit: {:x}", signed(octet)));
                    return None;
                }
            }
        }
        Some(value)
    }

    /// A number of so many bits, with ISC's complaint if it is too large or none.
    pub fn number(&mut self, pair: &Node, base: u32, bits: u32) -> u32 {
        let converted = convert(pair.as_str(), base, bits);
        if let Some(complaint) = converted.complaint {
            self.complain(pair, Code::Number, complaint);
        }
        converted.value
    }

    /// The octets of a list `1:aa:0c`.
    pub fn hex_list(&mut self, pair: Node) -> Octets {
        let octets = pair.into_inner().filter(|inner| inner.as_rule() == Rule::hex_octet);
        octets.map(|octet| self.number(&octet, 16, 8) as u8).collect()
    }

    /// A string or a hex list in a child.
    pub fn octets(&mut self, pair: Node) -> Option<Octets> {
        pair.into_inner().find_map(|inner| match inner.as_rule() {
            Rule::string => Some(self.string(&inner)),
            Rule::hex_list => Some(self.hex_list(inner)),
            Rule::uid_list | Rule::hardware_address | Rule::hash_buckets => self.octets(inner),
            _ => None,
        })
    }

    /// `10.0.0.1`
    pub fn address(&mut self, pair: Node) -> Ipv4Addr {
        let mut octets = [0; 4];
        let numbers = pair.into_inner().filter(|inner| inner.as_rule() == Rule::octet_number);
        for (octet, number) in octets.iter_mut().zip(numbers) {
            *octet = self.number(&number, 10, 8) as u8;
        }
        Ipv4Addr::from(octets)
    }

    /// The IPv4 addresses among the children.
    pub fn addresses(&mut self, pair: Node) -> Vec<Ipv4Addr> {
        let addresses = pair.into_inner().filter(|inner| inner.as_rule() == Rule::ip_address);
        addresses.map(|address| self.address(address)).collect()
    }

    /// `2001:db8::1`
    pub fn address6(&mut self, pair: Node) -> Ipv6Addr {
        pair.as_str().parse().unwrap_or_else(|_| {
            self.complain(&pair, Code::Address, "Invalid IPv6 address.");
            Ipv6Addr::UNSPECIFIED
        })
    }

    /// The IPv6 addresses among the children.
    pub fn addresses6(&mut self, pair: Node) -> Vec<Ipv6Addr> {
        let addresses = pair.into_inner().filter(|inner| inner.as_rule() == Rule::ip6_address);
        addresses.map(|address| self.address6(address)).collect()
    }

    /// An address, or a name to be looked up.
    pub fn address_or_name(&mut self, pair: Node) -> Option<AddressOrName> {
        pair.into_inner().find_map(|inner| match inner.as_rule() {
            Rule::ip_address => Some(AddressOrName::Address(self.address(inner))),
            Rule::host_name => Some(AddressOrName::Name(self.name(inner))),
            _ => None,
        })
    }

    /// The addresses and names among the children.
    pub fn addresses_or_names(&mut self, pair: Node) -> Vec<AddressOrName> {
        let all = pair.into_inner().filter(|inner| inner.as_rule() == Rule::address_or_name);
        all.filter_map(|inner| self.address_or_name(inner)).collect()
    }

    /// A date in seconds since 1970, as ISC counts them (spec/config-language.md 1.6).
    pub fn date(&mut self, pair: Node) -> i64 {
        let mut fields = [0; 8];
        let parts =
            [Rule::weekday, Rule::year, Rule::month, Rule::day, Rule::hour, Rule::minute, Rule::second, Rule::offset];
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::NEVER => return i64::from(i32::MAX),
                Rule::epoch_seconds => return atoi(inner.as_str()),
                rule => {
                    if let Some(at) = parts.iter().position(|part| *part == rule) {
                        let bits = if rule == Rule::weekday || at > 2 && at < 7 { 8 } else { 16 };
                        fields[at] = match rule {
                            Rule::offset => atoi(inner.as_str()),
                            _ => i64::from(self.number(&inner, 10, bits)),
                        };
                    }
                }
            }
        }
        seconds(fields)
    }

    /// The tokens of a value.
    pub fn tokens(&mut self, pair: Node) -> Vec<Token> {
        pair.into_inner().map(|inner| self.token(inner)).collect()
    }

    /// One token.
    pub fn token(&mut self, pair: Node) -> Token {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::string => TokenKind::String(self.string(&pair)),
            Rule::number => TokenKind::Number,
            Rule::hex_word => TokenKind::NumberOrName,
            Rule::hex_octet if is_number(pair.as_str()) => TokenKind::Number,
            Rule::hex_octet => TokenKind::NumberOrName,
            Rule::value_punctuation => TokenKind::Punctuation(pair.as_str().as_bytes()[0]),
            _ => TokenKind::Name,
        };
        if !matches!(kind, TokenKind::String(_)) {
            self.check_length(&pair, pair.as_str().len(), "token larger than internal buffer");
        }
        Token { kind, span }
    }
}

/// A C `char` printed by `%x`.
fn signed(octet: u8) -> i32 {
    i32::from(octet as i8)
}

/// True if a hex word is of digits alone.
fn is_number(text: &str) -> bool {
    text.strip_prefix('-').unwrap_or(text).bytes().all(|octet| octet.is_ascii_digit())
}

/// Words with gaps between them, joined without.
fn words(pair: Node) -> Box<str> {
    let leaves = pair.into_inner().flatten().filter(|inner| matches!(inner.as_rule(), Rule::label | Rule::dot));
    leaves.map(|leaf| leaf.as_str()).collect::<String>().into()
}

/// Weekday, year, month, day, hour, minute, second and offset in seconds since 1970. The offset is added; from 2038 on
/// time stands still.
fn seconds([_, year, month, day, hour, minute, second, offset]: [i64; 8]) -> i64 {
    let year = if year > 1900 { year - 1900 } else { year };
    if year >= 138 {
        return i64::from(i32::MAX);
    }
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let before = BEFORE[(month - 1).clamp(0, 11) as usize];
    let leap_day = i64::from(month > 2 && year % 4 == 0);
    let days = 365 * (year - 70) + (year - 69).div_euclid(4) + before + leap_day + day - 1;
    days * 86_400 + hour * 3600 + minute * 60 + second + offset
}
