//! Expressions: grouping, contexts, types; statements.

use super::super::ir::{Expr, Stmt};
use super::super::model::Config;
use super::super::{lower_block, Family};
use super::{good, refused, said, v4};

/// The only statement of a configuration besides those it begins with.
fn statement(text: &str) -> Stmt {
    good(text).scope(Config::ROOT).statements.last().cloned().expect(text)
}

/// The number in `set v = encode-int(TEXT, 32);`, evaluated.
fn number(text: &str) -> u64 {
    let Stmt::Set { value, .. } = statement(&format!("set v = encode-int({text}, 32);")) else { panic!("{text}") };
    let Expr::EncodeInt(value, 32) = &*value else { panic!("{value:?}") };
    evaluate(value)
}

fn evaluate(expression: &Expr) -> u64 {
    match expression {
        Expr::ConstInt(value) => *value,
        Expr::Add(a, b) => evaluate(a).wrapping_add(evaluate(b)),
        Expr::Multiply(a, b) => evaluate(a).wrapping_mul(evaluate(b)),
        Expr::Divide(a, b) => evaluate(a) / evaluate(b),
        Expr::Remainder(a, b) => evaluate(a) % evaluate(b),
        Expr::BitAnd(a, b) => evaluate(a) & evaluate(b),
        Expr::BitOr(a, b) => evaluate(a) | evaluate(b),
        Expr::BitXor(a, b) => evaluate(a) ^ evaluate(b),
        other => panic!("{other:?}"),
    }
}

#[test]
fn arithmetic_is_grouped_as_isc_groups_it() {
    let rows = [
        ("1 + 2 * 3", 9),
        ("2 * 3 + 1", 8),
        ("1 + 2 * 3 + 4", 21),
        ("2 * 2 + 3 * 4 + 5", 90),
        ("1 + 6 & 3", 3),
        ("2 + 4 | 1", 7),
        ("2 * 6 & 3 + 1", 6),
        ("20 / 2 / 5", 2),
        ("3 + 4 % 5", 2),
        ("3 * 4 % 5", 2),
        ("100 / 2 + 3", 20),
        ("1 + 100 / 2 + 3", 20),
        ("12 ^ 5 ^ 1", 8),
        ("1 + 2 & 2 + 4", 7),
        ("(1 + 2) * (3 + 4)", 21),
        ("010", 10),
        ("-1", u64::MAX),
        ("99999999999", 1_215_752_191),
    ];
    for (text, value) in rows {
        assert_eq!(number(text), value, "{text}");
    }
}

/// How a condition is grouped, with its operands as they are.
fn grouped(expression: &Expr) -> String {
    match expression {
        Expr::And(a, b) => format!("({} and {})", grouped(a), grouped(b)),
        Expr::Or(a, b) => format!("({} or {})", grouped(a), grouped(b)),
        Expr::Equal(a, b) => format!("{}={}", grouped(a), grouped(b)),
        Expr::Not(a) => format!("!{}", grouped(a)),
        Expr::Known => "K".into(),
        Expr::Static => "S".into(),
        Expr::Exists(option) => format!("E{}", option.key.code),
        Expr::Option(option) => format!("O{}", option.key.code),
        Expr::Const(octets) => octets.iter().map(|octet| format!("{octet:02x}")).collect(),
        Expr::ConstInt(value) => value.to_string(),
        Expr::ExtractInt(_, width) => format!("X{width}"),
        other => format!("{other:?}"),
    }
}

fn condition(text: &str) -> String {
    match statement(&format!("if {text} {{ }}")) {
        Stmt::If { condition, .. } => grouped(&condition),
        other => panic!("{other:?}"),
    }
}

#[test]
fn conditions_are_grouped_as_isc_groups_them() {
    let rows = [
        ("known and known or exists host-name", "((K and K) or E12)"),
        ("exists routers or exists routers and exists host-name", "((E3 or E3) and E12)"),
        ("option host-name = 1 and option host-name = 2 or option host-name = 3", "(O12=01 and (O12=02 or O12=03))"),
        ("1 = 2 or 3 = 4 and 5 = 6 or 7 = 8", "(01=02 or (03=04 and (05=06 or 07=08)))"),
        ("static or not static and static", "((S or !S) and S)"),
        ("(known or static)", "(K or S)"),
        ("((known) or (static))", "(K or S)"),
        ("not exists host-name and known", "(!E12 and K)"),
        ("extract-int(option host-name, 8) = 10", "X8=10"),
        ("extract-int(option host-name, 8) = 5 and known", "(X8=5 and K)"),
        ("known and (extract-int(option host-name, 8) = 5)", "(K and X8=5)"),
        ("option host-name = 10", "O12=10"),
    ];
    for (text, grouping) in rows {
        assert_eq!(condition(text), grouping, "{text}");
    }
}

