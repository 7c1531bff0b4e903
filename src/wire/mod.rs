//! Floor 0: bytes to values and back, one file a format. Nothing here keeps state.

pub mod checksum;
pub mod dhcp4;
pub mod dns;
pub mod failover;
pub mod frame;
pub mod hardware;
pub mod icmp;
pub mod mac;
pub mod omapi;
pub mod units;
