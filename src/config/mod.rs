//! Floor 2: the checked model of dhcpd.conf, and the lowering of the syntax tree into it.

pub mod host_table;
pub mod ir;
pub mod model;
pub mod number;
