//! The leases of a relationship against what a real primary did (spec/vectors), and what must hold beyond it.

use super::*;
use crate::config::model::Config;
use crate::config::{load_text, Family};
use crate::leases::lease::BindingState;
use crate::leases::peer::{PeerRecord, PeerState, Role};
use crate::leases::store::LeaseStore;
use crate::wire::failover::{BindingAck, BindingUpdate, Message};
use crate::wire::units::Seconds;
use std::net::Ipv4Addr;
use std::sync::Arc;

const PEER: PeerId = PeerId(0);
const START: u32 = 1_795_332_430;

const CONF: &str = "
    failover peer \"fo-test\" { primary; address 10.77.0.1; peer address 10.77.0.2; mclt 60; split 128; }
    failover peer \"other\" { secondary; address 10.77.0.1; peer address 10.77.0.3; }
    subnet 10.77.0.0 netmask 255.255.255.0 {
        pool { failover peer \"fo-test\"; range 10.77.0.100 10.77.0.119; }
        pool { failover peer \"other\"; range 10.77.0.200 10.77.0.209; }
    }";

/// A server without clients.
struct Server {
    config: Arc<Config>,
    store: LeaseStore,
}

impl Leases for Server {
    fn config(&self) -> &Arc<Config> {
        &self.config
    }

    fn store(&self) -> &LeaseStore {
        &self.store
    }

    fn store_mut(&mut self) -> &mut LeaseStore {
        &mut self.store
    }

    fn record(&mut self, _: PeerId, _: PeerRecord) -> JournalPosition {
        JournalPosition::default()
    }

    fn install(&mut self, now: Now, id: LeaseId, mut new: Lease, propagate: bool) -> JournalPosition {
        new.next_state = match new.state {
            BindingState::Active => BindingState::Expired,
            BindingState::Backup => BindingState::Backup,
            _ => BindingState::Free,
        };
        if propagate {
            new.set_atsfp(Timestamp::UNSET);
        }
        let position = self.store.supersede(id, new, now.wall, true);
        if propagate {
            self.store.propagate(id);
        }
        position
    }
}

/// One side of a relationship, and what it did.
struct Side {
    server: Server,
    bindings: Bindings,
    now: Timestamp,
    next_xid: u32,
    window: Option<u32>,
    log: Vec<(LogKind, String)>,
}

impl Side {
    fn new(state: PeerState) -> Side {
        Side::with(CONF, state)
    }

    fn with(conf: &str, state: PeerState) -> Side {
        let config = Arc::new(load_text("c", conf, Family::V4).result.unwrap());
        let mut store = LeaseStore::new(&config);
        let mut standing = store.standing_of(PEER).unwrap().clone();
        standing.set_states(state, Timestamp(START), PeerState::Normal);
        store.set_standing(PEER, standing);
        let bindings = Bindings::new(&config.peers[0]);
        let server = Server { config, store };
        Side { server, bindings, now: Timestamp(START), next_xid: 1, window: Some(10), log: Vec::new() }
    }

    /// Calls, and gives what goes to the partner.
    fn call(&mut self, call: impl FnOnce(&mut Bindings, &mut Context<'_>)) -> Vec<Outgoing> {
        let mut messages = Vec::new();
        let mut context = Context {
            now: Now { wall: self.now, millis: 0 },
            peer: PEER,
            name: "fo-test",
            window: self.window,
            next_xid: &mut self.next_xid,
            random: 0,
            leases: &mut self.server,
            messages: &mut messages,
            log: &mut self.log,
        };
        call(&mut self.bindings, &mut context);
        messages
    }

    fn update(&mut self, update: BindingUpdate) -> Vec<Outgoing> {
        self.call(|bindings, context| bindings.update(context, Xid(7), &update))
    }

    fn lease(&mut self, last: u8) -> (LeaseId, Lease) {
        let id = self.server.store.materialize(address(last)).unwrap();
        (id, self.server.store.get(id).clone())
    }

    /// Changes a lease as the DHCP service would.
    fn change(&mut self, last: u8, change: impl FnOnce(&mut Lease)) -> LeaseId {
        let (id, mut lease) = self.lease(last);
        change(&mut lease);
        let now = Now { wall: self.now, millis: 0 };
        self.server.install(now, id, lease, true);
        id
    }

    /// The partner agrees to all that it is told, until it is told nothing more.
    fn agree(&mut self, mut messages: Vec<Outgoing>) -> usize {
        let mut count = 0;
        while let Some(message) = messages.pop() {
            if let Body::BindingUpdate(update) = message.body {
                count += 1;
                let ack = BindingAck::accept(update.address.unwrap());
                messages.extend(self.call(|bindings, context| bindings.ack(context, message.xid, &ack)));
            }
        }
        count
    }

    fn lines(&self) -> Vec<&str> {
        self.log.iter().map(|(_, line)| &**line).collect()
    }
}

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, last)
}

fn hardware(last: u8) -> Option<Box<[u8]>> {
    Some([1, 2, 0x46, 0x4f, 0, 0, last].into())
}

/// Messages of a captured conversation: who sent it, and its octets.
fn conversation(text: &str) -> impl Iterator<Item = (&str, Message)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (direction, hex) = (words.next()?, words.next()?);
        let octets: Option<Vec<u8>> =
            (0..hex.len() / 2).map(|at| u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()).collect();
        Some((direction, Message::parse(&octets?).ok()?))
    })
}

