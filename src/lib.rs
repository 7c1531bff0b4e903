//! lessor: a drop-in replacement for the ISC DHCP server.
//!
//! The modules are floors of a house (ARCHITECTURE.md): a module may use modules on lower floors only.
//! `wire`, `net` (0), `syntax`, `options` (1), `config` (2), `eval` (3), `leases` (4), `dhcp4`, `failover`, `omapi` (5), `daemon`, `omshell` (6).
#![deny(unsafe_code)]

pub mod config;
pub mod daemon;
pub mod ddns;
pub mod dhcp4;
pub mod eval;
pub mod failover;
pub mod leases;
pub mod net;
pub mod omapi;
pub mod omshell;
pub mod options;
pub mod syntax;
pub mod wire;
