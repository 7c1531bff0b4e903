//! The engine against servers that answer as they are told.

use super::{Ddns, Effect, Leases, Outcome, Settings};
use crate::config::{load_text, Family};
use crate::leases::dns::{DnsChange, DnsRecord, DnsRemoval, DnsUpdate, Owner, VariableChange};
use crate::leases::lease::SmallBytes;
use crate::wire::dns::guard::Style;
use crate::wire::units::{Now, Timestamp};
use proptest::prelude::*;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

const ZONES: &str =
    "zone example.org. { primary 10.0.0.53, 10.0.0.54; } zone 0.0.10.in-addr.arpa. { primary 10.0.0.53; }";

/// What became of the leases' variables.
#[derive(Default)]
struct Book(Vec<String>);

impl Leases for Book {
    fn set_variables(&mut self, _: Now, address: IpAddr, changes: Vec<VariableChange>) {
        for (name, value) in changes {
            let sign = if value.is_some() { "+" } else { "-" };
            self.0.push(format!("{address} {sign}{name}"));
        }
    }
}

struct World {
    ddns: Ddns,
    book: Book,
    now: Now,
    /// Messages that have no answer yet.
    sent: Vec<(SocketAddr, Vec<u8>)>,
    logs: Vec<String>,
}

impl World {
    fn new(zones: &str) -> World {
        let loading = load_text("c", zones, Family::V4);
        let config = loading.result.unwrap();
        let settings = Settings {
            style: Some(Style::Standard),
            has_v4: true,
            resolvers: vec![[10, 0, 0, 1].into()],
            ..Settings::default()
        };
        let ddns = Ddns::new(&config, settings, Arc::default(), 7);
        let now = Now { wall: Timestamp(1_795_333_172), millis: 1000 };
        World { ddns, book: Book::default(), now, sent: Vec::new(), logs: Vec::new() }
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Datagram { to, octets, .. } | Effect::Stream { to, octets, .. } => self.sent.push((to, octets)),
                Effect::Hangup(_) => {}
                Effect::Log(_, line) => self.logs.push(line),
            }
        }
    }

    fn change(&mut self, change: DnsChange) {
        let mut out = Vec::new();
        self.ddns.change(self.now, change, &mut self.book, &mut out);
        self.take(out);
    }

    /// The oldest message is answered.
    fn answer(&mut self, rcode: u8) {
        let (from, octets) = self.sent.remove(0);
        self.receive(from, &reply(&octets, rcode));
    }

    fn receive(&mut self, from: SocketAddr, octets: &[u8]) {
        let mut out = Vec::new();
        self.ddns.received(self.now, from, octets, &mut self.book, &mut out);
        self.take(out);
    }

    fn pass(&mut self, millis: u64) {
        self.now.millis += millis;
        let mut out = Vec::new();
        self.ddns.tick(self.now, &mut self.book, &mut out);
        self.take(out);
    }

    fn logs(&mut self) -> Vec<String> {
        std::mem::take(&mut self.logs)
    }
}

fn reply(request: &[u8], rcode: u8) -> Vec<u8> {
    let mut octets = request[..2].to_vec();
    octets.extend([0xa8, rcode, 0, 0, 0, 0, 0, 0, 0, 0]);
    octets
}

fn update(host: &str, last: u8) -> DnsUpdate {
    let forward = format!("{host}.example.org");
    let owner = Owner { style: Style::Standard, kind: 0, octets: SmallBytes::new(&[1, 2, last]) };
    DnsUpdate {
        address: [10, 0, 0, last].into(),
        is_lease: true,
        forward: forward.into_bytes().into(),
        owner: Some(owner),
        reverse: Some(format!("{last}.0.0.10.in-addr.arpa.").into_bytes().into()),
        adds_reverse: true,
        ttl: 600,
        replaces: None,
    }
}

/// The variables of a lease that gets other names.
fn recorded(update: &DnsUpdate) -> Box<DnsRecord> {
    Box::new(record(update))
}

/// What the lease's variables are after the update.
fn record(update: &DnsUpdate) -> DnsRecord {
    DnsRecord {
        forward: Some(update.forward.clone()),
        reverse: update.reverse.clone(),
        dhcid: update.owner.as_ref().and_then(|owner| owner.guard(&update.forward)).map(|guard| guard.data),
        ..DnsRecord::default()
    }
}

fn removal(update: &DnsUpdate, is_active: bool) -> DnsChange {
    DnsChange::Remove(DnsRemoval { address: update.address, record: record(update), is_active })
}

const SUCCESS: u8 = 0;
const REFUSED: u8 = 5;
const YXDOMAIN: u8 = 6;
const NXRRSET: u8 = 8;
const NOTAUTH: u8 = 9;

