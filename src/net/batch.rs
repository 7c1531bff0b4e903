//! Many datagrams in one system call.

use std::io;
use std::net::SocketAddrV4;
use std::os::fd::{AsRawFd, BorrowedFd};

/// How many datagrams one call sends at the most.
const SEND_BATCH: usize = 64;

/// The address of a UDP datagram, as the kernel wants it.
fn sockaddr(to: SocketAddrV4) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: to.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from(*to.ip()).to_be() },
        sin_zero: [0; 8],
    }
}

/// Sends datagrams in order, each to its address (`None`: the socket's own, as for a packet socket). Calls `failed` with the
/// index and the error of each that the kernel refused; the others go out all the same.
pub fn send(
    socket: BorrowedFd<'_>,
    datagrams: &[(Option<SocketAddrV4>, &[u8])],
    mut failed: impl FnMut(usize, io::Error),
) {
    let mut done = 0;
    while done < datagrams.len() {
        let part = &datagrams[done..datagrams.len().min(done + SEND_BATCH)];
        let mut addresses: Vec<Option<libc::sockaddr_in>> = part.iter().map(|(to, _)| to.map(sockaddr)).collect();
        let mut vectors: Vec<libc::iovec> = part
            .iter()
            .map(|(_, bytes)| libc::iovec { iov_base: bytes.as_ptr() as *mut libc::c_void, iov_len: bytes.len() })
            .collect();
        let mut headers: Vec<libc::mmsghdr> = Vec::with_capacity(part.len());
        for (vector, address) in vectors.iter_mut().zip(addresses.iter_mut()) {
            // SAFETY: an all-zero msghdr is a valid one without address, data or control.
            let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
            if let Some(address) = address {
                header.msg_hdr.msg_name = (address as *mut libc::sockaddr_in).cast();
                header.msg_hdr.msg_namelen = std::mem::size_of::<libc::sockaddr_in>() as libc::socklen_t;
            }
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
            headers.push(header);
        }
        // SAFETY: `headers` points into `addresses`, `vectors` and the datagrams, which all outlive the call; the kernel
        // only reads the data.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), headers.len() as u32, 0) };
        match usize::try_from(sent) {
            Ok(sent) if sent > 0 => done += sent,
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    failed(done, error);
                    done += 1;
                }
            }
        }
    }
}
