//! Every vector of spec/expressions.md 16 and spec/options.md 23 is a golden test: a test names its rows in a line
//! `Rows of expressions.md: 1-19, 21` of its comment, and the rows named are held against those of the document.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rows that are DHCPv6 alone, which the server refuses to serve (`dhcpv6_is_refused` in statements.rs): a lease file's
/// `iaaddr`, and spec/options.md 23.6.
const REFUSED: [(&str, std::ops::RangeInclusive<u32>); 2] = [("expressions.md", 64..=64), ("options.md", 69..=76)];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The row numbers of a document: first cells of its tables of vectors, and the numbered configurations.
fn rows_of(document: &str) -> BTreeSet<u32> {
    let text = fs::read_to_string(root().join("compat-tests/spec").join(document)).expect("facts");
    let (_, vectors) = text.rsplit_once(". Test vectors\n").expect("a section of vectors");
    let numbers = vectors.lines().filter_map(|line| {
        let number = line.strip_prefix("| ").or_else(|| line.strip_prefix("Configuration "))?;
        number.split([' ', ':', ',']).next()?.parse().ok()
    });
    let rows: BTreeSet<u32> = numbers.collect();
    assert_eq!(rows.iter().copied().collect::<Vec<_>>(), (1..=rows.len() as u32).collect::<Vec<_>>(), "{document}");
    rows
}

/// `1-3, 5` as numbers.
fn numbers(list: &str) -> impl Iterator<Item = u32> + '_ {
    list.split(", ").flat_map(move |part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.trim().parse::<u32>().unwrap_or_else(|_| panic!("not a list of rows: {list}"));
        number(first)..=number(last)
    })
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|end| end == "rs") => found.push(path),
            false => {}
        }
    }
}

/// The rows of a document that tests name. The line counts in the comment of a test alone.
fn named(document: &str) -> BTreeSet<u32> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut rows = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("source");
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(list) = line.strip_prefix(&format!("/// Rows of {document}: ")) else { continue };
            let item = lines[at..].iter().find(|line| !line.starts_with("///"));
            assert_eq!(item, Some(&"#[test]"), "{}:{}: no test", file.display(), at + 1);
            rows.extend(numbers(list));
        }
    }
    rows
}

#[test]
fn every_vector_is_a_test() {
    for (document, refused) in REFUSED {
        let rows = rows_of(document);
        let named = named(document);
        let served: BTreeSet<u32> = rows.iter().copied().filter(|row| !refused.contains(row)).collect();
        let missing: Vec<_> = served.difference(&named).collect();
        let unknown: Vec<_> = named.difference(&served).collect();
        assert!(missing.is_empty() && unknown.is_empty(), "{document}: no test of {missing:?}, no row {unknown:?}");
        assert!(served.len() > 60 && rows.len() == served.len() + refused.clone().count(), "{document}");
    }
}

/// The refused ones are DHCPv6's in the document too.
#[test]
fn what_is_refused_is_dhcpv6() {
    let read = |name| fs::read_to_string(root().join("compat-tests/spec").join(name)).expect("facts");
    let options = read("options.md");
    let (_, six) = options.split_once("### 23.6 DHCPv6\n").expect("23.6");
    assert!(REFUSED[1].1.clone().all(|row| six.contains(&format!("\n| {row} | "))));
    assert!(read("expressions.md").contains("\nConfiguration 64, DHCPv6 address block"));
}
