//! Where complaints point, and that one mistake costs one statement.

use super::*;

#[test]
fn a_complaint_is_three_lines() {
    assert_eq!(complaints("foo bar;"), ["c.conf line 1: semicolon expected.\nfoo bar;\n    ^"]);
}

#[test]
fn the_caret_stands_under_the_token_behind_tabs() {
    assert_eq!(
        complaints("\t\tbreak x;"),
        ["c.conf line 1: semicolon expected.\n\t\tbreak x;\n                      ^"]
    );
}

#[test]
fn lines_are_counted_over_comments_strings_and_carriage_returns() {
    let text = "# one\r\noption host-name \"two\r\nthree\";\r\n/ x;\r\n";
    assert_eq!(complaints(text), ["c.conf line 4: expecting a parameter or declaration\n/ x;\n^"]);
}

#[test]
fn the_echo_ends_after_80_octets() {
    let text = format!("log(info, \"{}\") x;", "a".repeat(90));
    let echo = &text[..80];
    assert_eq!(complaints(&text), [format!("c.conf line 1: semicolon expected.\n{echo}\n^")]);
}

#[test]
fn columns_count_octets_of_latin_1() {
    assert_eq!(
        complaints("log(\"\u{e9}\u{e9}\") x;"),
        ["c.conf line 1: semicolon expected.\nlog(\"\u{e9}\u{e9}\") x;\n          ^"]
    );
}

#[test]
fn one_run_reports_every_mistake() {
    let text = "subnet 10.0.0 netmask 255.0.0.0 { range 10.0.0.1; }\nhost { }\nclass x { }\nfoo bar;\n\
                host a { hardware ethernet 1:2:z; fixed-address 10.0.0.1; option host-name \"a\"; }\nset x 5;";
    assert_eq!(
        messages(text),
        [
            "too few numbers.",
            "expecting a name for host declaration.",
            "Expecting class name",
            "semicolon expected.",
            "Bogus number z: digit 35 not in base 16",
            "expecting '=' in set statement.",
        ]
    );
}

#[test]
fn a_mistake_in_a_block_costs_one_statement() {
    let (_, sink) = parse("host a { hardware foo 1:2; fixed-address 10.0.0.1; fixed-address6 x } host b { }");
    assert_eq!(sink.diagnostics.len(), 2);
    let bodies: Vec<_> = sink.statements.into_iter().map(|statement| body(statement.kind).len()).collect();
    assert_eq!(bodies, [1, 0]);
}

#[test]
fn an_open_block_is_reported_once_for_each_level() {
    assert_eq!(messages("group { host a {"), ["unexpected end of file", "unexpected end of file"]);
    assert_eq!(messages("on commit { log(\"x\");"), ["right brace expected."]);
}

#[test]
fn a_stray_brace_does_not_end_the_file() {
    assert_eq!(messages("group { } } host a { }"), ["expecting a declaration"]);
    assert_eq!(parse("} host a { }").1.statements.len(), 1);
}

#[test]
fn spans_cover_statements_and_names() {
    let (map, sink) = parse("  host  a.b { hardware ethernet 1:2; }  # x\nbreak;");
    assert_eq!(map.text(sink.statements[0].span), "host  a.b { hardware ethernet 1:2; }");
    assert_eq!(map.text(sink.statements[1].span), "break;");
    let Kind::Host { name, .. } = &sink.statements[0].kind else { panic!("a host") };
    assert_eq!((map.text(name.span), map.line_column(name.span)), ("a.b", (1, 9)));
}
