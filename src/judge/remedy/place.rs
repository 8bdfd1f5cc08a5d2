//! Where a new rule goes, so that the packets that it is for meet it before what stops them.

use hylint_engine::{Decider, Direction};
use hylint_model::{Action, Body, ChainId, Netfilter, Point, Rule, Span, Table};
use hylint_parsers::edit::List;
use hylint_space::{AddrSet, Family, IfaceSet, PacketBox};

/// Marks rules that a remedy added, which stand in no file.
pub(super) const ADDED: Span = Span {
    start: u32::MAX,
    end: u32::MAX,
};

/// A place in a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) list: List,
    /// The rule before which it is, by its index; `None` at the end.
    pub(super) before: Option<usize>,
    /// The index of that rule in the export as it is.
    pub(super) original: usize,
}

/// Jumps that are followed back from a chain that only drops.
const BACK: usize = 8;

/// A place in the chains of a netfilter instance before what decides about the packets. `new` says of a place whether it
/// was not tried yet.
pub(super) fn in_chains(
    nf: &Netfilter,
    by: &Decider<'_>,
    way: Direction,
    packets: &PacketBox,
    mut new: impl FnMut(&Slot) -> bool,
) -> Option<Slot> {
    let any = PacketBox {
        in_iface: IfaceSet::full(),
        out_iface: IfaceSet::full(),
        ..packets.clone()
    };
    let (table, chain, first) = match by {
        Decider::Rule { rule, .. } => {
            let (table, chain, index) = locate(nf, rule)?;
            let (chain, index) = where_allowed(nf, table, chain, index, way, &any);
            (table, chain, before(nf, table, chain, index)?)
        }
        Decider::Policy { chain, .. } => {
            let (table, at) = chain_of(nf, chain)?;
            let list = List::Chain { table, chain: at };
            let slot = Slot {
                list,
                before: None,
                original: 0,
            };
            (table, at, slot)
        }
        _ => return None,
    };
    if new(&first) {
        return Some(first);
    }
    // Packets leave the chain before its end, or come another way: allow them where they come in.
    let own = nf.tables().get(table)?;
    let mut bases = nf.base_chains(way.hook());
    let hooked =
        bases.find(|b| std::ptr::eq(own, b.table) && own.reached(b.id.index()).contains(&chain))?;
    let top = before(nf, table, hooked.id.index(), 0)?;
    new(&top).then_some(top)
}

/// The place before a rule of a chain; the end of a chain without rules.
fn before(nf: &Netfilter, table: usize, chain: usize, index: usize) -> Option<Slot> {
    let rules = &nf.tables().get(table)?.chains.get(chain)?.rules;
    // What one rule of the export does may take several here: nothing comes between them.
    let one = |at: usize| {
        let (a, b) = (rules.get(at.wrapping_sub(1)), rules.get(at));
        a.zip(b)
            .is_some_and(|(a, b)| a.span == b.span && !a.span.is_empty() && a.span != ADDED)
    };
    let mut index = index;
    while one(index) {
        index -= 1;
    }
    let added = rules.iter().take(index).filter(|r| r.span == ADDED).count();
    Some(Slot {
        list: List::Chain { table, chain },
        before: (index < rules.len()).then_some(index),
        original: index - added,
    })
}

fn locate(nf: &Netfilter, rule: &Rule) -> Option<(usize, usize, usize)> {
    for (t, table) in nf.tables().iter().enumerate() {
        for (c, chain) in table.chains.iter().enumerate() {
            if let Some(i) = chain.rules.iter().position(|r| std::ptr::eq(r, rule)) {
                return Some((t, c, i));
            }
        }
    }
    None
}

fn chain_of(nf: &Netfilter, chain: &hylint_model::Chain) -> Option<(usize, usize)> {
    nf.tables().iter().enumerate().find_map(|(t, table)| {
        let at = table.chains.iter().position(|c| std::ptr::eq(c, chain))?;
        Some((t, at))
    })
}

/// A chain that allows nothing is one that many jump to, to log and drop: the place is before the jump.
fn where_allowed(
    nf: &Netfilter,
    table: usize,
    mut chain: usize,
    mut index: usize,
    way: Direction,
    packets: &PacketBox,
) -> (usize, usize) {
    let Some(t) = nf.tables().get(table) else {
        return (chain, index);
    };
    for _ in 0..BACK {
        let here = t.chains.get(chain);
        let own = here.is_none_or(|c| c.base.is_some() || allows(&c.rules));
        let Some(caller) = (!own).then(|| caller(nf, t, chain, way, packets)).flatten() else {
            break;
        };
        (chain, index) = caller;
    }
    (chain, index)
}

