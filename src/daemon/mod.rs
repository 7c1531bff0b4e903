//! Floor 6: the process. Flags, files, sockets, signals, clock, event loop; it carries out what the engines decide.

mod args;
mod daemonize;
mod fatal;
mod interfaces;
mod logging;
mod pid;
mod privileges;

/// Runs `dhcpd` with these arguments (the program's name first) and returns its exit status.
pub fn main(_args: Vec<std::ffi::OsString>) -> std::process::ExitCode {
    std::process::ExitCode::FAILURE
}
