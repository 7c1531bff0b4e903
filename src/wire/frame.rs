//! Ethernet frames that carry UDP over IPv4: what the packet sockets read and write.
//!
//! | offset | octets | field | sent |
//! | --- | --- | --- | --- |
//! | 0 | 6 | destination hardware address | |
//! | 6 | 6 | source hardware address | |
//! | 12 | 2 | EtherType | 0800 |
//! | 14 | 1 | IP version and header words | 45 |
//! | 15 | 1 | type of service | 10 |
//! | 16 | 2 | IP total length | |
//! | 18 | 4 | id, flags and fragment offset | 0 |
//! | 22 | 1 | time to live | 80 |
//! | 23 | 1 | protocol | 11 |
//! | 24 | 2 | IP header checksum | |
//! | 26 | 8 | source and destination address | |
//! | 34 | 8 | UDP source port, destination port, length, checksum | |
//! | 42 | ... | payload | |
//!
//! On receipt the offsets from 34 on follow the IP header length. Checks and their order: spec/dhcpv4.md 3.2 and 3.3; what is
//! sent: spec/dhcpv4.md 17.

use super::checksum::Sum;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Octets before the IP header.
pub const ETHERNET_LEN: usize = 14;
/// Octets of an IP header without options.
pub const IP_LEN: usize = 20;
/// Octets of a UDP header.
pub const UDP_LEN: usize = 8;
/// Octets before the payload of a frame that is sent.
pub const HEADERS_LEN: usize = ETHERNET_LEN + IP_LEN + UDP_LEN;
/// The receive buffer; what is beyond is cut off and then fails the length test.
pub const RECEIVE_LEN: usize = 1536;

const ETHERTYPE_IPV4: u16 = 0x0800;
const PROTOCOL_UDP: u8 = 17;
const FRAGMENT_OFFSET: u16 = 0x1fff;
const VLAN_ID: u16 = 0x0fff;
/// Low delay.
const TYPE_OF_SERVICE: u8 = 0x10;
const TIME_TO_LIVE: u8 = 128;

/// What the kernel tells beside a frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Auxiliary {
    /// The tag control word of a VLAN tag that the kernel took off.
    pub vlan_tag: Option<u16>,
    /// The UDP checksum has not been filled in yet (offload): it is not looked at.
    pub checksum_not_ready: bool,
}

/// A datagram in a frame that passed every check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpDatagram<'a> {
    pub source_hardware: [u8; 6],
    pub source: SocketAddrV4,
    pub destination: Ipv4Addr,
    pub payload: &'a [u8],
}

/// Why a frame was not taken, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameReject {
    /// Not IPv4, not UDP, a later fragment, or another port.
    #[error("frame is not UDP for the server port")]
    NotForUs,
    #[error("frame belongs to a VLAN")]
    Vlan,
    /// Fewer than 20 octets, or headers or IP length beyond the end, or a UDP length below 8.
    #[error("frame is too short for its headers")]
    Short,
    /// The UDP length goes beyond the frame.
    #[error("UDP length is beyond the frame")]
    UdpTooLong,
    #[error("IP header checksum is wrong")]
    IpChecksum,
    #[error("UDP checksum is wrong")]
    UdpChecksum,
}

/// Two octets in network order; `None` beyond the end.
fn word(octets: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*octets.get(at..)?.first_chunk()?))
}

/// Octets of the IP header as it says itself.
fn ip_header_len(first: u8) -> usize {
    usize::from(first & 0x0f) * 4
}

/// True if the frame is IPv4, UDP, no later fragment, and for the port (what ISC's packet filter tests).
fn is_for_port(frame: &[u8], port: u16) -> Option<bool> {
    let port_at = ETHERNET_LEN + ip_header_len(*frame.get(ETHERNET_LEN)?) + 2;
    Some(
        word(frame, 12)? == ETHERTYPE_IPV4
            && *frame.get(ETHERNET_LEN + 9)? == PROTOCOL_UDP
            && word(frame, ETHERNET_LEN + 6)? & FRAGMENT_OFFSET == 0
            && word(frame, port_at)? == port,
    )
}

