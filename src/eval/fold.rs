//! Scopes that set options are run once, when they are first needed, as far as they do nothing else: values stay unevaluated,
//! so that the result is the same for every packet (spec/config-language.md 11.4). What follows the first other statement is
//! run for each packet.

use super::bindings::Bindings;
use super::environment::{Environment, Names, Progress};
use super::reply::ReplyValue;
use crate::config::ir::Stmt;
use crate::config::model::{Config, ScopeId};
use crate::options::registry::SpaceId;
use crate::options::set::OptionSet;
use crate::wire::units::Timestamp;
use std::sync::Arc;

/// What scopes give that run one after the other.
#[derive(Clone, Debug, Default)]
pub struct Folded {
    /// After the statements that do the same for every packet.
    base: Arc<OptionSet<ReplyValue>>,
    /// Scopes that remain to be run, and from which statement on.
    rest: Box<[(ScopeId, usize)]>,
}

impl Folded {
    /// The options to start from.
    pub fn base(&self) -> Arc<OptionSet<ReplyValue>> {
        self.base.clone()
    }

    /// True if there is nothing left to run.
    pub fn is_complete(&self) -> bool {
        self.rest.is_empty()
    }

    /// Runs what is left.
    pub fn run_rest(&self, environment: &mut Environment<'_>) {
        let config = environment.config;
        for (id, from) in &self.rest {
            environment.run(config.scope(*id).statements.get(*from..).unwrap_or(&[]));
        }
    }
}

/// Folds these scopes, each with its limit.
pub fn fold(config: &Config, scopes: &[(ScopeId, Option<ScopeId>)]) -> Folded {
    let chain = || scopes.iter().flat_map(|(scope, limit)| config.chain(*scope, *limit));
    let (names, mut globals) = (Names::default(), Bindings::default());
    let (mut progress, mut outcomes) = (Progress::default(), Vec::new());
    let mut environment =
        Environment::new(config, Timestamp::UNSET, &names, &mut globals, &mut progress, &mut outcomes);
    let mut rest = Vec::new();
    for id in chain() {
        let statements = &config.scope(id).statements;
        let ready = if rest.is_empty() { statements.iter().take_while(|s| sets_option(s)).count() } else { 0 };
        let (ready, later) = statements.split_at(ready);
        environment.run(ready);
        if !later.is_empty() {
            rest.push((id, ready.len()));
        }
    }
    Folded { base: Arc::new(progress.reply.into_set()), rest: rest.into() }
}

/// True if the statement sets an option. Relay agent options are left out: the packet's come before them.
fn sets_option(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Option { option, .. } if option.key.space != SpaceId::AGENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{load_text, Family};
    use crate::eval::reply::ReplyOptions;
    use crate::options::registry::{OptionKey, Storage};

    type Values = Vec<(u32, Option<Vec<u8>>)>;

    /// The options of the subnet, run at once or after folding.
    fn options(config: &Config, folded: Option<&Folded>) -> Values {
        let (names, mut globals) = (Names::default(), Bindings::default());
        let (mut progress, mut outcomes) = (Progress::default(), Vec::new());
        if let Some(folded) = folded {
            progress.reply = ReplyOptions::over(folded.base());
        }
        let mut environment =
            Environment::new(config, Timestamp::UNSET, &names, &mut globals, &mut progress, &mut outcomes);
        match folded {
            Some(folded) => folded.run_rest(&mut environment),
            None => environment.run_scopes(config.subnets[0].scope, None),
        }
        let mut values = Vec::new();
        for code in environment.progress.reply.codes(SpaceId::DHCP, Storage::Hash) {
            let value = environment.progress.reply.get(OptionKey::dhcp(code)).cloned().unwrap();
            let mut octets = Vec::new();
            values.push((code, environment.append_reply_value(&value, &mut octets).then_some(octets)));
        }
        values
    }

    #[test]
    fn folding_changes_nothing() {
        let subnet = |root: &str, inner: &str| {
            format!("{root} subnet 10.0.0.0 netmask 255.255.255.0 {{ {inner} }} append domain-name \"R2,\";")
        };
        let table = [
            (subnet("option domain-name \"R,\"; option routers 10.0.0.1;", "append domain-name \"S,\";"), true),
            (
                subnet(
                    "option domain-name \"R,\"; if known { option root-path \"k\"; } else { append domain-name \"E,\"; }",
                    "prepend domain-name \"S,\"; default root-path \"d\"; option ntp-servers 10.0.0.9;",
                ),
                false,
            ),
            (subnet("option domain-name \"R,\"; break; option root-path \"no\";", "option host-name \"S\";"), false),
            (subnet("set zz_v = \"x\";", "option domain-name = zz_v; default domain-name \"n\";"), false),
        ];
        for (text, complete) in table {
            let loading = load_text("dhcpd.conf", &text, Family::V4);
            let config = loading.result.unwrap_or_else(|| panic!("{:?}: {text}", loading.messages));
            let folded = fold(&config, &[(config.subnets[0].scope, None)]);
            assert_eq!(folded.is_complete(), complete, "{text}");
            let plain = options(&config, None);
            assert!(!plain.is_empty(), "{text}");
            assert_eq!(options(&config, Some(&folded)), plain, "{text}");
        }
    }
}
