//! The engine as a whole: what a partner sends, and what time brings, in; messages, log lines and records out.

mod bench;
mod connections;
mod hostile;
mod pair;
mod rejects;
mod replay;
mod transitions;
