//! DNS updates: the sockets and connections of the engine in `crate::ddns`. Nothing here makes a client wait.

use super::logging::Logger;
use super::parameters::Parameters;
use crate::config::model::Config;
use crate::ddns::{Ddns, Effect, ExchangeId, Leases, Outcome, Settings};
use crate::dhcp4::engine::Engine;
use crate::eval::environment::Names;
use crate::leases::dns::{DnsChange, DnsRecord, VariableChange};
use crate::wire::units::Now;
use mio::event::Event;
use mio::net::{TcpStream, UdpSocket};
use mio::{Interest, Registry, Token};
use rustc_hash::FxHashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// How many datagrams are read before packets are served again.
const DATAGRAMS: usize = 64;
/// The longest datagram that is read, in octets.
const DATAGRAM: usize = 8192;
/// Name servers of the system that are asked.
const MAX_RESOLVERS: usize = 3;
/// What is said when the address that updates are to come from is not there (spec/ddns.md, section 2).
const LAME: &str = "Unable to create DNS client context: result: 4";
const RESOLVER_FILE: &str = "/etc/resolv.conf";
/// How long a file of name servers may be, in octets.
const MAX_RESOLVER_FILE: u64 = 64 << 10;

/// The leases of the DHCP service.
pub struct NamedLeases<'s>(pub &'s mut Engine);

impl Leases for NamedLeases<'_> {
    fn set_variables(&mut self, now: Now, address: IpAddr, changes: Vec<VariableChange>) {
        let IpAddr::V4(address) = address else { return };
        if let Some(lease) = self.0.store().by_address(address) {
            self.0.set_variables(now, lease, changes);
        }
    }
}

/// A UDP socket, if there is one.
struct Socket {
    socket: UdpSocket,
    /// Datagrams may be waiting.
    readable: bool,
    is_watched: bool,
}

impl Socket {
    fn open(address: IpAddr) -> io::Result<Socket> {
        let socket = UdpSocket::bind(SocketAddr::new(address, 0))?;
        Ok(Socket { socket, readable: false, is_watched: false })
    }
}

/// A connection to a server for one message and its answer.
struct Stream {
    stream: TcpStream,
    to_send: Vec<u8>,
    sent: usize,
    received: Vec<u8>,
}

/// What came of looking at a connection.
enum Progress {
    Waits,
    Answer(Vec<u8>),
    Broken(Outcome),
}

/// DNS updates and their sockets.
pub struct DdnsService {
    ddns: Ddns,
    /// For servers with IPv4 and with IPv6 addresses.
    sockets: [Option<Socket>; 2],
    streams: FxHashMap<ExchangeId, Stream>,
    /// Connections to be looked at.
    woken: Vec<ExchangeId>,
    first_token: usize,
    /// Names of leases that ended before the service began.
    ended: Vec<DnsChange>,
    effects: Vec<Effect>,
    /// Whether a socket with an address that was asked for could not be opened.
    is_lame: bool,
}

/// A seed that nobody outside can know.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The name servers in the system's file.
fn resolvers(text: &str) -> Vec<IpAddr> {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()).flatten()
    });
    let found: Vec<IpAddr> = lines.filter_map(|word| word.parse().ok()).take(MAX_RESOLVERS).collect();
    match found.is_empty() {
        true => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        false => found,
    }
}

fn read_resolvers() -> Vec<IpAddr> {
    let mut text = String::new();
    if let Ok(file) = std::fs::File::open(RESOLVER_FILE) {
        // What cannot be read names nobody.
        let _ = file.take(MAX_RESOLVER_FILE).read_to_string(&mut text);
    }
    resolvers(&text)
}

/// The addresses that updates are sent from, by family; `None`: that family is not used.
fn sources(parameters: &Parameters) -> [Option<IpAddr>; 2] {
    let any = [Some(Ipv4Addr::UNSPECIFIED.into()), Some(Ipv6Addr::UNSPECIFIED.into())];
    match (parameters.ddns_local_address4, parameters.ddns_local_address6) {
        (None, None) => any,
        (v4, v6) => [v4.map(IpAddr::V4), v6.map(IpAddr::V6)],
    }
}

