//! Classes and subclasses (spec/omapi.md 10.5 and 11).
//!
//! | attribute | published | written |
//! | --- | --- | --- |
//! | `name` | | of a class its name, of a subclass the class it belongs to; once |
//! | `hashstring` | | of a subclass its data; once |
//! | `group` | | the name of a group, whose statements the class gets |
//! | `match` | | of a class: `hardware`, nothing else |
//! | `lease-limit`, `leases-used` | always | |
//!
//! What is made cannot be changed any more, but for the group of a subclass. ISC dhcpd changes a class in its memory and then
//! says that it has refused to.

use super::super::object::{Contents, Keys, Kind, Value};
use super::super::world::{Object, World};
use super::keys::{text, written};
use crate::config::dynamic::ClassBody;
use crate::config::ir::{Expr, Stmt};
use crate::leases::lease::Billing;
use crate::leases::objects::ClassRecord;
use crate::wire::omapi::{ResultCode, Values};
use std::sync::Arc;

/// Classes.
pub const CLASS: Kind = Kind {
    name: "class",
    find: find_class,
    blank: Some(blank),
    create: create_class,
    update: update_class,
    contents,
    remove,
};

/// Subclasses.
pub const SUBCLASS: Kind = Kind {
    name: "subclass",
    find: find_subclass,
    blank: Some(blank),
    create: create_subclass,
    update: update_subclass,
    contents,
    remove,
};

/// What a packet can be matched by.
const HARDWARE: &[u8] = b"hardware";

fn blank() -> Contents {
    numbers(0, 0)
}

fn numbers(limit: u32, used: u32) -> Contents {
    vec![("lease-limit".into(), Value::Int(limit)), ("leases-used".into(), Value::Int(used))]
}

/// True if there is such a class or subclass.
fn exists(world: &dyn World, key: &Billing) -> bool {
    world.config().class_of(&key.class, key.subclass.as_deref()).is_some()
}

fn find_class(world: &mut dyn World, keys: &Keys<'_>) -> Result<Object, ResultCode> {
    let name = keys.values.present("name").ok_or(ResultCode::NO_KEY_SPECIFIED)?;
    found(world, Billing { class: text(name)?.into(), subclass: None })
}

fn find_subclass(world: &mut dyn World, keys: &Keys<'_>) -> Result<Object, ResultCode> {
    let (name, data) = (keys.values.present("name"), keys.values.present("hashstring"));
    let class = Billing { class: text(name.ok_or(ResultCode::NO_KEY_SPECIFIED)?)?.into(), subclass: None };
    if !exists(world, &class) {
        return Err(ResultCode::NOT_FOUND);
    }
    found(world, Billing { subclass: Some(data.ok_or(ResultCode::NO_KEY_SPECIFIED)?.into()), ..class })
}

fn found(world: &dyn World, key: Billing) -> Result<Object, ResultCode> {
    if exists(world, &key) {
        Ok(Object::Class(key))
    } else {
        Err(ResultCode::NOT_FOUND)
    }
}

/// What a request says of a class.
#[derive(Default)]
struct Written {
    name: Option<Box<str>>,
    data: Option<Box<[u8]>>,
    statements: Option<Arc<[Stmt]>>,
    submatch: Option<Arc<Expr>>,
}

impl Written {
    fn read(world: &dyn World, values: &Values, is_subclass: bool) -> Result<Written, ResultCode> {
        let mut written = Written::default();
        for (name, value) in values.iter() {
            match name {
                b"name" if !is_subclass && value.contains(&0) => return Err(ResultCode::INVALID_ARGUMENT),
                b"name" => written.name = Some(text(value)?.into()),
                b"hashstring" if !is_subclass => return Err(ResultCode::UNKNOWN_ATTRIBUTE),
                b"hashstring" if value.is_empty() => return Err(ResultCode::INVALID_ARGUMENT),
                b"hashstring" => written.data = Some(value.into()),
                b"group" => written.statements = Some(group_statements(world, &text(value)?)?),
                b"match" if !value.is_empty() && (HARDWARE.starts_with(value) || value.starts_with(HARDWARE)) => {
                    written.submatch = Some(Arc::new(Expr::Hardware));
                }
                b"match" | b"option" => return Err(ResultCode::INVALID_ARGUMENT),
                _ => return Err(ResultCode::UNKNOWN_ATTRIBUTE),
            }
        }
        Ok(written)
    }
}

