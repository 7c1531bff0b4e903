//! The life of the lease file (spec/leases-file.md 1, 18, 20): read at start, written anew at start and about once an hour.

use super::fatal::Fatal;
use super::logging::Logger;
use crate::config::model::Config;
use crate::eval::LogKind;
use crate::leases::file::{cannot_open, FileText};
use crate::leases::journal::disk::{error_text, Opened, RealDisk};
use crate::leases::journal::{rewrite, Journal};
use crate::leases::objects::Objects;
use crate::leases::peer;
use crate::leases::reader::{self, Destination};
use crate::leases::store::LeaseStore;
use crate::wire::units::Timestamp;
use std::fs::File;
use std::path::Path;

/// How many leases are written at a time: between two such slices packets are served.
const SLICE: usize = 2048;
/// How long after a failed rewrite the next is tried, in seconds, if only a rewrite can bring the journal back.
const RETRY: u32 = 10;

/// What was read.
pub struct Read {
    pub store: LeaseStore,
    pub objects: Objects,
}

/// Reads the lease file, that of a DHCPv6 server if `family6`. Complaints about what it holds are logged; only a file that
/// cannot be read is an error.
pub fn read(path: &Path, config: &Config, family6: bool, now: Timestamp, logger: &mut Logger) -> Result<Read, Fatal> {
    let cannot = |error: &std::io::Error| Fatal { lines: cannot_open(path, error).into() };
    if rewrite::is_too_long(path) {
        return Err(Fatal::new("new_lease_file: lease file path too long"));
    }
    let file = File::open(path).map_err(|error| cannot(&error))?;
    let mut store = LeaseStore::new(config);
    let mut objects = Objects { associations: family6.then(Default::default), ..Objects::default() };
    let mut report = |kind: LogKind, line: String| logger.log(kind, &line);
    let to = Destination { config, store: &mut store, objects: &mut objects, report: &mut report };
    reader::read(file, &path.to_string_lossy(), now, to)
        .map_err(|error| Fatal::new(format!("Can't read in {}: {}", path.display(), error_text(&error))))?;
    store.finish_load(config);
    objects.failover = peer::complete(std::mem::take(&mut objects.failover), &config.peers, now);
    store.set_peer_records(&config.peers, &objects.failover);
    Ok(Read { store, objects })
}

/// Makes the groups and classes of the lease file known to a configuration that was read without them. Hosts are the engine's.
/// Gives lines to log (level err) about those that cannot be.
pub fn apply(objects: &Objects, config: &mut Config) -> Vec<String> {
    objects.groups.apply(config);
    objects.classes.apply(config).iter().map(|class| format!("no class named {class}")).collect()
}

/// The rewrite at start. The file to append to; `None` if there is none, which a later rewrite may change.
pub fn write_at_start(
    path: &Path,
    disk: &RealDisk,
    config: &Config,
    read: (&mut LeaseStore, &Objects),
    now: Timestamp,
    logger: &mut Logger,
) -> Option<Opened<File>> {
    let (store, objects) = read;
    let mut text = FileText::new();
    let mut write = |out: &mut Vec<u8>| text.chunk(store, objects, config, now, SLICE, out);
    let mut lines = Vec::new();
    let opened = rewrite::at_start(disk, path, now, &mut write, &mut |kind, line| lines.push((kind, line)));
    tell(&text, objects, config, lines, logger);
    opened
}

/// The rewrite of `-T`, whose file is removed again.
pub fn write_for_test(
    path: &Path,
    config: &Config,
    read: (&mut LeaseStore, &Objects),
    now: Timestamp,
    logger: &mut Logger,
) {
    let (store, objects) = read;
    let mut text = FileText::new();
    let mut write = |out: &mut Vec<u8>| text.chunk(store, objects, config, now, SLICE, out);
    let mut lines = Vec::new();
    let disk = RealDisk::default();
    rewrite::for_test(&disk, path, now, &mut write, &mut |kind, line| lines.push((kind, line)));
    tell(&text, objects, config, lines, logger);
}

/// The `Wrote ...` lines come before what the end of the rewrite had to say.
fn tell(text: &FileText, objects: &Objects, config: &Config, lines: Vec<(LogKind, String)>, logger: &mut Logger) {
    for line in text.log_lines(objects, config) {
        logger.info(&line);
    }
    for (kind, line) in lines {
        logger.log(kind, &line);
    }
}

/// The lease file of a running server.
pub struct LeaseFile {
    objects: Objects,
    last_rewrite: Timestamp,
    /// Something was appended since then.
    appended: bool,
    /// Only a rewrite can bring the journal back, and not before then.
    needed_at: Option<Timestamp>,
    under_way: Option<Walk>,
}

/// A rewrite under way.
struct Walk {
    text: FileText,
    /// All of it was handed over.
    complete: bool,
}

