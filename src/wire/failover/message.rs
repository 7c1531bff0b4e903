//! Messages as values (spec/failover.md 5): what each carries, in the order in which ISC writes it. An option that is absent
//! is `None`; numbers that a partner chooses freely (states, reasons, flags) are kept as they come.

use super::frame::{HEADER_LEN, MIN_MESSAGE};
use super::option::{Code, Error, Found, Options, MAX_TYPE};
use crate::wire::units::{Seconds, Timestamp};
use std::net::Ipv4Addr;

/// Vendor class of ISC's server, as which this one introduces itself. Nobody looks at it.
pub const VENDOR_CLASS: &[u8] = b"isc-4.4.3-P1";
/// The only version there is.
pub const PROTOCOL_VERSION: u8 = 1;
/// Server flag of STATE: the sender has just started.
pub const FLAG_STARTUP: u8 = 1;
/// IP flag of BNDUPD: the address is reserved for its client.
pub const FLAG_RESERVED: u16 = 1;
/// IP flag of BNDUPD: the lease was given by BOOTP.
pub const FLAG_BOOTP: u16 = 2;

/// A message's number on its connection; answers repeat it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Xid(pub u32);

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The sender's clock.
    pub time: Timestamp,
    pub xid: Xid,
    pub body: Body,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// POOLREQ: balance the pools.
    PoolRequest,
    /// POOLRESP: so many leases are being given away.
    PoolResponse { transferred: Option<u32> },
    /// BNDUPD
    BindingUpdate(BindingUpdate),
    /// BNDACK
    BindingAck(BindingAck),
    /// CONNECT
    Connect(Connect),
    /// CONNECTACK
    ConnectAck(ConnectAck),
    /// UPDREQALL: tell me of all leases.
    UpdateRequestAll,
    /// UPDDONE: you know what you asked for.
    UpdateDone,
    /// UPDREQ: tell me of the leases I have not acknowledged.
    UpdateRequest,
    /// STATE
    State(StateReport),
    /// CONTACT: I am still here.
    Contact,
    /// DISCONNECT
    Disconnect(Disconnect),
    /// A type that does not exist, without options: to be ignored.
    Unknown(u8),
}

/// What is to be known of a lease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindingUpdate {
    pub address: Option<Ipv4Addr>,
    /// A binding state; a partner may send other numbers than 1 to 7.
    pub status: Option<u8>,
    /// DHCP option 61, type octet included.
    pub client_id: Option<Box<[u8]>>,
    /// Hardware type and address.
    pub hardware: Option<Box<[u8]>>,
    /// The lease's `ends`.
    pub lease_expiry: Option<Timestamp>,
    /// The lease's `tstp`.
    pub potential_expiry: Option<Timestamp>,
    /// The lease's `starts`.
    pub starts: Option<Timestamp>,
    /// Client's last transaction.
    pub last_transaction: Option<Timestamp>,
    /// [`FLAG_RESERVED`], [`FLAG_BOOTP`].
    pub flags: Option<u16>,
    /// What the client said of itself: [`super::ClientOptions`]. ISC neither sends nor uses it.
    pub client_options: Option<Box<[u8]>>,
}

/// The answer to a [`BindingUpdate`]. ISC sends the address alone, or with a reason and a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindingAck {
    /// What the partner repeats of the update.
    pub update: BindingUpdate,
    pub reject: Option<u8>,
    pub message: Option<Box<[u8]>>,
}

/// The primary's introduction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connect {
    pub name: Option<Box<[u8]>>,
    /// How many updates the sender takes before it has acknowledged them.
    pub max_unacked: Option<u32>,
    /// After so long a silence the sender gives the connection up.
    pub receive_timer: Option<Seconds>,
    pub vendor_class: Option<Box<[u8]>>,
    pub protocol_version: Option<u8>,
    pub tls_request: Option<u8>,
    pub mclt: Option<Seconds>,
    /// 32 octets, one bit a hash bucket, set for the primary's.
    pub hash_buckets: Option<Box<[u8]>>,
}

/// The answer to a [`Connect`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectAck {
    pub name: Option<Box<[u8]>>,
    pub max_unacked: Option<u32>,
    pub receive_timer: Option<Seconds>,
    pub vendor_class: Option<Box<[u8]>>,
    pub protocol_version: Option<u8>,
    pub tls_reply: Option<u8>,
    pub reject: Option<u8>,
    pub message: Option<Box<[u8]>>,
}

/// A server's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateReport {
    /// A server state; a partner may send any number.
    pub state: Option<u8>,
    /// [`FLAG_STARTUP`].
    pub flags: Option<u8>,
    /// When the state began.
    pub since: Option<Timestamp>,
}

