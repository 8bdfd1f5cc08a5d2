//! Rules that say nothing or are hard to tell apart: `duplicate-name`, `unreferenced-chain`. One folded note per point.

use super::chain::{self, NamedChain};
use super::folded::{folded, named_point};
use super::order::{self, Idle};
use super::place::point_name;
use super::words;
use crate::finding::{Code, Finding, Known};
use crate::judge::Exports;
use hylint_engine::PointId;
use hylint_model::{Body, Chain, Point, RuleOrigin, Span, Table};
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
        }
    }
    idle
}

/// A second rule of one name is a slip where names occur once.
fn duplicate_names(exports: &Exports, at: PointId, point: &Point) -> Option<Finding> {
    if !point.kind.has_unique_rule_names() {
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
    let written = |c: &Chain| NamedChain::new(table, c, nft).owner().is_some();
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
