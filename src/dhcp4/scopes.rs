//! Statements and expressions, run for one request: what they see and where their results go.

use super::effect::Effect;
use super::engine::Engine;
use super::hosts::Hosts;
use super::intake::Request;
use super::parameters::Flag;
use super::transitions::extras;
use crate::config::ir::{Expr, Stmt};
use crate::config::model::{Config, HostId, PoolId, ScopeId};
use crate::eval::bindings::{Bindings, Value};
use crate::eval::classify;
use crate::eval::environment::{Environment, Hooks, LeaseFacts, Names, Outcome, Packet, Progress};
use crate::eval::reply::{ReplyOptions, ReplyValue};
use crate::leases::lease::Lease;
use crate::options::pack::{pack_reply, Found, Packing, Source};
use crate::options::registry::{OptionKey, SpaceId, Storage};
use crate::wire::dhcp4::Header;
use crate::wire::units::Now;
use std::borrow::Cow;
use std::sync::Arc;

/// The pool of a lease that stands for a fixed address.
pub const NO_POOL: PoolId = PoolId(u32::MAX);

/// An answer in the making.
pub struct Draft<'r, 'p> {
    pub now: Now,
    pub request: Option<&'r Request<'p>>,
    /// What expressions know of the lease.
    pub lease: Option<Lease>,
    pub progress: Progress,
    /// The variables of the lease; `None`: the global ones are used.
    variables: Option<Bindings>,
    /// The variables of the lease are not seen for the moment.
    hides_variables: bool,
}

impl<'r, 'p> Draft<'r, 'p> {
    /// Without a lease, with the global variables.
    pub fn global(now: Now, request: Option<&'r Request<'p>>) -> Draft<'r, 'p> {
        let progress = Progress::of_members(request.map_or(0, |request| request.members.len()));
        Draft { now, request, lease: None, progress, variables: None, hides_variables: false }
    }

    /// With a lease, its variables and its event blocks.
    pub fn of_lease(now: Now, request: Option<&'r Request<'p>>, lease: Lease) -> Draft<'r, 'p> {
        let mut draft = Draft::global(now, request);
        let extras = lease.extras.as_deref();
        draft.variables = Some(extras.map(|extras| extras.variables.clone()).unwrap_or_default());
        if let Some(extras) = extras {
            draft.progress.hooks = Hooks {
                commit: extras.on_commit.clone(),
                expiry: extras.on_expiry.clone(),
                release: extras.on_release.clone(),
            };
        }
        draft.lease = Some(lease);
        draft
    }

    /// From now on expressions see the global variables (spec/expressions.md 9.2).
    pub fn use_global_variables(&mut self) {
        self.hides_variables = true;
    }

    /// The variables of the lease.
    pub fn variables(&self) -> Option<&Bindings> {
        self.variables.as_ref()
    }

    /// Takes the variables of the lease.
    pub fn take_variables(&mut self) -> Bindings {
        self.variables.take().unwrap_or_default()
    }

    /// Sets a variable of the lease.
    pub fn set_variable(&mut self, name: &str, value: &[u8]) {
        self.variables.get_or_insert_default().set(&name.into(), Some(Value::Data(value.into())));
    }

    /// The event blocks go with the lease.
    pub fn store_hooks(&mut self, lease: &mut Lease) {
        let hooks = std::mem::take(&mut self.progress.hooks);
        if hooks != Hooks::default() || lease.extras.is_some() {
            let extras = extras(lease);
            (extras.on_commit, extras.on_expiry, extras.on_release) = (hooks.commit, hooks.expiry, hooks.release);
        }
    }

    /// Puts bytes into the reply.
    pub fn put(&mut self, key: OptionKey, value: &[u8]) {
        self.progress.reply.set(key, ReplyValue::Bytes(value.into()));
    }

    /// True if the reply has an option, with a value or without.
    pub fn has(&self, key: OptionKey) -> bool {
        self.progress.reply.get(key).is_some()
    }

    /// Takes an option out of the reply.
    pub fn remove(&mut self, key: OptionKey) {
        self.progress.reply.remove(key);
    }