/// The datagram in a frame, if it is for UDP port `port` and passes the checks of spec/dhcpv4.md 3.2 and 3.3.
pub fn parse_udp_frame(frame: &[u8], port: u16, auxiliary: Auxiliary) -> Result<UdpDatagram<'_>, FrameReject> {
    let frame = frame.get(..RECEIVE_LEN).unwrap_or(frame);
    if !is_for_port(frame, port).unwrap_or(false) {
        return Err(FrameReject::NotForUs);
    }
    if auxiliary.vlan_tag.is_some_and(|tag| tag & VLAN_ID != 0) {
        return Err(FrameReject::Vlan);
    }
    let (ethernet, packet) = frame.split_first_chunk::<ETHERNET_LEN>().ok_or(FrameReject::Short)?;
    let ip: &[u8; IP_LEN] = packet.first_chunk().ok_or(FrameReject::Short)?;
    let ip_len = ip_header_len(ip[0]);
    if usize::from(u16::from_be_bytes([ip[2], ip[3]])) > packet.len() {
        return Err(FrameReject::Short);
    }
    let (header, datagram) = packet.split_at_checked(ip_len).ok_or(FrameReject::Short)?;
    let udp: &[u8; UDP_LEN] = datagram.first_chunk().ok_or(FrameReject::Short)?;
    let udp_len = u16::from_be_bytes([udp[4], udp[5]]);
    if usize::from(udp_len) < UDP_LEN {
        return Err(FrameReject::Short);
    }
    let datagram = datagram.get(..udp_len.into()).ok_or(FrameReject::UdpTooLong)?;
    if Sum::default().plus(header).finish() != 0 {
        return Err(FrameReject::IpChecksum);
    }
    let sent_checksum = [udp[6], udp[7]] != [0, 0];
    if sent_checksum && !auxiliary.checksum_not_ready && udp_sum(&ip[12..20], udp_len).plus(datagram).finish() != 0 {
        return Err(FrameReject::UdpChecksum);
    }
    Ok(UdpDatagram {
        source_hardware: [ethernet[6], ethernet[7], ethernet[8], ethernet[9], ethernet[10], ethernet[11]],
        source: SocketAddrV4::new(Ipv4Addr::new(ip[12], ip[13], ip[14], ip[15]), u16::from_be_bytes([udp[0], udp[1]])),
        destination: Ipv4Addr::new(ip[16], ip[17], ip[18], ip[19]),
        payload: &datagram[UDP_LEN..],
    })
}

/// The sum of UDP's pseudo header (RFC 768): both addresses, protocol and length.
fn udp_sum(addresses: &[u8], udp_len: u16) -> Sum {
    Sum::default().plus(addresses).plus_word(PROTOCOL_UDP.into()).plus_word(udp_len)
}

/// The ends of a frame to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    pub source_hardware: [u8; 6],
    pub destination_hardware: [u8; 6],
    pub source: SocketAddrV4,
    pub destination: SocketAddrV4,
}

/// Appends a frame with that payload to `out`. `false`, and nothing appended, if the payload is too long for IP.
#[must_use]
pub fn build_udp_frame(ends: &Ends, payload: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(ip_len) = u16::try_from(IP_LEN + UDP_LEN + payload.len()) else { return false };
    let udp_len = ip_len - IP_LEN as u16;

    let mut ip = [0; IP_LEN];
    ip[0] = 0x45;
    ip[1] = TYPE_OF_SERVICE;
    ip[2..4].copy_from_slice(&ip_len.to_be_bytes());
    ip[8] = TIME_TO_LIVE;
    ip[9] = PROTOCOL_UDP;
    ip[12..16].copy_from_slice(&ends.source.ip().octets());
    ip[16..20].copy_from_slice(&ends.destination.ip().octets());
    let sum = Sum::default().plus(&ip).finish();
    ip[10..12].copy_from_slice(&sum.to_be_bytes());

    let mut udp = [0; UDP_LEN];
    udp[0..2].copy_from_slice(&ends.source.port().to_be_bytes());
    udp[2..4].copy_from_slice(&ends.destination.port().to_be_bytes());
    udp[4..6].copy_from_slice(&udp_len.to_be_bytes());
    let sum = match udp_sum(&ip[12..20], udp_len).plus(&udp).plus(payload).finish() {
        0 => 0xffff, // a sent 0 would mean "no checksum" (RFC 768)
        sum => sum,
    };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());

    out.reserve(HEADERS_LEN + payload.len());
    out.extend_from_slice(&ends.destination_hardware);
    out.extend_from_slice(&ends.source_hardware);
    out.extend_from_slice(&ETHERTYPE_IPV4.to_be_bytes());
    out.extend_from_slice(&ip);
    out.extend_from_slice(&udp);
    out.extend_from_slice(payload);
    true
}

/// Which check a complaint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Length,
    IpChecksum,
    UdpChecksum,
}

