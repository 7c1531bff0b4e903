//! Matching with references to groups (`\1`), by trying one way after the other. That can take a number of steps exponential
//! in the length of the data, so their number is bounded.
//!
//! A group that matched several times stands for its last match; one that did not match is matched by no reference, not even
//! an empty one; all as in the C library.

use super::posix::{is_word, Node, Pattern, Place, Set};

/// The most steps for one piece of data: some milliseconds.
const MOST_STEPS: u32 = 1 << 19;
/// The most instructions of an expression, repetitions being written out.
const LONGEST: usize = 1 << 16;
/// Groups 1 to 9 can be referred to.
const GROUPS: usize = 9;

/// The steps did not suffice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// An octet of the set with that number.
    Octet(usize),
    Place(Place),
    /// Go on there; if that leads nowhere, at the other.
    Split(usize, usize),
    Jump(usize),
    /// A group begins, ends.
    Begin(usize),
    End(usize),
    Back(usize),
    /// A turn of the loop with that number begins; it must match something.
    Turn(usize),
    Turned(usize),
}

/// An expression, ready to be matched.
#[derive(Debug)]
pub struct Program {
    steps: Vec<Step>,
    sets: Vec<[bool; 256]>,
    loops: usize,
    ignore_case: bool,
}

impl Program {
    /// `None` if it would be too long.
    pub fn new(pattern: &Pattern, ignore_case: bool) -> Option<Program> {
        let mut program = Program { steps: Vec::new(), sets: Vec::new(), loops: 0, ignore_case };
        program.alternatives(&pattern.alternatives)?;
        Some(program)
    }

    fn push(&mut self, step: Step) -> Option<usize> {
        let at = self.steps.len();
        if at >= LONGEST {
            return None;
        }
        self.steps.push(step);
        Some(at)
    }

    fn alternatives(&mut self, alternatives: &[Vec<Node>]) -> Option<()> {
        let Some((last, others)) = alternatives.split_last() else { return Some(()) };
        let mut ends = Vec::with_capacity(others.len());
        for nodes in others {
            let split = self.push(Step::Split(0, 0))?;
            self.sequence(nodes)?;
            ends.push(self.push(Step::Jump(0))?);
            self.steps[split] = Step::Split(split + 1, self.steps.len());
        }
        self.sequence(last)?;
        let end = self.steps.len();
        ends.into_iter().for_each(|jump| self.steps[jump] = Step::Jump(end));
        Some(())
    }

    fn sequence(&mut self, nodes: &[Node]) -> Option<()> {
        nodes.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &Node) -> Option<()> {
        match node {
            Node::Set(set) => {
                let members = members(set, self.ignore_case);
                let known = self.sets.iter().position(|known| *known == members);
                let number = known.unwrap_or_else(|| {
                    self.sets.push(members);
                    self.sets.len() - 1
                });
                self.push(Step::Octet(number))?;
            }
            Node::Place(place) => drop(self.push(Step::Place(*place))?),
            Node::Back(group) => drop(self.push(Step::Back(*group))?),
            Node::Group(number, alternatives) if *number <= GROUPS => {
                self.push(Step::Begin(*number))?;
                self.alternatives(alternatives)?;
                self.push(Step::End(*number))?;
            }
            Node::Group(_, alternatives) => self.alternatives(alternatives)?,
            Node::Repeat(node, low, high) => self.repeat(node, *low, *high)?,
        }
        Some(())
    }

    fn repeat(&mut self, node: &Node, low: u32, high: Option<u32>) -> Option<()> {
        for _ in 0..low {
            let before = self.steps.len();
            self.node(node)?;
            if self.steps.len() == before {
                // Nothing, however often: the length would not bound it.
                break;
            }
        }
        let Some(high) = high else {
            let number = self.loops;
            self.loops += 1;
            let split = self.push(Step::Split(0, 0))?;
            self.push(Step::Turn(number))?;
            self.node(node)?;
            self.push(Step::Turned(number))?;
            self.push(Step::Jump(split))?;
            self.steps[split] = Step::Split(split + 1, self.steps.len());
            return Some(());
        };
        let mut splits = Vec::new();
        for _ in low..high {
            splits.push(self.push(Step::Split(0, 0))?);
            self.node(node)?;
        }
        let end = self.steps.len();
        splits.into_iter().for_each(|split| self.steps[split] = Step::Split(split + 1, end));
        Some(())
    }