fn active(last: u8, starts: u32, ends: u32) -> BindingUpdate {
    BindingUpdate {
        address: Some(address(last)),
        status: Some(2),
        hardware: hardware(last),
        lease_expiry: Some(Timestamp(ends)),
        potential_expiry: Some(Timestamp(ends + 100)),
        starts: Some(Timestamp(starts)),
        last_transaction: Some(Timestamp(starts)),
        ..BindingUpdate::default()
    }
}

/// Every update of the captured conversation gets the answer that the real primary gave.
#[test]
fn updates_are_answered_as_the_real_primary_does() {
    let text = include_str!("../../../compat-tests/spec/vectors/failover-bndupd-cases.txt");
    let messages: Vec<_> = conversation(text).collect();
    let mut side = Side::new(PeerState::Normal);
    for last in 100..110 {
        let id = side.change(last, |lease| {
            (lease.state, lease.rewind_state) = (BindingState::Backup, BindingState::Backup);
            lease.starts = Timestamp(START);
        });
        side.bindings.queue.remove(id);
    }
    side.server.store.take_peer_changes(PEER);
    let mut compared = 0;
    for (direction, message) in &messages {
        let ("S>P", Body::BindingUpdate(update)) = (*direction, &message.body) else { continue };
        let answer = |(direction, answer): &&(&str, Message)| {
            *direction == "P>S" && answer.xid == message.xid && matches!(answer.body, Body::BindingAck(_))
        };
        // The last two dropped the connection and ended the real one.
        let Some((_, want)) = messages.iter().find(answer) else { continue };
        side.now = message.time;
        let sent = side.call(|bindings, context| bindings.update(context, message.xid, update));
        let got = sent.iter().find(|sent| matches!(sent.body, Body::BindingAck(_))).unwrap();
        let got = Message { time: want.time, xid: got.xid, body: got.body.clone() };
        let want_body = match &want.body {
            // Without an address the real one repeats 0.0.0.0.
            Body::BindingAck(ack) if update.address.is_none() => {
                let ack = BindingAck { update: BindingUpdate::default(), ..ack.clone() };
                Body::BindingAck(ack)
            }
            body => body.clone(),
        };
        assert_eq!(got.body, want_body, "{message:?}");
        compared += 1;
    }
    assert_eq!(compared, 29);
    assert!(side.lines().contains(&"Unknown IP-flags set in BNDUPD (0x80)."));
    // The lease that was released by a client of the secondary's went to the secondary.
    assert_eq!(side.lease(104).1.state, BindingState::Backup);
    let reserved = side.lease(106).1;
    assert!(reserved.flags.reserved && !reserved.flags.bootp);
}

