//! What a reader could not take as written. A problem is never an error return: the rest of the export is still read.

use super::direction::Direction;
use crate::Span;

/// What went wrong, in the terms of the lint that will report it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum ProblemKind {
    /// Text that the format does not allow or that is cut off (`malformed-export`).
    Malformed,
    /// The form promises rules and there is none (`empty-export`).
    Empty,
    /// Something that the export should also hold is not there (`incomplete-export`).
    Incomplete,
    /// Understood as far as it goes, but its effect on packets is not modelled (`unmodelled-match`).
    Unmodelled,
    /// Taken by some tools and refused by others, or at odds with what else is known of the file: told as a warning
    /// (`malformed-export`), and read as the tools that take it do.
    Disputed,
    /// Something that a further export would hold, and that most hosts lack: `incomplete-export`, as a note.
    Unshown,
    /// Odd but decided; told so that nothing is silent (a note).
    Note,
}

/// What a problem says, and the words of its first release where it reads otherwise by now: baselines and waivers know it
/// by those.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wording {
    now: String,
    first: Option<Box<str>>,
}

/// A wording that replaces the one of the first release.
pub fn reworded(now: impl Into<String>, first: impl Into<Box<str>>) -> Wording {
    Wording {
        now: now.into(),
        first: Some(first.into()),
    }
}

impl Wording {
    /// The sentences that `frame` makes of both wordings.
    #[must_use]
    pub fn within(&self, frame: impl Fn(&str) -> String) -> Self {
        Self {
            now: frame(&self.now),
            first: self.first.as_deref().map(|f| frame(f).into()),
        }
    }
}

impl From<String> for Wording {
    fn from(now: String) -> Self {
        Self { now, first: None }
    }
}

impl From<&str> for Wording {
    fn from(now: &str) -> Self {
        now.to_owned().into()
    }
}

impl From<std::borrow::Cow<'_, str>> for Wording {
    fn from(now: std::borrow::Cow<'_, str>) -> Self {
        now.into_owned().into()
    }
}

/// One problem with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Which lint reports it.
    pub kind: ProblemKind,
    /// The text it is about.
    pub span: Span,
    /// What was found and why it matters, one sentence without the final stop.
    pub message: String,
    /// What it was worded as when it was first released, where the message reads otherwise by now.
    pub known_as: Option<Box<str>>,
    /// What the user can do.
    pub help: Option<String>,
    /// What is not here is all of this direction, which another file of the host may hold: then it is no problem.
    pub elsewhere: Option<Direction>,
    /// Why a dropped text is in no rule, in one word, where that says more than the message.
    pub reason: Option<&'static str>,
    /// What is said at its place, where the words of its kind do not fit; at most six words.
    pub label: Option<&'static str>,
    /// True when the text at `span` held a rule (or may have) that is in no rule of the model.
    pub dropped: bool,
}

impl Problem {
    /// A problem that lost nothing.
    pub fn new(kind: ProblemKind, span: Span, message: impl Into<Wording>) -> Self {
        let Wording { now, first } = message.into();
        Self {
            kind,
            span,
            message: now,
            known_as: first,
            help: None,
            elsewhere: None,
            reason: None,
            label: None,
            dropped: false,
        }
    }

    /// The text at the span is in no rule of the model.
    #[must_use]
    pub fn dropped(mut self) -> Self {
        self.dropped = true;
        self
    }

    /// Another file of the host may hold what is missing.
    #[must_use]
    pub fn elsewhere(mut self, direction: Direction) -> Self {
        self.elsewhere = Some(direction);
        self
    }

    /// Says in one word why the text is in no rule.
    #[must_use]
    pub fn reason(mut self, word: &'static str) -> Self {
        self.reason = Some(word);
        self
    }

    /// Says something else at its place than its kind does.
    #[must_use]
    pub fn label(mut self, text: &'static str) -> Self {
        self.label = Some(text);
        self
    }

    /// Keeps what the problem was worded as before its message was worded anew: baselines and waivers know it by that.
    #[must_use]
    pub fn known_as(mut self, text: impl Into<Box<str>>) -> Self {
        self.known_as = Some(text.into());
        self
    }

    /// The text that the problem is known by, whose numbers and quoted names do not count.
    #[must_use]
    pub fn known_text(&self) -> &str {
        self.known_as.as_deref().unwrap_or(&self.message)
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