/// A log line about bad frames; `Display` is ISC's text. Level debug for UDP checksums, else info.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub check: Check,
    pub bad: u32,
    pub seen: u32,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Complaint { bad, seen, .. } = self;
        match self.check {
            Check::Length => write!(f, "{bad} udp packets in {seen} too long - dropped"),
            Check::IpChecksum => write!(f, "{bad} bad IP checksums seen in {seen} packets"),
            Check::UdpChecksum => write!(f, "{bad} bad udp checksums in {seen} packets"),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    seen: u32,
    bad: u32,
}

impl Window {
    /// A complaint when more than 4 were seen and more than half of them were bad; the count restarts after every 5.
    fn count(&mut self, check: Check, good: bool) -> Option<Complaint> {
        self.seen += 1;
        if good {
            if self.seen > 4 {
                *self = Window::default();
            }
            return None;
        }
        self.bad += 1;
        if self.seen > 4 && self.seen / self.bad < 2 {
            let complaint = Complaint { check, bad: self.bad, seen: self.seen };
            *self = Window::default();
            return Some(complaint);
        }
        None
    }
}

/// Counts frames that pass and fail the checks, for the rate-limited log lines of spec/dhcpv4.md 3.3.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameCounters {
    length: Window,
    ip: Window,
    udp: Window,
}