#[test]
fn an_accepted_lease_is_answered_when_it_is_on_stable_storage() {
    let mut side = Side::new(PeerState::Normal);
    let sent = side.update(active(100, START, START + 60));
    assert_eq!(sent[0].body, Body::BindingAck(BindingAck::accept(address(100))));
    let (id, lease) = side.lease(100);
    assert_eq!(sent[0].after, side.server.store.position_of(id));
    assert!(sent[0].after > JournalPosition::default());
    assert_eq!((lease.tsfp(), lease.atsfp()), (Timestamp(START + 160), Timestamp(START + 160)));
    assert_eq!(lease.rewind_state, BindingState::Active);
}

#[test]
fn a_never_used_address_costs_nothing_when_the_partner_says_so() {
    let mut side = Side::new(PeerState::Recover);
    let zero = Some(Timestamp::UNSET);
    let update = BindingUpdate {
        address: Some(address(100)),
        status: Some(1),
        lease_expiry: zero,
        potential_expiry: zero,
        starts: zero,
        ..BindingUpdate::default()
    };
    let sent = side.update(update);
    assert_eq!(sent[0].body, Body::BindingAck(BindingAck::accept(address(100))));
    assert!(side.server.store.is_empty());
}

#[test]
fn a_state_that_does_not_exist_is_refused() {
    let mut side = Side::new(PeerState::Normal);
    for status in [0, 8, 255] {
        let sent = side.update(BindingUpdate { status: Some(status), ..active(100, START, START + 60) });
        let Body::BindingAck(ack) = &sent[0].body else { panic!("{sent:?}") };
        assert_eq!(ack.reject, Some(6));
    }
    assert!(side.server.store.is_empty());
}

/// A client that was acknowledged here must not lose its lease to what the partner knows of an earlier one.
#[test]
fn what_the_partner_says_of_an_earlier_lease_does_not_end_a_later_one() {
    let mut side = Side::new(PeerState::CommunicationsInterrupted);
    side.update(active(100, START, START + 60));
    side.now = Timestamp(START + 50);
    side.change(100, |lease| {
        (lease.starts, lease.cltt) = (Timestamp(START + 50), Timestamp(START + 50));
        (lease.ends, lease.tstp) = (Timestamp(START + 110), Timestamp(START + 200));
    });
    let released =
        BindingUpdate { status: Some(4), lease_expiry: Some(Timestamp(START + 40)), ..active(100, START, 0) };
    let sent = side.update(released);
    let Body::BindingAck(ack) = &sent[0].body else { panic!("{sent:?}") };
    assert_eq!(ack.reject, Some(16));
    assert_eq!(side.lease(100).1.state, BindingState::Active);
    let told = |sent: &Outgoing| matches!(&sent.body, Body::BindingUpdate(update) if update.status == Some(2));
    assert!(sent.iter().any(told), "and the partner is told: {sent:?}");
}

/// Within one second nobody can tell what came first: the release counts once the partner knew of the grant.
#[test]
fn a_release_in_the_second_of_a_grant_the_partner_does_not_know_of_does_not_end_it() {
    let mut side = Side::new(PeerState::Normal);
    side.update(active(100, START, START + 60));
    side.window = Some(0);
    side.now = Timestamp(START + 50);
    side.change(100, |lease| {
        (lease.starts, lease.cltt) = (Timestamp(START + 50), Timestamp(START + 50));
        (lease.ends, lease.tstp) = (Timestamp(START + 110), Timestamp(START + 200));
    });
    side.call(|bindings, context| bindings.take_up_changes(context));
    let released = BindingUpdate { status: Some(4), ..active(100, START + 50, START + 50) };
    side.update(released.clone());
    assert_eq!(side.lease(100).1.state, BindingState::Active);
    side.window = Some(10);
    let told = side.call(|bindings, context| bindings.send(context));
    assert_eq!(side.agree(told), 1);
    side.update(released);
    assert_ne!(side.lease(100).1.state, BindingState::Active);
}

