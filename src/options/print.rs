//! Option bytes as text (spec/options.md 9): the `option agent.*` lines of the lease file.

use super::enums::Enumeration;
use super::names::{name_len, name_text, unpack_name};
use super::registry::OptionDef;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest text.
const MAX_OUTPUT: usize = 32 * 1024;
/// What stands for a value that cannot be printed.
const ERROR: &[u8] = b"<error>";

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Array elements are separated by commas instead of blanks.
    pub commas: bool,
    /// Text and domain lists are quoted.
    pub quotes: bool,
}

impl Style {
    /// What the lease file has.
    pub const LEASE_FILE: Style = Style { commas: true, quotes: true };
}

/// The text of a value, and what there is to log (level error).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    pub text: Vec<u8>,
    pub complaints: Vec<String>,
}

/// One element of a format.
#[derive(Clone, Copy, Debug)]
enum Element {
    Text,
    Hex,
    Name,
    NameList,
    Enumeration(Option<&'static Enumeration>),
    Address4,
    Address6,
    Time,
    Signed(usize),
    Unsigned(usize),
    Flag,
    Nothing,
}

impl Element {
    /// Octets, if that is fixed.
    fn width(self) -> usize {
        match self {
            Element::Text | Element::Name | Element::NameList | Element::Nothing => 0,
            Element::Hex | Element::Flag => 1,
            Element::Enumeration(e) => e.map_or(1, |e| e.width.into()),
            Element::Address4 | Element::Time => 4,
            Element::Address6 => 16,
            Element::Signed(width) | Element::Unsigned(width) => width,
        }
    }
}

/// How the elements of a format repeat.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// Once; octets that are left are complained about.
    Once,
    /// Once, taking all octets.
    ToEnd,
    /// All elements repeat (`A`).
    All,
    /// The last element repeats (`a`, and hex).
    Last,
}

/// A format, read against the value it is to print.
struct Shape {
    elements: Vec<Element>,
    repeat: Repeat,
    /// Octets of one pass, and of its optional part.
    fixed: usize,
    optional: usize,
}

/// The text of an option's value.
pub fn pretty(def: &OptionDef, data: &[u8], style: Style) -> Printed {
    let mut text = Vec::new();
    let complaints = pretty_into(def, data, style, &mut text);
    Printed { text, complaints }
}

/// Appends the text of an option's value; what there is to log.
pub fn pretty_into(def: &OptionDef, data: &[u8], style: Style, out: &mut Vec<u8>) -> Vec<String> {
    let start = out.len();
    let mut printer = Printer { name: &def.name, data, at: 0, style, out, start, complaints: Vec::new() };
    let printed = printer.shape(&def.format).and_then(|shape| printer.print(&shape));
    let complaints = printer.complaints;
    if printed.is_none() {
        out.truncate(start);
        out.extend_from_slice(ERROR);
    }
    complaints
}

struct Printer<'a> {
    name: &'a str,
    data: &'a [u8],
    at: usize,
    style: Style,
    out: &'a mut Vec<u8>,
    /// Where the text starts in `out`.
    start: usize,
    complaints: Vec<String>,
}

