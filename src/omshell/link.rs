//! What the shell needs of the network, so that it can be tested without one.

use crate::wire::omapi::ResultCode;
use std::io;
use std::time::Instant;

/// A connection.
pub trait Link {
    /// Sends everything; `TimedOut` if that takes too long.
    fn send(&mut self, octets: &[u8], until: Instant) -> io::Result<()>;

    /// Waits for octets; 0 is the end of the connection, `TimedOut` or `WouldBlock` that none came in time.
    fn receive(&mut self, buffer: &mut [u8], until: Instant) -> io::Result<usize>;
}

/// Makes connections.
pub trait Dial {
    /// Connects to a server, given as an IPv4 address or a host name.
    fn dial(&mut self, server: &[u8], port: u16, until: Instant) -> Result<Box<dyn Link>, ResultCode>;

    /// The TCP port of a service.
    fn service(&self, name: &[u8]) -> Option<u16>;
}
