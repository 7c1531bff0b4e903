//! Two servers, their clients and the network between them, by one clock and one seed.

use crate::client::Client;
use crate::server::{clock, Disk, Output, Server, PEER};
use lessor::failover::{ConnectionId, DialError};
use lessor::leases::lease::BindingState;
use lessor::leases::peer::PeerState;
use lessor::wire::hardware::HardwareAddr;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 77, 0, 1), Ipv4Addr::new(10, 77, 0, 2)];
/// How many events one second of the simulation may have: more is a livelock.
const MOST_EVENTS_A_SECOND: u32 = 5000;

/// By how much times of a lease may differ when both are read by one clock: clocks that differ so little count as one, and
/// whole seconds are rounded.
const CLOCKS_APART: i64 = 4;

/// What kind of trouble there is.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    pub clients: u8,
    pub addresses: u8,
    pub lease: u32,
    pub mclt: u32,
    pub delay: u32,
    /// Of a thousand messages of clients and servers, so many are lost.
    pub loss: u64,
    /// Something goes wrong about every so many milliseconds; 0: nothing does.
    pub mishaps: u64,
    /// How far the second server's clock is ahead, in seconds.
    pub skew: i64,
    pub split: u16,
    /// Clients come, renew and go several times a second, and the link stalls for seconds without being given up.
    pub haste: bool,
}

/// Numbers from a seed (splitmix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

/// What happens at a time.
enum Event {
    /// A client's message reaches a server.
    ToServer(usize, Ipv4Addr, Vec<u8>),
    /// A server's reply reaches a client.
    ToClient(usize, Vec<u8>),
    ClientActs(usize),
    /// Octets on a connection reach a side.
    Octets(usize, u64, Vec<u8>),
    /// A connection that a side dialled reaches the other, or does not.
    Dialled(usize),
    Closed(usize, u64),
    Sync(usize, u64),
    Tick(usize, u64),
    Mishap,
    Heal,
    Return(usize),
}

/// The world.
pub struct World {
    pub now: u64,
    weather: Weather,
    random: Random,
    events: BTreeMap<(u64, u64), Event>,
    sequence: u64,
    pub servers: [Option<Server>; 2],
    disks: [Option<Disk>; 2],
    /// How often each server was started: events for an earlier life are void.
    lives: [u64; 2],
    pub clients: Vec<Client>,
    /// Open connections: whether each side still has it.
    connections: BTreeMap<u64, [bool; 2]>,
    next_connection: u64,
    /// The servers cannot reach each other.
    cut: bool,
    held_back: Vec<Event>,
    /// When the last octets of a connection's direction arrive: order is kept.
    arrivals: BTreeMap<(u64, usize), u64>,
    /// What happened, for a failure.
    pub story: Vec<String>,
    second: (u64, u32),
    pub acks: u32,
}

impl World {
    pub fn new(seed: u64, weather: Weather) -> World {
        let mut world = World {
            now: 0,
            weather,
            random: Random::new(seed),
            events: BTreeMap::new(),
            sequence: 0,
            servers: [None, None],
            disks: [Some(Disk::default()), Some(Disk::default())],
            lives: [0, 0],
            clients: Vec::new(),
            connections: BTreeMap::new(),
            next_connection: 0,
            cut: false,
            held_back: Vec::new(),
            arrivals: BTreeMap::new(),
            story: Vec::new(),
            second: (0, 0),
            acks: 0,
        };
        for number in 0..weather.clients {
            let at = world.random.below(30_000);
            world.clients.push(Client::new(number, at, weather.haste));
            world.at(at, Event::ClientActs(usize::from(number)));
        }
        world.start(0);
        world.start(1);
        if weather.mishaps > 0 {
            let at = world.random.below(weather.mishaps);
            world.at(at, Event::Mishap);
        }
        world
    }

    /// Puts the conditions at the head of the story.
    pub fn tell_weather(&mut self) {
        self.tell(format!("{:?}", self.weather));
    }

    fn tell(&mut self, what: String) {
        self.story.push(format!("{:>10} {what}", self.now));
    }

