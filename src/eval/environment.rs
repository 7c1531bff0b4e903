//! What expressions and statements see, and what they change.

use super::bindings::Bindings;
use super::reply::ReplyOptions;
use super::LogKind;
use crate::config::ir::Stmt;
use crate::config::model::{ClassId, Config};
use crate::options::decode::PacketOptions;
use crate::options::registry::OptionKey;
use crate::wire::units::Timestamp;
use rustc_hash::FxHashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// The packet that expressions look at.
pub trait Packet {
    /// The value of an option; of several instances the first.
    fn option(&self, key: OptionKey) -> Option<&[u8]>;
    /// Hardware type and address.
    fn hardware(&self) -> Option<&[u8]>;
    /// The UDP payload, if there is one of its own.
    fn octets(&self) -> Option<&[u8]>;
    /// The fields `file` and `sname`.
    fn file(&self) -> Option<&[u8]>;
    fn sname(&self) -> Option<&[u8]>;
    /// A host declaration matched.
    fn is_known(&self) -> bool;
    /// The n-th relay message counted from the client, 1 being the nearest; above 32 the one nearest to the server.
    fn relay(&self, number: u64) -> Option<&dyn Packet>;
}

/// The lease that expressions look at.
#[derive(Clone, Copy, Debug)]
pub struct LeaseFacts<'a> {
    /// Four octets, or sixteen.
    pub address: &'a [u8],
    pub ends: Timestamp,
    /// Hardware type and address.
    pub hardware: &'a [u8],
    /// Name of the host declaration attached to it.
    pub host_name: Option<&'a str>,
    /// It is a fixed address.
    pub is_static: bool,
}

/// Why a host name has no address; `Display` is the end of ISC's log line (spec/config-language.md 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFailure {
    #[error("host unknown.")]
    Unknown,
    #[error("temporary name server failure")]
    TryAgain,
    #[error("name server failed")]
    Failed,
    #[error("no A record associated with address")]
    NoAddress,
}

/// What became of looking for a host name.
#[derive(Clone, Debug)]
pub enum NameAnswer {
    Addresses(Vec<Ipv4Addr>),
    /// The name was wanted since then, and the failure was said; that is one thing for all copies of the answer.
    None(NameFailure, Arc<AtomicBool>),
}

impl NameAnswer {
    /// A failure of which nothing was said yet.
    pub fn none(failure: NameFailure) -> NameAnswer {
        NameAnswer::None(failure, Arc::default())
    }
}

/// What was learnt of names outside, kept up to date by the daemon.
#[derive(Debug, Default)]
pub struct Names {
    /// The host names in the configuration; one that was not answered yet is not here.
    pub answers: FxHashMap<Arc<str>, NameAnswer>,
    /// That of this machine.
    pub own: String,
}

impl Names {
    /// The addresses of a name. That it has none goes to `complain`, the first time that it is wanted after it was looked for.
    pub fn find(&self, name: &str, complain: impl FnOnce(String)) -> &[Ipv4Addr] {
        match self.answers.get(name) {
            Some(NameAnswer::Addresses(addresses)) => addresses,
            Some(NameAnswer::None(failure, was_said)) => {
                if !was_said.swap(true, Ordering::Relaxed) {
                    complain(format!("{name}: {failure}"));
                }
                &[]
            }
            None => &[],
        }
    }
}

/// Something that has to happen outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Log(LogKind, String),
    /// What a `log` statement says, or an argument of `execute`: octets as they are, one line whatever they hold.
    Say(LogKind, Vec<u8>),
    /// Run a program without a shell and log its exit status.
    Execute {
        command: Vec<u8>,
        arguments: Vec<Vec<u8>>,
    },
    /// `log (fatal, ...)`
    Fatal(String),
}

/// The blocks that `on` statements stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hooks {
    pub commit: Option<Arc<[Stmt]>>,
    pub expiry: Option<Arc<[Stmt]>>,
    pub release: Option<Arc<[Stmt]>>,
}

/// A class a packet is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The class, or the declared subclass.
    pub class: ClassId,
    /// The data of a subclass that exists only because a client with it came: it has all else from `class`.
    pub spawned: Option<Box<[u8]>>,
}

/// The most steps (statements and expressions) of one exchange. ISC goes on for ever.
const MOST_STEPS: u32 = 1 << 19;
/// The deepest nesting of expressions, blocks and calls; what the configuration may nest by itself fits in.
const DEEPEST: u32 = 2200;

