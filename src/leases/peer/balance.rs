//! Load balancing: which of two servers answers a client (spec/failover.md 20, RFC 3074). Pure.

use super::standing::Role;

/// The permutation of RFC 3074.
const TABLE: [u8; 256] = [
    251, 175, 119, 215, 81, 14, 79, 191, 103, 49, 181, 143, 186, 157, 0, 232, //
    31, 32, 55, 60, 152, 58, 17, 237, 174, 70, 160, 144, 220, 90, 57, 223, //
    59, 3, 18, 140, 111, 166, 203, 196, 134, 243, 124, 95, 222, 179, 197, 65, //
    180, 48, 36, 15, 107, 46, 233, 130, 165, 30, 123, 161, 209, 23, 97, 16, //
    40, 91, 219, 61, 100, 10, 210, 109, 250, 127, 22, 138, 29, 108, 244, 67, //
    207, 9, 178, 204, 74, 98, 126, 249, 167, 116, 34, 77, 193, 200, 121, 5, //
    20, 113, 71, 35, 128, 13, 182, 94, 25, 226, 227, 199, 75, 27, 41, 245, //
    230, 224, 43, 225, 177, 26, 155, 150, 212, 142, 218, 115, 241, 73, 88, 105, //
    39, 114, 62, 255, 192, 201, 145, 214, 168, 158, 221, 148, 154, 122, 12, 84, //
    82, 163, 44, 139, 228, 236, 205, 242, 217, 11, 187, 146, 159, 64, 86, 239, //
    195, 42, 106, 198, 118, 112, 184, 172, 87, 2, 173, 117, 176, 229, 247, 253, //
    137, 185, 99, 164, 102, 147, 45, 66, 231, 52, 141, 211, 194, 206, 246, 238, //
    56, 110, 78, 248, 63, 240, 189, 93, 92, 51, 53, 183, 19, 171, 72, 50, //
    33, 104, 101, 69, 8, 252, 83, 120, 76, 135, 85, 54, 202, 125, 188, 213, //
    96, 235, 136, 208, 162, 129, 190, 132, 156, 38, 47, 1, 7, 254, 24, 4, //
    216, 131, 89, 21, 28, 133, 37, 153, 149, 80, 170, 68, 6, 169, 234, 151,
];

/// The hash bucket of a client's key: its identifier, or else its hardware address without the type.
pub fn bucket(key: &[u8]) -> u8 {
    let start = (key.len() & 0xff) as u8;
    key.iter().rev().fold(start, |hash, octet| TABLE[usize::from(hash ^ octet)])
}

/// How a relationship divides clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadBalance {
    /// One bit a bucket, set for the primary's; a secondary has none until the primary tells it.
    pub buckets: Option<[u8; 32]>,
    /// A client that has waited longer is anybody's; 0: there is no load balancing.
    pub max_seconds: u32,
}

impl LoadBalance {
    /// Whose client the key's is; `None` if nothing is known of buckets.
    fn server_of(&self, key: &[u8]) -> Option<Role> {
        let bucket = bucket(key);
        let octet = self.buckets.as_ref()?[usize::from(bucket / 8)];
        Some(if octet & 1 << (bucket & 7) != 0 { Role::Primary } else { Role::Secondary })
    }

    /// Whose a lease with that key is to be when it is free; `None` if there is nothing to tell by.
    pub fn owner(&self, key: &[u8]) -> Option<Role> {
        self.server_of(key).filter(|_| !key.is_empty())
    }

    /// True if the server of that role answers a client that has waited `secs` seconds by its own count.
    pub fn is_mine(&self, role: Role, key: &[u8], secs: u16) -> bool {
        let is_anybodys = self.max_seconds == 0 || u32::from(secs) > self.max_seconds;
        is_anybodys || self.server_of(key) == Some(role)
    }
}

/// The seconds a client has waited; some clients send them in the order of their host (`check-secs-byte-order`).
pub fn seconds_waited(secs: u16, check_byte_order: bool) -> u16 {
    if check_byte_order && secs > 255 && secs & 0xff == 0 {
        secs.swap_bytes()
    } else {
        secs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(last: u8) -> [u8; 6] {
        [0x02, 0x46, 0x4f, 0, 0, last]
    }

    /// spec/failover.md 20, vectors.
    #[test]
    fn hashes_as_isc_does() {
        for (last, want) in (1..).zip([7, 161, 30, 83, 181, 100, 242, 48]) {
            assert_eq!(bucket(&mac(last)), want, "{last}");
        }
        let keys: [(&[u8], u8); 7] = [
            (&[0x01, 0x02, 0x46, 0x4f, 0, 0, 0x02], 223),
            (&[0x01, 0xaa, 0xbb, 0xcc], 63),
            (b"test-10", 119),
            (&[0; 8], 122),
            (b"abcdefghij", 8),
            (b"x", 142),
            (&[14], 232),
        ];
        for (key, want) in keys {
            assert_eq!(bucket(key), want, "{key:x?}");
        }
    }

    /// The stock unit test: one octet of hardware address, all buckets the primary's, five seconds.
    #[test]
    fn clients_that_wait_are_anybodys() {
        let balance = LoadBalance { buckets: Some([0xff; 32]), max_seconds: 5 };
        for (secs, check, both) in [
            (0, false, false),
            (2, false, false),
            (5, false, false),
            (6, false, true),
            (257, false, true),
            (256, false, true),
            (256, true, false),
            (1536, true, true),
        ] {
            let secs = seconds_waited(secs, check);
            assert!(balance.is_mine(Role::Primary, &[14], secs));
            assert_eq!(balance.is_mine(Role::Secondary, &[14], secs), both, "{secs} {check}");
        }
        let unknown = LoadBalance { buckets: None, max_seconds: 5 };
        assert!(!unknown.is_mine(Role::Secondary, &[14], 0));
        assert!(LoadBalance::default().is_mine(Role::Secondary, &[14], 0));
    }

    #[test]
    fn a_lease_without_client_is_nobodys() {
        let balance =
            LoadBalance { buckets: Some(std::array::from_fn(|at| if at < 16 { 0xff } else { 0 })), max_seconds: 3 };
        assert_eq!(balance.owner(&[]), None);
        assert_eq!(balance.owner(&mac(1)), Some(Role::Primary));
        assert_eq!(balance.owner(&mac(2)), Some(Role::Secondary));
    }
}
