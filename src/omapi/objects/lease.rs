//! Leases (spec/omapi.md 10.2).
//!
//! | attribute | published | written |
//! | --- | --- | --- |
//! | `state` | always | the lease goes to that state at once |
//! | `ip-address` | always | refused |
//! | `dhcp-client-identifier`, `client-hostname`, `host` | if there is one | no effect |
//! | `subnet`, `pool` | always | refused |
//! | `billing-class`, `hardware-address`, `hardware-type` | if there is one | no effect |
//! | `ends` | always | the lease lasts until then; if that is past, it ends now |
//! | `starts`, `tstp`, `tsfp`, `atsfp`, `cltt` | always | refused |
//! | `flags` | always, one octet | those of `WRITABLE` |
//! | any other | variables, newest first | a variable of that name, as data; no value takes its value away |
//!
//! ISC dhcpd ends a lease whenever `ends` or `flags` is written, and stores variables as booleans.

use super::super::object::{no_create, no_remove, Contents, Keys, Kind, Value};
use super::super::world::{Object, World};
use super::keys::{address_key, hardware_key, number, text, written, Search};
use crate::eval::bindings;
use crate::eval::LogKind;
use crate::leases::lease::{BindingState, Lease, LeaseFlags, LeaseId};
use crate::leases::writer::state_name;
use crate::wire::omapi::{ResultCode, Values};
use crate::wire::units::Timestamp;
use std::sync::Arc;

/// Leases.
pub const KIND: Kind =
    Kind { name: "lease", find, blank: None, create: no_create, update, contents, remove: no_remove };

/// `flags`: the lease was given by BOOTP; it is reserved; the client's host name ended in a NUL; one without effect.
const BOOTP: u8 = 2;
const RESERVED: u8 = 4;
const NUL_TERMINATED: u8 = 8;
const UNICAST_HACK: u8 = 64;
const WRITABLE: u8 = BOOTP | RESERVED | NUL_TERMINATED | UNICAST_HACK;

fn find(world: &mut dyn World, keys: &Keys<'_>) -> Result<Object, ResultCode> {
    let by_handle = match keys.handle()? {
        Some(Object::Lease(id)) => Some(id),
        _ => None,
    };
    let mut search = Search::new(by_handle);
    if let Some(address) = address_key(keys.values) {
        search.key(address.and_then(|address| world.lease_at(address)))?;
    }
    if let Some(uid) = keys.values.present("dhcp-client-identifier") {
        only(&mut search, world.leases().by_uid(uid))?;
    }
    if let Some(hardware) = hardware_key(keys)? {
        match hardware {
            Some(hardware) => only(&mut search, world.leases().by_hardware(&hardware))?,
            None => search.key(None)?,
        }
    }
    search.result().map(Object::Lease)
}

/// The one lease of a key. If there are more, it is the first that must not contradict earlier keys.
fn only(search: &mut Search<LeaseId>, mut found: impl Iterator<Item = LeaseId>) -> Result<(), ResultCode> {
    search.key(found.next())?;
    match found.next() {
        Some(_) => Err(ResultCode::MORE_THAN_ONE),
        None => Ok(()),
    }
}

/// The lease, if its address is in a range of the present configuration.
fn lease_of<'w>(world: &'w dyn World, object: &Object) -> Option<(LeaseId, &'w Lease)> {
    let Object::Lease(id) = object else { return None };
    let lease = world.leases().get(*id);
    (world.leases().by_address(lease.address) == Some(*id)).then_some((*id, lease))
}

