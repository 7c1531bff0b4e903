//! Host declarations that match a client (spec/dhcpv4.md 6.5 and 23): those of dhcpd.conf, and those made at run time that
//! the lease file keeps.

use super::intake::Request;
use super::network::subnet_on;
use crate::config::ir::Stmt;
use crate::config::model::{Config, FixedAddress, Host, HostId, NetworkId, ScopeId, SubnetId};
use crate::eval::environment::Names;
use crate::leases::objects::{DynamicHosts, HostRecord};
use crate::wire::hardware::HardwareAddr;
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::{Borrow, Cow};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Hosts of one key, in order of declaration, those made at run time last.
pub type Found<'h> = Cow<'h, [HostId]>;

/// What is known of hosts besides the configuration.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    /// Numbered behind those of the configuration. A number is not given again: leases may still name the host that was there.
    dynamic: Vec<Option<Box<Dynamic>>>,
    by_name: FxHashMap<Box<str>, HostId>,
    by_hardware: FxHashMap<HardwareAddr, Vec<HostId>>,
    by_client_id: FxHashMap<Box<[u8]>, Vec<HostId>>,
    /// Hosts of the configuration that were deleted or replaced at run time.
    hidden: FxHashSet<HostId>,
}

/// A host made at run time.
#[derive(Clone, Debug)]
struct Dynamic {
    host: Host,
    statements: Arc<[Stmt]>,
}

impl Dynamic {
    /// `around`: the scope of a host without a named group.
    fn of(record: &HostRecord, around: ScopeId) -> Dynamic {
        let host = Host {
            name: record.name.clone(),
            scope: around,
            has_own_scope: false,
            hardware: record.hardware,
            client_id: Some(record.uid.clone()).filter(|uid| !uid.is_empty()),
            identifier: None,
            fixed_addresses: (!record.fixed_addresses.is_empty()).then(|| record.fixed_addresses.as_slice().into()),
            fixed_addresses6: Box::default(),
            fixed_prefixes6: Box::default(),
            group: record.group.clone(),
            dynamic: record.dynamic,
        };
        Dynamic { host, statements: record.statements.as_slice().into() }
    }
}

/// The scope around a host of the configuration: that of its block is left out.
fn scope_around(config: &Config, host: &Host) -> ScopeId {
    let parent = config.scopes.get(host.scope.index()).and_then(|scope| scope.parent);
    parent.filter(|_| host.has_own_scope).unwrap_or(host.scope)
}

impl Hosts {
    /// Those of the lease file over a configuration.
    pub fn new(config: &Config, records: &DynamicHosts) -> Hosts {
        let mut hosts = Hosts::default();
        for record in records.records() {
            hosts.enter(config, record);
        }
        hosts
    }

    /// Enters a host, in the place of one of its name, or takes it away if it is deleted. O(1).
    pub fn enter(&mut self, config: &Config, record: &HostRecord) {
        let declared = config.host_named(&record.name);
        self.hidden.extend(declared);
        let known = self.by_name.get(&record.name).copied();
        if let Some(id) = known {
            self.unindex(config, id);
        }
        if record.deleted {
            self.by_name.remove(&record.name);
            return;
        }
        // What was written in the block around a host of the configuration holds for it as long as it is not made anew.
        let declared = declared.and_then(|id| config.hosts.get(id.index())).filter(|_| !record.dynamic);
        let around = declared.map_or(Config::ROOT, |host| scope_around(config, host));
        let dynamic = Some(Box::new(Dynamic::of(record, around)));
        let id = match known {
            Some(id) => id,
            None => {
                let id = HostId((config.hosts.len() + self.dynamic.len()) as u32);
                self.dynamic.push(None);
                self.by_name.insert(record.name.clone(), id);
                id
            }
        };
        if let Some(place) = self.place(config, id) {
            *place = dynamic;
        }
        if !record.hardware.is_none() {
            self.by_hardware.entry(record.hardware).or_default().push(id);
        }
        if !record.uid.is_empty() {
            self.by_client_id.entry(record.uid.clone()).or_default().push(id);
        }
    }

