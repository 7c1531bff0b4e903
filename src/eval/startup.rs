//! The top level of the configuration, run at start without packet or lease (spec/expressions.md 9.1). Parameters that are
//! read once come from here.

use super::bindings::Bindings;
use super::environment::{Environment, Names, Outcome, Progress};
use crate::config::model::Config;
use crate::options::registry::{OptionKey, SpaceId, Storage};
use crate::wire::units::Timestamp;
use rustc_hash::FxHashMap;

/// What a run of the top level gave.
#[derive(Debug, Default)]
pub struct Startup {
    /// Values of server parameters by code; those that have none are left out.
    pub parameters: FxHashMap<u32, Vec<u8>>,
    /// The global variables that `set` and `define` made; the engines start with them.
    pub globals: Bindings,
    /// What is to be logged and executed, in order.
    pub outcomes: Vec<Outcome>,
}

impl Startup {
    /// A parameter's octets.
    pub fn octets(&self, code: u32) -> Option<&[u8]> {
        self.parameters.get(&code).map(Vec::as_slice)
    }

    /// True if a boolean parameter is set and true.
    pub fn is_on(&self, code: u32) -> bool {
        self.octets(code) == Some(&[1])
    }
}

/// Runs the top level once. ISC does it twice before it serves, and once for `-t`.
pub fn startup(config: &Config, names: &Names, now: Timestamp) -> Startup {
    let mut startup = Startup::default();
    let mut progress = Progress::default();
    let mut environment =
        Environment::new(config, now, names, &mut startup.globals, &mut progress, &mut startup.outcomes);
    environment.run_scopes(Config::ROOT, None);
    for code in environment.progress.reply.codes(SpaceId::SERVER, Storage::Hash) {
        let Some(value) = environment.progress.reply.get(OptionKey::server(code)).cloned() else { continue };
        let mut octets = Vec::new();
        if environment.append_reply_value(&value, &mut octets) {
            startup.parameters.insert(code, octets);
        }
    }
    startup
}
