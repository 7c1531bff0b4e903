//! Host declarations (spec/config-language.md 7.4).

use super::declare::Declarer;
use super::ir::{Expr, OptionOp, Stmt};
use super::lowering::{space_of, Naming};
use super::model::{FixedAddress, Host, HostIdentifier, ScopeId};
use super::network::host_bits;
use super::place::{BlockKind, Place};
use super::state::Step;
use crate::options::registry::OptionKey;
use crate::syntax::ast::{AddressOrName, Block, Kind, Name, OptionName, Token};
use crate::syntax::source::Span;
use crate::wire::hardware::HardwareAddr;
use std::fmt::Write;
use std::net::Ipv6Addr;

/// `dhcp-client-identifier`
const CLIENT_IDENTIFIER: OptionKey = OptionKey::dhcp(61);

/// Said of what belongs to a host and stands elsewhere, should the parser let it through.
const NOT_HERE: &str = "host parameter not allowed here.";

/// A host being read.
pub struct HostDraft {
    name: Box<str>,
    hardware: HardwareAddr,
    client_id: Option<Box<[u8]>>,
    identifier: Option<Box<HostIdentifier>>,
    fixed_addresses: Option<Box<[FixedAddress]>>,
    fixed_addresses6: Box<[Ipv6Addr]>,
    fixed_prefixes6: Vec<(Ipv6Addr, u8)>,
    group: Option<Box<str>>,
    dynamic: bool,
    deleted: bool,
}

/// Whether the block of a host goes on.
type Goes = bool;

