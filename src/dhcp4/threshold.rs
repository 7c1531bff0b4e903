//! Log lines about how full a pool is (spec/dhcpv4.md 12.5). Pure.

use crate::leases::store::PoolCounts;
use std::net::Ipv4Addr;

/// What is remembered of a pool: whether its high mark was passed, and the number of leases at which that is forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    passed: bool,
    low: u32,
}

/// Leases of the pool that are neither free nor backup.
pub fn used(counts: PoolCounts) -> u32 {
    counts.total.saturating_sub(counts.free).saturating_sub(counts.backup)
}

impl Mark {
    /// True if the pool's next lease has to be checked against `log-threshold-high`, false if against the low mark.
    pub fn wants_high(&self) -> bool {
        !self.passed
    }

    /// Compares a pool's fill with the marks, in percent, and gives the line to log at level error, if any.
    pub fn check(
        &mut self,
        counts: PoolCounts,
        high: Option<u8>,
        low: Option<u8>,
        network: &str,
        address: Ipv4Addr,
    ) -> Option<String> {
        let (used, total) = (used(counts), counts.total);
        if self.passed {
            if used > self.low {
                return None;
            }
            *self = Mark::default();
            return Some(format!(
                "Pool threshold reset - shared subnet: {network}; address: {address}; low threshold {used}/{total}."
            ));
        }
        let high = high.filter(|high| (1..=100).contains(high))?;
        if used < percent(total, high) {
            return None;
        }
        let low = low.filter(|low| *low <= 100).unwrap_or(0);
        if low < high {
            *self = Mark { passed: true, low: percent(total, low) };
        }
        Some(format!(
            "Pool threshold exceeded - shared subnet: {network}; address: {address}; high threshold {high}% {used}/{total}."
        ))
    }
}

fn percent(total: u32, percent: u8) -> u32 {
    (u64::from(total) * u64::from(percent) / 100) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_once_until_it_was_low_again() {
        let mut mark = Mark::default();
        let address = Ipv4Addr::new(10, 0, 0, 9);
        let mut at = |used: u32| {
            mark.check(PoolCounts { total: 10, free: 10 - used, backup: 0 }, Some(80), Some(50), "n", address)
        };
        assert_eq!(at(7), None);
        assert_eq!(
            at(8).unwrap(),
            "Pool threshold exceeded - shared subnet: n; address: 10.0.0.9; high threshold 80% 8/10."
        );
        assert_eq!(at(9), None);
        assert_eq!(at(6), None);
        assert_eq!(at(5).unwrap(), "Pool threshold reset - shared subnet: n; address: 10.0.0.9; low threshold 5/10.");
        assert!(at(8).is_some());
    }

    #[test]
    fn a_low_mark_over_the_high_one_repeats_the_line() {
        let mut mark = Mark::default();
        let counts = PoolCounts { total: 10, free: 0, backup: 0 };
        for _ in 0..2 {
            assert!(mark.check(counts, Some(80), Some(90), "n", Ipv4Addr::LOCALHOST).is_some());
        }
        assert_eq!(mark.check(counts, Some(0), None, "n", Ipv4Addr::LOCALHOST), None);
        assert_eq!(mark.check(counts, None, None, "n", Ipv4Addr::LOCALHOST), None);
    }
}
