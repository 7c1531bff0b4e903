//! The leases in memory: found by address, client identifier and hardware address, queued by pool, expired by time, and every
//! change written as text for the journal.
//!
//! Only leases that were used are objects; the addresses of ranges are computed, so that a range costs nothing
//! (spec/dhcpv4.md 6). Whatever is looked up on the path of a packet costs O(1) or O(log n).

use super::chain::{Chains, Preference};
use super::lease::{BindingState, JournalPosition, Lease, LeaseExtras, LeaseFlags, LeaseId, SmallBytes};
use super::peer::{PeerRecord, Standing};
use super::queue::{Place, Queue, Queues};
use super::slab::{hardware_key, ChainKind, Slab, UNQUEUED};
use super::timers::Timers;
use super::virgin::{self, VirginOrder};
use super::writer::{self, Format};
use crate::config::model::{Config, FailoverPeer, PeerId, PoolId};
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::Timestamp;
use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::collections::{BTreeSet, VecDeque};
use std::hash::BuildHasher;
use std::net::Ipv4Addr;

/// How many addresses a pool has, and how many of them are on its free and backup queues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolCounts {
    pub total: u32,
    pub free: u32,
    pub backup: u32,
}

/// One pool's part of the store.
#[derive(Debug, Default)]
pub struct PoolState {
    pub(super) queues: Queues,
    pub(super) virgins: VirginOrder,
    /// Addresses in its ranges.
    total: u32,
    /// Of those, addresses that are on a queue, which is all that were ever used.
    pub(super) used: u32,
    /// The relationship in which it is served together with a failover partner.
    pub(super) peer: Option<PeerId>,
}

/// What the failover partners have to be told of.
#[derive(Debug, Default)]
pub struct PeerChanges {
    /// Leases that changed, in order; one may be named more than once.
    pub leases: Vec<LeaseId>,
    /// Pools of which a free or backup lease was taken.
    pub drained: BTreeSet<PoolId>,
}

impl PeerChanges {
    /// True if there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.leases.is_empty() && self.drained.is_empty()
    }
}

/// Records that still have to be written, and which leases wait for them.
#[derive(Debug, Default)]
struct Pending {
    text: Vec<u8>,
    /// Of the last record in `text` or taken.
    position: u64,
    /// The newest record of each lease that is not on stable storage yet.
    by_lease: FxHashMap<LeaseId, JournalPosition>,
    /// The same in order of position, some superseded.
    order: VecDeque<(JournalPosition, LeaseId)>,
}

/// The lease database in memory.
#[derive(Debug)]
pub struct LeaseStore {
    pub(super) slab: Slab,
    addresses: HashTable<u32>,
    pub(super) uids: Chains,
    pub(super) hardware: Chains,
    pub(super) pools: Vec<PoolState>,
    /// Stretches of addresses with their pools, ascending.
    pub(super) ranges: Vec<(u32, u32, PoolId)>,
    /// Leases that change state when their time comes.
    pub(super) timers: Timers,
    /// Where each failover relationship stands, by its number.
    standings: Vec<Standing>,
    /// What each partner has to be told of.
    peer_changes: Vec<PeerChanges>,
    /// The next lease queued goes in front of its equals: counts down.
    pub(super) next_tie: i64,
    pending: Pending,
    pub(super) format: Format,
    /// Pools in the order of the lease file.
    pub(super) file_order: Vec<PoolId>,
    /// How often the configuration was replaced.
    pub(super) generation: u32,
    /// Used leases whose addresses are in no range of the present configuration.
    orphans: BTreeSet<LeaseId>,
    /// During a rewrite: leases that changed without a record.
    pub(super) moved: Option<BTreeSet<LeaseId>>,
}

