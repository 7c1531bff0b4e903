//! The start, step by step in ISC's order (spec/operations.md 4), up to where the event loop takes over; `-t` and `-T` end
//! on the way.

use super::args::Args;
use super::clock::{self, Clock};
use super::ddns::DdnsService;
use super::eventloop::{poll_and_waker, Ending, EventLoop, Service, FIRST_OF_DDNS, FIRST_OF_FAILOVER, FIRST_OF_OMAPI};
use super::execute::Executor;
use super::failover::{endpoints, FailoverService, SharedLeases};
use super::fatal::Fatal;
use super::interfaces::{self, Selection, Step};
use super::leasefile::{self, LeaseFile};
use super::listeners::{open_fallback, Listener};
use super::logging::Logger;
use super::names::{self, Refresher};
use super::omapi::OmapiService;
use super::parameters::{self, Parameters, Unusable};
use super::paths::{self, Paths, Port};
use super::privileges::{self, Identity};
use super::reload::Reloader;
use super::reverse::ReverseLookup;
use super::{daemonize, duid, pid};
use crate::config::model::Config;
use crate::config::{self, Family, Message};
use crate::dhcp4::effect::Effect;
use crate::dhcp4::engine::{Engine, Settings};
use crate::eval::bindings::Bindings;
use crate::eval::environment::{Names, Outcome};
use crate::eval::startup::{run_again, startup, Startup};
use crate::eval::LogKind;
use crate::leases::dns::DnsChange;
use crate::leases::journal::disk::{error_text, Opened, RealDisk};
use crate::leases::journal::Journal;
use crate::leases::objects::{write_server_duid, Objects};
use crate::net::echo::EchoSocket;
use crate::net::interfaces::discover;
use crate::net::signals::{self, Signals};
use crate::syntax::source::SourceMap;
use crate::wire::units::{Now, Seconds};
use nix::sys::resource::{getrlimit, setrlimit, Resource};
use nix::sys::signal::Signal;
use nix::unistd::geteuid;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, ToSocketAddrs};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// What is said first of all.
const BANNER: [&str; 4] = [
    "Internet Systems Consortium DHCP Server 4.4.3-P1",
    "Copyright 2004-2022 Internet Systems Consortium.",
    "All rights reserved.",
    "For info, please visit https://www.isc.org/software/dhcp/",
];

/// Logs the four lines.
pub fn banner(logger: &mut Logger) {
    for line in BANNER {
        logger.info(line);
    }
}

/// A configuration without mistakes, and what running its top level gave.
pub struct Loaded {
    pub config: Config,
    pub parameters: Result<Parameters, Unusable>,
    pub globals: Bindings,
    pub names: Names,
    pub outcomes: Vec<Outcome>,
}

/// Takes log lines.
pub type Report<'r> = &'r mut dyn FnMut(LogKind, &str);

/// Tells what loading has to say, complaints and log lines in order.
fn tell(messages: &[Message], sources: &SourceMap, report: Report<'_>) {
    for message in messages {
        match message {
            Message::Complaint(diagnostic) => report(LogKind::Error, &diagnostic.render(sources)),
            Message::Error(line) => report(LogKind::Error, line),
            Message::Info(line) => report(LogKind::Info, line),
            Message::Debug(line) => report(LogKind::Debug, line),
        }
    }
}

/// Reads a configuration and runs its top level once; `all_names`: resolves more than that needs.
pub fn load(path: &Path, family6: bool, all_names: bool, report: Report<'_>) -> Result<Loaded, Fatal> {
    let loading = config::load(path, if family6 { Family::V6 } else { Family::V4 });
    tell(&loading.messages, &loading.sources, report);
    let config = match (loading.result, loading.fatal) {
        (Some(config), None) => config,
        (_, fatal) => return Err(Fatal::new(fatal.unwrap_or_default())),
    };
    let names = names::resolve_all(if all_names { names::of(&config) } else { names::of_root(&config) });
    let startup = startup(&config, &names, clock::wall());
    let parameters = parameters::read(&startup, &config.keys);
    let Startup { globals, outcomes, .. } = startup;
    Ok(Loaded { config, parameters, globals, names, outcomes })
}

