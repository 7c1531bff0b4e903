//! The raw ICMP socket of the ping check (spec/dhcpv4.md 14). The kernel routes what is sent and adds the IP header.

use super::filter;
use nix::sys::socket::{
    recvfrom, sendto, socket, AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn,
};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

/// A raw ICMP socket.
pub struct EchoSocket {
    fd: OwnedFd,
}

impl EchoSocket {
    /// Opens it; needs privileges.
    pub fn open() -> io::Result<EchoSocket> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let fd = socket(AddressFamily::Inet, SockType::Raw, flags, SockProtocol::Icmp)?;
        filter::attach(fd.as_fd(), &mut filter::echo_replies())?;
        Ok(EchoSocket { fd })
    }

    /// Sends an ICMP message to an address.
    pub fn send(&self, to: Ipv4Addr, message: &[u8]) -> io::Result<()> {
        sendto(self.fd.as_raw_fd(), message, &SockaddrIn::from(SocketAddrV4::new(to, 0)), MsgFlags::empty())?;
        Ok(())
    }

    /// The next message that waits, with its IP header, and its sender; `None` when none does.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<(usize, Ipv4Addr)>> {
        match recvfrom::<SockaddrIn>(self.fd.as_raw_fd(), buffer) {
            Ok((length, Some(from))) => Ok(Some((length, from.ip()))),
            Ok((_, None)) => Ok(None),
            Err(nix::Error::EAGAIN | nix::Error::EINTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsRawFd for EchoSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}
