//! What a reader takes, in words: rows of the tables in docs/formats.md, made from the registries that the readers use.

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// What stands in an export: a label, a keyword, a list's name.
    pub name: String,
    /// What it is about.
    pub doc: String,
    /// What the reader makes of it: packets, a condition and its kind, or what is named.
    pub model: String,
}

impl Row {
    pub(crate) fn new(
        name: impl Into<String>,
        doc: impl Into<String>,
        model: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            doc: doc.into(),
            model: model.into(),
        }
    }
}
