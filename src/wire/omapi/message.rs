//! One message: parsed, signed, verified, emitted.

use super::{u32_at, Values, HEADER_LEN};
use crate::wire::mac::MacKey;

/// What a message asks or tells (spec/omapi.md 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Opcode {
    /// Find or create an object.
    Open = 1,
    /// Ask for the present values of an object.
    Refresh = 2,
    /// Write attributes; as an answer, the object.
    Update = 3,
    /// Not used by anyone.
    Notify = 4,
    /// The outcome of a request.
    Status = 5,
    /// Remove an object.
    Delete = 6,
}

impl Opcode {
    /// The opcode of a number.
    pub fn from_number(number: u32) -> Option<Opcode> {
        use Opcode::*;
        [Open, Refresh, Update, Notify, Status, Delete].into_iter().find(|opcode| *opcode as u32 == number)
    }
}

/// A message without its signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// An [`Opcode`], unless a peer sends another number.
    pub op: u32,
    /// The object that is meant, or 0.
    pub handle: u32,
    pub id: u32,
    /// The id of the message that this one answers; 0 in a request.
    pub rid: u32,
    /// What is said about the request itself: `type`, `create`, `result` ...
    pub message: Values,
    /// The attributes of the object.
    pub object: Values,
}

impl Message {
    /// The octets, signed by an authenticator (its handle and key) or not. The header is the plain one of 24 octets.
    pub fn emit(&self, signer: Option<(u32, &MacKey)>) -> Vec<u8> {
        let (authid, authlen) = signer.map_or((0, 0), |(authid, key)| (authid, key.algorithm().digest_len()));
        let mut out = Vec::with_capacity(128);
        for number in [authid, authlen as u32, self.op, self.handle, self.id, self.rid] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        self.message.emit(&mut out);
        self.object.emit(&mut out);
        if let Some((_, key)) = signer {
            let signature = key.sign(out.get(SIGNED_FROM..).unwrap_or_default());
            out.extend_from_slice(&signature);
        }
        out
    }
}

/// Where in a message the signed octets begin: authid is not among them.
const SIGNED_FROM: usize = 4;

/// A message that arrived, with what is needed to check its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub message: Message,
    /// The handle of the authenticator that is said to have signed; 0 for none.
    pub authid: u32,
    /// Empty if there is none.
    pub signature: Box<[u8]>,
    /// The octets that the signature covers.
    signed: Box<[u8]>,
}

impl Received {
    /// Reads a whole message that has `header_len` octets of header (at least 24). `None` if it is not exactly one.
    pub fn parse(octets: &[u8], header_len: usize) -> Option<Received> {
        let header = octets.get(..HEADER_LEN)?;
        let body = octets.get(header_len.max(HEADER_LEN)..)?;
        let (message_values, rest) = Values::parse(body)?;
        let (object, signature) = Values::parse(rest)?;
        let authlen = usize::try_from(u32_at(header, 4)?).ok()?;
        if signature.len() != authlen {
            return None;
        }
        let lists = body.get(..body.len() - authlen)?;
        let signed = [header.get(SIGNED_FROM..)?, lists].concat().into();
        let message = Message {
            op: u32_at(header, 8)?,
            handle: u32_at(header, 12)?,
            id: u32_at(header, 16)?,
            rid: u32_at(header, 20)?,
            message: message_values,
            object,
        };
        Some(Received { message, authid: u32_at(header, 0)?, signature: signature.into(), signed })
    }

    /// True if the signature is the whole digest of the message by this key. An empty one never is.
    pub fn is_signed_by(&self, key: &MacKey) -> bool {
        key.verify(&self.signed, &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mac::Algorithm;
    use proptest::prelude::*;

    fn sample() -> Message {
        let mut message = Message { op: 1, handle: 7, id: 0x6b8b4567, ..Message::default() };
        message.message.set("type", *b"host");
        message.object.set("name", *b"h1");
        message
    }

    #[test]
    fn opcodes() {
        assert_eq!(Opcode::from_number(6), Some(Opcode::Delete));
        assert_eq!(Opcode::from_number(0), None);
        assert_eq!(Opcode::from_number(7), None);
    }

    #[test]
    fn an_extra_header_is_neither_read_nor_signed() {
        let key = MacKey::new(Algorithm::HmacSha1, b"k");
        let plain = sample().emit(Some((5, &key)));
        let mut long = plain.clone();
        long.splice(24..24, [0xff; 8]);
        let received = Received::parse(&long, 32).unwrap();
        assert_eq!(received, Received::parse(&plain, 24).unwrap());
        assert_eq!((received.authid, &received.message), (5, &sample()));
        assert!(received.is_signed_by(&key));
    }

    #[test]
    fn a_signature_covers_everything_but_authid() {
        let key = MacKey::new(Algorithm::HmacMd5, b"k");
        let octets = sample().emit(Some((5, &key)));
        for at in 0..octets.len() {
            let mut changed = octets.clone();
            changed[at] ^= 1;
            let Some(received) = Received::parse(&changed, 24) else { continue };
            assert_eq!(received.is_signed_by(&key), at < 4, "octet {at}");
        }
        let unsigned = Received::parse(&sample().emit(None), 24).unwrap();
        assert!(unsigned.signature.is_empty());
        assert!(!unsigned.is_signed_by(&key));
    }

    proptest! {
        #[test]
        fn never_panics(octets in prop::collection::vec(any::<u8>(), 0..120), header in 0usize..60) {
            let _ = Received::parse(&octets, header);
        }
    }
}
