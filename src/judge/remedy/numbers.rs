//! Free numbers for new entries of lists whose rules act by number.

use hylint_engine::PointId;
use hylint_model::{PointKind, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers that were given to new entries, so that the remedies of two findings do not take the same one.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    given: BTreeMap<(PointId, bool), BTreeMap<u32, Rule>>,
    /// New numbers of rules, by the list and their old ones.
    moved: BTreeMap<(PointId, bool), BTreeMap<u32, u32>>,
}

/// Free numbers that a rule leaves below it where it moves up.
const ROOM: u32 = 50;

impl Numbers {
    /// Numbers the entries below `below`, or behind the last entry of the list; one that was given before to an entry that
    /// says the same is given again. `None` if not enough are free.
    pub(super) fn give(
        &mut self,
        at: PointId,
        egress: bool,
        kind: PointKind,
        rules: &[Rule],
        below: Option<u32>,
        entries: Vec<Rule>,
    ) -> Option<Vec<Rule>> {
        let range = kind.rule_numbers()?;
        let given = self.given.entry((at, egress)).or_default();
        let last = below.map_or(*range.end(), |n| n.saturating_sub(1).min(*range.end()));
        let mut taken: BTreeSet<u32> = rules.iter().filter_map(|r| r.priority).collect();
        let own = taken.range(range.clone()).next_back().copied();
        taken.extend(given.keys().copied());
        // A rule that moves up for these entries leaves its number to them.
        for (from, to) in self.moved.get(&(at, egress)).into_iter().flatten() {
            taken.insert(*to);
            if below == Some(*to) {
                taken.remove(from);
                taken.extend(given.keys().copied());
            }
        }
        let mut names: BTreeSet<String> = rules.iter().map(|r| r.name.to_lowercase()).collect();
        names.extend(given.values().map(|r| r.name.to_lowercase()));
        let mut out = Vec::with_capacity(entries.len());
        for mut entry in entries {
            let same = |(n, r): &(&u32, &Rule)| **n <= last && r.clauses == entry.clauses;
            if let Some((_, known)) = given.iter().find(same) {
                out.push(known.clone());
                continue;
            }
            // Behind the last entry in steps of ten, as people number them; else the nearest free number below.
            let next = own.map_or(100, |n| (n / 10 + 1) * 10);
            let tens = (next..=last).step_by(10).take_while(|n| *n <= last);
            let tens = tens.filter(|n| range.contains(n));
            let near = range.clone().rev().filter(|n| *n <= last);
            let number = tens.chain(near).find(|n| !taken.contains(n))?;
            entry.priority = Some(number);
            name_apart(&mut entry, &mut names);
            taken.insert(number);
            given.insert(number, entry.clone());
            out.push(entry);
        }
        Some(out)
    }

    /// Numbers entries beside a rule with the number `old`, with no other rule between, and gives them names of their own.
    /// `None` if not enough are free.
    pub(super) fn near(
        &mut self,
        at: PointId,
        egress: bool,
        kind: PointKind,
        rules: &[Rule],
        old: u32,
        entries: &mut [Rule],
    ) -> Option<()> {
        let range = kind.rule_numbers()?;
        let given = self.given.entry((at, egress)).or_default();
        let mut taken: BTreeSet<u32> = rules.iter().filter_map(|r| r.priority).collect();
        taken.extend(given.keys().copied());
        let mut names: BTreeSet<String> = rules.iter().map(|r| r.name.to_lowercase()).collect();
        names.extend(given.values().map(|r| r.name.to_lowercase()));
        let free = |n: &u32| range.contains(n) && !taken.contains(n);
        let above = (old.saturating_add(1)..=*range.end()).take_while(free);
        let below = (*range.start()..old).rev().take_while(free);
        let free: Vec<u32> = above.chain(below).take(entries.len()).collect();
        (free.len() == entries.len()).then_some(())?;
        for (entry, number) in entries.iter_mut().zip(free) {
            entry.priority = Some(number);
            name_apart(entry, &mut names);
            given.insert(number, entry.clone());
        }
        Some(())
    }

    /// The number that a rule moves up to, past free ones only; `None` if the next one is taken.
    pub(super) fn move_up(
        &mut self,
        at: PointId,
        egress: bool,
        kind: PointKind,
        rules: &[Rule],
        rule: &Rule,
    ) -> Option<u32> {
        let range = kind.rule_numbers()?;
        let from = rule.priority.filter(|n| range.contains(n))?;
        let moved = self.moved.entry((at, egress)).or_default();
        if let Some(to) = moved.get(&from) {
            return Some(*to);
        }
        let mut taken: BTreeSet<u32> = rules.iter().filter_map(|r| r.priority).collect();
        taken.extend(
            self.given
                .get(&(at, egress))
                .into_iter()
                .flatten()
                .map(|(n, _)| *n),
        );
        let last = from.saturating_add(ROOM).min(*range.end());
        let free = (from + 1..=last).take_while(|n| !taken.contains(n));
        let to = free.last()?;
        moved.insert(from, to);
        Some(to)
    }
}

/// Numbers the name of an entry where another one has it.
fn name_apart(entry: &mut Rule, names: &mut BTreeSet<String>) {
    if entry.name.is_empty() {
        return;
    }
    let base = entry.name.to_string();
    let mut n = 1;
    while names.contains(&entry.name.to_lowercase()) {
        n += 1;
        entry.name = format!("{base}-{n}").into();
    }
    names.insert(entry.name.to_lowercase());
}
