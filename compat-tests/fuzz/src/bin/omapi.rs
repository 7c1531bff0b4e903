//! What an OMAPI client sends, with and without a key that is required: in one piece, and octet by octet. The answers have to be
//! the same, and messages.

#![no_main]

use lessor::config::model::Config;
use lessor::omapi::{ConnectionId, Effect, Omapi};
use lessor::wire::omapi::{introduction, Received};
use lessor_fuzz::config;
use lessor_fuzz::operator::Operated;
use std::sync::{Arc, OnceLock};

const CONFIG: &str = concat!(
    include_str!("../../seeds/served.conf"),
    "\nkey omapi_key { algorithm hmac-md5; secret AAECAwQFBgcICQoLDA0ODw==; }\n",
    "key other_key { algorithm hmac-md5; secret AAECAwQFBgcICQoLDA0ODw==; }\n"
);

static LOADED: OnceLock<Arc<Config>> = OnceLock::new();

/// What comes back for octets that arrive in pieces of a size.
fn answers(config: &Config, key: Option<&str>, octets: &[u8], size: usize) -> Vec<Effect> {
    let (mut server, mut world) = (Omapi::new(key.map(Into::into)), Operated::new(config.clone()));
    let (connection, mut effects) = (ConnectionId(0), Vec::new());
    server.connected(connection, 1, &mut effects);
    server.receive(connection, &introduction());
    for piece in octets.chunks(size.max(1)) {
        server.receive(connection, piece);
        while server.answer(connection, 8, &mut world, &mut effects) == 8 {}
    }
    effects
}

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let config = LOADED.get_or_init(|| config(CONFIG).expect("a good configuration"));
    for key in [None, Some("omapi_key")] {
        let whole = answers(config, key, octets, octets.len());
        assert_eq!(whole, answers(config, key, octets, 1));
        let closed = whole.iter().position(|effect| matches!(effect, Effect::Close(_)));
        assert!(closed.is_none_or(|at| at + 1 == whole.len()), "something is sent after the end");
        for effect in whole.iter().skip(1) {
            if let Effect::Send { octets, .. } = effect {
                let message = Received::parse(octets, 24).expect("a message").message;
                assert!(matches!(message.op, 3 | 5), "an answer is UPDATE or STATUS");
            }
        }
    }
});
