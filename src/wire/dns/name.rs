//! Domain names (RFC 1035, 3.1 and 5.1).
//!
//! In text: labels with dots between, `\X` stands for X, `\DDD` for the octet of that decimal number; a final dot changes
//! nothing. On the wire: labels with their lengths before them, then an octet 0.

use std::fmt;

/// The longest name on the wire, in octets.
pub const MAX_NAME: usize = 255;
const MAX_LABEL: usize = 63;
/// The first two bits of a pointer.
const POINTER: u8 = 0xc0;

/// Why a text is no name; `Display` is the text that ISC's log lines end in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("empty label")]
    EmptyLabel,
    #[error("label too long")]
    LongLabel,
    #[error("bad escape")]
    BadEscape,
    #[error("ran out of space")]
    LongName,
    #[error("unexpected end of input")]
    End,
}

/// An absolute name: its labels on the wire, with the final 0, in the case it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(Box<[u8]>);

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

/// Collects labels.
#[derive(Default)]
struct Builder {
    wire: Vec<u8>,
}

impl Builder {
    fn label(&mut self, label: &[u8]) -> Result<(), NameError> {
        if label.len() > MAX_LABEL {
            return Err(NameError::LongLabel);
        }
        if self.wire.len() + label.len() + 2 > MAX_NAME {
            return Err(NameError::LongName);
        }
        self.wire.push(label.len() as u8);
        self.wire.extend_from_slice(label);
        Ok(())
    }

    fn finish(mut self) -> Name {
        self.wire.push(0);
        Name(self.wire.into())
    }
}

/// The octet that an escape stands for; `rest` begins behind the backslash and is moved behind the escape.
fn unescape(rest: &mut &[u8]) -> Result<u8, NameError> {
    let (&first, after) = rest.split_first().ok_or(NameError::End)?;
    if !first.is_ascii_digit() {
        *rest = after;
        return Ok(first);
    }
    let (digits, after) = rest.split_at_checked(3).ok_or(NameError::End)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(NameError::BadEscape);
    }
    let value = digits.iter().fold(0, |value: u16, digit| value * 10 + u16::from(digit - b'0'));
    *rest = after;
    u8::try_from(value).map_err(|_| NameError::BadEscape)
}

impl Name {
    /// The root.
    pub fn root() -> Name {
        Builder::default().finish()
    }

    /// Reads a text; a name without a final dot is absolute too.
    pub fn from_text(text: &[u8]) -> Result<Name, NameError> {
        if text == b"." || text == b"@" {
            return Ok(Name::root());
        }
        // Most names have neither escapes nor a final dot: then this is their length on the wire.
        let mut builder = Builder { wire: Vec::with_capacity((text.len() + 2).min(MAX_NAME)) };
        let (mut label, mut rest) = (Vec::with_capacity(text.len().min(MAX_LABEL)), text);
        if rest.is_empty() {
            return Err(NameError::End);
        }
        while let Some((&octet, after)) = rest.split_first() {
            rest = after;
            match octet {
                b'.' if label.is_empty() => return Err(NameError::EmptyLabel),
                b'.' => {
                    builder.label(&label)?;
                    label.clear();
                }
                b'\\' => label.push(unescape(&mut rest)?),
                octet => label.push(octet),
            }
            if label.len() > MAX_LABEL {
                return Err(NameError::LongLabel);
            }
        }
        if !label.is_empty() {
            builder.label(&label)?;
        }
        Ok(builder.finish())
    }

    /// Reads the name at `at` of a message and moves `at` behind it; pointers must lead backwards. `None` if it is malformed.
    pub fn parse(message: &[u8], at: &mut usize) -> Option<Name> {
        let mut builder = Builder::default();
        let (mut here, mut limit) = (*at, message.len());
        let mut jumped = false;
        loop {
            let &length = message.get(..limit)?.get(here)?;
            here += 1;
            match length & POINTER {
                0 if length == 0 => break,
                0 => {
                    let label = message.get(here..here + usize::from(length))?;
                    builder.label(label).ok()?;
                    here += label.len();
                }
                POINTER => {
                    let target = usize::from(length & !POINTER) << 8 | usize::from(*message.get(here)?);
                    let before = here - 1;
                    if !jumped {
                        *at = here + 1;
                    }
                    jumped = true;
                    if target >= before {
                        return None;
                    }
                    // Each jump leads in front of the last one, so that they end.
                    (here, limit) = (target, before);
                }
                _ => return None,
            }
        }
        if !jumped {
            *at = here;
        }
        Some(builder.finish())
    }