impl DdnsService {
    /// Opens the sockets if updates are to be made. `ended`: changes that have come about before.
    pub fn open(
        config: &Config,
        parameters: &Parameters,
        names: Arc<Names>,
        ended: Vec<DnsChange>,
        first_token: usize,
        logger: &mut Logger,
    ) -> DdnsService {
        let mut service = DdnsService {
            ddns: Ddns::new(config, Settings::default(), names, seed()),
            sockets: [None, None],
            streams: FxHashMap::default(),
            woken: Vec::new(),
            first_token,
            ended,
            effects: Vec::new(),
            is_lame: false,
        };
        let settings = service.settings(parameters, logger);
        service.ddns.reconfigure(config, settings);
        service
    }

    /// Takes over a new configuration.
    pub fn reconfigure(&mut self, config: &Config, parameters: &Parameters, names: Arc<Names>, logger: &mut Logger) {
        let settings = self.settings(parameters, logger);
        self.ddns.reconfigure(config, settings);
        self.ddns.set_names(names);
    }

    /// Replaces what is known of host names.
    pub fn set_names(&mut self, names: Arc<Names>) {
        self.ddns.set_names(names);
    }

    /// The settings that follow from the parameters; sockets that they need are opened.
    fn settings(&mut self, parameters: &Parameters, logger: &mut Logger) -> Settings {
        let Some(style) = parameters.ddns_style else { return Settings::default() };
        let sources = sources(parameters);
        self.is_lame = false;
        for (socket, source) in self.sockets.iter_mut().zip(sources) {
            let Some(source) = source else {
                *socket = None;
                continue;
            };
            let is_same = |open: &Socket| open.socket.local_addr().is_ok_and(|address| address.ip() == source);
            if socket.as_ref().is_some_and(is_same) {
                continue;
            }
            *socket = match Socket::open(source) {
                Ok(socket) => Some(socket),
                // A system without IPv6 has no socket of that family.
                Err(_) if source.is_unspecified() => None,
                Err(_) => {
                    logger.error(LAME);
                    self.is_lame = true;
                    None
                }
            };
        }
        let [v4, v6] = &self.sockets;
        Settings {
            style: Some(style),
            conflicts: parameters.ddns_conflicts,
            has_v4: v4.is_some(),
            has_v6: v6.is_some(),
            resolvers: read_resolvers(),
        }
    }

    /// Something happened on a socket or connection.
    pub fn notice(&mut self, event: &Event) {
        let Some(number) = event.token().0.checked_sub(self.first_token) else { return };
        match self.sockets.get_mut(number) {
            Some(socket) => socket.iter_mut().for_each(|socket| socket.readable = true),
            None => self.woken.push(ExchangeId((number - self.sockets.len()) as u64)),
        }
    }

    /// The token of a connection. Numbers of exchanges do not reach the end of those.
    fn token(&self, exchange: ExchangeId) -> Token {
        Token(self.first_token + self.sockets.len() + exchange.0 as usize)
    }

    /// When `serve` has something to do, by the monotonic clock in milliseconds.
    pub fn next_deadline(&self) -> Option<u64> {
        self.ddns.next_deadline()
    }

    /// A lease has changed.
    pub fn change(
        &mut self,
        now: Now,
        change: DnsChange,
        leases: &mut NamedLeases<'_>,
        registry: &Registry,
        logger: &mut Logger,
    ) {
        self.begin(now, change, leases, logger);
        self.carry_out(now, leases, registry, logger);
    }

    /// Without the address that it was told to send from, the real server says so at each update and makes none.
    fn begin(&mut self, now: Now, change: DnsChange, leases: &mut NamedLeases<'_>, logger: &mut Logger) {
        match &change {
            DnsChange::Update(_) if self.is_lame => logger.error(LAME),
            DnsChange::Remove(removal) if self.is_lame && removal.record != DnsRecord::default() => logger.error(LAME),
            _ if self.is_lame => (),
            _ => self.ddns.change(now, change, leases, &mut self.effects),
        }
    }

