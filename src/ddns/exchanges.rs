//! Messages and their answers: servers tried in turn, retries, time-outs, signatures (spec/ddns.md 15, 16).

use super::effect::Effect;
use super::outcome::Outcome;
use crate::wire::dns::message::{query, Update};
use crate::wire::dns::name::Name;
use crate::wire::dns::reply::Reply;
use crate::wire::dns::tsig::TsigKey;
use crate::wire::units::Now;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// The port of DNS servers.
const PORT: u16 = 53;
/// The longest message that goes over UDP, in octets.
const UDP_LIMIT: usize = 512;
/// How long a datagram waits for its answer before it is sent again, in milliseconds.
const RETRY: u64 = 3000;
/// How often a datagram is sent.
const ATTEMPTS: u8 = 4;
/// How long a connection may take for all servers together, and for one at least, in milliseconds.
const STREAM_TOTAL: u64 = 300_000;
const STREAM_LEAST: u64 = 30_000;

/// A message that was sent to one server or several in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub u64);

/// What is sent.
#[derive(Clone, Debug)]
pub enum Body {
    Update(Update),
    Query(Name, u16),
}

/// A server's turn.
#[derive(Debug)]
struct Turn {
    to: SocketAddr,
    id: u16,
    octets: Vec<u8>,
    /// The MAC of the request.
    mac: Vec<u8>,
    is_stream: bool,
    /// How often it was sent.
    sent: u8,
    /// When something has to be done, in milliseconds.
    due: u64,
}

/// A message under way. `P`: whom the outcome concerns.
#[derive(Debug)]
struct Exchange<P> {
    purpose: P,
    body: Body,
    key: Option<TsigKey>,
    /// Those whose turn is still to come, the next one last.
    servers: Vec<IpAddr>,
    /// How many there were.
    count: u64,
    turn: Option<Turn>,
}

/// An exchange that has ended.
#[derive(Debug)]
pub struct Ended<P> {
    pub purpose: P,
    pub outcome: Outcome,
    /// With success only.
    pub reply: Option<Reply>,
}

/// All exchanges.
#[derive(Debug)]
pub struct Exchanges<P> {
    running: FxHashMap<ExchangeId, Exchange<P>>,
    by_id: FxHashMap<(SocketAddr, u16), ExchangeId>,
    due: BTreeSet<(u64, ExchangeId)>,
    next: u64,
    seed: u64,
    /// Servers of these families can be reached.
    pub has_v4: bool,
    pub has_v6: bool,
}

impl<P: Clone> Exchanges<P> {
    /// None yet. Ids of messages follow from the seed.
    pub fn new(seed: u64) -> Exchanges<P> {
        Exchanges {
            running: FxHashMap::default(),
            by_id: FxHashMap::default(),
            due: BTreeSet::new(),
            next: 0,
            seed,
            has_v4: true,
            has_v6: true,
        }
    }

