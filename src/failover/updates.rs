//! Telling the partner of leases: queues and flow control (spec/failover.md 15).

use super::work::Work;
use crate::config::model::PoolId;
use crate::leases::lease::LeaseId;

/// Leases that the partner has to be told of, and what was asked.
#[derive(Debug, Default)]
pub struct Exchange {}

impl Exchange {
    /// Updates that are not acknowledged.
    pub fn unacked(&self) -> usize {
        0
    }

    /// True if the partner knows all that it has to be told of.
    pub fn is_empty(&self) -> bool {
        true
    }
}

impl Work<'_> {
    /// A lease has changed: the partner has to be told of it.
    pub fn queue_update(&mut self, _lease: LeaseId) {}

    /// Tells the partner of queued leases, as many as it takes; acknowledgements that wait go first.
    pub fn send_updates(&mut self) {}

    /// Leases that were sent and not acknowledged are to be sent again, first of all.
    pub fn rescind_updates(&mut self) {}

    /// Queues all leases of which the partner does not know everything. True if any wait to be sent.
    pub fn queue_outdated(&mut self) -> bool {
        false
    }

    /// A free or backup lease of a pool was taken.
    pub fn pool_drained(&mut self, _pool: PoolId) {
        self.check_pools();
    }

    /// The configuration was replaced: leases are the same, but pools may be others.
    pub fn pools_changed(&mut self) {}
}
