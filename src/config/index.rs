//! The end of loading: the state becomes a configuration, with its indexes.

use super::host_table::HostTable;
use super::model::{Config, Host, HostId, IdentifierTable, Index, Subnet, SubnetId};
use super::state::State;
use crate::options::registry::{OptionDef, OptionKey};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is known when the last statement has been read, made into a configuration.
pub fn finish(mut state: State) -> Config {
    remove_deleted_hosts(&mut state);
    state.hosts.shrink_to_fit();
    state.scopes.shrink_to_fit();
    let mut index = Index {
        top_classes: state.top_classes,
        classes_by_name: state.class_names,
        ranges: ranges(&state.pools),
        ..Index::default()
    };
    let order: Vec<SubnetId> =
        state.search.in_order().filter_map(|number| state.searched.get(number as usize).copied().flatten()).collect();
    index_subnets(&mut index, &state.subnets, &order);
    index_hosts(&mut index, &state.hosts);
    Config {
        declared_classes: state.classes.len(),
        dynamic_groups: Default::default(),
        ended_groups: Default::default(),
        spare: Default::default(),
        registry: Arc::new(state.registry),
        scopes: state.scopes,
        networks: state.networks,
        subnets: state.subnets,
        pools: state.pools,
        hosts: state.hosts,
        classes: state.classes,
        groups: state.groups,
        keys: state.keys,
        zones: state.zones,
        peers: state.peers,
        server_duid: state.server_duid,
        lease_id_hex: state.lease_id_hex,
        local_times: state.local_times,
        index,
    }
}

fn remove_deleted_hosts(state: &mut State) {
    if !state.deleted_hosts.is_empty() {
        let mut id = 0;
        state.hosts.retain(|_| {
            id += 1;
            !state.deleted_hosts.contains(&HostId(id - 1))
        });
    }
}

fn ranges(pools: &[super::model::Pool]) -> Vec<(u32, u32, super::model::PoolId, SubnetId)> {
    let mut stretches: Vec<_> = pools
        .iter()
        .enumerate()
        .flat_map(|(at, pool)| {
            let id = super::model::PoolId(at as u32);
            pool.ranges.iter().map(move |range| (u32::from(range.low), u32::from(range.high), id, range.subnet))
        })
        .collect();
    stretches.sort_unstable();
    stretches
}

/// `order` is ISC's search order.
fn index_subnets(index: &mut Index, subnets: &[Subnet], order: &[SubnetId]) {
    let mut stretches = Vec::with_capacity(order.len());
    for (rank, id) in order.iter().enumerate() {
        let subnet = &subnets[id.index()];
        let (address, mask) = (u32::from(subnet.address), u32::from(subnet.netmask));
        if mask.leading_ones() + mask.trailing_zeros() >= 32 {
            stretches.push((address, address | !mask, rank as u32, *id));
        } else {
            index.odd_subnets.push((rank as u32, *id));
        }
    }
    if !index.odd_subnets.is_empty() {
        index.ranks = vec![u32::MAX; subnets.len()];
        for (rank, id) in order.iter().enumerate() {
            index.ranks[id.index()] = rank as u32;
        }
    }
    index.subnets = first_of_each_address(stretches);
}

/// Stretches `low, high, rank` that may overlap, cut into disjoint ones of the lowest rank each.
fn first_of_each_address(stretches: Vec<(u32, u32, u32, SubnetId)>) -> Vec<(u32, u32, SubnetId)> {
    let mut begins: Vec<(u32, usize)> = stretches.iter().enumerate().map(|(at, s)| (s.0, at)).collect();
    let mut cuts: Vec<u64> =
        stretches.iter().flat_map(|(low, high, _, _)| [u64::from(*low), u64::from(*high) + 1]).collect();
    begins.sort_unstable();
    cuts.sort_unstable();
    cuts.dedup();
    let mut begins = begins.into_iter().peekable();
    let mut open: BTreeSet<(u32, usize)> = BTreeSet::new();
    let mut disjoint: Vec<(u32, u32, SubnetId)> = Vec::new();
    for cut in cuts.windows(2) {
        let (low, high) = (cut[0] as u32, (cut[1] - 1) as u32);
        while let Some((_, at)) = begins.next_if(|(begin, _)| *begin <= low) {
            open.insert((stretches[at].2, at));
        }
        // What has ended is dropped when it comes to the front.
        while open.first().is_some_and(|(_, at)| stretches[*at].1 < low) {
            open.pop_first();
        }
        let Some((_, at)) = open.first() else { continue };
        let id = stretches[*at].3;
        match disjoint.last_mut() {
            Some(last) if last.2 == id && u64::from(last.1) + 1 == u64::from(low) => last.1 = high,
            _ => disjoint.push((low, high, id)),
        }
    }
    disjoint
}

fn index_hosts(index: &mut Index, hosts: &[Host]) {
    let those = |wanted: &dyn Fn(&Host) -> bool| {
        (0..hosts.len() as u32).map(HostId).filter(|id| wanted(&hosts[id.index()])).collect::<Vec<_>>()
    };
    let host = |id: HostId| &hosts[id.index()];
    index.hosts_by_name = HostTable::build(those(&|_| true).into_iter(), |id| host(id).name.as_bytes());
    let with_hardware = those(&|host| !host.hardware.is_none());
    index.hosts_by_hardware = HostTable::build(with_hardware.into_iter(), |id| host(id).hardware.as_bytes());
    let client_id = |id| host(id).client_id.as_deref().unwrap_or(&[]);
    index.hosts_by_client_id = HostTable::build(those(&|host| host.client_id.is_some()).into_iter(), client_id);

    let mut identifiers: Vec<(OptionKey, u32, Arc<OptionDef>, Vec<HostId>)> = Vec::new();
    for id in those(&|host| host.identifier.is_some()) {
        let Some(identifier) = &host(id).identifier else { continue };
        let (key, relay) = (identifier.option.key, identifier.relay);
        // ISC compares the code alone, whatever the space.
        match identifiers.iter_mut().find(|(other, at, _, _)| (other.code, *at) == (key.code, relay)) {
            Some((_, _, _, hosts)) => hosts.push(id),
            None => identifiers.push((key, relay, identifier.option.clone(), vec![id])),
        }
    }
    let value = |id| host(id).identifier.as_ref().map_or(&[][..], |identifier| &identifier.value);
    index.hosts_by_identifier = identifiers
        .into_iter()
        .map(|(_, relay, option, hosts)| IdentifierTable {
            option,
            relay,
            hosts: HostTable::build(hosts.into_iter(), value),
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_lowest_rank_has_each_address(
            stretches in proptest::collection::vec((0_u32..200, 0_u32..60), 1..30)
        ) {
            let stretches: Vec<_> = stretches
                .into_iter()
                .enumerate()
                .map(|(at, (low, length))| (low, low + length, at as u32, SubnetId(at as u32)))
                .collect();
            let disjoint = first_of_each_address(stretches.clone());
            for pair in disjoint.windows(2) {
                prop_assert!(pair[0].1 < pair[1].0);
            }
            for address in 0..300 {
                let expected = stretches.iter().find(|s| s.0 <= address && address <= s.1).map(|s| s.3);
                let found = disjoint.iter().find(|s| s.0 <= address && address <= s.1).map(|s| s.2);
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn the_whole_address_space_is_one_stretch() {
        assert_eq!(first_of_each_address(vec![(0, u32::MAX, 0, SubnetId(0))]), [(0, u32::MAX, SubnetId(0))]);
    }
}
