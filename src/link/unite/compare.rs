//! Tables of two views of one firewall: whether they have the same rules, and rules of one in the place of the other's.

use crate::common::words::count;
use hylint_model::{Action, Chain, Rule, Span, Table, TableFamily};
use hylint_parsers::iptables;
use hylint_parsers::nft;
use hylint_parsers::source::Source;
use hylint_space::{AddrSet, Family, PacketBox};

/// `ip filter`.
pub(super) fn named(t: &Table) -> String {
    format!("{} {}", t.family.as_str(), t.name)
}

/// Whether a table does anything.
pub(super) fn acts(t: &Table) -> bool {
    let drops = |c: &Chain| c.policy.is_some_and(|p| !p.allow);
    t.chains.iter().any(|c| !c.rules.is_empty() || drops(c))
}

/// The place of the table of nftables that a table of a dump is. Of a dump of which nothing tells the family it is the one
/// that agrees.
pub(super) fn listed(tables: &[Table], table: &Table) -> Option<usize> {
    let of = |family: TableFamily| {
        let same = |t: &Table| t.family == family && t.name == table.name && is_of_iptables(t);
        tables.iter().position(same)
    };
    if table.family != TableFamily::Inet {
        return of(table.family);
    }
    let both = [of(TableFamily::Ip), of(TableFamily::Ip6)];
    let agrees = |at: &usize| {
        tables
            .get(*at)
            .is_some_and(|t| difference(t, table).is_none())
    };
    let found = both.into_iter().flatten().find(agrees);
    found.or(both.into_iter().flatten().next())
}

/// Whether a table of nftables is one that iptables-nft makes: its chains at the hooks have the names and places of those of
/// iptables.
fn is_of_iptables(t: &Table) -> bool {
    t.chains.iter().all(|c| {
        let Some(base) = &c.base else { return true };
        let made = iptables::base_chain(&t.name, &c.name, t.family);
        made.is_some_and(|m| {
            let place = [Some(m.priority), m.or_priority].contains(&Some(base.priority));
            m.hook == base.hook && place
        })
    })
}

/// The rules of a chain as they stand in the text: one may be several in the model.
fn written(rules: &[Rule]) -> impl Iterator<Item = &[Rule]> {
    rules.chunk_by(|a, b| a.span == b.span)
}

/// Chains that stand in rules of nftables have such names.
fn is_inner(c: &Chain) -> bool {
    c.name.ends_with("{…}")
}

/// In what the table of the kernel and that of a dump differ, in words; `None` if they have the same rules as far as both
/// show them.
pub(super) fn difference(kernel: &Table, dump: &Table) -> Option<String> {
    let missing = dump.chains.iter().find(|c| {
        let drops = c.policy.is_some_and(|p| !p.allow);
        (drops || !c.rules.is_empty()) && kernel.chain(&c.name).is_none()
    });
    if let Some(c) = missing {
        return Some(format!("chain {} is in one of them alone", c.name));
    }
    for c in kernel.chains.iter().filter(|c| !is_inner(c)) {
        let Some((_, d)) = dump.chain(&c.name) else {
            if c.rules.is_empty() {
                continue;
            }
            return Some(format!("chain {} is in one of them alone", c.name));
        };
        let (one, other) = (written(&c.rules).count(), written(&d.rules).count());
        if one != other {
            let one = count(one, "rule");
            return Some(format!("chain {} has {one} and {other}", c.name));
        }
        let policy = |c: &Chain| c.policy.map(|p| p.allow);
        if policy(c).zip(policy(d)).is_some_and(|(a, b)| a != b) {
            return Some(format!("chain {} has another policy", c.name));
        }
        let mut pairs = written(&c.rules).zip(written(&d.rules));
        let differs = |(a, b): (&[Rule], &[Rule])| !agree((kernel, a), (dump, b));
        if let Some(n) = pairs.position(differs) {
            return Some(format!(
                "rule {} of chain {} has another target",
                n + 1,
                c.name
            ));
        }
        let mut pairs = written(&c.rules).zip(written(&d.rules));
        let others = |(a, b): (&[Rule], &[Rule])| match_others(kernel, a, b);
        if let Some(n) = pairs.position(others) {
            return Some(format!(
                "rule {} of chain {} matches other packets",
                n + 1,
                c.name
            ));
        }
    }
    None
}

