//! The server as OMAPI sees it: what clients look up is in the engine, what they change goes there and into the lease file.

use super::failover::{FailoverService, SharedLeases};
use super::leasefile::LeaseFile;
use super::listeners::Listener;
use crate::config::model::{Config, HostId, PeerId};
use crate::dhcp4::effect::Effect;
use crate::dhcp4::engine::Engine;
use crate::eval::LogKind;
use crate::leases::lease::{Billing, JournalPosition, Lease, LeaseId};
use crate::leases::objects::{
    write_class_deletion, write_group, write_host, ClassRecord, GroupRecord, HostRecord, Objects,
};
use crate::leases::peer::PeerState;
use crate::leases::store::LeaseStore;
use crate::omapi::world::{Change, PeerView, Unwritable, World};
use crate::wire::hardware::HardwareAddr;
use crate::wire::omapi::ResultCode;
use crate::wire::units::Now;
use std::net::Ipv4Addr;

/// What of the service OMAPI reaches, for the time of one request.
pub struct OmapiWorld<'s> {
    pub now: Now,
    pub engine: &'s mut Engine,
    pub lease_file: &'s mut LeaseFile,
    pub listeners: &'s mut [Listener],
    pub failover: &'s mut FailoverService,
    /// What changes bring about, and log lines.
    pub effects: &'s mut Vec<Effect>,
    /// The lease file cannot be written at present: nothing is changed.
    pub is_failing: bool,
    /// A client has asked for the end of the service.
    pub shut_down: &'s mut bool,
}

impl OmapiWorld<'_> {
    fn check_writable(&self) -> Result<(), Unwritable> {
        match self.is_failing {
            true => Err(Unwritable),
            false => Ok(()),
        }
    }

    fn peer_named(&self, name: &str) -> Option<PeerId> {
        let at = self.engine.config().peers.iter().position(|peer| *peer.name == *name)?;
        Some(PeerId(at as u32))
    }

    /// Adds a record to the lease file.
    fn record(&mut self, write: impl FnOnce(&mut Vec<u8>, &Config)) -> JournalPosition {
        let mut text = Vec::new();
        write(&mut text, self.engine.config());
        self.engine.store_mut().append(&text)
    }

    fn objects(&mut self) -> &mut Objects {
        self.lease_file.objects_mut()
    }

    /// Writes that a live host is deleted.
    fn record_host_deletion(&mut self, host: &HostRecord) -> JournalPosition {
        let deletion =
            HostRecord { name: host.name.clone(), dynamic: host.dynamic, deleted: true, ..HostRecord::default() };
        self.record_host(&deletion)
    }

    fn record_host(&mut self, host: &HostRecord) -> JournalPosition {
        self.record(|text, config| {
            write_host(text, host, &config.registry, &|group| config.groups.contains_key(group));
        })
    }

    /// Puts a host into the lease file's tables and into service.
    fn enter_host(&mut self, host: HostRecord) {
        let is_declared = self.engine.config().host_named(&host.name).is_some();
        self.engine.enter_host(&host);
        self.objects().hosts.replace(host, is_declared);
    }

    /// True if dhcpd.conf has a group of that name, deleted or not.
    fn declares_group(&self, name: &str) -> bool {
        let config = self.engine.config();
        match self.lease_file.objects().groups.get(name) {
            Some(record) => record.is_declared,
            None => config.groups.get(name).is_some_and(|scope| !config.dynamic_groups.contains(scope)),
        }
    }
}

