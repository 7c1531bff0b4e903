//! `pool`, `subnet`, `shared-network`: what leases refer to. They can be read by their handles, and neither be opened nor
//! written (spec/omapi.md 10.6).

use crate::omapi::object::{no_create, no_find, no_remove, Contents, Kind, Value};
use crate::omapi::world::{Object, World};
use crate::wire::omapi::{ResultCode, Values};

pub const POOL: Kind = Kind {
    name: "pool",
    find: no_find,
    blank: None,
    create: no_create,
    update: |_, _, _, _| Err(ResultCode::UNKNOWN_ATTRIBUTE),
    contents: pool_contents,
    remove: no_remove,
};

pub const SUBNET: Kind = Kind {
    name: "subnet",
    find: no_find,
    blank: None,
    create: no_create,
    update: not_writable,
    contents: subnet_contents,
    remove: no_remove,
};

pub const SHARED_NETWORK: Kind = Kind {
    name: "shared-network",
    find: no_find,
    blank: None,
    create: no_create,
    update: not_writable,
    // Nothing ever refers to one.
    contents: |_, _| None,
    remove: no_remove,
};

fn not_writable(_: &mut dyn World, _: &Object, _: &Values, _: u32) -> Result<(), ResultCode> {
    Err(ResultCode::NOT_FOUND)
}

fn pool_contents(world: &mut dyn World, object: &Object) -> Option<Contents> {
    let Object::Pool(pool) = object else { return None };
    world.config().pools.get(pool.index())?;
    let counts = world.leases().counts(*pool);
    Some(vec![
        ("lease-count".into(), Value::Int(counts.total)),
        ("free-leases".into(), Value::Int(counts.free)),
        ("backup-leases".into(), Value::Int(counts.backup)),
    ])
}

/// A subnet has no attributes.
fn subnet_contents(world: &mut dyn World, object: &Object) -> Option<Contents> {
    let Object::Subnet(address, netmask) = object else { return None };
    let mut subnets = world.config().subnets.iter();
    subnets.any(|subnet| (subnet.address, subnet.netmask) == (*address, *netmask)).then(Vec::new)
}