/// Whether two rules, each shown whole, match different packets.
fn match_others(kernel: &Table, a: &[Rule], b: &[Rule]) -> bool {
    let ([a], [b]) = (a, b) else { return false };
    let whole = |r: &Rule| r.conditions().next().is_none();
    let ends = |r: &Rule| matches!(r.action, Action::Allow | Action::Deny | Action::Return);
    if !(whole(a) && whole(b) && ends(a) && ends(b)) {
        return false;
    }
    let seen = |r: &Rule| -> Vec<PacketBox> {
        let families = Family::BOTH.into_iter().filter(|f| kernel.family.has(*f));
        let of = |f: Family| PacketBox {
            src: AddrSet::any_of(f),
            dst: AddrSet::any_of(f),
            ..PacketBox::any()
        };
        let each = families.flat_map(|f| r.clauses.iter().map(move |c| c.space.intersect(&of(f))));
        each.filter(|s| !s.is_empty()).collect()
    };
    let (x, y) = (seen(a), seen(b));
    let all = |x: &[PacketBox], y: &[PacketBox]| {
        x.iter().all(|s| {
            let mut left = vec![s.clone()];
            for cut in y {
                left = left.iter().flat_map(|l| l.subtract(cut)).collect();
            }
            left.is_empty()
        })
    };
    !(all(&x, &y) && all(&y, &x))
}

/// Whether a rule of the kernel does what one of a dump does. One that goes on with an extension's name does not say.
fn agree((kernel, a): (&Table, &[Rule]), (dump, b): (&Table, &[Rule])) -> bool {
    let Some(wanted) = b.last().map(|r| &r.action) else {
        return a.is_empty();
    };
    let chain = |t: &Table, at: u32| t.chains.get(at as usize).map(|c| c.name.clone());
    let inner = |at: u32| kernel.chains.get(at as usize).is_some_and(is_inner);
    a.iter().any(|r| match (&r.action, wanted) {
        (Action::Jump(x) | Action::Goto(x), _) if inner(*x) => true,
        (Action::Jump(x), Action::Jump(y)) | (Action::Goto(x), Action::Goto(y)) => {
            chain(kernel, *x) == chain(dump, *y)
        }
        (Action::Opaque(_), _) | (_, Action::Opaque(_)) => true,
        // A change of a mark or of an address is written in several ways.
        (x, y) => std::mem::discriminant(x) == std::mem::discriminant(y) || !ends(x) && !ends(y),
    })
}

/// Whether no rule behind it sees the packets.
const fn ends(action: &Action) -> bool {
    matches!(
        action,
        Action::Allow
            | Action::Deny
            | Action::Bypass
            | Action::Return
            | Action::Jump(_)
            | Action::Goto(_)
            | Action::Nat(_)
    )
}

/// Puts the rules of the dump in the place of those that the kernel's table shows as `xt`, and returns where these stand.
pub(super) fn supply(kernel: &mut Table, dump: &Table, source: &Source) -> Vec<Span> {
    let mut supplied = Vec::new();
    let names: Vec<Box<str>> = kernel.chains.iter().map(|c| c.name.clone()).collect();
    let there = |at: u32| {
        let name = dump.chains.get(at as usize).map(|c| &c.name)?;
        let at = names.iter().position(|n| n == name)?;
        u32::try_from(at).ok()
    };
    for chain in &mut kernel.chains {
        let Some((_, d)) = dump.chain(&chain.name) else {
            continue;
        };
        let open = |r: &Rule| {
            let text = source.slice(r.span);
            nft::shows_xt(text) || nft::rewrites_xt(text)
        };
        if !chain.rules.iter().any(open) {
            continue;
        }
        let mut rules = Vec::with_capacity(chain.rules.len());
        for (own, other) in written(&chain.rules).zip(written(&d.rules)) {
            let first = own.first().filter(|r| open(r));
            match first.and_then(|r| Some((r.span, moved(other, &there)?))) {
                Some((span, taken)) => {
                    supplied.push(span);
                    rules.extend(taken);
                }
                None => rules.extend_from_slice(own),
            }
        }
        chain.rules = rules;
    }
    supplied.retain(|span| nft::shows_xt(source.slice(*span)));
    supplied
}

/// Rules for another table; `None` if it lacks a chain that they go to.
fn moved(rules: &[Rule], there: &dyn Fn(u32) -> Option<u32>) -> Option<Vec<Rule>> {
    let one = |r: &Rule| {
        let mut r = r.clone();
        match &mut r.action {
            Action::Jump(to) | Action::Goto(to) => *to = there(*to)?,
            _ => {}
        }
        Some(r)
    };
    rules.iter().map(one).collect()
}
