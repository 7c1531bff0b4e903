//! What an operator asks for while the server runs: leases changed, hosts, groups and classes made and taken away
//! (spec/omapi.md 10 and 11).

use super::effect::Effect;
use super::engine::Engine;
use super::hosts::AllHosts;
use crate::config::model::Config;
use crate::leases::lease::{Billing, JournalPosition, Lease, LeaseId};
use crate::leases::objects::HostRecord;
use crate::wire::units::Now;
use std::net::Ipv4Addr;
use std::sync::Arc;

impl Engine {
    /// All hosts.
    pub fn hosts(&self) -> AllHosts<'_> {
        self.hosts.over(&self.config)
    }

    /// A host was made, changed or deleted at run time.
    pub fn enter_host(&mut self, record: &HostRecord) {
        Arc::make_mut(&mut self.hosts).enter(&self.config, record);
    }

    /// Changes the configuration in force: named groups and classes are made and taken away at run time. `edit` tells if it
    /// gave a class a lease limit.
    pub fn edit_config(&mut self, edit: impl FnOnce(&mut Config) -> bool) {
        self.has_limits |= edit(Arc::make_mut(&mut self.config));
    }

    /// How many leases are billed to a class.
    pub fn leases_billed(&self, class: &Billing) -> u32 {
        self.counts.used(class)
    }

    /// The addresses of a host name, as far as they are known.
    pub fn addresses_of(&self, name: &str) -> &[Ipv4Addr] {
        self.names.find(name, drop)
    }

    /// Gives a lease the contents that an operator wants it to have; it is recorded. If it changes its state, time or flags,
    /// that is as if it had happened by itself: leaving a client runs its statements, a failover partner is told.
    pub fn operate(&mut self, now: Now, id: LeaseId, mut new: Lease, out: &mut Vec<Effect>) -> JournalPosition {
        let old = self.store.get(id);
        if new.ends != old.ends && self.store.peer_of(old.pool).is_some() {
            // The partner is told how long it may last.
            new.tstp = new.tstp.max(new.ends);
        }
        if (old.state, old.ends, old.flags) == (new.state, new.ends, new.flags) {
            return self.store.end(id, new, now.wall, true);
        }
        if old.state != new.state {
            self.forget_pending(id);
        }
        self.end(now, id, new, out);
        self.flush(out);
        self.store.position_of(id)
    }

    /// Moves on leases whose time has come, a bounded number of them.
    pub fn expire_now(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.expire(now, out);
    }
}
