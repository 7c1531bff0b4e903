//! What happens to a lease besides being given to its client: release, expiry, abandonment (spec/dhcpv4.md 25).

use super::billing::Counts;
use super::effect::Effect;
use super::engine::Engine;
use super::intake::Request;
use super::scopes::Draft;
use super::LogKind;
use crate::config::ir::Stmt;
use crate::config::model::PoolId;
use crate::eval::bindings::Value;
use crate::leases::lease::{BindingState, JournalPosition, Lease, LeaseExtras, LeaseId, SmallBytes};
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::{Now, Timestamp};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// How many leases are expired in one go, so that packets are not kept waiting.
pub(super) const EXPIRIES_A_TICK: usize = 1000;

/// The state that a lease goes to by itself when it ends (without failover).
pub fn next_state(state: BindingState) -> BindingState {
    match state {
        BindingState::Backup => BindingState::Backup,
        _ => BindingState::Free,
    }
}

/// The rarely used parts of a lease, made if there are none.
pub fn extras(lease: &mut Lease) -> &mut LeaseExtras {
    lease.extras.get_or_insert_default()
}

/// Drops the rarely used parts if nothing is in them.
pub fn trim(lease: &mut Lease) {
    if lease.extras.as_deref().is_some_and(|extras| *extras == LeaseExtras::default()) {
        lease.extras = None;
    }
}

impl Engine {
    /// True if the pool's addresses may be given out: no failover peer has a say in them.
    pub(super) fn is_served(&self, pool: PoolId) -> bool {
        self.config.pools.get(pool.index()).is_some_and(|pool| pool.failover_peer.is_none())
    }

    /// Gives a lease new contents, `new.state` being the state it goes to: what leaving the old state brings about, then the
    /// change itself (spec/dhcpv4.md 25.2 and 25.3). Returns what a reply about it has to wait for.
    pub(super) fn supersede(
        &mut self,
        now: Now,
        id: LeaseId,
        new: Lease,
        write: bool,
        out: &mut Vec<Effect>,
    ) -> JournalPosition {
        let new = self.transition(now, id, new, write, out);
        let position = self.store.supersede(id, new, now.wall, write);
        if write {
            self.log_functions_of_ended(id, out);
        }
        position
    }

    /// The same for a lease that ends and keeps its client; it is recorded.
    fn end(&mut self, now: Now, id: LeaseId, new: Lease, out: &mut Vec<Effect>) {
        let new = self.transition(now, id, new, true, out);
        self.store.end(id, new, now.wall, true);
        self.log_functions_of_ended(id, out);
    }

    /// What changing its state does to a lease, before it is stored and, if `write`, recorded.
    fn transition(&mut self, now: Now, id: LeaseId, mut new: Lease, write: bool, out: &mut Vec<Effect>) -> Lease {
        if self.store.conflicts(id, &new) {
            out.push(Effect::Log(LogKind::Error, format!("Lease conflict at {}", new.address)));
        }
        let old = self.store.get(id).state;
        if !matches!(new.state, BindingState::Active | BindingState::Expired) {
            if let Some(extras) = new.extras.as_deref_mut() {
                extras.agent_options.clear();
            }
        }
        if old == BindingState::Active && !matches!(new.state, BindingState::Active | BindingState::Released) {
            self.leave_active(now, &mut new, out);
        }
        new.next_state = next_state(new.state);
        if let Some(extras) = new.extras.as_deref_mut().filter(|_| write) {
            // No peer has acknowledged this change.
            extras.atsfp = Timestamp::UNSET;
        }
        trim(&mut new);
        self.counts.change(self.store.get(id), &new);
        new
    }

    fn log_functions_of_ended(&self, id: LeaseId, out: &mut Vec<Effect>) {
        if self.store.get(id).state != BindingState::Active {
            self.log_functions(id, out);
        }
    }

    /// Functions among the variables of a lease cannot be written.
    pub(super) fn log_functions(&self, id: LeaseId, out: &mut Vec<Effect>) {
        let Some(extras) = self.store.get(id).extras.as_deref() else { return };
        for (name, value) in extras.variables.iter() {
            if matches!(value, Some(Value::Function(_))) {
                let text = format!("{name}: persistent functions not supported.");
                out.push(Effect::Log(LogKind::Error, text));
            }
        }
    }

