//! Whatever comes in: no panic, and never one address for two clients.

use super::harness::{option, yiaddr, Client, Server};
use proptest::prelude::*;
use rustc_hash::FxHashMap;
use std::net::Ipv4Addr;

const CONFIG: &str = r#"
authoritative; ping-check false; default-lease-time 600;
class "limited" { match if exists vendor-class-identifier; lease limit 2; }
class "spawning" { spawn with option agent.circuit-id; lease limit 1; }
set seen = option host-name;
if exists user-class { option domain-name = concat (option user-class, ".", option host-name); }
on commit { set kept = option host-name; }
on release { log (info, "released"); }
host fixed { hardware ethernet 02:00:00:77:00:05; fixed-address 10.77.0.40; }
host named { hardware ethernet 02:00:00:77:00:06; option host-name "named"; }
shared-network one {
  subnet 10.77.0.0 netmask 255.255.255.0 {
    pool { range 10.77.0.10 10.77.0.14; deny members of "limited"; }
    pool { range 10.77.0.20 10.77.0.22; allow known-clients; }
    range dynamic-bootp 10.77.0.30 10.77.0.31;
    allow leasequery;
  }
  subnet 10.78.0.0 netmask 255.255.255.0 { range 10.78.0.10 10.78.0.12; }
}
subnet 10.79.0.0 netmask 255.255.255.0 { range 10.79.0.10 10.79.0.12; }
"#;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Packet { client: u8, kind: u8, address: u8, ciaddr: bool, giaddr: u8, options: Vec<(u8, Vec<u8>)> },
    Bootp { client: u8 },
    Mangled { client: u8, kind: u8, at: usize, octet: u8, cut: usize },
    Wait(u32),
}

const ADDRESSES: [&str; 10] = [
    "10.77.0.10",
    "10.77.0.11",
    "10.77.0.14",
    "10.77.0.20",
    "10.77.0.30",
    "10.77.0.40",
    "10.78.0.10",
    "10.79.0.10",
    "10.99.0.1",
    "0.0.0.0",
];
const RELAYS: [&str; 4] = ["0.0.0.0", "10.78.0.1", "10.79.0.1", "10.99.0.1"];

fn step() -> impl Strategy<Value = Step> {
    let options = prop::collection::vec(
        (
            prop::sample::select(vec![12u8, 43, 50, 51, 54, 55, 57, 60, 61, 77, 81, 82, 118, 125]),
            prop::collection::vec(any::<u8>(), 0..12),
        ),
        0..4,
    );
    let kind = prop::sample::select(vec![1u8, 1, 1, 3, 3, 3, 3, 4, 7, 8, 10, 13, 99]);
    prop_oneof![
        8 => (1u8..8, kind.clone(), 0u8..10, any::<bool>(), 0u8..4, options).prop_map(
            |(client, kind, address, ciaddr, giaddr, options)| Step::Packet {
                client, kind, address, ciaddr, giaddr, options
            }
        ),
        1 => (1u8..8).prop_map(|client| Step::Bootp { client }),
        3 => (1u8..8, kind, 0usize..300, any::<u8>(), 200usize..320).prop_map(|(client, kind, at, octet, cut)| {
            Step::Mangled { client, kind, at, octet, cut }
        }),
        1 => (0u32..900).prop_map(Step::Wait),
    ]
}

/// Who was told to have an address, by address, and until when.
type Told = FxHashMap<Ipv4Addr, (Identity, u64)>;

/// Client identifier (empty: none) and hardware address.
#[derive(Clone)]
struct Identity {
    uid: Vec<u8>,
    mac: [u8; 6],
}

impl Identity {
    /// A lease belongs to the identifier it was given to, or without one to the hardware address.
    fn owns_lease_of(&self, owner: &Identity) -> bool {
        if owner.uid.is_empty() {
            self.mac == owner.mac
        } else {
            self.uid == owner.uid
        }
    }
}

/// A packet comes in. A client that is told of a lease must not get one that another client was told of, unless that has ended
/// or the journal says that it was taken back. `id` is `None` if nobody can tell which client it is.
fn play(server: &mut Server, told: &mut Told, packet: &[u8], id: Option<Identity>) {
    let replies = server.receive(0, "0.0.0.0", packet);
    take_back(server, told);
    for reply in replies {
        let payload = &reply.payload;
        let address = yiaddr(payload);
        let acked = option(payload, 53) == Some(vec![5]) && !address.is_unspecified();
        if !acked || address == Ipv4Addr::new(10, 77, 0, 40) {
            continue;
        }
        let Some(id) = &id else {
            told.remove(&address);
            continue;
        };
        let now = u64::from(server.now.wall.0);
        let time: [u8; 4] = option(payload, 51).unwrap().try_into().unwrap();
        if let Some((owner, until)) = told.get(&address) {
            assert!(id.owns_lease_of(owner) || *until <= now, "{address} is given twice");
        }
        told.insert(address, (id.clone(), now + u64::from(u32::from_be_bytes(time))));
    }
}

/// Leases that the journal says are no longer active.
fn take_back(server: &mut Server, told: &mut Told) {
    // Event blocks in a record have `release` in them.
    let journal = format!("\n{}", server.take_journal());
    for record in journal.split("\nlease ").skip(1) {
        if !record.contains("  binding state active;") {
            let address = record.split_whitespace().next().unwrap();
            told.remove(&address.parse::<Ipv4Addr>().unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_panic_and_no_address_twice(steps in prop::collection::vec(step(), 1..80), one_lease in any::<bool>()) {
        let one_lease = if one_lease { "one-lease-per-client true;" } else { "" };
        let mut server = Server::on(&format!("{one_lease} {CONFIG}"), "10.77.0.1");
        let mut told = Told::default();
        for step in steps {
            match step {
                Step::Packet { client, kind, address, ciaddr, giaddr, options } => {
                    let address: Ipv4Addr = ADDRESSES[usize::from(address)].parse().unwrap();
                    let mut sender = Client::new(client).behind(RELAYS[usize::from(giaddr)]);
                    let octets = address.octets();
                    let mut all: Vec<(u8, &[u8])> = Vec::new();
                    if ciaddr {
                        sender.ciaddr = address;
                    } else {
                        all.push((50, &octets));
                    }
                    all.extend(options.iter().map(|(code, value)| (*code, value.as_slice())));
                    let uid: Vec<u8> = options.iter().filter(|(code, _)| *code == 61).flat_map(|(_, v)| v.clone()).collect();
                    let id = Identity { uid, mac: sender.mac };
                    play(&mut server, &mut told, &sender.packet(kind, &all), Some(id));
                }
                Step::Bootp { client } => {
                    let packet = Client::new(client).header();
                    play(&mut server, &mut told, &packet, None);
                }
                Step::Mangled { client, kind, at, octet, cut } => {
                    let options: [(u8, &[u8]); 3] = [(61, &[1, 2, 3]), (12, b"name"), (82, &[1, 1, 7])];
                    let mut packet = Client::new(client).packet(kind, &options);
                    packet.resize(320, 0);
                    packet[at] = octet;
                    packet.truncate(cut);
                    play(&mut server, &mut told, &packet, None);
                }
                Step::Wait(seconds) => {
                    server.pass(seconds);
                    take_back(&mut server, &mut told);
                }
            }
        }
    }
}
