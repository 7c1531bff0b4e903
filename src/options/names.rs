//! Domain names in options: text to labels and back, lists, compression (spec/options.md 3.6, 18; RFC 1035 4.1.4, RFC 3397).
//!
//! A name on the wire is a run of labels, each a length octet (at most 63) and its octets, ended by a zero octet; in a
//! compressed list two octets `c0|high low` may stand for the rest of a name, an offset from the first octet of the option.

/// Octets of a name on the wire, the root label included.
pub const MAX_NAME: usize = 255;
/// Octets two lists may have together, uncompressed, to be joined.
const MAX_JOINED: usize = 32 * MAX_NAME;
/// Label starts that are kept for compression.
const MAX_RECORDS: usize = 254;
/// Offsets a pointer can hold.
const MAX_OFFSET: usize = 0x4000;
const POINTER: u8 = 0xc0;

/// A name or list cannot be read or written. ISC reports every such case as the system error EMSGSIZE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Message too long")]
pub struct NameError;

/// Labels of a name in presentation form: `\ddd` and `\x` are escapes, a last dot is optional, `.` and nothing are the root.
/// A NUL ends the text. Appends to `out`; on error nothing is appended.
pub fn parse_name(text: &[u8], out: &mut Vec<u8>) -> Result<(), NameError> {
    let start = out.len();
    let parsed = parse_labels(text, out);
    if parsed.is_err() || out.len() - start > MAX_NAME {
        out.truncate(start);
        return Err(NameError);
    }
    Ok(())
}

fn parse_labels(text: &[u8], out: &mut Vec<u8>) -> Result<(), NameError> {
    let mut octets = text.iter().copied().take_while(|b| *b != 0).peekable();
    let start = out.len();
    let mut label = out.len();
    out.push(0);
    while let Some(octet) = octets.next() {
        match octet {
            b'\\' => match octets.next() {
                Some(digit @ b'0'..=b'9') => out.push(decimal(digit, &mut octets)?),
                Some(other) => out.push(other),
                None => {}
            },
            b'.' => {
                let length = close_label(out, label)?;
                match octets.peek() {
                    // the root, or a name with its last dot
                    None if length == 0 && out.len() - start > 1 => return Err(NameError),
                    None if length == 0 => return Ok(()),
                    None => {
                        out.push(0);
                        return Ok(());
                    }
                    Some(b'.') => return Err(NameError),
                    Some(_) if length == 0 => return Err(NameError),
                    Some(_) => {
                        label = out.len();
                        out.push(0);
                    }
                }
            }
            other => out.push(other),
        }
        if out.len() - start > MAX_NAME {
            return Err(NameError);
        }
    }
    if close_label(out, label)? > 0 {
        out.push(0);
    }
    Ok(())
}

/// Fills in the length of the label that starts at `label`.
fn close_label(out: &mut [u8], label: usize) -> Result<usize, NameError> {
    let length = out.len() - label - 1;
    let octet = out.get_mut(label).filter(|_| length < 64).ok_or(NameError)?;
    *octet = length as u8;
    Ok(length)
}

/// The octet of a `\ddd`, its first digit read already.
fn decimal(first: u8, octets: &mut impl Iterator<Item = u8>) -> Result<u8, NameError> {
    let mut value = u32::from(first - b'0');
    for _ in 0..2 {
        let digit = octets.next().filter(u8::is_ascii_digit).ok_or(NameError)?;
        value = value * 10 + u32::from(digit - b'0');
    }
    u8::try_from(value).map_err(|_| NameError)
}

/// The presentation form of uncompressed labels, without a last dot; `.` for the root. Special characters
/// (`" . ; \ @ $`) get a backslash, those that cannot be printed become `\ddd`.
pub fn name_text(labels: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, label) in Labels(labels).enumerate() {
        if at > 0 {
            out.push(b'.');
        }
        for octet in label {
            match octet {
                b'"' | b'.' | b';' | b'\\' | b'@' | b'$' => out.extend([b'\\', *octet]),
                0x21..=0x7e => out.push(*octet),
                _ => out.extend_from_slice(format!("\\{octet:03}").as_bytes()),
            }
        }
    }
    if out.is_empty() {
        out.push(b'.');
    }
    out
}

/// The labels of an uncompressed name, without the root.
struct Labels<'a>(&'a [u8]);

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first().filter(|(length, _)| **length != 0)?;
        let (label, rest) = rest.split_at_checked((*length).into())?;
        self.0 = rest;
        Some(label)
    }
}

