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
    use super::*;

    #[test]
    fn warns_once_for_each() {
        assert!(warnings(&Parameters::default()).is_empty());
        let parameters = Parameters { ddns_updates: true, ..Parameters::default() };
        assert_eq!(warnings(&parameters), ["ddns-update-style: DNS updates are not made yet."]);
    }
}
