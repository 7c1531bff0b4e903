//! `dhcpd -t` with `--explain` and `--json`: what goes where, and that verdict and plain output stay as they are.

use std::path::PathBuf;
use std::process::{Command, Output};

/// A configuration file that goes away with the test.
struct Config(PathBuf);

impl Config {
    fn new(name: &str, text: &str) -> Config {
        let path = std::env::temp_dir().join(format!("lessor-{name}-{}.conf", std::process::id()));
        std::fs::write(&path, text).expect("a file in the directory for temporary files");
        Config(path)
    }

    fn check(&self, flags: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dhcpd"));
        command.args(["-t", "-cf"]).arg(&self.0).args(flags).output().expect("dhcpd runs")
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).expect("UTF-8")
}

/// The file's name is not the test's concern.
fn json_of(config: &Config, output: &Output) -> String {
    text(&output.stdout).replace(&config.0.display().to_string(), "dhcpd.conf")
}

#[test]
fn a_document_and_nothing_else() {
    let config = Config::new("accepted", "authoritativ;\n");
    let output = config.check(&["--json"]);
    assert_eq!(
        json_of(&config, &output),
        concat!(
            r#"{"verdict":"accept","diagnostics":[{"file":"dhcpd.conf","line":1,"column":1,"severity":"warning","#,
            r#""code":"unknown-word","message":"\"authoritativ\" is no statement; it is taken as an expression, and "#,
            r#"has no effect","expected":[],"hint":"did you mean \"authoritative\"?"}]}"#,
            "\n"
        )
    );
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[test]
fn a_document_of_what_is_refused() {
    let range = "subnet 192.0.2.0 netmask 255.255.255.0 { range 192.0.2.9 192.0.3.9; }\n";
    let config = Config::new("refused", &format!("default-lease-time x;\n{range}"));
    let output = config.check(&["--json"]);
    let json = json_of(&config, &output);
    assert!(json.starts_with(r#"{"verdict":"reject","diagnostics":[{"file":"dhcpd.conf","line":1,"#), "{json}");
    let fatal = r#"{"file":null,"line":null,"column":null,"severity":"error","code":"fatal","message":"bad range, "#;
    assert!(json.contains(fatal), "{json}");
    assert_eq!(json.lines().count(), 1);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(1), ""));
}

#[test]
fn an_explanation_after_the_plain_check() {
    for (name, written, status) in [("good", "authoritativ;\n", 0), ("bad", "max-laese-time 600;\n", 1)] {
        let config = Config::new(name, written);
        let (plain, explained) = (config.check(&[]), config.check(&["--explain"]));
        let rest = explained.stderr.strip_prefix(&plain.stderr[..]).map(text);
        assert!(rest.as_ref().is_some_and(|rest| rest.starts_with("Explanation:\n")), "{rest:?}");
        assert_eq!((plain.status.code(), explained.status.code()), (Some(status), Some(status)));
        assert!(plain.stdout.is_empty() && explained.stdout.is_empty());
    }
}
