//! What a configuration asks for and this server does not do yet: one warning for each.

use super::ir::Stmt;
use super::model::Config;
use crate::options::registry::SpaceId;

/// Server parameters that are read and have no effect yet, with the values that ask for nothing.
const PARAMETERS: &[(u32, &[u8], &str)] = &[
    (31, &[], "omapi-port: OMAPI is not served yet; nothing listens on that port."),
    (36, &[], "omapi-key: OMAPI is not served yet; the key has no effect."),
    (39, &[0], "ddns-update-style: DNS updates are not made yet; names are not registered."),
];

/// Warnings for the operator, one line each, in no order that means anything.
pub fn unserved(config: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    for peer in &config.peers {
        lines.push(format!(
            "failover peer {}: the failover protocol is not spoken yet; this server takes all addresses of its pools for its own.",
            peer.name
        ));
    }
    if config.networks.iter().any(|network| !network.subnets6.is_empty()) {
        lines.push("subnet6: DHCPv6 is not served yet.".to_owned());
    }
    for (code, nothing, line) in PARAMETERS {
        if config.scopes.iter().any(|scope| asks_for(&scope.statements, *code, nothing)) {
            lines.push((*line).to_owned());
        }
    }
    lines
}

/// True if a statement here or in a branch sets the parameter to anything but `nothing`.
fn asks_for(statements: &[Stmt], parameter: u32, nothing: &[u8]) -> bool {
    statements.iter().any(|statement| match statement {
        Stmt::Option { option, value, .. } => {
            option.key.space == SpaceId::SERVER
                && option.key.code == parameter
                && (nothing.is_empty() || value.constant().is_none_or(|octets| **octets != *nothing))
        }
        Stmt::If { then, otherwise, .. } => {
            asks_for(then, parameter, nothing) || asks_for(otherwise, parameter, nothing)
        }
        Stmt::Switch { body, .. } => asks_for(body, parameter, nothing),
        _ => false,
    })
}
