//! Connections that ISC's servers refuse, or not: spec/vectors/failover-connect-rejects.txt, octet for octet.

use super::bench::{Bench, Terms, START};
use crate::failover::{ConnectionId, LogKind};
use crate::leases::peer::PeerState;
use crate::wire::failover::Message;
use crate::wire::units::Timestamp;

const VECTORS: &str = include_str!("../../../compat-tests/spec/vectors/failover-connect-rejects.txt");

/// One line: who sends, and what; no octets for the end of a connection.
struct Line {
    from_primary: bool,
    octets: Option<Vec<u8>>,
    port: String,
}

/// The captures of the file: each has comments before it.
fn captures() -> Vec<Vec<Line>> {
    let mut captures: Vec<Vec<Line>> = vec![Vec::new()];
    for line in VECTORS.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [first, ..] if first.starts_with('#') => {
                captures.retain(|lines| !lines.is_empty());
                captures.push(Vec::new());
            }
            [_, direction, hex, ..] => {
                let octets = (*hex != "-").then(|| {
                    let pair = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
                    (0..hex.len()).step_by(2).map(pair).collect()
                });
                let port = words.last().unwrap().to_string();
                captures.last_mut().unwrap().push(Line { from_primary: *direction == "P>S", octets, port });
            }
            _ => {}
        }
    }
    captures
}

/// The time in a message's head.
fn time(octets: &[u8]) -> u32 {
    u32::from_be_bytes(octets[4..8].try_into().unwrap())
}

/// Sets the server's clock to that of the next message that it sent in the capture.
fn set_clock(bench: &mut Bench, rest: &[Line], is_mine: impl Fn(&Line) -> bool) {
    let next = rest.iter().take_while(|line| line.octets.is_some()).find(|line| is_mine(line));
    if let Some(octets) = next.and_then(|line| line.octets.as_ref()) {
        bench.now.wall = Timestamp(time(octets));
    }
}

/// Plays a capture of a synthetic primary to a secondary that was started at that time; returns it and how many of its
/// messages were compared.
fn play_to_secondary(lines: &[Line], start: u32) -> (Bench, usize) {
    let terms = Terms { delay: 60, ..Terms::secondary() };
    let mut bench = Bench::start(terms, PeerState::Recover, PeerState::Unknown, start);
    let mut open: Option<ConnectionId> = None;
    let mut compared = 0;
    for (at, line) in lines.iter().enumerate() {
        match &line.octets {
            Some(octets) if line.from_primary => {
                assert!(bench.sent.is_empty(), "line {at}: {:?}", bench.sent);
                bench.now.wall = Timestamp(time(octets));
                set_clock(&mut bench, &lines[at..], |line| !line.from_primary);
                let connection = bench.accept();
                bench.octets(connection, octets);
                open = open.or(bench.open.contains(&connection).then_some(connection));
            }
            Some(octets) => {
                let (_, message, _) = bench.sent.remove(0);
                assert_eq!(message.emit(), *octets, "line {at}: {message:?}");
                compared += 1;
            }
            // The end of a refused connection, or of one that was accepted.
            None => match bench.closed.pop() {
                Some(_) => assert!(bench.sent.is_empty()),
                None => bench.hang_up(open.take().unwrap()),
            },
        }
    }
    assert!(bench.closed.is_empty() && bench.sent.is_empty());
    (bench, compared)
}

#[test]
fn a_secondary_answers_synthetic_primaries_as_isc_s() {
    let captures = captures();
    let (bench, compared) = play_to_secondary(&captures[0], 0x6b02988b);
    assert!(compared > 20, "{compared}");
    for line in [
        "Failover CONNECT from unknown: missing relationship-name",
        "Failover CONNECT from nope: unknown failover relationship name",
        "Failover CONNECT from fo-test: time offset too large",
        "Failover CONNECT from fo-test: invalid HBA",
        "failover: disconnect: invalid HBA",
        "FAILOVER: duplicate option relationship-name",
        "FAILOVER: option size (2:1), option TLS-request",
        "message length wait: protocol error",
        "WARNING: failover as of versions 3.1.0 and on are not reverse compatible with versions 3.0.x.",
        "peer fo-test: disconnected",
        "failover peer fo-test: I move from startup to recover",
    ] {
        assert!(bench.logged(line), "{line}\n{:#?}", bench.log);
    }
    let (_, compared) = play_to_secondary(&captures[1], 0x6b0298cd);
    assert_eq!(compared, 2);
}

