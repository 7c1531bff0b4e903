//! Real configurations: what ISC accepts, parses. Needs the folder of the corpus in LESSOR_CORPUS.

use super::super::source::SourceMap;
use super::super::{parse_file, Collected};
use std::path::{Path, PathBuf};

fn configurations(corpus: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for set in ["conf4", "conf6", "keama"] {
        for entry in std::fs::read_dir(corpus.join(set)).expect("a set of the corpus").flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "conf") {
                let expected = std::fs::read_to_string(path.with_extension("expect.json")).expect("a verdict");
                all.push((path, expected));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn accepted_files_parse() {
    let Some(corpus) = std::env::var_os("LESSOR_CORPUS") else {
        eprintln!("LESSOR_CORPUS is unset: nothing tested");
        return;
    };
    let (mut tested, mut failed) = (0, 0);
    for (path, expected) in configurations(Path::new(&corpus)) {
        if !expected.contains("\"verdict\": \"accept\"") || expected.contains("\"includes_missing\": [\"") {
            continue;
        }
        tested += 1;
        let (mut map, mut sink) = (SourceMap::default(), Collected::default());
        let fatal = parse_file(&path, &mut map, &mut sink).err();
        if fatal.is_some() || !sink.diagnostics.is_empty() {
            failed += 1;
            eprintln!("== {} {fatal:?}", path.display());
            sink.diagnostics.iter().take(3).for_each(|diagnostic| eprintln!("{}", diagnostic.render(&map)));
        }
    }
    eprintln!("{tested} files");
    assert!(tested > 0 && failed == 0, "{failed} of {tested} files that ISC accepts");
}
