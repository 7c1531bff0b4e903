//! Octets of a connection to messages, whatever pieces they come in. What is too long is refused as soon as its length is
//! known: nothing is ever allocated by a length that a peer only claims.

use super::{u32_at, Received, HEADER_LEN, VERSION};
use thiserror::Error;

/// Octets of the introduction.
pub const INTRODUCTION_LEN: usize = 8;

/// The longest message that is taken, in octets, extra header and signature included (spec/omapi.md 12).
pub const MAX_MESSAGE: usize = 65536;

/// Why a connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    #[error("protocol version {0} instead of 100")]
    Version(u32),
    #[error("header of {0} octets")]
    HeaderSize(u32),
    #[error("message longer than 65536 octets")]
    TooLong,
}

/// What each side sends first.
pub fn introduction() -> [u8; INTRODUCTION_LEN] {
    let mut octets = [0; INTRODUCTION_LEN];
    octets[..4].copy_from_slice(&VERSION.to_be_bytes());
    octets[4..].copy_from_slice(&(HEADER_LEN as u32).to_be_bytes());
    octets
}

/// The header size that a peer's introduction announces.
pub fn parse_introduction(octets: &[u8; INTRODUCTION_LEN]) -> Result<usize, Malformed> {
    let version = u32_at(octets, 0).unwrap_or_default();
    if version != VERSION {
        return Err(Malformed::Version(version));
    }
    let size = u32_at(octets, 4).unwrap_or_default();
    match usize::try_from(size) {
        Ok(length) if (HEADER_LEN..=MAX_MESSAGE).contains(&length) => Ok(length),
        _ => Err(Malformed::HeaderSize(size)),
    }
}

/// Which part of a message the octets at the scanner's place begin.
#[derive(Clone, Copy, Debug)]
enum Part {
    Introduction,
    Header,
    /// A name or the end of a list; how many lists end after it.
    Name {
        lists_left: usize,
    },
    Value {
        lists_left: usize,
    },
}

/// Collects the octets of a peer and takes messages off them.
#[derive(Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where in the buffer the first message begins that was not taken yet.
    start: usize,
    /// Where in that message the scan stands; it may be ahead of what has arrived.
    at: usize,
    part: Part,
    header_len: usize,
    authlen: usize,
}

impl Default for Framer {
    fn default() -> Self {
        Framer { buffer: Vec::new(), start: 0, at: 0, part: Part::Introduction, header_len: 0, authlen: 0 }
    }
}

