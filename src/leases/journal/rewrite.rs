//! A new lease file in the place of the old one (spec/leases-file.md 20).
//!
//! 1. `<path>.<epoch>` is written and synced,
//! 2. `<path>~` is removed, `<path>` linked to `<path>~`,
//! 3. the new file renamed to `<path>`, the directory synced,
//! 4. only then the journal goes on with the new file. ISC switches first, and after a failure goes on with a file that has
//!    no name any more.

use super::disk::{error_text, write_all, Disk, DiskFile, Opened};
use crate::eval::LogKind;
use crate::wire::units::Timestamp;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// At most once in that many seconds.
const INTERVAL: u32 = 3600;
/// The longest name ISC takes.
const LONGEST_NAME: usize = 511;

/// True if the file should be rewritten at a commit: something was appended since the last rewrite, and an hour has passed.
pub fn is_due(now: Timestamp, last: Timestamp, appended: bool) -> bool {
    appended && now.since(last).0 > INTERVAL
}

/// The name of the file that is written beside `path`.
pub fn temporary_name(path: &Path, now: Timestamp) -> PathBuf {
    with_suffix(path, &format!(".{}", now.0))
}

/// The name of the backup.
pub fn backup_name(path: &Path) -> PathBuf {
    with_suffix(path, "~")
}

/// True if the name is longer than ISC takes: `new_lease_file: lease file path too long`.
pub fn is_too_long(path: &Path) -> bool {
    path.as_os_str().len() > LONGEST_NAME
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Adds the last records to a new file and makes all of it durable.
pub fn finish(file: &mut impl DiskFile, tail: &[u8], use_fsync: bool) -> io::Result<()> {
    write_all(file, tail)?;
    if use_fsync {
        file.sync()?;
    }
    Ok(())
}

/// Puts the finished file `new` in the place of `path`, which becomes the backup. Says whether the new name is
/// durable; `None`, with the reason logged, means that `path` is as it was.
pub fn install(disk: &impl Disk, new: &Path, path: &Path, log: &mut dyn FnMut(LogKind, String)) -> Option<bool> {
    let backup = backup_name(path);
    let (path_text, backup_text) = (path.display(), backup.display());
    match disk.unlink(&backup) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            log(LogKind::Error, format!("Can't remove old lease database backup {backup_text}: {}", error_text(&e)));
            return None;
        }
        _ => {}
    }
    match disk.link(path, &backup) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            log(LogKind::Error, format!("{path_text} is missing - no lease db to backup."));
        }
        Err(e) => {
            let text = error_text(&e);
            log(LogKind::Error, format!("Can't backup lease database {path_text} to {backup_text}: {text}"));
            return None;
        }
        Ok(()) => {}
    }
    if let Err(e) = disk.rename(new, path) {
        let text = error_text(&e);
        log(LogKind::Error, format!("Can't install new lease database {} to {path_text}: {text}", new.display()));
        return None;
    }
    Some(sync_names(disk, path).is_ok())
}

/// Makes the names in the directory of `path` durable, where the file system can.
pub fn sync_names(disk: &impl Disk, path: &Path) -> io::Result<()> {
    match disk.sync_directory(path) {
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        outcome => outcome,
    }
}

/// Writes a complete file beside `path`, its records by `write`, which is called until it says that it is done. `None`, with
/// the reason logged and nothing left behind, if that failed.
pub fn write_beside<D: Disk>(
    disk: &D,
    name: &Path,
    write: &mut dyn FnMut(&mut Vec<u8>) -> bool,
    log: &mut dyn FnMut(LogKind, String),
) -> Option<D::File> {
    let mut file = match disk.create(name) {
        Ok(file) => file,
        Err(e) => {
            log(LogKind::Error, format!("Can't create new lease file: {}", error_text(&e)));
            return None;
        }
    };
    let mut chunk = Vec::new();
    let mut done = false;
    while !done {
        chunk.clear();
        done = write(&mut chunk);
        if let Err(e) = write_all(&mut file, &chunk) {
            log(LogKind::Info, format!("commit_leases: unable to commit, fflush(): {}", error_text(&e)));
            let _ = disk.unlink(name);
            return None;
        }
    }
    if let Err(e) = file.sync() {
        log(LogKind::Info, format!("commit_leases: unable to commit, fsync(): {}", error_text(&e)));
        let _ = disk.unlink(name);
        return None;
    }
    Some(file)
}

/// The rewrite at start: writes, installs and returns the file to append to. If that fails the old file stays and is
/// appended to; `None` if not even that can be opened.
pub fn at_start<D: Disk>(
    disk: &D,
    path: &Path,
    now: Timestamp,
    write: &mut dyn FnMut(&mut Vec<u8>) -> bool,
    log: &mut dyn FnMut(LogKind, String),
) -> Option<Opened<D::File>> {
    let name = temporary_name(path, now);
    if let Some(file) = write_beside(disk, &name, write, log) {
        if let Some(named) = install(disk, &name, path, log) {
            return Some(Opened { file, fresh: true, named });
        }
        let _ = disk.unlink(&name);
    }
    disk.open(path).ok().map(|file| Opened { file, fresh: false, named: true })
}

/// The rewrite of `-T`: writes the new file and removes it again.
pub fn for_test<D: Disk>(
    disk: &D,
    path: &Path,
    now: Timestamp,
    write: &mut dyn FnMut(&mut Vec<u8>) -> bool,
    log: &mut dyn FnMut(LogKind, String),
) {
    let name = temporary_name(path, now);
    if write_beside(disk, &name, write, log).is_some() {
        let text = name.display();
        log(LogKind::Debug, format!("Lease file test successful, removing temp lease file: {text}"));
        let _ = disk.unlink(&name);
    }
}
