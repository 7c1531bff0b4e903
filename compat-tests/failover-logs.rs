//! Every log line of spec/failover.md is written by the server and occurs in a test. A text is a span of code in the document;
//! what it holds for a value (`<name>`) can be anything, and the longest piece between two values is what is looked for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Spans that are no log lines.
const NO_LOGS: [(&str, &[&str]); 6] = [
    (
        "statements of dhcpd.conf and of the lease file",
        &[
            "failover peer \"name\"",
            "failover peer \"name\" { … }",
            "address A;",
            "peer address A;",
            "port N;",
            "peer port N;",
            "max-response-delay N;",
            "peer max-response-delay",
            "max-unacked-updates N;",
            "peer …",
            "mclt N;",
            "split N;",
            "hba xx:…;",
            "load balance max seconds N;",
            "auto-partner-down N;",
            "max-lease-misbalance N;",
            "max-lease-ownership N;",
            "max-balance N;",
            "min-balance N;",
            "peer max-unacked-updates",
            "split N",
            "split 128",
            "failover peer \"name\";",
            "no failover peer;",
            "load balance",
            "failover peer",
            "peer address",
            "peer port",
            "my state",
            "my state S [at DATE];",
            "partner state S [at DATE];",
            "peer state",
            "binding state",
            "next binding state",
            "rewind binding state",
            "starts T; tstp T; binding state backup; rewind binding state free;",
            "tsfp T; atsfp T;",
            "starts T; tsfp T; atsfp T; binding state backup;",
            "binding state expired; next binding state free; rewind binding state active;",
        ],
    ),
    (
        "arithmetic",
        &[
            "tstp > atsfp",
            "1 << (i & 7)",
            "i / 8",
            "(free − backup)/2 > −hold",
            "h = len & 0xff; for i = len-1 down to 0: h = T[h ^ key[i]]",
        ],
    ),
    ("octets", &["01 …"]),
    ("values of OMAPI attributes", &["message length wait", "message wait", "state = 2"]),
    ("the beginning of the usual line of a message, in differential/ and dhcp4", &["DHCPDISCOVER from …"]),
    ("nothing of its own: the results that can stand there are spans themselves", &["failover peer <name>: <result>"]),
];

/// Log lines of ISC dhcpd that this server does not write, and why.
const NEVER_WRITTEN: [(&str, &[&str]); 5] = [
    (
        "ISC's servers end, or end their service; these go on (README, where failover differs)",
        &[
            "Impossible case at failover.c:<line>.",
            "Lease with bogus binding state: <n>",
            "Peer <name> moves to normal during conflict resolution - panic, shutting down.",
        ],
    ),
    ("the connection is closed before the text has left it; there is no line about it either", &["no MCLT provided"]),
    ("a connection of nobody's partner is closed when it is accepted, and no message of it is read", &["failover: connect: no matching state."]),
    (
        "messages are put into the connection's buffer, which does not fail; a connection that fails then is said to be disconnected",
        &[
            "Failed to send update request all message to <name>: <result>",
            "dhcp_failover_send_connect: <result>",
            "dhcp_failover_send_connectack: <result>",
            "dhcp_failover_put_message: something went wrong.",
        ],
    ),
    (
        "records are put into the journal, which does not fail; if they do not get to the disk, the lines about the lease file tell",
        &[
            "Unable to record current failover state for <name>",
            "write_failover_state: unable to write state <name>",
            "can't commit lease <ip> on giveaway",
            "can't commit lease <ip> for mac addr affinity",
            "can't commit lease <ip> for client affinity",
        ],
    ),
];

/// Spans that are a part of a line, or leave some of it out, and the line.
const ABRIDGED: [(&str, &[&str]); 2] = [
    (
        "… nothing pending",
        &["Update request from <name>: nothing pending", "Update request all from <name>: nothing pending"],
    ),
    ("… expired", &["<msg>: lease in transition state expired"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The spans of code of the sections that describe what the server does (1 to 27) which have more than one word, with the number
/// of the section.
fn spans() -> BTreeSet<(u32, String)> {
    let text = read(&root().join("compat-tests/spec/failover.md"));
    let mut spans = BTreeSet::new();
    let (mut section, mut is_fenced) = (0, false);
    for line in text.lines() {
        if line.starts_with("```") {
            is_fenced = !is_fenced;
        } else if let Some(title) = line.strip_prefix("## ") {
            section = title.split('.').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        } else if !is_fenced && (1..=27).contains(&section) {
            let quoted = line.split('`').skip(1).step_by(2).filter(|span| span.trim().contains(' '));
            spans.extend(quoted.map(|span| (section, span.to_owned())));
        }
    }
    spans
}

/// The longest piece of a line in which no value stands.
fn telling(line: &str) -> &str {
    line.split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |(_, rest)| rest))
        .max_by_key(|piece| piece.len())
        .unwrap_or_default()
}

/// The files of a folder with one of these endings.
fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, endings, found);
        } else if path.extension().and_then(|end| end.to_str()).is_some_and(|end| endings.contains(&end)) {
            found.push(path);
        }
    }
}

/// The end of a string literal and what it says; `text` begins behind its first quotation mark.
fn plain_literal(text: &str) -> (String, &str) {
    let mut literal = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '"' => break,
            '\\' if rest.starts_with('\n') => rest = rest.trim_start(),
            '\\' => {
                literal.extend(rest.chars().next());
                rest = rest.get(1..).unwrap_or_default();
            }
            _ => literal.push(letter),
        }
    }
    (literal, rest)
}

