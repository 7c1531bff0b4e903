//! POSIX extended regular expressions, as the C library reads them (spec/expressions.md 4). They become the syntax of the
//! `regex` crate; those that refer to groups, which it cannot have, are matched by `backtrack`.
//!
//! | written | means |
//! | --- | --- |
//! | `[...]` | one octet of a set; a backslash in it is itself; `[:alpha:]` and the like are ASCII |
//! | `*` `+` `?` `{n}` `{n,}` `{,m}` `{n,m}` | repetition; there is no lazy one: `a+?` is `(a+)?` |
//! | `\1` ... `\9` | what that group, which must end before it and not in another alternative, matched last |
//! | `\w` `\W` `\s` `\S` `\b` `\B` `\<` `\>` `` \` `` `\'` | extensions of the C library |
//! | `\` and any other character | that character: `\d` is the letter d |

use std::fmt::Write;

/// The most repetitions that can be asked for.
const MOST_REPEATS: u32 = 0x7fff;
/// The deepest nesting of groups, and of repetitions of repetitions.
const DEEPEST: usize = 64;
/// The longest expression.
const LONGEST: usize = 4096;

/// Octets that may stand in a place.
#[derive(Clone, Debug)]
pub struct Set {
    pub members: Box<[bool; 256]>,
    /// All others are meant; case is folded before.
    pub negated: bool,
}

/// A place that matches no octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Start,
    End,
    WordEdge,
    NoWordEdge,
    WordStart,
    WordEnd,
}

/// A part of an expression.
#[derive(Clone, Debug)]
pub enum Node {
    Set(Set),
    Place(Place),
    /// A group: its number from 1, and its alternatives.
    Group(usize, Vec<Vec<Node>>),
    /// Between so many times and so many, or without end.
    Repeat(Box<Node>, u32, Option<u32>),
    /// What that group matched.
    Back(usize),
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub alternatives: Vec<Vec<Node>>,
    /// It refers to groups.
    pub has_references: bool,
}

/// Reads an expression; `None` if it is invalid.
pub fn parse(pattern: &[u8]) -> Option<Pattern> {
    if pattern.len() > LONGEST {
        return None;
    }
    let mut reader = Reader {
        rest: pattern,
        open: vec![Open::default()],
        groups: 0,
        completed: 0,
        has_references: false,
        repeats: 0,
    };
    reader.run()?;
    let whole = reader.open.pop().filter(|_| reader.open.is_empty())?;
    Some(Pattern { alternatives: whole.alternatives(), has_references: reader.has_references })
}

/// An expression without references in the syntax of the `regex` crate.
pub fn translate(pattern: &Pattern) -> String {
    let mut out = String::new();
    write_alternatives(&pattern.alternatives, &mut out);
    out
}

fn write_alternatives(alternatives: &[Vec<Node>], out: &mut String) {
    for (at, nodes) in alternatives.iter().enumerate() {
        if at > 0 {
            out.push('|');
        }
        nodes.iter().for_each(|node| write_node(node, out));
    }
}

fn write_node(node: &Node, out: &mut String) {
    match node {
        Node::Set(set) => write_set(set, out),
        Node::Place(place) => out.push_str(match place {
            Place::Start => r"\A",
            Place::End => r"\z",
            Place::WordEdge => r"\b",
            Place::NoWordEdge => r"\B",
            Place::WordStart => r"\b{start}",
            Place::WordEnd => r"\b{end}",
        }),
        Node::Group(_, alternatives) => {
            out.push_str("(?:");
            write_alternatives(alternatives, out);
            out.push(')');
        }
        Node::Repeat(node, low, high) => {
            // In a group of its own, so that another repetition does not make it lazy.
            out.push_str("(?:(?:");
            write_node(node, out);
            // Writing to memory cannot fail.
            let _ = match high {
                Some(high) => write!(out, "){{{low},{high}}})"),
                None => write!(out, "){{{low},}})"),
            };
        }
        // They are matched elsewhere.
        Node::Back(_) => {}
    }
}

fn write_set(set: &Set, out: &mut String) {
    out.push_str(if set.negated { "[^" } else { "[" });
    let mut octets = (0..=u8::MAX).filter(|octet| set.members[usize::from(*octet)]).peekable();
    while let Some(first) = octets.next() {
        let mut last = first;
        while let Some(next) = octets.next_if(|next| last.checked_add(1) == Some(*next)) {
            last = next;
        }
        let _ = write!(out, "\\x{first:02x}-\\x{last:02x}");
    }
    out.push(']');
}

/// A group that has not ended, or the whole expression.
#[derive(Default)]
struct Open {
    number: usize,
    before: Vec<Vec<Node>>,
    nodes: Vec<Node>,
    /// The groups that had ended at its beginning, and those that ended in the alternatives before.
    completed_at_start: u16,
    completed_before: u16,
}

impl Open {
    fn alternatives(mut self) -> Vec<Vec<Node>> {
        self.before.push(self.nodes);
        self.before
    }
}

/// That of a group that can be referred to.
fn bit(group: usize) -> u16 {
    u32::try_from(group).ok().and_then(|group| 1_u16.checked_shl(group)).unwrap_or(0)
}

