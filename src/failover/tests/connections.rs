//! Connections and timers (spec/failover.md 3 and 9).

use super::bench::{Bench, Terms, PEER, START};
use crate::config::model::PeerId;
use crate::config::{load_text, Family};
use crate::failover::{ConnectionId, DialError, Effect, Endpoint};
use crate::leases::peer::PeerState;
use crate::wire::failover::{Body, Connect, ConnectAck};
use crate::wire::units::{Now, Seconds, Timestamp};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

fn contacts(bench: &mut Bench) -> usize {
    bench.take_sent().into_iter().filter(|body| *body == Body::Contact).count()
}

fn fresh(terms: Terms) -> Bench {
    Bench::start(terms, PeerState::Normal, PeerState::Normal, START)
}

#[test]
fn silence_is_broken_after_a_third_of_the_partners_timer() {
    // The partner's timer, and how many CONTACTs there are in 12 seconds. With less than 3 seconds ISC never stops.
    for (timer, want) in
        [(Some(9), 4), (Some(11), 4), (Some(20), 2), (Some(3), 12), (Some(2), 12), (Some(0), 2), (None, 2)]
    {
        let mut bench = fresh(Terms::primary());
        let link = bench.link_up(timer);
        bench.hear_state(link, PeerState::Normal, 0);
        bench.take_sent();
        bench.pass(12, Some(link));
        assert_eq!(contacts(&mut bench), want, "{timer:?}");
    }
}

#[test]
fn a_silent_partner_is_given_up() {
    let mut bench = fresh(Terms::secondary());
    let link = bench.link_up(Some(60));
    bench.hear_state(link, PeerState::Normal, 0);
    bench.pass(5, None);
    assert!(bench.closed.is_empty());
    bench.pass(1, None);
    assert_eq!(bench.closed, [(link, false)]);
    assert!(bench.logged("timeout waiting for failover peer fo-test"));
    assert!(bench.logged("peer fo-test: disconnected"));
    assert_eq!(bench.state(), PeerState::CommunicationsInterrupted);
    // The next attempt follows 5 seconds after any end.
    assert_eq!(bench.dials, 0);
    bench.pass(5, None);
    assert_eq!(bench.dials, 1);
}

#[test]
fn a_tiny_timer_of_ones_own_is_not_announced() {
    let mut bench = fresh(Terms { delay: 1, ..Terms::primary() });
    bench.accept();
    let sent = bench.take_sent();
    let Some(Body::Connect(connect)) = sent.first() else { panic!("{sent:?}") };
    assert_eq!(connect.receive_timer.map(|timer| timer.0), Some(3));
}

#[test]
fn a_connection_that_nobody_introduces_ends_after_15_seconds() {
    for terms in [Terms::primary(), Terms::secondary()] {
        let mut bench = fresh(terms);
        let connection = bench.accept();
        bench.pass(14, Some(connection));
        assert!(bench.closed.is_empty());
        bench.pass(1, None);
        assert_eq!(bench.closed, [(connection, false)]);
        assert!(bench.logged("failover: link startup timeout"));
    }
}

#[test]
fn dialling_goes_on() {
    let mut bench = fresh(Terms::primary());
    assert_eq!(bench.dials, 1);
    bench.dial_failed(DialError::Partner);
    bench.pass(4, None);
    assert_eq!(bench.dials, 0);
    bench.pass(1, None);
    assert_eq!(bench.dials, 1);
    bench.dial_failed(DialError::Local("address not available".into()));
    assert!(bench.logged("failover peer fo-test: address not available"));
    bench.pass(89, None);
    assert_eq!(bench.dials, 0);
    bench.pass(1, None);
    assert_eq!(bench.dials, 1);
    // A dial that hangs is not doubled, and with a link there is none.
    bench.pass(100, None);
    assert_eq!(bench.dials, 1);
    let link = bench.link_up(Some(6));
    bench.pass(20, Some(link));
    assert_eq!(bench.dials, 0);
}

