//! What a configuration asks for and this server does not do: one warning each when the service begins, so that nobody relies
//! on it unknowingly.

use super::parameters::Parameters;
use crate::config::model::Config;

/// The warnings about a configuration.
pub fn warnings(config: &Config, parameters: &Parameters) -> Vec<String> {
    let mut lines = Vec::new();
    for peer in &config.peers {
        let name = &peer.name;
        lines.push(format!("failover peer {name}: failover is not served yet; addresses of its pools are not leased."));
    }
    if parameters.ddns_updates {
        lines.push("ddns-update-style: DNS updates are not made yet.".into());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{load_text, Family};

    #[test]
    fn warns_once_for_each() {
        let text = "failover peer \"f\" { primary; address 10.0.0.1; port 647; peer address 10.0.0.2; peer port 647; mclt 60; split 128; }";
        let config = load_text("c", text, Family::V4).result.unwrap();
        assert_eq!(warnings(&config, &Parameters::default()).len(), 1);
        let parameters = Parameters { ddns_updates: true, ..Parameters::default() };
        assert_eq!(warnings(&config, &parameters).len(), 2);
    }
}
