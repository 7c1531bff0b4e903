//! `authenticator`: a key that messages can be signed with (spec/omapi.md 6.1).

use crate::config::model::{Config, Key};
use crate::omapi::object::{no_create, no_remove, octets, Contents, Keys, Kind, Value};
use crate::omapi::world::{Object, World};
use crate::wire::omapi::{ResultCode, Values};

pub const KIND: Kind =
    Kind { name: "authenticator", find, blank: None, create: no_create, update, contents, remove: no_remove };

/// The key of that name; case does not matter, a final dot does.
pub fn key<'c>(config: &'c Config, name: &[u8]) -> Option<&'c Key> {
    config.keys.iter().find(|key| octets(&key.name).eq_ignore_ascii_case(name))
}

/// The key that `omapi-key` names.
pub fn required<'c>(config: &'c Config, name: &str) -> Option<&'c Key> {
    key(config, &octets(name))
}

/// By name and full algorithm name, both of which are needed.
fn find(world: &mut dyn World, keys: &Keys<'_>) -> Result<Object, ResultCode> {
    if keys.values.is_empty() {
        return Err(ResultCode::NO_KEY_SPECIFIED);
    }
    let (name, algorithm) = (keys.values.present("name"), keys.values.present("algorithm"));
    let found = name.zip(algorithm).and_then(|(name, algorithm)| {
        key(world.config(), name).filter(|key| octets(&key.algorithm).eq_ignore_ascii_case(algorithm))
    });
    found.map(|key| Object::Authenticator(key.name.clone())).ok_or(ResultCode::NOT_FOUND)
}

/// Nothing is ever written, which is told as an error with the code of success.
fn update(_: &mut dyn World, _: &Object, _: &Values, _: u32) -> Result<(), ResultCode> {
    Err(ResultCode::SUCCESS)
}

fn contents(world: &mut dyn World, object: &Object) -> Option<Contents> {
    let Object::Authenticator(name) = object else { return None };
    let key = key(world.config(), &octets(name))?;
    let (name, algorithm) = (octets(&key.name), octets(&key.algorithm));
    Some(vec![("name".into(), Value::Bytes(name)), ("algorithm".into(), Value::Bytes(algorithm))])
}
