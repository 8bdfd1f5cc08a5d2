//! Puts the members of ipsets in the place of conditions, exactly (ipset(8), iptables-extensions(8) `set`).

use super::scope::{Index, finding};
use crate::finding::{Finding, Known, Severity};
use crate::load::{ExportId, Heads, LoadedExport};
use hylint_model::{
    Action, Clause, Companion, Condition, IpSet, PacketDim, Point, Rule, Side, Test,
};
use hylint_space::AddrSet;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Members that one condition may become clauses of; more stay a condition, with a note.
const MEMBERS: usize = 4096;
/// Members of a set of several dimensions that a negated condition may cut out.
const NEGATED_MEMBERS: usize = 16;
/// Clauses that one export may gain.
const CLAUSES: usize = 1 << 18;

/// A set in the form that rules need.
enum Members {
    /// Addresses alone.
    Addrs(AddrSet),
    /// One entry per member.
    Each(Vec<Member>),
}

/// A member, or several that are one.
struct Member {
    dims: Vec<PacketDim>,
    /// It has a timeout: whether it is still one is not known.
    expires: bool,
}

struct Set {
    members: Members,
    dimensions: usize,
}

/// Paths of the other files of the scope that define sets, if rules of the export name any that are not resolved yet.
#[must_use]
pub fn files(export: &LoadedExport, at: ExportId, heads: &Heads, index: &Index) -> Vec<Arc<str>> {
    if !export.export.points.iter().any(uses) {
        return Vec::new();
    }
    let others = index.scope(heads, at).into_iter().filter(|h| *h != at);
    let holders = others.filter_map(|h| heads.get(h));
    let holders = holders.filter(|h| sets(h).next().is_some());
    holders.map(|h| h.path.clone()).collect()
}

/// Whether rules of a point name sets.
fn uses(p: &Point) -> bool {
    let mut rules = p.rules();
    rules.any(|r| r.conditions().any(|c| set_name(c).is_some()))
}

pub(super) fn settle(
    export: &mut LoadedExport,
    at: ExportId,
    heads: &Heads,
    index: &Index,
    known: &BTreeMap<String, AddrSet>,
    findings: &mut Vec<Finding>,
) {
    if !export.export.points.iter().any(uses) {
        return;
    }
    let sets = sets_for(heads, index, at);
    let sets = sets
        .into_iter()
        .filter(|(n, _)| !known.contains_key(&format!("ipset:{n}")));
    let sets: FxHashMap<String, Set> = sets.collect();
    if !sets.is_empty() {
        rewrite(export, &sets, findings);
    }
}

fn sets(export: &LoadedExport) -> impl Iterator<Item = &IpSet> {
    export.export.companions.iter().filter_map(|c| match c {
        Companion::IpSet(s) => Some(s),
        _ => None,
    })
}

/// Sets by name for one export: of its own file, else of its scope. A name that two files of the scope define
/// differently is nobody's.
fn sets_for(exports: &Heads, index: &Index, at: ExportId) -> FxHashMap<String, Set> {
    let mut found: BTreeMap<&str, Option<(ExportId, &IpSet)>> = BTreeMap::new();
    for holder in &index.scope(exports, at) {
        for set in exports.get(*holder).into_iter().flat_map(sets) {
            let slot = found.entry(&set.name).or_insert(Some((*holder, set)));
            if let Some((other, _)) = slot
                && *other != *holder
            {
                *slot = match (*other == at, *holder == at) {
                    (true, _) => *slot,
                    (_, true) => Some((*holder, set)),
                    _ => None,
                };
            }
        }
    }
    let lookup = |name: &str| found.get(name).copied().flatten().map(|(_, s)| s);
    let mut out = FxHashMap::default();
    for name in found.keys() {
        if let Some(made) = lookup(name).and_then(|s| members(s, &lookup)) {
            out.insert((*name).to_owned(), made);
        }
    }
    out
}

/// A set's members; `None` if a condition says it better.
fn members<'a>(set: &'a IpSet, lookup: &impl Fn(&str) -> Option<&'a IpSet>) -> Option<Set> {
    if &*set.kind == "list:set" {
        return list_of_sets(set, lookup);
    }
    let dimensions = set
        .kind
        .split_once(':')
        .map_or(1, |(_, d)| d.split(',').count());
    if let Some(each) = expiring(set) {
        return Some(Set {
            members: Members::Each(each),
            dimensions,
        });
    }
    if let Some(addrs) = addresses(set) {
        return Some(Set {
            members: Members::Addrs(addrs),
            dimensions,
        });
    }
    // An exception in several dimensions cuts by the longest prefix of each; that is not told apart here.
    if set.entries.iter().any(|e| e.nomatch) {
        return None;
    }
    let each = set.entries.iter().map(|e| Member {
        dims: e.dims.clone(),
        expires: e.expires,
    });
    Some(Set {
        members: Members::Each(each.collect()),
        dimensions,
    })
}

