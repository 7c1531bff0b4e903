//! Failover's sockets: listeners, dialling, connections, and how much of the loop's time they may have. What is said on them
//! is decided by the engine; what tells of a lease leaves when its record is on stable storage.
//!
//! | what | bound | and then |
//! | --- | --- | --- |
//! | octets read from a connection in a round | 64 KiB | the rest waits; packets are served first |
//! | connections accepted in a round | 16 | the rest waits |
//! | octets that wait for a partner | 4 MiB | the connection is closed |

mod connection;
mod endpoints;
mod leases;

pub use endpoints::endpoints;
pub use leases::SharedLeases;

use super::logging::Logger;
use crate::config::model::{Config, PeerId};
use crate::failover::{ConnectionId, DialError, Effect, Endpoint, Failover, Leases};
use crate::leases::lease::JournalPosition;
use crate::leases::peer::{PeerRecord, PeerState};
use crate::omapi::world::PeerView;
use crate::wire::omapi::ResultCode;
use crate::wire::units::Now;
use connection::{dial, Connection};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, SocketAddrV4};

/// How much is read from a connection in a round, in octets.
const READ: usize = 64 << 10;
/// How many connections are accepted in a round.
const ACCEPTS: usize = 16;
/// Tokens of listeners; those of connections follow.
const LISTENERS: usize = 1 << 16;

/// A socket that partners connect to.
struct Listener {
    at: SocketAddrV4,
    socket: TcpListener,
    /// Connections may be waiting.
    acceptable: bool,
}

/// A connection's place.
struct Place {
    connection: Connection,
    /// Its number; `None` while this server dials.
    id: Option<ConnectionId>,
    dialling: Option<PeerId>,
}

/// Failover's part of the running server.
pub struct FailoverService {
    engine: Failover,
    first_token: usize,
    listeners: Vec<Option<Listener>>,
    places: Vec<Option<Place>>,
    next_id: u64,
    durable: JournalPosition,
    effects: VecDeque<Effect>,
    buffer: Vec<u8>,
}

impl FailoverService {
    /// The relationships of a configuration, which have not begun.
    pub fn new(
        config: &Config,
        endpoints: Vec<Endpoint>,
        records: &[PeerRecord],
        now: Now,
        first_token: usize,
    ) -> FailoverService {
        let seed = u64::from(std::process::id()) << 32 | u64::from(now.wall.0);
        FailoverService {
            engine: Failover::new(config, endpoints, records, now, seed),
            first_token,
            listeners: Vec::new(),
            places: Vec::new(),
            next_id: 0,
            durable: JournalPosition::default(),
            effects: VecDeque::new(),
            buffer: vec![0; READ],
        }
    }

    /// Calls the engine; what it wants done is done with the next `carry_out`.
    fn call<T>(&mut self, call: impl FnOnce(&mut Failover, &mut Vec<Effect>) -> T) -> T {
        let mut effects = Vec::new();
        let result = call(&mut self.engine, &mut effects);
        self.effects.extend(effects);
        result
    }