struct Reader<'p> {
    rest: &'p [u8],
    /// The whole, and the open groups in it; never empty.
    open: Vec<Open>,
    groups: usize,
    /// The groups that have ended, outside of other alternatives: a bit each.
    completed: u16,
    has_references: bool,
    /// How many repetitions are around the last node.
    repeats: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn push(&mut self, node: Node) -> Option<()> {
        self.open.last_mut()?.nodes.push(node);
        self.repeats = 0;
        Some(())
    }

    fn run(&mut self) -> Option<()> {
        // What stands before can be repeated.
        let mut is_atom = false;
        while let Some(octet) = self.next() {
            is_atom = match octet {
                b'*' | b'+' | b'?' | b'{' if !is_atom => return None,
                b'*' => self.repeat(0, None)?,
                b'+' => self.repeat(1, None)?,
                b'?' => self.repeat(0, Some(1))?,
                b'{' => {
                    let (low, high) = self.interval()?;
                    self.repeat(low, high)?
                }
                b'(' => {
                    if self.open.len() > DEEPEST {
                        return None;
                    }
                    self.groups += 1;
                    self.open.push(Open { number: self.groups, completed_at_start: self.completed, ..Open::default() });
                    false
                }
                b')' if self.open.len() > 1 => {
                    let group = self.open.pop()?;
                    self.completed |= group.completed_before | bit(group.number);
                    self.push(Node::Group(group.number, group.alternatives()))?;
                    true
                }
                b'|' => {
                    let open = self.open.last_mut()?;
                    open.before.push(std::mem::take(&mut open.nodes));
                    open.completed_before |= self.completed;
                    self.completed = open.completed_at_start;
                    false
                }
                b'^' | b'$' => {
                    self.push(Node::Place(if octet == b'^' { Place::Start } else { Place::End }))?;
                    false
                }
                b'\\' => self.escaped()?,
                b'[' => {
                    let set = self.set()?;
                    self.push(Node::Set(set))?;
                    true
                }
                b'.' => {
                    self.push(Node::Set(Set { members: Box::new([true; 256]), negated: false }))?;
                    true
                }
                octet => self.one(|member| *member == octet, false)?,
            };
        }
        Some(())
    }

    /// An octet of those; it can be repeated.
    fn one(&mut self, is_member: impl Fn(&u8) -> bool, negated: bool) -> Option<bool> {
        let members = Box::new(std::array::from_fn(|octet| u8::try_from(octet).is_ok_and(|octet| is_member(&octet))));
        self.push(Node::Set(Set { members, negated }))?;
        Some(true)
    }

    fn place(&mut self, place: Place) -> Option<bool> {
        self.push(Node::Place(place))?;
        Some(false)
    }

    /// What follows a backslash; false if it cannot be repeated.
    fn escaped(&mut self) -> Option<bool> {
        match self.next()? {
            digit @ b'1'..=b'9' => {
                let group = usize::from(digit - b'0');
                if self.completed & bit(group) == 0 {
                    return None;
                }
                self.has_references = true;
                self.push(Node::Back(group))?;
                Some(true)
            }
            b'w' => self.one(is_word, false),
            b'W' => self.one(is_word, true),
            b's' => self.one(is_space, false),
            b'S' => self.one(is_space, true),
            b'b' => self.place(Place::WordEdge),
            b'B' => self.place(Place::NoWordEdge),
            b'<' => self.place(Place::WordStart),
            b'>' => self.place(Place::WordEnd),
            b'`' => self.place(Place::Start),
            b'\'' => self.place(Place::End),
            other => self.one(|member| *member == other, false),
        }
    }

    /// A repetition of the last node; it can be repeated again.
    fn repeat(&mut self, low: u32, high: Option<u32>) -> Option<bool> {
        self.repeats += 1;
        if self.repeats > DEEPEST {
            return None;
        }
        let nodes = &mut self.open.last_mut()?.nodes;
        let node = nodes.pop()?;
        nodes.push(Node::Repeat(Box::new(node), low, high));
        Some(true)
    }

    /// `n}`, `n,}`, `,m}` or `n,m}`
    fn interval(&mut self) -> Option<(u32, Option<u32>)> {
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
            Some(high) if high < low => None,
            high => Some((low, high)),
        }
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
    fn set(&mut self) -> Option<Set> {
        let negated = self.rest.first() == Some(&b'^');
        if negated {
            self.next();
        }
        let mut members = Box::new([false; 256]);
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
        Some(Set { members, negated })
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

/// What words are made of.
pub fn is_word(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || *octet == b'_'
}

fn is_space(octet: &u8) -> bool {
    matches!(octet, b'\t'..=b'\r' | b' ')
}

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
    (b"space", is_space),
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
            (r"^(a)\1$", "aa", true),
            (r"^(a)\1$", "ab", false),
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
            assert_eq!(matches(data.as_bytes(), pattern.as_bytes(), false, true), Ok(*want), "{pattern} on {data}");
        }
        assert_eq!(matches(b"\xfe\xff", b"^[\xf0-\xff]+$", false, true), Ok(true));
        assert_eq!(matches(b"A", b"^[b-z]$", true, true), Ok(false));
        assert_eq!(matches(b"B", b"^[b-z]$", true, true), Ok(true));
    }

    proptest! {
        #[test]
        fn any_pattern_is_survived(pattern in "[\\]\\[a-c^$*+?{}(),0-9:.=|\\\\-]{0,24}", data in "[a-c0-9]{0,12}") {
            let _ = matches(data.as_bytes(), pattern.as_bytes(), false, false);
        }

        #[test]
        fn text_without_operators_finds_itself(text in "[a-zA-Z0-9 #&~!@%/:;<>,_'\"-]{1,20}", before in "[a-z]{0,5}") {
            let data = before + &text;
            prop_assert_eq!(matches(data.as_bytes(), text.as_bytes(), false, false), Ok(true));
        }
    }
}
