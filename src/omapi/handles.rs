//! Handles: the numbers by which clients name objects (spec/omapi.md 8).

use super::world::Object;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// How many handles are remembered. A site that walks over millions of leases by OMAPI gets new ones; the oldest then mean
/// nothing any more.
const MAX_HANDLES: usize = 1 << 20;

/// The handles given out in the life of the process, valid on every connection. Each number is given out once.
#[derive(Debug, Default)]
pub struct Handles {
    last: u32,
    objects: FxHashMap<u32, Object>,
    numbers: FxHashMap<Object, u32>,
    /// In the order in which they were given out; those forgotten since may be among them.
    order: VecDeque<u32>,
}

impl Handles {
    /// The handle of an object, which it keeps.
    pub fn number(&mut self, object: &Object) -> u32 {
        if let Some(number) = self.numbers.get(object) {
            return *number;
        }
        let number = self.burn();
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

    /// A handle for an object that ceases to exist as soon as it is named.
    pub fn burn(&mut self) -> u32 {
        // After four thousand million the numbers begin anew; those in use are passed over.
        loop {
            self.last = self.last.wrapping_add(1).max(1);
            if !self.objects.contains_key(&self.last) {
                return self.last;
            }
        }
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
    use crate::leases::lease::LeaseId;

    #[test]
    fn an_object_keeps_its_handle_until_it_is_forgotten() {
        let mut handles = Handles::default();
        let (host, lease) = (Object::Host("h".into()), Object::Lease(LeaseId(0)));
        assert_eq!(handles.number(&host), 1);
        assert_eq!(handles.number(&lease), 2);
        assert_eq!(handles.number(&host), 1);
        assert_eq!(handles.object(1), Some(&host));
        handles.forget(&host);
        assert_eq!(handles.object(1), None);
        assert_eq!(handles.burn(), 3);
        assert_eq!(handles.number(&host), 4);
        assert_eq!(handles.object(0), None);
    }

    #[test]
    fn pools_do_not_outlive_their_configuration() {
        let mut handles = Handles::default();
        let pool = Object::Pool(crate::config::model::PoolId(0));
        assert_eq!((handles.number(&pool), handles.number(&Object::Control)), (1, 2));
        handles.forget_numbered();
        assert_eq!((handles.object(1), handles.object(2)), (None, Some(&Object::Control)));
        assert_eq!(handles.number(&pool), 3);
    }

    #[test]
    fn memory_is_bounded() {
        let mut handles = Handles::default();
        for lease in 0..MAX_HANDLES as u32 + 10 {
            handles.number(&Object::Lease(LeaseId(lease)));
        }
        assert_eq!(handles.objects.len(), MAX_HANDLES);
        assert_eq!(handles.numbers.len(), MAX_HANDLES);
        assert_eq!((handles.object(10), handles.object(11).is_some()), (None, true));
    }

    #[test]
    fn numbers_begin_anew_after_the_last() {
        let mut handles = Handles::default();
        handles.number(&Object::Control);
        handles.last = u32::MAX;
        assert_eq!(handles.burn(), 2);
    }
}
