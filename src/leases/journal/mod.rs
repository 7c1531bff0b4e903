//! The journal: records reach stable storage on a thread of their own, one sync a batch, while the service goes on; and the
//! lease file is rewritten beside the service (spec/leases-file.md 19 to 21).
//!
//! The owner hands over batches of records with the position of the last one, and learns by `Report::Durable` which replies
//! may leave. A rewrite goes like this: `begin_rewrite`; a chunk of the records of the store whenever `wants_chunk`;
//! `end_rewrite`; then `Report::Rewritten` or `Report::RewriteFailed`.

mod appender;
pub mod disk;
pub mod rewrite;
#[cfg(test)]
mod tests;

use super::lease::JournalPosition;
use crate::eval::LogKind;
use crate::wire::units::Timestamp;
use appender::Appender;
use disk::{error_text, write_all, Disk, DiskFile, Opened};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError, Sender};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The shortest time from one sync to the next. A lone record is synced at once; under load, those that come within this
/// time share a sync, whose cost is what bounds the service.
const GATHER: Duration = Duration::from_millis(2);
/// How long a failed batch waits before it is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How many chunks of a rewrite may wait to be written.
const CHUNKS: usize = 4;

/// What the journal tells its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// All records up to here are on stable storage.
    Durable(JournalPosition),
    /// Records cannot be written at present; they are kept and tried again. The line is to be logged at level info.
    Failing(String),
    /// All records kept meanwhile are written; `Durable` follows.
    Recovered,
    /// The lease file has vanished, or too much could not be written: only a rewrite helps.
    RewriteNeeded,
    /// A new lease file is in place.
    Rewritten,
    /// The old lease file stays in service; the reason was logged.
    RewriteFailed,
    Log(LogKind, String),
}

/// What the journal's thread is told.
enum Command<F> {
    Append(Vec<u8>, JournalPosition),
    BeginTail,
    AbandonTail,
    Switch(F, PathBuf),
    Stop,
}

/// What the rewriting thread is told.
enum Chunk {
    Records(Vec<u8>),
    Last(Vec<u8>),
}

/// Called from the journal's threads whenever there is something to `poll` or a chunk is wanted.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// The journal of a running server.
pub struct Journal<D: Disk> {
    disk: D,
    path: PathBuf,
    waker: Waker,
    commands: Sender<Command<D::File>>,
    reports: Receiver<Report>,
    reports_to: Sender<Report>,
    thread: Option<JoinHandle<()>>,
    rewrite: Option<Rewrite>,
}

/// A rewrite that chunks are still handed to.
struct Rewrite {
    chunks: Sender<Chunk>,
    waiting: Arc<AtomicUsize>,
}

impl<D: Disk> Journal<D> {
    /// Starts the thread that appends to `file`, which is at `path`; with `None` only a rewrite can bring the journal to
    /// life. Without `use_fsync` a record counts as durable when the kernel has it.
    pub fn start(
        disk: D,
        path: PathBuf,
        file: Option<Opened<D::File>>,
        use_fsync: bool,
        waker: Waker,
    ) -> std::io::Result<Journal<D>> {
        let (commands, inbox) = channel();
        let (reports_to, reports) = channel();
        let appender = Appender::new(disk.clone(), path.clone(), file, use_fsync);
        let (to, wake) = (reports_to.clone(), waker.clone());
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || {
            run(appender, &inbox, &mut |report| {
                // The owner may be gone already; then nobody waits for the report.
                let _ = to.send(report);
                wake();
            });
        })?;
        Ok(Journal { disk, path, waker, commands, reports, reports_to, thread: Some(thread), rewrite: None })
    }

    /// Hands over records, the last of which has this position.
    pub fn append(&self, records: Vec<u8>, position: JournalPosition) {
        let _ = self.commands.send(Command::Append(records, position));
    }

    /// What happened since the last call.
    pub fn poll(&mut self) -> Vec<Report> {
        let reports: Vec<Report> = self.reports.try_iter().collect();
        if reports.iter().any(|report| matches!(report, Report::Rewritten | Report::RewriteFailed)) {
            self.rewrite = None;
        }
        reports
    }

    /// True while a new file is being written or put in place.
    pub fn is_rewriting(&self) -> bool {
        self.rewrite.is_some()
    }

    /// Begins to write a new file beside the old one. The store's `begin_rewrite` is to be called with it. Does nothing if
    /// a rewrite is under way.
    pub fn begin_rewrite(&mut self, now: Timestamp) {
        if self.rewrite.is_some() {
            return;
        }
        let _ = self.commands.send(Command::BeginTail);
        let (chunks, inbox) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let job = Rewriting {
            disk: self.disk.clone(),
            name: rewrite::temporary_name(&self.path, now),
            inbox,
            waiting: waiting.clone(),
            commands: self.commands.clone(),
            reports: self.reports_to.clone(),
            waker: self.waker.clone(),
        };
        match std::thread::Builder::new().name("rewrite".into()).spawn(move || job.run()) {
            Ok(_) => self.rewrite = Some(Rewrite { chunks, waiting }),
            Err(e) => {
                let line = format!("Can't create new lease file: {}", error_text(&e));
                let _ = self.reports_to.send(Report::Log(LogKind::Error, line));
                let _ = self.reports_to.send(Report::RewriteFailed);
                let _ = self.commands.send(Command::AbandonTail);
            }
        }
    }

    /// True if the rewrite under way can take another chunk now.
    pub fn wants_chunk(&self) -> bool {
        self.rewrite.as_ref().is_some_and(|rewrite| rewrite.waiting.load(Ordering::Acquire) < CHUNKS)
    }

    /// Hands over some records of the new file; the header comes first.
    pub fn rewrite_chunk(&self, records: Vec<u8>) {
        self.send_chunk(Chunk::Records(records));
    }

    /// Hands over the last records of the new file.
    pub fn end_rewrite(&self, records: Vec<u8>) {
        self.send_chunk(Chunk::Last(records));
    }

    fn send_chunk(&self, chunk: Chunk) {
        if let Some(rewrite) = &self.rewrite {
            rewrite.waiting.fetch_add(1, Ordering::AcqRel);
            // A rewrite that failed takes nothing more, and has reported it.
            let _ = rewrite.chunks.send(chunk);
        }
    }

    /// Writes what was handed over and ends the threads. Returns the last reports.
    pub fn stop(mut self) -> Vec<Report> {
        self.rewrite = None;
        let _ = self.commands.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.reports.try_iter().collect()
    }
}