impl LeaseFile {
    /// A file that was just written.
    pub fn new(objects: Objects, now: Timestamp) -> LeaseFile {
        LeaseFile { objects, last_rewrite: now, appended: false, needed_at: None, under_way: None }
    }

    /// What the file holds besides leases.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The same, to be changed; whoever does has the change recorded.
    pub fn objects_mut(&mut self) -> &mut Objects {
        &mut self.objects
    }

    /// Records were appended: about once an hour that begins a rewrite.
    pub fn appended(&mut self) {
        self.appended = true;
    }

    /// Only a rewrite can bring the journal back.
    pub fn rewrite_needed(&mut self, now: Timestamp) {
        self.needed_at.get_or_insert(now);
    }

    /// When a rewrite that is needed will be tried again.
    pub fn next_try(&self) -> Option<Timestamp> {
        self.needed_at.filter(|_| self.under_way.is_none())
    }

    /// Begins a rewrite if it is time, and goes on with one that is under way by at most one slice. True if another slice
    /// can be written at once.
    pub fn advance(
        &mut self,
        journal: &mut Journal<RealDisk>,
        store: &mut LeaseStore,
        config: &Config,
        now: Timestamp,
    ) -> bool {
        let due = rewrite::is_due(now, self.last_rewrite, self.appended) || self.needed_at.is_some_and(|at| at <= now);
        if self.under_way.is_none() && !journal.is_rewriting() && due {
            journal.begin_rewrite(now);
            self.under_way = Some(Walk { text: FileText::new(), complete: false });
            (self.last_rewrite, self.appended) = (now, false);
        }
        let Some(walk) = self.under_way.as_mut().filter(|walk| !walk.complete) else { return false };
        if !journal.wants_chunk() {
            return false;
        }
        let mut chunk = Vec::new();
        if walk.text.chunk(store, &self.objects, config, now, SLICE, &mut chunk) {
            walk.complete = true;
            journal.end_rewrite(chunk);
            return false;
        }
        journal.rewrite_chunk(chunk);
        journal.wants_chunk()
    }

    /// The journal says that the new file is in place. The lines to log.
    pub fn rewritten(&mut self, config: &Config) -> Vec<String> {
        self.needed_at = None;
        self.under_way.take().map_or_else(Vec::new, |walk| walk.text.log_lines(&self.objects, config))
    }

    /// The journal says that the rewrite failed.
    pub fn rewrite_failed(&mut self, store: &mut LeaseStore, now: Timestamp) {
        if self.under_way.take().is_some_and(|walk| !walk.complete) {
            // What the walk would have missed matters no more.
            store.end_rewrite(now, &mut Vec::new());
        }
        if let Some(at) = &mut self.needed_at {
            *at = Timestamp(now.0.saturating_add(RETRY));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{load_text, Family};
    use crate::leases::journal::disk::Disk;
    use crate::leases::journal::Report;
    use std::sync::mpsc::channel;
    use std::sync::Arc;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    #[test]
    fn is_rewritten_beside_the_service_about_an_hour_after_a_change() {
        let text = "subnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.10 10.0.0.20; }";
        let config = load_text("c", text, Family::V4).result.unwrap();
        let directory = std::env::temp_dir().join(format!("lessor-rewrite-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("leases");
        std::fs::write(&path, "garbage;\nlease 10.0.0.10 { ends never; binding state active; }\n").unwrap();
        let mut read = read(&path, &config, false, NOW, &mut Logger::silent()).unwrap();

        let disk = RealDisk::default();
        let file = Some(Opened { file: disk.open(&path).unwrap(), fresh: false, named: true });
        let (to, wakes) = channel();
        let waker = Arc::new(move || to.send(()).unwrap_or_default());
        let mut journal = Journal::start(disk, path.clone(), file, true, waker).unwrap();
        let mut lease_file = LeaseFile::new(read.objects, NOW);
        let later = |seconds| Timestamp(NOW.0 + seconds);

        assert!(!lease_file.advance(&mut journal, &mut read.store, &config, later(9999)));
        lease_file.appended();
        assert!(!lease_file.advance(&mut journal, &mut read.store, &config, later(3600)));
        assert!(!journal.is_rewriting());
        let mut lines = Vec::new();
        while lines.is_empty() {
            lease_file.advance(&mut journal, &mut read.store, &config, later(3601));
            wakes.recv_timeout(Duration::from_secs(20)).unwrap();
            if journal.poll().contains(&Report::Rewritten) {
                lines = lease_file.rewritten(&config);
            }
        }
        assert_eq!(lines, ["Wrote 1 leases to leases file."]);
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written.starts_with("# The format") && written.contains("\nlease 10.0.0.10 {"));
        assert!(!lease_file.advance(&mut journal, &mut read.store, &config, later(3602)));
        journal.stop();
        std::fs::remove_dir_all(directory).unwrap();
    }
}
