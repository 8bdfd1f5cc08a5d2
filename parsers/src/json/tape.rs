//! The tape: every value of a text in the order of its first byte, with its place and the end of its subtree.

use hylint_model::{Span, Wording, reworded};

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `{…}`; children are keys, each followed by its value.
    Object,
    /// `[…]`.
    Array,
    /// A string, key or value.
    String,
    /// A number, kept as text.
    Number,
    /// `true`.
    True,
    /// `false`.
    False,
    /// `null`.
    Null,
    /// Text that is no JSON value; an error names it.
    Invalid,
}

/// One value or key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub kind: Kind,
    /// A string with a backslash in it.
    pub escaped: bool,
    pub span: Span,
    /// Index of the node after this one's subtree.
    pub next: u32,
}

impl Node {
    /// What stands where no node is: it has no text and no children.
    const ABSENT: Self = Self {
        kind: Kind::Null,
        escaped: false,
        span: Span { start: 0, end: 0 },
        next: u32::MAX,
    };
}

/// Something that is not JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JsonError {
    /// Where.
    pub span: Span,
    /// What.
    pub message: &'static str,
}

impl JsonError {
    /// The message, and the one of the first release.
    #[must_use]
    pub fn wording(&self) -> Wording {
        match self.message {
            NO_VALUE => reworded(NO_VALUE, "this is no JSON value"),
            TRUNCATED => reworded(
                TRUNCATED,
                "the text ends inside an object or array: it is cut off",
            ),
            UNMATCHED => reworded(UNMATCHED, "this bracket closes nothing that is open"),
            plain => plain.into(),
        }
    }
}

/// What no value begins like.
pub(super) const NO_VALUE: &str = "invalid JSON value";
/// A text that ends inside a container.
pub(super) const TRUNCATED: &str = "truncated: the text ends inside an object or array";
/// A closing bracket without its opening one.
pub(super) const UNMATCHED: &str = "unmatched closing bracket";

/// Parsed documents.
#[derive(Debug, Default)]
pub struct Json<'t> {
    pub(super) text: &'t str,
    pub(super) nodes: Vec<Node>,
    pub(super) roots: Vec<u32>,
    /// Containers that the text's end left open, outermost first, so ascending.
    pub(super) unclosed: Vec<u32>,
    /// Everything that was not JSON, in order, at most [`Json::MAX_ERRORS`].
    pub errors: Vec<JsonError>,
    /// Deepest nesting seen.
    pub depth: usize,
    /// What stands behind `hylint:` in comments `// hylint: …`, in order.
    pub notes: Vec<Span>,
}

impl Json<'_> {
    /// Errors kept; a file that is not JSON at all would give thousands.
    pub const MAX_ERRORS: usize = 100;
    /// Containers in one another; a text that nests deeper is no export, and is not read further.
    pub const MAX_DEPTH: usize = 1 << 16;

    /// Returns the node at an index, or a `null` without text if there is none.
    pub(super) fn node(&self, at: u32) -> Node {
        let node = self.nodes.get(at as usize).copied();
        node.unwrap_or(Node::ABSENT)
    }
}
