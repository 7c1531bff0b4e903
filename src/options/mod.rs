//! Floor 1: options. Spaces and definitions, text form to bytes and back, storage order, packing into packets.

pub mod decode;
pub mod encapsulate;
pub mod enums;
pub mod format;
pub mod fqdn;
pub mod names;
pub mod pack;
pub mod print;
pub mod registry;
pub mod set;
pub mod table;