/// Logs and carries out what statements of the top level want. A program of the top level runs before the service begins.
pub fn carry_out(outcomes: Vec<Outcome>, logger: &mut Logger) -> Result<(), Fatal> {
    for outcome in outcomes {
        match outcome {
            Outcome::Log(kind, line) => logger.log(kind, &line),
            Outcome::Say(kind, octets) => logger.say(kind, &octets),
            Outcome::Execute { command, arguments } => {
                for (kind, line) in super::execute::run_now(command, arguments) {
                    logger.log(kind, &line);
                }
            }
            Outcome::Fatal(line) => return Err(Fatal::new(line)),
        }
    }
    Ok(())
}

/// Starts the server and runs it to its end.
pub fn run(args: &Args, is_daemon: bool, logger: &mut Logger) -> Result<ExitCode, Fatal> {
    let environment = |name: &str| std::env::var_os(name);
    let mut paths = paths::choose(args, environment);
    if let Some(name) = args.lease_file.as_ref().filter(|name| name.is_relative()) {
        paths.leases = std::fs::canonicalize(name).map_err(|error| {
            Fatal::new(format!("Failed to get realpath for {}: {}", name.display(), error_text(&error)))
        })?;
    }
    match args.quiet {
        true => logger.set_stderr(false),
        false => banner(logger),
    }
    let identity = privileges::look_up(args.user.as_deref(), args.group.as_deref())?;
    let port = paths::server_port(args, environment).map_err(|error| Fatal::new(error.message))?;
    if let Port::Environment(port) = port {
        logger.debug(&format!("binding to environment-specified port {port}"));
    }
    if args.family6 && args.broadcast.is_some() {
        return Err(Fatal::new("You can only specify address to send replies to when running an IPv4 server."));
    }
    refuse_what_is_missing(args, logger)?;
    Start { args, is_daemon, paths, identity, port: port.number(), logger }.run()
}

/// Flags of services that this server does not have.
fn refuse_what_is_missing(args: &Args, logger: &mut Logger) -> Result<(), Fatal> {
    if args.trace_input.is_some() {
        if args.lease_file.is_none() {
            return Err(Fatal::after(
                &["", "** You must specify a lease file with -lf.", "   Dhcpd will not overwrite your default"],
                "   lease file when playing back a trace. **",
            ));
        }
        return Err(Fatal::new("-play: traces are not supported by this server."));
    }
    if args.trace_output.is_some() {
        logger.error("-tf: traces are not supported by this server; none is written.");
    }
    if args.family6 && !args.test_config && !args.test_leases {
        return Err(Fatal::new("DHCPv6 is not served by this server yet; -6 can only be used with -t or -T."));
    }
    Ok(())
}

/// The number of the signal that a process which cannot die of it exits with, as shells count.
const SIGNALLED: u8 = 128;
const DEFAULT_ABANDON_LEASE_TIME: Seconds = Seconds(86400);

/// A start under way: what command line and environment have settled.
struct Start<'a> {
    args: &'a Args,
    /// Another process waits to be told that the service has begun.
    is_daemon: bool,
    paths: Paths,
    identity: Identity,
    port: u16,
    logger: &'a mut Logger,
}

/// The lease database, ready to be served.
struct Database {
    engine: Engine,
    objects: Objects,
    file: Option<Opened<File>>,
    disk: RealDisk,
    /// Names that go because their leases ended while the server was down.
    names: Vec<DnsChange>,
}

