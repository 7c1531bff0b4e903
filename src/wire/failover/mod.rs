//! The failover protocol's messages, as ISC dhcpd 4.4.3-P1 speaks it (spec/failover.md 4 to 8). Everything is big-endian.
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 2 | length of the whole message, 12 to 2048 |
//! | 2 | 1 | type |
//! | 3 | 1 | payload offset: 12 when sent; what lies between 12 and it is skipped when received |
//! | 4 | 4 | time: the sender's clock |
//! | 8 | 4 | xid |
//! | 12 | | options: code (2), length (2), data |

mod client_options;
mod frame;
mod message;
mod option;
mod reject;
#[cfg(test)]
mod tests;

pub use client_options::{ClientOptions, MAX_OPTION};
pub use frame::{Framer, MAX_MESSAGE, MIN_MESSAGE};
pub use message::{
    BindingAck, BindingUpdate, Body, Connect, ConnectAck, Disconnect, Message, StateReport, Xid, FLAG_BOOTP,
    FLAG_RESERVED, FLAG_STARTUP, PROTOCOL_VERSION, VENDOR_CLASS,
};
pub use option::Error;
pub use reject::Reject;
