//! How long a lease lasts (spec/dhcpv4.md 12). Pure.

use crate::wire::units::{Seconds, Timestamp};

/// `infinite` in the configuration and 0xffffffff on the wire.
pub const INFINITE: u32 = u32::MAX;

/// How long an offered address is held for the client.
pub const OFFER_HOLD: Seconds = Seconds(120);

/// The bounds the configuration sets for one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub default: u32,
    pub max: u32,
    /// `None`: not configured.
    pub min: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { default: 43200, max: 86400, min: None }
    }
}

impl Limits {
    /// The least time a client gets; the built-in 300 gives way to a smaller maximum, a configured one does not.
    pub fn minimum(&self) -> u32 {
        self.min.unwrap_or(self.max.min(300))
    }

    /// What the client asked for, or the default, cut to the maximum.
    pub fn desired(&self, requested: Option<u32>) -> u32 {
        requested.unwrap_or(self.default).min(self.max)
    }

    /// The last step: a time below the minimum becomes the minimum, or the default if the minimum is 0.
    pub fn raise(&self, time: u32) -> u32 {
        match self.minimum() {
            0 => time,
            minimum => time.max(minimum),
        }
    }
}

/// When a lease of that length ends.
pub fn expiry(now: Timestamp, time: u32) -> Timestamp {
    if time == INFINITE {
        return Timestamp::NEVER;
    }
    match now.0.checked_add(time) {
        Some(sum) if sum < INFINITE => Timestamp(sum),
        _ => Timestamp(Timestamp::NEVER.0 - 1),
    }
}

/// When a dynamic BOOTP lease ends: `cutoff` beats `length`, and without either it never does.
pub fn bootp_expiry(now: Timestamp, length: Option<u32>, cutoff: Option<u32>) -> Timestamp {
    match (cutoff, length) {
        (Some(cutoff), _) => Timestamp(cutoff),
        (None, Some(length)) => now.plus(Seconds(length)),
        (None, None) => Timestamp::NEVER,
    }
}

/// Which of the configured options 58 (T1) and 59 (T2) may be sent with a lease of that length.
pub fn renewal_times(t1: Option<u32>, t2: Option<u32>, lease: u32) -> (bool, bool) {
    let keep_t2 = t2.is_some_and(|t2| t2 < lease);
    let bound = if keep_t2 { t2.unwrap_or(lease) } else { lease };
    (t1.is_some_and(|t1| t1 < bound), keep_t2)
}

/// What `adaptive-lease-time-threshold` makes of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adaptive {
    /// The time given at or over the threshold.
    pub time: u32,
    /// Percentage of the pool in use.
    pub fill: u32,
}

/// `remaining` is what is left of the lease as it stands; `minimum` is `Limits::minimum`.
pub fn adaptive(minimum: u32, remaining: Seconds, used: u32, total: u32) -> Adaptive {
    let least = if minimum == 0 { 300 } else { minimum };
    let fill = (u64::from(used) * 100).checked_div(u64::from(total)).unwrap_or(0) as u32;
    Adaptive { time: least.max(remaining.0), fill }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(limits: Limits, requested: Option<u32>) -> u32 {
        let now = Timestamp(1_795_400_000);
        expiry(now, limits.raise(limits.desired(requested))).since(now).0
    }

    /// spec/dhcpv4.md 12.2.
    #[test]
    fn bounds_what_clients_ask_for() {
        let base = Limits { default: 600, ..Limits::default() };
        for (requested, want) in [
            (None, 600),
            (Some(60), 300),
            (Some(301), 301),
            (Some(0), 300),
            (Some(86401), 86400),
            (Some(u32::MAX), 86400),
            (Some(0x8000_0000), 86400),
        ] {
            assert_eq!(sent(base, requested), want, "{requested:?}");
        }
        assert_eq!(sent(Limits { default: 100, ..base }, None), 300);
        assert_eq!(sent(Limits { default: 100, max: 200, min: None }, None), 200);
        assert_eq!(sent(Limits { default: 100, max: 200, min: None }, Some(20)), 200);
        assert_eq!(sent(Limits { default: 100, min: Some(0), ..base }, Some(50)), 50);
        assert_eq!(sent(Limits { default: 100, min: Some(0), ..base }, Some(0)), 0);
        assert_eq!(sent(Limits { default: 1000, max: 900, min: Some(950) }, Some(5)), 950);
    }

    #[test]
    fn infinite_and_nearly_so() {
        let now = Timestamp(1_795_400_000);
        assert_eq!(expiry(now, INFINITE), Timestamp::NEVER);
        assert_eq!(expiry(now, INFINITE - 1), Timestamp(0x7fff_fffe));
        assert_eq!(expiry(now, 0x7fff_ffff).since(now), Seconds(0x7fff_ffff));
    }

    #[test]
    fn bootp_leases() {
        let now = Timestamp(1000);
        assert_eq!(bootp_expiry(now, None, None), Timestamp::NEVER);
        assert_eq!(bootp_expiry(now, Some(60), None), Timestamp(1060));
        assert_eq!(bootp_expiry(now, Some(60), Some(7)), Timestamp(7));
    }

    /// spec/options.md 23 rows 14 to 16.
    #[test]
    fn drops_renewal_times_out_of_order() {
        assert_eq!(renewal_times(Some(100), Some(200), 600), (true, true));
        assert_eq!(renewal_times(Some(300), Some(200), 600), (false, true));
        assert_eq!(renewal_times(Some(100), Some(600), 600), (true, false));
        assert_eq!(renewal_times(Some(600), None, 600), (false, false));
    }

    #[test]
    fn adapts_to_the_fill() {
        assert_eq!(adaptive(0, Seconds(0), 9, 10), Adaptive { time: 300, fill: 90 });
        assert_eq!(adaptive(60, Seconds(120), 1, 3), Adaptive { time: 120, fill: 33 });
        assert_eq!(adaptive(60, Seconds(0), 0, 0), Adaptive { time: 60, fill: 0 });
    }
}