fn contents(world: &mut dyn World, object: &Object) -> Option<Contents> {
    let world = &*world;
    let (_, lease) = lease_of(world, object)?;
    let mut contents = Contents::new();
    let mut add = |name: &str, value: Value| contents.push((name.into(), value));
    let extras = lease.extras.as_deref();
    add("state", Value::Int(lease.state as u32));
    add("ip-address", Value::bytes(lease.address.octets()));
    if !lease.uid.is_empty() {
        add("dhcp-client-identifier", Value::bytes(lease.uid.as_bytes()));
    }
    if !lease.hostname.is_empty() {
        add("client-hostname", Value::bytes(lease.hostname.as_bytes()));
    }
    if let Some(host) = lease.host.and_then(|id| world.host_name(id)) {
        add("host", Value::Reference(Object::Host(host.into())));
    }
    let config = world.config();
    if let Some((pool, subnet)) = config.range_of(lease.address) {
        if let Some(subnet) = config.subnets.get(subnet.index()) {
            add("subnet", Value::Reference(Object::Subnet(subnet.address, subnet.netmask)));
        }
        add("pool", Value::Reference(Object::Pool(pool)));
    }
    if let Some(billing) = extras.and_then(|extras| extras.billing.as_ref()) {
        add("billing-class", Value::Reference(Object::Class(billing.clone())));
    }
    if !lease.hardware.is_none() {
        add("hardware-address", Value::bytes(lease.hardware.address()));
        add("hardware-type", Value::Int(lease.hardware.htype().into()));
    }
    let (tsfp, atsfp) = extras.map_or_else(Default::default, |extras| (extras.tsfp, extras.atsfp));
    let times = [
        ("ends", lease.ends),
        ("starts", lease.starts),
        ("tstp", lease.tstp),
        ("tsfp", tsfp),
        ("atsfp", atsfp),
        ("cltt", lease.cltt),
    ];
    times.into_iter().for_each(|(name, time)| add(name, Value::Int(time.0)));
    add("flags", Value::bytes([flag_octet(lease.flags)]));
    for (name, value) in extras.iter().flat_map(|extras| extras.variables.iter()) {
        let value = match value {
            Some(bindings::Value::Data(data)) => Value::bytes(data),
            Some(bindings::Value::Nothing) => Value::bytes([]),
            // Four octets are all there is for a number.
            Some(bindings::Value::Number(number)) => Value::Int(*number as u32),
            Some(bindings::Value::Boolean(boolean)) => Value::Int((*boolean).into()),
            Some(bindings::Value::Function(_)) | None => continue,
        };
        contents.push((name.as_ref().into(), value));
    }
    Some(contents)
}

fn flag_octet(flags: LeaseFlags) -> u8 {
    [
        (flags.bootp, BOOTP),
        (flags.reserved, RESERVED),
        (flags.nul_terminated, NUL_TERMINATED),
        (flags.unicast_hack, UNICAST_HACK),
    ]
    .into_iter()
    .fold(0, |octet, (set, flag)| if set { octet | flag } else { octet })
}

/// One attribute to be written.
enum Write {
    State(BindingState),
    Ends(Timestamp),
    Flags(u8),
    Variable(Arc<str>, Option<bindings::Value>),
}

/// All attributes are looked at before the first is written.
fn update(world: &mut dyn World, object: &Object, values: &Values, _: u32) -> Result<(), ResultCode> {
    let (id, lease) = lease_of(world, object).ok_or(ResultCode::NOT_FOUND)?;
    let mut writes = Vec::new();
    for (name, value) in values.iter() {
        writes.extend(write_of(lease, name, value)?);
    }
    writes.into_iter().try_for_each(|write| match write {
        Write::State(state) => write_state(world, id, state),
        Write::Ends(ends) => write_ends(world, id, ends),
        Write::Flags(flags) => write_flags(world, id, flags),
        Write::Variable(name, value) => write_variable(world, id, &name, value),
    })
}

fn write_of(lease: &Lease, name: &[u8], value: &[u8]) -> Result<Option<Write>, ResultCode> {
    Ok(Some(match name {
        b"state" => Write::State(state_of(number(value)?).ok_or(ResultCode::INVALID_ARGUMENT)?),
        b"ends" => Write::Ends(Timestamp(number(value)?.min(Timestamp::NEVER.0))),
        b"flags" => Write::Flags(match value {
            [flags] => *flags,
            value => number(value)? as u8,
        }),
        b"dhcp-client-identifier"
        | b"hostname"
        | b"client-hostname"
        | b"host"
        | b"billing-class"
        | b"hardware-address"
        | b"hardware-type" => return Ok(None),
        // The key that found the lease.
        b"handle" => return Ok(None),
        b"ip-address" | b"pool" | b"starts" | b"tstp" | b"tsfp" | b"atsfp" | b"cltt" => {
            return Err(ResultCode::PERMISSION_DENIED);
        }
        b"subnet" => return Err(ResultCode::INVALID_ARGUMENT),
        name => return variable(lease, &text(name)?, value).map(Some),
    }))
}

