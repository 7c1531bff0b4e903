//! A TCP connection to a failover partner: what waits to be sent on it, and dialling from a given address.

use crate::leases::lease::JournalPosition;
use mio::net::TcpStream;
use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};

/// How much may wait for a partner that does not read, or for a disk that does not write, in octets.
const OUTPUT: usize = 4 << 20;

/// How many messages leave in one system call.
const TOGETHER: usize = 64;

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
    output: Output,
}

/// What waits to be sent, in order.
#[derive(Debug, Default)]
struct Output {
    waiting: VecDeque<Waiting>,
    /// Octets in `waiting`.
    held: usize,
}

impl Output {
    fn push(&mut self, octets: Vec<u8>, after: JournalPosition) {
        self.held += octets.len();
        self.waiting.push_back(Waiting { octets, sent: 0, after });
    }

    /// What may leave now, as much as goes in one system call.
    fn ready(&self, durable: JournalPosition) -> Vec<IoSlice<'_>> {
        let ready = self.waiting.iter().take_while(|waiting| waiting.after <= durable).take(TOGETHER);
        ready.map(|waiting| IoSlice::new(waiting.octets.get(waiting.sent..).unwrap_or_default())).collect()
    }

    /// So many octets have left.
    fn sent(&mut self, mut length: usize) {
        while let Some(first) = self.waiting.front_mut() {
            let left = first.octets.len().saturating_sub(first.sent);
            if left > length {
                first.sent += length;
                return;
            }
            length -= left;
            self.held = self.held.saturating_sub(first.octets.len());
            self.waiting.pop_front();
        }
    }
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
        Connection { stream, readable: true, writable: true, is_ending: false, output: Output::default() }
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
        self.output.push(octets, after);
        self.output.held <= OUTPUT
    }

    /// Sends what may leave. False if the connection is broken.
    pub fn send(&mut self, durable: JournalPosition) -> bool {
        while self.writable {
            let parts = self.output.ready(durable);
            if parts.is_empty() {
                return true;
            }
            match self.stream.write_vectored(&parts) {
                Ok(length) => self.output.sent(length),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
    }

    /// True if nothing waits to be sent.
    pub fn is_idle(&self) -> bool {
        self.output.waiting.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What leaves when the system takes `room` octets at a time.
    fn drain(output: &mut Output, durable: u64, room: usize) -> Vec<u8> {
        let mut sent = Vec::new();
        loop {
            let parts = output.ready(JournalPosition(durable));
            assert!(parts.len() <= TOGETHER);
            let octets: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).take(room).collect();
            if octets.is_empty() {
                return sent;
            }
            output.sent(octets.len());
            sent.extend(octets);
        }
    }

    #[test]
    fn messages_leave_together_whole_and_in_order() {
        for room in [1, 2, 3, 7, 1000] {
            let mut output = Output::default();
            let messages: Vec<Vec<u8>> = (0..200u8).map(|n| vec![n; usize::from(n % 5) + 1]).collect();
            messages.iter().for_each(|message| output.push(message.clone(), JournalPosition(0)));
            assert_eq!(drain(&mut output, 0, room), messages.concat());
            assert!(output.waiting.is_empty() && output.held == 0);
        }
    }

    #[test]
    fn nothing_leaves_before_its_record_is_durable_nor_before_what_is_in_front() {
        let mut output = Output::default();
        for (octet, after) in [(1, 0), (2, 5), (3, 0), (4, 9)] {
            output.push(vec![octet; 2], JournalPosition(after));
        }
        assert_eq!(drain(&mut output, 4, 3), [1, 1]);
        assert_eq!(drain(&mut output, 5, 3), [2, 2, 3, 3]);
        assert_eq!(output.held, 2);
        assert_eq!(drain(&mut output, 9, 3), [4, 4]);
    }
}