/// A grant here that the partner does not know of: what it says of an earlier contact within that second, or the refusal of an
/// earlier update, is not its knowing.
#[test]
fn what_crosses_a_grant_does_not_acknowledge_it() {
    let released = BindingUpdate { status: Some(4), ..active(100, START, START) };
    let grant = |side: &mut Side| {
        side.change(100, |lease| {
            (lease.state, lease.tstp) = (BindingState::Active, Timestamp(START + 200));
            lease.hardware = crate::wire::hardware::HardwareAddr::new(1, &[2, 0x46, 0x4f, 0, 0, 100]).unwrap();
            (lease.starts, lease.cltt, lease.ends) = (Timestamp(START), Timestamp(START), Timestamp(START + 60));
        });
        side.call(|bindings, context| {
            bindings.take_up_changes(context);
            bindings.send(context);
        })
    };
    let is_told = |sent: &[Outgoing]| sent.iter().any(|sent| matches!(sent.body, Body::BindingUpdate(_)));

    let mut side = Side::new(PeerState::Normal);
    side.window = Some(0);
    grant(&mut side);
    side.update(active(100, START, START + 60));
    side.update(released.clone());
    assert_eq!(side.lease(100).1.state, BindingState::Active, "told later, because the partner takes no more now");
    side.window = Some(10);
    assert!(is_told(&side.call(|bindings, context| bindings.send(context))));

    let mut side = Side::new(PeerState::Normal);
    let earlier = grant(&mut side);
    let later = grant(&mut side);
    assert!(is_told(&earlier) && is_told(&later));
    let update = BindingUpdate { address: Some(address(100)), ..BindingUpdate::default() };
    let refusal = BindingAck { update, reject: Some(16), message: None };
    side.call(|bindings, context| bindings.ack(context, earlier[0].xid, &refusal));
    side.update(released.clone());
    assert_eq!(side.lease(100).1.state, BindingState::Active, "the later one was not refused");
    side.call(|bindings, context| bindings.ack(context, later[0].xid, &refusal));
    side.update(released);
    assert_ne!(side.lease(100).1.state, BindingState::Active);
}

#[test]
fn no_more_is_under_way_than_the_partner_takes_and_all_is_told_again_after_a_break() {
    let mut side = Side::new(PeerState::Normal);
    side.window = Some(3);
    for last in 100..108 {
        side.change(last, |lease| lease.state = BindingState::Abandoned);
    }
    let sent = side.call(|bindings, context| {
        bindings.take_up_changes(context);
        bindings.send(context);
    });
    assert_eq!((sent.len(), side.bindings.unacked()), (3, 3));
    side.bindings.unlinked();
    side.bindings.rescind();
    let again = side.call(|bindings, context| bindings.send(context));
    let addresses = |sent: &[Outgoing]| {
        let address = |sent: &Outgoing| match &sent.body {
            Body::BindingUpdate(update) => update.address,
            _ => None,
        };
        sent.iter().filter_map(address).collect::<Vec<_>>()
    };
    assert_eq!(addresses(&again), addresses(&sent));
    assert_eq!(side.agree(again), 8);
    assert!(side.bindings.is_settled());
}

/// What the answer says of the potential expiry is not believed: ISC would erase the times.
#[test]
fn an_acknowledged_lease_has_the_times_the_partner_was_told() {
    let mut side = Side::new(PeerState::Normal);
    side.change(110, |lease| {
        lease.state = BindingState::Active;
        lease.tstp = Timestamp(START + 500);
    });
    let sent = side.call(|bindings, context| {
        bindings.take_up_changes(context);
        bindings.send(context);
    });
    assert_eq!(side.lease(110).1.rewind_state, BindingState::Active, "recorded before it is told");
    let mut ack = BindingAck::accept(address(110));
    ack.update.client_id = Some(b"abc"[..].into());
    side.call(|bindings, context| bindings.ack(context, Xid(999), &ack));
    assert_eq!(side.lines(), ["bind update on 10.77.0.110 got ack from fo-test: xid mismatch."]);
    side.call(|bindings, context| bindings.ack(context, sent[0].xid, &ack));
    let lease = side.lease(110).1;
    assert_eq!((lease.tsfp(), lease.atsfp()), (Timestamp(START + 500), Timestamp(START + 500)));
}

