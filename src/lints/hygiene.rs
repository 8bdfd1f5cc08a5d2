//! Rules that say nothing or are hard to tell apart: `duplicate-name`, `unreferenced-chain`, `unused-rule`. One folded note
//! per point.

use super::chain::{self, NamedChain};
use super::folded::{folded, named_point};
use super::order::{self, Idle};
use super::place::point_name;
use super::words;
use crate::finding::{Code, Finding, Known};
use crate::judge::Exports;
use hylint_engine::PointId;
use hylint_model::{Action, Body, Chain, Hits, Netfilter, Point, RuleOrigin, Span, Table};
use hylint_parsers::iptables::is_base_chain;
use std::collections::BTreeMap;

/// Adds every hygiene finding, in point order, and says which rules decide nothing.
pub(crate) fn findings(exports: &Exports, out: &mut Vec<Finding>) -> Idle {
    let mut idle = Idle::default();
    for (at, point) in exports.points() {
        out.extend(duplicate_names(exports, at, point));
        order::findings(exports, at, point, &mut idle, out);
        if let Body::Netfilter(nf) = &point.body {
            out.extend(
                nf.tables()
                    .iter()
                    .filter_map(|t| unreferenced(exports, at, t)),
            );
            out.extend(unused(exports, at, nf, &idle));
        }
    }
    idle
}

/// A second rule of one name is a slip where names occur once.
fn duplicate_names(exports: &Exports, at: PointId, point: &Point) -> Option<Finding> {
    // A rule of a zone is called by what it says.
    let of_zones = match &point.body {
        Body::Netfilter(n) => n
            .tables()
            .iter()
            .any(|t| t.span.is_empty() && !t.chains.is_empty()),
        Body::Lists(_) => false,
    };
    if !point.kind.has_unique_rule_names() || of_zones {
        return None;
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut spans, mut names) = (Vec::new(), Vec::new());
    for r in point
        .rules()
        .filter(|r| !r.name.is_empty() && r.origin != RuleOrigin::Platform)
    {
        let n = seen.entry(&r.name).or_insert(0);
        *n += 1;
        if *n > 1 {
            spans.push(r.span);
            names.push(&*r.name);
        }
    }
    let name = point_name(exports, at);
    let said = words::repeated_names(named_point(exports, at).as_deref(), &names);
    let known = Known::NamesRepeated { point: &name };
    folded(exports, at, Code::DuplicateName, said, &known, &spans)
}

/// Allow rules in force of which the counters say that nothing matched. Counters of a chain that are all zero have just begun,
/// or no packet came there: they say nothing of its rules.
fn unused(exports: &Exports, at: PointId, nf: &Netfilter, idle: &Idle) -> Option<Finding> {
    let tables = nf.tables().iter();
    let counted = |c: &Chain| c.rules.iter().any(|r| r.hits == Hits::Some);
    let nft = chain::is_nft(exports, at);
    let mut spans: Vec<Span> = Vec::new();
    for table in tables.filter(|t| t.filters) {
        let mut reached = vec![false; table.chains.len()];
        let bases = table
            .chains
            .iter()
            .enumerate()
            .filter(|(_, c)| c.base.is_some());
        for chain in bases.flat_map(|(i, _)| table.reached(i)) {
            if let Some(r) = reached.get_mut(chain) {
                *r = true;
            }
        }
        let chains = table
            .chains
            .iter()
            .zip(reached)
            .filter(|(_, reached)| *reached);
        for (chain, _) in chains {
            // What a program writes, it writes for what may come.
            if !counted(chain) || !NamedChain::new(table, chain, nft).is_edited() {
                continue;
            }
            let rules = chain.rules.iter().filter(|r| {
                r.action == Action::Allow && r.hits == Hits::None && r.enabled && !idle.holds(r)
            });
            let own = rules.filter(|r| r.origin != RuleOrigin::Platform && !r.span.is_empty());
            spans.extend(own.map(|r| r.span));
        }
    }
    spans.sort_unstable();
    spans.dedup();
    let name = point_name(exports, at);
    let text = |s: &Span| {
        exports
            .get(at.set)
            .map_or("", |e| e.source.slice(*s))
            .to_owned()
    };
    let known: Vec<String> = spans.iter().map(text).collect();
    let said = words::unused(named_point(exports, at).as_deref(), spans.len(), &known);
    let known = Known::RulesUnused { point: &name };
    folded(exports, at, Code::UnusedRule, said, &known, &spans)
}

/// Whether the kernel calls a chain, or would in another table of iptables: that of a line may have been lost.
fn may_be_base(c: &Chain, nft: bool) -> bool {
    c.base.is_some() || !nft && is_base_chain(&c.name)
}

fn unreferenced(exports: &Exports, at: PointId, table: &Table) -> Option<Finding> {
    let nft = chain::is_nft(exports, at);
    // The chains of a table that does nothing have no hook in the model.
    if nft && table.chains.iter().all(|c| c.base.is_none()) {
        return None;
    }
    // Programs keep chains for what may come, and nobody edits those.
    let written = |c: &Chain| {
        let named = NamedChain::new(table, c, nft);
        named.owner().is_some() || named.is_of_zones()
    };
    let mut used = vec![false; table.chains.len()];
    let rules = table.chains.iter().flat_map(|c| &c.rules);
    for to in rules.flat_map(|r| r.action.called()) {
        if let Some(u) = used.get_mut(to) {
            *u = true;
        }
    }
    let idle: Vec<&Chain> = table
        .chains
        .iter()
        .zip(&used)
        .filter(|(c, used)| !**used && !c.rules.is_empty() && !may_be_base(c, nft) && !written(c))
        .map(|(c, _)| c)
        .collect();
    let spans: Vec<Span> = idle.iter().map(|c| c.span).collect();
    let names: Vec<&str> = idle.iter().map(|c| &*c.name).collect();
    let v4 = exports.point(at).is_none_or(|p| p.families.v4);
    let tool = match (nft, v4) {
        (true, _) => "nft",
        (false, true) => "iptables",
        (false, false) => "ip6tables",
    };
    let name = chain::table(table, nft);
    let said = words::unreferenced(&name, &names, tool);
    let known = Known::ChainsUnused { table: &name };
    folded(exports, at, Code::UnreferencedChain, said, &known, &spans)
}