    /// Timers, answers and connections. True if there is more to do.
    pub fn serve(&mut self, now: Now, leases: &mut NamedLeases<'_>, registry: &Registry, logger: &mut Logger) -> bool {
        self.watch(registry, logger);
        for change in std::mem::take(&mut self.ended) {
            self.begin(now, change, leases, logger);
        }
        if self.ddns.next_deadline().is_some_and(|at| at <= now.millis) {
            self.ddns.tick(now, leases, &mut self.effects);
        }
        let mut is_busy = false;
        for number in 0..self.sockets.len() {
            is_busy |= self.receive(number, now, leases);
        }
        for exchange in std::mem::take(&mut self.woken) {
            self.advance(now, exchange, leases);
        }
        self.carry_out(now, leases, registry, logger);
        is_busy
    }

    /// Registers sockets that were opened.
    fn watch(&mut self, registry: &Registry, logger: &mut Logger) {
        for (number, socket) in self.sockets.iter_mut().enumerate() {
            let Some(socket) = socket.as_mut().filter(|socket| !socket.is_watched) else { continue };
            let token = Token(self.first_token + number);
            if let Err(error) = registry.register(&mut socket.socket, token, Interest::READABLE) {
                logger.error(&format!("Can't watch DNS socket: {error}"));
            }
            (socket.is_watched, socket.readable) = (true, true);
        }
    }

    /// Reads datagrams, a bounded number of them. True if more may be waiting.
    fn receive(&mut self, number: usize, now: Now, leases: &mut NamedLeases<'_>) -> bool {
        let Some(socket) = self.sockets.get_mut(number).and_then(Option::as_mut) else { return false };
        let mut buffer = [0; DATAGRAM];
        for _ in 0..DATAGRAMS {
            if !socket.readable {
                return false;
            }
            match socket.socket.recv_from(&mut buffer) {
                Ok((length, from)) => {
                    let octets = buffer.get(..length).unwrap_or_default();
                    self.ddns.received(now, from, octets, leases, &mut self.effects);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Without a datagram there is nothing to be done about an error; the time-out tells of it.
                Err(_) => socket.readable = false,
            }
        }
        socket.readable
    }

    /// Looks at a connection.
    fn advance(&mut self, now: Now, exchange: ExchangeId, leases: &mut NamedLeases<'_>) {
        let Some(stream) = self.streams.get_mut(&exchange) else { return };
        match stream.advance() {
            Progress::Waits => {}
            Progress::Answer(octets) => {
                self.ddns.answered(now, exchange, &octets, leases, &mut self.effects);
                // An answer to something else is none.
                self.ddns.failed(now, exchange, Outcome::Failure, leases, &mut self.effects);
            }
            Progress::Broken(outcome) => self.ddns.failed(now, exchange, outcome, leases, &mut self.effects),
        }
    }

    /// Does what the engine wants done.
    fn carry_out(&mut self, now: Now, leases: &mut NamedLeases<'_>, registry: &Registry, logger: &mut Logger) {
        while !self.effects.is_empty() {
            for effect in std::mem::take(&mut self.effects) {
                match effect {
                    Effect::Log(kind, line) => logger.log(kind, &line),
                    Effect::Datagram { exchange, to, octets } => {
                        if let Err(outcome) = self.send(to, &octets) {
                            self.ddns.failed(now, exchange, outcome, leases, &mut self.effects);
                        }
                    }
                    Effect::Stream { exchange, to, octets } => {
                        if let Err(outcome) = self.connect(exchange, to, octets, registry) {
                            self.ddns.failed(now, exchange, outcome, leases, &mut self.effects);
                        }
                    }
                    Effect::Hangup(exchange) => {
                        if let Some(mut stream) = self.streams.remove(&exchange) {
                            // It is closed in any case.
                            let _ = registry.deregister(&mut stream.stream);
                        }
                    }
                }
            }
        }
    }

    fn send(&self, to: SocketAddr, octets: &[u8]) -> Result<(), Outcome> {
        let [v4, v6] = &self.sockets;
        let socket = if to.is_ipv4() { v4 } else { v6 };
        let Some(socket) = socket else { return Err(Outcome::FamilyNotSupported) };
        match socket.socket.send_to(octets, to) {
            Ok(_) => Ok(()),
            // The next attempt is made anyway.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(()),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
            Err(_) => Err(Outcome::Canceled),
        }
    }

    fn connect(
        &mut self,
        exchange: ExchangeId,
        to: SocketAddr,
        octets: Vec<u8>,
        registry: &Registry,
    ) -> Result<(), Outcome> {
        let mut stream = TcpStream::connect(to).map_err(|error| outcome_of(&error))?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut stream, self.token(exchange), interest).map_err(|_| Outcome::Failure)?;
        let mut to_send = (octets.len() as u16).to_be_bytes().to_vec();
        to_send.extend(octets);
        self.streams.insert(exchange, Stream { stream, to_send, sent: 0, received: Vec::new() });
        Ok(())
    }
}

