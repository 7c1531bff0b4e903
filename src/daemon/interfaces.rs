//! Which interfaces are served, and with which shared network (spec/operations.md 6.1): a decision over records, no system
//! call in it.

use super::fatal::Fatal;
use crate::config::model::{Config, NetworkId, SubnetId};
use crate::dhcp4::effect::Interface;
use crate::eval::LogKind;
use crate::net::interfaces::Link;
use rustc_hash::FxHashMap;
use std::net::Ipv4Addr;

/// An interface to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    pub link: Link,
    pub network: NetworkId,
}

impl Served {
    /// As the engine knows it.
    pub fn interface(&self) -> Interface {
        let Link { name, hardware, addresses, .. } = &self.link;
        Interface { name: name.clone(), hardware: *hardware, addresses: addresses.clone(), network: self.network }
    }
}

/// What is to be done, in this order.
#[derive(Debug)]
pub enum Step {
    Log(LogKind, String),
    Serve(Served),
    Fail(Fatal),
}

/// The steps of opening interfaces, in ISC's order.
#[derive(Debug, Default)]
pub struct Selection {
    pub steps: Vec<Step>,
}

impl Selection {
    /// The interfaces that are served if all goes well.
    pub fn served(&self) -> Vec<Served> {
        let served = self.steps.iter().filter_map(|step| match step {
            Step::Serve(served) => Some(served.clone()),
            _ => None,
        });
        served.collect()
    }

    fn error(&mut self, line: String) {
        self.steps.push(Step::Log(LogKind::Error, line));
    }
}

/// An interface while it is being decided about.
struct Candidate<'a> {
    name: &'a str,
    /// Named on the command line or by an `interface` statement, or found while none is named.
    requested: bool,
    /// `None`: there is no such interface, or it is down.
    link: Option<&'a Link>,
    network: Option<NetworkId>,
}

/// All candidates, and which of them matched a subnet or shared network first.
struct Candidates<'a> {
    config: &'a Config,
    list: Vec<Candidate<'a>>,
    of_subnet: FxHashMap<SubnetId, usize>,
    of_network: FxHashMap<NetworkId, usize>,
}

/// Decides over the machine's links. `named` are the interfaces of the command line; those of `interface` statements count
/// as named too. With none named, every suitable one is taken.
pub fn select(config: &Config, links: &[Link], named: &[String]) -> Selection {
    let mut selection = Selection::default();
    let mut candidates = Candidates::requested(config, named);
    if candidates.find_links(links, &mut selection).is_ok() {
        candidates.decide(&mut selection);
    }
    selection
}

impl<'a> Candidates<'a> {
    /// Those that were asked for by name.
    fn requested(config: &'a Config, named: &'a [String]) -> Candidates<'a> {
        let (list, of_subnet, of_network) = (Vec::new(), FxHashMap::default(), FxHashMap::default());
        let mut candidates = Candidates { config, list, of_subnet, of_network };
        for name in named {
            candidates.position(name, true);
        }
        for (number, network) in config.networks.iter().enumerate() {
            let Some(name) = network.interface.as_deref() else { continue };
            let at = candidates.position(name, true);
            let network = NetworkId(number as u32);
            candidates.list[at].network = Some(network);
            candidates.of_network.insert(network, at);
        }
        candidates
    }

    /// The place of a name in the list, where it is put if it is new.
    fn position(&mut self, name: &'a str, requested: bool) -> usize {
        self.list.iter().position(|known| known.name == name).unwrap_or_else(|| {
            self.list.push(Candidate { name, requested, link: None, network: None });
            self.list.len() - 1
        })
    }

    /// Ties what the machine has to shared networks. `Err`: an interface is in two.
    fn find_links(&mut self, links: &'a [Link], selection: &mut Selection) -> Result<(), ()> {
        let all = self.list.is_empty();
        for link in links {
            let known = self.list.iter().any(|known| known.name == link.name);
            let unsuitable = link.loopback || link.point_to_point || !link.broadcast;
            if !link.up || unsuitable && !known {
                continue;
            }
            let at = self.position(&link.name, all);
            self.list[at].link = Some(link);
            for address in &link.addresses {
                self.tie(at, *address, selection)?;
            }
        }
        Ok(())
    }

    fn tie(&mut self, at: usize, address: Ipv4Addr, selection: &mut Selection) -> Result<(), ()> {
        let Some(subnet) = self.config.subnet_of(address) else { return Ok(()) };
        let Some(network) = self.config.subnets.get(subnet.index()).map(|subnet| subnet.network) else { return Ok(()) };
        let name = self.list[at].name;
        let first = *self.of_subnet.entry(subnet).or_insert(at);
        if first != at {
            let first = self.list[first].name;
            selection.error(format!("Multiple interfaces match the same subnet: {first} {name}"));
        }
        if *self.list[at].network.get_or_insert(network) != network {
            let line = format!("Interface {name} matches multiple shared networks");
            selection.steps.push(Step::Fail(Fatal::new(line)));
            return Err(());
        }
        let first = *self.of_network.entry(network).or_insert(at);
        if first != at {
            let first = self.list[first].name;
            selection.error(format!("Multiple interfaces match the same shared network: {first} {name}"));
        }
        Ok(())
    }

    /// Goes through the requested ones, last found or named first.
    fn decide(self, selection: &mut Selection) {
        let mut any = false;
        for candidate in self.list.iter().rev().filter(|candidate| candidate.requested) {
            let addresses = candidate.link.map_or(&[][..], |link| &link.addresses);
            let Some(network) = candidate.network else {
                let lines = no_subnet(candidate.name, addresses.first().copied());
                lines.into_iter().for_each(|line| selection.error(line));
                continue;
            };
            if addresses.is_empty() {
                let subnets = self.config.networks.get(network.index()).map_or(&[][..], |network| &network.subnets);
                for _ in subnets.iter().filter(|subnet| !self.of_subnet.contains_key(subnet)) {
                    selection.error(format!("{} missing an interface address", candidate.name));
                }
            }
            let Some(link) = candidate.link else {
                let fatal = Fatal::new("Failed to get interface index: No such device");
                selection.steps.push(Step::Fail(fatal));
                return;
            };
            any = true;
            selection.steps.push(Step::Serve(Served { link: link.clone(), network }));
        }
        if !any {
            selection.steps.push(Step::Log(LogKind::Info, String::new()));
            let fatal = Fatal::new("Not configured to listen on any interfaces!");
            selection.steps.push(Step::Fail(fatal));
        }
    }
}

