//! Changes of a ruleset: as edits of its text, and as commands for the machine that it is of.
//!
//! A rule of the file may be several of the model, which have its place. New rules are in the words of the writer, which
//! reads back what it writes; an edited text is read again and compared.

mod commands;
mod place;
mod text;
mod verify;
mod written;

#[cfg(test)]
mod tests;

pub(super) use commands::commands;
pub(super) use text::edit;