    /// The labels on the wire, uncompressed, with the final 0.
    pub fn wire(&self) -> &[u8] {
        &self.0
    }

    /// The same name in small letters.
    pub fn lower(&self) -> Name {
        // Lengths are below any letter.
        Name(self.0.to_ascii_lowercase().into())
    }

    /// True for the name without labels.
    pub fn is_root(&self) -> bool {
        self.0.len() <= 1
    }

    /// The name without its first label; `None` for the root.
    pub fn parent(&self) -> Option<Name> {
        let length = usize::from(*self.0.first()?);
        let rest = self.0.get(length + 1..)?;
        (length > 0).then(|| Name(rest.into()))
    }

    /// Equal without regard to case.
    pub fn matches(&self, other: &Name) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// True if the other name is this one or above it.
    pub fn is_at_or_below(&self, other: &Name) -> bool {
        let mut here = Some(self.clone());
        while let Some(name) = here {
            if name.matches(other) {
                return true;
            }
            here = name.parent();
        }
        false
    }
}

impl fmt::Display for Name {
    /// With a final dot; octets that are not printable as `\DDD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = &self.0[..];
        if self.is_root() {
            return f.write_str(".");
        }
        while let Some((&length, after)) = rest.split_first() {
            let Some((label, after)) = after.split_at_checked(usize::from(length)).filter(|_| length > 0) else {
                break;
            };
            for octet in label {
                match octet {
                    b'"' | b'(' | b')' | b'.' | b';' | b'\\' | b'@' | b'$' => write!(f, "\\{}", char::from(*octet))?,
                    0x21..=0x7e => write!(f, "{}", char::from(*octet))?,
                    _ => write!(f, "\\{octet:03}")?,
                }
            }
            f.write_str(".")?;
            rest = after;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// spec/ddns.md 6
    #[test]
    fn texts() {
        let wire = |text: &str| Name::from_text(text.as_bytes()).map(|name| name.wire().to_vec());
        assert_eq!(wire("alpha.example.org").unwrap(), b"\x05alpha\x07example\x03org\0");
        assert_eq!(wire("Org.").unwrap(), b"\x03Org\0");
        assert_eq!(wire(r"ba\ck").unwrap(), b"\x04back\0");
        assert_eq!(wire(r"de\100c").unwrap(), b"\x04dedc\0");
        assert_eq!(wire("a..b"), Err(NameError::EmptyLabel));
        assert_eq!(wire(".b"), Err(NameError::EmptyLabel));
        assert_eq!(wire(&"a".repeat(64)), Err(NameError::LongLabel));
        assert_eq!(wire(r"a\9"), Err(NameError::End));
        assert_eq!(wire(r"a\999"), Err(NameError::BadEscape));
        assert_eq!(wire(&"abcdefg.".repeat(32)), Err(NameError::LongName));
        assert_eq!(NameError::EmptyLabel.to_string(), "empty label");
    }

    #[test]
    fn relations() {
        let name = |text: &str| Name::from_text(text.as_bytes()).unwrap();
        assert!(name("a.B.org").is_at_or_below(&name("b.ORG.")));
        assert!(!name("a.b.org").is_at_or_below(&name("c.org")));
        assert_eq!(name("a.b").parent(), Some(name("b")));
        assert_eq!(Name::root().parent(), None);
        assert_eq!(name("A.b").lower().to_string(), "a.b.");
    }

    #[test]
    fn pointers_lead_backwards() {
        let message = b"\x01a\0\x01b\xc0\x00\xc0\x07";
        let mut at = 3;
        assert_eq!(Name::parse(message, &mut at).unwrap().to_string(), "b.a.");
        assert_eq!(at, 7);
        assert_eq!(Name::parse(message, &mut 7), None);
        assert_eq!(Name::parse(b"\x40", &mut 0), None);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 1..6)) {
            let mut builder = Builder::default();
            for label in &labels {
                builder.label(label).unwrap();
            }
            let name = builder.finish();
            prop_assert_eq!(Name::from_text(name.to_string().as_bytes()), Ok(name.clone()));
            prop_assert_eq!(Name::parse(name.wire(), &mut 0), Some(name));
        }

        #[test]
        fn nothing_panics(octets in prop::collection::vec(any::<u8>(), 0..300), at in 0_usize..300) {
            let _ = Name::from_text(&octets);
            let _ = Name::parse(&octets, &mut { at });
        }
    }
}
