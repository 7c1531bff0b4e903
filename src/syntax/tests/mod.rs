//! Tests of the parser as a whole.

mod corpus;
mod includes;
mod positions;
mod properties;
mod round_trip;
mod statements;
mod trees;
mod verdicts;

use super::ast::{Executable, Kind, Statement};
use super::source::SourceMap;
use super::{parse_text, Collected};

/// Parses a text that stands alone.
fn parse(text: &str) -> (SourceMap, Collected) {
    let (mut map, mut sink) = (SourceMap::default(), Collected::default());
    parse_text("c.conf", text, &mut map, &mut sink).expect("no fatal error");
    (map, sink)
}

/// The only statement of a text without mistakes.
fn single(text: &str) -> Kind {
    let (map, mut sink) = parse(text);
    let complaints: Vec<_> = sink.diagnostics.iter().map(|diagnostic| diagnostic.render(&map)).collect();
    assert!(complaints.is_empty(), "{text}: {complaints:?}");
    assert_eq!(sink.statements.len(), 1, "{text}");
    sink.statements.remove(0).kind
}

/// The same, an executable statement.
fn executable(text: &str) -> Executable {
    match single(text) {
        Kind::Executable(executable) => executable,
        other => panic!("{text}: {other:?}"),
    }
}

/// The body of a block.
fn body(kind: Kind) -> Vec<Statement> {
    match kind {
        Kind::SharedNetwork { body, .. } | Kind::Subnet { body, .. } | Kind::Host { body, .. } => body,
        Kind::Group { body, .. } | Kind::Class { body, .. } | Kind::Pool { body } | Kind::Pool6 { body } => body,
        other => panic!("no block: {other:?}"),
    }
}

/// The rendered complaints about a text.
fn complaints(text: &str) -> Vec<String> {
    let (map, sink) = parse(text);
    sink.diagnostics.iter().map(|diagnostic| diagnostic.render(&map)).collect()
}

/// The messages of the complaints about a text.
fn messages(text: &str) -> Vec<String> {
    parse(text).1.diagnostics.into_iter().map(|diagnostic| diagnostic.message).collect()
}
