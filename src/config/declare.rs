//! Declarations: who takes which from here.

use super::host::HostDraft;
use super::lowering::{Act, Lowering, Naming};
use super::model::ScopeId;
use super::place::{BlockKind, Place};
use super::state::{State, Step};
use crate::syntax::ast::{Block, Executable, Kind, Name, Statement};
use crate::syntax::source::{SourceMap, Span};

const HOSTS_ARE_GLOBAL: &str =
    "WARNING: Host declarations are global.  They are not limited to the scope you declared them in.";

/// A group whose statements are being read.
pub struct OpenGroup {
    pub place: Place,
    name: Option<Name>,
    deleted: bool,
}

/// Reads declarations into the state. It lives for one statement of the file.
pub struct Declarer<'a> {
    pub map: &'a SourceMap,
    pub state: &'a mut State,
}

impl Declarer<'_> {
    /// One statement as any block takes it. Blocks with a grammar of their own (host, class, pool, network) try that first.
    /// The parser has seen to it that the statement may stand here.
    pub fn statement(&mut self, place: &mut Place, host: Option<&mut HostDraft>, statement: Statement) -> Step {
        let span = statement.span;
        match statement.kind {
            Kind::SharedNetwork { name, body } => self.shared_network(place.scope, name, body, span)?,
            Kind::Subnet { address, netmask, body } => self.subnet(place, address, netmask, body, span)?,
            Kind::Subnet6 { address, length, body } => self.subnet6(place, address, length, body, span)?,
            Kind::Pool { body } => self.pool(place, body, span)?,
            Kind::Pool6 { body } => self.pool6(place, body, span)?,
            Kind::Range { dynamic_bootp, low, high } => {
                self.range(place, None, dynamic_bootp, low, high, span)?;
            }
            Kind::Range6 { low, rest } => self.range6(place, None, low, rest, span)?,
            Kind::Prefix6 { low, high, length } => self.prefix6(place, None, low, high, length, span),
            Kind::Group { name, body } => self.group(place.scope, name, body)?,
            Kind::Host { name, body } => {
                self.warn_if_host_is_in_network(place.kind);
                self.host(place.scope, name, body)?;
            }
            Kind::Class { flavour, name, body } => {
                let scope = self.own_scope(place);
                self.class(scope, flavour, name, body)?;
            }
            Kind::Subclass { flavour, class, data, body } => self.subclass(flavour, class, data, body)?,
            Kind::FailoverPeer { name, body } => self.failover_peer(place, name, body, span),
            Kind::UsePeer { name, .. } => self.network_peer(place, name),
            Kind::FailoverState { name, .. } => self.failover_state(&name),
            Kind::OptionSpace { name, code_width, length_width } => {
                self.option_space(name, code_width, length_width, span);
            }
            Kind::OptionDefinition { option, code, definition } => {
                self.option_definition(option, code, definition, span)?;
            }
            Kind::Hardware { htype, address } => self.hardware(host, htype, &address, span),
            Kind::FixedAddress(addresses) => self.fixed_address(host, addresses, span),
            Kind::FixedAddress6(addresses) => self.fixed_address6(host, addresses, span),
            Kind::FixedPrefix6 { address, length } => self.fixed_prefix6(host, address, length, span),
            Kind::Key { .. } | Kind::Zone { .. } => self.declaration_anywhere(statement.kind, span)?,
            Kind::Authoritative(authoritative) => {
                let scope = self.own_scope(place);
                self.state.scope_mut(scope).authoritative = authoritative;
            }
            Kind::ServerDuid(duid) => self.state.server_duid = Some(duid),
            Kind::LeaseIdFormat { hex } => {
                self.state.lease_id_hex = hex;
                self.state.log.debug(format!("lease_id_format is: {}", if hex { "hex" } else { "octal" }));
            }
            Kind::Executable(executable) => self.executable(place, executable, span)?,
            Kind::Permit { .. }
            | Kind::Interface(_)
            | Kind::Uid(_)
            | Kind::HostIdentifier { .. }
            | Kind::HostGroup(_)
            | Kind::Match(_)
            | Kind::MatchIf(_)
            | Kind::Spawn(_)
            | Kind::LeaseLimit(_)
            | Kind::NoPeer
            | Kind::Dynamic
            | Kind::Deleted
            | Kind::Static => self.unexpected(span),
        }
        Ok(())
    }

    /// A statement that this block does not know.
    pub fn unexpected(&mut self, span: Span) {
        self.state.log.complain(span, "misplaced", "expecting a parameter or declaration");
    }

    /// The block's scope, made now if it went without one.
    pub fn own_scope(&mut self, place: &mut Place) -> ScopeId {
        if place.borrowed {
            place.scope = self.state.new_scope(place.scope);
            place.borrowed = false;
        }
        place.scope
    }

    /// An executable statement of a block.
    fn executable(&mut self, place: &mut Place, executable: Executable, span: Span) -> Step {
        let mut acts = Vec::new();
        let lowered = self.state.lower(self.map, |lowering: &mut Lowering| {
            let lowered = lowering.executable(executable, span, None, Naming::Declaration);
            acts = std::mem::take(&mut lowering.acts);
            lowered
        });
        if let Ok(Some(statement)) = lowered {
            let scope = self.own_scope(place);
            self.state.add(scope, statement);
        }
        for act in acts {
            match act {
                Act::LocalTimes(local) => self.state.local_times = local,
                Act::Declare(kind, span) => self.declaration_anywhere(*kind, span)?,
            }
        }
        Ok(())
    }

    /// `key` and `zone`, which may stand among executable statements too.
    fn declaration_anywhere(&mut self, kind: Kind, span: Span) -> Step {
        match kind {
            Kind::Key { name, algorithm, secret } => {
                self.key(name, algorithm, secret, span);
                Ok(())
            }
            Kind::Zone { name, body } => self.zone(name, body),
            _ => Ok(()),
        }
    }

    /// `group [NAME] { ... }`
    fn group(&mut self, parent: ScopeId, name: Option<Name>, body: Block) -> Step {
        let mut group = self.begin_group(parent, name);
        for statement in body {
            self.group_statement(&mut group, statement)?;
        }
        self.end_group(group);
        Ok(())
    }

    /// The brace of a group opens.
    pub fn begin_group(&mut self, parent: ScopeId, name: Option<Name>) -> OpenGroup {
        let place = Place::new(BlockKind::Other, self.state.new_scope(parent));
        OpenGroup { place, name, deleted: false }
    }

    /// One statement of a group.
    pub fn group_statement(&mut self, group: &mut OpenGroup, statement: Statement) -> Step {
        match statement.kind {
            Kind::Deleted => group.deleted = true,
            Kind::Dynamic | Kind::Static => {}
            _ => self.statement(&mut group.place, None, statement)?,
        }
        Ok(())
    }

    /// The brace of a group closes. A second group of a name takes the first one away, and is not registered itself.
    pub fn end_group(&mut self, group: OpenGroup) {
        if let Some(name) = group.name {
            let known = self.state.groups.remove(&name.text).is_some();
            if !known && !group.deleted {
                self.state.groups.insert(name.text, group.place.scope);
            }
        }
    }

    fn warn_if_host_is_in_network(&mut self, kind: BlockKind) {
        if kind != BlockKind::Other && !self.state.warned_hosts_are_global {
            self.state.warned_hosts_are_global = true;
            self.state.log.error(HOSTS_ARE_GLOBAL);
        }
    }
}

/// The end of a block: where it is complained of what the block lacks.
pub fn end_of(span: Span) -> Span {
    Span { start: span.end.saturating_sub(1).max(span.start), ..span }
}
