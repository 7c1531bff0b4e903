//! Sharing out free addresses (spec/failover.md 19).

use super::work::Work;
use crate::wire::failover::Xid;

impl Work<'_> {
    /// Balances all pools, on entering normal.
    pub fn balance_pools(&mut self) {}

    /// The time to balance pools has come.
    pub fn rebalance(&mut self) {}

    /// POOLREQ has arrived.
    pub fn pools_requested(&mut self, _xid: Xid) {}

    /// Plans the next balancing, in normal.
    pub fn check_pools(&mut self) {}
}
