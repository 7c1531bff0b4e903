//! Going into the background (spec/operations.md 11) without `fork`: the program starts itself once more, as the daemon, with
//! one end of a socket pair as its standard input. The first process waits on the other end until the daemon says that it
//! serves, and then exits 0; if the daemon dies before, it exits 1. The daemon's start-up lines reach the terminal, because
//! it keeps standard error until then.

use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, setsid};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

/// Tells the second process that it is the daemon.
const MARK: &str = "LESSOR_DAEMON";

/// The name of this process as `ps` and `pidof` know it.
const COMM: &str = "/proc/self/comm";

/// True in the process that is to become the daemon. The mark is taken away, so that programs the daemon runs do not get it;
/// to be called once, before there are threads.
pub fn take_mark(program: &str) -> bool {
    let marked = std::env::var_os(MARK).is_some();
    std::env::remove_var(MARK);
    if marked {
        // Else it would be called `exe`, and `pidof dhcpd` would not find it.
        let _ = std::fs::write(COMM, program);
    }
    marked
}

/// Starts the daemon and waits for it; returns this process's exit status.
pub fn start(args: &[OsString]) -> std::io::Result<ExitCode> {
    let (mut ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new("/proc/self/exe");
    if let Some((program, rest)) = args.split_first() {
        command.arg0(program).args(rest);
    }
    command.env(MARK, "1").stdin(Stdio::from(OwnedFd::from(theirs)));
    let _daemon = command.spawn()?;
    // The command holds the other end too.
    drop(command);
    let mut ready = [0; 1];
    Ok(match ours.read_exact(&mut ready) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

/// In the daemon, once it serves: leaves the terminal and tells the first process.
pub fn detach() -> std::io::Result<()> {
    let null: OwnedFd = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?.into();
    let ready: OwnedFd = std::os::fd::AsFd::as_fd(&std::io::stdin()).try_clone_to_owned()?;
    // Fails only for a process that leads its group already, which changes nothing.
    let _ = setsid();
    // The waiting process may have been killed meanwhile.
    let _ = std::fs::File::from(ready).write_all(&[1]);
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    std::env::set_current_dir("/")
}
