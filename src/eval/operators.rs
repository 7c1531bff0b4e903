//! Operators on bytes (spec/expressions.md 5). Pure.

use super::backtrack::{Program, TooLong};
use super::posix;
use regex::bytes::{Regex, RegexBuilder};
use rustc_hash::FxHashMap;
use std::cell::RefCell;

/// `substring`: empty if the offset is beyond the end.
pub fn substring(data: &[u8], offset: u64, length: u64) -> &[u8] {
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
    let rest = data.get(from..).unwrap_or(&[]);
    rest.get(..usize::try_from(length).unwrap_or(usize::MAX)).unwrap_or(rest)
}

/// `suffix`
pub fn suffix(data: &[u8], length: u64) -> &[u8] {
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(data.len());
    data.get(data.len() - length..).unwrap_or(data)
}

/// `reverse`; `None` if the length is no multiple of the width.
pub fn reverse(data: &[u8], width: u64) -> Option<Vec<u8>> {
    let width = usize::try_from(width).ok().filter(|width| *width > 0)?;
    if !data.len().is_multiple_of(width) {
        return None;
    }
    Some(data.chunks(width).rev().flatten().copied().collect())
}

/// Why `binary-to-ascii` has no value; `Display` is ISC's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AsciiError {
    #[error("binary_to_ascii: invalid width {0}!")]
    Width(u64),
    #[error("binary-to-ascii: length of buffer {0} not a multiple of width {1}!")]
    Length(usize, usize),
    /// ISC dies of it.
    #[error("binary-to-ascii: invalid base 0!")]
    Base,
}

