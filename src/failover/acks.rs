//! Acknowledgements, both ways (spec/failover.md 17).

use super::work::Work;
use crate::wire::failover::{BindingAck, Xid};

impl Work<'_> {
    /// BNDACK has arrived.
    pub fn binding_ack(&mut self, _xid: Xid, _ack: BindingAck) {}

    /// Acknowledges the updates that were accepted.
    pub fn flush_acks(&mut self) {}
}

impl Work<'_> {
    /// The link is gone: updates that came on it are sent again on the next one if they matter.
    pub fn forget_acks(&mut self) {}
}
