//! Handles: the numbers by which clients name objects (spec/omapi.md 8).
//!
//! With ISC a handle is good on every connection. Here it is good on the one that it was given out on, and no number is given
//! out twice: who has recorded a signed request that names an object can send it again on another connection, but it means
//! nothing there. No client minds, for each asks for an object where it means to use it.

use super::world::Object;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// How many handles of a connection are remembered. Whoever walks over a hundred thousand leases gets new ones; the oldest
/// then mean nothing any more.
const MAX_HANDLES: usize = 1 << 16;

/// The numbers given out in the life of the process, on all connections.
#[derive(Debug, Default)]
pub struct Numbers {
    last: u32,
}

impl Numbers {
    /// The next number; never 0.
    pub fn next_number(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1).max(1);
        self.last
    }
}

/// The handles of one connection.
#[derive(Debug, Default)]
pub struct Handles {
    objects: FxHashMap<u32, Object>,
    numbers: FxHashMap<Object, u32>,
    /// In the order in which they were given out; those forgotten since may be among them.
    order: VecDeque<u32>,
}

impl Handles {
    /// The handle of an object, which it keeps.
    pub fn number(&mut self, object: &Object, numbers: &mut Numbers) -> u32 {
        if let Some(number) = self.numbers.get(object) {
            return *number;
        }
        let number = numbers.next_number();
        self.objects.insert(number, object.clone());
        self.numbers.insert(object.clone(), number);
        self.order.push_back(number);
        while self.order.len() > MAX_HANDLES {
            if let Some(object) = self.order.pop_front().and_then(|oldest| self.objects.remove(&oldest)) {
                self.numbers.remove(&object);
            }
        }
        number
    }

    /// The object of a handle.
    pub fn object(&self, number: u32) -> Option<&Object> {
        self.objects.get(&number)
    }

    /// Forgets what is known by its number in a configuration: another one numbers anew.
    pub fn forget_numbered(&mut self) {
        self.objects.retain(|_, object| !matches!(object, Object::Pool(_)));
        self.numbers.retain(|object, _| !matches!(object, Object::Pool(_)));
    }

    /// The object exists no more: neither does its handle, and an object of the same name gets another.
    pub fn forget(&mut self, object: &Object) {
        if let Some(number) = self.numbers.remove(object) {
            self.objects.remove(&number);
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
        assert_eq!(handles.number(&pool, &mut numbers), 3);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut handles, mut numbers) = (Handles::default(), Numbers::default());
        for lease in 0..MAX_HANDLES as u32 + 10 {
            handles.number(&Object::Lease(LeaseId(lease)), &mut numbers);
        }
        assert_eq!(handles.objects.len(), MAX_HANDLES);
        assert_eq!(handles.numbers.len(), MAX_HANDLES);
        assert_eq!((handles.object(10), handles.object(11).is_some()), (None, true));
    }

    #[test]
    fn numbers_begin_anew_after_the_last() {
        assert_eq!(Numbers { last: u32::MAX }.next_number(), 1);
    }
}
