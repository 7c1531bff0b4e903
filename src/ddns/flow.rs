//! One update from its first message to its last (spec/ddns.md 10, 11): what follows from each answer. Pure.

use super::exchanges::ExchangeId;
use super::lanes::Keys;
use super::outcome::Outcome;
use super::search::SearchId;
use super::settings::Conflicts;
use super::updates::Step;
use super::zones::ZoneUse;
use super::LogKind;
use crate::leases::dns::{guard_variable, DnsRecord, DnsUpdate, VariableChange, CLIENT, FORWARD, REVERSE};
use crate::wire::dns::guard::Guard;
use std::net::IpAddr;
use std::sync::Arc;

/// Old names that go.
#[derive(Clone, Debug)]
pub struct Removal {
    pub record: DnsRecord,
    pub guard: Option<Guard>,
    /// The lease's variables go with the names.
    pub is_active: bool,
}

/// An update: names that go, then names that come.
#[derive(Clone, Debug)]
pub struct Operation {
    pub address: IpAddr,
    pub is_lease: bool,
    pub removal: Option<Removal>,
    pub addition: Option<DnsUpdate>,
    /// Of the name that comes, from its turn on.
    guard: Option<Guard>,
    /// `None` before the first message.
    pub step: Option<Step>,
    /// That of the forward name, once it is known.
    pub zone: Option<ZoneUse>,
    pub exchange: Option<ExchangeId>,
    pub search: Option<SearchId>,
    /// The addition follows when the reverse name is gone.
    goes_on: bool,
}

/// How an update goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Send(Step),
    Done,
}

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    pub log: Option<(LogKind, String)>,
    /// Of the lease.
    pub variables: Vec<VariableChange>,
    pub next: Next,
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

impl Operation {
    /// Names that a lease gets.
    pub fn adding(mut update: DnsUpdate) -> Operation {
        let removal = update.replaces.take().map(|record| Removal::new(*record, true));
        let (address, is_lease) = (update.address, update.is_lease);
        Operation { removal, addition: Some(update), ..Operation::of(address, is_lease) }
    }

    /// Names that a lease loses.
    pub fn removing(address: IpAddr, record: DnsRecord, is_active: bool) -> Operation {
        Operation { removal: Some(Removal::new(record, is_active)), ..Operation::of(address, true) }
    }

    fn of(address: IpAddr, is_lease: bool) -> Operation {
        Operation {
            address,
            is_lease,
            removal: None,
            addition: None,
            guard: None,
            step: None,
            zone: None,
            exchange: None,
            search: None,
            goes_on: false,
        }
    }

    /// The forward names that it is about, in small letters.
    pub fn keys(&self) -> Keys {
        let lower = |name: &[u8]| Arc::from(name.strip_suffix(b".").unwrap_or(name).to_ascii_lowercase());
        let old = self.removal.as_ref().and_then(|removal| removal.record.forward.as_deref()).map(lower);
        let new =
            self.addition.as_ref().map(|addition| lower(&addition.forward)).filter(|new| Some(new) != old.as_ref());
        old.into_iter().chain(new).collect()
    }

    /// True if a removal that is wanted now has to end it; else it is one itself and does what is wanted.
    pub fn yields_to_removal(&self, is_active: bool) -> bool {
        let adds = match self.step {
            None => self.removal.is_none(),
            Some(step) => matches!(step, Step::AddUnused | Step::AddGuarded | Step::AddReverse),
        };
        let was_active = self.removal.as_ref().is_some_and(|removal| removal.is_active);
        adds || !is_active && was_active
    }

    /// The guard of the forward name of the present step.
    pub fn guard(&self) -> Option<&Guard> {
        match &self.removal {
            Some(removal) => removal.guard.as_ref(),
            None => self.guard.as_ref(),
        }
    }

    /// The forward name of the present step.
    pub fn forward(&self) -> &[u8] {
        let name = match (&self.removal, &self.addition) {
            (Some(removal), _) => removal.record.forward.as_deref(),
            (None, Some(addition)) => Some(&*addition.forward),
            (None, None) => None,
        };
        name.unwrap_or_default()
    }

