//! Captured sessions of two ISC servers, each side played by this one: given the other's messages, it sends the same messages
//! that decide on connections and states, in the same order.

use super::bench::{Bench, Terms, PEER};
use crate::failover::{ConnectionId, DialError};
use crate::leases::peer::PeerState;
use crate::wire::failover::{Body, Connect, Message, StateReport};
use crate::wire::units::{Seconds, Timestamp};

/// One line of a capture.
struct Line {
    /// Milliseconds since the first line.
    at: u64,
    from_primary: bool,
    what: What,
}

enum What {
    /// A client port that the connection is known by.
    Syn(String),
    SynAck(String),
    Fin(String),
    Message(Message),
}

fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [at, direction, hex, ..] = words.as_slice() else { continue };
        let ports = words.last().unwrap().split('>').find(|port| *port != "647").unwrap_or_default().to_owned();
        let what = match *hex {
            "-" if words.contains(&"SYN") => What::Syn(ports),
            "-" if words.contains(&"SYN/ACK") => What::SynAck(ports),
            "-" => What::Fin(ports),
            hex => {
                let pair = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
                let octets: Vec<u8> = (0..hex.len()).step_by(2).map(pair).collect();
                What::Message(Message::parse(&octets).unwrap())
            }
        };
        let at = (at.parse::<f64>().unwrap() * 1000.0) as u64;
        lines.push(Line { at, from_primary: *direction == "P>S", what });
    }
    lines
}

/// A capture, and this server in the place of one of the two.
struct Replay {
    bench: Bench,
    /// Connections by their ports, in the order in which they were made.
    connections: Vec<(String, ConnectionId)>,
    /// How many of them the primary has introduced itself on.
    introduced: usize,
    begin: u64,
    compared: usize,
    is_ended: bool,
    /// Ports of connections of which one side has ended.
    ended: Vec<String>,
}

impl Replay {
    fn new(bench: Bench) -> Replay {
        let begin = bench.now.millis;
        Replay { bench, connections: Vec::new(), introduced: 0, begin, compared: 0, is_ended: false, ended: Vec::new() }
    }

    fn link(&self) -> Option<ConnectionId> {
        self.bench.engine.relationships[PEER.index()].link
    }

    /// Plays a capture to its end; returns how many messages were compared.
    fn play(mut self, text: &str) -> usize {
        let lines = lines(text);
        let first = lines.iter().find_map(|line| match &line.what {
            What::Message(message) => Some(message.time.0 - (line.at / 1000) as u32),
            _ => None,
        });
        self.bench.now.wall = Timestamp(first.unwrap());
        let mut our_syn = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            while self.bench.now.millis + 500 <= self.begin + line.at {
                let link = self.link();
                self.bench.pass_half(link);
            }
            let is_mine = line.from_primary == self.bench.terms.is_primary;
            match &line.what {
                What::Syn(port) if is_mine => {
                    if std::mem::take(&mut self.is_ended) {
                        self.bench.restart();
                    }
                    our_syn.push(port.clone());
                }
                What::Syn(_) => {}
                What::SynAck(port) => self.connect(port, our_syn.contains(port), &our_syn),
                What::Fin(port) => self.fin(port, is_mine),
                What::Message(message) => {
                    self.bench.now.wall = self.bench.now.wall.max(message.time);
                    if is_mine {
                        self.expect(message, number);
                    } else {
                        self.feed(message);
                    }
                }
            }
        }
        assert_eq!(self.next(), None, "more than was captured");
        self.compared
    }

    fn connect(&mut self, port: &str, is_dialled: bool, our_syn: &[String]) {
        let waits = our_syn.iter().any(|port| self.connections.iter().all(|(known, _)| known != port));
        if !is_dialled && !waits && self.bench.dials > 0 {
            self.bench.dial_failed(DialError::Partner);
        }
        let connection = if is_dialled { self.bench.dialled() } else { self.bench.accept() };
        self.connections.push((port.to_owned(), connection));
    }

    /// The end of a connection: by the partner, by the engine, or because this server was ended.
    fn fin(&mut self, port: &str, is_mine: bool) {
        if self.ended.iter().any(|ended| ended == port) {
            return;
        }
        self.ended.push(port.to_owned());
        let known = self.connections.iter().find(|(known, _)| known == port).map(|(_, connection)| *connection);
        let is_open = known.is_none_or(|known| self.bench.open.contains(&known));
        match known {
            Some(known) if is_open && !is_mine => self.bench.hang_up(known),
            None if !is_mine && self.link().is_some() => self.bench.hang_up(self.link().unwrap()),
            _ if is_open && is_mine && !self.is_ended => {
                self.connections.clear();
                self.introduced = 0;
                self.bench.restart();
            }
            _ => {}
        }
    }

    fn feed(&mut self, message: &Message) {
        let connection = match message.body {
            Body::Connect(_) => {
                self.introduced += 1;
                self.connections[self.introduced - 1].1
            }
            _ => {
                let open = |(_, connection): &&(String, ConnectionId)| self.bench.open.contains(connection);
                let last = self.connections.iter().rev().find(open).map(|(_, connection)| *connection);
                self.link().or(last).unwrap()
            }
        };
        self.bench.octets(connection, &message.emit());
    }

    /// The next message of this server that decides on connections and states.
    fn next(&mut self) -> Option<Body> {
        while !self.bench.sent.is_empty() {
            let (_, message, _) = self.bench.sent.remove(0);
            if decides(&message.body) {
                return Some(message.body);
            }
        }
        None
    }

    fn expect(&mut self, message: &Message, number: usize) {
        if !decides(&message.body) {
            return;
        }
        let mut next = self.next();
        if next.is_none()
            && matches!(&message.body, Body::State(report) if report.state == Some(PeerState::Shutdown as u8))
        {
            self.bench.run(|engine, now, leases, out| engine.begin_shutdown(now, leases, out));
            self.is_ended = true;
            next = self.next();
        }
        let next =
            next.unwrap_or_else(|| panic!("line {number}: nothing instead of {message:?}\n{:#?}", self.bench.log));
        match (&next, &message.body) {
            (
                Body::State(StateReport { since: Some(mine), .. }),
                Body::State(StateReport { since: Some(theirs), .. }),
            ) => {
                assert!(mine.0.abs_diff(theirs.0) <= 1, "line {number}: since {mine:?}, {theirs:?}");
                assert_eq!(untimed(&next), untimed(&message.body), "line {number}\n{:#?}", self.bench.log);
            }
            (next, captured) => assert_eq!(next, captured, "line {number}\n{:#?}", self.bench.log),
        }
        self.compared += 1;
    }
}

