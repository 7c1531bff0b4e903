//! The event loop: one thread takes frames in batches from all interfaces, lets the engine decide, and carries out what it
//! wants done. The journal writes on a thread of its own; replies that tell of a lease wait for it while the loop goes on.
//! Without anything to do the loop sleeps.

use super::clock::Clock;
use super::ddns::{DdnsService, NamedLeases};
use super::execute::Executor;
use super::failover::{FailoverService, SharedLeases};
use super::fatal::Fatal;
use super::leasefile::LeaseFile;
use super::listeners::Listener;
use super::logging::Logger;
use super::names::Refresher;
use super::omapi::OmapiService;
use super::omapi_world::OmapiWorld;
use super::outbox::{Exits, Outbox};
use super::reload::Reloader;
use super::reverse::ReverseLookup;
use crate::dhcp4::effect::{Effect, Ingress, InterfaceId};
use crate::dhcp4::engine::Engine;
use crate::eval::LogKind;
use crate::leases::dns::DnsChange;
use crate::leases::journal::disk::{error_text, RealDisk};
use crate::leases::journal::{Journal, Report};
use crate::net::echo::EchoSocket;
use crate::net::packet::{Arena, FrameInfo};
use crate::net::signals::Signals;
use crate::wire::frame::{parse_udp_frame, Auxiliary, Check};
use crate::wire::icmp;
use crate::wire::units::Now;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::signal::Signal;
use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

const WAKER: Token = Token(0);
const SIGNALS: Token = Token(1);
const ECHO: Token = Token(2);
const SYSLOG: Token = Token(3);
/// That of the first interface; the others follow.
const FIRST_LISTENER: usize = 4;
/// Those of OMAPI's listener and connections begin behind any interface's.
pub const FIRST_OF_OMAPI: usize = 1 << 24;
/// Those of failover's listeners and connections begin behind any of OMAPI's.
pub const FIRST_OF_FAILOVER: usize = 1 << 26;
/// Those of DNS updates begin behind any of failover's.
pub const FIRST_OF_DDNS: usize = 1 << 28;
/// How many events one poll takes at the most.
const EVENTS: usize = 256;
/// How many echo replies are read before packets are served again.
const ECHOES: usize = 64;

/// Everything that a server in service consists of.
pub struct Service {
    pub clock: Clock,
    pub engine: Engine,
    pub listeners: Vec<Listener>,
    pub fallback: UdpSocket,
    pub echo: Option<EchoSocket>,
    pub signals: Signals,
    pub journal: Journal<RealDisk>,
    pub lease_file: LeaseFile,
    pub executor: Executor,
    pub names: Refresher,
    pub reverse: ReverseLookup,
    pub reloader: Reloader,
    /// `None` without `omapi-port`.
    pub omapi: Option<OmapiService>,
    pub failover: FailoverService,
    pub ddns: DdnsService,
    pub server_port: u16,
    /// Interfaces come and go without a line in the log.
    pub quiet: bool,
}

/// Why the service has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Signal(Signal),
    /// An operator asked for it through OMAPI.
    ShutDown,
}

/// What wakes the loop, for other threads.
pub fn poll_and_waker() -> io::Result<(Poll, Arc<dyn Fn() + Send + Sync>)> {
    let poll = Poll::new()?;
    let waker = mio::Waker::new(poll.registry(), WAKER)?;
    // If waking fails the loop is gone.
    Ok((poll, Arc::new(move || drop(waker.wake()))))
}

/// The loop and what it keeps between two rounds.
pub struct EventLoop<'l> {
    service: Service,
    poll: Poll,
    logger: &'l mut Logger,
    outbox: Outbox,
    effects: Vec<Effect>,
    arena: Arena,
    /// There is more to do without waiting.
    busy: bool,
    stop: Option<Ending>,
    /// An operator has asked for the end; partners are told first.
    is_ending: bool,
    waits_for_partners: bool,
}

