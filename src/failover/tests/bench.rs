//! One server's failover engine, with the effects that it had.

use super::super::{ConnectionId, DialError, Effect, Endpoint, Failover, Leases};
use crate::config::model::{Config, PeerId};
use crate::config::{load_text, Family};
use crate::leases::lease::{JournalPosition, Lease, LeaseId};
use crate::leases::peer::{PeerRecord, PeerState};
use crate::leases::store::LeaseStore;
use crate::wire::failover::{Body, Connect, ConnectAck, Message, StateReport, Xid};
use crate::wire::units::{Now, Seconds, Timestamp};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

pub const PRIMARY: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
pub const SECONDARY: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
pub const PEER: PeerId = PeerId(0);
/// When tests begin.
pub const START: u32 = 1_795_332_000;

/// What a declaration says.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub is_primary: bool,
    pub mclt: u32,
    pub delay: u32,
    pub auto_partner_down: u32,
}

impl Terms {
    pub fn primary() -> Terms {
        Terms { is_primary: true, mclt: 60, delay: 6, auto_partner_down: 0 }
    }

    pub fn secondary() -> Terms {
        Terms { is_primary: false, ..Terms::primary() }
    }

    pub fn config(&self) -> Arc<Config> {
        let role = if self.is_primary {
            format!("primary; address {PRIMARY}; peer address {SECONDARY}; mclt {}; split 128;", self.mclt)
        } else {
            format!("secondary; address {SECONDARY}; peer address {PRIMARY};")
        };
        let text = format!(
            "failover peer \"fo-test\" {{ {role} max-response-delay {}; max-unacked-updates 10; \
             auto-partner-down {}; load balance max seconds 3; }}\n\
             subnet 10.77.0.0 netmask 255.255.255.0 {{ pool {{ failover peer \"fo-test\"; range 10.77.0.100 10.77.0.109; }} }}\n",
            self.delay, self.auto_partner_down,
        );
        Arc::new(load_text("c", &text, Family::V4).result.unwrap())
    }
}

/// Leases that do nothing but change.
pub struct Plain {
    pub store: LeaseStore,
    pub config: Arc<Config>,
    pub records: Vec<PeerRecord>,
}

impl Leases for Plain {
    fn store(&self) -> &LeaseStore {
        &self.store
    }

    fn store_mut(&mut self) -> &mut LeaseStore {
        &mut self.store
    }

    fn config(&self) -> &Arc<Config> {
        &self.config
    }

    fn install(&mut self, now: Now, lease: LeaseId, new: Lease, propagate: bool) -> JournalPosition {
        let position = self.store.supersede(lease, new, now.wall, true);
        if propagate {
            self.store.propagate(lease);
        }
        position
    }

    fn record(&mut self, _peer: PeerId, record: PeerRecord) -> JournalPosition {
        let mut text = Vec::new();
        record.write(&mut text, false);
        self.records.push(record);
        self.store.append(&text)
    }
}

/// An engine, and what it did.
pub struct Bench {
    pub engine: Failover,
    pub leases: Plain,
    pub now: Now,
    pub terms: Terms,
    pub log: Vec<String>,
    pub sent: Vec<(ConnectionId, Message, JournalPosition)>,
    pub closed: Vec<(ConnectionId, bool)>,
    pub dials: usize,
    pub open: BTreeSet<ConnectionId>,
    next_connection: u64,
}

pub fn record(state: PeerState, partner: PeerState, terms: &Terms, at: u32) -> PeerRecord {
    PeerRecord {
        name: "fo-test".into(),
        state,
        since: Timestamp(at),
        partner,
        partner_since: Timestamp(at),
        mclt: (!terms.is_primary).then_some(Seconds(terms.mclt)),
    }
}

impl Bench {
    /// A server that has just been started, in startup.
    pub fn start(terms: Terms, state: PeerState, partner: PeerState, at: u32) -> Bench {
        let now = Now { wall: Timestamp(at), millis: 1_000_000 };
        Bench::from_records(terms, vec![record(state, partner, &terms, at)], now)
    }

