//! What all types of objects have in common: how OPEN, UPDATE, REFRESH and DELETE reach them (spec/omapi.md 7 and 10).

use super::world::{Change, Object, Unwritable, World};
use crate::leases::lease::JournalPosition;
use crate::wire::omapi::{ResultCode, Values};
use std::borrow::Cow;

/// The value of a published attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Four octets.
    Number(u32),
    Octets(Box<[u8]>),
    /// The handle of another object, which gets one now if it has none yet.
    Reference(Object),
}

/// The published attributes of an object, in their fixed order.
pub type Attributes = Vec<(Cow<'static, [u8]>, Attribute)>;

/// The handles that were given out.
pub trait Handles {
    /// The object that a handle stands for.
    fn object(&self, handle: u32) -> Option<&Object>;
}

/// A type of objects that clients can open. What a function refuses comes as the result code of the reply.
pub struct ObjectType {
    pub name: &'static str,
    /// Finds an object by attributes. `NOT_FOUND` and `NO_KEY_SPECIFIED` let a request create one.
    pub lookup: fn(&Values, &dyn Handles, &mut dyn World) -> Result<Object, ResultCode>,
    /// Creates an object with attributes; `Err` is the code of `can't create new object`.
    pub create: Result<fn(&Values, &mut dyn World) -> Result<(Object, JournalPosition), ResultCode>, ResultCode>,
    /// Sets attributes, in their order, of which there is at least one. `handle`: the one in the header of the request.
    pub update: fn(&Object, &Values, Option<u32>, &mut dyn World) -> Result<JournalPosition, ResultCode>,
    /// What the object publishes; `None` if it is no more.
    pub attributes: fn(&Object, &mut dyn World) -> Option<Attributes>,
    /// Takes an object away; `Err` is the code of the refusal.
    pub remove: Result<fn(&Object, &mut dyn World) -> Result<JournalPosition, ResultCode>, ResultCode>,
}

/// The outcome of a change as a reply tells it.
pub fn written(change: Change) -> Result<JournalPosition, ResultCode> {
    change.map_err(|Unwritable| ResultCode::IO_ERROR)
}

/// The object that the value `handle` stands for, if there is one: it has to be of the type wanted.
pub fn by_handle(
    values: &Values,
    handles: &dyn Handles,
    is_type: impl FnOnce(&Object) -> bool,
) -> Result<Option<Object>, ResultCode> {
    let Some(value) = values.present("handle") else { return Ok(None) };
    let handle = value.try_into().map(u32::from_be_bytes).map_err(|_| ResultCode::INVALID_ARGUMENT)?;
    let object = handles.object(handle).ok_or(ResultCode::NOT_FOUND)?;
    if is_type(object) {
        Ok(Some(object.clone()))
    } else {
        Err(ResultCode::INVALID_ARGUMENT)
    }
}

/// A key that is present found something, or nothing, after others had found `so_far`.
pub fn agree<T: PartialEq>(so_far: Option<T>, found: Option<T>) -> Result<Option<T>, ResultCode> {
    match (so_far, found) {
        (None, None) => Err(ResultCode::NOT_FOUND),
        (Some(first), Some(other)) if first == other => Ok(Some(first)),
        (Some(_), _) => Err(ResultCode::KEY_CONFLICT),
        (None, found) => Ok(found),
    }
}

/// A number: exactly four octets.
pub fn number(value: &[u8]) -> Result<u32, ResultCode> {
    value.try_into().map(u32::from_be_bytes).map_err(|_| ResultCode::INVALID_ARGUMENT)
}

/// The text of a name: its characters stand for octets.
pub fn name(value: &[u8]) -> Result<String, ResultCode> {
    match value {
        [] => Err(ResultCode::INVALID_ARGUMENT),
        octets => Ok(octets.iter().map(|octet| char::from(*octet)).collect()),
    }
}

/// The octets of a name.
pub fn octets(name: &str) -> Box<[u8]> {
    name.chars().map(|character| character as u32 as u8).collect()
}
