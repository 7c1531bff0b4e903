//! How long the DHCPv4 engine takes for a packet, without sockets and disk: `cargo run --release --example engine`.
//!
//! Each client asks for an address and takes it, then all renew. The journal is handed over after every batch, as the daemon
//! does it. With names in the DNS, no name server ever answers.

use lessor::config::{load_text, Family};
use lessor::ddns::{self, Ddns, Leases};
use lessor::dhcp4::effect::{Effect, Ingress, Interface, InterfaceId};
use lessor::dhcp4::{Engine, Settings};
use lessor::eval::environment::Names;
use lessor::eval::startup::startup;
use lessor::leases::dns::VariableChange;
use lessor::leases::store::LeaseStore;
use lessor::wire::dns::guard::Style;
use lessor::wire::hardware::HardwareAddr;
use lessor::wire::units::{Now, Timestamp};
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::Instant;

const CONFIG: &str = r#"
authoritative; ping-check false; default-lease-time 3600; max-lease-time 86400; dhcp-cache-threshold 0;
option domain-name "example.org"; option domain-name-servers 10.0.0.2, 10.0.0.3; option ntp-servers 10.0.0.4;
option vendor-class code 250 = text;
subnet 10.0.0.0 netmask 255.240.0.0 {
  range 10.0.1.0 10.15.255.0;
  option routers 10.0.0.1;
  option broadcast-address 10.15.255.255;
}
"#;
/// What makes every packet run statements.
const DYNAMIC: &str = r#"
class "phones" { match if substring (option vendor-class-identifier, 0, 5) = "phone"; option tftp-server-name "10.0.0.9"; }
if exists user-class { option root-path "x"; }
on commit { set name = option host-name; }
"#;
/// What makes every lease want names in the DNS.
const NAMED: &str = r#"
ddns-update-style standard; ddns-domainname "example.org";
ddns-hostname = concat("h", binary-to-ascii(16, 8, "", substring(hardware, 1, 6)));
zone example.org. { primary 10.0.0.2; }
zone 10.in-addr.arpa. { primary 10.0.0.2; }
"#;
const CLIENTS: u32 = 200_000;
const BATCH: u32 = 64;

fn main() {
    for (name, more) in [("plain", ""), ("class, if and on commit", DYNAMIC), ("names in the DNS", NAMED)] {
        let text = format!("{more}{CONFIG}");
        let style = (more == NAMED).then_some(Style::Standard);
        let config = Arc::new(load_text("bench", &text, Family::V4).result.expect("a good configuration"));
        let names = Names::default();
        let globals = startup(&config, &names, Timestamp(1)).globals;
        let subnet = config.subnet_of(Ipv4Addr::new(10, 0, 0, 1)).expect("a subnet");
        let interface = Interface {
            name: "eth0".into(),
            hardware: HardwareAddr::new(1, &[2, 0, 0, 0, 0, 1]).expect("a hardware address"),
            addresses: vec![Ipv4Addr::new(10, 0, 0, 1)],
            network: config.subnets[subnet.index()].network,
        };
        let store = LeaseStore::new(&config);
        let names = Arc::new(names);
        let settings = Settings { dns_style: style, ..Settings::default() };
        let updates = ddns::Settings { style, has_v4: true, ..ddns::Settings::default() };
        let ddns = Ddns::new(&config, updates, names.clone(), 1);
        let engine = Engine::new(config, settings, store, vec![interface], names, globals);
        let mut server = Server { engine, ddns };
        println!("{name}:");
        let mut offered = Vec::new();
        measure("DISCOVER", &mut server, |client| packet(client, 1, None, None), |reply| offered.push(address(reply)));
        let mut acked = Vec::new();
        measure(
            "REQUEST",
            &mut server,
            |client| packet(client, 3, Some(offered[client as usize]), None),
            |reply| acked.push(address(reply)),
        );
        measure("renewal", &mut server, |client| packet(client, 3, None, Some(acked[client as usize])), |_| ());
    }
}

struct Server {
    engine: Engine,
    ddns: Ddns,
}

/// No update ends, so that none changes a lease.
struct Untouched;

impl Leases for Untouched {
    fn set_variables(&mut self, _: Now, _: IpAddr, _: Vec<VariableChange>) {}
}

fn measure(what: &str, server: &mut Server, request: impl Fn(u32) -> Vec<u8>, mut reply: impl FnMut(&[u8])) {
    let requests: Vec<Vec<u8>> = (0..CLIENTS).map(request).collect();
    let ingress = Ingress { interface: InterfaceId(0), source: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68) };
    let Server { engine, ddns } = server;
    let (mut out, mut updates) = (Vec::new(), Vec::new());
    let mut replies = 0;
    let start = Instant::now();
    for (number, payload) in (0..).zip(&requests) {
        let now = Now { wall: Timestamp(1_795_333_172), millis: 0 };
        engine.receive(now, ingress, payload, &mut out);
        if number % BATCH == BATCH - 1 || number == CLIENTS - 1 {
            let (_, position) = engine.store_mut().take_journal();
            engine.store_mut().set_durable(position);
            for effect in out.drain(..) {
                match effect {
                    Effect::Send(sent) => {
                        replies += 1;
                        reply(&sent.payload);
                        if let Some(lease) = sent.lease {
                            engine.sent(lease);
                        }
                    }
                    Effect::Dns(change) => {
                        ddns.change(now, change, &mut Untouched, &mut updates);
                        updates.clear();
                    }
                    _ => {}
                }
            }
        }
    }
    let each = start.elapsed().as_secs_f64() / f64::from(CLIENTS);
    assert_eq!(replies, CLIENTS);
    println!("  {what:9} {:6.2} us", each * 1e6);
}

fn address(reply: &[u8]) -> Ipv4Addr {
    Ipv4Addr::new(reply[16], reply[17], reply[18], reply[19])
}

fn packet(client: u32, kind: u8, requested: Option<Ipv4Addr>, ciaddr: Option<Ipv4Addr>) -> Vec<u8> {
    let mut out = vec![1, 1, 6, 0];
    out.extend(client.to_be_bytes());
    out.extend([0; 4]);
    out.extend(ciaddr.map_or([0; 4], |a| a.octets()));
    out.extend([0; 12]);
    let mac = [2, 1, (client >> 24) as u8, (client >> 16) as u8, (client >> 8) as u8, client as u8];
    out.extend(mac);
    out.resize(236, 0);
    out.extend([0x63, 0x82, 0x53, 0x63, 53, 1, kind, 61, 7, 1]);
    out.extend(mac);
    if let Some(requested) = requested {
        out.extend([50, 4]);
        out.extend(requested.octets());
    }
    out.extend([
        12, 4, b'h', b'o', b's', b't', 60, 7, b'p', b'h', b'o', b'n', b'e', b'-', b'1', 55, 6, 1, 3, 6, 15, 42, 28, 255,
    ]);
    out.resize(300, 0);
    out
}