    fn from_records(terms: Terms, records: Vec<PeerRecord>, now: Now) -> Bench {
        Bench::of(terms, terms.config(), records, now)
    }

    /// A server of any configuration whose relationships are all between the same addresses.
    pub fn of(terms: Terms, config: Arc<Config>, records: Vec<PeerRecord>, now: Now) -> Bench {
        let mut store = LeaseStore::new(&config);
        store.set_peer_records(&config.peers, &records);
        let (local, partner) = if terms.is_primary { (PRIMARY, SECONDARY) } else { (SECONDARY, PRIMARY) };
        let endpoints = vec![Endpoint { local, partner: vec![partner] }; config.peers.len()];
        let engine = Failover::new(&config, endpoints, &records, now, 7);
        let mut bench = Bench {
            engine,
            leases: Plain { store, config, records },
            now,
            terms,
            log: Vec::new(),
            sent: Vec::new(),
            closed: Vec::new(),
            dials: 0,
            open: BTreeSet::new(),
            next_connection: 1,
        };
        bench.run(|engine, now, leases, out| engine.start(now, leases, out));
        bench
    }

    /// The same server after its end and a new start, with its lease file.
    pub fn restart(&mut self) {
        let records = self.leases.records.last().cloned().into_iter().collect();
        let next_connection = self.next_connection;
        *self = Bench { next_connection, ..Bench::from_records(self.terms, records, self.now) };
    }

    pub fn here(&self) -> Ipv4Addr {
        if self.terms.is_primary {
            PRIMARY
        } else {
            SECONDARY
        }
    }

    pub fn there(&self) -> Ipv4Addr {
        if self.terms.is_primary {
            SECONDARY
        } else {
            PRIMARY
        }
    }

    /// Calls the engine and notes what it did.
    pub fn run(&mut self, call: impl FnOnce(&mut Failover, Now, &mut dyn Leases, &mut Vec<Effect>)) {
        let mut out = Vec::new();
        call(&mut self.engine, self.now, &mut self.leases, &mut out);
        for effect in out {
            match effect {
                Effect::Log(_, line) => self.log.push(line),
                Effect::Send { connection, octets, after } => {
                    assert!(self.open.contains(&connection), "{octets:?} on a closed connection");
                    self.sent.push((connection, Message::parse(&octets).unwrap(), after));
                }
                Effect::Close { connection, flush } => {
                    self.open.remove(&connection);
                    self.closed.push((connection, flush));
                }
                Effect::Dial { from, to, .. } => {
                    assert_eq!((from, *to.ip()), (self.here(), self.there()));
                    self.dials += 1;
                }
                Effect::Listen { at } => assert_eq!(at, SocketAddrV4::new(self.here(), 647)),
                Effect::StopListening { at } => panic!("{at}"),
            }
        }
    }

    fn new_connection(&mut self) -> ConnectionId {
        let connection = ConnectionId(self.next_connection);
        self.next_connection += 1;
        self.open.insert(connection);
        connection
    }

    /// The partner connects.
    pub fn accept(&mut self) -> ConnectionId {
        let connection = self.new_connection();
        let (from, at) = (SocketAddrV4::new(self.there(), 40_000), SocketAddrV4::new(self.here(), 647));
        self.run(|engine, now, leases, out| engine.accepted(now, connection, from, at, leases, out));
        connection
    }

    /// What was dialled is connected.
    pub fn dialled(&mut self) -> ConnectionId {
        assert!(self.dials > 0);
        self.dials = 0;
        let connection = self.new_connection();
        self.run(|engine, now, leases, out| engine.dialled(now, PEER, connection, leases, out));
        connection
    }

    pub fn dial_failed(&mut self, error: DialError) {
        self.dials = 0;
        self.run(|engine, now, _, out| engine.dial_failed(now, PEER, error, out));
    }