/// The end of a connection, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disconnect {
    pub reject: Option<u8>,
    pub message: Option<Box<[u8]>>,
}

impl Body {
    /// The message's type on the wire.
    pub fn kind(&self) -> u8 {
        match self {
            Body::PoolRequest => 1,
            Body::PoolResponse { .. } => 2,
            Body::BindingUpdate(_) => 3,
            Body::BindingAck(_) => 4,
            Body::Connect(_) => 5,
            Body::ConnectAck(_) => 6,
            Body::UpdateRequestAll => 7,
            Body::UpdateDone => 8,
            Body::UpdateRequest => 9,
            Body::State(_) => 10,
            Body::Contact => 11,
            Body::Disconnect(_) => MAX_TYPE,
            Body::Unknown(kind) => *kind,
        }
    }

    fn from_options(kind: u8, found: &Found) -> Body {
        match kind {
            1 => Body::PoolRequest,
            2 => Body::PoolResponse { transferred: found.u32(Code::AddressesTransferred) },
            3 => Body::BindingUpdate(BindingUpdate::read(found)),
            4 => Body::BindingAck(BindingAck::read(found)),
            5 => Body::Connect(Connect::read(found)),
            6 => Body::ConnectAck(ConnectAck::read(found)),
            7 => Body::UpdateRequestAll,
            8 => Body::UpdateDone,
            9 => Body::UpdateRequest,
            10 => Body::State(StateReport::read(found)),
            11 => Body::Contact,
            MAX_TYPE => Body::Disconnect(Disconnect::read(found)),
            _ => Body::Unknown(kind),
        }
    }

    fn write(&self, out: &mut Options) {
        match self {
            Body::PoolResponse { transferred } => out.put_u32(Code::AddressesTransferred, *transferred),
            Body::BindingUpdate(update) => update.write(out),
            Body::BindingAck(ack) => ack.write(out),
            Body::Connect(connect) => connect.write(out),
            Body::ConnectAck(ack) => ack.write(out),
            Body::State(report) => report.write(out),
            Body::Disconnect(disconnect) => disconnect.write(out),
            Body::PoolRequest
            | Body::UpdateRequestAll
            | Body::UpdateDone
            | Body::UpdateRequest
            | Body::Contact
            | Body::Unknown(_) => {}
        }
    }
}

impl Message {
    /// Reads one whole message, length field included. Times and numbers are not judged.
    pub fn parse(bytes: &[u8]) -> Result<Message, Error> {
        let length = bytes.len();
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER_LEN>() else {
            return Err(Error::Length(length as u16));
        };
        let [_, _, kind, offset, t0, t1, t2, t3, x0, x1, x2, x3] = *header;
        let skipped = usize::from(offset).checked_sub(MIN_MESSAGE);
        let payload = skipped.and_then(|skipped| rest.get(skipped..)).ok_or(Error::PayloadOffset(offset))?;
        let found = Found::read(kind, payload)?;
        Ok(Message {
            time: Timestamp(u32::from_be_bytes([t0, t1, t2, t3])),
            xid: Xid(u32::from_be_bytes([x0, x1, x2, x3])),
            body: Body::from_options(kind, &found),
        })
    }

    /// The message's octets, at most 2048: an option for which there is no room is left out.
    pub fn emit(&self) -> Vec<u8> {
        let mut out = Options(Vec::with_capacity(128));
        out.0.extend_from_slice(&[0, 0, self.body.kind(), HEADER_LEN as u8]);
        out.0.extend_from_slice(&self.time.0.to_be_bytes());
        out.0.extend_from_slice(&self.xid.0.to_be_bytes());
        self.body.write(&mut out);
        let mut bytes = out.0;
        let length = (bytes.len() as u16).to_be_bytes();
        if let Some(field) = bytes.first_chunk_mut::<2>() {
            *field = length;
        }
        bytes
    }
}

impl BindingUpdate {
    fn read(found: &Found) -> BindingUpdate {
        BindingUpdate {
            address: found.address(Code::AssignedAddress),
            status: found.u8(Code::BindingStatus),
            client_id: found.owned(Code::ClientId),
            hardware: found.owned(Code::HardwareAddress),
            lease_expiry: found.time(Code::LeaseExpiry),
            potential_expiry: found.time(Code::PotentialExpiry),
            starts: found.time(Code::StartOfState),
            last_transaction: found.time(Code::LastTransaction),
            flags: found.u16(Code::AddressFlags),
            client_options: found.owned(Code::RequestOptions),
        }
    }