/// The five lines, between empty ones, about an interface without a subnet.
fn no_subnet(name: &str, address: Option<Ipv4Addr>) -> [String; 7] {
    let address = address.map_or("no IPv4 addresses".to_string(), |address| address.to_string());
    [
        String::new(),
        format!("No subnet declaration for {name} ({address})."),
        format!("** Ignoring requests on {name}.  If this is not what"),
        "   you want, please write a subnet declaration".to_string(),
        "   in your dhcpd.conf file for the network segment".to_string(),
        format!("   to which interface {name} is attached. **"),
        String::new(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{load_text, Family};
    use crate::wire::hardware::HardwareAddr;

    fn link(name: &str, addresses: &[&str]) -> Link {
        Link {
            name: name.into(),
            index: 1,
            up: true,
            broadcast: true,
            multicast: true,
            loopback: name == "lo",
            point_to_point: false,
            device_type: 1,
            hardware: HardwareAddr::NONE,
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        }
    }

    /// What is done, in short: `+` and the interfaces served, `!` and what is fatal, the first words of log lines.
    fn steps(conf: &str, links: &[Link], named: &[&str]) -> Vec<String> {
        let config = load_text("c", conf, Family::V4).result.unwrap();
        let named: Vec<String> = named.iter().map(|name| name.to_string()).collect();
        let steps = select(&config, links, &named).steps.into_iter().filter_map(|step| match step {
            Step::Serve(served) => Some(format!("+{}", served.link.name)),
            Step::Fail(fatal) => Some(format!("!{fatal}")),
            Step::Log(_, line) if line.is_empty() || line.starts_with([' ', '*']) => None,
            Step::Log(_, line) => Some(line),
        });
        steps.collect()
    }

    const TWO: &str = "subnet 10.1.0.0 netmask 255.255.0.0 {} subnet 10.2.0.0 netmask 255.255.0.0 {}";
    const NONE: &str = "!Not configured to listen on any interfaces!";

    #[test]
    fn all_suitable_ones_are_served_last_first() {
        let mut down = link("d", &["10.2.0.9"]);
        down.up = false;
        let links = [link("lo", &["127.0.0.1"]), link("a", &["10.1.0.1"]), down, link("b", &["10.2.0.1", "9.9.9.9"])];
        assert_eq!(steps(TWO, &links, &[]), ["+b", "+a"]);
        assert_eq!(steps(TWO, &links, &["b"]), ["+b"]);
        assert_eq!(steps(TWO, &links, &["b", "a"]), ["+a", "+b"]);
    }

    #[test]
    fn what_has_no_subnet_is_refused_in_its_turn() {
        let links = [link("lo", &["127.0.0.1"]), link("a", &["10.1.0.1"]), link("c", &["10.3.0.1"])];
        assert_eq!(steps(TWO, &links, &[]), ["No subnet declaration for c (10.3.0.1).", "+a"]);
        assert_eq!(
            steps(TWO, &links, &["x", "a", "lo"]),
            ["No subnet declaration for lo (127.0.0.1).", "+a", "No subnet declaration for x (no IPv4 addresses)."]
        );
        assert_eq!(steps(TWO, &links, &["x"]), ["No subnet declaration for x (no IPv4 addresses).", NONE]);
        assert_eq!(steps("", &[], &[]), [NONE]);
    }

    #[test]
    fn labels_are_interfaces_of_their_own() {
        let links = [link("a", &["10.1.0.1"]), link("a:1", &["10.2.0.1"])];
        assert_eq!(steps(TWO, &links, &["a"]), ["+a"]);
        assert_eq!(steps(TWO, &links, &[]), ["+a:1", "+a"]);
    }

    #[test]
    fn conflicts_are_told() {
        let links = [link("a", &["10.1.0.1"]), link("b", &["10.1.0.2"])];
        let both = [
            "Multiple interfaces match the same subnet: a b",
            "Multiple interfaces match the same shared network: a b",
        ];
        assert_eq!(steps(TWO, &links, &[]), [both[0], both[1], "+b", "+a"]);
        let links = [link("a", &["10.1.0.1", "10.2.0.1"])];
        assert_eq!(steps(TWO, &links, &[]), ["!Interface a matches multiple shared networks"]);
    }

    #[test]
    fn interface_statements_request_and_tie() {
        let conf = "shared-network s { interface a; subnet 10.5.0.0 netmask 255.255.0.0 {} } \
                    subnet 10.1.0.0 netmask 255.255.0.0 {}";
        let links = [link("b", &["10.1.0.1"]), link("a", &["192.0.2.1"])];
        assert_eq!(steps(conf, &links, &[]), ["+a"]);
        assert_eq!(steps(conf, &links, &["b"]), ["+a", "+b"]);
        assert_eq!(
            steps(conf, &links[..1], &["b"]),
            ["a missing an interface address", "!Failed to get interface index: No such device"]
        );
    }
}
