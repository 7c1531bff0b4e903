//! The UDP socket for what the kernel must route: replies to relays and to clients that have an address
//! (spec/dhcpv4.md 3.1, item 5).

use super::filter;
use nix::sys::socket::sockopt::{Broadcast, ReuseAddr};
use nix::sys::socket::{bind, setsockopt, socket, AddressFamily, SockFlag, SockType, SockaddrIn};
use std::io;
use std::net::{SocketAddrV4, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};

/// Opens the socket on a local address and the server port. What arrives for it comes through the packet sockets too; a filter
/// throws it away in the kernel.
pub fn open(local: SocketAddrV4) -> io::Result<UdpSocket> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let fd = socket(AddressFamily::Inet, SockType::Datagram, flags, None)?;
    setsockopt(&fd, ReuseAddr, &true)?;
    setsockopt(&fd, Broadcast, &true)?;
    filter::attach(fd.as_fd(), &mut filter::nothing())?;
    bind(fd.as_raw_fd(), &SockaddrIn::from(local))?;
    Ok(UdpSocket::from(fd))
}
