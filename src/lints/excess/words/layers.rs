//! What is said of layers one behind the other, of rules that act together, and of routes.

use crate::common::words::{count, list, s, verb};
use std::collections::BTreeSet;

/// That other layers block what a layer allows; `told` where some of it is reported at a layer nearer to the host.
pub(in crate::lints::excess) fn closed(by: &BTreeSet<String>, told: bool) -> String {
    let names: Vec<&str> = by.iter().map(String::as_str).collect();
    let blocks = match names.as_slice() {
        [one] if !one.contains(" more") => "blocks",
        _ => "block",
    };
    match (told, names.is_empty()) {
        (true, true) => "; the layer behind it reports what gets through".to_owned(),
        (true, false) => format!(
            ", but {} {blocks} it except what is reported there",
            list(&names)
        ),
        (false, _) => format!(", but {} {blocks} it", list(&names)),
    }
}

/// The points of a layer by the first of them.
pub(in crate::lints::excess) fn layer(first: &str, points: usize) -> String {
    match points {
        1 => format!("`{first}`"),
        n => format!("`{first}` and {} more", n - 1),
    }
}

/// The number of rules that allow something together.
pub(in crate::lints::excess) fn together(rules: usize) -> String {
    format!(": {} together allow it", count(rules, "rule"))
}

/// Why a default rule of Azure lets anyone in.
pub(in crate::lints::excess) fn widened(rule: &str, by_route: bool) -> String {
    match by_route {
        true => format!(": a route to 0.0.0.0/0 widens rule \"{rule}\" to any source"),
        false => format!(": rule \"{rule}\" holds for any source here"),
    }
}

/// How many more groups a route table does this to.
pub(in crate::lints::excess) fn more_groups(n: usize, table: &str) -> String {
    format!(
        "; the same at {n} more group{} of route table `{table}`",
        s(n)
    )
}

/// What to do where a rule that is to be narrowed is a default one that a route widens.
pub(in crate::lints::excess) const WIDENED: &str = "add a rule that denies source VirtualNetwork, with a priority below 4096 and after the \
                                  rules that allow what is required, or narrow the route for 0.0.0.0/0";

/// What a point opens to machines that are not the site's: the gravest exposure, and how many more there are.
pub(in crate::lints::excess) fn exposes(
    points: usize,
    of: usize,
    first: &str,
    more: usize,
) -> String {
    let more = match more {
        0 => String::new(),
        n => format!("; and {n} more"),
    };
    format!(
        "{points} of {} that {} no host of the site {} other machines: {first}{more}",
        count(of, "point"),
        verb(of, "guards", "guard"),
        verb(points, "exposes", "expose"),
    )
}

/// An exposure with the point that opens it.
pub(in crate::lints::excess) fn exposure(message: &str, point: &str, several: bool) -> String {
    let further = match several {
        true => ", which guards further machines",
        false => "",
    };
    format!("{message} (`{point}`{further})")
}

/// What to do about exposed machines that are not the site's.
pub(in crate::lints::excess) const OUTSIDE: &str =
    "limit the sources of these rules; declare a machine of the site as a [[host]] in hylint.toml";
