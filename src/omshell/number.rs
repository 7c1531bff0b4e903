//! Numbers as the C library reads them, and octets in hexadecimal as dhcpd.conf has them.

use super::lexer::Lexer;

/// A decimal number with an optional sign, up to what is no digit; what is too large wraps modulo 2^32, or is -1 or 0 beyond
/// 64 bits.
pub fn decimal(text: &[u8]) -> i32 {
    let (negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        _ => (false, text),
    };
    let mut number = 0i64;
    for digit in digits.iter().take_while(|octet| octet.is_ascii_digit()) {
        let digit = i64::from(*digit - b'0');
        let signed = if negative { -digit } else { digit };
        number = number.saturating_mul(10).saturating_add(signed);
    }
    number as i32
}

/// An octet in hexadecimal, after complaints whatever could be made of it.
pub fn octet(lexer: &mut Lexer, text: &[u8]) -> u8 {
    let (negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        _ => (false, text),
    };
    let mut number = 0u32;
    // Without a digit there is the end of the text to complain of.
    for digit in digits.iter().copied().chain(digits.is_empty().then_some(0)) {
        let digit = match digit {
            b'a'.. => u32::from(digit - b'a') + 10,
            b'A'.. => u32::from(digit - b'A') + 10,
            b'0'.. => u32::from(digit - b'0'),
            _ => {
                lexer.warn(&[b"Bogus number: ", text, b"."]);
                break;
            }
        };
        if digit >= 16 {
            lexer.warn(&[b"Bogus number ", text, format!(": digit {digit} not in base 16").as_bytes()]);
            break;
        }
        number = number.wrapping_mul(16).wrapping_add(digit);
    }
    let (sign, max) = if negative { ("-", 128) } else { ("", 255) };
    if number > max {
        lexer.warn(&[format!("{sign}{number:x} exceeds max ({max}) for precision.").as_bytes()]);
    }
    if negative {
        number = number.wrapping_neg();
    }
    number as u8
}

/// The addresses that the C library takes for one of IPv4: one to four numbers, decimal, octal (`010`) or hexadecimal
/// (`0x10`); the last fills what the others leave.
pub fn ipv4(text: &[u8]) -> Option<[u8; 4]> {
    let parts: Vec<u32> = text.split(|octet| *octet == b'.').map(part).collect::<Option<_>>()?;
    let (last, first) = parts.split_last().filter(|(_, first)| first.len() < 4)?;
    let mut address = 0u32;
    for (at, part) in first.iter().enumerate() {
        address |= u32::from(u8::try_from(*part).ok()?) << (24 - 8 * at);
    }
    let room = 32 - 8 * first.len() as u32;
    (u64::from(*last) < 1 << room).then(|| (address | last).to_be_bytes())
}

fn part(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?;
    let (digits, base) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    // The conversion would take a sign.
    digits.bytes().all(|octet| octet.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, base).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::output::Stream;
    use super::*;

    #[test]
    fn decimals() {
        for (text, number) in [
            ("10", 10),
            ("-5", -5),
            ("010", 10),
            ("-", 0),
            ("4294967297", 1),
            ("99999999999999999999", -1),
            ("-99999999999999999999", 0),
        ] {
            assert_eq!(decimal(text.as_bytes()), number, "{text}");
        }
    }

    #[test]
    fn octets() {
        for (text, value, complaint) in [
            ("0a", 0x0a, ""),
            ("C", 0x0c, ""),
            ("-5", 0xfb, ""),
            ("-", 0, "Bogus number: -."),
            ("0x1f", 0, "Bogus number 0x1f: digit 33 not in base 16"),
            ("abc", 0xbc, "abc exceeds max (255) for precision."),
            ("-ff", 1, "-ff exceeds max (128) for precision."),
        ] {
            let mut lexer = Lexer::new(b"");
            assert_eq!(octet(&mut lexer, text.as_bytes()), value, "{text}");
            let said = String::from_utf8(lexer.output.text(Stream::Err)).unwrap();
            assert_eq!(said.is_empty(), complaint.is_empty(), "{text}: {said}");
            assert!(said.contains(complaint), "{text}: {said}");
        }
    }

    #[test]
    fn addresses() {
        for (text, address) in [
            ("10.0.0.1", Some([10, 0, 0, 1])),
            ("010.0.0.1", Some([8, 0, 0, 1])),
            ("0x7f000001", Some([127, 0, 0, 1])),
            ("127.1", Some([127, 0, 0, 1])),
            ("256.0.0.1", None),
            ("1.2.3.256", None),
            ("1.2.3.4.5", None),
            ("+1.2.3.4", None),
            ("server", None),
            ("", None),
        ] {
            assert_eq!(ipv4(text.as_bytes()), address, "{text}");
        }
    }
}
