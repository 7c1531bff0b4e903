//! What comes in from outside, and which relationship it concerns.

use super::connections::{Connection, ConnectionId, Connections, MANY};
use super::effect::{DialError, Effect, Leases};
use super::handshake::{self, Refusal};
use super::random::Random;
use super::relationship::{Attributes, Endpoint, Relationship};
use super::states;
use super::timers::{Appointment, Wait};
use super::work::{Work, RECONNECT};
use super::LogKind;
use crate::config::model::{Config, PeerId, PoolId};
use crate::leases::peer::{PeerRecord, PeerState};
use crate::wire::failover::{Body, Connect, Message, Xid};
use crate::wire::units::{Now, Seconds, Timestamp};
use std::net::SocketAddrV4;

/// Before trying again what the system would not let be done.
const LOCAL_RETRY: Seconds = Seconds(90);

/// When to call `tick` next: in milliseconds of the monotonic clock, and by the wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadlines {
    pub millis: Option<u64>,
    pub wall: Option<Timestamp>,
}

/// A listener, and when it is to be tried again.
#[derive(Debug)]
pub(super) struct Listener {
    pub at: SocketAddrV4,
    retry: Option<u64>,
    /// The first failure is not logged.
    has_failed: bool,
}

/// All failover relationships of a server.
#[derive(Debug)]
pub struct Failover {
    /// By their numbers in the configuration.
    pub(super) relationships: Vec<Relationship>,
    pub(super) connections: Connections,
    pub(super) listeners: Vec<Listener>,
    random: Random,
    /// The server is about to end: no new connections.
    is_ending: bool,
}

impl Failover {
    /// The relationships of a configuration as the records of the lease file have them. `endpoints` are those of the
    /// configuration's peers in their order; what has none is left alone.
    pub fn new(config: &Config, endpoints: Vec<Endpoint>, records: &[PeerRecord], now: Now, seed: u64) -> Failover {
        let peers = config.peers.iter().zip(endpoints);
        let relationships = peers.map(|(peer, endpoint)| {
            let known = records.iter().find(|record| record.name == peer.name).cloned();
            let record = known.unwrap_or_else(|| PeerRecord::new(peer, now.wall));
            Relationship::new(peer.clone(), endpoint, &record, now.wall)
        });
        Failover {
            relationships: relationships.collect(),
            connections: Connections::default(),
            listeners: Vec::new(),
            random: Random::new(seed),
            is_ending: false,
        }
    }

    /// All relationships, the last declared first, as ISC goes through them.
    pub(super) fn order(&self) -> impl Iterator<Item = PeerId> + use<> {
        (0..self.relationships.len() as u32).rev().map(PeerId)
    }

