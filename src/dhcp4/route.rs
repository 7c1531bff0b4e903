//! Where a reply is sent (spec/dhcpv4.md 17). Pure.

use super::effect::{InterfaceId, Route};
use crate::wire::hardware::HardwareAddr;
use std::net::{Ipv4Addr, SocketAddrV4};

/// The broadcast bit of the flags field.
pub const BROADCAST: u16 = 0x8000;

const EVERYBODY: [u8; 6] = [0xff; 6];

/// What is the same for all replies on one interface.
#[derive(Clone, Copy, Debug)]
pub struct From {
    pub interface: InterfaceId,
    /// Source address of a frame.
    pub source: Ipv4Addr,
    pub server_port: u16,
    pub client_port: u16,
    pub limited_broadcast: Ipv4Addr,
}

/// What of the exchange decides the way of an OFFER, ACK or dynamic BOOTREPLY.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    pub ack: bool,
    pub giaddr: Ipv4Addr,
    pub ciaddr: Ipv4Addr,
    pub yiaddr: Ipv4Addr,
    /// Of the reply.
    pub flags: u16,
    pub hardware: HardwareAddr,
    pub sent_server_id: bool,
    /// The receiving interface is on the lease's shared network.
    pub on_link: bool,
}

impl From {
    /// To a relay: its server port, but the client port on the loopback address.
    pub fn relay(&self, giaddr: Ipv4Addr) -> Route {
        let port = if giaddr == Ipv4Addr::LOCALHOST { self.client_port } else { self.server_port };
        Route::Fallback { to: SocketAddrV4::new(giaddr, port) }
    }

    /// To an address the client already has, by the kernel's routing.
    pub fn unicast(&self, address: Ipv4Addr) -> Route {
        Route::Fallback { to: SocketAddrV4::new(address, self.client_port) }
    }

    /// A frame to the client's hardware address, or to everybody if it has none of six octets.
    pub fn frame(&self, hardware: &HardwareAddr, address: Ipv4Addr) -> Route {
        let hardware = hardware.address().try_into().unwrap_or(EVERYBODY);
        let to = SocketAddrV4::new(address, self.client_port);
        Route::Frame { interface: self.interface, hardware, source: self.source, to }
    }

    /// A frame to the limited broadcast address.
    pub fn broadcast(&self) -> Route {
        let to = SocketAddrV4::new(self.limited_broadcast, self.client_port);
        Route::Frame { interface: self.interface, hardware: EVERYBODY, source: self.source, to }
    }

    /// An OFFER, ACK or dynamic BOOTREPLY.
    pub fn lease_reply(&self, exchange: &Exchange) -> Route {
        if !exchange.giaddr.is_unspecified() {
            return self.relay(exchange.giaddr);
        }
        let by_frame = (exchange.sent_server_id || exchange.flags & BROADCAST != 0) && exchange.on_link;
        if exchange.ack && !exchange.ciaddr.is_unspecified() && !by_frame {
            return self.unicast(exchange.ciaddr);
        }
        if exchange.flags & BROADCAST == 0 {
            return self.frame(&exchange.hardware, exchange.yiaddr);
        }
        self.broadcast()
    }

    /// A NAK: never to the client's own address.
    pub fn nak(&self, giaddr: Ipv4Addr) -> Route {
        if giaddr.is_unspecified() {
            return self.broadcast();
        }
        Route::Fallback { to: SocketAddrV4::new(giaddr, self.server_port) }
    }

    /// A reply to a BOOTP client with a fixed address.
    pub fn fixed_bootp(&self, giaddr: Ipv4Addr, flags: u16, hardware: &HardwareAddr, yiaddr: Ipv4Addr) -> Route {
        if !giaddr.is_unspecified() {
            return Route::Fallback { to: SocketAddrV4::new(giaddr, self.server_port) };
        }
        let address = if flags & BROADCAST == 0 { yiaddr } else { self.limited_broadcast };
        self.frame(hardware, address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 10);
    const RELAY: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
    const NONE: Ipv4Addr = Ipv4Addr::UNSPECIFIED;

    fn from() -> From {
        From {
            interface: InterfaceId(0),
            source: Ipv4Addr::new(10, 0, 0, 1),
            server_port: 67,
            client_port: 68,
            limited_broadcast: Ipv4Addr::BROADCAST,
        }
    }

    fn renewal() -> Exchange {
        Exchange {
            ack: true,
            giaddr: NONE,
            ciaddr: CLIENT,
            yiaddr: CLIENT,
            flags: 0,
            hardware: HardwareAddr::new(1, &[2, 0, 0, 0, 0, 9]).unwrap(),
            sent_server_id: false,
            on_link: true,
        }
    }

    #[test]
    fn renewals_go_by_kernel_unless_marked() {
        let unicast = Route::Fallback { to: SocketAddrV4::new(CLIENT, 68) };
        let frame = from().frame(&renewal().hardware, CLIENT);
        assert_eq!(from().lease_reply(&renewal()), unicast);
        assert_eq!(from().lease_reply(&Exchange { sent_server_id: true, ..renewal() }), frame);
        assert_eq!(from().lease_reply(&Exchange { sent_server_id: true, on_link: false, ..renewal() }), unicast);
        assert_eq!(from().lease_reply(&Exchange { flags: BROADCAST, ..renewal() }), from().broadcast());
        assert_eq!(from().lease_reply(&Exchange { ack: false, ..renewal() }), frame);
    }

    #[test]
    fn relays_get_everything_back() {
        let relayed = Exchange { giaddr: RELAY, flags: BROADCAST, ..renewal() };
        assert_eq!(from().lease_reply(&relayed), Route::Fallback { to: SocketAddrV4::new(RELAY, 67) });
        assert_eq!(from().nak(RELAY), Route::Fallback { to: SocketAddrV4::new(RELAY, 67) });
        assert_eq!(from().nak(NONE), from().broadcast());
        assert_eq!(
            from().relay(Ipv4Addr::LOCALHOST),
            Route::Fallback { to: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 68) }
        );
    }

    #[test]
    fn fixed_bootp_keeps_the_clients_mac_on_broadcast() {
        let hardware = renewal().hardware;
        let Route::Frame { hardware: mac, to, .. } = from().fixed_bootp(NONE, BROADCAST, &hardware, CLIENT) else {
            panic!("a frame")
        };
        assert_eq!((mac, *to.ip()), ([2, 0, 0, 0, 0, 9], Ipv4Addr::BROADCAST));
    }

    #[test]
    fn odd_hardware_addresses_are_broadcast() {
        let long = HardwareAddr::new(1, &[1; 16]).unwrap();
        assert!(matches!(from().frame(&long, CLIENT), Route::Frame { hardware: EVERYBODY, .. }));
    }
}
