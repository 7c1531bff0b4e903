//! What happens to a lease besides being given to its client: release, expiry, abandonment (spec/dhcpv4.md 25).

use super::billing::Counts;
use super::effect::Effect;
use super::engine::Engine;
use super::intake::Request;
use super::scopes::Draft;
use super::LogKind;
use crate::config::ir::Stmt;
use crate::eval::bindings::Value;
use crate::leases::lease::{BindingState, JournalPosition, Lease, LeaseExtras, LeaseId, SmallBytes};
use crate::leases::peer::{ServiceClass, Standing};
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::{Now, Timestamp};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// How many leases are expired in one go, so that packets are not kept waiting.
pub(super) const EXPIRIES_A_TICK: usize = 1000;

/// The state that a lease goes to by itself when it ends; `is_shared` with a failover partner.
pub fn next_state(state: BindingState, is_shared: bool) -> BindingState {
    match state {
        BindingState::Backup => BindingState::Backup,
        BindingState::Active if is_shared => BindingState::Expired,
        _ => BindingState::Free,
    }
}

/// What a change of a lease means outside this server's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// It is recorded.
    write: bool,
    /// A failover partner is told.
    propagate: bool,
    /// The record says at once that the partner knows, which spares another before it is told.
    steps_rewind: bool,
}

impl Change {
    /// A client is made an offer.
    pub const OFFER: Change = Change { write: false, propagate: false, steps_rewind: false };
    /// A client is given the lease.
    pub const ACK: Change = Change { write: true, propagate: true, steps_rewind: false };
    /// The lease ends, by whatever cause.
    pub const EVENT: Change = Change { write: true, propagate: true, steps_rewind: true };
    /// The partner said so, or agreed.
    pub const PARTNER: Change = Change { write: true, propagate: false, steps_rewind: false };
}

/// An event of a lease whose statements run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Expiry,
    Release,
}

/// What a lease lives through when it leaves a state for another. Leases shared with a partner stay a client's until both
/// servers know that they are not.
fn ending(from: BindingState, to: BindingState, is_shared: bool) -> Option<Ending> {
    use BindingState::*;
    match (is_shared, from, to) {
        (false, Active, Released) => Some(Ending::Release),
        (false, Active, to) if to != Active => Some(Ending::Expiry),
        (true, Active | Expired, Free | Backup) => Some(Ending::Expiry),
        (true, Released, Free | Backup) => Some(Ending::Release),
        _ => None,
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

/// What a change means for what the partner knows: its times, and the state it believes in at worst.
fn settle_with_partner(standing: &Standing, change: Change, new: &mut Lease) {
    if change.propagate {
        new.set_atsfp(Timestamp::UNSET);
    }
    let partner_hears = matches!(standing.service, ServiceClass::Cooperating | ServiceClass::NotResponding);
    if change.steps_rewind && partner_hears {
        new.rewind_state = new.state;
    }
}

impl Engine {
    /// Gives a lease new contents, `new.state` being the state it goes to: what leaving the old state brings about, then the
    /// change itself (spec/dhcpv4.md 25.2 and 25.3). Returns what a reply about it has to wait for.
    pub(super) fn supersede(
        &mut self,
        now: Now,
        id: LeaseId,
        new: Lease,
        change: Change,
        out: &mut Vec<Effect>,
    ) -> JournalPosition {
        let new = self.transition(now, id, new, change, out);
        let position = self.store.supersede(id, new, now.wall, change.write);
        if change.propagate {
            self.store.propagate(id);
        }
        if change.write {
            self.log_functions_of_ended(id, out);
        }
        position
    }

    /// The same for a lease that ends and keeps its client; it is recorded.
    pub(super) fn end(&mut self, now: Now, id: LeaseId, new: Lease, out: &mut Vec<Effect>) {
        let new = self.transition(now, id, new, Change::EVENT, out);
        self.store.end(id, new, now.wall, true);
        self.store.propagate(id);
        self.log_functions_of_ended(id, out);
    }

    /// What changing its state does to a lease, before it is stored and recorded.
    fn transition(&mut self, now: Now, id: LeaseId, mut new: Lease, change: Change, out: &mut Vec<Effect>) -> Lease {
        if self.store.conflicts(id, &new) {
            out.push(Effect::Log(LogKind::Error, format!("Lease conflict at {}", new.address)));
        }
        let old = self.store.get(id).state;
        if !matches!(new.state, BindingState::Active | BindingState::Expired) {
            if let Some(extras) = new.extras.as_deref_mut() {
                extras.agent_options.clear();
            }
        }
        let is_shared = self.store.peer_of(self.store.get(id).pool).is_some();
        if let Some(ending) = ending(old, new.state, is_shared) {
            self.leave_client(now, ending, &mut new, out);
        }
        new.next_state = next_state(new.state, is_shared);
        if let Some(standing) = self.store.standing(self.store.get(id).pool) {
            settle_with_partner(standing, change, &mut new);
        } else if let Some(extras) = new.extras.as_deref_mut().filter(|_| change.write) {
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

    /// The lease is nobody's any more: its `on expiry` or `on release` runs, and what only a client's lease has goes.
    fn leave_client(&mut self, now: Now, ending: Ending, lease: &mut Lease, out: &mut Vec<Effect>) {
        self.remove_names(lease, true, out);
        let block = lease.extras.as_deref_mut().and_then(|extras| match ending {
            Ending::Expiry => extras.on_expiry.take(),
            Ending::Release => extras.on_release.take(),
        });
        if let Some(block) = block {
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

    /// The client gives the lease back, or loses it to another lease of its own (spec/dhcpv4.md 25.4). One that is shared
    /// with a failover partner is free when both know.
    pub(super) fn release(&mut self, now: Now, id: LeaseId, request: Option<&Request<'_>>, out: &mut Vec<Effect>) {
        let mut lease = self.store.get(id).clone();
        if matches!(lease.state, BindingState::Active | BindingState::Abandoned) {
            self.remove_names(&lease, false, out);
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
        lease.state = match self.store.standing(lease.pool) {
            Some(standing) => standing.rewound(&lease, BindingState::Released),
            None => BindingState::Free,
        };
        self.forget_pending(id);
        self.end(now, id, lease, out);
    }

    /// Nobody can use the address for a while (spec/dhcpv4.md 25.5).
    pub(super) fn abandon(&mut self, now: Now, id: LeaseId, reason: &str, out: &mut Vec<Effect>) {
        let mut lease = self.store.get(id).clone();
        self.remove_names(&lease, false, out);
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
        if self.store.peer_of(lease.pool).is_some() {
            // A partner that tells of the lease may have done so before.
            lease.cltt = now.wall;
        }
        lease.state = BindingState::Abandoned;
        self.forget_pending(id);
        self.supersede(now, id, lease, Change::EVENT, out);
    }

    /// Moves leases on whose time has come, a bounded number of them. True if more are due.
    pub(super) fn expire(&mut self, now: Now, out: &mut Vec<Effect>) -> bool {
        for _ in 0..EXPIRIES_A_TICK {
            let Some(id) = self.store.due(now.wall) else { return false };
            let mut lease = self.store.get(id).clone();
            lease.state = match self.store.standing(lease.pool) {
                Some(standing) => standing.rewound(&lease, lease.next_state),
                None => lease.next_state,
            };
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
