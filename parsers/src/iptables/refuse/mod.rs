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

pub(super) use options::base_option;
pub(super) use spec::hook;
pub(super) use state::{By, Refusal, Setting};

/// The problem of a line that one backend alone refuses.
pub(super) fn disputed(by: By, span: Span, why: &str) -> Problem {
    let refusal = Refusal {
        span,
        why: why.into(),
        by,
    };
    let message = refusal
        .message(None)
        .within(|m| m.replace("the rule", "the line"));
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

/// Whether one of the families has a target of a name.
pub(super) fn is_target(name: &str) -> bool {
    targets::find(name).is_some() || name == "TCPMSS"
}

/// The same of `-N`, which looks more closely.
pub(super) fn new_chain_name(name: &str) -> Option<(By, &'static str)> {
    // The last ones are targets that no current kernel has, and the library's own.
    if is_target(name) || matches!(name, "" | "standard" | "HMARK" | "ULOG" | "CLUSTERIP") {
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

/// Why the tools refuse the new name that `-E` gives a chain.
pub(super) fn other_chain_name(name: &str) -> Option<(By, &'static str)> {
    if name.starts_with(['-', '!']) {
        return Some((By::Both, "the name of a chain begins with `-` or `!`"));
    }
    // The kernel's field has 32 bytes, and the tools look no more closely.
    if name.len() > MAX_RENAMED {
        return Some((By::Both, "the name of a chain has 31 characters at most"));
    }
    chain_name(name).filter(|_| name.len() <= state::MAX_NAME)
}

/// Longest name that a chain can be given by `-E`.
const MAX_RENAMED: usize = 31;

/// Why the tools refuse what stands behind a command that is no rule (`-N`, `-P`, `-F`, …), if they do: no words may, but
/// `-v`, and for a listing how it looks.
pub(super) fn rest(tokens: Tokens<'_>, lists: bool) -> Option<Span> {
    let mut tokens = tokens;
    let plain = |w: &str| {
        matches!(w, "-v" | "--verbose" | "-4" | "-6" | "--ipv4" | "--ipv6")
            || lists && matches!(w, "-n" | "--numeric" | "-x" | "--exact" | "--line-numbers")
    };
    tokens.find(|t| !plain(&t.value())).map(|t| t.span)
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
