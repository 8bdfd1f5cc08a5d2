//! The values of a registry after everything that a container says of it, in order: later values replace earlier ones, and
//! deletions take away what stands before them.

use super::key::{self, ControlSet, Part, Place, Store};
use super::scan::{Data, Event, Scan, Value};
use hylint_model::Span;
use std::collections::BTreeMap;

/// A key with its values.
#[derive(Debug)]
pub(super) struct KeyState<'a> {
    /// What it is to the firewall.
    pub(super) place: Place,
    /// Where it is named first.
    pub(super) span: Span,
    /// Whether a listing names it, which may leave out what it holds.
    pub(super) listed: bool,
    /// Its values by their names in lower case.
    values: BTreeMap<String, Entry<'a>>,
}

#[derive(Debug)]
struct Entry<'a> {
    order: usize,
    value: Value<'a>,
}

/// What is left of the values.
#[derive(Debug, Default)]
pub(super) struct Registry<'a> {
    /// Keys by their names as [`key::plain`] gives them.
    pub(super) keys: BTreeMap<String, KeyState<'a>>,
    /// Values without a key.
    pub(super) loose: Vec<Value<'a>>,
    /// Values that a later one of the same name replaces.
    pub(super) replaced: Vec<Value<'a>>,
    /// Lines of a registry file that are no values, and the key that they stand under.
    pub(super) malformed: Vec<(Place, Span)>,
    /// The first deletion of something of the firewall.
    pub(super) deleted: Option<Span>,
    /// Whether the host's rules are deleted as a whole, so that those that follow are all of them.
    pub(super) begins_anew: bool,
    /// Texts that hold a rule and cannot be read.
    pub(super) unread: Vec<Span>,
    /// Places at which values are missing or cut off, and why.
    pub(super) gaps: Vec<(&'static str, Span)>,
    /// Where a control set begins that may be the current one, or not, and differs from another.
    pub(super) unsure_set: Option<Span>,
    /// Control sets beside the one that counts, with the place of a key of each.
    pub(super) other_sets: BTreeMap<ControlSet, Span>,
}

/// Names under which no value stands: strings that are printed without theirs.
const NAMELESS: &str = "";

impl<'a> Registry<'a> {
    /// Plays what a container says.
    pub(super) fn of(scan: Scan<'a>) -> Self {
        let mut out = Self::default();
        let names: Vec<String> = scan.keys.iter().map(|k| key::plain(&k.name)).collect();
        for (name, key) in names.iter().zip(&scan.keys) {
            out.key(name, key.span).listed |= key.listed;
        }
        let events = scan.events;
        for (order, event) in events.into_iter().enumerate() {
            match event {
                Event::Value(value) => match value.key.and_then(|k| names.get(k)) {
                    Some(name) => out.value(name, value, order),
                    None => out.loose.push(value),
                },
                Event::DeleteKey(key) => {
                    let span = scan.keys.get(key).map(|k| k.span);
                    if let (Some(name), Some(span)) = (names.get(key), span) {
                        out.delete(name, span);
                    }
                }
                Event::Malformed(key, span) => {
                    let name = key.and_then(|k| names.get(k));
                    let place = name.map_or(Place::Elsewhere, |n| key::place(n));
                    out.malformed.push((place, span));
                }
                Event::Unread(span) => out.unread.push(span),
                Event::Gap(why, span) => out.gaps.push((why, span)),
            }
        }
        out.choose_set();
        out
    }

