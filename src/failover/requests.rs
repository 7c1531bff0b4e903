//! Asking the partner for what it knows, and being asked (spec/failover.md 18).

use super::work::Work;
use crate::wire::failover::Xid;

impl Work<'_> {
    /// Asks for what the partner has not told yet (UPDREQ; UPDREQALL if that was asked for and is not done).
    pub fn request_updates(&mut self) {}

    /// Asks for all leases (UPDREQALL).
    pub fn request_all_updates(&mut self) {}

    /// UPDREQ or UPDREQALL has arrived.
    pub fn updates_requested(&mut self, _xid: Xid, _everything: bool) {}

    /// UPDDONE has arrived: what was asked for is here.
    pub fn updates_arrived(&mut self) {}
}
