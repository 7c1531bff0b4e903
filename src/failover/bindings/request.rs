//! UPDREQ and UPDREQALL received: the partner wants to be told (spec/failover.md 18).

use super::{is_unknown_to_partner, Bindings, Context};
use crate::eval::LogKind;
use crate::leases::lease::LeaseId;
use crate::leases::queue::Queue as PoolQueue;
use crate::wire::failover::{Body, Xid};

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Request {
    xid: Xid,
    /// The last lease that belongs to it; unknown while more of them wait to be told.
    last: Option<LeaseId>,
}

impl Bindings {
    /// The partner asks for all leases, or for those it has not acknowledged.
    pub fn update_request(&mut self, context: &mut Context<'_>, xid: Xid, everything: bool) {
        if self.request.take().is_some() {
            let text = "Received update request while old update still flying!  Silently discarding old request.";
            context.log(LogKind::Info, text.into());
        }
        self.lose_patience();
        self.dump(context, everything);
        let name = context.name;
        let what =
            if everything { format!("Update request all from {name}") } else { format!("Update request from {name}") };
        if self.queue.is_idle() {
            self.update_done(context, xid);
            context.log(LogKind::Info, format!("{what}: nothing pending"));
            return;
        }
        self.request = Some(Request { xid, last: None });
        self.send(context);
        context.log(LogKind::Info, format!("{what}: sending update"));
    }

    /// Puts leases behind all else that waits: those of all queues in ISC's order. Addresses that were never used are not
    /// among them; the partner knows as much of them. O(leases).
    pub(super) fn dump(&mut self, context: &mut Context<'_>, everything: bool) {
        let store = context.leases.store();
        let mut leases = std::collections::VecDeque::new();
        for pool in context.pools() {
            for queue in PoolQueue::ALL {
                let wanted = store
                    .on_queue(pool, queue)
                    .filter(|id| !self.queue.contains(*id) && (everything || is_unknown_to_partner(store.get(*id))));
                leases.extend(wanted);
            }
        }
        self.queue.set_dump(leases, everything);
    }

    /// The request is answered when its last lease was acknowledged.
    pub(super) fn finish_request(&mut self, context: &mut Context<'_>) {
        let is_idle = self.queue.is_idle();
        let Some(request) = &mut self.request else { return };
        if request.last.is_none() && is_idle {
            request.last = self.queue.last();
        }
        let is_open = request.last.map_or(!is_idle, |last| self.queue.contains(last));
        if !is_open {
            let xid = request.xid;
            self.request = None;
            self.update_done(context, xid);
        }
    }

    fn update_done(&mut self, context: &mut Context<'_>, xid: Xid) {
        if context.window.is_none() {
            return;
        }
        context.answer(xid, Body::UpdateDone);
        context.log(LogKind::Info, format!("Sent update done message to {}", context.name));
    }
}
