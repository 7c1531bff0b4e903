//! Clients of pools that are shared with a partner: who is answered, and what the log says (spec/failover.md 12 and 20).

use super::harness::{option, Client, Server};
use crate::config::model::PeerId;
use crate::leases::lease::BindingState;
use crate::leases::peer::PeerState::{self, Normal, PartnerDown, Recover, Startup};
use crate::wire::hardware::HardwareAddr;
use std::net::Ipv4Addr;

const PEER: PeerId = PeerId(0);
const SUBNET: &str = "subnet 10.77.0.0 netmask 255.255.0.0 { option routers 10.77.0.2;
    pool { failover peer \"fo\"; range 10.77.1.10 10.77.1.11; } }";

/// A server whose relationship is in a state, and the primary's buckets.
fn server(role: &str, mine: PeerState, partner: PeerState, buckets: u8) -> Server {
    let terms = match role {
        "primary" => "primary; mclt 60; split 256;",
        _ => "secondary;",
    };
    let text = format!(
        "ping-check false; authoritative; failover peer \"fo\" {{ {terms} address 10.77.0.2; peer address 10.77.0.3;
         load balance max seconds 3; }} {SUBNET}"
    );
    let mut server = Server::on(&text, "10.77.0.2");
    stand(&mut server, mine, partner, buckets);
    server
}

fn stand(server: &mut Server, mine: PeerState, partner: PeerState, buckets: u8) {
    let since = server.now.wall;
    let store = server.engine.store_mut();
    let mut standing = store.standing_of(PEER).unwrap().clone();
    standing.set_states(mine, since, partner);
    standing.balance.buckets = Some([buckets; 32]);
    store.set_standing(PEER, standing);
}

/// Gives a lease a state, as the partner would.
fn put(server: &mut Server, last: u8, state: BindingState) {
    let now = server.now.wall;
    let store = server.engine.store_mut();
    let id = store.materialize(Ipv4Addr::new(10, 77, 1, last)).unwrap();
    let mut lease = store.get(id).clone();
    (lease.state, lease.rewind_state, lease.next_state) = (state, state, state);
    if matches!(state, BindingState::Released | BindingState::Expired | BindingState::Reset) {
        lease.hardware = HardwareAddr::new(1, &Client::new(1).mac).unwrap();
    }
    store.supersede(id, lease, now, true);
}

/// The reply's type to a packet, and the one line about it that is not the reply's.
fn outcome(server: &mut Server, packet: &[u8]) -> (Option<u8>, Vec<String>) {
    server.take_logs();
    let reply = server.ask(packet);
    (reply.map(|reply| option(&reply, 53).unwrap()[0]), server.take_logs())
}

const DISCOVER: &str = "DHCPDISCOVER from 02:00:00:77:00:01 via eth0";

#[test]
fn nobody_is_served_in_states_that_forbid_it() {
    let client = Client::new(1);
    let rows = [
        (Startup, Normal, "startup"),
        (Recover, Normal, "recovering"),
        (Normal, PartnerDown, "peer demands: recovering"),
    ];
    for (mine, partner, why) in rows {
        let mut server = server("primary", Normal, Normal, 0xff);
        assert_eq!(outcome(&mut server, &client.request("10.77.1.10", &[])).0, Some(5));
        stand(&mut server, mine, partner, 0xff);
        let discover = outcome(&mut server, &client.discover(&[]));
        assert_eq!(discover, (None, vec![format!("{DISCOVER}: not responding ({why})")]));
        let request = outcome(&mut server, &client.request("10.77.1.10", &[]));
        let line = "DHCPREQUEST for 10.77.1.10 from 02:00:00:77:00:01 via eth0: not responding";
        assert_eq!(request, (None, vec![format!("{line} ({why})")]));
        let bootp = outcome(&mut server, &client.header());
        assert_eq!(bootp, (None, vec![format!("BOOTREQUEST from 02:00:00:77:00:01 via eth0: not responding ({why})")]));
        for packet in [client.clone().using("10.77.1.10").packet(7, &[]), client.packet(4, &[(50, &[10, 77, 1, 10])])] {
            let (reply, lines) = outcome(&mut server, &packet);
            assert_eq!((reply, lines.first()), (None, Some(&format!("fo: ignored ({why})"))), "{lines:?}");
        }
        let id = server.engine.store().by_address(Ipv4Addr::new(10, 77, 1, 10)).unwrap();
        assert_eq!(server.engine.store().get(id).state, BindingState::Active);
    }
}

#[test]
fn the_load_is_balanced_while_both_have_addresses() {
    let client = Client::new(1);
    let mut server = server("primary", Normal, Normal, 0);
    // Nothing is known to be the partner's: there is nobody else to serve the client.
    let (reply, lines) = outcome(&mut server, &client.discover(&[]));
    assert_eq!(
        (reply, &*lines[0]),
        (Some(2), &*format!("{DISCOVER}: cancel load balance to peer fo - no free leases"))
    );
    put(&mut server, 11, BindingState::Backup);
    let (reply, lines) = outcome(&mut server, &client.discover(&[]));
    assert_eq!((reply, lines), (None, vec![format!("{DISCOVER}: load balance to peer fo")]));
    let bootp = outcome(&mut server, &client.header());
    assert_eq!(bootp, (None, vec!["BOOTREQUEST from 02:00:00:77:00:01 via eth0: load balance to peer fo".into()]));
    // Who has waited is anybody's.
    let patient = Client { secs: 4, ..client };
    assert_eq!(outcome(&mut server, &patient.discover(&[])).0, Some(2));
}

