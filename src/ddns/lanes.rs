//! Turns: updates that concern the same name run one after the other, in the order they came, and only so many run at all. Others
//! wait; when too many wait, no more are taken.

use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many updates run at a time.
const MAX_RUNNING: usize = 256;
/// How many there may be in all.
const MAX_TAKEN: usize = 20_000;

/// An update; later ones have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub u64);

/// The names that an update is about, in small letters: one or two, not the same.
pub type Keys = Vec<Arc<[u8]>>;

/// The updates about one name, in the order they came; most often there is but one.
#[derive(Debug)]
struct Lane {
    /// It may run.
    first: OperationId,
    waiting: BTreeSet<OperationId>,
}

#[derive(Debug)]
struct Taken<T> {
    keys: Keys,
    update: T,
}

/// The updates: who runs, and who waits for whom.
#[derive(Debug)]
pub struct Lanes<T> {
    /// By name.
    lanes: FxHashMap<Arc<[u8]>, Lane>,
    taken: FxHashMap<OperationId, Box<Taken<T>>>,
    /// They may run as soon as there is room, the oldest first.
    ready: BTreeSet<OperationId>,
    running: usize,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Lanes { lanes: FxHashMap::default(), taken: FxHashMap::default(), ready: BTreeSet::new(), running: 0 }
    }
}

impl<T> Lanes<T> {
    /// An update.
    pub fn get(&self, id: OperationId) -> Option<&T> {
        self.taken.get(&id).map(|taken| &taken.update)
    }

    /// An update, to change it.
    pub fn get_mut(&mut self, id: OperationId) -> Option<&mut T> {
        self.taken.get_mut(&id).map(|taken| &mut taken.update)
    }

    /// True without any update.
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// True if no update can be taken.
    pub fn is_full(&self) -> bool {
        self.taken.len() >= MAX_TAKEN
    }

    /// True if at least as many as there are can be taken.
    pub fn is_half_empty(&self) -> bool {
        self.taken.len() <= MAX_TAKEN / 2
    }

    /// Takes an update.
    pub fn push(&mut self, id: OperationId, keys: Keys, update: T) {
        for key in &keys {
            match self.lanes.entry(key.clone()) {
                Entry::Occupied(lane) => {
                    lane.into_mut().waiting.insert(id);
                }
                Entry::Vacant(place) => {
                    place.insert(Lane { first: id, waiting: BTreeSet::new() });
                }
            }
        }
        self.taken.insert(id, Box::new(Taken { keys, update }));
        self.check(id);
    }

    /// It becomes ready when it is the first one everywhere.
    fn check(&mut self, id: OperationId) {
        let Some(taken) = self.taken.get(&id) else { return };
        if taken.keys.iter().all(|key| self.lanes.get(key).is_some_and(|lane| lane.first == id)) {
            self.ready.insert(id);
        }
    }

    /// The next one to run, if one may.
    pub fn next(&mut self) -> Option<OperationId> {
        if self.running >= MAX_RUNNING {
            return None;
        }
        let id = self.ready.pop_first()?;
        self.running += 1;
        Some(id)
    }

    /// An update is over, whether it ran or not.
    pub fn end(&mut self, id: OperationId, has_run: bool) {
        if has_run {
            self.running = self.running.saturating_sub(1);
        }
        self.ready.remove(&id);
        for key in self.taken.remove(&id).map(|taken| taken.keys).unwrap_or_default() {
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            if lane.first != id {
                lane.waiting.remove(&id);
                continue;
            }
            match lane.waiting.pop_first() {
                None => drop(self.lanes.remove(&key)),
                Some(next) => {
                    lane.first = next;
                    self.check(next);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Keys {
        names.iter().map(|name| name.as_bytes().into()).collect()
    }

    #[test]
    fn the_same_name_waits() {
        let (a, b, c) = (OperationId(1), OperationId(2), OperationId(3));
        let mut lanes = Lanes::default();
        lanes.push(a, keys(&["x"]), ());
        lanes.push(b, keys(&["x", "y"]), ());
        lanes.push(c, keys(&["y"]), ());
        assert_eq!((lanes.next(), lanes.next()), (Some(a), None));
        lanes.end(a, true);
        assert_eq!((lanes.next(), lanes.next()), (Some(b), None));
        lanes.end(b, true);
        assert_eq!(lanes.next(), Some(c));
        lanes.end(c, true);
        assert!(lanes.lanes.is_empty() && lanes.taken.is_empty() && lanes.running == 0);
    }

    #[test]
    fn what_ends_while_it_waits_does_not_run() {
        let (a, b, c) = (OperationId(1), OperationId(2), OperationId(3));
        let mut lanes = Lanes::default();
        for id in [a, b, c] {
            lanes.push(id, keys(&["x"]), ());
        }
        lanes.end(b, false);
        assert_eq!(lanes.next(), Some(a));
        lanes.end(a, true);
        assert_eq!(lanes.next(), Some(c));
    }

    #[test]
    fn only_so_many_run_and_wait() {
        let mut lanes = Lanes::default();
        for number in 0..MAX_TAKEN as u64 {
            assert!(!lanes.is_full());
            lanes.push(OperationId(number), Keys::new(), ());
        }
        assert!(lanes.is_full());
        assert_eq!(std::iter::from_fn(|| lanes.next()).count(), MAX_RUNNING);
        lanes.end(OperationId(0), true);
        assert_eq!(lanes.next(), Some(OperationId(MAX_RUNNING as u64)));
    }

    /// A dead server, and clients that renew: what is given up leaves nothing behind.
    #[test]
    fn what_is_given_up_is_forgotten() {
        let mut lanes = Lanes::default();
        let running = MAX_RUNNING as u64;
        for number in 0..running {
            lanes.push(OperationId(number), keys(&[&number.to_string()]), ());
        }
        assert_eq!(std::iter::from_fn(|| lanes.next()).count(), MAX_RUNNING);
        for number in running..running + 1000 {
            let names = if number % 2 == 0 { ["same", &number.to_string()] } else { ["0", "same"] };
            lanes.push(OperationId(number), keys(&names), ());
        }
        for number in running..running + 1000 {
            lanes.end(OperationId(number), false);
        }
        assert!(lanes.ready.is_empty() && lanes.next().is_none());
        assert_eq!((lanes.taken.len(), lanes.lanes.len()), (MAX_RUNNING, MAX_RUNNING));
        assert!(lanes.lanes.values().all(|lane| lane.waiting.is_empty()));
    }
}
