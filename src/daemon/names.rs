//! Host names that the configuration uses in the place of addresses: resolved at start, and from time to time beside the
//! service, so that no packet ever waits for a name server.

use crate::config::ir::{Expr, Shared, Stmt};
use crate::config::model::{Config, FixedAddress};
use crate::eval::environment::Names;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError, Sender};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the start waits for name servers.
const PATIENCE: Duration = Duration::from_secs(5);
/// How old an answer may become.
const REFRESH: Duration = Duration::from_secs(300);

/// The names that evaluations of the root scope may want.
pub fn of_root(config: &Config) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    if let Some(root) = config.scopes.first() {
        statements(&root.statements, &mut names);
    }
    names
}

/// All names of a configuration.
pub fn of(config: &Config) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    for scope in &config.scopes {
        statements(&scope.statements, &mut names);
    }
    for class in &config.classes {
        for part in class.condition.iter().chain(&class.submatch) {
            expression(part, &mut names);
        }
    }
    for host in &config.hosts {
        for address in host.fixed_addresses.iter().flat_map(|addresses| addresses.iter()) {
            if let FixedAddress::Name(name) = address {
                names.insert(name.clone());
            }
        }
    }
    let servers = config.zones.iter().flat_map(|zone| zone.primary.iter().chain(&zone.secondary));
    names.extend(servers.filter_map(|server| match server {
        FixedAddress::Name(name) => Some(name.clone()),
        FixedAddress::Address(_) => None,
    }));
    names
}

fn statements(list: &[Stmt], names: &mut BTreeSet<Arc<str>>) {
    for statement in list {
        match statement {
            Stmt::Option { value, .. } | Stmt::Set { value, .. } | Stmt::Eval(value) | Stmt::Return(Some(value)) => {
                expression(value, names);
            }
            Stmt::Case(value) | Stmt::Log { text: value, .. } => expression(value, names),
            Stmt::If { condition, then, otherwise } => {
                expression(condition, names);
                statements(then, names);
                statements(otherwise, names);
            }
            Stmt::Switch { on, body } => {
                expression(on, names);
                statements(body, names);
            }
            Stmt::On { body: Some(body), .. } => statements(body, names),
            Stmt::Define { function, .. } => statements(&function.body, names),
            Stmt::Execute { arguments, .. } => arguments.iter().for_each(|argument| expression(argument, names)),
            Stmt::On { body: None, .. } | Stmt::Return(None) => {}
            Stmt::DefaultCase | Stmt::Break | Stmt::Unset(_) | Stmt::SetFunction(_) => {}
            Stmt::Add(_) | Stmt::ParseVendorOption => {}
        }
    }
}

fn expression(root: &Shared, names: &mut BTreeSet<Arc<str>>) {
    let mut open = vec![root];
    while let Some(part) = open.pop() {
        if let Expr::HostLookup { name, .. } = &**part {
            names.insert(name.clone());
        }
        open.extend(operands(part));
    }
}

/// The parts of an expression.
fn operands(expr: &Expr) -> Vec<&Shared> {
    match expr {
        Expr::Equal(a, b) | Expr::NotEqual(a, b) | Expr::And(a, b) | Expr::Or(a, b) => vec![a, b],
        Expr::Regex { data: a, pattern: b, .. } | Expr::Suffix { data: a, length: b } => vec![a, b],
        Expr::Concat(a, b) | Expr::ConcatDomainLists(a, b) => vec![a, b],
        Expr::Packet { offset: a, length: b } | Expr::Reverse { width: a, data: b } => vec![a, b],
        Expr::V6Relay { relay: a, data: b } => vec![a, b],
        Expr::Add(a, b) | Expr::Multiply(a, b) | Expr::Divide(a, b) | Expr::Remainder(a, b) => vec![a, b],
        Expr::BitAnd(a, b) | Expr::BitOr(a, b) | Expr::BitXor(a, b) => vec![a, b],
        Expr::Not(a) | Expr::Lcase(a) | Expr::Ucase(a) | Expr::EncodeInt(a, _) | Expr::ExtractInt(a, _) => vec![a],
        Expr::Substring { data, offset, length } => vec![data, offset, length],
        Expr::BinaryToAscii { base, width, separator, data } => vec![base, width, separator, data],
        Expr::Pick(parts) | Expr::Call(_, parts) => parts.iter().collect(),
        _ => Vec::new(),
    }
}

