//! The options of failover messages: one row an option (spec/failover.md 5 and 6), and how they are read and written.

use super::frame::MAX_MESSAGE;
use crate::wire::units::Timestamp;
use std::net::Ipv4Addr;

/// An option's code and length.
const HEADER: usize = 4;

/// How long an option's data is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Any,
    Octets(usize),
    /// Not looked at, whatever the message.
    Skipped,
}
use Size::{Any, Octets, Skipped};

// Types of messages that carry options.
const POOLRESP: u16 = 1 << 2;
const BNDUPD: u16 = 1 << 3;
const BNDACK: u16 = 1 << 4;
const CONNECT: u16 = 1 << 5;
const CONNECTACK: u16 = 1 << 6;
const STATE: u16 = 1 << 10;
const DISCONNECT: u16 = 1 << 12;
const BINDING: u16 = BNDUPD | BNDACK;
const HANDSHAKE: u16 = CONNECT | CONNECTACK;
const REFUSAL: u16 = BNDACK | CONNECTACK | DISCONNECT;

/// The codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Code {
    AddressesTransferred = 1,
    AssignedAddress = 2,
    BindingStatus = 3,
    ClientId = 4,
    HardwareAddress = 5,
    LastTransaction = 6,
    RequestOptions = 8,
    HashBuckets = 11,
    AddressFlags = 12,
    LeaseExpiry = 13,
    MaxUnacked = 14,
    Mclt = 15,
    Message = 16,
    PotentialExpiry = 18,
    ReceiveTimer = 19,
    ProtocolVersion = 20,
    RejectReason = 21,
    RelationshipName = 22,
    ServerFlags = 23,
    ServerState = 24,
    StartOfState = 25,
    TlsReply = 26,
    TlsRequest = 27,
    VendorClass = 28,
}

/// Name, size and the types of messages it is looked for in; the place is the code. DDNS, which ISC sizes at 0 octets so that
/// any of its content ends the connection, is skipped.
const OPTIONS: [(&str, Size, u16); 30] = [
    ("unused", Skipped, 0),
    ("addresses-transferred", Octets(4), POOLRESP),
    ("assigned-IP-address", Octets(4), BINDING),
    ("binding-status", Octets(1), BINDING),
    ("client-identifier", Any, BINDING),
    ("client-hardware-address", Any, BINDING),
    ("client-last-transaction-time", Octets(4), BINDING),
    ("client-reply-options", Any, BINDING),
    ("client-request-options", Any, BINDING),
    ("DDNS", Skipped, BINDING),
    ("delayed-service", Octets(1), 0),
    ("hash-bucket-assignment", Any, CONNECT),
    ("IP-flags", Octets(2), BINDING),
    ("lease-expiration-time", Octets(4), BINDING),
    ("max-unacked-bndupd", Octets(4), HANDSHAKE),
    ("MCLT", Octets(4), CONNECT),
    ("message", Any, REFUSAL),
    ("message-digest", Skipped, 0),
    ("potential-expiration-time", Octets(4), BINDING),
    ("receive-timer", Octets(4), HANDSHAKE),
    ("protocol-version", Octets(1), HANDSHAKE),
    ("reject-reason", Octets(1), REFUSAL),
    ("relationship-name", Any, HANDSHAKE),
    ("server-flags", Octets(1), STATE),
    ("server-state", Octets(1), STATE),
    ("start-time-of-state", Octets(4), BINDING | STATE),
    ("TLS-reply", Octets(1), CONNECTACK),
    ("TLS-request", Octets(1), CONNECT),
    ("vendor-class-identifier", Any, HANDSHAKE),
    ("vendor-specific-options", Skipped, 0),
];

/// The highest type of message.
pub(super) const MAX_TYPE: u8 = 12;

/// Why a connection is no good any more (spec/failover.md 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The length of a message is less than 12 or more than 2048.
    Length(u16),
    /// The payload begins in the header or behind the message.
    PayloadOffset(u8),
    OverflowAtCode,
    OverflowAtLength,
    OverflowAtData,
    UnknownType(u8),
    Duplicate(&'static str),
    Size {
        got: usize,
        want: usize,
        name: &'static str,
    },
}

impl Error {
    /// The line that says what is wrong, if there is one.
    pub fn log_line(&self) -> Option<String> {
        match self {
            Error::Length(_) | Error::PayloadOffset(_) => None,
            Error::OverflowAtCode => Some("FAILOVER: message overflow at option code.".into()),
            Error::OverflowAtLength => Some("FAILOVER: message overflow at length.".into()),
            Error::OverflowAtData => Some("FAILOVER: message overflow at data.".into()),
            Error::UnknownType(kind) => Some(format!("FAILOVER: invalid message type: {kind}")),
            Error::Duplicate(name) => Some(format!("FAILOVER: duplicate option {name}")),
            Error::Size { got, want, name } => Some(format!("FAILOVER: option size ({got}:{want}), option {name}")),
        }
    }

