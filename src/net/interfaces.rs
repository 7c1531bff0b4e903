//! Which interfaces the machine has (spec/operations.md 6.1, spec/dhcpv4.md 3.1).

use crate::wire::hardware::HardwareAddr;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::{if_nametoindex, InterfaceFlags};
use std::io;
use std::net::Ipv4Addr;

/// One interface, or address label such as `eth0:1`, with its addresses in the kernel's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub name: String,
    /// The kernel's number; that of its interface for a label.
    pub index: u32,
    pub up: bool,
    pub broadcast: bool,
    pub multicast: bool,
    pub loopback: bool,
    pub point_to_point: bool,
    /// `NONE` if the kernel tells no link address.
    pub hardware: HardwareAddr,
    pub addresses: Vec<Ipv4Addr>,
}

/// ARPHRD of Ethernet; its value is also the BOOTP hardware type.
const ARPHRD_ETHER: u16 = 1;
/// ARPHRD of IEEE 802.2 and of FDDI, with the BOOTP types ISC gives them.
const OTHER_TYPES: [(u16, u8); 3] = [(6, 6), (774, 8), (32, 32)];

/// All interfaces in the order the kernel lists them.
pub fn discover() -> io::Result<Vec<Link>> {
    let mut links: Vec<Link> = Vec::new();
    for record in getifaddrs()? {
        let at = match links.iter().position(|l| l.name == record.interface_name) {
            Some(at) => at,
            None => {
                let flag = |f| record.flags.contains(f);
                links.push(Link {
                    index: if_nametoindex(record.interface_name.as_str()).unwrap_or(0),
                    name: record.interface_name.clone(),
                    up: flag(InterfaceFlags::IFF_UP),
                    broadcast: flag(InterfaceFlags::IFF_BROADCAST),
                    multicast: flag(InterfaceFlags::IFF_MULTICAST),
                    loopback: flag(InterfaceFlags::IFF_LOOPBACK),
                    point_to_point: flag(InterfaceFlags::IFF_POINTOPOINT),
                    hardware: HardwareAddr::NONE,
                    addresses: Vec::new(),
                });
                links.len() - 1
            }
        };
        let Some(address) = record.address else { continue };
        if let Some(link) = address.as_link_addr() {
            let htype = match link.hatype() {
                ARPHRD_ETHER => 1,
                other => OTHER_TYPES.iter().find(|(arp, _)| *arp == other).map_or(0, |(_, bootp)| *bootp),
            };
            if let Some(hardware) = link.addr().and_then(|octets| HardwareAddr::new(htype, &octets)) {
                links[at].hardware = hardware;
            }
        } else if let Some(ip) = address.as_sockaddr_in() {
            links[at].addresses.push(ip.ip());
        }
    }
    complete_labels(&mut links);
    Ok(links)
}

/// A label has the hardware address, and the number, of the interface before its colon.
fn complete_labels(links: &mut [Link]) {
    for at in 0..links.len() {
        let Some((base, _)) = links[at].name.split_once(':') else { continue };
        let Some((index, hardware)) = links.iter().find(|l| l.name == base).map(|l| (l.index, l.hardware)) else {
            continue;
        };
        (links[at].index, links[at].hardware) = (index, hardware);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_the_hardware_of_their_interface() {
        let mut base = discover().unwrap().remove(0);
        base.name = "eth7".into();
        base.hardware = HardwareAddr::new(1, &[2, 0, 0, 0, 0, 7]).unwrap();
        let label = Link { name: "eth7:1".into(), index: 0, hardware: HardwareAddr::NONE, ..base.clone() };
        let mut links = [base.clone(), label];
        complete_labels(&mut links);
        assert_eq!((links[1].index, links[1].hardware), (base.index, base.hardware));
    }

    #[test]
    fn finds_the_loopback() {
        let links = discover().unwrap();
        let lo = links.iter().find(|l| l.name == "lo").unwrap();
        assert!(lo.loopback && lo.index > 0);
    }
}
