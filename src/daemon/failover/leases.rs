//! The leases as failover sees and changes them: those of the DHCP engine, and the records of the lease file.

use crate::config::model::{Config, PeerId};
use crate::daemon::leasefile::LeaseFile;
use crate::dhcp4::effect::Effect;
use crate::dhcp4::engine::Engine;
use crate::failover::Leases;
use crate::leases::lease::{JournalPosition, Lease, LeaseId};
use crate::leases::peer::PeerRecord;
use crate::leases::store::LeaseStore;
use crate::wire::units::Now;
use std::sync::Arc;

/// What of the service failover reaches, for the time of one call.
pub struct SharedLeases<'s> {
    pub engine: &'s mut Engine,
    /// The records of the relationships, as the lease file keeps them.
    pub records: &'s mut Vec<PeerRecord>,
    /// What changes of leases bring about.
    pub effects: &'s mut Vec<Effect>,
}

impl<'s> SharedLeases<'s> {
    /// Those of a service.
    pub(in crate::daemon) fn new(
        engine: &'s mut Engine,
        lease_file: &'s mut LeaseFile,
        effects: &'s mut Vec<Effect>,
    ) -> Self {
        SharedLeases { engine, records: &mut lease_file.objects_mut().failover, effects }
    }
}

impl Leases for SharedLeases<'_> {
    fn store(&self) -> &LeaseStore {
        self.engine.store()
    }

    fn store_mut(&mut self) -> &mut LeaseStore {
        self.engine.store_mut()
    }

    fn config(&self) -> &Arc<Config> {
        self.engine.config()
    }

    fn install(&mut self, now: Now, lease: LeaseId, new: Lease, propagate: bool) -> JournalPosition {
        self.engine.install(now, lease, new, propagate, self.effects)
    }

    fn record(&mut self, _: PeerId, record: PeerRecord) -> JournalPosition {
        let mut text = Vec::new();
        record.write(&mut text, self.engine.config().local_times);
        match self.records.iter_mut().find(|old| old.name == record.name) {
            Some(old) => *old = record,
            None => self.records.push(record),
        }
        self.engine.store_mut().append(&text)
    }
}
