//! Texts that are nothing but simple commands of a shell, one after the other: what they do is known without running them.
//!
//! A variable, a condition, a loop, a function, a substitution, a pipe, input from a file or a name that the shell expands
//! makes a text a script: what it leaves behind is known only after it ran. So does a program that may change rules.

mod inert;
mod lexer;
mod list;

#[cfg(test)]
mod tests;

pub(crate) use lexer::{Command, Line, Word};
pub(crate) use list::{Program, is_last, list, torn};

/// Whether a text is a list of plain commands that a reader takes.
#[must_use]
pub fn is_list(text: &str) -> bool {
    list(text).is_some()
}
