//! Walking all leases in the order of a rewritten file (spec/leases-file.md 2), a slice at a time.

use super::lease::LeaseId;
use super::queue::{Place, Queue};
use super::store::LeaseStore;
use super::writer;
use crate::config::model::PoolId;
use crate::wire::units::Timestamp;
use std::ops::Bound;

/// How far a walk has come. It stays valid while leases change: a lease that was not reached yet may be met at its new place,
/// or missed; what is written to the journal meanwhile counts anyway, and the store remembers what moved without being
/// written (`LeaseStore::end_rewrite`).
#[derive(Clone, Debug)]
pub struct Cursor {
    /// Pools in the order of the file; what is left of them begins at `pool`.
    pools: Vec<PoolId>,
    pool: usize,
    queue: usize,
    after: Option<Place>,
    written: usize,
    generation: u32,
}

impl Cursor {
    /// How many leases were written.
    pub fn written(&self) -> usize {
        self.written
    }
}

impl LeaseStore {
    /// Begins a rewrite. One can be under way at a time.
    pub fn begin_rewrite(&mut self) -> Cursor {
        self.moved = Some(Default::default());
        self.walk_start()
    }

    fn walk_start(&self) -> Cursor {
        let (pools, generation) = (self.file_order.clone(), self.generation);
        Cursor { pools, pool: 0, queue: 0, after: None, written: 0, generation }
    }

    /// Appends the records of up to `limit` more leases to `out`; true when there are none left.
    pub fn write_slice(&self, cursor: &mut Cursor, now: Timestamp, limit: usize, out: &mut Vec<u8>) -> bool {
        if cursor.generation != self.generation {
            // The pools are others now. Records written twice do no harm.
            *cursor = self.walk_start();
        }
        let mut left = limit;
        while let Some(pool) = cursor.pools.get(cursor.pool) {
            let state = self.pools.get(pool.index());
            let queue = Queue::ALL.get(cursor.queue);
            let (Some(state), Some(queue)) = (state, queue) else {
                (cursor.pool, cursor.queue, cursor.after) = (cursor.pool + 1, 0, None);
                continue;
            };
            let from = cursor.after.map_or(Bound::Unbounded, Bound::Excluded);
            for place in state.queues.queue(*queue).range((from, Bound::Unbounded)) {
                if left == 0 {
                    return false;
                }
                left -= 1;
                cursor.after = Some(*place);
                cursor.written += usize::from(self.write_one(place.id(), now, out));
            }
            (cursor.queue, cursor.after) = (cursor.queue + 1, None);
        }
        true
    }

    /// Ends a rewrite whose walk is over, or that failed. Appends the records of leases that changed their place during it
    /// without being written, since the walk may have missed them.
    pub fn end_rewrite(&mut self, now: Timestamp, out: &mut Vec<u8>) {
        for id in self.moved.take().unwrap_or_default() {
            self.write_one(id, now, out);
        }
    }

    fn write_one(&self, id: LeaseId, now: Timestamp, out: &mut Vec<u8>) -> bool {
        let lease = self.get(id);
        let worth = writer::is_worth_writing(lease);
        if worth {
            writer::lease(out, lease, &self.format, now);
        }
        worth
    }
}
