//! What the journal needs of a file system. A trait, so that tests can crash it at any step.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{fchown, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Permissions of a new lease file, before the umask (spec/leases-file.md 20).
const MODE: u32 = 0o664;

/// Operations on directories.
pub trait Disk: Clone + Send + 'static {
    type File: DiskFile;

    /// Opens an existing file to append to it.
    fn open(&self, path: &Path) -> io::Result<Self::File>;
    /// Creates a file, or empties it.
    fn create(&self, path: &Path) -> io::Result<Self::File>;
    fn unlink(&self, path: &Path) -> io::Result<()>;
    /// Makes `to` another name of `from`.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes the names in the directory of `path` durable.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
}

/// A file that is appended to.
pub trait DiskFile: Send + 'static {
    /// Writes some of the octets at the end.
    fn write(&mut self, octets: &[u8]) -> io::Result<usize>;
    /// Makes what was written durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
    fn length(&self) -> io::Result<u64>;
    /// True if `path` still is a name of this file.
    fn is_at(&self, path: &Path) -> bool;
}

/// The real file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk {
    /// User and group that new lease files are given to.
    pub owner: Option<(u32, u32)>,
}

impl Disk for RealDisk {
    type File = File;

    fn open(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().append(true).open(path)
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(MODE).custom_flags(libc::O_APPEND);
        let file = options.open(path)?;
        if let Some((user, group)) = self.owner {
            fchown(&file, Some(user), Some(group))?;
        }
        Ok(file)
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl DiskFile for File {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        Write::write(self, octets)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn is_at(&self, path: &Path) -> bool {
        match (self.metadata(), fs::metadata(path)) {
            (Ok(own), Ok(there)) => (own.dev(), own.ino()) == (there.dev(), there.ino()),
            _ => false,
        }
    }
}

/// A lease file to append to.
#[derive(Debug)]
pub struct Opened<F> {
    pub file: F,
    /// It was just written; an old file may end in the middle of a record.
    pub fresh: bool,
    /// Its name is durable.
    pub named: bool,
}

/// Writes all octets.
pub fn write_all(file: &mut impl DiskFile, mut octets: &[u8]) -> io::Result<()> {
    while !octets.is_empty() {
        match file.write(octets) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => octets = octets.get(count..).unwrap_or(&[]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// The text of an error as C programs show it.
pub fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_string(),
        None => text,
    }
}
