//! Which lease moves on next by itself. Leases of a pool that is shared with a failover partner stand on lists of their
//! relationship, because whether they may move depends on where that stands (spec/failover.md 14).

use super::lease::{BindingState, Lease, LeaseId};
use super::peer::Standing;
use crate::config::model::PeerId;
use crate::wire::units::Timestamp;
use std::collections::BTreeSet;

/// The states whose leases have a list of their own in each relationship; they are alike for `Standing::expires`.
const SHARED_LISTS: [BindingState; 3] = [BindingState::Active, BindingState::Abandoned, BindingState::Expired];

/// Leases by the time at which they change state.
#[derive(Debug, Default)]
pub struct Timers {
    /// Those of pools of this server alone first, then the lists of each relationship.
    lists: Vec<BTreeSet<(Timestamp, LeaseId)>>,
}

/// The list of a lease and its time, if it changes state by itself.
fn place(peer: Option<PeerId>, lease: &Lease) -> Option<(usize, Timestamp)> {
    if lease.next_state == lease.state || lease.ends == Timestamp::NEVER {
        return None;
    }
    let Some(peer) = peer else { return Some((0, lease.ends)) };
    let (list, at) = match lease.state {
        BindingState::Active => (0, lease.ends),
        BindingState::Abandoned => (1, lease.ends),
        _ => (2, lease.ends.max(lease.told_until())),
    };
    Some((1 + peer.index() * SHARED_LISTS.len() + list, at))
}

impl Timers {
    /// Builds all lists at once. O(n log n).
    pub fn of<'l>(leases: impl Iterator<Item = (Option<PeerId>, LeaseId, &'l Lease)>) -> Timers {
        let mut lists: Vec<Vec<(Timestamp, LeaseId)>> = Vec::new();
        for (peer, id, lease) in leases {
            let Some((list, at)) = place(peer, lease) else { continue };
            if lists.len() <= list {
                lists.resize_with(list + 1, Vec::new);
            }
            lists[list].push((at, id));
        }
        Timers { lists: lists.into_iter().map(|list| list.into_iter().collect()).collect() }
    }

    /// A lease came to be as it is.
    pub fn insert(&mut self, peer: Option<PeerId>, id: LeaseId, lease: &Lease) {
        let Some((list, at)) = place(peer, lease) else { return };
        if self.lists.len() <= list {
            self.lists.resize_with(list + 1, BTreeSet::new);
        }
        self.lists[list].insert((at, id));
    }

    /// A lease will not be as it was.
    pub fn remove(&mut self, peer: Option<PeerId>, id: LeaseId, lease: &Lease) {
        let Some((list, at)) = place(peer, lease) else { return };
        if let Some(list) = self.lists.get_mut(list) {
            list.remove(&(at, id));
        }
    }

    /// The next lease to move, and when. O(relationships).
    pub fn first(&self, standings: &[Standing]) -> Option<(Timestamp, LeaseId)> {
        let (alone, shared) = self.lists.split_first()?;
        let shared = shared.chunks(SHARED_LISTS.len()).zip(standings).flat_map(|(lists, standing)| {
            let moving = lists.iter().zip(SHARED_LISTS).filter(|(_, state)| standing.expires(*state));
            moving.filter_map(|(list, state)| list.first().map(|(at, id)| (standing.moves_at(state, *at), *id)))
        });
        alone.first().copied().into_iter().chain(shared).min()
    }
}