fn state_of(number: u32) -> Option<BindingState> {
    use BindingState::*;
    [Free, Active, Expired, Released, Abandoned, Reset, Backup].into_iter().find(|state| *state as u32 == number)
}

fn variable(lease: &Lease, name: &str, value: &[u8]) -> Result<Write, ResultCode> {
    let is_known = lease.extras.as_deref().is_some_and(|extras| extras.variables.contains(name));
    if (value.is_empty() && !is_known) || !is_variable_name(name) {
        return Err(ResultCode::UNKNOWN_ATTRIBUTE);
    }
    let value = (!value.is_empty()).then(|| bindings::Value::Data(value.into()));
    Ok(Write::Variable(name.into(), value))
}

/// Names that read back from the lease file.
fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn write_state(world: &mut dyn World, id: LeaseId, state: BindingState) -> Result<(), ResultCode> {
    let lease = world.leases().get(id);
    if lease.state == state {
        return Ok(());
    }
    let (address, old, new) = (lease.address, state_name(lease.state), state_name(state));
    let changed = world.change_lease(id, Lease { state, ..lease.clone() });
    world.log(
        LogKind::Info,
        match changed {
            Ok(_) => format!("lease {address} state changed from {old} to {new}"),
            Err(_) => format!("lease {address} state change from {old} to {new} failed."),
        },
    );
    written(changed)?;
    world.expire();
    Ok(())
}

fn write_ends(world: &mut dyn World, id: LeaseId, ends: Timestamp) -> Result<(), ResultCode> {
    let now = world.now().wall;
    let lease = world.leases().get(id);
    let (address, old) = (lease.address, lease.ends);
    let mut new = Lease { ends, ..lease.clone() };
    if ends <= now {
        new.state = lease.next_state;
    } else if lease.state == BindingState::Active && lease.tstp == lease.ends {
        // What the lease file shows as the time that a failover peer was told, without one.
        new.tstp = ends;
    }
    let changed = world.change_lease(id, new);
    world.log(
        LogKind::Info,
        match changed {
            Ok(_) => format!("lease {address} end changed from {} to {}", old.0, ends.0),
            Err(_) => format!("lease {address} end change from {} to {} failed", old.0, ends.0),
        },
    );
    written(changed)
}

fn write_flags(world: &mut dyn World, id: LeaseId, octet: u8) -> Result<(), ResultCode> {
    let lease = world.leases().get(id);
    let (address, old) = (lease.address, flag_octet(lease.flags));
    let new = octet & WRITABLE;
    if old == new {
        return Ok(());
    }
    let flags = LeaseFlags {
        bootp: new & BOOTP != 0,
        reserved: new & RESERVED != 0,
        nul_terminated: new & NUL_TERMINATED != 0,
        unicast_hack: new & UNICAST_HACK != 0,
        ..lease.flags
    };
    match world.change_lease(id, Lease { flags, ..lease.clone() }) {
        Ok(_) => {
            world.log(LogKind::Debug, format!("lease flags changed from  {old:x} to {new:x} for lease {address}."));
            Ok(())
        }
        Err(_) => {
            world.log(LogKind::Error, format!("Failed to update flags for lease {address}."));
            Err(ResultCode::FAILURE)
        }
    }
}

fn write_variable(
    world: &mut dyn World,
    id: LeaseId,
    name: &Arc<str>,
    value: Option<bindings::Value>,
) -> Result<(), ResultCode> {
    let mut lease = world.leases().get(id).clone();
    lease.extras.get_or_insert_default().variables.set(name, value);
    written(world.change_lease(id, lease))
}
