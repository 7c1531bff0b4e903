//! Failover peers (spec/config-language.md 7.7).

use super::declare::{end_of, Declarer};
use super::host::fixed_address;
use super::message::{Log, Message};
use super::model::{FailoverPeer, PeerId};
use super::place::{BlockKind, Place};
use crate::syntax::ast::{Name, PeerKind, PeerStatement};
use crate::syntax::source::Span;
use crate::wire::units::Seconds;

/// The port of both peers, unless one is given.
const DEFAULT_PORT: u16 = 647;

const NO_LOAD_BALANCE: &str = "secondary may not define load balance settings.";

impl Declarer<'_> {
    /// `failover peer NAME { ... }`
    pub fn failover_peer(&mut self, place: &Place, name: Name, body: Vec<PeerStatement>, span: Span) {
        if self.state.peer_named(&name.text).is_some() {
            let text = format!("redeclaration of failover peer {}", name.text);
            self.state.log.complain(name.span, "peer-exists", text);
            return;
        }
        let mut peer = no_settings(name.text);
        for statement in &body {
            set(&mut peer, &statement.kind, &mut self.state.log, statement.span);
        }
        check(&peer, &mut self.state.log, end_of(span));
        fill_defaults(&mut peer);
        let id = PeerId(self.state.peers.len() as u32);
        self.state.peers.push(peer);
        if let Some(network) = place.network.filter(|_| place.kind == BlockKind::SharedNetwork) {
            self.state.networks[network.index()].failover_peer = Some(id);
        }
    }

    /// `failover peer NAME;` of a shared network: its pools are in failover unless they say otherwise.
    pub fn network_peer(&mut self, place: &Place, name: Name) {
        let Some(network) = place.network.filter(|_| place.kind == BlockKind::SharedNetwork) else {
            let text = "failover peer reference not in shared-network declaration";
            self.state.log.complain(name.span, "misplaced", text);
            return;
        };
        match self.state.peer_named(&name.text) {
            Some(peer) => self.state.networks[network.index()].failover_peer = Some(peer),
            None => {
                let text = format!("reference to unknown failover peer {}", name.text);
                self.state.log.complain(name.span, "unknown-peer", text);
            }
        }
    }
}

impl Declarer<'_> {
    /// `failover peer NAME state { ... }`, which the server writes into its lease file.
    pub fn failover_state(&mut self, name: &Name) {
        if self.state.peer_named(&name.text).is_none() {
            let text = format!("state declaration for unknown failover peer {}", name.text);
            self.state.log.complain(name.span, "unknown-peer", text);
        }
    }
}

fn no_settings(name: Box<str>) -> FailoverPeer {
    FailoverPeer {
        name,
        primary: true,
        address: None,
        peer_address: None,
        port: 0,
        peer_port: 0,
        max_response_delay: Seconds(0),
        max_unacked_updates: 0,
        mclt: Seconds(0),
        hba: None,
        load_balance_max_seconds: 0,
        max_lease_misbalance: 0,
        max_lease_ownership: 0,
        min_balance: Seconds(0),
        max_balance: Seconds(0),
        auto_partner_down: Seconds(0),
        referring_pools: 0,
    }
}

/// Carries out one statement of the block.
fn set(peer: &mut FailoverPeer, statement: &PeerKind, log: &mut Log, span: Span) {
    match statement {
        PeerKind::Primary => peer.primary = true,
        PeerKind::Secondary => {
            peer.primary = false;
            if peer.hba.is_some() {
                log.complain(span, "load-balance", NO_LOAD_BALANCE);
            }
        }
        PeerKind::Address(address) => peer.address = Some(fixed_address(address)),
        PeerKind::PeerAddress(address) => peer.peer_address = Some(fixed_address(address)),
        PeerKind::Port(port) => peer.port = *port as u16,
        PeerKind::PeerPort(port) => peer.peer_port = *port as u16,
        PeerKind::LoadBalanceMaxSeconds(seconds) => peer.load_balance_max_seconds = *seconds as u32,
        PeerKind::Hba(octets) => {
            if !peer.primary {
                log.complain(span, "load-balance", NO_LOAD_BALANCE);
            }
            match <[u8; 32]>::try_from(&octets[..]) {
                Ok(hba) => peer.hba = Some(hba),
                Err(_) => {
                    log.complain(span, "load-balance", "HBA must be exactly 32 bytes.");
                }
            }
        }
        PeerKind::Number { keyword, value } => set_number(peer, keyword, *value as u32, log, span),
        PeerKind::PeerNumber { keyword, value } => match *keyword {
            // What the peer says of itself is overwritten when it connects.
            "max-response-delay" | "max-unacked-updates" => {}
            _ => set_number(peer, keyword, *value as u32, log, span),
        },
    }
}

