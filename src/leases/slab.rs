//! Where the leases are: one slot a lease that was ever used, found by its number.

use super::chain::Links;
use super::lease::{Lease, LeaseId};

/// By what the leases of a chain are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainKind {
    Uid,
    Hardware,
}

/// A lease and its place in the indexes.
#[derive(Debug)]
pub struct Slot {
    pub lease: Lease,
    /// Orders it among those of equal `ends` on its queue; `UNQUEUED` if it is on none.
    pub tie: i64,
    uid: Links,
    hardware: Links,
}

/// The tie of a lease that is on no queue.
pub const UNQUEUED: i64 = i64::MAX;

/// All leases that were ever used.
#[derive(Debug, Default)]
pub struct Slab {
    slots: Vec<Slot>,
}

impl Slab {
    /// Adds a lease that is in no index yet.
    pub fn push(&mut self, lease: Lease) -> LeaseId {
        self.slots.push(Slot { lease, tie: UNQUEUED, uid: Links::ALONE, hardware: Links::ALONE });
        LeaseId((self.slots.len() - 1) as u32)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// The lease of that number.
    pub fn lease(&self, id: u32) -> &Lease {
        &self.slots[id as usize].lease
    }

    /// A slot. Numbers come from `push` alone, so that they are always in bounds.
    pub fn slot(&self, id: LeaseId) -> &Slot {
        &self.slots[id.0 as usize]
    }

    /// A slot, to change it.
    pub fn slot_mut(&mut self, id: LeaseId) -> &mut Slot {
        &mut self.slots[id.0 as usize]
    }

    /// The key of a lease on that kind of chain; empty if it is on none. An Infiniband client has no hardware address to be
    /// found by (spec/dhcpv4.md 6.4).
    pub fn key(&self, kind: ChainKind, id: u32) -> &[u8] {
        let lease = self.lease(id);
        match kind {
            ChainKind::Uid => lease.uid.as_bytes(),
            ChainKind::Hardware => hardware_key(lease.hardware.as_bytes()),
        }
    }

    /// The neighbours of a lease on that kind of chain.
    pub fn links(&self, kind: ChainKind, id: u32) -> Links {
        let slot = &self.slots[id as usize];
        match kind {
            ChainKind::Uid => slot.uid,
            ChainKind::Hardware => slot.hardware,
        }
    }

    /// The neighbours, to change them.
    pub fn links_mut(&mut self, kind: ChainKind, id: u32) -> &mut Links {
        let slot = &mut self.slots[id as usize];
        match kind {
            ChainKind::Uid => &mut slot.uid,
            ChainKind::Hardware => &mut slot.hardware,
        }
    }
}

/// The hardware type of Infiniband.
const INFINIBAND: u8 = 32;

/// What a hardware address is indexed by: nothing for Infiniband without an address.
pub fn hardware_key(octets: &[u8]) -> &[u8] {
    match octets {
        [INFINIBAND] => &[],
        octets => octets,
    }
}