#[test]
fn an_ended_lease_is_free_when_the_partner_agrees() {
    let mut side = Side::new(PeerState::Normal);
    for (last, hardware) in [(110, 1), (111, 2)] {
        side.change(last, |lease| {
            lease.state = BindingState::Released;
            lease.hardware = crate::wire::hardware::HardwareAddr::new(1, &[2, 0x46, 0x4f, 0, 0, hardware]).unwrap();
            (lease.ends, lease.tstp) = (Timestamp(START), Timestamp(START));
        });
    }
    let sent = side.call(|bindings, context| {
        bindings.take_up_changes(context);
        bindings.send(context);
    });
    side.agree(sent);
    assert_eq!(side.lease(110).1.state, BindingState::Free, "bucket 7 is the primary's");
    assert_eq!(side.lease(111).1.state, BindingState::Backup, "bucket 161 is the secondary's");
    assert!(side.bindings.is_settled());
}

#[test]
fn a_refused_update_is_tried_again_until_the_partner_agrees() {
    let mut side = Side::new(PeerState::CommunicationsInterrupted);
    side.change(110, |lease| {
        (lease.state, lease.tstp) = (BindingState::Abandoned, Timestamp(START + 5));
    });
    let mut sent = side.call(|bindings, context| {
        bindings.take_up_changes(context);
        bindings.send(context);
    });
    for wait in [60, 120, 240] {
        let ack = BindingAck { reject: Some(2), ..BindingAck::accept(address(110)) };
        side.call(|bindings, context| bindings.ack(context, sent[0].xid, &ack));
        assert_eq!(side.bindings.refusals.next().unwrap(), side.now.plus(Seconds(wait)));
        side.now = side.now.plus(Seconds(wait));
        sent = side.call(|bindings, context| bindings.tick(context));
        assert_eq!(sent.len(), 1);
    }
    side.agree(sent);
    assert!(side.bindings.is_settled() && side.bindings.refusals.next().is_none());
    assert!(side.lines().iter().all(|line| line.ends_with(
        "bind update on 10.77.0.110 from fo-test rejected: Fatal conflict exists: address in use by other client."
    )));
}

#[test]
fn an_update_request_is_answered_when_its_last_lease_is_acknowledged() {
    let mut side = Side::new(PeerState::Recover);
    let nothing = side.call(|bindings, context| bindings.update_request(context, Xid(3), true));
    assert_eq!((nothing[0].xid, &nothing[0].body), (Xid(3), &Body::UpdateDone));
    for last in 100..105 {
        side.update(active(last, START, START + 60));
    }
    side.window = Some(2);
    let sent = side.call(|bindings, context| bindings.update_request(context, Xid(4), true));
    assert_eq!(sent.len(), 2, "the partner takes two");
    let done = |sent: &[Outgoing]| sent.iter().any(|sent| sent.body == Body::UpdateDone && sent.xid == Xid(4));
    let mut rest: std::collections::VecDeque<Outgoing> = sent.into();
    let mut told = 0;
    while let Some(message) = rest.pop_front() {
        let Body::BindingUpdate(update) = &message.body else { continue };
        told += 1;
        let ack = BindingAck::accept(update.address.unwrap());
        let more = side.call(|bindings, context| bindings.ack(context, message.xid, &ack));
        assert_eq!(done(&more), told == 5);
        rest.extend(more);
    }
    assert_eq!(
        side.lines(),
        [
            "Sent update done message to fo-test",
            "Update request all from fo-test: nothing pending",
            "Update request all from fo-test: sending update",
            "Sent update done message to fo-test",
        ]
    );
}

/// spec/failover.md 29.1: a fresh primary of 20 addresses gives ten away when both servers cooperate.
#[test]
fn entering_normal_shares_the_addresses() {
    let mut side = Side::new(PeerState::Normal);
    let sent = side.call(|bindings, context| bindings.entered_normal(context));
    assert_eq!(sent.len(), 10);
    assert_eq!(
        side.lines(),
        [
            "balancing pool 0 10.77.0.0/24  total 20  free 20  backup 0  lts 10  max-own (+/-)2",
            "balanced pool 0 10.77.0.0/24  total 20  free 10  backup 10  lts 0  max-misbal 3",
            "Sending updates to fo-test.",
        ]
    );
    let Body::BindingUpdate(first) = &sent[0].body else { panic!() };
    assert_eq!((first.address, first.status), (Some(address(100)), Some(7)));
    assert_eq!((first.starts, first.lease_expiry), (Some(side.now), Some(Timestamp::UNSET)));
    assert_eq!(side.agree(sent), 10);
    // Asked again, it has nothing to give.
    let sent = side.call(|bindings, context| bindings.pool_request(context, Xid(9)));
    assert_eq!(sent[0].body, Body::PoolResponse { transferred: Some(0) });
    let lines = side.lines();
    let line = "peer fo-test: Got POOLREQ, answering negatively!  Peer may be out of leases or database inconsistent.";
    assert!(lines.contains(&line), "{lines:?}");
}

