//! What the engine asks of its owner.

use super::exchanges::ExchangeId;
use super::LogKind;
use crate::leases::dns::VariableChange;
use crate::wire::units::Now;
use std::net::{IpAddr, SocketAddr};

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A datagram. `Ddns::received` is to be told of answers, `Ddns::failed` if it cannot leave.
    Datagram {
        exchange: ExchangeId,
        to: SocketAddr,
        octets: Vec<u8>,
    },
    /// A message over a connection of its own. `Ddns::answered` or `Ddns::failed` is to be told.
    Stream {
        exchange: ExchangeId,
        to: SocketAddr,
        octets: Vec<u8>,
    },
    /// Nobody waits for the answer of a `Stream` any more.
    Hangup(ExchangeId),
    Log(LogKind, String),
}

/// The leases, as the engine changes them.
pub trait Leases {
    /// Changes variables of the lease of an address, and writes its record.
    fn set_variables(&mut self, now: Now, address: IpAddr, changes: Vec<VariableChange>);
}
