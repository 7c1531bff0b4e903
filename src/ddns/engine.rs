//! The engine: updates, their messages, the zones they go to.

use super::effect::{Effect, Leases};
use super::exchanges::{Body, Ended, ExchangeId, Exchanges};
use super::flow::{Next, Operation, Reaction};
use super::lanes::{Lanes, OperationId};
use super::outcome::Outcome;
use super::search::{self, Goal, Search, SearchId};
use super::settings::Settings;
use super::updates::{reverse, Forward, Step};
use super::zones::{Lookup, ZoneUse, Zones};
use super::LogKind;
use crate::config::model::Config;
use crate::eval::environment::Names;
use crate::leases::dns::{DnsChange, DnsRecord, DnsRemoval};
use crate::wire::dns::message::Update;
use crate::wire::dns::name::Name;
use crate::wire::units::{Now, Seconds};
use rustc_hash::FxHashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// How many searches for zones run at a time.
const MAX_SEARCHES: usize = 64;

/// Whom the end of an exchange concerns.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    Update(OperationId),
    Search(SearchId),
}

/// DNS updates.
#[derive(Debug)]
pub struct Ddns {
    settings: Settings,
    zones: Zones,
    hosts: Arc<Names>,
    exchanges: Exchanges<Purpose>,
    operations: Lanes<Operation>,
    /// What is under way for a lease.
    of_lease: FxHashMap<IpAddr, OperationId>,
    searches: FxHashMap<SearchId, Search>,
    next: u64,
    /// Updates were refused because too many waited; that is logged once, and again only after there was room for many.
    was_full: bool,
}

impl Ddns {
    /// An engine for a configuration; `hosts`: the addresses of names in it. Ids of messages follow from the seed.
    pub fn new(config: &Config, settings: Settings, hosts: Arc<Names>, seed: u64) -> Ddns {
        let mut exchanges = Exchanges::new(seed);
        (exchanges.has_v4, exchanges.has_v6) = (settings.has_v4, settings.has_v6);
        Ddns {
            settings,
            zones: Zones::of(config),
            hosts,
            exchanges,
            operations: Lanes::default(),
            of_lease: FxHashMap::default(),
            searches: FxHashMap::default(),
            next: 0,
            was_full: false,
        }
    }

    /// Takes over a new configuration; what is under way goes on.
    pub fn reconfigure(&mut self, config: &Config, settings: Settings) {
        (self.exchanges.has_v4, self.exchanges.has_v6) = (settings.has_v4, settings.has_v6);
        self.settings = settings;
        self.zones = Zones::of(config);
    }

    /// Replaces what is known of host names.
    pub fn set_names(&mut self, hosts: Arc<Names>) {
        self.hosts = hosts;
    }

    /// A lease has changed.
    pub fn change(&mut self, now: Now, change: DnsChange, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        if self.settings.style.is_none() {
            return;
        }
        match change {
            DnsChange::Cancel(address) => self.cancel_of_lease(address, out),
            DnsChange::Update(update) if self.has_room(out) => self.push(Operation::adding(update)),
            DnsChange::Update(_) => {}
            DnsChange::Remove(removal) => self.remove(removal, out),
        }
        self.pump(now, leases, out);
    }

    fn remove(&mut self, removal: DnsRemoval, out: &mut Vec<Effect>) {
        let DnsRemoval { address, record, is_active } = removal;
        if let Some(pending) = self.of_lease.get(&address).and_then(|id| self.operations.get_mut(*id)) {
            if !pending.yields_to_removal(is_active) {
                pending.addition = None;
                return;
            }
            self.cancel_of_lease(address, out);
        }
        if record != DnsRecord::default() && self.has_room(out) {
            self.push(Operation::removing(address, record, is_active));
        }
    }

    /// Takes an update; it runs when its turn comes.
    fn push(&mut self, operation: Operation) {
        let id = OperationId(self.next);
        self.next += 1;
        if operation.is_lease {
            self.of_lease.insert(operation.address, id);
        }
        self.operations.push(id, operation.keys(), operation);
    }

