//! What the engine asks of its owner.

use super::connections::ConnectionId;
use super::LogKind;
use crate::config::model::{Config, PeerId};
use crate::leases::lease::{JournalPosition, Lease, LeaseId};
use crate::leases::peer::PeerRecord;
use crate::leases::store::LeaseStore;
use crate::wire::units::Now;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Connect from that address, any port. `Failover::dialled` or `Failover::dial_failed` is to be told.
    Dial {
        peer: PeerId,
        from: Ipv4Addr,
        to: SocketAddrV4,
    },
    /// Listen for connections. `Failover::listen_failed` is to be told if that is not possible.
    Listen {
        at: SocketAddrV4,
    },
    /// No relationship needs that listener any more.
    StopListening {
        at: SocketAddrV4,
    },
    /// Octets for a connection, behind all earlier ones for it; they may leave when the journal is on stable storage up to
    /// there. An engine that waits for the disk does not tell its partner what the disk may forget.
    Send {
        connection: ConnectionId,
        octets: Vec<u8>,
        after: JournalPosition,
    },
    /// Close a connection; with `flush`, after what is still to be sent on it. `Failover::closed` need not be called.
    Close {
        connection: ConnectionId,
        flush: bool,
    },
    Log(LogKind, String),
}

/// Why no connection came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialError {
    /// The partner did not answer, or refused.
    Partner,
    /// It could not even be tried: what the system says.
    Local(String),
}

/// The leases, as the engine sees and changes them.
pub trait Leases {
    fn store(&self) -> &LeaseStore;

    fn store_mut(&mut self) -> &mut LeaseStore;

    fn config(&self) -> &Arc<Config>;

    /// Gives a lease new contents: whatever leaving its old state brings about happens (`on expiry`, billing, ...), and its
    /// record is written. With `propagate` it is among the leases that partners have to be told of. Returns the position of
    /// its record.
    fn install(&mut self, now: Now, lease: LeaseId, new: Lease, propagate: bool) -> JournalPosition;

    /// Writes the record of a relationship, and keeps it for when the lease file is rewritten. Returns its position.
    fn record(&mut self, peer: PeerId, record: PeerRecord) -> JournalPosition;
}
