//! Keys and zones (spec/config-language.md 7.8).

use super::declare::Declarer;
use super::host::fixed_address;
use super::lowering::octets_of;
use super::model::{Key, Zone};
use super::state::Step;
use crate::syntax::ast::{Name, ZoneKind, ZoneStatement};
use crate::syntax::source::Span;
use crate::wire::mac;

impl Declarer<'_> {
    /// `key NAME { algorithm A; secret S; }`. A key of the same name is replaced.
    pub fn key(&mut self, name: Name, algorithm: Option<Name>, secret: Option<(Box<str>, Span)>, span: Span) {
        let log = &mut self.state.log;
        let secret = match secret {
            Some((text, at)) => match base64(&octets_of(&text)) {
                Ok(octets) => Some(octets),
                Err(complaint) => {
                    log.complain(at, "secret", complaint);
                    return;
                }
            },
            None => None,
        };
        let (Some(algorithm), Some(secret)) = (algorithm, secret) else {
            // The real server crashes on either.
            let text = format!("key {}: an algorithm and a secret are needed", name.text);
            log.complain(span, "key-incomplete", text);
            return;
        };
        if secret.is_empty() {
            return;
        }
        let algorithm = mac::complete_name(&algorithm.text);
        if mac::Algorithm::from_full_name(&algorithm).is_none() {
            log.error(format!("Unable to create tsec structure for {}", name.text));
        }
        let key = Key { name: name.text, algorithm: algorithm.into(), secret: secret.into() };
        match self.state.keys.iter_mut().find(|other| other.name.eq_ignore_ascii_case(&key.name)) {
            Some(earlier) => *earlier = key,
            None => self.state.keys.push(key),
        }
    }

    /// `zone NAME { ... }`. A zone of the same name is replaced.
    pub fn zone(&mut self, name: Name, body: Vec<ZoneStatement>) -> Step {
        let mut zone = Zone {
            name: if name.text.ends_with('.') { name.text } else { format!("{}.", name.text).into() },
            primary: Vec::new(),
            secondary: Vec::new(),
            primary6: Vec::new(),
            secondary6: Vec::new(),
            key: None,
        };
        for statement in body {
            let twice = match &statement.kind {
                ZoneKind::Primary(_) if !zone.primary.is_empty() => Some("primary"),
                ZoneKind::Secondary(_) if !zone.secondary.is_empty() => Some("secondary"),
                ZoneKind::Primary6(_) if !zone.primary6.is_empty() => Some("primary6"),
                ZoneKind::Secondary6(_) if !zone.secondary6.is_empty() => Some("secondary6"),
                _ => None,
            };
            if let Some(twice) = twice {
                self.state.log.complain(statement.span, "zone", format!("more than one {twice}."));
                return Ok(());
            }
            match statement.kind {
                ZoneKind::Primary(servers) => zone.primary = servers.iter().map(fixed_address).collect(),
                ZoneKind::Secondary(servers) => zone.secondary = servers.iter().map(fixed_address).collect(),
                ZoneKind::Primary6(servers) => zone.primary6 = servers,
                ZoneKind::Secondary6(servers) => zone.secondary6 = servers,
                ZoneKind::Key(_) if zone.key.is_some() => {
                    return Err(self.state.fatal(format!("Multiple key definitions for zone {}.", zone.name)));
                }
                ZoneKind::Key(key) => {
                    match self.state.keys.iter().find(|other| other.name.eq_ignore_ascii_case(&key.text)) {
                        Some(known) => zone.key = Some(known.name.clone()),
                        None => {
                            self.state.log.complain(key.span, "unknown-key", format!("unknown key {}", key.text));
                        }
                    }
                }
            }
        }
        match self.state.zones.iter_mut().find(|other| other.name.eq_ignore_ascii_case(&zone.name)) {
            Some(earlier) => *earlier = zone,
            None => self.state.zones.push(zone),
        }
        Ok(())
    }
}

/// Decodes base64 as leniently as ISC: padding may be missing, and bits left over are only an error when one is set.
fn base64(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut octets = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count, mut padded) = (0_u32, 0_usize, false);
    for (at, character) in text.iter().enumerate() {
        if *character == b'=' {
            padded = true;
            count += 1;
            continue;
        }
        if padded {
            let rest: String = text[at..].iter().map(|c| char::from(*c)).collect();
            return Err(format!("stuff after base64 '=' terminator: {rest}."));
        }
        let value = sextet(*character).ok_or_else(|| format!("invalid base64 character {}.", *character as i8))?;
        bits = bits << 6 | u32::from(value);
        count += 1;
        match count % 4 {
            1 => {}
            2 => {
                octets.push((bits >> 4) as u8);
                bits &= 0xf;
            }
            3 => {
                octets.push((bits >> 2) as u8);
                bits &= 0x3;
            }
            _ => {
                octets.push(bits as u8);
                bits = 0;
            }
        }
    }
    if count % 4 != 0 && bits != 0 {
        return Err(format!("partial base64 value left over: {bits}."));
    }
    Ok(octets)
}

fn sextet(character: u8) -> Option<u8> {
    Some(match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_isc_reads_it() {
        assert_eq!(base64(b"aGVsbG8=").unwrap(), b"hello");
        assert_eq!(base64(b"aGVsbG8").unwrap(), b"hello");
        assert_eq!(base64(b"").unwrap(), b"");
        assert_eq!(base64(b"aG=V").unwrap_err(), "stuff after base64 '=' terminator: V.");
        assert_eq!(base64(b"a*").unwrap_err(), "invalid base64 character 42.");
        assert_eq!(base64(b"aGVsbG9").unwrap_err(), "partial base64 value left over: 1.");
    }
}
