//! Permits that decide nothing, and pools that let nobody in (spec/config-language.md 6.2).

use super::warning;
use crate::syntax::ast::{Kind, Permit, Statement};
use crate::syntax::source::Span;
use crate::syntax::Diagnostic;

/// A pool whose permits let nobody in; `span` is that of the pool.
pub fn excludes_everybody(span: Span, body: &[Statement]) -> Option<Diagnostic> {
    let why = nobody(&permits(body, true), &permits(body, false))?;
    let text = format!("no client can ever use this pool: {why}");
    Some(warning(span, "pool-excludes-everybody", text))
}

/// The permits of one kind: those of `allow`, or of `deny`.
fn permits(body: &[Statement], which: bool) -> Vec<&Permit> {
    let of_kind = body.iter().filter_map(|statement| match &statement.kind {
        Kind::Permit { allow, permit } if *allow == which => Some(permit),
        _ => None,
    });
    of_kind.collect()
}

/// A permit that fits no client.
pub fn never_matches(statement: &Statement) -> Option<Diagnostic> {
    let Kind::Permit { allow, permit: Permit::AuthenticatedClients } = &statement.kind else { return None };
    let text = match allow {
        true => "this lets nobody in: there are no authenticated clients",
        false => "this has no effect: there are no authenticated clients",
    };
    Some(warning(statement.span, "permit-never-matches", text))
}

/// Why nobody may use a pool with these permits. A client may if no denial fits, and there are no permissions or one fits.
fn nobody(allowed: &[&Permit], denied: &[&Permit]) -> Option<&'static str> {
    let denies = |wanted: &Permit| denied.iter().any(|permit| same(permit, wanted));
    if denies(&Permit::AllClients) || denies(&Permit::UnauthenticatedClients) {
        Some("all clients are denied")
    } else if denies(&Permit::KnownClients) && denies(&Permit::UnknownClients) {
        Some("both known and unknown clients are denied")
    } else if !allowed.is_empty() && allowed.iter().all(|permit| never_true(permit) || denies(permit)) {
        Some("whoever is allowed is denied too, or does not exist")
    } else {
        None
    }
}

fn never_true(permit: &Permit) -> bool {
    matches!(permit, Permit::AuthenticatedClients)
}

/// True if both hold for the same clients. Dates are not compared: they change with time.
fn same(one: &Permit, other: &Permit) -> bool {
    match (one, other) {
        (Permit::MembersOf(one), Permit::MembersOf(other)) => one.text == other.text,
        (Permit::KnownClients, Permit::KnownClients)
        | (Permit::UnknownClients, Permit::UnknownClients)
        | (Permit::AllClients, Permit::AllClients)
        | (Permit::DynamicBootpClients, Permit::DynamicBootpClients)
        | (Permit::AuthenticatedClients, Permit::AuthenticatedClients)
        | (Permit::UnauthenticatedClients, Permit::UnauthenticatedClients) => true,
        _ => false,
    }
}
