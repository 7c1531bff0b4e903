//! The system log: complaints about commands go there, too. A datagram to /dev/log, as the C library writes it:
//! `<facility|severity>Mmm dd hh:mm:ss ident[pid]: text`. Nothing is logged where nobody listens.

use std::os::unix::net::UnixDatagram;

/// LOG_DAEMON | LOG_ERR.
const PRIORITY: u8 = 3 << 3 | 3;

pub struct Syslog {
    socket: Option<UnixDatagram>,
    ident: String,
}

impl Syslog {
    /// The log of this machine, under the name of the program.
    pub fn new(program: &str) -> Syslog {
        let socket = UnixDatagram::unbound().ok().filter(|socket| {
            // A log that is full must not hold the shell up.
            socket.connect("/dev/log").is_ok() && socket.set_nonblocking(true).is_ok()
        });
        Syslog { socket, ident: format!("{program}[{}]", std::process::id()) }
    }

    /// Logs a line at level err, as far as that works.
    pub fn error(&self, line: &[u8]) {
        let Some(socket) = &self.socket else { return };
        let head = format!("<{PRIORITY}>{} {}: ", chrono::Local::now().format("%b %e %H:%M:%S"), self.ident);
        let _ = socket.send(&[head.as_bytes(), line].concat());
    }
}
