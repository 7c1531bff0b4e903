//! DNS messages: updates (RFC 2136), the queries that find zones and servers, and their answers.

pub mod guard;
pub mod message;
pub mod name;
pub mod reply;
pub mod tsig;
