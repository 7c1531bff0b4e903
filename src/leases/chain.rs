//! The chains of leases that share a client identifier or a hardware address, in ISC's order of preference
//! (spec/dhcpv4.md 6.4).
//!
//! A chain is a doubly linked list through the slab; a hash table of lease numbers finds its head, so that no key is stored
//! twice. Hashing is keyed, since clients choose the keys.

use super::lease::{BindingState, Lease, LeaseId};
use super::slab::{ChainKind, Slab};
use crate::wire::units::Timestamp;
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// No lease.
pub const NONE: u32 = u32::MAX;

/// How many leases of a chain are compared with a new one. A chain that a client made longer by asking under many names
/// gets the new lease behind that many; nothing is lost, and no message costs more than this.
const SCAN: usize = 64;

/// The neighbours of a lease on one chain.
#[derive(Clone, Copy, Debug)]
pub struct Links {
    next: u32,
    prev: u32,
}

impl Links {
    /// On no chain, or alone on one.
    pub const ALONE: Links = Links { next: NONE, prev: NONE };

    /// The lease behind.
    pub fn next(self) -> Option<LeaseId> {
        (self.next != NONE).then_some(LeaseId(self.next))
    }
}

/// What a lease's place on a chain depends on.
#[derive(Clone, Copy, Debug)]
pub struct Preference {
    state: BindingState,
    ends: Timestamp,
    cltt: Timestamp,
}

impl Preference {
    /// That of a lease as it is.
    pub fn of(lease: &Lease) -> Preference {
        Preference { state: lease.state, ends: lease.ends, cltt: lease.cltt }
    }

    /// Active leases, then those just ended, then idle ones, then abandoned ones.
    fn rank(self) -> u8 {
        match self.state {
            BindingState::Active => 0,
            BindingState::Expired | BindingState::Released => 1,
            BindingState::Free | BindingState::Backup | BindingState::Reset => 2,
            BindingState::Abandoned => 3,
        }
    }

    /// True if a lease of this preference goes in front of one of the `other`: on ties it does.
    pub fn goes_before(self, other: Preference) -> bool {
        match self.rank().cmp(&other.rank()) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            std::cmp::Ordering::Equal if self.rank() == 0 => self.ends >= other.ends,
            std::cmp::Ordering::Equal => self.cltt >= other.cltt,
        }
    }
}

/// All chains of one kind of key.
#[derive(Debug)]
pub struct Chains {
    kind: ChainKind,
    heads: HashTable<u32>,
    hasher: RandomState,
}

impl Chains {
    /// No chains yet.
    pub fn new(kind: ChainKind) -> Chains {
        Chains { kind, heads: HashTable::new(), hasher: RandomState::new() }
    }

    /// The first lease of the chain of `key`.
    pub fn head(&self, slab: &Slab, key: &[u8]) -> Option<LeaseId> {
        if key.is_empty() {
            return None;
        }
        let kind = self.kind;
        let hash = self.hasher.hash_one(key);
        self.heads.find(hash, |head| slab.key(kind, *head) == key).map(|head| LeaseId(*head))
    }

    /// Makes room for that many more chains at once, so that nothing is hashed twice while they come.
    pub fn reserve(&mut self, slab: &Slab, chains: usize) {
        let (kind, hasher) = (self.kind, &self.hasher);
        self.heads.reserve(chains, |head| hasher.hash_one(slab.key(kind, *head)));
    }

    /// Puts a lease, which is on no chain of this kind, on the chain of its key.
    pub fn insert(&mut self, slab: &mut Slab, id: LeaseId, preference: Preference) {
        let kind = self.kind;
        let key = slab.key(kind, id.0);
        if key.is_empty() {
            return;
        }
        let hasher = &self.hasher;
        let hash = hasher.hash_one(key);
        let Ok(mut head) = self.heads.find_entry(hash, |head| slab.key(kind, *head) == key) else {
            self.heads.insert_unique(hash, id.0, |head| hasher.hash_one(slab.key(kind, *head)));
            return;
        };
        let (mut before, mut at) = (NONE, *head.get());
        for _ in 0..SCAN {
            if at == NONE || preference.goes_before(Preference::of(slab.lease(at))) {
                break;
            }
            (before, at) = (at, slab.links(kind, at).next);
        }
        *slab.links_mut(kind, id.0) = Links { next: at, prev: before };
        if at != NONE {
            slab.links_mut(kind, at).prev = id.0;
        }
        if before != NONE {
            slab.links_mut(kind, before).next = id.0;
        } else {
            *head.get_mut() = id.0;
        }
    }

    /// Takes a lease off its chain. To be called while the lease still has the key it was inserted with.
    pub fn remove(&mut self, slab: &mut Slab, id: LeaseId) {
        let kind = self.kind;
        let key = slab.key(kind, id.0);
        if key.is_empty() {
            return;
        }
        let Links { next, prev } = slab.links(kind, id.0);
        if prev == NONE {
            let hash = self.hasher.hash_one(key);
            if let Ok(mut head) = self.heads.find_entry(hash, |head| *head == id.0) {
                if next == NONE {
                    head.remove();
                } else {
                    *head.get_mut() = next;
                }
            }
        } else {
            slab.links_mut(kind, prev).next = next;
        }
        if next != NONE {
            slab.links_mut(kind, next).prev = prev;
        }
        *slab.links_mut(kind, id.0) = Links::ALONE;
    }
}
