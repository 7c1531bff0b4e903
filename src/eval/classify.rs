//! Which classes a packet is in (spec/config-language.md 12.3, spec/dhcpv4.md 24).

use super::environment::{Environment, Member};
use crate::config::model::{Class, ClassId};

/// The most classes of a packet.
pub const MOST_CLASSES: usize = 5;

/// All classes the packet matches, in declaration order, without limit.
pub fn members(environment: &mut Environment<'_>) -> Vec<Member> {
    let config = environment.config;
    let mut found = Vec::new();
    for id in &config.index.top_classes {
        let Some(class) = config.classes.get(id.index()) else { continue };
        found.extend(member(environment, *id, class));
    }
    found
}

/// The first five classes the packet matches; `shown` is its hardware address for the log line about the others.
pub fn classify(environment: &mut Environment<'_>, shown: &dyn std::fmt::Display) -> Vec<Member> {
    let mut found = members(environment);
    for _ in MOST_CLASSES..found.len() {
        environment.error(format!("too many classes match {shown}"));
    }
    found.truncate(MOST_CLASSES);
    found
}

fn member(environment: &mut Environment<'_>, id: ClassId, class: &Class) -> Option<Member> {
    match &class.condition {
        Some(condition) if environment.boolean(condition) != Some(true) => return None,
        None if class.submatch.is_none() => return None,
        _ => {}
    }
    let Some(submatch) = &class.submatch else { return Some(Member { class: id, spawned: None }) };
    let data = environment.data(submatch).filter(|data| !data.is_empty())?;
    match class.subclasses.get(&*data) {
        Some(subclass) => Some(Member { class: *subclass, spawned: None }),
        None => class.spawning.then(|| Member { class: id, spawned: Some(data.into()) }),
    }
}
