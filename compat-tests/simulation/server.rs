//! A whole server on a simulated disk: DHCP engine, failover engine, lease file. What is not synced when it crashes is lost,
//! but for a part of any length.

use lessor::config::model::{Config, PeerId};
use lessor::config::{load_text, Family};
use lessor::daemon::SharedLeases;
use lessor::dhcp4::effect::{Effect, Ingress, Interface, InterfaceId, Reply};
use lessor::dhcp4::{Engine, Settings};
use lessor::eval::startup::startup;
use lessor::failover::{self, ConnectionId, Endpoint, Failover, Leases};
use lessor::leases::file::FileText;
use lessor::leases::lease::{JournalPosition, Lease};
use lessor::leases::objects::Objects;
use lessor::leases::peer::{self, PeerState};
use lessor::leases::reader::{read, Destination};
use lessor::leases::store::LeaseStore;
use lessor::wire::hardware::HardwareAddr;
use lessor::wire::units::{Now, Seconds, Timestamp};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

/// The only relationship.
pub const PEER: PeerId = PeerId(0);

/// The lease file and what is written to it but not synced.
#[derive(Default)]
pub struct Disk {
    pub file: Vec<u8>,
    unsynced: VecDeque<(Vec<u8>, JournalPosition)>,
}

impl Disk {
    fn write(&mut self, text: Vec<u8>, position: JournalPosition) {
        if !text.is_empty() {
            self.unsynced.push_back((text, position));
        }
    }

    /// All that was written is on stable storage up to here.
    fn sync(&mut self) -> Option<JournalPosition> {
        let last = self.unsynced.back().map(|(_, position)| *position);
        for (text, _) in self.unsynced.drain(..) {
            self.file.extend(text);
        }
        last
    }

    /// Power fails: of what was not synced, `part` of a million octets are there.
    pub fn crash(&mut self, part: u64) {
        let unsynced: Vec<u8> = self.unsynced.drain(..).flat_map(|(text, _)| text).collect();
        let kept = (unsynced.len() as u64 * part / 1_000_000) as usize;
        self.file.extend_from_slice(&unsynced[..kept]);
    }
}

/// What goes out of a server.
pub enum Output {
    Dhcp(Reply),
    Dial,
    Send { connection: ConnectionId, octets: Vec<u8> },
    Close { connection: ConnectionId },
}

/// What waits for the disk.
struct Waiting {
    after: JournalPosition,
    output: Output,
}

/// A server that runs.
pub struct Server {
    config: Arc<Config>,
    pub engine: Engine,
    pub failover: Failover,
    objects: Objects,
    effects: Vec<Effect>,
    pub disk: Disk,
    durable: JournalPosition,
    /// Replies and octets in order; octets of a connection keep theirs.
    waiting: Vec<Waiting>,
    pub ready: Vec<Output>,
    pub log: Vec<String>,
    /// Something is written and not synced.
    pub wants_sync: bool,
}

impl Server {
    /// Starts with a lease file, as the daemon does: read, move on what ended meanwhile, write anew, begin.
    pub fn start(text: &str, own: Ipv4Addr, partner: Ipv4Addr, disk: Disk, now: Now, seed: u64) -> Server {
        let config = Arc::new(load_text("dhcpd.conf", text, Family::V4).result.expect("the configuration"));
        let (mut store, mut objects, mut log) = (LeaseStore::new(&config), Objects::default(), Vec::new());
        let mut report = |_, line: String| log.push(line);
        let to = Destination { config: &config, store: &mut store, objects: &mut objects, report: &mut report };
        read(&disk.file[..], "leases", now.wall, to).expect("memory can be read");
        store.finish_load(&config);
        objects.failover = peer::complete(std::mem::take(&mut objects.failover), &config.peers, now.wall);
        store.set_peer_records(&config.peers, &objects.failover);
        let subnet = config.subnet_of(own).expect("a subnet for the interface");
        let interface = Interface {
            name: "eth0".into(),
            hardware: HardwareAddr::new(1, &[2, 0, 0, 0, 1, own.octets()[3]]).expect("six octets"),
            addresses: vec![own],
            network: config.subnets[subnet.index()].network,
        };
        let globals = startup(&config, &Default::default(), now.wall).globals;
        // The time for which a declined address is left alone.
        let settings = Settings { abandon_lease_time: Seconds(300), ..Settings::default() };
        let mut engine = Engine::new(config.clone(), settings, store, vec![interface], Arc::default(), globals);
        let mut effects = Vec::new();
        engine.load_finished(now, &mut effects);
        let (mut file, mut rewritten) = (FileText::new(), Vec::new());
        while !file.chunk(engine.store_mut(), &objects, &config, now.wall, 1000, &mut rewritten) {}
        let endpoints = vec![Endpoint { local: own, partner: vec![partner] }];
        let failover = Failover::new(&config, endpoints, &objects.failover, now, seed);
        let mut server = Server {
            config,
            engine,
            failover,
            objects,
            effects,
            disk: Disk { file: rewritten, ..Disk::default() },
            durable: JournalPosition::default(),
            waiting: Vec::new(),
            ready: Vec::new(),
            log,
            wants_sync: false,
        };
        server.partners(now, |failover, leases, out| failover.start(now, leases, out));
        server
    }

