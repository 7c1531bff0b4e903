//! Included files.

use super::super::{parse_file, Fatal};
use super::*;
use std::path::PathBuf;

/// A folder with files, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("lessor-syntax-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    /// Writes a file in which DIR stands for the folder.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text.replace("DIR", &self.0.to_string_lossy())).expect("a file");
        path
    }

    fn parse(&self, main: &str) -> (Result<(), Fatal>, SourceMap, Collected) {
        let path = self.file("main.conf", main);
        let (mut map, mut sink) = (SourceMap::default(), Collected::default());
        let result = parse_file(&path, &mut map, &mut sink);
        (result, map, sink)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn words(sink: &Collected) -> Vec<&str> {
    sink.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect()
}

#[test]
fn statements_are_spliced_in_at_their_place() {
    let folder = Folder::new("splice");
    folder.file("inner.conf", "host b { }");
    let (result, map, sink) = folder.parse("group { host a { } include \"DIR/inner.conf\"; host c { } }");
    assert_eq!((result, words(&sink)), (Ok(()), vec![]));
    let hosts = body(sink.statements.into_iter().next().expect("a group").kind);
    let names: Vec<_> = hosts
        .iter()
        .map(|host| match &host.kind {
            Kind::Host { name, .. } => (&*name.text, map.file(name.span.file).name.ends_with("inner.conf")),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, [("a", false), ("b", true), ("c", false)]);
}

#[test]
fn an_included_file_lacks_the_private_grammar_of_the_block() {
    let folder = Folder::new("private");
    folder.file("host.conf", "hardware ethernet 1:2; option host-name \"x\";");
    let (_, _, sink) = folder.parse("host a { include \"DIR/host.conf\"; }");
    assert_eq!(words(&sink)[0], "hardware address parameter not allowed here.");
    assert!(words(&sink)[1].ends_with("host.conf: bad parse."));
    folder.file("pool.conf", "range 10.0.0.1;");
    let (_, _, sink) = folder
        .parse("subnet 10.0.0.0 netmask 255.0.0.0 { include \"DIR/pool.conf\"; pool { include \"DIR/pool.conf\"; } }");
    assert_eq!(words(&sink)[0], "range declaration not allowed here.");
    assert_eq!(sink.diagnostics.len(), 2);
}

#[test]
fn a_file_cannot_include_itself() {
    let folder = Folder::new("cycle");
    folder.file("a.conf", "include \"DIR/main.conf\";");
    let (result, _, sink) = folder.parse("include \"DIR/a.conf\"; host x { }");
    assert_eq!(result, Ok(()));
    assert!(words(&sink)[0].ends_with("main.conf includes itself"));
    assert_eq!(sink.statements.len(), 1);
}

#[test]
fn a_file_that_cannot_be_read_ends_everything() {
    let folder = Folder::new("missing");
    let (result, ..) = folder.parse("include \"DIR/none.conf\";");
    let text = result.expect_err("no such file").to_string();
    assert!(text.starts_with("Can't open ") && text.ends_with("none.conf: No such file or directory"), "{text}");
    let (result, ..) = folder.parse("include \"DIR\";");
    let text = result.expect_err("a folder").to_string();
    assert!(text.starts_with("Can't read in ") && text.ends_with(": Is a directory"), "{text}");
}

#[test]
fn too_much_white_space_ends_everything() {
    let text = |blanks: usize| format!("break;{}break;", "\n".repeat(blanks));
    let parse = |text: &str| {
        let (mut map, mut sink) = (SourceMap::default(), Collected::default());
        let result = parse_text("c.conf", text, &mut map, &mut sink);
        (result.map_err(|fatal| fatal.to_string()), sink.diagnostics.len())
    };
    assert_eq!(parse(&text(1499)), (Ok(()), 0));
    let words = "c.conf line 1: whitespace too long, buffer overflow.\nExiting";
    assert_eq!(parse(&text(1500)), (Err(words.to_owned()), 0));
    let apart = format!("break;{}#{}\nlog(\"{}\");", " ".repeat(1400), " ".repeat(2000), " ".repeat(1400));
    assert_eq!(parse(&apart), (Ok(()), 0));
}
