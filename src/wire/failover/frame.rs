//! Messages out of a stream that arrives in pieces (spec/failover.md 4).

use super::message::Message;
use super::option::Error;

/// Octets of a message's head.
pub(super) const HEADER_LEN: usize = 12;
/// The least length of a message.
pub const MIN_MESSAGE: usize = HEADER_LEN;
/// The greatest length of a message.
pub const MAX_MESSAGE: usize = 2048;

/// What was read of a connection and not yet made a message. After [`Framer::next`] has returned `None` it holds less than
/// one message.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// How much of the buffer is done with.
    done: usize,
}

impl Framer {
    /// Takes in what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.done);
        self.done = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, or why the stream cannot be followed any further: then the connection is to be closed.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<Result<Message, Error>> {
        let pending = self.buffer.get(self.done..)?;
        let field = pending.first_chunk::<2>()?;
        let length = u16::from_be_bytes(*field);
        if !(MIN_MESSAGE..=MAX_MESSAGE).contains(&usize::from(length)) {
            return Some(Err(Error::Length(length)));
        }
        let message = pending.get(..usize::from(length))?;
        self.done += message.len();
        Some(Message::parse(message))
    }
}
