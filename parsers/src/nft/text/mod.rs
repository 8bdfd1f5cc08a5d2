//! The text form: listings and the files that `nft -f` loads (nft(8), "INPUT FILE FORMATS").

mod amount;
mod block;
mod chain;
mod command;
mod cursor;
mod expr;
mod header;
mod include;
mod key;
mod lexer;
mod nat;
mod recover;
mod scope;
mod set;
mod statement;
#[cfg(test)]
mod tests;
mod update;

use super::syntax::Command;
use crate::source::Source;
use cursor::Parser;
use hylint_model::Problem;
pub(in crate::nft) use include::INCLUDED;

/// Reads the commands of a text, those of included files where they are included. Variables are replaced by their values.
/// What cannot be read is a problem, and the rest is read.
pub(super) fn parse<'a>(source: &'a Source, problems: &mut Vec<Problem>) -> Vec<Command<'a>> {
    let mut parser = Parser::new(source, problems);
    parser.whole_file();
    parser.commands
}
