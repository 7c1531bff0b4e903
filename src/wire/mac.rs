//! Keyed digests: HMAC (RFC 2104) with the algorithms that a `key` statement can name (spec/omapi.md 6.2).
//!
//! | name in the key statement | octets of a digest |
//! | --- | --- |
//! | `hmac-md5` | 16 |
//! | `hmac-sha1` | 20 |
//! | `hmac-sha224` | 28 |
//! | `hmac-sha256` | 32 |
//! | `hmac-sha384` | 48 |
//! | `hmac-sha512` | 64 |
//!
//! A full name ends in `.SIG-ALG.REG.INT.`, which is added to a name without dots; a name with dots but no final one gets it.
//! Case never matters. Digests are never truncated.

use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use std::fmt;

/// The domain of algorithm names that are not dotted.
pub const ALGORITHM_DOMAIN: &str = ".SIG-ALG.REG.INT.";

/// A keyed digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    HmacMd5,
    HmacSha1,
    HmacSha224,
    HmacSha256,
    HmacSha384,
    HmacSha512,
}

/// The algorithms, their short names, and the length of their digests.
const ALGORITHMS: &[(Algorithm, &str, usize)] = &[
    (Algorithm::HmacMd5, "hmac-md5", 16),
    (Algorithm::HmacSha1, "hmac-sha1", 20),
    (Algorithm::HmacSha224, "hmac-sha224", 28),
    (Algorithm::HmacSha256, "hmac-sha256", 32),
    (Algorithm::HmacSha384, "hmac-sha384", 48),
    (Algorithm::HmacSha512, "hmac-sha512", 64),
];

/// An algorithm name as ISC completes it: `hmac-md5` is `hmac-md5.SIG-ALG.REG.INT.`, `a.b` is `a.b.`; the case is kept.
pub fn complete_name(name: &str) -> String {
    if !name.contains('.') {
        format!("{name}{ALGORITHM_DOMAIN}")
    } else if name.ends_with('.') {
        name.to_owned()
    } else {
        format!("{name}.")
    }
}

impl Algorithm {
    /// The algorithm of a full name (`hmac-md5.SIG-ALG.REG.INT.`, any case); `None` if nothing can sign with it.
    pub fn from_full_name(name: &str) -> Option<Algorithm> {
        let split = name.len().checked_sub(ALGORITHM_DOMAIN.len())?;
        let (short, domain) = (name.get(..split)?, name.get(split..)?);
        if !domain.eq_ignore_ascii_case(ALGORITHM_DOMAIN) {
            return None;
        }
        ALGORITHMS.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(short)).map(|(algorithm, ..)| *algorithm)
    }

    /// How many octets its digest has.
    pub fn digest_len(self) -> usize {
        ALGORITHMS.iter().find(|(algorithm, ..)| *algorithm == self).map_or(0, |(.., length)| *length)
    }
}

/// A secret and what it is used with.
#[derive(Clone, PartialEq, Eq)]
pub struct MacKey {
    algorithm: Algorithm,
    secret: Box<[u8]>,
}

impl fmt::Debug for MacKey {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacKey({:?})", self.algorithm)
    }
}

/// Runs an expression with `$mac`, an HMAC of the key's algorithm that has taken in the data.
macro_rules! with_mac {
    ($key:expr, $data:expr, |$mac:ident| $then:expr) => {
        match $key.algorithm {
            Algorithm::HmacMd5 => with_mac!(@ Md5, $key, $data, $mac, $then),
            Algorithm::HmacSha1 => with_mac!(@ Sha1, $key, $data, $mac, $then),
            Algorithm::HmacSha224 => with_mac!(@ Sha224, $key, $data, $mac, $then),
            Algorithm::HmacSha256 => with_mac!(@ Sha256, $key, $data, $mac, $then),
            Algorithm::HmacSha384 => with_mac!(@ Sha384, $key, $data, $mac, $then),
            Algorithm::HmacSha512 => with_mac!(@ Sha512, $key, $data, $mac, $then),
        }
    };
    (@ $digest:ty, $key:expr, $data:expr, $mac:ident, $then:expr) => {
        // A secret may have any length, so there is always a MAC.
        Hmac::<$digest>::new_from_slice(&$key.secret).ok().map(|mut $mac| {
            $mac.update($data);
            $then
        })
    };
}

impl MacKey {
    /// A key of an algorithm and a secret, which may have any length.
    pub fn new(algorithm: Algorithm, secret: &[u8]) -> MacKey {
        MacKey { algorithm, secret: secret.into() }
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The digest of the data, in full.
    pub fn sign(&self, data: &[u8]) -> Vec<u8> {
        with_mac!(self, data, |mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
    }

    /// True if `signature` is the full digest of the data; takes as long whatever differs.
    pub fn verify(&self, data: &[u8], signature: &[u8]) -> bool {
        with_mac!(self, data, |mac| mac.verify_slice(signature).is_ok()).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// RFC 2202 (MD5, SHA1) and RFC 4231 (SHA2): test cases 2.
    #[test]
    fn the_vectors_of_the_rfcs() {
        let cases = [
            (Algorithm::HmacMd5, "750c783e6ab0b503eaa86e310a5db738"),
            (Algorithm::HmacSha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Algorithm::HmacSha224, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"),
            (Algorithm::HmacSha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                Algorithm::HmacSha384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
            (
                Algorithm::HmacSha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd\
                 caeab1a34d4a6b4b636e070a38bce737",
            ),
        ];
        for (algorithm, digest) in cases {
            let key = MacKey::new(algorithm, b"Jefe");
            let signature = key.sign(b"what do ya want for nothing?");
            assert_eq!(hex(&signature), digest);
            assert_eq!(signature.len(), algorithm.digest_len());
            assert!(key.verify(b"what do ya want for nothing?", &signature));
            assert!(!key.verify(b"what do ya want for nothing!", &signature));
            assert!(!key.verify(b"what do ya want for nothing?", &signature[1..]));
            assert!(!key.verify(b"what do ya want for nothing?", &[]));
        }
    }

    #[test]
    fn a_secret_longer_than_a_block() {
        // RFC 2202, MD5, test case 6.
        let key = MacKey::new(Algorithm::HmacMd5, &[0xaa; 80]);
        let digest = key.sign(b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&digest), "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
    }

    #[test]
    fn names() {
        assert_eq!(complete_name("hmac-md5"), "hmac-md5.SIG-ALG.REG.INT.");
        assert_eq!(complete_name("a.b"), "a.b.");
        assert_eq!(complete_name("a.b."), "a.b.");
        assert_eq!(Algorithm::from_full_name("HMAC-sha256.sig-alg.reg.int."), Some(Algorithm::HmacSha256));
        assert_eq!(Algorithm::from_full_name("hmac-sha256"), None);
        assert_eq!(Algorithm::from_full_name("hmac-sha256."), None);
        assert_eq!(Algorithm::from_full_name("hmac-foo.SIG-ALG.REG.INT."), None);
        assert_eq!(Algorithm::from_full_name("é.SIG-ALG.REG.INT"), None);
    }

    #[test]
    fn a_key_does_not_show_its_secret() {
        assert_eq!(format!("{:?}", MacKey::new(Algorithm::HmacMd5, b"secret")), "MacKey(HmacMd5)");
    }
}