impl FrameCounters {
    /// Counts the outcome of one frame; the log line that is due, if one is.
    pub fn count(&mut self, outcome: Result<(), FrameReject>) -> Option<Complaint> {
        match outcome {
            Err(FrameReject::NotForUs | FrameReject::Vlan | FrameReject::Short) => None,
            Err(FrameReject::UdpTooLong) => self.length.count(Check::Length, false),
            Err(FrameReject::IpChecksum) => {
                self.length.count(Check::Length, true);
                self.ip.count(Check::IpChecksum, false)
            }
            Err(FrameReject::UdpChecksum) => {
                self.length.count(Check::Length, true);
                self.ip.count(Check::IpChecksum, true);
                self.udp.count(Check::UdpChecksum, false)
            }
            Ok(()) => {
                self.length.count(Check::Length, true);
                self.ip.count(Check::IpChecksum, true);
                self.udp.count(Check::UdpChecksum, true)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ends() -> Ends {
        Ends {
            source_hardware: [2, 0, 0, 0, 0, 1],
            destination_hardware: [0, 0x11, 0x22, 0x33, 0x44, 1],
            source: "10.0.0.1:67".parse().unwrap(),
            destination: "10.0.0.10:68".parse().unwrap(),
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        digits.chunks(2).map(|d| u8::from_str_radix(std::str::from_utf8(d).unwrap(), 16).unwrap()).collect()
    }

    /// spec/dhcpv4.md 29.1: the OFFER as captured.
    #[test]
    fn builds_the_captured_offer() {
        let mut payload = hex("02010600 a0000001 0000 0000 00000000 0a00000a 00000000 00000000 001122334401");
        payload.resize(236, 0);
        payload.extend(hex("63825363 350102 36040a000001 330400000258 0104ffffff00 03040a000001 06080a0000020a000003
            0f0b6578616d706c652e6f7267 ff"));
        payload.resize(300, 0);
        let mut frame = Vec::new();
        assert!(build_udp_frame(&ends(), &payload, &mut frame));
        let headers = hex("00 11 22 33 44 01 02 00 00 00 00 01 08 00 45 10 01 48 00 00 00 00 80 11 25 8b 0a 00 00 01
            0a 00 00 0a 00 43 00 44 01 34 6c 9c");
        assert_eq!(frame[..HEADERS_LEN], headers);
        assert_eq!(frame[HEADERS_LEN..], payload);
        let datagram = parse_udp_frame(&frame, 68, Auxiliary::default()).unwrap();
        assert_eq!(datagram.payload, payload);
        assert_eq!(datagram.source, "10.0.0.1:67".parse().unwrap());
    }

    fn sample() -> Vec<u8> {
        let mut frame = Vec::new();
        assert!(build_udp_frame(&ends(), b"payload", &mut frame));
        frame
    }

    fn reject(frame: &[u8]) -> FrameReject {
        parse_udp_frame(frame, 68, Auxiliary::default()).unwrap_err()
    }

    /// Puts the right IP checksum in after a change of the header.
    fn mend(frame: &mut [u8]) {
        frame[24..26].fill(0);
        let sum = Sum::default().plus(&frame[14..34]).finish();
        frame[24..26].copy_from_slice(&sum.to_be_bytes());
    }

    #[test]
    fn checks_come_in_isc_order() {
        let good = sample();
        for (at, value) in [(12, 0x86), (23, 6), (21, 1), (37, 67)] {
            let mut frame = good.clone();
            frame[at] = value;
            assert_eq!(reject(&frame), FrameReject::NotForUs, "octet {at}");
        }
        let mut frame = good.clone();
        frame[20] = 0x20; // more fragments, offset 0: passes the filter
        mend(&mut frame);
        assert!(parse_udp_frame(&frame, 68, Auxiliary::default()).is_ok());
        frame[17] += 1; // IP length beyond the buffer
        assert_eq!(reject(&frame), FrameReject::Short);
        let mut frame = good.clone();
        frame[39] = 7;
        assert_eq!(reject(&frame), FrameReject::Short);
        frame[39] = 16;
        frame[24] ^= 1; // a wrong IP checksum comes after the UDP length
        assert_eq!(reject(&frame), FrameReject::UdpTooLong);
        frame[39] = 15;
        assert_eq!(reject(&frame), FrameReject::IpChecksum);
        let mut frame = good.clone();
        frame[44] ^= 1;
        assert_eq!(reject(&frame), FrameReject::UdpChecksum);
        let lenient = Auxiliary { checksum_not_ready: true, ..Auxiliary::default() };
        assert!(parse_udp_frame(&frame, 68, lenient).is_ok());
        frame[40..42].fill(0);
        assert!(parse_udp_frame(&frame, 68, Auxiliary::default()).is_ok());
    }

    #[test]
    fn trailing_octets_and_short_udp_lengths_truncate() {
        let mut frame = sample();
        frame.extend([0; 11]);
        assert_eq!(parse_udp_frame(&frame, 68, Auxiliary::default()).unwrap().payload, b"payload");
        frame[40..42].fill(0);
        frame[39] = 8 + 18; // beyond the IP length, but the padding covers it
        assert_eq!(parse_udp_frame(&frame, 68, Auxiliary::default()).unwrap().payload.len(), 18);
        frame[39] = 8;
        assert_eq!(parse_udp_frame(&frame, 68, Auxiliary::default()).unwrap().payload, b"");
    }

    #[test]
    fn only_vlan_zero_is_ours() {
        let frame = sample();
        let tagged = |tag| Auxiliary { vlan_tag: Some(tag), checksum_not_ready: false };
        assert_eq!(parse_udp_frame(&frame, 68, tagged(0x2005)).unwrap_err(), FrameReject::Vlan);
        assert!(parse_udp_frame(&frame, 68, tagged(0x2000)).is_ok());
    }

    #[test]
    fn complains_when_more_than_half_of_five_are_bad() {
        let mut counters = FrameCounters::default();
        let bad = Err(FrameReject::UdpChecksum);
        for outcome in [bad, Ok(()), bad, bad] {
            assert_eq!(counters.count(outcome), None);
        }
        assert_eq!(counters.count(bad).unwrap().to_string(), "4 bad udp checksums in 5 packets");
        for outcome in [bad, bad, bad, bad, Ok(()), bad] {
            assert_eq!(counters.count(outcome), None);
        }
    }

    proptest! {
        #[test]
        fn frames_round_trip(payload in proptest::collection::vec(any::<u8>(), 0..1400), ports in any::<(u16, u16)>(), ips in any::<(u32, u32)>()) {
            let ends = Ends {
                source: SocketAddrV4::new(ips.0.into(), ports.0),
                destination: SocketAddrV4::new(ips.1.into(), ports.1),
                ..ends()
            };
            let mut frame = Vec::new();
            prop_assert!(build_udp_frame(&ends, &payload, &mut frame));
            let read = parse_udp_frame(&frame, ports.1, Auxiliary::default()).unwrap();
            prop_assert_eq!(read.payload, &payload[..]);
            prop_assert_eq!(read.source, ends.source);
            prop_assert_eq!(read.destination, *ends.destination.ip());
        }

        #[test]
        fn any_octets_are_survived(mut frame in proptest::collection::vec(any::<u8>(), 0..120)) {
            for (at, value) in [(12, 8), (13, 0), (20, 0), (21, 0), (23, 17)] {
                if let Some(octet) = frame.get_mut(at) {
                    *octet = value;
                }
            }
            let first = frame.get(14).copied().unwrap_or(0);
            let port = word(&frame, 16 + ip_header_len(first)).unwrap_or(0);
            let outcome = parse_udp_frame(&frame, port, Auxiliary { vlan_tag: None, checksum_not_ready: true });
            prop_assert_ne!(outcome.err(), Some(FrameReject::Vlan));
        }
    }
}
