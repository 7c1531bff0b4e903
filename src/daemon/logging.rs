//! Where log lines go (spec/operations.md 7): every line to syslog, and to standard error during start-up or with `-d`.
//!
//! Syslog is a datagram to /dev/log in the form of RFC 3164, as the C library writes it:
//! `<facility|severity>Mmm dd hh:mm:ss ident[pid]: text`.
//!
//! During start-up a line is written at once. In service lines are gathered and written by `flush`, many in one system call and
//! in order; a syslog daemon that has no room for them does not hold up the service: they are kept, up to a limit, until its
//! socket is writable again.

use crate::eval::LogKind;
use crate::net::batch::{self, Datagram};
use std::collections::VecDeque;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The longest line, in octets.
const MAX_LINE: usize = 1023;
/// How long to wait before looking for a syslog daemon again.
const RECONNECT: Duration = Duration::from_secs(5);
/// How long a line of the start-up may wait for room.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many octets of lines are kept for a syslog daemon without room.
const QUEUE: usize = 8 << 20;
/// LOG_DAEMON.
pub const DAEMON: u8 = 3 << 3;

/// The sink of all log lines.
pub struct Logger {
    to_stderr: bool,
    /// Lines wait for `flush`.
    gathering: bool,
    stderr_lines: Vec<u8>,
    /// Texts of level err, if somebody wants them.
    kept: Option<Vec<String>>,
    syslog: Syslog,
}

impl Logger {
    /// Logs as `ident` (the base name of the program) to facility daemon, and to standard error.
    pub fn new(ident: &str) -> Logger {
        Logger::to("/dev/log".into(), ident)
    }

    /// Logs nowhere.
    #[cfg(test)]
    pub fn silent() -> Logger {
        let mut logger = Logger::to("/nonexistent".into(), "test");
        logger.set_stderr(false);
        logger
    }

    fn to(path: PathBuf, ident: &str) -> Logger {
        Logger {
            to_stderr: true,
            gathering: false,
            stderr_lines: Vec::new(),
            kept: None,
            syslog: Syslog::new(path, ident),
        }
    }

    /// Whether standard error gets the lines too.
    pub fn set_stderr(&mut self, on: bool) {
        self.flush();
        self.to_stderr = on;
    }

    /// The facility from now on: a value of the table in spec/options.md 21 (`daemon` is 24).
    pub fn set_facility(&mut self, facility: u8) {
        self.syslog.facility = facility & 0xf8;
    }

    /// Keeps what is logged at level err from now on.
    pub fn keep_errors(&mut self) {
        self.kept = Some(Vec::new());
    }

    /// What was kept; nothing is from now on.
    pub fn kept_errors(&mut self) -> Vec<String> {
        self.kept.take().unwrap_or_default()
    }

    /// From now on lines are written by `flush` only.
    pub fn gather(&mut self) {
        self.gathering = true;
        self.syslog.set_blocking(false);
    }

    /// Logs a text, each of its lines as one.
    pub fn log(&mut self, kind: LogKind, text: &str) {
        if let Some(kept) = self.kept.as_mut().filter(|_| kind == LogKind::Error) {
            kept.push(text.to_owned());
        }
        for line in text.split('\n') {
            self.say(kind, line.as_bytes());
        }
    }

    /// Logs octets as they are, as one line: a line feed in what a client sent must not begin another one in syslog, whose
    /// daemon escapes it.
    pub fn say(&mut self, kind: LogKind, octets: &[u8]) {
        let line = clip(octets);
        if self.to_stderr {
            self.stderr_lines.extend_from_slice(line);
            self.stderr_lines.push(b'\n');
        }
        self.syslog.add(kind, line);
        if !self.gathering {
            self.flush();
        }
    }

    /// Logs to syslog only.
    pub fn syslog_only(&mut self, kind: LogKind, line: &str) {
        self.syslog.add(kind, clip(line.as_bytes()));
        if !self.gathering {
            self.flush();
        }
    }

    /// Logs at level err.
    pub fn error(&mut self, text: &str) {
        self.log(LogKind::Error, text);
    }