impl Start<'_> {
    fn run(mut self) -> Result<ExitCode, Fatal> {
        let testing = self.args.test_config || self.args.test_leases;
        let echo = if testing { None } else { self.open_echo() };
        let logger = &mut *self.logger;
        let report: Report<'_> = &mut |kind, line| logger.log(kind, line);
        let mut loaded = load(&self.paths.config, self.args.family6, !testing, report)?;
        carry_out(std::mem::take(&mut loaded.outcomes), self.logger)?;
        let parameters = loaded.parameters.clone().map_err(|error| Fatal::new(error.to_string()))?;
        self.settle(&parameters, &loaded.config)?;
        if self.args.test_config && !self.args.test_leases {
            self.logger.finish();
            return Ok(ExitCode::SUCCESS);
        }
        if !testing && !self.args.no_pid && pid::running(&self.paths.pid) {
            return Err(Fatal::new("There's already a DHCP server running."));
        }
        if self.args.family6 {
            return self.test_leases6(&loaded.config);
        }
        self.serve(loaded, parameters, echo)
    }

    fn open_echo(&mut self) -> Option<EchoSocket> {
        EchoSocket::open()
            .map_err(|error| self.logger.error(&format!("unable to create icmp socket: {}", error_text(&error))))
            .ok()
    }

    /// Steps 9 to 11: what the global parameters say, and the checks after reading.
    fn settle(&mut self, parameters: &Parameters, config: &Config) -> Result<(), Fatal> {
        self.paths.apply(parameters, self.args.family6);
        if !self.args.quiet {
            self.logger.info(&format!("Config file: {}", self.paths.config.display()));
            self.logger.info(&format!("Database file: {}", self.paths.leases.display()));
            self.logger.info(&format!("PID file: {}", self.paths.pid.display()));
        }
        if let Some(facility) = parameters.log_facility {
            self.logger.set_facility(facility);
            for line in BANNER {
                self.logger.syslog_only(LogKind::Info, line);
            }
        }
        if parameters.dont_use_fsync {
            self.logger.error("Not using fsync() to flush lease writes");
        }
        if parameters.server_id_check {
            self.logger.info("Setting server-id-check true");
        }
        let (messages, failed) = config::sanity_check(&config.peers);
        let logger = &mut *self.logger;
        tell(&messages, &SourceMap::default(), &mut |kind, line| logger.log(kind, line));
        if failed {
            return Err(Fatal::new(config::SANITY_FAILED));
        }
        match &self.args.chroot {
            Some(directory) => privileges::change_root(directory),
            None => Ok(()),
        }
    }

    /// `-6 -T`.
    fn test_leases6(self, config: &Config) -> Result<ExitCode, Fatal> {
        let now = clock::wall();
        let mut read = leasefile::read(&self.paths.leases, config, true, now, self.logger)?;
        leasefile::write_for_test(&self.paths.leases, config, (&mut read.store, &read.objects), now, self.logger);
        self.logger.finish();
        Ok(ExitCode::SUCCESS)
    }

    /// Steps 14 to 20.
    fn serve(mut self, loaded: Loaded, parameters: Parameters, echo: Option<EchoSocket>) -> Result<ExitCode, Fatal> {
        let Loaded { config, globals, names, .. } = loaded;
        let names = Arc::new(names);
        let clock = Clock::start();
        let base = self.base_settings();
        let settings = apply(base, &parameters);
        // What is found is told, or fatal, when its turn comes.
        let links = discover().map_err(|error| Fatal::new(format!("getifaddrs: {}", error_text(&error))));
        let selection = links.map(|links| interfaces::select(&config, &links, &self.args.interfaces));
        let served = selection.as_ref().map_or_else(|_| Vec::new(), Selection::served);
        let known = served.iter().map(interfaces::Served::interface).collect();
        let read = leasefile::read(&self.paths.leases, &config, self.args.family6, clock::wall(), self.logger)?;
        let mut config = config;
        for line in leasefile::apply(&read.objects, &mut config) {
            self.logger.error(&line);
        }
        let config = Arc::new(config);
        let mut engine = Engine::new(config.clone(), settings, read.store, known, names.clone(), globals);
        engine.set_dynamic_hosts(&read.objects.hosts);
        let mut database = self.open_database(engine, read.objects, clock.now())?;
        if self.args.test_leases {
            self.logger.finish();
            return Ok(ExitCode::SUCCESS);
        }
        let listeners = self.open_listeners(selection?, &config, settings.server_port)?;
        let local = SocketAddrV4::new(parameters.local_address.unwrap_or(Ipv4Addr::UNSPECIFIED), settings.server_port);
        let fallback = open_fallback(local)?;
        if !self.args.quiet {
            self.logger.info("Sending on   Socket/fallback/fallback-net");
        }
        let omapi = parameters.omapi_port.map(|port| {
            let key = parameters.omapi_key.clone();
            OmapiService::open(port, key, FIRST_OF_OMAPI, clock.now().millis, self.logger)
        });
        self.run_top_level_again(&config, &names, database.engine.globals_mut())?;
        let places = endpoints(&config)?;
        let Database { mut engine, objects, file, disk, names: ended } = database;
        let ddns = DdnsService::open(&config, &parameters, names.clone(), ended, FIRST_OF_DDNS, self.logger);
        let hardware: Vec<_> = listeners.iter().map(|listener| listener.served.link.hardware).collect();
        let now = clock::wall();
        let duid = duid::choose(objects.server_duid.as_deref(), config.server_duid.as_ref(), &hardware, now)
            .ok_or_else(|| Fatal::new("Unable to set server identifier."))?;
        let mut record = Vec::new();
        write_server_duid(&mut record, &duid, config.lease_id_hex);
        engine.store_mut().append(&record);
        let mut lease_file = LeaseFile::new(objects, now);
        let mut failover =
            FailoverService::new(&config, places, &lease_file.objects().failover, clock.now(), FIRST_OF_FAILOVER);
        let mut effects = Vec::new();
        let mut leases = SharedLeases::new(&mut engine, &mut lease_file, &mut effects);
        failover.start(clock.now(), &mut leases, self.logger);
        self.write_pid_file();
        privileges::drop_to(self.identity)?;
        if !self.args.debug {
            self.logger.set_stderr(false);
        }
        if self.is_daemon {
            self.make_paths_absolute();
            daemonize::detach().map_err(|error| Fatal::new(format!("write to parent: {}", error_text(&error))))?;
        }
        let signals = Signals::watch(&[Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP])
            .and_then(|watched| signals::ignore(Signal::SIGPIPE).map(|()| watched))
            .map_err(|error| Fatal::new(format!("Can't catch signals: {}", error_text(&error))))?;
        let cannot = |error: std::io::Error| Fatal::new(format!("Can't start service: {}", error_text(&error)));
        let (poll, waker) = poll_and_waker().map_err(cannot)?;
        let use_fsync = !parameters.dont_use_fsync;
        let path = self.paths.leases.clone();
        let journal = Journal::start(disk, path, file, use_fsync, waker.clone()).map_err(cannot)?;
        let mut refresher = Refresher::new(waker.clone());
        refresher.watch(names::of(&config), &names);
        // The engine has it for itself from now on.
        drop(config);
        let reverse = ReverseLookup::new(waker.clone());
        let reloader =
            Reloader::new(self.paths.config.clone(), self.args.interfaces.clone(), base, parameters, waker.clone());
        let service = Service {
            clock,
            engine,
            listeners,
            fallback,
            echo,
            signals,
            journal,
            lease_file,
            executor: Executor::new(waker),
            names: refresher,
            reverse,
            reloader,
            omapi,
            failover,
            ddns,
            server_port: settings.server_port,
            quiet: self.args.quiet,
        };
        self.logger.info("Server starting service.");
        self.logger.gather();
        match EventLoop::new(service, poll, self.logger).map_err(cannot)?.run()? {
            Ending::Signal(signal) => {
                signals::die_of(signal);
                Ok(ExitCode::from(SIGNALLED.saturating_add(signal as u8)))
            }
            Ending::ShutDown => {
                if !self.args.no_pid {
                    // One that is not there any more does no harm.
                    let _ = std::fs::remove_file(&self.paths.pid);
                }
                Ok(ExitCode::SUCCESS)
            }
        }
    }

    /// What holds before the configuration has its say.
    fn base_settings(&self) -> Settings {
        let named = self.args.broadcast.as_deref().and_then(|name| {
            let found = (name, 0).to_socket_addrs().ok()?;
            found.into_iter().find_map(|address| match address.ip() {
                IpAddr::V4(address) => Some(address),
                IpAddr::V6(_) => None,
            })
        });
        Settings {
            server_port: self.port,
            client_port: self.port.wrapping_add(1),
            limited_broadcast: named.unwrap_or(Ipv4Addr::BROADCAST),
            abandon_lease_time: DEFAULT_ABANDON_LEASE_TIME,
            check_secs_byte_order: false,
            server_id_check: false,
            dns_style: None,
        }
    }

    /// Step 14: leases whose time came move on, and the lease file is written anew.
    fn open_database(&mut self, mut engine: Engine, objects: Objects, now: Now) -> Result<Database, Fatal> {
        let mut effects = Vec::new();
        engine.load_finished(now, &mut effects);
        let (mut outcomes, mut names) = (Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Log(kind, line) => outcomes.push(Outcome::Log(kind, line)),
                Effect::Say(kind, octets) => outcomes.push(Outcome::Say(kind, octets)),
                Effect::Execute { command, arguments } => outcomes.push(Outcome::Execute { command, arguments }),
                Effect::Fatal(line) => outcomes.push(Outcome::Fatal(line)),
                Effect::Dns(change) => names.push(change),
                Effect::Send(_) | Effect::Ping(_) | Effect::LookUpName(_) => {}
            }
        }
        carry_out(outcomes, self.logger)?;
        let owner = match (self.identity.uid, self.identity.gid, geteuid().is_root()) {
            (Some(uid), Some(gid), true) => Some((uid.as_raw(), gid.as_raw())),
            _ => None,
        };
        let (config, disk, path) = (engine.config().clone(), RealDisk { owner }, &self.paths.leases);
        let read = (engine.store_mut(), &objects);
        if self.args.test_leases {
            leasefile::write_for_test(path, &config, read, now.wall, self.logger);
            return Ok(Database { engine, objects, file: None, disk, names });
        }
        let file = leasefile::write_at_start(path, &disk, &config, read, now.wall, self.logger);
        Ok(Database { engine, objects, file, disk, names })
    }

    /// Step 15.
    fn open_listeners(&mut self, selection: Selection, config: &Config, port: u16) -> Result<Vec<Listener>, Fatal> {
        allow_many_files();
        let mut listeners = Vec::new();
        for step in selection.steps {
            let served = match step {
                Step::Log(kind, line) => {
                    self.logger.log(kind, &line);
                    continue;
                }
                Step::Fail(fatal) => return Err(fatal),
                Step::Serve(served) => served,
            };
            let listener = Listener::open(served, port)?;
            if !self.args.quiet {
                listener.announce(config, self.logger);
            }
            listeners.push(listener);
        }
        Ok(listeners)
    }

    /// ISC runs the root scope a second time, for the server's DUID; what it logs and executes happens again.
    fn run_top_level_again(&mut self, config: &Config, names: &Names, globals: &mut Bindings) -> Result<(), Fatal> {
        carry_out(run_again(config, names, clock::wall(), globals), self.logger)
    }

    /// A daemon leaves its directory, and still finds its files.
    fn make_paths_absolute(&mut self) {
        for path in [&mut self.paths.config, &mut self.paths.leases] {
            if let Ok(absolute) = std::path::absolute(&*path) {
                *path = absolute;
            }
        }
    }

    fn write_pid_file(&mut self) {
        if self.args.no_pid {
            return;
        }
        if let Err(error) = pid::write(&self.paths.pid) {
            let text = format!("Can't create PID file {}: {}.", self.paths.pid.display(), error_text(&error));
            self.logger.error(&text);
        }
    }
}

/// Every interface takes a descriptor, and there may be thousands.
fn allow_many_files() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Where it is not allowed, opening says what is wrong.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// What the configuration's parameters make of the settings.
pub fn apply(base: Settings, parameters: &Parameters) -> Settings {
    Settings {
        server_port: parameters.local_port.unwrap_or(base.server_port),
        client_port: parameters.remote_port.unwrap_or(base.client_port),
        limited_broadcast: parameters.limited_broadcast.unwrap_or(base.limited_broadcast),
        abandon_lease_time: parameters.abandon_lease_time.unwrap_or(base.abandon_lease_time),
        check_secs_byte_order: parameters.check_secs_byte_order,
        server_id_check: parameters.server_id_check,
        dns_style: parameters.ddns_style,
    }
}
