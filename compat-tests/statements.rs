//! The table of all statements (statements.md) against the facts (spec/config-language.md 4 and 5) and against what it names.

use lessor::config::{load_text, Family};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One row of statements.md.
struct Row {
    statement: String,
    accepted: String,
    refused: String,
    effect: String,
    proof: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(root().join(path)).ok()
}

/// The cells of a row of a table; nothing for its head and other lines.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.strip_prefix("| ")?.strip_suffix(" |").or_else(|| line.strip_prefix("| ")?.strip_suffix('|'))?;
    let cells: Vec<String> = inner.split(" | ").map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
    let is_head = matches!(cells[0].as_str(), "---" | "statement" | "Statement" | "Code");
    (!is_head && !cells[0].starts_with('-')).then_some(cells)
}

fn rows() -> Vec<Row> {
    let table = read("compat-tests/statements.md").expect("statements.md");
    let rows = table.lines().filter_map(cells).map(|cells| {
        let [statement, accepted, refused, effect, proof] = cells.try_into().expect("five cells");
        Row { statement, accepted, refused, effect, proof }
    });
    rows.collect()
}

/// The statements of the document: section 4 without those of lease files and the references, and the parameters of section 5.
fn required() -> Vec<String> {
    let spec = read("compat-tests/spec/config-language.md").expect("facts");
    let section = |from: &str, to: &str| {
        let start = spec.find(from).expect("section");
        spec[start..start + spec[start..].find(to).expect("next section")].to_owned()
    };
    let statements = section("\n## 4. ", "\n## 5. ");
    let mut names: Vec<String> = statements.lines().filter_map(cells).map(|cells| cells[0].clone()).collect();
    names.retain(|name| !name.starts_with("lease, ") && !name.starts_with("parameters, "));
    let parameters = section("\n## 5. ", "\n## 6. ");
    names.extend(parameters.lines().filter_map(cells).map(|cells| cells[1].clone()));
    names
}

fn example(text: &str) -> (Family, &str) {
    text.strip_prefix("-6 ").map_or((Family::V4, text), |text| (Family::V6, text))
}

fn is_accepted(text: &str) -> bool {
    let (family, text) = example(text);
    load_text("dhcpd.conf", text, family).result.is_some()
}

/// Whether a text has one of the statement's words.
fn has_statement(text: &str, statement: &str) -> bool {
    let names = statement.split(" (").next().unwrap_or(statement);
    let names = match names {
        "option definition" => "code",
        "no failover peer" | "failover peer state" => "failover",
        names => names,
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    names.split(", ").all(|name| {
        text.match_indices(name).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
    })
}

/// The text of a test function.
fn function<'t>(source: &'t str, name: &str) -> Option<&'t str> {
    let start = source.find(&format!("fn {name}("))?;
    let attributes = source[..start].rsplit('}').next()?;
    let rest = &source[start..];
    let end = rest[1..].find("#[test]").map_or(rest.len(), |end| end + 1);
    attributes.contains("#[test]").then_some(&rest[..end])
}

fn complaint(row: &Row) -> Option<String> {
    let mut words = row.proof.split_whitespace();
    match (words.next()?, words.next()?, words.next()) {
        ("scenario", name, None) => {
            let Some(text) = read(&format!("compat-tests/differential/scenarios/{name}.scn")) else {
                return Some("no such scenario".into());
            };
            let lines: Vec<&str> = text.lines().map(|line| line.split('#').next().unwrap_or("")).collect();
            (!has_statement(&lines.join("\n"), &row.statement)).then(|| "the scenario does not have it".into())
        }
        ("unit", file, Some(name)) => {
            let Some(source) = read(file) else { return Some("no such file".into()) };
            if function(&source, name).is_none() {
                return Some("no such test".into());
            }
            let warned = row.effect.strip_prefix("warned: ");
            warned.is_some_and(|text| !source.contains(text)).then(|| "that warning is not given".into())
        }
        ("live", file, None) => match read(file) {
            Some(text) => (!has_statement(&text, &row.statement)).then(|| "the live test does not have it".into()),
            None => Some("no such file".into()),
        },
        ("this", "test", _) if row.effect == "refused: -6" => None,
        _ => Some("no proof".into()),
    }
}

#[test]
fn every_statement_of_the_language_has_a_row() {
    let rows = rows();
    let required = required();
    assert!(required.len() > 120, "only {} statements found in the document", required.len());
    let missing: Vec<_> = required.iter().filter(|name| !rows.iter().any(|row| row.statement == **name)).collect();
    let unknown: Vec<_> = rows.iter().map(|row| &row.statement).filter(|name| !required.contains(name)).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing {missing:?}, unknown {unknown:?}");
    assert_eq!(rows.len(), required.len());
}

#[test]
fn examples_have_their_verdict() {
    let mut wrong = Vec::new();
    for row in rows() {
        if !is_accepted(&row.accepted) {
            wrong.push(format!("refused: {}", row.accepted));
        }
        if is_accepted(&row.refused) {
            wrong.push(format!("accepted: {}", row.refused));
        }
        let text = example(&row.accepted).1;
        if !has_statement(text, &row.statement) {
            wrong.push(format!("{} is not in {text}", row.statement));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_proof_exists_and_has_the_statement() {
    let effects = ["served", "read only", "refused: -6"];
    let mut wrong = Vec::new();
    for row in rows() {
        if !effects.contains(&row.effect.as_str()) && !row.effect.starts_with("warned: ") {
            wrong.push(format!("{}: unknown effect {}", row.statement, row.effect));
        }
        if let Some(complaint) = complaint(&row) {
            wrong.push(format!("{}: {complaint}: {}", row.statement, row.proof));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Asked to serve DHCPv6, the server ends before it touches anything.
#[test]
fn dhcpv6_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_dhcpd"))
        .args(["-6", "-d", "-cf", "/dev/null", "-lf"])
        .arg(Path::new("/dev/null"))
        .output()
        .expect("dhcpd runs");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("DHCPv6"), "{said}");
}
