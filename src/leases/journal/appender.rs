//! Appending to the lease file: one write and one sync a batch, whole records or nothing.
//!
//! After a failed write or sync the file is cut back to what is known to be durable, so that records are never glued
//! together, and everything after that point is kept and tried again. Nothing counts as durable before its sync succeeded.

use super::super::lease::JournalPosition;
use super::disk::{error_text, write_all, Disk, DiskFile, Opened};
use super::{rewrite, Report};
use std::io;
use std::path::PathBuf;

/// How many octets are kept while the file cannot be written. Beyond that only a rewrite of the file can bring it up to date.
const BACKLOG: usize = 64 << 20;
/// How many octets of records are kept beside a rewrite.
const TAIL: usize = 256 << 20;

/// The file records are appended to.
pub struct Appender<D: Disk> {
    disk: D,
    path: PathBuf,
    /// `None` if the lease file could not even be opened.
    file: Option<D::File>,
    use_fsync: bool,
    /// The length up to which the file is durable; it is the end of a record.
    durable_length: u64,
    /// Records that are not durable yet.
    backlog: Vec<u8>,
    received: JournalPosition,
    durable: JournalPosition,
    /// What is before the end may be a torn record that could not be cut off.
    torn: bool,
    /// The file's name is not durable yet; before it is, nothing in the file is.
    unnamed: bool,
    failing: bool,
    /// The backlog grew too long and was dropped.
    dropped: bool,
    /// Everything received since a rewrite began.
    tail: Option<Vec<u8>>,
}

impl<D: Disk> Appender<D> {
    /// Appends to `file`, which is at `path` and durable as it is.
    pub fn new(disk: D, path: PathBuf, file: Option<Opened<D::File>>, use_fsync: bool) -> Appender<D> {
        let torn = file.as_ref().is_some_and(|opened| !opened.fresh);
        let unnamed = file.as_ref().is_some_and(|opened| !opened.named);
        let file = file.map(|opened| opened.file);
        let durable_length = file.as_ref().and_then(|file| file.length().ok()).unwrap_or(0);
        Appender {
            disk,
            path,
            file,
            use_fsync,
            durable_length,
            backlog: Vec::new(),
            received: JournalPosition(0),
            durable: JournalPosition(0),
            torn,
            unnamed,
            failing: false,
            dropped: false,
            tail: None,
        }
    }

    /// True if a batch is not durable and has to be tried again.
    pub fn is_behind(&self) -> bool {
        self.durable < self.received
    }

    /// Takes records that end at `position`.
    pub fn accept(&mut self, records: &[u8], position: JournalPosition) {
        if let Some(tail) = &mut self.tail {
            tail.extend_from_slice(records);
            if tail.len() > TAIL {
                self.tail = None;
            }
        }
        if !self.dropped {
            self.backlog.extend_from_slice(records);
            if self.failing && self.backlog.len() > BACKLOG {
                self.dropped = true;
                self.backlog = Vec::new();
            }
        }
        self.received = self.received.max(position);
    }

    /// Tries to make everything received durable.
    pub fn commit(&mut self, report: &mut impl FnMut(Report)) {
        if !self.is_behind() {
            return;
        }
        let outcome = match self.file.as_ref().filter(|file| !self.dropped && file.is_at(&self.path)) {
            Some(_) => self.write_backlog(),
            // A file without its name would be gone at the next start; only a new one helps.
            None => {
                if !self.failing {
                    report(Report::RewriteNeeded);
                }
                Err("commit_leases: lease file is gone".to_string())
            }
        };
        match outcome {
            Ok(()) => {
                self.backlog.clear();
                self.backlog.shrink_to(1 << 20);
                self.become_durable(report);
            }
            Err(message) => {
                self.cut_back();
                if !std::mem::replace(&mut self.failing, true) {
                    report(Report::Failing(message));
                }
            }
        }
    }

    fn write_backlog(&mut self) -> Result<(), String> {
        let Some(file) = self.file.as_mut() else { return Ok(()) };
        let flush = |e: io::Error| format!("commit_leases: unable to commit, fflush(): {}", error_text(&e));
        let mut length = self.durable_length;
        if self.torn {
            // What is torn ends here; records begin lines.
            write_all(file, b"\n").map_err(flush)?;
            length = file.length().map_err(flush)?;
        }
        write_all(file, &self.backlog).map_err(flush)?;
        length += self.backlog.len() as u64;
        let sync = |e: io::Error| format!("commit_leases: unable to commit, fsync(): {}", error_text(&e));
        if self.use_fsync {
            file.sync().map_err(sync)?;
            if self.unnamed {
                rewrite::sync_names(&self.disk, &self.path).map_err(sync)?;
                self.unnamed = false;
            }
        }
        self.durable_length = length;
        self.torn = false;
        Ok(())
    }

    fn cut_back(&mut self) {
        if let Some(file) = self.file.as_mut() {
            self.torn = file.truncate(self.durable_length).is_err();
        }
    }

    fn become_durable(&mut self, report: &mut impl FnMut(Report)) {
        self.durable = self.received;
        if std::mem::take(&mut self.failing) {
            report(Report::Recovered);
        }
        report(Report::Durable(self.durable));
    }

    /// From here on records are kept for the new file, whose beginning is written beside.
    pub fn begin_tail(&mut self) {
        self.tail = Some(Vec::new());
    }

    /// The rewrite failed; the old file stays in service.
    pub fn abandon_tail(&mut self) {
        self.tail = None;
    }

    /// Adds what was received meanwhile to the new file `name`, puts it in the place of the old one and goes on with it. If
    /// anything fails the old file stays in service and the new one is removed.
    pub fn switch(&mut self, mut new: D::File, name: PathBuf, report: &mut impl FnMut(Report)) {
        let finished = match self.tail.take() {
            Some(tail) => rewrite::finish(&mut new, &tail, self.use_fsync),
            None => Err(io::Error::other("too many changes meanwhile")),
        };
        let installed = match finished {
            Ok(()) => {
                rewrite::install(&self.disk, &name, &self.path, &mut |kind, line| report(Report::Log(kind, line)))
            }
            Err(e) => {
                let line = format!("commit_leases: unable to commit, fsync(): {}", error_text(&e));
                report(Report::Log(crate::eval::LogKind::Info, line));
                None
            }
        };
        let Some(named) = installed else {
            let _ = self.disk.unlink(&name);
            report(Report::RewriteFailed);
            return;
        };
        self.unnamed = !named;
        self.durable_length = new.length().unwrap_or(0);
        self.file = Some(new);
        self.backlog = Vec::new();
        (self.torn, self.dropped) = (false, false);
        report(Report::Rewritten);
        // Without a durable name the next commit makes it so.
        if named && self.is_behind() {
            self.become_durable(report);
        }
    }
}