    fn place(&mut self, config: &Config, id: HostId) -> Option<&mut Option<Box<Dynamic>>> {
        self.dynamic.get_mut(id.index().checked_sub(config.hosts.len())?)
    }

    /// Takes a host out of its place and of all indexes but that of names.
    fn unindex(&mut self, config: &Config, id: HostId) {
        let Some(old) = self.place(config, id).and_then(Option::take) else { return };
        forget(&mut self.by_hardware, &old.host.hardware, id);
        if let Some(uid) = &old.host.client_id {
            forget(&mut self.by_client_id, uid, id);
        }
    }

    /// All hosts of a configuration, those made at run time over its own.
    pub fn over<'a>(&'a self, config: &'a Config) -> AllHosts<'a> {
        AllHosts { config, hosts: self }
    }
}

/// Takes a host out of an index.
fn forget<K: Eq + std::hash::Hash + Borrow<Q>, Q: Eq + std::hash::Hash + ?Sized>(
    index: &mut FxHashMap<K, Vec<HostId>>,
    key: &Q,
    id: HostId,
) {
    if let Some(hosts) = index.get_mut(key) {
        hosts.retain(|other| *other != id);
        if hosts.is_empty() {
            index.remove(key);
        }
    }
}

/// All hosts: those of a configuration, and those made at run time.
#[derive(Clone, Copy, Debug)]
pub struct AllHosts<'a> {
    config: &'a Config,
    hosts: &'a Hosts,
}

