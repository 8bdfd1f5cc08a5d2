//! A rule as an export states it, before it is understood.

use super::words::Label;
use hylint_model::{Condition, Span};
use smallvec::SmallVec;
use std::borrow::Cow;

/// Whether a rule is about packets to or from the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    In,
    Out,
}

/// A text of an export, in the words of netsh, and its place. The place is empty where the form says it by saying nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) span: Span,
}

impl<'a> Said<'a> {
    pub(crate) fn new(text: impl Into<Cow<'a, str>>, span: Span) -> Self {
        Self {
            text: text.into(),
            span,
        }
    }
}

/// Something in a rule that is no field of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Odd<'a> {
    /// What it is called: a label, a column, a key.
    pub(crate) label: Said<'a>,
    /// All of it.
    pub(crate) whole: Said<'a>,
}

/// One rule: a value for each field that the export states or implies. A field without a value was not exported: what it says
/// is unknown, and never Any.
#[derive(Clone, Debug)]
pub(crate) struct Stated<'a> {
    /// All of the rule.
    pub(crate) span: Span,
    /// What a remark about the rule labels.
    pub(crate) head: Span,
    values: [Option<Said<'a>>; Label::FIELDS],
    /// ICMP types and codes: `8`, `3:4`, `8:*`, `3    4`, `Any`; none for every type.
    pub(crate) icmp: SmallVec<[Said<'a>; 1]>,
    /// Conditions that the form states beyond the fields: an app package, an owner, an interface's name.
    pub(crate) conditions: Vec<Condition>,
    /// What nothing knows: it may narrow the rule.
    pub(crate) odd: Vec<Odd<'a>>,
    /// Fields that are there twice with different values, with the place of the second.
    pub(crate) repeated: Vec<(Label, Span)>,
    /// Whether a problem tells already that a part of the rule is lost, so that what is missing of it need not be told.
    pub(crate) told: bool,
    /// Whether its labels are of a language that nothing knows: what it states may be there and is not read. A problem of the
    /// export tells it.
    pub(crate) unread: bool,
    /// Fields whose labels are told by a translation that nothing proves, a bit each.
    unproven: u32,
}

impl<'a> Stated<'a> {
    /// A rule without fields.
    pub(crate) fn new(span: Span, head: Span) -> Self {
        Self {
            span,
            head,
            values: [const { None }; Label::FIELDS],
            icmp: SmallVec::new(),
            conditions: Vec::new(),
            odd: Vec::new(),
            repeated: Vec::new(),
            told: false,
            unread: false,
            unproven: 0,
        }
    }

    /// Says that the label of a field is told by a translation that nothing proves: the field may be another one.
    pub(crate) fn doubt(&mut self, label: Label) {
        self.unproven |= 1 << label as u32;
    }

    /// Whether the label of a field is one that nothing proves.
    pub(crate) fn is_doubtful(&self, label: Label) -> bool {
        self.unproven & (1 << label as u32) != 0
    }

    /// States a field. One that is stated already is replaced.
    pub(crate) fn set(&mut self, label: Label, text: impl Into<Cow<'a, str>>, span: Span) {
        if let Some(slot) = self.values.get_mut(label as usize) {
            *slot = Some(Said::new(text, span));
        }
    }

    /// States what the form implies by saying nothing.
    pub(crate) fn imply(&mut self, label: Label, text: &'static str) {
        if !self.has(label) {
            self.set(label, text, Span::default());
        }
    }

    /// The value of a field.
    pub(crate) fn get(&self, label: Label) -> Option<&Said<'a>> {
        self.values.get(label as usize)?.as_ref()
    }

    /// The text of a field; empty if it has none.
    pub(crate) fn text(&self, label: Label) -> &str {
        self.get(label).map_or("", |s| &s.text)
    }

    /// The place of a field; that of the rule where the form only implies it.
    pub(crate) fn place(&self, label: Label) -> Span {
        let own = self.get(label).map(|s| s.span);
        own.filter(|s| !s.is_empty()).unwrap_or(self.head)
    }

    /// Whether the field is stated or implied.
    pub(crate) fn has(&self, label: Label) -> bool {
        self.get(label).is_some()
    }

    /// Adds something that nothing knows, under its name.
    pub(crate) fn odd(&mut self, label: Said<'a>, whole: Said<'a>) {
        self.odd.push(Odd { label, whole });
    }
}
