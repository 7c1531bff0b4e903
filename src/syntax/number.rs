//! Numbers as ISC converts them (spec/config-language.md 1.3).

/// A number's value, and ISC's complaint about it if there is one. A complaint fails the parse, but the value goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The low bits, two's complement if negative.
    pub value: u32,
    pub complaint: Option<String>,
}

/// Converts a word in a base of 10, 16 or 0 (guessed: `0x` is hexadecimal, a leading 0 octal) to 8, 16 or 32 bits.
/// Arithmetic is modulo 2^32; conversion stops at the first bad digit.
pub fn convert(text: &str, base: u32, bits: u32) -> Converted {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (base, digits) = guess(digits, base);
    let mut value: u32 = 0;
    let mut complaint = digits.is_empty().then(|| format!("Bogus number: {text}."));
    for octet in digits.bytes() {
        let digit = match octet {
            b'a'..=b'z' => u32::from(octet - b'a') + 10,
            b'A'..=b'Z' => u32::from(octet - b'A') + 10,
            b'0'..=b'9' => u32::from(octet - b'0'),
            // An underscore, beyond all digits.
            octet if octet > b'9' => u32::from(octet - b'0'),
            _ => {
                complaint = Some(format!("Bogus number: {text}."));
                break;
            }
        };
        if digit >= base {
            complaint = Some(format!("Bogus number {text}: digit {digit} not in base {base}"));
            break;
        }
        value = value.wrapping_mul(base).wrapping_add(digit);
    }
    let excess = limit(negative, bits).filter(|limit| value > *limit);
    if let Some(limit) = excess {
        complaint = Some(exceeds(value, limit, negative, base));
    }
    let value = if negative { value.wrapping_neg() } else { value };
    let value = if bits >= 32 { value } else { value & ((1 << bits) - 1) };
    Converted { value, complaint }
}

/// The base, and the digits without their prefix.
fn guess(digits: &str, base: u32) -> (u32, &str) {
    match digits.as_bytes() {
        [b'0', b'x', ..] if base == 0 => (16, &digits[2..]),
        [b'0', b'0'..=b'9', ..] if base == 0 => (8, &digits[1..]),
        _ if base == 0 => (10, digits),
        _ => (base, digits),
    }
}

/// The largest magnitude, if there is one: positive numbers may use all bits even of signed types.
fn limit(negative: bool, bits: u32) -> Option<u32> {
    match (negative, bits) {
        (false, 32) => None,
        (false, bits) => Some((1 << bits) - 1),
        (true, bits) => Some(1 << (bits - 1)),
    }
}

fn exceeds(value: u32, limit: u32, negative: bool, base: u32) -> String {
    let sign = if negative { "-" } else { "" };
    let limit = if negative && limit == 1 << 31 { "-2147483648".to_owned() } else { limit.to_string() };
    format!("{sign}{} exceeds max ({limit}) for precision.", in_base(value, base))
}

fn in_base(value: u32, base: u32) -> String {
    match base {
        8 => format!("{value:o}"),
        16 => format!("{value:x}"),
        _ => value.to_string(),
    }
}

/// C's `atoi`, which ISC uses for some numbers: decimal digits after an optional sign; the low 32 bits of a 64-bit number
/// that stops at its limits.
pub fn atoi(text: &str) -> i64 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let magnitude = digits
        .bytes()
        .take_while(u8::is_ascii_digit)
        .fold(0i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    i64::from(if negative { -magnitude } else { magnitude } as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str, base: u32, bits: u32) -> Option<String> {
        convert(text, base, bits).complaint
    }

    #[test]
    fn values() {
        for (text, base, bits, value) in [
            ("-1", 0, 8, 0xff),
            ("010", 0, 8, 8),
            ("0x1f", 0, 8, 0x1f),
            ("-2", 0, 16, 0xfffe),
            ("0xFFFF", 0, 16, 0xffff),
            ("4294967299", 0, 32, 3),
            ("-3", 0, 32, 0xffff_fffd),
            ("0", 0, 32, 0),
            ("010", 10, 8, 10),
            ("aB", 16, 8, 0xab),
        ] {
            assert_eq!(convert(text, base, bits), Converted { value, complaint: None }, "{text}");
        }
    }

    #[test]
    fn complaints() {
        assert_eq!(complaint("-", 10, 8).as_deref(), Some("Bogus number: -."));
        assert_eq!(complaint("0X10", 0, 32).as_deref(), Some("Bogus number 0X10: digit 33 not in base 10"));
        assert_eq!(complaint("08", 0, 32).as_deref(), Some("Bogus number 08: digit 8 not in base 8"));
        assert_eq!(complaint("x", 16, 8).as_deref(), Some("Bogus number x: digit 33 not in base 16"));
        assert_eq!(complaint("256", 10, 8).as_deref(), Some("256 exceeds max (255) for precision."));
        assert_eq!(complaint("abc", 16, 8).as_deref(), Some("abc exceeds max (255) for precision."));
        assert_eq!(complaint("-129", 10, 8).as_deref(), Some("-129 exceeds max (128) for precision."));
    }

    #[test]
    fn atoi_like_c() {
        assert_eq!(atoi("010"), 10);
        assert_eq!(atoi("-1"), -1);
        assert_eq!(atoi("4294967296"), 0);
        assert_eq!(atoi("99999999999"), 1215752191);
    }
}
