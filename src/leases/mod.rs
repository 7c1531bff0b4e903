//! Floor 4: the lease database. The in-memory store with its indexes and expiry, the text format, the journal. No packets.

mod chain;
pub mod lease;
mod queue;
mod slab;
pub mod store;
pub mod text;
mod virgin;
pub mod writer;
