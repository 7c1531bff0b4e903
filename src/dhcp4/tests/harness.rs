//! A server on simulated interfaces with a simulated clock; its journal is always on time.

use crate::config::load_text;
use crate::config::model::Config;
use crate::dhcp4::effect::{Effect, Ingress, Interface, InterfaceId, Reply};
use crate::dhcp4::{Engine, Settings};
use crate::eval::environment::Names;
use crate::eval::startup::startup;
use crate::leases::dns::DnsChange;
use crate::leases::store::LeaseStore;
use crate::wire::dns::guard::Style;
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::{Now, Timestamp};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

/// 2026/11/22 07:39:32 UTC, a Sunday.
pub const START: u32 = 1_795_333_172;

/// Code of `ddns-update-style` in space `server`.
const DDNS_UPDATE_STYLE: u32 = 39;

/// A server under test.
pub struct Server {
    pub engine: Engine,
    pub now: Now,
    /// Log lines since the last look.
    pub logs: Vec<String>,
    /// Records written since the last look.
    pub journal: String,
    /// Addresses pinged since the last look.
    pub pings: Vec<Ipv4Addr>,
    /// Addresses whose names were asked for since the last look.
    pub lookups: Vec<Ipv4Addr>,
    /// Changes of names since the last look.
    pub names: Vec<DnsChange>,
}

/// The family of all tests here.
fn checked(text: &str) -> Config {
    let loading = load_text("dhcpd.conf", text, crate::config::Family::V4);
    let messages: Vec<String> = loading.messages.iter().map(|message| format!("{message:?}")).collect();
    loading.result.unwrap_or_else(|| panic!("{:?} {messages:#?}", loading.fatal))
}

impl Server {
    /// With interfaces given as name and address; each gets the MAC address 02:00:00:00:00:0n.
    pub fn new(text: &str, interfaces: &[(&str, &str)]) -> Server {
        let config = Arc::new(checked(text));
        let names = Names::default();
        let started = startup(&config, &names, Timestamp(START));
        let style = started.octets(DDNS_UPDATE_STYLE).and_then(|style| style.first().copied());
        let settings = Settings { dns_style: style.and_then(Style::of), ..Settings::default() };
        let globals = started.globals;
        let interfaces = interfaces
            .iter()
            .enumerate()
            .map(|(at, (name, address))| {
                let address: Ipv4Addr = address.parse().unwrap();
                let subnet = config.subnet_of(address).expect("interface without subnet");
                Interface {
                    name: name.to_string(),
                    hardware: HardwareAddr::new(1, &[2, 0, 0, 0, 0, at as u8 + 1]).unwrap(),
                    addresses: vec![address],
                    network: config.subnets[subnet.index()].network,
                }
            })
            .collect();
        let store = LeaseStore::new(&config);
        let engine = Engine::new(config, settings, store, interfaces, Arc::new(names), globals);
        let now = Now { wall: Timestamp(START), millis: 0 };
        Server {
            engine,
            now,
            logs: Vec::new(),
            journal: String::new(),
            pings: Vec::new(),
            lookups: Vec::new(),
            names: Vec::new(),
        }
    }

    /// The same with one interface.
    pub fn on(text: &str, address: &str) -> Server {
        Server::new(text, &[("eth0", address)])
    }

    /// Lets time pass; what falls due is done.
    pub fn pass(&mut self, seconds: u32) -> Vec<Reply> {
        self.now.wall.0 += seconds;
        self.now.millis += u64::from(seconds) * 1000;
        let mut out = Vec::new();
        self.engine.tick(self.now, &mut out);
        self.carry_out(out)
    }

    /// A packet comes in on an interface; the replies that leave.
    pub fn receive(&mut self, interface: u16, source: &str, payload: &[u8]) -> Vec<Reply> {
        let ingress =
            Ingress { interface: InterfaceId(interface), source: SocketAddrV4::new(source.parse().unwrap(), 68) };
        let mut out = Vec::new();
        self.engine.receive(self.now, ingress, payload, &mut out);
        self.carry_out(out)
    }

    /// The one reply to a packet on the first interface.
    pub fn ask(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let mut replies = self.receive(0, "0.0.0.0", payload);
        assert!(replies.len() <= 1);
        replies.pop().map(|reply| reply.payload)
    }

    pub fn echo(&mut self, from: &str) -> Vec<Reply> {
        let mut out = Vec::new();
        self.engine.echo_reply(self.now, from.parse().unwrap(), &mut out);
        self.carry_out(out)
    }