    /// The reverse name of the present step.
    pub fn reverse(&self) -> &[u8] {
        let name = match (&self.removal, &self.addition) {
            (Some(removal), _) => removal.record.reverse.as_deref(),
            (None, Some(addition)) => addition.reverse.as_deref(),
            (None, None) => None,
        };
        name.unwrap_or_default()
    }

    /// The first message.
    pub fn begin(&mut self) -> Reaction {
        let Some(removal) = &self.removal else { return self.begin_addition() };
        if removal.record.forward.is_none() {
            self.addition = None;
        }
        if removal.removes_forward() {
            return Reaction::send(Step::RemoveAddress);
        }
        self.goes_on = true;
        if removal.record.reverse.is_some() {
            return Reaction::send(Step::RemoveReverse);
        }
        self.begin_addition()
    }

    /// The old names are gone, or there were none.
    fn begin_addition(&mut self) -> Reaction {
        self.removal = None;
        self.zone = None;
        let Some(addition) = &self.addition else { return Reaction::done() };
        if let Some(owner) = &addition.owner {
            self.guard = owner.guard(&addition.forward);
            // Without a guard nothing is updated.
            return self.guard.as_ref().map_or_else(Reaction::done, |_| Reaction::send(Step::AddUnused));
        }
        if addition.adds_reverse && addition.reverse.is_some() {
            return Reaction::send(Step::AddReverse);
        }
        let variables = addition.reverse_variables();
        Reaction { variables, ..Reaction::done() }
    }

    /// The answer to the message of the present step.
    pub fn react(&mut self, outcome: Outcome, conflicts: Conflicts) -> Reaction {
        let Some(step) = self.step else { return Reaction::done() };
        let mut reaction = match step {
            Step::AddUnused | Step::AddGuarded | Step::AddMixed => self.forward_added(step, outcome, conflicts),
            Step::AddReverse => self.reverse_added(outcome),
            Step::RemoveAddress | Step::RemoveOther | Step::RemoveGuard => {
                self.forward_removed(step, outcome, conflicts)
            }
            Step::RemoveReverse => self.reverse_removed(outcome),
        };
        if !self.is_lease {
            reaction.variables.clear();
        }
        reaction
    }

    fn forward_added(&self, step: Step, outcome: Outcome, conflicts: Conflicts) -> Reaction {
        use Outcome::*;
        let Some(addition) = &self.addition else { return Reaction::done() };
        let (name, address) = (text(&addition.forward), self.address);
        let failed = |reason: &str| Reaction::failed(format!("Forward map from {name} to {address} FAILED: {reason}"));
        match (step, outcome) {
            (_, Success) => Reaction {
                log: Some((LogKind::Info, format!("Added new forward map from {name} to {address}"))),
                variables: addition.forward_variables(self.guard.as_ref()),
                next: match addition.adds_reverse && addition.reverse.is_some() {
                    true => Next::Send(Step::AddReverse),
                    false => Next::Done,
                },
            },
            (Step::AddUnused, YxDomain) => Reaction::send(Step::AddGuarded),
            (Step::AddUnused, other) => {
                Reaction::failed(format!("Unable to add forward map from {name} to {address}: {other}"))
            }
            (Step::AddGuarded, YxRrset | YxDomain) => failed("DHCID mismatch, belongs to another client."),
            (Step::AddGuarded, NxRrset | NxDomain) if conflicts.mixed => Reaction::send(Step::AddMixed),
            (Step::AddGuarded, NxRrset | NxDomain) => failed("Has an address record but no DHCID, not mine."),
            (Step::AddMixed, YxRrset) => failed("an entry that is either static or owned by another client exists."),
            (Step::AddMixed, NxRrset) => failed("static entry of the other protocol type exists."),
            (_, other) => failed(&other.to_string()),
        }
    }

