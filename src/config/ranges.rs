//! Which IPv4 addresses are in a range already.

use std::collections::BTreeMap;

/// Disjoint stretches of addresses, by their first.
#[derive(Debug, Default)]
pub struct Claims {
    stretches: BTreeMap<u32, u32>,
    /// How many addresses have been complained about, to bound the output.
    pub complaints: usize,
}

impl Claims {
    /// Claims `low..=high`. Gives the stretches of it that were claimed before, ascending.
    pub fn claim(&mut self, low: u32, high: u32) -> Vec<(u32, u32)> {
        let mut taken: Vec<(u32, u32)> = Vec::new();
        let mut joined = (low, high);
        for (&from, &to) in self.stretches.range(..=high).rev() {
            if to < low {
                break;
            }
            taken.push((from.max(low), to.min(high)));
            joined = (joined.0.min(from), joined.1.max(to));
        }
        taken.reverse();
        let swallowed: Vec<u32> = self.stretches.range(joined.0..=joined.1).map(|(from, _)| *from).collect();
        for from in swallowed {
            self.stretches.remove(&from);
        }
        self.stretches.insert(joined.0, joined.1);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tells_what_was_taken() {
        let mut claims = Claims::default();
        assert!(claims.claim(10, 20).is_empty());
        assert!(claims.claim(30, 40).is_empty());
        assert_eq!(claims.claim(15, 35), [(15, 20), (30, 35)]);
        assert_eq!(claims.claim(0, u32::MAX), [(10, 40)]);
        assert_eq!(claims.claim(5, 5), [(5, 5)]);
    }

    proptest! {
        #[test]
        fn agrees_with_a_set(ranges in proptest::collection::vec((0_u32..300, 0_u32..40), 1..60)) {
            let mut claims = Claims::default();
            let mut set = std::collections::BTreeSet::new();
            for (low, length) in ranges {
                let taken: Vec<u32> = claims.claim(low, low + length).into_iter().flat_map(|(a, b)| a..=b).collect();
                let expected: Vec<u32> = (low..=low + length).filter(|a| set.contains(a)).collect();
                prop_assert_eq!(taken, expected);
                set.extend(low..=low + length);
            }
        }
    }
}
