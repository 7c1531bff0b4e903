//! Hosts that no client can be, and addresses that no client can get.

use super::settings::{key_of, CLIENT_IDENTIFIER};
use super::warning;
use crate::config::model::Config;
use crate::options::registry::Registry;
use crate::syntax::ast::{AddressOrName, Block, Executable, Kind, Name, Statement};
use crate::syntax::source::Span;
use crate::syntax::Diagnostic;
use std::net::Ipv4Addr;

/// A host that nothing identifies. What a group or OMAPI may add keeps quiet.
pub fn never_matches(registry: &Registry, name: &Name, body: &Block) -> Option<Diagnostic> {
    if body.iter().any(|statement| may_identify(registry, statement)) {
        return None;
    }
    let text = format!("host {} can never match a client: nothing identifies it", name.text);
    let mut found = warning(name.span, "host-never-matches", text);
    found.expected = ["hardware", "uid", "host-identifier", "option dhcp-client-identifier"].map(String::from).into();
    Some(found)
}

fn may_identify(registry: &Registry, statement: &Statement) -> bool {
    match &statement.kind {
        Kind::Hardware { .. }
        | Kind::Uid(_)
        | Kind::HostIdentifier { .. }
        | Kind::HostGroup(_)
        | Kind::Dynamic
        | Kind::Deleted => true,
        Kind::Executable(Executable::Option { option, .. }) => {
            key_of(registry, option).is_none_or(|key| key == CLIENT_IDENTIFIER)
        }
        _ => false,
    }
}

/// The fixed addresses of all hosts.
#[derive(Debug, Default)]
pub struct Seen {
    addresses: Vec<(Ipv4Addr, Span)>,
}

impl Seen {
    /// Those of a host's block.
    pub fn addresses(&mut self, body: &Block) {
        for statement in body {
            let Kind::FixedAddress(addresses) = &statement.kind else { continue };
            self.addresses.extend(addresses.iter().filter_map(|address| match address {
                AddressOrName::Address(address) => Some((*address, statement.span)),
                AddressOrName::Name(_) => None,
            }));
        }
    }

    /// The addresses that are in no subnet. A file of hosts alone is part of another, which has the subnets.
    pub fn outside(&self, config: &Config) -> Vec<Diagnostic> {
        if config.subnets.is_empty() {
            return Vec::new();
        }
        let lost = self.addresses.iter().filter(|(address, _)| config.subnet_of(*address).is_none());
        let describe = |(address, span): &(Ipv4Addr, Span)| {
            let text = format!("fixed address {address} can never be given: it is in no subnet");
            warning(*span, "fixed-address-outside", text)
        };
        lost.map(describe).collect()
    }
}