    /// The DNS answers.
    pub fn name(&mut self, address: &str, name: Option<&str>) -> Vec<Reply> {
        let mut out = Vec::new();
        self.engine.name_found(self.now, address.parse().unwrap(), name.map(Box::from), &mut out);
        self.carry_out(out)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Vec<Reply> {
        let (text, position) = self.engine.store_mut().take_journal();
        self.journal.push_str(&String::from_utf8_lossy(&text));
        self.engine.store_mut().set_durable(position);
        let mut replies = Vec::new();
        for effect in effects {
            match effect {
                Effect::Log(_, line) => self.logs.push(line),
                Effect::Say(_, octets) => self.logs.push(String::from_utf8_lossy(&octets).into_owned()),
                Effect::Dns(change) => self.names.push(change),
                Effect::Ping(address) => self.pings.push(address),
                Effect::LookUpName(address) => self.lookups.push(address),
                Effect::Execute { command, .. } => {
                    self.logs.push(format!("(execute {})", String::from_utf8_lossy(&command)));
                }
                Effect::Fatal(line) => self.logs.push(format!("(fatal {line})")),
                Effect::Send(reply) => {
                    assert!(reply.after <= position, "a reply waits for a record that was never written");
                    self.logs.push(reply.log.clone());
                    if let Some(lease) = reply.lease {
                        self.engine.sent(lease);
                    }
                    replies.push(reply);
                }
            }
        }
        replies
    }

    pub fn take_logs(&mut self) -> Vec<String> {
        std::mem::take(&mut self.logs)
    }

    pub fn take_journal(&mut self) -> String {
        std::mem::take(&mut self.journal)
    }
}

/// Octets of a hex text, blanks ignored.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    assert!(digits.len().is_multiple_of(2), "{text}");
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Hex text of octets.
pub fn show(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A message in the notation of spec/dhcpv4.md 29: first 28 octets, chaddr, octets from 236 on, zero padded.
pub fn message(head: &str, chaddr: &str, area: &str, length: usize) -> Vec<u8> {
    let mut out = hex(head);
    assert_eq!(out.len(), 28);
    out.extend(hex(chaddr));
    out.resize(236, 0);
    out.extend(hex(area));
    if out.len() < length {
        out.resize(length, 0);
    }
    out
}

/// A request from `02:00:00:77:00:nn`: type, and options behind option 53.
#[derive(Clone)]
pub struct Client {
    pub mac: [u8; 6],
    pub flags: u16,
    pub ciaddr: Ipv4Addr,
    pub giaddr: Ipv4Addr,
    pub secs: u16,
}

impl Client {
    pub fn new(number: u8) -> Client {
        Client {
            mac: [2, 0, 0, 0x77, 0, number],
            flags: 0x8000,
            ciaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: Ipv4Addr::UNSPECIFIED,
            secs: 0,
        }
    }

    pub fn using(self, ciaddr: &str) -> Client {
        Client { ciaddr: ciaddr.parse().unwrap(), ..self }
    }

    pub fn behind(self, giaddr: &str) -> Client {
        Client { giaddr: giaddr.parse().unwrap(), ..self }
    }

    /// The fixed header.
    pub fn header(&self) -> Vec<u8> {
        let mut out = vec![1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78];
        out.extend(self.secs.to_be_bytes());
        out.extend(self.flags.to_be_bytes());
        out.extend(self.ciaddr.octets());
        out.extend([0; 8]);
        out.extend(self.giaddr.octets());
        out.extend(self.mac);
        out.resize(236, 0);
        out
    }

    pub fn packet(&self, kind: u8, options: &[(u8, &[u8])]) -> Vec<u8> {
        let mut out = self.header();
        out.extend([0x63, 0x82, 0x53, 0x63, 53, 1, kind]);
        for (code, value) in options {
            out.extend([*code, value.len() as u8]);
            out.extend_from_slice(value);
        }
        out.push(255);
        out
    }

    pub fn discover(&self, options: &[(u8, &[u8])]) -> Vec<u8> {
        self.packet(1, options)
    }

    pub fn request(&self, address: &str, options: &[(u8, &[u8])]) -> Vec<u8> {
        let address: Ipv4Addr = address.parse().unwrap();
        let octets = address.octets();
        let mut all: Vec<(u8, &[u8])> = vec![(50, &octets)];
        all.extend_from_slice(options);
        self.packet(3, &all)
    }
}

/// Options of a reply's main area in order.
pub fn options(payload: &[u8]) -> Vec<(u8, Vec<u8>)> {
    area(payload.get(240..).unwrap_or(&[]))
}

/// Options of an area up to 255 or its end.
pub fn area(mut rest: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while let [code, tail @ ..] = rest {
        match (*code, tail) {
            (0, _) => rest = tail,
            (255, _) | (_, []) => break,
            (code, [length, tail @ ..]) => {
                found.push((code, tail[..*length as usize].to_vec()));
                rest = &tail[*length as usize..];
            }
        }
    }
    found
}

/// One option of a reply.
pub fn option(payload: &[u8], code: u8) -> Option<Vec<u8>> {
    options(payload).into_iter().find(|(c, _)| *c == code).map(|(_, value)| value)
}

/// The address given.
pub fn yiaddr(payload: &[u8]) -> Ipv4Addr {
    Ipv4Addr::new(payload[16], payload[17], payload[18], payload[19])
}

/// Options as the tables of spec/options.md 23 show them: `c=hex`.
pub fn shown(payload: &[u8]) -> String {
    let all = options(payload);
    let parts: Vec<String> = all.iter().map(|(code, value)| format!("{code}={}", show(value))).collect();
    parts.join(" ")
}
