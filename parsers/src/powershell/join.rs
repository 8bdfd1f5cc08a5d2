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
    let rules = std::mem::take(&mut out.rules);
    let named = by_command(&rules, &filters, found);
    let mut by_id: ById<'_, 'a> = FxHashMap::default();
    // The first store of whose filters one has an id.
    let mut first: FxHashMap<&str, Option<Store>> = FxHashMap::default();
    for (filter, rule) in filters.iter().zip(&named) {
        let id = filter.id().or(rule.as_deref());
        if let Some(id) = id {
            by_id.entry((store(filter), id)).or_default().push(filter);
            first.entry(id).or_insert(store(filter));
        }
    }
    let mut count: FxHashMap<(Option<Store>, &str), usize> = FxHashMap::default();
    for rule in &rules {
        if let Some(id) = rule.id() {
            *count.entry((store(rule), id)).or_default() += 1;
        }
    }
    let mut used: Vec<(Option<Store>, &str)> = Vec::new();
    let mut joined = Vec::with_capacity(rules.len());
    for rule in &rules {
        let mut whole = rule.clone();
        if let Some(id) = rule.id() {
            let own = store(rule);
            // Filters of a file of their own do not say which store they are of.
            let key = [(own, id), (None, id)];
            let any = || {
                by_id
                    .keys()
                    .find(|(_, other)| own.is_none() && *other == id)
            };
            let key = key
                .into_iter()
                .find(|k| by_id.contains_key(k))
                .or_else(|| any().copied());
            if let Some((key, of_id)) = key.and_then(|k| Some((k, by_id.get(&k)?))) {
                used.push(key);
                let rules = count.get(&(own, id)).copied().unwrap_or(1);
                if !take(&mut whole, of_id, rules) {
                    out.shared.push(rule.span);
                }
            }
        }
        joined.push(whole);
    }
    used.sort_unstable_by(|a, b| a.1.cmp(b.1));
    for (filter, rule) in filters.iter().zip(&named) {
        let id = filter.id().or(rule.as_deref());
        let taken = id.is_some_and(|id| used.binary_search_by(|(_, u)| (*u).cmp(id)).is_ok());
        if !taken {
            out.left.push(filter.span);
        }
    }
    out.rules = joined;
    out
}

/// Gives a rule what the filters of its id say; false if they contradict each other. `rules` have the id.
fn take<'a>(rule: &mut Record<'a>, filters: &[&Record<'a>], rules: usize) -> bool {
    if let ([only], true) = (filters, rules == 1) {
        rule.take_filters(only);
        return true;
    }
    let mut agree = true;
    for filter in filters {
        for (prop, cell) in filter.cells().filter(|(p, _)| p.part() == Part::Filter) {
            let others = filters.iter().filter_map(|f| f.get(prop));
            if others.clone().all(|o| says_same(o, cell)) {
                rule.add(prop, cell.clone());
            } else {
                agree = false;
                rule.replace(prop, Cell::lost(Span::default()));
            }
        }
        rule.odd.extend(filter.odd.iter().cloned());
        rule.cut |= filter.cut;
        rule.lost = rule.lost.or(filter.lost);
    }
    agree
}

/// Whether two values say the same, wherever they stand.
fn says_same(a: &Cell<'_>, b: &Cell<'_>) -> bool {
    let words = a.words().iter().map(|w| &w.text);
    words.eq(b.words().iter().map(|w| &w.text)) && a.is_lost() == b.is_lost()
}

/// The ids of the rules that commands name whose output filters without an id are: `Get-NetFirewallRule -Name x |
/// Get-NetFirewallPortFilter`.
fn by_command(
    rules: &[Record<'_>],
    filters: &[Record<'_>],
    found: &Found<'_>,
) -> Vec<Option<String>> {
    let wanted = |filter: &Record<'_>| {
        let asked = found.contexts.get(filter.context)?.asked.as_ref()?;
        let is = filter.id().is_none() && asked.prints == Prints::Filters;
        asked.rule.as_ref().filter(|_| is)
    };
    // No id: several rules have the name.
    let mut by_name: FxHashMap<String, Option<&str>> = FxHashMap::default();
    if filters.iter().any(|f| wanted(f).is_some()) {
        for rule in rules {
            let Some(id) = rule.id() else { continue };
            let display = rule.one(Prop::DisplayName).map(|w| w.text.to_lowercase());
            let own = Some(id.to_lowercase()).filter(|own| display.as_ref() != Some(own));
            for name in own.into_iter().chain(display) {
                let slot = by_name.entry(name).or_insert(Some(id));
                if *slot != Some(id) {
                    *slot = None;
                }
            }
        }
    }
    let of = |filter: &Record<'_>| {
        let name = wanted(filter)?.to_lowercase();
        by_name.get(&name).copied().flatten().map(str::to_owned)
    };
    filters.iter().map(of).collect()
}