    /// Calls the failover engine and does what it wants done.
    pub fn partners(
        &mut self,
        now: Now,
        call: impl FnOnce(&mut Failover, &mut dyn Leases, &mut Vec<failover::Effect>),
    ) {
        let mut out = Vec::new();
        let (engine, records) = (&mut self.engine, &mut self.objects.failover);
        let mut leases = SharedLeases { engine, records, effects: &mut self.effects };
        call(&mut self.failover, &mut leases, &mut out);
        self.failover.leases_changed(now, &mut leases, &mut out);
        for effect in out {
            match effect {
                failover::Effect::Log(_, line) => self.log.push(line),
                failover::Effect::Dial { .. } => self.ready.push(Output::Dial),
                failover::Effect::Send { connection, octets, after } => {
                    self.put(after, Output::Send { connection, octets });
                }
                failover::Effect::Close { connection, flush } => {
                    if !flush {
                        let is_of =
                            |output: &Output| matches!(output, Output::Send { connection: c, .. } if *c == connection);
                        self.waiting.retain(|waiting| !is_of(&waiting.output));
                    }
                    self.put(JournalPosition::default(), Output::Close { connection });
                }
                failover::Effect::Listen { .. } | failover::Effect::StopListening { .. } => {}
            }
        }
        self.carry_out();
    }

    /// A message of a client.
    pub fn receive(&mut self, now: Now, from: Ipv4Addr, payload: &[u8]) {
        let ingress = Ingress { interface: InterfaceId(0), source: SocketAddrV4::new(from, 68) };
        self.engine.receive(now, ingress, payload, &mut self.effects);
        self.partners(now, |_, _, _| {});
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Now) {
        self.engine.tick(now, &mut self.effects);
        self.partners(now, |failover, leases, out| failover.tick(now, leases, out));
    }

    fn carry_out(&mut self) {
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Log(_, line) => self.log.push(line),
                Effect::Send(reply) => self.put(reply.after, Output::Dhcp(reply)),
                _ => {}
            }
        }
        let (text, position) = self.engine.store_mut().take_journal();
        self.disk.write(text, position);
        self.wants_sync = !self.disk.unsynced.is_empty();
    }

    fn put(&mut self, after: JournalPosition, output: Output) {
        // Octets do not overtake earlier ones of their connection.
        let connection = |output: &Output| match output {
            Output::Send { connection, .. } | Output::Close { connection, .. } => Some(*connection),
            _ => None,
        };
        let of = connection(&output);
        let waits = of.is_some() && self.waiting.iter().any(|waiting| connection(&waiting.output) == of);
        if after <= self.durable && !waits {
            self.ready.push(output);
        } else {
            self.waiting.push(Waiting { after, output });
        }
    }

    /// The disk has all that was written.
    pub fn sync(&mut self) {
        self.wants_sync = false;
        let Some(position) = self.disk.sync() else { return };
        self.durable = position;
        self.engine.store_mut().set_durable(position);
        for waiting in std::mem::take(&mut self.waiting) {
            if let Output::Dhcp(Reply { lease: Some(lease), after, .. }) = &waiting.output {
                if *after <= position {
                    self.engine.sent(*lease);
                }
            }
            self.put(waiting.after, waiting.output);
        }
    }

    /// When there is something to do: in milliseconds of the monotonic clock, or of the wall clock.
    pub fn next_deadline(&self, now: Now) -> Option<u64> {
        let (engine, failover) = (self.engine.next_deadline(), self.failover.next_deadline());
        let wall = [engine.wall, failover.wall].into_iter().flatten().min();
        let wall = wall.map(|at| now.millis + u64::from(at.since(now.wall).0) * 1000);
        [engine.millis, failover.millis, wall].into_iter().flatten().min()
    }

    /// My state, and the partner's as it is known.
    pub fn states(&self) -> (PeerState, PeerState) {
        let attributes = self.failover.attributes(PEER).expect("the relationship");
        (attributes.local_state, attributes.partner_state)
    }

    /// The lease of each address that was ever used.
    pub fn leases(&self) -> impl Iterator<Item = &Lease> {
        self.engine.store().leases()
    }

    /// All addresses of the ranges.
    pub fn addresses(&self) -> Vec<Ipv4Addr> {
        let ranges = self.config.index.ranges.iter();
        ranges.flat_map(|(low, high, _, _)| (*low..=*high).map(Ipv4Addr::from)).collect()
    }
}

/// A time of the simulation by a server's clock.
pub fn clock(millis: u64, skew: i64) -> Now {
    const START: i64 = 1_795_000_000;
    Now { wall: Timestamp((START + (millis / 1000) as i64 + skew) as u32), millis }
}
