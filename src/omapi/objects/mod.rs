//! One file a type of object: its attributes, keys and writes.

pub mod authenticator;
pub mod class;
pub mod control;
pub mod group;
pub mod host;
pub mod interface;
mod keys;
pub mod lease;
pub mod network;
pub mod peer;
mod statements;
