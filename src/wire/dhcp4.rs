//! The BOOTP and DHCPv4 message: a fixed header of 236 octets, then options (RFC 951, RFC 2131 2).
//!
//! | offset | octets | field | meaning |
//! | --- | --- | --- | --- |
//! | 0 | 1 | op | 1 request, 2 reply |
//! | 1 | 1 | htype | hardware type |
//! | 2 | 1 | hlen | octets of chaddr in use, at most 16 |
//! | 3 | 1 | hops | relays passed |
//! | 4 | 4 | xid | transaction id |
//! | 8 | 2 | secs | seconds since the client began |
//! | 10 | 2 | flags | 0x8000: answer by broadcast |
//! | 12 | 4 | ciaddr | address the client uses |
//! | 16 | 4 | yiaddr | address it is given |
//! | 20 | 4 | siaddr | next server |
//! | 24 | 4 | giaddr | relay |
//! | 28 | 16 | chaddr | hardware address |
//! | 44 | 64 | sname | server name, or options |
//! | 108 | 128 | file | boot file, or options |
//! | 236 | 4 | cookie | 63 82 53 63 if options follow |
//! | 240 | ... | options | |

use super::hardware::HardwareAddr;
use super::units::Xid;
use std::net::Ipv4Addr;

/// Octets of the fixed header.
pub const HEADER_LEN: usize = 236;
/// What precedes options (RFC 1497).
pub const COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];
/// Octets of `chaddr`.
pub const CHADDR_LEN: usize = 16;
/// Octets of `sname`.
pub const SNAME_LEN: usize = 64;
/// Octets of `file`.
pub const FILE_LEN: usize = 128;
/// Replies are padded to this length (spec/dhcpv4.md 16.1).
pub const MIN_REPLY_LEN: usize = 300;
/// `op` of a request.
pub const BOOTREQUEST: u8 = 1;
/// `op` of a reply.
pub const BOOTREPLY: u8 = 2;
/// The broadcast bit of `flags`.
pub const FLAG_BROADCAST: u16 = 0x8000;

const OP: usize = 0;
const HTYPE: usize = 1;
const HLEN: usize = 2;
const HOPS: usize = 3;
const XID: usize = 4;
const SECS: usize = 8;
const FLAGS: usize = 10;
const CIADDR: usize = 12;
const YIADDR: usize = 16;
const SIADDR: usize = 20;
const GIADDR: usize = 24;
const CHADDR: usize = 28;
const SNAME: usize = 44;
const FILE: usize = 108;

/// Why a payload is no message that can be looked at; both are dropped (spec/dhcpv4.md 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Fewer than 236 octets: dropped without a word.
    #[error("message of {0} octets is shorter than the fixed header")]
    Short(usize),
    /// `hlen` above 16; the text is ISC's log line (level info).
    #[error("Discarding packet with bogus hlen.")]
    BogusHlen(u8),
}

/// A received message, its header checked.
#[derive(Clone, Copy, Debug)]
pub struct MessageView<'a> {
    header: &'a [u8; HEADER_LEN],
    rest: &'a [u8],
}

impl<'a> MessageView<'a> {
    /// A view of a UDP payload.
    pub fn parse(payload: &'a [u8]) -> Result<MessageView<'a>, MessageError> {
        let (header, rest) = payload.split_first_chunk().ok_or(MessageError::Short(payload.len()))?;
        let view = MessageView { header, rest };
        if view.hlen() as usize > CHADDR_LEN {
            return Err(MessageError::BogusHlen(view.hlen()));
        }
        Ok(view)
    }

    fn octets<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.header[at..at + N]);
        out
    }

    fn address(&self, at: usize) -> Ipv4Addr {
        Ipv4Addr::from(self.octets::<4>(at))
    }

    /// 1 for a request; not checked for DHCP messages (spec/dhcpv4.md 3.4).
    pub fn op(&self) -> u8 {
        self.header[OP]
    }

    /// Hardware type.
    pub fn htype(&self) -> u8 {
        self.header[HTYPE]
    }

    /// Octets of `chaddr` in use, at most 16.
    pub fn hlen(&self) -> u8 {
        self.header[HLEN]
    }

    /// Relays passed.
    pub fn hops(&self) -> u8 {
        self.header[HOPS]
    }

    /// Transaction id.
    pub fn xid(&self) -> Xid {
        Xid(u32::from_be_bytes(self.octets(XID)))
    }

    /// Seconds since the client began, in network order as it should be.
    pub fn secs(&self) -> u16 {
        u16::from_be_bytes(self.octets(SECS))
    }

    /// All flag bits.
    pub fn flags(&self) -> u16 {
        u16::from_be_bytes(self.octets(FLAGS))
    }

    /// True if the client asks for a broadcast answer.
    pub fn wants_broadcast(&self) -> bool {
        self.flags() & FLAG_BROADCAST != 0
    }

    /// The address the client uses.
    pub fn ciaddr(&self) -> Ipv4Addr {
        self.address(CIADDR)
    }

    /// "Your address".
    pub fn yiaddr(&self) -> Ipv4Addr {
        self.address(YIADDR)
    }

    /// Next server.
    pub fn siaddr(&self) -> Ipv4Addr {
        self.address(SIADDR)
    }

    /// The relay that passed it on; 0.0.0.0 if none did.
    pub fn giaddr(&self) -> Ipv4Addr {
        self.address(GIADDR)
    }

    /// All 16 octets of `chaddr`.
    pub fn chaddr(&self) -> &'a [u8] {
        &self.header[CHADDR..CHADDR + CHADDR_LEN]
    }

    /// Hardware type and the `hlen` octets of `chaddr`.
    pub fn hardware(&self) -> HardwareAddr {
        let address = self.chaddr().get(..self.hlen() as usize).unwrap_or(&[]);
        HardwareAddr::new(self.htype(), address).unwrap_or_default()
    }

    /// The server name field, or overloaded options.
    pub fn sname(&self) -> &'a [u8] {
        &self.header[SNAME..SNAME + SNAME_LEN]
    }

    /// The boot file field, or overloaded options.
    pub fn file(&self) -> &'a [u8] {
        &self.header[FILE..FILE + FILE_LEN]
    }

    /// Everything after the fixed header: BOOTP's vendor area.
    pub fn vendor_area(&self) -> &'a [u8] {
        self.rest
    }

    /// The octets after the cookie; `None` without a cookie: the message is plain BOOTP.
    pub fn options(&self) -> Option<&'a [u8]> {
        self.rest.strip_prefix(&COOKIE)
    }

    /// Octets of the whole message.
    pub fn message_len(&self) -> usize {
        HEADER_LEN + self.rest.len()
    }
}

