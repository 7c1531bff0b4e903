//! Floor 2: the checked model of dhcpd.conf, and the lowering of the syntax tree into it.

pub mod ir;
pub mod model;
