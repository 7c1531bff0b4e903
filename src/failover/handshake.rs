//! CONNECT, CONNECTACK, DISCONNECT: how a connection becomes the link (spec/failover.md 7).

use super::connections::ConnectionId;
use super::timers::Wait;
use super::work::Work;
use super::LogKind;
use crate::leases::lease::JournalPosition;
use crate::wire::failover::{Body, Connect, ConnectAck, Disconnect, Reject, Xid, PROTOCOL_VERSION, VENDOR_CLASS};
use crate::wire::units::{Seconds, Timestamp};

/// How far apart the two clocks may be.
const CLOCKS_APART: u32 = 60;
/// What servers before 3.1.0 have for their vendor class where later ones have hash buckets.
const OLD_VENDOR_CLASS: &[u8] = b"isc-V3.0.";
const OLD_VERSION: &str =
    "WARNING: failover as of versions 3.1.0 and on are not reverse compatible with versions 3.0.x.";
/// Octets of the hash bucket assignment.
const BUCKETS: usize = 32;

/// Why a connection does not become the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reject: Reject,
    pub text: String,
}

impl Refusal {
    fn new(reject: Reject, text: &str) -> Refusal {
        Refusal { reject, text: text.into() }
    }

    pub fn no_name() -> Refusal {
        Refusal::new(Reject::INVALID_PARTNER, "missing relationship-name")
    }

    pub fn unknown_name() -> Refusal {
        Refusal::new(Reject::INVALID_PARTNER, "unknown failover relationship name")
    }

    fn other_name(name: &[u8]) -> Refusal {
        let text = format!("remote failover relationship name {} does not match", printable(name));
        Refusal { reject: Reject::INVALID_PARTNER, text }
    }

    fn clocks_apart() -> Refusal {
        Refusal::new(Reject::TIME_MISMATCH, "time offset too large")
    }

    fn invalid_buckets() -> Refusal {
        Refusal::new(Reject::BUCKET_CONFLICT, "invalid HBA")
    }

    /// ISC's primaries let another primary overwrite their MCLT and hash buckets.
    fn two_primaries() -> Refusal {
        Refusal::new(Reject::INVALID_PARTNER, "both servers are primary")
    }

    fn already_connected() -> Refusal {
        Refusal::new(Reject::DUPLICATE_CONNECTION, "already connected")
    }
}

/// A name from the partner, as it may stand in the log.
pub fn printable(name: &[u8]) -> String {
    name.iter().map(|octet| if octet.is_ascii_graphic() || *octet == b' ' { *octet as char } else { '?' }).collect()
}

/// True if the partner's clock, at which it sent a message, is not far from mine.
fn agrees(theirs: Timestamp, mine: Timestamp) -> bool {
    theirs.0.abs_diff(mine.0) <= CLOCKS_APART
}

/// What a CONNECT that is good tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Terms {
    buckets: [u8; BUCKETS],
    mclt: Option<Seconds>,
}

/// Judges a CONNECT to a relationship of its name.
fn judge(connect: &Connect, sent: Timestamp, now: Timestamp, is_primary: bool) -> Result<Terms, Refusal> {
    if is_primary {
        return Err(Refusal::two_primaries());
    }
    if !agrees(sent, now) {
        return Err(Refusal::clocks_apart());
    }
    let buckets = connect.hash_buckets.as_deref().and_then(|buckets| <[u8; BUCKETS]>::try_from(buckets).ok());
    Ok(Terms { buckets: buckets.ok_or_else(Refusal::invalid_buckets)?, mclt: connect.mclt })
}

/// The answer to a CONNECT that names no relationship of this server.
pub fn refuse_unknown(connect: &Connect, refusal: &Refusal) -> ConnectAck {
    ConnectAck {
        name: connect.name.clone(),
        reject: Some(refusal.reject.0),
        message: Some(refusal.text.as_bytes().into()),
        ..common_answer(connect)
    }
}

fn common_answer(connect: &Connect) -> ConnectAck {
    ConnectAck {
        vendor_class: Some(VENDOR_CLASS.into()),
        protocol_version: Some(PROTOCOL_VERSION),
        tls_reply: connect.tls_request.map(|_| 0),
        ..ConnectAck::default()
    }
}

