//! Host declarations that match a client (spec/dhcpv4.md 6.5 and 23).

use super::intake::Request;
use super::network::subnet_on;
use crate::config::model::{Config, FixedAddress, Host, HostId, NetworkId, SubnetId};
use crate::eval::environment::Names;
use std::net::Ipv4Addr;

/// By what hosts are found, in the order they are tried.
const SEARCHES: [Search; 3] = [by_client_id, by_hardware, by_identifier];

type Search = for<'c> fn(&'c Config, &Request<'_>) -> &'c [HostId];

/// The hosts of the first key that has any; empty if the client is unknown.
pub fn matching<'c>(config: &'c Config, request: &Request<'_>) -> &'c [HostId] {
    if config.hosts.is_empty() {
        return &[];
    }
    SEARCHES.iter().map(|search| search(config, request)).find(|found| !found.is_empty()).unwrap_or_default()
}

/// The first host without a fixed address, by client identifier, else hardware, else option. Unlike `matching`, hosts of an
/// earlier key that all have addresses do not hide those of a later one.
pub fn without_address(config: &Config, request: &Request<'_>) -> Option<HostId> {
    if config.hosts.is_empty() {
        return None;
    }
    SEARCHES.iter().find_map(|search| first_without_address(config, search(config, request)))
}

/// The first of the hosts without a fixed address.
pub fn first_without_address(config: &Config, hosts: &[HostId]) -> Option<HostId> {
    hosts.iter().copied().find(|id| host(config, *id).is_some_and(|host| host.fixed_addresses.is_none()))
}

/// The host of that number.
pub fn host(config: &Config, id: HostId) -> Option<&Host> {
    config.hosts.get(id.index())
}

/// Hosts whose client identifier the request carries.
pub fn by_client_id<'c>(config: &'c Config, request: &Request<'_>) -> &'c [HostId] {
    request.uid().map_or(&[], |uid| config.hosts_with_client_id(uid))
}

/// Hosts of the request's hardware address.
pub fn by_hardware<'c>(config: &'c Config, request: &Request<'_>) -> &'c [HostId] {
    config.hosts_with_hardware(&request.hardware)
}

/// Hosts whose `host-identifier` option the request carries.
fn by_identifier<'c>(config: &'c Config, request: &Request<'_>) -> &'c [HostId] {
    let mut tables = config.index.hosts_by_identifier.iter().rev();
    let found = tables.find_map(|table| {
        let value = request.value(table.option.key).filter(|value| !value.is_empty())?;
        Some(config.hosts_with_identifier(table, value)).filter(|hosts| !hosts.is_empty())
    });
    found.unwrap_or_default()
}

/// A fixed address, its subnet and the host that declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    pub host: HostId,
    pub address: Ipv4Addr,
    pub subnet: SubnetId,
}

/// The first address of the hosts, in order, that lies on the shared network.
pub fn fixed_on(config: &Config, hosts: &[HostId], network: NetworkId, names: &Names) -> Option<Fixed> {
    hosts.iter().find_map(|id| {
        let mut found = None;
        each_address(host(config, *id)?, names, |address| {
            let subnet = subnet_on(config, network, address)?;
            found = Some(Fixed { host: *id, address, subnet });
            found.map(drop)
        });
        found
    })
}

/// True if one of the host's fixed addresses is that one.
pub fn has_address(config: &Config, id: HostId, address: Ipv4Addr, names: &Names) -> bool {
    let mut found = false;
    if let Some(host) = host(config, id) {
        each_address(host, names, |a| {
            found |= a == address;
            found.then_some(())
        });
    }
    found
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
