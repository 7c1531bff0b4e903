//! Answers of DNS servers, as far as they are looked at (RFC 1035, 4.1; RFC 2136, 3; spec/ddns.md 16).

use super::message::kind;
use super::name::Name;

/// Bit of the flags: it is an answer.
const ANSWER: u16 = 0x8000;
/// Bit of the flags: it was cut short.
const TRUNCATED: u16 = 0x0200;

/// A record of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub name: Name,
    pub kind: u16,
    /// In seconds.
    pub ttl: u32,
    pub data: AnswerData,
}

/// The data of a record: a name where the type says so (NS; of a SOA the first).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerData {
    Name(Name),
    Octets(Vec<u8>),
}

/// The last record of a message if it is a TSIG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Where its record begins.
    pub at: usize,
    pub name: Name,
    pub algorithm: Name,
    /// The signer's clock, 48 bits.
    pub time: u64,
    pub fudge: u16,
    pub mac: Vec<u8>,
    pub original_id: u16,
    pub error: u16,
    pub other: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub id: u16,
    pub rcode: u8,
    pub is_truncated: bool,
    pub answers: Vec<Answer>,
    pub signature: Option<Signature>,
}

/// Where a message is read.
struct Reader<'m> {
    message: &'m [u8],
    at: usize,
}

impl<'m> Reader<'m> {
    fn octets(&mut self, length: usize) -> Option<&'m [u8]> {
        let octets = self.message.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(octets)
    }

    fn short(&mut self) -> Option<u16> {
        self.octets(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn long(&mut self) -> Option<u32> {
        self.octets(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    fn name(&mut self) -> Option<Name> {
        Name::parse(self.message, &mut self.at)
    }

    fn counted(&mut self) -> Option<&'m [u8]> {
        let length = self.short()?;
        self.octets(usize::from(length))
    }

    fn record(&mut self) -> Option<(Answer, usize)> {
        let name = self.name()?;
        let kind = self.short()?;
        self.short()?;
        let ttl = self.long()?;
        let length = usize::from(self.short()?);
        let begin = self.at;
        let data = self.octets(length)?;
        let data = match kind {
            kind::NS | kind::SOA => AnswerData::Name(Name::parse(self.message, &mut { begin })?),
            _ => AnswerData::Octets(data.to_vec()),
        };
        Some((Answer { name, kind, ttl, data }, begin))
    }

    fn signature(&mut self, at: usize, name: Name, begin: usize) -> Option<Signature> {
        self.at = begin;
        let algorithm = self.name()?;
        let (high, low) = (self.short()?, self.long()?);
        let fudge = self.short()?;
        let mac = self.counted()?.to_vec();
        let (original_id, error) = (self.short()?, self.short()?);
        let other = self.counted()?.to_vec();
        let time = u64::from(high) << 32 | u64::from(low);
        Some(Signature { at, name, algorithm, time, fudge, mac, original_id, error, other })
    }
}

impl Reply {
    /// The id of a message, whatever else is in it.
    pub fn id_of(message: &[u8]) -> Option<u16> {
        message.get(..2)?.try_into().ok().map(u16::from_be_bytes)
    }

    /// Reads an answer; `None` if it is malformed or none.
    pub fn parse(message: &[u8]) -> Option<Reply> {
        let mut reader = Reader { message, at: 0 };
        let (id, flags) = (reader.short()?, reader.short()?);
        if flags & ANSWER == 0 {
            return None;
        }
        let counts = [reader.short()?, reader.short()?, reader.short()?, reader.short()?];
        let [questions, first, second, third] = counts;
        for _ in 0..questions {
            reader.name()?;
            reader.octets(4)?;
        }
        let mut reply = Reply {
            id,
            rcode: (flags & 0xf) as u8,
            is_truncated: flags & TRUNCATED != 0,
            answers: Vec::new(),
            signature: None,
        };
        let total = u32::from(first) + u32::from(second) + u32::from(third);
        for number in 0..total {
            let at = reader.at;
            let (answer, begin) = reader.record()?;
            let end = reader.at;
            if number + 1 == total && answer.kind == kind::TSIG {
                reply.signature = Some(reader.signature(at, answer.name, begin)?);
                reader.at = end;
            } else if number < u32::from(first) {
                reply.answers.push(answer);
            }
        }
        Some(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_with_a_name() {
        let mut message = b"\x00\x07\x81\x80\0\x01\0\x01\0\0\0\0".to_vec();
        message.extend(b"\x02ex\x01a\0\0\x02\0\x01\xc0\x0c\0\x02\0\x01\0\0\0\x3c\0\x05\x02ns\xc0\x0c");
        let reply = Reply::parse(&message).unwrap();
        assert_eq!((reply.id, reply.rcode, reply.answers.len()), (7, 0, 1));
        let ns = Name::from_text(b"ns.ex.a").unwrap();
        assert_eq!(reply.answers[0].data, AnswerData::Name(ns));
        assert_eq!(reply.answers[0].ttl, 60);
        assert_eq!(Reply::parse(&message[..message.len() - 1]), None);
        message[2] = 0;
        assert_eq!(Reply::parse(&message), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(mut octets in prop::collection::vec(any::<u8>(), 0..200), small in any::<bool>()) {
            if let Some(counts) = octets.get_mut(2..12).filter(|_| small) {
                counts.copy_from_slice(&[0x80, 0, 0, 0, 0, 2, 0, 0, 0, 1]);
            }
            let _ = Reply::parse(&octets);
        }
    }
}