/// What statements change besides variables.
#[derive(Debug, Default)]
pub struct Progress {
    pub reply: ReplyOptions,
    pub hooks: Hooks,
    /// Statements and expressions so far.
    steps: u32,
    /// No more of them are run: there were too many, or one was fatal.
    pub(super) stopped: bool,
    /// Values of the reply that were joined of parts not known beforehand.
    pub(super) joins: u32,
    /// How many classes the packet was in before statements ran.
    pub(super) matched: usize,
    /// Classes that `add` and `check` put the packet in.
    pub added: Vec<Member>,
    /// Options that `parse-vendor-option` found.
    pub vendor: Option<Box<PacketOptions>>,
}

impl Progress {
    /// For a packet that matched that many classes.
    pub fn of_members(matched: usize) -> Progress {
        Progress { matched, ..Progress::default() }
    }
}

/// Surroundings in which statements run and expressions are evaluated.
pub struct Environment<'a> {
    pub config: &'a Config,
    pub now: Timestamp,
    pub names: &'a Names,
    /// `None`: there is none, or its options must not be seen.
    pub packet: Option<&'a dyn Packet>,
    pub lease: Option<LeaseFacts<'a>>,
    /// Those of the lease, which hide the global ones altogether; `None`: the global ones.
    pub variables: Option<&'a mut Bindings>,
    pub globals: &'a mut Bindings,
    pub progress: &'a mut Progress,
    pub outcomes: &'a mut Vec<Outcome>,
    /// Variables of the functions being called, the innermost last.
    pub(super) frames: Vec<Bindings>,
    /// Options of the reply whose values are being evaluated, the innermost last.
    pub(super) configured: Vec<OptionKey>,
    depth: u32,
}

impl<'a> Environment<'a> {
    /// No packet, no lease, the global variables.
    pub fn new(
        config: &'a Config,
        now: Timestamp,
        names: &'a Names,
        globals: &'a mut Bindings,
        progress: &'a mut Progress,
        outcomes: &'a mut Vec<Outcome>,
    ) -> Environment<'a> {
        Environment {
            config,
            now,
            names,
            packet: None,
            lease: None,
            variables: None,
            globals,
            progress,
            outcomes,
            frames: Vec::new(),
            configured: Vec::new(),
            depth: 0,
        }
    }

    /// The outermost scope of variables.
    pub(super) fn outer(&mut self) -> &mut Bindings {
        match &mut self.variables {
            Some(variables) => variables,
            None => self.globals,
        }
    }

    /// The variables that have that name bound, innermost first; else where a new one belongs.
    pub(super) fn scope_of(&mut self, name: &str) -> &mut Bindings {
        match self.frames.iter().rposition(|frame| frame.contains(name)) {
            Some(at) => &mut self.frames[at],
            None if self.frames.is_empty() || self.outer().contains(name) => self.outer(),
            None => {
                let innermost = self.frames.len() - 1;
                &mut self.frames[innermost]
            }
        }
    }

    pub(super) fn log(&mut self, kind: LogKind, text: String) {
        self.outcomes.push(Outcome::Log(kind, text));
    }

    pub(super) fn say(&mut self, kind: LogKind, octets: Vec<u8>) {
        self.outcomes.push(Outcome::Say(kind, octets));
    }

    /// Begins a step, a statement or an expression; `None` if it must not be taken. `leave` ends it.
    pub(super) fn enter(&mut self) -> Option<()> {
        if self.progress.stopped {
            return None;
        }
        if self.depth >= DEEPEST {
            self.error("statements and expressions are nested too deeply.".into());
            return None;
        }
        if self.progress.steps >= MOST_STEPS {
            self.progress.stopped = true;
            self.error("statements and expressions go on for too long.".into());
            return None;
        }
        self.progress.steps += 1;
        self.depth += 1;
        Some(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Logs at level error.
    pub fn error(&mut self, text: String) {
        self.log(LogKind::Error, text);
    }

    /// An option of the packet, or one that `parse-vendor-option` found.
    pub(super) fn packet_option(&self, key: OptionKey) -> Option<&[u8]> {
        let found = self.packet.and_then(|packet| packet.option(key));
        found.or_else(|| self.progress.vendor.as_ref().and_then(|vendor| vendor.get(key)))
    }
}