/// The string literals of Rust source, one a line: without comments, and put together where they go on in the next line.
fn literals(source: &str) -> String {
    const QUOTED_MARKS: [&str; 3] = ["'\"'", "'\\\"'", "'/'"];
    let mut rest = source;
    let mut found = Vec::new();
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, here) = rest.split_at(at);
        let start = before.trim_end_matches('#');
        if here.starts_with("//") {
            rest = here.split_once('\n').map_or("", |(_, next)| next);
        } else if !here.starts_with('"') {
            let mark = QUOTED_MARKS.iter().find(|mark| here.starts_with(**mark));
            rest = &here[mark.map_or(1, |mark| mark.len())..];
        } else if start.ends_with('r') {
            let end = format!("\"{}", &before[start.len()..]);
            let (literal, next) = here[1..].split_once(&end).expect("the end of a raw string");
            found.push(literal.to_owned());
            rest = next;
        } else {
            let (literal, next) = plain_literal(&here[1..]);
            found.push(literal);
            rest = next;
        }
    }
    found.join("\n")
}

/// What the server's source says, and what tests do: under src/, tests are in a module `tests` of its own file or folder, or at
/// the end of a file.
fn said() -> (String, String) {
    let (mut server, mut tests) = (String::new(), String::new());
    let mut found = Vec::new();
    files(&root().join("src"), &["rs"], &mut found);
    for path in &found {
        let text = read(path);
        let is_test = path
            .components()
            .any(|part| ["tests", "tests.rs"].contains(&part.as_os_str().to_str().unwrap_or_default()));
        let (code, test) =
            if is_test { ("", &*text) } else { text.split_once("\n#[cfg(test)]\nmod tests {").unwrap_or((&text, "")) };
        server += &literals(code);
        tests += &literals(test);
    }
    let mut scenarios = Vec::new();
    for folder in ["failover", "simulation", "differential", "omapi"] {
        files(&root().join("compat-tests").join(folder), &["py", "rs"], &mut scenarios);
    }
    scenarios.iter().for_each(|path| tests += &read(path));
    // Of this file, what stands behind its own lists.
    let own = read(&root().join("compat-tests/failover-logs.rs"));
    tests += own.split_once("\nfn a_relationship_that_no_pool_refers_to").map_or("", |(_, test)| test);
    (server, tests)
}

fn lists<'a>(lists: &'a [(&str, &[&str])]) -> BTreeSet<&'a str> {
    lists.iter().flat_map(|(_, spans)| spans.iter().copied()).collect()
}

#[test]
fn every_log_line_is_written_and_tested() {
    let (no_logs, never_written) = (lists(&NO_LOGS), lists(&NEVER_WRITTEN));
    let spans = spans();
    let (server, tests) = said();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (section, span) in &spans {
        let abridged = ABRIDGED.iter().find(|(short, _)| short == span).map(|(_, lines)| *lines);
        for line in abridged.unwrap_or(&[&**span]) {
            if no_logs.contains(line) {
                continue;
            }
            count += 1;
            let telling = telling(line);
            // The server has what stands between a line's parts elsewhere, at times; a test has it whole.
            let is_written = server.contains(telling.trim_matches([':', ' ']));
            let is_tested = tests.contains(telling);
            match (never_written.contains(line), is_written, is_tested) {
                (true, false, _) | (false, true, true) => {}
                (true, true, _) => wrong.push(format!("section {section}: `{line}`: is written")),
                (false, false, _) => wrong.push(format!("section {section}: `{line}`: not in src ({telling})")),
                (false, true, false) => wrong.push(format!("section {section}: `{line}`: in no test ({telling})")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "{count} lines are not the document");
}

/// What the lists name is in the document, once, and each list says why.
#[test]
fn what_is_left_out_is_in_the_document() {
    let spans: BTreeSet<String> = spans().into_iter().map(|(_, span)| span).collect();
    let named: Vec<&str> = NO_LOGS.iter().chain(&NEVER_WRITTEN).flat_map(|(_, list)| list.iter().copied()).collect();
    let unknown: Vec<_> = named.iter().filter(|span| !spans.contains(**span)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), named.len(), "named twice");
    assert!(NO_LOGS.iter().chain(&NEVER_WRITTEN).all(|(why, list)| !why.is_empty() && !list.is_empty()));
    assert!(ABRIDGED.iter().all(|(short, _)| spans.contains(*short)));
}

/// The test sees what is missing: comments do not count, pieces of a literal are one.
#[test]
fn what_is_looked_for_is_in_literals() {
    let source = "let a = \"one \\\n    line\"; // \"no line\"\nlet b = '\"'; let c = r#\"raw \"text\" here\"#; let d = \"a \\\"quoted\\\" word\";";
    assert_eq!(literals(source), "one line\nraw \"text\" here\na \"quoted\" word");
    assert_eq!(telling("bind update on <ip> got ack from <name>: xid mismatch."), ": xid mismatch.");
    assert_eq!(telling("failover peer <name>: I move from <old> to <new>"), ": I move from ");
}

/// The check of the configuration ends with ISC's line, and the reason before it.
#[test]
fn a_relationship_that_no_pool_refers_to_ends_the_check() {
    let peer =
        "failover peer \"f\" { secondary; address 10.0.0.1; peer address 10.0.0.2; load balance max seconds 3; }";
    let path = std::env::temp_dir().join(format!("lessor-failover-logs-{}.conf", std::process::id()));
    fs::write(&path, format!("{peer}\nsubnet 10.0.0.0 netmask 255.255.255.0 {{ range 10.0.0.5; }}\n")).expect("a file");
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_dhcpd")).args(["-t", "-cf"]).arg(&path).output().expect("dhcpd");
    fs::remove_file(&path).expect("the file");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    let reason = "ERROR: Failover peer, f, has no referring pools. You must refer to each peer in at least one pool declaration.";
    let at = lines.iter().position(|line| *line == reason).expect("the reason");
    assert_eq!(lines[at + 1], "Failover configuration sanity check failed");
}