#[test]
fn all_addresses_of_the_partner_are_tried() {
    let mut bench = fresh(Terms::primary());
    let other = Ipv4Addr::new(10, 77, 0, 3);
    bench.engine.relationships[0].endpoint.partner.push(other);
    let mut out = Vec::new();
    bench.engine.dial_failed(bench.now, PEER, DialError::Partner, &mut out);
    let to = SocketAddrV4::new(other, 647);
    assert_eq!(out, [Effect::Dial { peer: PEER, from: bench.here(), to }]);
    // And a connection from any of them is the partner's.
    let at = SocketAddrV4::new(bench.here(), 647);
    bench.run(|engine, now, leases, out| {
        engine.accepted(now, ConnectionId(50), SocketAddrV4::new(Ipv4Addr::new(10, 77, 0, 9), 1), at, leases, out)
    });
    assert!(bench.logged("failover: listener: no matching state"));
    assert_eq!(bench.closed, [(ConnectionId(50), false)]);
    bench.open.insert(ConnectionId(51));
    bench.run(|engine, now, leases, out| {
        engine.accepted(now, ConnectionId(51), SocketAddrV4::new(other, 1), at, leases, out)
    });
    assert_eq!(bench.closed.len(), 1);
}

#[test]
fn a_listener_that_fails_is_tried_again() {
    let mut bench = fresh(Terms::primary());
    let at = SocketAddrV4::new(bench.here(), 647);
    bench.run(|engine, now, _, out| engine.listen_failed(now, at, "address not available", out));
    assert!(!bench.logged("failover peer fo-test: address not available"));
    let mut out = Vec::new();
    bench.now.millis += 90_000;
    bench.engine.tick(bench.now, &mut bench.leases, &mut out);
    assert!(out.contains(&Effect::Listen { at }));
    bench.run(|engine, now, _, out| engine.listen_failed(now, at, "address not available", out));
    assert!(bench.logged("failover peer fo-test: address not available"));
}

/// No state is told before its record is on stable storage.
#[test]
fn a_state_is_told_when_it_is_recorded() {
    let mut bench = fresh(Terms::secondary());
    let link = bench.link_up(Some(6));
    bench.sent.clear();
    bench.hear_state(link, PeerState::Normal, 0);
    let (_, message, after) = bench.sent.first().unwrap();
    assert!(matches!(message.body, Body::State(_)));
    assert_eq!(*after, bench.leases.store.position());
}

/// Only the link is the partner's word; ISC listens to any connection.
#[test]
fn other_connections_are_not_listened_to() {
    let mut bench = fresh(Terms::secondary());
    let stranger = bench.accept();
    bench.hear_state(stranger, PeerState::Recover, 0);
    bench.hear(stranger, Body::UpdateRequestAll);
    assert_eq!(bench.state(), PeerState::Startup);
    bench.hear(stranger, Body::ConnectAck(Default::default()));
    assert_eq!(bench.closed, [(stranger, false)]);
    assert!(bench.take_sent().is_empty());
}

#[test]
fn one_partner_cannot_keep_many_connections() {
    let mut bench = fresh(Terms::secondary());
    for _ in 0..100 {
        bench.accept();
    }
    assert_eq!(bench.open.len(), 8);
}

/// A new configuration: the same goes on, other terms are agreed on anew, another place is another partner.
#[test]
fn a_new_configuration() {
    let linked = || {
        let mut bench = fresh(Terms::primary());
        let link = bench.link_up(Some(6));
        bench.hear_state(link, PeerState::Normal, 0);
        assert_eq!(bench.state(), PeerState::Normal);
        bench
    };
    let take_over = |bench: &mut Bench, terms: Terms, partner: Ipv4Addr| {
        let config = terms.config();
        bench.leases.store.rebind(&config);
        bench.leases.config = config.clone();
        let endpoints = vec![Endpoint { local: bench.here(), partner: vec![partner] }];
        bench.run(|engine, now, leases, out| engine.reconfigure(now, &config, endpoints, leases, out));
    };
    let mut bench = linked();
    let there = bench.there();
    take_over(&mut bench, Terms { auto_partner_down: 9, ..Terms::primary() }, there);
    assert_eq!((bench.state(), bench.closed.len()), (PeerState::Normal, 0));
    take_over(&mut bench, Terms { mclt: 61, ..Terms::primary() }, there);
    assert_eq!((bench.state(), bench.closed.len()), (PeerState::CommunicationsInterrupted, 1));
    let link = bench.link_up(Some(6));
    assert!(bench
        .sent
        .iter()
        .any(|(_, message, _)| matches!(&message.body, Body::Connect(connect) if connect.mclt.unwrap().0 == 61)));
    bench.hear_state(link, PeerState::CommunicationsInterrupted, 0);
    assert_eq!(bench.state(), PeerState::Normal);
    bench.engine.reconfigure(bench.now, &Terms::primary().config(), Vec::new(), &mut bench.leases, &mut Vec::new());
    assert_eq!(bench.engine.attributes(PeerId(0)), None);

    let mut bench = linked();
    let there = Ipv4Addr::new(10, 77, 0, 3);
    let mut out = Vec::new();
    let endpoints = vec![Endpoint { local: bench.here(), partner: vec![there] }];
    bench.engine.reconfigure(bench.now, &Terms::primary().config(), endpoints, &mut bench.leases, &mut out);
    assert_eq!(bench.state(), PeerState::Startup);
    assert!(out.iter().any(|effect| matches!(effect, Effect::Close { .. })));
    assert!(out.contains(&Effect::Dial { peer: PEER, from: bench.here(), to: SocketAddrV4::new(there, 647) }));
}

