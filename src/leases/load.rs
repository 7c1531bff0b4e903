//! After the lease file is read (spec/leases-file.md 18): leases go on their queues and chains in ISC's order.

use super::chain::Preference;
use super::lease::{BindingState, Lease, LeaseId};
use super::queue::{Place, Queue, QUEUES};
use super::slab::{ChainKind, UNQUEUED};
use super::store::{pool_states, LeaseStore};
use super::timers::Timers;
use super::virgin::{bucket, BUCKETS};
use crate::config::model::{Config, PoolId};
use crate::wire::units::Timestamp;

/// A lease's place in ISC's walk of the address table: bucket, newest record first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    bucket: u32,
    newest_first: u32,
    id: u32,
}

impl LeaseStore {
    /// Puts all leases that were read on their queues and chains and counts them. Afterwards `due` names the leases whose
    /// time came while the server was down.
    pub fn finish_load(&mut self, config: &Config) {
        let mut walk = Vec::with_capacity(self.slab.len());
        let mut used = Vec::with_capacity(self.slab.len());
        for id in 0..self.slab.len() as u32 {
            let slot = self.slab.slot_mut(LeaseId(id));
            if slot.tie == UNQUEUED {
                continue;
            }
            let has_peer = self.pools.get(slot.lease.pool.index()).is_some_and(|pool| pool.peer.is_some());
            settle(&mut slot.lease, has_peer);
            let address = u32::from(slot.lease.address);
            // Records were numbered downwards as they came: the newest has the lowest number.
            walk.push(Step { bucket: bucket(address), newest_first: slot.tie as u32, id });
            used.push((slot.lease.pool, address));
        }
        walk.sort_unstable();
        self.pools = pool_states(config, used);
        self.queue_all(&walk);
        let keyed = |kind| walk.iter().filter(|step| !self.slab.key(kind, step.id).is_empty()).count();
        let (uids, hardware) = (keyed(ChainKind::Uid), keyed(ChainKind::Hardware));
        self.uids.reserve(&self.slab, uids);
        self.hardware.reserve(&self.slab, hardware);
        for step in walk {
            let id = LeaseId(step.id);
            let preference = Preference::of(self.get(id));
            self.uids.insert(&mut self.slab, id, preference);
            self.hardware.insert(&mut self.slab, id, preference);
        }
        self.next_tie = -1;
    }

    /// Builds all queues and timers at once.
    fn queue_all(&mut self, walk: &[Step]) {
        let coverage = coverage(&self.ranges);
        let mut places: Vec<[Vec<Place>; QUEUES]> = (0..self.pools.len()).map(|_| Default::default()).collect();
        let mut run = Run::default();
        for (number, step) in walk.iter().enumerate() {
            let slot = self.slab.slot_mut(LeaseId(step.id));
            let lease = &slot.lease;
            let queue = Queue::of_lease(lease);
            slot.tie = run.tie(step.bucket, number, &coverage, (lease.pool, queue, lease.ends));
            let Some(pool) = self.pools.get_mut(lease.pool.index()) else { continue };
            pool.used += 1;
            if let Some(places) = places.get_mut(lease.pool.index()) {
                places[queue as usize].push(Place::new(lease.ends, slot.tie, LeaseId(step.id)));
            }
        }
        for (pool, places) in self.pools.iter_mut().zip(places) {
            for (queue, places) in Queue::ALL.into_iter().zip(places) {
                *pool.queues.queue_mut(queue) = places.into_iter().collect();
            }
        }
        let (slab, pools) = (&self.slab, &self.pools);
        self.timers = Timers::of(walk.iter().map(|step| {
            let lease = slab.lease(step.id);
            (pools.get(lease.pool.index()).and_then(|pool| pool.peer), LeaseId(step.id), lease)
        }));
    }
}

/// What a lease that was just read has to become (spec/leases-file.md 18, 23).
fn settle(lease: &mut Lease, has_peer: bool) {
    if lease.state == BindingState::Backup && !has_peer {
        (lease.state, lease.next_state, lease.rewind_state) =
            (BindingState::Free, BindingState::Free, BindingState::Free);
    }
    let ended = matches!(lease.state, BindingState::Expired | BindingState::Released | BindingState::Reset);
    if ended && lease.next_state == lease.state && !has_peer {
        // ISC would leave it there for ever.
        lease.next_state = BindingState::Free;
    }
    if !ended && lease.state != BindingState::Active {
        if let Some(extras) = &mut lease.extras {
            extras.billing = None;
        }
    }
}

/// For each bucket, how many addresses of all ranges lie in the buckets before it.
fn coverage(ranges: &[(u32, u32, PoolId)]) -> Vec<u64> {
    let mut change = vec![0i64; BUCKETS as usize + 1];
    let mut everywhere = 0;
    for (low, high, _) in ranges {
        let count = u64::from(high.saturating_sub(*low)) + 1;
        everywhere += count / u64::from(BUCKETS);
        let (first, rest) = (bucket(*low), (count % u64::from(BUCKETS)) as u32);
        let mut add = |from: u32, to: u32| {
            change[from as usize] += 1;
            change[to as usize] -= 1;
        };
        match (first + rest).checked_sub(BUCKETS) {
            _ if rest == 0 => {}
            None => add(first, first + rest),
            Some(wrapped) => {
                add(first, BUCKETS);
                add(0, wrapped);
            }
        }
    }
    let (mut lying, mut before) = (0i64, 0u64);
    let count = |change: i64| {
        let result = before;
        lying += change;
        before += everywhere + lying.max(0) as u64;
        result
    };
    change.into_iter().map(count).collect()
}

/// The run of the walk so far: leases of one queue and time with nothing between them keep their order, every other start
/// goes in front of its equals (spec/dhcpv4.md 6.3).
#[derive(Default)]
struct Run {
    number: u32,
    position: u32,
    last: Option<(PoolId, Queue, Timestamp)>,
    bucket: u32,
    /// Where in the walk the last lease's bucket began.
    bucket_start: usize,
}

impl Run {
    /// The tie of the next lease of the walk.
    fn tie(&mut self, bucket: u32, number: usize, coverage: &[u64], queue: (PoolId, Queue, Timestamp)) -> i64 {
        let nothing_between = bucket == self.bucket || {
            let covered = |bucket: u32| coverage.get(bucket as usize).copied().unwrap_or(0);
            covered(bucket) - covered(self.bucket) == (number - self.bucket_start) as u64
        };
        if bucket != self.bucket {
            (self.bucket, self.bucket_start) = (bucket, number);
        }
        // Never-used addresses are on the free queue with the same time as a free lease without one.
        let among_virgins = (queue.1, queue.2) == (Queue::Free, Timestamp::UNSET);
        if (nothing_between || among_virgins) && self.last == Some(queue) {
            self.position += 1;
        } else {
            (self.number, self.position) = (self.number + 1, 0);
        }
        self.last = Some(queue);
        (i64::from(i32::MAX as u32 - self.number) << 32) | i64::from(self.position)
    }
}
