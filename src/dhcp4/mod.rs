//! Floor 5: DHCPv4 and BOOTP. What the server decides, as a state machine without sockets, files or clocks.

pub mod effect;