/// Two relationships between the same two addresses: with ISC the second one never connects, and disturbs the first.
#[test]
fn several_relationships_with_one_partner() {
    let of = |terms: Terms| {
        let role = if terms.is_primary { "primary; mclt 60; split 128;" } else { "secondary;" };
        let mut text = String::new();
        for name in ["fo-a", "fo-b"] {
            text += &format!("failover peer \"{name}\" {{ {role} address 10.77.0.1; peer address 10.77.0.2; }}\n");
        }
        text +=
            "subnet 10.77.0.0 netmask 255.255.255.0 { pool { failover peer \"fo-a\"; range 10.77.0.10 10.77.0.19; }\n\
            pool { failover peer \"fo-b\"; range 10.77.0.20 10.77.0.29; } }";
        let config = Arc::new(load_text("c", &text, Family::V4).result.unwrap());
        Bench::of(terms, config, Vec::new(), Now { wall: Timestamp(START), millis: 0 })
    };
    let links = |bench: &Bench| bench.engine.relationships.iter().filter(|me| me.link.is_some()).count();

    let mut bench = of(Terms::secondary());
    for name in ["fo-a", "fo-b"] {
        let connection = bench.accept();
        let connect = Connect {
            name: Some(name.as_bytes().into()),
            mclt: Some(Seconds(60)),
            hash_buckets: Some([0; 32].into()),
            ..Connect::default()
        };
        bench.hear(connection, Body::Connect(connect));
    }
    assert_eq!((links(&bench), bench.closed.len()), (2, 0));

    let mut bench = of(Terms::primary());
    for _ in 0..2 {
        let connection = bench.accept();
        let sent = bench.take_sent();
        let Some(Body::Connect(connect)) = sent.first() else { panic!("{sent:?}") };
        bench.hear(connection, Body::ConnectAck(ConnectAck { name: connect.name.clone(), ..ConnectAck::default() }));
        bench.take_sent();
    }
    assert_eq!((links(&bench), bench.closed.len()), (2, 0));
}

#[test]
fn a_server_that_ends_hands_over_or_does_not_wait_long() {
    let mut bench = fresh(Terms::secondary());
    let link = bench.link_up(Some(6));
    bench.hear_state(link, PeerState::Normal, 0);
    bench.run(|engine, now, leases, out| engine.begin_shutdown(now, leases, out));
    assert!(!bench.engine.is_done());
    bench.hear_state(link, PeerState::PartnerDown, 0);
    assert!(bench.engine.is_done());
    assert_eq!(bench.state(), PeerState::Recover);
    assert_eq!(bench.leases.records.last().unwrap().since.0, START - 60);

    let mut bench = fresh(Terms::secondary());
    let link = bench.link_up(Some(6));
    bench.hear_state(link, PeerState::Normal, 0);
    bench.run(|engine, now, leases, out| engine.begin_shutdown(now, leases, out));
    bench.pass(5, Some(link));
    assert!(bench.engine.is_done());
    assert_eq!((bench.state(), bench.dials), (PeerState::Recover, 0));

    // In other states there is nothing to hand over.
    let mut bench = fresh(Terms::secondary());
    bench.pass(15, None);
    bench.run(|engine, now, leases, out| engine.begin_shutdown(now, leases, out));
    assert!(bench.engine.is_done());
    assert_eq!(bench.state(), PeerState::CommunicationsInterrupted);
}

#[test]
fn deadlines_are_those_of_the_timers() {
    let mut bench = fresh(Terms::primary());
    assert_eq!(bench.engine.next_deadline().millis, Some(bench.now.millis + 15_000));
    bench.dial_failed(DialError::Partner);
    assert_eq!(bench.engine.next_deadline().millis, Some(bench.now.millis + 5_000));
}
