//! ICMP echo: the ping before an offer (RFC 792; spec/dhcpv4.md 14).
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 1 | type: 8 request, 0 reply |
//! | 1 | 1 | code: 0 |
//! | 2 | 2 | checksum |
//! | 4 | 2 | id |
//! | 6 | 2 | sequence: 0 |
//! | 8 | 20 | data: zeros |

use super::checksum::Sum;

/// Octets of an echo request.
pub const ECHO_LEN: usize = 28;

const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;

/// An echo request, without an IP header.
pub fn echo_request(id: u16) -> [u8; ECHO_LEN] {
    let mut out = [0; ECHO_LEN];
    out[0] = ECHO_REQUEST;
    out[4..6].copy_from_slice(&id.to_be_bytes());
    let sum = Sum::default().plus(&out).finish();
    out[2..4].copy_from_slice(&sum.to_be_bytes());
    out
}

/// True if what a raw socket read, IP header first, is an echo reply of at least the request's length. Id and sequence are
/// not compared, as ISC does not; the sender's address decides.
pub fn is_echo_reply(packet: &[u8]) -> bool {
    let header = packet.first().map_or(0, |first| usize::from(first & 0x0f) * 4);
    packet.get(header..).is_some_and(|icmp| icmp.len() >= ECHO_LEN && icmp.first() == Some(&ECHO_REPLY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_28_octets_with_a_right_checksum() {
        let request = echo_request(0x1234);
        assert_eq!(request[..8], [8, 0, 0xe5, 0xcb, 0x12, 0x34, 0, 0]);
        assert_eq!(Sum::default().plus(&request).finish(), 0);
    }

    #[test]
    fn a_reply_follows_its_ip_header() {
        let mut packet = vec![0x46; 24];
        packet.extend([0; ECHO_LEN]);
        assert!(is_echo_reply(&packet));
        assert!(!is_echo_reply(&packet[..51]));
        packet[24] = 3;
        assert!(!is_echo_reply(&packet));
    }

    proptest! {
        #[test]
        fn any_octets_are_survived(packet in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(!is_echo_reply(&packet) || packet.len() >= ECHO_LEN);
        }
    }
}