/// The journal's thread: takes all commands that wait, then commits once.
fn run<D: Disk>(mut appender: Appender<D>, inbox: &Receiver<Command<D::File>>, report: &mut impl FnMut(Report)) {
    let mut next_sync = Instant::now();
    loop {
        let first = if appender.is_behind() {
            match inbox.recv_timeout(RETRY) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        } else {
            match inbox.recv() {
                Ok(command) => Some(command),
                Err(_) => return,
            }
        };
        std::thread::sleep(next_sync.saturating_duration_since(Instant::now()));
        let mut stop = false;
        for command in first.into_iter().chain(inbox.try_iter()) {
            match command {
                Command::Append(records, position) => appender.accept(&records, position),
                Command::BeginTail => appender.begin_tail(),
                Command::AbandonTail => appender.abandon_tail(),
                Command::Switch(file, name) => appender.switch(file, name, report),
                Command::Stop => stop = true,
            }
        }
        next_sync = Instant::now() + GATHER;
        appender.commit(report);
        if stop {
            return;
        }
    }
}

/// The thread that writes a new file.
struct Rewriting<D: Disk> {
    disk: D,
    name: PathBuf,
    inbox: Receiver<Chunk>,
    waiting: Arc<AtomicUsize>,
    commands: Sender<Command<D::File>>,
    reports: Sender<Report>,
    waker: Waker,
}

impl<D: Disk> Rewriting<D> {
    fn run(self) {
        let written = self.write();
        match written {
            Ok(Some(file)) => {
                let _ = self.commands.send(Command::Switch(file, self.name));
                return;
            }
            Ok(None) => {}
            Err((kind, line)) => drop(self.reports.send(Report::Log(kind, line))),
        }
        let _ = self.disk.unlink(&self.name);
        let _ = self.commands.send(Command::AbandonTail);
        let _ = self.reports.send(Report::RewriteFailed);
        (self.waker)();
    }

    /// The complete file, synced; `None` if the owner gave up.
    fn write(&self) -> Result<Option<D::File>, (LogKind, String)> {
        let create = |e| (LogKind::Error, format!("Can't create new lease file: {}", error_text(&e)));
        let flush = |e| (LogKind::Info, format!("commit_leases: unable to commit, fflush(): {}", error_text(&e)));
        let sync = |e| (LogKind::Info, format!("commit_leases: unable to commit, fsync(): {}", error_text(&e)));
        let mut file = self.disk.create(&self.name).map_err(create)?;
        loop {
            let Ok(chunk) = self.inbox.recv() else { return Ok(None) };
            let (records, last) = match chunk {
                Chunk::Records(records) => (records, false),
                Chunk::Last(records) => (records, true),
            };
            write_all(&mut file, &records).map_err(flush)?;
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            if last {
                // The bulk is synced here, so that the switch has only the last records to wait for.
                file.sync().map_err(sync)?;
                return Ok(Some(file));
            }
            (self.waker)();
        }
    }
}
