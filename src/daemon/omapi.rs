//! OMAPI's listener and connections: sockets, buffers, and how much of the loop's time and memory they may have.
//!
//! | what | bound | and then |
//! | --- | --- | --- |
//! | connections | 192, as with ISC | the one silent longest that has not shown its key makes room, else one silent for 10 minutes; else the new one is closed |
//! | octets read from a connection in a round | 16 KiB | the rest waits |
//! | requests answered in a round of the loop | 64 | packets are served first |
//! | answers that wait for a client | 256 KiB | its requests are not read until it reads |
//! | a client that does not read | 60 s | it is closed |
//!
//! A connection that says nothing costs nothing and stays, as with ISC, until its place is needed.

use super::logging::Logger;
use crate::leases::lease::JournalPosition;
use crate::omapi::world::World;
use crate::omapi::{ConnectionId, Effect, Omapi};
use crate::wire::omapi::ResultCode;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::KeepAlive;
use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// How many connections there may be.
const CONNECTIONS: usize = 192;
/// How many connections are accepted in a round.
const ACCEPTS: usize = 16;
/// How much is read from a connection at a time, in octets.
const READ: usize = 16 << 10;
/// How many requests are answered in a round, and of one connection before it is another's turn.
const REQUESTS: usize = 64;
const REQUESTS_IN_TURN: usize = 8;
/// How much may wait for a client before its requests are left alone, in octets.
const OUTPUT: usize = 256 << 10;
/// How long a client may leave its answers unread, in milliseconds.
const PATIENCE: u64 = 60_000;
/// How long a connection must have been silent to make room for another, if it has shown its key.
const IDLE: u64 = 600_000;
/// How long to wait before listening, or accepting, is tried again.
const RETRY: u64 = 5_000;
/// How often it is logged that there is no place.
const COMPLAINTS: u64 = 60_000;
/// How long the end waits for answers to leave.
const PARTING: Duration = Duration::from_secs(1);

/// A connection.
struct Connection {
    stream: TcpStream,
    /// Octets may be waiting, and room may be.
    readable: bool,
    writable: bool,
    /// Requests that were read may be waiting.
    asked: bool,
    /// The client will say nothing more.
    ended: bool,
    /// Close it as soon as possible.
    dead: bool,
    answers: VecDeque<Answer>,
    /// Octets in `answers`.
    waiting: usize,
    /// When something was last heard of it, and since when it does not read; in milliseconds of the monotonic clock.
    heard: u64,
    stuck: Option<u64>,
}

/// Octets that may leave when the journal is durable up to a position.
struct Answer {
    octets: Vec<u8>,
    /// How many have left.
    sent: usize,
    after: JournalPosition,
}

/// The listener and the connections.
pub struct OmapiService {
    port: u16,
    listener: Option<TcpListener>,
    /// Connections may be waiting.
    acceptable: bool,
    /// When to listen or accept again, in milliseconds of the monotonic clock.
    retry: Option<u64>,
    engine: Omapi,
    connections: Vec<Option<Connection>>,
    /// Whose turn is first.
    turn: usize,
    durable: JournalPosition,
    effects: Vec<Effect>,
    /// Tokens of the listener and, behind it, the connections.
    first_token: usize,
    complained: Option<u64>,
}

impl OmapiService {
    /// Listens on all addresses. If that is not possible it is logged and tried again later. `key` restricts it.
    pub fn open(port: u16, key: Option<Box<str>>, first_token: usize, now: u64, logger: &mut Logger) -> OmapiService {
        let mut service = OmapiService {
            port,
            listener: None,
            acceptable: false,
            retry: None,
            engine: Omapi::new(key),
            connections: Vec::new(),
            turn: 0,
            durable: JournalPosition::default(),
            effects: Vec::new(),
            first_token,
            complained: None,
        };
        service.listen(now, logger);
        service
    }

