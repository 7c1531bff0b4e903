//! The configuration while it is being read.

use super::ir::Stmt;
use super::message::{Log, Lowered};
use super::model::*;
use super::ranges::Claims;
use super::search::SearchOrder;
use crate::config::lowering::Lowering;
use crate::options::registry::Registry;
use crate::syntax::source::SourceMap;
use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::Hasher;

/// Which of the two servers reads the configuration (`-4` or `-6`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

/// Reading has ended: the fatal message is in `State::fatal`.
#[derive(Clone, Copy, Debug)]
pub struct Stop;

/// Whether to go on reading.
pub type Step = Result<(), Stop>;

/// What decides if two pools of a network are one (spec/config-language.md 7.3): peer and permits, as sets.
pub type MergeKey = (Option<PeerId>, Vec<PermitKey>, Vec<PermitKey>);

/// What of a permit counts when pools are compared: not the date of `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PermitKey {
    Plain(u8),
    Class(ClassId),
}

/// What is known of a network only while reading.
#[derive(Debug, Default)]
pub struct NetworkDraft {
    /// Places in the pool list of the first pools that look like the implicit ones, without and with BOOTP.
    pub plain_pool: Option<usize>,
    pub bootp_pool: Option<usize>,
    /// Pools without statements of their own, which later ones like them are merged into.
    pub mergeable: FxHashMap<MergeKey, PoolId>,
}

/// Everything declared so far.
#[derive(Debug)]
pub struct State {
    pub family: Family,
    pub registry: Registry,
    pub scopes: Vec<Scope>,
    pub networks: Vec<SharedNetwork>,
    pub drafts: Vec<NetworkDraft>,
    pub subnets: Vec<Subnet>,
    pub pools: Vec<Pool>,
    pub hosts: Vec<Host>,
    /// Host numbers by name.
    pub host_names: HashTable<HostId>,
    /// Hosts taken back by a `deleted` declaration.
    pub deleted_hosts: FxHashSet<HostId>,
    pub classes: Vec<Class>,
    pub top_classes: Vec<ClassId>,
    pub class_names: FxHashMap<Box<str>, ClassId>,
    pub groups: FxHashMap<Box<str>, ScopeId>,
    pub keys: Vec<Key>,
    pub zones: Vec<Zone>,
    pub peers: Vec<FailoverPeer>,
    pub server_duid: Option<ServerDuid>,
    pub lease_id_hex: bool,
    pub local_times: bool,
    pub search: SearchOrder,
    /// The IPv4 subnets, by their number in `search`; `None` is an IPv6 one.
    pub searched: Vec<Option<SubnetId>>,
    pub claims: Claims,
    /// Overlap warnings given.
    pub overlap_warnings: usize,
    /// Interfaces that `interface` statements have named.
    pub interfaces: FxHashSet<Box<str>>,
    /// The warning that hosts are global has been given.
    pub warned_hosts_are_global: bool,
    pub log: Log,
    pub fatal: Option<String>,
}

impl State {
    pub fn new(family: Family) -> State {
        State {
            family,
            registry: Registry::builtin(),
            scopes: vec![Scope::default()],
            networks: Vec::new(),
            drafts: Vec::new(),
            subnets: Vec::new(),
            pools: Vec::new(),
            hosts: Vec::new(),
            host_names: HashTable::new(),
            deleted_hosts: FxHashSet::default(),
            classes: Vec::new(),
            top_classes: Vec::new(),
            class_names: FxHashMap::default(),
            groups: FxHashMap::default(),
            keys: Vec::new(),
            zones: Vec::new(),
            peers: Vec::new(),
            server_duid: None,
            lease_id_hex: false,
            local_times: false,
            search: SearchOrder::default(),
            searched: Vec::new(),
            claims: Claims::default(),
            overlap_warnings: 0,
            interfaces: FxHashSet::default(),
            warned_hosts_are_global: false,
            log: Log::default(),
            fatal: None,
        }
    }

    /// Ends reading.
    pub fn fatal(&mut self, text: impl Into<String>) -> Stop {
        self.fatal = Some(text.into());
        Stop
    }

    /// A new scope inside another, with its authority.
    pub fn new_scope(&mut self, parent: ScopeId) -> ScopeId {
        let id = ScopeId(self.scopes.len() as u32);
        let authoritative = self.scope(parent).authoritative;
        self.scopes.push(Scope { parent: Some(parent), statements: Vec::new(), authoritative });
        id
    }

    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.index()]
    }

    pub fn scope_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.scopes[id.index()]
    }

    /// Adds a statement to a scope.
    pub fn add(&mut self, scope: ScopeId, statement: Stmt) {
        self.scope_mut(scope).statements.push(statement);
    }

    /// Lowers something outside of the declarations.
    pub fn lower<T>(&mut self, map: &SourceMap, what: impl FnOnce(&mut Lowering) -> Lowered<T>) -> Lowered<T> {
        what(&mut Lowering::new(map, &self.registry, &self.class_names, &mut self.log))
    }

    pub fn host_named(&self, name: &str) -> Option<HostId> {
        self.host_names.find(hash(name), |id| *self.hosts[id.index()].name == *name).copied()
    }

    /// Enters a host whose name is new.
    pub fn enter_host(&mut self, host: Host) {
        let id = HostId(self.hosts.len() as u32);
        let key = hash(&host.name);
        self.hosts.push(host);
        let hosts = &self.hosts;
        self.host_names.insert_unique(key, id, |id| hash(&hosts[id.index()].name));
    }

    /// Takes a host back.
    pub fn delete_host(&mut self, name: &str) {
        if let Ok(entry) = self.host_names.find_entry(hash(name), |id| *self.hosts[id.index()].name == *name) {
            let (id, _) = entry.remove();
            self.deleted_hosts.insert(id);
        }
    }

    pub fn peer_named(&self, name: &str) -> Option<PeerId> {
        self.peers.iter().position(|peer| *peer.name == *name).map(|at| PeerId(at as u32))
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    hasher.finish()
}
