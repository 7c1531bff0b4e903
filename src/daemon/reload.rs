//! SIGHUP: a new configuration is loaded beside the service, and takes the place of the old one between two packets if it is
//! good. Leases are kept. If it is bad its errors are logged and nothing changes. (ISC dhcpd dies of SIGHUP.)

use super::clock;
use super::eventloop::Service;
use super::failover::{endpoints, SharedLeases};
use super::fatal::Fatal;
use super::interfaces::{self, Step};
use super::leasefile;
use super::listeners::Listener;
use super::logging::Logger;
use super::names;
use super::parameters::Parameters;
use super::startup::{self, Loaded};
use crate::config;
use crate::dhcp4::effect::Effect;
use crate::dhcp4::engine::Settings;
use crate::eval::environment::Outcome;
use crate::eval::startup::run_again;
use crate::eval::LogKind;
use crate::failover::Endpoint;
use crate::leases::journal::disk::error_text;
use crate::net::interfaces::discover;
use std::path::PathBuf;
use std::sync::mpsc::{channel, Receiver, TryRecvError};
use std::sync::Arc;

/// What the other thread made: log lines, and the configuration or why there is none.
pub struct Reloaded {
    lines: Vec<(LogKind, String)>,
    result: Result<Box<(Loaded, Vec<Endpoint>)>, Fatal>,
}

/// Loads configurations beside the service.
pub struct Reloader {
    path: PathBuf,
    /// Interfaces named on the command line.
    named: Vec<String>,
    /// As the command line has them.
    base: Settings,
    /// Those of the start.
    parameters: Parameters,
    under_way: Option<Receiver<Reloaded>>,
    /// SIGHUP came again meanwhile.
    again: bool,
    waker: Arc<dyn Fn() + Send + Sync>,
}

impl Reloader {
    /// `waker` is called when there is something to `poll`.
    pub fn new(
        path: PathBuf,
        named: Vec<String>,
        base: Settings,
        parameters: Parameters,
        waker: Arc<dyn Fn() + Send + Sync>,
    ) -> Reloader {
        Reloader { path, named, base, parameters, under_way: None, again: false, waker }
    }

    /// Begins to load the configuration file. While one is being loaded, another load follows it.
    pub fn begin(&mut self, logger: &mut Logger) {
        if self.under_way.is_some() {
            self.again = true;
            return;
        }
        logger.info(&format!("Reloading configuration file {}.", self.path.display()));
        let (to, reloaded) = channel();
        let (path, waker) = (self.path.clone(), self.waker.clone());
        let thread = std::thread::Builder::new().name("reload".into()).stack_size(STACK).spawn(move || {
            let mut lines = Vec::new();
            let loaded = startup::load(&path, false, true, &mut |kind, line| lines.push((kind, line.to_string())));
            // Names of partners are looked up here, where nobody waits.
            let result = loaded.and_then(|loaded| endpoints(&loaded.config).map(|endpoints| (loaded, endpoints)));
            // If the loop is gone nobody wants it any more.
            let _ = to.send(Reloaded { lines, result: result.map(Box::new) });
            waker();
        });
        match thread {
            Ok(_) => self.under_way = Some(reloaded),
            Err(error) => logger.error(&format!("Can't reload: {}", error_text(&error))),
        }
    }

    /// What was loaded, if loading has ended.
    pub fn poll(&mut self, logger: &mut Logger) -> Option<Reloaded> {
        let outcome = self.under_way.as_ref()?.try_recv();
        if matches!(outcome, Err(TryRecvError::Empty)) {
            return None;
        }
        self.under_way = None;
        if std::mem::take(&mut self.again) {
            self.begin(logger);
            return None;
        }
        outcome.ok()
    }
}

/// Octets of stack for loading: what the main thread has, so that what can be loaded at start can be loaded again.
const STACK: usize = 8 << 20;

/// Puts a new configuration in the place of the old one. False if it cannot be: the errors are logged.
/// What the change brings about goes to `effects`.
pub fn swap(reloaded: Reloaded, service: &mut Service, effects: &mut Vec<Effect>, logger: &mut Logger) -> bool {
    for (kind, line) in &reloaded.lines {
        logger.log(*kind, line);
    }
    match try_swap(reloaded.result, service, effects, logger) {
        Ok(()) => {
            logger.info("Configuration reloaded.");
            true
        }
        Err(fatal) => {
            fatal.lines.iter().for_each(|line| logger.error(line));
            logger.error("The configuration is not changed.");
            false
        }
    }
}