/// True for messages that concern connections and states rather than single leases. How many UPDDONEs there are depends on how
/// many leases there are to tell of.
fn decides(body: &Body) -> bool {
    use Body::*;
    matches!(body, Connect(_) | ConnectAck(_) | State(_) | Disconnect(_) | UpdateRequest | UpdateRequestAll)
}

fn untimed(body: &Body) -> Body {
    match body {
        Body::State(report) => Body::State(StateReport { since: None, ..*report }),
        other => other.clone(),
    }
}

fn primary(mclt: u32) -> Terms {
    Terms { mclt, ..Terms::primary() }
}

fn secondary(mclt: u32) -> Terms {
    Terms { mclt, ..Terms::secondary() }
}

/// A server that has left startup without its partner; it is still dialling.
fn alone(terms: Terms, state: PeerState, partner: PeerState, since: u32) -> Bench {
    let mut bench = Bench::start(terms, state, partner, since);
    bench.pass(15, None);
    bench.take_sent();
    bench.dials = 1;
    bench
}

const STARTUP: &str = include_str!("../../../compat-tests/spec/vectors/failover-startup.txt");
const CONFLICT: &str = include_str!("../../../compat-tests/spec/vectors/failover-conflict.txt");
const RECONNECT: &str = include_str!("../../../compat-tests/spec/vectors/failover-reconnect.txt");
const RECOVER: &str = include_str!("../../../compat-tests/spec/vectors/failover-recover.txt");
const KEEPDB: &str = include_str!("../../../compat-tests/spec/vectors/failover-restart-keepdb.txt");
const SHUTDOWN: &str = include_str!("../../../compat-tests/spec/vectors/failover-shutdown.txt");

#[test]
fn a_fresh_pair() {
    let bench = Bench::start(primary(30), PeerState::Recover, PeerState::Unknown, 0x6b0297df);
    assert_eq!(Replay::new(bench).play(STARTUP), 7);
    let bench = Bench::start(secondary(30), PeerState::Recover, PeerState::Unknown, 0x6b0297e2);
    assert_eq!(Replay::new(bench).play(STARTUP), 7);
}

#[test]
fn a_healed_conflict() {
    for (terms, messages) in [(primary(10), 7), (secondary(10), 5)] {
        let bench = alone(terms, PeerState::PartnerDown, PeerState::Normal, 0x6b029a1c);
        assert_eq!(Replay::new(bench).play(CONFLICT), messages);
    }
}

#[test]
fn a_restart_of_either() {
    let terms = Terms { delay: 9, ..primary(60) };
    let bench = Bench::start(terms, PeerState::Normal, PeerState::Normal, 0x6b029ec7);
    assert_eq!(Replay::new(bench).play(RECONNECT), 6);

    let terms = Terms { delay: 9, ..secondary(60) };
    let mut bench = Bench::start(terms, PeerState::Normal, PeerState::Normal, 0x6b029ec7);
    bench.dial_failed(DialError::Partner);
    let link = bench.accept();
    let connect = Connect {
        name: Some((*b"fo-test").into()),
        mclt: Some(Seconds(60)),
        hash_buckets: Some([0; 32].into()),
        ..Connect::default()
    };
    bench.hear(link, Body::Connect(connect));
    bench.hear_state(link, PeerState::Normal, 0);
    bench.take_sent();
    assert_eq!(bench.state(), PeerState::Normal);
    assert_eq!(Replay::new(bench).play(RECONNECT), 6);
}

#[test]
fn a_recovery_from_nothing() {
    let bench = alone(primary(30), PeerState::PartnerDown, PeerState::Normal, 0x6b029822);
    assert_eq!(Replay::new(bench).play(RECOVER), 3);
    let bench = Bench::start(secondary(30), PeerState::Recover, PeerState::Unknown, 0x6b029824);
    assert_eq!(Replay::new(bench).play(RECOVER), 7);
}

#[test]
fn a_recovery_with_the_lease_file() {
    let terms = Terms { delay: 9, ..primary(60) };
    let bench = alone(terms, PeerState::PartnerDown, PeerState::Normal, 0x6b029770);
    assert_eq!(Replay::new(bench).play(KEEPDB), 3);
    let terms = Terms { delay: 9, ..secondary(60) };
    let bench = Bench::start(terms, PeerState::Normal, PeerState::Normal, 0x6b0296a6);
    assert_eq!(Replay::new(bench).play(KEEPDB), 6);
}

#[test]
fn a_hand_over() {
    let bench = alone(primary(30), PeerState::CommunicationsInterrupted, PeerState::Normal, 0x6b029aed);
    assert_eq!(Replay::new(bench).play(SHUTDOWN), 7);
    let bench = alone(secondary(30), PeerState::CommunicationsInterrupted, PeerState::Normal, 0x6b029aed);
    assert_eq!(Replay::new(bench).play(SHUTDOWN), 10);
}
