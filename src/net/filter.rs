//! Socket options, and packet filters among them (BPF programs that the kernel runs on every packet for a socket).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Sets a socket option to a plain value.
pub fn set_option<T: Copy>(fd: BorrowedFd<'_>, level: libc::c_int, name: libc::c_int, value: &T) -> io::Result<()> {
    // SAFETY: `value` is valid for reads of its own size, which is what is passed.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            (value as *const T).cast(),
            std::mem::size_of::<T>() as libc::socklen_t,
        )
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// One instruction.
fn op(code: u32, jump_true: u8, jump_false: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: jump_true, jf: jump_false, k }
}

const LOAD: u32 = libc::BPF_LD | libc::BPF_ABS;
const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const IF_SET: u32 = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
/// SKF_AD_OFF + SKF_AD_PKTTYPE: who sent a frame.
const PACKET_TYPE: u32 = (-0x1000i32 + 4) as u32;
/// PACKET_OUTGOING.
const OUTGOING: u32 = 4;

/// Takes Ethernet frames with IPv4, UDP, fragment offset 0 and destination port `port` that this machine did not send; the IP
/// header's length is honoured (spec/dhcpv4.md 3.2).
pub fn server_port(port: u16) -> Vec<libc::sock_filter> {
    vec![
        op(LOAD | libc::BPF_W, 0, 0, PACKET_TYPE),
        op(IF_EQUAL, 10, 0, OUTGOING),
        op(LOAD | libc::BPF_H, 0, 0, 12),
        op(IF_EQUAL, 0, 8, 0x0800),
        op(LOAD | libc::BPF_B, 0, 0, 23),
        op(IF_EQUAL, 0, 6, 17),
        op(LOAD | libc::BPF_H, 0, 0, 20),
        op(IF_SET, 4, 0, 0x1fff),
        op(libc::BPF_LDX | libc::BPF_B | libc::BPF_MSH, 0, 0, 14),
        op(libc::BPF_LD | libc::BPF_H | libc::BPF_IND, 0, 0, 16),
        op(IF_EQUAL, 0, 1, u32::from(port)),
        op(RETURN, 0, 0, 0xffff),
        op(RETURN, 0, 0, 0),
    ]
}

/// Takes nothing.
pub fn nothing() -> Vec<libc::sock_filter> {
    vec![op(RETURN, 0, 0, 0)]
}

/// Takes ICMP echo replies, as a raw IPv4 socket gets them.
pub fn echo_replies() -> Vec<libc::sock_filter> {
    vec![
        op(libc::BPF_LDX | libc::BPF_B | libc::BPF_MSH, 0, 0, 0),
        op(libc::BPF_LD | libc::BPF_B | libc::BPF_IND, 0, 0, 0),
        op(IF_EQUAL, 0, 1, 0),
        op(RETURN, 0, 0, 0xffff),
        op(RETURN, 0, 0, 0),
    ]
}

/// Makes the kernel run a program on what arrives for the socket.
pub fn attach(fd: BorrowedFd<'_>, program: &mut [libc::sock_filter]) -> io::Result<()> {
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    set_option(fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}
