//! Shared networks and subnets (spec/config-language.md 7.1).

use super::declare::{end_of, Declarer};
use super::model::{NetworkId, ScopeId, SharedNetwork, Subnet, Subnet6, SubnetId};
use super::place::{BlockKind, Place, SubnetAt};
use super::search::Entry;
use super::state::{Family, NetworkDraft, Step};
use crate::syntax::ast::{Block, Kind, Name};
use crate::syntax::source::Span;
use std::net::{Ipv4Addr, Ipv6Addr};

/// After so many warnings of overlapping subnets there are no more.
const MAX_OVERLAP_WARNINGS: usize = 1000;

/// ISC's last words when both families meet in one file.
pub const BOTH_FAMILIES: &str = "subnet_number():inet.c:45: Addr/mask length mismatch.";

impl Declarer<'_> {
    /// `shared-network NAME { ... }`
    pub fn shared_network(&mut self, parent: ScopeId, name: Name, body: Block, span: Span) -> Step {
        let name = if name.text.is_empty() {
            self.state.log.complain(name.span, "name", "zero-length shared network name");
            "<no-name-given>".into()
        } else {
            name.text
        };
        let scope = self.state.new_scope(parent);
        let network = self.new_network(name, scope);
        let mut place = Place::new(BlockKind::SharedNetwork, scope);
        place.network = Some(network);
        self.network_block(&mut place, network, body)?;
        let network = &self.state.networks[network.index()];
        if network.subnets.is_empty() && network.subnets6.is_empty() {
            self.state.log.complain(end_of(span), "empty-block", "empty shared-network decl");
        }
        Ok(())
    }

    fn new_network(&mut self, name: Box<str>, scope: ScopeId) -> NetworkId {
        let id = NetworkId(self.state.networks.len() as u32);
        self.state.networks.push(SharedNetwork {
            name,
            scope,
            subnets: Vec::new(),
            pools: Vec::new(),
            failover_peer: None,
            interface: None,
            subnets6: Vec::new(),
            pools6: Vec::new(),
        });
        self.state.drafts.push(NetworkDraft::default());
        id
    }

    fn network_block(&mut self, place: &mut Place, network: NetworkId, body: Block) -> Step {
        for statement in body {
            match statement.kind {
                Kind::Interface(name) => self.interface(network, name),
                _ => self.statement(place, None, statement)?,
            }
        }
        Ok(())
    }

    /// `interface NAME;`. A name that another network has taken has no effect.
    fn interface(&mut self, network: NetworkId, name: Name) {
        let slot = &mut self.state.networks[network.index()].interface;
        if slot.is_some() {
            let text = "A subnet or shared network can't be connected to two interfaces.";
            self.state.log.complain(name.span, "interface", text);
        } else if self.state.interfaces.insert(name.text.clone()) {
            *slot = Some(name.text);
        }
    }

    /// The network and scope of a new subnet: those of the block's shared network, or ones of its own.
    fn subnet_network(&mut self, place: &Place, name: String) -> (NetworkId, ScopeId) {
        match place.network.filter(|_| place.kind == BlockKind::SharedNetwork) {
            Some(network) => {
                let scope = self.state.networks[network.index()].scope;
                (network, self.state.new_scope(scope))
            }
            None => {
                let scope = self.state.new_scope(place.scope);
                (self.new_network(name.into(), scope), scope)
            }
        }
    }

    /// `subnet ADDRESS netmask MASK { ... }`
    pub fn subnet(&mut self, place: &Place, address: Ipv4Addr, netmask: Ipv4Addr, body: Block, span: Span) -> Step {
        if u32::from(address) & !u32::from(netmask) != 0 {
            let text = format!("subnet {address} netmask {netmask}: bad subnet number/mask combination.");
            self.state.log.complain(span, "subnet", text);
            return Ok(());
        }
        let length = 32 - u32::from(netmask).trailing_zeros();
        let (network, scope) = self.subnet_network(place, format!("{address}/{length}"));
        let id = SubnetId(self.state.subnets.len() as u32);
        self.state.subnets.push(Subnet { network, scope, address, netmask });
        let entry = Entry::v4(address, netmask);
        let may_be_inside = self.enter_subnet(entry, Some(id), address.to_string())?;

        let mut inner = Place::new(BlockKind::Subnet, scope);
        inner.network = Some(network);
        inner.subnet = Some(SubnetAt::V4(id));
        self.network_block(&mut inner, network, body)?;

        let at = {
            let siblings = &self.state.networks[network.index()].subnets;
            let wider = |id: &SubnetId| {
                let other = &self.state.subnets[id.index()];
                entry.is_inside(&Entry::v4(other.address, other.netmask))
            };
            sibling_place(siblings, may_be_inside, wider)
        };
        self.state.networks[network.index()].subnets.insert(at, id);
        Ok(())
    }

    /// `subnet6 ADDRESS/LENGTH { ... }`
    pub fn subnet6(&mut self, place: &Place, address: Ipv6Addr, length: u32, body: Block, span: Span) -> Step {
        if self.state.family == Family::V4 {
            let text = "subnet6 statement is only supported in DHCPv6 mode.";
            self.state.log.complain(span, "family", text);
            return Ok(());
        }
        let Some(length) = u8::try_from(length).ok().filter(|length| *length <= 128) else {
            self.state.log.complain(span, "subnet", "Expecting a number between 0 and 128.");
            return Ok(());
        };
        if host_bits(address, length) != 0 {
            self.state.log.complain(span, "subnet", "New subnet mask too short.");
            return Ok(());
        }
        let (network, scope) = self.subnet_network(place, format!("{address}/{length}"));
        let entry = Entry::v6(address, length);
        let may_be_inside = self.enter_subnet(entry, None, address.to_string())?;

        let mut inner = Place::new(BlockKind::Subnet, scope);
        inner.network = Some(network);
        inner.subnet = Some(SubnetAt::V6 { address, length });
        self.network_block(&mut inner, network, body)?;

        let siblings = &mut self.state.networks[network.index()].subnets6;
        let wider = |other: &Subnet6| entry.is_inside(&Entry::v6(other.address, other.length));
        let at = sibling_place(siblings, may_be_inside, wider);
        siblings.insert(at, Subnet6 { address, length, scope });
        Ok(())
    }

    /// Enters a subnet into the search order, with a warning for each that it overlaps. True if one of those is wider.
    fn enter_subnet(&mut self, entry: Entry, id: Option<SubnetId>, shown: String) -> Result<bool, super::state::Stop> {
        if self.state.searched.first().is_some_and(|first| first.is_some() != id.is_some()) {
            return Err(self.state.fatal(BOTH_FAMILIES));
        }
        let overlapping = self.state.search.enter(entry);
        self.state.searched.push(id);
        for other in &overlapping {
            if self.state.overlap_warnings >= MAX_OVERLAP_WARNINGS {
                break;
            }
            self.state.overlap_warnings += 1;
            let other = self.state.search.entry(*other);
            let text = format!(
                "Warning: subnet {shown}/{} overlaps subnet {}/{}",
                entry.shown_length(),
                other.shown_address(),
                other.shown_length()
            );
            self.state.log.error(text);
        }
        let last = overlapping.last().map(|other| self.state.search.entry(*other));
        Ok(last.is_some_and(|other| entry.is_inside(other)))
    }
}

/// Where a subnet goes among those of its network: before the first wider one that it overlaps, but the last one is not
/// looked at.
fn sibling_place<T>(siblings: &[T], may_be_inside: bool, wider: impl Fn(&T) -> bool) -> usize {
    let looked_at = siblings.len().saturating_sub(1);
    let found = if may_be_inside { siblings[..looked_at].iter().position(wider) } else { None };
    found.unwrap_or(siblings.len())
}

/// The bits of an address outside of a prefix.
pub fn host_bits(address: Ipv6Addr, length: u8) -> u128 {
    u128::from(address) & u128::MAX.checked_shr(length.into()).unwrap_or(0)
}
