//! Leases whose update the partner refused: when each is told again. At most one entry a lease, however often it is refused.

use crate::leases::lease::LeaseId;
use crate::wire::units::{Seconds, Timestamp};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// How long after a refusal the partner is told again; each further one doubles it, to about an hour.
const RETRY: Seconds = Seconds(60);
const MAX_DOUBLINGS: u32 = 6;

/// What was refused of one relationship.
#[derive(Debug, Default)]
pub struct Refusals {
    /// How often a lease was refused in a row, and when it is tried again.
    leases: FxHashMap<LeaseId, (u32, Timestamp)>,
    due: BTreeSet<(Timestamp, LeaseId)>,
}

impl Refusals {
    /// The partner refused a lease.
    pub fn add(&mut self, id: LeaseId, now: Timestamp) {
        let (times, at) = self.leases.entry(id).or_insert((0, Timestamp::UNSET));
        self.due.remove(&(*at, id));
        *at = now.plus(Seconds(RETRY.0 << (*times).min(MAX_DOUBLINGS)));
        *times = times.saturating_add(1);
        self.due.insert((*at, id));
    }

    /// The partner agrees to a lease, or told of it itself.
    pub fn forget(&mut self, id: LeaseId) {
        if let Some((_, at)) = self.leases.remove(&id) {
            self.due.remove(&(at, id));
        }
    }

    /// A lease that is to be tried again; how often it was refused is remembered.
    pub fn take_due(&mut self, now: Timestamp) -> Option<LeaseId> {
        let first = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.due.remove(&first);
        Some(first.1)
    }

    /// When the next one is to be tried again.
    pub fn next(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: LeaseId = LeaseId(1);
    const B: LeaseId = LeaseId(2);

    #[test]
    fn each_refusal_doubles_the_wait_to_about_an_hour() {
        let mut refusals = Refusals::default();
        let mut waits = Vec::new();
        for _ in 0..8 {
            refusals.add(A, Timestamp(1000));
            waits.push(refusals.next().unwrap().0 - 1000);
            assert_eq!(refusals.take_due(Timestamp(999)), None);
            assert_eq!(refusals.take_due(Timestamp(5000)), Some(A));
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3840, 3840]);
        refusals.forget(A);
        refusals.add(A, Timestamp(1000));
        assert_eq!(refusals.next(), Some(Timestamp(1060)));
    }

    #[test]
    fn a_lease_that_is_refused_again_and_again_is_remembered_once() {
        let mut refusals = Refusals::default();
        for second in 0..1000 {
            refusals.add(A, Timestamp(second));
            refusals.add(B, Timestamp(second));
        }
        assert_eq!((refusals.leases.len(), refusals.due.len()), (2, 2));
        refusals.forget(A);
        assert_eq!(refusals.take_due(Timestamp::NEVER), Some(B));
        assert_eq!(refusals.take_due(Timestamp::NEVER), None);
    }
}