/// `binary-to-ascii`: groups of `width` bits as numbers.
pub fn binary_to_ascii(
    base: u64,
    width: u64,
    separator: &[u8],
    data: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), AsciiError> {
    let octets = match width {
        8 => 1,
        16 => 2,
        32 => 4,
        _ => return Err(AsciiError::Width(width)),
    };
    if !data.len().is_multiple_of(octets) {
        return Err(AsciiError::Length(data.len(), octets));
    }
    if base == 0 {
        return Err(AsciiError::Base);
    }
    for (at, group) in data.chunks(octets).enumerate() {
        if at > 0 {
            out.extend_from_slice(separator);
        }
        let number = group.iter().fold(0, |n, octet| n << 8 | u32::from(*octet));
        digits(number, base, out);
    }
    Ok(())
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// A number with as many digits as ISC thinks it has: one too many from 1410065408 up in base 10. No digits above base 16.
fn digits(number: u32, base: u64, out: &mut Vec<u8>) {
    let Ok(base @ 1..=16) = u32::try_from(base) else { return };
    let start = out.len();
    let mut rest = number;
    for _ in 0..digit_count(number, base) {
        out.push(DIGITS[(rest % base) as usize]);
        rest /= base;
    }
    out[start..].reverse();
}

fn digit_count(number: u32, base: u32) -> u32 {
    let (mut count, mut column) = (1, base);
    while number >= column {
        count += 1;
        let next = column.wrapping_mul(base);
        if next <= column {
            break;
        }
        column = next;
    }
    count
}

/// `extract-int`; an empty value gives 0 for 8 bits.
pub fn extract_int(data: &[u8], bits: u8) -> Option<u64> {
    match bits {
        8 => Some(u64::from(data.first().copied().unwrap_or(0))),
        16 => data.first_chunk().map(|octets| u64::from(u16::from_be_bytes(*octets))),
        _ => data.first_chunk().map(|octets| u64::from(u32::from_be_bytes(*octets))),
    }
}

/// `encode-int`
pub fn encode_int(number: u64, bits: u8, out: &mut Vec<u8>) {
    match bits {
        8 => out.push(number as u8),
        16 => out.extend_from_slice(&(number as u16).to_be_bytes()),
        _ => out.extend_from_slice(&(number as u32).to_be_bytes()),
    }
}

/// The longest program a pattern may become, in bytes.
const PATTERN_LIMIT: usize = 1 << 20;
/// Constant patterns kept ready: as many as configurations have, over some reloads.
const CONSTANTS_KEPT: usize = 1 << 16;
/// Patterns computed from packets kept ready.
const COMPUTED_KEPT: usize = 64;

/// A pattern made ready.
enum Matcher {
    Regex(Regex),
    /// With references to groups.
    Program(Program),
}

impl Matcher {
    fn new(pattern: &[u8], ignore_case: bool) -> Option<Matcher> {
        let pattern = posix::parse(pattern)?;
        if pattern.has_references {
            return Program::new(&pattern, ignore_case).map(Matcher::Program);
        }
        let regex = RegexBuilder::new(&posix::translate(&pattern))
            .unicode(false)
            .case_insensitive(ignore_case)
            .dot_matches_new_line(true)
            .size_limit(PATTERN_LIMIT)
            .dfa_size_limit(PATTERN_LIMIT)
            .build();
        regex.ok().map(Matcher::Regex)
    }

    fn is_match(&self, data: &[u8]) -> Result<bool, TooLong> {
        match self {
            Matcher::Regex(regex) => Ok(regex.is_match(data)),
            Matcher::Program(program) => program.is_match(data),
        }
    }
}

/// Patterns made ready; an invalid one is `None`.
type Patterns = FxHashMap<Box<[u8]>, Option<Matcher>>;

thread_local! {
    /// Computed and constant ones, each with regard to case and without.
    static PATTERNS: RefCell<[Patterns; 4]> = RefCell::default();
}

/// `~=` and `~~`: does the pattern match somewhere in the data, up to its first NUL? An invalid pattern does not.
/// `constant`: the pattern is from the configuration as it is. An error if it takes too many steps to find out, which is
/// possible with references to groups only.
pub fn matches(data: &[u8], pattern: &[u8], ignore_case: bool, constant: bool) -> Result<bool, TooLong> {
    let (data, pattern) = (until_nul(data), until_nul(pattern));
    let decide = |matcher: &Option<Matcher>| matcher.as_ref().map_or(Ok(false), |matcher| matcher.is_match(data));
    PATTERNS.with_borrow_mut(|all| {
        let patterns = &mut all[usize::from(constant) * 2 + usize::from(ignore_case)];
        if let Some(matcher) = patterns.get(pattern) {
            return decide(matcher);
        }
        if patterns.len() >= if constant { CONSTANTS_KEPT } else { COMPUTED_KEPT } {
            patterns.clear();
        }
        let matcher = Matcher::new(pattern, ignore_case);
        let found = decide(&matcher);
        patterns.insert(pattern.into(), matcher);
        found
    })
}

/// What comes before the first NUL.
pub fn until_nul(data: &[u8]) -> &[u8] {
    data.split(|octet| *octet == 0).next().unwrap_or(data)
}

/// True if the octets can stand between quotes as they are.
pub fn printable(octets: &[u8]) -> bool {
    octets.iter().all(|octet| (0x20..0x7f).contains(octet) && !matches!(octet, b'"' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascii(base: u64, width: u64, separator: &str, data: &[u8]) -> Result<String, AsciiError> {
        let mut out = Vec::new();
        binary_to_ascii(base, width, separator.as_bytes(), data, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    /// spec/expressions.md 16.1 rows 9 to 14.
    #[test]
    fn prints_numbers() {
        let data = [0x0a, 0xff, 0, 0x64];
        assert_eq!(ascii(10, 8, ".", &data).unwrap(), "10.255.0.100");
        assert_eq!(ascii(16, 8, ":", &data).unwrap(), "a:ff:0:64");
        assert_eq!(ascii(8, 8, "-", &data).unwrap(), "12-377-0-144");
        assert_eq!(ascii(16, 16, ":", &[0, 10, 1, 2]).unwrap(), "a:102");
        assert_eq!(ascii(16, 32, ":", &[0, 10, 1, 2]).unwrap(), "a0102");
        assert_eq!(ascii(2, 8, ",", &[5, 0x80]).unwrap(), "101,10000000");
        assert_eq!(ascii(3, 8, ":", &[0x1a, 2]).unwrap(), "222:2");
        assert_eq!(ascii(17, 8, ":", &[1, 2]).unwrap(), ":");
        assert_eq!(ascii(1, 8, "", &[1, 2]).unwrap(), "0000");
        assert_eq!(ascii(7, 32, " ", &[255; 4]).unwrap(), "211301422353");
        assert_eq!(ascii(8, 32, " ", &[255; 4]).unwrap(), "37777777777");
        assert_eq!(ascii(10, 32, "", &1410065408u32.to_be_bytes()).unwrap(), "01410065408");
        assert_eq!(ascii(10, 32, "", &1410065407u32.to_be_bytes()).unwrap(), "1410065407");
        assert_eq!(
            ascii(10, 16, "", &[1, 2, 3]).unwrap_err().to_string(),
            "binary-to-ascii: length of buffer 3 not a multiple of width 2!"
        );
        assert_eq!(ascii(10, 24, "", &[1, 2, 3]).unwrap_err().to_string(), "binary_to_ascii: invalid width 24!");
        assert!(ascii(0, 8, "", &[1]).is_err());
    }

    #[test]
    fn cuts_and_reverses() {
        assert_eq!(substring(b"abcdef", 4, 30), b"ef");
        assert_eq!(substring(b"abc", 1, u64::MAX), b"bc");
        assert_eq!(substring(b"abc", u64::MAX, 2), b"");
        assert_eq!(suffix(b"ab", 5), b"ab");
        assert_eq!(suffix(b"abc", u64::MAX), b"abc");
        assert_eq!(suffix(b"abc", 0), b"");
        assert_eq!(reverse(b"abcd", 2).unwrap(), b"cdab");
        assert_eq!(reverse(b"abc", 2), None);
        assert_eq!(reverse(b"abc", 0), None);
    }

    /// spec/expressions.md 16.3 row 38.
    #[test]
    fn searches() {
        assert_eq!(matches(b"Host", b"^h", false, true), Ok(false));
        assert_eq!(matches(b"Host", b"^h", true, true), Ok(true));
        assert_eq!(matches(b"Host", b"(", false, true), Ok(false));
        assert_eq!(matches(b"ab\0c", b"c", false, true), Ok(false));
        assert_eq!(matches(b"\xff", b"\xff", false, true), Ok(true));
    }
}
