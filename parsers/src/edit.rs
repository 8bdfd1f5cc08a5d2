//! Changes of an export: what is asked for, and the edits of its text.
//!
//! A format that offers edits turns a [`Change`] of the model into [`TextEdit`]s of the decoded text;
//! [`crate::patch::patch`] makes the file's new bytes of them, in the file's own encoding.

use hylint_model::{Body, Export, Profiles, Rule, Span};

/// A list of rules of one point.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum List {
    /// A netfilter chain: its table in the point, and its place in the table.
    Chain {
        /// Index in [`hylint_model::Netfilter::tables`].
        table: usize,
        /// Index in [`hylint_model::Table::chains`].
        chain: usize,
    },
    /// The rules for packets to the guarded hosts.
    Ingress,
    /// The rules for packets from the guarded hosts.
    Egress,
}

/// A list of rules of an export.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ListRef {
    /// Index in [`Export::points`].
    pub point: usize,
    /// The list in the point.
    pub list: List,
}

impl ListRef {
    /// Returns the list's rules in model order; `None` if the export has no such list.
    #[must_use]
    pub fn rules(self, export: &Export) -> Option<&[Rule]> {
        let body = &export.points.get(self.point)?.body;
        match (body, self.list) {
            (Body::Netfilter(n), List::Chain { table, chain }) => {
                Some(&n.tables().get(table)?.chains.get(chain)?.rules)
            }
            (Body::Lists(l), List::Ingress) => Some(&l.ingress.rules),
            (Body::Lists(l), List::Egress) => Some(&l.egress.rules),
            _ => None,
        }
    }

    /// The rule at an index of the list.
    #[must_use]
    pub fn rule(self, index: usize) -> RuleRef {
        RuleRef { list: self, index }
    }
}

/// A rule of an export.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RuleRef {
    /// The list that it stands in.
    pub list: ListRef,
    /// Index in the list, in model order.
    pub index: usize,
}

impl RuleRef {
    /// Returns the rule; `None` if the export has no such rule.
    #[must_use]
    pub fn find(self, export: &Export) -> Option<&Rule> {
        self.list.rules(export)?.get(self.index)
    }
}

/// Where a new rule goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Position {
    /// Before a rule that is there.
    Before(RuleRef),
    /// After the last rule of a list, which may have none.
    End(ListRef),
}

impl Position {
    /// The list that the rule goes to.
    #[must_use]
    pub const fn list(self) -> ListRef {
        match self {
            Self::Before(next) => next.list,
            Self::End(list) => list,
        }
    }
}

/// One change of an export. Rules are addressed in the export as it was read, before the change.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// Adds a rule. Its places (`span`, `fields`) mean nothing.
    Insert {
        /// Where.
        at: Position,
        /// What the rule says.
        rule: Box<Rule>,
    },
    /// Takes a rule away.
    Remove(RuleRef),
    /// Puts a rule in the place of another.
    Replace {
        /// The rule that goes.
        old: RuleRef,
        /// What the new one says. Its places mean nothing.
        new: Box<Rule>,
    },
    /// Sets what happens to packets that no rule of the list decides.
    SetPolicy {
        /// The list.
        list: ListRef,
        /// Whether they pass.
        allow: bool,
    },
    /// Lets the rules decide in a profile that blocks all inbound packets whatever they say (Windows).
    LetRulesDecide {
        /// Index in [`Export::points`].
        point: usize,
        /// The profile.
        profile: Profiles,
    },
    /// Switches a rule on or off, in formats that have rules that are off.
    SetEnabled {
        /// The rule.
        rule: RuleRef,
        /// Whether it acts.
        enabled: bool,
    },
}

