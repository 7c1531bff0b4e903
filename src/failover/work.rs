//! One relationship at work: what its parts may use for the length of one call, and what they all do.

use super::connections::{ConnectionId, Connections};
use super::effect::{Effect, Leases};
use super::random::Random;
use super::relationship::Relationship;
use super::timers::Wait;
use super::LogKind;
use crate::config::model::PeerId;
use crate::leases::lease::JournalPosition;
use crate::leases::peer::ServiceClass;
use crate::wire::failover::{Body, Message, StateReport, Xid, FLAG_STARTUP};
use crate::wire::units::{Now, Seconds};

/// Before dialling again.
pub const RECONNECT: Seconds = Seconds(5);

/// One relationship at work.
pub struct Work<'a> {
    pub now: Now,
    pub peer: PeerId,
    pub me: &'a mut Relationship,
    pub connections: &'a mut Connections,
    pub leases: &'a mut dyn Leases,
    pub random: &'a mut Random,
    pub out: &'a mut Vec<Effect>,
}

impl Work<'_> {
    pub fn log(&mut self, kind: LogKind, text: String) {
        self.out.push(Effect::Log(kind, text));
    }

    /// Sends a message that this server begins. `None` if there is no link.
    pub fn send(&mut self, body: Body) -> Option<Xid> {
        self.send_after(body, JournalPosition::default())
    }

    /// The same, not before the journal is on stable storage up to there.
    pub fn send_after(&mut self, body: Body, after: JournalPosition) -> Option<Xid> {
        let link = self.me.link?;
        let xid = self.connections.get_mut(&link)?.take_xid();
        self.put(link, xid, body, after);
        Some(xid)
    }

    /// Answers a message of the partner; nothing happens without a link.
    pub fn answer(&mut self, xid: Xid, body: Body, after: JournalPosition) {
        if let Some(link) = self.me.link {
            self.put(link, xid, body, after);
        }
    }

    /// Sends a message on a connection, which need not be the link.
    pub fn put(&mut self, connection: ConnectionId, xid: Xid, body: Body, after: JournalPosition) {
        let octets = Message { time: self.now.wall, xid, body }.emit();
        self.out.push(Effect::Send { connection, octets, after });
        if self.me.link == Some(connection) {
            let interval = self.me.contact_interval();
            self.me.timers.wait_millis(Wait::Contact, self.now, interval);
        }
    }

    /// Tells the partner my state, when it is recorded (spec/failover.md 10).
    pub fn send_state(&mut self) {
        self.me.timers.cancel(Wait::Withheld);
        let is_starting = self.me.standing.service == ServiceClass::Startup;
        let report = StateReport {
            state: Some(self.me.effective_state() as u8),
            flags: Some(if is_starting { FLAG_STARTUP } else { 0 }),
            since: Some(self.me.standing.since),
        };
        self.send_after(Body::State(report), self.me.recorded);
    }

    /// Writes the record of the relationship.
    pub fn record(&mut self) {
        self.me.recorded = self.leases.record(self.peer, self.me.record());
    }

    /// Lets the DHCP service know where the relationship stands.
    pub fn publish(&mut self) {
        let standing = &mut self.me.standing;
        standing.set_states(standing.state, standing.since, standing.partner);
        self.leases.store_mut().set_standing(self.peer, standing.clone());
    }

    /// Closes a connection of the relationship, with `flush` after what is still to be sent on it.
    pub fn close(&mut self, connection: ConnectionId, flush: bool) {
        self.out.push(Effect::Close { connection, flush });
        self.connection_lost(connection);
    }

    /// Gives the link up.
    pub fn close_link(&mut self) {
        if let Some(link) = self.me.link {
            self.close(link, false);
        }
    }

    /// A connection is no more (spec/failover.md 3, items 7 and 9).
    pub fn connection_lost(&mut self, connection: ConnectionId) {
        self.connections.remove(&connection);
        if self.me.link == Some(connection) {
            self.disconnected();
        }
        self.me.timers.wait(Wait::Reconnect, self.now, RECONNECT);
    }
}
