//! Real configurations with the verdict of the real server: we must accept what it accepts and refuse what it refuses.
//!
//! `LESSOR_CORPUS=DIR cargo test --test corpus -- --nocapture`, DIR holding the sets `conf4`, `conf6` and `keama`. Without it the
//! test has nothing to look at, and says so. `LESSOR_CORPUS_ONLY=TEXT` looks at the files whose name contains TEXT, and shows
//! what we have to say about each.

use std::path::{Path, PathBuf};
use std::process::Command;

const SETS: &[&str] = &["conf4", "conf6", "keama"];

/// One configuration under one of the two servers.
struct Case {
    path: PathBuf,
    /// `-4` or `-6`.
    family: &'static str,
    accepts: bool,
}

/// The value of a key at a depth of an expectation file, which has one key a line and one blank a level.
fn value<'t>(text: &'t str, depth: usize, key: &str) -> Option<&'t str> {
    let start = format!("{}\"{key}\": ", " ".repeat(depth));
    text.lines().find_map(|line| line.strip_prefix(&start)).map(|rest| rest.trim_end_matches(',').trim_matches('"'))
}

fn cases_of(expectation: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(expectation).expect("expectation");
    if value(&text, 1, "needs_dns") == Some("true") || value(&text, 1, "includes_missing") != Some("[]") {
        return Vec::new();
    }
    let path = PathBuf::from(expectation.to_string_lossy().replace(".expect.json", ".conf"));
    let case = |depth| {
        let family = match value(&text, depth, "family")? {
            "4" => "-4",
            _ => "-6",
        };
        let accepts = match value(&text, depth, "verdict")? {
            "accept" => true,
            "reject" => false,
            _ => return None,
        };
        let unstable = value(&text, depth, "unstable") == Some("true");
        (!unstable).then(|| Case { path: path.clone(), family, accepts })
    };
    [case(1), case(2)].into_iter().flatten().collect()
}

/// Whether our server accepts a configuration, and what it says.
fn judge(case: &Case, leases: &Path) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_dhcpd"))
        .args(["-t", case.family, "-cf"])
        .arg(&case.path)
        .arg("-lf")
        .arg(leases)
        .output()
        .expect("dhcpd runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn verdicts_are_those_of_the_real_server() {
    let Some(corpus) = std::env::var_os("LESSOR_CORPUS").map(PathBuf::from) else {
        eprintln!("skipped: LESSOR_CORPUS names no corpus");
        return;
    };
    let only = std::env::var("LESSOR_CORPUS_ONLY").ok();
    let leases = std::env::temp_dir().join(format!("lessor-corpus-{}.leases", std::process::id()));
    std::fs::write(&leases, "").expect("empty lease file");
    let (mut passed, mut failed) = (0, Vec::new());
    for set in SETS {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(corpus.join(set)).expect("set").map(|entry| entry.expect("entry").path()).collect();
        files.retain(|path| path.to_string_lossy().ends_with(".expect.json"));
        files.retain(|path| only.as_ref().is_none_or(|only| path.to_string_lossy().contains(only)));
        files.sort();
        for case in files.iter().flat_map(|file| cases_of(file)) {
            let (accepted, lines) = judge(&case, &leases);
            if only.is_some() {
                eprintln!("{} {}: {accepted}\n{lines}", case.path.display(), case.family);
            }
            if accepted == case.accepts {
                passed += 1;
            } else {
                let wanted = if case.accepts { "accept" } else { "reject" };
                failed.push(format!("{} {}: expected {wanted}\n{lines}", case.path.display(), case.family));
            }
        }
    }
    let _ = std::fs::remove_file(&leases);
    for failure in &failed {
        eprintln!("{failure}");
    }
    eprintln!("{passed} passed, {} failed", failed.len());
    assert!(failed.is_empty());
    assert!(passed > 0, "no case was found");
}
