//! The order in which ISC searches the subnets for an address, found without walking its list.
//!
//! ISC keeps all subnets in one list. A new one goes just before the first that overlaps it and is wider; if there is none, to
//! the front, even when it overlaps narrower ones. Subnets that do not overlap may stand in any order, so only those that do
//! are looked at. (spec/config-language.md 7.1)

use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Distance between neighbours in a fresh numbering of places.
const STEP: i64 = 1 << 32;
/// Distance to the one before, when there is room for more.
const NEAR: i64 = 1 << 20;

/// A subnet, of either family, as the search sees it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    address: u128,
    mask: u128,
    /// Trailing zero bits of the mask as ISC counts them: the less, the narrower.
    width: u8,
}

impl Entry {
    pub fn v4(address: Ipv4Addr, netmask: Ipv4Addr) -> Entry {
        let mask = u32::from(netmask);
        // Of an empty mask ISC counts into the length field before it.
        let width = if mask == 0 { 58 } else { mask.trailing_zeros() as u8 };
        Entry {
            address: u32::from(address).into(),
            mask: u128::from(mask) | u128::from(u32::MAX) << 32 | !0 << 64,
            width,
        }
    }

    /// ISC counts in the first 32 bits of an IPv6 mask alone.
    pub fn v6(address: Ipv6Addr, length: u8) -> Entry {
        let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
        let width = if length == 0 { 60 } else { 32 - length.min(32) };
        Entry { address: address.into(), mask, width }
    }

    /// The prefix length that ISC prints in a warning.
    pub fn shown_length(&self) -> i32 {
        32 - i32::from(self.width)
    }

    /// The address as it is written.
    pub fn shown_address(&self) -> IpAddr {
        // Only an IPv4 mask can have its upper 96 bits set over an address that has none there.
        match u32::try_from(self.address) {
            Ok(address) if self.mask >> 32 == u128::MAX >> 32 => Ipv4Addr::from(address).into(),
            _ => Ipv6Addr::from(self.address).into(),
        }
    }

    fn overlaps(&self, other: &Entry) -> bool {
        self.address & other.mask == other.address || other.address & self.mask == self.address
    }

    /// True if this is narrower than `other` in ISC's eyes, and overlaps it.
    pub fn is_inside(&self, other: &Entry) -> bool {
        self.overlaps(other) && self.width < other.width
    }

    fn one_run(&self) -> bool {
        self.mask.leading_ones() + self.mask.trailing_zeros() >= 128
    }
}

/// Subnets in ISC's order. They are numbered as they are entered.
#[derive(Debug, Default)]
pub struct SearchOrder {
    entries: Vec<Entry>,
    places: Vec<i64>,
    /// Entries by place: the list.
    list: BTreeMap<i64, u32>,
    /// Entries by mask and address. There are few different masks.
    by_mask: FxHashMap<u128, FxHashMap<u128, Vec<u32>>>,
    by_address: BTreeMap<(u128, u32), ()>,
}

impl SearchOrder {
    /// Enters a subnet. Gives those that it overlaps, in the order in which ISC meets them before it finds the place.
    pub fn enter(&mut self, entry: Entry) -> Vec<u32> {
        let mut overlapping = self.overlapping(&entry);
        overlapping.sort_unstable_by_key(|other| self.places[*other as usize]);
        let wider = overlapping.iter().position(|other| entry.width < self.entries[*other as usize].width);
        let place = match wider {
            Some(at) => self.place_before(overlapping[at]),
            None => self.list.first_key_value().map_or(0, |(first, _)| first - STEP),
        };
        if let Some(at) = wider {
            overlapping.truncate(at + 1);
        }
        let number = self.entries.len() as u32;
        self.entries.push(entry);
        self.places.push(place);
        self.list.insert(place, number);
        self.by_mask.entry(entry.mask).or_default().entry(entry.address).or_default().push(number);
        self.by_address.insert((entry.address, number), ());
        overlapping
    }

    pub fn entry(&self, number: u32) -> &Entry {
        &self.entries[number as usize]
    }