    /// A random id (splitmix64).
    fn random(&mut self) -> u16 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 48) as u16
    }

    /// Begins to ask servers in turn. `Err` if none can be asked.
    pub fn begin(
        &mut self,
        now: Now,
        purpose: P,
        body: Body,
        servers: &[IpAddr],
        key: Option<TsigKey>,
        out: &mut Vec<Effect>,
    ) -> Result<ExchangeId, Outcome> {
        let id = ExchangeId(self.next);
        self.next += 1;
        let turns: Vec<IpAddr> = servers.iter().rev().copied().filter(|server| self.reaches(*server)).collect();
        if turns.is_empty() {
            return Err(if servers.is_empty() { Outcome::NotFound } else { Outcome::FamilyNotSupported });
        }
        let count = servers.len() as u64;
        self.running.insert(id, Exchange { purpose, body, key, servers: turns, count, turn: None });
        self.next_turn(now, id, out);
        Ok(id)
    }

    fn reaches(&self, server: IpAddr) -> bool {
        match server {
            IpAddr::V4(_) => self.has_v4,
            IpAddr::V6(_) => self.has_v6,
        }
    }

    /// Gives the next server its turn. False if there is none.
    fn next_turn(&mut self, now: Now, exchange: ExchangeId, out: &mut Vec<Effect>) -> bool {
        let mut id = self.random();
        let Some(running) = self.running.get_mut(&exchange) else { return false };
        let Some(server) = running.servers.pop() else { return false };
        let to = SocketAddr::new(server, PORT);
        for _ in 0..16 {
            // Few ids are in use at a time.
            if !self.by_id.contains_key(&(to, id)) {
                break;
            }
            id = id.wrapping_mul(5).wrapping_add(0x3171);
        }
        let mut octets = match &running.body {
            Body::Update(update) => update.emit(id),
            Body::Query(name, kind) => query(id, name, *kind),
        };
        let mac = match &running.key {
            Some(key) => key.sign(&mut octets, u64::from(now.wall.0)),
            None => Vec::new(),
        };
        let is_stream = octets.len() > UDP_LIMIT;
        let limit = match is_stream {
            true => (STREAM_TOTAL / running.count.max(1)).max(STREAM_LEAST),
            false => RETRY,
        };
        let due = now.millis + limit;
        let sent = octets.clone();
        running.turn = Some(Turn { to, id, octets, mac, is_stream, sent: 1, due });
        self.due.insert((due, exchange));
        out.push(match is_stream {
            true => Effect::Stream { exchange, to, octets: sent },
            false => {
                self.by_id.insert((to, id), exchange);
                Effect::Datagram { exchange, to, octets: sent }
            }
        });
        true
    }

    /// Takes a turn's traces away.
    fn end_turn(&mut self, exchange: ExchangeId, out: &mut Vec<Effect>) -> Option<Turn> {
        let turn = self.running.get_mut(&exchange)?.turn.take()?;
        self.due.remove(&(turn.due, exchange));
        if turn.is_stream {
            out.push(Effect::Hangup(exchange));
        } else {
            self.by_id.remove(&(turn.to, turn.id));
        }
        Some(turn)
    }

    /// A server's turn ended like that: the next one's begins, or all is over.
    fn settle(
        &mut self,
        now: Now,
        exchange: ExchangeId,
        outcome: Outcome,
        reply: Option<Reply>,
        out: &mut Vec<Effect>,
    ) -> Option<Ended<P>> {
        if outcome.tries_next() && self.next_turn(now, exchange, out) {
            return None;
        }
        let Exchange { purpose, .. } = self.running.remove(&exchange)?;
        Some(Ended { purpose, outcome, reply })
    }

    /// Nobody wants the answer any more.
    pub fn cancel(&mut self, exchange: ExchangeId, out: &mut Vec<Effect>) {
        self.end_turn(exchange, out);
        self.running.remove(&exchange);
    }

    /// An answer over a connection, or a datagram that belongs to the exchange.
    pub fn answered(
        &mut self,
        now: Now,
        exchange: ExchangeId,
        octets: &[u8],
        out: &mut Vec<Effect>,
    ) -> Option<Ended<P>> {
        let id = self.running.get(&exchange)?.turn.as_ref()?.id;
        let reply = Reply::parse(octets).filter(|reply| reply.id == id)?;
        let turn = self.end_turn(exchange, out)?;
        let verdict = match self.running.get(&exchange).and_then(|running| running.key.as_ref()) {
            Some(key) => key.verify(octets, &reply, &turn.mac, u64::from(now.wall.0)),
            None => Ok(()),
        };
        let outcome = match verdict {
            Ok(()) => Outcome::of_rcode(reply.rcode),
            Err(error) => Outcome::Tsig(error),
        };
        self.settle(now, exchange, outcome, Some(reply), out)
    }

    /// A datagram came.
    pub fn received(&mut self, now: Now, from: SocketAddr, octets: &[u8], out: &mut Vec<Effect>) -> Option<Ended<P>> {
        let exchange = *self.by_id.get(&(from, Reply::id_of(octets)?))?;
        self.answered(now, exchange, octets, out)
    }

    /// A message could not be sent, or its connection broke.
    pub fn failed(
        &mut self,
        now: Now,
        exchange: ExchangeId,
        outcome: Outcome,
        out: &mut Vec<Effect>,
    ) -> Option<Ended<P>> {
        self.end_turn(exchange, out)?;
        self.settle(now, exchange, outcome, None, out)
    }

    /// When `tick` has something to do, in milliseconds.
    pub fn next_deadline(&self) -> Option<u64> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Sends again what had no answer, and gives up what had none for too long: one message at a time; `None` if nothing is
    /// due any more.
    pub fn tick(&mut self, now: Now, out: &mut Vec<Effect>) -> Option<Option<Ended<P>>> {
        let (due, exchange) = *self.due.first().filter(|(due, _)| *due <= now.millis)?;
        let turn = self.running.get_mut(&exchange).and_then(|running| running.turn.as_mut());
        match turn {
            Some(turn) if !turn.is_stream && turn.sent < ATTEMPTS => {
                turn.sent += 1;
                turn.due = now.millis + RETRY;
                let (to, octets, next) = (turn.to, turn.octets.clone(), turn.due);
                self.due.remove(&(due, exchange));
                self.due.insert((next, exchange));
                out.push(Effect::Datagram { exchange, to, octets });
                Some(None)
            }
            _ => {
                self.due.remove(&(due, exchange));
                Some(self.failed(now, exchange, Outcome::TimedOut, out))
            }
        }
    }
}
