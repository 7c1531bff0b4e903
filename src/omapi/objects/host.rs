//! Hosts (spec/omapi.md 10.3 and 11).
//!
//! | attribute | published | written |
//! | --- | --- | --- |
//! | `ip-address` | all fixed addresses | replaced; no value takes them away |
//! | `dhcp-client-identifier` | if there is one | once |
//! | `name` | always | once |
//! | `hardware-address`, `hardware-type` | if there is one | the address once, the type at any time |
//! | `group` | | the name of a group, which takes the statements away |
//! | `statements` | | once |
//! | `known` | | no effect |
//!
//! A request is carried out as a whole or not at all; ISC dhcpd leaves the part before the mistake in memory.

use super::super::object::{Contents, Keys, Kind, Value};
use super::super::world::{Object, World};
use super::keys::{address_key, hardware_key, number, octets, text, written, Search};
use super::statements::parse;
use crate::config::model::FixedAddress;
use crate::config::{client_id_of, take_client_id};
use crate::eval::LogKind;
use crate::leases::objects::{is_host_name, HostRecord};
use crate::wire::hardware::HardwareAddr;
use crate::wire::omapi::{ResultCode, Values};
use std::net::Ipv4Addr;

/// Hosts.
pub const KIND: Kind = Kind { name: "host", find, blank: Some(Contents::new), create, update, contents, remove };

fn find(world: &mut dyn World, keys: &Keys<'_>) -> Result<Object, ResultCode> {
    let by_handle = match keys.handle()? {
        Some(Object::Host(name)) => world.host(&name).map(|host| host.name),
        _ => None,
    };
    let mut search = Search::new(by_handle);
    if let Some(uid) = keys.values.present("dhcp-client-identifier") {
        search.key(world.host_with_uid(uid).map(Into::into))?;
    }
    if let Some(hardware) = hardware_key(keys)? {
        search.key(hardware.and_then(|hardware| world.host_with_hardware(&hardware)).map(Into::into))?;
    }
    if let Some(address) = address_key(keys.values) {
        // Not the host with that fixed address: that of the client which has the lease.
        let lease = address.and_then(|address| world.lease_at(address));
        let hardware = lease.map(|lease| world.leases().get(lease).hardware);
        let host = hardware.and_then(|hardware| world.host_with_hardware(&hardware)).map(Into::into);
        if host.is_some() || search.is_empty() {
            search.key(host)?;
        }
    }
    if let Some(name) = keys.values.present("name") {
        search.key(world.host(&text(name)?).map(|host| host.name))?;
    }
    search.result().map(Object::Host)
}

/// A host in the making.
struct Draft {
    host: HostRecord,
    /// Type and address, until they are one.
    htype: u8,
    address: Box<[u8]>,
    is_new: bool,
}

fn create(world: &mut dyn World, values: &Values) -> Result<Object, ResultCode> {
    let host = HostRecord { dynamic: true, ..HostRecord::default() };
    let mut draft = Draft { host, htype: 0, address: Box::default(), is_new: true };
    draft.set_all(world, values)?;
    if draft.address.is_empty() && draft.host.uid.is_empty() && client_id_of(&draft.host.statements).is_none() {
        return Err(ResultCode::INVALID_ARGUMENT);
    }
    if draft.host.name.is_empty() {
        draft.host.name = new_name(world, "nh", |world, name| world.host(name).is_some());
    }
    if world.host(&draft.host.name).is_some() {
        return Err(ResultCode::ALREADY_EXISTS);
    }
    draft.enter(world)
}

fn update(world: &mut dyn World, object: &Object, values: &Values, _: u32) -> Result<(), ResultCode> {
    let host = live(world, object).ok_or(ResultCode::NOT_FOUND)?;
    let mut draft =
        Draft { htype: host.hardware.htype(), address: host.hardware.address().into(), host, is_new: false };
    draft.set_all(world, values)?;
    draft.enter(world).map(drop)
}

fn live(world: &dyn World, object: &Object) -> Option<HostRecord> {
    let Object::Host(name) = object else { return None };
    world.host(name)
}

impl Draft {
    fn set_all(&mut self, world: &mut dyn World, values: &Values) -> Result<(), ResultCode> {
        values.iter().try_for_each(|(name, value)| self.set(world, name, value))
    }

