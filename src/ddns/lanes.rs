//! Turns: updates that concern the same name run one after the other, in the order they came, and only so many run at all. Others
//! wait; when too many wait, no more are taken.

use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// How many updates run at a time.
const MAX_RUNNING: usize = 256;
/// How many there may be in all.
const MAX_TAKEN: usize = 20_000;

/// An update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub u64);

/// The names that an update is about, in small letters: one or two, not the same.
pub type Keys = Vec<Box<[u8]>>;

/// Who runs, and who waits for whom.
#[derive(Debug, Default)]
pub struct Lanes {
    /// By name: the updates about it; the first one may run.
    lanes: FxHashMap<Box<[u8]>, VecDeque<OperationId>>,
    taken: FxHashMap<OperationId, Keys>,
    /// They may run as soon as there is room.
    ready: VecDeque<OperationId>,
    running: usize,
}

impl Lanes {
    /// Takes an update. False if there are too many.
    pub fn push(&mut self, id: OperationId, keys: Keys) -> bool {
        if self.taken.len() >= MAX_TAKEN {
            return false;
        }
        for key in &keys {
            self.lanes.entry(key.clone()).or_default().push_back(id);
        }
        self.taken.insert(id, keys);
        self.check(id);
        true
    }

    /// It becomes ready when it is the first one everywhere.
    fn check(&mut self, id: OperationId) {
        let Some(keys) = self.taken.get(&id) else { return };
        if keys.iter().all(|key| self.lanes.get(key).and_then(VecDeque::front) == Some(&id)) {
            self.ready.push_back(id);
        }
    }

    /// The next one to run, if one may.
    pub fn next(&mut self) -> Option<OperationId> {
        while self.running < MAX_RUNNING {
            let id = self.ready.pop_front()?;
            if self.taken.contains_key(&id) {
                self.running += 1;
                return Some(id);
            }
        }
        None
    }

    /// An update is over, whether it ran or not.
    pub fn end(&mut self, id: OperationId, has_run: bool) {
        if has_run {
            self.running = self.running.saturating_sub(1);
        }
        for key in self.taken.remove(&id).unwrap_or_default() {
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            let was_first = lane.front() == Some(&id);
            match was_first {
                true => drop(lane.pop_front()),
                false => lane.retain(|other| *other != id),
            }
            match lane.front().copied() {
                None => drop(self.lanes.remove(&key)),
                Some(next) if was_first => self.check(next),
                Some(_) => {}
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
        assert!(lanes.push(a, keys(&["x"])) && lanes.push(b, keys(&["x", "y"])) && lanes.push(c, keys(&["y"])));
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
        assert!(lanes.push(a, keys(&["x"])) && lanes.push(b, keys(&["x"])) && lanes.push(c, keys(&["x"])));
        lanes.end(b, false);
        assert_eq!(lanes.next(), Some(a));
        lanes.end(a, true);
        assert_eq!(lanes.next(), Some(c));
    }

    #[test]
    fn only_so_many_run_and_wait() {
        let mut lanes = Lanes::default();
        for number in 0..MAX_TAKEN as u64 {
            assert!(lanes.push(OperationId(number), Keys::new()));
        }
        assert!(!lanes.push(OperationId(u64::MAX), Keys::new()));
        assert_eq!(std::iter::from_fn(|| lanes.next()).count(), MAX_RUNNING);
        lanes.end(OperationId(0), true);
        assert_eq!(lanes.next(), Some(OperationId(MAX_RUNNING as u64)));
    }
}
