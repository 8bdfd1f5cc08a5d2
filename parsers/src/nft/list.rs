//! Lists of `nft …` commands for a shell: the same commands as `nft -f` takes them, each at its place.

use super::syntax::{Command, CommandKind, Object};
use crate::plain::{self, Line, Program, Word};
use crate::source::Source;
use hylint_model::{Problem, ProblemKind, Span};
use std::collections::HashSet;

/// The commands of such a list, with blanks in the place of what the shell takes; none if the text is another one.
pub(super) fn commands(source: &Source) -> Option<Source> {
    let text = source.text.as_str();
    let list = plain::list(text).filter(|l| l.nft)?;
    // Every character that is not copied is a blank as long as itself, so that places stay.
    let keep = |b: u8| if matches!(b, b'\n' | b'\r') { b } else { b' ' };
    let mut out: Vec<u8> = text.bytes().map(keep).collect();
    for (line, program, first) in list.lines {
        match (line, program) {
            (Line::Comment(span), _) => copy(text, span, span.range().start, &mut out),
            (Line::Command(c), Program::Nft) => {
                let words = c.words.get(first..).unwrap_or(&[]);
                let begin = words.iter().position(|w| !w.value(text).starts_with('-'))?;
                for word in words.get(begin..)? {
                    given(text, word, &mut out);
                }
                // A command goes on over the lines that the shell joins, and ends where the shell ends it.
                join(text, &c.words, &mut out);
            }
            _ => {}
        }
    }
    let masked = String::from_utf8(out).ok()?;
    Some(Source::new(source.path.as_str(), masked, source.encoding))
}

/// Tells of the first table that a list adds rules to and neither flushes nor deletes first: what it held before stays.
pub(super) fn unknown_start(commands: &[Command<'_>]) -> Option<Problem> {
    let mut emptied = HashSet::new();
    for command in commands {
        let empties = matches!(
            command.kind,
            CommandKind::Flush | CommandKind::Delete | CommandKind::Destroy
        );
        let target = match &command.object {
            Object::Ruleset(None) if empties => return None,
            Object::Table(decl) if empties => {
                emptied.insert((decl.target.family, decl.target.table.clone()));
                continue;
            }
            Object::Rule(rule) if !empties => &rule.target,
            _ => continue,
        };
        if emptied.contains(&(target.family, target.table.clone())) {
            continue;
        }
        let message = format!(
            "the list does not flush the table `{}` first: rules that the host had before are not known",
            target.table
        );
        let problem = Problem::new(ProblemKind::Incomplete, command.span, message);
        return Some(problem.help(
            "begin the list with `nft flush ruleset`, or give the output of `nft list ruleset` on the host",
        ));
    }
    None
}

/// Copies a part of the text to a place.
fn copy(text: &str, from: Span, to: usize, out: &mut [u8]) {
    let from = text.as_bytes().get(from.range()).unwrap_or(&[]);
    if let Some(to) = out.get_mut(to..to + from.len()) {
        to.copy_from_slice(from);
    }
}

/// Puts what nft is given of a word where the word is: without its quotes and escapes, it is shorter.
fn given(text: &str, word: &Word, out: &mut [u8]) {
    if let Some(own) = out.get_mut(word.span.range()) {
        own.fill(b' ');
    }
    let mut at = word.pieces.first().map_or(0, |p| p.range().start);
    for piece in &word.pieces {
        copy(text, *piece, at, out);
        at += piece.len();
    }
}

/// Marks the ends of lines between the words of a command, and the end of the command on its line.
fn join(text: &str, words: &[Word], out: &mut [u8]) {
    let bytes = text.as_bytes();
    for pair in words.windows(2) {
        let [before, after] = pair else { continue };
        let gap = before.span.range().end..after.span.range().start;
        for at in gap.filter(|at| bytes.get(*at) == Some(&b'\\')) {
            copy(text, Span::new(at, at + 1), at, out);
        }
    }
    let end = words.last().map_or(0, |w| w.span.range().end);
    let rest = bytes.get(end..).unwrap_or(&[]);
    let blanks = rest
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    let at = end + blanks;
    if rest.get(blanks) == Some(&b';') {
        copy(text, Span::new(at, at + 1), at, out);
    }
}
