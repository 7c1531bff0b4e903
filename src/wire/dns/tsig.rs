//! TSIG: signed requests and their answers (RFC 2845, RFC 4635; spec/ddns.md 15).
//!
//! The record is the last of the additional section, class ANY, TTL 0; nothing in it is compressed:
//!
//! | octets | field of its data |
//! | --- | --- |
//! | name | algorithm |
//! | 6 | time, seconds since 1970 |
//! | 2 | fudge, seconds |
//! | 2 + n | MAC |
//! | 2 | id of the message as it was signed |
//! | 2 | error |
//! | 2 + n | other data |
//!
//! The MAC of a request covers the message without the record, then the record's name, class, TTL, algorithm, time, fudge, error
//! and other data. That of an answer covers the request's MAC with its length before all that.

use super::message::{class, kind, ADDITIONAL_COUNT};
use super::name::Name;
use super::reply::{Reply, Signature};
use crate::wire::mac::{Algorithm, MacKey};

/// How far clocks may be apart, in seconds.
const FUDGE: u16 = 300;
/// The shortest MAC that is looked at, in octets.
const MIN_MAC: usize = 10;
/// Errors in the record.
const BAD_SIGNATURE: u16 = 16;
const BAD_KEY: u16 = 17;
const BAD_TIME: u16 = 18;

/// The algorithms' names on the wire.
const NAMES: &[(Algorithm, &[u8])] = &[
    (Algorithm::HmacMd5, b"hmac-md5.sig-alg.reg.int."),
    (Algorithm::HmacSha1, b"hmac-sha1."),
    (Algorithm::HmacSha224, b"hmac-sha224."),
    (Algorithm::HmacSha256, b"hmac-sha256."),
    (Algorithm::HmacSha384, b"hmac-sha384."),
    (Algorithm::HmacSha512, b"hmac-sha512."),
];

/// What is wrong with an answer's signature; `Display` is the text in ISC's log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TsigError {
    #[error("expected a TSIG or SIG(0)")]
    Missing,
    #[error("tsig verify failure")]
    Wrong,
    #[error("FORMERR")]
    Malformed,
    #[error("clocks are unsynchronized")]
    Clocks,
    #[error("tsig indicates error")]
    Refused,
}

/// A key of the DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TsigKey {
    name: Name,
    algorithm: Name,
    mac: MacKey,
}

fn append_counted(octets: &mut Vec<u8>, data: &[u8]) {
    octets.extend((data.len() as u16).to_be_bytes());
    octets.extend_from_slice(data);
}

/// The low 48 bits of a time.
fn time_octets(time: u64) -> [u8; 6] {
    let [_, _, octets @ ..] = time.to_be_bytes();
    octets
}

/// Changes how many records the additional section has.
fn set_additional(message: &mut [u8], change: impl FnOnce(u16) -> u16) {
    if let Some(field) = message.get_mut(ADDITIONAL_COUNT..).and_then(|rest| rest.first_chunk_mut::<2>()) {
        *field = change(u16::from_be_bytes(*field)).to_be_bytes();
    }
}

impl TsigKey {
    /// A key; its name is sent in small letters.
    pub fn new(name: &Name, mac: MacKey) -> Option<TsigKey> {
        let (_, algorithm) = NAMES.iter().find(|(algorithm, _)| *algorithm == mac.algorithm())?;
        Some(TsigKey { name: name.lower(), algorithm: Name::from_text(algorithm).ok()?, mac })
    }

    /// What the MAC covers besides messages.
    fn variables(&self, time: u64, fudge: u16, error: u16, other: &[u8]) -> Vec<u8> {
        let mut octets = self.name.wire().to_vec();
        octets.extend(class::ANY.to_be_bytes());
        octets.extend([0; 4]);
        octets.extend_from_slice(self.algorithm.wire());
        octets.extend(time_octets(time));
        octets.extend(fudge.to_be_bytes());
        octets.extend(error.to_be_bytes());
        append_counted(&mut octets, other);
        octets
    }

