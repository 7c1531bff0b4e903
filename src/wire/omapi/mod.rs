//! OMAPI messages (spec/omapi.md 2 to 6, 9). All integers are big-endian.
//!
//! The introduction that each side sends first:
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 4 | version: 100 |
//! | 4 | 4 | header size: 24; a peer that says more puts that many octets before its lists, what is beyond 24 means nothing |
//!
//! A message:
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 4 | authid: handle of the authenticator that signs, 0 for none |
//! | 4 | 4 | authlen: octets of the signature, 0 for none |
//! | 8 | 4 | op |
//! | 12 | 4 | handle of an object, or 0 |
//! | 16 | 4 | id, chosen by the sender |
//! | 20 | 4 | rid: the id of the message that is answered, 0 in a request |
//! | 24 | | extra header, if the sender announced one |
//! | | | message values, ended by 0000 |
//! | | | object values, ended by 0000 |
//! | | authlen | signature of everything from offset 4 up to here, without extra header |
//!
//! A value is `u16 length, name, u32 length, octets`.

mod framing;
mod message;
mod results;
#[cfg(test)]
pub mod spec_tests;
mod values;

pub use framing::{introduction, parse_introduction, Framer, Malformed, INTRODUCTION_LEN, MAX_MESSAGE};
pub use message::{Message, Opcode, Received};
pub use results::ResultCode;
pub use values::Values;

/// The protocol version that both sides announce.
pub const VERSION: u32 = 100;
/// Octets of the header that mean something.
pub const HEADER_LEN: usize = 24;
/// The TCP port that clients use unless told otherwise.
pub const DEFAULT_PORT: u16 = 7911;

/// The big-endian number at an offset, if it is all there.
fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    let octets = octets.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*octets))
}