impl Declarer<'_> {
    /// `host NAME { ... }`
    pub fn host(&mut self, parent: ScopeId, name: Name, body: Block) -> Step {
        let mut draft = HostDraft {
            name: name.text,
            hardware: HardwareAddr::NONE,
            client_id: None,
            identifier: None,
            fixed_addresses: None,
            fixed_addresses6: Box::default(),
            fixed_prefixes6: Vec::new(),
            group: None,
            dynamic: false,
            deleted: false,
        };
        let mut place = Place::new(BlockKind::Other, parent);
        place.borrowed = true;
        for statement in body {
            let at = statement.span;
            let goes = match statement.kind {
                Kind::Dynamic => {
                    draft.dynamic = true;
                    true
                }
                Kind::Deleted => {
                    draft.deleted = true;
                    true
                }
                Kind::HostGroup(group) => {
                    self.host_group(&mut draft, group);
                    true
                }
                Kind::Uid(uid) => self.uid(&mut draft, &uid, at),
                Kind::HostIdentifier { relay, option, value } => {
                    self.host_identifier(&mut draft, relay, &option, &value, at)
                }
                _ => {
                    self.statement(&mut place, Some(&mut draft), statement)?;
                    true
                }
            };
            if !goes {
                break;
            }
        }
        self.finish_host(draft, place, name.span);
        Ok(())
    }

    fn finish_host(&mut self, mut draft: HostDraft, mut place: Place, span: Span) {
        if draft.deleted {
            self.state.delete_host(&draft.name);
            return;
        }
        self.attach_group(&draft, &mut place);
        if self.state.host_named(&draft.name).is_some() {
            self.state.log.complain(span, "host-exists", format!("host {}: already exists", draft.name));
            return;
        }
        if !place.borrowed || draft.group.is_some() {
            self.client_id_from_statements(&mut draft, place.scope);
        }
        if !place.borrowed {
            self.state.scope_mut(place.scope).statements.shrink_to_fit();
        }
        let group = draft.group.as_ref().and_then(|name| self.state.groups.get(name));
        let has_own_scope = !place.borrowed && group != Some(&place.scope);
        self.state.enter_host(Host {
            name: draft.name,
            scope: place.scope,
            has_own_scope,
            hardware: draft.hardware,
            client_id: draft.client_id.filter(|id| !id.is_empty()),
            identifier: draft.identifier,
            fixed_addresses: draft.fixed_addresses,
            fixed_addresses6: draft.fixed_addresses6,
            fixed_prefixes6: draft.fixed_prefixes6.into(),
            group: draft.group,
            dynamic: draft.dynamic,
        });
    }

    /// The named group of a host takes the place of the blocks around it; a host without statements of its own uses the
    /// group's scope itself.
    fn attach_group(&mut self, draft: &HostDraft, place: &mut Place) {
        let Some(group) = draft.group.as_ref().and_then(|name| self.state.groups.get(name)).copied() else { return };
        let same_authority = self.state.scope(place.scope).authoritative == self.state.scope(group).authoritative;
        let own_statements = !place.borrowed && !self.state.scope(place.scope).statements.is_empty();
        if own_statements || !same_authority {
            let scope = self.own_scope(place);
            self.state.scope_mut(scope).parent = Some(group);
        } else {
            place.scope = group;
        }
    }

    fn host_group(&mut self, draft: &mut HostDraft, group: Name) {
        if self.state.groups.contains_key(&group.text) {
            draft.group = Some(group.text);
        } else {
            let text = format!("unknown group {} in host {}", group.text, draft.name);
            self.state.log.complain(group.span, "unknown-group", text);
        }
    }

    fn uid(&mut self, draft: &mut HostDraft, uid: &[u8], span: Span) -> Goes {
        match draft.client_id.as_ref().filter(|id| !id.is_empty()) {
            Some(earlier) => {
                let text = format!("Host '{}' already has a uid '{}'", draft.name, hex_or_string(earlier));
                self.state.log.complain(span, "uid", text);
                false
            }
            None => {
                draft.client_id = Some(uid.into());
                true
            }
        }
    }

    fn host_identifier(
        &mut self,
        draft: &mut HostDraft,
        relay: Option<i64>,
        name: &OptionName,
        value: &[Token],
        span: Span,
    ) -> Goes {
        if draft.identifier.is_some() {
            self.state.log.complain(span, "host-identifier", "only one host-identifier allowed per host");
            return false;
        }
        let Ok(relay) = u32::try_from(relay.unwrap_or(0)) else {
            let text = "host-identifier v6relopt must have a number >= 0";
            self.state.log.complain(span, "host-identifier", text);
            return false;
        };
        let lowered = self.state.lower(self.map, |lowering| {
            space_of(lowering.registry, lowering.log, name)?;
            let option = lowering.option(name, Naming::Declaration)?;
            let value = lowering.value(&option, value, span)?;
            Ok((option, value))
        });
        let Ok((option, value)) = lowered else { return false };
        let value = constant_octets(&value).unwrap_or_default().into();
        draft.identifier = Some(Box::new(HostIdentifier { option, relay, value }));
        true
    }

    /// `hardware TYPE ADDRESS;`
    pub fn hardware(&mut self, host: Option<&mut HostDraft>, htype: u8, address: &[u8], span: Span) {
        let log = &mut self.state.log;
        match (host, HardwareAddr::new(htype, address)) {
            (Some(host), _) if !host.hardware.is_none() => {
                let text = format!("Host {} hardware address already configured.", host.name);
                log.complain(span, "hardware", text);
            }
            (_, None) => {
                log.complain(span, "hardware", "hardware address too long");
            }
            (Some(host), Some(hardware)) => host.hardware = hardware,
            (None, Some(_)) => {
                log.complain(span, "misplaced", NOT_HERE);
            }
        }
    }

    /// `fixed-address ADDRESS, ...;`
    pub fn fixed_address(&mut self, host: Option<&mut HostDraft>, addresses: Vec<AddressOrName>, span: Span) {
        if let Some(host) = self.host_without_address(host, span) {
            host.fixed_addresses = Some(addresses.iter().map(fixed_address).collect());
        }
    }

    /// `fixed-address6 ADDRESS, ...;`
    pub fn fixed_address6(&mut self, host: Option<&mut HostDraft>, addresses: Vec<Ipv6Addr>, span: Span) {
        if let Some(host) = self.host_without_address(host, span) {
            host.fixed_addresses6 = addresses.into();
        }
    }

    fn host_without_address<'h>(&mut self, host: Option<&'h mut HostDraft>, span: Span) -> Option<&'h mut HostDraft> {
        let Some(host) = host else {
            self.state.log.complain(span, "misplaced", NOT_HERE);
            return None;
        };
        if host.fixed_addresses.is_some() || !host.fixed_addresses6.is_empty() {
            self.state.log.complain(span, "fixed-address", "Only one fixed address declaration per host.");
            return None;
        }
        Some(host)
    }

    /// `fixed-prefix6 ADDRESS/LENGTH;`
    pub fn fixed_prefix6(&mut self, host: Option<&mut HostDraft>, address: Ipv6Addr, length: i64, span: Span) {
        let log = &mut self.state.log;
        let Some(host) = host else {
            log.complain(span, "misplaced", NOT_HERE);
            return;
        };
        match u8::try_from(length).ok().filter(|length| *length <= 128) {
            None => {
                log.complain(span, "fixed-prefix6", "networks have 0 to 128 bits");
            }
            Some(length) if host_bits(address, length) != 0 => {
                log.complain(span, "fixed-prefix6", "network mask too short");
            }
            Some(length) => host.fixed_prefixes6.push((address, length)),
        }
    }

    /// The client id that an option statement of the host's scope sets.
    fn client_id_from_statements(&mut self, draft: &mut HostDraft, scope: ScopeId) {
        let mut found = FoundIds::default();
        find_client_ids(&self.state.scope(scope).statements, false, &mut found);
        for text in found.complaints {
            self.state.log.error(text);
        }
        let Some(id) = found.first else { return };
        match draft.client_id.as_ref().filter(|uid| !uid.is_empty() && !id.is_empty()) {
            Some(uid) => self.state.log.error(already_has_uid(&draft.name, uid, &id)),
            None => draft.client_id = Some(id.into()),
        }
    }
}

