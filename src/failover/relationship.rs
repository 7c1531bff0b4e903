//! What is known of one relationship.

use super::bindings::Bindings;
use super::connections::ConnectionId;
use super::timers::Timers;
use crate::config::model::FailoverPeer;
use crate::leases::lease::JournalPosition;
use crate::leases::peer::{PeerRecord, PeerState, Role, Standing};
use crate::wire::units::{Seconds, Timestamp};
use std::net::{Ipv4Addr, SocketAddrV4};

/// Where the two servers of a relationship are: the addresses of its declaration, names looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub local: Ipv4Addr,
    /// Tried in this order; a connection from any of them is the partner's.
    pub partner: Vec<Ipv4Addr>,
}

/// The shortest receive timer this server announces: with less an ISC partner sends CONTACT without a pause.
const SHORTEST_RECEIVE_TIMER: Seconds = Seconds(3);

/// The receive timer of a partner that tells none, or 0.
const DEFAULT_RECEIVE_TIMER: Seconds = Seconds(20);

/// One relationship.
#[derive(Debug)]
pub struct Relationship {
    /// Its declaration.
    pub settings: FailoverPeer,
    pub endpoint: Endpoint,
    /// Both states, service class, MCLT and hash buckets, as the DHCP service sees them.
    pub standing: Standing,
    /// In startup: the state before it.
    pub saved: PeerState,
    pub partner_since: Timestamp,
    /// The connection on which the servers talk.
    pub link: Option<ConnectionId>,
    /// The partner has told its state on the link.
    pub has_heard: bool,
    /// The partner was asked for updates on the link.
    pub has_asked: bool,
    /// The partner's receive timer, as it told.
    pub partner_receive_timer: Option<Seconds>,
    /// How many updates the partner takes before it has acknowledged them, as it told.
    pub partner_max_unacked: Option<u32>,
    /// Where the newest record of this relationship is in the journal.
    pub recorded: JournalPosition,
    /// A connection attempt is under way: to which of the partner's addresses.
    pub dialling: Option<usize>,
    pub timers: Timers,
    pub bindings: Bindings,
    /// The partner was asked for all leases and has not told them all.
    pub awaits_all: bool,
}

impl Relationship {
    /// A relationship as its record has it. A state that cannot be gone on from is that of a server without leases.
    pub fn new(settings: FailoverPeer, endpoint: Endpoint, record: &PeerRecord, now: Timestamp) -> Relationship {
        let mut standing = record.standing(&settings);
        match (record.state, standing.role) {
            (PeerState::Unknown | PeerState::Startup, _) => {
                (standing.state, standing.since) = (PeerState::Recover, now);
            }
            // The roles were exchanged: only a primary gets out of this state.
            (PeerState::ConflictDone, Role::Secondary) => standing.state = PeerState::PotentialConflict,
            _ => {}
        }
        Relationship {
            saved: standing.state,
            standing,
            partner_since: record.partner_since,
            bindings: Bindings::new(&settings),
            awaits_all: false,
            settings,
            endpoint,
            link: None,
            has_heard: false,
            has_asked: false,
            partner_receive_timer: None,
            partner_max_unacked: None,
            recorded: JournalPosition::default(),
            dialling: None,
            timers: Timers::default(),
        }
    }

    /// Times of day at which there is something to do.
    pub fn appointments(&self) -> impl Iterator<Item = Timestamp> {
        self.timers.next_appointment().into_iter().chain(self.bindings.next_deadline())
    }

    pub fn name(&self) -> &str {
        &self.settings.name
    }

    pub fn is_primary(&self) -> bool {
        self.standing.role == Role::Primary
    }

    pub fn is_starting(&self) -> bool {
        self.standing.state == PeerState::Startup
    }

    /// My state, in startup that of before it: what is told, recorded, and where transitions start from.
    pub fn effective_state(&self) -> PeerState {
        if self.is_starting() {
            self.saved
        } else {
            self.standing.state
        }
    }

    /// The record of it.
    pub fn record(&self) -> PeerRecord {
        PeerRecord {
            name: self.settings.name.clone(),
            state: self.effective_state(),
            since: self.standing.since,
            partner: self.standing.partner,
            partner_since: self.partner_since,
            mclt: (!self.is_primary()).then_some(self.standing.mclt),
        }
    }

    /// Where the partner's connections come in.
    pub fn listens_at(&self) -> SocketAddrV4 {
        SocketAddrV4::new(self.endpoint.local, self.settings.port)
    }

    /// By how many seconds my clock is ahead of the partner's, from a message on the link. What it took on its way counts
    /// too, so that the least is true; on a new link the clocks may be others.
    pub fn skew(&self, sent: Timestamp, now: Timestamp, is_new: bool) -> i64 {
        let skew = i64::from(now.0) - i64::from(sent.0);
        if is_new {
            skew
        } else {
            skew.min(self.standing.skew)
        }
    }

    /// After so long a silence of the partner this server gives the link up.
    pub fn receive_timer(&self) -> Seconds {
        self.settings.max_response_delay.max(SHORTEST_RECEIVE_TIMER)
    }

    /// After so long a silence of its own this server sends CONTACT, in milliseconds.
    pub fn contact_interval(&self) -> u64 {
        let timer = self.partner_receive_timer.filter(|timer| timer.0 != 0).unwrap_or(DEFAULT_RECEIVE_TIMER);
        let whole_seconds = u64::from(timer.0 / 3) * 1000;
        // Less than a second only for timers with which ISC would never stop.
        if whole_seconds == 0 {
            u64::from(timer.0) * 1000 / 3
        } else {
            whole_seconds
        }
    }

    /// How many updates may be unacknowledged.
    pub fn window(&self) -> u32 {
        self.partner_max_unacked.unwrap_or(1).max(1)
    }
}

/// What OMAPI shows of a relationship (spec/failover.md 22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    pub name: Box<str>,
    pub partner_address: Option<Ipv4Addr>,
    pub partner_port: u16,
    pub local_address: Ipv4Addr,
    pub local_port: u16,
    pub max_unacked: u32,
    pub mclt: Seconds,
    pub load_balance_max_seconds: u32,
    pub hash_buckets: Option<[u8; 32]>,
    pub partner_state: PeerState,
    pub local_state: PeerState,
    pub partner_since: Timestamp,
    pub local_since: Timestamp,
    pub role: Role,
    pub max_response_delay: Seconds,
    /// Updates that the partner has not acknowledged.
    pub unacked: u32,
}

impl Relationship {
    pub fn attributes(&self) -> Attributes {
        Attributes {
            name: self.settings.name.clone(),
            partner_address: self.endpoint.partner.first().copied(),
            partner_port: self.settings.peer_port,
            local_address: self.endpoint.local,
            local_port: self.settings.port,
            max_unacked: self.settings.max_unacked_updates,
            mclt: self.standing.mclt,
            load_balance_max_seconds: self.settings.load_balance_max_seconds,
            hash_buckets: self.standing.balance.buckets,
            partner_state: self.standing.partner,
            local_state: self.standing.state,
            partner_since: self.partner_since,
            local_since: self.standing.since,
            role: self.standing.role,
            max_response_delay: self.settings.max_response_delay,
            unacked: self.bindings.unacked() as u32,
        }
    }
}