    fn key(&mut self, name: &str, span: Span) -> &mut KeyState<'a> {
        let state = || KeyState {
            place: key::place(name),
            span,
            listed: false,
            values: BTreeMap::new(),
        };
        self.keys.entry(name.to_owned()).or_insert_with(state)
    }

    fn value(&mut self, key: &str, value: Value<'a>, order: usize) {
        let Some(state) = self.keys.get_mut(key) else {
            return;
        };
        let mut name = value.name.value().to_lowercase();
        if name == NAMELESS && matches!(value.data, Data::Text(_)) {
            name = format!("\0{order}");
        }
        if let Data::Deleted(span) = value.data {
            state.values.remove(&name);
            if matches!(state.place, Place::Firewall(..)) {
                self.deleted.get_or_insert(span);
            }
            return;
        }
        if let Data::Removed(gone) = &value.data {
            if matches!(state.place, Place::Firewall(..)) {
                self.deleted.get_or_insert(value.span);
            }
            // A log may tell of the new value before it tells of the old one's end.
            let same =
                |e: &Entry<'_>| matches!(&e.value.data, Data::Text(t) if t.value() == gone.value());
            if state.values.get(&name).is_some_and(same) {
                state.values.remove(&name);
            }
            return;
        }
        let entry = Entry { order, value };
        if let Some(before) = state.values.insert(name, entry) {
            self.replaced.push(before.value);
        }
    }

    /// Deletes the values of a key and of all below it.
    fn delete(&mut self, key: &str, span: Span) {
        let mut hit = false;
        let mut rules = false;
        // A deletion takes no problem away: it may stand in a string that does not end.
        let mut broken = Vec::new();
        let mut clear = |state: &mut KeyState<'_>| {
            for entry in std::mem::take(&mut state.values).into_values() {
                if let Data::Broken(why, span) = entry.value.data {
                    broken.push((why, span));
                }
            }
            hit |= matches!(state.place, Place::Firewall(..));
            rules |= matches!(state.place, Place::Firewall(Store::Local, Part::Rules, _));
        };
        if let Some(state) = self.keys.get_mut(key) {
            clear(state);
        }
        let below = format!("{key}\\");
        let range = self.keys.range_mut(below.clone()..);
        for (_, state) in range.take_while(|(k, _)| k.starts_with(&below)) {
            clear(state);
        }
        if hit {
            self.deleted.get_or_insert(span);
        }
        self.begins_anew |= rules;
        self.gaps.extend(broken);
    }

    /// The number of the control set that Windows starts with, where the key `Select` tells it.
    fn selected(&self) -> Option<ControlSet> {
        let mut keys = self.keys.values().filter(|k| k.place == Place::Select);
        let current = keys.find_map(|k| k.values.get("current"))?;
        let number = current.value.data.number()?;
        u16::try_from(number).ok().map(ControlSet::Numbered)
    }

    /// What the control sets hold, without their names.
    fn contents(&self, wanted: ControlSet) -> Vec<(&str, Part, &str, String)> {
        let mut out = Vec::new();
        for (key, state) in &self.keys {
            let Place::Firewall(Store::Local | Store::Mdm, part, set) = state.place else {
                continue;
            };
            let inner = key
                .split_once("\\services\\")
                .map_or("", |(_, inner)| inner);
            for (name, entry) in state.values.iter().filter(|_| set == wanted) {
                let data = &entry.value.data;
                let text = match data {
                    Data::Text(text) => text.value().into_owned(),
                    data => format!("{:?}", data.number()),
                };
                out.push((inner, part, name.as_str(), text));
            }
        }
        out
    }

    /// Windows starts with one control set. Of several the current one counts, or the one that `Select` names; else the first,
    /// which is not sure if others differ.
    fn choose_set(&mut self) {
        let set = |state: &KeyState<'_>| match state.place {
            Place::Firewall(Store::Local | Store::Mdm, _, set) | Place::Service(set) => {
                Some((set, state.span))
            }
            _ => None,
        };
        for (set, span) in self.keys.values().filter_map(set) {
            self.other_sets.entry(set).or_insert(span);
        }
        let Some(mut first) = self.other_sets.keys().next().copied() else {
            return;
        };
        if first != ControlSet::Current {
            let selected = self.selected();
            match selected.filter(|s| self.other_sets.contains_key(s)) {
                Some(selected) => first = selected,
                None => {
                    let own = self.contents(first);
                    let mut others = self.other_sets.iter().skip(1);
                    let unsure = others.find(|(set, _)| self.contents(**set) != own);
                    let unsure = unsure.map(|(_, span)| *span);
                    let other = selected.and_then(|_| self.other_sets.get(&first).copied());
                    self.unsure_set = unsure.or(other);
                }
            }
        }
        self.other_sets.remove(&first);
        let others = &self.other_sets;
        self.keys
            .retain(|_, state| set(state).is_none_or(|(set, _)| !others.contains_key(&set)));
    }

    /// The values of keys with their places, in the order of the text.
    pub(super) fn values(&self) -> Vec<(Place, &Value<'a>)> {
        let mut all: Vec<_> = self
            .keys
            .values()
            .flat_map(|k| k.values.values().map(|e| (e.order, k.place, &e.value)))
            .collect();
        all.sort_by_key(|(order, ..)| *order);
        all.into_iter()
            .map(|(_, place, value)| (place, value))
            .collect()
    }

    /// The place of the first key of a place that holds something.
    pub(super) fn first(&self, is: impl Fn(Place) -> bool) -> Option<Span> {
        let all = self
            .keys
            .values()
            .filter(|k| is(k.place) && !k.values.is_empty());
        all.map(|k| k.span).min()
    }

    /// Whether the key of policy itself is named by what prints it with all below it: files of the registry editor, and
    /// `reg query` where the text shows that it was asked so.
    pub(super) fn names_policy(&self, text: &str) -> bool {
        let root = |k: &str| k.ends_with("policies\\microsoft\\windowsfirewall");
        let asked = || {
            text.lines()
                .any(|l| l.contains("reg query") && l.contains(" /s"))
        };
        let mut own = self
            .keys
            .iter()
            .filter(|(k, s)| root(k) && matches!(s.place, Place::Firewall(Store::Policy, ..)));
        own.any(|(_, s)| !s.listed || !s.values.is_empty() && asked())
    }

    /// Whether a key of a place is named that holds something, or that is known to hold nothing.
    pub(super) fn shows(&self, is: impl Fn(Place) -> bool) -> bool {
        let shown = |k: &KeyState<'_>| !k.listed || !k.values.is_empty();
        self.keys.values().any(|k| is(k.place) && shown(k))
    }
}
