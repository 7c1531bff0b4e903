//! Whatever the text, reading it ends, in order, and without a panic.

use super::*;
use proptest::prelude::*;

/// Pieces of the language, to be thrown together.
const PIECES: &[&str] = &[
    "subnet",
    "host",
    "group",
    "class",
    "pool",
    "option",
    "if",
    "else",
    "elsif",
    "switch",
    "case",
    "default",
    "on",
    "commit",
    "set",
    "define",
    "log",
    "include",
    "key",
    "zone",
    "failover",
    "peer",
    "range",
    "hardware",
    "ethernet",
    "not",
    "known",
    "exists",
    "substring",
    "concat",
    "code",
    "space",
    "array of",
    "text",
    "max-lease-time",
    "x",
    "foo",
    "1",
    "255",
    "-",
    "0x1f",
    "10.0.0.1",
    "2001:db8::1/64",
    "1:a:ff",
    "\"s\"",
    "\"\\x4\"",
    "\"\\0",
    "\"",
    ";",
    ";",
    "{",
    "}",
    "{",
    "}",
    "(",
    ")",
    ",",
    ".",
    ":",
    "=",
    "!",
    "~",
    "+",
    "%",
    "/",
    "#",
    "\n",
    "\u{ff}",
    "\u{e9}",
    "\0",
];

proptest! {
    #[test]
    fn any_octets_are_read_to_the_end(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text: String = octets.into_iter().map(char::from).collect();
        check(&text);
    }

    #[test]
    fn any_pieces_are_read_to_the_end(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        check(&pieces.join(" "));
        check(&pieces.concat());
    }

    #[test]
    fn any_characters_are_read_to_the_end(text in "\\PC{0,80}") {
        check(&text);
    }
}

/// Spans lie in the text, on the borders of characters.
fn check(text: &str) {
    let (mut map, mut sink) = (SourceMap::default(), Collected::default());
    // An included file cannot be opened.
    let _ = parse_text("c.conf", text, &mut map, &mut sink);
    for diagnostic in &sink.diagnostics {
        assert!(text.get(diagnostic.span.start as usize..diagnostic.span.end as usize).is_some());
        assert!(diagnostic.render(&map).lines().count() >= 2);
    }
    for statement in &sink.statements {
        assert!(!map.text(statement.span).is_empty());
    }
}

#[test]
fn deep_nesting_is_an_error_and_nothing_worse() {
    for text in [
        "group { ".repeat(50_000),
        format!("if {}known{} {{ }}", "(".repeat(50_000), ")".repeat(50_000)),
        format!("if {} known {{ }}", "not ".repeat(50_000)),
        format!("eval {}1", "concat(".repeat(50_000)),
        format!("foo bar {}", "{".repeat(50_000)),
        "if known { ".repeat(50_000),
    ] {
        assert!(!parse(&text).1.diagnostics.is_empty(), "{}", &text[..40]);
    }
}

#[test]
fn ordinary_nesting_is_none() {
    let text = format!("if ({}known{}) {{ }}", "(".repeat(30), ")".repeat(30));
    assert_eq!(messages(&text), [""; 0]);
    let text = format!("{}{}", "group { ".repeat(60), "}".repeat(60));
    assert_eq!(messages(&text), [""; 0]);
}

#[test]
fn long_lists_are_read_in_linear_time() {
    let list = format!("option routers {};", "10.0.0.1, ".repeat(10_000));
    assert_eq!(messages(&list), [""; 0]);
    let chain = format!("if known {} {{ }}", "and known ".repeat(5_000));
    assert_eq!(messages(&chain), [""; 0]);
    assert_eq!(parse(&"foo ".repeat(50_000)).1.diagnostics.len(), 1);
    assert_eq!(parse(&"/;\n".repeat(2_000)).1.diagnostics.len(), 2_000);
}