    /// True if one more update can wait for its turn.
    fn has_room(&mut self, out: &mut Vec<Effect>) -> bool {
        if !self.operations.is_full() {
            self.was_full &= !self.operations.is_half_empty();
            return true;
        }
        if !std::mem::replace(&mut self.was_full, true) {
            let line = "DDNS: too many updates wait for name servers, new ones are not made.";
            out.push(Effect::Log(LogKind::Error, line.into()));
        }
        false
    }

    /// Ends what is under way for a lease.
    fn cancel_of_lease(&mut self, address: IpAddr, out: &mut Vec<Effect>) {
        let Some(id) = self.of_lease.get(&address).copied() else { return };
        let Some(operation) = self.operations.get(id) else { return };
        if let Some(exchange) = operation.exchange {
            self.exchanges.cancel(exchange, out);
        }
        if let Some(search) = operation.search {
            self.searches.remove(&search);
        }
        self.finish(id);
    }

    /// An update is over.
    fn finish(&mut self, id: OperationId) {
        let Some(&Operation { address, is_lease, step, .. }) = self.operations.get(id) else { return };
        if is_lease && self.of_lease.get(&address) == Some(&id) {
            self.of_lease.remove(&address);
        }
        self.operations.end(id, step.is_some());
    }

    /// Begins updates whose turn it is.
    fn pump(&mut self, now: Now, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        while let Some(id) = self.operations.next() {
            let Some(operation) = self.operations.get_mut(id) else { continue };
            let reaction = operation.begin();
            // From now on it counts as running.
            operation.step.get_or_insert(Step::AddUnused);
            self.carry_out(now, id, reaction, leases, out);
        }
    }

    /// Does what follows from an answer.
    fn carry_out(
        &mut self,
        now: Now,
        id: OperationId,
        reaction: Reaction,
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        let mut reaction = reaction;
        // Each step leads to a later one, so that they end.
        loop {
            let Reaction { log, variables, next } = reaction;
            let Some(operation) = self.operations.get_mut(id) else { return };
            out.extend(log.map(|(kind, line)| Effect::Log(kind, line)));
            if !variables.is_empty() && operation.is_lease {
                leases.set_variables(now, operation.address, variables);
            }
            let Next::Send(step) = next else { return self.finish(id) };
            operation.step = Some(step);
            match self.send(now, id, step, out) {
                None => return self.finish(id),
                Some(Ok(())) => return,
                Some(Err(outcome)) => match self.operations.get_mut(id) {
                    Some(operation) => reaction = operation.react(outcome, self.settings.conflicts.effective()),
                    None => return,
                },
            }
        }
    }

    /// Sends the message of a step, or finds out where to. `None` if that is not known; then nothing is said. `Err`: no server
    /// can be reached.
    fn send(&mut self, now: Now, id: OperationId, step: Step, out: &mut Vec<Effect>) -> Option<Result<(), Outcome>> {
        let operation = self.operations.get_mut(id)?;
        let text = if step.is_forward() { operation.forward() } else { operation.reverse() };
        let name = readable(text, out)?;
        let known = operation.zone.take().filter(|_| step.is_forward());
        let zone = match known {
            Some(zone) => zone,
            None => self.zone_of(now, &name, out)?,
        };
        if zone.servers.is_empty() {
            self.search(now, Goal::Update(id), Some(zone), name, out).map(Ok)
        } else {
            self.transmit(now, id, step, zone, out)
        }
    }

    /// The zone of a name; `None` if it cannot be updated now.
    fn zone_of(&mut self, now: Now, name: &Name, out: &mut Vec<Effect>) -> Option<ZoneUse> {
        let complain = |kind, line| out.push(Effect::Log(kind, line));
        match self.zones.find(now.wall, name, &self.hosts, complain) {
            Lookup::Zone(zone) => Some(zone),
            Lookup::Repudiated => None,
            Lookup::Unknown => {
                let is_covered = |search: &Search| search.goal == Goal::Zone && name.is_at_or_below(&search.name);
                if self.searches.len() < MAX_SEARCHES && !self.searches.values().any(is_covered) {
                    self.search(now, Goal::Zone, None, name.clone(), out);
                }
                None
            }
        }
    }

