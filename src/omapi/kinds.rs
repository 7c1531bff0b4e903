//! All types of objects by name (spec/omapi.md 10.1).

use super::object::Kind;
use super::objects::{authenticator, class, control, group, host, interface, lease, network, peer};
use super::world::Object;
use crate::leases::lease::Billing;

/// Those that can be opened.
pub const KINDS: &[&Kind] = &[
    &lease::KIND,
    &host::KIND,
    &group::KIND,
    &class::CLASS,
    &class::SUBCLASS,
    &authenticator::KIND,
    &control::KIND,
    &interface::KIND,
    &network::POOL,
    &network::SUBNET,
    &network::SHARED_NETWORK,
    &peer::KIND,
];

/// Names that the real server knows, too, and finds nothing by: parts of its protocol machinery.
pub const UNSEARCHABLE: &[&str] = &[
    "connection",
    "listener",
    "io",
    "generic",
    "protocol",
    "protocol-listener",
    "message",
    "waiter",
    "failover-link",
    "failover-listener",
];

/// The kind of a name, which is matched exactly.
pub fn named(name: &[u8]) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name.as_bytes() == name).copied()
}

/// The kind of an object.
pub fn of(object: &Object) -> &'static Kind {
    match object {
        Object::Pool(_) => &network::POOL,
        Object::Subnet(..) => &network::SUBNET,
        Object::Interface(_) => &interface::KIND,
        Object::Control => &control::KIND,
        Object::Peer(_) => &peer::KIND,
        Object::Authenticator(_) => &authenticator::KIND,
        Object::Lease(_) => &lease::KIND,
        Object::Host(_) => &host::KIND,
        Object::Group(_) => &group::KIND,
        Object::Class(Billing { subclass: None, .. }) => &class::CLASS,
        Object::Class(_) => &class::SUBCLASS,
    }
}