    fn at(&mut self, at: u64, event: Event) {
        self.sequence += 1;
        self.events.insert((at.max(self.now), self.sequence), event);
    }

    fn after(&mut self, millis: u64, event: Event) {
        self.at(self.now + millis, event);
    }

    fn skew(&self, side: usize) -> i64 {
        if side == 1 {
            self.weather.skew
        } else {
            0
        }
    }

    fn configuration(&self, side: usize) -> String {
        let Weather { lease, mclt, delay, addresses, split, .. } = self.weather;
        let role = match side {
            0 => {
                format!("primary; address {}; peer address {}; mclt {mclt}; split {split};", ADDRESSES[0], ADDRESSES[1])
            }
            _ => format!("secondary; address {}; peer address {};", ADDRESSES[1], ADDRESSES[0]),
        };
        format!(
            "authoritative; ping-check off; default-lease-time {lease}; max-lease-time {lease}; min-lease-time 1;\n\
             failover peer \"fo\" {{ {role} max-response-delay {delay}; max-unacked-updates 10; load balance max seconds 3; \
             max-balance 60; min-balance 5; }}\n\
             subnet 10.77.0.0 netmask 255.255.255.0 {{ pool {{ failover peer \"fo\"; range 10.77.0.100 10.77.0.{}; }} }}\n",
            99 + addresses
        )
    }

    /// A server that is down starts.
    fn start(&mut self, side: usize) {
        let Some(disk) = self.disks[side].take() else { return };
        self.tell(format!("server {side} starts"));
        self.lives[side] += 1;
        let now = clock(self.now, self.skew(side));
        let seed = self.random.next();
        let text = self.configuration(side);
        let server = Server::start(&text, ADDRESSES[side], ADDRESSES[1 - side], disk, now, seed);
        self.servers[side] = Some(server);
        self.settle(side);
    }

    /// A server loses power.
    fn crash(&mut self, side: usize) {
        let Some(mut server) = self.servers[side].take() else { return };
        let part = self.random.below(1_000_001);
        server.disk.crash(part);
        self.tell(format!("server {side} crashes in {:?}", server.states().0));
        self.disks[side] = Some(server.disk);
        let open: Vec<u64> = self.connections.iter().filter(|(_, ends)| ends[side]).map(|(id, _)| *id).collect();
        for connection in open {
            self.let_go(side, connection);
        }
        // Octets that are under way to it are lost with it.
        self.held_back.retain(|event| !matches!(event, Event::Octets(to, ..) if *to == side));
    }

    /// One side closes a connection; the other learns it.
    fn let_go(&mut self, side: usize, connection: u64) {
        let Some(ends) = self.connections.get_mut(&connection) else { return };
        ends[side] = false;
        if !ends[1 - side] {
            self.connections.remove(&connection);
            return;
        }
        self.send_between(1 - side, connection, Event::Closed);
    }

    /// Something for the other side of a connection, in order.
    fn send_between(&mut self, to: usize, connection: u64, event: impl FnOnce(usize, u64) -> Event) {
        let event = event(to, connection);
        if self.cut {
            self.held_back.push(event);
            return;
        }
        let delay = 1 + self.random.below(40);
        let at = (self.now + delay).max(self.arrivals.get(&(connection, to)).copied().unwrap_or(0));
        self.arrivals.insert((connection, to), at);
        self.at(at, event);
    }

    /// Takes what a server has to send, and looks when it has to be woken.
    fn settle(&mut self, side: usize) {
        loop {
            let Some(server) = &mut self.servers[side] else { return };
            let lines: Vec<String> = server.log.drain(..).collect();
            let ready: Vec<Output> = server.ready.drain(..).collect();
            let life = self.lives[side];
            if std::mem::take(&mut server.wants_sync) {
                let delay = 1 + self.random.below(30);
                self.after(delay, Event::Sync(side, life));
            }
            for line in lines {
                self.tell(format!("[{side}] {line}"));
            }
            if ready.is_empty() {
                break;
            }
            for output in ready {
                self.carry_out(side, output);
            }
        }
        let now = clock(self.now, self.skew(side));
        let next = self.servers[side].as_ref().and_then(|server| server.next_deadline(now));
        if let Some(at) = next {
            let life = self.lives[side];
            self.at(at, Event::Tick(side, life));
        }
    }