fn outcome_of(error: &io::Error) -> Outcome {
    match error.kind() {
        ErrorKind::ConnectionRefused => Outcome::ConnectionRefused,
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Outcome::ConnectionReset,
        ErrorKind::HostUnreachable => Outcome::HostUnreachable,
        ErrorKind::NetworkUnreachable => Outcome::NetworkUnreachable,
        ErrorKind::TimedOut => Outcome::TimedOut,
        _ => Outcome::Failure,
    }
}

impl Stream {
    /// Sends and reads what it can.
    fn advance(&mut self) -> Progress {
        if let Ok(Some(error)) | Err(error) = self.stream.take_error() {
            return Progress::Broken(outcome_of(&error));
        }
        while let Some(rest) = self.to_send.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(length) => self.sent += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Progress::Waits;
                }
                Err(error) => return Progress::Broken(outcome_of(&error)),
            }
        }
        let mut buffer = [0; 4096];
        loop {
            if let Some((length, rest)) = self.received.split_first_chunk::<2>() {
                if let Some(message) = rest.get(..usize::from(u16::from_be_bytes(*length))) {
                    return Progress::Answer(message.to_vec());
                }
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Progress::Broken(Outcome::EndOfFile),
                Ok(length) => self.received.extend_from_slice(buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Progress::Waits,
                Err(error) => return Progress::Broken(outcome_of(&error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_of_the_system() {
        let text = "# x\nsearch a.org\nnameserver 10.0.0.1\nnameserver\tfd00::1\nnameserver bad\nnameserver 10.0.0.2\n\
                    nameserver 10.0.0.3\n";
        let found: Vec<String> = resolvers(text).iter().map(IpAddr::to_string).collect();
        assert_eq!(found, ["10.0.0.1", "fd00::1", "10.0.0.2"]);
        assert_eq!(resolvers("search a.org").len(), 2);
    }

    #[test]
    fn one_local_address_leaves_the_other_family_out() {
        let mut parameters = Parameters::default();
        assert!(sources(&parameters).iter().all(Option::is_some));
        parameters.ddns_local_address4 = Some(Ipv4Addr::LOCALHOST);
        assert_eq!(sources(&parameters), [Some(Ipv4Addr::LOCALHOST.into()), None]);
        let text = "ddns-local-address6 ::1;";
        let config = crate::config::load_text("c", text, crate::config::Family::V4).result.unwrap();
        let started = crate::eval::startup::startup(&config, &Default::default(), crate::wire::units::Timestamp(1));
        let parameters = crate::daemon::parameters::read(&started, &[]).unwrap();
        assert_eq!(sources(&parameters), [None, Some(std::net::Ipv6Addr::LOCALHOST.into())]);
    }
}
