//! Connections: any number may be open, at most one of a relationship's is its link (spec/failover.md 3).

use crate::config::model::PeerId;
use crate::wire::failover::{Framer, Xid};
use crate::wire::units::Now;
use rustc_hash::FxHashMap;
use std::net::Ipv4Addr;

/// A connection, as its owner numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// For how long a connection may be open without being introduced, in milliseconds.
const INTRODUCTION: u64 = 15_000;

/// How many connections a partner may have open; more are closed. ISC's have two for a moment when both dial.
pub const MANY: usize = 8;

/// A connection.
#[derive(Debug)]
pub struct Connection {
    /// The relationship it was made for, or that it named in CONNECT.
    pub peer: PeerId,
    /// The partner's address.
    pub from: Ipv4Addr,
    /// This server has sent CONNECT on it and has no answer yet.
    pub awaits_answer: bool,
    /// Until when it has to be introduced, in milliseconds.
    pub deadline: Option<u64>,
    pub framer: Framer,
    /// The number of the next message that this server begins.
    pub next_xid: u32,
}

impl Connection {
    pub fn new(peer: PeerId, from: Ipv4Addr, now: Now) -> Connection {
        let deadline = Some(now.millis.saturating_add(INTRODUCTION));
        Connection { peer, from, awaits_answer: false, deadline, framer: Framer::default(), next_xid: 0 }
    }

    /// The number of the next message that this server begins.
    pub fn take_xid(&mut self) -> Xid {
        let xid = self.next_xid;
        self.next_xid = xid.wrapping_add(1);
        Xid(xid)
    }
}

/// All connections.
pub type Connections = FxHashMap<ConnectionId, Connection>;