    /// Sends the message of a step to the servers of its zone.
    fn transmit(
        &mut self,
        now: Now,
        id: OperationId,
        step: Step,
        zone: ZoneUse,
        out: &mut Vec<Effect>,
    ) -> Option<Result<(), Outcome>> {
        let operation = self.operations.get_mut(id)?;
        let update = message(operation, step, &zone, &self.settings, out)?;
        let (servers, key) = (zone.servers.clone(), zone.key.clone());
        operation.zone = Some(zone);
        let begun = self.exchanges.begin(now, Purpose::Update(id), Body::Update(update), &servers, key, out);
        operation.exchange = begun.as_ref().ok().copied();
        Some(begun.map(|_| ()))
    }

    /// Begins to look for servers. `None` if nobody can be asked.
    fn search(&mut self, now: Now, goal: Goal, zone: Option<ZoneUse>, name: Name, out: &mut Vec<Effect>) -> Option<()> {
        let id = SearchId(self.next);
        self.next += 1;
        let (search, first) = Search::begin(goal, name);
        let search::Next::Ask(name, kind) = first else { return None };
        let exchange = self.ask(now, id, name, kind, out)?;
        self.searches.insert(id, search);
        if let Goal::Update(operation) = goal {
            let operation = self.operations.get_mut(operation)?;
            (operation.exchange, operation.search, operation.zone) = (Some(exchange), Some(id), zone);
        }
        Some(())
    }

    fn ask(&mut self, now: Now, id: SearchId, name: Name, kind: u16, out: &mut Vec<Effect>) -> Option<ExchangeId> {
        let (purpose, body) = (Purpose::Search(id), Body::Query(name, kind));
        self.exchanges.begin(now, purpose, body, &self.settings.resolvers, None, out).ok()
    }

    /// A datagram came.
    pub fn received(
        &mut self,
        now: Now,
        from: SocketAddr,
        octets: &[u8],
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        let ended = self.exchanges.received(now, from, octets, out);
        self.end(now, ended, leases, out);
    }

    /// The answer to a message over a connection.
    pub fn answered(
        &mut self,
        now: Now,
        exchange: ExchangeId,
        octets: &[u8],
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        let ended = self.exchanges.answered(now, exchange, octets, out);
        self.end(now, ended, leases, out);
    }

    /// A message could not be sent, or its connection broke.
    pub fn failed(
        &mut self,
        now: Now,
        exchange: ExchangeId,
        outcome: Outcome,
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        let ended = self.exchanges.failed(now, exchange, outcome, out);
        self.end(now, ended, leases, out);
    }

    /// When `tick` has something to do, by the monotonic clock in milliseconds.
    pub fn next_deadline(&self) -> Option<u64> {
        self.exchanges.next_deadline()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Now, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        while let Some(ended) = self.exchanges.tick(now, out) {
            self.end(now, ended, leases, out);
        }
    }

