//! The process id file (spec/operations.md 11).

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The number that the text of a pid file gives: leading digits of its first 19 bytes; 0 for junk.
fn number(text: &[u8]) -> i32 {
    let text = &text[..text.len().min(19)];
    let text = text.trim_ascii_start();
    let digits = text.iter().take_while(|b| b.is_ascii_digit());
    digits.fold(0i32, |n, d| n.wrapping_mul(10).wrapping_add(i32::from(d - b'0')))
}

/// True if the file says that a server is running. Junk counts as running, as does every living process but this one.
pub fn says_running(text: &[u8], alive: impl Fn(i32) -> bool) -> bool {
    if text.is_empty() {
        return false;
    }
    match number(text) {
        0 => true,
        pid => pid != std::process::id() as i32 && alive(pid),
    }
}

/// True if another server seems to run, by this file.
pub fn running(path: &Path) -> bool {
    let Ok(text) = std::fs::read(path) else { return false };
    says_running(&text, |pid| !matches!(kill(Pid::from_raw(pid), None), Err(Errno::ESRCH | Errno::EPERM)))
}

/// Writes this process's id.
pub fn write(path: &Path) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(path)?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_and_living_processes_count_as_running() {
        assert!(!says_running(b"", |_| true));
        assert!(says_running(b"junk\n", |_| false));
        assert!(says_running(b"1234\n", |pid| pid == 1234));
        assert!(!says_running(b"1234\n", |_| false));
        assert!(!says_running(std::process::id().to_string().as_bytes(), |_| true));
    }
}
