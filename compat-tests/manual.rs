//! The manual names every statement, parameter, option and word of expressions that the program knows.

use lessor::options::table::SPACES;
use lessor::syntax::statement_words;
use std::collections::HashSet;
use std::path::Path;

/// The text of a page, its hyphens being plain.
fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("man").join(name);
    std::fs::read_to_string(&path).unwrap().replace("\\-", "-")
}

/// All words of a text: letters, digits and hyphens.
fn words(text: &str) -> HashSet<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect()
}

#[test]
fn every_statement_is_described() {
    let text = page("dhcpd.conf.5") + &page("dhcp-eval.5");
    let known = words(&text);
    let missing: Vec<_> =
        statement_words().filter(|word| words(word).contains(word) && !known.contains(word)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn every_option_is_listed_with_its_space() {
    let (options, parameters) = (page("dhcp-options.5"), page("dhcpd.conf.5"));
    let mut missing = Vec::new();
    for space in SPACES {
        for (code, name, _) in space.options {
            let is_there = match space.name {
                "server" => parameters.contains(&format!("\n.B {name} ")),
                "dhcp" => options
                    .lines()
                    .any(|line| line.starts_with(&format!("\\fB{name}\\fR ")) && line.ends_with(&format!(" ({code})"))),
                other => options.lines().any(|line| {
                    line.starts_with(&format!("\\fB{other}.{name}\\fR ")) && line.ends_with(&format!(" ({code})"))
                }),
            };
            if !is_there {
                missing.push(format!("{}.{name}", space.name));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_word_of_expressions_is_described() {
    let grammar = include_str!("../grammar/expressions.pest");
    let text = page("dhcp-eval.5");
    let known = words(&text);
    let code: String =
        grammar.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let quoted = code.split("^\"").skip(1).filter_map(|rest| rest.split('"').next());
    let quoted = quoted.filter(|word| words(word).contains(word)).map(String::from);
    // Other keywords are rules in capitals.
    let is_keyword =
        |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || "_0123456789".contains(c));
    let rules = code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(is_keyword);
    let rules = rules.filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
    let all: Vec<String> = quoted.chain(rules.map(|word| word.to_lowercase().replace('_', "-"))).collect();
    assert!(all.len() > 50, "the grammar names its words otherwise now");
    let missing: Vec<_> =
        all.into_iter().filter(|word| !word.starts_with('-') && !known.contains(word.as_str())).collect();
    assert_eq!(missing, Vec::<String>::new());
}
