//! Handles: the numbers by which clients name objects (spec/omapi.md 8).
//!
//! With ISC a handle is good on every connection, and so is a recorded request that names an object by it. Here every
//! connection has handles of its own, no number is given out twice, and an object can be changed only by a handle of the same
//! connection. Reading is possible by any: omshell refreshes its object by the old handle when it has connected anew.

use super::world::Object;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::hash::Hash;

/// How many handles of a connection are remembered. Whoever walks over a hundred thousand leases gets new ones; the oldest
/// then mean nothing any more.
const OF_A_CONNECTION: usize = 1 << 16;
/// How many handles of all connections are remembered for reading.
const OF_ALL: usize = 1 << 18;

/// A table that forgets its oldest entries.
#[derive(Debug)]
struct Bounded<K, V> {
    limit: usize,
    entries: FxHashMap<K, V>,
    /// In the order in which they came; those taken out since may be among them.
    order: VecDeque<K>,
}

impl<K: Hash + Eq + Copy, V> Bounded<K, V> {
    fn new(limit: usize) -> Bounded<K, V> {
        Bounded { limit, entries: FxHashMap::default(), order: VecDeque::new() }
    }

    /// Enters something new; gives what had to go for it.
    fn insert(&mut self, key: K, value: V) -> Option<(K, V)> {
        self.entries.insert(key, value);
        self.order.push_back(key);
        if self.order.len() <= self.limit {
            return None;
        }
        let oldest = self.order.pop_front()?;
        self.entries.remove(&oldest).map(|value| (oldest, value))
    }
}

/// The numbers given out in the life of the process, on all connections.
#[derive(Debug)]
pub struct Numbers {
    last: u32,
    objects: Bounded<u32, Object>,
    /// All numbers of an object.
    by_object: FxHashMap<Object, Vec<u32>>,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers { last: 0, objects: Bounded::new(OF_ALL), by_object: FxHashMap::default() }
    }
}

impl Numbers {
    /// The next number; never 0. Without an object it means nothing.
    pub fn next_number(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1).max(1);
        self.last
    }

    /// The next number, for an object.
    fn number_for(&mut self, object: &Object) -> u32 {
        let number = self.next_number();
        self.by_object.entry(object.clone()).or_default().push(number);
        if let Some((oldest, object)) = self.objects.insert(number, object.clone()) {
            if let Some(numbers) = self.by_object.get_mut(&object) {
                numbers.retain(|number| *number != oldest);
                if numbers.is_empty() {
                    self.by_object.remove(&object);
                }
            }
        }
        number
    }

    /// The object of a handle of any connection, to be read.
    pub fn object(&self, number: u32) -> Option<&Object> {
        self.objects.entries.get(&number)
    }

    /// Forgets what is known by its number in a configuration: another one numbers anew.
    pub fn forget_numbered(&mut self) {
        self.objects.entries.retain(|_, object| !is_numbered(object));
        self.by_object.retain(|object, _| !is_numbered(object));
    }

    /// The object exists no more.
    pub fn forget(&mut self, object: &Object) {
        for number in self.by_object.remove(object).unwrap_or_default() {
            self.objects.entries.remove(&number);
        }
    }
}

fn is_numbered(object: &Object) -> bool {
    matches!(object, Object::Pool(_))
}

/// The handles of one connection.
#[derive(Debug)]
pub struct Handles {
    objects: Bounded<u32, Object>,
    numbers: FxHashMap<Object, u32>,
}

impl Default for Handles {
    fn default() -> Self {
        Handles { objects: Bounded::new(OF_A_CONNECTION), numbers: FxHashMap::default() }
    }
}

impl Handles {
    /// The handle of an object, which it keeps.
    pub fn number(&mut self, object: &Object, numbers: &mut Numbers) -> u32 {
        if let Some(number) = self.numbers.get(object) {
            return *number;
        }
        let number = numbers.number_for(object);
        self.numbers.insert(object.clone(), number);
        if let Some((_, oldest)) = self.objects.insert(number, object.clone()) {
            self.numbers.remove(&oldest);
        }
        number
    }

    /// The object of a handle of this connection.
    pub fn object(&self, number: u32) -> Option<&Object> {
        self.objects.entries.get(&number)
    }

    /// Forgets what is known by its number in a configuration: another one numbers anew.
    pub fn forget_numbered(&mut self) {
        self.objects.entries.retain(|_, object| !is_numbered(object));
        self.numbers.retain(|object, _| !is_numbered(object));
    }

    /// The object exists no more: neither does its handle, and an object of the same name gets another.
    pub fn forget(&mut self, object: &Object) {
        if let Some(number) = self.numbers.remove(object) {
            self.objects.entries.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model::PoolId;
    use crate::leases::lease::LeaseId;

    #[test]
    fn an_object_keeps_its_handle_until_it_is_forgotten() {
        let (mut handles, mut numbers) = (Handles::default(), Numbers::default());
        let (host, lease) = (Object::Host("h".into()), Object::Lease(LeaseId(0)));
        assert_eq!(handles.number(&host, &mut numbers), 1);
        assert_eq!(handles.number(&lease, &mut numbers), 2);
        assert_eq!(handles.number(&host, &mut numbers), 1);
        assert_eq!(handles.object(1), Some(&host));
        handles.forget(&host);
        assert_eq!(handles.object(1), None);
        assert_eq!(handles.number(&host, &mut numbers), 3);
        assert_eq!(handles.object(0), None);
    }

    #[test]
    fn pools_do_not_outlive_their_configuration() {
        let (mut handles, mut numbers) = (Handles::default(), Numbers::default());
        let pool = Object::Pool(PoolId(0));
        handles.number(&pool, &mut numbers);
        handles.number(&Object::Control, &mut numbers);
        handles.forget_numbered();
        assert_eq!((handles.object(1), handles.object(2)), (None, Some(&Object::Control)));
        numbers.forget_numbered();
        assert_eq!((numbers.object(1), numbers.object(2)), (None, Some(&Object::Control)));
        assert_eq!(handles.number(&pool, &mut numbers), 3);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut handles, mut numbers) = (Handles::default(), Numbers::default());
        for lease in 0..OF_ALL as u32 + 10 {
            handles.number(&Object::Lease(LeaseId(lease)), &mut numbers);
        }
        assert_eq!((handles.objects.entries.len(), handles.objects.order.len()), (OF_A_CONNECTION, OF_A_CONNECTION));
        assert_eq!(handles.numbers.len(), OF_A_CONNECTION);
        assert_eq!((numbers.objects.entries.len(), numbers.objects.order.len()), (OF_ALL, OF_ALL));
        assert_eq!((numbers.object(10), numbers.object(11).is_some()), (None, true));
        assert_eq!(numbers.by_object.len(), OF_ALL);
        numbers.forget(&Object::Lease(LeaseId(20)));
        assert_eq!((numbers.object(21), numbers.by_object.len()), (None, OF_ALL - 1));
    }

    #[test]
    fn numbers_begin_anew_after_the_last() {
        let mut numbers = Numbers { last: u32::MAX, ..Numbers::default() };
        assert_eq!((numbers.next_number(), numbers.next_number()), (1, 2));
    }
}