impl Framer {
    /// One that waits for an introduction.
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Takes octets in.
    pub fn push(&mut self, octets: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start.min(self.buffer.len()));
            self.start = 0;
        }
        self.buffer.extend_from_slice(octets);
    }

    /// True once the peer has introduced itself, as far as `next_message` has been called since.
    pub fn is_introduced(&self) -> bool {
        !matches!(self.part, Part::Introduction)
    }

    /// How many octets wait to become messages.
    pub fn pending(&self) -> usize {
        self.buffer.len().saturating_sub(self.start)
    }

    /// The next whole message; `None` until more arrives. After an error nothing more comes.
    pub fn next_message(&mut self) -> Result<Option<Received>, Malformed> {
        loop {
            let pending = self.buffer.get(self.start..).unwrap_or_default();
            let Some(rest) = pending.get(self.at..) else { return Ok(None) };
            match self.part {
                Part::Introduction => {
                    let Some(octets) = rest.first_chunk() else { return Ok(None) };
                    self.header_len = parse_introduction(octets)?;
                    self.take(INTRODUCTION_LEN);
                }
                Part::Header => {
                    let Some(authlen) = rest.get(..HEADER_LEN).and_then(|header| u32_at(header, 4)) else {
                        return Ok(None);
                    };
                    self.authlen = usize::try_from(authlen).map_err(|_| Malformed::TooLong)?;
                    self.part = Part::Name { lists_left: 2 };
                    self.advance(self.header_len)?;
                }
                Part::Name { lists_left: 0 } => {
                    if rest.len() < self.authlen {
                        return Ok(None);
                    }
                    let length = self.at + self.authlen;
                    let octets = pending.get(..length).unwrap_or_default();
                    let message = Received::parse(octets, self.header_len);
                    self.take(length);
                    return Ok(message);
                }
                Part::Name { lists_left } => {
                    let Some(length) = rest.first_chunk() else { return Ok(None) };
                    let length = usize::from(u16::from_be_bytes(*length));
                    self.part = match length {
                        0 => Part::Name { lists_left: lists_left - 1 },
                        _ => Part::Value { lists_left },
                    };
                    self.advance(2 + length)?;
                }
                Part::Value { lists_left } => {
                    let Some(length) = rest.first_chunk() else { return Ok(None) };
                    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Malformed::TooLong)?;
                    self.part = Part::Name { lists_left };
                    self.advance(length.saturating_add(4))?;
                }
            }
        }
    }

    /// Goes on within a message, which may not become too long.
    fn advance(&mut self, octets: usize) -> Result<(), Malformed> {
        self.at = self.at.saturating_add(octets);
        match self.at.saturating_add(self.authlen) {
            length if length > MAX_MESSAGE => Err(Malformed::TooLong),
            _ => Ok(()),
        }
    }

    /// What the first `length` octets hold is done with; a message begins behind it.
    fn take(&mut self, length: usize) {
        self.start += length;
        (self.at, self.authlen, self.part) = (0, 0, Part::Header);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::*;
    use proptest::prelude::*;

    fn sample(id: u32) -> Message {
        let mut message = Message { op: 1, id, ..Message::default() };
        message.message.set("type", *b"lease");
        message.object.set("ip-address", [10, 0, 0, 1]);
        message
    }

    fn all(framer: &mut Framer) -> Vec<u32> {
        std::iter::from_fn(|| framer.next_message().unwrap()).map(|received| received.message.id).collect()
    }

    #[test]
    fn whatever_pieces_the_octets_come_in() {
        let mut stream = introduction().to_vec();
        (1..=3).for_each(|id| stream.extend_from_slice(&sample(id).emit(None)));
        for size in 1..=stream.len() {
            let mut framer = Framer::new();
            let mut ids = Vec::new();
            for piece in stream.chunks(size) {
                framer.push(piece);
                ids.extend(all(&mut framer));
            }
            assert_eq!(ids, [1, 2, 3], "pieces of {size}");
            assert_eq!(framer.pending(), 0);
        }
    }

    #[test]
    fn bad_introductions() {
        for (version, size, error) in [
            (99, 24, Malformed::Version(99)),
            (101, 24, Malformed::Version(101)),
            (100, 20, Malformed::HeaderSize(20)),
            (100, u32::MAX, Malformed::HeaderSize(u32::MAX)),
        ] {
            let mut framer = Framer::new();
            framer.push(&[u32::to_be_bytes(version), u32::to_be_bytes(size)].concat());
            assert_eq!(framer.next_message(), Err(error));
        }
    }

    #[test]
    fn a_longer_header_is_skipped() {
        for extra in [8, 32] {
            let mut framer = Framer::new();
            framer.push(&[u32::to_be_bytes(100), u32::to_be_bytes(24 + extra)].concat());
            for id in 1..=2 {
                let mut octets = sample(id).emit(None);
                octets.splice(24..24, vec![0xee; extra as usize]);
                framer.push(&octets);
                assert_eq!(framer.next_message().unwrap().map(|received| received.message), Some(sample(id)));
            }
        }
    }

    /// A claim is refused when it is made, not when it is filled.
    #[test]
    fn claims_are_not_believed() {
        let with = |message: &[u8]| {
            let mut framer = Framer::new();
            framer.push(&introduction());
            framer.push(message);
            framer.next_message()
        };
        let mut authlen = [0; 24];
        authlen[4..8].copy_from_slice(&65536u32.to_be_bytes());
        assert_eq!(with(&authlen), Err(Malformed::TooLong));
        let mut value = vec![0; 24];
        value.extend_from_slice(b"\0\x01a\x7f\xff\xff\xff");
        assert_eq!(with(&value), Err(Malformed::TooLong));
        let mut fits = vec![0; 24];
        fits.extend_from_slice(b"\0\x01a\0\0\xff\x00");
        assert_eq!(with(&fits), Ok(None));
    }

    #[test]
    fn the_longest_message() {
        let longest = |extra: usize| {
            let mut message = Message::default();
            message.object.set("v", vec![1; MAX_MESSAGE - 24 - 2 - 2 - 3 - 4 + extra]);
            let mut framer = Framer::new();
            framer.push(&introduction());
            framer.push(&message.emit(None));
            framer.next_message().map(|received| received.is_some())
        };
        assert_eq!(longest(0), Ok(true));
        assert_eq!(longest(1), Err(Malformed::TooLong));
    }

    proptest! {
        #[test]
        fn never_panics(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..8), introduced in any::<bool>()) {
            let mut framer = Framer::new();
            if introduced {
                framer.push(&introduction());
            }
            for piece in pieces {
                framer.push(&piece);
                for _ in 0..100 {
                    if !matches!(framer.next_message(), Ok(Some(_))) {
                        break;
                    }
                }
            }
        }
    }
}