/// The members of a set of addresses in which some expire: those that stay, and those that do not.
fn expiring(set: &IpSet) -> Option<Vec<Member>> {
    if !set.entries.iter().any(|e| e.expires) || set.entries.iter().any(|e| e.nomatch) {
        return None;
    }
    let mut parts = [AddrSet::empty(), AddrSet::empty()];
    for expires in [false, true] {
        let own = set.entries.iter().filter(|e| e.expires == expires);
        let own: Option<Vec<&AddrSet>> = own
            .map(|e| match e.dims.as_slice() {
                [PacketDim::Addr(a)] => Some(a),
                _ => None,
            })
            .collect();
        let own = own?;
        let v4 = own.iter().flat_map(|a| a.v4.iter()).collect();
        let v6 = own.iter().flat_map(|a| a.v6.iter()).collect();
        if let Some(part) = parts.get_mut(usize::from(expires)) {
            *part = AddrSet { v4, v6 };
        }
    }
    let [stays, expires] = parts;
    let member = |addrs, expires| Member {
        dims: vec![PacketDim::Addr(addrs)],
        expires,
    };
    let expires = expires.subtract(&stays);
    Some(vec![member(stays, false), member(expires, true)])
}

/// The addresses of a set of one dimension. The longest prefix decides between members and exceptions, so larger
/// entries come first.
fn addresses(set: &IpSet) -> Option<AddrSet> {
    let mut entries = Vec::with_capacity(set.entries.len());
    if set.entries.iter().any(|e| e.expires) {
        return None;
    }
    for e in &set.entries {
        match e.dims.as_slice() {
            [PacketDim::Addr(a)] => entries.push((a, e.nomatch)),
            _ => return None,
        }
    }
    if !entries.iter().any(|(_, nomatch)| *nomatch) {
        let v4 = entries.iter().flat_map(|(a, _)| a.v4.iter()).collect();
        let v6 = entries.iter().flat_map(|(a, _)| a.v6.iter()).collect();
        return Some(AddrSet { v4, v6 });
    }
    entries
        .sort_by_key(|(a, nomatch)| (std::cmp::Reverse(a.v4.count().max(a.v6.count())), *nomatch));
    if entries.len() > MEMBERS {
        return None;
    }
    Some(
        entries
            .into_iter()
            .fold(AddrSet::empty(), |all, (a, nomatch)| {
                if nomatch {
                    all.subtract(a)
                } else {
                    all.union(a)
                }
            }),
    )
}

/// A list of sets, where every member is a set of addresses.
fn list_of_sets<'a>(set: &IpSet, lookup: &impl Fn(&str) -> Option<&'a IpSet>) -> Option<Set> {
    let mut all = AddrSet::empty();
    for e in &set.entries {
        let [PacketDim::Other(name)] = e.dims.as_slice() else {
            return None;
        };
        let member = lookup(name).filter(|m| &*m.kind != "list:set")?;
        all = all.union(&addresses(member)?);
    }
    Some(Set {
        members: Members::Addrs(all),
        dimensions: 1,
    })
}

/// The set that a condition looks up, and by which sides.
fn set_name(c: &Condition) -> Option<(&str, &[Side])> {
    match &c.test {
        Test::Named { key, side } => key
            .strip_prefix("ipset:")
            .map(|n| (n, std::slice::from_ref(side))),
        Test::IpSet { name, sides } => Some((name, sides)),
        _ => None,
    }
}

fn rewrite(export: &mut LoadedExport, sets: &FxHashMap<String, Set>, findings: &mut Vec<Finding>) {
    let mut gained = 0;
    let mut kept: Vec<(String, hylint_model::Span)> = Vec::new();
    for rule in export.export.points.iter_mut().flat_map(|p| p.rules_mut()) {
        // Each clause of a verdict map has its own action.
        let map = matches!(rule.action, Action::Map(_));
        if map || !rule.conditions().any(|c| set_name(c).is_some()) {
            continue;
        }
        rewrite_rule(rule, sets, &mut gained, &mut kept);
    }
    if let Some((name, span)) = kept.first() {
        let message = match kept.len() {
            1 => format!("the set `{name}` is too large to be checked member by member"),
            n => format!(
                "{n} set lookups are too large to be checked member by member, the first of `{name}`"
            ),
        };
        let help = "add the addresses of the set under [resolve] in hylint.toml; until then flows that depend on it are conditional";
        let known = Known::SetsTooLarge {
            lookups: kept.len(),
            first: name,
        };
        findings.push(finding(
            export,
            *span,
            Severity::Note,
            message,
            &known,
            help,
        ));
    }
}

