//! Floor 0: interfaces and sockets, and signals, which arrive as if on a socket. Used by `daemon` alone; the only module with
//! `unsafe` code.

#[allow(unsafe_code)]
pub mod batch;
pub mod echo;
pub mod fallback;
#[allow(unsafe_code)]
mod filter;
pub mod interfaces;
#[allow(unsafe_code)]
pub mod packet;
#[allow(unsafe_code)]
pub mod resolve;
#[allow(unsafe_code)]
pub mod signals;
