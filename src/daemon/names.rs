//! Host names that the configuration uses in the place of addresses: resolved at start, and from time to time beside the
//! service, so that no packet ever waits for a name server.

use crate::config::ir::{Expr, Shared, Stmt};
use crate::config::model::{Config, FixedAddress};
use crate::eval::environment::{NameAnswer, NameFailure, Names};
use crate::net::resolve::{addresses_of, Failure};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError, Sender};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the start waits for name servers.
const PATIENCE: Duration = Duration::from_secs(5);
/// How old an answer may become.
const REFRESH: Duration = Duration::from_secs(300);
/// When a name is asked for again that had no address (spec/config-language.md 1).
const RETRY: Duration = Duration::from_secs(60);

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
fn resolve(name: &str) -> NameAnswer {
    match addresses_of(name) {
        Ok(addresses) => NameAnswer::Addresses(addresses),
        Err(failure) => NameAnswer::none(match failure {
            Failure::Unknown => NameFailure::Unknown,
            Failure::TryAgain => NameFailure::TryAgain,
            Failure::Failed => NameFailure::Failed,
            Failure::NoAddress => NameFailure::NoAddress,
        }),
    }
}

/// The table without any address.
pub fn machine_only() -> Names {
    let own = nix::unistd::gethostname().unwrap_or_default();
    Names { own: own.to_string_lossy().into(), answers: FxHashMap::default() }
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
            let answer = resolve(&name);
            if to.send((name, answer)).is_err() {
                return;
            }
        }
    });
    let until = Instant::now() + PATIENCE;
    while worker.is_ok() && table.answers.len() < wanted {
        match answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((name, answer)) => drop(table.answers.insert(name, answer)),
            Err(_) => break,
        }
    }
    table
}

type Answers = FxHashMap<Arc<str>, NameAnswer>;

/// Names that are wanted from now on, and what is known of them already.
struct Wanted {
    names: BTreeSet<Arc<str>>,
    known: FxHashMap<Arc<str>, Known>,
}

/// Keeps the table of a running server fresh.
pub struct Refresher {
    wanted: Option<Sender<Wanted>>,
    answers: Receiver<Answers>,
    answers_to: Sender<Answers>,
    waker: Arc<dyn Fn() + Send + Sync>,
}

impl Refresher {
    /// `waker` is called when there is something new to `poll`.
    pub fn new(waker: Arc<dyn Fn() + Send + Sync>) -> Refresher {
        let (answers_to, answers) = channel();
        Refresher { wanted: None, answers, answers_to, waker }
    }

    /// Keeps these names fresh from now on, `table` being what was just learnt of some: the others are resolved at once, all every
    /// five minutes, those without an address every minute. No names, no thread.
    pub fn watch(&mut self, names: BTreeSet<Arc<str>>, table: &Names) {
        if names.is_empty() && self.wanted.is_none() {
            return;
        }
        let now = Instant::now();
        let known = table.answers.iter().map(|(name, answer)| (name.clone(), Known::after(answer.clone(), None, now)));
        let fresh = Wanted { names, known: known.collect() };
        if let Some(wanted) = &self.wanted {
            // A worker that has ended left its last answers; those are kept.
            let _ = wanted.send(fresh);
            return;
        }
        let (to, inbox) = channel();
        let (answers, waker) = (self.answers_to.clone(), self.waker.clone());
        let thread = std::thread::Builder::new().name("names".into());
        if thread.spawn(move || refresh(fresh, &inbox, &answers, &*waker)).is_ok() {
            self.wanted = Some(to);
        }
    }

    /// The newest table, if it changed since the last call.
    pub fn poll(&self) -> Option<Names> {
        let answers = self.answers.try_iter().last()?;
        Some(Names { answers, ..machine_only() })
    }
}

/// What is known of a name.
struct Known {
    answer: NameAnswer,
    due: Instant,
}

impl Known {
    /// After an answer. A name server that does not know a name any more takes nothing away.
    fn after(answer: NameAnswer, before: Option<NameAnswer>, now: Instant) -> Known {
        match answer {
            NameAnswer::Addresses(_) => Known { answer, due: now + REFRESH },
            NameAnswer::None(..) => {
                let kept = before.filter(|before| matches!(before, NameAnswer::Addresses(_)));
                Known { answer: kept.unwrap_or(answer), due: now + RETRY }
            }
        }
    }
}

impl Wanted {
    /// Asks for the names whose time has come. True if there was one.
    fn ask(&mut self) -> bool {
        let mut has_asked = false;
        for name in &self.names {
            let before = self.known.remove(name);
            let fresh = match before {
                Some(before) if before.due > Instant::now() => before,
                before => {
                    has_asked = true;
                    Known::after(resolve(name), before.map(|known| known.answer), Instant::now())
                }
            };
            self.known.insert(name.clone(), fresh);
        }
        has_asked
    }

