//! A set that is listed.

use hylint_model::Span;

/// A set as it is listed.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed<'a> {
    pub(super) name: std::borrow::Cow<'a, str>,
    pub(super) kind: std::borrow::Cow<'a, str>,
    /// What stands behind `Header:`.
    pub(super) options: String,
    pub(super) span: Span,
    /// Members with their places; `None` where the listing leaves them out (`-terse`).
    pub(super) members: Option<Vec<(std::borrow::Cow<'a, str>, Span)>>,
    /// How many members it says there are.
    pub(super) count: Option<usize>,
    /// Nothing stands behind it, so that it may be cut.
    pub(super) last: bool,
    /// It ends in the middle of a line, or another program leaves lines of it out.
    pub(super) part: bool,
}
