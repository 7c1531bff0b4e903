//! Each advice, given and withheld.

use crate::config::{load_text, load_text_explained, Family, Message};

/// Warnings as `line code`, and hints of complaints as `line code: hint`.
fn explain_for(text: &str, family: Family) -> Vec<String> {
    let loading = load_text_explained("c", text, family);
    let line = |span| loading.sources.line_column(span).0;
    let complaints = loading.messages.iter().filter_map(|message| match message {
        Message::Complaint(found) => {
            Some(format!("{} {}: {}", line(found.span), found.code, found.hint.as_deref().unwrap_or("-")))
        }
        _ => None,
    });
    let warnings = loading.warnings.iter().map(|found| format!("{} {}", line(found.span), found.code));
    complaints.chain(warnings).collect()
}

fn explain(text: &str) -> Vec<String> {
    explain_for(text, Family::V4)
}

const NOTHING: [&str; 0] = [];

#[test]
fn loading_is_silent_unless_asked() {
    let loading = load_text("c", "authoritativ; host a { }", Family::V4);
    assert!(loading.warnings.is_empty() && loading.result.is_some());
    let loading = load_text("c", "defualt-lease-time 6;", Family::V4);
    assert!(matches!(&loading.messages[..], [Message::Complaint(found)] if found.hint.is_none()));
}

#[test]
fn words_that_are_no_statements() {
    let loading = load_text_explained("c", "authoritativ;", Family::V4);
    assert_eq!(loading.warnings[0].hint.as_deref(), Some("did you mean \"authoritative\"?"));
    assert_eq!(explain("authoritativ;\nset x1 = 1;\neval x1y;"), ["1 unknown-word"]);
    assert_eq!(
        explain("defualt-lease-time 600;"),
        ["1 expected: \"defualt-lease-time\" is no statement; did you mean \"default-lease-time\"?"]
    );
    assert_eq!(explain("frobnicate 600;"), ["1 expected: \"frobnicate\" is no statement"]);
}

#[test]
fn functions() {
    assert_eq!(explain("set greet (who) { log (info, who); }\ngret (\"x\");"), ["2 unknown-function"]);
    assert_eq!(explain("set greet (who) { log (info, who); }\nGreet (\"x\");"), NOTHING);
    let loading =
        load_text_explained("c", "define greet (who) { log (info, who); } set x1y = gret (\"x\");", Family::V4);
    assert_eq!(loading.warnings[0].hint.as_deref(), Some("did you mean \"greet\"?"));
}

#[test]
fn truths() {
    assert_eq!(explain("if true { option host-name \"a\"; }\nelsif exists host-name { }"), ["1 condition-never-true"]);
    assert_eq!(explain("if exists host-name { option host-name \"a\"; }"), NOTHING);
}

#[test]
fn hints_for_names() {
    assert_eq!(explain("option rotuers 10.0.0.1;"), ["1 unknown-option: did you mean \"routers\"?"]);
    assert_eq!(explain("option agent.circut-id \"x\";"), ["1 unknown-option: did you mean \"agent.circuit-id\"?"]);
    assert_eq!(explain("option circuit-id \"x\";"), ["1 unknown-option: did you mean \"agent.circuit-id\"?"]);
    assert_eq!(explain("option agnet.circuit-id \"x\";"), ["1 unknown-option-space: did you mean \"agent\"?"]);
    assert_eq!(
        explain("class \"phones\" { match hardware; }\nsubclass \"phone\" 1:2:3;"),
        ["2 unknown-class: did you mean \"phones\"?"]
    );
    assert_eq!(
        explain("group printers { }\nhost a { hardware ethernet 2:0:0:0:0:1; group printer; }"),
        ["2 unknown-group: did you mean \"printers\"?"]
    );
    assert_eq!(
        explain("subclass \"phones\" 1:2:3;\nclass \"phones\" { match hardware; }"),
        ["1 unknown-class: \"phones\" is declared further down; its declaration must come first"]
    );
    assert_eq!(
        explain("option site-name \"x\";\noption site-name code 222 = text;"),
        ["1 unknown-option: \"site-name\" is declared further down; its declaration must come first"]
    );
    assert_eq!(explain("deny unknown-client;"), ["1 expected: did you mean \"unknown-clients\"?"]);
    assert_eq!(explain("host a { hardware etherent 2:0:0:0:0:1; }"), ["1 expected: did you mean \"ethernet\"?"]);
    assert_eq!(explain("subnet 10.0.0.0 netmsk 255.0.0.0 { }"), ["1 expected: did you mean \"netmask\"?"]);
}

