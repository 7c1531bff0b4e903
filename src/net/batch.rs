//! Many datagrams in one system call.

use std::io;
use std::net::SocketAddrV4;
use std::os::fd::{AsRawFd, BorrowedFd};

/// How many datagrams one call sends at the most.
const SEND_BATCH: usize = 64;

/// A datagram and its destination; without one it goes where the socket is connected or bound to.
pub type Datagram<'a> = (Option<SocketAddrV4>, &'a [u8]);

/// The address of a UDP datagram, as the kernel wants it.
fn sockaddr(to: SocketAddrV4) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: to.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from(*to.ip()).to_be() },
        sin_zero: [0; 8],
    }
}

/// Sends datagrams in order by one system call, up to 64 of them. Returns how many went out; an error is that of the first.
pub fn send_some(socket: BorrowedFd<'_>, datagrams: &[Datagram<'_>]) -> io::Result<usize> {
    let count = datagrams.len().min(SEND_BATCH);
    // SAFETY: all-zero values of these plain structures are valid; they are filled in below.
    let (mut addresses, mut vectors, mut headers): (
        [libc::sockaddr_in; SEND_BATCH],
        [libc::iovec; SEND_BATCH],
        [libc::mmsghdr; SEND_BATCH],
    ) = unsafe { std::mem::zeroed() };
    let parts = addresses.iter_mut().zip(&mut vectors).zip(&mut headers);
    for (((address, vector), header), (to, bytes)) in parts.zip(datagrams) {
        if let Some(to) = to {
            *address = sockaddr(*to);
            header.msg_hdr.msg_name = (address as *mut libc::sockaddr_in).cast();
            header.msg_hdr.msg_namelen = std::mem::size_of::<libc::sockaddr_in>() as libc::socklen_t;
        }
        *vector = libc::iovec { iov_base: bytes.as_ptr() as *mut libc::c_void, iov_len: bytes.len() };
        header.msg_hdr.msg_iov = vector;
        header.msg_hdr.msg_iovlen = 1;
    }
    // SAFETY: the first `count` headers point into `addresses`, `vectors` and the datagrams, which all outlive the call; the
    // kernel only reads the data.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count as u32, libc::MSG_NOSIGNAL) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Sends all datagrams in order. Calls `failed` with the index and the error of each that the kernel refused; the others go
/// out all the same.
pub fn send(socket: BorrowedFd<'_>, datagrams: &[Datagram<'_>], mut failed: impl FnMut(usize, io::Error)) {
    let mut done = 0;
    while let Some(rest) = datagrams.get(done..).filter(|rest| !rest.is_empty()) {
        match send_some(socket, rest) {
            Ok(sent) => done += sent.max(1),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                failed(done, error);
                done += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    #[test]
    fn sends_more_than_a_batch_and_goes_on_after_a_failure() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let std::net::SocketAddr::V4(to) = receiver.local_addr().unwrap() else { panic!("an IPv4 address") };
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let texts: Vec<Vec<u8>> = (0..100u8).map(|n| vec![n]).collect();
        let huge = vec![0; 70_000];
        let mut datagrams: Vec<Datagram<'_>> = texts.iter().map(|text| (Some(to), &text[..])).collect();
        datagrams[70].1 = &huge;
        let mut failures = Vec::new();
        send(sender.as_fd(), &datagrams, |at, error| failures.push((at, error.raw_os_error())));
        assert_eq!(failures, [(70, Some(libc::EMSGSIZE))]);
        let mut buffer = [0; 10];
        let received: Vec<u8> = (0..99).map(|_| receiver.recv(&mut buffer).map(|_| buffer[0]).unwrap()).collect();
        assert_eq!(received, (0..100).filter(|n| *n != 70).collect::<Vec<u8>>());
    }
}