    /// The relay's options go back to it, unless they are not the packet's own.
    pub fn add_agent_options(&mut self) {
        if self.request.is_some_and(|request| !request.stashed) {
            self.add_all_agent_options();
        }
    }

    /// The relay's options without those that the configuration sets otherwise: what is remembered of them.
    pub fn unconfigured_agent_options(&self) -> Vec<(u8, Box<[u8]>)> {
        let all = self.request.map(Request::agent_options).unwrap_or_default();
        let is_own = |code: u8| {
            let key = OptionKey { space: SpaceId::AGENT, code: u32::from(code) };
            !matches!(self.progress.reply.get(key), Some(ReplyValue::Expression(_)))
        };
        all.into_iter().filter(|(code, _)| is_own(*code)).collect()
    }

    /// The same, wherever they are from.
    pub fn add_all_agent_options(&mut self) {
        let Some(request) = self.request else { return };
        for (code, value) in request.options.space(SpaceId::AGENT) {
            self.progress.reply.set(OptionKey { space: SpaceId::AGENT, code }, ReplyValue::Bytes(value.into()));
        }
    }
}

impl Packet for Request<'_> {
    fn option(&self, key: OptionKey) -> Option<&[u8]> {
        self.options.get(key)
    }

    fn hardware(&self) -> Option<&[u8]> {
        Some(self.hardware.as_bytes())
    }

    fn octets(&self) -> Option<&[u8]> {
        Some(self.payload)
    }

    fn file(&self) -> Option<&[u8]> {
        Some(self.view.file())
    }

    fn sname(&self) -> Option<&[u8]> {
        Some(self.view.sname())
    }

    fn is_known(&self) -> bool {
        self.known
    }

    fn relay(&self, _: u64) -> Option<&dyn Packet> {
        None
    }
}

/// The options of a reply, evaluated when they are packed.
struct Values<'e, 'a>(&'e mut Environment<'a>);

impl Source for Values<'_, '_> {
    fn value(&mut self, key: OptionKey, out: &mut Vec<u8>) -> Found {
        let expression = match self.0.progress.reply.get(key) {
            None => return Found::Unset,
            Some(ReplyValue::Bytes(bytes)) => {
                out.extend_from_slice(bytes);
                return Found::Bytes;
            }
            Some(ReplyValue::Expression(expression)) => expression.clone(),
            Some(ReplyValue::Removed) => return Found::Null,
        };
        // A call alone is a value here, although it is none anywhere else (spec/expressions.md 7).
        if let Expr::Call(name, arguments) = &*expression {
            let value = self.0.call(name, arguments);
            self.0.error("Bogus opcode in evaluate_data_expression: 45".into());
            match value {
                Some(Value::Data(bytes)) => out.extend_from_slice(&bytes),
                Some(Value::Nothing) => {}
                _ => return Found::Null,
            }
            return Found::Bytes;
        }
        if self.0.append(&expression, out) {
            Found::Bytes
        } else {
            Found::Null
        }
    }

    fn is_set(&self, key: OptionKey) -> bool {
        self.0.progress.reply.get(key).is_some()
    }

    fn codes(&self, space: SpaceId, storage: Storage) -> Vec<u32> {
        self.0.progress.reply.codes(space, storage)
    }
}

/// What running statements needs of the engine.
struct Surroundings<'e> {
    config: &'e Config,
    hosts: &'e Hosts,
    names: &'e Names,
    globals: &'e mut Bindings,
    outcomes: &'e mut Vec<Outcome>,
}

impl Surroundings<'_> {
    fn run<T>(self, draft: &mut Draft<'_, '_>, action: impl FnOnce(&mut Environment<'_>) -> T) -> T {
        let address = draft.lease.as_ref().map_or([0; 4], |lease| lease.address.octets());
        let lease = draft.lease.as_ref().map(|lease| LeaseFacts {
            address: &address,
            ends: lease.ends,
            hardware: lease.hardware.as_bytes(),
            host_name: lease.host.and_then(|id| self.hosts.over(self.config).get(id)).map(|host| &*host.name),
            is_static: lease.pool == NO_POOL,
        });
        let variables = draft.variables.as_mut().filter(|_| !draft.hides_variables);
        let mut environment =
            Environment::new(self.config, draft.now.wall, self.names, self.globals, &mut draft.progress, self.outcomes);
        environment.packet = draft.request.map(|request| request as &dyn Packet);
        environment.lease = lease;
        environment.variables = variables;
        action(&mut environment)
    }
}