/// Asks the system for a name.
fn resolve(name: &str) -> Vec<Ipv4Addr> {
    let Ok(found) = (name, 0).to_socket_addrs() else { return Vec::new() };
    let mut addresses = Vec::new();
    for address in found {
        if let IpAddr::V4(address) = address.ip() {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    addresses
}

/// The table without any address.
pub fn machine_only() -> Names {
    let own = nix::unistd::gethostname().unwrap_or_default();
    Names { own: own.to_string_lossy().into(), addresses: FxHashMap::default() }
}

/// Resolves names, at most for `PATIENCE`; a name without an answer is absent.
pub fn resolve_all(names: BTreeSet<Arc<str>>) -> Names {
    let mut table = machine_only();
    if names.is_empty() {
        return table;
    }
    let (to, answers) = channel();
    let wanted = names.len();
    let worker = std::thread::Builder::new().name("names".into()).spawn(move || {
        for name in names {
            let addresses = resolve(&name);
            if to.send((name, addresses)).is_err() {
                return;
            }
        }
    });
    let until = Instant::now() + PATIENCE;
    while worker.is_ok() && table.addresses.len() < wanted {
        match answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((name, addresses)) => drop(table.addresses.insert(name, addresses)),
            Err(_) => break,
        }
    }
    table.addresses.retain(|_, addresses| !addresses.is_empty());
    table
}

/// Keeps the table of a running server fresh.
pub struct Refresher {
    wanted: Option<Sender<BTreeSet<Arc<str>>>>,
    answers: Receiver<FxHashMap<Arc<str>, Vec<Ipv4Addr>>>,
    answers_to: Sender<FxHashMap<Arc<str>, Vec<Ipv4Addr>>>,
    waker: Arc<dyn Fn() + Send + Sync>,
}

impl Refresher {
    /// `waker` is called when there is something new to `poll`.
    pub fn new(waker: Arc<dyn Fn() + Send + Sync>) -> Refresher {
        let (answers_to, answers) = channel();
        Refresher { wanted: None, answers, answers_to, waker }
    }

    /// Resolves these names from now on, at once and then every five minutes. No names, no thread.
    pub fn watch(&mut self, names: BTreeSet<Arc<str>>) {
        if names.is_empty() && self.wanted.is_none() {
            return;
        }
        if let Some(wanted) = &self.wanted {
            // A worker that has ended left its last answers; those are kept.
            let _ = wanted.send(names);
            return;
        }
        let (to, inbox) = channel();
        let (answers, waker) = (self.answers_to.clone(), self.waker.clone());
        let thread = std::thread::Builder::new().name("names".into());
        if thread.spawn(move || refresh(names, &inbox, &answers, &*waker)).is_ok() {
            self.wanted = Some(to);
        }
    }

    /// The newest table, if it changed since the last call.
    pub fn poll(&self) -> Option<Names> {
        let addresses = self.answers.try_iter().last()?;
        Some(Names { addresses, ..machine_only() })
    }
}

fn refresh(
    mut names: BTreeSet<Arc<str>>,
    inbox: &Receiver<BTreeSet<Arc<str>>>,
    answers: &Sender<FxHashMap<Arc<str>, Vec<Ipv4Addr>>>,
    waker: &(dyn Fn() + Send + Sync),
) {
    let mut known: FxHashMap<Arc<str>, Vec<Ipv4Addr>> = FxHashMap::default();
    loop {
        let mut fresh = FxHashMap::default();
        for name in &names {
            let addresses = resolve(name);
            // A name server that does not answer takes nothing away.
            let old = known.get(name).filter(|_| addresses.is_empty()).cloned();
            let addresses = old.unwrap_or(addresses);
            if !addresses.is_empty() {
                fresh.insert(name.clone(), addresses);
            }
        }
        if fresh != known {
            known.clone_from(&fresh);
            if answers.send(fresh).is_err() {
                return;
            }
            waker();
        }
        let wait = if names.is_empty() {
            inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            inbox.recv_timeout(REFRESH)
        };
        match wait {
            Ok(others) => names = others,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_nested_expressions() {
        let lookup: Shared = Arc::new(Expr::HostLookup { name: "Time.Example".into(), first_only: false });
        let text: Shared = Arc::new(Expr::Const(b"x"[..].into()));
        let nested = Arc::new(Expr::Lcase(Arc::new(Expr::Concat(text.clone(), lookup))));
        let body: Arc<[Stmt]> = [Stmt::Eval(nested)].into();
        let list = [Stmt::If { condition: text, then: Arc::from([]), otherwise: body }];
        let mut names = BTreeSet::new();
        statements(&list, &mut names);
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["Time.Example".into()]);
    }

    #[test]
    fn addresses_resolve_without_a_name_server() {
        let table = resolve_all(BTreeSet::from(["localhost".into(), "192.0.2.7".into()]));
        assert_eq!(table.addresses.get("192.0.2.7"), Some(&vec![Ipv4Addr::new(192, 0, 2, 7)]));
        assert_eq!(table.addresses.get("localhost"), Some(&vec![Ipv4Addr::LOCALHOST]));
    }
}
