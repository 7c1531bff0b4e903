//! Records found by key that keep the order in which they came.

use rustc_hash::FxHashMap;
use std::borrow::Borrow;
use std::hash::Hash;

/// Empty places are swept out when they outnumber the records and this.
const FEW: usize = 32;

/// Records by key, in order of entry. All single operations take O(1), amortised.
#[derive(Clone, Debug)]
pub struct Table<K, R> {
    places: Vec<Option<(K, R)>>,
    by_key: FxHashMap<K, usize>,
}

impl<K, R> Default for Table<K, R> {
    fn default() -> Self {
        Table { places: Vec::new(), by_key: FxHashMap::default() }
    }
}

impl<K: Clone + Eq + Hash, R> Table<K, R> {
    /// The record of a key.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&R>
    where
        K: Borrow<Q>,
    {
        let at = *self.by_key.get(key)?;
        self.places.get(at)?.as_ref().map(|(_, record)| record)
    }

    /// The same, to be changed.
    pub fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut R>
    where
        K: Borrow<Q>,
    {
        let at = *self.by_key.get(key)?;
        self.places.get_mut(at)?.as_mut().map(|(_, record)| record)
    }

    /// Enters a record in the place of an earlier one of its key, or behind all others.
    pub fn put(&mut self, key: K, record: R) {
        if let Some(place) = self.by_key.get(&key).and_then(|at| self.places.get_mut(*at)) {
            *place = Some((key, record));
            return;
        }
        self.by_key.insert(key.clone(), self.places.len());
        self.places.push(Some((key, record)));
    }

    /// Takes a record away.
    pub fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<R>
    where
        K: Borrow<Q>,
    {
        let at = self.by_key.remove(key)?;
        let removed = self.places.get_mut(at).and_then(Option::take);
        if self.places.len() > 2 * self.by_key.len() + FEW {
            self.places.retain(Option::is_some);
            let keys = self.places.iter().flatten().map(|(key, _)| key.clone()).enumerate();
            self.by_key = keys.map(|(at, key)| (key, at)).collect();
        }
        removed.map(|(_, record)| record)
    }

    /// All records in order of entry.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &R)> {
        self.places.iter().flatten().map(|(key, record)| (key, record))
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keeps_order_and_forgets_what_was_removed(steps in proptest::collection::vec((any::<bool>(), 0_u8..60), 0..400)) {
            let mut table: Table<u8, usize> = Table::default();
            let mut model: Vec<(u8, usize)> = Vec::new();
            for (number, (put, key)) in steps.into_iter().enumerate() {
                if put {
                    table.put(key, number);
                    match model.iter_mut().find(|(k, _)| *k == key) {
                        Some(entry) => entry.1 = number,
                        None => model.push((key, number)),
                    }
                } else {
                    let at = model.iter().position(|(k, _)| *k == key);
                    prop_assert_eq!(table.remove(&key), at.map(|at| model.remove(at).1));
                }
                prop_assert_eq!(table.get(&key).copied(), model.iter().find(|(k, _)| *k == key).map(|(_, r)| *r));
            }
            prop_assert_eq!(table.iter().map(|(k, r)| (*k, *r)).collect::<Vec<_>>(), model);
            prop_assert!(table.places.len() <= 2 * table.by_key.len() + FEW);
        }
    }
}
