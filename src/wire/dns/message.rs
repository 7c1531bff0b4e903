//! Messages that are sent: updates and queries (RFC 1035, 4.1; RFC 2136, 2; spec/ddns.md 9).
//!
//! | octets | field | update | query |
//! | --- | --- | --- | --- |
//! | 2 | id | | |
//! | 2 | flags | 2800 | 0100 (recursion desired) |
//! | 2 | entries of the first section | 1: the zone, type SOA | 1: the question |
//! | 2 | of the second | prerequisites | 0 |
//! | 2 | of the third | changes | 0 |
//! | 2 | of the fourth | TSIG | OPT |
//!
//! A record: name, type (2), class (2), TTL (4), length (2), data. Names are compressed against all earlier ones without regard
//! to case, those of a TSIG record excepted.

use super::name::Name;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Record types.
pub mod kind {
    pub const A: u16 = 1;
    pub const NS: u16 = 2;
    pub const SOA: u16 = 6;
    pub const PTR: u16 = 12;
    pub const TXT: u16 = 16;
    pub const AAAA: u16 = 28;
    pub const OPT: u16 = 41;
    pub const DHCID: u16 = 49;
    pub const TSIG: u16 = 250;
    pub const ANY: u16 = 255;
}

/// Classes, and what they mean in an update.
pub mod class {
    pub const IN: u16 = 1;
    /// A prerequisite: it does not exist. A change: delete this record.
    pub const NONE: u16 = 254;
    /// A prerequisite: it exists. A change: delete all of the type.
    pub const ANY: u16 = 255;
}

const FLAGS_UPDATE: u16 = 0x2800;
const FLAGS_QUERY: u16 = 0x0100;
/// How long an answer over UDP we take, in octets, as libdns says it.
const UDP_SIZE: u16 = 4096;
/// The offset beyond which no pointer leads.
const MAX_POINTER: usize = 0x3fff;
/// Where the additional section is counted.
pub const ADDITIONAL_COUNT: usize = 10;

/// The data of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// None: it stands for a whole set of records.
    Empty,
    /// Octets as they are.
    Octets(Vec<u8>),
    /// A name.
    Name(Name),
}

impl From<IpAddr> for Data {
    fn from(address: IpAddr) -> Data {
        match address {
            IpAddr::V4(address) => Data::Octets(address.octets().to_vec()),
            IpAddr::V6(address) => Data::Octets(address.octets().to_vec()),
        }
    }
}

/// A record of an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub name: Name,
    pub kind: u16,
    pub class: u16,
    /// In seconds.
    pub ttl: u32,
    pub data: Data,
}

/// An update of one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    pub zone: Name,
    pub prerequisites: Vec<Record>,
    pub changes: Vec<Record>,
}

/// A message being written.
struct Writer {
    octets: Vec<u8>,
    /// Names that pointers may lead to, each with its place.
    known: Vec<(Name, usize)>,
}

impl Writer {
    fn new(id: u16, flags: u16, counts: [usize; 4]) -> Writer {
        let mut writer = Writer { octets: Vec::with_capacity(256), known: Vec::new() };
        writer.number(id);
        writer.number(flags);
        counts.into_iter().for_each(|count| writer.number(count as u16));
        writer
    }

    fn number(&mut self, value: u16) {
        self.octets.extend(value.to_be_bytes());
    }

    fn name(&mut self, name: &Name) {
        let mut here = Some(name.clone());
        while let Some(rest) = here.filter(|rest| !rest.is_root()) {
            if let Some((_, place)) = self.known.iter().find(|(known, _)| known.matches(&rest)) {
                self.number(0xc000 | *place as u16);
                return;
            }
            let label = usize::from(rest.wire().first().copied().unwrap_or(0));
            let place = self.octets.len();
            self.octets.extend_from_slice(rest.wire().get(..=label).unwrap_or_default());
            here = rest.parent();
            if place <= MAX_POINTER {
                self.known.push((rest, place));
            }
        }
        self.octets.push(0);
    }

    fn question(&mut self, name: &Name, kind: u16) {
        self.name(name);
        self.number(kind);
        self.number(class::IN);
    }

