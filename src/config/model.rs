//! The checked model of a configuration: what the engines read. Only what is made at run time changes in it (`dynamic`).

use super::dynamic::Spare;
use super::host_table::HostTable;
use super::ir::{Expr, Stmt};
use crate::options::registry::{OptionDef, Registry};
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::{Seconds, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Declares a newtype that numbers one kind of object in a `Config`.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index into the table of its kind.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(/// A scope in `Config::scopes`.
    ScopeId);
id!(/// A shared network, declared or implied by a lone subnet, in `Config::networks`.
    NetworkId);
id!(/// An IPv4 subnet in `Config::subnets`.
    SubnetId);
id!(/// An IPv4 pool in `Config::pools`.
    PoolId);
id!(/// A host declaration in `Config::hosts`.
    HostId);
id!(/// A class or subclass in `Config::classes`.
    ClassId);
id!(/// A failover relationship in `Config::peers`.
    PeerId);

/// The statements of one block, run after those of its parent (spec/config-language.md 11).
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// `None` only for the root.
    pub parent: Option<ScopeId>,
    pub statements: Vec<Stmt>,
    pub authoritative: bool,
}

/// A shared network. A subnet outside any has one of its own, with the subnet's scope, named `<net>/<len>`.
#[derive(Clone, Debug)]
pub struct SharedNetwork {
    pub name: Box<str>,
    pub scope: ScopeId,
    /// In declaration order, a narrower overlapping one first (IPv4).
    pub subnets: Vec<SubnetId>,
    /// In declaration order.
    pub pools: Vec<PoolId>,
    pub failover_peer: Option<PeerId>,
    /// From `interface NAME;`.
    pub interface: Option<Box<str>>,
    /// Subnets declared by `subnet6`.
    pub subnets6: Vec<Subnet6>,
    pub pools6: Vec<Pool6>,
}

/// An IPv4 subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    pub network: NetworkId,
    pub scope: ScopeId,
    pub address: Ipv4Addr,
    pub netmask: Ipv4Addr,
}

impl Subnet {
    /// True if the address lies in the subnet.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        u32::from(address) & u32::from(self.netmask) == u32::from(self.address)
    }
}

/// An IPv4 pool.
#[derive(Clone, Debug)]
pub struct Pool {
    pub network: NetworkId,
    /// Its parent is the shared network's scope.
    pub scope: ScopeId,
    pub permit: Vec<PermitRule>,
    pub prohibit: Vec<PermitRule>,
    pub ranges: Vec<Range>,
    pub failover_peer: Option<PeerId>,
    /// From `allow after` and `deny after`.
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
}

/// Addresses low..=high, in one subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub low: Ipv4Addr,
    pub high: Ipv4Addr,
    pub subnet: SubnetId,
}

/// One entry of a pool's permit or prohibit list (spec/dhcpv4.md 8.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermitRule {
    KnownClients,
    UnknownClients,
    AllClients,
    DynamicBootpClients,
    AuthenticatedClients,
    UnauthenticatedClients,
    MembersOf(ClassId),
    After(Timestamp),
}

/// A host declaration.
#[derive(Clone, Debug)]
pub struct Host {
    pub name: Box<str>,
    pub scope: ScopeId,
    /// The scope is that of the host's own block; else it is that of the block around it, or of its group.
    pub has_own_scope: bool,
    pub hardware: HardwareAddr,
    /// From `uid`, or `option dhcp-client-identifier` in its block.
    pub client_id: Option<Box<[u8]>>,
    pub identifier: Option<Box<HostIdentifier>>,
    /// `None`: no `fixed-address` statement.
    pub fixed_addresses: Option<Box<[FixedAddress]>>,
    pub fixed_addresses6: Box<[Ipv6Addr]>,
    pub fixed_prefixes6: Box<[(Ipv6Addr, u8)]>,
    /// The named group it refers to.
    pub group: Option<Box<str>>,
    pub dynamic: bool,
}

/// One value of `fixed-address`: an address, or a name that is looked up when used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FixedAddress {
    Address(Ipv4Addr),
    Name(Arc<str>),
}

/// `host-identifier option NAME VALUE` or `host-identifier v6relopt N NAME VALUE`.
#[derive(Clone, Debug)]
pub struct HostIdentifier {
    pub option: Arc<OptionDef>,
    /// 0: the client's own options; 1 the relay nearest the client, and so on; above 32 the relay nearest the server.
    pub relay: u32,
    pub value: Box<[u8]>,
}

