//! The corpus of real lease files, read and rewritten as the real server did. `LESSOR_CORPUS` names its directory; without it
//! there is nothing to test.

use super::objects::Objects;
use super::tests::{expire, load_into, rewritten};
use crate::config::{load_text, Family};
use crate::wire::units::Timestamp;
use std::path::{Path, PathBuf};

/// Cases in which the answer differs from ISC's, and why.
const DIFFERENT: [(&str, &str); 4] = [
    ("dhcp-server-readme.md-block24-007b6c", "the record after the damage is kept"),
    ("net-isc-dhcpd-99-benchmark-leases.t-embedded-32e601", "the record after the one cut off is kept"),
    ("generated-g4d", "the hosts and groups after the damage are kept"),
    ("dhcpd_leases_viewer-tests-dhcpd-b809b0", "ISC reads what its buffer held before for octal digits of 8 and 9"),
];

/// The top-level statements of a lease file, without comments and layout.
fn declarations(text: &str) -> Vec<String> {
    let mut declarations = Vec::new();
    let (mut current, mut depth) = (String::new(), 0i32);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#') && !line.is_empty()) {
        current.push_str(line);
        current.push(' ');
        depth += line.matches('{').count() as i32 - line.matches('}').count() as i32;
        if depth <= 0 {
            declarations.push(std::mem::take(&mut current));
        }
    }
    declarations
}

fn cases(set: &str) -> Vec<PathBuf> {
    let Some(corpus) = std::env::var_os("LESSOR_CORPUS") else { return Vec::new() };
    let files = std::fs::read_dir(Path::new(&corpus).join(set)).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "leases")).collect()
}

fn text(path: &Path, extension: &str) -> String {
    let octets = std::fs::read(path.with_extension(extension)).unwrap();
    octets.iter().map(|octet| char::from(*octet)).collect()
}

/// How a file's rewrite and verdict differ from what they are with the real server.
fn mistake(path: &Path, family: Family, now: u32) -> Option<String> {
    let name = path.file_stem()?.to_string_lossy().into_owned();
    let config = load_text("dhcpd.conf", &text(path, "conf"), family).result.unwrap();
    let associations = (family == Family::V6).then(Default::default);
    let objects = Objects { associations, ..Objects::default() };
    let mut loaded = load_into(objects, &config, &std::fs::read(path).unwrap(), now);
    expire(&mut loaded.store, Timestamp(now));
    let got = declarations(&rewritten(&mut loaded, now));
    let want = declarations(&text(path, "rewritten"));
    let corrupt = loaded.log.iter().any(|line| line.to_lowercase().contains("corrupt lease file"));
    let differs = got != want && !DIFFERENT.iter().any(|(other, _)| *other == name);
    let verdict = text(path, "expect.json").contains("\"verdict\": \"corrupt\"");
    let missing: Vec<_> = want.iter().filter(|x| !got.contains(x)).take(2).collect();
    let more: Vec<_> = got.iter().filter(|x| !want.contains(x)).take(2).collect();
    let log: Vec<_> = loaded.log.iter().take(5).collect();
    (differs || corrupt != verdict)
        .then(|| format!("{name} (corrupt: {corrupt}): missing {missing:#?}, more {more:#?}, log {log:#?}"))
}

#[test]
fn lease_files_are_rewritten_as_the_real_server_does() {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as u32;
    for (set, family) in [("leases4", Family::V4), ("leases6", Family::V6)] {
        let wrong: Vec<_> = cases(set).iter().filter_map(|path| mistake(path, family, now)).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