    /// Takes the place of `before`: addresses that were known of names without one are kept. True if there are any.
    fn keep(&mut self, before: Wanted) -> bool {
        let mut has_kept = false;
        for (name, old) in before.known {
            let has_address = |known: &Known| matches!(known.answer, NameAnswer::Addresses(_));
            let is_missing = self.names.contains(&name) && !self.known.get(&name).is_some_and(has_address);
            if is_missing && has_address(&old) {
                self.known.insert(name, old);
                has_kept = true;
            }
        }
        has_kept
    }

    fn answers(&self) -> Answers {
        self.known.iter().map(|(name, known)| (name.clone(), known.answer.clone())).collect()
    }

    fn next_due(&self) -> Option<Instant> {
        self.names.iter().filter_map(|name| self.known.get(name)).map(|known| known.due).min()
    }
}

fn refresh(mut wanted: Wanted, inbox: &Receiver<Wanted>, answers: &Sender<Answers>, waker: &(dyn Fn() + Send + Sync)) {
    let tell = |wanted: &Wanted| {
        let is_heard = answers.send(wanted.answers()).is_ok();
        waker();
        is_heard
    };
    loop {
        if wanted.ask() && !tell(&wanted) {
            return;
        }
        let wait = match wanted.next_due() {
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        match wait {
            Ok(others) => {
                let before = std::mem::replace(&mut wanted, others);
                // At once: asking for the others may take its time.
                if wanted.keep(before) && !tell(&wanted) {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    /// A name that the C library does not even ask for.
    const NOBODY: &str = "a\0b";

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
        let found = |name: &str| table.find(name, |line| panic!("{line}")).to_vec();
        assert_eq!(found("192.0.2.7"), [Ipv4Addr::new(192, 0, 2, 7)]);
        assert_eq!(found("localhost"), [Ipv4Addr::LOCALHOST]);
    }

    #[test]
    fn a_name_without_an_address_is_complained_of_once_for_each_attempt() {
        let mut lines = Vec::new();
        for _ in 0..2 {
            let table = resolve_all(BTreeSet::from([NOBODY.into()]));
            for _ in 0..2 {
                assert!(table.find(NOBODY, |line| lines.push(line)).is_empty());
            }
        }
        assert_eq!(lines, ["a\0b: host unknown."; 2]);
    }

    #[test]
    fn a_name_server_that_fails_takes_nothing_away() {
        let now = Instant::now();
        let failure = || NameAnswer::none(NameFailure::TryAgain);
        let never = Known::after(failure(), None, now);
        assert!(matches!(never.answer, NameAnswer::None(NameFailure::TryAgain, _)) && never.due == now + RETRY);
        let found = Known::after(NameAnswer::Addresses(vec![Ipv4Addr::LOCALHOST]), Some(never.answer), now);
        assert_eq!(found.due, now + REFRESH);
        let lost = Known::after(failure(), Some(found.answer), now);
        assert!(matches!(lost.answer, NameAnswer::Addresses(addresses) if addresses == [Ipv4Addr::LOCALHOST]));
        assert_eq!(lost.due, now + RETRY);
    }

    fn wanted(names: &[&str], known: Vec<(&str, NameAnswer)>, due: Instant) -> Wanted {
        let known = known.into_iter().map(|(name, answer)| (name.into(), Known { answer, due }));
        Wanted { names: names.iter().map(|name| (*name).into()).collect(), known: known.collect() }
    }

    fn complaints(wanted: &Wanted) -> Vec<String> {
        let (table, mut lines) = (Names { answers: wanted.answers(), ..Names::default() }, Vec::new());
        table.find(NOBODY, |line| lines.push(line));
        lines
    }

    #[test]
    fn a_name_is_asked_for_when_its_time_has_come() {
        let failure = NameAnswer::none(NameFailure::TryAgain);
        let mut wanted = wanted(&[NOBODY], vec![(NOBODY, failure)], Instant::now());
        assert_eq!(complaints(&wanted), ["a\0b: temporary name server failure"]);
        assert!(complaints(&wanted).is_empty() && wanted.ask());
        assert_eq!(complaints(&wanted), ["a\0b: host unknown."]);
        assert!(!wanted.ask() && complaints(&wanted).is_empty());
        assert!(wanted.next_due().is_some_and(|due| due > Instant::now() + RETRY / 2));
    }

    /// A configuration is read anew while no name server answers.
    #[test]
    fn a_new_configuration_keeps_what_is_known() {
        let (due, local) = (Instant::now() + REFRESH, || NameAnswer::Addresses(vec![Ipv4Addr::LOCALHOST]));
        let before = || wanted(&["a", "b", "c"], vec![("a", local()), ("b", local()), ("c", local())], due);
        let failure = || NameAnswer::none(NameFailure::TryAgain);
        let mut after = wanted(&["a", "b"], vec![("a", failure())], due);
        assert!(after.keep(before()));
        let mut names: Vec<_> = after.known.iter().map(|(name, known)| (&**name, &known.answer)).collect();
        names.sort_by_key(|(name, _)| *name);
        assert!(matches!(names[..], [("a", NameAnswer::Addresses(_)), ("b", NameAnswer::Addresses(_))]), "{names:?}");
        assert!(!wanted(&["a"], vec![("a", local())], due).keep(before()));
        assert!(!wanted(&["d"], vec![("d", failure())], due).keep(before()));
    }
}
