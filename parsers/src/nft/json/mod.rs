//! The JSON form (libnftables-json(5)): listings, and the commands that `nft -j -f` loads.

mod command;
mod expr;
mod field;
mod lists;
mod object;
mod reader;
mod shape;
mod statement;
mod worded;

use super::syntax::Command;
use crate::json::Json;
use hylint_model::Problem;
use reader::Reader;
pub(super) use worded::Worded;

/// Whether a text is in the JSON form.
pub(super) fn is_json(text: &str) -> bool {
    Json::sniff(text)
}

/// Reads the commands of a document, of which `worded` has the statements that are text. What cannot be read is a problem,
/// and the rest is read.
pub(super) fn parse<'a>(
    json: &'a Json<'a>,
    worded: &'a Worded,
    problems: &mut Vec<Problem>,
) -> Vec<Command<'a>> {
    let mut reader = Reader::new(worded);
    reader.documents(json);
    let (commands, mut found) = reader.finish();
    problems.append(&mut found);
    commands
}

#[cfg(test)]
mod tests;
