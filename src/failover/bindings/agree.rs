//! BNDACK received: the partner agrees to what it was told, or refuses (spec/failover.md 17.2).

use super::{Bindings, Context};
use crate::eval::LogKind;
use crate::failover::queue::Told;
use crate::leases::lease::{BindingState, LeaseId};
use crate::leases::peer::Role;
use crate::wire::failover::{BindingAck, Reject, Xid};
use std::net::Ipv4Addr;

impl Bindings {
    /// The partner's answer to an update.
    pub fn ack(&mut self, context: &mut Context<'_>, xid: Xid, ack: &BindingAck) {
        let address = ack.update.address.unwrap_or(Ipv4Addr::UNSPECIFIED);
        let name = context.name;
        let lease = context.leases.store().by_address(address);
        let Some(id) = lease else {
            context.log(LogKind::Info, format!("bind update on {address} got ack from {name}: no such lease."));
            return;
        };
        match (ack.reject, self.queue.told(id)) {
            (Some(reason), told) => {
                let text = match &ack.message {
                    Some(message) => String::from_utf8_lossy(message).into_owned(),
                    None => Reject(reason).text(),
                };
                context.log(LogKind::Error, format!("bind update on {address} from {name} rejected: {text}"));
                // An answer to what was told before does not concern what was told since.
                if told.is_some_and(|told| told.xid == xid.0) {
                    self.refused(context, id, Reject(reason));
                }
            }
            (None, None) => {}
            (None, Some(told)) if told.xid != xid.0 => {
                context.log(LogKind::Info, format!("bind update on {address} got ack from {name}: xid mismatch."));
                return;
            }
            (None, Some(told)) => self.agreed(context, id, told),
        }
        self.take_up_changes(context);
        self.send(context);
    }

    /// The partner does not take an update. What it knows better it tells itself; all else is told again later, since
    /// otherwise the servers would never agree.
    fn refused(&mut self, context: &mut Context<'_>, id: LeaseId, reason: Reject) {
        self.queue.remove(id);
        if reason == Reject::LESS_CRITICAL {
            return;
        }
        self.refusals.add(id, context.now.wall);
    }

    /// The partner knows the lease as it was told. The potential expiry is the one it was told, whatever the answer says.
    fn agreed(&mut self, context: &mut Context<'_>, id: LeaseId, told: Told) {
        self.queue.remove(id);
        self.refusals.forget(id);
        let standing = context.standing();
        let lease = context.leases.store().get(id);
        if lease.state != told.state {
            return;
        }
        let mut new = lease.clone();
        new.set_tsfp(told.potential_expiry);
        new.set_atsfp(told.potential_expiry);
        if !matches!(told.state, BindingState::Expired | BindingState::Released | BindingState::Reset) {
            context.leases.store_mut().end(id, new, context.now.wall, true);
            return;
        }
        let stays_secondary = standing.role == Role::Secondary && lease.flags.reserved;
        new.state = if stays_secondary { BindingState::Backup } else { BindingState::Free };
        new.rewind_state = new.state;
        context.leases.install(context.now, id, new, false);
        self.give_to_owner(context, &standing, id);
    }
}
