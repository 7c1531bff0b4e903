//! Hardware addresses as ISC keeps them: one type octet (htype) followed by the address.
//!
//! | octets | field |
//! | --- | --- |
//! | 1 | htype (RFC 1700 hardware type: 1 Ethernet, 6 IEEE 802, 8 FDDI, 32 InfiniBand) |
//! | 0..20 | address (chaddr holds 16, `hardware` statements up to 20) |

use std::fmt;

/// The longest address, without the type octet.
pub const MAX_ADDRESS: usize = 20;

/// A hardware type and address; equality, hashing and order are those of the octets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HardwareAddr {
    len: u8,
    octets: [u8; MAX_ADDRESS + 1],
}

impl HardwareAddr {
    /// No hardware address at all (not even a type).
    pub const NONE: HardwareAddr = HardwareAddr { len: 0, octets: [0; MAX_ADDRESS + 1] };

    /// From a type and an address; `None` if the address is longer than 20 octets.
    pub fn new(htype: u8, address: &[u8]) -> Option<HardwareAddr> {
        let mut hw = HardwareAddr::NONE;
        hw.octets[0] = htype;
        hw.octets.get_mut(1..=address.len())?.copy_from_slice(address);
        hw.len = address.len() as u8 + 1;
        Some(hw)
    }

    /// A type that waits for its address: none yet.
    pub fn type_only(htype: u8) -> HardwareAddr {
        let mut hw = HardwareAddr::NONE;
        hw.octets[0] = htype;
        hw
    }

    /// True if there is no address.
    pub fn is_none(&self) -> bool {
        self.len == 0
    }

    /// The hardware type; 0 if there is none.
    pub fn htype(&self) -> u8 {
        self.octets[0]
    }

    /// The address without its type.
    pub fn address(&self) -> &[u8] {
        self.octets.get(1..self.len as usize).unwrap_or(&[])
    }

    /// Type octet and address: the `hardware` expression, and the key of every hardware index.
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets[..self.len as usize]
    }
}

impl Default for HardwareAddr {
    fn default() -> Self {
        HardwareAddr::NONE
    }
}

/// The address as the log shows it: two lower-case hex digits an octet, joined by `:`.
impl fmt::Display for HardwareAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, octet) in self.address().iter().enumerate() {
            if i > 0 {
                f.write_str(":")?;
            }
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for HardwareAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.htype(), self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_and_keeps_octets() {
        let hw = HardwareAddr::new(1, &[0, 0x11, 0x22, 0xab, 4, 5]).unwrap();
        assert_eq!(hw.to_string(), "00:11:22:ab:04:05");
        assert_eq!(hw.as_bytes(), &[1, 0, 0x11, 0x22, 0xab, 4, 5]);
        assert!(HardwareAddr::new(1, &[0; 21]).is_none());
        assert_eq!(HardwareAddr::new(32, &[]).unwrap().as_bytes(), &[32]);
    }
}