    fn write(&self, out: &mut Options) {
        out.put_address(Code::AssignedAddress, self.address);
        out.put_u8(Code::BindingStatus, self.status);
        out.put_bytes(Code::ClientId, &self.client_id);
        out.put_bytes(Code::HardwareAddress, &self.hardware);
        out.put_time(Code::LeaseExpiry, self.lease_expiry);
        out.put_time(Code::PotentialExpiry, self.potential_expiry);
        out.put_time(Code::StartOfState, self.starts);
        out.put_time(Code::LastTransaction, self.last_transaction);
        out.put_u16(Code::AddressFlags, self.flags);
        out.put_bytes(Code::RequestOptions, &self.client_options);
    }
}

impl BindingAck {
    /// The answer to an update of that address: accepted.
    pub fn accept(address: Ipv4Addr) -> BindingAck {
        let update = BindingUpdate { address: Some(address), ..BindingUpdate::default() };
        BindingAck { update, ..BindingAck::default() }
    }

    fn read(found: &Found) -> BindingAck {
        BindingAck {
            update: BindingUpdate::read(found),
            reject: found.u8(Code::RejectReason),
            message: found.owned(Code::Message),
        }
    }

    fn write(&self, out: &mut Options) {
        self.update.write(out);
        out.put_u8(Code::RejectReason, self.reject);
        out.put_bytes(Code::Message, &self.message);
    }
}

impl Connect {
    fn read(found: &Found) -> Connect {
        Connect {
            name: found.owned(Code::RelationshipName),
            max_unacked: found.u32(Code::MaxUnacked),
            receive_timer: found.u32(Code::ReceiveTimer).map(Seconds),
            vendor_class: found.owned(Code::VendorClass),
            protocol_version: found.u8(Code::ProtocolVersion),
            tls_request: found.u8(Code::TlsRequest),
            mclt: found.u32(Code::Mclt).map(Seconds),
            hash_buckets: found.owned(Code::HashBuckets),
        }
    }

    fn write(&self, out: &mut Options) {
        out.put_bytes(Code::RelationshipName, &self.name);
        out.put_u32(Code::MaxUnacked, self.max_unacked);
        out.put_u32(Code::ReceiveTimer, self.receive_timer.map(|timer| timer.0));
        out.put_bytes(Code::VendorClass, &self.vendor_class);
        out.put_u8(Code::ProtocolVersion, self.protocol_version);
        out.put_u8(Code::TlsRequest, self.tls_request);
        out.put_u32(Code::Mclt, self.mclt.map(|mclt| mclt.0));
        out.put_bytes(Code::HashBuckets, &self.hash_buckets);
    }
}

impl ConnectAck {
    fn read(found: &Found) -> ConnectAck {
        ConnectAck {
            name: found.owned(Code::RelationshipName),
            max_unacked: found.u32(Code::MaxUnacked),
            receive_timer: found.u32(Code::ReceiveTimer).map(Seconds),
            vendor_class: found.owned(Code::VendorClass),
            protocol_version: found.u8(Code::ProtocolVersion),
            tls_reply: found.u8(Code::TlsReply),
            reject: found.u8(Code::RejectReason),
            message: found.owned(Code::Message),
        }
    }

    fn write(&self, out: &mut Options) {
        out.put_bytes(Code::RelationshipName, &self.name);
        out.put_u32(Code::MaxUnacked, self.max_unacked);
        out.put_u32(Code::ReceiveTimer, self.receive_timer.map(|timer| timer.0));
        out.put_bytes(Code::VendorClass, &self.vendor_class);
        out.put_u8(Code::ProtocolVersion, self.protocol_version);
        out.put_u8(Code::TlsReply, self.tls_reply);
        out.put_u8(Code::RejectReason, self.reject);
        out.put_bytes(Code::Message, &self.message);
    }
}

impl StateReport {
    fn read(found: &Found) -> StateReport {
        StateReport {
            state: found.u8(Code::ServerState),
            flags: found.u8(Code::ServerFlags),
            since: found.time(Code::StartOfState),
        }
    }

    fn write(&self, out: &mut Options) {
        out.put_u8(Code::ServerState, self.state);
        out.put_u8(Code::ServerFlags, self.flags);
        out.put_time(Code::StartOfState, self.since);
    }
}

impl Disconnect {
    fn read(found: &Found) -> Disconnect {
        Disconnect { reject: found.u8(Code::RejectReason), message: found.owned(Code::Message) }
    }

    fn write(&self, out: &mut Options) {
        out.put_u8(Code::RejectReason, self.reject);
        out.put_bytes(Code::Message, &self.message);
    }
}
