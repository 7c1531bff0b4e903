//! A set of option values in the order in which ISC dhcpd stores, and therefore sends, them (spec/options.md 8).
//!
//! A hash space has 17 buckets, bucket = ((code & 31) + ((code >> 5) & 31)) mod 17; iteration goes by bucket and, inside a
//! bucket, newest first. A linked space keeps the order of insertion. Replacing a value keeps its place in both.

use super::registry::{OptionKey, SpaceId, Storage};

/// The bucket of a code in a hash space.
pub fn bucket(code: u32) -> u32 {
    ((code & 31) + ((code >> 5) & 31)) % 17
}

/// The bit of a key in a filter.
fn bit(key: OptionKey) -> u128 {
    1 << ((key.code ^ u32::from(key.space.0) << 6) & 127)
}

/// Values of type `V` by option, in ISC's order. Lookups run over the keys, which lie close together: a set holds tens of
/// options. Most lookups are for what is not set, which the filter tells at once.
#[derive(Clone, Debug)]
pub struct OptionSet<V> {
    /// Has the bits of all keys, and may have more.
    filter: u128,
    keys: Vec<OptionKey>,
    /// In the order of `keys`.
    values: Vec<V>,
}

impl<V> Default for OptionSet<V> {
    fn default() -> Self {
        OptionSet { filter: 0, keys: Vec::new(), values: Vec::new() }
    }
}

impl<V> OptionSet<V> {
    /// True if there is no value.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn place(&self, key: OptionKey) -> Option<usize> {
        if self.filter & bit(key) == 0 {
            return None;
        }
        self.keys.iter().position(|k| *k == key)
    }

    /// The value of an option.
    pub fn get(&self, key: OptionKey) -> Option<&V> {
        self.values.get(self.place(key)?)
    }

    /// The value of an option, to change it in place.
    pub fn get_mut(&mut self, key: OptionKey) -> Option<&mut V> {
        let place = self.place(key)?;
        self.values.get_mut(place)
    }

    /// Sets a value, keeping the place of an earlier one.
    pub fn set(&mut self, key: OptionKey, value: V) {
        match self.get_mut(key) {
            Some(old) => *old = value,
            None => {
                self.filter |= bit(key);
                self.keys.push(key);
                self.values.push(value);
            }
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: OptionKey) -> Option<V> {
        let place = self.place(key)?;
        self.keys.remove(place);
        Some(self.values.remove(place))
    }

    /// All values in the order they were first set.
    pub fn in_order_set(&self) -> impl Iterator<Item = (&OptionKey, &V)> {
        self.keys.iter().zip(&self.values)
    }

    /// The codes of a space that have a value, in the order ISC walks them.
    pub fn codes(&self, space: SpaceId, storage: Storage) -> Vec<u32> {
        let mut codes: Vec<u32> = self.keys.iter().filter(|k| k.space == space).map(|k| k.code).collect();
        if storage == Storage::Hash {
            codes.reverse();
            codes.sort_by_key(|code| bucket(*code));
        }
        codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_newest_first_and_replacing_keeps_the_place() {
        let mut set = OptionSet::default();
        for code in [130, 147, 164, 18, 1] {
            set.set(OptionKey::dhcp(code), code);
        }
        set.set(OptionKey::dhcp(130), 0);
        assert_eq!(set.codes(SpaceId::DHCP, Storage::Hash), [1, 18, 147, 130, 164]);
        assert_eq!(set.codes(SpaceId::DHCP, Storage::Linked), [130, 147, 164, 18, 1]);
        assert_eq!(set.remove(OptionKey::dhcp(147)), Some(147));
        assert_eq!(set.get(OptionKey::dhcp(147)), None);
        assert_eq!(set.get(OptionKey::dhcp(130)), Some(&0));
        assert!(set.codes(SpaceId::AGENT, Storage::Linked).is_empty());
    }
}
