//! Hearing of leases from the partner (spec/failover.md 16).

use super::work::Work;
use crate::wire::failover::{BindingUpdate, Xid};

impl Work<'_> {
    /// BNDUPD has arrived.
    pub fn binding_update(&mut self, _xid: Xid, _update: BindingUpdate) {}
}