    /// The text of the result in `message length wait: <result>`, which is logged next.
    pub fn result(&self) -> &'static str {
        match self {
            Error::Length(_) => "unexpected error",
            _ => "protocol error",
        }
    }
}

/// The options found in one message, by code.
pub(super) struct Found<'a>([Option<&'a [u8]>; OPTIONS.len()]);

impl<'a> Found<'a> {
    /// Reads the options of a message of that type.
    pub fn read(kind: u8, mut payload: &'a [u8]) -> Result<Found<'a>, Error> {
        let mut found = Found([None; OPTIONS.len()]);
        let kind_bit = if kind <= MAX_TYPE { 1 << kind } else { 0 };
        while !payload.is_empty() {
            let (code, rest) = split_u16(payload).ok_or(Error::OverflowAtCode)?;
            if kind > MAX_TYPE {
                return Err(Error::UnknownType(kind));
            }
            let (length, rest) = split_u16(rest).ok_or(Error::OverflowAtLength)?;
            let (data, rest) = rest.split_at_checked(usize::from(length)).ok_or(Error::OverflowAtData)?;
            payload = rest;
            found.keep(usize::from(code), data, kind_bit)?;
        }
        Ok(found)
    }

    fn keep(&mut self, code: usize, data: &'a [u8], kind_bit: u16) -> Result<(), Error> {
        let (Some((name, size, kinds)), Some(slot)) = (OPTIONS.get(code), self.0.get_mut(code)) else { return Ok(()) };
        if slot.is_some() {
            return Err(Error::Duplicate(name));
        }
        match size {
            Skipped => return Ok(()),
            Octets(want) if kinds & kind_bit != 0 && data.len() != *want => {
                return Err(Error::Size { got: data.len(), want: *want, name });
            }
            Any | Octets(_) => {}
        }
        if kinds & kind_bit != 0 {
            *slot = Some(data);
        }
        Ok(())
    }

    /// The data of an option that is there.
    pub fn bytes(&self, code: Code) -> Option<&'a [u8]> {
        self.0.get(code as usize).copied().flatten()
    }

    /// The same, copied.
    pub fn owned(&self, code: Code) -> Option<Box<[u8]>> {
        self.bytes(code).map(Into::into)
    }

    fn array<const N: usize>(&self, code: Code) -> Option<[u8; N]> {
        self.bytes(code)?.try_into().ok()
    }

    pub fn u8(&self, code: Code) -> Option<u8> {
        self.array(code).map(u8::from_be_bytes)
    }

    pub fn u16(&self, code: Code) -> Option<u16> {
        self.array(code).map(u16::from_be_bytes)
    }

    pub fn u32(&self, code: Code) -> Option<u32> {
        self.array(code).map(u32::from_be_bytes)
    }

    pub fn time(&self, code: Code) -> Option<Timestamp> {
        self.u32(code).map(Timestamp)
    }

    pub fn address(&self, code: Code) -> Option<Ipv4Addr> {
        self.array::<4>(code).map(Ipv4Addr::from)
    }
}

/// A message being written.
pub(super) struct Options(pub Vec<u8>);

impl Options {
    /// Appends an option. One that would carry the message beyond its greatest length is left out.
    pub fn put(&mut self, code: Code, data: &[u8]) {
        let Ok(length) = u16::try_from(data.len()) else { return };
        if self.0.len() + HEADER + data.len() > MAX_MESSAGE {
            return;
        }
        self.0.extend_from_slice(&(code as u16).to_be_bytes());
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(data);
    }

    pub fn put_bytes(&mut self, code: Code, data: &Option<Box<[u8]>>) {
        if let Some(data) = data {
            self.put(code, data);
        }
    }

    pub fn put_u8(&mut self, code: Code, value: Option<u8>) {
        if let Some(value) = value {
            self.put(code, &[value]);
        }
    }

    pub fn put_u16(&mut self, code: Code, value: Option<u16>) {
        if let Some(value) = value {
            self.put(code, &value.to_be_bytes());
        }
    }

    pub fn put_u32(&mut self, code: Code, value: Option<u32>) {
        if let Some(value) = value {
            self.put(code, &value.to_be_bytes());
        }
    }

    pub fn put_time(&mut self, code: Code, value: Option<Timestamp>) {
        self.put_u32(code, value.map(|time| time.0));
    }

    pub fn put_address(&mut self, code: Code, value: Option<Ipv4Addr>) {
        if let Some(value) = value {
            self.put(code, &value.octets());
        }
    }
}

fn split_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*head), rest))
}