    /// Signs a request at a time (seconds since 1970). Returns the MAC, which the answer's covers.
    pub fn sign(&self, message: &mut Vec<u8>, time: u64) -> Vec<u8> {
        let mut covered = message.clone();
        covered.extend(self.variables(time, FUDGE, 0, &[]));
        let mac = self.mac.sign(&covered);
        let mut data = self.algorithm.wire().to_vec();
        data.extend(time_octets(time));
        data.extend(FUDGE.to_be_bytes());
        append_counted(&mut data, &mac);
        data.extend(message.get(..2).unwrap_or_default());
        data.extend([0; 4]);
        message.extend_from_slice(self.name.wire());
        message.extend(kind::TSIG.to_be_bytes());
        message.extend(class::ANY.to_be_bytes());
        message.extend([0; 4]);
        append_counted(message, &data);
        set_additional(message, |count| count.wrapping_add(1));
        mac
    }

    /// Checks the answer to a request with that MAC, in ISC's order. `time`: now, in seconds since 1970.
    pub fn verify(&self, message: &[u8], reply: &Reply, request_mac: &[u8], time: u64) -> Result<(), TsigError> {
        let signature = reply.signature.as_ref().ok_or(TsigError::Missing)?;
        if !signature.name.matches(&self.name) || !signature.algorithm.matches(&self.algorithm) {
            return Err(TsigError::Wrong);
        }
        let full = self.mac.algorithm().digest_len();
        let length = signature.mac.len();
        if length > full || length > 0 && length < MIN_MAC.max(full / 2) {
            return Err(TsigError::Malformed);
        }
        if length == 0 {
            return Err(match signature.error {
                BAD_SIGNATURE | BAD_KEY => TsigError::Refused,
                _ => TsigError::Wrong,
            });
        }
        if length < full || !self.is_right(message, signature, request_mac) {
            return Err(TsigError::Wrong);
        }
        if signature.time.abs_diff(time) > u64::from(signature.fudge) {
            return Err(TsigError::Clocks);
        }
        match signature.error {
            0 => Ok(()),
            BAD_TIME => Err(TsigError::Clocks),
            _ => Err(TsigError::Refused),
        }
    }

