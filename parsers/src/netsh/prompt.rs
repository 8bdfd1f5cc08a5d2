//! What a prompt between captures tells.

use super::lines::Line;
use super::rule::Direction;
use hylint_model::Span;

/// What the prompt's command says of the text after it.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Command {
    pub(super) span: Span,
    /// `show currentprofile`.
    pub(super) current: bool,
    /// `dir=in` or `dir=out`.
    pub(super) only: Option<Direction>,
    /// `show rule name=` something other than `all`.
    pub(super) some: bool,
}

impl Command {
    /// Reads the command after a prompt.
    pub(super) fn parse(line: &Line<'_>) -> Self {
        let command = line.text.to_ascii_lowercase();
        let word = |w: &str| command.split([' ', '"', '\'']).any(|t| t == w);
        let only = match (word("dir=in"), word("dir=out")) {
            (true, false) => Some(Direction::In),
            (false, true) => Some(Direction::Out),
            _ => None,
        };
        let shows_rules = word("rule") && word("show");
        let all = command.contains("name=all") || command.contains("name=\"all\"");
        Self {
            span: line.span(),
            current: word("currentprofile"),
            only: only.filter(|_| shows_rules),
            some: shows_rules && command.contains("name=") && !all,
        }
    }
}
