//! Floor 4: the lease database. The in-memory store with its indexes and expiry, the text format, the journal. No packets.

mod chain;
#[cfg(test)]
mod corpus_tests;
pub mod cursor;
pub mod dns;
pub mod file;
pub mod ia;
pub mod journal;
pub mod lease;
mod lexer;
mod load;
pub mod objects;
pub mod peer;
#[cfg(test)]
mod properties;
pub mod queue;
pub mod reader;
mod slab;
#[cfg(test)]
mod spec_tests;
pub mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod text;
mod timers;
mod virgin;
pub mod writer;
