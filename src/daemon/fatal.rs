//! How the server ends when it cannot go on (spec/operations.md 5).

use super::logging::Logger;
use crate::eval::LogKind;

/// An error that ends the server: its message lines, the last being the fatal one.
#[derive(Debug, thiserror::Error)]
#[error("{}", .lines.join("\n"))]
pub struct Fatal {
    pub lines: Vec<String>,
}

impl Fatal {
    /// A fatal error of one line.
    pub fn new(line: impl Into<String>) -> Fatal {
        Fatal { lines: vec![line.into()] }
    }

    /// Lines that come before the fatal one.
    pub fn after(lines: &[&str], fatal: &str) -> Fatal {
        Fatal { lines: lines.iter().copied().chain([fatal]).map(String::from).collect() }
    }
}

/// What follows every fatal message.
const TRAILER: [&str; 8] = [
    "",
    "If you think you have received this message due to a bug rather",
    "than a configuration issue please read the section on submitting",
    "bugs on either our web page at www.isc.org or in the README file",
    "before submitting a bug.  These pages explain the proper",
    "process and the information we find helpful for debugging.",
    "",
    "exiting.",
];

/// Logs the message and its trailer at level err.
pub fn log(logger: &mut Logger, fatal: &Fatal) {
    for line in fatal.lines.iter().map(String::as_str).chain(TRAILER) {
        logger.log(LogKind::Error, line);
    }
}
