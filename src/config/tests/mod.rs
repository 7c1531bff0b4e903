//! Configurations as text, and what is made of them. The texts and messages are those of the real server
//! (spec/config-language.md 16, spec/options.md 23.3, spec/expressions.md 3.2).

mod declarations;
mod expressions;
mod hostile;
mod networks;
mod scopes;
mod values;

use super::model::Config;
use super::{load_text, Family, Loading, Message};

/// A configuration of the DHCPv4 server.
fn v4(text: &str) -> Loading {
    load_text("c.conf", text, Family::V4)
}

/// A configuration of the DHCPv6 server.
fn v6(text: &str) -> Loading {
    load_text("c.conf", text, Family::V6)
}

/// A configuration that must be good.
fn good(text: &str) -> Config {
    let loading = v4(text);
    assert_eq!(said(&loading), Vec::<String>::new(), "{text}");
    loading.result.expect(text)
}

/// All that is said, complaints without their place.
fn said(loading: &Loading) -> Vec<String> {
    let text = |message: &Message| match message {
        Message::Complaint(complaint) => complaint.message.clone(),
        Message::Error(text) | Message::Info(text) | Message::Debug(text) => text.clone(),
    };
    loading.messages.iter().map(text).collect()
}

/// What is said about a configuration that is refused for it.
fn refused(loading: Loading) -> Vec<String> {
    assert_eq!(loading.fatal.as_deref(), Some("Configuration file errors encountered -- exiting"));
    assert!(loading.result.is_none());
    said(&loading)
}

/// What is said about a configuration that is good all the same.
fn accepted(loading: Loading) -> Vec<String> {
    assert_eq!(loading.fatal, None, "{:?}", said(&loading));
    said(&loading)
}
