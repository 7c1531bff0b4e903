//! Option 81, the client's fully qualified name, and its virtual space `fqdn` (spec/options.md 16, 23.5; RFC 4702).
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 1 | flags: 01 server-update, 02 no-client-update, 04 encoded |
//! | 1 | 1 | rcode1 |
//! | 2 | 1 | rcode2 |
//! | 3 | ... | name: text, or labels if encoded |

/// Codes of space `fqdn`.
pub const NO_CLIENT_UPDATE: u32 = 1;
pub const SERVER_UPDATE: u32 = 2;
pub const ENCODED: u32 = 3;
pub const RCODE1: u32 = 4;
pub const RCODE2: u32 = 5;
pub const HOSTNAME: u32 = 6;
pub const DOMAINNAME: u32 = 7;
pub const FQDN: u32 = 8;

const FLAG_SERVER_UPDATE: u8 = 1;
const FLAG_NO_CLIENT_UPDATE: u8 = 2;
const FLAG_ENCODED: u8 = 4;
const FIXED_LEN: usize = 3;
const MAX_LABEL: usize = 63;

/// Why the name could not be read; `Display` is ISC's log line (level info).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FqdnError {
    #[error("label length exceeds 63 in fqdn option")]
    LongLabel,
    #[error("fqdn label longer than buffer")]
    LabelBeyondEnd,
}

/// Flags and rcodes of an option 81 whose name could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FqdnFlags {
    pub no_client_update: bool,
    pub server_update: bool,
    pub rcode1: u8,
    pub rcode2: u8,
}

/// Option 81 decoded. The name as text is `name`; the parts are lengths of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fqdn {
    pub encoded: bool,
    /// Not there if the name is malformed: only `encoded` is known then.
    pub rest: Result<FqdnRest, FqdnError>,
}

/// All of it but the encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FqdnRest {
    pub flags: FqdnFlags,
    /// The whole name, labels joined by dots.
    pub name: Vec<u8>,
    /// Octets of `name` that are the host name.
    pub hostname_len: usize,
    /// Where in `name` the domain name starts, if it has one.
    pub domainname_at: Option<usize>,
}

/// Decodes option 81; `None` if it is shorter than 3 octets.
pub fn decode(data: &[u8]) -> Option<Fqdn> {
    let (&[flags, rcode1, rcode2], name) = data.split_first_chunk::<FIXED_LEN>()?;
    let mut rest = FqdnFlags {
        no_client_update: flags & FLAG_NO_CLIENT_UPDATE != 0,
        server_update: flags & FLAG_SERVER_UPDATE != 0,
        rcode1,
        rcode2,
    };
    if flags & FLAG_ENCODED != 0 {
        return Some(Fqdn { encoded: true, rest: decode_labels(name, rest) });
    }
    // ISC takes a NUL off the end, be it of the name or the last rcode, and then forces no-client-update.
    let name = match data.last() {
        Some(0) => {
            rest.no_client_update = true;
            name.split_last().map_or(name, |(_, shorter)| shorter)
        }
        _ => name,
    };
    let hostname_len = name.iter().position(|b| *b == b'.').unwrap_or(name.len());
    let domainname_at = (name.len() > hostname_len + 1).then_some(hostname_len + 1);
    Some(Fqdn { encoded: false, rest: Ok(FqdnRest { flags: rest, name: name.to_vec(), hostname_len, domainname_at }) })
}

/// Joins labels with dots. A label may run over the end by up to two octets, which read as zero.
fn decode_labels(labels: &[u8], flags: FqdnFlags) -> Result<FqdnRest, FqdnError> {
    let mut name = Vec::with_capacity(labels.len() + 2);
    let mut first_len = 0;
    let mut terminated = false;
    let mut at = 0;
    while let Some(&length) = labels.get(at) {
        let length = usize::from(length);
        if length > MAX_LABEL {
            return Err(FqdnError::LongLabel);
        }
        if length == 0 {
            terminated = true;
            break;
        }
        if at + length > labels.len() + 1 {
            return Err(FqdnError::LabelBeyondEnd);
        }
        if at == 0 {
            first_len = length;
        } else {
            name.push(b'.');
        }
        let label = labels.get(at + 1..).unwrap_or(&[]);
        let label = label.get(..length).unwrap_or(label);
        name.extend_from_slice(label);
        name.resize(name.len() + length - label.len(), 0);
        at += length + 1;
    }
    let hostname_len = if terminated { first_len } else { name.len() };
    let domainname_at = (hostname_len < name.len()).then_some(hostname_len);
    Ok(FqdnRest { flags, name, hostname_len, domainname_at })
}

/// Appends labels and the root label. Encoding stops at an empty label; a NUL ends a label like a dot.
fn encode_labels(name: &[u8], out: &mut Vec<u8>) {
    let mut labels = name.split(|b| matches!(b, b'.' | 0)).peekable();
    while let Some(label) = labels.next() {
        // what follows a last separator is no label of its own
        if label.is_empty() && labels.peek().is_none() {
            break;
        }
        out.push(label.len() as u8);
        if label.is_empty() {
            return;
        }
        out.extend_from_slice(label);
    }
    out.push(0);
}

