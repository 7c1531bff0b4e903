//! The captured connections of spec/omapi.md 17, octet for octet in both directions; where the real server's answer is one of
//! its defects, what is sent instead.

use super::testing::{Answer, Client, TestWorld};
use super::world::PeerView;
use super::Omapi;
use crate::leases::peer::PeerState;
use crate::wire::omapi::spec_tests::{key, vectors};
use crate::wire::omapi::{introduction, Message, Received, Values};
use crate::wire::units::{Seconds, Timestamp};
use std::collections::VecDeque;

const CONFIG: &str = r#"
key omapi_key { algorithm hmac-md5; secret AAECAwQFBgcICQoLDA0ODw==; }
key other_key { algorithm hmac-md5; secret AAECAwQFBgcICQoLDA0ODw==; }
class "sub-parent" { match hardware; lease limit 4; }
subnet 10.71.0.0 netmask 255.255.255.0 { range 10.71.0.100 10.71.0.110; }
"#;

const LEASE: &str = r#"
lease 10.71.0.103 {
  starts epoch 1795332486;
  ends epoch 2110952286;
  tstp epoch 2110952286;
  cltt epoch 1795332486;
  binding state active;
  next binding state free;
  hardware ethernet 02:00:00:00:00:55;
  uid 01:02:00:00:00:00:55;
  client-hostname "pc1";
  billing class "sub-parent";
  set vlan = "lab";
}
"#;

/// A connection under test.
struct Play {
    server: Omapi,
    world: TestWorld,
    client: Client,
    answers: VecDeque<Vec<u8>>,
}

impl Play {
    fn new(config: &str, leases: &str, key: Option<&str>, first_id: u32) -> Play {
        let mut server = Omapi::new(key.map(Into::into));
        let (client, octets) = Client::connect(&mut server, 0, first_id);
        let mut play = Play { server, world: TestWorld::new(config, leases), client, answers: [octets].into() };
        play.next();
        play
    }

    fn ask(&mut self, octets: &[u8]) {
        for answer in self.client.send(&mut self.server, &mut self.world, octets) {
            match answer {
                Answer::Octets(octets) => self.answers.push_back(octets),
                Answer::Closed => panic!("closed after {octets:x?}"),
            }
        }
    }

    fn next(&mut self) -> Vec<u8> {
        self.answers.pop_front().expect("an answer")
    }

    /// The messages of a vector: what the client sends is sent, what the server sends has to come.
    fn vector(&mut self, number: u32, mut check: impl FnMut(&mut Play, usize, &[u8])) {
        let (_, messages) = vectors().into_iter().find(|(other, _)| *other == number).expect("the vector");
        for (at, (is_client, octets)) in messages.iter().enumerate() {
            match is_client {
                true => self.ask(octets),
                false => check(self, at, octets),
            }
        }
    }

    fn exactly(&mut self, number: u32) {
        self.vector(number, |play, at, octets| {
            assert_eq!(play.next(), octets, "V{number}, message {at}");
        });
        assert_eq!(self.answers, [[0; 0]; 0], "after V{number}");
    }
}

fn message(octets: &[u8]) -> Message {
    Received::parse(octets, 24).expect("a message").message
}

#[test]
fn one_connection_with_a_key() {
    let mut play = Play::new(CONFIG, LEASE, Some("omapi_key"), 0x355c_b7a5);
    play.ask(&introduction());
    (2..=14).for_each(|number| play.exactly(number));
    let lease = |number: u32, at: usize| vectors().swap_remove(number as usize - 1).1.swap_remove(at).1;
    play.vector(15, |play, _, octets| {
        // The answer that the vector omits is that of V5.
        let first = play.next();
        let (mut shown, before) = (message(&first), message(&lease(5, 1)));
        (shown.id, shown.rid) = (before.id, before.rid);
        assert_eq!(shown, before);
        assert!(Received::parse(&first, 24).is_some_and(|received| received.is_signed_by(&key(15))));
        assert_eq!(play.next(), octets);
    });
    // The next message omitted is one that V17's ids tell of.
    play.ask(&lease(6, 0));
    play.next();
    assert!(!play.world.is_shut_down);
    play.vector(17, |play, at, octets| assert_eq!(play.next(), octets, "V17, message {at}"));
    // ISC never answers a shutdown.
    let answer = Received::parse(&play.next(), 24).expect("an answer");
    assert!(answer.is_signed_by(&key(17)));
    assert_eq!((answer.message.op, answer.message.rid), (5, 0x1111_0011));
    assert_eq!(answer.message.message.get_u32("result"), Some(0));
    assert!(play.world.is_shut_down);
}

#[test]
fn failover() {
    let peer = "failover peer \"fo\" { primary; address 10.71.0.1; port 647; peer address 10.71.0.2; peer port 647;
        max-response-delay 30; max-unacked-updates 10; mclt 60; split 128; load balance max seconds 3; }";
    let pool =
        "subnet 10.71.0.0 netmask 255.255.255.0 { pool { failover peer \"fo\"; range 10.71.0.100 10.71.0.110; } }";
    let keys = CONFIG.lines().filter(|line| line.starts_with("key ")).collect::<String>();
    let mut play = Play::new(&format!("{peer} {pool} {keys}"), "", Some("omapi_key"), 0x2f61_98f8);
    let mut buckets = [0xff; 32];
    buckets[16..].fill(0);
    let view = PeerView {
        local: PeerState::CommunicationsInterrupted,
        local_since: Timestamp(1_795_333_606),
        partner: PeerState::Normal,
        partner_since: Timestamp(1_795_333_600),
        mclt: Seconds(60),
        buckets: Some(buckets),
        unacked_updates: 0,
    };
    play.world.peers.insert("fo".into(), view);
    play.ask(&introduction());
    let open = vectors().swap_remove(3).1.swap_remove(0).1;
    play.ask(&open);
    assert_eq!(message(&play.next()).handle, 1);
    play.vector(16, |play, at, octets| {
        let answer = play.next();
        if at == 1 {
            // ISC shows pointers of its memory as addresses.
            let mut expected = message(octets);
            expected.object = Values::new();
            for (name, value) in message(octets).object.iter() {
                match name {
                    b"partner-address" => expected.object.set(name, [10, 71, 0, 2]),
                    b"local-address" => expected.object.set(name, [10, 71, 0, 1]),
                    _ => expected.object.set(name, value),
                }
            }
            assert_eq!(answer, expected.emit(Some((1, &key(16)))));
        } else {
            assert_eq!(answer, octets);
        }
    });
    assert_eq!(play.world.peers["fo"].local, PeerState::PartnerDown);
}

#[test]
fn sha256() {
    let config = "key omapi_key { algorithm hmac-sha256; secret AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=; }";
    for (number, first_id) in [(18, 0x618d_d053), (19, 0x6113_941a)] {
        let mut play = Play::new(config, "", Some("omapi_key"), first_id);
        play.ask(&introduction());
        play.exactly(number);
    }
}

#[test]
fn without_a_key() {
    let mut play = Play::new(CONFIG, "", None, 0x7daa_4342);
    play.world.interfaces.push("oma-va".into());
    play.ask(&introduction());
    play.exactly(20);
}