#[test]
fn hints_for_values() {
    assert_eq!(explain("ddns-update-style intrim;"), ["1 option-value: did you mean \"interim\"?"]);
    assert_eq!(explain("get-lease-hostnames ture;"), ["1 option-value: did you mean \"true\"?"]);
    assert_eq!(explain("get-lease-hostnames YES;"), ["1 option-value: did you mean \"on\"?"]);
    let expected = |text| match &load_text_explained("c", text, Family::V4).messages[..] {
        [Message::Complaint(found)] => found.expected.join(" "),
        other => panic!("{other:?}"),
    };
    assert_eq!(expected("ddns-update-style x;"), "none ad-hoc interim standard");
    assert_eq!(expected("get-lease-hostnames yes;"), "true false on off ignore");
    assert_eq!(expected("max-lease-time 1 2;"), "\";\"");
    assert_eq!(expected("host a { hardware x 1:2; }"), "ethernet token-ring fddi infiniband");
}

#[test]
fn places_of_statements() {
    assert_eq!(explain("uid \"x\";"), ["1 unknown-statement: \"uid\" may stand in: host"]);
    assert_eq!(explain("hardware ethernet 1:2:3:4:5:6;"), ["1 misplaced: \"hardware\" may stand in: host"]);
    assert_eq!(explain("default: log (info, \"x\");")[0], "1 misplaced: -");
    assert_eq!(explain("hba 1;"), ["1 unknown-statement: \"hba\" may stand in: failover peer"]);
    let open = "host a { hardware ethernet 2:0:0:0:0:1;\nhost b { hardware ethernet 2:0:0:0:0:2; } }";
    assert!(explain(open)[0].ends_with("pool6; or a block above it lacks its \"}\""), "{:?}", explain(open));
}

#[test]
fn a_semicolon_missed_late() {
    let text = "max-lease-time 7200\n\ndefault-lease-time 600;";
    assert_eq!(explain(text), ["3 semicolon: the statement that ends in line 1 may lack its \";\""]);
    let text = "subnet 10.0.0.0 netmask 255.255.255.0 {\n range 10.0.0.1 10.0.0.9\n}";
    assert_eq!(explain(text)[0], "3 expected: the statement that ends in line 2 may lack its \";\"");
}

#[test]
fn parameters_where_nobody_looks() {
    assert_eq!(explain("omapi-port 7911;\nif exists host-name { omapi-port 1; }"), NOTHING);
    assert_eq!(explain("group {\n omapi-port 7911;\n}"), ["2 global-only-parameter"]);
    assert_eq!(
        explain("subnet 10.0.0.0 netmask 255.0.0.0 {\n if exists host-name { option server.local-port 1; }\n}"),
        ["2 global-only-parameter"]
    );
    assert_eq!(
        explain("allow dynamic-bootp;\ndynamic-bootp on;\nallow bootp;"),
        ["1 ineffective-parameter", "1 overridden-option", "2 ineffective-parameter"]
    );
    assert_eq!(explain("preferred-lifetime 100;"), ["1 other-family-parameter"]);
    assert_eq!(explain_for("preferred-lifetime 100;", Family::V6), NOTHING);
}

#[test]
fn options_set_again() {
    let again = "option routers 10.0.0.1;\nappend routers 10.0.0.3;\noption dhcp.routers 10.0.0.2;";
    assert_eq!(explain(again), ["1 overridden-option", "2 overridden-option"]);
    assert_eq!(explain("allow bootp;\nallow-bootp false;"), ["1 overridden-option"]);
    assert_eq!(explain("option routers 10.0.0.1;\nappend routers 10.0.0.3;"), NOTHING);
    assert_eq!(explain("option routers 10.0.0.1;\ngroup { option routers 10.0.0.3; }"), NOTHING);
    let looked_at = "option host-name \"a\";\nset n1 = config-option host-name;\noption host-name \"b\";";
    assert_eq!(explain(looked_at), NOTHING);
}

#[test]
fn authority() {
    let subnet = "subnet 10.0.0.0 netmask 255.0.0.0 { }\n";
    assert_eq!(explain(&format!("{subnet}authoritative;")), ["2 authoritative-too-late"]);
    assert_eq!(explain(&format!("group {{ {subnet} }} authoritative;")), ["2 authoritative-too-late"]);
    assert_eq!(explain(&format!("authoritative;\n{subnet}authoritative;")), NOTHING);
    assert_eq!(explain("subnet 10.0.0.0 netmask 255.0.0.0 { authoritative; }\nauthoritative;"), NOTHING);
    let pool = "subnet 10.0.0.0 netmask 255.0.0.0 { pool { range 10.0.0.1;\n authoritative; } }";
    assert_eq!(explain(pool), ["2 authoritative-ineffective"]);
}