/// Appends option 81 made of the values of space `fqdn`. `value` gives the bytes of a code; empty if it has none. The octet
/// of a label over 63 is written as it is, as ISC does.
pub fn encode(mut value: impl FnMut(u32) -> Vec<u8>, out: &mut Vec<u8>) {
    let mut first = |code| value(code).first().copied().unwrap_or(0);
    let encoded = first(ENCODED) != 0;
    let mut flags = 0;
    for (code, bit) in [(NO_CLIENT_UPDATE, FLAG_NO_CLIENT_UPDATE), (SERVER_UPDATE, FLAG_SERVER_UPDATE)] {
        if first(code) != 0 {
            flags |= bit;
        }
    }
    if encoded {
        flags |= FLAG_ENCODED;
    }
    out.extend([flags, first(RCODE1), first(RCODE2)]);
    let name = value(FQDN);
    if !encoded {
        out.extend_from_slice(&name);
    } else if !name.is_empty() {
        encode_labels(&name, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(data: &[u8]) -> (u8, u8, u8, String, String, String) {
        let fqdn = decode(data).unwrap();
        let rest = fqdn.rest.unwrap();
        let text = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap().trim_end_matches('\0').to_string();
        (
            rest.flags.no_client_update.into(),
            rest.flags.server_update.into(),
            fqdn.encoded.into(),
            text(&rest.name[..rest.hostname_len]),
            rest.domainname_at.map_or(String::new(), |at| text(&rest.name[at..])),
            text(&rest.name),
        )
    }

    /// spec/options.md 23.5
    #[test]
    fn decodes_as_isc_does() {
        let row = |nc, su, enc, h: &str, d: &str, f: &str| (nc, su, enc, h.to_string(), d.to_string(), f.to_string());
        for (data, wanted) in [
            (&b"\x01\xff\xffhost.example.org"[..], row(0, 1, 0, "host", "example.org", "host.example.org")),
            (b"\x01\0\0host.ex\0", row(1, 1, 0, "host", "ex", "host.ex")),
            (b"\x01\0\0", row(1, 1, 0, "", "", "")),
            (b"\x05\0\0\x04host\x02ex\0", row(0, 1, 1, "host", ".ex", "host.ex")),
            (b"\x05\0\0\x04host\x02ex", row(0, 1, 1, "host.ex", "", "host.ex")),
            (b"\x05\0\0\0", row(0, 1, 1, "", "", "")),
            (b"\x02\0\0h.e", row(1, 0, 0, "h", "e", "h.e")),
            (b"\x05\0\0\x04ho", row(0, 1, 1, "ho", "", "ho")),
        ] {
            assert_eq!(parts(data), wanted, "{data:x?}");
        }
        assert_eq!(decode(b"\x05\0\0\xc0\0"), Some(Fqdn { encoded: true, rest: Err(FqdnError::LongLabel) }));
        assert_eq!(decode(b"\x05\0\0\x05ho").unwrap().rest, Err(FqdnError::LabelBeyondEnd));
        assert_eq!(decode(b"\x05\0"), None);
    }

    fn encoded(encoded: u8, name: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let value = |code| match code {
            ENCODED => vec![encoded],
            SERVER_UPDATE => vec![1],
            RCODE1 => vec![255],
            RCODE2 => vec![254],
            FQDN => name.to_vec(),
            _ => Vec::new(),
        };
        encode(value, &mut out);
        out
    }

    /// spec/options.md 23.4 rows 63 and 64
    #[test]
    fn encodes_as_isc_does() {
        assert_eq!(encoded(1, b"host.example.org"), b"\x05\xff\xfe\x04host\x07example\x03org\0");
        assert_eq!(encoded(0, b"host.example.org"), b"\x01\xff\xfehost.example.org");
        assert_eq!(encoded(1, b"host."), b"\x05\xff\xfe\x04host\0");
        assert_eq!(encoded(1, b"a..b"), b"\x05\xff\xfe\x01a\0");
        assert_eq!(encoded(1, b""), b"\x05\xff\xfe");
    }

    proptest! {
        #[test]
        fn names_round_trip(labels in proptest::collection::vec("[a-z]{1,63}", 1..4)) {
            let name = labels.join(".");
            let decoded = decode(&encoded(1, name.as_bytes())).unwrap().rest.unwrap();
            prop_assert_eq!(&decoded.name[..], name.as_bytes());
            prop_assert_eq!(decoded.hostname_len, labels[0].len());
        }

        #[test]
        fn any_octets_are_survived(data in proptest::collection::vec(any::<u8>(), 0..260)) {
            if let Some(Fqdn { rest: Ok(rest), .. }) = decode(&data) {
                prop_assert!(rest.hostname_len <= rest.name.len());
                prop_assert!(rest.domainname_at.unwrap_or(0) <= rest.name.len());
            }
        }
    }
}
