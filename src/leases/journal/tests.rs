//! The journal on a simulated disk that fills up, fails, and loses power at any step.

use super::appender::Appender;
use super::disk::{Disk, DiskFile, Opened};
use super::rewrite::{at_start, backup_name, is_due, temporary_name};
use super::{Journal, Report};
use crate::leases::lease::JournalPosition;
use crate::leases::testing::Site;
use crate::leases::tests::load;
use crate::wire::units::Timestamp;
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

#[derive(Clone, Debug, Default)]
struct Inode {
    content: Vec<u8>,
    /// What survives a power cut for certain.
    durable: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    /// Octets and operations left before everything fails, as after a power cut.
    power: Option<usize>,
    /// Octets that still fit.
    room: Option<usize>,
    /// Operation that fails, by name.
    refuse: Option<&'static str>,
}

/// A disk in memory.
#[derive(Clone, Debug, Default)]
struct Simulated(Arc<Mutex<State>>);

impl State {
    /// Uses up one operation.
    fn step(&mut self, name: &'static str) -> Result<()> {
        if self.refuse == Some(name) {
            return Err(Error::from_raw_os_error(libc::EIO));
        }
        match &mut self.power {
            Some(0) => Err(Error::other("no power")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

struct Handle {
    disk: Simulated,
    inode: usize,
}

impl Simulated {
    fn with(&self, path: &str, content: &[u8]) -> Simulated {
        let mut state = self.0.lock().unwrap();
        state.inodes.push(Inode { content: content.to_vec(), durable: content.to_vec() });
        let inode = state.inodes.len() - 1;
        state.names.insert(path.into(), inode);
        state.durable_names.insert(path.into(), inode);
        drop(state);
        self.clone()
    }

    fn content(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.0.lock().unwrap();
        state.names.get(path).map(|inode| state.inodes[*inode].content.clone())
    }

    /// What `path` may hold after a power cut: names as last synced or as they were, contents likewise.
    fn after_power_cut(&self, path: &Path) -> Vec<Vec<u8>> {
        let state = self.0.lock().unwrap();
        let mut outcomes = Vec::new();
        for names in [&state.names, &state.durable_names] {
            if let Some(inode) = names.get(path) {
                let inode = &state.inodes[*inode];
                outcomes.push(inode.durable.clone());
                outcomes.push(inode.content.clone());
            }
        }
        outcomes
    }
}

impl Disk for Simulated {
    type File = Handle;

    fn open(&self, path: &Path) -> Result<Handle> {
        let mut state = self.0.lock().unwrap();
        state.step("open")?;
        let inode = *state.names.get(path).ok_or(ErrorKind::NotFound)?;
        Ok(Handle { disk: self.clone(), inode })
    }

    fn create(&self, path: &Path) -> Result<Handle> {
        let mut state = self.0.lock().unwrap();
        state.step("create")?;
        state.inodes.push(Inode::default());
        let inode = state.inodes.len() - 1;
        state.names.insert(path.into(), inode);
        drop(state);
        Ok(Handle { disk: self.clone(), inode })
    }

    fn unlink(&self, path: &Path) -> Result<()> {
        let mut state = self.0.lock().unwrap();
        state.step("unlink")?;
        state.names.remove(path).map(|_| ()).ok_or(ErrorKind::NotFound.into())
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        let mut state = self.0.lock().unwrap();
        state.step("link")?;
        let inode = *state.names.get(from).ok_or(ErrorKind::NotFound)?;
        state.names.insert(to.into(), inode);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut state = self.0.lock().unwrap();
        state.step("rename")?;
        let inode = state.names.remove(from).ok_or(ErrorKind::NotFound)?;
        state.names.insert(to.into(), inode);
        Ok(())
    }

    fn sync_directory(&self, _path: &Path) -> Result<()> {
        let mut state = self.0.lock().unwrap();
        state.step("sync_directory")?;
        state.durable_names = state.names.clone();
        Ok(())
    }
}

impl DiskFile for Handle {
    fn write(&mut self, octets: &[u8]) -> Result<usize> {
        let mut state = self.disk.0.lock().unwrap();
        // One octet at a time, so that power is lost at every one.
        state.step("write")?;
        if let Some(room) = state.room.as_mut() {
            if *room == 0 {
                return Err(Error::from_raw_os_error(libc::ENOSPC));
            }
            *room -= 1;
        }
        state.inodes[self.inode].content.extend_from_slice(&octets[..1]);
        Ok(1)
    }

    fn sync(&mut self) -> Result<()> {
        let mut state = self.disk.0.lock().unwrap();
        state.step("sync")?;
        let inode = &mut state.inodes[self.inode];
        inode.durable = inode.content.clone();
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> Result<()> {
        let mut state = self.disk.0.lock().unwrap();
        state.step("truncate")?;
        let content = &mut state.inodes[self.inode].content;
        if let Some(cut) = content.len().checked_sub(length as usize) {
            content.truncate(length as usize);
            if let Some(room) = state.room.as_mut() {
                *room += cut;
            }
        }
        Ok(())
    }

    fn length(&self) -> Result<u64> {
        Ok(self.disk.0.lock().unwrap().inodes[self.inode].content.len() as u64)
    }

    fn is_at(&self, path: &Path) -> bool {
        self.disk.0.lock().unwrap().names.get(path) == Some(&self.inode)
    }
}

const PATH: &str = "/db/dhcpd.leases";

fn appender(disk: &Simulated) -> Appender<Simulated> {
    let file = disk.open(Path::new(PATH)).ok().map(|file| Opened { file, fresh: true, named: true });
    Appender::new(disk.clone(), PATH.into(), file, true)
}

fn record(number: u64) -> Vec<u8> {
    format!("lease 10.0.0.{number} {{\n  binding state active;\n}}\n").into_bytes()
}

/// The numbers of the leases that the reader finds in a file.
fn records(content: &[u8]) -> Vec<u64> {
    let config = Site::one_network(&[&["10.0.0.1-10.0.0.9"]]).build();
    let store = load(&config, content, 1).store;
    let is_there = |number: &u64| store.by_address(Ipv4Addr::new(10, 0, 0, *number as u8)).is_some();
    (1..=9).filter(is_there).collect()
}

#[test]
fn nothing_that_was_reported_durable_is_lost_in_a_power_cut() {
    let mut finished = false;
    for power in 0.. {
        let disk = Simulated::default().with(PATH, b"");
        let mut journal = appender(&disk);
        disk.0.lock().unwrap().power = Some(power);
        let mut durable = JournalPosition(0);
        let mut report = |r: Report| {
            if let Report::Durable(position) = r {
                durable = position;
            }
        };
        for number in 1..=3 {
            journal.accept(&record(number), JournalPosition(number));
            journal.commit(&mut report);
        }
        // A rewrite in the middle, with a record that comes while it is under way.
        journal.begin_tail();
        let name = temporary_name(Path::new(PATH), Timestamp(7));
        let mut new = disk.create(&name).ok();
        if let Some(new) = new.as_mut() {
            for number in 1..=3 {
                let _ = super::write_all(new, &record(number));
            }
        }
        journal.accept(&record(4), JournalPosition(4));
        journal.commit(&mut report);
        let complete = new.as_mut().is_some_and(|new| new.length().unwrap() == 3 * record(1).len() as u64);
        match new.filter(|_| complete).filter(|new| Handle { disk: disk.clone(), inode: new.inode }.sync().is_ok()) {
            Some(new) => journal.switch(new, name, &mut report),
            None => journal.abandon_tail(),
        }
        for number in 5..=6 {
            journal.accept(&record(number), JournalPosition(number));
            journal.commit(&mut report);
        }
        let spent = disk.0.lock().unwrap().power == Some(0);
        for outcome in disk.after_power_cut(Path::new(PATH)) {
            let found = records(&outcome);
            let expected: Vec<u64> = (1..=durable.0).collect();
            assert!(expected.iter().all(|n| found.contains(n)), "power {power}: {durable:?}, found {found:?}");
        }
        if !spent {
            assert_eq!(durable, JournalPosition(6));
            finished = true;
            break;
        }
    }
    assert!(finished);
}

#[test]
fn a_full_disk_tears_nothing_and_is_caught_up_with() {
    let disk = Simulated::default().with(PATH, b"");
    let mut journal = appender(&disk);
    let mut reports = Vec::new();
    disk.0.lock().unwrap().room = Some(record(1).len() + 10);
    for number in 1..=3 {
        journal.accept(&record(number), JournalPosition(number));
        journal.commit(&mut |r| reports.push(r));
    }
    let text = "commit_leases: unable to commit, fflush(): No space left on device";
    assert_eq!(reports, [Report::Durable(JournalPosition(1)), Report::Failing(text.into())]);
    assert_eq!(disk.content(Path::new(PATH)).unwrap(), record(1));
    assert!(journal.is_behind());
    disk.0.lock().unwrap().room = None;
    reports.clear();
    journal.commit(&mut |r| reports.push(r));
    assert_eq!(reports, [Report::Recovered, Report::Durable(JournalPosition(3))]);
    assert_eq!(records(&disk.content(Path::new(PATH)).unwrap()), [1, 2, 3]);
}

#[test]
fn a_failed_sync_is_written_again() {
    let disk = Simulated::default().with(PATH, b"");
    let mut journal = appender(&disk);
    disk.0.lock().unwrap().refuse = Some("sync");
    let mut reports = Vec::new();
    journal.accept(&record(1), JournalPosition(1));
    journal.commit(&mut |r| reports.push(r));
    let text = "commit_leases: unable to commit, fsync(): Input/output error";
    assert_eq!(reports, [Report::Failing(text.into())]);
    assert_eq!(disk.content(Path::new(PATH)).unwrap(), b"");
    disk.0.lock().unwrap().refuse = None;
    journal.commit(&mut |_| {});
    assert_eq!(records(&disk.content(Path::new(PATH)).unwrap()), [1]);
}

#[test]
fn a_torn_record_that_cannot_be_cut_off_is_not_glued_to_the_next() {
    let disk = Simulated::default().with(PATH, b"");
    let mut journal = appender(&disk);
    {
        let mut state = disk.0.lock().unwrap();
        (state.room, state.refuse) = (Some(10), Some("truncate"));
    }
    journal.accept(&record(1), JournalPosition(1));
    journal.commit(&mut |_| {});
    disk.0.lock().unwrap().room = None;
    journal.commit(&mut |_| {});
    let content = disk.content(Path::new(PATH)).unwrap();
    assert_eq!(content, [&record(1)[..10], b"\n", &record(1)].concat());
}

#[test]
fn a_failed_rename_leaves_the_old_file_in_service() {
    for step in ["rename", "link"] {
        let disk = Simulated::default().with(PATH, b"");
        let mut journal = appender(&disk);
        journal.begin_tail();
        let name = temporary_name(Path::new(PATH), Timestamp(7));
        let new = disk.create(&name).unwrap();
        disk.0.lock().unwrap().refuse = Some(step);
        let mut reports = Vec::new();
        journal.switch(new, name.clone(), &mut |r| reports.push(r));
        let line = if step == "rename" {
            "Can't install new lease database /db/dhcpd.leases.7 to /db/dhcpd.leases: Input/output error"
        } else {
            "Can't backup lease database /db/dhcpd.leases to /db/dhcpd.leases~: Input/output error"
        };
        assert_eq!(reports, [Report::Log(crate::eval::LogKind::Error, line.into()), Report::RewriteFailed]);
        assert_eq!(disk.content(&name), None);
        journal.accept(&record(1), JournalPosition(1));
        journal.commit(&mut |_| {});
        assert_eq!(records(&disk.content(Path::new(PATH)).unwrap()), [1]);
    }
}

#[test]
fn nothing_is_durable_in_a_file_without_a_durable_name() {
    let disk = Simulated::default().with(PATH, b"");
    let mut journal = appender(&disk);
    journal.begin_tail();
    let name = temporary_name(Path::new(PATH), Timestamp(7));
    let new = disk.create(&name).unwrap();
    disk.0.lock().unwrap().refuse = Some("sync_directory");
    journal.switch(new, name, &mut |_| {});
    let mut reports = Vec::new();
    journal.accept(&record(1), JournalPosition(1));
    journal.commit(&mut |r| reports.push(r));
    assert!(matches!(reports[..], [Report::Failing(_)]), "{reports:?}");
    disk.0.lock().unwrap().refuse = None;
    journal.commit(&mut |r| reports.push(r));
    assert_eq!(reports.last(), Some(&Report::Durable(JournalPosition(1))));
    assert!(disk.after_power_cut(Path::new(PATH)).iter().all(|content| records(content) == [1]));
}

#[test]
fn a_file_that_lost_its_name_is_not_written_to() {
    let disk = Simulated::default().with(PATH, b"");
    let mut journal = appender(&disk);
    disk.unlink(Path::new(PATH)).unwrap();
    let mut reports = Vec::new();
    journal.accept(&record(1), JournalPosition(1));
    journal.commit(&mut |r| reports.push(r));
    assert_eq!(reports[0], Report::RewriteNeeded);
    assert!(journal.is_behind());
    journal.begin_tail();
    let name = temporary_name(Path::new(PATH), Timestamp(7));
    let mut new = disk.create(&name).unwrap();
    super::write_all(&mut new, &record(1)).unwrap();
    reports.clear();
    journal.switch(new, name, &mut |r| reports.push(r));
    assert_eq!(reports.last(), Some(&Report::Durable(JournalPosition(1))));
    assert_eq!(records(&disk.content(Path::new(PATH)).unwrap()), [1]);
}

#[test]
fn the_rewrite_at_start_keeps_a_backup() {
    let disk = Simulated::default().with(PATH, b"old");
    let mut chunks = vec![b"2".to_vec(), b"1".to_vec()];
    let mut write = |out: &mut Vec<u8>| {
        out.extend(chunks.pop().unwrap());
        chunks.is_empty()
    };
    let opened = at_start(&disk, Path::new(PATH), Timestamp(7), &mut write, &mut |_, line| panic!("{line}")).unwrap();
    assert!(opened.fresh);
    assert_eq!(disk.content(Path::new(PATH)).unwrap(), b"12");
    assert_eq!(disk.content(&backup_name(Path::new(PATH))).unwrap(), b"old");
    assert_eq!(disk.content(&temporary_name(Path::new(PATH), Timestamp(7))), None);
}

#[test]
fn a_rewrite_is_due_after_an_hour_with_changes() {
    assert!(!is_due(Timestamp(10_000), Timestamp(6_400), true));
    assert!(is_due(Timestamp(10_001), Timestamp(6_400), true));
    assert!(!is_due(Timestamp(10_001), Timestamp(6_400), false));
}

#[test]
fn the_thread_commits_and_rewrites_beside() {
    let disk = Simulated::default().with(PATH, b"");
    let opened = Opened { file: disk.open(Path::new(PATH)).unwrap(), fresh: true, named: true };
    let (wake, woken) = std::sync::mpsc::channel();
    let wake = Mutex::new(wake);
    let waker: super::Waker = Arc::new(move || wake.lock().unwrap().send(()).unwrap_or_default());
    let mut journal = Journal::start(disk.clone(), PATH.into(), Some(opened), true, waker).unwrap();
    journal.append(record(1), JournalPosition(1));
    journal.begin_rewrite(Timestamp(7));
    assert!(journal.is_rewriting());
    journal.rewrite_chunk(b"# new\n".to_vec());
    journal.append(record(2), JournalPosition(2));
    journal.end_rewrite(record(1));
    while journal.is_rewriting() {
        woken.recv().unwrap();
        for report in journal.poll() {
            assert!(!matches!(report, Report::RewriteFailed | Report::Failing(_)), "{report:?}");
        }
    }
    journal.append(record(3), JournalPosition(3));
    let last = journal.stop();
    assert_eq!(last.last(), Some(&Report::Durable(JournalPosition(3))));
    let content = disk.content(Path::new(PATH)).unwrap();
    assert!(content.starts_with(b"# new\n"));
    assert_eq!(records(&content), [1, 2, 3]);
}
