//! Hosts found by a key that the host itself holds, in five octets a host.

use super::model::HostId;
use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// Host numbers grouped by key. The keys stay in the hosts: whoever asks says how to get at one.
#[derive(Clone, Debug, Default)]
pub struct HostTable {
    /// Hosts of one key stand together, in declaration order.
    grouped: Box<[HostId]>,
    /// Where in `grouped` the hosts of each key begin.
    starts: HashTable<u32>,
}

impl HostTable {
    /// Groups `hosts`, given in declaration order, by the key that `key_of` finds in each.
    pub fn build<'k>(hosts: impl Iterator<Item = HostId>, key_of: impl Fn(HostId) -> &'k [u8]) -> HostTable {
        let mut grouped: Vec<HostId> = hosts.collect();
        grouped.sort_by(|a, b| key_of(*a).cmp(key_of(*b)));
        let mut starts = HashTable::with_capacity(grouped.len());
        for (at, host) in grouped.iter().enumerate() {
            let key = key_of(*host);
            if at == 0 || key_of(grouped[at - 1]) != key {
                starts.insert_unique(hash(key), at as u32, |start| hash(key_of(grouped[*start as usize])));
            }
        }
        HostTable { grouped: grouped.into(), starts }
    }

    /// The hosts of a key, in declaration order. O(1).
    pub fn get<'k>(&self, key: &[u8], key_of: impl Fn(HostId) -> &'k [u8]) -> &[HostId] {
        let at = |start: u32| self.grouped.get(start as usize..).unwrap_or(&[]);
        let found = self.starts.find(hash(key), |start| at(*start).first().is_some_and(|host| key_of(*host) == key));
        let group = found.map_or(&[][..], |start| at(*start));
        let count = group.iter().take_while(|host| key_of(**host) == key).count();
        &group[..count]
    }

    /// How many hosts it holds.
    pub fn len(&self) -> usize {
        self.grouped.len()
    }

    /// True if it holds none.
    pub fn is_empty(&self) -> bool {
        self.grouped.is_empty()
    }
}

fn hash(key: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(key);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_in_declaration_order() {
        let keys: [&[u8]; 5] = [b"b", b"a", b"b", b"", b"b"];
        let key_of = |id: HostId| keys[id.index()];
        let table = HostTable::build((0..5).map(HostId), key_of);
        assert_eq!(table.get(b"b", key_of), [HostId(0), HostId(2), HostId(4)]);
        assert_eq!(table.get(b"a", key_of), [HostId(1)]);
        assert_eq!(table.get(b"", key_of), [HostId(3)]);
        assert_eq!(table.get(b"c", key_of), []);
        assert_eq!(table.len(), 5);
        assert!(HostTable::default().get(b"a", key_of).is_empty());
    }
}
