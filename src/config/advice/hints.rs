//! What may have been meant by a word that a complaint is about.

use super::spelling::nearest;
use crate::config::state::State;
use crate::config::statement::flag_names;
use crate::options::registry::{Registry, SpaceId};
use crate::syntax::source::{SourceMap, Span};
use crate::syntax::{blocks_of_statement, statement_words, Diagnostic};

/// Words that stand for a rule among what is expected.
const ALTERNATIVES: &[(&str, &[&str])] = &[
    ("hardware-type", &["ethernet", "token-ring", "fddi", "infiniband"]),
    ("event", &["commit", "expiry", "release", "transmission"]),
    (
        "simple-type",
        &[
            "boolean",
            "integer",
            "signed",
            "unsigned",
            "ip-address",
            "ip6-address",
            "text",
            "string",
            "domain-name",
            "domain-list",
            "encapsulate",
            "zerolen",
        ],
    ),
    ("log-level", &["fatal", "error", "info", "debug"]),
    (
        "flag-name",
        &[
            "bootp",
            "booting",
            "dynamic-bootp",
            "unknown-clients",
            "duplicates",
            "declines",
            "client-updates",
            "leasequery",
        ],
    ),
];

/// Truths of other languages, and those of this one.
const TRUTHS: &[(&str, &str)] = &[
    ("yes", "on"),
    ("enable", "on"),
    ("enabled", "on"),
    ("1", "on"),
    ("no", "off"),
    ("disabled", "off"),
    ("0", "off"),
];

/// Statements whose being misplaced is mostly the fault of a block above that was not closed.
const OPENING: [&str; 8] = ["host", "subnet", "subnet6", "shared-network", "class", "subclass", "group", "pool"];

/// The names that a configuration has declared, sorted.
#[derive(Debug)]
pub struct Names<'a> {
    registry: &'a Registry,
    classes: Vec<&'a str>,
    groups: Vec<&'a str>,
    keys: Vec<&'a str>,
    peers: Vec<&'a str>,
}

impl<'a> Names<'a> {
    pub fn of(state: &'a State) -> Names<'a> {
        fn sorted<'n>(names: impl Iterator<Item = &'n Box<str>>) -> Vec<&'n str> {
            let mut names: Vec<&str> = names.map(|name| &**name).collect();
            names.sort_unstable();
            names
        }
        Names {
            registry: &state.registry,
            classes: sorted(state.class_names.keys()),
            groups: sorted(state.groups.keys()),
            keys: sorted(state.keys.iter().map(|key| &key.name)),
            peers: sorted(state.peers.iter().map(|peer| &peer.name)),
        }
    }
}

/// Adds to a complaint what may have been meant, and spells out what was expected.
pub fn explain(names: &Names<'_>, map: &SourceMap, complaint: &mut Diagnostic) {
    complaint.expected = spelled_out(&complaint.expected);
    complaint.hint = hint(names, map, complaint);
}

/// The words instead of the rule that stands for them.
fn spelled_out(expected: &[String]) -> Vec<String> {
    let alternatives = |name: &str| ALTERNATIVES.iter().find(|(rule, _)| *rule == name).map(|(_, words)| *words);
    let words = |name: &String| match alternatives(name) {
        Some(words) => words.iter().map(|word| (*word).to_owned()).collect(),
        None => vec![name.clone()],
    };
    expected.iter().flat_map(words).collect()
}

