//! On which shared network is the client (spec/dhcpv4.md 4)? Pure.

use crate::config::model::{Config, NetworkId, SubnetId};
use std::net::Ipv4Addr;

/// What of a packet chooses the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// Sub-option 5 of option 82.
    pub link_selection: Option<&'a [u8]>,
    /// Option 118.
    pub subnet_selection: Option<&'a [u8]>,
    pub giaddr: Option<Ipv4Addr>,
}

impl Hints<'_> {
    /// The selector, if there is one: four octets, or nothing that could be an address.
    pub fn selector(&self) -> Option<Result<Ipv4Addr, ()>> {
        let octets = self.link_selection.or(self.subnet_selection)?;
        Some(<[u8; 4]>::try_from(octets).map(Ipv4Addr::from).map_err(drop))
    }

    /// The client's network; `received_on` is that of the interface.
    pub fn network(&self, config: &Config, received_on: NetworkId) -> Option<NetworkId> {
        let address = match (self.selector(), self.giaddr) {
            (Some(selected), _) => selected.ok()?,
            (None, Some(giaddr)) => giaddr,
            (None, None) => return Some(received_on),
        };
        network_of(config, config.subnet_of(address)?)
    }
}

/// The shared network of a subnet.
pub fn network_of(config: &Config, subnet: SubnetId) -> Option<NetworkId> {
    config.subnets.get(subnet.index()).map(|subnet| subnet.network)
}

/// The subnet of one shared network that holds an address.
pub fn subnet_on(config: &Config, network: NetworkId, address: Ipv4Addr) -> Option<SubnetId> {
    let first = config.subnet_of(address)?;
    if network_of(config, first) == Some(network) {
        return Some(first);
    }
    // The address may also lie in a wider subnet, of this network, around the first one found.
    let shared = config.networks.get(network.index())?;
    let holds = |id: &SubnetId| config.subnets.get(id.index()).is_some_and(|subnet| subnet.contains(address));
    shared.subnets.iter().copied().find(holds)
}
