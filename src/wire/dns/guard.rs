//! The record that says whose a name is: DHCID (RFC 4701), or the TXT record of style `interim` (spec/ddns.md 7).
//!
//! | style | type | data |
//! | --- | --- | --- |
//! | standard | DHCID | identifier type (2), digest type 1 (1), SHA-256 of identifier and name on the wire (32) |
//! | interim | TXT | length 34 (1), two digits of the identifier type, MD5 of the identifier in hexadecimal digits (32) |

use super::message::kind;
use super::name::Name;
use md5::Md5;
use sha2::{Digest, Sha256};

/// SHA-256.
const DIGEST_TYPE: u8 = 1;
/// The characters of the TXT record.
const TXT_LEN: usize = 34;

/// How names are guarded (`ddns-update-style`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    Interim,
    Standard,
}

impl Style {
    /// The style of a value of `ddns-update-style`; `None` if no updates are made.
    pub fn of(value: u8) -> Option<Style> {
        match value {
            2 => Some(Style::Interim),
            3 => Some(Style::Standard),
            _ => None,
        }
    }

    /// The other one.
    pub fn other(self) -> Style {
        match self {
            Style::Interim => Style::Standard,
            Style::Standard => Style::Interim,
        }
    }

    /// The type of its record.
    pub fn kind(self) -> u16 {
        match self {
            Style::Interim => kind::TXT,
            Style::Standard => kind::DHCID,
        }
    }
}

/// What tells a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identifier<'a> {
    /// 0: type and hardware address; 1: client identifier; 2: DUID; in style interim 61: client identifier.
    pub kind: u16,
    pub octets: &'a [u8],
}

/// The guard of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    pub style: Style,
    /// The data of its record.
    pub data: Box<[u8]>,
}

impl Guard {
    /// That of a client for a name.
    pub fn of(style: Style, identifier: Identifier<'_>, name: &Name) -> Guard {
        match style {
            Style::Standard => {
                let digest = Sha256::new().chain_update(identifier.octets).chain_update(name.wire()).finalize();
                let mut data = identifier.kind.to_be_bytes().to_vec();
                data.push(DIGEST_TYPE);
                data.extend(digest);
                Guard { style, data: data.into() }
            }
            Style::Interim => {
                // The second digit is the remainder by 15, as ISC has it.
                let mut text = format!("{:x}{:x}", identifier.kind >> 4 & 15, identifier.kind % 15);
                for octet in Md5::digest(identifier.octets) {
                    text.push_str(&format!("{octet:02x}"));
                }
                let mut data = vec![TXT_LEN as u8];
                data.extend(text.into_bytes());
                Guard { style, data: data.into() }
            }
        }
    }

    /// The text of the lease's variable.
    pub fn variable(&self) -> &[u8] {
        match self.style {
            Style::Interim => self.data.get(1..).unwrap_or_default(),
            Style::Standard => &self.data,
        }
    }

    /// That of a lease's variable; `None` if it cannot be one.
    pub fn of_variable(style: Style, text: &[u8]) -> Option<Guard> {
        match style {
            Style::Standard => Some(Guard { style, data: text.into() }),
            Style::Interim => {
                let length = u8::try_from(text.len()).ok().filter(|length| *length > 0)?;
                let data: Vec<u8> = std::iter::once(length).chain(text.iter().copied()).collect();
                Some(Guard { style, data: data.into() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn octets(text: &str) -> Vec<u8> {
        text.as_bytes().chunks(2).map(|p| u8::from_str_radix(std::str::from_utf8(p).unwrap(), 16).unwrap()).collect()
    }

    fn guard(style: Style, kind: u16, identifier: &str, name: &str) -> Guard {
        let name = Name::from_text(name.as_bytes()).unwrap();
        Guard::of(style, Identifier { kind, octets: &octets(identifier) }, &name)
    }

    /// spec/ddns.md 7.3
    #[test]
    fn standard() {
        let alpha = "38064a42fae3a04a495dfcc79a50f1ba348721619c9cd7ab37d54773f5759fc9";
        let table = [
            (0, "01020000001701", "alpha.example.org", format!("000001{alpha}")),
            (1, "01020000001701", "alpha.example.org", format!("000101{alpha}")),
            (
                1,
                "01020000001702",
                "Beta.example.org",
                "000101ba133b6843bb593496475d122bcffafb6ac7fdfdbe249cdd51797c7e7a64ee0a".into(),
            ),
            (
                2,
                "0003000102000000170a",
                "gamma.example.org",
                "000201c9861fd7fbdf77303ce5b113f8351e7c2ab0ed0f32ec9c979454d8ee91e24426".into(),
            ),
            // RFC 4701, 3.6: the second and third example
            (
                1,
                "010708090a0b0c",
                "chi.example.com",
                "0001013920fe5d1dceb3fd0ba3379756a70d73b17009f41d58bddbfcd6a2503956d8da".into(),
            ),
            (
                0,
                "01010203040506",
                "client.example.com",
                "000001c4b9a5b249651343158dde7bcc77169841f7a4243a572b5c283fffedeb3f75e6".into(),
            ),
        ];
        for (kind, identifier, name, want) in table {
            assert_eq!(hex(&guard(Style::Standard, kind, identifier, name).data), want);
        }
    }

    #[test]
    fn interim() {
        let table = [
            (0, "01020000001701", "008326d0a14e1ac9e4182263bc50d8fea1"),
            (61, "01020000001702", "311e5bc1d49587be7879341a15ba208cdc"),
            (61, "ff000000010003000102000000170a", "31d2fa5d02d932bfda2d7996fc96e8227b"),
            (2, "0403020100030001020000001701", "02028fa08eeb04f5bf5e959c6b18ad7a3f"),
        ];
        for (kind, identifier, want) in table {
            let guard = guard(Style::Interim, kind, identifier, "any");
            assert_eq!(guard.variable(), want.as_bytes());
            assert_eq!(guard.data.first(), Some(&34));
            assert_eq!(Guard::of_variable(Style::Interim, want.as_bytes()), Some(guard));
        }
    }
}
