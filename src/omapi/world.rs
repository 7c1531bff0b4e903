//! What OMAPI asks of the server: the objects that clients look up and change are the server's own.
//!
//! Everything is found by a name or number that stays what it is when the configuration is replaced beside the service, so
//! that a handle that a client holds never comes to mean another object.

use crate::config::model::{Config, HostId, PoolId};
use crate::eval::LogKind;
use crate::leases::lease::{Billing, JournalPosition, Lease, LeaseId};
use crate::leases::objects::{ClassRecord, GroupRecord, HostRecord};
use crate::leases::peer::PeerState;
use crate::leases::store::LeaseStore;
use crate::wire::hardware::HardwareAddr;
use crate::wire::omapi::ResultCode;
use crate::wire::units::{Now, Seconds, Timestamp};
use std::net::Ipv4Addr;

/// An object of the server, as handles and references between objects name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    Lease(LeaseId),
    /// By name.
    Host(Box<str>),
    /// A named group.
    Group(Box<str>),
    /// A class, or a subclass by its data.
    Class(Billing),
    Pool(PoolId),
    /// By address and netmask.
    Subnet(Ipv4Addr, Ipv4Addr),
    /// By name.
    Interface(Box<str>),
    Control,
    /// A failover relationship by its name.
    Peer(Box<str>),
    /// A key by its name.
    Authenticator(Box<str>),
}

/// A record could not be written: `I/O error` goes to the client, and nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwritable;

/// What a change gives: how far the journal has to be on stable storage before the client is told.
pub type Change = Result<JournalPosition, Unwritable>;

/// Where a failover relationship stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerView {
    pub local: PeerState,
    pub local_since: Timestamp,
    pub partner: PeerState,
    pub partner_since: Timestamp,
    pub mclt: Seconds,
    /// Which hash buckets are the primary's, once that is known.
    pub buckets: Option<[u8; 32]>,
    /// Updates that the partner has not acknowledged.
    pub unacked_updates: u32,
}

/// The server, as the objects of OMAPI see it.
pub trait World {
    /// The time of the request at hand.
    fn now(&self) -> Now;

    /// The configuration in force. Named groups and classes made at run time are in it.
    fn config(&self) -> &Config;

    /// Logs a line.
    fn log(&mut self, kind: LogKind, line: String);

    /// The lease database.
    fn leases(&self) -> &LeaseStore;

    /// The lease of an address; `None` if the address is in no range.
    fn lease_at(&mut self, address: Ipv4Addr) -> Option<LeaseId>;

    /// Gives a lease new contents: if it leaves its state, all that an ordinary expiry or release brings about happens
    /// (spec/omapi.md 10.2).
    fn change_lease(&mut self, id: LeaseId, new: Lease) -> Change;

    /// Moves on leases whose time has come.
    fn expire(&mut self);

    /// How many leases are billed to a class.
    fn leases_used(&self, class: &Billing) -> u32;

    /// The name of a host that a lease refers to.
    fn host_name(&self, id: HostId) -> Option<&str>;

    /// The addresses of a host name in the DNS, as far as they are known.
    fn addresses_of(&self, name: &str) -> Vec<Ipv4Addr>;

    /// The live host of that name, of dhcpd.conf or made at run time.
    fn host(&self, name: &str) -> Option<HostRecord>;

    /// The name of the first live host of a client identifier.
    fn host_with_uid(&self, uid: &[u8]) -> Option<&str>;

    /// The name of the first live host of a hardware address.
    fn host_with_hardware(&self, hardware: &HardwareAddr) -> Option<&str>;

    /// Enters a host, or gives the live one of its name new contents; effective with the next packet.
    fn put_host(&mut self, host: HostRecord) -> Change;

    /// Takes a host away.
    fn remove_host(&mut self, name: &str) -> Change;

    /// Enters a named group; there is no live one of its name.
    fn put_group(&mut self, group: GroupRecord) -> Change;

    /// Takes a named group away. Its members keep its statements until the next start, or until there is another group of
    /// that name.
    fn remove_group(&mut self, name: &str) -> Change;

    /// Enters a class or subclass; there is none of that name or data, or it was made at run time too.
    fn put_class(&mut self, class: ClassRecord) -> Change;

    /// The record of a class or subclass that was made at run time.
    fn class_record(&self, class: &Billing) -> Option<&ClassRecord>;

    /// Takes a class with its subclasses, or a subclass, away.
    fn remove_class(&mut self, class: &Billing) -> Change;

    /// The names of the interfaces served, and of those that were shut down.
    fn interfaces(&self) -> Vec<Box<str>>;

    /// Stops serving an interface. False if it is not served.
    fn disable_interface(&mut self, name: &str) -> bool;

    /// Where the failover relationship of that name stands.
    fn peer(&self, name: &str) -> Option<PeerView>;

    /// Moves a failover relationship to a state at once.
    fn set_peer_state(&mut self, name: &str, state: PeerState) -> Result<(), ResultCode>;

    /// Ends the server, as soon as what was decided until now is carried out and answered.
    fn shut_down(&mut self);
}
