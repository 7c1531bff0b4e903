//! The UDP socket for what the kernel must route: replies to relays and to clients that have an address
//! (spec/dhcpv4.md 3.1, item 5).

use nix::sys::socket::sockopt::{Broadcast, RcvBuf, ReuseAddr};
use nix::sys::socket::{bind, setsockopt, socket, AddressFamily, SockFlag, SockType, SockaddrIn};
use std::io;
use std::net::{SocketAddrV4, UdpSocket};

/// Opens the socket on a local address and the server port. What arrives on it came through the packet sockets too, and is
/// to be thrown away: its receive buffer is kept small.
pub fn open(local: SocketAddrV4) -> io::Result<UdpSocket> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let fd = socket(AddressFamily::Inet, SockType::Datagram, flags, None)?;
    setsockopt(&fd, ReuseAddr, &true)?;
    setsockopt(&fd, Broadcast, &true)?;
    setsockopt(&fd, RcvBuf, &1)?;
    bind(std::os::fd::AsRawFd::as_raw_fd(&fd), &SockaddrIn::from(local))?;
    Ok(UdpSocket::from(fd))
}
