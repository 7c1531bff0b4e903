//! The order in which never-used addresses are handed out (spec/dhcpv4.md 6.3), without a word of memory per address.

use crate::config::model::Pool;

/// The addresses of one pool in hand-out order, and how far it has come.
#[derive(Debug, Default)]
pub struct VirginOrder {
    /// Stretches of addresses, first and last.
    segments: Vec<(u32, u32)>,
    segment: usize,
    offset: u32,
}

impl VirginOrder {
    /// The addresses of the ranges in the order of declaration.
    pub fn new(pool: &Pool) -> VirginOrder {
        let segments = pool.ranges.iter().map(|r| (u32::from(r.low), u32::from(r.high))).collect();
        VirginOrder { segments, segment: 0, offset: 0 }
    }

    /// The first address that is not `used`. Amortised O(1): what was found used once is not looked at again.
    pub fn next(&mut self, used: impl Fn(u32) -> bool) -> Option<u32> {
        loop {
            let (low, high) = *self.segments.get(self.segment)?;
            match low.checked_add(self.offset).filter(|address| *address <= high) {
                Some(address) if !used(address) => return Some(address),
                Some(_) => self.offset += 1,
                None => (self.segment, self.offset) = (self.segment + 1, 0),
            }
        }
    }
}