fn allows(rules: &[Rule]) -> bool {
    rules
        .iter()
        .any(|r| r.does(|a| matches!(a, Action::Allow | Action::Return)))
}

/// The first rule on the way of the packets that jumps to a chain.
fn caller(
    nf: &Netfilter,
    table: &Table,
    chain: usize,
    way: Direction,
    packets: &PacketBox,
) -> Option<(usize, usize)> {
    let bases = nf
        .base_chains(way.hook())
        .filter(|b| std::ptr::eq(b.table, table));
    let reached = bases.flat_map(|b| table.reached(b.id.index()));
    for at in reached {
        let rules = &table.chains.get(at)?.rules;
        let jumps = |r: &Rule| {
            let meets = r.clauses.iter().any(|c| c.space.intersects(packets));
            meets && r.called().any(|to| to == chain)
        };
        if let Some(i) = rules.iter().position(jumps) {
            // A jump that stands in no file is of a front end, which has no words for a rule before it.
            return rules.get(i).filter(|r| !r.span.is_empty()).map(|_| (at, i));
        }
    }
    None
}

/// The rules of a list.
pub(super) fn rules(point: &Point, list: List) -> Option<&[Rule]> {
    match (&point.body, list) {
        (Body::Lists(l), List::Ingress) => Some(&l.ingress.rules),
        (Body::Lists(l), List::Egress) => Some(&l.egress.rules),
        (Body::Netfilter(nf), List::Chain { table, chain }) => {
            Some(&nf.tables().get(table)?.chains.get(chain)?.rules)
        }
        _ => None,
    }
}

/// The same to change.
pub(super) fn rules_mut(point: &mut Point, list: List) -> Option<&mut Vec<Rule>> {
    match (&mut point.body, list) {
        (Body::Lists(l), List::Ingress) => Some(&mut l.ingress.rules),
        (Body::Lists(l), List::Egress) => Some(&mut l.egress.rules),
        (Body::Netfilter(nf), List::Chain { table, chain }) => {
            nf.chain_rules_mut(ChainId::new(table, chain))
        }
        _ => None,
    }
}

/// The index of a rule of a list.
pub(super) fn index_of(point: &Point, list: List, rule: &Rule) -> Option<usize> {
    rules(point, list)?
        .iter()
        .position(|r| std::ptr::eq(r, rule))
}

/// A rule as entries of one prefix and one range of ports each.
pub(super) fn entries(rule: &Rule) -> Vec<Rule> {
    let mut out = Vec::new();
    for clause in &rule.clauses {
        let b = &clause.space;
        let (peers, outbound) = match b.src.is_any() {
            true => (&b.dst, true),
            false => (&b.src, false),
        };
        for (address, length) in peers.prefixes() {
            let block = AddrSet::parse(&format!("{address}/{length}")).unwrap_or_default();
            for (lo, hi) in b.dport.iter() {
                let mut one = rule.clone();
                let mut clause = clause.clone();
                match outbound {
                    true => clause.space.dst = block.clone(),
                    false => clause.space.src = block.clone(),
                }
                clause.space.dport = hylint_space::PortSet::range(lo, hi);
                one.clauses = smallvec::smallvec![clause];
                out.push(one);
            }
        }
    }
    out
}

/// A rule for each family that it is about.
pub(super) fn by_family(rule: &Rule) -> Vec<Rule> {
    let mut out = Vec::new();
    for family in Family::BOTH {
        let mut one = rule.clone();
        for c in &mut one.clauses {
            c.space.src = c.space.src.only(family);
            c.space.dst = c.space.dst.only(family);
        }
        one.clauses.retain(|c| !c.space.is_empty());
        for c in &mut one.clauses {
            // Azure's `*` is both families, and what is said of the other end keeps it to one.
            if c.space.src == AddrSet::any_of(family) {
                c.space.src = AddrSet::any();
            } else if c.space.dst == AddrSet::any_of(family) {
                c.space.dst = AddrSet::any();
            }
        }
        if !one.clauses.is_empty() {
            out.push(one);
        }
    }
    out
}

/// Longest name of a rule of Azure.
const NAME: usize = 60;

/// A name in letters, digits and what Azure allows between them.
pub(super) fn plain_name(name: &str, way: Direction) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '-'
        }
    };
    let mut out: String = name.chars().map(plain).take(NAME).collect();
    if !out.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        out.insert(0, 'r');
    }
    format!("{out}-{way}")
}
