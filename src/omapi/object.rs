//! What every type of object offers (spec/omapi.md 7 and 10): a [`Kind`] is its name and what can be done with its objects.
//!
//! A kind knows its attributes; the session around it knows the rules that hold for all kinds, among them:
//!
//! - Writing no attributes at all is an error before the kind is asked.
//! - An object that is created and refused leaves nothing behind, and no handle.
//! - The answer to a change waits until the journal is as far as the store is after it.

use super::handles::Numbers;
use super::world::{Change, Object, Unwritable, World};
use crate::wire::omapi::{ResultCode, Values};

/// The value of an attribute, before it becomes octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Four octets: a number, a boolean, the low 32 bits of a time.
    Int(u32),
    /// Octets as they are: a string, an address, data.
    Bytes(Box<[u8]>),
    /// The handle of another object.
    Reference(Object),
}

impl Value {
    /// A copy of octets.
    pub fn bytes(octets: impl AsRef<[u8]>) -> Value {
        Value::Bytes(octets.as_ref().into())
    }
}

/// The attributes of an object as they are published, in their order.
pub type Contents = Vec<(Box<str>, Value)>;

/// What an OPEN gives to find an object by.
pub struct Keys<'r> {
    /// All object values of the request. A key without octets counts as absent: see [`Values::present`].
    pub values: &'r Values,
    kind: &'static str,
    numbers: &'r Numbers,
}

impl<'r> Keys<'r> {
    /// The keys of a request for an object of the kind of that name.
    pub fn new(kind: &'static str, values: &'r Values, numbers: &'r Numbers) -> Keys<'r> {
        Keys { values, kind, numbers }
    }

    /// The object of the key `handle`, `None` without that key (spec/omapi.md 8). It may have ceased to exist.
    pub fn handle(&self) -> Result<Option<Object>, ResultCode> {
        let Some(handle) = self.values.present("handle") else { return Ok(None) };
        let object = self.numbers.object(number(handle)?).ok_or(ResultCode::NOT_FOUND)?;
        match super::kinds::of(object).name == self.kind {
            true => Ok(Some(object.clone())),
            false => Err(ResultCode::INVALID_ARGUMENT),
        }
    }
}

/// A type of object.
pub struct Kind {
    /// As clients call it.
    pub name: &'static str,
    /// Finds the object that keys mean. `NOT_FOUND` is nothing found, `NO_KEY_SPECIFIED` is that none of the kind's keys is
    /// there.
    pub find: fn(&mut dyn World, &Keys<'_>) -> Result<Object, ResultCode>,
    /// What the published attributes of an object without any attributes are; the session answers with it when an object is
    /// opened by no key at all and the kind can create. `None`: objects of the kind cannot be created.
    pub blank: Option<fn() -> Contents>,
    /// Makes an object of attributes. Asked only if there is `blank`.
    pub create: fn(&mut dyn World, &Values) -> Result<Object, ResultCode>,
    /// Writes attributes in their order. `handle` is that of the request's header, 0 in an OPEN.
    pub update: fn(&mut dyn World, &Object, &Values, handle: u32) -> Result<(), ResultCode>,
    /// The published attributes; `None` if the object exists no more.
    pub contents: fn(&mut dyn World, &Object) -> Option<Contents>,
    /// Removes an object.
    pub remove: fn(&mut dyn World, &Object) -> Result<(), ResultCode>,
}

/// Nothing of this kind can be created: for [`Kind::create`].
pub fn no_create(_: &mut dyn World, _: &Values) -> Result<Object, ResultCode> {
    Err(ResultCode::NOT_IMPLEMENTED)
}

/// Nothing of this kind can be removed: for [`Kind::remove`].
pub fn no_remove(_: &mut dyn World, _: &Object) -> Result<(), ResultCode> {
    Err(ResultCode::NOT_IMPLEMENTED)
}

/// Objects of this kind cannot be opened: for [`Kind::find`].
pub fn no_find(_: &mut dyn World, _: &Keys<'_>) -> Result<Object, ResultCode> {
    Err(ResultCode::NO_KEY_SPECIFIED)
}

/// The outcome of a change as a reply tells it.
pub fn written(change: Change) -> Result<(), ResultCode> {
    change.map(drop).map_err(|Unwritable| ResultCode::IO_ERROR)
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
