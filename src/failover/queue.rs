//! What the partner still has to be told (spec/failover.md 15): leases that wait, and leases it was told of and has not
//! agreed to. A lease is at most once in here; every step costs O(log n).

use crate::leases::lease::{BindingState, LeaseId};
use crate::wire::units::Timestamp;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, VecDeque};

/// What the partner was told of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub xid: u32,
    pub state: BindingState,
    pub potential_expiry: Timestamp,
}

/// Where a lease stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    Waiting(i64),
    Told(i64, Told),
    Held,
}

/// The queues of one relationship.
#[derive(Debug, Default)]
pub struct Queue {
    places: FxHashMap<LeaseId, Place>,
    waiting: BTreeMap<i64, LeaseId>,
    told: BTreeMap<i64, LeaseId>,
    /// Leases that are not to be told yet; some may have gone elsewhere meanwhile.
    held: Vec<LeaseId>,
    /// Numbers at both ends: those at the back count up, those at the front down.
    back: i64,
    front: i64,
    /// Leases of an update request that are looked at when all else is told.
    dump: VecDeque<LeaseId>,
    /// The dump takes leases that the partner agrees with, too.
    everything: bool,
}

impl Queue {
    /// A lease changed: it is told of anew, at the place at which it already waits, or at the back.
    pub fn push(&mut self, id: LeaseId) {
        if let Some(Place::Waiting(_)) = self.places.get(&id) {
            return;
        }
        self.remove(id);
        self.back += 1;
        self.places.insert(id, Place::Waiting(self.back));
        self.waiting.insert(self.back, id);
    }

    /// What the partner was told of a lease that it has not agreed to.
    pub fn told(&self, id: LeaseId) -> Option<Told> {
        match self.places.get(&id) {
            Some(Place::Told(_, told)) => Some(*told),
            _ => None,
        }
    }

    /// True if the lease waits or the partner has not agreed to it yet.
    pub fn contains(&self, id: LeaseId) -> bool {
        self.places.contains_key(&id)
    }

    /// The partner is not told of a lease, or need not agree.
    pub fn remove(&mut self, id: LeaseId) {
        match self.places.remove(&id) {
            Some(Place::Waiting(at)) => drop(self.waiting.remove(&at)),
            Some(Place::Told(at, _)) => drop(self.told.remove(&at)),
            Some(Place::Held) | None => {}
        }
    }

    /// The next lease to tell of, out of the queue. Leases of a dump are taken only if `wants` them, which is told whether
    /// the dump is of everything.
    pub fn next(&mut self, wants: impl Fn(LeaseId, bool) -> bool) -> Option<LeaseId> {
        if let Some((_, id)) = self.waiting.pop_first() {
            self.places.remove(&id);
            return Some(id);
        }
        while let Some(id) = self.dump.pop_front() {
            if !self.places.contains_key(&id) && wants(id, self.everything) {
                return Some(id);
            }
        }
        None
    }

    /// The partner is being told.
    pub fn tell(&mut self, id: LeaseId, told: Told) {
        self.remove(id);
        self.back += 1;
        self.places.insert(id, Place::Told(self.back, told));
        self.told.insert(self.back, id);
    }

    /// The lease is not told before what is held back is let go.
    pub fn hold(&mut self, id: LeaseId) {
        self.remove(id);
        self.places.insert(id, Place::Held);
        self.held.push(id);
    }

    /// What was held back waits behind all else.
    pub fn let_go(&mut self) {
        for id in std::mem::take(&mut self.held) {
            if let Some(Place::Held) = self.places.get(&id) {
                self.push(id);
            }
        }
    }

    /// All that the partner has not agreed to is told again, before all else.
    pub fn rescind(&mut self) {
        while let Some((_, id)) = self.told.pop_last() {
            self.front -= 1;
            self.places.insert(id, Place::Waiting(self.front));
            self.waiting.insert(self.front, id);
        }
    }