fn try_swap(
    result: Result<Box<(Loaded, Vec<Endpoint>)>, Fatal>,
    service: &mut Service,
    effects: &mut Vec<Effect>,
    logger: &mut Logger,
) -> Result<(), Fatal> {
    let (Loaded { config, parameters, mut globals, names, mut outcomes }, places) = *result?;
    let parameters = parameters.map_err(|error| Fatal::new(error.to_string()))?;
    let (_, failed) = config::sanity_check(&config.peers);
    if failed {
        return Err(Fatal::new(config::SANITY_FAILED));
    }
    let links = discover().map_err(|error| Fatal::new(format!("getifaddrs: {}", error_text(&error))))?;
    let mut served = Vec::new();
    for step in interfaces::select(&config, &links, &service.reloader.named).steps {
        match step {
            Step::Log(kind, line) => logger.log(kind, &line),
            Step::Fail(fatal) => return Err(fatal),
            Step::Serve(one) => served.push(one),
        }
    }
    let mut config = config;
    for line in leasefile::apply(service.lease_file.objects(), &mut config) {
        logger.error(&line);
    }
    let config = Arc::new(config);
    let mut old: Vec<Listener> = std::mem::take(&mut service.listeners);
    for served in served {
        // An interface that was removed and made again has another number.
        let same = |l: &Listener| l.served.link.name == served.link.name && l.served.link.index == served.link.index;
        if let Some(at) = old.iter().position(same) {
            let mut listener = old.swap_remove(at);
            listener.served = served;
            listener.is_disabled = false;
            service.listeners.push(listener);
            continue;
        }
        match Listener::open(served, service.server_port) {
            Ok(listener) => {
                listener.announce(&config, logger);
                service.listeners.push(listener);
            }
            Err(fatal) => fatal.lines.iter().for_each(|line| logger.error(line)),
        }
    }
    // As at start: the variables are what two runs make of them.
    outcomes.extend(run_again(&config, &names, clock::wall(), &mut globals));
    for outcome in outcomes {
        match outcome {
            Outcome::Log(kind, line) => logger.log(kind, &line),
            Outcome::Say(kind, octets) => logger.say(kind, &octets),
            Outcome::Fatal(line) => logger.error(&line),
            Outcome::Execute { command, arguments } => {
                if let Some((kind, line)) = service.executor.run(command, arguments) {
                    logger.log(kind, &line);
                }
            }
        }
    }
    let known = service.listeners.iter().map(|listener| listener.served.interface()).collect();
    let mut settings = startup::apply(service.reloader.base, &parameters);
    for line in kept(&service.reloader.parameters, &parameters, (service.server_port, settings.server_port)) {
        logger.error(&line);
    }
    settings.server_port = service.server_port;
    if let Some(omapi) = &mut service.omapi {
        omapi.reconfigure(parameters.omapi_key.clone());
    }
    if let Some(facility) = parameters.log_facility {
        logger.set_facility(facility);
    }
    service.names.watch(names::of(&config), &names);
    service.engine.reconfigure(config.clone(), settings, known, globals);
    service.engine.set_dynamic_hosts(&service.lease_file.objects().hosts);
    let names = Arc::new(names);
    service.engine.set_names(names.clone());
    service.ddns.reconfigure(&config, &parameters, names, logger);
    let mut leases = SharedLeases::new(&mut service.engine, &mut service.lease_file, effects);
    service.failover.reconfigure(service.clock.now(), &config, places, &mut leases);
    Ok(())
}

/// A line for each parameter that a new configuration changes and the running server cannot: what it has opened at start is kept.
/// `at_start` are the parameters of the start, `ports` those the server has and would have.
fn kept(at_start: &Parameters, new: &Parameters, ports: (u16, u16)) -> Vec<String> {
    let line =
        |name: &str| format!("{name} has changed; the value of the start is kept until the server is restarted.");
    let all = [
        ("local-port", ports.0 != ports.1),
        ("local-address", at_start.local_address != new.local_address),
        ("omapi-port", at_start.omapi_port != new.omapi_port),
        ("lease-file-name", at_start.lease_file_name != new.lease_file_name),
        ("pid-file-name", at_start.pid_file_name != new.pid_file_name),
        ("dont-use-fsync", at_start.dont_use_fsync != new.dont_use_fsync),
    ];
    all.into_iter().filter(|(_, has_changed)| *has_changed).map(|(name, _)| line(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_change_is_named() {
        let (old, mut new) = (Parameters::default(), Parameters::default());
        assert!(kept(&old, &new, (67, 67)).is_empty());
        new.pid_file_name = Some(b"/run/other".to_vec());
        new.dont_use_fsync = true;
        let lines = kept(&old, &new, (67, 1067));
        let names: Vec<&str> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(names, ["local-port", "pid-file-name", "dont-use-fsync"]);
        assert!(lines[0].ends_with("is kept until the server is restarted."));
        (new.local_address, new.lease_file_name) = (Some([10, 0, 0, 1].into()), Some(b"l".to_vec()));
        assert_eq!(kept(&old, &new, (67, 67)).len(), 4);
        new.omapi_port = Some(7911);
        assert!(kept(&old, &new, (67, 67)).iter().any(|line| line.starts_with("omapi-port ")));
    }
}