    /// True if nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.operations.is_empty() && self.searches.is_empty()
    }

    /// An exchange has ended, if one has.
    fn end(&mut self, now: Now, ended: Option<Ended<Purpose>>, leases: &mut dyn Leases, out: &mut Vec<Effect>) {
        let Some(Ended { purpose, outcome, reply }) = ended else { return };
        match purpose {
            Purpose::Update(id) => self.end_step(now, id, outcome, leases, out),
            Purpose::Search(id) => {
                let Some(search) = self.searches.get_mut(&id) else { return };
                match search.take(outcome, reply.as_ref()) {
                    search::Next::Ask(name, kind) => match self.ask(now, id, name, kind, out) {
                        Some(exchange) => self.note_exchange(id, exchange),
                        None => self.end_search(now, id, Err(Outcome::NotFound), leases, out),
                    },
                    search::Next::Found => self.end_search(now, id, Ok(()), leases, out),
                    search::Next::Failed(outcome) => self.end_search(now, id, Err(outcome), leases, out),
                }
            }
        }
        self.pump(now, leases, out);
    }

    /// The update for which a search is made can end the question.
    fn note_exchange(&mut self, id: SearchId, exchange: ExchangeId) {
        if let Some(Goal::Update(operation)) = self.searches.get(&id).map(|search| search.goal) {
            if let Some(operation) = self.operations.get_mut(operation) {
                operation.exchange = Some(exchange);
            }
        }
    }

    fn end_search(
        &mut self,
        now: Now,
        id: SearchId,
        result: Result<(), Outcome>,
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        let Some(search) = self.searches.remove(&id) else { return };
        let Search { goal, zone: Some(zone), addresses, ttl, .. } = search else {
            if let (Goal::Update(operation), Err(outcome)) = (search.goal, result) {
                self.end_step(now, operation, outcome, leases, out);
            }
            return;
        };
        match (goal, result) {
            (Goal::Zone, Ok(())) => self.zones.found(&zone, &addresses, now.wall.plus(Seconds(ttl))),
            (Goal::Zone, Err(_)) => {}
            (Goal::Update(operation), Err(outcome)) => self.end_step(now, operation, outcome, leases, out),
            (Goal::Update(id), Ok(())) => {
                let Some(operation) = self.operations.get_mut(id) else { return };
                operation.search = None;
                let (Some(step), Some(declared)) = (operation.step, operation.zone.take()) else { return };
                // A reverse update is made in the zone that was found, and without the key.
                let zone = match step.is_forward() {
                    true => ZoneUse { servers: addresses, ..declared },
                    false => ZoneUse { name: zone, servers: addresses, key: None },
                };
                match self.transmit(now, id, step, zone, out) {
                    None => self.finish(id),
                    Some(Ok(())) => {}
                    Some(Err(outcome)) => self.end_step(now, id, outcome, leases, out),
                }
            }
        }
    }

    /// The message of a step has its answer, or will have none.
    fn end_step(
        &mut self,
        now: Now,
        id: OperationId,
        mut outcome: Outcome,
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        let Some(operation) = self.operations.get_mut(id) else { return };
        (operation.exchange, operation.search) = (None, None);
        if outcome == Outcome::Canceled {
            let line = format!("DDNS: cleaning up lease pointer for a cancel cb={:#x}", id.0);
            out.push(Effect::Log(LogKind::Info, line));
        }
        if let Some(zone) = operation.zone.as_ref().filter(|_| outcome.repudiates()) {
            let line = format!("DDNS: bad zone information, repudiating zone {}", zone.name);
            out.push(Effect::Log(LogKind::Error, line));
            out.push(Effect::Log(LogKind::Info, "DDNS: Failed to retry after zone failure".into()));
            self.zones.repudiate(&zone.name);
            operation.zone = None;
            outcome = Outcome::Failure;
        }
        let reaction = operation.react(outcome, self.settings.conflicts.effective());
        self.carry_out(now, id, reaction, leases, out);
    }
}

/// A name for a message; what is wrong with it is logged.
fn readable(text: &[u8], out: &mut Vec<Effect>) -> Option<Name> {
    match Name::from_text(text) {
        Ok(name) => Some(name),
        Err(error) => {
            let text = String::from_utf8_lossy(text);
            let line = format!("Unable to build name for fwd update: {text} {error}");
            out.push(Effect::Log(LogKind::Error, line));
            None
        }
    }
}

/// The message of an update's step.
fn message(
    operation: &Operation,
    step: Step,
    zone: &ZoneUse,
    settings: &Settings,
    out: &mut Vec<Effect>,
) -> Option<Update> {
    let ttl = operation.addition.as_ref().map_or(0, |addition| addition.ttl);
    let zone = zone.name.clone();
    if step.is_forward() {
        let name = readable(operation.forward(), out)?;
        let (guard, conflicts) = (operation.guard()?, settings.conflicts.effective());
        let forward = Forward { name: &name, address: operation.address, guard, ttl, conflicts };
        return Some(forward.update(step, zone));
    }
    let owner = readable(operation.reverse(), out)?;
    match step {
        Step::AddReverse => {
            let name = readable(operation.forward(), out)?;
            Some(reverse(&owner, Some((&name, ttl)), zone))
        }
        _ => Some(reverse(&owner, None, zone)),
    }
}
