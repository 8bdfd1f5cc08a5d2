//! What a listing of a table leaves out: rules that were filtered away, and what stood behind the place where it is cut.

use super::lines::Item;
use super::tables::{Listed, base_chains, rows};
use crate::iptables::TARGETS;
use hylint_model::Span;
use rustc_hash::{FxHashMap, FxHashSet};

/// What may be missing of a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Doubt<'a> {
    /// Rules may be missing anywhere: where this shows, and how.
    pub(super) anywhere: Option<(Span, String)>,
    /// Where its chains are listed again with other rules, and in what these differ.
    pub(super) unclear: Option<(Span, String)>,
    /// The chain after whose listed rules others may follow.
    pub(super) after: Option<&'a str>,
    /// Chains that rules go to and that are not listed, each once.
    pub(super) chains: Vec<&'a str>,
}

/// Looks for what is missing.
pub(super) fn of<'a>(listed: &Listed<'a>) -> Doubt<'a> {
    let mut out = Doubt::default();
    let elided = || listed.parts.iter().find_map(|b| b.elided);
    if let Some(at) = listed.changed {
        let why = "a command behind the listing changes them".to_owned();
        out.anywhere = Some((at, why));
        return out;
    }
    if let Some(at) = elided() {
        let why = "lines are left out here".to_owned();
        out.anywhere = Some((at, why));
        return out;
    }
    out.unclear.clone_from(&listed.unclear);
    let names: FxHashSet<&str> = listed.chains().map(|c| c.name).collect();
    if listed.chains().next().is_none() {
        return out;
    }
    let mut references: FxHashMap<&str, usize> = FxHashMap::default();
    let mut seen = FxHashSet::default();
    for row in listed.chains().flat_map(rows) {
        let Some(target) = row.target.map(|t| t.text) else {
            continue;
        };
        *references.entry(target).or_default() += 1;
        let known = names.contains(target) || TARGETS.iter().any(|t| t.name == target);
        if !known && seen.insert(target) {
            out.chains.push(target);
        }
    }
    if let Some(shown) = listed
        .parts
        .iter()
        .filter_map(|b| b.shown)
        .find(|s| s.filtered)
    {
        let why = "the command that is shown leaves lines of it out".to_owned();
        out.anywhere = Some((shown.span, why));
        return out;
    }
    out.anywhere = gap(listed);
    // One chain alone, as its command says, is all that there was to print.
    let alone: FxHashSet<&str> = listed
        .parts
        .iter()
        .filter_map(|b| match (b.shown?.chain, b.chains.as_slice()) {
            (Some(name), [one]) if one.name == name => Some(name),
            _ => None,
        })
        .collect();
    let missing = base_chains(listed.table).iter().any(|n| !names.contains(n));
    let by_command = listed.chains().all(|c| alone.contains(c.name));
    if (missing || !out.chains.is_empty()) && !by_command {
        let single = listed.parts.len() > 1 && listed.parts.iter().all(|b| b.chains.len() == 1);
        let last = listed.chains().last().map(|c| c.name);
        out.after = last.filter(|_| !single || !missing);
    }
    out.after = out
        .after
        .or_else(|| listed.chains().find(|c| c.cut).map(|c| c.name));
    if out.anywhere.is_none() && out.after.is_none() && !by_command {
        let less = listed.chains().find_map(|c| {
            let (said, found) = (c.references?, references.get(c.name).copied().unwrap_or(0));
            (found < said).then(|| {
                let why = format!(
                    "chain `{}` has {said} references, and {found} are listed",
                    c.name
                );
                (c.span, why)
            })
        });
        out.anywhere = less;
    }
    out
}

/// The first rule whose number does not follow the one before it.
fn gap(listed: &Listed<'_>) -> Option<(Span, String)> {
    listed.chains().find_map(|c| {
        let mut expected = 1;
        c.items.iter().find_map(|item| {
            let Item::Rule(row) = item else {
                expected += 1;
                return None;
            };
            let number = row.number?;
            let wanted = std::mem::replace(&mut expected, number.saturating_add(1));
            (number != wanted).then(|| {
                let why = format!(
                    "rule {number} of chain `{}` follows rule {}",
                    c.name,
                    wanted.saturating_sub(1)
                );
                (row.span, why)
            })
        })
    })
}
