//! `execute (...)`: programs run without a shell, one after the other as ISC dhcpd runs them, but on a thread of their own, so
//! that a program that takes its time holds up nothing but the next program (spec/expressions.md 8.2).

use crate::eval::LogKind;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::{channel, sync_channel, Receiver, SyncSender, TrySendError};
use std::sync::Arc;

/// How many programs may wait for their turn.
const QUEUE: usize = 4096;
/// The raw wait status of a program that could not be started: exit code 127.
const NOT_STARTED: i32 = 127 << 8;

/// A log line.
pub type Line = (LogKind, String);

/// A program with its arguments.
struct Program {
    command: Vec<u8>,
    arguments: Vec<Vec<u8>>,
}

/// Runs programs.
pub struct Executor {
    /// `None` before the first program.
    programs: Option<SyncSender<Program>>,
    lines: Receiver<Line>,
    /// For the thread that will be started.
    reporter: Reporter,
}

/// Takes the log lines to the event loop and wakes it.
#[derive(Clone)]
struct Reporter {
    lines: std::sync::mpsc::Sender<Line>,
    waker: Arc<dyn Fn() + Send + Sync>,
}

impl Executor {
    /// `waker` is called when there are lines to `poll`.
    pub fn new(waker: Arc<dyn Fn() + Send + Sync>) -> Executor {
        let (to, lines) = channel();
        Executor { programs: None, lines, reporter: Reporter { lines: to, waker } }
    }

    /// Runs a program when those before it have ended. Gives a log line if it cannot be.
    pub fn run(&mut self, command: Vec<u8>, arguments: Vec<Vec<u8>>) -> Option<Line> {
        let programs = match &self.programs {
            Some(programs) => programs,
            None => {
                let (to, inbox) = sync_channel(QUEUE);
                let reporter = self.reporter.clone();
                let thread = std::thread::Builder::new().name("execute".into());
                if thread.spawn(move || work(&inbox, &reporter)).is_err() {
                    return Some((LogKind::Error, "execute: fork() failed".into()));
                }
                self.programs.insert(to)
            }
        };
        match programs.try_send(Program { command, arguments }) {
            Ok(()) => None,
            Err(TrySendError::Full(program) | TrySendError::Disconnected(program)) => {
                let command = String::from_utf8_lossy(&program.command).into_owned();
                Some((LogKind::Error, format!("execute: {command}: too many programs wait, not run")))
            }
        }
    }

    /// Log lines since the last call.
    pub fn poll(&self) -> Vec<Line> {
        self.lines.try_iter().collect()
    }
}

fn work(programs: &Receiver<Program>, reporter: &Reporter) {
    while let Ok(program) = programs.recv() {
        for line in run(program) {
            // The event loop may be gone already; then nobody reads the line.
            let _ = reporter.lines.send(line);
            (reporter.waker)();
        }
    }
}

/// An argument as C programs get it: a NUL cuts.
fn argument(mut octets: Vec<u8>) -> OsString {
    if let Some(nul) = octets.iter().position(|octet| *octet == 0) {
        octets.truncate(nul);
    }
    OsString::from_vec(octets)
}

/// Runs one program to its end, before the service begins. Gives what is to be logged.
pub fn run_now(command: Vec<u8>, arguments: Vec<Vec<u8>>) -> Vec<Line> {
    run(Program { command, arguments })
}

/// Runs one program to its end. Gives what is to be logged.
fn run(program: Program) -> Vec<Line> {
    let name = String::from_utf8_lossy(&program.command).into_owned();
    let mut command = Command::new(argument(program.command));
    command.args(program.arguments.into_iter().map(argument)).stdin(Stdio::null());
    let (mut lines, status) = match command.status() {
        Ok(status) => (Vec::new(), status.into_raw()),
        Err(error) => {
            let reason = crate::leases::journal::disk::error_text(&error);
            (vec![(LogKind::Error, format!("Unable to execute {name}: {reason}"))], NOT_STARTED)
        }
    };
    if status != 0 {
        lines.push((LogKind::Error, format!("execute: {name} exit status {status}")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(command: &str, arguments: &[&str]) -> Vec<String> {
        let arguments = arguments.iter().map(|a| a.as_bytes().to_vec()).collect();
        run(Program { command: command.into(), arguments }).into_iter().map(|(_, line)| line).collect()
    }

    /// Rows of expressions.md: 61
    #[test]
    fn exit_statuses_are_raw() {
        assert!(outcome("/bin/true", &[]).is_empty());
        assert_eq!(outcome("/bin/false", &[]), ["execute: /bin/false exit status 256"]);
        assert_eq!(outcome("sh", &["-c", "kill -9 $$"]), ["execute: sh exit status 9"]);
        assert_eq!(
            outcome("/nonexistent/x", &[]),
            [
                "Unable to execute /nonexistent/x: No such file or directory",
                "execute: /nonexistent/x exit status 32512"
            ]
        );
    }

    #[test]
    fn arguments_pass_as_they_are_up_to_a_nul() {
        assert!(outcome("test", &["a b'\"$x", "=", "a b'\"$x\0rest"]).is_empty());
    }

    #[test]
    fn programs_run_in_order() {
        let (woken, waits) = channel();
        let mut executor = Executor::new(Arc::new(move || woken.send(()).unwrap_or_default()));
        for code in ["3", "4"] {
            assert_eq!(executor.run(b"sh".to_vec(), vec![b"-c".to_vec(), format!("exit {code}").into()]), None);
        }
        waits.recv().unwrap();
        waits.recv().unwrap();
        let lines: Vec<String> = executor.poll().into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, ["execute: sh exit status 768", "execute: sh exit status 1024"]);
    }
}