impl Work<'_> {
    /// A connection is there: the primary speaks first.
    pub fn connected(&mut self, connection: ConnectionId) {
        if !self.me.is_primary() {
            return;
        }
        let Some(known) = self.connections.get_mut(&connection) else { return };
        known.awaits_answer = true;
        let xid = known.take_xid();
        let connect = Connect {
            name: Some(self.me.name().as_bytes().into()),
            max_unacked: Some(self.me.settings.max_unacked_updates),
            receive_timer: Some(self.me.receive_timer()),
            vendor_class: Some(VENDOR_CLASS.into()),
            protocol_version: Some(PROTOCOL_VERSION),
            tls_request: Some(0),
            mclt: Some(self.me.standing.mclt),
            hash_buckets: self.me.standing.balance.buckets.map(|buckets| buckets.into()),
        };
        self.put(connection, xid, Body::Connect(connect), JournalPosition::default());
    }

    fn answer_to(&self, connect: &Connect) -> ConnectAck {
        ConnectAck {
            name: Some(self.me.name().as_bytes().into()),
            max_unacked: Some(self.me.settings.max_unacked_updates),
            receive_timer: Some(self.me.receive_timer()),
            ..common_answer(connect)
        }
    }

    /// CONNECT has arrived that names this relationship.
    pub fn connect(&mut self, connection: ConnectionId, sent: Timestamp, xid: Xid, connect: &Connect) {
        if connect.hash_buckets.as_deref().is_some_and(|buckets| buckets.starts_with(OLD_VENDOR_CLASS)) {
            self.log(LogKind::Error, OLD_VERSION.into());
        }
        let terms = match judge(connect, sent, self.now.wall, self.me.is_primary()) {
            Ok(terms) => terms,
            Err(refusal) => {
                let answer = ConnectAck {
                    reject: Some(refusal.reject.0),
                    message: Some(refusal.text.as_bytes().into()),
                    ..self.answer_to(connect)
                };
                let name = self.me.name().to_owned();
                return self.refuse_connect(connection, xid, &name, &refusal.text, answer);
            }
        };
        // ISC's answers to these never leave: the partner sees the connection end.
        let Some(mclt) = terms.mclt.filter(|_| self.me.link.is_none()) else { return self.close(connection, false) };
        self.adopt(connection);
        let answer = self.answer_to(connect);
        self.put(connection, xid, Body::ConnectAck(answer), JournalPosition::default());
        self.take_limits(connect.max_unacked, connect.receive_timer);
        self.me.standing.mclt = mclt;
        self.me.standing.balance.buckets = Some(terms.buckets);
        self.publish();
        self.introduce();
    }

    /// Refuses a CONNECT: the answer leaves before the connection is closed.
    pub fn refuse_connect(&mut self, connection: ConnectionId, xid: Xid, name: &str, text: &str, answer: ConnectAck) {
        self.log(LogKind::Error, format!("Failover CONNECT from {name}: {text}"));
        self.put(connection, xid, Body::ConnectAck(answer), JournalPosition::default());
        self.log(LogKind::Info, format!("failover: disconnect: {text}"));
        self.close(connection, true);
    }

    /// CONNECTACK has arrived.
    pub fn connect_ack(&mut self, connection: ConnectionId, sent: Timestamp, ack: &ConnectAck) {
        let Some(known) = self.connections.get_mut(&connection).filter(|known| known.awaits_answer) else {
            return self.close(connection, false);
        };
        known.awaits_answer = false;
        known.deadline = None;
        let Some(name) = &ack.name else { return self.refuse_answer(connection, Refusal::no_name()) };
        if let Some(reject) = ack.reject {
            let text = Reject(reject).text();
            self.log(LogKind::Error, format!("Failover CONNECT to {} rejected: {text}", self.me.name()));
            return self.close(connection, false);
        }
        if **name != *self.me.name().as_bytes() {
            return self.refuse_answer(connection, Refusal::other_name(name));
        }
        if self.me.link.is_some() {
            return self.refuse_answer(connection, Refusal::already_connected());
        }
        if !agrees(sent, self.now.wall) {
            return self.refuse_answer(connection, Refusal::clocks_apart());
        }
        self.adopt(connection);
        self.introduce();
        self.take_limits(ack.max_unacked, ack.receive_timer);
        let interval = self.me.contact_interval();
        self.me.timers.wait_millis(Wait::Contact, self.now, interval);
    }

    fn refuse_answer(&mut self, connection: ConnectionId, refusal: Refusal) {
        self.log(LogKind::Error, format!("Failover CONNECTACK from {}: {}", self.me.name(), refusal.text));
        let Some(known) = self.connections.get_mut(&connection) else { return };
        let xid = known.take_xid();
        let message = Some(refusal.text.as_bytes().into());
        let disconnect = Disconnect { reject: Some(refusal.reject.0), message };
        self.put(connection, xid, Body::Disconnect(disconnect), JournalPosition::default());
        self.close(connection, true);
    }

    /// DISCONNECT has arrived.
    pub fn disconnect(&mut self, connection: ConnectionId, disconnect: &Disconnect) {
        if let Some(reject) = disconnect.reject.filter(|reject| *reject != 0) {
            let text = Reject(reject).text();
            self.log(LogKind::Error, format!("Failover DISCONNECT from {}: {text}", self.me.name()));
        }
        self.close(connection, false);
    }

    /// A connection becomes the link.
    fn adopt(&mut self, connection: ConnectionId) {
        self.me.link = Some(connection);
        self.me.bindings.linked(self.now.wall);
        if let Some(known) = self.connections.get_mut(&connection) {
            known.deadline = None;
        }
    }

    /// What the partner tells of itself; what it does not tell stays as it was.
    fn take_limits(&mut self, max_unacked: Option<u32>, receive_timer: Option<Seconds>) {
        self.me.partner_max_unacked = max_unacked.or(self.me.partner_max_unacked);
        self.me.partner_receive_timer = receive_timer.or(self.me.partner_receive_timer);
    }
}