#[test]
fn a_name_comes_and_goes() {
    let mut world = World::new(ZONES);
    let alpha = update("alpha", 100);
    world.change(DnsChange::Update(alpha.clone()));
    world.answer(YXDOMAIN);
    world.answer(SUCCESS);
    world.answer(SUCCESS);
    let added = ["10.0.0.100 +ddns-fwd-name", "10.0.0.100 +ddns-dhcid", "10.0.0.100 +ddns-rev-name"];
    assert_eq!(std::mem::take(&mut world.book.0), added);
    world.change(removal(&alpha, true));
    for _ in 0..3 {
        world.answer(SUCCESS);
    }
    assert_eq!(world.book.0, added.map(|line| line.replace('+', "-")));
    let lines = [
        "Added new forward map from alpha.example.org to 10.0.0.100",
        "Added reverse map from 100.0.0.10.in-addr.arpa. to alpha.example.org",
        "Removed forward map from alpha.example.org to 10.0.0.100",
        "Removed reverse map on 100.0.0.10.in-addr.arpa.",
    ];
    assert_eq!(world.logs(), lines);
    assert!(world.sent.is_empty() && world.ddns.is_idle());
}

#[test]
fn another_clients_name_is_spared() {
    let mut world = World::new(ZONES);
    world.change(DnsChange::Update(update("alpha", 100)));
    world.answer(YXDOMAIN);
    world.answer(NXRRSET);
    let line = "Forward map from alpha.example.org to 10.0.0.100 FAILED: Has an address record but no DHCID, not mine.";
    assert_eq!(world.logs(), [line]);
    assert!(world.book.0.is_empty() && world.ddns.is_idle());
}

#[test]
fn servers_are_tried_in_turn_and_given_up() {
    let mut world = World::new(ZONES);
    world.change(DnsChange::Update(update("alpha", 100)));
    for _ in 0..3 {
        world.pass(2999);
        world.pass(1);
    }
    assert_eq!(world.sent.len(), 4);
    assert!(world.sent.windows(2).all(|pair| pair[0] == pair[1]));
    world.pass(3000);
    assert_eq!(world.sent.len(), 5);
    assert_eq!(world.sent[4].0, "10.0.0.54:53".parse().unwrap());
    assert_ne!(world.sent[4].1[..2], world.sent[0].1[..2]);
    for _ in 0..4 {
        world.pass(3000);
    }
    assert_eq!(world.logs(), ["Unable to add forward map from alpha.example.org to 10.0.0.100: timed out"]);
    assert!(world.ddns.is_idle() && world.ddns.next_deadline().is_none());
}

#[test]
fn the_last_servers_answer_counts() {
    let mut world = World::new(ZONES);
    world.change(DnsChange::Update(update("alpha", 100)));
    world.answer(REFUSED);
    world.answer(2);
    assert_eq!(world.logs(), ["Unable to add forward map from alpha.example.org to 10.0.0.100: SERVFAIL"]);
}

#[test]
fn a_server_without_the_zone_ends_its_use() {
    let mut world = World::new(ZONES);
    world.change(DnsChange::Update(update("alpha", 100)));
    world.answer(NOTAUTH);
    world.answer(NOTAUTH);
    let lines = [
        "DDNS: bad zone information, repudiating zone example.org.",
        "DDNS: Failed to retry after zone failure",
        "Unable to add forward map from alpha.example.org to 10.0.0.100: failure",
    ];
    assert_eq!(world.logs(), lines);
    world.change(DnsChange::Update(update("beta", 101)));
    assert!(world.sent.is_empty() && world.logs().is_empty() && world.ddns.is_idle());
}

#[test]
fn a_new_answer_to_the_client_ends_what_is_under_way() {
    let mut world = World::new(ZONES);
    world.change(DnsChange::Update(update("alpha", 100)));
    world.change(DnsChange::Cancel([10, 0, 0, 100].into()));
    assert!(world.ddns.is_idle());
    world.answer(SUCCESS);
    assert!(world.sent.is_empty() && world.book.0.is_empty() && world.logs().is_empty());
}

#[test]
fn a_release_ends_an_addition_but_not_a_removal() {
    let mut world = World::new(ZONES);
    let alpha = update("alpha", 100);
    world.change(DnsChange::Update(alpha.clone()));
    world.change(DnsChange::Remove(DnsRemoval {
        address: alpha.address,
        record: DnsRecord::default(),
        is_active: false,
    }));
    assert!(world.ddns.is_idle());
    world.sent.clear();
    world.change(DnsChange::Update(DnsUpdate { replaces: Some(recorded(&alpha)), ..update("beta", 100) }));
    world.change(removal(&alpha, true));
    assert_eq!(world.sent.len(), 1);
    for _ in 0..3 {
        world.answer(SUCCESS);
    }
    assert!(world.sent.is_empty() && world.ddns.is_idle());
    assert!(!world.logs().iter().any(|line| line.contains("beta")));
}

#[test]
fn a_failed_removal_blocks_the_new_name() {
    let mut world = World::new(ZONES);
    let alpha = update("alpha", 100);
    world.change(DnsChange::Update(DnsUpdate { replaces: Some(recorded(&alpha)), ..update("beta", 100) }));
    world.answer(REFUSED);
    world.answer(REFUSED);
    world.answer(SUCCESS);
    assert_eq!(world.logs(), ["Removed reverse map on 100.0.0.10.in-addr.arpa."]);
    assert!(world.sent.is_empty() && world.ddns.is_idle());
}

