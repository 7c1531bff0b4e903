//! The engine as a whole: configuration text and client packets in, replies, log lines and lease records out.

mod basics;
mod expressions;
mod failover;
mod harness;
mod hostile;
mod names;
mod options;
mod tables;
mod vectors;