impl LeaseStore {
    /// No lease yet; every address of the configuration's ranges is free.
    pub fn new(config: &Config) -> LeaseStore {
        LeaseStore {
            slab: Slab::default(),
            addresses: HashTable::new(),
            uids: Chains::new(ChainKind::Uid),
            hardware: Chains::new(ChainKind::Hardware),
            pools: pool_states(config, Vec::new()),
            ranges: range_table(config),
            orphans: BTreeSet::new(),
            generation: 0,
            timers: Timers::default(),
            standings: standings(config),
            peer_changes: config.peers.iter().map(|_| PeerChanges::default()).collect(),
            next_tie: i64::MAX - 1,
            pending: Pending::default(),
            format: Format::new(config),
            file_order: file_order(config),
            moved: None,
        }
    }

    /// How many leases there are, those of never-used addresses not counted unless they were looked at.
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// True if no lease was ever looked at.
    pub fn is_empty(&self) -> bool {
        self.slab.len() == 0
    }

    /// The lease of that number.
    pub fn get(&self, id: LeaseId) -> &Lease {
        &self.slab.slot(id).lease
    }

    /// The lease of an address that was used or looked at before.
    pub fn by_address(&self, address: Ipv4Addr) -> Option<LeaseId> {
        let hash = FxBuildHasher.hash_one(u32::from(address));
        let found = self.addresses.find(hash, |id| self.slab.lease(*id).address == address).map(|id| LeaseId(*id));
        found.filter(|id| self.orphans.is_empty() || !self.orphans.contains(id))
    }

    /// The lease of an address in a range; `None` if the address is in none. A never-used address gets an object, but keeps
    /// its place in the order of never-used addresses until it is superseded.
    pub fn materialize(&mut self, address: Ipv4Addr) -> Option<LeaseId> {
        if let Some(id) = self.by_address(address) {
            return Some(id);
        }
        let pool = self.pool_of(address)?;
        Some(self.add(virgin_lease(address, pool)))
    }

    /// The pool whose range holds the address. O(log ranges).
    pub fn pool_of(&self, address: Ipv4Addr) -> Option<PoolId> {
        let address = u32::from(address);
        let at = self.ranges.partition_point(|(low, _, _)| *low <= address).checked_sub(1)?;
        let (_, high, pool) = *self.ranges.get(at)?;
        (address <= high).then_some(pool)
    }