impl World for OmapiWorld<'_> {
    fn now(&self) -> Now {
        self.now
    }

    fn config(&self) -> &Config {
        self.engine.config()
    }

    fn log(&mut self, kind: LogKind, line: String) {
        self.effects.push(Effect::Log(kind, line));
    }

    fn leases(&self) -> &LeaseStore {
        self.engine.store()
    }

    fn lease_at(&mut self, address: Ipv4Addr) -> Option<LeaseId> {
        self.engine.store_mut().materialize(address)
    }

    fn change_lease(&mut self, id: LeaseId, new: Lease) -> Change {
        self.check_writable()?;
        Ok(self.engine.operate(self.now, id, new, self.effects))
    }

    fn expire(&mut self) {
        self.engine.expire_now(self.now, self.effects);
    }

    fn leases_used(&self, class: &Billing) -> u32 {
        self.engine.leases_billed(class)
    }

    fn host_name(&self, id: HostId) -> Option<&str> {
        self.engine.hosts().get(id).map(|host| &*host.name)
    }

    fn addresses_of(&self, name: &str) -> Vec<Ipv4Addr> {
        self.engine.addresses_of(name).to_vec()
    }

    fn host(&self, name: &str) -> Option<HostRecord> {
        let hosts = self.engine.hosts();
        hosts.record(hosts.named(name)?)
    }

    fn host_with_uid(&self, uid: &[u8]) -> Option<&str> {
        let hosts = self.engine.hosts();
        self.host_name(*hosts.with_client_id(uid).first()?)
    }

    fn host_with_hardware(&self, hardware: &HardwareAddr) -> Option<&str> {
        let hosts = self.engine.hosts();
        self.host_name(*hosts.with_hardware(hardware).first()?)
    }

    fn put_host(&mut self, host: HostRecord) -> Change {
        self.check_writable()?;
        if let Some(old) = self.host(&host.name) {
            self.record_host_deletion(&old);
        }
        let position = self.record_host(&host);
        self.enter_host(host);
        Ok(position)
    }

    fn remove_host(&mut self, name: &str) -> Change {
        self.check_writable()?;
        let Some(host) = self.host(name) else { return Ok(JournalPosition::default()) };
        let position = self.record_host_deletion(&host);
        self.enter_host(HostRecord { deleted: true, ..host });
        Ok(position)
    }

    fn put_group(&mut self, group: GroupRecord) -> Change {
        self.check_writable()?;
        let is_declared = self.declares_group(&group.name);
        let position = self.record(|text, config| write_group(text, &group, &config.registry));
        self.engine.edit_config(|config| {
            config.put_group(&group.name, &group.statements);
            false
        });
        self.objects().groups.enter(group, is_declared);
        Ok(position)
    }

    fn remove_group(&mut self, name: &str) -> Change {
        self.check_writable()?;
        let is_declared = self.declares_group(name);
        let config = self.engine.config();
        let dynamic = config.groups.get(name).is_some_and(|scope| config.dynamic_groups.contains(scope));
        let deletion = GroupRecord::deletion(name, dynamic);
        let position = self.record(|text, config| write_group(text, &deletion, &config.registry));
        self.engine.edit_config(|config| {
            config.remove_group(name);
            false
        });
        self.objects().groups.enter(deletion, is_declared);
        Ok(position)
    }

    fn put_class(&mut self, class: ClassRecord) -> Change {
        self.check_writable()?;
        if let Some(old) = self.class_record(&class.key).cloned() {
            self.remove_class(&old.key)?;
        }
        let position = self.record(|text, config| class.write(text, &config.registry));
        self.engine.edit_config(|config| {
            match &class.key.subclass {
                None => drop(config.put_class(&class.key.class, &class.body)),
                Some(data) => drop(config.put_subclass(&class.key.class, data, &class.body)),
            }
            class.body.lease_limit > 0
        });
        self.objects().classes.enter(class);
        Ok(position)
    }

    fn class_record(&self, class: &Billing) -> Option<&ClassRecord> {
        self.lease_file.objects().classes.get(class)
    }

    /// One of dhcpd.conf is back after a restart: the lease file has no words for its end.
    fn remove_class(&mut self, class: &Billing) -> Change {
        self.check_writable()?;
        let mut position = JournalPosition::default();
        if let Some(record) = self.class_record(class).cloned() {
            position = self.record(|text, config| write_class_deletion(text, &record, &config.registry));
            self.objects().classes.remove(class);
        }
        self.engine.edit_config(|config| {
            match &class.subclass {
                None => config.remove_class(&class.class),
                Some(data) => config.remove_subclass(&class.class, data),
            }
            false
        });
        Ok(position)
    }

    fn interfaces(&self) -> Vec<Box<str>> {
        self.listeners.iter().map(|listener| listener.served.link.name.as_str().into()).collect()
    }

    fn disable_interface(&mut self, name: &str) -> bool {
        let found = self.listeners.iter_mut().find(|one| *one.served.link.name == *name && !one.is_disabled);
        let Some(listener) = found else { return false };
        listener.is_disabled = true;
        let tail = listener.tail(self.engine.config());
        for way in ["output on", "input on"] {
            self.effects.push(Effect::Log(LogKind::Info, format!("Disabling {way} {tail}")));
        }
        true
    }

    fn peer(&self, name: &str) -> Option<PeerView> {
        self.failover.view(self.peer_named(name)?)
    }

    fn set_peer_state(&mut self, name: &str, state: PeerState) -> Result<(), ResultCode> {
        self.check_writable().map_err(|_| ResultCode::IO_ERROR)?;
        let peer = self.peer_named(name).ok_or(ResultCode::NOT_FOUND)?;
        let mut leases = SharedLeases::new(self.engine, self.lease_file, self.effects);
        match self.failover.set_state(self.now, peer, state, &mut leases) {
            true => Ok(()),
            false => Err(ResultCode::INVALID_ARGUMENT),
        }
    }

    fn shut_down(&mut self) {
        *self.shut_down = true;
    }
}

#[cfg(test)]
mod tests;