fn rewrite_rule(
    rule: &mut Rule,
    sets: &FxHashMap<String, Set>,
    gained: &mut usize,
    kept: &mut Vec<(String, hylint_model::Span)>,
) {
    let mut work: Vec<Clause> = std::mem::take(&mut rule.clauses).into_vec();
    work.reverse();
    let mut done: SmallVec<[Clause; 1]> = SmallVec::new();
    // A condition that stays is moved behind `skip`, so that each is looked at once.
    let mut skip: Vec<Condition> = Vec::new();
    while let Some(mut clause) = work.pop() {
        let found = clause.conditions.iter().position(|c| {
            !skip.contains(c) && set_name(c).is_some_and(|(n, _)| sets.contains_key(n))
        });
        let Some(at) = found else {
            done.push(clause);
            continue;
        };
        let condition = clause.conditions.remove(at);
        let set = set_name(&condition).and_then(|(n, sides)| Some((sets.get(n)?, sides)));
        let new = set.and_then(|(set, sides)| {
            clauses(
                &clause,
                set,
                sides,
                &condition,
                CLAUSES.saturating_sub(*gained),
            )
        });
        match new {
            Some(new) => {
                *gained += new.len();
                let undecided = new.iter().any(|c| c.conditions.contains(&condition));
                if undecided {
                    skip.push(condition);
                }
                work.extend(new.into_iter().rev());
            }
            None => {
                if let Some((name, _)) = set_name(&condition) {
                    kept.push((name.to_owned(), condition.span));
                }
                clause.conditions.insert(at, condition.clone());
                skip.push(condition);
                work.push(clause);
            }
        }
    }
    rule.clauses = done;
}

/// What a clause becomes when one of its conditions is looked up; `None` if that is too much.
fn clauses(
    clause: &Clause,
    set: &Set,
    sides: &[Side],
    condition: &Condition,
    budget: usize,
) -> Option<Vec<Clause>> {
    // The kernel matches nothing when a rule names fewer sides than the set has dimensions.
    if sides.len() < set.dimensions {
        return Some(if condition.negated {
            vec![clause.clone()]
        } else {
            Vec::new()
        });
    }
    match &set.members {
        Members::Addrs(addrs) => {
            let addrs = if condition.negated {
                addrs.complement()
            } else {
                addrs.clone()
            };
            let mut one = clause.clone();
            PacketDim::Addr(addrs).narrow(&mut one.space, *sides.first()?);
            Some(if one.space.is_empty() {
                Vec::new()
            } else {
                vec![one]
            })
        }
        Members::Each(each) if condition.negated => outside(clause, each, sides, condition),
        Members::Each(each) => {
            if each.len() > MEMBERS.min(budget) {
                return None;
            }
            let all = each.iter().map(|one| member(clause, one, sides, condition));
            Some(all.filter(|c| !c.space.is_empty()).collect())
        }
    }
}

/// The part of a clause that one member matches; what packets cannot decide stays the condition.
fn member(clause: &Clause, member: &Member, sides: &[Side], condition: &Condition) -> Clause {
    let mut one = clause.clone();
    let mut decided = !member.expires;
    for (dim, side) in member.dims.iter().zip(sides) {
        decided &= dim.narrow(&mut one.space, *side);
    }
    if !decided {
        one.conditions.push(condition.clone());
    }
    one
}

/// The part of a clause that no member matches, and with the condition that of members that expire.
fn outside(
    clause: &Clause,
    each: &[Member],
    sides: &[Side],
    condition: &Condition,
) -> Option<Vec<Clause>> {
    if each.len() > NEGATED_MEMBERS {
        return None;
    }
    let mut left = vec![clause.space.clone()];
    for Member { dims, .. } in each {
        let mut cut = hylint_space::PacketBox::any();
        for (dim, side) in dims.iter().zip(sides) {
            if !dim.narrow(&mut cut, *side) {
                return None;
            }
        }
        left = left.iter().flat_map(|b| b.subtract(&cut)).collect();
    }
    let with = |space| Clause {
        space,
        conditions: clause.conditions.clone(),
    };
    let expiring = each.iter().filter(|m| m.expires);
    let expiring = expiring.map(|m| member(clause, m, sides, condition));
    let all = left.into_iter().map(with).chain(expiring);
    Some(all.filter(|c| !c.space.is_empty()).collect())
}