/// Octets of the uncompressed name at the start of `octets`, its root label included. A length octet of any size is taken.
pub fn name_len(octets: &[u8]) -> Result<usize, NameError> {
    let mut at = 0;
    while let Some(length) = octets.get(at) {
        at += 1;
        if *length == 0 {
            return Ok(at);
        }
        at += usize::from(*length);
    }
    Err(NameError)
}

/// The name at `start` of a list, pointers followed: its labels with the root, and the octets it takes in the list.
pub fn unpack_name(list: &[u8], start: usize) -> Result<(Vec<u8>, usize), NameError> {
    let mut name = Vec::new();
    let mut at = start;
    let mut consumed = None;
    let mut checked = 0;
    loop {
        let length = *list.get(at).ok_or(NameError)?;
        at += 1;
        match length & POINTER {
            0 if length == 0 => break,
            0 => {
                let label = list.get(at..at + usize::from(length)).ok_or(NameError)?;
                if name.len() + label.len() + 2 > MAX_NAME {
                    return Err(NameError);
                }
                name.push(length);
                name.extend_from_slice(label);
                at += label.len();
                checked += label.len() + 1;
            }
            POINTER => {
                let low = *list.get(at).ok_or(NameError)?;
                consumed.get_or_insert_with(|| at + 1 - start);
                at = usize::from(length & !POINTER) << 8 | usize::from(low);
                checked += 2;
                // as many octets as the list has were looked at: a loop
                if checked >= list.len() {
                    return Err(NameError);
                }
            }
            _ => return Err(NameError),
        }
    }
    name.push(0);
    Ok((name, consumed.unwrap_or_else(|| at - start)))
}

/// Writes names one after the other with compression pointers.
#[derive(Debug, Default)]
pub struct ListPacker {
    octets: Vec<u8>,
    records: Vec<usize>,
}

impl ListPacker {
    /// Adds a name, given as labels with the root.
    pub fn push(&mut self, labels: &[u8]) {
        let searched = self.records.len();
        let mut rest = labels;
        while let Some(&length) = rest.first() {
            if length == 0 {
                break;
            }
            if let Some(offset) = self.find(rest, searched) {
                self.octets.extend([POINTER | (offset >> 8) as u8, offset as u8]);
                return;
            }
            if self.records.len() < MAX_RECORDS && self.octets.len() < MAX_OFFSET {
                self.records.push(self.octets.len());
            }
            let (label, after) = rest.split_at(rest.len().min(usize::from(length) + 1));
            self.octets.extend_from_slice(label);
            rest = after;
        }
        self.octets.push(0);
    }

    /// The finished list.
    pub fn finish(self) -> Vec<u8> {
        self.octets
    }

    /// The first of the `searched` oldest records at which this name starts, in any case of letters.
    fn find(&self, name: &[u8], searched: usize) -> Option<usize> {
        let records = self.records.get(..searched)?;
        records
            .iter()
            .copied()
            .find(|offset| unpack_name(&self.octets, *offset).is_ok_and(|(found, _)| found.eq_ignore_ascii_case(name)))
    }
}

/// A list of names in presentation form as option bytes; with `compressed`, pointers are used (formats `Dc` and `D`).
pub fn pack_list<'a>(names: impl IntoIterator<Item = &'a [u8]>, compressed: bool) -> Result<Vec<u8>, NameError> {
    let mut plain = Vec::new();
    let mut packer = ListPacker::default();
    for name in names {
        let start = plain.len();
        parse_name(name, &mut plain)?;
        if compressed {
            packer.push(plain.get(start..).unwrap_or(&[]));
            plain.clear();
        }
    }
    Ok(if compressed { packer.finish() } else { plain })
}

/// All names of a list, pointers followed. A list that is empty or starts with the root has none.
pub fn unpack_list(list: &[u8]) -> Result<Vec<Vec<u8>>, NameError> {
    let mut names = Vec::new();
    let mut at = 0;
    if list.first() == Some(&0) {
        return Ok(names);
    }
    let mut total = 0;
    while at < list.len() {
        let (name, consumed) = unpack_name(list, at)?;
        at += consumed;
        total += name.len();
        if total > MAX_JOINED {
            return Err(NameError);
        }
        names.push(name);
    }
    Ok(names)
}