/// A class, or a subclass of one.
#[derive(Clone, Debug)]
pub struct Class {
    pub name: Box<str>,
    /// `Some` for a subclass: its class, and the data that makes a packet a member.
    pub superclass: Option<(ClassId, Box<[u8]>)>,
    pub scope: ScopeId,
    /// `match if`
    pub condition: Option<Arc<Expr>>,
    /// `match DATA` or `spawn with DATA`
    pub submatch: Option<Arc<Expr>>,
    pub spawning: bool,
    /// 0: none
    pub lease_limit: u32,
    /// Its subclasses by their data.
    pub subclasses: FxHashMap<Box<[u8]>, ClassId>,
    pub dynamic: bool,
}

/// A TSIG or OMAPI key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub name: Box<str>,
    /// With its suffix, as ISC completes it (`hmac-md5.SIG-ALG.REG.INT.`).
    pub algorithm: Box<str>,
    pub secret: Box<[u8]>,
}

/// A DNS zone for updates.
#[derive(Debug, Clone)]
pub struct Zone {
    /// With its trailing dot.
    pub name: Box<str>,
    pub primary: Vec<FixedAddress>,
    pub secondary: Vec<FixedAddress>,
    pub primary6: Vec<Ipv6Addr>,
    pub secondary6: Vec<Ipv6Addr>,
    pub key: Option<Box<str>>,
}

/// A failover relationship (spec/config-language.md 7.7).
#[derive(Debug, Clone)]
pub struct FailoverPeer {
    pub name: Box<str>,
    pub primary: bool,
    pub address: Option<FixedAddress>,
    pub peer_address: Option<FixedAddress>,
    pub port: u16,
    pub peer_port: u16,
    pub max_response_delay: Seconds,
    pub max_unacked_updates: u32,
    pub mclt: Seconds,
    /// Hash bucket assignments, one bit a bucket; `None` on a secondary.
    pub hba: Option<[u8; 32]>,
    pub load_balance_max_seconds: u32,
    pub max_lease_misbalance: u32,
    pub max_lease_ownership: u32,
    pub min_balance: Seconds,
    pub max_balance: Seconds,
    pub auto_partner_down: Seconds,
    /// How many pools name it; a peer that no pool names is refused (spec/config-language.md 7.7).
    pub referring_pools: u32,
}

/// A DHCPv6 subnet.
#[derive(Clone, Debug)]
pub struct Subnet6 {
    pub address: Ipv6Addr,
    pub length: u8,
    pub scope: ScopeId,
}

/// A DHCPv6 pool: address ranges as CIDR blocks, and delegated prefixes.
#[derive(Clone, Debug)]
pub struct Pool6 {
    pub scope: ScopeId,
    pub permit: Vec<PermitRule>,
    pub prohibit: Vec<PermitRule>,
    pub ranges: Vec<Range6>,
    pub prefixes: Vec<Prefix6>,
    /// From `allow after` and `deny after`.
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
}

/// A block of addresses `address/length`, for temporary ones if `temporary`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range6 {
    pub address: Ipv6Addr,
    pub length: u8,
    pub temporary: bool,
}

/// A block `address/length` delegated as prefixes of `delegated` bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix6 {
    pub address: Ipv6Addr,
    pub length: u8,
    pub delegated: u8,
}

/// `server-duid`, as written.
pub use crate::syntax::ast::ServerDuid;

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Shared with the lease file's writer.
    pub registry: Arc<Registry>,
    /// 0 is the root.
    pub scopes: Vec<Scope>,
    pub networks: Vec<SharedNetwork>,
    pub subnets: Vec<Subnet>,
    pub pools: Vec<Pool>,
    pub hosts: Vec<Host>,
    pub classes: Vec<Class>,
    /// Named groups.
    pub groups: FxHashMap<Box<str>, ScopeId>,
    pub keys: Vec<Key>,
    pub zones: Vec<Zone>,
    pub peers: Vec<FailoverPeer>,
    pub server_duid: Option<ServerDuid>,
    /// Client ids in the lease file as hex lists instead of quoted text.
    pub lease_id_hex: bool,
    /// `db-time-format local`
    pub local_times: bool,
    /// Indexes of the tables above.
    pub index: Index,
    /// How many of the classes are of dhcpd.conf; the others were made at run time.
    pub declared_classes: usize,
    /// The scopes of groups made at run time.
    pub dynamic_groups: FxHashSet<ScopeId>,
    /// Groups that were taken away at run time; their members still use their statements.
    pub ended_groups: FxHashMap<Box<str>, ScopeId>,
    /// Places that are free again.
    pub spare: Spare,
}

