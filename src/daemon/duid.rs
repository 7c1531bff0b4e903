//! The server's DUID (spec/leases-file.md 14, spec/config-language.md 7.9; RFC 8415 11).
//!
//! | type | octets after it |
//! | --- | --- |
//! | 1 link-layer with time | hardware type (2), seconds since 2000-01-01 UTC (4), address |
//! | 2 enterprise | enterprise number (4), identifier |
//! | 3 link-layer | hardware type (2), address |

use crate::config::model::ServerDuid;
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::Timestamp;

/// 2000-01-01 UTC.
const EPOCH: u32 = 946_684_800;

/// A DUID of type 1.
fn link_layer_time(hardware: &HardwareAddr, now: Timestamp) -> Vec<u8> {
    let mut duid = vec![0, 1, 0, hardware.htype()];
    duid.extend_from_slice(&now.0.wrapping_sub(EPOCH).to_be_bytes());
    duid.extend_from_slice(hardware.address());
    duid
}

/// A DUID of type 3.
fn link_layer(htype: u16, address: &[u8]) -> Vec<u8> {
    let mut duid = vec![0, 3];
    duid.extend_from_slice(&htype.to_be_bytes());
    duid.extend_from_slice(address);
    duid
}

/// The DUID to go by: the lease file's, else what the configuration says, else a new one from the first hardware address.
/// `None` if there is no hardware address to make one from: `Unable to set server identifier.`
pub fn choose(
    remembered: Option<&[u8]>,
    stated: Option<&ServerDuid>,
    hardware: &[HardwareAddr],
    now: Timestamp,
) -> Option<Vec<u8>> {
    if let Some(duid) = remembered {
        return Some(duid.to_vec());
    }
    let first = hardware.iter().find(|hardware| !hardware.address().is_empty());
    match stated {
        Some(ServerDuid::Llt(Some((htype, time, address)))) => {
            let mut duid = vec![0, 1];
            duid.extend_from_slice(&htype.to_be_bytes());
            duid.extend_from_slice(&time.to_be_bytes());
            duid.extend_from_slice(address);
            Some(duid)
        }
        Some(ServerDuid::Ll(Some((htype, address)))) => Some(link_layer(*htype, address)),
        Some(ServerDuid::En(number, identifier)) => {
            let mut duid = vec![0, 2];
            duid.extend_from_slice(&number.to_be_bytes());
            duid.extend_from_slice(identifier);
            Some(duid)
        }
        Some(ServerDuid::Other(kind, rest)) => {
            let mut duid = kind.to_be_bytes().to_vec();
            duid.extend_from_slice(rest);
            Some(duid)
        }
        Some(ServerDuid::Ll(None)) => first.map(|hardware| link_layer(u16::from(hardware.htype()), hardware.address())),
        Some(ServerDuid::Llt(None)) | None => first.map(|hardware| link_layer_time(hardware, now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(EPOCH + 0x0102_0304);

    fn hardware() -> Vec<HardwareAddr> {
        vec![HardwareAddr::NONE, HardwareAddr::new(1, &[2, 0, 0, 0, 0, 1]).unwrap()]
    }

    #[test]
    fn is_made_of_the_first_hardware_address_and_the_time() {
        let duid = choose(None, None, &hardware(), NOW).unwrap();
        assert_eq!(duid, [0, 1, 0, 1, 1, 2, 3, 4, 2, 0, 0, 0, 0, 1]);
        let stated = ServerDuid::Ll(None);
        assert_eq!(choose(None, Some(&stated), &hardware(), NOW).unwrap(), [0, 3, 0, 1, 2, 0, 0, 0, 0, 1]);
        assert_eq!(choose(None, None, &[], NOW), None);
    }

    #[test]
    fn the_statement_beats_the_hardware_address() {
        let stated = |text: &str| {
            let config = crate::config::load_text("c", text, crate::config::Family::V4).result.unwrap();
            choose(None, config.server_duid.as_ref(), &hardware(), NOW).unwrap()
        };
        assert_eq!(stated("server-duid en 2495 \"ab\";"), b"\0\x02\0\0\x09\xbfab");
        assert_eq!(stated("server-duid ll ethernet 1:2:3:4:5:6;"), [0, 3, 0, 1, 1, 2, 3, 4, 5, 6]);
        assert_eq!(stated(""), choose(None, None, &hardware(), NOW).unwrap());
    }

    #[test]
    fn the_lease_file_beats_the_statement() {
        let stated = ServerDuid::En(9, b"abc".to_vec().into());
        assert_eq!(choose(None, Some(&stated), &[], NOW).unwrap(), b"\0\x02\0\0\0\x09abc");
        assert_eq!(choose(Some(b"x"), Some(&stated), &hardware(), NOW).unwrap(), b"x");
    }
}