fn group_statements(world: &dyn World, group: &str) -> Result<Arc<[Stmt]>, ResultCode> {
    let config = world.config();
    let scope = config.groups.get(group).and_then(|scope| config.scopes.get(scope.index()));
    Ok(scope.ok_or(ResultCode::NOT_FOUND)?.statements.as_slice().into())
}

fn create_class(world: &mut dyn World, values: &Values) -> Result<Object, ResultCode> {
    let Written { name, statements, submatch, .. } = Written::read(world, values, false)?;
    let key = Billing { class: (*name.ok_or(ResultCode::INVALID_ARGUMENT)?).into(), subclass: None };
    if exists(world, &key) {
        return Err(ResultCode::ALREADY_EXISTS);
    }
    let statements = statements.unwrap_or_else(|| Arc::from([]));
    enter(world, key, ClassBody { submatch, statements, ..ClassBody::default() })
}

fn create_subclass(world: &mut dyn World, values: &Values) -> Result<Object, ResultCode> {
    let Written { name, data, statements, .. } = Written::read(world, values, true)?;
    let name = name.ok_or(ResultCode::INVALID_ARGUMENT)?;
    let config = world.config();
    let class = config.class_named(&name).and_then(|id| config.classes.get(id.index()));
    let lease_limit = class.ok_or(ResultCode::NOT_FOUND)?.lease_limit;
    let key = Billing { class: (*name).into(), subclass: Some(data.ok_or(ResultCode::INVALID_ARGUMENT)?) };
    if exists(world, &key) {
        return Err(ResultCode::ALREADY_EXISTS);
    }
    let statements = statements.unwrap_or_else(|| Arc::from([]));
    enter(world, key, ClassBody { lease_limit, statements, ..ClassBody::default() })
}

fn enter(world: &mut dyn World, key: Billing, body: ClassBody) -> Result<Object, ResultCode> {
    written(world.put_class(ClassRecord::new(key.clone(), body)))?;
    Ok(Object::Class(key))
}

fn update_class(world: &mut dyn World, _: &Object, values: &Values, _: u32) -> Result<(), ResultCode> {
    Written::read(world, values, false)?;
    Err(ResultCode::ALREADY_EXISTS)
}

fn update_subclass(world: &mut dyn World, object: &Object, values: &Values, _: u32) -> Result<(), ResultCode> {
    let Written { name, data, statements, .. } = Written::read(world, values, true)?;
    let Object::Class(key) = object else { return Err(ResultCode::NOT_FOUND) };
    let record = world.class_record(key).cloned();
    match (record, statements) {
        (Some(record), Some(statements)) if name.is_none() && data.is_none() => {
            let body = ClassBody { statements, ..record.body };
            enter(world, key.clone(), body).map(drop)
        }
        _ => Err(ResultCode::ALREADY_EXISTS),
    }
}

/// A subclass that exists only because a client of it came has the limit of its class.
fn contents(world: &mut dyn World, object: &Object) -> Option<Contents> {
    let Object::Class(key) = object else { return None };
    let config = world.config();
    let class = config.classes.get(config.class_named(&key.class)?.index())?;
    let limit = match &key.subclass {
        None => class.lease_limit,
        Some(data) => match class.subclasses.get(data) {
            Some(subclass) => config.classes.get(subclass.index())?.lease_limit,
            None if class.spawning => class.lease_limit,
            None => return None,
        },
    };
    Some(numbers(limit, world.leases_used(key)))
}

fn remove(world: &mut dyn World, object: &Object) -> Result<(), ResultCode> {
    match object {
        Object::Class(key) if exists(world, key) => written(world.remove_class(key)),
        _ => Err(ResultCode::NOT_FOUND),
    }
}