    /// The numbers in search order.
    pub fn in_order(&self) -> impl Iterator<Item = u32> + '_ {
        self.list.values().copied()
    }

    fn overlapping(&self, entry: &Entry) -> Vec<u32> {
        if !entry.one_run() {
            let overlaps = |(_, other): &(usize, &Entry)| entry.overlaps(other);
            return self.entries.iter().enumerate().filter(overlaps).map(|(number, _)| number as u32).collect();
        }
        let mut found: Vec<u32> = Vec::new();
        for (mask, networks) in &self.by_mask {
            found.extend(networks.get(&(entry.address & mask)).into_iter().flatten());
        }
        let inside = (entry.address, 0)..=(entry.address | !entry.mask, u32::MAX);
        found.extend(self.by_address.range(inside).map(|((_, number), ())| number));
        found.sort_unstable();
        found.dedup();
        found
    }

    fn place_before(&mut self, number: u32) -> i64 {
        loop {
            let place = self.places[number as usize];
            let Some((before, _)) = self.list.range(..place).next_back() else { return place - STEP };
            let room = place - before;
            if room >= 2 {
                return before + NEAR.min(room / 2);
            }
            self.renumber();
        }
    }

    fn renumber(&mut self) {
        let order: Vec<u32> = self.in_order().collect();
        self.list.clear();
        for (at, number) in order.into_iter().enumerate() {
            let place = at as i64 * STEP;
            self.places[number as usize] = place;
            self.list.insert(place, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn v4(text: &str, mask: &str) -> Entry {
        Entry::v4(text.parse().unwrap(), mask.parse().unwrap())
    }

    #[test]
    fn narrower_goes_before_wider_and_all_else_to_the_front() {
        let mut order = SearchOrder::default();
        assert!(order.enter(v4("10.0.0.0", "255.0.0.0")).is_empty());
        assert!(order.enter(v4("192.168.0.0", "255.255.255.0")).is_empty());
        assert_eq!(order.enter(v4("10.1.0.0", "255.255.0.0")), [0]);
        assert_eq!(order.in_order().collect::<Vec<_>>(), [1, 2, 0]);
        // a wide one after a narrow one goes to the front
        assert_eq!(order.enter(v4("192.168.0.0", "255.255.0.0")), [1]);
        assert_eq!(order.in_order().collect::<Vec<_>>(), [3, 1, 2, 0]);
        // found before the place is found: 2, then the wider 0
        assert_eq!(order.enter(v4("10.1.0.0", "255.255.0.0")), [2, 0]);
    }

    #[test]
    fn lengths_are_shown_as_isc_counts_them() {
        assert_eq!(v4("0.0.0.0", "0.0.0.0").shown_length(), -26);
        assert_eq!(v4("10.0.0.0", "255.255.255.0").shown_length(), 24);
        let v6 = |length| Entry::v6("2001:db8::".parse().unwrap(), length).shown_length();
        assert_eq!((v6(48), v6(32), v6(3), v6(0)), (32, 32, 3, -28));
    }

    /// ISC's way: walk the whole list.
    fn walk(list: &mut Vec<(u32, Entry)>, number: u32, entry: Entry) -> Vec<u32> {
        let mut met = Vec::new();
        for at in 0..list.len() {
            let (other_number, other) = list[at];
            if entry.overlaps(&other) {
                met.push(other_number);
                if entry.width < other.width {
                    list.insert(at, (number, entry));
                    return met;
                }
            }
        }
        list.insert(0, (number, entry));
        met
    }

    proptest! {
        #[test]
        fn agrees_with_walking_the_list(
            subnets in proptest::collection::vec((0_u32..1 << 12, 18_u32..=32, any::<bool>()), 1..200)
        ) {
            let mut order = SearchOrder::default();
            let mut list = Vec::new();
            for (number, (address, length, odd)) in subnets.into_iter().enumerate() {
                let mask = u32::MAX << (32 - length) & if odd { !0x0000_0400 } else { u32::MAX };
                let entry = Entry::v4((address & mask).into(), mask.into());
                prop_assert_eq!(order.enter(entry), walk(&mut list, number as u32, entry));
            }
            // Places matter among overlapping subnets alone.
            let place: Vec<u32> = order.in_order().collect();
            for (at, (a, entry_a)) in list.iter().enumerate() {
                for (b, entry_b) in &list[at + 1..] {
                    if entry_a.overlaps(entry_b) {
                        let position = |n: &u32| place.iter().position(|p| p == n);
                        prop_assert!(position(a) < position(b));
                    }
                }
            }
        }
    }
}