/// A release while the servers could not reach each other is told when the partner had its say, and not at all if the client
/// has come back to the partner.
#[test]
fn what_was_given_back_is_told_when_the_partner_was_heard() {
    let told = |sent: &[Outgoing]| -> Vec<u8> {
        let update = |sent: &Outgoing| match &sent.body {
            Body::BindingUpdate(update) if update.status == Some(4) => {
                update.address.map(|address| address.octets()[3])
            }
            _ => None,
        };
        sent.iter().filter_map(update).collect()
    };
    let mut side = Side::new(PeerState::Normal);
    for last in [100, 101] {
        side.change(last, |lease| {
            lease.hardware = crate::wire::hardware::HardwareAddr::new(1, &[2, 0x46, 0x4f, 0, 0, last]).unwrap();
            (lease.state, lease.rewind_state) = (BindingState::Released, BindingState::Active);
            (lease.ends, lease.cltt, lease.tstp) =
                (Timestamp(START - 10), Timestamp(START - 10), Timestamp(START - 10));
        });
    }
    let first = side.call(|bindings, context| {
        bindings.linked(context.now.wall);
        bindings.take_up_changes(context);
        bindings.entered_normal(context);
    });
    assert_eq!(told(&first), []);
    side.agree(first);
    side.now = Timestamp(START + 1);
    assert_eq!(told(&side.update(active(101, START - 5, START + 60))), []);
    assert_eq!(side.lease(101).1.state, BindingState::Active);
    assert!(!side.bindings.is_settled());
    for (after, ends) in [(2, &[][..]), (3, &[100][..])] {
        side.now = Timestamp(START + after);
        assert!(side.bindings.next_deadline().unwrap() <= side.now || ends.is_empty());
        assert_eq!(told(&side.call(|bindings, context| bindings.tick(context))), ends, "{after} s later");
    }
}

#[test]
fn a_side_that_has_nothing_left_asks() {
    let mut side = Side::new(PeerState::Normal);
    for last in 100..120 {
        side.change(last, |lease| lease.state = BindingState::Backup);
    }
    side.call(|bindings, context| bindings.take_up_changes(context));
    let due = side.bindings.next_balance.unwrap();
    side.now = due;
    let sent = side.call(|bindings, context| bindings.tick(context));
    assert!(sent.iter().any(|sent| sent.body == Body::PoolRequest), "{sent:?} {:?}", side.log);
    assert!(side.lines()[0].ends_with("lts -10  max-own (+/-)2  (requesting peer rebalance!)"));
}

/// spec/failover.md 11.1: in partner-down, ended leases are free after MCLT.
#[test]
fn partner_down_frees_what_has_ended_after_mclt() {
    let mut side = Side::new(PeerState::PartnerDown);
    side.change(110, |lease| {
        (lease.state, lease.next_state) = (BindingState::Expired, BindingState::Free);
        (lease.ends, lease.rewind_state) = (Timestamp(START - 5), BindingState::Active);
    });
    assert!(side.server.store.due(Timestamp(START + 59)).is_none());
    assert!(side.server.store.due(Timestamp(START + 60)).is_some());
}

