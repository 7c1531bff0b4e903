//! A configuration with statements and expressions, and the options of a client's request: the whole server runs over them.
//! The input is the text up to an octet 255 (which ends a configuration anyway), then the options.

#![no_main]

use lessor_fuzz::{config, config_text, request, Server};

/// Comes before the text, so that there is something to serve.
const SUBNET: &str = "authoritative; ping-check false; default-lease-time 600;
    option ff-s code 250 = text; option ff-n code 251 = unsigned integer 32; option ff-a code 252 = array of ip-address;
    subnet 10.77.0.0 netmask 255.255.255.0 { range 10.77.0.10 10.77.0.20; }\n";

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let (text, options) = match octets.iter().position(|octet| *octet == 255) {
        Some(at) => (&octets[..at], &octets[at + 1..]),
        None => (octets, &[][..]),
    };
    let Some(text) = config_text(text) else { return };
    let Some(mut server) = config(&format!("{SUBNET}{text}")).and_then(Server::new) else { return };
    let offers = server.receive(&request(1, None, options));
    let address: Option<[u8; 4]> = offers.first().and_then(|offer| offer.get(16..20)?.try_into().ok());
    server.receive(&request(3, address, options));
    server.receive(&request(8, None, options));
    let mut release = request(7, None, options);
    release[12..16].copy_from_slice(&address.unwrap_or_default());
    server.receive(&release);
    server.receive(&request(3, address, options));
    server.pass(100_000);
    server.check_journal();
});
