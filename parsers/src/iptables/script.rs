//! A file that is nothing but `iptables …` commands, one after the other: what they build is read as a dump.

use super::builtin::TableName;
use super::layout::{Dump, Layout, Splitter, TableLines};
use super::token::{Token, Tokens};
use hylint_model::{Problem, ProblemKind, Span};
use hylint_space::Family;

/// Commands with their continuation lines, comments and blank lines left out.
struct Commands<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Commands<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        while self.at < self.text.len() {
            let start = self.at;
            let mut end = start;
            loop {
                let rest = self.text.as_bytes().get(end..).unwrap_or(&[]);
                end += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                let line = self.text.get(start..end).unwrap_or("").trim_end();
                let more = line.ends_with('\\') && !line.trim_start().starts_with('#');
                if !more || end >= self.text.len() {
                    break;
                }
                end += 1;
            }
            self.at = end + 1;
            let line = self.text.get(start..end).unwrap_or("");
            let lead = line.len() - line.trim_start().len();
            let body = line.trim();
            if !body.is_empty() {
                let span = Span::new(start + lead, start + lead + body.len());
                return Some(if body.starts_with('#') {
                    span
                } else {
                    bare(self.text, span)
                });
            }
        }
        None
    }
}

/// A command without the comment behind it and without the `;` that ends it. What else a shell knows (`&&`, `$NAME`) is
/// left to the reader of the rule, which does not know it.
fn bare(text: &str, span: Span) -> Span {
    let comment = |t: &Token<'_>| !t.is_quoted() && t.text.starts_with('#');
    let tokens = Tokens::of(text, span, true).take_while(|t| !comment(t));
    let Some(last) = tokens.last() else {
        return span;
    };
    let ended = !last.is_quoted() && last.text.ends_with(';');
    let end = last.span.end as usize - usize::from(ended);
    let command = text.get(span.start as usize..end).unwrap_or("").trim_end();
    Span::new(span.start as usize, span.start as usize + command.len())
}

/// Family, table and the place where the command's own option (`-A` …) begins.
fn command(text: &str, span: Span) -> Option<(Family, TableName, Span)> {
    let mut tokens = Tokens::of(text, span, true);
    let mut word = tokens.next()?;
    if word.text == "sudo" {
        word = tokens.next()?;
    }
    let program = word.text.rsplit('/').next()?;
    let family = match program {
        "iptables" | "iptables-nft" | "iptables-legacy" => Family::V4,
        "ip6tables" | "ip6tables-nft" | "ip6tables-legacy" => Family::V6,
        _ => return None,
    };
    let (mut table, mut start) = (TableName::Filter, None);
    while let Some(t) = tokens.next() {
        if matches!(t.text, "-t" | "--table") {
            table = TableName::parse(tokens.next()?.text)?;
        } else if start.is_none() && t.is_option() && !matches!(t.text, "-w" | "--wait" | "-v") {
            start = Some(t.span);
        }
    }
    let place = Span {
        start: start?.start,
        end: span.end,
    };
    Some((family, table, place))
}

/// Whether a text is such a list: any other line makes it a script that does more than it says.
pub(super) fn is_commands(text: &str) -> bool {
    let mut rules = false;
    for span in (Commands { text, at: 0 }) {
        let line = text.get(span.range()).unwrap_or("");
        if line.starts_with('#') {
            continue;
        }
        let Some((_, _, at)) = command(text, span) else {
            return false;
        };
        let word = text.get(at.range()).unwrap_or("");
        rules |= ["-A", "-I", "--append", "--insert"]
            .iter()
            .any(|c| word.starts_with(c));
    }
    rules
}

/// Splits such a list.
pub(super) fn split(text: &str) -> Layout<'_> {
    let mut splitter = Splitter::new(text);
    splitter.out.shell = true;
    let mut dumps: Vec<Dump<'_>> = Vec::new();
    for span in (Commands { text, at: 0 }) {
        let line = text.get(span.range()).unwrap_or("");
        if line.starts_with('#') {
            splitter.comment(line, span);
            continue;
        }
        let Some((family, table, at)) = command(text, span) else {
            splitter.out.problems.push(Problem::new(
                ProblemKind::Malformed,
                span,
                "a line that is no command of iptables",
            ));
            continue;
        };
        let i = dumps
            .iter()
            .position(|d| d.family == Some(family))
            .unwrap_or_else(|| {
                dumps.push(Dump {
                    family: Some(family),
                    header: None,
                    tables: Vec::new(),
                    span,
                });
                dumps.len() - 1
            });
        let Some(dump) = dumps.get_mut(i) else {
            continue;
        };
        dump.span = dump.span.to(span);
        let found = dump.tables.iter().position(|t| t.name == Some(table));
        splitter.open = Some(match found {
            Some(t) => dump.tables.swap_remove(t),
            None => TableLines::new(Some(table), span, false),
        });
        splitter.command(text.get(at.range()).unwrap_or(""), at);
        dump.tables.extend(splitter.open.take());
    }
    for dump in &mut dumps {
        dump.tables.sort_by_key(|t| t.span.start);
    }
    splitter.out.dumps = dumps;
    splitter.out
}
