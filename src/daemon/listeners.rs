//! The sockets of the service and the lines that announce them (spec/operations.md 6.2).

use super::fatal::Fatal;
use super::interfaces::Served;
use super::logging::Logger;
use crate::config::model::Config;
use crate::leases::journal::disk::error_text;
use crate::net::fallback;
use crate::net::interfaces::Link;
use crate::net::packet::PacketSocket;
use crate::wire::frame::FrameCounters;
use std::net::{SocketAddrV4, UdpSocket};

/// An interface that is listened on.
pub struct Listener {
    pub served: Served,
    pub socket: PacketSocket,
    pub counters: FrameCounters,
    /// Source of frames.
    pub hardware: [u8; 6],
    /// Frames may be waiting.
    pub ready: bool,
    /// An operator had it shut down: what comes is not listened to.
    pub is_disabled: bool,
}

impl Listener {
    /// Opens the packet socket.
    pub fn open(served: Served, port: u16) -> Result<Listener, Fatal> {
        let socket = PacketSocket::open(served.link.index, port)
            .map_err(|error| Fatal::new(format!("Open a socket for LPF: {}", error_text(&error))))?;
        if !served.link.is_supported() {
            let Link { name, device_type, .. } = &served.link;
            return Err(Fatal::new(format!("Unsupported device type {device_type} for \"{name}\"")));
        }
        let address = served.link.hardware.address();
        let mut hardware = [0; 6];
        hardware.iter_mut().zip(address).for_each(|(to, from)| *to = *from);
        Ok(Listener { served, socket, counters: FrameCounters::default(), hardware, ready: true, is_disabled: false })
    }

    /// How log lines name it.
    pub fn tail(&self, config: &Config) -> String {
        let network = config.networks.get(self.served.network.index()).map_or("unattached", |network| &network.name);
        let link = &self.served.link;
        format!("LPF/{}/{}/{network}", link.name, link.hardware)
    }

    /// Announces it.
    pub fn announce(&self, config: &Config, logger: &mut Logger) {
        let tail = self.tail(config);
        logger.info(&format!("Listening on {tail}"));
        logger.info(&format!("Sending on   {tail}"));
    }
}

/// Opens the UDP socket for what the kernel routes.
pub fn open_fallback(local: SocketAddrV4) -> Result<UdpSocket, Fatal> {
    fallback::open(local).map_err(|error| {
        let first = format!("Can't bind to dhcp address: {}", error_text(&error));
        Fatal::after(
            &[
                &first,
                "Please make sure there is no other dhcp server",
                "running and that there's no entry for dhcp or",
                "bootp in /etc/inetd.conf.   Also make sure you",
                "are not running HP JetAdmin software, which",
            ],
            "includes a bootp server.",
        )
    })
}
