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
use hylint_model::{Problem, ProblemKind, Span};
pub(in crate::nft) use include::INCLUDED;
use lexer::Lexer;

/// Reads the commands of a text, those of included files where they are included. Variables are replaced by their values.
/// What cannot be read is a problem, and the rest is read.
pub(super) fn parse<'a>(source: &'a Source, problems: &mut Vec<Problem>) -> Vec<Command<'a>> {
    // Lines are read by it all the same, so that no rule is lost.
    if let Some(at) = Lexer::new(&source.text, Span::new(0, source.text.len())).lone_return() {
        let message = "a carriage return alone ends no line for nft, which does not load this text";
        let problem = Problem::new(ProblemKind::Malformed, at, message);
        problems.push(problem.help("save the file with line feeds as line ends, or export again"));
    }
    let mut parser = Parser::new(source, problems);
    parser.whole_file();
    parser.commands
}
