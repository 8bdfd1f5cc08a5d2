//! What `iptables-restore` and `ip6tables-restore` refuse to load: by syntax, table or hook. Not for a set, a user, a module
//! or a name that a machine lacks.
//!
//! A rule's words are read as iptables 1.8.9 reads them (`do_parse` in iptables/xshared.c), of which only the answer counts;
//! `tests/refused.rs` compares it with the tools.

mod base;
mod extra;
mod finish;
mod matches;
mod options;
mod spec;
mod state;
mod targets;
mod value;
mod walk;

use super::place::Place;
use super::token::Tokens;
use hylint_model::{Problem, ProblemKind, Span};
use hylint_space::Family;

pub(super) use spec::hook;
pub(super) use state::{By, Refusal, Setting};

/// The problem of a line that one backend alone refuses.
pub(super) fn disputed(by: By, span: Span, why: &str) -> Problem {
    let refusal = Refusal {
        span,
        why: why.to_owned(),
        by,
    };
    let message = refusal.message(None).replace("the rule", "the line");
    let kind = match by {
        By::Both => ProblemKind::Malformed,
        _ => ProblemKind::Disputed,
    };
    Problem::new(kind, span, message)
}

/// Why the tools give no chain a name, and which of them.
pub(super) fn chain_name(name: &str) -> Option<(By, &'static str)> {
    if name.len() > state::MAX_NAME {
        return Some((By::Both, "the name of a chain has 28 characters at most"));
    }
    if matches!(name, "ACCEPT" | "DROP" | "QUEUE" | "RETURN") {
        return Some((By::Both, "a chain has the name of a target"));
    }
    if name.starts_with(['-', '!']) {
        return Some((By::Nft, "the name of a chain begins with `-` or `!`"));
    }
    None
}

/// The same of `-N` and `-E`, which look more closely.
pub(super) fn new_chain_name(name: &str) -> Option<(By, &'static str)> {
    if targets::find(name).is_some() || name == "TCPMSS" {
        return Some((By::Both, "a chain has the name of a target"));
    }
    if name.starts_with(['-', '!']) || name.contains([' ', '\t']) {
        return Some((
            By::Both,
            "the name of a chain begins with `-` or `!`, or has a blank in it",
        ));
    }
    chain_name(name)
}

/// Why the tools refuse a rule, if they do. Where the family is not known, those of both have to.
pub(super) fn rule(set: Setting<'_, '_>, place: Place, family: Option<Family>) -> Option<Refusal> {
    let of = |family| {
        if place.family.is_some_and(|only| only != family) {
            return None;
        }
        let body = Span {
            start: place.body,
            end: place.span.end,
        };
        let tokens = Tokens::of(set.text, body, set.shell);
        walk::refusal(set, tokens, place.span, family == Family::V6)
    };
    match family {
        Some(family) => of(family),
        None => of(Family::V4).filter(|_| of(Family::V6).is_some()),
    }
}