    /// Logs at level info.
    pub fn info(&mut self, text: &str) {
        self.log(LogKind::Info, text);
    }

    /// Logs at level debug.
    pub fn debug(&mut self, text: &str) {
        self.log(LogKind::Debug, text);
    }

    /// Writes what was gathered.
    pub fn flush(&mut self) {
        if !self.stderr_lines.is_empty() {
            // A closed terminal must not stop the service.
            let _ = std::io::stderr().lock().write_all(&self.stderr_lines);
            self.stderr_lines.clear();
        }
        self.syslog.flush();
    }

    /// The socket whose being writable should be waited for before the next `flush`, if lines are left.
    pub fn waits_for(&self) -> Option<RawFd> {
        let socket = self.syslog.socket.as_ref()?;
        (!self.syslog.lines.is_empty()).then(|| socket.as_raw_fd())
    }

    /// The end: writes what is left, if syslog takes it soon.
    pub fn finish(&mut self) {
        self.syslog.set_blocking(true);
        self.flush();
    }
}

/// The connection to the syslog daemon.
struct Syslog {
    path: PathBuf,
    ident: String,
    /// Shifted left by three, as in the priority.
    facility: u8,
    blocking: bool,
    socket: Option<UnixDatagram>,
    tried: Option<Instant>,
    /// The time stamp of the last line, by its second.
    stamp: (u64, String),
    /// Datagrams to send.
    lines: VecDeque<Vec<u8>>,
    octets: usize,
    /// Lines that were lost for want of room.
    lost: u64,
}

impl Syslog {
    fn new(path: PathBuf, ident: &str) -> Syslog {
        Syslog {
            path,
            ident: ident.to_string(),
            facility: DAEMON,
            blocking: true,
            socket: None,
            tried: None,
            stamp: (0, String::new()),
            lines: VecDeque::new(),
            octets: 0,
            lost: 0,
        }
    }

    fn set_blocking(&mut self, blocking: bool) {
        self.blocking = blocking;
        if let Some(socket) = &self.socket {
            // A socket that cannot be switched is opened anew at its first error.
            let _ = socket.set_nonblocking(!blocking);
        }
    }

    fn add(&mut self, kind: LogKind, line: &[u8]) {
        if self.socket.is_none() && !self.connect() {
            return;
        }
        if self.octets > QUEUE {
            self.lost += 1;
            return;
        }
        if self.lost > 0 {
            let text = format!("{} log lines lost: the syslog daemon takes no more", std::mem::take(&mut self.lost));
            self.push(LogKind::Error, text.as_bytes());
        }
        self.push(kind, line);
    }

    fn push(&mut self, kind: LogKind, line: &[u8]) {
        let severity = match kind {
            LogKind::Error => 3,
            LogKind::Info => 6,
            LogKind::Debug => 7,
        };
        self.renew_stamp();
        let mut datagram = Vec::with_capacity(line.len() + 64);
        // Writing to a Vec cannot fail.
        let priority = self.facility | severity;
        let _ = write!(datagram, "<{priority}>{} {}[{}]: ", self.stamp.1, self.ident, std::process::id());
        datagram.extend_from_slice(line);
        self.octets += datagram.len();
        self.lines.push_back(datagram);
    }

    fn renew_stamp(&mut self) {
        let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if self.stamp.0 != second {
            self.stamp = (second, chrono::Local::now().format("%b %e %H:%M:%S").to_string());
        }
    }

