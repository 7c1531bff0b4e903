//! One lease: what the database knows of an address that was ever used.

use crate::config::ir::Stmt;
use crate::config::model::{HostId, PoolId};
use crate::eval::bindings::Bindings;
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::Timestamp;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// A lease in the store; stable for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(pub u32);

/// How far the journal has to be on stable storage; 0 is always. Counts records appended since start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalPosition(pub u64);

/// The state of a lease (spec/dhcpv4.md 25.1); the numbers are those of the failover and OMAPI protocols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BindingState {
    #[default]
    Free = 1,
    Active = 2,
    Expired = 3,
    Released = 4,
    Abandoned = 5,
    Reset = 6,
    Backup = 7,
}

/// A short byte string: up to 14 bytes without an allocation, as most client ids and host names are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SmallBytes {
    Inline(u8, [u8; 14]),
    // The outer box keeps the whole at 16 bytes; a million leases hold two of these each.
    #[allow(clippy::box_collection)]
    Heap(Box<Box<[u8]>>),
}

impl SmallBytes {
    /// A copy of the bytes.
    pub fn new(bytes: &[u8]) -> SmallBytes {
        let mut inline = [0; 14];
        match inline.get_mut(..bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                SmallBytes::Inline(bytes.len() as u8, inline)
            }
            None => SmallBytes::Heap(Box::new(bytes.into())),
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            SmallBytes::Inline(len, bytes) => &bytes[..*len as usize],
            SmallBytes::Heap(bytes) => bytes,
        }
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl Default for SmallBytes {
    fn default() -> Self {
        SmallBytes::Inline(0, [0; 14])
    }
}

/// Flags of a lease: those that the file keeps (spec/leases-file.md 4), and others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeaseFlags {
    /// `reserved;`
    pub reserved: bool,
    /// `dynamic-bootp;`
    pub bootp: bool,
    /// The client's host name came with trailing NULs (spec/dhcpv4.md 5, item 3). Not in the file.
    pub nul_terminated: bool,
    /// ISC dhcpd's "unicast hack": it has no effect, OMAPI clients can set it. Not in the file.
    pub unicast_hack: bool,
    /// The next REQUEST must be written even if the lease is young (spec/dhcpv4.md 13). Not in the file.
    pub cannot_reuse: bool,
    /// A reply for it is under way (ping or commit): further messages are ignored (spec/dhcpv4.md 6.1). Not in the file.
    pub reply_pending: bool,
}

/// The client class a lease is counted against: a class, or a subclass by its data.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Billing {
    pub class: Arc<str>,
    pub subclass: Option<Box<[u8]>>,
}

/// The rarely used parts of a lease.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaseExtras {
    pub variables: Bindings,
    /// Stored relay agent sub-options in packet order: code and data.
    pub agent_options: Vec<(u8, Box<[u8]>)>,
    /// `on expiry` and `on release` blocks; both the same object if one statement set both.
    pub on_expiry: Option<Arc<[Stmt]>>,
    pub on_release: Option<Arc<[Stmt]>>,
    pub on_commit: Option<Arc<[Stmt]>>,
    pub billing: Option<Billing>,
    /// Failover times.
    pub tsfp: Timestamp,
    pub atsfp: Timestamp,
}

/// An address and its client.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    pub address: Ipv4Addr,
    pub pool: PoolId,
    pub starts: Timestamp,
    pub ends: Timestamp,
    pub tstp: Timestamp,
    pub cltt: Timestamp,
    pub hardware: HardwareAddr,
    /// Client identifier (option 61); empty if none.
    pub uid: SmallBytes,
    /// `client-hostname`; empty if none.
    pub hostname: SmallBytes,
    pub state: BindingState,
    pub next_state: BindingState,
    pub rewind_state: BindingState,
    pub flags: LeaseFlags,
    /// A host declaration without fixed address that the client matched.
    pub host: Option<HostId>,
    pub extras: Option<Box<LeaseExtras>>,
}

impl Lease {
    /// The potential expiry that the failover partner acknowledged or told.
    pub fn tsfp(&self) -> Timestamp {
        self.extras.as_ref().map_or(Timestamp::UNSET, |extras| extras.tsfp)
    }

    /// Until when the partner may believe the lease to last: what it acknowledged or told, or was told and may not have
    /// acknowledged.
    pub fn told_until(&self) -> Timestamp {
        self.tsfp().max(self.tstp)
    }

    /// The potential expiry, unset while the partner has not acknowledged the last change.
    pub fn atsfp(&self) -> Timestamp {
        self.extras.as_ref().map_or(Timestamp::UNSET, |extras| extras.atsfp)
    }

    /// Changes the acknowledged potential expiry.
    pub fn set_tsfp(&mut self, tsfp: Timestamp) {
        if tsfp != self.tsfp() {
            self.extras.get_or_insert_default().tsfp = tsfp;
        }
    }

    /// Changes what the partner acknowledged of the last change.
    pub fn set_atsfp(&mut self, atsfp: Timestamp) {
        if atsfp != self.atsfp() {
            self.extras.get_or_insert_default().atsfp = atsfp;
        }
    }

    /// What tells the lease's client in load balancing: its identifier, else its hardware address without the type.
    pub fn balance_key(&self) -> &[u8] {
        if self.uid.is_empty() {
            self.hardware.address()
        } else {
            self.uid.as_bytes()
        }
    }
}
