//! What is told of a listing: what it leaves out, and lines that are not whole.

use super::doubt::Doubt;
use super::translate::Written;
use crate::iptables::NO_NAT;
use hylint_model::{Problem, ProblemKind, Span};

const SAVE: &str = "export with `iptables-save` (and `ip6tables-save`), which prints the interfaces and matches of every rule, \
    and all tables";

/// One sentence on what a save file would add, and what it makes of the rules.
pub(super) fn left_out(written: &[Written<'_>], at: Span, help: &str) -> Option<Problem> {
    let rules = || written.iter().flat_map(|w| w.file.rules.values());
    let open = rules().filter(|a| !a.opens.is_empty()).count();
    let blind = written.iter().find_map(|w| w.blind);
    let are = |n: usize| match n {
        1 => "1 rule is conditional".to_owned(),
        n => format!("{n} rules are conditional"),
    };
    if let Some(place) = blind {
        let message = format!(
            "`iptables -L` without `-v` leaves out interfaces: {}",
            are(open)
        );
        return Some(Problem::new(ProblemKind::Incomplete, place, message).help(help));
    }
    if open > 0 {
        let first = written.iter().flat_map(|w| w.file.rules.values());
        let places = first.flat_map(|a| &a.opens).map(|o| o.span);
        let place = places.min().unwrap_or(at);
        let message = format!("`iptables -L` does not print everything: {}", are(open));
        return Some(Problem::new(ProblemKind::Incomplete, place, message).help(help));
    }
    let tables = || written.iter().flat_map(|w| &w.tables);
    if tables().any(|t| *t == "nat") || !tables().any(|t| *t == "filter") {
        return None;
    }
    let message = format!("{NO_NAT}, which may translate packets before its rules see them");
    Some(Problem::new(ProblemKind::Unshown, at, message).help(help))
}

/// The help of such problems.
pub(super) const fn help() -> &'static str {
    SAVE
}

/// What a table leaves out.
pub(super) fn doubt(table: &str, head: Span, doubt: &Doubt<'_>) -> Option<Problem> {
    let (at, message) = if let Some((at, what)) = &doubt.unclear {
        let message = format!(
            "the chains of the {table} table are listed again with other rules, {what}: a newer listing, another table or the \
             other family, which the file does not say"
        );
        (*at, message)
    } else if let Some((at, why)) = &doubt.anywhere {
        (
            *at,
            format!("rules of the {table} table are not listed: {why}"),
        )
    } else if !doubt.chains.is_empty() {
        let names: Vec<String> = doubt.chains.iter().map(|c| format!("`{c}`")).collect();
        let shown = names.get(..3).unwrap_or(&names).join(", ");
        let more = match names.len().saturating_sub(3) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let (are, chains) = match names.len() {
            1 => ("is", "chain"),
            _ => ("are", "chains"),
        };
        (
            head,
            format!("{chains} {shown}{more} of the {table} table {are} used and not listed"),
        )
    } else {
        let last = doubt.after?;
        let message =
            format!("the {table} table is not listed whole: after chain `{last}` the listing ends");
        (head, message)
    };
    Some(Problem::new(ProblemKind::Incomplete, at, message).help(SAVE))
}

/// Lines that are wrapped or cut, at a column or anywhere.
pub(super) fn torn(lines: &[Span], width: Option<usize>) -> Option<Problem> {
    let first = lines.first()?;
    let rules = match lines.len() {
        1 => "a rule of the listing is".to_owned(),
        n => format!("{n} rules of the listing are"),
    };
    let message = match width {
        None => format!("{rules} wrapped or cut off"),
        Some(n) => format!("{rules} cut off: lines end at column {n}"),
    };
    let help =
        "write the output to a file: `iptables-save > rules.v4`, `ip6tables-save > rules.v6`";
    Some(Problem::new(ProblemKind::Malformed, *first, message).help(help))
}

/// Rules that were wrapped and are read.
pub(super) fn joined(lines: &[Span]) -> Option<Problem> {
    let message = match lines.len() {
        1 => "a rule of the listing is wrapped: it is read with the next line".to_owned(),
        n => format!("{n} rules of the listing are wrapped: each is read with the next line"),
    };
    Some(Problem::new(ProblemKind::Note, *lines.first()?, message))
}

/// Places at which a chain leaves lines out.
pub(super) fn elided(lines: &[(Span, &str)]) -> impl Iterator<Item = Problem> {
    lines.iter().map(|(at, chain)| {
        let message = format!("lines are left out here: chain `{chain}` may have more rules");
        Problem::new(ProblemKind::Incomplete, *at, message).help(SAVE)
    })
}

/// Rules of another program that stand beside the listing.
pub(super) fn beside(at: Span, what: &str, instead: &str) -> Problem {
    let message = format!(
        "the file has {what} beside the listing: rules that iptables does not show are not read"
    );
    Problem::new(ProblemKind::Incomplete, at, message).help(instead)
}

/// What iptables says of a table that it cannot show.
pub(super) fn incompatible(at: Span) -> Problem {
    let message =
        "nft made rules in a table that iptables cannot show: they are not in the listing";
    let help = "run `nft list ruleset` on the host and give its output";
    Problem::new(ProblemKind::Incomplete, at, message).help(help)
}

/// Rules without the chain that they are in.
pub(super) fn strays(lines: &[Span]) -> impl Iterator<Item = Problem> {
    let count = lines.len();
    lines.iter().enumerate().map(move |(i, at)| {
        let message = "rule outside of any chain: lines of the listing are missing";
        let kind = if i == 0 {
            ProblemKind::Malformed
        } else {
            ProblemKind::Note
        };
        let problem = Problem::new(kind, *at, message).dropped();
        match (i, count) {
            (0, _) => problem.help(SAVE),
            _ => problem,
        }
    })
}

/// Rules of a table that is listed again.
pub(super) fn replaced(at: Span) -> Problem {
    let message = "the table is listed again in the file: this rule is not read";
    Problem::new(ProblemKind::Note, at, message)
        .dropped()
        .reason("replaced")
}
