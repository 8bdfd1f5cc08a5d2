//! Where rules stand.

use hylint_model::{Hits, Span};
use hylint_space::Family;

/// Where a rule's text is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The rule, from `-A`.
    pub(super) span: Span,
    /// First byte after the chain's name (and a rule number).
    pub(super) body: u32,
    /// The next line looks like its rest.
    pub(super) cut: bool,
    /// In a list of commands: it stands behind rules that the chain had before, if it had any.
    pub(super) late: bool,
    /// A command of a list that the tool refuses changes nothing, and those behind it are run.
    pub(super) alone: bool,
    /// `-4` or `-6` before the command: the line is for this family's tool alone.
    pub(super) family: Option<Family>,
    /// What the counter before the command says.
    pub(super) hits: Hits,
}

impl Place {
    /// A rule that is whole.
    pub(super) fn new(span: Span, body: u32) -> Self {
        Self {
            span,
            body,
            cut: false,
            late: false,
            alone: false,
            family: None,
            hits: Hits::Unprinted,
        }
    }
}
