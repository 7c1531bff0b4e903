//! How values look in the lease file (spec/leases-file.md 5 and 6).
//!
//! | value | text |
//! | --- | --- |
//! | date | `<weekday> YYYY/MM/DD HH:MM:SS;` in UTC, `epoch <n>; # <local time>`, or `never;` |
//! | quoted | printable ASCII as is, `"` and `\` after a `\`, everything else `\ooo` |
//! | hex | `xx:xx:...`, two lower-case digits each |
//! | short hex | the same without leading zeros |

use crate::wire::units::Timestamp;
use std::io::Write;

const HEX: &[u8; 16] = b"0123456789abcdef";
const SECONDS_A_DAY: u32 = 86_400;

/// Decimal digits of a number.
pub fn number(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = value;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Two decimal digits.
fn two(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&[b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8]);
}

/// Year, month (from 1) and day (from 1) of a day counted from 1970-01-01, in the Gregorian calendar.
pub fn civil(days: u32) -> (u32, u32, u32) {
    // Years that begin in March put the leap day last; eras of 400 years all have 146097 days.
    let from_march_0000 = days + 719_468;
    let era = from_march_0000 / 146_097;
    let day_of_era = from_march_0000 % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u32::from(month <= 2), month, day)
}

/// A date with its semicolon.
pub fn date(out: &mut Vec<u8>, at: Timestamp, local: bool) {
    if at == Timestamp::NEVER {
        out.extend_from_slice(b"never;");
    } else if local {
        local_date(out, at);
    } else {
        let (days, seconds) = (at.0 / SECONDS_A_DAY, at.0 % SECONDS_A_DAY);
        let (year, month, day) = civil(days);
        // 1970-01-01 was a Thursday.
        number(out, u64::from((days + 4) % 7));
        out.push(b' ');
        number(out, u64::from(year));
        out.push(b'/');
        two(out, month);
        out.push(b'/');
        two(out, day);
        out.push(b' ');
        two(out, seconds / 3600);
        out.push(b':');
        two(out, seconds / 60 % 60);
        out.push(b':');
        two(out, seconds % 60);
        out.push(b';');
    }
}

fn local_date(out: &mut Vec<u8>, at: Timestamp) {
    use chrono::TimeZone;
    out.extend_from_slice(b"epoch ");
    number(out, u64::from(at.0));
    out.push(b';');
    if let Some(time) = chrono::Local.timestamp_opt(i64::from(at.0), 0).single() {
        // Writing to memory cannot fail.
        let _ = write!(out, " # {}", time.format("%a %b %d %H:%M:%S %Y"));
    }
}

/// Octets between quotes, so that they read back whatever they are.
pub fn quoted(out: &mut Vec<u8>, octets: &[u8]) {
    out.push(b'"');
    for octet in octets {
        match octet {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *octet]),
            b' '..=b'~' => out.push(*octet),
            _ => out.extend_from_slice(&[b'\\', b'0' + (octet >> 6), b'0' + (octet >> 3 & 7), b'0' + (octet & 7)]),
        }
    }
    out.push(b'"');
}

/// A name of the configuration, whose characters stand for octets, between quotes.
pub fn quoted_name(out: &mut Vec<u8>, name: &str) {
    if name.is_ascii() {
        quoted(out, name.as_bytes());
    } else {
        quoted(out, &latin1(name));
    }
}

/// True if a name is one word to the reader of the lease file: it needs no quotes.
pub fn is_word(name: &str) -> bool {
    let word = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    name.bytes().all(word) && name.bytes().any(|octet| !octet.is_ascii_digit())
}

/// A name as it is, or between quotes if it would not read back as one word.
pub fn word_or_quoted(out: &mut Vec<u8>, name: &str) {
    if is_word(name) {
        out.extend_from_slice(name.as_bytes());
    } else {
        quoted_name(out, name);
    }
}

/// The octets of a name of the configuration, whose characters stand for octets.
pub fn latin1(name: &str) -> Vec<u8> {
    name.chars().map(|character| character as u32 as u8).collect()
}

/// The name of those octets.
pub fn from_latin1(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

/// Octets as a hex list of two digits each.
pub fn hex(out: &mut Vec<u8>, octets: &[u8]) {
    for (i, octet) in octets.iter().enumerate() {
        if i > 0 {
            out.push(b':');
        }
        out.extend_from_slice(&[HEX[usize::from(octet >> 4)], HEX[usize::from(octet & 15)]]);
    }
}

/// True if every octet is printable ASCII and none needs an escape between quotes.
pub fn is_plain(octets: &[u8]) -> bool {
    octets.iter().all(|octet| matches!(octet, b' '..=b'~') && !matches!(octet, b'"' | b'\\'))
}

/// Data that ISC writes between quotes without escaping it: quoted if it reads back that way, else as a hex list.
/// (ISC quotes `"` and `\` too, and then cannot read its own file: spec/leases-file.md 23.)
pub fn plain_or_hex(out: &mut Vec<u8>, octets: &[u8]) {
    if is_plain(octets) {
        out.push(b'"');
        out.extend_from_slice(octets);
        out.push(b'"');
    } else {
        hex(out, octets);
    }
}

/// Client identifiers, the server's DUID and IA keys: by the global `lease-id-format`.
pub fn identifier(out: &mut Vec<u8>, octets: &[u8], as_hex: bool) {
    if as_hex {
        hex(out, octets);
    } else {
        quoted(out, octets);
    }
}

/// `<type> <octets>` of a hardware address; of one without octets, the type and a space.
pub fn hardware(out: &mut Vec<u8>, htype: u8, address: &[u8]) {
    match htype {
        1 => out.extend_from_slice(b"ethernet"),
        6 => out.extend_from_slice(b"token-ring"),
        8 => out.extend_from_slice(b"fddi"),
        32 => out.extend_from_slice(b"infiniband"),
        other => {
            out.extend_from_slice(b"unknown-");
            number(out, u64::from(other));
        }
    }
    out.push(b' ');
    hex(out, address);
}

/// An IPv4 address.
pub fn address(out: &mut Vec<u8>, address: std::net::Ipv4Addr) {
    for (i, octet) in address.octets().into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        number(out, u64::from(octet));
    }
}