#[test]
fn a_primary_answers_synthetic_secondaries_as_isc_s() {
    let capture = &captures()[2];
    let terms = Terms { delay: 60, ..Terms::primary() };
    let mut bench = Bench::start(terms, PeerState::Recover, PeerState::Unknown, 0x6b029908);
    let (mut last, mut link, mut ended) = (None, None, Vec::new());
    let mut compared = 0;
    for (at, line) in capture.iter().enumerate() {
        let Some(octets) = &line.octets else {
            if !ended.contains(&line.port) {
                ended.push(line.port.clone());
                if bench.closed.pop().is_none() {
                    bench.hang_up(link.take().or(last.take()).unwrap());
                }
            }
            continue;
        };
        if !line.from_primary {
            // A CONNECT to a primary takes over its settings in ISC's: not here.
            if octets[2] == 5 {
                break;
            }
            bench.now.wall = bench.now.wall.max(Timestamp(START));
            set_clock(&mut bench, &capture[at..], |line| line.from_primary);
            let to = if octets[2] == 12 { link } else { last };
            bench.octets(to.unwrap(), octets);
            link = link.or(last.filter(|last| bench.open.contains(last)));
            continue;
        }
        if octets[2] == 5 {
            bench.now.wall = Timestamp(time(octets));
            last = Some(bench.accept());
        }
        let (_, message, _) = bench.sent.remove(0);
        assert_eq!(message.emit(), *octets, "line {at}: {message:?}");
        compared += 1;
    }
    assert!(compared > 15, "{compared}");
    for line in [
        "Failover CONNECTACK from fo-test: missing relationship-name",
        "Failover CONNECTACK from fo-test: remote failover relationship name other does not match",
        "Failover CONNECTACK from fo-test: time offset too large",
        "Failover CONNECTACK from fo-test: already connected",
        "Failover CONNECT to fo-test rejected: Connection rejected, invalid failover partner.",
        "Failover CONNECT to fo-test rejected: Undefined-99: This reason code is not defined in the protocol standard.",
        "Failover DISCONNECT from fo-test: No traffic within sufficient time.",
    ] {
        assert!(bench.logged(line), "{line}\n{:#?}", bench.log);
    }
}

#[test]
fn refusals_are_errors_in_the_log() {
    let mut bench = Bench::start(Terms::secondary(), PeerState::Recover, PeerState::Unknown, START);
    let connection = bench.accept();
    let mut levels = Vec::new();
    let connect = Message {
        time: bench.now.wall,
        xid: Default::default(),
        body: crate::wire::failover::Body::Connect(Default::default()),
    };
    let mut out = Vec::new();
    bench.engine.received(bench.now, connection, &connect.emit(), &mut bench.leases, &mut out);
    for effect in out {
        if let crate::failover::Effect::Log(kind, _) = effect {
            levels.push(kind);
        }
    }
    assert_eq!(levels, [LogKind::Error, LogKind::Info]);
}

/// A second primary would overwrite MCLT and hash buckets of ISC's.
#[test]
fn a_primary_refuses_another_primary() {
    let mut bench = Bench::start(Terms::primary(), PeerState::Recover, PeerState::Unknown, START);
    let other =
        captures()[2].iter().rev().find_map(|line| line.octets.clone().filter(|octets| octets[2] == 5)).unwrap();
    bench.now.wall = Timestamp(time(&other));
    let connection = bench.accept();
    bench.take_sent();
    bench.octets(connection, &other);
    assert_eq!(bench.closed, [(connection, true)]);
    assert!(bench.logged("Failover CONNECT from fo-test: both servers are primary"));
    assert_eq!(bench.leases.store.standing_of(super::bench::PEER).unwrap().mclt.0, 60);
}
