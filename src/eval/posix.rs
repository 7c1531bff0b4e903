//! POSIX extended regular expressions, as the C library reads them, written in the syntax of the `regex` crate
//! (spec/expressions.md 4).
//!
//! | written | means |
//! | --- | --- |
//! | `[...]` | one octet of a set; a backslash in it is itself; `[:alpha:]` and the like are ASCII |
//! | `*` `+` `?` `{n}` `{n,}` `{,m}` `{n,m}` | repetition; there is no lazy one: `a+?` is `(a+)?` |
//! | `\w` `\W` `\s` `\S` `\b` `\B` `\<` `\>` `` \` `` `\'` | extensions of the C library |
//! | `\` and any other character | that character: `\d` is the letter d |
//!
//! References to groups (`\1`) cannot be had in bounded time, and make the expression invalid.

use std::fmt::Write;

/// The most repetitions that can be asked for.
const MOST_REPEATS: u32 = 0x7fff;
/// The deepest nesting of groups.
const DEEPEST: usize = 64;

/// The longest expression.
const LONGEST: usize = 4096;

/// The expression in the other syntax; `None` if it is invalid.
pub fn translate(pattern: &[u8]) -> Option<String> {
    if pattern.len() > LONGEST {
        return None;
    }
    let mut translation =
        Translation { rest: pattern, out: String::with_capacity(pattern.len() + 8), groups: Vec::new() };
    translation.run()?;
    translation.groups.is_empty().then_some(translation.out)
}

struct Translation<'p> {
    rest: &'p [u8],
    out: String,
    /// Where in the output each open group begins.
    groups: Vec<usize>,
}

