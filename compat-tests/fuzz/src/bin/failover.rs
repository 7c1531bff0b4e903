//! What a failover partner sends, to a primary and to a secondary, while clients, time and an administrator do theirs: in whole
//! messages, and octet by octet. Both have to come to the same.

#![no_main]

use lessor::config::model::Config;
use lessor_fuzz::config;
use lessor_fuzz::partner::{text, Partnered};
use std::sync::{Arc, OnceLock};

static LOADED: OnceLock<[Arc<Config>; 2]> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let configs = LOADED.get_or_init(|| [false, true].map(|role| config(&text(role)).expect("a good configuration")));
    let Some((first, octets)) = octets.split_first() else { return };
    let is_primary = first & 1 == 1;
    let live = |piece: usize| {
        let mut server = Partnered::new(configs[usize::from(is_primary)].clone(), is_primary).expect("a server");
        server.live(octets, piece);
        server.check_journal();
        server.done
    };
    assert!(live(4096) == live(1), "octet by octet it comes to something else");
});