fn set_number(peer: &mut FailoverPeer, keyword: &str, value: u32, log: &mut Log, span: Span) {
    match keyword {
        "max-response-delay" => peer.max_response_delay = Seconds(value),
        "max-unacked-updates" => peer.max_unacked_updates = value,
        "mclt" => peer.mclt = Seconds(value),
        "max-lease-misbalance" => peer.max_lease_misbalance = value,
        "max-lease-ownership" => peer.max_lease_ownership = value,
        "min-balance" => peer.min_balance = Seconds(value),
        "max-balance" => peer.max_balance = Seconds(value),
        "auto-partner-down" => peer.auto_partner_down = Seconds(value),
        "split" => {
            if !peer.primary {
                log.complain(span, "load-balance", NO_LOAD_BALANCE);
            }
            if value > 256 {
                log.complain(span, "load-balance", "split must be between 0 and 256, inclusive");
            } else {
                peer.hba = Some(split_buckets(value));
            }
        }
        _ => {
            log.complain(span, "peer-statement", "invalid statement in peer declaration");
        }
    }
}

/// The first `count` of the 256 hash buckets: bit `i mod 8` of octet `i / 8`.
fn split_buckets(count: u32) -> [u8; 32] {
    let mut hba = [0; 32];
    for bucket in 0..count.min(256) {
        hba[bucket as usize / 8] |= 1 << (bucket % 8);
    }
    hba
}

/// What a peer must have.
fn check(peer: &FailoverPeer, log: &mut Log, span: Span) {
    if peer.peer_address.is_none() {
        log.complain(span, "peer-incomplete", "peer address may not be omitted");
    }
    if peer.primary && peer.hba.is_none() {
        log.complain(span, "peer-incomplete", "primary failover server must have hba or split.");
    } else if peer.primary && peer.mclt == Seconds(0) {
        log.complain(span, "peer-incomplete", "primary failover server must have mclt.");
    }
}

fn fill_defaults(peer: &mut FailoverPeer) {
    fn default<T: PartialEq>(slot: &mut T, zero: T, value: T) {
        if *slot == zero {
            *slot = value;
        }
    }
    default(&mut peer.port, 0, DEFAULT_PORT);
    default(&mut peer.peer_port, 0, DEFAULT_PORT);
    default(&mut peer.max_response_delay, Seconds(0), Seconds(20));
    default(&mut peer.max_unacked_updates, 0, 100);
    default(&mut peer.max_lease_misbalance, 0, 15);
    default(&mut peer.max_lease_ownership, 0, 10);
    default(&mut peer.min_balance, Seconds(0), Seconds(60));
    default(&mut peer.max_balance, Seconds(0), Seconds(3600));
}

/// The check of failover peers that ISC makes after everything else, also under `-t`: messages, and true if it fails. The
/// server then ends with [`SANITY_FAILED`].
pub fn sanity_check(peers: &[FailoverPeer]) -> (Vec<Message>, bool) {
    let mut messages = Vec::new();
    let mut failed = false;
    for peer in peers {
        if peer.referring_pools == 0 {
            failed = true;
            messages.push(Message::Error(format!(
                "ERROR: Failover peer, {}, has no referring pools. You must refer to each peer in at least one pool declaration.",
                peer.name
            )));
        }
        if peer.load_balance_max_seconds == 0 {
            messages.push(Message::Info(format!(
                "WARNING: load balancing will be disabled for failover peer, {}, because its load balance max secs is 0",
                peer.name
            )));
        }
    }
    (messages, failed)
}

/// The fatal message after a failed [`sanity_check`].
pub const SANITY_FAILED: &str = "Failover configuration sanity check failed";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::source::FileId;

    /// The parser sees to it in a file that is read.
    #[test]
    fn there_are_256_buckets() {
        let mut peer = no_settings("f".into());
        let span = Span { file: FileId(0), start: 0, end: 0 };
        for (octets, complaint) in [(31, Some("HBA must be exactly 32 bytes.")), (32, None)] {
            let mut log = Log::default();
            set(&mut peer, &PeerKind::Hba(vec![0xff; octets].into()), &mut log, span);
            let said = log.messages.first().map(|message| match message {
                Message::Complaint(diagnostic) => &*diagnostic.message,
                _ => panic!("{message:?}"),
            });
            assert_eq!((said, peer.hba.is_some()), (complaint, complaint.is_none()));
        }
    }

    #[test]
    fn split_takes_the_first_buckets() {
        assert_eq!(split_buckets(0), [0; 32]);
        assert_eq!(split_buckets(256), [0xff; 32]);
        let hba = split_buckets(11);
        assert_eq!((hba[0], hba[1], hba[2]), (0xff, 0b111, 0));
    }
}
