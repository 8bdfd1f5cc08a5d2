//! What a rule takes for sure, so that no later rule of its list sees it; for a jump, what its chain never gives back.

use super::packet::Packet;
use hylint_model::{Action, Chain, Rule, Table};
use hylint_space::{PacketBox, StateSet};
use rustc_hash::FxHashSet;
use smallvec::{SmallVec, smallvec};

/// Boxes kept of one chain. A chain that takes more is summarised by the first of them: less is known of it, nothing wrong.
const KEPT: usize = 256;
/// Boxes that a chain gives back; past it, everything counts as given back.
const RETURNED: usize = 64;

/// The packets that a rule takes whenever they reach it.
#[derive(Clone, Debug)]
pub enum Takes {
    /// None: it goes on, or whether it matches is not known.
    Nothing,
    /// Those of its clauses without conditions.
    Own,
    /// These.
    Boxes(Box<[PacketBox]>),
}

impl Takes {
    /// What a rule takes that has no chain to look into.
    #[must_use]
    pub fn of(rule: &Rule) -> Self {
        match rule.action {
            Action::Allow
            | Action::Deny
            | Action::Bypass
            | Action::Return
            | Action::Goto(_)
            | Action::Nat(_) => Self::Own,
            // What stands behind an unknown target is not known; it may well go on.
            _ => Self::Nothing,
        }
    }

    /// A box that the rule takes and that holds the packet.
    #[must_use]
    pub fn holding<'r>(&'r self, rule: &'r Rule, p: &Packet) -> Option<&'r PacketBox> {
        self.boxes(rule).find(|b| p.is_in(b))
    }

    /// The boxes without conditions.
    pub(super) fn boxes<'r>(&'r self, rule: &'r Rule) -> impl Iterator<Item = &'r PacketBox> {
        let own: &'r [_] = match self {
            Self::Own => &rule.clauses,
            _ => &[],
        };
        let other: &'r [PacketBox] = match self {
            Self::Boxes(b) => b,
            _ => &[],
        };
        own.iter()
            .filter(|c| c.conditions.is_empty())
            .map(|c| &c.space)
            .chain(other)
    }
}

/// Boxes kept of all jumps of a table, and two more for each of its rules. Of further jumps nothing is known.
const KEPT_IN_ALL: usize = 1 << 14;

/// What each rule of each chain of a table takes for sure, by chain; a disabled one nothing. Each chain is looked at once, not at each jump to it.
#[must_use]
pub fn of_table(table: &Table) -> Vec<Vec<Takes>> {
    let mut taken: Vec<Option<Vec<PacketBox>>> = vec![None; table.chains.len()];
    // The long ones are mostly those that the kernel itself calls, and no rule.
    let called: FxHashSet<usize> = table.chains.iter().flat_map(targets).collect();
    for index in bottom_up(table) {
        if let Some(chain) = table.chains.get(index).filter(|_| called.contains(&index)) {
            let boxes = of_chain(chain, &taken);
            if let Some(slot) = taken.get_mut(index) {
                *slot = Some(boxes);
            }
        }
    }
    let rules: usize = table.chains.iter().map(|c| c.rules.len()).sum();
    let mut room = KEPT_IN_ALL + 2 * rules;
    let mut of_jump = |r: &Rule, to: u32| {
        let takes = jump(r, taken.get(to as usize).and_then(Option::as_ref));
        let Takes::Boxes(boxes) = &takes else {
            return takes;
        };
        match room.checked_sub(boxes.len()) {
            Some(left) => {
                room = left;
                takes
            }
            None => Takes::Nothing,
        }
    };
    let mut of_rule = |r: &Rule| match r.action {
        _ if !r.may_be_in_force() => Takes::Nothing,
        Action::Jump(to) => of_jump(r, to),
        _ => Takes::of(r),
    };
    let untracks = |c: &Chain| c.rules.iter().any(|r| r.action == Action::Notrack);
    let restated = table.chains.iter().any(untracks);
    let mut of_rule = |r: &Rule| match of_rule(r) {
        // Between an earlier rule and a later one the state may have changed.
        t if restated && t.boxes(r).any(|b| b.state != StateSet::FULL) => Takes::Nothing,
        t => t,
    };
    table
        .chains
        .iter()
        .map(|c| c.rules.iter().map(&mut of_rule).collect())
        .collect()
}

/// The chains that the rules of a chain call.
fn targets(chain: &Chain) -> impl Iterator<Item = usize> + '_ {
    chain.rules.iter().filter_map(|r| r.action.called())
}

/// Chains that are called before those that call them. Of chains that call each other in a circle, which the kernel refuses,
/// one is looked at before what it calls, and takes nothing for sure there.
fn bottom_up(table: &Table) -> Vec<usize> {
    let targets = |i: usize| -> SmallVec<[usize; 8]> {
        table.chains.get(i).into_iter().flat_map(targets).collect()
    };
    let mut seen = vec![false; table.chains.len()];
    let mut out = Vec::with_capacity(table.chains.len());
    for start in 0..table.chains.len() {
        if seen
            .get_mut(start)
            .is_none_or(|s| std::mem::replace(s, true))
        {
            continue;
        }
        let mut stack = vec![(start, targets(start))];
        while let Some((chain, left)) = stack.last_mut() {
            match left.pop() {
                Some(to) => {
                    if let Some(s) = seen.get_mut(to)
                        && !std::mem::replace(s, true)
                    {
                        stack.push((to, targets(to)));
                    }
                }
                None => {
                    out.push(*chain);
                    stack.pop();
                }
            }
        }
    }
    out
}

