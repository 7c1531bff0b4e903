//! What the engine takes in and what it wants done.

use crate::config::model::NetworkId;
use crate::leases::dns::DnsChange;
use crate::leases::lease::{JournalPosition, LeaseId};
use std::net::{Ipv4Addr, SocketAddrV4};

/// A served interface, by its place in the list the engine was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InterfaceId(pub u16);

/// An interface the server listens on.
#[derive(Clone, Debug)]
pub struct Interface {
    pub name: String,
    pub hardware: crate::wire::hardware::HardwareAddr,
    /// In the kernel's order; the first is the server identifier and source address.
    pub addresses: Vec<Ipv4Addr>,
    pub network: NetworkId,
}

/// Where a message came from: the UDP payload of a frame that passed the checks of spec/dhcpv4.md 3.3.
#[derive(Clone, Copy, Debug)]
pub struct Ingress {
    pub interface: InterfaceId,
    /// Source address and port of the IP packet.
    pub source: SocketAddrV4,
}

/// The level of a log line (spec/operations.md 7).
pub use crate::eval::LogKind;

/// Where a reply goes (spec/dhcpv4.md 17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Through the fallback UDP socket; the kernel routes it.
    Fallback { to: SocketAddrV4 },
    /// A frame on the interface, from `source`:server port.
    Frame { interface: InterfaceId, hardware: [u8; 6], source: Ipv4Addr, to: SocketAddrV4 },
}

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub route: Route,
    /// The UDP payload.
    pub payload: Vec<u8>,
    /// It may leave only when the journal is on stable storage up to here.
    pub after: JournalPosition,
    /// The log line that goes with it (level info), written when it leaves.
    pub log: String,
    /// The lease whose commit it waits for: `Engine::sent` or `Engine::commit_failed` is told.
    pub lease: Option<LeaseId>,
}

/// What the engine wants done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Log(LogKind, String),
    /// What a `log` statement says: octets as they are, one line whatever they hold.
    Say(LogKind, Vec<u8>),
    Send(Reply),
    /// Send one ICMP echo request (28 octets, spec/dhcpv4.md 14); the engine's own timer ends the wait.
    Ping(Ipv4Addr),
    /// Ask the DNS for the name of an address; `Engine::name_found` is told.
    LookUpName(Ipv4Addr),
    /// Names have to be put into the DNS, or taken out.
    Dns(DnsChange),
    /// Run a program without a shell and log its exit status.
    Execute {
        command: Vec<u8>,
        arguments: Vec<Vec<u8>>,
    },
    /// `log (fatal, ...)`: log at level err and end the server with the fatal trailer.
    Fatal(String),
}
