//! `failover-state`: a failover relationship (spec/omapi.md 10.8).
//!
//! The real server sends a pointer of its own memory as `partner-address` and `local-address`; here they are the four octets
//! of the address, or none if the configuration gives a name.

use crate::config::model::{FailoverPeer, FixedAddress};
use crate::leases::peer::PeerState;
use crate::omapi::object::{agree, no_create, no_remove, number, octets, Contents, Keys, Kind, Value};
use crate::omapi::world::{Object, PeerView, World};
use crate::wire::omapi::{ResultCode, Values};

pub const KIND: Kind =
    Kind { name: "failover-state", find, blank: None, create: no_create, update, contents, remove: no_remove };

/// An attribute and its value.
type Attribute = (&'static str, fn(&FailoverPeer, &PeerView) -> Option<Value>);

/// What is published, in this order. Each may be sent back, and all but [`LOCAL_STATE`] are then ignored.
const ATTRIBUTES: &[Attribute] = &[
    ("name", |peer, _| Some(Value::bytes(octets(&peer.name)))),
    ("partner-address", |peer, _| Some(address(peer.peer_address.as_ref()))),
    ("partner-port", |peer, _| int(u32::from(peer.peer_port))),
    ("local-address", |peer, _| Some(address(peer.address.as_ref()))),
    ("local-port", |peer, _| int(u32::from(peer.port))),
    ("max-outstanding-updates", |peer, _| int(peer.max_unacked_updates)),
    ("mclt", |_, view| int(view.mclt.0)),
    ("load-balance-max-secs", |peer, _| int(peer.load_balance_max_seconds)),
    ("load-balance-hba", |_, view| view.buckets.map(Value::bytes)),
    ("partner-state", |_, view| int(view.partner as u32)),
    (LOCAL_STATE, |_, view| int(view.local as u32)),
    ("partner-stos", |_, view| int(view.partner_since.0)),
    ("local-stos", |_, view| int(view.local_since.0)),
    ("hierarchy", |peer, _| int(u32::from(!peer.primary))),
    ("last-packet-sent", |_, _| int(0)),
    ("last-timestamp-received", |_, _| int(0)),
    ("skew", |_, _| int(0)),
    ("max-response-delay", |peer, _| int(peer.max_response_delay.0)),
    ("cur-unacked-updates", |_, view| int(view.unacked_updates)),
];

const LOCAL_STATE: &str = "local-state";

/// Always there.
fn int(number: u32) -> Option<Value> {
    Some(Value::Int(number))
}

fn address(address: Option<&FixedAddress>) -> Value {
    match address {
        Some(FixedAddress::Address(address)) => Value::bytes(address.octets()),
        Some(FixedAddress::Name(_)) | None => Value::bytes([]),
    }
}

fn named<'w>(world: &'w dyn World, name: &[u8]) -> Option<&'w FailoverPeer> {
    world.config().peers.iter().find(|peer| *octets(&peer.name) == *name)
}

fn find(world: &mut dyn World, keys: &Keys<'_>) -> Result<Object, ResultCode> {
    let by_handle = keys.handle()?;
    let Some(name) = keys.values.present("name") else { return by_handle.ok_or(ResultCode::NO_KEY_SPECIFIED) };
    let by_name = named(world, name).map(|peer| Object::Peer(peer.name.clone()));
    agree(by_handle, by_name)?.ok_or(ResultCode::NOT_FOUND)
}

fn contents(world: &mut dyn World, object: &Object) -> Option<Contents> {
    let Object::Peer(name) = object else { return None };
    let (peer, view) = (named(world, &octets(name))?, world.peer(name)?);
    let attributes = ATTRIBUTES.iter().filter_map(|(name, value)| Some(((*name).into(), value(peer, &view)?)));
    Some(attributes.collect())
}

fn update(world: &mut dyn World, object: &Object, values: &Values, _: u32) -> Result<(), ResultCode> {
    let Object::Peer(peer) = object else { return Err(ResultCode::INVALID_ARGUMENT) };
    for (name, value) in values.iter() {
        if !ATTRIBUTES.iter().any(|(known, _)| known.as_bytes() == name) {
            return Err(ResultCode::NOT_FOUND);
        }
        if name == LOCAL_STATE.as_bytes() {
            // The real server aborts when the number means no state.
            let state = u8::try_from(number(value)?).ok().and_then(PeerState::from_number);
            let state = state.ok_or(ResultCode::INVALID_ARGUMENT)?;
            world.set_peer_state(peer, state)?;
        }
    }
    Ok(())
}
