//! What the fuzz targets share: texts that may be loaded, and a server without sockets and disk.

pub mod operator;
pub mod partner;

use lessor::config::model::Config;
use lessor::config::{load_text, Family};
use lessor::dhcp4::effect::{Effect, Ingress, Interface, InterfaceId};
use lessor::dhcp4::{Engine, Settings};
use lessor::eval::environment::Names;
use lessor::eval::startup::startup;
use lessor::leases::objects::Objects;
use lessor::leases::reader::{read, Destination};
use lessor::leases::store::LeaseStore;
use lessor::wire::hardware::HardwareAddr;
use lessor::wire::units::{Now, Timestamp};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

/// When everything begins: 2026/11/22 07:39:32 UTC.
pub const START: Timestamp = Timestamp(1_795_333_172);
/// The address of the one interface of a [`Server`].
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

/// The octets as the text of a configuration. `None` if it might include files: those are not the fuzzer's.
pub fn config_text(octets: &[u8]) -> Option<String> {
    let includes = octets.windows(7).any(|word| word.eq_ignore_ascii_case(b"include"));
    (!includes).then(|| octets.iter().copied().map(char::from).collect())
}

/// A DHCPv4 configuration, if it can be used.
pub fn config(text: &str) -> Option<Arc<Config>> {
    load_text("dhcpd.conf", text, Family::V4).result.map(Arc::new)
}

/// A DHCPv4 server whose journal is always on time.
pub struct Server {
    pub engine: Engine,
    pub now: Now,
    /// All records written.
    pub journal: Vec<u8>,
}

impl Server {
    /// On one interface with [`ADDRESS`]; `None` if the configuration has no subnet for it.
    pub fn new(config: Arc<Config>) -> Option<Server> {
        let names = Names::default();
        let globals = startup(&config, &names, START).globals;
        let subnet = config.subnet_of(ADDRESS)?;
        let interface = Interface {
            name: "eth0".into(),
            hardware: HardwareAddr::new(1, &[2, 0, 0, 0, 0, 1])?,
            addresses: vec![ADDRESS],
            network: config.subnets.get(subnet.index())?.network,
        };
        let store = LeaseStore::new(&config);
        let engine = Engine::new(config, Settings::default(), store, vec![interface], Arc::new(names), globals);
        Some(Server { engine, now: Now { wall: START, millis: 0 }, journal: Vec::new() })
    }

    /// The payloads of the replies to a datagram's payload.
    pub fn receive(&mut self, payload: &[u8]) -> Vec<Vec<u8>> {
        let ingress = Ingress { interface: InterfaceId(0), source: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68) };
        let mut out = Vec::new();
        self.engine.receive(self.now, ingress, payload, &mut out);
        self.carry_out(out)
    }

    /// Lets time pass; what falls due is done.
    pub fn pass(&mut self, seconds: u32) -> Vec<Vec<u8>> {
        self.now.wall.0 = self.now.wall.0.saturating_add(seconds);
        self.now.millis += u64::from(seconds) * 1000;
        let mut out = Vec::new();
        self.engine.tick(self.now, &mut out);
        self.carry_out(out)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Vec<Vec<u8>> {
        let (text, position) = self.engine.store_mut().take_journal();
        self.journal.extend_from_slice(&text);
        self.engine.store_mut().set_durable(position);
        let mut replies = Vec::new();
        for effect in effects {
            if let Effect::Send(reply) = effect {
                assert!(reply.after <= position, "a reply waits for a record that was never written");
                if let Some(lease) = reply.lease {
                    self.engine.sent(lease);
                }
                replies.push(reply.payload);
            }
        }
        replies
    }

    /// What was written is read again, as after a restart: no record of our own may be damaged.
    pub fn check_journal(&self) {
        let config = self.engine.config();
        let (_, _, log) = load_leases(config, &self.journal, self.now.wall);
        let damaged = log.iter().find(|line| line.to_lowercase().contains("corrupt"));
        assert!(damaged.is_none(), "{damaged:?}\n{}", String::from_utf8_lossy(&self.journal));
    }
}

/// Reads a lease file; the lines logged come with it.
pub fn load_leases(config: &Config, octets: &[u8], now: Timestamp) -> (LeaseStore, Objects, Vec<String>) {
    let (mut store, mut objects, mut log) = (LeaseStore::new(config), Objects::default(), Vec::new());
    let to = Destination { config, store: &mut store, objects: &mut objects, report: &mut |_, line| log.push(line) };
    if read(octets, "dhcpd.leases", now, to).is_ok() {
        store.finish_load(config);
    }
    (store, objects, log)
}

/// A request of one client: fixed header, message type, and the rest of its options as they are.
pub fn request(kind: u8, requested: Option<[u8; 4]>, options: &[u8]) -> Vec<u8> {
    let mut out = vec![1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0x80, 0];
    out.resize(28, 0);
    out.extend([2, 0, 0, 0x77, 0, 1]);
    out.resize(236, 0);
    out.extend([0x63, 0x82, 0x53, 0x63, 53, 1, kind]);
    if let Some(address) = requested {
        out.extend([50, 4]);
        out.extend(address);
    }
    out.extend_from_slice(options);
    out
}
