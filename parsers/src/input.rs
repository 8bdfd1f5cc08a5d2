//! What a reader is given, and how a format presents itself. Readers stand on this, and the registry on readers.

use crate::edit::{Change, EditError, TextEdit};
use crate::json::Json;
use crate::source::Source;
use hylint_model::Export;
use std::cell::OnceCell;

/// How much of a text a reader takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// All of it.
    Whole,
    /// What stands beside rules. Points, in their order, and everything else of the export are as in the whole, but a
    /// reader may leave out rules and what it has to say of them. Azure rules that name application security groups
    /// and AWS permissions that name prefix lists are never left out.
    Heads,
}

/// A file on its way to a reader. JSON is parsed at most once, whatever the number of JSON formats.
#[derive(Debug)]
pub struct Input<'a> {
    /// The text.
    pub source: &'a Source,
    /// What is asked of it.
    pub depth: Depth,
    json: OnceCell<Option<Json<'a>>>,
}

impl<'a> Input<'a> {
    /// Wraps a source of which everything is asked.
    #[must_use]
    pub fn new(source: &'a Source) -> Self {
        Self::with_depth(source, Depth::Whole)
    }

    /// Wraps a source.
    #[must_use]
    pub fn with_depth(source: &'a Source, depth: Depth) -> Self {
        Self {
            source,
            depth,
            json: OnceCell::new(),
        }
    }

    /// The text as JSON documents, if it begins like JSON (or concatenated JSON documents).
    pub fn json(&self) -> Option<&Json<'_>> {
        self.json
            .get_or_init(|| Json::sniff(&self.source.text).then(|| Json::parse(&self.source.text)))
            .as_ref()
    }
}

/// How sure a format is that a text is its own: 0 no, 1 a companion or fragment, up to 100 certain.
pub type Score = u8;

/// Returns the edits that make exactly this change and no other: the edited text, read again, is the export with the
/// change. The export is what the source was read to, whole. No edits: the export says it already.
///
/// # Errors
/// [`EditError`] if the change cannot be made exactly.
pub type EditFn = fn(&Source, &Export, &Change) -> Result<Vec<TextEdit>, EditError>;

/// Returns shell commands, in order, that make the change on a machine whose rules are those of the export. Words of the
/// export are quoted.
///
/// # Errors
/// [`EditError`] if the change cannot be made exactly, or if a word does not belong in a command.
pub type CommandsFn = fn(&Source, &Export, &Change) -> Result<Vec<String>, EditError>;

/// One format.
#[derive(Debug)]
pub struct FormatSpec {
    /// Stable id in outputs: `netsh`, `iptables`, `aws`, `azure`.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// The command that makes such an export.
    pub command: &'static str,
    /// Tells from content alone whether a text is of this format.
    pub detect: fn(&Input<'_>) -> Score,
    /// Reads a text of this format. Never fails: problems are in the export.
    pub read: fn(&Input<'_>) -> Export,
    /// Turns a change into edits of the text, if the format offers that.
    pub edit: Option<EditFn>,
    /// Turns a change into shell commands that make it on the running machine, if the format offers that.
    pub commands: Option<CommandsFn>,
}