fn hint(names: &Names<'_>, map: &SourceMap, complaint: &Diagnostic) -> Option<String> {
    if let Some(span) = complaint.unknown_word {
        return Some(no_statement(map.text(span)));
    }
    let word = map.text(complaint.span).trim_matches('"');
    let named = |names: &[&str]| match names.contains(&word) {
        true => Some(declared_below(word)),
        false => nearest(word, names.iter().copied()).map(did_you_mean),
    };
    match complaint.code {
        "unknown-option" => option(names.registry, map, complaint.span),
        "unknown-option-space" => named(&names.registry.spaces().iter().map(|space| &*space.name).collect::<Vec<_>>()),
        "unknown-class" => named(&names.classes),
        "unknown-group" => named(&names.groups),
        "unknown-key" => named(&names.keys),
        "unknown-peer" => named(&names.peers),
        "flag" => nearest(word, flag_names()).map(did_you_mean),
        "unknown-statement" | "misplaced" if is_word(word) => misplaced(word),
        _ => missing_semicolon(map, complaint).or_else(|| truth(word, &complaint.expected)).or_else(|| {
            let words = complaint.expected.iter().filter(|expected| is_word(expected));
            nearest(word, words.map(String::as_str)).map(did_you_mean)
        }),
    }
}

/// The truth that a word of another language may stand for.
fn truth(word: &str, expected: &[String]) -> Option<String> {
    let wanted = expected.iter().any(|expected| expected == "true");
    let (_, truth) = TRUTHS.iter().find(|(other, _)| wanted && word.eq_ignore_ascii_case(other))?;
    Some(did_you_mean(truth))
}

fn declared_below(name: &str) -> String {
    format!("\"{name}\" is declared further down; its declaration must come first")
}

fn did_you_mean(word: &str) -> String {
    format!("did you mean \"{word}\"?")
}

fn no_statement(word: &str) -> String {
    match nearest(word, statement_words()) {
        Some(meant) => format!("\"{word}\" is no statement; {}", did_you_mean(meant)),
        None => format!("\"{word}\" is no statement"),
    }
}

/// A word that begins no statement of its block, but perhaps of another.
fn misplaced(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let blocks = blocks_of_statement(&lower);
    if blocks.is_empty() {
        return Some(no_statement(word));
    }
    if blocks.contains(&"if") {
        // It may stand anywhere; what is wrong is not its place alone.
        return None;
    }
    let closed = if OPENING.contains(&&*lower) { "; or a block above it lacks its \"}\"" } else { "" };
    Some(format!("\"{word}\" may stand in: {}{closed}", blocks.join(", ")))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_word_octet)
}

fn is_word_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_'
}

/// The nearest option of the same space, or the same name in another space.
fn option(registry: &Registry, map: &SourceMap, span: Span) -> Option<String> {
    let word = map.text(span);
    let file = map.file(span.file);
    let space = match space_before(file.text.get(..span.start as usize)?) {
        Some(name) => registry.space_named(name)?,
        None => SpaceId::DHCP,
    };
    let prefix = |id: SpaceId| match id {
        SpaceId::DHCP => String::new(),
        _ => format!("{}.", registry.space(id).name),
    };
    if registry.option_named(space, word).is_some() {
        return Some(declared_below(word));
    }
    let meant = nearest(word, registry.definitions(space).into_iter().map(|def| &*def.name));
    if let Some(meant) = meant {
        return Some(did_you_mean(&format!("{}{meant}", prefix(space))));
    }
    let elsewhere = registry.spaces().iter().find_map(|other| registry.option_named(other.id, word))?;
    Some(did_you_mean(&format!("{}{}", prefix(elsewhere.key.space), elsewhere.name)))
}

/// The option space in front of a name: what stands before a dot.
fn space_before(text: &str) -> Option<&str> {
    let text = text.trim_end().strip_suffix('.')?.trim_end();
    let length = text.bytes().rev().take_while(|octet| is_word_octet(*octet)).count();
    Some(&text[text.len() - length..])
}

/// A semicolon that is only missed on a later line.
fn missing_semicolon(map: &SourceMap, complaint: &Diagnostic) -> Option<String> {
    let file = map.file(complaint.span.file);
    let before = file.text.get(..complaint.span.start as usize)?;
    let gap = before.len() - before.trim_end().len();
    let end = Span { start: (before.len() - gap) as u32, ..complaint.span };
    let (line, later) = (map.line_column(end).0, map.line_column(complaint.span).0);
    let wanted = complaint.expected.iter().any(|expected| expected == "\";\"");
    (wanted && line < later).then(|| format!("the statement that ends in line {line} may lack its \";\""))
}