    /// The leases of a client identifier, the preferred one first.
    pub fn by_uid(&self, uid: &[u8]) -> Chain<'_> {
        Chain { slab: &self.slab, kind: ChainKind::Uid, at: self.uids.head(&self.slab, uid) }
    }

    /// The leases of a hardware address, the preferred one first.
    pub fn by_hardware(&self, hardware: &HardwareAddr) -> Chain<'_> {
        let key = hardware_key(hardware.as_bytes());
        Chain { slab: &self.slab, kind: ChainKind::Hardware, at: self.hardware.head(&self.slab, key) }
    }

    /// The lease in front of the pool's free queue: never-used addresses first, then the one that ended longest ago. It may
    /// still be on offer to somebody (`ends` in the future). Amortised O(log n).
    pub fn first_free(&mut self, pool: PoolId) -> Option<LeaseId> {
        let (slab, addresses) = (&self.slab, &self.addresses);
        let state = self.pools.get_mut(pool.index())?;
        let front = state.queues.first(Queue::Free);
        if let Some(place) = front.filter(|place| place.ends() == Timestamp::UNSET) {
            return Some(place.id());
        }
        let used = |address| {
            let hash = FxBuildHasher.hash_one(address);
            let found = addresses.find(hash, |id| u32::from(slab.lease(*id).address) == address);
            found.is_some_and(|id| slab.slot(LeaseId(*id)).tie != UNQUEUED)
        };
        match state.virgins.next(used) {
            Some(address) => self.materialize(address.into()),
            None => front.map(Place::id),
        }
    }

    /// The lease in front of the pool's abandoned queue.
    pub fn first_abandoned(&self, pool: PoolId) -> Option<LeaseId> {
        self.first(pool, Queue::Abandoned)
    }

    /// The lease in front of the pool's backup queue.
    pub fn first_backup(&self, pool: PoolId) -> Option<LeaseId> {
        self.first(pool, Queue::Backup)
    }

    fn first(&self, pool: PoolId, queue: Queue) -> Option<LeaseId> {
        self.pools.get(pool.index())?.queues.first(queue).map(Place::id)
    }

    /// A pool's addresses; free and backup ones are counted whether or not they are on offer.
    pub fn counts(&self, pool: PoolId) -> PoolCounts {
        let Some(state) = self.pools.get(pool.index()) else { return PoolCounts::default() };
        PoolCounts {
            total: state.total,
            free: (state.queues.queue(Queue::Free).len() as u32).saturating_add(state.total.saturating_sub(state.used)),
            backup: state.queues.queue(Queue::Backup).len() as u32,
        }
    }

    /// True if the new contents take the lease from a client that still holds it: `Lease conflict at <ip>` is logged, and
    /// the change is made all the same (spec/dhcpv4.md 25.2).
    pub fn conflicts(&self, id: LeaseId, new: &Lease) -> bool {
        let old = self.get(id);
        let uids_differ = !old.uid.is_empty() && !new.uid.is_empty() && old.uid != new.uid;
        let hardware_differs = old.uid.is_empty() && old.hardware != new.hardware;
        old.state == BindingState::Active && new.state != BindingState::Abandoned && (uids_differ || hardware_differs)
    }

    /// Gives a lease new contents (its address and pool stay): indexes and queues follow, and if `write`, its record goes to
    /// the journal. `now` decides whether a billing is still written. Returns the position of its newest record that is not
    /// on stable storage yet (0: none).
    pub fn supersede(&mut self, id: LeaseId, new: Lease, now: Timestamp, write: bool) -> JournalPosition {
        let before = Preference::of(self.get(id));
        self.uids.remove(&mut self.slab, id);
        self.hardware.remove(&mut self.slab, id);
        self.replace(id, new);
        // The place on the chains is that of the lease as it was (spec/dhcpv4.md 6.4).
        self.uids.insert(&mut self.slab, id, before);
        self.hardware.insert(&mut self.slab, id, before);
        self.record(id, now, write)
    }

    /// The same for a lease that ends: it keeps its client, and its place among the client's leases.
    pub fn end(&mut self, id: LeaseId, new: Lease, now: Timestamp, write: bool) -> JournalPosition {
        let old = self.get(id);
        if old.uid != new.uid || old.hardware != new.hardware {
            return self.supersede(id, new, now, write);
        }
        self.replace(id, new);
        self.record(id, now, write)
    }

    /// New contents for a lease that is on no chain, or keeps its place there.
    fn replace(&mut self, id: LeaseId, new: Lease) {
        let old = self.get(id);
        let was_idle = matches!(old.state, BindingState::Free | BindingState::Backup) && old.state != new.state;
        let pool = old.pool;
        if let Some(changes) = self.changes_of(pool).filter(|_| was_idle) {
            changes.drained.insert(pool);
        }
        self.unqueue(id);
        let slot = self.slab.slot_mut(id);
        let (address, pool) = (slot.lease.address, slot.lease.pool);
        slot.lease = Lease { address, pool, ..new };
        self.enqueue(id);
    }

    /// Writes the lease as it is now, if `write`.
    fn record(&mut self, id: LeaseId, now: Timestamp, write: bool) -> JournalPosition {
        if write {
            let pending = &mut self.pending;
            writer::lease(&mut pending.text, self.slab.lease(id.0), &self.format, now);
            pending.position += 1;
            pending.by_lease.insert(id, JournalPosition(pending.position));
            pending.order.push_back((JournalPosition(pending.position), id));
        } else if let Some(moved) = &mut self.moved {
            moved.insert(id);
        }
        self.position_of(id)
    }

    /// Changes the flags in memory only.
    pub fn edit_flags(&mut self, id: LeaseId, edit: impl FnOnce(&mut LeaseFlags)) {
        let mut flags = self.get(id).flags;
        edit(&mut flags);
        if flags.reserved == self.get(id).flags.reserved || self.slab.slot(id).tie == UNQUEUED {
            self.slab.slot_mut(id).lease.flags = flags;
        } else {
            self.unqueue(id);
            self.slab.slot_mut(id).lease.flags = flags;
            self.enqueue(id);
        }
    }

    /// Changes the rarely used parts in memory only. The partner's times stay as they are: they are indexed.
    pub fn set_extras(&mut self, id: LeaseId, extras: Option<Box<LeaseExtras>>) {
        let lease = &mut self.slab.slot_mut(id).lease;
        let (tsfp, atsfp) = (lease.tsfp(), lease.atsfp());
        lease.extras = extras;
        lease.set_tsfp(tsfp);
        lease.set_atsfp(atsfp);
    }

    /// The relationship in which a pool is shared with a failover partner.
    pub fn peer_of(&self, pool: PoolId) -> Option<PeerId> {
        self.pools.get(pool.index()).and_then(|pool| pool.peer)
    }

    /// Where the relationship of a pool stands; `None` if the pool is this server's alone.
    pub fn standing(&self, pool: PoolId) -> Option<&Standing> {
        self.standings.get(self.peer_of(pool)?.index())
    }

    /// Where a relationship stands.
    pub fn standing_of(&self, peer: PeerId) -> Option<&Standing> {
        self.standings.get(peer.index())
    }

    /// A relationship stands elsewhere now.
    pub fn set_standing(&mut self, peer: PeerId, standing: Standing) {
        if let Some(old) = self.standings.get_mut(peer.index()) {
            *old = standing;
        }
    }

    /// Relationships stand where their records say; their protocol has not begun.
    pub fn set_peer_records(&mut self, peers: &[FailoverPeer], records: &[PeerRecord]) {
        for (peer, standing) in peers.iter().zip(&mut self.standings) {
            if let Some(record) = records.iter().find(|record| record.name == peer.name) {
                *standing = record.standing(peer);
            }
        }
    }

    /// The failover partner has to be told of a lease, if there is one.
    pub fn propagate(&mut self, id: LeaseId) {
        if let Some(changes) = self.changes_of(self.get(id).pool) {
            changes.leases.push(id);
        }
    }

    /// What the partner that shares a pool has to be told of.
    fn changes_of(&mut self, pool: PoolId) -> Option<&mut PeerChanges> {
        let peer = self.peer_of(pool)?;
        self.peer_changes.get_mut(peer.index())
    }

    /// What the partner of a relationship has to be told of since the last call.
    pub fn take_peer_changes(&mut self, peer: PeerId) -> PeerChanges {
        self.peer_changes.get_mut(peer.index()).map(std::mem::take).unwrap_or_default()
    }

    /// The leases on a queue of a pool, in its order; addresses that were never used are on none.
    pub fn on_queue(&self, pool: PoolId, queue: Queue) -> impl Iterator<Item = LeaseId> + '_ {
        self.pools.get(pool.index()).into_iter().flat_map(move |pool| pool.queues.queue(queue)).map(|place| place.id())
    }

    /// Notes in memory only that the client was heard; its place among others of the client stays.
    pub fn set_cltt(&mut self, id: LeaseId, at: Timestamp) {
        self.slab.slot_mut(id).lease.cltt = at;
    }

    /// All leases that were ever looked at.
    pub fn leases(&self) -> impl Iterator<Item = &Lease> {
        (0..self.slab.len() as u32).map(|id| self.slab.lease(id))
    }

    /// The position of the newest record of a lease that is not on stable storage yet; 0 if there is none. A reply that
    /// tells a client of this lease has to wait for it.
    pub fn position_of(&self, id: LeaseId) -> JournalPosition {
        self.pending.by_lease.get(&id).copied().unwrap_or_default()
    }

    /// The journal is on stable storage up to here.
    pub fn set_durable(&mut self, position: JournalPosition) {
        while let Some((at, id)) = self.pending.order.front().copied().filter(|(at, _)| *at <= position) {
            self.pending.order.pop_front();
            if self.pending.by_lease.get(&id) == Some(&at) {
                self.pending.by_lease.remove(&id);
            }
        }
    }

    /// Adds a record that is not a lease's (a host, a failover state) to the journal.
    pub fn append(&mut self, record: &[u8]) -> JournalPosition {
        self.pending.text.extend_from_slice(record);
        self.pending.position += 1;
        JournalPosition(self.pending.position)
    }

    /// The position of the newest record.
    pub fn position(&self) -> JournalPosition {
        JournalPosition(self.pending.position)
    }

    /// The text of all records since the last call, and the position of the last one.
    pub fn take_journal(&mut self) -> (Vec<u8>, JournalPosition) {
        (std::mem::take(&mut self.pending.text), JournalPosition(self.pending.position))
    }

    /// The next lease whose `ends` has come and that has another state to go to; the caller supersedes it and asks again.
    /// O(log n).
    pub fn due(&self, now: Timestamp) -> Option<LeaseId> {
        let (ends, id) = self.timers.first(&self.standings)?;
        if ends > now {
            return None;
        }
        // Leases of one pool that end together go in the order of their queue.
        let lease = self.get(id);
        if lease.ends != ends {
            return Some(id);
        }
        let queue = self.pools.get(lease.pool.index())?.queues.queue(Queue::of_lease(lease));
        let equals = queue.range(Place::front_of(ends)..).map(|place| place.id());
        equals.into_iter().find(|id| self.get(*id).next_state != self.get(*id).state).or(Some(id))
    }

    /// When a lease will be due; `None` if none ever will.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.timers.first(&self.standings).map(|(ends, _)| ends)
    }

    /// Takes a lease from the lease file; the last one of an address counts. It is in no index but that of addresses until
    /// `finish_load`. The lease's pool must be that of its address.
    pub fn load(&mut self, lease: Lease) {
        let id = match self.by_address(lease.address) {
            Some(id) => {
                self.slab.slot_mut(id).lease = lease;
                id
            }
            None => self.add(lease),
        };
        self.next_tie -= 1;
        self.slab.slot_mut(id).tie = self.next_tie;
    }

    /// Takes over a new configuration: pools, ranges, formats. Leases keep their numbers. The queues are those of a restart;
    /// a lease whose address is in no range any more is in no index but keeps its contents, and is back when a later
    /// configuration has the address again.
    pub fn rebind(&mut self, config: &Config) {
        self.ranges = range_table(config);
        self.format = Format::new(config);
        self.file_order = file_order(config);
        self.standings = standings(config);
        self.peer_changes = config.peers.iter().map(|_| PeerChanges::default()).collect();
        self.generation += 1;
        let orphans = std::mem::take(&mut self.orphans);
        for (at, id) in (0..self.slab.len() as u32).map(LeaseId).enumerate() {
            let was_used = self.slab.slot(id).tie != UNQUEUED || orphans.contains(&id);
            self.uids.remove(&mut self.slab, id);
            self.hardware.remove(&mut self.slab, id);
            let pool = self.pool_of(self.get(id).address);
            let slot = self.slab.slot_mut(id);
            match pool {
                Some(pool) => {
                    slot.lease.pool = pool;
                    slot.lease.host = None;
                    // Numbered downwards like records that are read.
                    slot.tie = if was_used { i64::MAX - 1 - at as i64 } else { UNQUEUED };
                }
                None => {
                    slot.tie = UNQUEUED;
                    if was_used {
                        self.orphans.insert(id);
                    }
                }
            }
        }
        self.finish_load(config);
    }

    /// Adds a lease without queueing it.
    fn add(&mut self, lease: Lease) -> LeaseId {
        let hash = FxBuildHasher.hash_one(u32::from(lease.address));
        let id = self.slab.push(lease);
        let slab = &self.slab;
        self.addresses.insert_unique(hash, id.0, |id| FxBuildHasher.hash_one(u32::from(slab.lease(*id).address)));
        id
    }

    fn unqueue(&mut self, id: LeaseId) {
        let slot = self.slab.slot_mut(id);
        if slot.tie == UNQUEUED {
            return;
        }
        let place = Place::new(slot.lease.ends, slot.tie, id);
        slot.tie = UNQUEUED;
        let queue = Queue::of_lease(&slot.lease);
        if let Some(pool) = self.pools.get_mut(slot.lease.pool.index()) {
            self.timers.remove(pool.peer, id, &slot.lease);
            pool.queues.queue_mut(queue).remove(&place);
            pool.used -= 1;
        }
    }

    fn enqueue(&mut self, id: LeaseId) {
        if self.orphans.contains(&id) {
            return;
        }
        let slot = self.slab.slot_mut(id);
        slot.tie = self.next_tie;
        self.next_tie -= 1;
        let lease = &slot.lease;
        let Some(pool) = self.pools.get_mut(lease.pool.index()) else { return };
        pool.queues.queue_mut(Queue::of_lease(lease)).insert(Place::new(lease.ends, slot.tie, id));
        pool.used += 1;
        self.timers.insert(pool.peer, id, lease);
    }
}