    /// Whether the expression matches somewhere in the data.
    pub fn is_match(&self, data: &[u8]) -> Result<bool, TooLong> {
        let mut steps = 0;
        for start in 0..=data.len() {
            if self.matches_at(data, start, &mut steps)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn matches_at(&self, data: &[u8], start: usize, count: &mut u32) -> Result<bool, TooLong> {
        let mut run = Run { groups: [None; GROUPS + 1], begun: [0; GROUPS + 1], turns: vec![0; self.loops] };
        // Other ways to go on from, and what to put back on the way to them.
        let mut trail = vec![];
        let (mut step, mut at) = (0, start);
        loop {
            *count += 1;
            if *count > MOST_STEPS {
                return Err(TooLong);
            }
            let Some(instruction) = self.steps.get(step) else { return Ok(true) };
            if let Some(next) = self.take(*instruction, data, at, &mut run, &mut trail) {
                (step, at) = (next.0.unwrap_or(step + 1), next.1);
                continue;
            }
            loop {
                match trail.pop() {
                    None => return Ok(false),
                    Some(Undo::Way(other, from)) => {
                        (step, at) = (other, from);
                        break;
                    }
                    Some(Undo::Group(group, value)) => run.groups[group] = value,
                    Some(Undo::Begun(group, value)) => run.begun[group] = value,
                    Some(Undo::Turn(number, value)) => run.turns[number] = value,
                }
            }
        }
    }

    /// Takes one step: the next one if it is not the one behind, and the place in the data then. `None`: no match this way.
    fn take(
        &self,
        step: Step,
        data: &[u8],
        at: usize,
        run: &mut Run,
        trail: &mut Vec<Undo>,
    ) -> Option<(Option<usize>, usize)> {
        match step {
            Step::Octet(set) => {
                let octet = *data.get(at)?;
                self.sets[set][usize::from(octet)].then_some((None, at + 1))
            }
            Step::Place(place) => is_at(place, data, at).then_some((None, at)),
            Step::Split(first, second) => {
                trail.push(Undo::Way(second, at));
                Some((Some(first), at))
            }
            Step::Jump(to) => Some((Some(to), at)),
            Step::Begin(group) => {
                trail.push(Undo::Begun(group, run.begun[group]));
                run.begun[group] = at;
                Some((None, at))
            }
            Step::End(group) => {
                trail.push(Undo::Group(group, run.groups[group]));
                run.groups[group] = Some((run.begun[group], at));
                Some((None, at))
            }
            Step::Back(group) => {
                let (from, to) = run.groups[group]?;
                let end = at.checked_add(to - from)?;
                let (wanted, found) = (data.get(from..to)?, data.get(at..end)?);
                let same = if self.ignore_case { wanted.eq_ignore_ascii_case(found) } else { wanted == found };
                same.then_some((None, end))
            }
            Step::Turn(number) => {
                trail.push(Undo::Turn(number, run.turns[number]));
                run.turns[number] = at;
                Some((None, at))
            }
            Step::Turned(number) => (run.turns[number] != at).then_some((None, at)),
        }
    }
}

/// What was matched so far.
struct Run {
    groups: [Option<(usize, usize)>; GROUPS + 1],
    begun: [usize; GROUPS + 1],
    turns: Vec<usize>,
}

enum Undo {
    Way(usize, usize),
    Group(usize, Option<(usize, usize)>),
    Begun(usize, usize),
    Turn(usize, usize),
}

fn members(set: &Set, ignore_case: bool) -> [bool; 256] {
    let has = |octet: u8| set.members[usize::from(octet)];
    std::array::from_fn(|octet| {
        let Ok(octet) = u8::try_from(octet) else { return false };
        let folded = ignore_case && (has(octet.to_ascii_lowercase()) || has(octet.to_ascii_uppercase()));
        (has(octet) || folded) != set.negated
    })
}

fn is_at(place: Place, data: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| data.get(before)).is_some_and(is_word);
    let after = data.get(at).is_some_and(is_word);
    match place {
        Place::Start => at == 0,
        Place::End => at == data.len(),
        Place::WordEdge => before != after,
        Place::NoWordEdge => before == after,
        Place::WordStart => !before && after,
        Place::WordEnd => before && !after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::posix::parse;
    use proptest::prelude::*;

    fn found(pattern: &str, data: &str) -> Option<bool> {
        Program::new(&parse(pattern.as_bytes())?, false).map(|program| program.is_match(data.as_bytes()).unwrap())
    }

    /// What regcomp(3) and regexec(3) of the C library say.
    #[test]
    fn references_mean_what_they_mean_in_the_c_library() {
        let table: &[(&str, &str, Option<bool>)] = &[
            (r"(a)\1", "aa", Some(true)),
            (r"^(a*)b\1$", "aabaa", Some(true)),
            (r"^(a*)b\1$", "aabaaa", Some(false)),
            (r"\1(a)", "aa", None),
            (r"(a\1)", "aa", None),
            (r"(a)\2", "aa", None),
            (r"(a)|b\1", "ba", None),
            (r"^((a)|b)\2$", "aa", Some(true)),
            (r"^((a)|b)*\2$", "aba", Some(true)),
            (r"^((a)|b)*\2$", "abb", Some(false)),
            (r"^(a)?\1$", "", Some(false)),
            (r"^(a)?\1$", "aa", Some(true)),
            (r"^(a)?\1b$", "b", Some(false)),
            (r"^(a|ab)(c|bcd)\1$", "abcda", Some(true)),
            (r"^(a|ab)(c|bcd)\1$", "abcab", Some(true)),
            (r"(a)\1*", "a", Some(true)),
            (r"^(a)\1{2}$", "aaa", Some(true)),
            (r"^(.+)\1$", "abcabc", Some(true)),
            (r"^(.)(.)(.)(.)(.)(.)(.)(.)(.)\9$", "1234567899", Some(true)),
            (r"^(a*)*\1$", "aa", Some(true)),
            (r"(^|x)\1y", "y", Some(true)),
            (r"^(a)\10$", "aa0", Some(true)),
            (r"^()\1$", "", Some(true)),
            (r"^(a*)+b\1$", "ab", Some(false)),
            (r"^(a|(b))+\2$", "bab", Some(true)),
        ];
        for (pattern, data, want) in table {
            assert_eq!(found(pattern, data), *want, "{pattern} on {data}");
        }
    }

    #[test]
    fn case_is_ignored_in_references_too() {
        let program = |ignore_case| Program::new(&parse(br"^([a-c]+)-\1$").unwrap(), ignore_case).unwrap();
        assert_eq!(program(true).is_match(b"aBc-AbC"), Ok(true));
        assert_eq!(program(false).is_match(b"abc-abC"), Ok(false));
    }

    #[test]
    fn steps_and_length_are_bounded() {
        let program = Program::new(&parse(br"^(a*)*(a*)*(a*)*\1b$").unwrap(), false).unwrap();
        assert_eq!(program.is_match(&[b'a'; 60]), Err(TooLong));
        assert!(Program::new(&parse(br"(a{9999}){9999}\1").unwrap(), false).is_none());
        let nothing = br"(x)()()()()()()()()(){9999}{9999}{9999}{9999}\1";
        assert_eq!(Program::new(&parse(nothing).unwrap(), false).unwrap().is_match(b"xx"), Ok(true));
    }

    proptest! {
        /// Without references it decides as the engine for those does.
        #[test]
        fn agrees_with_the_other_engine(
            pattern in r"([a-c.^$]|[ab]\*|\([a-c]\)[*+?]|\(a|b*\)\{1,3\}|\[\^a\]|\\[wWbB<>sS]|\|){0,8}",
            data in "[a-c ]{0,8}",
        ) {
            if let Some(parsed) = parse(pattern.as_bytes()) {
                let program = Program::new(&parsed, false).unwrap();
                let regex = regex::bytes::RegexBuilder::new(&crate::eval::posix::translate(&parsed))
                    .unicode(false).dot_matches_new_line(true).build().unwrap();
                if let Ok(found) = program.is_match(data.as_bytes()) {
                    prop_assert_eq!(found, regex.is_match(data.as_bytes()), "{} on {}", pattern, data);
                }
            }
        }

        #[test]
        fn any_expression_is_survived(pattern in r"([()ab*|^$]|\\[1-3]|\{0,2\}){0,24}", data in "[ab]{0,12}") {
            if let Some(program) = parse(pattern.as_bytes()).and_then(|parsed| Program::new(&parsed, true)) {
                let _ = program.is_match(data.as_bytes());
            }
        }
    }
}