    /// The partner closes a connection.
    pub fn hang_up(&mut self, connection: ConnectionId) {
        self.open.remove(&connection);
        self.run(|engine, now, leases, out| engine.closed(now, connection, leases, out));
    }

    pub fn octets(&mut self, connection: ConnectionId, octets: &[u8]) {
        self.run(|engine, now, leases, out| engine.received(now, connection, octets, leases, out));
    }

    /// The partner sends a message.
    pub fn hear(&mut self, connection: ConnectionId, body: Body) {
        let message = Message { time: self.now.wall, xid: Xid(77), body };
        self.octets(connection, &message.emit());
    }

    /// The partner tells its state.
    pub fn hear_state(&mut self, connection: ConnectionId, state: PeerState, flags: u8) {
        let since = Some(self.now.wall);
        self.hear(connection, Body::State(StateReport { state: Some(state as u8), flags: Some(flags), since }));
    }

    /// Time passes; the partner keeps sending CONTACT on that connection.
    pub fn pass(&mut self, seconds: u32, contact: Option<ConnectionId>) {
        for _ in 0..seconds * 2 {
            self.pass_half(contact);
        }
    }

    /// Half a second passes.
    pub fn pass_half(&mut self, contact: Option<ConnectionId>) {
        self.now.millis += 500;
        self.now.wall.0 += u32::from(self.now.millis.is_multiple_of(1000));
        if let Some(connection) = contact {
            self.hear(connection, Body::Contact);
        }
        self.run(|engine, now, leases, out| engine.tick(now, leases, out));
    }

    /// The partner connects and introduces itself as ISC's does, or answers; its receive timer is given.
    pub fn link_up(&mut self, receive_timer: Option<u32>) -> ConnectionId {
        if self.dials > 0 {
            self.dial_failed(DialError::Partner);
        }
        let link = self.accept();
        let (name, receive_timer) = (Some((*b"fo-test").into()), receive_timer.map(Seconds));
        let max_unacked = Some(10);
        if self.terms.is_primary {
            self.hear(link, Body::ConnectAck(ConnectAck { name, receive_timer, max_unacked, ..ConnectAck::default() }));
        } else {
            let (mclt, hash_buckets) = (Some(Seconds(self.terms.mclt)), Some([0; 32].into()));
            let connect = Connect { name, receive_timer, max_unacked, mclt, hash_buckets, ..Connect::default() };
            self.hear(link, Body::Connect(connect));
        }
        assert!(self.open.contains(&link), "{:#?}", self.log);
        link
    }

    /// The partner connects, and introduces itself if a primary does: this may be refused.
    pub fn link_up_or_not(&mut self) {
        let link = self.accept();
        if !self.terms.is_primary && self.open.contains(&link) {
            let (name, hash_buckets) = (Some((*b"fo-test").into()), Some([0; 32].into()));
            self.hear(
                link,
                Body::Connect(Connect { name, mclt: Some(Seconds(60)), hash_buckets, ..Connect::default() }),
            );
        }
    }

    /// The administrator sets a state.
    pub fn set_state(&mut self, state: PeerState) -> bool {
        let mut is_set = false;
        self.run(|engine, now, leases, out| is_set = engine.set_state(now, PEER, state, leases, out));
        is_set
    }

    pub fn state(&self) -> PeerState {
        self.leases.store.standing_of(PEER).unwrap().state
    }

    /// What was sent since the last call.
    pub fn take_sent(&mut self) -> Vec<Body> {
        self.sent.drain(..).map(|(_, message, _)| message.body).collect()
    }

    /// The states that were told since the last call, with their flags.
    pub fn take_states(&mut self) -> Vec<(PeerState, u8)> {
        let states = self.take_sent().into_iter().filter_map(|body| match body {
            Body::State(report) => Some((PeerState::from_number(report.state?)?, report.flags?)),
            _ => None,
        });
        states.collect()
    }

    pub fn logged(&self, line: &str) -> bool {
        self.log.iter().any(|logged| logged == line)
    }
}
