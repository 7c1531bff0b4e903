//! What comes over the wire: a frame, and DHCP messages one after another to a server with classes, hosts, relays and events.
//! The input is a frame, and also a row of messages, each behind its length (two octets); length 0 lets an hour pass.

#![no_main]

use lessor::config::model::Config;
use lessor::wire::frame::{parse_udp_frame, Auxiliary};
use lessor_fuzz::{config, Server};
use std::sync::{Arc, OnceLock};

const CONFIG: &str = include_str!("../../seeds/served.conf");

static LOADED: OnceLock<Arc<Config>> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let config = LOADED.get_or_init(|| config(CONFIG).expect("a good configuration"));
    let Some(mut server) = Server::new(config.clone()) else { return };
    let auxiliary = Auxiliary { checksum_not_ready: true, ..Auxiliary::default() };
    let _ = parse_udp_frame(octets, 67, Auxiliary::default());
    if let Ok(datagram) = parse_udp_frame(octets, 67, auxiliary) {
        server.receive(datagram.payload);
    }
    let mut rest = octets;
    while let Some((length, tail)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 {
            server.pass(3600);
        }
        let (message, tail) = tail.split_at(length.min(tail.len()));
        server.receive(message);
        rest = tail;
    }
    server.pass(100_000);
    server.check_journal();
});
