//! A tree, printed and read again, is the same tree.

use super::*;
use crate::syntax::print;
use proptest::prelude::*;

/// The tree without its places.
pub(super) fn shape(statements: &[Statement]) -> String {
    let text = format!("{statements:?}");
    let mut parts = text.split("span: Span { file: FileId(");
    let first = parts.next().unwrap_or_default().to_owned();
    // "(text, Span {...})" of a secret is left: its text is compared.
    let without = parts.map(|part| part.split_once(" }").map_or(part, |(_, rest)| rest));
    let text = without.fold(first, |all, part| all + part);
    let mut parts = text.split("Span { file: FileId(");
    let first = parts.next().unwrap_or_default().to_owned();
    let without = parts.map(|part| part.split_once(" }").map_or(part, |(_, rest)| rest));
    without.fold(first, |all, part| all + part)
}

/// Prints what the text reads as, and reads that again.
fn check(text: &str) {
    let (map, sink) = parse(text);
    assert!(sink.diagnostics.is_empty(), "{text}: {:?}", messages(text));
    let printed = print::statements(&map, &sink.statements);
    let (again_map, again) = parse(&printed);
    assert!(again.diagnostics.is_empty(), "{printed}: {:?}", messages(&printed));
    assert_eq!(shape(&sink.statements), shape(&again.statements), "{text}\n{printed}");
    assert_eq!(printed, print::statements(&again_map, &again.statements), "{text}");
}

#[test]
fn each_statement() {
    check(include_str!("every_statement.conf"));
}

/// Expressions of all kinds, as text.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[ -~]{0,6}".prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))),
        "[0-9a-f]{1,2}(:[0-9a-f]{1,2}){0,3}",
        "[0-9]{1,5}",
        Just("option host-name".to_owned()),
        Just("config-option server.ddns-hostname".to_owned()),
        Just("exists agent.circuit-id".to_owned()),
        Just("hardware".to_owned()),
        Just("known".to_owned()),
        "v-[a-z]{1,5}",
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operator =
            proptest::sample::select(vec!["=", "!=", "~=", "~~", "and", "or", "+", "*", "/", "%", "&", "|", "^"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("not ({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("concat({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("substring({a}, {b}, 3)")),
            inner.clone().prop_map(|a| format!("extract-int({a}, 16)")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("fun({a}, {b})")),
        ]
    })
}

/// Statements of all executable kinds, as text.
fn statement() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        expression().prop_map(|value| format!("set x = {value};")),
        expression().prop_map(|value| format!("log (info, {value});")),
        expression().prop_map(|value| format!("append dhcp6.domain-search = {value};")),
        "[a-z0-9]{1,4}(, ?[a-z0-9:.]{1,4}){0,3}".prop_map(|value| format!("option x.y {value};")),
        Just("break;".to_owned()),
        Just("allow bootp;".to_owned()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let body = proptest::collection::vec(inner, 0..4).prop_map(|all| all.join(" "));
        prop_oneof![
            (expression(), body.clone(), body.clone())
                .prop_map(|(a, b, c)| format!("if (({a})) {{ {b} }} else {{ {c} }}")),
            body.clone().prop_map(|body| format!("on commit or release {{ {body} }}")),
            body.clone().prop_map(|body| format!("define fun (a, b) {{ {body} }}")),
            (expression(), body).prop_map(|(a, body)| format!("switch ({a}) {{ case ({a}): {body} default: }}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_statements(all in proptest::collection::vec(statement(), 1..4)) {
        check(&all.join("\n"));
    }
}
