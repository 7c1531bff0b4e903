//! What sharing pools with a failover partner means for leases (spec/failover.md 10 to 14 and 20): where each relationship
//! stands, who may give which address to whom and for how long, and the record of the relationship in the lease file.
//!
//! The protocol itself is `failover`'s part; it writes the standing, the DHCP service reads it.

mod balance;
mod record;
mod rules;
mod standing;

pub use balance::{bucket, seconds_waited, LoadBalance};
pub use record::{complete, PeerRecord};
pub use rules::{granted, potential_expiry};
pub use standing::{PeerState, Role, ServiceClass, Standing};
