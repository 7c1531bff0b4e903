//! Keys and values that several kinds have alike.

use super::super::object::Keys;
use super::super::world::{Change, Unwritable};
use crate::wire::hardware::HardwareAddr;
use crate::wire::omapi::{ResultCode, Values};
use std::net::Ipv4Addr;

/// What the keys have found so far.
#[derive(Debug)]
pub struct Search<T>(Option<T>);

impl<T: PartialEq> Search<T> {
    /// Begins with what the handle means.
    pub fn new(handle: Option<T>) -> Search<T> {
        Search(handle)
    }

    /// A key that is present found something or nothing: if an earlier key found another object, they contradict each other.
    pub fn key(&mut self, found: Option<T>) -> Result<(), ResultCode> {
        match (&self.0, &found) {
            (Some(first), found) if found.as_ref() != Some(first) => Err(ResultCode::KEY_CONFLICT),
            (None, None) => Err(ResultCode::NOT_FOUND),
            _ => {
                self.0 = found;
                Ok(())
            }
        }
    }

    /// True if nothing was found yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What the keys found.
    pub fn result(self) -> Result<T, ResultCode> {
        self.0.ok_or(ResultCode::NO_KEY_SPECIFIED)
    }
}

/// The hardware address of the keys `hardware-address` and `hardware-type` (1 unless given); `Err` if the type is none, an
/// address that cannot be one as `Some(None)`.
pub fn hardware_key(keys: &Keys<'_>) -> Result<Option<Option<HardwareAddr>>, ResultCode> {
    let Some(address) = keys.values.present("hardware-address") else { return Ok(None) };
    let htype = match keys.values.present("hardware-type") {
        None => ETHERNET,
        Some([0, 0, 0, htype]) => *htype,
        Some(_) => return Err(ResultCode::INVALID_ARGUMENT),
    };
    Ok(Some(HardwareAddr::new(htype, address)))
}

/// Hardware type 1.
const ETHERNET: u8 = 1;

/// The address of the key `ip-address`; one of another length is none that anything has.
pub fn address_key(values: &Values) -> Option<Option<Ipv4Addr>> {
    let octets = values.present("ip-address")?;
    Some(<[u8; 4]>::try_from(octets).ok().map(Ipv4Addr::from))
}

/// A number: exactly four octets.
pub fn number(value: &[u8]) -> Result<u32, ResultCode> {
    value.try_into().map(u32::from_be_bytes).map_err(|_| ResultCode::INVALID_ARGUMENT)
}

/// The text of a name or of statements, whose characters stand for octets; there has to be something.
pub fn text(value: &[u8]) -> Result<String, ResultCode> {
    match value {
        [] => Err(ResultCode::INVALID_ARGUMENT),
        octets => Ok(octets.iter().map(|octet| char::from(*octet)).collect()),
    }
}

/// The octets of a name.
pub fn octets(name: &str) -> Box<[u8]> {
    name.chars().map(|character| character as u32 as u8).collect()
}

/// The outcome of a change as a reply tells it.
pub fn written(change: Change) -> Result<(), ResultCode> {
    change.map(drop).map_err(|Unwritable| ResultCode::IO_ERROR)
}
