//! The order in which never-used addresses are handed out (spec/dhcpv4.md 6.3), without a word of memory per address.
//!
//! ISC queues all addresses at start by walking 100003 hash buckets (an address's is its value modulo that), newest declared
//! first in a bucket. As long as the walk stays on one queue addresses line up in order; whenever it comes from elsewhere it
//! starts in front again. So a *run* is a stretch of the walk without an address of another queue, and runs are handed out
//! last one first.
//!
//! Here the circle of buckets is cut into zones in which the same pieces of ranges lie. In a zone of one pool alone, runs end
//! at used addresses only. In a zone of several pools every bucket changes queues, so each address is a run of its own and
//! the zone is handed out backwards. (Where several ranges of one pool lie in such a zone with another's between them, the
//! order within a bucket is that of the pool's ranges alone.)

use crate::config::model::{Config, PoolId};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Buckets of ISC's table of addresses.
pub const BUCKETS: u32 = 100_003;

/// The bucket of an address.
pub fn bucket(address: u32) -> u32 {
    address % BUCKETS
}

/// A stretch of the circle in which the same pieces of a pool's ranges lie.
#[derive(Debug)]
struct Zone {
    first: u32,
    buckets: u32,
    /// Of `bases`: the addresses in the first bucket, newest declared first.
    bases: Range<u32>,
    /// Shared with other pools: handed out backwards.
    shared: bool,
    /// Zones of the same number continue one run.
    run: u32,
}

/// Addresses of a zone that are handed out one after the other: first and last by their index.
#[derive(Debug)]
struct Segment {
    zone: u32,
    from: u32,
    to: u32,
}

/// The addresses of one pool in hand-out order, and how far it has come.
#[derive(Debug, Default)]
pub struct VirginOrder {
    zones: Vec<Zone>,
    bases: Vec<u32>,
    segments: Vec<Segment>,
    segment: usize,
    offset: u32,
}

impl VirginOrder {
    /// The first address that is not `used`. Amortised O(1): what was found used once is not looked at again.
    pub fn next(&mut self, used: impl Fn(u32) -> bool) -> Option<u32> {
        loop {
            let segment = self.segments.get(self.segment)?;
            let index = segment.from.checked_add(self.offset).filter(|index| *index <= segment.to);
            match index.and_then(|index| self.address(segment.zone, index)) {
                Some(address) if !used(address) => return Some(address),
                Some(_) => self.offset += 1,
                None => (self.segment, self.offset) = (self.segment + 1, 0),
            }
        }
    }

    /// The address of that index in a zone: bucket by bucket.
    fn address(&self, zone: u32, index: u32) -> Option<u32> {
        let zone = self.zones.get(zone as usize)?;
        let width = zone.bases.end - zone.bases.start;
        let from_first = index.checked_div(width)?;
        let bucket = if zone.shared { (zone.buckets - 1).checked_sub(from_first)? } else { from_first };
        self.bases.get((zone.bases.start + index % width) as usize)?.checked_add(bucket)
    }

    /// The index of an address in a zone.
    fn index(&self, zone: &Zone, address: u32) -> Option<u32> {
        let from_first = bucket(address).checked_sub(zone.first)?;
        let bases = self.bases.get(zone.bases.start as usize..zone.bases.end as usize)?;
        let base = address.checked_sub(from_first)?;
        let descending = bases.is_sorted_by(|a, b| a > b);
        let rank = if descending {
            bases.binary_search_by(|other| base.cmp(other)).ok()?
        } else {
            bases.iter().position(|other| *other == base)?
        };
        from_first.checked_mul(bases.len() as u32)?.checked_add(rank as u32)
    }

    /// Cuts the zones into segments at the used addresses (ascending by bucket) and puts runs into hand-out order.
    fn cut(&mut self, used: &[u32]) {
        // Run, number of used addresses before in that run, segment.
        let mut parts: Vec<(u32, u32, Segment)> = Vec::new();
        let mut cuts = 0;
        for (number, zone) in self.zones.iter().enumerate() {
            let width = zone.bases.end - zone.bases.start;
            let last = (u64::from(zone.buckets) * u64::from(width)).saturating_sub(1).min(u64::from(u32::MAX)) as u32;
            let number = number as u32;
            if zone.shared {
                parts.push((zone.run, 0, Segment { zone: number, from: 0, to: last }));
                continue;
            }
            let from = used.partition_point(|address| bucket(*address) < zone.first);
            let to = used.partition_point(|address| bucket(*address) < zone.first + zone.buckets);
            let mut indexes: Vec<u32> =
                used[from..to].iter().filter_map(|address| self.index(zone, *address)).collect();
            indexes.sort_unstable();
            let mut start = 0;
            for index in indexes {
                if index > start {
                    parts.push((zone.run, cuts, Segment { zone: number, from: start, to: index - 1 }));
                }
                cuts += 1;
                start = index.saturating_add(1);
            }
            if start <= last {
                parts.push((zone.run, cuts, Segment { zone: number, from: start, to: last }));
            }
        }
        // The last run first; the parts of a run stay in order.
        parts.sort_by_key(|(run, cut, _)| std::cmp::Reverse((*run, *cut)));
        self.segments = parts.into_iter().map(|(_, _, segment)| segment).collect();
    }
}

/// A stretch of a range within one turn of the circle.
#[derive(Debug)]
struct Piece {
    first: u32,
    end: u32,
    base: u32,
    pool: PoolId,
    /// Later declared is higher.
    age: (u32, u32, u32),
}