    fn is_right(&self, message: &[u8], signature: &Signature, request_mac: &[u8]) -> bool {
        let mut covered = Vec::with_capacity(message.len() + 128);
        append_counted(&mut covered, request_mac);
        let mut unsigned = message.get(..signature.at).unwrap_or_default().to_vec();
        set_additional(&mut unsigned, |count| count.wrapping_sub(1));
        if let Some(id) = unsigned.first_chunk_mut::<2>() {
            *id = signature.original_id.to_be_bytes();
        }
        covered.extend_from_slice(&unsigned);
        let Signature { time, fudge, error, other, .. } = signature;
        covered.extend(self.variables(*time, *fudge, *error, other));
        self.mac.verify(&covered, &signature.mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(pair).collect()
    }

    /// spec/ddns.md 20.8 and 20.9: key name, algorithm, secret's length, request, time, MAC of the reply.
    const CASES: [(&str, Algorithm, u8, &str, u64, &str); 2] = [
        (
            "DHCP_MD5",
            Algorithm::HmacMd5,
            16,
            "e3bd 2800 0001 0001 0002 0001 03 6d6435 07 6578616d706c65 00 0006 0001 01 6d c00c 00ff 00fe 00000000 0000
             c01d 0001 0001 00000258 0004 0a0a1164
             c01d 0031 0001 00000258 0023 000001 2064e9a8af13af07ffe243fe8aa97707dd949d4d578ad6fc1c6132c471b4243d
             08 646863705f6d6435 00 00fa 00ff 00000000 003a 08 686d61632d6d6435 07 7369672d616c67 03 726567 03 696e74 00
             0000 6b02985c 012c 0010 174574a375839e784d541ec1c635b7ae e3bd 0000 0000",
            0x6b02985c,
            "606f2921d9dddc590259c497f0562c3b",
        ),
        (
            "dhcp-sha256",
            Algorithm::HmacSha256,
            32,
            "2518 2800 0001 0001 0002 0001 03 736861 07 6578616d706c65 00 0006 0001 01 73 c00c 00ff 00fe 00000000 0000
             c01d 0001 0001 00000258 0004 0a0a1165
             c01d 0031 0001 00000258 0023 000001 20d807f10a5017f7ddcaa34446f8add8c48c2a1cb99e55c8e3dd6854fe39bb60
             0b 646863702d736861323536 00 00fa 00ff 00000000 003d 0b 686d61632d736861323536 00
             0000 6b02985e 012c 0020 8861815adb513f3fa7058363f1e3d6f37ee6b45e941448580af047b79bf2b74c 2518 0000 0000",
            0x6b02985e,
            "064856d6323804d43729a421dac353d847790e259cad65f81dcd3dfd5fb2dec6",
        ),
    ];

    struct Signed {
        key: TsigKey,
        request_mac: Vec<u8>,
        reply: Vec<u8>,
        time: u64,
    }

    /// Signs the request, which must give the captured octets, and puts the captured reply together.
    fn signed(case: usize) -> Signed {
        let (name, algorithm, length, request, time, reply_mac) = CASES[case];
        let secret: Vec<u8> = (0..length).collect();
        let name = Name::from_text(name.as_bytes()).unwrap();
        let key = TsigKey::new(&name, MacKey::new(algorithm, &secret)).unwrap();
        let want = octets(request);
        let tsig = want.windows(4).position(|window| window == [0, 0xfa, 0, 0xff]).unwrap() - name.wire().len();
        let mut message = want[..tsig].to_vec();
        message[11] = 0;
        let request_mac = key.sign(&mut message, time);
        assert_eq!(message, want);
        let zone_end = want.windows(4).position(|window| window == [0, 6, 0, 1]).unwrap() + 4;
        let mut reply = want[..2].to_vec();
        reply.extend(octets("a800 0001 0000 0000 0001"));
        reply.extend(&want[12..zone_end]);
        reply.extend(&want[tsig..]);
        let at = reply.len() - 6 - request_mac.len();
        reply.splice(at..at + request_mac.len(), octets(reply_mac));
        Signed { key, request_mac, reply, time }
    }

    fn verdict(signed: &Signed) -> Result<(), TsigError> {
        let reply = Reply::parse(&signed.reply).unwrap();
        signed.key.verify(&signed.reply, &reply, &signed.request_mac, signed.time)
    }

    #[test]
    fn the_captured_exchanges() {
        for case in 0..CASES.len() {
            let mut signed = signed(case);
            assert_eq!(verdict(&signed), Ok(()));
            assert_eq!(signed.reply.len(), [107, 113][case]);
            signed.time += 301;
            assert_eq!(verdict(&signed), Err(TsigError::Clocks));
            signed.reply[2] |= 1;
            assert_eq!(verdict(&signed), Err(TsigError::Wrong));
        }
    }

    #[test]
    fn what_is_wrong_with_a_signature() {
        let mut signed = signed(1);
        let mut reply = Reply::parse(&signed.reply).unwrap();
        let check = |signed: &Signed, reply: &Reply| {
            signed.key.verify(&signed.reply, reply, &signed.request_mac, signed.time).unwrap_err()
        };
        let altered = |change: &dyn Fn(&mut Signature)| {
            let mut reply = reply.clone();
            change(reply.signature.as_mut().unwrap());
            check(&signed, &reply)
        };
        assert_eq!(altered(&|signature| signature.name = Name::root()), TsigError::Wrong);
        assert_eq!(altered(&|signature| signature.mac.truncate(15)), TsigError::Malformed);
        assert_eq!(altered(&|signature| signature.mac.truncate(16)), TsigError::Wrong);
        assert_eq!(altered(&|signature| signature.mac.push(0)), TsigError::Malformed);
        assert_eq!(altered(&|signature| signature.mac.clear()), TsigError::Wrong);
        let refused = |signature: &mut Signature| (signature.mac, signature.error) = (Vec::new(), BAD_KEY);
        assert_eq!(altered(&refused), TsigError::Refused);
        reply.signature = None;
        assert_eq!(check(&signed, &reply), TsigError::Missing);
        signed.request_mac[0] ^= 1;
        assert_eq!(verdict(&signed), Err(TsigError::Wrong));
    }
}
