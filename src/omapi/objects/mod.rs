//! One file a type of object: its attributes, keys and writes.

pub mod authenticator;
pub mod control;
pub mod interface;
pub mod network;
pub mod peer;
