//! BNDUPD: the partner is told of leases, as many at a time as it takes (spec/failover.md 15).

use super::{is_unknown_to_partner, Bindings, Context};
use crate::eval::bindings::Value;
use crate::eval::LogKind;
use crate::failover::queue::Told;
use crate::failover::shares::Bounds;
use crate::leases::lease::{BindingState, Lease, LeaseId};
use crate::wire::failover::{BindingUpdate, Body, ClientOptions, FLAG_BOOTP, FLAG_RESERVED};
use crate::wire::units::Timestamp;

/// However many updates the partner says it takes, no more than these are under way.
const MAX_WINDOW: u32 = 1000;

/// The variable in which a lease remembers option 60 of its client.
pub(super) const VENDOR_CLASS: &str = "vendor-class-identifier";

/// What the partner is told of a lease.
pub(super) fn binding(lease: &Lease) -> BindingUpdate {
    let flags = [(lease.flags.reserved, FLAG_RESERVED), (lease.flags.bootp, FLAG_BOOTP)];
    let flags = flags.into_iter().filter(|(is_set, _)| *is_set).fold(0, |all, (_, flag)| all | flag);
    BindingUpdate {
        address: Some(lease.address),
        status: Some(lease.state as u8),
        client_id: (!lease.uid.is_empty()).then(|| lease.uid.as_bytes().into()),
        hardware: (!lease.hardware.is_none()).then(|| lease.hardware.as_bytes().into()),
        lease_expiry: Some(lease.ends),
        potential_expiry: Some(lease.tstp),
        starts: Some(lease.starts),
        last_transaction: (lease.cltt != Timestamp::UNSET).then_some(lease.cltt),
        flags: (flags != 0).then_some(flags),
        client_options: client_options(lease),
    }
}

fn client_options(lease: &Lease) -> Option<Box<[u8]>> {
    if lease.state != BindingState::Active {
        return None;
    }
    let variable = lease.extras.as_deref().and_then(|extras| extras.variables.get(VENDOR_CLASS));
    let vendor_class = match variable {
        Some(Value::Data(class)) => class[..].into(),
        _ => Default::default(),
    };
    ClientOptions { host_name: lease.hostname.as_bytes().into(), vendor_class }.emit()
}

impl Bindings {
    /// Answers what the partner told, then tells it of as many leases as it takes.
    pub fn send(&mut self, context: &mut Context<'_>) {
        let Some(window) = context.window else { return };
        context.messages.append(&mut self.acks);
        while self.queue.unacked() < window.min(MAX_WINDOW) as usize {
            let (store, peer) = (context.leases.store(), context.peer);
            let next = self.queue.next(|id, everything| {
                let lease = store.get(id);
                store.peer_of(lease.pool) == Some(peer) && (everything || is_unknown_to_partner(lease))
            });
            let Some(id) = next else { break };
            if self.holds_back(context.leases.store().get(id)) {
                self.queue.hold(id);
            } else {
                self.tell(context, id);
            }
        }
        self.finish_request(context);
    }

    /// Before the partner is told of it, the record says that it may know.
    fn tell(&mut self, context: &mut Context<'_>, id: LeaseId) {
        let lease = context.leases.store().get(id);
        if lease.rewind_state != lease.state {
            let stepped = Lease { rewind_state: lease.state, ..lease.clone() };
            context.leases.store_mut().end(id, stepped, context.now.wall, true);
        }
        let store = context.leases.store();
        let (lease, after) = (store.get(id), store.position_of(id));
        let (state, potential_expiry, body) = (lease.state, lease.tstp, Body::BindingUpdate(binding(lease)));
        let xid = context.begin(body, after).0;
        self.queue.tell(id, Told { xid, state, potential_expiry });
    }

    /// Both servers are about to cooperate: pools are balanced, and the partner is told of what it does not know.
    pub fn entered_normal(&mut self, context: &mut Context<'_>) {
        self.balance(context, false);
        self.take_up_changes(context);
        self.dump(context, false);
        if !self.queue.is_idle() {
            self.send(context);
            context.log(LogKind::Info, format!("Sending updates to {}.", context.name));
        }
    }

    /// The configuration was replaced: leases are the same, but pools and bounds may be others. Whatever the partner does not
    /// know is queued.
    pub fn pools_changed(&mut self, context: &mut Context<'_>) {
        if let Some(peer) = context.leases.config().peers.get(context.peer.index()) {
            self.bounds = Bounds::of(peer);
        }
        self.dump(context, false);
        self.send(context);
        self.look_at_all_shares(context);
    }

    /// Leases that were changed on behalf of failover itself are queued like all others.
    pub(super) fn take_up_changes(&mut self, context: &mut Context<'_>) {
        let changes = context.leases.store_mut().take_peer_changes(context.peer);
        let drained: Vec<_> = changes.drained.into_iter().collect();
        self.leases_changed(context, &changes.leases, &drained);
    }
}