/// A written address or name.
pub fn fixed_address(written: &AddressOrName) -> FixedAddress {
    match written {
        AddressOrName::Address(address) => FixedAddress::Address(*address),
        AddressOrName::Name(name) => FixedAddress::Name((*name.text).into()),
    }
}

/// The client identifier that a host's statements give it.
pub fn client_id_of(statements: &[Stmt]) -> Option<Box<[u8]>> {
    let mut found = FoundIds::default();
    find_client_ids(statements, false, &mut found);
    found.first.filter(|id| !id.is_empty()).map(Vec::into)
}

/// What is said of a host that has an identifier and is given another by a statement.
fn already_has_uid(name: &str, uid: &[u8], id: &[u8]) -> String {
    let (uid, id) = (hex_or_string(uid), hex_or_string(id));
    format!("Warning, host declaration '{name}' already has uid '{uid}', ignoring dhcp-client-identifier '{id}'")
}

/// Gives a host that is made at run time the client identifier of its statements, unless it has one: then there is something
/// to say (level err).
pub fn take_client_id(name: &str, uid: &mut Box<[u8]>, statements: &[Stmt]) -> Option<String> {
    let id = client_id_of(statements)?;
    if uid.is_empty() {
        *uid = id;
        return None;
    }
    Some(already_has_uid(name, uid, &id))
}

#[derive(Default)]
struct FoundIds {
    first: Option<Vec<u8>>,
    complaints: Vec<&'static str>,
}

fn find_client_ids(statements: &[Stmt], conditional: bool, found: &mut FoundIds) {
    for statement in statements {
        match statement {
            Stmt::Option { op: OptionOp::Supersede, option, value } if option.key == CLIENT_IDENTIFIER => {
                if conditional {
                    found.complaints.push("dhcp client identifier may not be specified conditionally.");
                } else if found.first.is_none() {
                    found.first = Some(constant_octets(value).unwrap_or_default());
                } else {
                    found.complaints.push("only one dhcp client identifier may be specified");
                }
            }
            Stmt::If { then, otherwise, .. } => {
                find_client_ids(then, true, found);
                find_client_ids(otherwise, true, found);
            }
            Stmt::On { body: Some(body), .. } | Stmt::Switch { body, .. } => find_client_ids(body, true, found),
            _ => {}
        }
    }
}

/// The octets of an expression of constants. Here there is no packet that others could be evaluated against.
fn constant_octets(value: &Expr) -> Option<Vec<u8>> {
    match value {
        Expr::Const(octets) => Some(octets.to_vec()),
        Expr::Concat(left, right) => {
            let mut octets = constant_octets(left)?;
            octets.extend(constant_octets(right)?);
            Some(octets)
        }
        _ => None,
    }
}

/// Octets as ISC shows identifiers in messages: quoted if all can be printed, else in hexadecimal.
pub fn hex_or_string(octets: &[u8]) -> String {
    if octets.iter().all(|octet| (0x20..0x7f).contains(octet)) {
        return format!("\"{}\"", String::from_utf8_lossy(octets));
    }
    let mut text = String::new();
    for (place, octet) in octets.iter().enumerate() {
        let colon = if place > 0 { ":" } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{colon}{octet:02x}");
    }
    text
}
