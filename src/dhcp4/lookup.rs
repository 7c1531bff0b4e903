//! `get-lease-hostnames`: names of addresses in the DNS. A request that needs one waits aside until it is known, and is then
//! served from the start; nobody else waits.

use super::ack::Exchange;
use super::effect::{Effect, Ingress};
use super::engine::Engine;
use super::parameters as parameter;
use super::reply::HOST_NAME;
use super::scopes::Draft;
use super::LogKind;
use crate::options::registry::OptionKey;
use crate::wire::units::{Now, Timestamp};
use rustc_hash::FxHashMap;
use std::net::Ipv4Addr;

/// How long an answer is believed, in seconds.
const FRESH: u32 = 60;
/// How many answers are kept.
const ANSWERS: usize = 65536;
/// How many requests may wait for one name, and for all together; more are served without a name.
const WAITING: usize = 4;
const WAITING_IN_ALL: usize = 1024;

/// Answers of the DNS, and requests that wait for one.
#[derive(Debug, Default)]
pub struct Lookups {
    known: FxHashMap<Ipv4Addr, (Timestamp, Option<Box<str>>)>,
    waiting: FxHashMap<Ipv4Addr, Vec<(Ingress, Vec<u8>)>>,
    in_all: usize,
}

impl Lookups {
    /// What the DNS said not long ago: a name, or that there is none.
    fn answer(&self, now: Now, address: Ipv4Addr) -> Option<Option<&str>> {
        let (at, name) = self.known.get(&address)?;
        (now.wall.since(*at).0 < FRESH).then_some(name.as_deref())
    }

    /// Puts a request aside. `None`: there is no room; true: the name has to be asked for.
    fn park(&mut self, address: Ipv4Addr, ingress: Ingress, payload: &[u8]) -> Option<bool> {
        let queue = self.waiting.entry(address).or_default();
        if queue.len() >= WAITING || self.in_all >= WAITING_IN_ALL {
            return None;
        }
        self.in_all += 1;
        queue.push((ingress, payload.to_vec()));
        Some(queue.len() == 1)
    }

    fn settle(&mut self, now: Now, address: Ipv4Addr, name: Option<Box<str>>) -> Vec<(Ingress, Vec<u8>)> {
        if self.known.len() >= ANSWERS {
            self.known.clear();
        }
        self.known.insert(address, (now.wall, name));
        let released = self.waiting.remove(&address).unwrap_or_default();
        self.in_all = self.in_all.saturating_sub(released.len());
        released
    }
}

impl Engine {
    /// True if the request was put aside until the name of its address is known.
    pub(super) fn waits_for_name(&mut self, exchange: &mut Exchange<'_, '_>, out: &mut Vec<Effect>) -> bool {
        let draft = &mut exchange.draft;
        if draft.has(OptionKey::dhcp(HOST_NAME)) || !self.flag(draft, parameter::GET_LEASE_HOSTNAMES).is_on() {
            return false;
        }
        let has_host = exchange.host.or(exchange.found.host).is_some();
        if has_host && self.flag(draft, parameter::USE_HOST_DECL_NAMES).is_on() {
            return false;
        }
        let (address, request) = (exchange.found.address, exchange.request);
        if self.lookups.answer(exchange.now, address).is_some() {
            return false;
        }
        match self.lookups.park(address, request.ingress, request.payload) {
            None => false,
            Some(ask) => {
                out.extend(ask.then_some(Effect::LookUpName(address)));
                true
            }
        }
    }

    /// Puts the name of the address into the reply, with its terminating NUL.
    pub(super) fn put_looked_up_name(&mut self, draft: &mut Draft<'_, '_>, address: Ipv4Addr, out: &mut Vec<Effect>) {
        let key = OptionKey::dhcp(HOST_NAME);
        if draft.has(key) || !self.flag(draft, parameter::GET_LEASE_HOSTNAMES).is_on() {
            return;
        }
        match self.lookups.answer(draft.now, address).flatten() {
            Some(name) => draft.put(key, &[name.as_bytes(), &[0]].concat()),
            None => out.push(Effect::Log(LogKind::Error, format!("No hostname for {address}"))),
        }
    }

    /// The DNS said what an address is called, or that it has no name. Requests that waited for it are served.
    pub fn name_found(&mut self, now: Now, address: Ipv4Addr, name: Option<Box<str>>, out: &mut Vec<Effect>) {
        for (ingress, payload) in self.lookups.settle(now, address, name) {
            self.receive(now, ingress, &payload, out);
        }
    }
}