/// The pieces of all ranges.
fn pieces(config: &Config) -> Vec<Piece> {
    let mut declared = FxHashMap::default();
    for (pool, ranges) in config.pools.iter().enumerate() {
        for (number, range) in ranges.ranges.iter().enumerate() {
            declared.entry((pool as u32, u32::from(range.low))).or_insert(number as u32);
        }
    }
    let mut pieces = Vec::new();
    for (low, high, pool, _) in &config.index.ranges {
        let number = declared.get(&(pool.0, *low)).copied().unwrap_or(0);
        let mut base = *low;
        loop {
            let first = bucket(base);
            let room = BUCKETS - 1 - first;
            let length = room.min(high.saturating_sub(base));
            pieces.push(Piece { first, end: first + length + 1, base, pool: *pool, age: (pool.0, number, base) });
            match base.checked_add(length + 1).filter(|next| next <= high) {
                Some(next) => base = next,
                None => break,
            }
        }
    }
    pieces
}

/// What lies in the buckets the sweep is at.
#[derive(Debug, Default)]
struct Sweep {
    /// The pieces of each pool that has any, newest first.
    active: FxHashMap<PoolId, Vec<usize>>,
    /// The zone each of those pools is in: first bucket, shared, run.
    open: FxHashMap<PoolId, (u32, bool, u32)>,
    /// The pool that the walk passed last, if it was alone.
    alone: Option<PoolId>,
    run: u32,
}

/// The hand-out order of each pool. `used` are the addresses of leases, of all pools.
pub fn orders(config: &Config, mut used: Vec<(PoolId, u32)>) -> Vec<VirginOrder> {
    let pieces = pieces(config);
    let mut events: Vec<(u32, bool, usize)> = Vec::with_capacity(pieces.len() * 2);
    for (number, piece) in pieces.iter().enumerate() {
        events.push((piece.first, true, number));
        events.push((piece.end, false, number));
    }
    events.sort_unstable();
    let mut orders: Vec<VirginOrder> = (0..config.pools.len()).map(|_| VirginOrder::default()).collect();
    let mut sweep = Sweep::default();
    for group in events.chunk_by(|a, b| a.0 == b.0) {
        sweep.step(group, &pieces, &mut orders);
    }
    used.sort_unstable_by_key(|(pool, address)| (*pool, bucket(*address), *address));
    for group in used.chunk_by(|a, b| a.0 == b.0) {
        let addresses: Vec<u32> = group.iter().map(|(_, address)| *address).collect();
        if let Some(order) = group.first().and_then(|(pool, _)| orders.get_mut(pool.index())) {
            order.cut(&addresses);
        }
    }
    for order in orders.iter_mut().filter(|order| order.segments.is_empty()) {
        order.cut(&[]);
    }
    orders
}

impl Sweep {
    /// Takes in all pieces that begin or end at one bucket.
    fn step(&mut self, events: &[(u32, bool, usize)], pieces: &[Piece], orders: &mut [VirginOrder]) {
        let Some((at, _, _)) = events.first().copied() else { return };
        let was_shared = self.active.len() > 1;
        let mut changed: Vec<PoolId> =
            events.iter().filter_map(|(_, _, number)| pieces.get(*number)).map(|p| p.pool).collect();
        let pools_before: Vec<PoolId> =
            if self.active.len() == 1 { self.active.keys().copied().collect() } else { Vec::new() };
        let before: FxHashMap<PoolId, Vec<usize>> =
            changed.iter().filter_map(|pool| Some((*pool, self.active.get(pool)?.clone()))).collect();
        self.apply(events, pieces);
        let shared = self.active.len() > 1;
        if shared != was_shared {
            // The pool that was or will be alone.
            changed.extend(pools_before);
            if self.active.len() == 1 {
                changed.extend(self.active.keys().copied());
            }
        }
        changed.sort_unstable();
        changed.dedup();
        for pool in &changed {
            if let Some((first, shared, run)) = self.open.remove(pool) {
                let lying = before.get(pool).or_else(|| self.active.get(pool)).map_or(&[][..], Vec::as_slice);
                close(orders, pieces, *pool, lying, Zone { first, buckets: at - first, bases: 0..0, shared, run });
            }
        }
        for pool in changed {
            if self.active.contains_key(&pool) {
                if shared || self.alone != Some(pool) {
                    self.run += 1;
                }
                self.alone = (!shared).then_some(pool);
                self.open.insert(pool, (at, shared, self.run));
            }
        }
    }

    fn apply(&mut self, events: &[(u32, bool, usize)], pieces: &[Piece]) {
        for (_, begins, number) in events {
            let Some(piece) = pieces.get(*number) else { continue };
            let lying = self.active.entry(piece.pool).or_default();
            if *begins {
                let place =
                    lying.partition_point(|other| pieces.get(*other).is_some_and(|other| other.age > piece.age));
                lying.insert(place, *number);
            } else {
                lying.retain(|other| other != number);
                if lying.is_empty() {
                    self.active.remove(&piece.pool);
                }
            }
        }
    }
}

/// Adds a zone, in which these pieces lie, to its pool.
fn close(orders: &mut [VirginOrder], pieces: &[Piece], pool: PoolId, lying: &[usize], zone: Zone) {
    let Some(order) = orders.get_mut(pool.index()) else { return };
    let start = order.bases.len() as u32;
    let bases = lying.iter().filter_map(|number| pieces.get(*number));
    order.bases.extend(bases.filter_map(|piece| piece.base.checked_add(zone.first.checked_sub(piece.first)?)));
    order.zones.push(Zone { bases: start..order.bases.len() as u32, ..zone });
}
