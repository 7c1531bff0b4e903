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
//! | `exchange` | where leases meet connection and states |
//! | `bindings/` | what the partner is told of leases, what it tells, and who may give which |
//! | `queue` | leases that the partner has to be told of, or has not acknowledged |
//! | `refusals` | leases whose update the partner refused |
//! | `judge` | may the partner change a lease as it says? |
//! | `shares` | how free addresses have to be divided |

mod bindings;
mod connections;
mod effect;
mod engine;
mod exchange;
mod handshake;
mod judge;
mod moves;
mod queue;
mod random;
mod reconfigure;
mod refusals;
mod relationship;
mod shares;
mod shutdown;
mod states;
#[cfg(test)]
mod tests;
mod timers;
mod work;

pub use crate::eval::LogKind;
pub use connections::ConnectionId;
pub use effect::{DialError, Effect, Leases};
pub use engine::{Deadlines, Failover};
pub use relationship::{Attributes, Endpoint};