impl Translation<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn run(&mut self) -> Option<()> {
        // Where what a repetition would repeat begins; `None` if there is nothing to repeat.
        let mut atom = None;
        while let Some(octet) = self.next() {
            let start = self.out.len();
            match octet {
                b'*' | b'+' | b'?' | b'{' => self.repeat(octet, atom?)?,
                b'(' => {
                    if self.groups.len() >= DEEPEST {
                        return None;
                    }
                    self.groups.push(start);
                    self.out.push_str("(?:");
                    atom = None;
                }
                b')' if !self.groups.is_empty() => {
                    self.out.push(')');
                    atom = self.groups.pop();
                }
                b'|' | b'^' | b'$' => {
                    self.out.push(char::from(octet));
                    atom = None;
                }
                b'\\' => atom = self.escaped()?.then_some(start),
                b'[' => {
                    self.set()?;
                    atom = Some(start);
                }
                b'.' => {
                    self.out.push('.');
                    atom = Some(start);
                }
                octet => {
                    self.octet(octet);
                    atom = Some(start);
                }
            }
        }
        Some(())
    }

    /// An octet that stands for itself.
    fn octet(&mut self, octet: u8) {
        if octet.is_ascii_alphanumeric() {
            self.out.push(char::from(octet));
        } else {
            // Writing to memory cannot fail.
            let _ = write!(self.out, "\\x{octet:02x}");
        }
    }

    /// What follows a backslash; false if it cannot be repeated.
    fn escaped(&mut self) -> Option<bool> {
        let octet = self.next()?;
        let (text, is_atom) = match octet {
            b'1'..=b'9' => return None,
            b'w' => ("[0-9A-Za-z_]", true),
            b'W' => ("[^0-9A-Za-z_]", true),
            b's' => (r"[\x09-\x0d ]", true),
            b'S' => (r"[^\x09-\x0d ]", true),
            b'b' => (r"\b", false),
            b'B' => (r"\B", false),
            b'<' => (r"\b{start}", false),
            b'>' => (r"\b{end}", false),
            b'`' => (r"\A", false),
            b'\'' => (r"\z", false),
            other => {
                self.octet(other);
                return Some(true);
            }
        };
        self.out.push_str(text);
        Some(is_atom)
    }

    /// A repetition of what begins at `start` in the output.
    fn repeat(&mut self, operator: u8, start: usize) -> Option<()> {
        self.out.insert_str(start, "(?:");
        self.out.push(')');
        if operator == b'{' {
            self.interval()?;
        } else {
            self.out.push(char::from(operator));
        }
        // In a group of its own, so that a following `?` does not make it lazy.
        self.out.insert_str(start, "(?:");
        self.out.push(')');
        Some(())
    }

    fn interval(&mut self) -> Option<()> {
        let low = self.number()?;
        let (low, high) = match self.next()? {
            b'}' => (low?, low),
            b',' => {
                let high = self.number()?;
                if self.next()? != b'}' {
                    return None;
                }
                (low.unwrap_or(0), high)
            }
            _ => return None,
        };
        match high {
            Some(high) if low <= high => {
                let _ = write!(self.out, "{{{low},{high}}}");
            }
            Some(_) => return None,
            None => {
                let _ = write!(self.out, "{{{low},}}");
            }
        }
        Some(())
    }

    /// Digits, if there are any; the outer `None` is a number that is too large.
    fn number(&mut self) -> Option<Option<u32>> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.rest.first() {
            self.rest = &self.rest[1..];
            let value = number.unwrap_or(0) * 10 + u32::from(digit - b'0');
            if value > MOST_REPEATS {
                return None;
            }
            number = Some(value);
        }
        Some(number)
    }

    /// A set of octets, after its bracket.
    fn set(&mut self) -> Option<()> {
        let negated = self.rest.first() == Some(&b'^');
        if negated {
            self.next();
        }
        let mut members = [false; 256];
        let mut first = true;
        loop {
            let low = match self.member(first)? {
                Member::End => break,
                Member::Class(is_member) => {
                    (0..=127_u8).filter(is_member).for_each(|octet| members[usize::from(octet)] = true);
                    first = false;
                    continue;
                }
                Member::Octet(octet) => octet,
            };
            first = false;
            let is_range = matches!(self.rest, [b'-', next, ..] if *next != b']');
            let high = if is_range {
                self.next();
                match self.member(false)? {
                    Member::Octet(high) if low <= high => high,
                    _ => return None,
                }
            } else {
                low
            };
            (low..=high).for_each(|octet| members[usize::from(octet)] = true);
        }
        self.out.push_str(if negated { "[^" } else { "[" });
        for (octet, _) in members.iter().enumerate().filter(|(_, is_member)| **is_member) {
            let _ = write!(self.out, "\\x{octet:02x}");
        }
        self.out.push(']');
        Some(())
    }

    /// One member of a set, or its end. A bracket that comes first is a member.
    fn member(&mut self, first: bool) -> Option<Member> {
        match self.next()? {
            b']' if !first => Some(Member::End),
            b'[' => match self.rest.first() {
                Some(kind @ (b':' | b'.' | b'=')) => {
                    let kind = *kind;
                    self.next();
                    self.named(kind)
                }
                _ => Some(Member::Octet(b'[')),
            },
            octet => Some(Member::Octet(octet)),
        }
    }

    /// `[:name:]`, `[.x.]` or `[=x=]`, after its opening.
    fn named(&mut self, kind: u8) -> Option<Member> {
        let end = self.rest.windows(2).position(|two| two == [kind, b']'])?;
        let name = &self.rest[..end];
        self.rest = &self.rest[end + 2..];
        match (kind, name) {
            (b':', name) => CLASSES.iter().find(|(known, _)| *known == name).map(|(_, class)| Member::Class(*class)),
            (_, [octet]) => Some(Member::Octet(*octet)),
            _ => None,
        }
    }
}

enum Member {
    Octet(u8),
    Class(IsMember),
    End,
}

type IsMember = fn(&u8) -> bool;