/// The leases of one key, the preferred one first.
#[derive(Debug)]
pub struct Chain<'a> {
    slab: &'a Slab,
    kind: ChainKind,
    at: Option<LeaseId>,
}

impl Iterator for Chain<'_> {
    type Item = LeaseId;

    fn next(&mut self) -> Option<LeaseId> {
        let id = self.at?;
        self.at = self.slab.links(self.kind, id.0).next();
        Some(id)
    }
}

/// The relationships of a configuration before anything is known of them.
fn standings(config: &Config) -> Vec<Standing> {
    config.peers.iter().map(|peer| PeerRecord::new(peer, Timestamp::UNSET).standing(peer)).collect()
}

/// The ranges of a configuration.
fn range_table(config: &Config) -> Vec<(u32, u32, PoolId)> {
    config.index.ranges.iter().map(|(low, high, pool, _)| (*low, *high, *pool)).collect()
}

/// Networks in reverse order of declaration, their pools in that order (spec/leases-file.md 2).
fn file_order(config: &Config) -> Vec<PoolId> {
    config.networks.iter().rev().flat_map(|network| network.pools.iter().copied()).collect()
}

/// The pools of a configuration, none of their addresses used but those given.
pub fn pool_states(config: &Config, used: Vec<(PoolId, u32)>) -> Vec<PoolState> {
    let mut pools: Vec<PoolState> = virgin::orders(config, used)
        .into_iter()
        .zip(&config.pools)
        .map(|(virgins, pool)| PoolState { virgins, peer: pool.failover_peer, ..PoolState::default() })
        .collect();
    for (low, high, pool, _) in &config.index.ranges {
        if let Some(pool) = pools.get_mut(pool.index()) {
            pool.total = pool.total.saturating_add(high.saturating_sub(*low).saturating_add(1));
        }
    }
    pools
}

/// The lease of an address that was never used.
pub fn virgin_lease(address: Ipv4Addr, pool: PoolId) -> Lease {
    Lease {
        address,
        pool,
        starts: Timestamp::UNSET,
        ends: Timestamp::UNSET,
        tstp: Timestamp::UNSET,
        cltt: Timestamp::UNSET,
        hardware: HardwareAddr::NONE,
        uid: SmallBytes::default(),
        hostname: SmallBytes::default(),
        state: BindingState::Free,
        next_state: BindingState::Free,
        rewind_state: BindingState::Free,
        flags: LeaseFlags::default(),
        host: None,
        extras: None,
    }
}
