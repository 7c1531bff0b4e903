//! Names of addresses and addresses of names, as the system's resolver knows them (the hosts file, the DNS). Waits for name
//! servers: not for the event loop.

use std::ffi::{CStr, CString};
use std::net::Ipv4Addr;

/// Room for a name, as the C library recommends (NI_MAXHOST).
const ROOM: usize = 1025;
/// glibc: the name has addresses of other families only.
const EAI_ADDRFAMILY: libc::c_int = -9;

/// The name of an address; `None` if it has none, or nobody can tell.
pub fn name_of(address: Ipv4Addr) -> Option<Box<str>> {
    // SAFETY: all zero is a valid sockaddr_in.
    let mut socket: libc::sockaddr_in = unsafe { std::mem::zeroed() };
    socket.sin_family = libc::AF_INET as libc::sa_family_t;
    socket.sin_addr.s_addr = u32::from_ne_bytes(address.octets());
    let mut name = [0u8; ROOM];
    // SAFETY: the address and its length belong together, so do the buffer and its length; no service name is asked for.
    let failed = unsafe {
        libc::getnameinfo(
            (&raw const socket).cast(),
            size_of::<libc::sockaddr_in>() as libc::socklen_t,
            name.as_mut_ptr().cast(),
            ROOM as libc::socklen_t,
            std::ptr::null_mut(),
            0,
            libc::NI_NAMEREQD,
        )
    };
    if failed != 0 {
        return None;
    }
    let name = CStr::from_bytes_until_nul(&name).ok()?;
    Some(name.to_string_lossy().into())
}

/// Why a name has no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no such name.
    Unknown,
    /// No name server answers now.
    TryAgain,
    /// A name server failed for good, or the system did.
    Failed,
    /// There is such a name, but it has no IPv4 address.
    NoAddress,
}

/// The IPv4 addresses of a name, at least one, each once.
pub fn addresses_of(name: &str) -> Result<Vec<Ipv4Addr>, Failure> {
    // What cannot be handed to the C library is no name.
    let name = CString::new(name).map_err(|_| Failure::Unknown)?;
    // SAFETY: all zero is a valid addrinfo.
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    (hints.ai_family, hints.ai_socktype) = (libc::AF_INET, libc::SOCK_DGRAM);
    let mut first = std::ptr::null_mut();
    // SAFETY: the name ends in 0, the hints are valid, and `first` is given back below.
    match unsafe { libc::getaddrinfo(name.as_ptr(), std::ptr::null(), &hints, &mut first) } {
        0 => {}
        libc::EAI_NONAME => return Err(Failure::Unknown),
        libc::EAI_AGAIN => return Err(Failure::TryAgain),
        libc::EAI_NODATA | EAI_ADDRFAMILY => return Err(Failure::NoAddress),
        _ => return Err(Failure::Failed),
    }
    let mut addresses = Vec::new();
    let mut next = first;
    // SAFETY: the list is the C library's until it is freed; every entry is of the family that was asked for.
    while let Some(entry) = unsafe { next.as_ref() } {
        let socket = unsafe { entry.ai_addr.cast::<libc::sockaddr_in>().as_ref() };
        if let Some(socket) = socket.filter(|_| entry.ai_family == libc::AF_INET) {
            let address = Ipv4Addr::from(socket.sin_addr.s_addr.to_ne_bytes());
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        next = entry.ai_next;
    }
    // SAFETY: it came from getaddrinfo, and nothing refers to it any more.
    unsafe { libc::freeaddrinfo(first) };
    if addresses.is_empty() {
        return Err(Failure::NoAddress);
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_without_a_name_server() {
        assert_eq!(addresses_of("localhost"), Ok(vec![Ipv4Addr::LOCALHOST]));
        assert_eq!(addresses_of("192.0.2.7"), Ok(vec![Ipv4Addr::new(192, 0, 2, 7)]));
        assert_eq!(addresses_of("a\0b"), Err(Failure::Unknown));
    }

    #[test]
    fn the_hosts_file_knows_this_machine() {
        assert_eq!(name_of(Ipv4Addr::LOCALHOST).as_deref(), Some("localhost"));
        assert_eq!(name_of(Ipv4Addr::UNSPECIFIED), None);
    }
}