/// The packets that never come out of a chain, whatever the conditions of its rules.
fn of_chain(chain: &Chain, taken: &[Option<Vec<PacketBox>>]) -> Vec<PacketBox> {
    let mut back: Vec<PacketBox> = Vec::new();
    let mut out: Vec<PacketBox> = Vec::new();
    for r in chain.rules.iter().filter(|r| r.may_be_in_force()) {
        if out.len() >= KEPT || back.len() > RETURNED {
            break;
        }
        let before = out.len();
        match r.action {
            Action::Return => back.extend(r.clauses.iter().map(|c| c.space.clone())),
            Action::Allow | Action::Deny | Action::Nat(_) => {
                out.extend(Takes::Own.boxes(r).flat_map(|b| without(b, &back)));
            }
            Action::Jump(to) => {
                let inner = jump(r, taken.get(to as usize).and_then(Option::as_ref));
                out.extend(inner.boxes(r).flat_map(|b| without(b, &back)));
            }
            Action::Goto(to) => {
                // What comes out of the other chain leaves this one too.
                let inner = jump(r, taken.get(to as usize).and_then(Option::as_ref));
                out.extend(inner.boxes(r).flat_map(|b| without(b, &back)));
                back.extend(r.clauses.iter().map(|c| c.space.clone()));
            }
            _ => {}
        }
        if out.iter().skip(before).any(PacketBox::is_any) {
            return vec![PacketBox::any()];
        }
    }
    // Chains that call one more than once take the same more than once.
    let mut seen = FxHashSet::default();
    out.retain(|b| seen.insert(b.clone()));
    out.truncate(KEPT);
    out
}

fn without(b: &PacketBox, back: &[PacketBox]) -> SmallVec<[PacketBox; 1]> {
    let mut left: SmallVec<[PacketBox; 1]> = smallvec![b.clone()];
    for cut in back {
        left = left.iter().flat_map(|p| p.subtract(cut)).collect();
        if left.len() > KEPT {
            return SmallVec::new();
        }
    }
    left
}

/// A jump takes what its chain takes of its packets.
fn jump(rule: &Rule, chain: Option<&Vec<PacketBox>>) -> Takes {
    let Some(chain) = chain.filter(|c| !c.is_empty()) else {
        return Takes::Nothing;
    };
    if chain.iter().any(PacketBox::is_any) {
        return Takes::Own;
    }
    let plain = rule.clauses.iter().filter(|c| c.conditions.is_empty());
    let parts: Box<[PacketBox]> = plain
        .flat_map(|c| chain.iter().map(|b| b.intersect(&c.space)))
        .filter(|b| !b.is_empty())
        .collect();
    if parts.is_empty() {
        Takes::Nothing
    } else {
        Takes::Boxes(parts)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::{KEPT, Takes, of_table};
    use hylint_model::{Body, TableName};
    use hylint_parsers::{format, source::Source};
    use std::fmt::Write;

    /// What the rules of each chain of a filter table take, as numbers of boxes; `None` for nothing.
    fn kept(rules: &str) -> Vec<Vec<Option<usize>>> {
        let text = format!("*filter\n{rules}COMMIT\n");
        let export = format::read(&Source::new("x", text, "UTF-8")).unwrap();
        let Body::Netfilter(nf) = &export.points[0].body else {
            return Vec::new();
        };
        let table = nf.table(TableName::Filter).unwrap();
        let each = of_table(table).into_iter().zip(&table.chains);
        let counts = each.map(|(takes, chain)| {
            let rules = takes.iter().zip(&chain.rules);
            let count = |(t, r): (&Takes, _)| t.boxes(r).count();
            rules.map(count).map(|n| (n > 0).then_some(n)).collect()
        });
        counts.collect()
    }

    #[test]
    fn a_chain_that_calls_another_twice_takes_its_packets_once() {
        let mut rules = String::from(":INPUT DROP [0:0]\n");
        for i in 0..40 {
            writeln!(rules, ":c{i} - [0:0]").unwrap();
        }
        rules += "-A INPUT -j c0\n-A c39 -p tcp -m tcp --dport 22 -j ACCEPT\n";
        for i in 0..39 {
            let next = i + 1;
            writeln!(rules, "-A c{i} -j c{next}\n-A c{i} -j c{next}").unwrap();
        }
        let kept = kept(&rules);
        assert!(kept.iter().flatten().all(|n| *n == Some(1)), "{kept:?}");
    }

    #[test]
    fn jumps_keep_boxes_within_bounds() {
        let mut rules = String::from(":INPUT DROP [0:0]\n:wide - [0:0]\n");
        for i in 0..KEPT {
            writeln!(rules, "-A wide -s 10.0.{i}.1/32 -j DROP").unwrap();
        }
        let jumps = 1000;
        rules += &"-A INPUT -j wide\n".repeat(jumps);
        let kept = &kept(&rules)[0];
        assert_eq!((kept.len(), kept[0]), (jumps, Some(KEPT)));
        let all: usize = kept.iter().flatten().sum();
        assert!(all < jumps * KEPT / 4, "{all}");
        assert_eq!(kept[jumps - 1], None, "nothing is known of it");
    }
}
