//! `range` in a subnet or pool, and the pools that ISC makes up for ranges outside of any (spec/config-language.md 7.2).

use super::declare::Declarer;
use super::model::{NetworkId, PermitRule, Pool, PoolId, Range, SubnetId};
use super::network::BOTH_FAMILIES;
use super::place::{BlockKind, Place, SubnetAt};
use super::pool::merge_key;
use super::state::Stop;
use crate::syntax::source::Span;
use std::net::Ipv4Addr;

/// So many addresses that are declared twice are complained about one by one.
const MAX_TWICE: usize = 1000;

/// What ISC has to say about BOOTP and failover.
const NO_BOOTP_WITH_FAILOVER: &[&str] = &[
    "range declarations where there is a failover",
    "peer in scope.   If you wish to declare an",
    "address range from which dynamic bootp leases",
    "can be allocated, please declare it within a",
    "pool declaration that also contains the \"no",
    "failover\" statement.   The failover protocol",
    "itself does not permit dynamic bootp - this",
    "is not a limitation specific to the ISC DHCP",
    "server.   Please don't ask me to defend this",
    "until you have read and really tried to understand",
    "the failover protocol specification.",
];

impl Declarer<'_> {
    /// A range of `place`, a subnet or shared network, in `pool` or outside of pools. True if it is one.
    pub fn range(
        &mut self,
        place: &Place,
        pool: Option<&mut Pool>,
        dynamic_bootp: bool,
        low: Ipv4Addr,
        high: Option<Ipv4Addr>,
        span: Span,
    ) -> Result<bool, Stop> {
        let high = high.unwrap_or(low);
        let Some(network) = place.network else { return Ok(false) };
        let Some(subnet) = self.subnet_of_range(place, network, low, span)? else { return Ok(false) };
        let implicit = match &pool {
            Some(_) => None,
            None => Some(self.implicit_pool(network, dynamic_bootp)),
        };
        let peer = match (&pool, implicit) {
            (Some(pool), _) => pool.failover_peer,
            (None, Some(id)) => self.state.pools[id.index()].failover_peer,
            (None, None) => None,
        };
        if dynamic_bootp && peer.is_some() {
            self.state.log.complain(span, "dynamic-bootp", "dynamic-bootp flag is not permitted for address");
            for line in NO_BOOTP_WITH_FAILOVER {
                self.state.log.error(*line);
            }
        }
        self.check_in_subnet(subnet, low)?;
        self.check_in_subnet(subnet, high)?;
        let range = Range { low: low.min(high), high: low.max(high), subnet };
        self.claim(&range, span);
        match (pool, implicit) {
            (Some(pool), _) => pool.ranges.push(range),
            (None, Some(id)) => self.state.pools[id.index()].ranges.push(range),
            (None, None) => {}
        }
        Ok(true)
    }

    /// The subnet of a range: the block's, or in a shared network the first one declared so far that holds `low`.
    fn subnet_of_range(
        &mut self,
        place: &Place,
        network: NetworkId,
        low: Ipv4Addr,
        span: Span,
    ) -> Result<Option<SubnetId>, Stop> {
        match (place.kind, place.subnet) {
            (BlockKind::Subnet, Some(SubnetAt::V4(subnet))) => return Ok(Some(subnet)),
            (BlockKind::Subnet, Some(SubnetAt::V6 { .. })) => return Err(self.state.fatal(BOTH_FAMILIES)),
            _ => {}
        }
        let network = &self.state.networks[network.index()];
        if !network.subnets6.is_empty() {
            return Err(self.state.fatal(BOTH_FAMILIES));
        }
        let found = network.subnets.iter().find(|id| self.state.subnets[id.index()].contains(low)).copied();
        if found.is_none() {
            let text = format!("address range not on network {}", network.name);
            self.state.log.complain(span, "range", text);
            self.state.log.error("Be sure to place pool statement after related subnet declarations.");
        }
        Ok(found)
    }

    fn check_in_subnet(&mut self, subnet: SubnetId, address: Ipv4Addr) -> Result<(), Stop> {
        let subnet = &self.state.subnets[subnet.index()];
        if subnet.contains(address) {
            return Ok(());
        }
        let text = format!("bad range, address {address} not in subnet {} netmask {}", subnet.address, subnet.netmask);
        Err(self.state.fatal(text))
    }

    /// Complains about each address that is in a range already, as far as that makes sense.
    fn claim(&mut self, range: &Range, span: Span) {
        for (from, to) in self.state.claims.claim(range.low.into(), range.high.into()) {
            let mut next = Some(from);
            while let Some(address) = next.filter(|address| *address <= to) {
                if self.state.claims.complaints >= MAX_TWICE {
                    let text =
                        format!("leases {} to {} are declared twice!", Ipv4Addr::from(address), Ipv4Addr::from(to));
                    self.state.log.complain(span, "declared-twice", text);
                    break;
                }
                self.state.claims.complaints += 1;
                let text = format!("lease {} is declared twice!", Ipv4Addr::from(address));
                self.state.log.complain(span, "declared-twice", text);
                next = address.checked_add(1);
            }
        }
    }

    /// The pool for ranges outside of pools: one that refuses BOOTP clients, one for all clients. ISC looks for the first pool
    /// like it, but takes the one *before* it unless it is the first of all.
    fn implicit_pool(&mut self, network: NetworkId, dynamic_bootp: bool) -> PoolId {
        let draft = &self.state.drafts[network.index()];
        let found = if dynamic_bootp { draft.bootp_pool } else { draft.plain_pool };
        match found {
            Some(at) => self.state.networks[network.index()].pools[at.saturating_sub(1)],
            None => {
                let scope = self.state.networks[network.index()].scope;
                let mut pool = Pool {
                    network,
                    scope: self.state.new_scope(scope),
                    permit: Vec::new(),
                    prohibit: Vec::new(),
                    ranges: Vec::new(),
                    failover_peer: None,
                    valid_from: None,
                    valid_until: None,
                };
                if dynamic_bootp {
                    pool.permit.push(PermitRule::AllClients);
                } else {
                    pool.prohibit.push(PermitRule::DynamicBootpClients);
                }
                self.add_pool(pool)
            }
        }
    }

    /// Adds a pool to the end of its network's list.
    pub fn add_pool(&mut self, pool: Pool) -> PoolId {
        let id = PoolId(self.state.pools.len() as u32);
        let network = pool.network.index();
        let at = self.state.networks[network].pools.len();
        self.state.networks[network].pools.push(id);
        let plain = self.state.scope(pool.scope).statements.is_empty();
        let draft = &mut self.state.drafts[network];
        match (&pool.permit[..], &pool.prohibit[..]) {
            ([], [PermitRule::DynamicBootpClients]) => {
                draft.plain_pool.get_or_insert(at);
            }
            ([PermitRule::AllClients], []) => {
                draft.bootp_pool.get_or_insert(at);
            }
            _ => {}
        }
        if plain {
            draft.mergeable.entry(merge_key(&pool)).or_insert(id);
        }
        self.state.pools.push(pool);
        id
    }
}