impl Engine {
    fn surroundings<'e>(&'e mut self, config: &'e Config) -> Surroundings<'e> {
        Surroundings {
            config,
            hosts: &self.hosts,
            names: &self.names,
            globals: &mut self.globals,
            outcomes: &mut self.outcomes,
        }
    }

    /// What statements wanted done becomes effects.
    pub(super) fn flush(&mut self, out: &mut Vec<Effect>) {
        if self.outcomes.is_empty() {
            return;
        }
        out.extend(self.outcomes.drain(..).map(|outcome| match outcome {
            Outcome::Log(kind, text) => Effect::Log(kind, text),
            Outcome::Say(kind, octets) => Effect::Say(kind, octets),
            Outcome::Execute { command, arguments } => Effect::Execute { command, arguments },
            Outcome::Fatal(text) => Effect::Fatal(text),
        }));
        self.is_ending |= out.iter().any(|effect| matches!(effect, Effect::Fatal(_)));
    }

    /// Runs a scope and those around it up to the limit.
    pub(super) fn run_scopes(
        &mut self,
        draft: &mut Draft<'_, '_>,
        scope: ScopeId,
        limit: Option<ScopeId>,
        out: &mut Vec<Effect>,
    ) {
        let config = self.config.clone();
        self.surroundings(&config).run(draft, |environment| environment.run_scopes(scope, limit));
        self.flush(out);
    }

    /// Runs a host's scope, and the statements it was given at run time.
    pub(super) fn run_host(
        &mut self,
        draft: &mut Draft<'_, '_>,
        host: HostId,
        limit: Option<ScopeId>,
        out: &mut Vec<Effect>,
    ) {
        let (config, hosts) = (self.config.clone(), self.hosts.clone());
        let Some((scope, statements)) = hosts.over(&config).scope(host) else { return };
        self.run_scopes(draft, scope, limit, out);
        if let Some(statements) = statements {
            self.run_block(draft, statements, out);
        }
    }

    /// Subnet and pool, from a ready table if possible. Agent options of the packet come first.
    pub(super) fn run_base_scopes(
        &mut self,
        draft: &mut Draft<'_, '_>,
        subnet: ScopeId,
        pool: Option<(ScopeId, ScopeId)>,
        out: &mut Vec<Effect>,
    ) {
        let config = self.config.clone();
        let scopes = [Some((subnet, None)), pool.map(|(pool, network)| (pool, Some(network)))];
        let folded = self.folds.entry((subnet, pool.map(|(pool, _)| pool))).or_insert_with(|| {
            let scopes: Vec<_> = scopes.into_iter().flatten().collect();
            Arc::new(crate::eval::fold::fold(&config, &scopes))
        });
        let folded = folded.clone();
        draft.progress.reply = ReplyOptions::over(folded.base());
        draft.add_agent_options();
        if !folded.is_complete() {
            self.surroundings(&config).run(draft, |environment| folded.run_rest(environment));
            self.flush(out);
        }
    }

    /// Runs the scopes of the packet's classes, the last one first.
    pub(super) fn run_classes(&mut self, draft: &mut Draft<'_, '_>, limit: Option<ScopeId>, out: &mut Vec<Effect>) {
        let Some(request) = draft.request else { return };
        if request.members.is_empty() && draft.progress.added.is_empty() {
            return;
        }
        let config = self.config.clone();
        let all = request.members.iter().chain(&draft.progress.added);
        let scopes: Vec<_> = all.filter_map(|member| config.classes.get(member.class.index())).collect();
        for class in scopes.into_iter().rev() {
            self.run_scopes(draft, class.scope, limit, out);
        }
    }