    fn set(&mut self, world: &mut dyn World, name: &[u8], value: &[u8]) -> Result<(), ResultCode> {
        let host = &mut self.host;
        match name {
            b"name" if !host.name.is_empty() => return Err(ResultCode::ALREADY_EXISTS),
            b"name" => host.name = text(value)?.into(),
            b"hardware-address" if !self.address.is_empty() => return Err(ResultCode::ALREADY_EXISTS),
            b"hardware-address" if value.is_empty() => return Err(ResultCode::INVALID_ARGUMENT),
            b"hardware-address" => self.address = value.into(),
            // As with ISC dhcpd the low octet counts.
            b"hardware-type" => self.htype = number(value)? as u8,
            b"dhcp-client-identifier" if !host.uid.is_empty() => return Err(ResultCode::ALREADY_EXISTS),
            b"dhcp-client-identifier" if value.is_empty() => return Err(ResultCode::INVALID_ARGUMENT),
            b"dhcp-client-identifier" => host.uid = value.into(),
            b"ip-address" => host.fixed_addresses = addresses(value)?,
            b"group" => {
                let name = text(value)?;
                if !world.config().groups.contains_key(&*name) {
                    return Err(ResultCode::NOT_FOUND);
                }
                host.group = Some(name.into());
                host.statements.clear();
            }
            b"statements" if !host.statements.is_empty() => return Err(ResultCode::ALREADY_EXISTS),
            b"statements" => host.statements = parse(world, value)?.to_vec(),
            b"known" => {}
            // The key that found the host.
            b"handle" if !self.is_new => {}
            _ => return Err(ResultCode::UNKNOWN_ATTRIBUTE),
        }
        Ok(())
    }

    /// Everything is as it should be: the host goes live. One whose record could not be read back does not.
    fn enter(mut self, world: &mut dyn World) -> Result<Object, ResultCode> {
        if !is_host_name(&self.host.name) {
            return Err(ResultCode::IO_ERROR);
        }
        self.host.hardware = match &*self.address {
            [] => HardwareAddr::type_only(self.htype),
            address => HardwareAddr::new(self.htype, address).ok_or(ResultCode::INVALID_ARGUMENT)?,
        };
        let warning = take_client_id(&self.host.name, &mut self.host.uid, &self.host.statements);
        let name = self.host.name.clone();
        written(world.put_host(self.host))?;
        if let Some(warning) = warning {
            world.log(LogKind::Error, warning);
        }
        Ok(Object::Host(name))
    }
}

/// Fixed addresses, four octets each.
fn addresses(value: &[u8]) -> Result<Vec<FixedAddress>, ResultCode> {
    let addresses = value.chunks(4).map(|octets| <[u8; 4]>::try_from(octets).map(Ipv4Addr::from));
    let addresses: Result<Vec<_>, _> = addresses.map(|address| address.map(FixedAddress::Address)).collect();
    addresses.map_err(|_| ResultCode::INVALID_ARGUMENT)
}

/// A name for an object that came without: a prefix, the time, and as many other digits as it takes to be new.
pub fn new_name(world: &dyn World, prefix: &str, is_taken: impl Fn(&dyn World, &str) -> bool) -> Box<str> {
    let now = world.now();
    let mut number = now.millis as u32;
    loop {
        let name = format!("{prefix}{:08x}{number:08x}", now.wall.0);
        if !is_taken(world, &name) {
            return name.into();
        }
        number = number.wrapping_add(1);
    }
}

fn contents(world: &mut dyn World, object: &Object) -> Option<Contents> {
    let host = live(world, object)?;
    let mut contents = Contents::new();
    let mut addresses = Vec::new();
    for fixed in &host.fixed_addresses {
        match fixed {
            FixedAddress::Address(address) => addresses.extend(address.octets()),
            FixedAddress::Name(name) => {
                addresses.extend(world.addresses_of(name).iter().flat_map(|address| address.octets()));
            }
        }
    }
    if !addresses.is_empty() {
        contents.push(("ip-address".into(), Value::bytes(addresses)));
    }
    if !host.uid.is_empty() {
        contents.push(("dhcp-client-identifier".into(), Value::Bytes(host.uid)));
    }
    contents.push(("name".into(), Value::Bytes(octets(&host.name))));
    if !host.hardware.is_none() {
        contents.push(("hardware-address".into(), Value::bytes(host.hardware.address())));
        contents.push(("hardware-type".into(), Value::Int(host.hardware.htype().into())));
    }
    Some(contents)
}

fn remove(world: &mut dyn World, object: &Object) -> Result<(), ResultCode> {
    let host = live(world, object).ok_or(ResultCode::NOT_FOUND)?;
    // One of dhcpd.conf whose end could not be recorded.
    if !is_host_name(&host.name) {
        return Err(ResultCode::IO_ERROR);
    }
    written(world.remove_host(&host.name))
}