/// Two compressed lists as one (append and prepend of format `Dc`). Two empty lists give the root.
pub fn concat_lists(first: &[u8], second: &[u8]) -> Result<Vec<u8>, NameError> {
    let mut packer = ListPacker::default();
    let names = [unpack_list(first)?, unpack_list(second)?].concat();
    if names.is_empty() {
        return Ok(vec![0]);
    }
    if names.iter().map(Vec::len).sum::<usize>() > MAX_JOINED {
        return Err(NameError);
    }
    for name in &names {
        packer.push(name);
    }
    Ok(packer.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Result<Vec<u8>, NameError> {
        let mut out = Vec::new();
        parse_name(text.as_bytes(), &mut out)?;
        Ok(out)
    }

    #[test]
    fn names_in_presentation_form() {
        assert_eq!(name("foo.example.com").unwrap(), b"\x03foo\x07example\x03com\0");
        assert_eq!(name("foo.").unwrap(), b"\x03foo\0");
        assert_eq!(name(".").unwrap(), b"\0");
        assert_eq!(name("").unwrap(), b"\0");
        assert_eq!(name(r"a\.b.c\065\\").unwrap(), b"\x03a.b\x03cA\\\0");
        assert_eq!(name_text(b"\x03a.b\x02c \0"), br"a\.b.c\032");
        for wrong in ["a..b", ".a", "a..", "..", r"a\25", r"a\256", &"a".repeat(64), &"abcdefg.".repeat(32)] {
            assert_eq!(name(wrong), Err(NameError), "{wrong}");
        }
        assert!(name(&"a".repeat(63)).is_ok());
    }

    /// spec/options.md 18
    #[test]
    fn suffixes_become_pointers() {
        let names = ["example.com", "eng.example.com", "example.com", "x.org"].map(str::as_bytes);
        let packed = pack_list(names, true).unwrap();
        assert_eq!(packed, b"\x07example\x03com\0\x03eng\xc0\0\xc0\0\x01x\x03org\0");
        let unpacked: Vec<_> = unpack_list(&packed).unwrap().iter().map(|n| name_text(n)).collect();
        assert_eq!(unpacked, names);
        assert_eq!(pack_list([&b"a.b"[..], b"c.b"], false).unwrap(), b"\x01a\x01b\0\x01c\x01b\0");
    }

    /// spec/options.md 23.4 row 66
    #[test]
    fn lists_are_joined_and_compressed_anew() {
        let list = |names: &[&str]| pack_list(names.iter().map(|n| n.as_bytes()), true).unwrap();
        let appended = concat_lists(&list(&["example.com", "a.example.com"]), &list(&["b.example.com"])).unwrap();
        let joined = concat_lists(&list(&["z.org"]), &appended).unwrap();
        assert_eq!(joined, b"\x01z\x03org\0\x07example\x03com\0\x01a\xc0\x07\x01b\xc0\x07");
        assert_eq!(concat_lists(&[], &[]).unwrap(), [0]);
    }

    #[test]
    fn loops_and_overruns_fail() {
        for wrong in [&b"\xc0\0"[..], b"\x01a\xc0\0", b"\xc0\x09", b"\x05a", b"\x40", b"\x01a\xc0"] {
            assert_eq!(unpack_list(wrong), Err(NameError), "{wrong:x?}");
        }
    }

    proptest! {
        #[test]
        fn lists_round_trip(names in proptest::collection::vec("[a-c]{1,2}(\\.[a-c]{1,3}){0,3}", 1..40)) {
            let packed = pack_list(names.iter().map(|n| n.as_bytes()), true).unwrap();
            let unpacked: Vec<_> = unpack_list(&packed).unwrap().iter().map(|n| name_text(n)).collect();
            prop_assert_eq!(unpacked, names.iter().map(|n| n.as_bytes().to_vec()).collect::<Vec<_>>());
        }

        #[test]
        fn text_round_trips(labels in proptest::collection::vec(proptest::collection::vec(1u8.., 1..20), 0..5)) {
            let mut wire = Vec::new();
            for label in labels {
                wire.push(label.len() as u8);
                wire.extend(label);
            }
            wire.push(0);
            let mut again = Vec::new();
            parse_name(&name_text(&wire), &mut again).unwrap();
            prop_assert_eq!(again, wire);
        }

        #[test]
        fn any_octets_are_survived(octets in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..400) {
            let _ = unpack_list(&octets);
            let _ = parse_name(&octets, &mut Vec::new());
            let _ = concat_lists(&octets, &octets);
            let _ = name_len(&octets);
            if let Ok((_, consumed)) = unpack_name(&octets, at) {
                prop_assert!(at + consumed <= octets.len());
            }
        }
    }
}