impl Printer<'_> {
    fn complain(&mut self, text: String) -> Option<()> {
        self.complaints.push(text);
        None
    }

    /// Octets written so far.
    fn length(&self) -> usize {
        self.out.len() - self.start
    }

    /// Reads the format. `None`: not printable.
    fn shape(&mut self, format: &str) -> Option<Shape> {
        let mut shape = Shape { elements: Vec::new(), repeat: Repeat::Once, fixed: 0, optional: 0 };
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            let element = match letter {
                'A' | 'a' => {
                    shape.repeat = if letter == 'A' { Repeat::All } else { Repeat::Last };
                    if !letters.as_str().is_empty() {
                        let _ =
                            self.complain(format!("{}: Extra codes in format string: {}", self.name, letters.as_str()));
                    }
                    break;
                }
                'o' => {
                    shape.optional += shape.elements.last().map_or(0, |e| e.width());
                    continue;
                }
                'E' | 'X' if is_printable(self.data) => Element::Text,
                'E' | 'X' => Element::Hex,
                't' | 'k' => Element::Text,
                'D' => Element::NameList,
                'd' => Element::Name,
                'N' => {
                    let rest = letters.as_str();
                    let (name, after) = rest.split_once('.').unwrap_or((rest, ""));
                    letters = after.chars();
                    Element::Enumeration(Enumeration::named(name))
                }
                'I' => Element::Address4,
                '6' => Element::Address6,
                'T' => Element::Time,
                'l' => Element::Signed(4),
                's' => Element::Signed(2),
                'b' => Element::Signed(1),
                'L' => Element::Unsigned(4),
                'S' => Element::Unsigned(2),
                'B' => Element::Unsigned(1),
                'f' | 'F' => Element::Flag,
                'e' | 'Z' => Element::Nothing,
                _ => {
                    let rest = format!("{letter}{}", letters.as_str());
                    let _ = self.complain(format!("{}: garbage in format string: {rest}", self.name));
                    continue;
                }
            };
            shape.fixed += element.width();
            shape.elements.push(element);
            match element {
                Element::Name => {
                    let rest = self.data.get(shape.fixed..).unwrap_or(&[]);
                    let Ok(length) = name_len(rest) else {
                        self.complain("Invalid domain name.".into())?;
                        return None;
                    };
                    shape.fixed += length;
                }
                Element::Text | Element::NameList => {
                    shape.repeat = Repeat::ToEnd;
                    break;
                }
                Element::Hex => {
                    shape.repeat = Repeat::Last;
                    break;
                }
                _ => {}
            }
        }
        Some(shape)
    }

    /// How often the elements are printed; `None` if the value is too short for them.
    fn passes(&mut self, shape: &Shape) -> Option<usize> {
        let length = self.data.len();
        let (name, fixed) = (self.name, shape.fixed);
        if fixed.saturating_sub(shape.optional) > length {
            self.complain(format!("{name}: expecting at least {fixed} bytes; got {length}"))?;
        }
        let last = shape.elements.last().map_or(0, |e| e.width());
        let (passes, used) = match shape.repeat {
            Repeat::Once if fixed < length => {
                self.complaints.push(format!("{name}: {} extra bytes", length - fixed));
                return Some(1);
            }
            Repeat::Once | Repeat::ToEnd => return Some(1),
            Repeat::All if fixed > 0 => (length / fixed, length / fixed * fixed),
            Repeat::Last if last > 0 => {
                let more = length.saturating_sub(fixed) / last;
                (more + 1, fixed + more * last)
            }
            Repeat::All | Repeat::Last => {
                self.complain(format!("{name}: invalid array format"))?;
                return None;
            }
        };
        if used < length {
            self.complaints.push(format!("{name}: {} extra bytes at end of array", length - used));
        }
        Some(passes)
    }

    fn print(&mut self, shape: &Shape) -> Option<()> {
        let passes = self.passes(shape)?;
        let hex = matches!(shape.elements.last(), Some(Element::Hex));
        let separator = match (hex, self.style.commas) {
            (true, _) => b':',
            (false, true) => b',',
            (false, false) => b' ',
        };
        for pass in 0..passes {
            let first = if pass > 0 && shape.repeat == Repeat::Last { shape.elements.len() - 1 } else { 0 };
            let elements = shape.elements.get(first..).unwrap_or(&[]);
            for (at, element) in elements.iter().enumerate() {
                self.element(*element)?;
                if self.length() >= MAX_OUTPUT {
                    self.complain(format!("Option data exceeds maximum size {MAX_OUTPUT}"))?;
                }
                if self.at >= self.data.len() {
                    return Some(());
                }
                if at + 1 < elements.len() && !hex {
                    self.out.push(b' ');
                }
            }
            if pass + 1 < passes {
                self.out.push(separator);
            }
        }
        Some(())
    }

    /// The next octets of a fixed-width element; an absent optional one reads as zeros.
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut octets = [0; N];
        let rest = self.data.get(self.at..).unwrap_or(&[]);
        for (octet, value) in octets.iter_mut().zip(rest) {
            *octet = *value;
        }
        self.at += N;
        octets
    }

    fn number(&mut self, width: usize) -> u32 {
        match width {
            1 => u8::from_be_bytes(self.take()).into(),
            2 => u16::from_be_bytes(self.take()).into(),
            _ => u32::from_be_bytes(self.take()),
        }
    }

    fn element(&mut self, element: Element) -> Option<()> {
        let text = match element {
            Element::Text => return self.text(),
            Element::Name => return self.name(),
            Element::NameList => return self.name_list(),
            Element::Nothing => return Some(()),
            Element::Hex => format!("{:x}", self.number(1)),
            Element::Flag => (if self.number(1) != 0 { "true" } else { "false" }).into(),
            Element::Address4 => Ipv4Addr::from(self.take::<4>()).to_string(),
            Element::Address6 => Ipv6Addr::from(self.take::<16>()).to_string(),
            Element::Unsigned(width) => self.number(width).to_string(),
            Element::Time => match self.number(4) {
                u32::MAX => "infinite".into(),
                seconds => seconds.to_string(),
            },
            Element::Signed(1) => (self.number(1) as u8 as i8).to_string(),
            Element::Signed(2) => (self.number(2) as u16 as i16).to_string(),
            Element::Signed(_) => (self.number(4) as i32).to_string(),
            Element::Enumeration(enumeration) => {
                let value = self.number(enumeration.map_or(1, |e| e.width.into()));
                let word = enumeration.and_then(|e| e.word(u16::try_from(value).ok()?));
                word.map_or_else(|| value.to_string(), str::to_string)
            }
        };
        self.out.extend_from_slice(text.as_bytes());
        Some(())
    }

    fn text(&mut self) -> Option<()> {
        let rest = self.data.get(self.at..).unwrap_or(&[]);
        self.at = self.data.len();
        let quote = self.style.quotes.then_some(b'"');
        self.out.extend(quote);
        escape(rest, self.out);
        self.out.extend(quote);
        Some(())
    }

    fn name(&mut self) -> Option<()> {
        let rest = self.data.get(self.at..).unwrap_or(&[]);
        let Ok(length) = name_len(rest) else {
            return self.complain("invalid domain name.".into());
        };
        dotted(rest, self.out);
        self.at += length;
        Some(())
    }

    fn name_list(&mut self) -> Option<()> {
        while self.at < self.data.len() && self.length() < MAX_OUTPUT {
            if self.at > 0 {
                self.out.extend_from_slice(if self.style.quotes { b", " } else { b" " });
            }
            let Ok((name, consumed)) = unpack_name(self.data, self.at) else {
                self.complaints.push("Invalid domain list.".into());
                return Some(());
            };
            if self.style.quotes {
                self.out.push(b'"');
                dotted(&name, self.out);
                self.out.push(b'"');
            } else {
                self.out.extend(name_text(&name));
                self.out.push(b'.');
            }
            self.at += consumed;
        }
        Some(())
    }
}

