//! The table of all statements (statements.md) against the facts (spec/config-language.md 4 to 7 and 9) and against what it
//! names.

use lessor::config::{load_text, Family};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One row of statements.md.
struct Row {
    section: String,
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
    let mut section = String::new();
    let mut rows = Vec::new();
    for line in table.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            section = title.to_owned();
        } else if let Some(cells) = cells(line) {
            let [statement, accepted, refused, effect, proof] = cells.try_into().expect("five cells");
            rows.push(Row { section: section.clone(), statement, accepted, refused, effect, proof });
        }
    }
    rows
}

/// The texts between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn first_cell(line: &str) -> &str {
    line.strip_prefix("| ").and_then(|line| line.split(" | ").next()).unwrap_or_default()
}

/// The words of a statement as the document shows it, up to what stands for a value.
fn words(shown: &str) -> String {
    let word = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || "-;:".contains(c));
    let words: Vec<&str> = shown.split(' ').take_while(word).collect();
    words.join(" ").trim_end_matches([';', ':']).trim_end().to_owned()
}

/// The name of an executable statement of section 9; none for what the other tables hold.
fn executable(shown: &str) -> Option<String> {
    if shown.starts_with("set F") {
        return Some("set (function)".into());
    }
    let name: String = shown.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
    match name.as_str() {
        "" if shown.starts_with("F(") => Some("call".into()),
        "" | "allow" | "zone" | "key" | "db-time-format" => None,
        _ => Some(name),
    }
}

/// The statements of the document, with the section of the table: section 4 without those of lease files and the references,
/// the parameters of section 5, flags and permits of 6, a peer's block of 7.7, section 9.
fn required() -> Vec<(&'static str, String)> {
    let spec = read("compat-tests/spec/config-language.md").expect("facts");
    let section = |from: &str, to: &str| {
        let start = spec.find(from).expect("section");
        spec[start..start + spec[start..].find(to).expect("next section")].to_owned()
    };
    let statements = section("\n## 4. ", "\n## 5. ");
    let mut names: Vec<String> = statements.lines().filter_map(cells).map(|cells| cells[0].clone()).collect();
    names.retain(|name| !name.starts_with("lease, ") && !name.starts_with("parameters, "));
    let parameters = section("\n## 5. ", "\n## 6. ");
    let mut all: Vec<(&str, String)> = names.into_iter().map(|name| ("Statements", name)).collect();
    all.extend(parameters.lines().filter_map(cells).map(|cells| ("Parameters", cells[1].clone())));
    let flags = section("\n### 6.1 ", "\n### 6.2 ");
    let flags = flags.lines().filter(|line| line.starts_with("| `")).flat_map(quoted);
    all.extend(flags.map(|name| ("Flags", name.to_owned())));
    for (title, from, to) in [("Permits", "\n### 6.2 ", "\n## 7. "), ("Failover peer", "\n### 7.7 ", "\n### 7.8 ")] {
        let text = section(from, to);
        all.extend(text.lines().flat_map(|line| quoted(first_cell(line))).map(|shown| (title, words(shown))));
    }
    let text = section("\n## 9. ", "\n## 10. ");
    for name in text.lines().flat_map(|line| quoted(first_cell(line))).filter_map(executable) {
        if !all.contains(&("Executable statements", name.clone())) {
            all.push(("Executable statements", name));
        }
    }
    all
}

fn example(text: &str) -> (Family, &str) {
    text.strip_prefix("-6 ").map_or((Family::V4, text), |text| (Family::V6, text))
}

fn is_accepted(text: &str) -> bool {
    let (family, text) = example(text);
    load_text("dhcpd.conf", text, family).result.is_some()
}

/// Whether a text has a row's statement.
fn has_statement(text: &str, row: &Row) -> bool {
    let text = &text.split_whitespace().collect::<Vec<_>>().join(" ");
    let names = row.statement.split(" (").next().unwrap_or_default();
    let with = |words: &[&str]| words.iter().any(|word| has_words(text, &format!("{word} {names}")));
    match (row.section.as_str(), names) {
        ("Flags", _) => with(&["allow", "deny", "ignore"]),
        ("Permits", _) => with(&["allow", "deny"]),
        (_, "call") => text.split("define ").skip(1).any(|defined| {
            let name = defined.split([' ', '(']).next().unwrap_or_default();
            [format!("{name}("), format!("{name} (")].iter().map(|call| text.matches(call).count()).sum::<usize>() > 1
        }),
        (_, "option definition") => has_words(text, "code"),
        (_, "failover peer state") => has_words(text, "failover") && has_words(text, "state"),
        _ => has_words(text, names),
    }
}

/// Whether a text has all those names, divided by commas, as words of their own.
fn has_words(text: &str, names: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    names.split(", ").all(|name| {
        text.match_indices(name).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
    })
}

/// The text of a test function: up to the brace that stands where it begins.
fn function<'t>(source: &'t str, name: &str) -> Option<&'t str> {
    let start = source.find(&format!("fn {name}("))?;
    let attributes = source[..start].rsplit('}').next()?;
    let indent = source[..start].rsplit('\n').next()?;
    let rest = &source[start..];
    let end = rest.find(&format!("\n{indent}}}\n"))?;
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
            (!has_statement(&lines.join("\n"), row)).then(|| "the scenario does not have it".into())
        }
        ("unit", file, Some(name)) => {
            let Some(source) = read(file) else { return Some("no such file".into()) };
            let Some(body) = function(&source, name) else { return Some("no such test".into()) };
            (!has_statement(body, row)).then(|| "the test does not have it".into())
        }
        ("live", file, None) => match read(file) {
            Some(text) => (!has_statement(&text, row)).then(|| "the live test does not have it".into()),
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
    assert!(required.len() > 170, "only {} statements found in the document", required.len());
    let found: Vec<(&str, String)> = rows.iter().map(|row| (row.section.as_str(), row.statement.clone())).collect();
    let missing: Vec<_> = required.iter().filter(|name| !found.contains(name)).collect();
    let unknown: Vec<_> = found.iter().filter(|name| !required.contains(name)).collect();
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
        if !has_statement(text, &row) {
            wrong.push(format!("{} is not in {text}", row.statement));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_proof_exists_and_has_the_statement() {
    let effects = ["served", "checked", "refused: -6"];
    let mut wrong = Vec::new();
    for row in rows() {
        let has_reason = row.effect.starts_with("no effect: ");
        if !effects.contains(&row.effect.as_str()) && !has_reason {
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
