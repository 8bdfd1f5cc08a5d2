//! Filters to the rules whose ports, addresses, programs and services they are.
//!
//! A filter has the `InstanceID` of its rule. In ActiveStore two rules may have one id, as a policy and the host may have the
//! same rule; then which filter is whose is known only if they say the same.

use super::asked::{Prints, Store};
use super::cell::Cell;
use super::found::Found;
use super::props::{Part, Prop};
use super::record::{Kind, Record};
use hylint_model::Span;
use rustc_hash::FxHashMap;

/// Rules with what their filters say, and what was left over.
#[derive(Debug, Default)]
pub(super) struct Joined<'a> {
    /// In the order of the text.
    pub(super) rules: Vec<Record<'a>>,
    /// Filters whose rule is not there, or that do not name one.
    pub(super) left: Vec<Span>,
    /// Rules that share an id with others whose filters say something else.
    pub(super) shared: Vec<Span>,
    /// Objects of other kinds.
    pub(super) beside: Vec<(Kind, Record<'a>)>,
}

/// Filters of one id.
type ById<'r, 'a> = FxHashMap<(Option<Store>, &'r str), Vec<&'r Record<'a>>>;

/// Joins what was found.
pub(super) fn join<'a>(found: &mut Found<'a>) -> Joined<'a> {
    let mut out = Joined::default();
    let mut filters: Vec<Record<'a>> = Vec::new();
    for record in std::mem::take(&mut found.records) {
        match record.kind() {
            Kind::Rule => out.rules.push(record),
            Kind::Filter => match out.rules.last_mut() {
                Some(rule) if record.of_last => rule.take_filters(&record),
                _ => filters.push(record),
            },
            Kind::Other => {}
            kind => out.beside.push((kind, record)),
        }
    }
    let stores: Vec<Option<Store>> = found.contexts.iter().map(|c| c.store()).collect();
    let store = |r: &Record<'_>| stores.get(r.context).copied().flatten();
    let mut rules = std::mem::take(&mut out.rules);
    let named = by_command(&rules, &filters, found);
    for (filter, at) in filters.iter().zip(&named) {
        if let Some(rule) = at.and_then(|at| rules.get_mut(at)) {
            rule.take_filters(filter);
        }
    }
    let mut by_id: ById<'_, 'a> = FxHashMap::default();
    // The first store of whose filters one has an id.
    let mut first: FxHashMap<&str, Option<Store>> = FxHashMap::default();
    // Windows compares ids without case.
    let lower = |r: &Record<'a>| r.id().map(str::to_lowercase);
    let filter_ids: Vec<Option<String>> = filters.iter().map(lower).collect();
    let rule_ids: Vec<Option<String>> = rules.iter().map(lower).collect();
    for (filter, id) in filters.iter().zip(&filter_ids) {
        if let Some(id) = id.as_deref() {
            by_id.entry((store(filter), id)).or_default().push(filter);
            first.entry(id).or_insert(store(filter));
        }
    }
    let mut count: FxHashMap<(Option<Store>, &str), usize> = FxHashMap::default();
    for (rule, id) in rules.iter().zip(&rule_ids) {
        if let Some(id) = id.as_deref() {
            *count.entry((store(rule), id)).or_default() += 1;
        }
    }
    let mut used: Vec<(Option<Store>, &str)> = Vec::new();
    let mut united: FxHashMap<(Option<Store>, &str), (Record<'a>, bool)> = FxHashMap::default();
    let mut joined = Vec::with_capacity(rules.len());
    for (rule, id) in rules.iter().zip(&rule_ids) {
        let mut whole = rule.clone();
        if let Some(id) = id.as_deref() {
            let own = store(rule);
            // Filters of a file of their own do not say which store they are of.
            let any = first.get(id).copied().filter(|_| own.is_none());
            let keys = [Some(own), Some(None), any];
            let mut keys = keys.into_iter().flatten().map(|store| (store, id));
            let key = keys.find(|k| by_id.contains_key(k));
            if let Some((key, of_id)) = key.and_then(|k| Some((k, by_id.get(&k)?))) {
                used.push(key);
                let rules = count.get(&(own, id)).copied().unwrap_or(1);
                let united = united.entry(key).or_insert_with(|| unite(of_id, rules));
                whole.take_filters(&united.0);
                if !united.1 {
                    out.shared.push(rule.span);
                }
            }
        }
        joined.push(whole);
    }
    used.sort_unstable_by(|a, b| a.1.cmp(b.1));
    for ((filter, at), id) in filters.iter().zip(&named).zip(&filter_ids) {
        let of_used = |id: &str| used.binary_search_by(|(_, u)| (*u).cmp(id)).is_ok();
        if at.is_none() && !id.as_deref().is_some_and(of_used) {
            out.left.push(filter.span);
        }
    }
    out.rules = joined;
    out
}

