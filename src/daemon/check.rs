//! `-t` and `-T` with `--explain` or `--json`: what ISC dhcpd would say, and more than it would.
//!
//! The configuration is read a second time for this, with hints and warnings, so that the plain check stays as it is.

use super::args::Args;
use super::logging::Logger;
use super::{fatal, json, paths, startup};
use crate::config::{self, Family, Message};
use crate::syntax::source::SourceMap;
use crate::syntax::{Diagnostic, Severity};
use rustc_hash::FxHashSet;
use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;

/// One thing found. Places count from 1; `None` for what concerns no place.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    place: Option<Place>,
    severity: &'static str,
    code: &'static str,
    message: String,
    expected: Vec<String>,
    hint: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Place {
    file: String,
    line: usize,
    column: usize,
}

/// What reading a configuration has found.
#[derive(Debug, Default)]
struct Report {
    findings: Vec<Finding>,
    /// The complaints among them as they are logged.
    logged: FxHashSet<String>,
}

/// Checks and reports. The exit status is that of the plain check.
pub fn run(args: &Args, logger: &mut Logger) -> ExitCode {
    let path = paths::choose(args, |name| std::env::var_os(name)).config;
    let family = if args.family6 { Family::V6 } else { Family::V4 };
    let mut report = report(config::load_explained(&path, family));
    logger.keep_errors();
    let outcome = startup::run(args, false, logger);
    let mut lines = logger.kept_errors();
    lines.retain(|line| !report.logged.contains(line));
    if let Err(fatal) = &outcome {
        fatal::log(logger, fatal);
    }
    logger.finish();
    let status = outcome.as_ref().map_or(ExitCode::FAILURE, |status| *status);
    if args.json {
        report.findings.extend(lines.into_iter().map(logged_line));
        let fatal = outcome.as_ref().err().map(|fatal| fatal.lines.join("\n"));
        let told = report.logged.is_empty() || fatal.as_deref() != Some(config::ERRORS_ENCOUNTERED);
        report.findings.extend(fatal.filter(|_| told).map(|message| Finding::without_place("error", "fatal", message)));
        // Whoever closes the pipe does not want to know.
        let _ = writeln!(std::io::stdout(), "{}", document(outcome.is_ok(), &report.findings));
    } else {
        let _ = std::io::stderr().write_all(explanation(&report.findings).as_bytes());
    }
    status
}

/// Complaints, then warnings.
fn report(loading: config::Loading) -> Report {
    let sources = &loading.sources;
    let mut report = Report::default();
    for message in &loading.messages {
        if let Message::Complaint(complaint) = message {
            report.findings.push(Finding::of(complaint, sources));
            report.logged.insert(complaint.render(sources));
        }
    }
    report.findings.extend(loading.warnings.iter().map(|warning| Finding::of(warning, sources)));
    report
}

/// A line of the log that is no complaint at a place: it did not decide the verdict.
fn logged_line(line: String) -> Finding {
    let warns = line.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("warning"));
    Finding::without_place(if warns { "warning" } else { "note" }, "log", line)
}

impl Finding {
    fn of(diagnostic: &Diagnostic, sources: &SourceMap) -> Finding {
        let (line, column) = sources.line_column(diagnostic.span);
        let file = original(&sources.file(diagnostic.span.file).name);
        Finding {
            place: Some(Place { file, line, column }),
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: diagnostic.code,
            message: original(&diagnostic.message),
            expected: diagnostic.expected.clone(),
            hint: diagnostic.hint.as_deref().map(original),
        }
    }

    fn without_place(severity: &'static str, code: &'static str, message: String) -> Finding {
        Finding { place: None, severity, code, message: original(&message), expected: Vec::new(), hint: None }
    }

    fn to_json(&self) -> String {
        let place = self.place.as_ref();
        let null = || "null".to_owned();
        let mut members = vec![
            ("file", place.map_or_else(null, |place| json::string(&place.file))),
            ("line", place.map_or_else(null, |place| place.line.to_string())),
            ("column", place.map_or_else(null, |place| place.column.to_string())),
            ("severity", json::string(self.severity)),
            ("code", json::string(self.code)),
            ("message", json::string(&self.message)),
            ("expected", json::array(self.expected.iter().map(|word| json::string(word)))),
        ];
        members.extend(self.hint.as_ref().map(|hint| ("hint", json::string(hint))));
        json::object(&members)
    }
}

