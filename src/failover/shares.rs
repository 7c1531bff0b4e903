//! How many of a pool's free addresses each server has, and has to have (spec/failover.md 19). Pure; integers truncate
//! toward zero as ISC's do.

use crate::config::model::FailoverPeer;
use crate::leases::peer::Role;
use crate::leases::store::PoolCounts;
use crate::wire::units::{Seconds, Timestamp};

/// The configured bounds of balancing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Percentages of all free addresses.
    pub max_misbalance: u32,
    pub max_ownership: u32,
    pub min_balance: Seconds,
    pub max_balance: Seconds,
}

impl Bounds {
    /// Those of a declaration.
    pub fn of(peer: &FailoverPeer) -> Bounds {
        Bounds {
            max_misbalance: peer.max_lease_misbalance,
            max_ownership: peer.max_lease_ownership,
            min_balance: peer.min_balance,
            max_balance: peer.max_balance,
        }
    }
}

/// The shares of one pool, as one server sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// How many addresses I would have to give away for both to have the same; negative if the partner would.
    pub surplus: i64,
    /// By how many one side may differ without being called unbalanced.
    pub threshold: i64,
    /// How many more one side may hold for clients that are its own.
    pub hold: i64,
}

impl Shares {
    /// The shares of a pool.
    pub fn of(counts: PoolCounts, role: Role, bounds: &Bounds) -> Shares {
        let (free, backup) = (i64::from(counts.free), i64::from(counts.backup));
        let percent = |percentage: u32| ((free + backup) * i64::from(percentage) + 50) / 100;
        let surplus = match role {
            Role::Primary => (free - backup) / 2,
            Role::Secondary => (backup - free) / 2,
        };
        Shares { surplus, threshold: percent(bounds.max_misbalance), hold: percent(bounds.max_ownership) }
    }

    /// True if so little is left here that the partner is asked for addresses.
    pub fn is_starving(&self) -> bool {
        let panic = match self.threshold * -2 {
            0 => -1,
            panic => panic,
        };
        self.surplus < panic
    }

    /// True if another address may go to the partner because its last client is the partner's.
    pub fn may_give_to_owner(&self) -> bool {
        self.surplus > -self.hold
    }

    /// True if another address goes to the partner whoever used it; `was_used` ever.
    pub fn must_give(&self, was_used: bool) -> bool {
        self.surplus > if was_used { self.hold } else { 0 }
    }

    /// True if the pool is still unbalanced after balancing.
    pub fn is_unbalanced(&self) -> bool {
        self.surplus > self.threshold
    }

    /// One address was given away.
    pub fn give(&mut self) {
        self.surplus -= 1;
    }
}

/// When a pool is to be balanced: when one side is thought to have run so low that it matters. `free` and `backup` are how
/// long the oldest address of each queue has been free (0 if there is none, as if it were never used: since 1970), `last` is
/// when pools were last balanced, `delay` a random 0 to 4.
pub fn due(
    ages: (u32, u32),
    role: Role,
    bounds: &Bounds,
    last: Option<Timestamp>,
    delay: u32,
    now: Timestamp,
) -> Timestamp {
    let estimate = |age: u32| (u64::from(age) * u64::from(bounds.max_misbalance) + 50) / 100;
    let (mut free, mut backup) = (estimate(ages.0), estimate(ages.1));
    match role {
        Role::Primary => free *= 2,
        Role::Secondary => backup *= 2,
    }
    let wait = free.min(backup).min(u64::from(bounds.max_balance.0)) as u32;
    let due = now.plus(Seconds(wait));
    last.map_or(due, |last| due.max(last.plus(bounds.min_balance))).plus(Seconds(delay))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds =
        Bounds { max_misbalance: 15, max_ownership: 10, min_balance: Seconds(60), max_balance: Seconds(3600) };

    fn counts(free: u32, backup: u32) -> PoolCounts {
        PoolCounts { total: 100, free, backup }
    }

    /// spec/failover.md 29.1: 10 free addresses, none of them the secondary's.
    #[test]
    fn a_fresh_pool_is_halved() {
        let mut shares = Shares::of(counts(10, 0), Role::Primary, &BOUNDS);
        assert_eq!(shares, Shares { surplus: 5, threshold: 2, hold: 1 });
        let mut given = 0;
        while shares.must_give(false) {
            shares.give();
            given += 1;
        }
        assert_eq!(given, 5);
        assert!(!shares.is_unbalanced());
    }

    #[test]
    fn used_addresses_stay_within_what_may_be_held() {
        let mut shares = Shares::of(counts(20, 0), Role::Primary, &BOUNDS);
        assert_eq!((shares.surplus, shares.hold), (10, 2));
        while shares.must_give(true) {
            shares.give();
        }
        assert_eq!(shares.surplus, 2);
        while shares.may_give_to_owner() {
            shares.give();
        }
        assert_eq!(shares.surplus, -2);
    }

    #[test]
    fn a_side_that_starves_asks() {
        let starving = |free, backup| Shares::of(counts(free, backup), Role::Primary, &BOUNDS).is_starving();
        assert!(!starving(0, 3), "a surplus of -1 may be chance");
        assert!(!starving(0, 4) && starving(0, 6));
        assert!(!starving(1, 9), "surplus -4, threshold 2");
        assert!(starving(0, 10));
        assert!(Shares::of(counts(10, 0), Role::Secondary, &BOUNDS).is_starving());
    }

    #[test]
    fn pools_are_looked_at_again_in_time() {
        let now = Timestamp(100_000);
        let due = |ages, last| due(ages, Role::Primary, &BOUNDS, last, 0, now).0;
        assert_eq!(due((100_000, 100_000), None), 103_600);
        assert_eq!(due((1000, 1000), None), 100_150);
        assert_eq!(due((1000, 0), None), 100_000);
        assert_eq!(due((1000, 0), Some(Timestamp(99_990))), 100_050);
    }
}