#[test]
fn the_partner_is_told_the_clients_name() {
    let mut side = Side::new(PeerState::Normal);
    side.change(110, |lease| {
        lease.state = BindingState::Active;
        lease.hostname = crate::leases::lease::SmallBytes::new(b"pc1");
        let value = crate::eval::bindings::Value::Data(b"MSFT 5.0"[..].into());
        lease.extras.get_or_insert_default().variables.set(&"vendor-class-identifier".into(), Some(value));
    });
    let sent = side.call(|bindings, context| {
        bindings.take_up_changes(context);
        bindings.send(context);
    });
    let Body::BindingUpdate(update) = &sent[0].body else { panic!() };
    let mut partner = Side::new(PeerState::CommunicationsInterrupted);
    let update = BindingUpdate { hardware: hardware(1), ..update.clone() };
    partner.update(update);
    let lease = partner.lease(110).1;
    assert_eq!(lease.hostname.as_bytes(), b"pc1");
    assert!(lease.extras.unwrap().variables.contains("vendor-class-identifier"));
    assert_eq!(partner.lease(110).1.state, BindingState::Active);
    let standing = partner.server.store.standing_of(PEER).unwrap();
    assert_eq!(standing.role, Role::Primary);
}

/// spec/failover.md 16: why updates are refused, in the words that the partner gets; the lease stays as it was.
#[test]
fn refused_updates_say_why() {
    let plain = || active(100, START, START + 60);
    let is_mine = |lease: &mut Lease| lease.state = BindingState::Free;
    let is_held = |lease: &mut Lease| {
        lease.state = BindingState::Active;
        (lease.starts, lease.ends) = (Timestamp(START), Timestamp(START + 600));
        lease.hardware = crate::wire::hardware::HardwareAddr::new(1, &[2, 0x46, 0x4f, 0, 0, 100]).unwrap();
    };
    type Change = fn(&mut Lease);
    let rows: [(Change, BindingUpdate, u8, &str); 13] = [
        (is_mine, BindingUpdate { address: None, ..plain() }, 3, "binding update lacks required options"),
        (is_mine, BindingUpdate { status: None, ..plain() }, 3, "binding update lacks required options"),
        (is_mine, active(99, START, START + 60), 1, "unknown IP address"),
        (
            is_mine,
            active(200, START, START + 60),
            1,
            "IP address is covered by a different failover relationship state",
        ),
        (is_mine, BindingUpdate { status: Some(5), ..plain() }, 6, "BNDUPD to ABANDONED with a CHADDR"),
        (is_mine, BindingUpdate { hardware: Some([1; 22].into()), ..plain() }, 6, "chaddr too long"),
        (is_mine, BindingUpdate { hardware: None, ..plain() }, 3, "BNDUPD without CHADDR"),
        (
            is_mine,
            BindingUpdate { status: Some(5), hardware: None, client_id: Some([7; 3].into()), ..plain() },
            6,
            "BNDUPD to ABANDONED with client-id",
        ),
        (is_mine, BindingUpdate { flags: Some(1), ..plain() }, 19, "Address is not reserved."),
        (is_mine, BindingUpdate { flags: Some(2), ..plain() }, 6, "Address is not allocated to BOOTP."),
        (is_mine, BindingUpdate { status: Some(9), ..plain() }, 6, "database update failed"),
        (
            is_held,
            BindingUpdate { status: Some(3), ..plain() },
            2,
            "10.77.0.100: invalid state transition: active to expired",
        ),
        (
            is_held,
            BindingUpdate { status: Some(7), ..plain() },
            2,
            "10.77.0.100: invalid state transition: active to backup",
        ),
    ];
    for (before, update, reason, text) in rows {
        let mut side = Side::new(PeerState::Normal);
        let id = side.change(100, before);
        side.server.store.take_peer_changes(PEER);
        let held = side.server.store.get(id).clone();
        let sent = side.update(update.clone());
        let Some(Body::BindingAck(ack)) = sent.first().map(|sent| &sent.body) else { panic!("{update:?}: {sent:?}") };
        let message = ack.message.as_deref().map(String::from_utf8_lossy);
        assert_eq!((ack.reject, message.as_deref()), (Some(reason), Some(text)), "{update:?}");
        assert_eq!(side.server.store.get(id), &held, "{text}");
    }
}

