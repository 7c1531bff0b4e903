//! A server with a failover partner, and what that partner, clients and an administrator do.

use super::{load_leases, request, Server};
use lessor::config::model::{Config, PeerId};
use lessor::daemon::SharedLeases;
use lessor::failover::{ConnectionId, DialError, Effect, Endpoint, Failover, Leases};
use lessor::leases::peer::{PeerRecord, PeerState};
use lessor::wire::failover::{Message, MIN_MESSAGE};
use lessor::wire::units::Now;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

const PEER: PeerId = PeerId(0);
/// As in the captured sessions.
const PRIMARY: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const SECONDARY: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

/// The configuration of one of the two.
pub fn text(is_primary: bool) -> String {
    let role = match is_primary {
        true => format!("primary; address {PRIMARY}; peer address {SECONDARY}; mclt 30; split 128;"),
        false => format!("secondary; address {SECONDARY}; peer address {PRIMARY};"),
    };
    format!(
        "authoritative; ping-check false; default-lease-time 90; max-lease-time 90;
        failover peer \"fo-test\" {{ {role} max-response-delay 6; max-unacked-updates 10; load balance max seconds 3; }}
        subnet 10.77.0.0 netmask 255.255.255.0 {{
            pool {{ failover peer \"fo-test\"; range 10.77.0.100 10.77.0.109; }} }}"
    )
}

/// A server that has just been started for the first time.
pub struct Partnered {
    server: Server,
    failover: Failover,
    records: Vec<PeerRecord>,
    /// Connections that are open, in the order in which they were made.
    open: Vec<ConnectionId>,
    connections: u64,
    is_dialling: bool,
    ends: (Ipv4Addr, Ipv4Addr),
    /// All that failover had done.
    pub done: Vec<Effect>,
}

impl Partnered {
    pub fn new(config: Arc<Config>, is_primary: bool) -> Option<Partnered> {
        let mut server = Server::new(config.clone())?;
        server.engine.store_mut().set_peer_records(&config.peers, &[]);
        let ends = if is_primary { (PRIMARY, SECONDARY) } else { (SECONDARY, PRIMARY) };
        let endpoint = Endpoint { local: ends.0, partner: vec![ends.1] };
        let failover = Failover::new(&config, vec![endpoint], &[], server.now, 7);
        let (records, open, done) = (Vec::new(), Vec::new(), Vec::new());
        let mut new = Partnered { server, failover, records, open, connections: 0, is_dialling: false, ends, done };
        new.run(|failover, now, leases, out| failover.start(now, leases, out));
        Some(new)
    }

    fn run(&mut self, call: impl FnOnce(&mut Failover, Now, &mut dyn Leases, &mut Vec<Effect>)) {
        let (mut out, mut effects) = (Vec::new(), Vec::new());
        let engine = &mut self.server.engine;
        let mut leases = SharedLeases { engine, records: &mut self.records, effects: &mut effects };
        call(&mut self.failover, self.server.now, &mut leases, &mut out);
        self.server.carry_out(effects);
        for effect in &out {
            match effect {
                Effect::Send { connection, octets, after } => {
                    assert!(self.open.contains(connection), "{octets:?} on a connection that is closed");
                    assert!(*after <= self.server.engine.store().position(), "waits for what was never written");
                    Message::parse(octets).expect("a message");
                }
                Effect::Close { connection, .. } => self.open.retain(|open| open != connection),
                Effect::Dial { .. } => assert!(!std::mem::replace(&mut self.is_dialling, true), "dials twice"),
                Effect::Listen { .. } | Effect::StopListening { .. } | Effect::Log(..) => {}
            }
        }
        self.done.extend(out);
    }

    fn new_connection(&mut self) -> ConnectionId {
        self.connections += 1;
        self.open.push(ConnectionId(self.connections));
        ConnectionId(self.connections)
    }

    fn accept(&mut self) {
        let connection = self.new_connection();
        let (from, at) = (SocketAddrV4::new(self.ends.1, 40_000), SocketAddrV4::new(self.ends.0, 647));
        self.run(|failover, now, leases, out| failover.accepted(now, connection, from, at, leases, out));
    }

    fn dialled(&mut self, is_there: bool) {
        if !std::mem::take(&mut self.is_dialling) {
            return;
        }
        if is_there {
            let connection = self.new_connection();
            self.run(|failover, now, leases, out| failover.dialled(now, PEER, connection, leases, out));
        } else {
            self.run(|failover, now, _, out| failover.dial_failed(now, PEER, DialError::Partner, out));
        }
    }

    /// Octets on a connection that is open, the newest for 0.
    fn hear(&mut self, back: usize, octets: &[u8], piece: usize) {
        let Some(connection) = self.open.iter().rev().nth(back).copied() else { return };
        for piece in octets.chunks(piece) {
            self.run(|failover, now, leases, out| failover.received(now, connection, piece, leases, out));
        }
    }

    fn hang_up(&mut self, back: usize) {
        let Some(connection) = self.open.iter().rev().nth(back).copied() else { return };
        self.open.retain(|open| *open != connection);
        self.run(|failover, now, leases, out| failover.closed(now, connection, leases, out));
    }

    fn pass(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.server.pass(1);
            self.leases_changed();
            self.run(|failover, now, leases, out| failover.tick(now, leases, out));
        }
    }

    fn leases_changed(&mut self) {
        self.run(|failover, now, leases, out| failover.leases_changed(now, leases, out));
    }

    /// A client with that number asks, and takes what it is offered; or with some numbers gives it back or declines it.
    fn client(&mut self, number: u8) {
        let kinds: &[u8] = match number >> 5 {
            0..=4 => &[1, 3],
            5 => &[1, 3, 4],
            _ => &[1, 3, 7],
        };
        let mut address = None;
        for kind in kinds {
            let mut message = request(*kind, address, &[255]);
            message[33] = number & 31;
            if *kind == 7 {
                message[12..16].copy_from_slice(&address.unwrap_or_default());
            }
            // Long enough for either server.
            message[9] = 60;
            let reply = self.server.receive(&message).pop();
            address = reply.and_then(|reply| reply.get(16..20)?.try_into().ok()).or(address);
        }
        self.leases_changed();
    }

    /// What happens at the beginning of the octets, and the rest of them. A message begins with its length; what is less than a
    /// message's is an event, of two octets. Messages come in pieces of a size.
    fn event<'o>(&mut self, octets: &'o [u8], piece: usize) -> &'o [u8] {
        let Some((head, rest)) = octets.split_first_chunk::<2>() else { return &[] };
        let length = usize::from(u16::from_be_bytes(*head));
        if length >= MIN_MESSAGE && head[0] < 16 {
            let (message, rest) = octets.split_at(length.min(octets.len()));
            let mut message = message.to_vec();
            // Clocks agree, or no handshake succeeds.
            if let Some(time) = message.get_mut(4..8) {
                time.copy_from_slice(&self.server.now.wall.0.to_be_bytes());
            }
            self.hear(0, &message, piece);
            return rest;
        }
        let value = head[1];
        match head[0] {
            0 => self.accept(),
            16 => self.dialled(value & 1 == 1),
            17 => self.pass(value.into()),
            18 => self.hang_up(value.into()),
            19 => self.client(value),
            20 => {
                if let Some(state) = PeerState::from_number(value) {
                    let before = self.done.len();
                    let mut is_set = false;
                    self.run(|failover, now, leases, out| is_set = failover.set_state(now, PEER, state, leases, out));
                    assert!(is_set || self.done.len() == before, "it is refused, but something is done");
                }
            }
            21 => self.run(|failover, now, leases, out| failover.begin_shutdown(now, leases, out)),
            // As it is, on an older connection.
            _ => self.hear(1, octets, piece),
        }
        rest
    }

    /// Lives through all that the octets tell.
    pub fn live(&mut self, mut octets: &[u8], piece: usize) {
        while !octets.is_empty() {
            octets = self.event(octets, piece);
        }
        self.pass(120);
    }

    /// After a restart everything is as it was.
    pub fn check_journal(&self) {
        self.server.check_journal();
        let (_, objects, _) = load_leases(self.server.engine.config(), &self.server.journal, self.server.now.wall);
        assert_eq!(objects.failover, self.records);
    }
}
