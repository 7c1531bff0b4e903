//! Failover: two servers share pools of addresses, and each can go on when the other is gone (spec/failover.md). Floor 5.
//!
//! [`Failover`] is a deterministic state machine like the DHCP engine: octets of connections and the time go in, effects come
//! out. It sees and changes leases through [`Leases`] only.
//!
//! | file | part |
//! | --- | --- |
//! | `engine` | what comes in from outside, and which relationship it concerns |
//! | `connections` | which connections there are, and whose they are |
//! | `handshake` | CONNECT, CONNECTACK, DISCONNECT: how a connection becomes the link |
//! | `relationship` | what is known of one relationship |
//! | `work` | one relationship at work: sending, timers, standing |
//! | `states` | the state machine as tables |
//! | `moves` | entering states, and what brings them about |
//! | `reconfigure` | taking over a new configuration |
//! | `shutdown` | handing over to the partner before the server ends |
//! | `updates`, `acks` | telling the partner of leases, and hearing that it knows |
//! | `incoming` | hearing of leases from the partner |
//! | `requests` | asking the partner for what it knows, and being asked |
//! | `balance` | sharing out free addresses |

mod acks;
mod balance;
mod connections;
mod effect;
mod engine;
mod handshake;
mod incoming;
mod moves;
mod random;
mod reconfigure;
mod relationship;
mod requests;
mod shutdown;
mod states;
#[cfg(test)]
mod tests;
mod timers;
mod updates;
mod work;

pub use crate::eval::LogKind;
pub use connections::ConnectionId;
pub use effect::{DialError, Effect, Leases};
pub use engine::{Deadlines, Failover};
pub use relationship::{Attributes, Endpoint};