/// A fixed header to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub op: u8,
    pub htype: u8,
    pub hlen: u8,
    pub hops: u8,
    pub xid: Xid,
    pub secs: u16,
    pub flags: u16,
    pub ciaddr: Ipv4Addr,
    pub yiaddr: Ipv4Addr,
    pub siaddr: Ipv4Addr,
    pub giaddr: Ipv4Addr,
    pub chaddr: [u8; CHADDR_LEN],
    pub sname: [u8; SNAME_LEN],
    pub file: [u8; FILE_LEN],
}

impl Header {
    /// The header of a reply: hardware address, hops, xid, secs, flags and giaddr of the request, all else zero.
    pub fn reply_to(request: &MessageView<'_>) -> Header {
        Header {
            op: BOOTREPLY,
            htype: request.htype(),
            hlen: request.hlen(),
            hops: request.hops(),
            xid: request.xid(),
            secs: request.secs(),
            flags: request.flags(),
            ciaddr: Ipv4Addr::UNSPECIFIED,
            yiaddr: Ipv4Addr::UNSPECIFIED,
            siaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: request.giaddr(),
            chaddr: request.octets(CHADDR),
            sname: [0; SNAME_LEN],
            file: [0; FILE_LEN],
        }
    }

    /// The 236 octets.
    pub fn octets(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        out[OP] = self.op;
        out[HTYPE] = self.htype;
        out[HLEN] = self.hlen;
        out[HOPS] = self.hops;
        put(&mut out, XID, &self.xid.0.to_be_bytes());
        put(&mut out, SECS, &self.secs.to_be_bytes());
        put(&mut out, FLAGS, &self.flags.to_be_bytes());
        put(&mut out, CIADDR, &self.ciaddr.octets());
        put(&mut out, YIADDR, &self.yiaddr.octets());
        put(&mut out, SIADDR, &self.siaddr.octets());
        put(&mut out, GIADDR, &self.giaddr.octets());
        put(&mut out, CHADDR, &self.chaddr);
        put(&mut out, SNAME, &self.sname);
        put(&mut out, FILE, &self.file);
        out
    }

    /// The whole message: header, then `area` (cookie and options, or BOOTP's vendor area), zero padded to `least` octets.
    pub fn message(&self, area: &[u8], least: usize) -> Vec<u8> {
        let length = (HEADER_LEN + area.len()).max(least);
        let mut out = Vec::with_capacity(length);
        out.extend_from_slice(&self.octets());
        out.extend_from_slice(area);
        out.resize(length, 0);
        out
    }
}

fn put(out: &mut [u8; HEADER_LEN], at: usize, octets: &[u8]) {
    out[at..at + octets.len()].copy_from_slice(octets);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_short_messages_and_bogus_hlen() {
        assert_eq!(MessageView::parse(&[0; 235]).unwrap_err(), MessageError::Short(235));
        let mut message = [0; 236];
        message[2] = 16;
        assert!(MessageView::parse(&message).is_ok());
        message[2] = 17;
        assert_eq!(MessageView::parse(&message).unwrap_err().to_string(), "Discarding packet with bogus hlen.");
    }

    #[test]
    fn options_need_the_whole_cookie() {
        let mut message = vec![0; 236];
        message.extend([0x63, 0x82, 0x53]);
        assert!(MessageView::parse(&message).unwrap().options().is_none());
        message.push(0x63);
        assert_eq!(MessageView::parse(&message).unwrap().options(), Some(&[][..]));
    }

    proptest! {
        #[test]
        fn what_is_built_is_read_back(head in proptest::array::uniform28(any::<u8>()), rest in proptest::collection::vec(any::<u8>(), 208..900)) {
            let mut payload = head.to_vec();
            payload[2] %= 17;
            payload.extend(rest);
            let view = MessageView::parse(&payload).unwrap();
            let mut header = Header::reply_to(&view);
            header.op = view.op();
            header.ciaddr = view.ciaddr();
            header.yiaddr = view.yiaddr();
            header.siaddr = view.siaddr();
            header.sname.copy_from_slice(view.sname());
            header.file.copy_from_slice(view.file());
            prop_assert_eq!(header.message(view.vendor_area(), 0), payload);
        }

        #[test]
        fn any_octets_are_survived(payload in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(view) = MessageView::parse(&payload) {
                prop_assert_eq!(view.hardware().address().len(), view.hlen() as usize);
                prop_assert_eq!(view.message_len(), payload.len());
            }
        }
    }
}
