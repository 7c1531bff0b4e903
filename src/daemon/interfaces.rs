//! Which interfaces are served, and with which shared network (spec/operations.md 6.1): a decision over records, no system
//! call in it.

use super::fatal::Fatal;
use crate::config::model::{Config, NetworkId};
use crate::dhcp4::effect::Interface;
use crate::eval::LogKind;
use crate::net::interfaces::Link;

/// An interface to open.
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

/// What was decided: the interfaces in the order in which they are opened and listed, and lines to log.
#[derive(Debug, Default)]
pub struct Selection {
    pub served: Vec<Served>,
    pub log: Vec<(LogKind, String)>,
}

/// The shared network that an interface's addresses, or an `interface` statement, tie it to.
fn network_of(config: &Config, link: &Link) -> Result<Option<NetworkId>, Fatal> {
    let mut found = None;
    let declared = |declared: &Option<Box<str>>| declared.as_deref() == Some(link.name.as_str());
    let stated =
        config.networks.iter().enumerate().find(|(_, n)| declared(&n.interface)).map(|(i, _)| NetworkId(i as u32));
    let by_address =
        link.addresses.iter().filter_map(|a| config.subnet_of(*a)).map(|s| config.subnets[s.index()].network);
    for network in stated.into_iter().chain(by_address) {
        match found {
            None => found = Some(network),
            Some(first) if first == network => {}
            Some(_) => return Err(Fatal::new(format!("Interface {} matches multiple shared networks", link.name))),
        }
    }
    Ok(found)
}

/// The five lines, between empty ones, about an interface without a subnet.
fn no_subnet(link_name: &str, address: Option<std::net::Ipv4Addr>) -> Vec<String> {
    let address = address.map_or("no IPv4 addresses".to_string(), |a| a.to_string());
    vec![
        String::new(),
        format!("No subnet declaration for {link_name} ({address})."),
        format!("** Ignoring requests on {link_name}.  If this is not what"),
        "   you want, please write a subnet declaration".to_string(),
        "   in your dhcpd.conf file for the network segment".to_string(),
        format!("   to which interface {link_name} is attached. **"),
        String::new(),
    ]
}

/// Decides over the machine's links. `named` are the interfaces of the command line; those of `interface` statements count
/// as named too. With none named, every suitable one is taken.
pub fn select(config: &Config, links: &[Link], named: &[String]) -> Result<Selection, Fatal> {
    let mut selection = Selection::default();
    let stated: Vec<&str> = config.networks.iter().filter_map(|n| n.interface.as_deref()).collect();
    let requested = |name: &str| named.iter().any(|n| n == name) || stated.contains(&name);
    let any_named = !named.is_empty() || !stated.is_empty();
    let candidates: Vec<&Link> = links
        .iter()
        .filter(|l| l.up && (requested(&l.name) || !(any_named || l.loopback || l.point_to_point || !l.broadcast)))
        .collect();
    if let Some(missing) = stated.iter().find(|name| !candidates.iter().any(|l| l.name == **name)) {
        return Err(Fatal {
            lines: vec![
                format!("{missing} missing an interface address"),
                "Failed to get interface index: No such device".to_string(),
            ],
        });
    }
    let mut ties: Vec<(&Link, NetworkId)> = Vec::new();
    // Named ones come in the order of the command line, so that listing goes from the last named to the first.
    let in_order = named.iter().map(String::as_str).chain(stated.iter().copied());
    let order: Vec<&str> =
        if any_named { in_order.collect() } else { candidates.iter().map(|l| l.name.as_str()).collect() };
    let mut refused = Vec::new();
    for name in order {
        let Some(link) = candidates.iter().find(|l| l.name == name) else {
            refused.push(no_subnet(name, None));
            continue;
        };
        if ties.iter().any(|(known, _)| known.name == link.name) {
            continue;
        }
        let Some(network) = network_of(config, link)? else {
            refused.push(no_subnet(name, link.addresses.first().copied()));
            continue;
        };
        if let Some((first, _)) = ties.iter().find(|(_, n)| *n == network) {
            let (first, second) = (&first.name, &link.name);
            let subnet = |l: &Link| l.addresses.first().and_then(|a| config.subnet_of(*a));
            let same = ties.iter().find(|(_, n)| *n == network).map(|(l, _)| subnet(l)) == Some(subnet(link));
            if same {
                let text = format!("Multiple interfaces match the same subnet: {first} {second}");
                selection.log.push((LogKind::Error, text));
            }
            let text = format!("Multiple interfaces match the same shared network: {first} {second}");
            selection.log.push((LogKind::Error, text));
        }
        ties.push((link, network));
    }
    for lines in refused.into_iter().rev() {
        selection.log.extend(lines.into_iter().map(|line| (LogKind::Error, line)));
    }
    if ties.is_empty() {
        selection.log.push((LogKind::Info, String::new()));
    }
    selection.served = ties.into_iter().rev().map(|(link, network)| Served { link: link.clone(), network }).collect();
    Ok(selection)
}
