//! Floor 5: DHCPv4 and BOOTP. What the server decides, as a state machine without sockets, files or clocks.

mod ack;
mod allocate;
mod billing;
mod bootp;
mod decline;
mod discover;
mod dns;
pub mod effect;
pub mod engine;
mod failover;
mod find_lease;
mod hosts;
mod inform;
mod intake;
mod lease_time;
mod leasequery;
mod log_text;
mod lookup;
mod nak;
mod network;
mod operator;
mod parameters;
mod permits;
mod ping;
mod release;
mod reply;
mod request;
mod reuse;
mod route;
mod scopes;
mod threshold;
mod transitions;

pub use crate::eval::LogKind;
pub use engine::{Deadlines, Engine, Settings};

#[cfg(test)]
mod tests;