    fn listen(&mut self, now: u64, logger: &mut Logger) {
        match TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.port))) {
            Ok(listener) => self.listener = Some(listener),
            Err(error) => {
                logger.error(&format!("Can't start OMAPI protocol: {}", cause(&error).text()));
                self.retry = Some(now.saturating_add(RETRY));
            }
        }
    }

    /// Watches the listener.
    pub fn watch(&mut self, registry: &Registry) -> io::Result<()> {
        match &mut self.listener {
            Some(listener) => registry.register(listener, Token(self.first_token), Interest::READABLE),
            None => Ok(()),
        }
    }

    /// Another configuration is in force, which restricts it to that key.
    pub fn reconfigure(&mut self, key: Option<Box<str>>) {
        self.engine.reconfigure(key);
    }

    /// The journal is on stable storage up to here.
    pub fn set_durable(&mut self, position: JournalPosition) {
        self.durable = self.durable.max(position);
    }

    /// An event of a token that is not below the first of this service.
    pub fn notice(&mut self, event: &mio::event::Event) {
        let Some(number) = event.token().0.checked_sub(self.first_token) else { return };
        let Some(slot) = number.checked_sub(1) else {
            self.acceptable = true;
            return;
        };
        if let Some(Some(connection)) = self.connections.get_mut(slot) {
            connection.readable |= event.is_readable() || event.is_read_closed();
            connection.writable |= event.is_writable() || event.is_write_closed();
        }
    }

    /// When there is something to do even if nothing happens, in milliseconds of the monotonic clock.
    pub fn next_deadline(&self) -> Option<u64> {
        let stuck = self.connections.iter().flatten().filter_map(|connection| connection.stuck);
        stuck.map(|since| since.saturating_add(PATIENCE)).chain(self.retry).min()
    }

    /// One round: takes connections, answers some requests, sends what may leave. True if there is more to do at once.
    pub fn serve(&mut self, now: u64, world: &mut dyn World, registry: &Registry, logger: &mut Logger) -> bool {
        self.retry(now, registry, logger);
        self.accept(now, registry, logger);
        let mut left = REQUESTS;
        let slots = self.connections.len();
        for step in 0..slots {
            self.attend((self.turn + step) % slots, &mut left, now, world);
        }
        // Whoever was first is last in the next round.
        self.turn = (self.turn + 1).checked_rem(slots).unwrap_or_default();
        for slot in 0..slots {
            self.send(slot, now);
            self.bury(slot);
        }
        let may_go_on = |connection: &Connection| {
            (connection.asked || (connection.readable && !connection.ended)) && connection.waiting < OUTPUT
        };
        self.acceptable || self.connections.iter().flatten().any(may_go_on)
    }

    /// Listens or accepts again when it is time.
    fn retry(&mut self, now: u64, registry: &Registry, logger: &mut Logger) {
        if self.retry.is_none_or(|at| at > now) {
            return;
        }
        self.retry = None;
        if self.listener.is_some() {
            self.acceptable = true;
            return;
        }
        self.listen(now, logger);
        if let Err(error) = self.watch(registry) {
            logger.error(&format!("Can't start OMAPI protocol: {}", cause(&error).text()));
            (self.listener, self.retry) = (None, Some(now.saturating_add(RETRY)));
        }
    }

    fn accept(&mut self, now: u64, registry: &Registry, logger: &mut Logger) {
        for _ in 0..ACCEPTS {
            let Some(listener) = self.listener.as_ref().filter(|_| self.acceptable) else { return };
            match listener.accept() {
                Ok((stream, from)) => self.admit(stream, from, now, registry, logger),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.acceptable = false,
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(_) => {
                    // No descriptors, no memory: the next one waits in the kernel meanwhile.
                    self.acceptable = false;
                    self.retry = Some(now.saturating_add(RETRY));
                }
            }
        }
    }

    fn admit(&mut self, mut stream: TcpStream, from: SocketAddr, now: u64, registry: &Registry, logger: &mut Logger) {
        let Some(slot) = self.place(now) else {
            if self.complained.is_none_or(|at| now.saturating_sub(at) >= COMPLAINTS) {
                self.complained = Some(now);
                logger.info(&format!("OMAPI: {CONNECTIONS} connections are open, no place for {}.", from.ip()));
            }
            return;
        };
        let token = Token(self.first_token + 1 + slot);
        if registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE).is_err() {
            return;
        }
        // Without them it works as well: answers come later, and a peer that has vanished is noticed later.
        let _ = (stream.set_nodelay(true), setsockopt(&stream, KeepAlive, &true));
        let connection = Connection {
            stream,
            readable: true,
            writable: true,
            asked: false,
            ended: false,
            dead: false,
            answers: VecDeque::new(),
            waiting: 0,
            heard: now,
            stuck: None,
        };
        match self.connections.get_mut(slot) {
            Some(place) => *place = Some(connection),
            None => self.connections.push(Some(connection)),
        }
        self.engine.connected(id_of(slot), random(), &mut self.effects);
        self.carry_out();
    }

    /// A place for a connection, if need be that of one that is hardly missed.
    fn place(&mut self, now: u64) -> Option<usize> {
        if let Some(free) = self.connections.iter().position(Option::is_none) {
            return Some(free);
        }
        if self.connections.len() < CONNECTIONS {
            return Some(self.connections.len());
        }
        let candidates = self.connections.iter().enumerate().filter_map(|(slot, connection)| {
            let heard = connection.as_ref()?.heard;
            let is_trusted = self.engine.is_trusted(id_of(slot));
            (!is_trusted || now.saturating_sub(heard) >= IDLE).then_some((is_trusted, heard, slot))
        });
        let (_, _, slot) = candidates.min()?;
        self.drop_connection(slot);
        Some(slot)
    }

    fn drop_connection(&mut self, slot: usize) {
        if let Some(place) = self.connections.get_mut(slot) {
            *place = None;
            self.engine.closed(id_of(slot));
        }
    }

    /// Reads from a connection and answers, if it is not behind with reading and there are requests left.
    fn attend(&mut self, slot: usize, left: &mut usize, now: u64, world: &mut dyn World) {
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        if connection.dead || connection.waiting >= OUTPUT || *left == 0 {
            return;
        }
        if !connection.asked && connection.readable && !connection.ended {
            let mut buffer = [0; READ];
            match connection.stream.read(&mut buffer) {
                Ok(0) => connection.ended = true,
                Ok(length) => {
                    connection.heard = now;
                    connection.asked = true;
                    self.engine.receive(id_of(slot), buffer.get(..length).unwrap_or_default());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => connection.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => connection.dead = true,
            }
        }
        if connection.asked {
            let limit = REQUESTS_IN_TURN.min(*left);
            let found = self.engine.answer(id_of(slot), limit, world, &mut self.effects);
            connection.asked = found == limit;
            *left -= found;
            self.carry_out();
        }
    }

    fn carry_out(&mut self) {
        for effect in self.effects.drain(..) {
            let (Effect::Send { to, .. } | Effect::Close(to)) = &effect;
            let Some(Some(connection)) = self.connections.get_mut(slot_of(*to)) else { continue };
            match effect {
                Effect::Send { octets, after, .. } => {
                    connection.waiting += octets.len();
                    connection.answers.push_back(Answer { octets, sent: 0, after });
                }
                Effect::Close(_) => connection.dead = true,
            }
        }
    }

    /// Sends what may leave.
    fn send(&mut self, slot: usize, now: u64) {
        let durable = self.durable;
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        while connection.writable {
            let Some(answer) = connection.answers.front_mut().filter(|answer| answer.after <= durable) else {
                connection.stuck = None;
                return;
            };
            match connection.stream.write(answer.octets.get(answer.sent..).unwrap_or_default()) {
                Ok(length) => {
                    connection.stuck = None;
                    connection.waiting -= length.min(connection.waiting);
                    answer.sent += length;
                    if answer.sent >= answer.octets.len() {
                        connection.answers.pop_front();
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => connection.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    connection.dead = true;
                    return;
                }
            }
        }
        let since = *connection.stuck.get_or_insert(now);
        connection.dead |= now.saturating_sub(since) >= PATIENCE;
    }

    /// Closes a connection that is done with.
    fn bury(&mut self, slot: usize) {
        let Some(Some(connection)) = self.connections.get(slot) else { return };
        if connection.dead || (connection.ended && !connection.asked && connection.answers.is_empty()) {
            self.drop_connection(slot);
        }
    }

    /// The end of the service: answers that may leave do, for as long as a second; then all connections are closed.
    pub fn finish(mut self, durable: JournalPosition) {
        self.listener = None;
        let until = Instant::now() + PARTING;
        for connection in self.connections.iter_mut().flatten().filter(|connection| !connection.answers.is_empty()) {
            connection.part(durable, until);
        }
    }
}

impl Connection {
    /// Sends what may still leave, waiting for the client if need be.
    fn part(&mut self, durable: JournalPosition, until: Instant) {
        let allowed = self.answers.iter().take_while(|answer| answer.after <= durable);
        let octets: Vec<u8> = allowed.flat_map(|answer| answer.octets.iter().skip(answer.sent)).copied().collect();
        let mut rest = octets.as_slice();
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(length) => rest = rest.get(length..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}

fn id_of(slot: usize) -> ConnectionId {
    ConnectionId(slot as u32)
}

fn slot_of(connection: ConnectionId) -> usize {
    connection.0 as usize
}

/// A number that cannot be guessed.
fn random() -> u32 {
    // Each state has keys of its own, which come from the system's generator.
    RandomState::new().build_hasher().finish() as u32
}

/// What ISC says of a socket error.
fn cause(error: &io::Error) -> ResultCode {
    match error.raw_os_error() {
        Some(libc::EADDRINUSE) => ResultCode::ADDRESS_NOT_AVAILABLE,
        Some(libc::EPERM) => ResultCode::PERMISSION_DENIED,
        _ => ResultCode::UNEXPECTED,
    }
}

#[cfg(test)]
mod tests;