    pub(super) fn work<'a>(
        &'a mut self,
        now: Now,
        peer: PeerId,
        leases: &'a mut dyn Leases,
        out: &'a mut Vec<Effect>,
    ) -> Option<Work<'a>> {
        let me = self.relationships.get_mut(peer.index())?;
        Some(Work { now, peer, me, connections: &mut self.connections, leases, random: &mut self.random, out })
    }

    /// The server begins: every relationship is in startup, dials and listens.
    pub fn start(&mut self, now: Now, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        for peer in self.order() {
            self.begin(now, peer, leases, out);
        }
    }

    pub(super) fn begin(&mut self, now: Now, peer: PeerId, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        if let Some(mut work) = self.work(now, peer, leases, out) {
            work.enter(PeerState::Startup);
        }
        self.dial(peer, out);
        self.listen(peer, out);
    }

    /// Listens where a relationship needs it; several may share a listener.
    pub(super) fn listen(&mut self, peer: PeerId, out: &mut Vec<Effect>) {
        let Some(me) = self.relationships.get(peer.index()) else { return };
        let at = me.listens_at();
        if self.listeners.iter().all(|listener| listener.at != at) {
            self.listeners.push(Listener { at, retry: None, has_failed: false });
            out.push(Effect::Listen { at });
        }
    }

    /// Dials the partner, unless there is a link or dialling is under way.
    fn dial(&mut self, peer: PeerId, out: &mut Vec<Effect>) {
        let Some(me) = self.relationships.get_mut(peer.index()) else { return };
        if self.is_ending || me.link.is_some() || me.dialling.is_some() {
            return;
        }
        let Some(partner) = me.endpoint.partner.first() else { return };
        me.dialling = Some(0);
        let to = SocketAddrV4::new(*partner, me.settings.peer_port);
        out.push(Effect::Dial { peer, from: me.endpoint.local, to });
    }

    /// Dialling has failed.
    pub fn dial_failed(&mut self, now: Now, peer: PeerId, error: DialError, out: &mut Vec<Effect>) {
        let Some(me) = self.relationships.get_mut(peer.index()) else { return };
        let Some(tried) = me.dialling.take() else { return };
        match error {
            DialError::Partner => match me.endpoint.partner.get(tried + 1) {
                Some(next) => {
                    me.dialling = Some(tried + 1);
                    let to = SocketAddrV4::new(*next, me.settings.peer_port);
                    out.push(Effect::Dial { peer, from: me.endpoint.local, to });
                }
                None => me.timers.wait(Wait::Reconnect, now, RECONNECT),
            },
            DialError::Local(text) => {
                out.push(Effect::Log(LogKind::Info, format!("failover peer {}: {text}", me.name())));
                me.timers.wait(Wait::Reconnect, now, LOCAL_RETRY);
            }
        }
    }

    /// Listening at an address is not possible; the system says why.
    pub fn listen_failed(&mut self, now: Now, at: SocketAddrV4, text: &str, out: &mut Vec<Effect>) {
        let Some(listener) = self.listeners.iter_mut().find(|listener| listener.at == at) else { return };
        listener.retry = Some(now.millis.saturating_add(u64::from(LOCAL_RETRY.0) * 1000));
        if std::mem::replace(&mut listener.has_failed, true) {
            let uses = |me: &&Relationship| me.listens_at() == at;
            for me in self.relationships.iter().rev().filter(uses) {
                out.push(Effect::Log(LogKind::Info, format!("failover peer {}: {text}", me.name())));
            }
        }
    }

    /// A connection that was dialled is there.
    pub fn dialled(
        &mut self,
        now: Now,
        peer: PeerId,
        connection: ConnectionId,
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        let dialling = self.relationships.get_mut(peer.index()).and_then(|me| me.dialling.take());
        let me = self.relationships.get(peer.index());
        let partner = me.zip(dialling).and_then(|(me, tried)| me.endpoint.partner.get(tried).copied());
        let Some(partner) = partner.filter(|_| !self.is_ending) else {
            return out.push(Effect::Close { connection, flush: false });
        };
        self.connections.insert(connection, Connection::new(peer, partner, now));
        if let Some(mut work) = self.work(now, peer, leases, out) {
            work.connected(connection);
        }
    }

    /// A connection was accepted at one of the listeners.
    pub fn accepted(
        &mut self,
        now: Now,
        connection: ConnectionId,
        from: SocketAddrV4,
        at: SocketAddrV4,
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        let Some(peer) = self.owner(from, at) else {
            out.push(Effect::Log(LogKind::Info, "failover: listener: no matching state".into()));
            return out.push(Effect::Close { connection, flush: false });
        };
        let open = self.connections.values().filter(|known| known.from == *from.ip()).count();
        if open >= MANY * self.relationships.len() || self.is_ending {
            return out.push(Effect::Close { connection, flush: false });
        }
        self.connections.insert(connection, Connection::new(peer, *from.ip(), now));
        if let Some(mut work) = self.work(now, peer, leases, out) {
            work.connected(connection);
        }
    }

    /// Whose an accepted connection is: the first relationship with that partner. Of several, one that listens there and
    /// still needs a link; as a secondary it is told the name anyway.
    fn owner(&self, from: SocketAddrV4, at: SocketAddrV4) -> Option<PeerId> {
        let of = |peer: &PeerId| self.relationships.get(peer.index());
        let is_partner = |peer: &PeerId| of(peer).is_some_and(|me| me.endpoint.partner.contains(from.ip()));
        let needs_link = |peer: &PeerId| of(peer).is_some_and(|me| me.link.is_none() && me.settings.port == at.port());
        self.order().filter(is_partner).max_by_key(|peer| (needs_link(peer), peer.0))
    }

    /// A connection was closed or broken by the partner.
    pub fn closed(&mut self, now: Now, connection: ConnectionId, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        let Some(peer) = self.connections.get(&connection).map(|known| known.peer) else { return };
        if let Some(mut work) = self.work(now, peer, leases, out) {
            work.connection_lost(connection);
        }
    }

    /// Octets have arrived. What is done is bounded by how many they are.
    pub fn received(
        &mut self,
        now: Now,
        connection: ConnectionId,
        octets: &[u8],
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        if let Some(known) = self.connections.get_mut(&connection) {
            known.framer.push(octets);
        }
        while let Some(next) = self.connections.get_mut(&connection).and_then(|known| known.framer.next()) {
            match next {
                Ok(message) => self.message(now, connection, message, leases, out),
                Err(error) => {
                    if let Some(line) = error.log_line() {
                        out.push(Effect::Log(LogKind::Error, line));
                    }
                    out.push(Effect::Log(LogKind::Info, format!("message length wait: {}", error.result())));
                    self.close(now, connection, leases, out);
                }
            }
        }
    }

    fn close(&mut self, now: Now, connection: ConnectionId, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        let Some(peer) = self.connections.get(&connection).map(|known| known.peer) else { return };
        if let Some(mut work) = self.work(now, peer, leases, out) {
            work.close(connection, false);
        }
    }

    fn message(
        &mut self,
        now: Now,
        connection: ConnectionId,
        message: Message,
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        let sent = message.time;
        let introduces = matches!(message.body, Body::Connect(_) | Body::ConnectAck(_));
        if let Body::Connect(connect) = &message.body {
            self.connect(now, connection, message.time, message.xid, connect, leases, out);
        } else {
            let Some(peer) = self.connections.get(&connection).map(|known| known.peer) else { return };
            let Some(mut work) = self.work(now, peer, leases, out) else { return };
            match &message.body {
                Body::ConnectAck(ack) => work.connect_ack(connection, message.time, ack),
                Body::Disconnect(disconnect) => work.disconnect(connection, disconnect),
                // ISC takes these from any connection; but only the link is the partner's word.
                _ if work.me.link != Some(connection) => {}
                _ => work.dispatch(message.xid, message.body),
            }
        }
        let Some(peer) = self.connections.get(&connection).map(|known| known.peer) else { return };
        let Some(me) = self.relationships.get_mut(peer.index()) else { return };
        if me.link == Some(connection) {
            let timer = me.receive_timer();
            me.timers.wait(Wait::Receive, now, timer);
            let skew = me.skew(sent, now.wall, introduces);
            if skew != me.standing.skew {
                me.standing.skew = skew;
                leases.store_mut().set_standing(peer, me.standing.clone());
            }
        }
    }

    /// CONNECT has arrived: the relationship is the one it names.
    #[allow(clippy::too_many_arguments)]
    fn connect(
        &mut self,
        now: Now,
        connection: ConnectionId,
        sent: Timestamp,
        xid: Xid,
        connect: &Connect,
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        let Some(known) = self.connections.get(&connection) else { return };
        let (attached, from) = (known.peer, known.from);
        let is_named = |peer: &PeerId| {
            let me = self.relationships.get(peer.index());
            me.zip(connect.name.as_deref())
                .is_some_and(|(me, name)| *name == *me.name().as_bytes() && me.endpoint.partner.contains(&from))
        };
        let named = self.order().find(is_named);
        let Some(named) = named else {
            let refusal = if connect.name.is_some() { Refusal::unknown_name() } else { Refusal::no_name() };
            let name = connect.name.as_deref().map_or("unknown".into(), handshake::printable);
            let answer = handshake::refuse_unknown(connect, &refusal);
            if let Some(mut work) = self.work(now, attached, leases, out) {
                work.refuse_connect(connection, xid, &name, &refusal.text, answer);
            }
            return;
        };
        let is_attached_link = self.relationships.get(attached.index()).is_some_and(|me| me.link == Some(connection));
        if let Some(known) = self.connections.get_mut(&connection).filter(|_| !is_attached_link) {
            known.peer = named;
        }
        let peer = if is_attached_link { attached } else { named };
        if let Some(mut work) = self.work(now, peer, leases, out) {
            work.connect(connection, sent, xid, connect);
        }
    }

    /// The DHCP service has changed leases: the partners have to be told.
    pub fn leases_changed(&mut self, now: Now, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        for peer in self.order() {
            let changes = leases.store_mut().take_peer_changes(peer);
            if changes.is_empty() {
                continue;
            }
            let drained: Vec<PoolId> = changes.drained.into_iter().collect();
            if let Some(mut work) = self.work(now, peer, leases, out) {
                work.leases_changed(&changes.leases, &drained);
            }
        }
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Now, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        self.end_unintroduced(now, leases, out);
        for listener in &mut self.listeners {
            if listener.retry.is_some_and(|at| at <= now.millis) {
                listener.retry = None;
                out.push(Effect::Listen { at: listener.at });
            }
        }
        for peer in self.order() {
            self.tick_relationship(now, peer, leases, out);
        }
    }

    /// Closes connections that nobody introduced in time.
    fn end_unintroduced(&mut self, now: Now, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        let is_over = |known: &Connection| known.deadline.is_some_and(|at| at <= now.millis);
        let over = self.connections.iter().filter(|(_, known)| is_over(known)).map(|(id, _)| *id);
        let mut over: Vec<ConnectionId> = over.collect();
        over.sort_unstable();
        for connection in over {
            out.push(Effect::Log(LogKind::Info, "failover: link startup timeout".into()));
            self.close(now, connection, leases, out);
        }
    }

    fn tick_relationship(&mut self, now: Now, peer: PeerId, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        while let Some(wait) = self.relationships.get_mut(peer.index()).and_then(|me| me.timers.take_wait(now)) {
            if wait == Wait::Reconnect {
                self.dial(peer, out);
            } else if let Some(mut work) = self.work(now, peer, leases, out) {
                work.wait_is_over(wait);
            }
        }
        while let Some(due) = self.relationships.get_mut(peer.index()).and_then(|me| me.timers.take_appointment(now)) {
            let Some(mut work) = self.work(now, peer, leases, out) else { return };
            match due {
                Appointment::RecoverDone => work.recover_done(),
            }
        }
        let due = self.relationships.get(peer.index()).and_then(|me| me.bindings.next_deadline());
        if due.is_some_and(|at| at <= now.wall) {
            if let Some(mut work) = self.work(now, peer, leases, out) {
                work.tend_leases();
            }
        }
    }

    /// When to call `tick` next.
    pub fn next_deadline(&self) -> Deadlines {
        let waits = self.relationships.iter().filter_map(|me| me.timers.next_wait());
        let retries = self.listeners.iter().filter_map(|listener| listener.retry);
        let introductions = self.connections.values().filter_map(|known| known.deadline);
        Deadlines {
            millis: waits.chain(retries).chain(introductions).min(),
            wall: self.relationships.iter().flat_map(Relationship::appointments).min(),
        }
    }

    /// An administrator sets my state (by OMAPI). False if there is no such relationship, or the state cannot be set.
    pub fn set_state(
        &mut self,
        now: Now,
        peer: PeerId,
        state: PeerState,
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) -> bool {
        let Some(mut work) = self.work(now, peer, leases, out).filter(|_| states::may_be_set(state)) else {
            return false;
        };
        work.enter(state);
        true
    }

    /// What OMAPI shows of a relationship.
    pub fn attributes(&self, peer: PeerId) -> Option<Attributes> {
        self.relationships.get(peer.index()).map(Relationship::attributes)
    }

    /// The server is going to end: relationships in normal are handed over to the partner. `tick` and `received` are to be
    /// called until `is_done`.
    pub fn begin_shutdown(&mut self, now: Now, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        self.is_ending = true;
        for peer in self.order() {
            if let Some(mut work) = self.work(now, peer, leases, out) {
                work.begin_shutdown();
            }
        }
    }

    /// True if no partner is waited for before the server ends.
    pub fn is_done(&self) -> bool {
        !self.relationships.iter().any(|me| me.timers.is_waiting(Wait::Shutdown))
    }
}