#[test]
fn updates_of_one_name_run_one_after_the_other() {
    let mut world = World::new(ZONES);
    world.change(DnsChange::Update(update("alpha", 100)));
    world.change(DnsChange::Update(update("ALPHA", 101)));
    world.change(DnsChange::Update(update("beta", 102)));
    assert_eq!(world.sent.len(), 2);
    world.answer(REFUSED);
    world.sent.swap(0, 1);
    world.answer(REFUSED);
    assert_eq!(world.logs().len(), 1);
    assert_eq!(world.sent.len(), 2);
}

#[test]
fn names_without_a_zone_are_looked_for() {
    let mut world = World::new("");
    world.change(DnsChange::Update(update("alpha", 100)));
    assert_eq!(world.sent.len(), 1);
    world.change(DnsChange::Update(update("alpha", 101)));
    assert_eq!(world.sent.len(), 1, "the same search serves both");
    assert!(world.logs().is_empty());
    let (from, question) = world.sent.remove(0);
    let answer = |question: &[u8], kind: u8, data: &[u8]| {
        let mut octets = reply(question, 0);
        octets[4..8].copy_from_slice(&[0, 1, 0, 1]);
        // The question without its OPT record, and an answer for its name.
        octets.extend(&question[12..question.len() - 11]);
        octets.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
        octets.extend(data);
        octets
    };
    world.receive(from, &answer(&question, 2, b"\x02ns\xc0\x0c"));
    let (from, question) = world.sent.remove(0);
    world.receive(from, &answer(&question, 1, &[10, 0, 0, 53]));
    world.answer(SUCCESS);
    assert!(world.sent.is_empty() && world.ddns.is_idle());
    world.change(DnsChange::Update(update("alpha", 100)));
    assert_eq!(world.sent.first().map(|(to, _)| *to), Some("10.0.0.53:53".parse().unwrap()));
}

#[test]
fn a_dead_server_costs_a_bounded_queue() {
    let mut world = World::new(ZONES);
    for number in 0..20_003_u32 {
        let address = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
        world.change(DnsChange::Update(DnsUpdate { address, ..update(&format!("h{number}"), 1) }));
    }
    assert_eq!(world.sent.len(), 256);
    assert_eq!(world.logs(), ["DDNS: too many updates wait for name servers, new ones are not made."]);
    // One that waits makes room for itself; that there is none for others was said.
    let first = update("h0", 1);
    world.change(DnsChange::Cancel(IpAddr::from([10, 0, 0, 0])));
    world.change(DnsChange::Update(DnsUpdate { address: IpAddr::from([10, 0, 0, 0]), ..first }));
    world.change(DnsChange::Update(DnsUpdate { address: IpAddr::from([10, 1, 0, 0]), ..update("other", 1) }));
    assert!(world.logs().is_empty());
    // After room for many, it is said again.
    let nth = |number: u32| IpAddr::from((0x0a00_0000 + number).to_be_bytes());
    (0..12_000).for_each(|number| world.change(DnsChange::Cancel(nth(number))));
    for number in 0..12_001 {
        world.change(DnsChange::Update(DnsUpdate { address: nth(number), ..update(&format!("h{number}"), 1) }));
    }
    assert_eq!(world.logs().len(), 1);
}

#[test]
fn a_message_that_cannot_leave() {
    let mut world = World::new(ZONES);
    let mut out = Vec::new();
    world.ddns.change(world.now, DnsChange::Update(update("alpha", 100)), &mut world.book, &mut out);
    let Some(Effect::Datagram { exchange, .. }) = out.pop() else { panic!() };
    world.ddns.failed(world.now, exchange, Outcome::Canceled, &mut world.book, &mut out);
    world.take(out);
    let logs = world.logs();
    assert!(logs[0].starts_with("DDNS: cleaning up lease pointer for a cancel cb="));
    assert_eq!(logs[1], "Unable to add forward map from alpha.example.org to 10.0.0.100: operation canceled");
}

proptest! {
    /// Whatever servers answer and clients do: everything ends, and nothing panics.
    #[test]
    fn everything_ends(steps in prop::collection::vec((0_u8..6, 0_u8..4, 0_u8..12), 1..60)) {
        let mut world = World::new(ZONES);
        for (what, client, code) in steps {
            let (old, new) = (update("old", client), update(["a", "b", "c", "old"][usize::from(client)], client));
            match what {
                0 => world.change(DnsChange::Update(new)),
                1 => world.change(DnsChange::Update(DnsUpdate { replaces: Some(recorded(&old)), ..new })),
                2 => world.change(removal(&old, code % 2 == 0)),
                3 => world.change(DnsChange::Cancel(old.address)),
                _ if world.sent.is_empty() => {}
                4 => world.answer(code),
                _ => {
                    let (from, octets) = world.sent[0].clone();
                    world.receive(from, &octets);
                    world.pass(u64::from(code) * 1000);
                }
            }
        }
        for _ in 0..2000 {
            if world.ddns.is_idle() {
                break;
            }
            world.pass(3000);
        }
        prop_assert!(world.ddns.is_idle());
        prop_assert_eq!(world.ddns.next_deadline(), None);
    }
}