    fn reverse_added(&self, outcome: Outcome) -> Reaction {
        let Some(addition) = &self.addition else { return Reaction::done() };
        let (reverse, name) = (text(self.reverse()), text(&addition.forward));
        match outcome {
            Outcome::Success => Reaction {
                log: Some((LogKind::Info, format!("Added reverse map from {reverse} to {name}"))),
                variables: addition.reverse_variables(),
                next: Next::Done,
            },
            other => Reaction::failed(format!("Unable to add reverse map from {reverse} to {name}: {other}")),
        }
    }

    fn forward_removed(&mut self, step: Step, outcome: Outcome, conflicts: Conflicts) -> Reaction {
        use Outcome::*;
        let is_gone = match (step, outcome) {
            (Step::RemoveAddress, Success) => {
                let line = format!("Removed forward map from {} to {}", text(self.forward()), self.address);
                return Reaction { log: Some((LogKind::Info, line)), ..Reaction::send(Step::RemoveGuard) };
            }
            (Step::RemoveAddress, NxRrset | NxDomain) if conflicts.mixed && conflicts.other_is_dynamic => {
                return Reaction::send(Step::RemoveOther);
            }
            (Step::RemoveAddress, outcome) => matches!(outcome, NxRrset | NxDomain),
            (_, outcome) => matches!(outcome, Success | YxRrset),
        };
        let variables = match self.removal.as_ref().filter(|_| is_gone) {
            Some(removal) => removal.forward_variables(),
            None => Vec::new(),
        };
        self.goes_on = is_gone;
        self.zone = None;
        if self.removal.as_ref().is_some_and(|removal| removal.record.reverse.is_some()) {
            return Reaction { variables, ..Reaction::send(Step::RemoveReverse) };
        }
        self.go_on(None, variables)
    }

    fn reverse_removed(&mut self, outcome: Outcome) -> Reaction {
        let reverse = text(self.reverse());
        let log = match outcome {
            Outcome::Success => Some((LogKind::Info, format!("Removed reverse map on {reverse}"))),
            Outcome::NxRrset | Outcome::NxDomain => None,
            other => return Reaction::failed(format!("Can't remove reverse map on {reverse}: {other}")),
        };
        let variables = self.removal.as_ref().map(Removal::reverse_variables).unwrap_or_default();
        self.go_on(log, variables)
    }

    /// All old names have had their message.
    fn go_on(&mut self, log: Option<(LogKind, String)>, variables: Vec<VariableChange>) -> Reaction {
        let following = if self.goes_on { self.begin_addition() } else { Reaction::done() };
        let variables = variables.into_iter().chain(following.variables).collect();
        Reaction { log, variables, next: following.next }
    }
}

impl Removal {
    fn new(record: DnsRecord, is_active: bool) -> Removal {
        Removal { guard: record.guard(), record, is_active }
    }

    fn removes_forward(&self) -> bool {
        self.guard.is_some() && self.record.forward.as_ref().is_some_and(|name| !name.is_empty())
    }

    fn forward_variables(&self) -> Vec<VariableChange> {
        let guard = self.guard.iter().map(|guard| (guard_variable(guard.style), None));
        std::iter::once((FORWARD, None)).chain(guard).filter(|_| self.is_active).collect()
    }

    fn reverse_variables(&self) -> Vec<VariableChange> {
        let client = self.record.client.as_ref().filter(|_| self.record.forward.is_none()).map(|_| (CLIENT, None));
        std::iter::once((REVERSE, None)).chain(client).filter(|_| self.is_active).collect()
    }
}

impl Reaction {
    fn done() -> Reaction {
        Reaction { log: None, variables: Vec::new(), next: Next::Done }
    }

    fn send(step: Step) -> Reaction {
        Reaction { next: Next::Send(step), ..Reaction::done() }
    }

    fn failed(line: String) -> Reaction {
        Reaction { log: Some((LogKind::Error, line)), ..Reaction::done() }
    }
}