/// Why a change cannot be made. Nothing is changed in part, and nothing is approximated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EditError {
    /// The change names a point, list or rule that the export does not have.
    Missing,
    /// The format, or this form of it, has no such change.
    Unsupported(&'static str),
    /// The format cannot express the new rule exactly.
    NoForm {
        /// The new rule's own span.
        span: Span,
        /// Why.
        message: &'static str,
    },
    /// The export itself is damaged where the change would be made.
    Damaged(Span),
    /// The edited text, read again, is not the export with this change.
    Differs(&'static str),
    /// A text does not belong in a command line.
    Unsafe(&'static str),
    /// Edits overlap, or lie outside of the text.
    Overlap(Span),
    /// The file is not the one that the source was read from.
    Stale,
    /// The file's encoding cannot hold the edited text, or its bytes are not what the encoding makes of the text.
    Encoding(&'static str),
}

impl std::fmt::Display for EditError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("the export has no such point, list or rule"),
            Self::NoForm { message, .. } => write!(f, "the rule has no exact form: {message}"),
            Self::Damaged(_) => f.write_str("the export is damaged where it would be changed"),
            Self::Differs(what) => write!(f, "the edit would also change {what}"),
            Self::Unsupported(what) | Self::Unsafe(what) => f.write_str(what),
            Self::Overlap(_) => f.write_str("edits overlap or lie outside of the text"),
            Self::Stale => f.write_str("the file has changed since it was read"),
            Self::Encoding(name) => write!(f, "the change cannot be written in {name}"),
        }
    }
}

impl std::error::Error for EditError {}

/// Replaces a part of the decoded text. An empty span inserts before its offset.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TextEdit {
    /// What goes, on character boundaries.
    pub span: Span,
    /// What comes in its place.
    pub text: String,
}

/// The edits in text order; edits at one offset stay in the order given.
///
/// # Errors
/// [`EditError::Overlap`] if two share a byte, or one begins inside of another.
pub(crate) fn in_order(edits: &[TextEdit]) -> Result<Vec<&TextEdit>, EditError> {
    let mut sorted: Vec<&TextEdit> = edits.iter().collect();
    sorted.sort_by_key(|e| (e.span.start, e.span.end));
    let mut end = 0;
    for e in &sorted {
        if e.span.start < end || e.span.end < e.span.start {
            return Err(EditError::Overlap(e.span));
        }
        end = e.span.end;
    }
    Ok(sorted)
}

/// Applies edits to a decoded text.
///
/// # Errors
/// [`EditError::Overlap`] if they overlap, lie outside of the text or cut a character.
pub fn apply(text: &str, edits: &[TextEdit]) -> Result<String, EditError> {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in in_order(edits)? {
        let outside = || EditError::Overlap(edit.span);
        let range = edit.span.range();
        text.get(range.clone()).ok_or_else(outside)?;
        out.push_str(text.get(at..range.start).ok_or_else(outside)?);
        out.push_str(&edit.text);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    Ok(out)
}

/// The spans that the edits' texts have in the text that [`apply`] returns, in its order.
///
/// # Errors
/// [`EditError::Overlap`] if the edits overlap.
pub fn inserted(edits: &[TextEdit]) -> Result<Vec<Span>, EditError> {
    let (mut out, mut added, mut removed) = (Vec::new(), 0, 0);
    for edit in in_order(edits)? {
        let start = edit.span.start as usize + added - removed;
        out.push(Span::new(start, start + edit.text.len()));
        added += edit.text.len();
        removed += edit.span.len();
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> TextEdit {
        TextEdit {
            span: Span::new(start, end),
            text: text.into(),
        }
    }

    #[test]
    fn edits_are_applied_in_text_order_and_those_of_one_place_as_given() {
        let edits = [
            edit(4, 5, "E"),
            edit(1, 1, "x"),
            edit(1, 1, "y"),
            edit(1, 2, "B"),
        ];
        assert_eq!(apply("abcdef", &edits).unwrap(), "axyBcdEf");
        let places = inserted(&edits).unwrap();
        let new = "axyBcdEf";
        let texts: Vec<&str> = places.iter().map(|s| &new[s.range()]).collect();
        assert_eq!(texts, ["x", "y", "B", "E"]);
        assert_eq!(apply("ab", &[edit(2, 2, "c")]).unwrap(), "abc");
        assert_eq!(
            apply("ab", &[edit(0, 2, ""), edit(2, 2, "c")]).unwrap(),
            "c"
        );
    }

    #[test]
    fn edits_that_overlap_or_leave_the_text_are_refused() {
        for edits in [
            vec![edit(0, 2, ""), edit(1, 3, "")],
            vec![edit(0, 3, ""), edit(1, 1, "x")],
            vec![edit(5, 7, "")],
            vec![edit(7, 7, "x")],
            // In the middle of `é`.
            vec![edit(1, 1, "x")],
            vec![edit(1, 3, "x")],
        ] {
            let text = "éabcd";
            assert!(
                matches!(apply(text, &edits), Err(EditError::Overlap(_))),
                "{edits:?}"
            );
        }
    }
}
