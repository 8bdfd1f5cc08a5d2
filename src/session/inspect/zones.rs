//! The rules of firewalld's zones and policies as lists: into the host, out of it and through it.

use hylint_model::{ChainId, Hook, Hooked, Netfilter, Rule, RuleOrigin, Table};
use std::collections::BTreeSet;

/// A rule of a zone or a policy.
pub(super) struct Listed<'n> {
    pub rule: &'n Rule,
    pub table: &'n Table,
    /// Packets get to it: its zone or policy is active.
    pub acts: bool,
}

/// Into the host, out of it, through it, in file order. Rules that firewalld writes for itself are left out.
pub(super) fn lists(n: &Netfilter) -> [Vec<Listed<'_>>; 3] {
    let mut out = [const { Vec::new() }; 3];
    let mut reached = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for hook in Hook::EACH {
        for base in n.base_chains(hook) {
            for at in base.table.reached(base.id.index()) {
                let id = base.id.sibling(u32::try_from(at).unwrap_or(u32::MAX));
                if reached.insert(id) {
                    take(n, id, place(base), true, &mut seen, &mut out);
                }
            }
        }
    }
    let rest: Vec<ChainId> = n
        .chains()
        .map(|(id, ..)| id)
        .filter(|id| !reached.contains(id))
        .collect();
    for id in rest {
        let name = n.chain(id).map_or("", |(_, c)| &c.name);
        let place = match () {
            () if name.contains("_OUT_") => 1,
            () if name.contains("_FWD_") || name.contains("_POST_") => 2,
            () => 0,
        };
        take(n, id, place, false, &mut seen, &mut out);
    }
    for list in &mut out {
        list.sort_by_key(|l| l.rule.span);
    }
    out
}

/// The list of what a base chain reaches.
const fn place(base: Hooked<'_>) -> usize {
    match base.base.hook {
        Hook::Ingress | Hook::Prerouting | Hook::Input => 0,
        Hook::Output => 1,
        Hook::Forward | Hook::Postrouting | Hook::Egress => 2,
    }
}

/// Takes the rules of a chain that stand in the file. `acts`: packets get there.
fn take<'n>(
    n: &'n Netfilter,
    id: ChainId,
    place: usize,
    acts: bool,
    seen: &mut BTreeSet<(u32, u32, usize)>,
    out: &mut [Vec<Listed<'n>>; 3],
) {
    let Some((table, chain)) = n.chain(id) else {
        return;
    };
    let own = |r: &&Rule| r.origin != RuleOrigin::Platform && !r.span.is_empty();
    for rule in chain.rules.iter().filter(own) {
        // What a rule logs stands beside what it decides.
        let new = seen.insert((rule.span.start, rule.span.end, place));
        if let Some(list) = out.get_mut(place).filter(|_| new) {
            list.push(Listed { rule, table, acts });
        }
    }
}
