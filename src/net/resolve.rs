//! Names of addresses, as the system's resolver knows them (the hosts file, the DNS). Waits for name servers: not for the
//! event loop.

use std::ffi::CStr;
use std::net::Ipv4Addr;

/// Room for a name, as the C library recommends (NI_MAXHOST).
const ROOM: usize = 1025;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_file_knows_this_machine() {
        assert_eq!(name_of(Ipv4Addr::LOCALHOST).as_deref(), Some("localhost"));
        assert_eq!(name_of(Ipv4Addr::UNSPECIFIED), None);
    }
}