    /// Begins: every relationship listens, which may take privileges that are given up later, and dials with the first round.
    pub fn start(&mut self, now: Now, leases: &mut dyn Leases, logger: &mut Logger) {
        self.call(|engine, out| engine.start(now, leases, out));
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Log(kind, line) => logger.log(kind, &line),
                Effect::Listen { at } => self.listen(now, at, None),
                other => self.effects.push_back(other),
            }
        }
    }

    /// Watches the listeners.
    pub fn watch(&mut self, registry: &Registry) -> io::Result<()> {
        for (number, listener) in self.listeners.iter_mut().enumerate() {
            let Some(listener) = listener else { continue };
            registry.register(&mut listener.socket, Token(self.first_token + number), Interest::READABLE)?;
        }
        Ok(())
    }

    /// Another configuration is in force.
    pub fn reconfigure(&mut self, now: Now, config: &Config, endpoints: Vec<Endpoint>, leases: &mut dyn Leases) {
        for place in &mut self.places {
            if place.as_ref().is_some_and(|place| place.dialling.is_some()) {
                *place = None;
            }
        }
        self.call(|engine, out| engine.reconfigure(now, config, endpoints, leases, out));
    }

    /// The journal is on stable storage up to here.
    pub fn set_durable(&mut self, position: JournalPosition) {
        self.durable = self.durable.max(position);
    }

    /// Moves a relationship to a state at once. False if it cannot be.
    pub fn set_state(&mut self, now: Now, peer: PeerId, state: PeerState, leases: &mut dyn Leases) -> bool {
        self.call(|engine, out| engine.set_state(now, peer, state, leases, out))
    }

    /// What OMAPI shows of a relationship.
    pub fn view(&self, peer: PeerId) -> Option<PeerView> {
        let attributes = self.engine.attributes(peer)?;
        Some(PeerView {
            local: attributes.local_state,
            local_since: attributes.local_since,
            partner: attributes.partner_state,
            partner_since: attributes.partner_since,
            mclt: attributes.mclt,
            buckets: attributes.hash_buckets,
            unacked_updates: attributes.unacked,
        })
    }

    /// The server is going to end; it may when `is_done`.
    pub fn begin_shutdown(&mut self, now: Now, leases: &mut dyn Leases) {
        self.call(|engine, out| engine.begin_shutdown(now, leases, out));
    }

    /// True if no partner is waited for before the server ends.
    pub fn is_done(&self) -> bool {
        self.engine.is_done() && self.places.iter().flatten().all(|place| place.connection.is_idle())
    }

    /// When there is something to do even if nothing happens.
    pub fn next_deadline(&self) -> crate::failover::Deadlines {
        self.engine.next_deadline()
    }

    /// An event of a token of this service.
    pub fn notice(&mut self, event: &mio::event::Event) {
        let Some(number) = event.token().0.checked_sub(self.first_token) else { return };
        match number.checked_sub(LISTENERS) {
            None => {
                if let Some(Some(listener)) = self.listeners.get_mut(number) {
                    listener.acceptable = true;
                }
            }
            Some(slot) => {
                if let Some(Some(place)) = self.places.get_mut(slot) {
                    place.connection.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
                    place.connection.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
                }
            }
        }
    }

    /// One round: what the DHCP service changed, what has come, what is due; then what the engine wants is done. True if
    /// there is more to do at once.
    pub fn serve(&mut self, now: Now, leases: &mut dyn Leases, registry: &Registry, logger: &mut Logger) -> bool {
        self.call(|engine, out| engine.leases_changed(now, leases, out));
        self.carry_out(now, registry, logger);
        for listener in 0..self.listeners.len() {
            self.accept(listener, now, leases, registry);
        }
        let mut more = self.listeners.iter().flatten().any(|listener| listener.acceptable);
        for slot in 0..self.places.len() {
            self.attend(slot, now, leases);
            more |= self.places.get(slot).is_some_and(|place| {
                place.as_ref().is_some_and(|place| place.connection.readable && place.dialling.is_none())
            });
        }
        let due = self.engine.next_deadline();
        if due.millis.is_some_and(|at| at <= now.millis) || due.wall.is_some_and(|at| at <= now.wall) {
            self.call(|engine, out| engine.tick(now, leases, out));
        }
        // Leases that were changed on behalf of one partner may be another's business.
        self.call(|engine, out| engine.leases_changed(now, leases, out));
        self.carry_out(now, registry, logger);
        for slot in 0..self.places.len() {
            self.send(slot, now, leases);
        }
        self.carry_out(now, registry, logger);
        more
    }

    fn accept(&mut self, number: usize, now: Now, leases: &mut dyn Leases, registry: &Registry) {
        for _ in 0..ACCEPTS {
            let Some(Some(listener)) =
                self.listeners.get_mut(number).filter(|l| l.as_ref().is_some_and(|l| l.acceptable))
            else {
                return;
            };
            let at = listener.at;
            match listener.socket.accept() {
                Ok((stream, SocketAddr::V4(from))) => {
                    let Some(id) = self.admit(stream, None, registry) else { continue };
                    self.call(|engine, out| engine.accepted(now, id, from, at, leases, out));
                }
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                // Without descriptors the next event tries again.
                Err(_) => listener.acceptable = false,
            }
        }
    }

    /// Gives a connection a place and a number.
    fn admit(&mut self, mut stream: TcpStream, dialling: Option<PeerId>, registry: &Registry) -> Option<ConnectionId> {
        let slot = self.places.iter().position(Option::is_none).unwrap_or(self.places.len());
        let token = Token(self.first_token + LISTENERS + slot);
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE).ok()?;
        self.next_id += 1;
        let id = ConnectionId(self.next_id);
        let mut connection = Connection::new(stream);
        connection.writable = dialling.is_none();
        let place = Place { connection, id: dialling.is_none().then_some(id), dialling };
        match self.places.get_mut(slot) {
            Some(free) => *free = Some(place),
            None => self.places.push(Some(place)),
        }
        Some(id)
    }

    /// A connection's share of a round: is it there at last, what has come on it?
    fn attend(&mut self, slot: usize, now: Now, leases: &mut dyn Leases) {
        let Some(Some(place)) = self.places.get_mut(slot) else { return };
        if let Some(peer) = place.dialling {
            if !place.connection.writable {
                return;
            }
            match place.connection.dialled() {
                None => place.connection.writable = false,
                Some(Ok(())) => {
                    self.next_id += 1;
                    let id = ConnectionId(self.next_id);
                    (place.dialling, place.id) = (None, Some(id));
                    self.call(|engine, out| engine.dialled(now, peer, id, leases, out));
                }
                Some(Err(_)) => {
                    self.remove(slot);
                    self.call(|engine, out| engine.dial_failed(now, peer, DialError::Partner, out));
                }
            }
            return;
        }
        let (Some(id), true) = (place.id, place.connection.readable) else { return };
        let mut buffer = std::mem::take(&mut self.buffer);
        match place.connection.read(&mut buffer) {
            Ok(None) => {}
            Ok(Some(0)) | Err(_) => {
                self.remove(slot);
                self.call(|engine, out| engine.closed(now, id, leases, out));
            }
            Ok(Some(length)) => {
                let octets = buffer.get(..length).unwrap_or_default();
                self.call(|engine, out| engine.received(now, id, octets, leases, out));
            }
        }
        self.buffer = buffer;
    }

    fn send(&mut self, slot: usize, now: Now, leases: &mut dyn Leases) {
        let durable = self.durable;
        let Some(Some(place)) = self.places.get_mut(slot).filter(|p| p.as_ref().is_some_and(|p| p.dialling.is_none()))
        else {
            return;
        };
        let is_whole = place.connection.send(durable);
        let is_over = place.connection.is_ending && place.connection.is_idle();
        let id = place.id;
        if !is_whole || is_over {
            self.remove(slot);
            if let Some(id) = id {
                self.call(|engine, out| engine.closed(now, id, leases, out));
            }
        }
    }

    fn remove(&mut self, slot: usize) {
        if let Some(place) = self.places.get_mut(slot) {
            *place = None;
        }
    }

    fn slot_of(&self, id: ConnectionId) -> Option<usize> {
        self.places.iter().position(|place| place.as_ref().is_some_and(|place| place.id == Some(id)))
    }

    /// Does what the engine wants done.
    fn carry_out(&mut self, now: Now, registry: &Registry, logger: &mut Logger) {
        while let Some(effect) = self.effects.pop_front() {
            match effect {
                Effect::Log(kind, line) => logger.log(kind, &line),
                Effect::Dial { peer, from, to } => self.dial(now, peer, from, to, registry),
                Effect::Listen { at } => self.listen(now, at, Some(registry)),
                Effect::StopListening { at } => {
                    for listener in &mut self.listeners {
                        if listener.as_ref().is_some_and(|listener| listener.at == at) {
                            *listener = None;
                        }
                    }
                }
                Effect::Send { connection, octets, after } => {
                    let Some(slot) = self.slot_of(connection) else { continue };
                    let Some(Some(place)) = self.places.get_mut(slot) else { continue };
                    if !place.connection.push(octets, after) {
                        // What `send` finds broken it reports.
                        let _ = place.connection.stream.shutdown(std::net::Shutdown::Both);
                        place.connection.readable = true;
                    }
                }
                Effect::Close { connection, flush } => {
                    let Some(slot) = self.slot_of(connection) else { continue };
                    match self.places.get_mut(slot) {
                        Some(Some(place)) if flush => {
                            // The engine has forgotten it: nothing that comes on it is heard any more.
                            place.connection.is_ending = true;
                            place.connection.readable = false;
                        }
                        _ => self.remove(slot),
                    }
                }
            }
        }
    }

    fn dial(&mut self, now: Now, peer: PeerId, from: std::net::Ipv4Addr, to: SocketAddrV4, registry: &Registry) {
        let dialled = dial(from, to).and_then(|stream| {
            self.admit(stream, Some(peer), registry).ok_or_else(|| io::Error::from(ErrorKind::OutOfMemory))
        });
        if let Err(error) = dialled {
            let reason = match error.kind() {
                ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => DialError::Partner,
                _ => DialError::Local(cause(&error).into()),
            };
            self.call(|engine, out| engine.dial_failed(now, peer, reason, out));
        }
    }

    fn listen(&mut self, now: Now, at: SocketAddrV4, registry: Option<&Registry>) {
        let number = self.listeners.iter().position(Option::is_none).unwrap_or(self.listeners.len());
        let token = Token(self.first_token + number);
        let listening = TcpListener::bind(SocketAddr::V4(at)).and_then(|mut socket| {
            if let Some(registry) = registry {
                registry.register(&mut socket, token, Interest::READABLE)?;
            }
            Ok(Listener { at, socket, acceptable: true })
        });
        match listening {
            Ok(listener) => match self.listeners.get_mut(number) {
                Some(free) => *free = Some(listener),
                None => self.listeners.push(Some(listener)),
            },
            Err(error) => self.call(|engine, out| engine.listen_failed(now, at, cause(&error), out)),
        }
    }
}

/// What ISC says of a socket error.
fn cause(error: &io::Error) -> &'static str {
    let code = match error.raw_os_error() {
        Some(libc::EADDRINUSE | libc::EADDRNOTAVAIL) => ResultCode::ADDRESS_NOT_AVAILABLE,
        Some(libc::EPERM | libc::EACCES) => ResultCode::PERMISSION_DENIED,
        _ => ResultCode::UNEXPECTED,
    };
    code.text()
}
