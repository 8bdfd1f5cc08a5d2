//! What is found in a text: objects, the views that they are part of, and what is no object.

use super::asked::{Asked, Store};
use super::record::Record;
use hylint_model::{Problem, Span};

/// What stands around objects and holds for all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    /// The command before them.
    pub(super) asked: Option<Asked>,
    /// The store whose name they stand under.
    pub(super) store: Option<Store>,
}

impl Context {
    /// The store that the command or the name above the objects says.
    pub(super) fn store(&self) -> Option<Store> {
        let asked = self.asked.as_ref().and_then(|a| a.store);
        self.store.or(asked)
    }
}

/// Everything that a text holds.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) records: Vec<Record<'a>>,
    pub(super) contexts: Vec<Context>,
    /// Hosts that the text names, in its order.
    pub(super) hosts: Vec<(String, Span)>,
    /// When it was made, by its own word.
    pub(super) made: Option<(String, Span)>,
    /// Texts of `netsh interface portproxy show all` inside.
    pub(super) proxies: Vec<(String, Span)>,
    pub(super) annotations: Vec<(String, Span)>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Found<'a> {
    /// Opens a context and returns its number.
    pub(super) fn open(&mut self, context: Context) -> usize {
        self.contexts.push(context);
        self.contexts.len() - 1
    }

    /// The number of the last context.
    pub(super) fn last(&mut self) -> usize {
        if self.contexts.is_empty() {
            self.open(Context::default());
        }
        self.contexts.len() - 1
    }

    /// Adds an object that says something.
    pub(super) fn push(&mut self, record: Record<'a>) {
        if !record.is_blank() {
            self.records.push(record);
        }
    }

    /// Remembers a host that the text names.
    pub(super) fn host(&mut self, name: &str, span: Span) {
        let local = name.is_empty() || name.eq_ignore_ascii_case("localhost");
        if !local && self.hosts.last().is_none_or(|(last, _)| last != name) {
            self.hosts.push((name.to_owned(), span));
        }
    }
}