/// The one document of `--json`, without a line end.
fn document(accepted: bool, findings: &[Finding]) -> String {
    let verdict = json::string(if accepted { "accept" } else { "reject" });
    json::object(&[("verdict", verdict), ("diagnostics", json::array(findings.iter().map(Finding::to_json)))])
}

/// The lines of `--explain`: a place as editors find it, and what there is to say under it.
fn explanation(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "Explanation: nothing is wrong, and no statement is without effect.\n".to_owned();
    }
    let mut text = String::from("Explanation:\n");
    for finding in findings {
        if let Some(place) = &finding.place {
            // Writing to a string cannot fail.
            let _ = write!(text, "{}:{}:{}: ", place.file, place.line, place.column);
        }
        let _ = writeln!(text, "{}: {} [{}]", finding.severity, finding.message, finding.code);
        if !finding.expected.is_empty() {
            let _ = writeln!(text, "    expected: {}", finding.expected.join(" or "));
        }
        if let Some(hint) = &finding.hint {
            let _ = writeln!(text, "    hint: {hint}");
        }
    }
    text
}

/// Text of a configuration as it was before each octet became a character, where that is UTF-8.
fn original(text: &str) -> String {
    let octets: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    octets.and_then(|octets| String::from_utf8(octets).ok()).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str =
        "authoritativ;\ndefualt-lease-time 600;\noption rotuers 10.0.0.1;\nhost \"K\u{c3}\u{bc}che\" { }\n";
    const GOOD: &str = "subnet 10.0.0.0 netmask 255.255.255.0 {\n  option routers 10.0.0.1;\n  omapi-port 7911;\n  \
                        option routers 10.0.0.2;\n}\n";

    fn findings(text: &str) -> Vec<Finding> {
        report(config::load_text_explained("dhcpd.conf", text, Family::V4)).findings
    }

    #[test]
    fn explains_what_is_refused() {
        assert_eq!(
            explanation(&findings(REFUSED)),
            r#"Explanation:
dhcpd.conf:2:20: error: semicolon expected. [expected]
    expected: ";" or "(" or operator
    hint: "defualt-lease-time" is no statement; did you mean "default-lease-time"?
dhcpd.conf:3:8: error: unknown option dhcp.rotuers [unknown-option]
    hint: did you mean "routers"?
dhcpd.conf:4:6: error: expecting a name for host declaration. [expected]
    expected: name
dhcpd.conf:1:1: warning: "authoritativ" is no statement; it is taken as an expression, and has no effect [unknown-word]
    hint: did you mean "authoritative"?
"#
        );
    }

    #[test]
    fn explains_what_is_good() {
        assert_eq!(
            explanation(&findings(GOOD)),
            "Explanation:\n\
             dhcpd.conf:2:3: warning: this has no effect: routers is set again in the same block (line 4) \
             [overridden-option]\n\
             dhcpd.conf:3:3: warning: this has no effect: omapi-port is read from the global scope only, not from a \
             block [global-only-parameter]\n"
        );
        assert_eq!(explanation(&[]), "Explanation: nothing is wrong, and no statement is without effect.\n");
    }

    #[test]
    fn the_document_of_a_refused_configuration() {
        let mut findings = findings("option rotuers 10.0.0.1;");
        findings.push(logged_line("Warning: subnet \"x\"".into()));
        findings.push(logged_line("one range statement.".into()));
        assert_eq!(
            document(false, &findings),
            concat!(
                r#"{"verdict":"reject","diagnostics":["#,
                r#"{"file":"dhcpd.conf","line":1,"column":8,"severity":"error","code":"unknown-option","#,
                r#""message":"unknown option dhcp.rotuers","expected":[],"hint":"did you mean \"routers\"?"},"#,
                r#"{"file":null,"line":null,"column":null,"severity":"warning","code":"log","#,
                r#""message":"Warning: subnet \"x\"","expected":[]},"#,
                r#"{"file":null,"line":null,"column":null,"severity":"note","code":"log","#,
                r#""message":"one range statement.","expected":[]}]}"#
            )
        );
        assert_eq!(document(true, &[]), r#"{"verdict":"accept","diagnostics":[]}"#);
    }

    #[test]
    fn text_is_given_back_as_it_was() {
        assert_eq!(original("K\u{c3}\u{bc}che"), "Küche");
        assert_eq!(original("Küche"), "Küche");
        assert_eq!(original("plain"), "plain");
    }
}