#[test]
fn events() {
    assert_eq!(explain("on transmission { log (info, \"x\"); }"), ["1 event-never-happens"]);
    assert_eq!(explain("on commit { log (info, \"x\"); }"), NOTHING);
}

#[test]
fn hosts() {
    assert_eq!(explain("host a { option host-name \"a\"; }"), ["1 host-never-matches"]);
    assert_eq!(explain("host a { option dhcp-client-identifier \"a\"; }"), NOTHING);
    assert_eq!(explain("group g { }\nhost a { group g; }"), NOTHING);
    let subnet = "subnet 10.0.0.0 netmask 255.255.255.0 { }\n";
    let host = |address| format!("{subnet}host a {{ uid \"a\"; fixed-address {address}; }}");
    assert_eq!(explain(&host("10.0.1.1")), ["2 fixed-address-outside"]);
    assert_eq!(explain(&host("10.0.0.1, 10.0.2.1")), ["2 fixed-address-outside"]);
    assert_eq!(explain(&host("10.0.0.1")), NOTHING);
    assert_eq!(explain("host a { uid \"a\"; fixed-address 10.0.0.1; }"), NOTHING);
    assert_eq!(
        explain("host a { uid \"a\"; fixed-address 10.0.0.1; }\nsubnet 10.0.0.0 netmask 255.0.0.0 { }"),
        NOTHING
    );
}

fn pool(permits: &str) -> Vec<String> {
    let before = "class \"c\" { match hardware; }\nsubclass \"c\" 1:2;\n";
    explain(&format!("{before}subnet 10.0.0.0 netmask 255.0.0.0 {{ pool {{ range 10.0.0.1;\n{permits} }} }}"))
        .into_iter()
        .filter(|found| !found.contains("class-unused"))
        .collect()
}

#[test]
fn permits() {
    assert_eq!(pool("deny authenticated clients;"), ["4 permit-never-matches"]);
    assert_eq!(pool("allow authenticated clients;"), ["3 pool-excludes-everybody", "4 permit-never-matches"]);
    for nobody in [
        "deny all clients;",
        "deny unauthenticated clients;",
        "deny known-clients; deny unknown clients;",
        "allow members of \"c\"; deny members of \"c\";",
    ] {
        assert_eq!(pool(nobody), ["3 pool-excludes-everybody"], "{nobody}");
    }
    for somebody in [
        "allow all clients; deny unknown-clients;",
        "allow members of \"c\"; deny unknown-clients;",
        "deny dynamic bootp clients;",
        "allow after never;",
    ] {
        assert_eq!(pool(somebody), NOTHING, "{somebody}");
    }
}

#[test]
fn classes() {
    let class = |body: &str| explain(&format!("class \"c\" {{ {body} option host-name \"a\"; }}"));
    assert_eq!(class(""), ["1 class-never-matches"]);
    assert_eq!(class("match hardware;"), ["1 class-never-matches"]);
    assert_eq!(class("match if known;"), ["1 class-never-matches"]);
    assert_eq!(class("match if exists host-name and (known);"), ["1 class-never-matches"]);
    for used in [
        "match if exists host-name or known;",
        "match if not known;",
        "match if exists host-name;",
        "spawn with hardware;",
    ] {
        assert_eq!(class(used), NOTHING, "{used}");
    }
    let added = "class \"c\" { option host-name \"a\"; }\nif exists user-class { add \"c\"; }";
    assert_eq!(explain(added), NOTHING);
}

#[test]
fn classes_that_do_nothing() {
    let class = "class \"c\" { match if exists host-name; }\n";
    assert_eq!(explain(class), ["1 class-unused"]);
    let subnet = "subnet 10.0.0.0 netmask 255.0.0.0 { pool { range 10.0.0.1; allow members of \"c\"; } }";
    assert_eq!(explain(&format!("{class}{subnet}")), NOTHING);
    assert_eq!(explain("class \"c\" { match if exists host-name; lease limit 4; }"), NOTHING);
    assert_eq!(explain("class \"c\" { match hardware; }\nsubclass \"c\" 1:2 { option host-name \"a\"; }"), NOTHING);
    // Members run the statements of the group.
    assert_eq!(explain(&format!("group {{ option host-name \"x\"; {class} }}")), NOTHING);
}