impl<'a> AllHosts<'a> {
    /// The host of that number.
    pub fn get(self, id: HostId) -> Option<&'a Host> {
        let declared = self.config.hosts.get(id.index());
        declared.or_else(|| self.dynamic_host(id).map(|dynamic| &dynamic.host))
    }

    fn dynamic_host(self, id: HostId) -> Option<&'a Dynamic> {
        self.hosts.dynamic.get(id.index().checked_sub(self.config.hosts.len())?)?.as_deref()
    }

    /// The host's scope, and the statements that a host made at run time has besides. A named group is looked up when it is
    /// needed: it may be another than when the host was made.
    pub fn scope(self, id: HostId) -> Option<(ScopeId, Option<&'a Arc<[Stmt]>>)> {
        let host = self.get(id)?;
        let Some(dynamic) = self.dynamic_host(id) else { return Some((host.scope, None)) };
        let group = host.group.as_ref().and_then(|group| self.config.scope_of_group(group));
        Some((group.unwrap_or(host.scope), Some(&dynamic.statements)))
    }

    /// The live host of that name.
    pub fn named(self, name: &str) -> Option<HostId> {
        let dynamic = self.hosts.by_name.get(name).copied();
        dynamic.or_else(|| self.config.host_named(name).filter(|id| !self.hosts.hidden.contains(id)))
    }

    /// What a lease file would say of a host.
    pub fn record(self, id: HostId) -> Option<HostRecord> {
        let host = self.get(id)?;
        let statements = match self.dynamic_host(id) {
            Some(dynamic) => dynamic.statements.to_vec(),
            None if host.has_own_scope => self.config.scopes.get(host.scope.index())?.statements.clone(),
            None => Vec::new(),
        };
        Some(HostRecord {
            name: host.name.clone(),
            dynamic: host.dynamic,
            deleted: false,
            hardware: host.hardware,
            uid: host.client_id.clone().unwrap_or_default(),
            fixed_addresses: host.fixed_addresses.as_deref().unwrap_or_default().to_vec(),
            group: host.group.clone(),
            statements,
        })
    }

    /// The hosts of a client identifier, in order of declaration, those made at run time last.
    pub fn with_client_id(self, uid: &[u8]) -> Found<'a> {
        self.overlaid(self.config.hosts_with_client_id(uid), self.hosts.by_client_id.get(uid))
    }

    /// The hosts of a hardware address, likewise.
    pub fn with_hardware(self, hardware: &HardwareAddr) -> Found<'a> {
        self.overlaid(self.config.hosts_with_hardware(hardware), self.hosts.by_hardware.get(hardware))
    }

    fn is_empty(self) -> bool {
        self.config.hosts.is_empty() && self.hosts.by_name.is_empty()
    }

    /// The hosts of the first key that has any: client identifier, hardware, option. Empty if the client is unknown.
    pub fn matching(self, request: &Request<'_>) -> Found<'a> {
        if self.is_empty() {
            return Found::default();
        }
        let mut found = self.by_client_id(request);
        if found.is_empty() {
            found = self.by_hardware(request);
        }
        if found.is_empty() {
            found = self.by_identifier(request);
        }
        found
    }

    /// The first host without a fixed address, by client identifier, else hardware, else option. Unlike with `matching`,
    /// hosts of an earlier key that all have addresses do not hide those of a later one.
    pub fn without_address(self, request: &Request<'_>) -> Option<HostId> {
        if self.is_empty() {
            return None;
        }
        self.first_without_address(&self.by_client_id(request))
            .or_else(|| self.first_without_address(&self.by_hardware(request)))
            .or_else(|| self.first_without_address(&self.by_identifier(request)))
    }

    /// The first of the hosts without a fixed address.
    pub fn first_without_address(self, hosts: &[HostId]) -> Option<HostId> {
        hosts.iter().copied().find(|id| self.get(*id).is_some_and(|host| host.fixed_addresses.is_none()))
    }

    /// Hosts whose client identifier the request carries.
    pub fn by_client_id(self, request: &Request<'_>) -> Found<'a> {
        request.uid().map_or_else(Found::default, |uid| self.with_client_id(uid))
    }

    /// Hosts of the request's hardware address.
    pub fn by_hardware(self, request: &Request<'_>) -> Found<'a> {
        self.with_hardware(&request.hardware)
    }

    /// Hosts whose `host-identifier` option the request carries.
    fn by_identifier(self, request: &Request<'_>) -> Found<'a> {
        let mut tables = self.config.index.hosts_by_identifier.iter().rev();
        let found = tables.find_map(|table| {
            let value = request.value(table.option.key).filter(|value| !value.is_empty())?;
            let declared = self.config.hosts_with_identifier(table, value);
            Some(self.overlaid(declared, None)).filter(|hosts| !hosts.is_empty())
        });
        found.unwrap_or_default()
    }

    fn overlaid(self, declared: &'a [HostId], dynamic: Option<&Vec<HostId>>) -> Found<'a> {
        if dynamic.is_none() && !declared.iter().any(|id| self.hosts.hidden.contains(id)) {
            return Cow::Borrowed(declared);
        }
        let visible = declared.iter().filter(|id| !self.hosts.hidden.contains(id));
        Cow::Owned(visible.chain(dynamic.into_iter().flatten()).copied().collect())
    }

    /// The first address of the hosts, in order, that lies on the shared network. What is wrong with names goes to `complain`.
    pub fn fixed_on(
        self,
        hosts: &[HostId],
        network: NetworkId,
        names: &Names,
        complain: &mut impl FnMut(String),
    ) -> Option<Fixed> {
        hosts.iter().find_map(|id| {
            let on_network = |address| subnet_on(self.config, network, address).map(|subnet| (address, subnet));
            let (address, subnet) = each_address(self.get(*id)?, names, complain, on_network)?;
            Some(Fixed { host: *id, address, subnet })
        })
    }

    /// True if one of the host's fixed addresses is that one.
    pub fn has_address(self, id: HostId, address: Ipv4Addr, names: &Names, complain: &mut impl FnMut(String)) -> bool {
        let is_it = |other| (other == address).then_some(());
        self.get(id).and_then(|host| each_address(host, names, complain, is_it)).is_some()
    }
}

/// A fixed address, its subnet and the host that declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    pub host: HostId,
    pub address: Ipv4Addr,
    pub subnet: SubnetId,
}

/// What `visit` returns for the first fixed address of a host for which it returns something.
fn each_address<T>(
    host: &Host,
    names: &Names,
    complain: &mut impl FnMut(String),
    visit: impl Fn(Ipv4Addr) -> Option<T>,
) -> Option<T> {
    host.fixed_addresses.iter().flat_map(|all| all.iter()).find_map(|fixed| match fixed {
        FixedAddress::Address(address) => visit(*address),
        FixedAddress::Name(name) => names.find(name, &mut *complain).iter().find_map(|address| visit(*address)),
    })
}
