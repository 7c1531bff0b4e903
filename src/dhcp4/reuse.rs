//! May a reply repeat the lease as it stands, without a new record (spec/dhcpv4.md 13)? Pure.

use crate::leases::lease::{BindingState, Lease};
use crate::wire::units::{Seconds, Timestamp};

/// Same host declaration, client identifier and hardware address.
pub fn same_client(old: &Lease, new: &Lease) -> bool {
    old.host == new.host && old.uid == new.uid && old.hardware == new.hardware
}

/// The age in seconds up to which a lease of that length is given again unaltered.
pub fn age_limit(length: Seconds, threshold: u8) -> u32 {
    (u64::from(length.0) * u64::from(threshold) / 100) as u32
}

/// The age of the lease if it may be repeated. `threshold` is `dhcp-cache-threshold` in percent, 0 if caching is off or a DNS
/// update was started.
pub fn reusable_age(old: &Lease, new: &Lease, threshold: u8, now: Timestamp) -> Option<u32> {
    let may = !old.flags.cannot_reuse
        && !new.flags.cannot_reuse
        && old.state == BindingState::Active
        && threshold > 0
        && same_client(old, new);
    let age = now.since(old.starts).0;
    (may && age <= age_limit(old.ends.since(old.starts), threshold)).then_some(age)
}
