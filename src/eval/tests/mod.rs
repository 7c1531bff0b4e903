//! Whole expressions and statements, held against what the real server gave.

mod bounds;
mod random;
mod vectors;

use super::bindings::{Bindings, Value};
use super::environment::{Environment, LeaseFacts, NameAnswer, Names, Outcome, Packet, Progress};
use super::LogKind;
use crate::config::model::Config;
use crate::config::{load_text, Family};
use crate::options::decode::PacketOptions;
use crate::options::registry::{OptionKey, SpaceId};
use crate::wire::units::Timestamp;

/// The request of spec/expressions.md 16.
pub struct Request {
    options: PacketOptions,
    payload: Vec<u8>,
    hardware: Vec<u8>,
}

impl Request {
    pub fn new(config: &Config) -> Request {
        let mut options = PacketOptions::default();
        let values: [(u32, &[u8]); 6] = [
            (12, b"Host"),
            (61, &[1, 2, 0, 0, 0x77, 0, 1]),
            (60, b"MSFT 5.0"),
            (77, b""),
            (82, &[1, 1, 0xaa]),
            (200, &[1, 2, 3, 4, 5, 6, 7, 8]),
        ];
        for (code, value) in values {
            options.set(OptionKey::dhcp(code), value);
        }
        options.decode_into(&config.registry, OptionKey::dhcp(82), SpaceId::AGENT, &mut Vec::new());
        let mut payload = vec![0; 300];
        payload[28..34].copy_from_slice(&[2, 0, 0, 0x77, 0, 1]);
        payload[44..46].copy_from_slice(b"sn");
        payload[108..110].copy_from_slice(b"bf");
        payload[236..240].copy_from_slice(&[0x63, 0x82, 0x53, 0x63]);
        Request { options, payload, hardware: vec![1, 2, 0, 0, 0x77, 0, 1] }
    }

    pub fn set(&mut self, code: u32, value: &[u8]) {
        self.options.set(OptionKey::dhcp(code), value);
    }
}

impl Packet for Request {
    fn option(&self, key: OptionKey) -> Option<&[u8]> {
        self.options.get(key)
    }

    fn hardware(&self) -> Option<&[u8]> {
        Some(&self.hardware)
    }

    fn octets(&self) -> Option<&[u8]> {
        Some(&self.payload)
    }

    fn file(&self) -> Option<&[u8]> {
        self.payload.get(108..236)
    }

    fn sname(&self) -> Option<&[u8]> {
        self.payload.get(44..108)
    }

    fn is_known(&self) -> bool {
        false
    }

    fn relay(&self, _: u64) -> Option<&dyn Packet> {
        None
    }
}

pub const LEASE: LeaseFacts<'static> = LeaseFacts {
    address: &[10, 77, 1, 10],
    ends: Timestamp(1000),
    hardware: &[1, 2, 0, 0, 0x77, 0, 1],
    host_name: None,
    is_static: false,
};

/// What running a configuration's top level gave.
#[derive(Default)]
pub struct Run {
    pub globals: Bindings,
    pub outcomes: Vec<Outcome>,
    pub progress: Progress,
    /// The variable `zz_v` as octets.
    pub result: Option<Vec<u8>>,
}

impl Run {
    /// The lines that were logged.
    pub fn lines(&self) -> Vec<(LogKind, &str)> {
        let lines = self.outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Log(kind, text) => Some((*kind, text.as_str())),
            Outcome::Say(kind, octets) => Some((*kind, std::str::from_utf8(octets).unwrap_or("(not UTF-8)"))),
            _ => None,
        });
        lines.collect()
    }

    pub fn texts(&self) -> Vec<&str> {
        self.lines().into_iter().map(|(_, text)| text).collect()
    }

    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.globals.get(name)
    }
}

pub fn configuration(text: &str) -> Config {
    let loading = load_text("dhcpd.conf", text, Family::V4);
    loading.result.unwrap_or_else(|| panic!("{:?} {:?}: {text}", loading.fatal, loading.messages))
}

/// Runs the top level with the request, and the lease if wanted; then takes the value of an option of the reply.
pub fn run_with(text: &str, lease: bool, change: impl FnOnce(&mut Request), option: Option<u32>) -> Run {
    let config = configuration(text);
    let mut request = Request::new(&config);
    change(&mut request);
    let mut names = Names::default();
    names.answers.insert("localhost".into(), NameAnswer::Addresses(vec![[127, 0, 0, 1].into()]));
    names.own = "here".into();
    let mut run = Run::default();
    let mut environment =
        Environment::new(&config, Timestamp(900), &names, &mut run.globals, &mut run.progress, &mut run.outcomes);
    environment.packet = Some(&request);
    environment.lease = lease.then_some(LEASE);
    environment.run_scopes(Config::ROOT, None);
    if let Some(value) = option.and_then(|code| environment.progress.reply.get(OptionKey::dhcp(code)).cloned()) {
        let mut octets = Vec::new();
        run.result = environment.append_reply_value(&value, &mut octets).then_some(octets);
    }
    run
}

pub fn run(text: &str) -> Run {
    run_with(text, true, |_| {}, None)
}

/// The value of an option of the reply.
pub fn option(text: &str, code: u32) -> Option<Vec<u8>> {
    run_with(text, true, |_| {}, Some(code)).result
}
