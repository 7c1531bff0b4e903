//! The house rules that a compiler does not check (ARCHITECTURE.md): a module uses lower floors only, modules on one floor
//! do not use each other, and `unsafe` stays in `src/net`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floor of each module. `net` stands on floor 0 but belongs to `daemon`.
const FLOORS: &[(&str, u8)] = &[
    ("wire", 0),
    ("net", 0),
    ("syntax", 1),
    ("options", 1),
    ("config", 2),
    ("eval", 3),
    ("leases", 4),
    ("dhcp4", 5),
    ("dhcp6", 5),
    ("failover", 5),
    ("omapi", 5),
    ("ddns", 5),
    ("daemon", 6),
    ("omshell", 6),
];

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// All Rust files under a directory.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a source directory") {
        let path = entry.expect("a directory entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The top-level module that a file belongs to: `src/leases/store.rs` and `src/leases.rs` to `leases`.
fn module_of(root: &Path, file: &Path) -> Option<String> {
    let first = file.strip_prefix(root).ok()?.components().next()?.as_os_str().to_str()?;
    Some(first.trim_end_matches(".rs").to_owned())
}

/// The code of a file without line comments, block comments and the contents of string literals.
fn code_only(text: &str) -> String {
    let bytes: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut i = 0;
    while i < bytes.len() {
        let rest = &bytes[i..];
        if rest.starts_with(&['/', '/']) {
            i += rest.iter().position(|&c| c == '\n').unwrap_or(rest.len());
        } else if rest.starts_with(&['/', '*']) {
            let end = rest.windows(2).skip(2).position(|w| w == ['*', '/']);
            i += end.map_or(rest.len(), |e| e + 4);
        } else if rest.starts_with(&['\'', '"', '\'']) {
            i += 3;
        } else if rest.starts_with(&['\'', '\\']) {
            i += rest.iter().skip(3).position(|&c| c == '\'').map_or(1, |e| e + 4);
        } else if let Some(length) = string_literal(rest) {
            i += length;
        } else {
            code.push(bytes[i]);
            i += 1;
        }
    }
    code
}

/// The length of the string literal that starts here, plain (`"..."`) or raw (`r#"..."#`).
fn string_literal(rest: &[char]) -> Option<usize> {
    if rest.first() == Some(&'"') {
        let mut i = 1;
        while i < rest.len() && rest[i] != '"' {
            i += if rest[i] == '\\' { 2 } else { 1 };
        }
        return Some((i + 1).min(rest.len()));
    }
    if rest.first() != Some(&'r') {
        return None;
    }
    let hashes = rest.iter().skip(1).take_while(|&&c| c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let closing: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = &rest[2 + hashes..];
    let end = body.windows(closing.len()).position(|w| w == closing)?;
    Some(2 + hashes + end + closing.len())
}

/// The modules of this crate that code names: `crate::a::b`, `use crate::{a, b::c}`.
fn used_modules(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            used.extend(group_heads(group));
        } else {
            used.insert(identifier(rest));
        }
    }
    used
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first names in a group `a::b, c::{d, e}, f}`.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut heads) = (0usize, 0usize, Vec::new());
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                heads.push(identifier(group[start..i].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(identifier(group[start..i].trim_start()));
                start = i + 1;
            }
            _ => {}
        }
    }
    heads
}

/// Why one module may not use another; `None` when it may.
fn objection(from: &str, to: &str) -> Option<String> {
    let (Some(low), Some(high)) = (floor(to), floor(from)) else {
        return None;
    };
    if from == to {
        None
    } else if to == "net" && from != "daemon" {
        Some("net is for daemon alone".to_owned())
    } else if from == "net" && to == "wire" {
        None // sockets speak in wire's small types; wire never looks back
    } else if low >= high {
        Some(format!("{to} is on floor {low}, {from} on floor {high}"))
    } else {
        None
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn a_module_uses_lower_floors_only() {
    let root = root();
    let mut offences = Vec::new();
    let mut seen = BTreeMap::new();
    for file in sources(&root) {
        let Some(module) = module_of(&root, &file) else { continue };
        let code = code_only(&fs::read_to_string(&file).expect("a readable source file"));
        for used in used_modules(&code) {
            *seen.entry(module.clone()).or_insert(0) += 1;
            if let Some(why) = objection(&module, &used) {
                offences.push(format!("{}: crate::{used}: {why}", file.display()));
            }
        }
    }
    assert!(seen.len() > 3, "the test no longer finds the imports: {seen:?}");
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn every_module_has_a_floor() {
    let root = root();
    let unknown: BTreeSet<String> = sources(&root)
        .iter()
        .filter_map(|file| module_of(&root, file))
        .filter(|module| floor(module).is_none() && !["lib", "main", "bin"].contains(&module.as_str()))
        .collect();
    assert!(unknown.is_empty(), "not in the table of floors: {unknown:?}");
}

#[test]
fn unsafe_stays_in_net() {
    let root = root();
    let offences: Vec<String> = sources(&root)
        .iter()
        .filter(|file| module_of(&root, file).as_deref() != Some("net"))
        .filter(|file| {
            let code = code_only(&fs::read_to_string(file).expect("a readable source file"));
            code.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "unsafe")
        })
        .map(|file| file.display().to_string())
        .collect();
    assert!(offences.is_empty(), "unsafe outside src/net: {offences:?}");
}

#[test]
fn the_rules_can_object() {
    assert!(objection("leases", "dhcp4").is_some());
    assert!(objection("syntax", "options").is_some());
    assert!(objection("dhcp4", "net").is_some());
    assert!(objection("dhcp4", "leases").is_none());
    assert!(objection("daemon", "net").is_none());
    let code = code_only(
        "use crate::{wire::units, eval::{a, b}};\nlet x = crate::net::y(); // crate::daemon\n\"crate::config\"",
    );
    let used: Vec<String> = used_modules(&code).into_iter().collect();
    assert_eq!(used, ["eval", "net", "wire"]);
    assert_eq!(code_only("a '\"' b r#\"unsafe \" x\"# c \"\\\"\" /* unsafe */ d").split_whitespace().count(), 4);
}