    fn record(&mut self, record: &Record) {
        self.name(&record.name);
        self.number(record.kind);
        self.number(record.class);
        self.octets.extend(record.ttl.to_be_bytes());
        let place = self.octets.len();
        self.number(0);
        match &record.data {
            Data::Empty => {}
            Data::Octets(octets) => self.octets.extend_from_slice(octets),
            Data::Name(name) => self.name(name),
        }
        let length = (self.octets.len() - place - 2) as u16;
        if let Some(field) = self.octets.get_mut(place..place + 2) {
            field.copy_from_slice(&length.to_be_bytes());
        }
    }
}

impl Update {
    /// The message, unsigned.
    pub fn emit(&self, id: u16) -> Vec<u8> {
        let counts = [1, self.prerequisites.len(), self.changes.len(), 0];
        let mut writer = Writer::new(id, FLAGS_UPDATE, counts);
        writer.question(&self.zone, kind::SOA);
        self.prerequisites.iter().chain(&self.changes).for_each(|record| writer.record(record));
        writer.octets
    }
}

/// A question to a resolver: recursion desired, EDNS 0.
pub fn query(id: u16, name: &Name, kind: u16) -> Vec<u8> {
    let mut writer = Writer::new(id, FLAGS_QUERY, [1, 0, 0, 1]);
    writer.question(name, kind);
    let opt = Record { name: Name::root(), kind: kind::OPT, class: UDP_SIZE, ttl: 0, data: Data::Empty };
    writer.record(&opt);
    writer.octets
}

/// The type of an address's records.
pub fn address_kind(address: IpAddr) -> u16 {
    match address {
        IpAddr::V4(_) => kind::A,
        IpAddr::V6(_) => kind::AAAA,
    }
}

/// The address in a record's data.
pub fn address_of(kind: u16, data: &[u8]) -> Option<IpAddr> {
    match kind {
        kind::A => <[u8; 4]>::try_from(data).ok().map(|octets| Ipv4Addr::from(octets).into()),
        kind::AAAA => <[u8; 16]>::try_from(data).ok().map(|octets| Ipv6Addr::from(octets).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn name(text: &str) -> Name {
        Name::from_text(text.as_bytes()).unwrap()
    }

    fn record(owner: &str, kind: u16, class: u16, ttl: u32, data: Data) -> Record {
        Record { name: name(owner), kind, class, ttl, data }
    }

    /// spec/ddns.md 20.2
    #[test]
    fn a_reverse_add() {
        let owner = "100.17.10.10.in-addr.arpa.";
        let update = Update {
            zone: name("17.10.10.in-addr.arpa."),
            prerequisites: Vec::new(),
            changes: vec![
                record(owner, kind::PTR, class::ANY, 0, Data::Empty),
                record(owner, kind::PTR, class::IN, 600, Data::Name(name("alpha.example.org"))),
            ],
        };
        let want = "035d28000001000000020000\
                    0231370231300231300769 6e2d61646472046172706100 00060001\
                    03313030c00c 000c00ff000000000000\
                    c027000c0001000002580013 05616c70686107 6578616d706c65036f726700";
        assert_eq!(hex(&update.emit(0x035d)), want.replace(' ', ""));
    }

    #[test]
    fn the_zone_gives_its_spelling() {
        let update = Update {
            zone: name("EXAMPLE.Org."),
            prerequisites: vec![record("h1.example.org", kind::ANY, class::NONE, 0, Data::Empty)],
            changes: Vec::new(),
        };
        let octets = update.emit(1);
        assert_eq!(octets.get(29..34), Some(&b"\x02h1\xc0\x0c"[..]));
    }

    #[test]
    fn a_query() {
        let want = "000501000001000000000001 026578026f7267 00".replace("026578026f7267", "0265780161");
        let octets = query(5, &name("ex.a"), kind::NS);
        assert_eq!(hex(&octets), want.replace(' ', "") + "00020001" + "0000291000000000000000");
    }

    #[test]
    fn addresses() {
        let (v4, v6) = (IpAddr::from([10, 0, 0, 1]), IpAddr::V6(Ipv6Addr::LOCALHOST));
        for address in [v4, v6] {
            let Data::Octets(octets) = Data::from(address) else { panic!() };
            assert_eq!(address_of(address_kind(address), &octets), Some(address));
        }
        assert_eq!(address_of(kind::A, &[1, 2, 3]), None);
    }
}
