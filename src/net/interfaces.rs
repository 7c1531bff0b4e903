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
    /// The kernel's ARPHRD number; 0 if it tells none.
    pub device_type: u16,
    /// `NONE` if the kernel tells no link address, or the device type is not supported.
    pub hardware: HardwareAddr,
    pub addresses: Vec<Ipv4Addr>,
}

/// The device types that are supported: ARPHRD of Ethernet, IEEE 802, token ring and FDDI, with their BOOTP hardware types.
const DEVICE_TYPES: [(u16, u8); 4] = [(1, 1), (6, 6), (800, 6), (774, 8)];

impl Link {
    /// True if frames of this kind of device can be made and read.
    pub fn is_supported(&self) -> bool {
        DEVICE_TYPES.iter().any(|(arp, _)| *arp == self.device_type)
    }
}

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
                    device_type: 0,
                    hardware: HardwareAddr::NONE,
                    addresses: Vec::new(),
                });
                links.len() - 1
            }
        };
        let Some(address) = record.address else { continue };
        if let Some(link) = address.as_link_addr() {
            links[at].device_type = link.hatype();
            let htype = DEVICE_TYPES.iter().find(|(arp, _)| *arp == link.hatype()).map(|(_, bootp)| *bootp);
            if let (Some(htype), Some(octets)) = (htype, link.addr()) {
                links[at].hardware = HardwareAddr::new(htype, &octets).unwrap_or(HardwareAddr::NONE);
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
        let Some(of_base) = links.iter().find(|l| l.name == base) else { continue };
        let (index, device_type, hardware) = (of_base.index, of_base.device_type, of_base.hardware);
        (links[at].index, links[at].device_type, links[at].hardware) = (index, device_type, hardware);
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
