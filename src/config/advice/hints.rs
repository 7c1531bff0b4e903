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
];

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

/// What may have been meant where a complaint is made.
pub fn hint(names: &Names<'_>, map: &SourceMap, complaint: &Diagnostic) -> Option<String> {
    if let Some(span) = complaint.unknown_word {
        return Some(no_statement(map.text(span)));
    }
    let word = map.text(complaint.span).trim_matches('"');
    let meant = match complaint.code {
        "unknown-option" => return option(names.registry, map, complaint.span),
        "unknown-option-space" => nearest(word, names.registry.spaces().iter().map(|space| &*space.name)),
        "unknown-class" => nearest(word, names.classes.iter().copied()),
        "unknown-group" => nearest(word, names.groups.iter().copied()),
        "unknown-key" => nearest(word, names.keys.iter().copied()),
        "unknown-peer" => nearest(word, names.peers.iter().copied()),
        "flag" => nearest(word, flag_names()),
        "unknown-statement" | "misplaced" if is_word(word) => return Some(misplaced(word)),
        _ => match missing_semicolon(map, complaint) {
            Some(missing) => return Some(missing),
            None => nearest(word, expected_words(&complaint.expected)),
        },
    };
    meant.map(did_you_mean)
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
fn misplaced(word: &str) -> String {
    let blocks = blocks_of_statement(&word.to_ascii_lowercase());
    match blocks.is_empty() {
        true => no_statement(word),
        false => format!("\"{word}\" may stand in: {}", blocks.join(", ")),
    }
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
    let meant = nearest(word, registry.definitions(space).into_iter().map(|def| &*def.name));
    if let Some(meant) = meant {
        return Some(did_you_mean(&format!("{}{meant}", prefix(space))));
    }
    let elsewhere = registry.spaces().iter().find_map(|space| registry.option_named(space.id, word))?;
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

/// Those of the things expected that are words.
fn expected_words(expected: &[String]) -> Vec<&str> {
    let alternatives = |name: &str| ALTERNATIVES.iter().find(|(rule, _)| *rule == name).map(|(_, words)| *words);
    let mut words = Vec::new();
    for name in expected.iter().filter(|name| is_word(name)) {
        match alternatives(name) {
            Some(more) => words.extend_from_slice(more),
            None if name == "flag-name" => flag_names().for_each(|flag| words.push(flag)),
            None => words.push(name),
        }
    }
    words
}
