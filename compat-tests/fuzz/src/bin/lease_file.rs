//! A lease file: read, rewritten, read again.

#![no_main]

use lessor::config::model::Config;
use lessor::leases::file::FileText;
use lessor_fuzz::{config, load_leases, START};
use std::sync::{Arc, OnceLock};

const CONFIG: &str = "class \"c\" { lease limit 9; } class \"d\\\"\" { lease limit 9; }
    failover peer \"p\" { primary; address 10.77.0.1; peer address 10.77.0.2; mclt 60; split 128; }
    subnet 10.77.0.0 netmask 255.255.255.0 { range 10.77.0.10 10.77.0.50; }
    subnet 10.0.0.0 netmask 255.255.0.0 { range 10.0.0.1 10.0.255.254; }
    subnet 10.78.0.0 netmask 255.255.255.0 { pool { failover peer \"p\"; range 10.78.0.10 10.78.0.50; } }\n";

static LOADED: OnceLock<Arc<Config>> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let config = LOADED.get_or_init(|| config(CONFIG).expect("a good configuration"));
    let (first_log, once) = rewritten(config, octets);
    let (log, twice) = rewritten(config, &once);
    // A class or group that could not be understood is kept as it was written, and complained about each time.
    let (was, is) = (damage(&first_log), damage(&log));
    assert!(is.is_none() || was.is_some(), "{is:?}\n{}", String::from_utf8_lossy(&once));
    let shown = String::from_utf8_lossy(&once);
    assert!(essence(&once) == essence(&twice), "{shown}\n{}", String::from_utf8_lossy(&twice));
});

/// What reading a file logs, and the text that a rewrite makes of it.
fn rewritten(config: &Config, octets: &[u8]) -> (Vec<String>, Vec<u8>) {
    let (mut store, objects, log) = load_leases(config, octets, START);
    let (mut text, mut out) = (FileText::new(), Vec::new());
    while !text.chunk(&mut store, &objects, config, START, 100, &mut out) {}
    (log, out)
}

/// The first line that tells of damage.
fn damage(log: &[String]) -> Option<&String> {
    log.iter().find(|line| line.to_lowercase().contains("corrupt"))
}

/// Who has what, and until when. Of the rest reading makes more than was written: `tstp` of an ended lease is one.
fn essence(text: &[u8]) -> Vec<&[u8]> {
    const WORDS: [&[u8]; 6] = [b"lease ", b"host ", b"  binding ", b"  ends ", b"  uid ", b"  hardware "];
    text.split(|octet| *octet == b'\n').filter(|line| WORDS.iter().any(|word| line.starts_with(word))).collect()
}
