//! `control`: the one object that stands for the server itself (spec/omapi.md 10.7).

use crate::omapi::object::{no_create, no_remove, Contents, Keys, Kind, Value};
use crate::omapi::world::{Object, World};
use crate::wire::omapi::{ResultCode, Values};

pub const KIND: Kind = Kind {
    name: "control",
    find,
    blank: None,
    create: |world, values| no_create(world, values).map_err(|_| ResultCode::PERMISSION_DENIED),
    update,
    contents,
    remove: |world, object| no_remove(world, object).map_err(|_| ResultCode::PERMISSION_DENIED),
};

/// What `state` always reads, as with ISC: startup.
const STARTUP: u32 = 0;
/// The one `state` that can be written.
const SHUTDOWN: u32 = 2;

/// Whatever the keys, there is one object only; but a handle has to be its own.
fn find(_: &mut dyn World, keys: &Keys<'_>) -> Result<Object, ResultCode> {
    keys.handle().map(|_| Object::Control)
}

fn contents(_: &mut dyn World, _: &Object) -> Option<Contents> {
    Some(vec![("state".into(), Value::Int(STARTUP))])
}

fn update(world: &mut dyn World, _: &Object, values: &Values, _: u32) -> Result<(), ResultCode> {
    for (name, value) in values.iter() {
        if name != b"state" {
            return Err(ResultCode::NOT_FOUND);
        }
        if *value != SHUTDOWN.to_be_bytes() {
            return Err(ResultCode::INVALID_ARGUMENT);
        }
        world.shut_down();
    }
    Ok(())
}