    /// How many leases the partner has not agreed to.
    pub fn unacked(&self) -> usize {
        self.told.len()
    }

    /// True if nothing waits to be told.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.dump.is_empty() && self.held.is_empty()
    }

    /// True if leases are still to be looked at.
    pub fn is_dumping(&self) -> bool {
        !self.dump.is_empty()
    }

    /// True if nothing waits and the partner agrees to all.
    pub fn is_empty(&self) -> bool {
        self.is_idle() && self.told.is_empty()
    }

    /// The lease that was queued or told last.
    pub fn last(&self) -> Option<LeaseId> {
        let last = |list: &BTreeMap<i64, LeaseId>| list.last_key_value().map(|(at, id)| (*at, *id));
        last(&self.waiting).max(last(&self.told)).map(|(_, id)| id)
    }

    /// Leases to look at when all else is told; they take the place of those of an earlier dump, and if that was of
    /// everything, this one is.
    pub fn set_dump(&mut self, leases: VecDeque<LeaseId>, everything: bool) {
        self.everything = everything || self.everything && !self.dump.is_empty();
        self.dump = leases;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: LeaseId = LeaseId(1);
    const B: LeaseId = LeaseId(2);
    const C: LeaseId = LeaseId(3);

    fn told(xid: u32) -> Told {
        Told { xid, state: BindingState::Active, potential_expiry: Timestamp(5) }
    }

    fn drain(queue: &mut Queue) -> Vec<LeaseId> {
        std::iter::from_fn(|| queue.next(|_, _| true)).collect()
    }

    #[test]
    fn a_lease_that_waits_keeps_its_place() {
        let mut queue = Queue::default();
        [A, B, A].into_iter().for_each(|id| queue.push(id));
        assert_eq!(queue.last(), Some(B));
        assert_eq!(drain(&mut queue), [A, B]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_lease_that_changes_while_it_is_told_is_told_again() {
        let mut queue = Queue::default();
        queue.tell(A, told(7));
        queue.tell(B, told(8));
        assert_eq!((queue.unacked(), queue.told(A)), (2, Some(told(7))));
        queue.push(A);
        assert_eq!((queue.unacked(), queue.told(A)), (1, None));
        assert_eq!(drain(&mut queue), [A]);
    }

    #[test]
    fn what_was_told_comes_first_after_the_link_broke() {
        let mut queue = Queue::default();
        queue.tell(A, told(7));
        queue.tell(B, told(8));
        queue.push(C);
        queue.rescind();
        assert_eq!(queue.unacked(), 0);
        assert_eq!(drain(&mut queue), [A, B, C]);
    }

    #[test]
    fn what_is_held_back_is_told_when_it_is_let_go() {
        let mut queue = Queue::default();
        [A, B, C].into_iter().for_each(|id| queue.push(id));
        for _ in 0..2 {
            let id = queue.next(|_, _| true).unwrap();
            queue.hold(id);
        }
        // One of them changes: that is told now.
        queue.push(B);
        assert_eq!(drain(&mut queue), [C, B]);
        assert!(queue.contains(A) && !queue.is_idle());
        queue.let_go();
        assert_eq!(drain(&mut queue), [A]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_dump_comes_last_and_names_nothing_twice() {
        let mut queue = Queue::default();
        queue.set_dump([A, B, C].into(), false);
        queue.push(C);
        queue.tell(A, told(1));
        assert!(!queue.is_idle());
        let next = |queue: &mut Queue| {
            let id = queue.next(|id, everything| id == B && !everything)?;
            queue.tell(id, told(2));
            Some(id)
        };
        assert_eq!(next(&mut queue), Some(C));
        assert_eq!(next(&mut queue), Some(B));
        assert_eq!(next(&mut queue), None);
        assert!(queue.is_idle() && !queue.is_empty());
        [A, B, C].into_iter().for_each(|id| queue.remove(id));
        assert!(queue.is_empty());
    }
}
