//! The packet socket of one interface: whole Ethernet frames in and out, many in one system call
//! (spec/dhcpv4.md 3.1, 3.2).

use super::filter::{self, set_option};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// How many frames one call receives at the most.
pub const BATCH: usize = 64;
/// Longer frames are cut to this (and then fail the length checks), as with ISC dhcpd.
pub const FRAME: usize = 1536;
/// Room in the kernel for frames that arrive while a batch is worked on.
const RECEIVE_BUFFER: libc::c_int = 8 << 20;
/// Not in every C library yet.
const PACKET_IGNORE_OUTGOING: libc::c_int = 23;
/// Control data of one frame: a header and a `tpacket_auxdata`.
const CONTROL: usize = 64;

/// What the kernel told of a received frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameInfo {
    /// The UDP checksum is left to hardware and must not be judged.
    pub checksum_not_ready: bool,
    /// TCI of a VLAN tag that the kernel stripped; 0 if there was none.
    pub vlan_tci: u16,
}

/// An AF_PACKET socket bound to one interface, with a filter for UDP to the server port.
pub struct PacketSocket {
    fd: OwnedFd,
}

/// Reused memory for a batch of frames.
pub struct Arena {
    frames: Box<[[u8; FRAME]]>,
    controls: Box<[[u64; CONTROL / 8]]>,
}

impl Default for Arena {
    fn default() -> Self {
        Arena { frames: vec![[0; FRAME]; BATCH].into(), controls: vec![[0; CONTROL / 8]; BATCH].into() }
    }
}

impl PacketSocket {
    /// Opens and binds. `index` is the kernel's number of the interface, `port` the server port.
    pub fn open(index: u32, port: u16) -> io::Result<PacketSocket> {
        let protocol = (libc::ETH_P_ALL as u16).to_be();
        // SAFETY: no memory is involved; the descriptor is owned right away. Protocol 0: nothing arrives before the bind.
        let fd = unsafe {
            let fd = libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC, 0);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(fd)
        };
        filter::attach(fd.as_fd(), &mut filter::server_port(port))?;
        set_option(fd.as_fd(), libc::SOL_PACKET, libc::PACKET_AUXDATA, &1i32)?;
        // Spares the kernel the copies that the filter would throw away; kernels before 4.20 do not know it.
        let _ = set_option(fd.as_fd(), libc::SOL_PACKET, PACKET_IGNORE_OUTGOING, &1i32);
        // Beyond the system's limit where we may, up to it where not; a smaller buffer only loses bursts.
        if set_option(fd.as_fd(), libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &RECEIVE_BUFFER).is_err() {
            set_option(fd.as_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, &RECEIVE_BUFFER)?;
        }
        // SAFETY: all-zero is a valid sockaddr_ll; bind reads it for the size given.
        let result = unsafe {
            let mut address: libc::sockaddr_ll = std::mem::zeroed();
            address.sll_family = libc::AF_PACKET as u16;
            address.sll_protocol = protocol;
            address.sll_ifindex = index as i32;
            libc::bind(
                fd.as_raw_fd(),
                (&raw const address).cast(),
                std::mem::size_of::<libc::sockaddr_ll>() as libc::socklen_t,
            )
        };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(PacketSocket { fd })
    }

    /// Receives up to `BATCH` frames and hands each to `take`. Returns how many there were; 0 when none is waiting.
    pub fn receive(&self, arena: &mut Arena, mut take: impl FnMut(&[u8], FrameInfo)) -> io::Result<usize> {
        let mut vectors: [libc::iovec; BATCH] =
            std::array::from_fn(|i| libc::iovec { iov_base: arena.frames[i].as_mut_ptr().cast(), iov_len: FRAME });
        // SAFETY: all-zero mmsghdr values are valid; their pointers are set to the arena and `vectors` below.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { std::mem::zeroed() };
        for (i, header) in headers.iter_mut().enumerate() {
            header.msg_hdr.msg_iov = &mut vectors[i];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = arena.controls[i].as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = CONTROL;
        }
        // SAFETY: every header points to a distinct buffer of the stated length that outlives the call.
        let received = unsafe {
            libc::recvmmsg(
                self.fd.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH as u32,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        let Ok(received) = usize::try_from(received) else {
            let error = io::Error::last_os_error();
            return match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(0),
                _ => Err(error),
            };
        };
        for (i, header) in headers.iter().take(received).enumerate() {
            let length = (header.msg_len as usize).min(FRAME);
            take(&arena.frames[i][..length], info(&header.msg_hdr));
        }
        Ok(received)
    }
}

/// Reads the auxiliary data of a received frame.
fn info(header: &libc::msghdr) -> FrameInfo {
    let mut info = FrameInfo::default();
    // SAFETY: the kernel filled the control buffer up to msg_controllen; the CMSG macros stay inside it, and the data is
    // read unaligned after its type and length were checked.
    unsafe {
        let mut at = libc::CMSG_FIRSTHDR(header);
        while let Some(control) = at.as_ref() {
            let enough =
                control.cmsg_len >= libc::CMSG_LEN(std::mem::size_of::<libc::tpacket_auxdata>() as u32) as usize;
            if control.cmsg_level == libc::SOL_PACKET && control.cmsg_type == libc::PACKET_AUXDATA && enough {
                let aux: libc::tpacket_auxdata = std::ptr::read_unaligned(libc::CMSG_DATA(at).cast());
                info.checksum_not_ready = aux.tp_status & libc::TP_STATUS_CSUMNOTREADY != 0;
                if aux.tp_status & libc::TP_STATUS_VLAN_VALID != 0 {
                    info.vlan_tci = aux.tp_vlan_tci;
                }
            }
            at = libc::CMSG_NXTHDR(header, at);
        }
    }
    info
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for PacketSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}