/// Lookups that the packet path needs, built with the configuration.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Subnets as disjoint stretches of addresses `low..=high`, ascending, each with the subnet ISC's search order finds first.
    pub subnets: Vec<(u32, u32, SubnetId)>,
    /// Subnets whose netmask is not one run of ones, in ISC's search order, each with its place in that order. They are no
    /// stretches of addresses, and are searched one by one.
    pub odd_subnets: Vec<(u32, SubnetId)>,
    /// The places of the other subnets in the search order, by subnet; empty if there are no odd ones.
    pub ranks: Vec<u32>,
    /// Ranges as disjoint stretches, ascending, with pool and subnet.
    pub ranges: Vec<(u32, u32, PoolId, SubnetId)>,
    /// Hosts by hardware address, type octet first.
    pub hosts_by_hardware: HostTable,
    pub hosts_by_client_id: HostTable,
    /// Hosts by `host-identifier`, one table for each option and relay, in order of first declaration. ISC searches the last
    /// one first.
    pub hosts_by_identifier: Vec<IdentifierTable>,
    /// Hosts by name; names are unique.
    pub hosts_by_name: HostTable,
    /// Classes that are not subclasses, in declaration order.
    pub top_classes: Vec<ClassId>,
    /// The same by name.
    pub classes_by_name: FxHashMap<Box<str>, ClassId>,
}

/// The hosts identified by one option of one message of a relayed request.
#[derive(Clone, Debug)]
pub struct IdentifierTable {
    pub option: Arc<OptionDef>,
    pub relay: u32,
    pub hosts: HostTable,
}

impl Config {
    /// The root scope.
    pub const ROOT: ScopeId = ScopeId(0);

    /// The scope of that number.
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.index()]
    }

    /// The subnet that contains the address, as ISC's search would find it. O(log subnets).
    pub fn subnet_of(&self, address: Ipv4Addr) -> Option<SubnetId> {
        let found = self.subnet_in_stretches(u32::from(address));
        let rank = |id: SubnetId| self.index.ranks.get(id.index()).copied().unwrap_or(u32::MAX);
        for (place, id) in &self.index.odd_subnets {
            if found.is_some_and(|id| rank(id) < *place) {
                break;
            }
            if self.subnets[id.index()].contains(address) {
                return Some(*id);
            }
        }
        found
    }

    fn subnet_in_stretches(&self, address: u32) -> Option<SubnetId> {
        let at = self.index.subnets.partition_point(|(low, _, _)| *low <= address).checked_sub(1)?;
        let (_, high, subnet) = self.index.subnets[at];
        (address <= high).then_some(subnet)
    }

    /// Pool and subnet of an address in a range. O(log ranges).
    pub fn range_of(&self, address: Ipv4Addr) -> Option<(PoolId, SubnetId)> {
        let address = u32::from(address);
        let at = self.index.ranges.partition_point(|(low, _, _, _)| *low <= address).checked_sub(1)?;
        let (_, high, pool, subnet) = self.index.ranges[at];
        (address <= high).then_some((pool, subnet))
    }

    /// The hosts of a hardware address, in declaration order.
    pub fn hosts_with_hardware(&self, hardware: &HardwareAddr) -> &[HostId] {
        self.index.hosts_by_hardware.get(hardware.as_bytes(), |id| self.hosts[id.index()].hardware.as_bytes())
    }

    /// The hosts of a client identifier, in declaration order.
    pub fn hosts_with_client_id(&self, client_id: &[u8]) -> &[HostId] {
        self.index.hosts_by_client_id.get(client_id, |id| self.hosts[id.index()].client_id.as_deref().unwrap_or(&[]))
    }

    /// The hosts whose `host-identifier` is of that table and has that value, in declaration order.
    pub fn hosts_with_identifier<'t>(&self, table: &'t IdentifierTable, value: &[u8]) -> &'t [HostId] {
        table.hosts.get(value, |id| self.hosts[id.index()].identifier.as_ref().map_or(&[][..], |i| &i.value))
    }

    /// The host of that name.
    pub fn host_named(&self, name: &str) -> Option<HostId> {
        let found = self.index.hosts_by_name.get(name.as_bytes(), |id| self.hosts[id.index()].name.as_bytes());
        found.first().copied()
    }

    /// The class of that name (not a subclass).
    pub fn class_named(&self, name: &str) -> Option<ClassId> {
        self.index.classes_by_name.get(name).copied()
    }

    /// The scopes from the root (first) down to `scope`, leaving out `limit` and its ancestors
    /// (spec/config-language.md 11, rule 1).
    pub fn chain(&self, scope: ScopeId, limit: Option<ScopeId>) -> Vec<ScopeId> {
        let mut above_limit = Vec::new();
        let mut at = limit;
        while let Some(id) = at {
            above_limit.push(id);
            at = self.scope(id).parent;
        }
        let mut chain = Vec::new();
        let mut at = Some(scope);
        while let Some(id) = at {
            if above_limit.contains(&id) {
                break;
            }
            chain.push(id);
            at = self.scope(id).parent;
        }
        chain.reverse();
        chain
    }
}
