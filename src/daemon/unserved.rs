//! What a configuration asks for and this server does not do: one warning each when the service begins, so that nobody relies
//! on it unknowingly.

use super::parameters::Parameters;

/// The warnings about a configuration's parameters.
pub fn warnings(parameters: &Parameters) -> Vec<String> {
    let mut lines = Vec::new();
    if parameters.ddns_updates {
        lines.push("ddns-update-style: DNS updates are not made yet.".into());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::parameters;
    use super::*;
    use crate::config::{load_text, Family};
    use crate::eval::environment::Names;
    use crate::eval::startup::startup;
    use crate::wire::units::Timestamp;

    #[test]
    fn warns_once_for_each() {
        assert!(warnings(&Parameters::default()).is_empty());
        let parameters = Parameters { ddns_updates: true, ..Parameters::default() };
        assert_eq!(warnings(&parameters), ["ddns-update-style: DNS updates are not made yet."]);
    }

    /// Each statement of DNS updates is read where the style of updates asks for them, and that is what the warning is about.
    #[test]
    fn warns_of_dns_updates() {
        let statements = [
            "zone example.org. { primary 10.0.0.1; }",
            "ddns-domainname \"a\";",
            "ddns-hostname \"a\";",
            "ddns-rev-domainname \"a\";",
            "ddns-updates on;",
            "ddns-ttl 60;",
            "update-optimization on;",
            "update-static-leases on;",
            "do-forward-updates on;",
            "update-conflict-detection on;",
            "do-reverse-updates on;",
            "fqdn-reply on;",
            "client-updates on;",
            "allow client-updates;",
            "allow new;",
            "ddns-local-address4 10.0.0.1;",
            "ddns-local-address6 2001:db8::1;",
            "ddns-dual-stack-mixed-mode on;",
            "ddns-guard-id-must-match on;",
            "ddns-other-guard-is-dynamic on;",
        ];
        let warned = |text: &str| {
            let config = load_text("c", text, Family::V4).result.unwrap();
            let found = startup(&config, &Names::default(), Timestamp(0));
            warnings(&parameters::read(&found, &config.keys).unwrap())
        };
        for statement in statements {
            assert_eq!(warned(statement), [""; 0], "{statement}");
            let lines = warned(&format!("ddns-update-style standard; {statement}"));
            assert_eq!(lines, ["ddns-update-style: DNS updates are not made yet."], "{statement}");
        }
    }
}
