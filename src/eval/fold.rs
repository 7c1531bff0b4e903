//! Scopes that only set options are run once, when they are first needed: values stay unevaluated, so that the result is the
//! same for every packet (spec/config-language.md 11.4).

use super::bindings::Bindings;
use super::environment::{Environment, Names, Progress};
use super::reply::ReplyValue;
use crate::config::ir::Stmt;
use crate::config::model::{Config, ScopeId};
use crate::options::registry::SpaceId;
use crate::options::set::OptionSet;
use crate::wire::units::Timestamp;
use std::sync::Arc;

/// What running these scopes one after the other gives, each with its limit; `None` if that depends on the packet.
pub fn fold(config: &Config, scopes: &[(ScopeId, Option<ScopeId>)]) -> Option<Arc<OptionSet<ReplyValue>>> {
    let chains: Vec<_> = scopes.iter().flat_map(|(scope, limit)| config.chain(*scope, *limit)).collect();
    let statements = || chains.iter().flat_map(|id| &config.scope(*id).statements);
    if !statements().all(sets_option) {
        return None;
    }
    let (names, mut globals) = (Names::default(), Bindings::default());
    let (mut progress, mut outcomes) = (Progress::default(), Vec::new());
    let mut environment =
        Environment::new(config, Timestamp::UNSET, &names, &mut globals, &mut progress, &mut outcomes);
    for id in &chains {
        environment.run(&config.scope(*id).statements);
    }
    Some(Arc::new(progress.reply.into_set()))
}

/// True if the statement sets an option. Relay agent options are left out: the packet's come before them.
fn sets_option(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Option { option, .. } if option.key.space != SpaceId::AGENT)
}
