//! Small types that carry a unit or a meaning, so that no bare number crosses a module boundary.

/// A point in time: whole seconds since 1970-01-01 UTC. 0 means "never set" (the lease file omits it).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u32);

impl Timestamp {
    /// "Not set": such a date is not written to the lease file.
    pub const UNSET: Timestamp = Timestamp(0);
    /// `never` in the lease file (spec/dhcpv4.md 1: MAX_TIME).
    pub const NEVER: Timestamp = Timestamp(0x7fff_ffff);

    /// This time plus a duration, stopping at the last representable second.
    pub fn plus(self, seconds: Seconds) -> Timestamp {
        Timestamp(self.0.saturating_add(seconds.0))
    }

    /// Seconds from `earlier` to this time; zero if it is not later.
    pub fn since(self, earlier: Timestamp) -> Seconds {
        Seconds(self.0.saturating_sub(earlier.0))
    }
}

/// A duration in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub u32);

/// The transaction id of a BOOTP or DHCPv4 message, in host order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Xid(pub u32);

/// The time of an event: the wall clock for leases, and a monotonic clock in milliseconds for short waits (pings).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    pub wall: Timestamp,
    pub millis: u64,
}