#[test]
fn addresses_that_are_the_partners_are_not_given() {
    let client = Client::new(1);
    let mut server = server("primary", Normal, Normal, 0xff);
    put(&mut server, 10, BindingState::Backup);
    put(&mut server, 11, BindingState::Backup);
    let (reply, lines) = outcome(&mut server, &client.discover(&[]));
    assert_eq!((reply, lines), (None, vec![format!("{DISCOVER}: peer holds all free leases")]));
    put(&mut server, 10, BindingState::Reset);
    put(&mut server, 11, BindingState::Reset);
    let (reply, lines) = outcome(&mut server, &client.discover(&[]));
    assert_eq!((reply, lines), (None, vec![format!("{DISCOVER}: network 10.77.0.0/16: no free leases")]));
}

#[test]
fn requests_for_leases_that_cannot_be_had() {
    let line = "DHCPREQUEST for 10.77.1.10 from 02:00:00:77:00:01 via eth0";
    let client = Client::new(1);
    let rows = [
        (BindingState::Backup, None, ": lease owned by peer"),
        (BindingState::Released, None, ": lease in transition state released"),
        (BindingState::Expired, None, ": lease in transition state expired"),
        (BindingState::Reset, Some(6), ": lease reset by administrator"),
    ];
    for (state, want, why) in rows {
        let mut server = server("primary", Normal, Normal, 0xff);
        put(&mut server, 10, state);
        let (reply, lines) = outcome(&mut server, &client.request("10.77.1.10", &[]));
        assert_eq!((reply, &lines[0]), (want, &format!("{line}{why}")), "{state:?}");
    }
}

#[test]
fn with_server_id_check_a_request_for_another_server_is_not_answered() {
    let mut server = server("secondary", Normal, Normal, 0);
    put(&mut server, 10, BindingState::Backup);
    server.engine.settings.server_id_check = true;
    let named = |server: &[u8]| Client::new(1).request("10.77.1.10", &[(54, server)]);
    let (reply, lines) = outcome(&mut server, &named(&[10, 77, 0, 3]));
    let line = "DHCPREQUEST for 10.77.1.10 (10.77.0.3) from 02:00:00:77:00:01 via eth0: not our server id";
    assert_eq!((reply, lines), (None, vec![line.to_owned()]));
    assert_eq!(outcome(&mut server, &named(&[10, 77, 0, 2])).0, Some(5));
}

/// The client that has the address loses it to what the partner says; there is a line about it.
#[test]
fn an_address_of_two_clients_is_told() {
    let mut server = server("secondary", Normal, Normal, 0);
    put(&mut server, 10, BindingState::Backup);
    assert_eq!(outcome(&mut server, &Client::new(1).request("10.77.1.10", &[])).0, Some(5));
    let id = server.engine.store().by_address(Ipv4Addr::new(10, 77, 1, 10)).unwrap();
    let mut other = server.engine.store().get(id).clone();
    other.hardware = HardwareAddr::new(1, &Client::new(2).mac).unwrap();
    let mut out = Vec::new();
    server.engine.install(server.now, id, other, false, &mut out);
    let lines: Vec<String> = out
        .iter()
        .filter_map(|effect| match effect {
            crate::dhcp4::effect::Effect::Log(_, line) => Some(line.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(lines, ["Lease conflict at 10.77.1.10"]);
}

/// The client may have given its lease back to the partner, which tells of that later: it must know that the client has it again.
#[test]
fn a_grant_that_is_answered_from_the_cache_is_told_to_the_partner() {
    let client = Client::new(1);
    let mut server = server("primary", Normal, Normal, 0xff);
    server.ask(&client.discover(&[]));
    assert_eq!(outcome(&mut server, &client.request("10.77.1.10", &[])).0, Some(5));
    let told = |server: &mut Server| server.engine.store_mut().take_peer_changes(PEER).leases.len();
    assert_eq!(told(&mut server), 1);
    server.pass(1);
    let now = server.now.wall;
    let heard = |server: &Server| {
        let store = server.engine.store();
        store.get(store.by_address(Ipv4Addr::new(10, 77, 1, 10)).unwrap()).cltt
    };
    // An offer promises nothing; a renewal tells of no new client.
    let cached = |lines: &[String]| lines.iter().any(|line| line.starts_with("reuse_lease: "));
    let (reply, lines) = outcome(&mut server, &client.discover(&[]));
    assert_eq!((reply, cached(&lines), told(&mut server), heard(&server) < now), (Some(2), true, 0, true));
    let (reply, lines) = outcome(&mut server, &client.clone().using("10.77.1.10").packet(3, &[]));
    assert_eq!((reply, cached(&lines), told(&mut server), heard(&server)), (Some(5), true, 0, now));
    let (reply, lines) = outcome(&mut server, &client.request("10.77.1.10", &[]));
    assert_eq!((reply, cached(&lines), told(&mut server), heard(&server)), (Some(5), true, 1, now));
}
