//! The pieces that log lines of DHCPv4 are made of (spec/operations.md 8). Pure.

use crate::wire::hardware::HardwareAddr;
use std::fmt;
use std::net::Ipv4Addr;

/// Names of the message types 1 to 13; `type <n>` stands for the others.
const TYPES: [&str; 13] = [
    "DHCPDISCOVER",
    "DHCPOFFER",
    "DHCPREQUEST",
    "DHCPDECLINE",
    "DHCPACK",
    "DHCPNAK",
    "DHCPRELEASE",
    "DHCPINFORM",
    "type 9",
    "DHCPLEASEQUERY",
    "DHCPLEASEUNASSIGNED",
    "DHCPLEASEUNKNOWN",
    "DHCPLEASEACTIVE",
];

/// A message type by its name.
pub struct TypeName(pub u8);

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::from(self.0).checked_sub(1).and_then(|at| TYPES.get(at)) {
            Some(name) => f.write_str(name),
            None => write!(f, "type {}", self.0),
        }
    }
}

/// Who a message is from or to: the hardware address, or for type 0 the client identifier of the lease, if any.
pub struct Client<'a> {
    pub hardware: &'a HardwareAddr,
    pub uid: Option<&'a [u8]>,
}

impl fmt::Display for Client<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.hardware.htype(), self.uid) {
            (0, Some(uid)) => f.write_str(&identifier(uid)),
            (0, None) => f.write_str("<no identifier>"),
            _ => self.hardware.fmt(f),
        }
    }
}

/// Room for an identifier's text, its end included.
const IDENTIFIER_ROOM: usize = 60;

/// Octets as ISC prints them: quoted text, cut to the room, if all that is shown is printable; else two hex digits each,
/// joined by `:`, or nothing if that does not fit.
pub fn identifier(octets: &[u8]) -> String {
    let shown = octets.get(..IDENTIFIER_ROOM - 3).unwrap_or(octets);
    if shown.iter().all(|o| (0x20..0x7f).contains(o)) {
        return format!("\"{}\"", String::from_utf8_lossy(shown));
    }
    if octets.len() * 3 > IDENTIFIER_ROOM {
        return String::new();
    }
    let digits: Vec<String> = octets.iter().map(|o| format!("{o:02x}")).collect();
    digits.join(":")
}

/// The longest host name that is shown.
const SHOWN_NAME: usize = 64;

/// The lease's host name in parentheses with a blank behind, or nothing.
pub struct HostName<'a>(pub &'a [u8]);

impl fmt::Display for HostName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0;
        if name.is_empty() {
            return Ok(());
        }
        let shown = |o: &u8| (0x20..0x7f).contains(o) && *o != b'"' && *o != b'\\';
        match std::str::from_utf8(name) {
            Ok(text) if name.len() <= SHOWN_NAME && name.iter().all(shown) => write!(f, "({text}) "),
            _ => f.write_str("(Hostname Unsuitable for Printing) "),
        }
    }
}

/// By which way a message came: the relay's address, else the interface.
pub struct Via<'a> {
    pub giaddr: Ipv4Addr,
    pub interface: &'a str,
}

impl fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.giaddr.is_unspecified() {
            f.write_str(self.interface)
        } else {
            self.giaddr.fmt(f)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_types() {
        assert_eq!(TypeName(1).to_string(), "DHCPDISCOVER");
        assert_eq!(TypeName(13).to_string(), "DHCPLEASEACTIVE");
        assert_eq!(TypeName(9).to_string(), "type 9");
        assert_eq!(TypeName(0).to_string(), "type 0");
        assert_eq!(TypeName(200).to_string(), "type 200");
    }

    #[test]
    fn names_clients() {
        let ethernet = HardwareAddr::new(1, &[0, 0x11, 0x22]).unwrap();
        let none = HardwareAddr::new(0, &[]).unwrap();
        assert_eq!(Client { hardware: &ethernet, uid: Some(b"x") }.to_string(), "00:11:22");
        assert_eq!(Client { hardware: &none, uid: Some(b"abc") }.to_string(), "\"abc\"");
        assert_eq!(Client { hardware: &none, uid: Some(&[0, 0x41]) }.to_string(), "00:41");
        assert_eq!(Client { hardware: &none, uid: None }.to_string(), "<no identifier>");
    }

    #[test]
    fn shows_decent_host_names() {
        assert_eq!(HostName(b"").to_string(), "");
        assert_eq!(HostName(b"pc1").to_string(), "(pc1) ");
        assert_eq!(HostName(&[b'a'; 65]).to_string(), "(Hostname Unsuitable for Printing) ");
        assert_eq!(HostName(b"a\"b").to_string(), "(Hostname Unsuitable for Printing) ");
        assert_eq!(HostName("\u{e9}".as_bytes()).to_string(), "(Hostname Unsuitable for Printing) ");
    }
}