#[test]
fn types_are_checked() {
    let rows = [
        ("if extract-int(option host-name, 8) + 1 = 2 { }", "illegal expression relating different types"),
        ("if 1 = extract-int(option host-name, 8) { }", "illegal expression relating different types"),
        ("if known and extract-int(option host-name, 8) = 5 { }", "illegal expression relating different types"),
        ("set x = 1 + 2;", "expecting numeric expressions"),
        ("set x = known = static;", "expecting data/numeric expression"),
        ("if option host-name ~= var { }", "expecting data expression"),
        ("if known and \"x\" { }", "illegal expression relating different types"),
        ("set x = var and \"x\";", "expecting boolean expressions"),
        ("if not somevar { }", "boolean expression expected"),
        ("if option host-name { }", "Expecting a boolean expression."),
        ("log (info, known);", "Expecting a data expression."),
        ("set x = substring(\"a\", \"b\", 1);", "Expecting a numeric expression."),
        ("set x = concat(known, \"a\");", "Expecting a data expression."),
        ("set n = 300;", "300 exceeds max (255) for precision."),
        ("set n = abc;", "abc exceeds max (255) for precision."),
        ("set n = v1;", "Bogus number v1: digit 31 not in base 16"),
        ("set n = extract-int(\"a\", 7);", "unsupported integer size 7"),
        ("set n = a = b = c;", "illegal expression relating different types"),
        ("set n = option nonsense;", "no option named nonsense in space dhcp"),
        (
            "switch (option host-name) { case extract-int(\"a\", 8): break; if known { case 1: break; } }",
            "case statement in inappropriate scope.",
        ),
    ];
    for (text, complaint) in rows {
        let messages = refused(v4(text));
        assert!(messages.iter().any(|message| message == complaint), "{text}: {messages:?}");
    }
    for text in [
        "if somevar { }",
        "if option host-name ~~ var { }",
        "set v = var + 1;",
        "set v = fun(\"a\", known);",
        "eval known;",
    ] {
        let loading = v4(text);
        let good = loading.fatal.is_none();
        assert_eq!(good, text != "set v = var + 1;", "{text}: {:?}", said(&loading));
    }
}

#[test]
fn switches_read_their_labels_by_type() {
    let Stmt::Switch { body, .. } =
        statement("switch (extract-int(\"a\", 8)) { case 10: break; default: log(\"x\"); }")
    else {
        panic!()
    };
    assert!(matches!(&body[0], Stmt::Case(label) if **label == Expr::ConstInt(10)));
    assert!(matches!((&body[1], &body[2]), (Stmt::Break, Stmt::DefaultCase)));
    let Stmt::Switch { body, .. } = statement("switch (option host-name) { case \"x\": break; }") else { panic!() };
    assert!(matches!(&body[0], Stmt::Case(label) if **label == Expr::Const((*b"x").into())));
    // Hex octets swallow the colon (verified).
    let words = refused(v4("switch (option host-name) { case 10: break; }"));
    assert_eq!(words[0], "expecting hexadecimal number.");
}

#[test]
fn ifs_nest_in_their_else() {
    let Stmt::If { then, otherwise, .. } = statement("if known { } elsif static { break; } else { break; break; }")
    else {
        panic!()
    };
    assert!(then.is_empty());
    let [Stmt::If { then, otherwise, .. }] = &otherwise[..] else { panic!("{otherwise:?}") };
    assert_eq!((then.len(), otherwise.len()), (1, 2));
}

#[test]
fn long_concatenations_lean_to_the_left() {
    let Stmt::Set { value, .. } = statement("set x = concat(\"a\", \"b\", \"c\");") else { panic!() };
    assert!(matches!(&*value, Expr::Concat(left, _) if matches!(**left, Expr::Concat(..))));
}

#[test]
fn blocks_of_a_lease_file_are_lowered() {
    let config = good("class \"c\" { match if known; } option x code 200 = text;");
    let block = lower_block(&config, "set a = option x; add \"c\"; if known { unset a; }").expect("good");
    assert_eq!(block.len(), 3);
    let complaints = lower_block(&config, "add \"d\"; set a = option y;").unwrap_err();
    let texts: Vec<_> = complaints.iter().map(|complaint| complaint.message.as_str()).collect();
    assert_eq!(texts, ["class d: not found", "no option named y in space dhcp"]);
    assert!(lower_block(&config, "subnet 1.2.3.0 netmask 255.255.255.0 { }").is_err());
    let six = super::super::load_text("c.conf", "option dhcp6.preference 5;", Family::V6);
    assert!(lower_block(&six.result.expect("good"), "log(\"x\");").is_ok());
}
