//! Named groups (spec/omapi.md 10.4 and 11).
//!
//! | attribute | published | written |
//! | --- | --- | --- |
//! | `name` | always | once |
//! | `statements` | | once; a new group needs them |

use super::super::object::{Contents, Keys, Kind, Value};
use super::super::world::{Object, World};
use super::host::new_name;
use super::keys::{octets, text, written, Search};
use super::statements::parse;
use crate::leases::objects::GroupRecord;
use crate::leases::text::is_plain;
use crate::wire::omapi::{ResultCode, Values};

/// Named groups.
pub const KIND: Kind = Kind { name: "group", find, blank: Some(Contents::new), create, update, contents, remove };

fn is_live(world: &dyn World, name: &str) -> bool {
    world.config().groups.contains_key(name)
}

fn find(world: &mut dyn World, keys: &Keys<'_>) -> Result<Object, ResultCode> {
    let by_handle = match keys.handle()? {
        Some(Object::Group(name)) if is_live(world, &name) => Some(name),
        Some(_) => return Err(ResultCode::NOT_FOUND),
        None => None,
    };
    let mut search = Search::new(by_handle);
    if let Some(name) = keys.values.present("name") {
        let name = text(name)?;
        let found = is_live(world, &name).then(|| name.into());
        // A name that nothing has does not matter if there is a handle.
        if found.is_some() || search.is_empty() {
            search.key(found)?;
        }
    }
    search.result().map(Object::Group)
}

fn create(world: &mut dyn World, values: &Values) -> Result<Object, ResultCode> {
    let (mut group_name, mut statements) = (None, None);
    for (name, value) in values.iter() {
        match name {
            b"name" => group_name = Some(text(value)?.into_boxed_str()),
            b"statements" => statements = Some(parse(world, value)?),
            _ => return Err(ResultCode::NOT_FOUND),
        }
    }
    let statements = statements.ok_or(ResultCode::INVALID_ARGUMENT)?;
    let group_name = group_name.unwrap_or_else(|| new_name(world, "ng", is_live));
    if is_live(world, &group_name) {
        return Err(ResultCode::ALREADY_EXISTS);
    }
    if !is_plain(&octets(&group_name)) {
        return Err(ResultCode::IO_ERROR);
    }
    written(world.put_group(GroupRecord::new(&group_name, statements)))?;
    Ok(Object::Group(group_name))
}

/// A group has all that can be written.
fn update(_: &mut dyn World, _: &Object, values: &Values, _: u32) -> Result<(), ResultCode> {
    values.iter().try_for_each(|(name, value)| match name {
        b"name" | b"statements" if value.is_empty() => Err(ResultCode::INVALID_ARGUMENT),
        b"name" | b"statements" => Err(ResultCode::ALREADY_EXISTS),
        // The key that found the group.
        b"handle" => Ok(()),
        _ => Err(ResultCode::NOT_FOUND),
    })
}

fn contents(world: &mut dyn World, object: &Object) -> Option<Contents> {
    match object {
        Object::Group(name) if is_live(world, name) => Some(vec![("name".into(), Value::Bytes(octets(name)))]),
        _ => None,
    }
}

fn remove(world: &mut dyn World, object: &Object) -> Result<(), ResultCode> {
    match object {
        Object::Group(name) if is_live(world, name) => written(world.remove_group(name)),
        _ => Err(ResultCode::NOT_FOUND),
    }
}