/// True if all octets are printable ASCII, a NUL at the end aside.
fn is_printable(data: &[u8]) -> bool {
    data.strip_suffix(&[0]).unwrap_or(data).iter().all(|b| matches!(b, b' '..=b'~'))
}

/// Text as ISC escapes it: octal for what cannot be printed, a backslash before what a shell might read; a NUL at the end is
/// dropped.
pub fn escape(text: &[u8], out: &mut Vec<u8>) {
    for octet in text.strip_suffix(&[0]).unwrap_or(text) {
        match octet {
            b'"' | b'\'' | b'$' | b'`' | b'\\' | b'|' | b'&' => out.extend([b'\\', *octet]),
            b' '..=b'~' => out.push(*octet),
            _ => out.extend_from_slice(format!("\\{octet:03o}").as_bytes()),
        }
    }
}

/// Labels, each escaped and followed by a dot.
fn dotted(name: &[u8], out: &mut Vec<u8>) {
    let mut rest = name;
    while let Some((length, after)) = rest.split_first().filter(|(length, _)| **length != 0) {
        let Some((label, after)) = after.split_at_checked((*length).into()) else { return };
        escape(label, out);
        out.push(b'.');
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::registry::{OptionKey, Registry, SpaceId};
    use proptest::prelude::*;

    fn print(format: &str, data: &[u8], style: Style) -> (String, Vec<String>) {
        let def = OptionDef { key: OptionKey::dhcp(1), name: "o".into(), format: format.into() };
        let printed = pretty(&def, data, style);
        (String::from_utf8(printed.text).unwrap(), printed.complaints)
    }

    fn plain(format: &str, data: &[u8]) -> String {
        let (text, complaints) = print(format, data, Style::LEASE_FILE);
        assert_eq!(complaints, [""; 0]);
        text
    }

    /// spec/options.md 9, lines of the lease file
    #[test]
    fn agent_options_as_the_lease_file_has_them() {
        let registry = Registry::builtin();
        let line = |code, data: &[u8]| {
            let def = registry.option_coded(OptionKey { space: SpaceId::AGENT, code }).unwrap();
            let printed = pretty(def, data, Style::LEASE_FILE);
            (String::from_utf8(printed.text).unwrap(), printed.complaints)
        };
        let good = |code, data: &[u8]| {
            let (text, complaints) = line(code, data);
            assert!(complaints.is_empty());
            text
        };
        assert_eq!(good(1, b"abc"), r#""abc""#);
        assert_eq!(good(1, b"abc\0"), r#""abc""#);
        assert_eq!(good(1, b"a\"b\\c$d`e|f&g'h"), r#""a\"b\\c\$d\`e\|f\&g\'h""#);
        assert_eq!(good(1, b"ab\0c"), "61:62:0:63");
        assert_eq!(good(1, b"\0"), r#""""#);
        assert_eq!(line(3, &[1, 2, 3, 4, 5]), ("1.2.3.4".into(), vec!["agent-id: 1 extra bytes".into()]));
        assert_eq!(line(3, &[1, 2, 3]), ("<error>".into(), vec!["agent-id: expecting at least 4 bytes; got 3".into()]));
        assert_eq!(good(4, &[0, 0, 1, 0]), "256");
        assert_eq!(line(19, b"ab").0, "");
    }

    #[test]
    fn numbers_addresses_and_records() {
        assert_eq!(plain("IA", &[1, 1, 1, 1, 2, 2, 2, 2]), "1.1.1.1,2.2.2.2");
        assert_eq!(plain("IIA", &[1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]), "1.1.1.1 2.2.2.2,3.3.3.3 4.4.4.4");
        assert_eq!(plain("fIa", &[1, 1, 1, 1, 1, 2, 2, 2, 2]), "true 1.1.1.1,2.2.2.2");
        assert_eq!(print("IA", &[1, 1, 1, 1, 2, 2, 2, 2], Style { commas: false, quotes: false }).0, "1.1.1.1 2.2.2.2");
        assert_eq!(plain("bs", &[255, 255, 254]), "-1 -2");
        assert_eq!(plain("lL", &[255; 8]), "-1 4294967295");
        assert_eq!(plain("T", &[255; 4]), "infinite");
        assert_eq!(plain("Nstatus-codes.to", b"\0\x03xy"), "NoBinding \"xy\"");
        assert_eq!(plain("6", &[0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), "fd77::1");
        assert_eq!(plain("BX", &[0, 1, 0]), "0 1:0".replace(' ', ""));
    }

    #[test]
    fn names() {
        assert_eq!(plain("d", b"\x03foo\x02ex\0"), "foo.ex.");
        let list = b"\x07example\x03com\0\x03eng\xc0\0";
        assert_eq!(plain("Dc", list), r#""example.com.", "eng.example.com.""#);
        let bare = Style { commas: false, quotes: false };
        assert_eq!(print("Dc", list, bare).0, "example.com. eng.example.com.");
        assert_eq!(print("D", b"\xc0\0", bare).1, ["Invalid domain list."]);
        assert_eq!(print("d", b"\x09a", bare), ("<error>".into(), vec!["Invalid domain name.".into()]));
    }

    #[test]
    fn extra_octets_of_arrays() {
        assert_eq!(print("IA", &[1; 5], Style::LEASE_FILE).1, ["o: 1 extra bytes at end of array"]);
        assert_eq!(print("Ia", &[1; 3], Style::LEASE_FILE).1, ["o: expecting at least 4 bytes; got 3"]);
        assert_eq!(print("IA", &[], Style::LEASE_FILE).1, ["o: expecting at least 4 bytes; got 0"]);
        assert_eq!(print("X", &[0xff; 20_000], Style::LEASE_FILE).0, "<error>");
    }

    proptest! {
        #[test]
        fn any_octets_in_any_format_are_survived(data in proptest::collection::vec(any::<u8>(), 0..300), format in "[I6lLsSbBTftXkdDUZeAaoc]{0,6}") {
            let printed = pretty(
                &OptionDef { key: OptionKey::dhcp(1), name: "o".into(), format: format.into() },
                &data,
                Style::LEASE_FILE,
            );
            prop_assert!(printed.text.len() < MAX_OUTPUT + 2000);
        }
    }
}
