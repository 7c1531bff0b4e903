//! A text as dhcpd.conf of either server: parser, printer, checks, hints.

#![no_main]

use lessor::config::{load_text, load_text_explained, Family};
use lessor::syntax::source::SourceMap;
use lessor::syntax::{parse_text, print, Collected};
use lessor_fuzz::config_text;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Some(text) = config_text(octets) else { return };
    for family in [Family::V4, Family::V6] {
        let loading = load_text("dhcpd.conf", &text, family);
        assert_eq!(loading.result.is_none(), loading.fatal.is_some());
        let explained = load_text_explained("dhcpd.conf", &text, family);
        assert_eq!(loading.fatal, explained.fatal, "an explanation changes the verdict");
    }
    let (map, tree) = parse(&text);
    for complaint in &tree.diagnostics {
        let _ = complaint.render(&map);
    }
    if tree.diagnostics.is_empty() {
        // What is printed reads without a mistake, and prints the same.
        let printed = print::statements(&map, &tree.statements);
        let (again_map, again) = parse(&printed);
        assert!(again.diagnostics.is_empty(), "{printed}\n{:?}", again.diagnostics);
        assert_eq!(printed, print::statements(&again_map, &again.statements));
    }
});

fn parse(text: &str) -> (SourceMap, Collected) {
    let (mut map, mut sink) = (SourceMap::default(), Collected::default());
    // Fatal is nothing but too much white space.
    let _ = parse_text("dhcpd.conf", text, &mut map, &mut sink);
    (map, sink)
}
