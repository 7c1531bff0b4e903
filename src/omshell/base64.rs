//! The secret of a key, as base64 in the tokens of a command line: whatever gaps there are, `+`, `/` and `=` are tokens of
//! their own (spec/omapi.md 14.2).

use super::lexer::{Lexer, Token};

/// Reads the rest of the line as base64, up to a token that has no place in it. `None` if there is nothing, or after a
/// complaint.
pub fn secret(lexer: &mut Lexer) -> Option<Vec<u8>> {
    // The first token is the secret, whatever it is, for complaints to say what is wrong with it.
    let mut texts = match lexer.read() {
        Token::End => return None,
        _ => vec![lexer.text().to_vec()],
    };
    while lexer.peek() != Token::End && lexer.text().iter().all(|octet| is_base64(*octet)) {
        lexer.read();
        texts.push(lexer.text().to_vec());
    }
    decode(lexer, &texts).filter(|octets| !octets.is_empty())
}

fn is_base64(octet: u8) -> bool {
    octet == b'=' || digit(octet).is_some()
}

fn digit(octet: u8) -> Option<u32> {
    Some(match octet {
        b'A'..=b'Z' => u32::from(octet - b'A'),
        b'a'..=b'z' => u32::from(octet - b'a') + 26,
        b'0'..=b'9' => u32::from(octet - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// The octets; `None` after a complaint that leaves none.
fn decode(lexer: &mut Lexer, texts: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let (mut bits, mut left, mut count, mut ended) = (0u32, 0u32, 0usize, false);
    for text in texts {
        for (at, octet) in text.iter().enumerate() {
            if ended && *octet != b'=' {
                let rest = text.get(at..).unwrap_or_default();
                lexer.warn(&[b"stuff after base64 '=' terminator: ", rest, b"."]);
                return None;
            }
            count += 1;
            if *octet == b'=' {
                ended = true;
                continue;
            }
            let Some(digit) = digit(*octet) else {
                let number = i32::from(*octet as i8).to_string();
                lexer.warn(&[b"invalid base64 character ", number.as_bytes(), b"."]);
                return None;
            };
            (bits, left) = (bits << 6 | digit, left + 6);
            if left >= 8 {
                left -= 8;
                octets.push((bits >> left) as u8);
                bits &= (1 << left) - 1;
            }
        }
    }
    if count % 4 != 0 && bits != 0 {
        lexer.warn(&[b"partial base64 value left over: ", bits.to_string().as_bytes(), b"."]);
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::super::output::Stream;
    use super::*;

    fn of(line: &str) -> (Option<Vec<u8>>, String) {
        let mut lexer = Lexer::new(line.as_bytes());
        let octets = secret(&mut lexer);
        (octets, String::from_utf8(lexer.output.text(Stream::Err)).unwrap())
    }

    #[test]
    fn secrets() {
        for (text, octets) in [
            ("AAECAwQF", &[0, 1, 2, 3, 4, 5][..]),
            ("QUI= \n", b"AB"),
            ("QQ ==", b"A"),
            ("+/+/ ; x", &[0xfb, 0xff, 0xbf]),
            // Without a line feed, or with a comment, ISC's goes round for ever.
            ("QUJD", b"ABC"),
            ("QUJD # comment\n", b"ABC"),
        ] {
            assert_eq!(of(text), (Some(octets.to_vec()), String::new()), "{text}");
        }
    }

    #[test]
    fn complaints() {
        for (text, octets, complaint) in [
            ("", None, ""),
            ("==", None, ""),
            ("QQ=Q\n", None, "stuff after base64 '=' terminator: Q."),
            ("a-b\n", None, "invalid base64 character 45."),
            ("\n", None, "invalid base64 character 10."),
            ("ab", Some(vec![0x69]), "partial base64 value left over: 11."),
        ] {
            let (found, said) = of(text);
            assert_eq!(found, octets, "{text}");
            assert_eq!(said.is_empty(), complaint.is_empty(), "{text}: {said}");
            assert!(said.contains(complaint), "{text}: {said}");
        }
    }
}
