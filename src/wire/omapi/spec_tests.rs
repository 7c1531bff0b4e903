//! The captured messages of spec/omapi.md 17, read from there: each is parsed, emitted anew, and its signature checked.

use super::{introduction, Framer, Received};
use crate::wire::mac::{Algorithm, MacKey};

/// A vector: its number, and its messages in order with their direction (true: from the client).
pub type Vector = (u32, Vec<(bool, Vec<u8>)>);

/// All vectors in order.
pub fn vectors() -> Vec<Vector> {
    let spec = include_str!("../../../compat-tests/spec/omapi.md");
    let (_, section) = spec.split_once("\n## 17. Test vectors").expect("the vectors' section");
    section.split("\n### V").skip(1).map(vector).collect()
}

fn vector(text: &str) -> Vector {
    let number = text.split_once(' ').and_then(|(number, _)| number.parse().ok()).expect("a vector's number");
    let block = text.split("```").nth(1).expect("a block of hex");
    let mut messages: Vec<(bool, Vec<u8>)> = Vec::new();
    for line in block.lines() {
        if let Some(comment) = line.strip_prefix("; ") {
            messages.push((comment.starts_with("C->S"), Vec::new()));
            continue;
        }
        let digits: String = line.split(';').next().unwrap_or_default().split_whitespace().collect();
        let octets = (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("hex"));
        if let Some((_, message)) = messages.last_mut() {
            message.extend(octets);
        }
    }
    (number, messages)
}

/// The key that a vector is signed with.
pub fn key(vector: u32) -> MacKey {
    let secret: Vec<u8> = (0..32).collect();
    match vector {
        18 | 19 => MacKey::new(Algorithm::HmacSha256, &secret),
        _ => MacKey::new(Algorithm::HmacMd5, &secret[..16]),
    }
}

#[test]
fn every_message_round_trips_and_is_signed_as_said() {
    let vectors = vectors();
    assert_eq!(vectors.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
    let mut signed = 0;
    for (number, messages) in vectors.iter().skip(1) {
        let key = key(*number);
        for (at, (_, octets)) in messages.iter().enumerate() {
            let received = Received::parse(octets, 24).unwrap_or_else(|| panic!("V{number}, message {at}"));
            let signer = (!received.signature.is_empty()).then_some((received.authid, &key));
            let emitted = received.message.emit(signer);
            if *number == 13 && at == 0 {
                assert!(!received.is_signed_by(&key));
                assert_eq!(emitted.last(), Some(&0x4f));
                continue;
            }
            assert_eq!(&emitted, octets, "V{number}, message {at}");
            assert_eq!(received.is_signed_by(&key), signer.is_some(), "V{number}, message {at}");
            signed += usize::from(signer.is_some());
        }
    }
    assert_eq!(signed, 32);
}

#[test]
fn the_introduction() {
    let vectors = vectors();
    let (_, messages) = &vectors[0];
    assert_eq!(messages.len(), 2);
    for (_, octets) in messages {
        assert_eq!(octets, &introduction());
    }
}

#[test]
fn a_whole_connection_at_once() {
    let requests = vectors().into_iter().take(15).flat_map(|(_, messages)| messages);
    let requests: Vec<Vec<u8>> = requests.filter(|(client, _)| *client).map(|(_, octets)| octets).collect();
    let mut framer = Framer::new();
    framer.push(&requests.concat());
    let messages = std::iter::from_fn(|| framer.next_message().expect("well-formed messages"));
    let ids: Vec<u32> = messages.map(|received| received.message.id & 0xff).collect();
    assert_eq!(ids, (0..=0xe).collect::<Vec<_>>());
}