    /// The lease is nobody's any more: its `on expiry` runs, and what only a client's lease has goes.
    fn leave_active(&mut self, now: Now, lease: &mut Lease, out: &mut Vec<Effect>) {
        if let Some(block) = lease.extras.as_deref_mut().and_then(|extras| extras.on_expiry.take()) {
            self.run_event(now, lease, &block, None, out);
        }
        lease.hostname = SmallBytes::default();
        lease.host = None;
        lease.tstp = lease.ends;
        if let Some(extras) = lease.extras.as_deref_mut() {
            extras.on_expiry = None;
            extras.on_release = None;
            extras.billing = None;
            extras.agent_options.clear();
        }
    }

    /// Runs a stored event block with the lease's variables.
    fn run_event(
        &mut self,
        now: Now,
        lease: &mut Lease,
        block: &Arc<[Stmt]>,
        request: Option<&Request<'_>>,
        out: &mut Vec<Effect>,
    ) {
        let mut draft = Draft::of_lease(now, request, lease.clone());
        self.run_block(&mut draft, block, out);
        extras(lease).variables = draft.take_variables();
    }

    /// The client gives the lease back, or loses it to another lease of its own (spec/dhcpv4.md 25.4). Leases of a failover
    /// pair are left alone.
    pub(super) fn release(&mut self, now: Now, id: LeaseId, request: Option<&Request<'_>>, out: &mut Vec<Effect>) {
        let mut lease = self.store.get(id).clone();
        if !self.is_served(lease.pool) {
            return;
        }
        let block = lease.extras.as_deref_mut().and_then(|extras| {
            extras.on_expiry = None;
            extras.on_release.take()
        });
        if let Some(block) = block {
            self.run_event(now, &mut lease, &block, request, out);
        }
        if !matches!(lease.state, BindingState::Active | BindingState::Abandoned) {
            trim(&mut lease);
            self.store.set_extras(id, lease.extras);
            return;
        }
        if let Some(extras) = lease.extras.as_deref_mut() {
            extras.on_commit = None;
            extras.variables = Default::default();
        }
        lease.ends = now.wall;
        lease.tstp = now.wall;
        lease.state = BindingState::Free;
        self.forget_pending(id);
        self.end(now, id, lease, out);
    }

    /// Nobody can use the address for a while (spec/dhcpv4.md 25.5).
    pub(super) fn abandon(&mut self, now: Now, id: LeaseId, reason: &str, out: &mut Vec<Effect>) {
        let mut lease = self.store.get(id).clone();
        if let Some(extras) = lease.extras.as_deref_mut() {
            extras.variables = Default::default();
        }
        lease.ends = match now.wall.0.checked_add(self.settings.abandon_lease_time.0) {
            Some(ends) if ends <= Timestamp::NEVER.0 => Timestamp(ends),
            _ => Timestamp::NEVER,
        };
        out.push(Effect::Log(LogKind::Error, format!("Abandoning IP address {}: {reason}", lease.address)));
        lease.hardware = HardwareAddr::NONE;
        lease.uid = SmallBytes::default();
        lease.state = BindingState::Abandoned;
        self.forget_pending(id);
        self.supersede(now, id, lease, true, out);
    }

    /// Moves leases on whose time has come, a bounded number of them. True if more are due.
    pub(super) fn expire(&mut self, now: Now, out: &mut Vec<Effect>) -> bool {
        for _ in 0..EXPIRIES_A_TICK {
            let Some(id) = self.store.due(now.wall) else { return false };
            let mut lease = self.store.get(id).clone();
            lease.state = lease.next_state;
            self.end(now, id, lease, out);
        }
        self.store.due(now.wall).is_some()
    }

    /// Counts the billings of all leases anew.
    pub(super) fn recount(&mut self) {
        self.counts = Counts::of(self.store.leases());
    }

    /// The lease of an address, if there is one in a served pool or elsewhere.
    pub(super) fn lease_at(&self, address: Ipv4Addr) -> Option<LeaseId> {
        self.store.by_address(address)
    }
}
