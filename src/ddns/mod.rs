//! DNS updates for leases (RFC 2136; spec/ddns.md): what has to be sent to which server, when, and what follows from the answers.
//! The engine knows addresses and names, not DHCP; it is the same for both families.

mod effect;
mod engine;
mod exchanges;
mod flow;
mod lanes;
mod outcome;
mod search;
mod settings;
mod updates;
mod zones;

#[cfg(test)]
mod tests;

pub use crate::eval::LogKind;
pub use effect::{Effect, Leases};
pub use engine::Ddns;
pub use exchanges::ExchangeId;
pub use outcome::Outcome;
pub use settings::{Conflicts, Settings};