/// What the filters of one id, which so many rules have, say together; false if it is not known which of them are whose. What
/// is not known is lost.
fn unite<'a>(filters: &[&Record<'a>], rules: usize) -> (Record<'a>, bool) {
    let mut out = Record::default();
    let mut agree = true;
    let mut count: FxHashMap<Prop, usize> = FxHashMap::default();
    for filter in filters {
        for (prop, cell) in filter.cells().filter(|(p, _)| p.part() == Part::Filter) {
            *count.entry(prop).or_default() += 1;
            let same = out.get(prop).is_none_or(|before| says_same(before, cell));
            if same {
                out.add(prop, cell.clone());
            } else {
                agree = false;
                out.replace(prop, Cell::lost(Span::default()));
            }
        }
        out.odd.extend(filter.odd.iter().cloned());
        out.cut |= filter.cut;
        out.lost = out.lost.or(filter.lost);
    }
    // A rule of several that have the id may have had a filter that is not there.
    let lacking = |p: &Prop| count.get(p).is_some_and(|n| *n < rules);
    let props: Vec<Prop> = out.cells().map(|(p, _)| p).filter(lacking).collect();
    for prop in props {
        agree = false;
        out.replace(prop, Cell::lost(Span::default()));
    }
    (out, agree)
}

/// Whether two values say the same, wherever they stand.
fn says_same(a: &Cell<'_>, b: &Cell<'_>) -> bool {
    let words = a.words().iter().map(|w| &w.text);
    words.eq(b.words().iter().map(|w| &w.text)) && a.is_lost() == b.is_lost()
}

/// The rules that commands name whose output filters without an id are, by their numbers: `Get-NetFirewallRule -Name x |
/// Get-NetFirewallPortFilter`.
fn by_command(
    rules: &[Record<'_>],
    filters: &[Record<'_>],
    found: &Found<'_>,
) -> Vec<Option<usize>> {
    let wanted = |filter: &Record<'_>| {
        let asked = found.contexts.get(filter.context)?.asked.as_ref()?;
        let is = filter.id().is_none() && asked.prints == Prints::Filters;
        asked.rule.as_ref().filter(|_| is)
    };
    // No number: several rules have the name.
    let mut by_name: FxHashMap<String, Option<usize>> = FxHashMap::default();
    if filters.iter().any(|f| wanted(f).is_some()) {
        for (at, rule) in rules.iter().enumerate() {
            let display = rule.one(Prop::DisplayName).map(|w| w.text.to_lowercase());
            let id = rule.id().map(str::to_lowercase);
            let id = id.filter(|id| display.as_ref() != Some(id));
            for name in id.into_iter().chain(display) {
                let slot = by_name.entry(name).or_insert(Some(at));
                if *slot != Some(at) {
                    *slot = None;
                }
            }
        }
    }
    let of = |filter: &Record<'_>| {
        let name = wanted(filter)?.to_lowercase();
        by_name.get(&name).copied().flatten()
    };
    filters.iter().map(of).collect()
}
