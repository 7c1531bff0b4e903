//! A TCP connection to a failover partner: what waits to be sent on it, and dialling from a given address.

use crate::leases::lease::JournalPosition;
use mio::net::TcpStream;
use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};

/// How much may wait for a partner that does not read, or for a disk that does not write, in octets.
const OUTPUT: usize = 4 << 20;

/// Octets that may leave when the journal is durable up to a position.
#[derive(Debug)]
struct Waiting {
    octets: Vec<u8>,
    sent: usize,
    after: JournalPosition,
}

/// A connection that is being made, or that is open.
#[derive(Debug)]
pub struct Connection {
    pub stream: TcpStream,
    /// Octets may be waiting, and room may be.
    pub readable: bool,
    pub writable: bool,
    /// It is to be closed when all is sent.
    pub is_ending: bool,
    waiting: VecDeque<Waiting>,
    /// Octets in `waiting`.
    held: usize,
}

/// Begins to connect from an address, any port. An error means that it could not even be tried.
pub fn dial(from: Ipv4Addr, to: SocketAddrV4) -> io::Result<TcpStream> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket: OwnedFd = socket::socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
    socket::bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(from, 0)))?;
    match socket::connect(socket.as_raw_fd(), &SockaddrIn::from(to)) {
        // A refusal that comes at once is found like one that comes later.
        Ok(()) | Err(Errno::EINPROGRESS | Errno::ECONNREFUSED) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(TcpStream::from_std(socket.into()))
}

impl Connection {
    /// Nothing was read or sent yet.
    pub fn new(stream: TcpStream) -> Connection {
        // Without it messages leave a little later.
        let _ = stream.set_nodelay(true);
        Connection { stream, readable: true, writable: true, is_ending: false, waiting: VecDeque::new(), held: 0 }
    }

    /// How dialling went: `None` while it goes on.
    pub fn dialled(&self) -> Option<io::Result<()>> {
        if let Ok(Some(error)) | Err(error) = self.stream.take_error() {
            return Some(Err(error));
        }
        match self.stream.peer_addr() {
            Ok(_) => Some(Ok(())),
            Err(error) if error.kind() == ErrorKind::NotConnected => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Takes octets to send. False if more wait than may.
    pub fn push(&mut self, octets: Vec<u8>, after: JournalPosition) -> bool {
        self.held += octets.len();
        self.waiting.push_back(Waiting { octets, sent: 0, after });
        self.held <= OUTPUT
    }

    /// Sends what may leave. False if the connection is broken.
    pub fn send(&mut self, durable: JournalPosition) -> bool {
        while self.writable {
            let Some(first) = self.waiting.front_mut().filter(|first| first.after <= durable) else { return true };
            match self.stream.write(first.octets.get(first.sent..).unwrap_or_default()) {
                Ok(length) => {
                    first.sent += length;
                    if first.sent >= first.octets.len() {
                        self.held = self.held.saturating_sub(first.octets.len());
                        self.waiting.pop_front();
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
    }

    /// True if nothing waits to be sent.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Reads what has come, up to the buffer's length: nothing at the moment, octets, or the end of the connection.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.stream.read(buffer) {
            Ok(length) => Ok(Some(length)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.readable = false;
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(None),
            Err(error) => Err(error),
        }
    }
}
