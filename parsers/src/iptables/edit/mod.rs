//! Changes of a dump: as edits of its text, and as commands for the machine that it is of.
//!
//! Every rule change is a splice of one chain: some rules go, the new rule's lines come in their place. The lines are those
//! of the writer, which reads back what it writes.

mod chain;
mod command;
mod lines;
mod resolved;
mod verify;
mod written;

#[cfg(test)]
mod tests;

use super::script;
use crate::edit::{Change, EditError, TextEdit};
use crate::source::Source;
use chain::Result;
use hylint_model::Export;
use resolved::{Effect, Resolved};

/// The edits of [`crate::format::EditFn`].
pub(super) fn edit(source: &Source, export: &Export, change: &Change) -> Result<Vec<TextEdit>> {
    if script::is_commands(&source.text) {
        return Err(EditError::Unsupported(
            "a list of shell commands cannot be edited",
        ));
    }
    let resolved = Resolved::of(&source.text, export, change)?;
    let edits = match &resolved.effect {
        Effect::Policy(allow) => lines::policy(&resolved.at, *allow),
        Effect::Splice(splice) => lines::splice(&source.text, &resolved.at, splice)?,
    };
    verify::verify(source, export, &resolved, &edits)?;
    Ok(edits)
}

/// The commands of [`crate::format::CommandsFn`]. A list of shell commands has them, too: its model is what they build.
pub(super) fn commands(source: &Source, export: &Export, change: &Change) -> Result<Vec<String>> {
    let resolved = Resolved::of(&source.text, export, change)?;
    // What cannot be changed in the text cannot be on the machine either. A new rule leaves the text as it is, and the
    // model may say more than the text: members of sets, for example.
    if !script::is_commands(&source.text) && !matches!(change, Change::Insert { .. }) {
        edit(source, export, change)?;
    }
    command::commands(&source.text, &resolved)
}
