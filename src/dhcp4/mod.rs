//! Floor 5: DHCPv4 and BOOTP. What the server decides, as a state machine without sockets, files or clocks.

pub mod effect;
mod lease_time;
mod log_text;
mod reuse;
mod route;
mod threshold;
