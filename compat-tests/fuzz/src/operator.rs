//! A server as OMAPI sees it, without network and lease file.

use lessor::config::model::{Config, HostId};
use lessor::eval::LogKind;
use lessor::leases::lease::{Billing, Lease, LeaseId};
use lessor::leases::objects::{ClassRecord, GroupRecord, HostRecord};
use lessor::leases::peer::PeerState;
use lessor::leases::store::LeaseStore;
use lessor::omapi::world::{Change, PeerView, World};
use lessor::wire::hardware::HardwareAddr;
use lessor::wire::omapi::ResultCode;
use lessor::wire::units::Now;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// What an operator may change.
pub struct Operated {
    pub config: Config,
    pub leases: LeaseStore,
    hosts: BTreeMap<Box<str>, HostRecord>,
    classes: Vec<ClassRecord>,
}

impl Operated {
    /// A server of a configuration.
    pub fn new(config: Config) -> Operated {
        let leases = LeaseStore::new(&config);
        Operated { config, leases, hosts: BTreeMap::new(), classes: Vec::new() }
    }

    fn change(&mut self) -> Change {
        Ok(self.leases.append(b"\n"))
    }

    fn host_where(&self, matches: impl Fn(&HostRecord) -> bool) -> Option<&str> {
        self.hosts.values().find(|host| matches(host)).map(|host| &*host.name)
    }
}

impl World for Operated {
    fn now(&self) -> Now {
        Now { wall: super::START, millis: 0 }
    }

    fn config(&self) -> &Config {
        &self.config
    }

    fn log(&mut self, _: LogKind, _: String) {}

    fn leases(&self) -> &LeaseStore {
        &self.leases
    }

    fn lease_at(&mut self, address: Ipv4Addr) -> Option<LeaseId> {
        self.leases.materialize(address)
    }

    fn change_lease(&mut self, id: LeaseId, new: Lease) -> Change {
        Ok(self.leases.supersede(id, new, super::START, true))
    }

    fn expire(&mut self) {}

    fn leases_used(&self, _: &Billing) -> u32 {
        0
    }

    fn host_name(&self, id: HostId) -> Option<&str> {
        self.config.hosts.get(id.index()).map(|host| &*host.name)
    }

    fn addresses_of(&self, _: &str) -> Vec<Ipv4Addr> {
        Vec::new()
    }

    fn host(&self, name: &str) -> Option<HostRecord> {
        self.hosts.get(name).cloned()
    }

    fn host_with_uid(&self, uid: &[u8]) -> Option<&str> {
        self.host_where(|host| *host.uid == *uid)
    }

    fn host_with_hardware(&self, hardware: &HardwareAddr) -> Option<&str> {
        self.host_where(|host| host.hardware == *hardware)
    }

    fn put_host(&mut self, host: HostRecord) -> Change {
        self.hosts.insert(host.name.clone(), host);
        self.change()
    }

    fn remove_host(&mut self, name: &str) -> Change {
        self.hosts.remove(name);
        self.change()
    }

    fn put_group(&mut self, group: GroupRecord) -> Change {
        self.config.put_group(&group.name, &group.statements);
        self.change()
    }

    fn remove_group(&mut self, name: &str) -> Change {
        self.config.remove_group(name);
        self.change()
    }

    fn put_class(&mut self, class: ClassRecord) -> Change {
        match &class.key.subclass {
            None => drop(self.config.put_class(&class.key.class, &class.body)),
            Some(data) => drop(self.config.put_subclass(&class.key.class, data, &class.body)),
        }
        self.classes.push(class);
        self.change()
    }

    fn class_record(&self, class: &Billing) -> Option<&ClassRecord> {
        self.classes.iter().find(|record| record.key == *class)
    }

    fn remove_class(&mut self, class: &Billing) -> Change {
        match &class.subclass {
            None => self.config.remove_class(&class.class),
            Some(data) => self.config.remove_subclass(&class.class, data),
        }
        self.classes.retain(|record| record.key != *class);
        self.change()
    }

    fn interfaces(&self) -> Vec<Box<str>> {
        vec!["eth0".into()]
    }

    fn disable_interface(&mut self, name: &str) -> bool {
        name == "eth0"
    }

    fn peer(&self, _: &str) -> Option<PeerView> {
        None
    }

    fn set_peer_state(&mut self, _: &str, _: PeerState) -> Result<(), ResultCode> {
        Err(ResultCode::NOT_IMPLEMENTED)
    }

    fn shut_down(&mut self) {}
}