    fn flush(&mut self) {
        let mut may_reconnect = true;
        while !self.lines.is_empty() {
            let Some(socket) = &self.socket else { break };
            let datagrams: Vec<Datagram<'_>> = self.lines.iter().take(64).map(|line| (None, line.as_slice())).collect();
            match batch::send_some(socket.as_fd(), &datagrams) {
                Ok(sent) => self.drop_first(sent),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.blocking {
                        self.drop_first(1);
                    }
                    return;
                }
                Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) => self.drop_first(1),
                Err(_) => {
                    // The daemon went away, as when it is restarted: one more try at once, with its new socket.
                    self.socket = None;
                    if std::mem::take(&mut may_reconnect) {
                        self.tried = None;
                        self.connect();
                    }
                }
            }
        }
        if self.socket.is_none() {
            self.drop_first(self.lines.len());
        }
    }

    fn drop_first(&mut self, count: usize) {
        for line in self.lines.drain(..count.min(self.lines.len())) {
            self.octets = self.octets.saturating_sub(line.len());
        }
    }

    fn connect(&mut self) -> bool {
        if self.tried.is_some_and(|at| at.elapsed() < RECONNECT) {
            return false;
        }
        self.tried = Some(Instant::now());
        let open = || {
            let socket = UnixDatagram::unbound()?;
            socket.set_write_timeout(Some(PATIENCE))?;
            socket.set_nonblocking(!self.blocking)?;
            socket.connect(&self.path)?;
            Ok::<_, std::io::Error>(socket)
        };
        self.socket = open().ok();
        self.socket.is_some()
    }
}

/// The first octets of an overlong line, cut between characters if it is text.
fn clip(line: &[u8]) -> &[u8] {
    let Some(first) = line.get(..MAX_LINE) else { return line };
    match std::str::from_utf8(first) {
        Err(error) if error.error_len().is_none() => &first[..error.valid_up_to()],
        _ => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A logger and the socket it writes to, in a directory of its own.
    fn pair(name: &str) -> (Logger, UnixDatagram, PathBuf) {
        let path = std::env::temp_dir().join(format!("lessor-log-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let daemon = UnixDatagram::bind(&path).unwrap();
        daemon.set_nonblocking(true).unwrap();
        let mut logger = Logger::to(path.clone(), "dhcpd");
        logger.set_stderr(false);
        (logger, daemon, path)
    }

    fn received(daemon: &UnixDatagram) -> Option<String> {
        let mut buffer = [0; 2000];
        let length = daemon.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    #[test]
    fn lines_are_framed_as_the_c_library_does() {
        let (mut logger, daemon, path) = pair("frame");
        logger.log(LogKind::Error, "No subnet\nsecond");
        let line = received(&daemon).unwrap();
        assert!(line.starts_with("<27>"), "{line}");
        assert_eq!(line.as_bytes()[7], b' ');
        assert_eq!(&line[19..20], " ");
        assert!(line.ends_with(&format!(" dhcpd[{}]: No subnet", std::process::id())), "{line}");
        assert!(received(&daemon).unwrap().ends_with(": second"));
        logger.say(LogKind::Info, b"one\ntwo");
        assert!(received(&daemon).unwrap().ends_with(": one\ntwo"));
        logger.set_facility(16 << 3);
        logger.debug("");
        assert!(received(&daemon).unwrap().starts_with("<135>"));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn gathered_lines_wait_for_room_in_order() {
        let (mut logger, daemon, path) = pair("gather");
        logger.gather();
        for n in 0..2000 {
            logger.info(&format!("line {n}"));
        }
        assert_eq!(received(&daemon), None);
        logger.flush();
        assert!(logger.waits_for().is_some());
        let mut n = 0;
        while n < 2000 {
            let Some(line) = received(&daemon) else {
                logger.flush();
                continue;
            };
            assert!(line.ends_with(&format!("]: line {n}")), "{line}");
            n += 1;
        }
        assert_eq!(logger.waits_for(), None);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_restarted_daemon_is_found_again() {
        let (mut logger, daemon, path) = pair("restart");
        logger.info("one");
        assert!(received(&daemon).is_some());
        drop(daemon);
        std::fs::remove_file(&path).unwrap();
        let daemon = UnixDatagram::bind(&path).unwrap();
        logger.info("two");
        assert!(received(&daemon).unwrap().ends_with("two"));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn lines_are_limited() {
        let long = "é".repeat(600);
        assert_eq!(clip(long.as_bytes()).len(), 1022);
        assert_eq!(clip(b"short"), b"short");
        assert_eq!(clip(&[0xff; 2000]).len(), MAX_LINE);
    }
}
