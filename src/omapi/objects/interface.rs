//! `interface`: an interface that the server serves, or has served (spec/omapi.md 10.9).
//!
//! ISC lets a client rename an interface in memory, which starts nothing and spoils its log; here a name can only be written
//! as it is. "Creating" an interface does nothing there either: the answer is the same, and the object is gone.

use crate::omapi::object::{agree, octets, Contents, Keys, Kind, Value};
use crate::omapi::world::{Object, World};
use crate::wire::omapi::{ResultCode, Values};

pub const KIND: Kind = Kind { name: "interface", find, blank: Some(blank), create, update, contents, remove };

/// The longest name.
const MAX_NAME: usize = 15;

fn known(world: &dyn World, name: &[u8]) -> Option<Box<str>> {
    world.interfaces().into_iter().find(|known| *octets(known) == *name)
}

fn find(world: &mut dyn World, keys: &Keys<'_>) -> Result<Object, ResultCode> {
    let by_handle = keys.handle()?;
    let Some(name) = keys.values.present("name") else { return by_handle.ok_or(ResultCode::NO_KEY_SPECIFIED) };
    let by_name = known(world, name).map(Object::Interface);
    agree(by_handle, by_name)?.ok_or(ResultCode::NOT_FOUND)
}

/// Always up, as with ISC: also when the interface was taken out of service, which is told by the result of removing it again.
fn blank() -> Contents {
    vec![("state".into(), Value::bytes("up"))]
}

/// Checks the attributes of a new interface or of the one called `own`.
fn check(values: &Values, own: Option<&str>) -> Result<(), ResultCode> {
    for (name, value) in values.iter() {
        if name != b"name" {
            return Err(ResultCode::NOT_FOUND);
        }
        if value.is_empty() || value.len() > MAX_NAME {
            return Err(ResultCode::INVALID_ARGUMENT);
        }
        if own.is_some_and(|own| *octets(own) != *value) {
            return Err(ResultCode::PERMISSION_DENIED);
        }
    }
    Ok(())
}

fn create(_: &mut dyn World, values: &Values) -> Result<Object, ResultCode> {
    check(values, None)?;
    Ok(Object::Interface(Box::default()))
}

fn update(_: &mut dyn World, object: &Object, values: &Values, _: u32) -> Result<(), ResultCode> {
    let Object::Interface(name) = object else { return Err(ResultCode::INVALID_ARGUMENT) };
    check(values, Some(name))
}

fn contents(world: &mut dyn World, object: &Object) -> Option<Contents> {
    let Object::Interface(name) = object else { return None };
    known(world, &octets(name)).map(|_| blank())
}

fn remove(world: &mut dyn World, object: &Object) -> Result<(), ResultCode> {
    let Object::Interface(name) = object else { return Err(ResultCode::INVALID_ARGUMENT) };
    match world.disable_interface(name) {
        true => Ok(()),
        false => Err(ResultCode::NOT_FOUND),
    }
}
