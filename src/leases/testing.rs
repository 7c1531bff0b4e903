//! Configurations for the tests of this floor, built by hand.

use crate::config::model::{
    Class, Config, FailoverPeer, Index, NetworkId, PeerId, Pool, PoolId, Range, Scope, ScopeId, SharedNetwork, SubnetId,
};
use crate::options::registry::Registry;
use crate::wire::units::Seconds;
use std::net::Ipv4Addr;

/// What to build: networks with their pools, and a pool's ranges.
#[derive(Debug, Default)]
pub struct Site {
    pub networks: Vec<Vec<Vec<(Ipv4Addr, Ipv4Addr)>>>,
    pub classes: Vec<String>,
    pub peers: Vec<String>,
}

impl Site {
    /// One network with these pools; ranges are written `low-high`.
    pub fn one_network(pools: &[&[&str]]) -> Site {
        let range = |text: &&str| {
            let (low, high) = text.split_once('-').unwrap_or((text, text));
            (low.parse().unwrap(), high.parse().unwrap())
        };
        let pools = pools.iter().map(|ranges| ranges.iter().map(range).collect()).collect();
        Site { networks: vec![pools], ..Site::default() }
    }

    /// The configuration. Every network has one scope, the root, and one subnet.
    pub fn build(&self) -> Config {
        let mut config = Config {
            registry: Registry::builtin().into(),
            scopes: vec![Scope::default()],
            networks: Vec::new(),
            subnets: Vec::new(),
            pools: Vec::new(),
            hosts: Vec::new(),
            classes: self.classes.iter().map(|name| class(name)).collect(),
            groups: Default::default(),
            keys: Vec::new(),
            zones: Vec::new(),
            peers: self.peers.iter().map(|name| peer(name)).collect(),
            server_duid: None,
            lease_id_hex: false,
            local_times: false,
            index: Index::default(),
            declared_classes: self.classes.len(),
            dynamic_groups: Default::default(),
            ended_groups: Default::default(),
            spare: Default::default(),
        };
        let peer = (!self.peers.is_empty()).then_some(PeerId(0));
        for (number, pools) in self.networks.iter().enumerate() {
            let (network, subnet) = (NetworkId(number as u32), SubnetId(number as u32));
            let mut ids = Vec::new();
            for ranges in pools {
                let id = PoolId(config.pools.len() as u32);
                ids.push(id);
                for (low, high) in ranges {
                    config.index.ranges.push(((*low).into(), (*high).into(), id, subnet));
                }
                let ranges = ranges.iter().map(|(low, high)| Range { low: *low, high: *high, subnet }).collect();
                config.pools.push(pool(network, ranges, peer));
            }
            config.networks.push(shared_network(ids));
        }
        config.index.ranges.sort_unstable();
        config
    }
}

fn pool(network: NetworkId, ranges: Vec<Range>, failover_peer: Option<PeerId>) -> Pool {
    Pool {
        network,
        scope: ScopeId(0),
        permit: Vec::new(),
        prohibit: Vec::new(),
        ranges,
        failover_peer,
        valid_from: None,
        valid_until: None,
    }
}

fn shared_network(pools: Vec<PoolId>) -> SharedNetwork {
    SharedNetwork {
        name: "net".into(),
        scope: ScopeId(0),
        subnets: Vec::new(),
        pools,
        failover_peer: None,
        interface: None,
        subnets6: Vec::new(),
        pools6: Vec::new(),
    }
}

fn class(name: &str) -> Class {
    Class {
        name: name.into(),
        superclass: None,
        scope: ScopeId(0),
        condition: None,
        submatch: None,
        spawning: false,
        lease_limit: 0,
        subclasses: Default::default(),
        dynamic: false,
    }
}

fn peer(name: &str) -> FailoverPeer {
    FailoverPeer {
        name: name.into(),
        primary: true,
        address: None,
        peer_address: None,
        port: 647,
        peer_port: 647,
        max_response_delay: Seconds(60),
        max_unacked_updates: 10,
        mclt: Seconds(3600),
        hba: None,
        load_balance_max_seconds: 3,
        max_lease_misbalance: 15,
        max_lease_ownership: 10,
        min_balance: Seconds(60),
        max_balance: Seconds(3600),
        auto_partner_down: Seconds(0),
        referring_pools: 1,
    }
}
