//! A DHCP client: asks for an address, keeps and renews it, gives it back or falls silent.

use std::net::Ipv4Addr;

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const DECLINE: u8 = 4;
const ACK: u8 = 5;
const NAK: u8 = 6;
const RELEASE: u8 = 7;

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It wants no address.
    Silent,
    /// It has sent a DISCOVER.
    Selecting,
    /// It has sent a REQUEST for an offer.
    Requesting,
    /// It uses an address.
    Bound,
}

/// A lease as its client knows it; times in milliseconds of the simulation.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub address: Ipv4Addr,
    pub server: Ipv4Addr,
    /// The REQUEST that was answered was sent.
    pub since: u64,
    pub until: u64,
}

/// A message for the servers: all of them, or one.
pub struct Outgoing {
    pub to: Option<Ipv4Addr>,
    pub payload: Vec<u8>,
}

/// A client.
pub struct Client {
    number: u8,
    pub state: State,
    pub held: Option<Held>,
    offered: Option<(Ipv4Addr, Ipv4Addr)>,
    xid: u32,
    /// When the REQUEST that is waited for was sent.
    asked: u64,
    began: u64,
    /// It does not keep what it has for long, nor stays away.
    hasty: bool,
    /// When it acts next.
    pub next: u64,
}

impl Client {
    pub fn new(number: u8, next: u64, hasty: bool) -> Client {
        Client { number, state: State::Silent, held: None, offered: None, xid: 0, asked: 0, began: 0, hasty, next }
    }

    fn message(&mut self, now: u64, kind: u8, ciaddr: Ipv4Addr, options: &[(u8, &[u8])]) -> Vec<u8> {
        let mut message = vec![0; 240];
        message[..4].copy_from_slice(&[1, 1, 6, 0]);
        message[4..8].copy_from_slice(&self.xid.to_be_bytes());
        let secs = (now.saturating_sub(self.began) / 1000).min(0xffff) as u16;
        message[8..10].copy_from_slice(&secs.to_be_bytes());
        message[12..16].copy_from_slice(&ciaddr.octets());
        message[28..34].copy_from_slice(&[2, 0x46, 0x4f, 0, 0, self.number]);
        message[236..240].copy_from_slice(&[99, 130, 83, 99]);
        message.extend([53, 1, kind]);
        for (code, value) in options {
            message.extend([*code, value.len() as u8]);
            message.extend_from_slice(value);
        }
        message.push(255);
        message
    }

    fn broadcast(payload: Vec<u8>) -> Option<Outgoing> {
        Some(Outgoing { to: None, payload })
    }

    /// Its time has come; `random` decides what it does of what a client may do.
    pub fn act(&mut self, now: u64, random: u64) -> Option<Outgoing> {
        if self.held.is_some_and(|held| held.until <= now) {
            (self.held, self.state) = (None, State::Silent);
        }
        self.next = now + if self.hasty { 50 + random % 400 } else { 1000 + random % 4000 };
        self.xid = random as u32;
        match (self.state, self.held) {
            (State::Bound, Some(held)) => self.act_bound(now, random, held),
            (State::Silent, _) if !self.hasty && !random.is_multiple_of(3) => {
                self.next = now + random % 60_000;
                (self.state, self.began) = (State::Selecting, now);
                None
            }
            _ => {
                if self.state != State::Selecting {
                    self.began = now;
                }
                self.state = State::Selecting;
                self.offered = None;
                let discover = self.message(now, DISCOVER, Ipv4Addr::UNSPECIFIED, &[]);
                Self::broadcast(discover)
            }
        }
    }

    fn act_bound(&mut self, now: u64, random: u64, held: Held) -> Option<Outgoing> {
        let length = held.until - held.since;
        let goes = if self.hasty { 0..20 } else { 0..6 };
        // It is switched off and keeps what it has, but renews no more.
        let falls_silent = if self.hasty { 20..21 } else { 6..8 };
        let chance = random % 100;
        if goes.contains(&chance) {
            (self.held, self.state) = (None, State::Silent);
            let server = held.server.octets();
            let payload = self.message(now, RELEASE, held.address, &[(54, &server)]);
            return Some(Outgoing { to: Some(held.server), payload });
        }
        if falls_silent.contains(&chance) {
            self.next = held.until + random % 10_000;
            return None;
        }
        let rebinds = now >= held.since + length * 7 / 8 || self.hasty && chance.is_multiple_of(2);
        if !self.hasty {
            if now < held.since + length / 2 {
                self.next = held.since + length / 2;
                return None;
            }
            self.next = now + (held.until.saturating_sub(now) / 2).max(1000);
        }
        self.asked = now;
        self.began = now;
        let payload = self.message(now, REQUEST, held.address, &[]);
        Some(Outgoing { to: (!rebinds).then_some(held.server), payload })
    }

    /// A server answers.
    pub fn hear(&mut self, now: u64, payload: &[u8]) -> Option<Outgoing> {
        let xid = payload.get(4..8)?.try_into().ok().map(u32::from_be_bytes)?;
        if xid != self.xid {
            return None;
        }
        let kind = option(payload, 53)?.first().copied()?;
        let server: [u8; 4] = option(payload, 54)?.try_into().ok()?;
        let address: [u8; 4] = payload.get(16..20)?.try_into().ok()?;
        match (kind, self.state) {
            (OFFER, State::Selecting) => {
                (self.state, self.asked) = (State::Requesting, now);
                self.offered = Some((address.into(), server.into()));
                let request = self.message(now, REQUEST, Ipv4Addr::UNSPECIFIED, &[(50, &address), (54, &server)]);
                Self::broadcast(request)
            }
            // Somebody else has the address: one ACK in fifty is declined.
            (ACK, State::Requesting) if self.xid % 50 == 7 => {
                self.state = State::Silent;
                // RFC 2131, 3.1.5: it waits before it begins anew.
                self.next = now + 10_000;
                let decline = self.message(now, DECLINE, Ipv4Addr::UNSPECIFIED, &[(50, &address), (54, &server)]);
                Self::broadcast(decline)
            }
            (ACK, State::Requesting | State::Bound) => {
                let length = option(payload, 51)?.try_into().ok().map(u32::from_be_bytes)?;
                // Servers count whole seconds, and take clocks that differ by one for equal.
                let until = self.asked + (u64::from(length) * 1000).saturating_sub(3000);
                self.held = Some(Held { address: address.into(), server: server.into(), since: self.asked, until });
                self.state = State::Bound;
                if !self.hasty {
                    self.next = self.asked + u64::from(length) * 500;
                }
                None
            }
            (NAK, State::Requesting | State::Bound) => {
                (self.held, self.state) = (None, State::Silent);
                None
            }
            _ => None,
        }
    }

    /// True while it uses the address.
    pub fn uses(&self, now: u64) -> Option<Ipv4Addr> {
        self.held.filter(|held| now < held.until).map(|held| held.address)
    }

    /// Its hardware address, as a lease has it.
    pub fn hardware(&self) -> [u8; 7] {
        [1, 2, 0x46, 0x4f, 0, 0, self.number]
    }
}

/// The value of an option.
fn option(payload: &[u8], code: u8) -> Option<&[u8]> {
    let mut rest = payload.get(240..)?;
    loop {
        match rest {
            [255, ..] | [] => return None,
            [0, tail @ ..] => rest = tail,
            [found, length, tail @ ..] => {
                let (value, tail) = tail.split_at_checked(usize::from(*length))?;
                if *found == code {
                    return Some(value);
                }
                rest = tail;
            }
            _ => return None,
        }
    }
}
