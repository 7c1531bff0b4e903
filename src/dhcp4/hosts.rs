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
use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Hosts of one key, in order of declaration, those made at run time last.
pub type Found<'h> = Cow<'h, [HostId]>;

/// All hosts.
#[derive(Debug)]
pub struct Hosts {
    config: Arc<Config>,
    /// Numbered behind those of the configuration.
    dynamic: Vec<Dynamic>,
    by_hardware: FxHashMap<HardwareAddr, Vec<HostId>>,
    by_client_id: FxHashMap<Box<[u8]>, Vec<HostId>>,
    /// Hosts of the configuration that were deleted or replaced at run time.
    hidden: FxHashSet<HostId>,
}

/// A host made at run time.
#[derive(Debug)]
struct Dynamic {
    host: Host,
    statements: Arc<[Stmt]>,
}

impl Dynamic {
    fn of(config: &Config, record: &HostRecord) -> Dynamic {
        let scope = record.group.as_ref().and_then(|group| config.groups.get(group)).copied();
        let host = Host {
            name: record.name.clone(),
            scope: scope.unwrap_or(Config::ROOT),
            hardware: record.hardware,
            client_id: Some(record.uid.clone()).filter(|uid| !uid.is_empty()),
            identifier: None,
            fixed_addresses: (!record.fixed_addresses.is_empty()).then(|| record.fixed_addresses.as_slice().into()),
            fixed_addresses6: Box::default(),
            fixed_prefixes6: Box::default(),
            group: record.group.clone(),
            dynamic: true,
        };
        Dynamic { host, statements: record.statements.as_slice().into() }
    }
}

impl Hosts {
    /// Those of a configuration, under those of the lease file.
    pub fn new(config: Arc<Config>, records: &DynamicHosts) -> Hosts {
        let mut hosts = Hosts {
            dynamic: Vec::new(),
            by_hardware: FxHashMap::default(),
            by_client_id: FxHashMap::default(),
            hidden: FxHashSet::default(),
            config,
        };
        for record in records.records() {
            hosts.hidden.extend(hosts.config.host_named(&record.name));
            if record.deleted {
                continue;
            }
            let id = HostId((hosts.config.hosts.len() + hosts.dynamic.len()) as u32);
            if !record.hardware.is_none() {
                hosts.by_hardware.entry(record.hardware).or_default().push(id);
            }
            if !record.uid.is_empty() {
                hosts.by_client_id.entry(record.uid.clone()).or_default().push(id);
            }
            hosts.dynamic.push(Dynamic::of(&hosts.config, record));
        }
        hosts
    }

    /// The host of that number.
    pub fn get(&self, id: HostId) -> Option<&Host> {
        let declared = self.config.hosts.get(id.index());
        declared.or_else(|| self.dynamic_host(id).map(|dynamic| &dynamic.host))
    }

    fn dynamic_host(&self, id: HostId) -> Option<&Dynamic> {
        self.dynamic.get(id.index().checked_sub(self.config.hosts.len())?)
    }

    /// The host's scope, and the statements that a host made at run time has besides.
    pub fn scope(&self, id: HostId) -> Option<(ScopeId, Option<&Arc<[Stmt]>>)> {
        let dynamic = self.dynamic_host(id).map(|dynamic| &dynamic.statements);
        Some((self.get(id)?.scope, dynamic))
    }

    fn is_empty(&self) -> bool {
        self.config.hosts.is_empty() && self.dynamic.is_empty()
    }

    /// The hosts of the first key that has any: client identifier, hardware, option. Empty if the client is unknown.
    pub fn matching(&self, request: &Request<'_>) -> Found<'_> {
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
    pub fn without_address(&self, request: &Request<'_>) -> Option<HostId> {
        if self.is_empty() {
            return None;
        }
        self.first_without_address(&self.by_client_id(request))
            .or_else(|| self.first_without_address(&self.by_hardware(request)))
            .or_else(|| self.first_without_address(&self.by_identifier(request)))
    }

    /// The first of the hosts without a fixed address.
    pub fn first_without_address(&self, hosts: &[HostId]) -> Option<HostId> {
        hosts.iter().copied().find(|id| self.get(*id).is_some_and(|host| host.fixed_addresses.is_none()))
    }

    /// Hosts whose client identifier the request carries.
    pub fn by_client_id(&self, request: &Request<'_>) -> Found<'_> {
        let Some(uid) = request.uid() else { return Found::default() };
        self.overlaid(self.config.hosts_with_client_id(uid), self.by_client_id.get(uid))
    }

    /// Hosts of the request's hardware address.
    pub fn by_hardware(&self, request: &Request<'_>) -> Found<'_> {
        let declared = self.config.hosts_with_hardware(&request.hardware);
        self.overlaid(declared, self.by_hardware.get(&request.hardware))
    }

    /// Hosts whose `host-identifier` option the request carries.
    fn by_identifier(&self, request: &Request<'_>) -> Found<'_> {
        let mut tables = self.config.index.hosts_by_identifier.iter().rev();
        let found = tables.find_map(|table| {
            let value = request.value(table.option.key).filter(|value| !value.is_empty())?;
            let declared = self.config.hosts_with_identifier(table, value);
            Some(self.overlaid(declared, None)).filter(|hosts| !hosts.is_empty())
        });
        found.unwrap_or_default()
    }

    fn overlaid<'h>(&self, declared: &'h [HostId], dynamic: Option<&Vec<HostId>>) -> Found<'h> {
        if dynamic.is_none() && !declared.iter().any(|id| self.hidden.contains(id)) {
            return Cow::Borrowed(declared);
        }
        let visible = declared.iter().filter(|id| !self.hidden.contains(id));
        Cow::Owned(visible.chain(dynamic.into_iter().flatten()).copied().collect())
    }

    /// The first address of the hosts, in order, that lies on the shared network.
    pub fn fixed_on(&self, hosts: &[HostId], network: NetworkId, names: &Names) -> Option<Fixed> {
        hosts.iter().find_map(|id| {
            let mut found = None;
            each_address(self.get(*id)?, names, |address| {
                let subnet = subnet_on(&self.config, network, address)?;
                found = Some(Fixed { host: *id, address, subnet });
                found.map(drop)
            });
            found
        })
    }

    /// True if one of the host's fixed addresses is that one.
    pub fn has_address(&self, id: HostId, address: Ipv4Addr, names: &Names) -> bool {
        let mut found = false;
        if let Some(host) = self.get(id) {
            each_address(host, names, |a| {
                found |= a == address;
                found.then_some(())
            });
        }
        found
    }
}

/// A fixed address, its subnet and the host that declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    pub host: HostId,
    pub address: Ipv4Addr,
    pub subnet: SubnetId,
}

/// Calls `visit` for each fixed address of a host until it returns something.
fn each_address(host: &Host, names: &Names, mut visit: impl FnMut(Ipv4Addr) -> Option<()>) {
    for fixed in host.fixed_addresses.iter().flat_map(|all| all.iter()) {
        let done = match fixed {
            FixedAddress::Address(address) => visit(*address),
            FixedAddress::Name(name) => {
                names.addresses.get(name).into_iter().flatten().find_map(|address| visit(*address))
            }
        };
        if done.is_some() {
            return;
        }
    }
}
