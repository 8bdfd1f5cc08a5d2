//! The names by which cmdlets pick rules: the model keeps what people read, which several rules may share.

use super::asked::Store;
use super::found::Found;
use super::join;
use super::texts::Texts;
use crate::input::Input;
use crate::source::Source;
use hylint_model::Span;
use std::collections::BTreeMap;

/// Ids of the rules of a source, by the rules' places.
pub(super) struct Ids {
    /// With the store that they were printed from.
    of: BTreeMap<Span, (Option<Store>, String)>,
    /// How many rules of a store have an id.
    count: BTreeMap<(Option<Store>, String), usize>,
}

impl Ids {
    /// Reads the ids.
    pub(super) fn of(source: &Source) -> Self {
        let input = Input::new(source);
        let texts = Texts::of(&input);
        let mut found = Found::default();
        texts.read(&mut found);
        let mut out = Self {
            of: BTreeMap::new(),
            count: BTreeMap::new(),
        };
        for rule in join::join(&mut found).rules {
            if let Some(id) = rule.id() {
                let store = found.contexts.get(rule.context).and_then(|c| c.store());
                let key = (store, id.to_ascii_lowercase());
                *out.count.entry(key).or_default() += 1;
                out.of.insert(rule.span, (store, id.to_owned()));
            }
        }
        out
    }

    /// The id of the rule at a place, if no other rule has it.
    pub(super) fn of_rule(&self, place: Span) -> Option<&str> {
        let (store, id) = self.of.get(&place)?;
        let key = (*store, id.to_ascii_lowercase());
        let only = self.count.get(&key) == Some(&1);
        only.then_some(id.as_str())
    }
}