impl Work<'_> {
    /// A message other than those of the handshake has arrived on the link.
    fn dispatch(&mut self, xid: Xid, body: Body) {
        match body {
            Body::State(report) => {
                self.partner_reports(report);
                self.go_if_handed_over();
            }
            Body::BindingUpdate(update) => self.binding_update(xid, &update),
            Body::BindingAck(ack) => self.binding_ack(xid, &ack),
            Body::UpdateRequest => self.updates_requested(xid, false),
            Body::UpdateRequestAll => self.updates_requested(xid, true),
            Body::UpdateDone => self.updates_done(),
            Body::PoolRequest => self.pools_requested(xid),
            Body::PoolResponse { transferred } => {
                self.log(LogKind::Info, format!("pool response: {} leases", transferred.unwrap_or_default()));
            }
            Body::Contact | Body::Unknown(_) | Body::Connect(_) | Body::ConnectAck(_) | Body::Disconnect(_) => {}
        }
    }

    fn wait_is_over(&mut self, wait: Wait) {
        match wait {
            Wait::Startup => self.disconnected(),
            Wait::Contact => {
                self.send(Body::Contact);
            }
            Wait::Receive if self.me.link.is_some() => {
                self.log(LogKind::Error, format!("timeout waiting for failover peer {}", self.me.name()));
                self.close_link();
            }
            Wait::Withheld => self.send_state(),
            Wait::AutoPartnerDown => self.enter(PeerState::PartnerDown),
            Wait::Shutdown => self.end_shutdown(),
            Wait::Receive | Wait::Reconnect => {}
        }
    }
}
