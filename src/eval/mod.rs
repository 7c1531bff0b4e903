//! Floor 3: expressions and statements, run against a packet, a lease and the scopes. No I/O: what has to happen outside
//! (logs, programs to run) goes out as values.

pub mod backtrack;
pub mod bindings;
mod chains;
pub mod classify;
pub mod environment;
pub mod expression;
pub mod fold;
pub mod operators;
pub mod posix;
pub mod print;
pub mod reply;
pub mod startup;
pub mod statement;
#[cfg(test)]
mod tests;

/// The level of a log line: fatal and error lines are LOG_ERR (spec/operations.md 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    Error,
    Info,
    Debug,
}
