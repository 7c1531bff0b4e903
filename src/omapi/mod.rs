//! Floor 5: OMAPI, the protocol by which operators look up and change the server's objects (spec/omapi.md).
//!
//! [`Omapi`] is told what arrives on connections, asks the [`world::World`] and says what is to be sent. It holds what clients
//! know of each other's objects (handles) and of each connection its identity; objects themselves are the server's.

mod dispatch;
pub mod engine;
pub mod handles;
pub mod kinds;
pub mod object;
pub mod objects;
mod session;
#[cfg(test)]
mod spec_tests;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod world;

pub use engine::{ConnectionId, Effect, Omapi};