/// spec/failover.md 16.1: what is under way to the partner is the better word of the primary.
#[test]
fn the_less_critical_of_two_updates_that_cross_is_refused() {
    let mut side = Side::new(PeerState::Normal);
    side.change(100, |lease| {
        lease.state = BindingState::Abandoned;
        lease.ends = Timestamp(START + 60);
    });
    let sent = side.call(|bindings, context| {
        bindings.take_up_changes(context);
        bindings.send(context);
    });
    assert_eq!(sent.len(), 1);
    let free = BindingUpdate { status: Some(1), starts: Some(Timestamp(START)), ..active(100, START, 0) };
    let sent = side.update(free);
    let Body::BindingAck(ack) = &sent[0].body else { panic!("{sent:?}") };
    assert_eq!(ack.message.as_deref(), Some(&b"incoming update is less critical than outgoing update"[..]));
    assert_eq!((ack.reject, side.lease(100).1.state), (Some(16), BindingState::Abandoned));
}

/// The partner's clock is half a minute behind: its client of the address was heard five seconds later than mine.
#[test]
fn updates_that_cross_are_compared_by_one_clock() {
    for (later, has_lease) in [(5, 2), (-5, 1)] {
        let mut side = Side::new(PeerState::Normal);
        let mut standing = side.server.store.standing_of(PEER).unwrap().clone();
        standing.skew = 30;
        side.server.store.set_standing(PEER, standing);
        side.change(100, |lease| {
            lease.hardware = crate::wire::hardware::HardwareAddr::new(1, &[2, 0x46, 0x4f, 0, 0, 1]).unwrap();
            (lease.state, lease.starts, lease.cltt) = (BindingState::Active, Timestamp(START), Timestamp(START));
            (lease.ends, lease.tstp) = (Timestamp(START + 60), Timestamp(START + 90));
        });
        let told = side.call(|bindings, context| {
            bindings.take_up_changes(context);
            bindings.send(context);
        });
        assert_eq!(told.len(), 1);
        let at = (START - 30).saturating_add_signed(later);
        side.update(BindingUpdate { hardware: hardware(2), ..active(100, at, at + 60) });
        assert_eq!(side.lease(100).1.hardware.as_bytes(), &*hardware(has_lease).unwrap(), "{later} s later");
    }
}

/// spec/failover.md 17.2 and 18: answers to what was never told, and a request during another.
#[test]
fn lines_about_answers_and_requests() {
    let mut side = Side::new(PeerState::Normal);
    side.call(|bindings, context| bindings.ack(context, Xid(1), &BindingAck::accept(address(99))));
    for last in 100..103 {
        side.update(active(last, START, START + 60));
    }
    side.window = Some(1);
    for xid in [3, 4] {
        side.call(|bindings, context| bindings.update_request(context, Xid(xid), true));
    }
    let mut other = Side::new(PeerState::Normal);
    other.call(|bindings, context| bindings.update_request(context, Xid(3), false));
    other.change(100, |lease| {
        (lease.state, lease.tstp) = (BindingState::Abandoned, Timestamp(START + 5));
    });
    other.call(|bindings, context| bindings.update_request(context, Xid(4), false));
    assert_eq!(
        side.lines(),
        [
            "bind update on 10.77.0.99 got ack from fo-test: no such lease.",
            "Update request all from fo-test: sending update",
            "Received update request while old update still flying!  Silently discarding old request.",
            "Update request all from fo-test: sending update",
        ]
    );
    assert_eq!(
        other.lines(),
        [
            "Sent update done message to fo-test",
            "Update request from fo-test: nothing pending",
            "Update request from fo-test: sending update",
        ]
    );
}

/// spec/failover.md 19, item 3: more of the primary's than balancing may take leaves a pool unbalanced.
#[test]
fn an_imbalance_that_stays_is_told() {
    let text = CONF.replacen("split 128;", "split 256; max-lease-misbalance 1; max-lease-ownership 50;", 1);
    let mut side = Side::with(&text, PeerState::Normal);
    for last in 100..120 {
        side.change(last, |lease| {
            lease.state = BindingState::Free;
            lease.ends = Timestamp(START - 5);
            lease.hardware = crate::wire::hardware::HardwareAddr::new(1, &[2, 0x46, 0x4f, 0, 0, 1]).unwrap();
        });
    }
    side.call(|bindings, context| bindings.entered_normal(context));
    let lines = side.lines();
    assert_eq!(lines[1], "IMBALANCED pool 0 10.77.0.0/24  total 20  free 20  backup 0  lts 10  max-misbal 0");
    assert_eq!(side.log[1].0, LogKind::Error);
}
