//! The top level of the configuration, run at start without packet or lease (spec/expressions.md 9.1). Parameters that are
//! read once come from here.

use super::bindings::Bindings;
use super::environment::{Environment, Names, Outcome, Progress};
use crate::config::model::Config;
use crate::options::registry::OptionKey;
use crate::wire::units::Timestamp;
use rustc_hash::FxHashMap;

/// What a run of the top level gave.
#[derive(Debug, Default)]
pub struct Startup {
    /// Values of the server parameters that are read at start, by code; those that have none are left out.
    pub parameters: FxHashMap<u32, Vec<u8>>,
    /// The global variables that `set` and `define` made.
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

/// The parameters that are read at start, in ISC's order. The others are not evaluated here: they may ask for a lease.
const READ_AT_START: [u32; 28] =
    [26, 27, 54, 55, 97, 98, 31, 36, 32, 34, 33, 35, 39, 80, 81, 48, 93, 94, 95, 44, 58, 59, 79, 86, 87, 89, 92, 96];

/// Runs the top level once more: what is logged and executed happens again. It begins with the variables of the first run, and
/// leaves those that the server goes on with in `globals`.
pub fn run_again(config: &Config, names: &Names, now: Timestamp, globals: &mut Bindings) -> Vec<Outcome> {
    let (mut progress, mut outcomes) = (Progress::default(), Vec::new());
    Environment::new(config, now, names, globals, &mut progress, &mut outcomes).run_scopes(Config::ROOT, None);
    outcomes
}

/// Runs the top level once. ISC does it twice before it serves, and once for `-t`.
pub fn startup(config: &Config, names: &Names, now: Timestamp) -> Startup {
    let mut startup = Startup::default();
    let mut progress = Progress::default();
    let mut environment =
        Environment::new(config, now, names, &mut startup.globals, &mut progress, &mut startup.outcomes);
    environment.run_scopes(Config::ROOT, None);
    for code in READ_AT_START {
        let Some(value) = environment.progress.reply.get(OptionKey::server(code)).cloned() else { continue };
        let mut octets = Vec::new();
        if environment.append_reply_value(&value, &mut octets) {
            startup.parameters.insert(code, octets);
        }
    }
    startup
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{load_text, Family};

    #[test]
    fn parameters_of_clients_are_left_alone() {
        let text = "ddns-hostname = binary-to-ascii(10, 8, \"-\", leased-address); omapi-port 7911; \
                    set zz_v = \"x\"; log(info, pick(zz_w, \"none\")); set zz_w = zz_v;";
        let config = load_text("dhcpd.conf", text, Family::V4).result.unwrap();
        let names = Names::default();
        let mut startup = startup(&config, &names, Timestamp(1));
        assert_eq!(startup.octets(31), Some(&[0x1e, 0xe7][..]));
        let line = |text: &str| [Outcome::Say(crate::eval::LogKind::Info, text.into())];
        assert_eq!(startup.outcomes, line("none"));
        assert_eq!(run_again(&config, &names, Timestamp(2), &mut startup.globals), line("x"));
    }
}
