//! A DHCPv4 responder that keeps nothing and decides nothing: it turns DISCOVER into OFFER and REQUEST into ACK, many
//! packets in one system call. No server can be faster on the same machine with the same load: it is the ceiling of
//! `make bench`.
//!
//! Usage: `stateless ADDRESS` binds that address, port 67, and answers relays until it is killed.

use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;

/// Packets in one system call.
const BATCH: usize = 128;
/// Octets of the largest packet.
const SIZE: usize = 1500;
/// Offset of the options: fixed part and cookie.
const OPTIONS: usize = 240;

fn main() -> std::io::Result<()> {
    let address: Ipv4Addr = std::env::args().nth(1).and_then(|a| a.parse().ok()).ok_or_else(usage)?;
    let socket = UdpSocket::bind((address, 67))?;
    let mut buffers = vec![[0u8; SIZE]; BATCH];
    let mut names = vec![sockaddr(Ipv4Addr::UNSPECIFIED); BATCH];
    loop {
        let lengths = receive(&socket, &mut buffers, &mut names)?;
        let replies: Vec<(usize, usize)> = lengths
            .iter()
            .enumerate()
            .filter_map(|(i, &length)| Some((i, answer(&mut buffers[i], length, address)?)))
            .collect();
        for &(i, _) in &replies {
            let b = &buffers[i];
            names[i] = sockaddr(Ipv4Addr::new(b[24], b[25], b[26], b[27]));
        }
        send(&socket, &buffers, &names, &replies)?;
    }
}

fn usage() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidInput, "usage: stateless ADDRESS")
}

/// Turns a request into its reply where it stands; the reply's length, or `None` when there is nothing to say.
fn answer(packet: &mut [u8; SIZE], length: usize, server: Ipv4Addr) -> Option<usize> {
    if length < OPTIONS || packet[0] != 1 {
        return None;
    }
    let reply_type = match option(&packet[..length], 53)?.first()? {
        1 => 2,
        3 => 5,
        _ => return None,
    };
    let address: [u8; 4] = match option(&packet[..length], 50) {
        Some(requested) => requested.try_into().ok()?,
        None => [packet[24], packet[25], packet[32], packet[33]],
    };
    packet[0] = 2;
    packet[16..20].copy_from_slice(&address);
    let mut end = OPTIONS;
    let [a, b, c, d] = server.octets();
    for bytes in
        [&[53, 1, reply_type][..], &[54, 4, a, b, c, d], &[51, 4, 0, 0, 14, 16], &[1, 4, 255, 255, 0, 0], &[255]]
    {
        packet[end..end + bytes.len()].copy_from_slice(bytes);
        end += bytes.len();
    }
    packet[end..300].fill(0);
    Some(300)
}

/// The value of an option in the main area.
fn option(packet: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut at = OPTIONS;
    while at + 1 < packet.len() && packet[at] != 255 {
        if packet[at] == 0 {
            at += 1;
            continue;
        }
        let length = usize::from(packet[at + 1]);
        if packet[at] == wanted {
            return packet.get(at + 2..at + 2 + length);
        }
        at += 2 + length;
    }
    None
}

fn sockaddr(address: Ipv4Addr) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: 67u16.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from(address).to_be() },
        sin_zero: [0; 8],
    }
}

/// One message header around a buffer and an address.
fn header(name: *mut libc::sockaddr_in, part: *mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: a header of zeros is a valid one: no control data, no flags.
    let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
    header.msg_hdr.msg_name = name.cast();
    header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    header.msg_hdr.msg_iov = part;
    header.msg_hdr.msg_iovlen = 1;
    header
}

/// Waits for packets; the length of each.
fn receive(
    socket: &UdpSocket,
    buffers: &mut [[u8; SIZE]],
    names: &mut [libc::sockaddr_in],
) -> std::io::Result<Vec<usize>> {
    let mut parts: Vec<libc::iovec> =
        buffers.iter_mut().map(|b| libc::iovec { iov_base: b.as_mut_ptr().cast(), iov_len: SIZE }).collect();
    let mut headers: Vec<libc::mmsghdr> =
        names.iter_mut().zip(&mut parts).map(|(name, part)| header(name, part)).collect();
    // SAFETY: every header points to a buffer and an address that outlive the call.
    let count = unsafe {
        libc::recvmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            headers.len() as u32,
            libc::MSG_WAITFORONE,
            std::ptr::null_mut(),
        )
    };
    if count < 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(headers.iter().take(count as usize).map(|h| h.msg_len as usize).collect())
}

/// Sends the replies that stand in their requests' buffers.
fn send(
    socket: &UdpSocket,
    buffers: &[[u8; SIZE]],
    names: &[libc::sockaddr_in],
    replies: &[(usize, usize)],
) -> std::io::Result<()> {
    let mut parts: Vec<libc::iovec> = replies
        .iter()
        .map(|&(i, length)| libc::iovec { iov_base: buffers[i].as_ptr().cast_mut().cast(), iov_len: length })
        .collect();
    let mut headers: Vec<libc::mmsghdr> = replies
        .iter()
        .zip(&mut parts)
        .map(|(&(i, _), part)| header(std::ptr::from_ref(&names[i]).cast_mut(), part))
        .collect();
    let mut sent = 0;
    while sent < headers.len() {
        let rest = &mut headers[sent..];
        // SAFETY: as in `receive`; the kernel only reads what a header to be sent points to.
        let count = unsafe { libc::sendmmsg(socket.as_raw_fd(), rest.as_mut_ptr(), rest.len() as u32, 0) };
        if count <= 0 {
            return Err(std::io::Error::last_os_error());
        }
        sent += count as usize;
    }
    Ok(())
}
