//! Words of commands, and variables of scripts that hold them.

use super::value::is_rule_text;
use crate::registry::text::Text;
use hylint_model::Span;

/// A word of a command, without its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Word<'a> {
    pub(super) fn text(self) -> Text<'a> {
        Text::plain(self.text, self.at)
    }

    pub(super) fn span(self) -> Span {
        Span::new(self.at, self.at + self.text.len())
    }
}

/// Assignments of plain texts, as `$name = "text"`.
#[derive(Debug, Default)]
pub(super) struct Variables<'a> {
    all: Vec<Variable<'a>>,
}

#[derive(Debug)]
struct Variable<'a> {
    name: &'a str,
    value: Word<'a>,
    line: Span,
    used: bool,
}

/// Most variables that are kept; a script with more is generated.
const MOST: usize = 256;

impl<'a> Variables<'a> {
    pub(super) fn set(&mut self, name: &'a str, value: Word<'a>, line: Span) {
        if self.all.len() < MOST {
            self.all.push(Variable {
                name,
                value,
                line,
                used: false,
            });
        }
    }

    /// The word, or what stands in the variable that it is.
    pub(super) fn resolve(&mut self, word: Word<'a>) -> Word<'a> {
        let Some(name) = word.text.strip_prefix('$') else {
            return word;
        };
        let same = |v: &&mut Variable<'_>| v.name.eq_ignore_ascii_case(name);
        match self.all.iter_mut().rev().find(same) {
            Some(variable) => {
                variable.used = true;
                variable.value
            }
            None => word,
        }
    }

    /// The lines of those that hold a rule string, and that nothing uses.
    pub(super) fn unused(&self) -> Vec<Span> {
        let all = self.all.iter();
        let left = all.filter(|v| !v.used && is_rule_text(v.value.text));
        left.map(|v| v.line).collect()
    }
}