    fn carry_out(&mut self, side: usize, output: Output) {
        match output {
            Output::Dhcp(reply) => {
                if self.random.below(1000) < self.weather.loss {
                    return;
                }
                let delay = 1 + self.random.below(20);
                for number in 0..self.clients.len() {
                    let is_for = reply.payload.get(28..34) == Some(&self.clients[number].hardware()[1..]);
                    if is_for {
                        self.after(delay, Event::ToClient(number, reply.payload.clone()));
                    }
                }
            }
            Output::Dial => {
                let delay = 1 + self.random.below(20);
                self.after(delay, Event::Dialled(side));
            }
            Output::Send { connection: ConnectionId(connection), octets } => {
                if self.connections.get(&connection).is_some_and(|ends| ends[side]) {
                    self.send_between(1 - side, connection, |to, connection| Event::Octets(to, connection, octets));
                }
            }
            Output::Close { connection: ConnectionId(connection) } => self.let_go(side, connection),
        }
    }

    fn with(&mut self, side: usize, call: impl FnOnce(&mut Server, lessor::wire::units::Now)) {
        let now = clock(self.now, self.skew(side));
        if let Some(server) = &mut self.servers[side] {
            call(server, now);
        }
        self.settle(side);
    }

    /// Runs until that time.
    pub fn run(&mut self, until: u64) {
        while let Some(((at, _), _)) = self.events.first_key_value() {
            if *at > until {
                break;
            }
            let ((at, _), event) = self.events.pop_first().expect("the first");
            self.now = at;
            if self.second.0 != at / 1000 {
                self.second = (at / 1000, 0);
            }
            self.second.1 += 1;
            assert!(self.second.1 < MOST_EVENTS_A_SECOND, "livelock: {}", self.tail());
            self.happen(event);
        }
        self.now = until;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::ClientActs(number) => {
                let random = self.random.next();
                if self.clients[number].next > self.now {
                    let next = self.clients[number].next;
                    return self.at(next, Event::ClientActs(number));
                }
                let out = self.clients[number].act(self.now, random);
                self.client_sends(number, out);
                let next = self.clients[number].next;
                self.at(next, Event::ClientActs(number));
            }
            Event::ToServer(side, from, payload) => {
                self.with(side, |server, now| server.receive(now, from, &payload));
            }
            Event::ToClient(number, payload) => {
                let before = self.clients[number].held.map(|held| held.since);
                let out = self.clients[number].hear(self.now, &payload);
                if self.clients[number].held.map(|held| held.since) != before {
                    self.acks += 1;
                    let held = self.clients[number].held;
                    self.tell(format!("client {number} has {held:?}"));
                    self.check_clients(number);
                }
                self.client_sends(number, out);
            }
            Event::Octets(side, connection, octets) => {
                if self.connections.get(&connection).is_some_and(|ends| ends[side]) {
                    let id = ConnectionId(connection);
                    self.with(side, |server, now| {
                        server.partners(now, |failover, leases, out| failover.received(now, id, &octets, leases, out));
                    });
                }
            }
            Event::Closed(side, connection) => {
                let Some(ends) = self.connections.get_mut(&connection).filter(|ends| ends[side]) else { return };
                ends[side] = false;
                if !ends[1 - side] {
                    self.connections.remove(&connection);
                }
                let id = ConnectionId(connection);
                self.with(side, |server, now| {
                    server.partners(now, |failover, leases, out| failover.closed(now, id, leases, out));
                });
            }
            Event::Dialled(side) => self.dialled(side),
            Event::Sync(side, life) if life == self.lives[side] => self.with(side, |server, _| server.sync()),
            Event::Tick(side, life) if life == self.lives[side] => {
                let now = clock(self.now, self.skew(side));
                let due = self.servers[side].as_ref().and_then(|server| server.next_deadline(now));
                if due.is_some_and(|at| at <= self.now) {
                    self.with(side, Server::tick);
                }
            }
            Event::Sync(..) | Event::Tick(..) => {}
            Event::Mishap => self.mishap(),
            Event::Heal => self.heal(),
            // A server that was declared down is started when it can reach the other.
            Event::Return(side) if self.cut => self.after(1000, Event::Return(side)),
            Event::Return(side) => self.start(side),
        }
    }

    fn dialled(&mut self, side: usize) {
        if self.servers[side].is_none() {
            return;
        }
        if self.cut || self.servers[1 - side].is_none() {
            return self.with(side, |server, now| {
                server.partners(now, |failover, _, out| failover.dial_failed(now, PEER, DialError::Partner, out));
            });
        }
        self.next_connection += 1;
        let connection = self.next_connection;
        self.connections.insert(connection, [true, true]);
        let (id, from) = (ConnectionId(connection), SocketAddrV4::new(ADDRESSES[side], 40000));
        let at = SocketAddrV4::new(ADDRESSES[1 - side], 647);
        self.with(side, |server, now| {
            server.partners(now, |failover, leases, out| failover.dialled(now, PEER, id, leases, out));
        });
        self.with(1 - side, |server, now| {
            server.partners(now, |failover, leases, out| failover.accepted(now, id, from, at, leases, out));
        });
    }

    fn client_sends(&mut self, number: usize, out: Option<crate::client::Outgoing>) {
        let Some(out) = out else { return };
        let source = self.clients[number].held.map_or(Ipv4Addr::UNSPECIFIED, |held| held.address);
        for (side, address) in ADDRESSES.into_iter().enumerate() {
            if out.to.is_some_and(|to| to != address) || self.random.below(1000) < self.weather.loss {
                continue;
            }
            let delay = 1 + self.random.below(20);
            self.after(delay, Event::ToServer(side, source, out.payload.clone()));
        }
    }

    /// Something goes wrong, and is mended later.
    fn mishap(&mut self) {
        let next = 1 + self.random.below(2 * self.weather.mishaps);
        self.after(next, Event::Mishap);
        let mended =
            if self.weather.haste { 100 + self.random.below(5_000) } else { 1000 + self.random.below(120_000) };
        let side = self.random.below(2) as usize;
        match self.random.below(4) {
            0 if !self.cut && self.are_both_served() => {
                self.tell("the link is cut".into());
                self.cut = true;
                self.after(mended, Event::Heal);
            }
            1 => self.break_connections(),
            2 if self.are_both_served() => {
                self.crash(side);
                self.after(mended, Event::Return(side));
            }
            3 if self.servers[side].is_none() && !self.cut => {
                // The operator sees that it is down, and says so to the other. (While the link is cut it might come back
                // unseen, and that is what the operator must not risk.)
                self.tell(format!("server {} is told that its partner is down", 1 - side));
                self.with(1 - side, |server, now| {
                    server.partners(now, |failover, leases, out| {
                        failover.set_state(now, PEER, PeerState::PartnerDown, leases, out);
                    });
                });
            }
            _ => {}
        }
    }

    /// Both servers run, and neither goes on alone or recovers from that: only then may the next thing fail, because failover
    /// survives one failure at a time.
    fn are_both_served(&self) -> bool {
        let is_fine = |server: &Option<Server>| {
            server.as_ref().is_some_and(|server| {
                matches!(
                    server.states().0,
                    PeerState::Normal | PeerState::CommunicationsInterrupted | PeerState::Startup
                )
            })
        };
        self.servers.iter().all(is_fine)
    }

    fn break_connections(&mut self) {
        self.tell("connections are reset".into());
        let open: Vec<u64> = self.connections.keys().copied().collect();
        for connection in open {
            for side in 0..2 {
                self.send_between(side, connection, Event::Closed);
            }
        }
    }

    fn heal(&mut self) {
        if !std::mem::take(&mut self.cut) {
            return;
        }
        self.tell("the link is back".into());
        for event in std::mem::take(&mut self.held_back) {
            let (Event::Octets(to, connection, _) | Event::Closed(to, connection)) = &event else { continue };
            let (to, connection) = (*to, *connection);
            self.send_between(to, connection, |_, _| event);
        }
    }

    /// No mishaps any more: all is mended.
    pub fn calm(&mut self) {
        self.weather.mishaps = 0;
        self.weather.loss = 0;
        self.events.retain(|_, event| !matches!(event, Event::Mishap));
        self.heal();
        self.start(0);
        self.start(1);
    }

    /// Clients fall silent: what they hold runs out.
    pub fn silence(&mut self) {
        self.events.retain(|_, event| !matches!(event, Event::ClientActs(_)));
    }

    /// No two clients use one address.
    fn check_clients(&self, number: usize) {
        let Some(mine) = self.clients[number].uses(self.now) else { return };
        for (other, client) in self.clients.iter().enumerate() {
            if other != number && client.uses(self.now) == Some(mine) {
                panic!("clients {number} and {other} both have {mine}: {}", self.tail());
            }
        }
    }

    /// A client's lease is in the database of at least one server that runs, as long as it has not run out.
    pub fn check_known(&self) {
        if self.servers.iter().any(Option::is_none) {
            return;
        }
        for (number, client) in self.clients.iter().enumerate() {
            let Some(address) = client.uses(self.now) else { continue };
            let knows = |server: &Option<Server>| {
                server.as_ref().is_some_and(|server| {
                    server.leases().any(|lease| {
                        let is_clients = lease.hardware.as_bytes() == client.hardware();
                        lease.address == address && is_clients && lease.state == BindingState::Active
                    })
                })
            };
            assert!(
                self.servers.iter().any(knows),
                "nobody knows that client {number} has {address}: {}{}",
                self.tail(),
                self.lease_text(address)
            );
        }
    }

    /// Both servers come to cooperate and their leases to agree, within half a minute: what happens at the moment is told
    /// within seconds.
    pub fn check_agreement(&mut self) {
        for _ in 0..30 {
            if self.disagreement().is_none() {
                return;
            }
            self.run(self.now + 1000);
        }
        if let Some(disagreement) = self.disagreement() {
            panic!("{disagreement} {}", self.tail());
        }
    }

    /// In what the servers differ.
    fn disagreement(&self) -> Option<String> {
        let [Some(a), Some(b)] = &self.servers else { return Some("a server is down".into()) };
        if [a.states(), b.states()] != [(PeerState::Normal, PeerState::Normal); 2] {
            return Some(format!("{:?} {:?}", a.states(), b.states()));
        }
        let differs = |address: &Ipv4Addr| {
            let (mine, theirs) = (standing_of(a, *address), standing_of(b, *address));
            let skew = if theirs.2 == 0 { 0 } else { self.weather.skew };
            let agree = (mine.0, mine.1) == (theirs.0, theirs.1) && (theirs.2 - skew - mine.2).abs() <= CLOCKS_APART;
            (!agree).then(|| format!("{address}: {mine:?} {theirs:?}"))
        };
        a.addresses().iter().find_map(differs)
    }

    /// What both servers know of an address.
    fn lease_text(&self, address: Ipv4Addr) -> String {
        let of = |server: &Option<Server>| {
            server.as_ref().and_then(|server| server.leases().find(|lease| lease.address == address).cloned())
        };
        format!("\n{:#?}", self.servers.each_ref().map(of))
    }

    /// The last part of the story.
    pub fn tail(&self) -> String {
        let lines = std::env::var("STORY").ok().and_then(|lines| lines.parse().ok()).unwrap_or(60);
        let from = self.story.len().saturating_sub(lines);
        format!("\n{}", self.story[from..].join("\n"))
    }
}

/// The state of a lease, who holds it and until when, if anybody does.
fn standing_of(server: &Server, address: Ipv4Addr) -> (BindingState, Option<HardwareAddr>, i64) {
    let Some(lease) = server.leases().find(|lease| lease.address == address) else {
        return (BindingState::Free, None, 0);
    };
    let is_held = lease.state == BindingState::Active;
    (lease.state, is_held.then_some(lease.hardware), if is_held { i64::from(lease.ends.0) } else { 0 })
}
