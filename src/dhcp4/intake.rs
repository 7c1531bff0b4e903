//! A received message, decoded (spec/dhcpv4.md 3.4 and 5).

use super::effect::Ingress;
use super::network::Hints;
use super::permits::Visitor;
use crate::config::model::{ClassId, NetworkId};
use crate::eval::environment::Member;
use crate::options::decode::PacketOptions;
use crate::options::registry::{OptionKey, SpaceId};
use crate::wire::dhcp4::MessageView;
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::Now;
use std::net::Ipv4Addr;

/// Message types (RFC 2132 9.6, RFC 4388).
pub const DISCOVER: u8 = 1;
pub const OFFER: u8 = 2;
pub const REQUEST: u8 = 3;
pub const DECLINE: u8 = 4;
pub const ACK: u8 = 5;
pub const NAK: u8 = 6;
pub const RELEASE: u8 = 7;
pub const INFORM: u8 = 8;
pub const LEASEQUERY: u8 = 10;
pub const LEASE_UNASSIGNED: u8 = 11;
pub const LEASE_UNKNOWN: u8 = 12;
pub const LEASE_ACTIVE: u8 = 13;

/// Options of space `dhcp`.
pub const REQUESTED_ADDRESS: u32 = 50;
pub const SERVER_IDENTIFIER: u32 = 54;
pub const CLIENT_IDENTIFIER: u32 = 61;
pub const SUBNET_SELECTION: u32 = 118;
/// Sub-option 5 of option 82.
pub const LINK_SELECTION: u32 = 5;

/// The fields of the fixed header that are looked at more than once.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    pub secs: u16,
    pub flags: u16,
    pub ciaddr: Ipv4Addr,
    pub giaddr: Ipv4Addr,
}

/// A request.
#[derive(Debug)]
pub struct Request<'p> {
    pub ingress: Ingress,
    pub view: MessageView<'p>,
    /// The whole UDP payload.
    pub payload: &'p [u8],
    pub header: Header,
    pub hardware: HardwareAddr,
    pub options: PacketOptions,
    /// 0: BOOTP.
    pub kind: u8,
    /// That of the client, if it could be told.
    pub network: Option<NetworkId>,
    /// The agent options are not the packet's but the lease's.
    pub stashed: bool,
    /// A host declaration matched (spec/dhcpv4.md 7, item 3).
    pub known: bool,
    /// The classes it is in, first match first, at most five.
    pub members: Vec<Member>,
    /// The same by number.
    pub classes: Vec<ClassId>,
}

impl<'p> Request<'p> {
    /// A decoded message whose network and classes are not known yet.
    pub fn new(ingress: Ingress, payload: &'p [u8], view: MessageView<'p>, options: PacketOptions) -> Request<'p> {
        Request {
            ingress,
            view,
            payload,
            header: Header { secs: view.secs(), flags: view.flags(), ciaddr: view.ciaddr(), giaddr: view.giaddr() },
            hardware: view.hardware(),
            kind: options.message_type(),
            options,
            network: None,
            stashed: false,
            known: false,
            members: Vec::new(),
            classes: Vec::new(),
        }
    }

    /// True for a DHCPREQUEST.
    pub fn is_request(&self) -> bool {
        self.kind == REQUEST
    }

    /// True for a DHCPDISCOVER.
    pub fn is_discover(&self) -> bool {
        self.kind == DISCOVER
    }

    /// The value of an option of space `dhcp`.
    pub fn option(&self, code: u32) -> Option<&[u8]> {
        self.options.get(OptionKey::dhcp(code))
    }

    /// The value of an option.
    pub fn value(&self, key: OptionKey) -> Option<&[u8]> {
        self.options.get(key)
    }

    /// An option of exactly four octets as a number.
    pub fn number(&self, code: u32) -> Option<u32> {
        self.option(code)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// The client identifier.
    pub fn uid(&self) -> Option<&[u8]> {
        self.option(CLIENT_IDENTIFIER)
    }

    /// Option 50: its first four octets.
    pub fn requested_address(&self) -> Option<Ipv4Addr> {
        let octets: [u8; 4] = self.option(REQUESTED_ADDRESS)?.get(..4)?.try_into().ok()?;
        Some(octets.into())
    }

    /// The address the client uses, else the one it asks for.
    pub fn asked_address(&self) -> Option<Ipv4Addr> {
        let ciaddr = self.header.ciaddr;
        if ciaddr.is_unspecified() {
            self.requested_address()
        } else {
            Some(ciaddr)
        }
    }

    /// True if a text option arrived with NULs at its end.
    pub fn had_nulls(&self, code: u32) -> bool {
        self.options.had_nulls(OptionKey::dhcp(code))
    }

    /// True if there are agent options, be they the packet's or the lease's.
    pub fn has_agent_options(&self) -> bool {
        self.options.has_space(SpaceId::AGENT)
    }

    /// Code and value of each agent option.
    pub fn agent_options(&self) -> Vec<(u8, Box<[u8]>)> {
        self.options.space(SpaceId::AGENT).map(|(code, value)| (code as u8, value.into())).collect()
    }

    /// The relay's address, if one passed it on.
    pub fn giaddr(&self) -> Option<Ipv4Addr> {
        Some(self.header.giaddr).filter(|giaddr| !giaddr.is_unspecified())
    }

    /// What chooses the client's network.
    pub fn hints(&self) -> Hints<'_> {
        Hints {
            link_selection: self.options.get(OptionKey { space: SpaceId::AGENT, code: LINK_SELECTION }),
            subnet_selection: self.option(SUBNET_SELECTION),
            giaddr: self.giaddr(),
        }
    }

    /// What a pool's lists look at.
    pub fn visitor(&self, now: Now) -> Visitor<'_> {
        Visitor {
            known: self.known,
            bootp: self.kind == 0 || !self.options.is_valid(),
            classes: &self.classes,
            now: now.wall,
        }
    }
}