    /// Runs an event block.
    pub(super) fn run_block(&mut self, draft: &mut Draft<'_, '_>, block: &Arc<[Stmt]>, out: &mut Vec<Effect>) {
        let config = self.config.clone();
        self.surroundings(&config).run(draft, |environment| environment.run(block));
        self.flush(out);
    }

    /// Reads the value of an option or parameter of the reply; `None` if it is not set or has none.
    fn read<T>(
        &mut self,
        draft: &mut Draft<'_, '_>,
        key: OptionKey,
        read: impl FnOnce(Cow<'_, [u8]>) -> T,
    ) -> Option<T> {
        let expression = match draft.progress.reply.get(key)? {
            ReplyValue::Bytes(bytes) => return Some(read(Cow::Borrowed(bytes))),
            ReplyValue::Expression(expression) => match expression.constant() {
                Some(constant) => return Some(read(Cow::Borrowed(constant))),
                None => expression.clone(),
            },
            ReplyValue::Removed => return None,
        };
        let config = self.config.clone();
        let value = self.surroundings(&config).run(draft, |environment| environment.data(&expression))?;
        Some(read(Cow::Owned(value)))
    }

    /// The value of an option or parameter of the reply; `None` if it is not set or has none.
    pub(super) fn value(&mut self, draft: &mut Draft<'_, '_>, key: OptionKey) -> Option<Vec<u8>> {
        self.read(draft, key, |octets| octets.into_owned())
    }

    /// The value of a server parameter.
    pub(super) fn data(&mut self, draft: &mut Draft<'_, '_>, parameter: u32) -> Option<Vec<u8>> {
        self.value(draft, OptionKey::server(parameter))
    }

    /// A server parameter of four octets.
    pub(super) fn number(&mut self, draft: &mut Draft<'_, '_>, parameter: u32) -> Option<u32> {
        self.read(draft, OptionKey::server(parameter), |octets| (*octets).try_into().ok().map(u32::from_be_bytes))?
    }

    /// A server parameter of one octet.
    pub(super) fn small(&mut self, draft: &mut Draft<'_, '_>, parameter: u32) -> Option<u8> {
        self.read(draft, OptionKey::server(parameter), |octets| match *octets {
            [octet] => Some(octet),
            _ => None,
        })?
    }

    /// A boolean server parameter.
    pub(super) fn flag(&mut self, draft: &mut Draft<'_, '_>, parameter: u32) -> Flag {
        let key = OptionKey::server(parameter);
        if !draft.has(key) {
            return Flag::Unset;
        }
        self.read(draft, key, |octets| Flag::of(&octets)).unwrap_or_else(|| Flag::of(&[]))
    }

    /// Finds the classes of a request.
    pub(super) fn classify(&mut self, now: Now, request: &mut Request<'_>, out: &mut Vec<Effect>) {
        let config = self.config.clone();
        if config.index.top_classes.is_empty() {
            return;
        }
        let mut draft = Draft::global(now, Some(request));
        let hardware = request.hardware;
        let members =
            self.surroundings(&config).run(&mut draft, |environment| classify::classify(environment, &hardware));
        request.classes = members.iter().map(|member| member.class).collect();
        request.members = members;
        self.flush(out);
    }

    /// The whole message: header, and options packed behind it.
    pub(super) fn pack(
        &mut self,
        draft: &mut Draft<'_, '_>,
        header: &Header,
        packing: &Packing<'_>,
        out: &mut Vec<Effect>,
    ) -> Vec<u8> {
        let config = self.config.clone();
        let mut message = Vec::with_capacity(REPLY_ROOM);
        message.extend_from_slice(&header.octets());
        let mut notes = Vec::new();
        self.surroundings(&config).run(draft, |environment| {
            pack_reply(&mut Values(environment), packing, &mut message, &mut notes);
        });
        self.flush(out);
        out.extend(notes.into_iter().map(|note| Effect::Log(super::LogKind::Error, note.to_string())));
        message
    }
}

/// Room for most replies.
const REPLY_ROOM: usize = 576;