impl<'l> EventLoop<'l> {
    /// Registers all sockets.
    pub fn new(service: Service, poll: Poll, logger: &'l mut Logger) -> io::Result<EventLoop<'l>> {
        let outbox = Outbox::default();
        let (effects, arena) = (Vec::new(), Arena::default());
        let (is_ending, waits_for_partners) = (false, false);
        let mut event_loop = EventLoop {
            service,
            poll,
            logger,
            outbox,
            effects,
            arena,
            busy: true,
            stop: None,
            is_ending,
            waits_for_partners,
        };
        if let Some(omapi) = &mut event_loop.service.omapi {
            omapi.watch(event_loop.poll.registry())?;
        }
        event_loop.service.failover.watch(event_loop.poll.registry())?;
        event_loop.watch(event_loop.service.signals.as_raw_fd(), SIGNALS, Interest::READABLE)?;
        if let Some(echo) = &event_loop.service.echo {
            event_loop.watch(echo.as_raw_fd(), ECHO, Interest::READABLE)?;
        }
        for number in 0..event_loop.service.listeners.len() {
            event_loop.watch_listener(number)?;
        }
        Ok(event_loop)
    }

    fn watch(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        self.poll.registry().register(&mut SourceFd(&fd), token, interest)
    }

    /// Watches an interface by its present number.
    fn watch_listener(&self, number: usize) -> io::Result<()> {
        let Some(listener) = self.service.listeners.get(number) else { return Ok(()) };
        let (fd, token) = (listener.socket.as_raw_fd(), Token(FIRST_LISTENER + number));
        match self.watch(fd, token, Interest::READABLE) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.poll.registry().reregister(&mut SourceFd(&fd), token, Interest::READABLE)
            }
            other => other,
        }
    }

    /// Serves until a signal, an operator or a fatal error ends it. Everything handed to the journal is on stable storage then,
    /// unless writing fails.
    pub fn run(mut self) -> Result<Ending, Fatal> {
        let mut events = Events::with_capacity(EVENTS);
        let ended = loop {
            match self.round(&mut events) {
                Ok(()) => {}
                Err(fatal) => break Err(fatal),
            }
            if let Some(ending) = self.stop {
                break Ok(ending);
            }
        };
        self.shut_down();
        ended
    }

    fn round(&mut self, events: &mut Events) -> Result<(), Fatal> {
        let wait = self.wait();
        match self.poll.poll(events, wait) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(Fatal::new(format!("Dispatch routine failed: {} -- exiting", error_text(&error))));
            }
        }
        let now = self.service.clock.now();
        let (mut woken, mut signalled, mut echoes) = (false, false, false);
        for event in events.iter() {
            match event.token() {
                WAKER => woken = true,
                SIGNALS => signalled = true,
                ECHO => echoes = true,
                SYSLOG => {}
                Token(number) if number >= FIRST_OF_DDNS => self.service.ddns.notice(event),
                Token(number) if number >= FIRST_OF_FAILOVER => self.service.failover.notice(event),
                Token(number) if number >= FIRST_OF_OMAPI => {
                    self.service.omapi.iter_mut().for_each(|omapi| omapi.notice(event));
                }
                Token(number) => {
                    let listener = number.checked_sub(FIRST_LISTENER).and_then(|n| self.service.listeners.get_mut(n));
                    listener.into_iter().for_each(|listener| listener.ready = true);
                }
            }
        }
        if signalled {
            self.take_signals();
        }
        if woken {
            self.take_reports(now)?;
        }
        if echoes {
            self.take_echoes(now)?;
        }
        self.serve(now)?;
        self.serve_omapi(now)?;
        self.serve_failover(now)?;
        self.serve_ddns(now);
        self.finish_round(now);
        Ok(())
    }

    /// How long nothing has to be done; `None`: until something happens.
    fn wait(&self) -> Option<Duration> {
        if self.busy {
            return Some(Duration::ZERO);
        }
        let now = self.service.clock.now();
        let deadlines = self.service.engine.next_deadline();
        let failover = self.service.failover.next_deadline();
        let wall = [deadlines.wall, self.service.lease_file.next_try(), failover.wall].into_iter().flatten().min();
        let wall = wall.map(|at| u64::from(at.since(now.wall).0) * 1000);
        let omapi = self.service.omapi.as_ref().and_then(OmapiService::next_deadline);
        let millis = deadlines
            .millis
            .into_iter()
            .chain(omapi)
            .chain(failover.millis)
            .chain(self.service.ddns.next_deadline())
            .map(|at| at.saturating_sub(now.millis));
        let wait = wall.into_iter().chain(millis).min()?;
        Some(Duration::from_millis(wait))
    }

    fn take_signals(&mut self) {
        while let Some(signal) = self.service.signals.take() {
            match signal {
                Signal::SIGHUP => self.service.reloader.begin(self.logger),
                other => self.stop = Some(Ending::Signal(other)),
            }
        }
    }

    /// What other threads have to tell.
    fn take_reports(&mut self, now: Now) -> Result<(), Fatal> {
        for report in self.service.journal.poll() {
            self.take_report(report, now);
        }
        for (kind, line) in self.service.executor.poll() {
            self.logger.log(kind, &line);
        }
        if let Some(names) = self.service.names.poll() {
            let names = Arc::new(names);
            self.service.engine.set_names(names.clone());
            self.service.ddns.set_names(names);
        }
        for (address, name) in self.service.reverse.poll() {
            self.service.engine.name_found(now, address, name, &mut self.effects);
        }
        self.take_new_configuration();
        self.carry_out()
    }

    fn take_report(&mut self, report: Report, now: Now) {
        let service = &mut self.service;
        match report {
            Report::Durable(position) => {
                service.engine.store_mut().set_durable(position);
                self.outbox.set_durable(position);
                service.omapi.iter_mut().for_each(|omapi| omapi.set_durable(position));
                service.failover.set_durable(position);
            }
            Report::Failing(line) => {
                self.logger.info(&line);
                self.logger.error("No lease is acknowledged until the lease file can be written again.");
                self.outbox.set_failing(true);
            }
            Report::Recovered => {
                self.logger.info("The lease file is being written again.");
                self.outbox.set_failing(false);
            }
            Report::RewriteNeeded => service.lease_file.rewrite_needed(now.wall),
            Report::Rewritten => {
                let config = service.engine.config().clone();
                for line in service.lease_file.rewritten(&config) {
                    self.logger.info(&line);
                }
            }
            Report::RewriteFailed => service.lease_file.rewrite_failed(service.engine.store_mut(), now.wall),
            Report::Log(kind, line) => self.logger.log(kind, &line),
        }
    }

    /// A configuration that was loaded beside the service takes the place of the old one.
    fn take_new_configuration(&mut self) {
        let Some(reloaded) = self.service.reloader.poll(self.logger) else { return };
        if super::reload::swap(reloaded, &mut self.service, &mut self.effects, self.logger) {
            for number in 0..self.service.listeners.len() {
                if let Err(error) = self.watch_listener(number) {
                    self.logger.error(&format!("Can't watch interface: {}", error_text(&error)));
                }
            }
        }
    }

    fn take_echoes(&mut self, now: Now) -> Result<(), Fatal> {
        let mut buffer = [0; 1536];
        for _ in 0..ECHOES {
            let Some(echo) = &self.service.echo else { return Ok(()) };
            match echo.receive(&mut buffer) {
                Ok(Some((length, from))) => {
                    if buffer.get(..length).is_some_and(icmp::is_echo_reply) {
                        self.service.engine.echo_reply(now, from, &mut self.effects);
                    }
                }
                Ok(None) => return self.carry_out(),
                Err(error) => {
                    self.logger.error(&format!("icmp_echoreply: {}", error_text(&error)));
                    return self.carry_out();
                }
            }
        }
        // More may be waiting, and the poll tells of new ones only.
        if let Some(echo) = &self.service.echo {
            let fd = echo.as_raw_fd();
            let _ = self.poll.registry().reregister(&mut SourceFd(&fd), ECHO, Interest::READABLE);
        }
        self.carry_out()
    }

    /// Timers, and one batch of frames of each interface that has some.
    fn serve(&mut self, now: Now) -> Result<(), Fatal> {
        let deadlines = self.service.engine.next_deadline();
        let due =
            deadlines.millis.is_some_and(|at| at <= now.millis) || deadlines.wall.is_some_and(|at| at <= now.wall);
        if due {
            self.service.engine.tick(now, &mut self.effects);
            self.carry_out()?;
        }
        self.busy = false;
        for number in 0..self.service.listeners.len() {
            // What is not read now is read when the journal's next report has woken the loop.
            if self.outbox.is_full() {
                break;
            }
            if self.service.listeners.get(number).is_some_and(|listener| listener.ready) {
                self.receive(number, now);
                self.carry_out()?;
            }
        }
        Ok(())
    }

    /// One batch of frames of one interface.
    fn receive(&mut self, number: usize, now: Now) {
        let Service { engine, listeners, server_port, .. } = &mut self.service;
        let Some(Listener { served, socket, counters, ready, is_disabled, .. }) = listeners.get_mut(number) else {
            return;
        };
        let (effects, server_port) = (&mut self.effects, *server_port);
        let interface = InterfaceId(u16::try_from(number).unwrap_or(u16::MAX));
        let received = socket.receive(&mut self.arena, |frame, info: FrameInfo| {
            let auxiliary = Auxiliary { vlan_tag: Some(info.vlan_tci), checksum_not_ready: info.checksum_not_ready };
            let outcome = parse_udp_frame(frame, server_port, auxiliary);
            if let Some(complaint) = counters.count(outcome.map(|_| ())) {
                let kind = if complaint.check == Check::UdpChecksum { LogKind::Debug } else { LogKind::Info };
                effects.push(Effect::Log(kind, complaint.to_string()));
            }
            // What comes to a disabled interface is taken, so that it is not served when the interface is back.
            if let Some(datagram) = outcome.ok().filter(|_| !*is_disabled) {
                engine.receive(now, Ingress { interface, source: datagram.source }, datagram.payload, effects);
            }
        });
        match received {
            Ok(count) => *ready = count == crate::net::packet::BATCH,
            Err(error) => {
                *ready = false;
                let (name, error) = (&served.link.name, error_text(&error));
                effects.push(Effect::Log(LogKind::Error, format!("receive_packet failed on {name}: {error}")));
            }
        }
        self.busy |= *ready;
    }

    /// OMAPI's share of a round.
    fn serve_omapi(&mut self, now: Now) -> Result<(), Fatal> {
        let Service { omapi: Some(omapi), engine, lease_file, listeners, failover, .. } = &mut self.service else {
            return Ok(());
        };
        let (effects, mut shut_down) = (&mut self.effects, false);
        let is_failing = self.outbox.is_failing();
        let shut_down_to = &mut shut_down;
        let mut world =
            OmapiWorld { now, engine, lease_file, listeners, failover, effects, is_failing, shut_down: shut_down_to };
        self.busy |= omapi.serve(now.millis, &mut world, self.poll.registry(), self.logger);
        self.is_ending |= shut_down;
        self.carry_out()
    }

    /// Failover's share of a round.
    fn serve_failover(&mut self, now: Now) -> Result<(), Fatal> {
        let Service { failover, engine, lease_file, .. } = &mut self.service;
        let mut leases = SharedLeases::new(engine, lease_file, &mut self.effects);
        if self.is_ending {
            failover.begin_shutdown(now, &mut leases);
            self.is_ending = false;
            self.waits_for_partners = true;
        }
        self.busy |= failover.serve(now, &mut leases, self.poll.registry(), self.logger);
        if self.waits_for_partners && failover.is_done() {
            self.stop.get_or_insert(Ending::ShutDown);
        }
        self.carry_out()
    }

    /// Does what the engine wants done.
    fn carry_out(&mut self) -> Result<(), Fatal> {
        let mut effects = std::mem::take(&mut self.effects);
        let mut fatal = None;
        for effect in effects.drain(..) {
            match effect {
                Effect::Log(kind, line) => self.logger.log(kind, &line),
                Effect::Say(kind, octets) => self.logger.say(kind, &octets),
                Effect::Send(reply) => self.outbox.push(reply),
                Effect::Dns(change) => self.change_names(change),
                Effect::Ping(address) => self.ping(address),
                Effect::LookUpName(address) => self.service.reverse.ask(address),
                Effect::Execute { command, arguments } => {
                    if let Some((kind, line)) = self.service.executor.run(command, arguments) {
                        self.logger.log(kind, &line);
                    }
                }
                Effect::Fatal(line) => fatal = Some(line),
            }
        }
        self.effects = effects;
        fatal.map_or(Ok(()), |line| Err(Fatal::new(line)))
    }

    /// DNS updates' share of a round.
    fn serve_ddns(&mut self, now: Now) {
        let Service { ddns, engine, .. } = &mut self.service;
        self.busy |= ddns.serve(now, &mut NamedLeases(engine), self.poll.registry(), self.logger);
    }

    /// Names have to go into the DNS, or out of it.
    fn change_names(&mut self, change: DnsChange) {
        let Service { ddns, engine, clock, .. } = &mut self.service;
        let now = clock.now();
        ddns.change(now, change, &mut NamedLeases(engine), self.poll.registry(), self.logger);
    }

    fn ping(&mut self, address: std::net::Ipv4Addr) {
        let Some(echo) = &self.service.echo else { return };
        if let Err(error) = echo.send(address, &icmp::echo_request(echo_id(address))) {
            self.logger.error(&format!("icmp_echorequest {address}: {}", error_text(&error)));
        }
    }

    /// Hands records to the journal, sends what may leave, writes the log.
    fn finish_round(&mut self, now: Now) {
        let service = &mut self.service;
        let (records, position) = service.engine.store_mut().take_journal();
        if !records.is_empty() {
            service.journal.append(records, position);
            service.lease_file.appended();
        }
        let config = service.engine.config().clone();
        self.busy |= service.lease_file.advance(&mut service.journal, service.engine.store_mut(), &config, now.wall);
        for lease in self.outbox.take_refused() {
            service.engine.commit_failed(lease);
        }
        if !self.outbox.is_empty() {
            let Service { engine, listeners, fallback, server_port, .. } = service;
            let exits = Exits { listeners, fallback, server_port: *server_port };
            self.outbox.send(&exits, self.logger, |lease| engine.sent(lease));
        }
        self.logger.flush();
        if let Some(fd) = self.logger.waits_for() {
            self.watch_syslog(fd);
        }
    }

    /// Waits for the syslog daemon to have room again.
    fn watch_syslog(&mut self, fd: RawFd) {
        let watched = match self.watch(fd, SYSLOG, Interest::WRITABLE) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.poll.registry().reregister(&mut SourceFd(&fd), SYSLOG, Interest::WRITABLE)
            }
            other => other,
        };
        // Without a watch the lines leave in a later round.
        let _ = watched;
    }

    /// The end: what was decided is made durable, and the replies that waited for that leave.
    fn shut_down(self) {
        let EventLoop { service, logger, mut outbox, stop, .. } = self;
        let is_asked = stop == Some(Ending::ShutDown);
        let Service { mut engine, listeners, fallback, journal, omapi, server_port, quiet, .. } = service;
        let (records, position) = engine.store_mut().take_journal();
        if !records.is_empty() {
            journal.append(records, position);
        }
        for report in journal.stop() {
            match report {
                Report::Durable(position) => outbox.set_durable(position),
                Report::Failing(line) => logger.info(&line),
                Report::Log(kind, line) => logger.log(kind, &line),
                _ => {}
            }
        }
        let exits = Exits { listeners: &listeners, fallback: &fallback, server_port };
        outbox.send(&exits, logger, |_| ());
        if let Some(omapi) = omapi {
            omapi.finish(outbox.durable());
        }
        if is_asked {
            for listener in listeners.iter().filter(|listener| !listener.is_disabled && !quiet) {
                let tail = listener.tail(engine.config());
                logger.info(&format!("Disabling output on {tail}"));
                logger.info(&format!("Disabling input on {tail}"));
            }
        }
        logger.finish();
    }
}

/// The id of an address's echo requests.
fn echo_id(address: std::net::Ipv4Addr) -> u16 {
    let number = u32::from(address);
    (number ^ (number >> 16)) as u16
}
