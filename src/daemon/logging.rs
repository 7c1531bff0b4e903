//! Where log lines go (spec/operations.md 7): every line to syslog, and to standard error during start-up or with `-d`.
//!
//! Syslog is a datagram to /dev/log in the form of RFC 3164, as the C library writes it:
//! `<facility|severity>Mmm dd hh:mm:ss ident[pid]: text`. The socket never blocks: a line that the syslog daemon has no room
//! for is lost, as the service comes first.

use crate::eval::LogKind;
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

/// The longest line, in bytes.
const MAX_LINE: usize = 1023;
/// How long to wait before looking for a syslog daemon again.
const RECONNECT: Duration = Duration::from_secs(5);
/// LOG_DAEMON.
const DAEMON: u8 = 3 << 3;

/// The sink of all log lines.
pub struct Logger {
    ident: String,
    /// Shifted left by three, as in the priority.
    facility: u8,
    to_stderr: bool,
    socket: Option<UnixDatagram>,
    tried: Option<Instant>,
    /// The time stamp of the last line, by its second.
    stamp: (i64, String),
    line: Vec<u8>,
}

impl Logger {
    /// Logs as `ident` (the base name of the program) to facility daemon, and to standard error.
    pub fn new(ident: &str) -> Logger {
        Logger {
            ident: ident.to_string(),
            facility: DAEMON,
            to_stderr: true,
            socket: None,
            tried: None,
            stamp: (i64::MIN, String::new()),
            line: Vec::new(),
        }
    }

    /// Whether standard error gets the lines too.
    pub fn set_stderr(&mut self, on: bool) {
        self.to_stderr = on;
    }

    /// The facility from now on: a value of the table in spec/options.md 21 (`daemon` is 24).
    pub fn set_facility(&mut self, facility: u8) {
        self.facility = facility & 0xf8;
    }

    /// Logs one line.
    pub fn log(&mut self, kind: LogKind, text: &str) {
        let text = clip(text);
        if self.to_stderr {
            let mut stderr = std::io::stderr().lock();
            // A closed terminal must not stop the service.
            let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.write_all(b"\n"));
        }
        self.to_syslog(kind, text);
    }

    /// Logs one line to syslog only.
    pub fn to_syslog(&mut self, kind: LogKind, text: &str) {
        let severity = match kind {
            LogKind::Error => 3,
            LogKind::Info => 6,
            LogKind::Debug => 7,
        };
        if self.socket.is_none() && !self.connect() {
            return;
        }
        let now = chrono::Local::now();
        if self.stamp.0 != now.timestamp() {
            self.stamp = (now.timestamp(), now.format("%b %e %H:%M:%S").to_string());
        }
        self.line.clear();
        let priority = self.facility | severity;
        // Writing to a Vec cannot fail.
        let _ = write!(self.line, "<{priority}>{} {}[{}]: {text}", self.stamp.1, self.ident, std::process::id());
        let Some(socket) = &self.socket else { return };
        if let Err(error) = socket.send(&self.line) {
            // The daemon went away, as when it is restarted: one more try at once, with its new socket.
            if error.kind() != std::io::ErrorKind::WouldBlock {
                self.socket = None;
                self.tried = None;
                if self.connect() {
                    let _ = self.socket.as_ref().map(|socket| socket.send(&self.line));
                }
            }
        }
    }

    fn connect(&mut self) -> bool {
        if self.tried.is_some_and(|at| at.elapsed() < RECONNECT) {
            return false;
        }
        self.tried = Some(Instant::now());
        self.socket = UnixDatagram::unbound()
            .and_then(|socket| {
                socket.set_nonblocking(true)?;
                socket.connect("/dev/log")?;
                Ok(socket)
            })
            .ok();
        self.socket.is_some()
    }
}

/// The first bytes of an overlong line, cut between characters.
fn clip(text: &str) -> &str {
    let mut end = text.len().min(MAX_LINE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_are_limited() {
        let long = "é".repeat(600);
        let clipped = super::clip(&long);
        assert_eq!(clipped.len(), 1022);
        assert_eq!(super::clip("short"), "short");
    }
}
