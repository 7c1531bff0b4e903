//! Numbers as dhcpd.conf reads them: guessed bases, bounds that overflow silently, and C's `atoi`.
//!
//! Source: spec/config-language.md 1.3, spec/options.md 3.2, spec/expressions.md 2.

/// A number and what is wrong with it. A number out of bounds still has the value of its low bits.
#[derive(Debug, PartialEq, Eq)]
pub struct Converted {
    /// Two's complement, cut to the size asked for.
    pub value: u32,
    pub complaint: Option<String>,
}

/// Reads a token as a number of `size` bits (8, 16 or 32) in `base`; base 0 guesses: `0x` 16, a leading zero 8, else 10.
pub fn convert(token: &str, base: u32, size: u32) -> Converted {
    let (negative, unsigned) = match token.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, token),
    };
    if unsigned.is_empty() {
        return Converted { value: 0, complaint: Some(format!("Bogus number: {token}.")) };
    }
    let (base, digits) = if base == 0 { guess_base(unsigned) } else { (base, unsigned) };
    let mut accumulator: u32 = 0;
    let mut complaint = None;
    for byte in digits.bytes() {
        match digit(byte) {
            None => complaint = Some(format!("Bogus number: {token}.")),
            Some(value) if value >= base => {
                complaint = Some(format!("Bogus number {token}: digit {value} not in base {base}"));
            }
            Some(value) => {
                accumulator = accumulator.wrapping_mul(base).wrapping_add(value);
                continue;
            }
        }
        break;
    }
    let complaint = complaint.or_else(|| out_of_bounds(accumulator, negative, base, size));
    let value = if negative { accumulator.wrapping_neg() } else { accumulator };
    let mask = if size >= 32 { u32::MAX } else { (1 << size) - 1 };
    Converted { value: value & mask, complaint }
}

fn guess_base(digits: &str) -> (u32, &str) {
    match digits.strip_prefix("0x") {
        Some(rest) => (16, rest),
        None if digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit() => {
            (8, &digits[1..])
        }
        None => (10, digits),
    }
}

/// The value of a digit; letters go on after 9, and any base is checked by the caller.
fn digit(byte: u8) -> Option<u32> {
    let byte = u32::from(byte);
    match byte {
        0x61.. => Some(byte - 0x61 + 10),
        0x41..=0x60 => Some(byte - 0x41 + 10),
        0x30..=0x40 => Some(byte - 0x30),
        _ => None,
    }
}

/// The limits are those of unsigned numbers above zero and of signed ones below it; above zero 32 bits have none.
fn out_of_bounds(magnitude: u32, negative: bool, base: u32, size: u32) -> Option<String> {
    let limit: i64 = match (negative, size) {
        (true, _) => 1 << (size - 1),
        (false, 32) => return None,
        (false, _) => (1 << size) - 1,
    };
    if i64::from(magnitude) <= limit {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    let written = match base {
        8 => format!("{magnitude:o}"),
        16 => format!("{magnitude:x}"),
        _ => magnitude.to_string(),
    };
    let shown = if negative && size == 32 { -limit } else { limit };
    Some(format!("{sign}{written} exceeds max ({shown}) for precision."))
}

/// C's `atoi` on a 64-bit machine: leading digits, saturated at 64 bits and then cut to 32.
pub fn atoi(text: &str) -> i32 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut value: i64 = 0;
    for digit in digits.bytes().take_while(u8::is_ascii_digit) {
        let digit = i64::from(digit - b'0');
        value = value.saturating_mul(10);
        value = if negative { value.saturating_sub(digit) } else { value.saturating_add(digit) };
    }
    value as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(token: &str, base: u32, size: u32) -> u32 {
        let converted = convert(token, base, size);
        assert_eq!(converted.complaint, None, "{token}");
        converted.value
    }

    fn bad(token: &str, base: u32, size: u32) -> String {
        convert(token, base, size).complaint.expect(token)
    }

    #[test]
    fn reads_bases_and_signs() {
        assert_eq!(good("-1", 0, 8), 0xff);
        assert_eq!(good("200", 0, 8), 0xc8);
        assert_eq!(good("010", 0, 8), 8);
        assert_eq!(good("0x1f", 0, 8), 0x1f);
        assert_eq!(good("-2", 0, 16), 0xfffe);
        assert_eq!(good("0xFFFF", 0, 16), 0xffff);
        assert_eq!(good("-3", 0, 32), 0xffff_fffd);
        assert_eq!(good("0xdeadbeef", 0, 32), 0xdead_beef);
        assert_eq!(good("4294967299", 0, 32), 3);
        assert_eq!(good("0", 0, 32), 0);
        assert_eq!(good("010", 10, 8), 10);
        assert_eq!(good("0a", 16, 8), 10);
    }

    #[test]
    fn complains_as_isc_does() {
        assert_eq!(bad("0X10", 0, 32), "Bogus number 0X10: digit 33 not in base 10");
        assert_eq!(bad("08", 0, 32), "Bogus number 08: digit 8 not in base 8");
        assert_eq!(bad("-", 0, 32), "Bogus number: -.");
        assert_eq!(bad("256", 10, 8), "256 exceeds max (255) for precision.");
        assert_eq!(bad("abc", 16, 8), "abc exceeds max (255) for precision.");
        assert_eq!(bad("v1", 16, 8), "Bogus number v1: digit 31 not in base 16");
        assert_eq!(bad("-4294967295", 0, 32), "-4294967295 exceeds max (-2147483648) for precision.");
        assert_eq!(bad("0777", 0, 8), "777 exceeds max (255) for precision.");
    }

    #[test]
    fn atoi_cuts_as_c_does() {
        assert_eq!(atoi("010"), 10);
        assert_eq!(atoi("-1"), -1);
        assert_eq!(atoi("4294967296"), 0);
        assert_eq!(atoi("99999999999"), 1_215_752_191);
        assert_eq!(atoi("3000000000"), 3_000_000_000_u32 as i32);
        assert_eq!(atoi("12ab"), 12);
        assert_eq!(atoi("99999999999999999999"), -1);
    }
}