/// The named sets, in the C locale.
const CLASSES: &[(&[u8], IsMember)] = &[
    (b"alnum", u8::is_ascii_alphanumeric),
    (b"alpha", u8::is_ascii_alphabetic),
    (b"blank", |octet| matches!(octet, b' ' | b'\t')),
    (b"cntrl", u8::is_ascii_control),
    (b"digit", u8::is_ascii_digit),
    (b"graph", u8::is_ascii_graphic),
    (b"lower", u8::is_ascii_lowercase),
    (b"print", |octet| matches!(octet, b' '..=b'~')),
    (b"punct", u8::is_ascii_punctuation),
    (b"space", |octet| matches!(octet, b'\t'..=b'\r' | b' ')),
    (b"upper", u8::is_ascii_uppercase),
    (b"xdigit", u8::is_ascii_hexdigit),
];

#[cfg(test)]
mod tests {
    use crate::eval::operators::matches;
    use proptest::prelude::*;

    /// Held against `grep -E` and regcomp(3) of the C library.
    #[test]
    fn means_what_the_c_library_means() {
        let table: &[(&str, &str, bool)] = &[
            ("^[[:alpha:]]+$", "abc", true),
            ("^[[:alpha:]]+$", "ab1", false),
            ("^[]a]+$", "a]", true),
            ("^[^]a]+$", "xyz", true),
            ("^[^]a]+$", "x]z", false),
            (r"^[\d]$", "d", true),
            (r"^[\d]$", r"\", true),
            (r"^[\d]$", "1", false),
            (r"^\d$", "1", false),
            (r"^\d$", "d", true),
            (r"^\w+\s\w+$", "ab cd", true),
            (r"\<cd\>", "ab cd", true),
            (r"\<d", "ab cd", false),
            ("^a+?$", "", true),
            ("^(ab){2,3}$", "ababab", true),
            ("^(ab){2,3}$", "ab", false),
            ("^a{,2}$", "aa", true),
            ("^a{,2}$", "aaa", false),
            ("^a{2}$", "aa", true),
            ("a{2", "aa", false),
            ("a{x}", "a{x}", false),
            ("a}", "a}", true),
            ("a)", "a)", true),
            ("(a", "a", false),
            ("*a", "a", false),
            ("^*", "*", false),
            ("(?:a)", "a", false),
            ("a|*b", "b", false),
            ("x|", "", true),
            ("^()$", "", true),
            ("[b-a]", "b", false),
            ("[a", "a", false),
            ("a\\", "a", false),
            (r"(a)\1", "aa", false),
            ("[[.-.]x]", "-", true),
            ("[[:no:]]", "n", false),
            ("[a-]", "-", true),
            ("[%--]", "-", true),
            (r"a\.b", "a.b", true),
            (r"a\.b", "axb", false),
            ("a.b", "a\nb", true),
            ("a&&b", "a&&b", true),
            ("[a&&b]", "&", true),
            ("#a b", "#a b", true),
            ("^MSFT", "MSFT 5.0", true),
            ("^(PXE|Etherboot)", "PXEClient:Arch:00000", true),
        ];
        for (pattern, data, want) in table {
            assert_eq!(matches(data.as_bytes(), pattern.as_bytes(), false, true), *want, "{pattern} on {data}");
        }
        assert!(matches(b"\xfe\xff", b"^[\xf0-\xff]+$", false, true));
        assert!(!matches(b"A", b"^[b-z]$", true, true));
        assert!(matches(b"B", b"^[b-z]$", true, true));
    }

    proptest! {
        #[test]
        fn any_pattern_is_survived(pattern in "[\\]\\[a-c^$*+?{}(),0-9:.=|\\\\-]{0,24}", data in "[a-c0-9]{0,12}") {
            matches(data.as_bytes(), pattern.as_bytes(), false, false);
        }

        #[test]
        fn text_without_operators_finds_itself(text in "[a-zA-Z0-9 #&~!@%/:;<>,_'\"-]{1,20}", before in "[a-z]{0,5}") {
            let data = before + &text;
            prop_assert!(matches(data.as_bytes(), text.as_bytes(), false, false));
        }
    }
}
