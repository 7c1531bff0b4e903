//! Floor 0: interfaces and sockets. Used by `daemon` alone; the only module with `unsafe` code.

#[allow(unsafe_code)]
pub mod batch;
pub mod echo;
pub mod fallback;
pub mod interfaces;
#[allow(unsafe_code)]
pub mod packet;
