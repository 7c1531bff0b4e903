//! A set of option values in the order in which ISC dhcpd stores, and therefore sends, them (spec/options.md 8).
//!
//! A hash space has 17 buckets, bucket = ((code & 31) + ((code >> 5) & 31)) mod 17; iteration goes by bucket and, inside a
//! bucket, newest first. A linked space keeps the order of insertion. Replacing a value keeps its place in both.

use super::registry::{OptionKey, SpaceId, Storage};

/// The bucket of a code in a hash space.
pub fn bucket(code: u32) -> u32 {
    ((code & 31) + ((code >> 5) & 31)) % 17
}

/// Values of type `V` by option, in ISC's order. Lookups are linear: a set holds tens of options.
#[derive(Clone, Debug)]
pub struct OptionSet<V> {
    entries: Vec<(OptionKey, V)>,
}

impl<V> Default for OptionSet<V> {
    fn default() -> Self {
        OptionSet { entries: Vec::new() }
    }
}

impl<V> OptionSet<V> {
    /// True if there is no value.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of an option.
    pub fn get(&self, key: OptionKey) -> Option<&V> {
        self.entries.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// The value of an option, to change it in place.
    pub fn get_mut(&mut self, key: OptionKey) -> Option<&mut V> {
        self.entries.iter_mut().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// Sets a value, keeping the place of an earlier one.
    pub fn set(&mut self, key: OptionKey, value: V) {
        match self.get_mut(key) {
            Some(old) => *old = value,
            None => self.entries.push((key, value)),
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: OptionKey) -> Option<V> {
        let at = self.entries.iter().position(|(k, _)| *k == key)?;
        Some(self.entries.remove(at).1)
    }

    /// All values in the order they were first set.
    pub fn in_order_set(&self) -> impl Iterator<Item = &(OptionKey, V)> {
        self.entries.iter()
    }

    /// The codes of a space that have a value, in the order ISC walks them.
    pub fn codes(&self, space: SpaceId, storage: Storage) -> Vec<u32> {
        let mut codes: Vec<u32> = self.entries.iter().filter(|(k, _)| k.space == space).map(|(k, _)| k.code).collect();
        if storage == Storage::Hash {
            codes.reverse();
            codes.sort_by_key(|code| bucket(*code));
        }
        codes
    }
}
