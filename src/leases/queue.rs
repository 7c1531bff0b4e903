//! The six queues of a pool (spec/dhcpv4.md 6.2): leases by ascending `ends`, among equals the newest insertion first.

use super::lease::{BindingState, Lease, LeaseId};
use crate::wire::units::Timestamp;
use std::collections::BTreeSet;

/// Which queue of its pool a lease stands on; the order is that of the lease file (spec/leases-file.md 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Queue {
    Free,
    Active,
    Expired,
    Abandoned,
    Backup,
    Reserved,
}

/// How many queues a pool has.
pub const QUEUES: usize = 6;

impl Queue {
    /// All queues in file order.
    pub const ALL: [Queue; QUEUES] =
        [Queue::Free, Queue::Active, Queue::Expired, Queue::Abandoned, Queue::Backup, Queue::Reserved];

    /// The queue of a lease of that state and `reserved` flag.
    pub fn of(state: BindingState, reserved: bool) -> Queue {
        match state {
            BindingState::Free | BindingState::Backup if reserved => Queue::Reserved,
            BindingState::Free => Queue::Free,
            BindingState::Backup => Queue::Backup,
            BindingState::Active => Queue::Active,
            BindingState::Expired | BindingState::Released | BindingState::Reset => Queue::Expired,
            BindingState::Abandoned => Queue::Abandoned,
        }
    }

    /// The queue a lease belongs on now.
    pub fn of_lease(lease: &Lease) -> Queue {
        Queue::of(lease.state, lease.flags.reserved)
    }
}

/// A place on a queue: `ends`, then a number that grows from front to back among equals. 16 bytes, because a million
/// leases have one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    ends: u32,
    tie_high: u32,
    tie_low: u32,
    id: u32,
}

impl Place {
    /// The place of lease `id`.
    pub fn new(ends: Timestamp, tie: i64, id: LeaseId) -> Place {
        // Flipping the sign bit makes the unsigned halves sort as the signed whole.
        let tie = (tie as u64) ^ (1 << 63);
        Place { ends: ends.0, tie_high: (tie >> 32) as u32, tie_low: tie as u32, id: id.0 }
    }

    /// Before every place of that time.
    pub fn front_of(ends: Timestamp) -> Place {
        Place { ends: ends.0, tie_high: 0, tie_low: 0, id: 0 }
    }

    /// The lease.
    pub fn id(self) -> LeaseId {
        LeaseId(self.id)
    }

    /// Its `ends` when it was queued.
    pub fn ends(self) -> Timestamp {
        Timestamp(self.ends)
    }
}

/// The queues of one pool.
#[derive(Debug, Default)]
pub struct Queues {
    queues: [BTreeSet<Place>; QUEUES],
}

impl Queues {
    /// One of them.
    pub fn queue(&self, queue: Queue) -> &BTreeSet<Place> {
        &self.queues[queue as usize]
    }

    /// One of them, to change it.
    pub fn queue_mut(&mut self, queue: Queue) -> &mut BTreeSet<Place> {
        &mut self.queues[queue as usize]
    }

    /// The lease in front of a queue.
    pub fn first(&self, queue: Queue) -> Option<Place> {
        self.queue(queue).first().copied()
    }
}
