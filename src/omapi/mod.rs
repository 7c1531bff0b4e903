//! Floor 5: OMAPI, the protocol by which operators look up and change the server's objects (spec/omapi.md).

pub mod handles;
pub mod kinds;
pub mod object;
pub mod objects;
pub mod world;
