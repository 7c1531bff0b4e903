//! The record of a relationship in the lease file (spec/leases-file.md 13, spec/failover.md 21).

use super::standing::{PeerState, Role, Standing};
use crate::config::model::FailoverPeer;
use crate::leases::text;
use crate::wire::units::{Seconds, Timestamp};

/// The records of all relationships of a configuration, the last declared first, as ISC keeps them: those that were read,
/// and new ones for the others.
pub fn complete(read: Vec<PeerRecord>, peers: &[FailoverPeer], now: Timestamp) -> Vec<PeerRecord> {
    let record = |peer: &FailoverPeer| {
        let known = read.iter().find(|record| record.name == peer.name).cloned();
        known.unwrap_or_else(|| PeerRecord::new(peer, now))
    };
    peers.iter().rev().map(record).collect()
}

/// What of a relationship outlives a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRecord {
    pub name: Box<str>,
    /// My state and since when; never startup, but what it was before.
    pub state: PeerState,
    pub since: Timestamp,
    pub partner: PeerState,
    pub partner_since: Timestamp,
    /// As the primary told; `None` on the primary.
    pub mclt: Option<Seconds>,
}

impl PeerRecord {
    /// A relationship that was never in service.
    pub fn new(peer: &FailoverPeer, now: Timestamp) -> PeerRecord {
        PeerRecord {
            name: peer.name.clone(),
            state: PeerState::Recover,
            since: now,
            partner: PeerState::Unknown,
            partner_since: now,
            mclt: (!peer.primary).then_some(peer.mclt),
        }
    }

    /// Appends the record, an empty line before it.
    pub fn write(&self, out: &mut Vec<u8>, local_times: bool) {
        out.extend_from_slice(b"\nfailover peer ");
        text::quoted_name(out, &self.name);
        out.extend_from_slice(b" state {");
        for (whose, state, since) in [("my", self.state, self.since), ("partner", self.partner, self.partner_since)] {
            out.extend_from_slice(format!("\n  {whose} state {} at ", state.name()).as_bytes());
            text::date(out, since, local_times);
        }
        if let Some(mclt) = self.mclt {
            out.extend_from_slice(format!("\n  mclt {};", mclt.0).as_bytes());
        }
        out.extend_from_slice(b"\n}\n");
    }

    /// Where the relationship stands before its protocol has begun.
    pub fn standing(&self, peer: &FailoverPeer) -> Standing {
        let role = if peer.primary { Role::Primary } else { Role::Secondary };
        let mut standing = Standing::new(role, self.since);
        (standing.state, standing.partner) = (self.state, self.partner);
        standing.mclt = self.mclt.unwrap_or(peer.mclt);
        standing.balance.buckets = peer.hba;
        standing.balance.max_seconds = peer.load_balance_max_seconds;
        standing
    }
}
