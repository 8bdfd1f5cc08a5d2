//! Edits of the text form.

use super::super::{json, list};
use super::place::{ChainAt, Effect, Result, resolved};
use super::verify;
use super::written::Written;
use crate::edit::{Change, EditError, TextEdit};
use crate::source::Source;
use hylint_model::{Export, Span};

/// The edits of [`crate::input::EditFn`].
pub(in super::super) fn edit(
    source: &Source,
    export: &Export,
    change: &Change,
) -> Result<Vec<TextEdit>> {
    if json::is_json(&source.text) {
        return Err(EditError::Unsupported(
            "JSON is printed and not written by hand: change the ruleset, and export it again",
        ));
    }
    if list::commands(source).is_some() {
        return Err(EditError::Unsupported(
            "a list of shell commands cannot be edited",
        ));
    }
    if !source.parts.is_empty() {
        return Err(EditError::Unsupported(
            "the ruleset is in several files: change the one that has the rule",
        ));
    }
    let (at, effect) = resolved(export, change)?;
    let (edits, new) = match &effect {
        Effect::Policy(allow) => (policy(&source.text, &at, *allow)?, Written::default()),
        Effect::Splice { from, to, new } => {
            let new = match new {
                Some(rule) => Written::of(&at, rule)?,
                None => Written::default(),
            };
            let edit = splice(&source.text, &at, (*from, *to), &new)?;
            (vec![edit], new)
        }
    };
    verify::verify(source, export, &at, (&effect, &new.rules), &edits)?;
    Ok(edits)
}

/// The policy's own word; behind the hook where none is written.
fn policy(text: &str, at: &ChainAt<'_>, allow: bool) -> Result<Vec<TextEdit>> {
    let Some(stated) = at.chain.policy else {
        return Err(EditError::Missing);
    };
    if stated.allow == allow {
        return Ok(Vec::new());
    }
    let (old, new) = if allow {
        ("drop", "accept")
    } else {
        ("accept", "drop")
    };
    let said = text.get(stated.span.range()).unwrap_or("");
    let start = stated.span.start as usize;
    let edit = match said.rfind(old).filter(|_| !said.contains("hook")) {
        Some(word) => TextEdit {
            span: Span::new(start + word, start + word + old.len()),
            text: new.to_owned(),
        },
        None => {
            let end = start + said.trim_end_matches([';', ' ']).len();
            TextEdit {
                span: Span::new(end, end),
                text: format!("; policy {new}"),
            }
        }
    };
    Ok(vec![edit])
}

/// The edit of a rule change.
fn splice(
    text: &str,
    at: &ChainAt<'_>,
    (from, to): (usize, usize),
    new: &Written,
) -> Result<TextEdit> {
    if from < to {
        let old = at.span(from).ok_or(EditError::Missing)?;
        let line = Line::of(text, old);
        return Ok(match new.lines.is_empty() {
            true => line.removed(),
            false => TextEdit {
                span: old,
                text: new.lines.join(&line.separator()),
            },
        });
    }
    if let Some(next) = at.span(from) {
        let line = Line::of(text, next);
        let separator = line.separator();
        let each = new.lines.iter().map(|l| format!("{l}{separator}"));
        return Ok(TextEdit {
            span: Span::new(next.start as usize, next.start as usize),
            text: each.collect(),
        });
    }
    let last = from.checked_sub(1).and_then(|n| at.span(n));
    match last.or(at.chain.policy.map(|p| p.span)) {
        Some(last) => Ok(Line::of(text, last).after(&new.lines)),
        None => within(text, at.chain.span, &new.lines),
    }
}

/// The first lines of a chain that holds nothing.
fn within(text: &str, head: Span, lines: &[String]) -> Result<TextEdit> {
    let end = head.end as usize;
    let rest = text.get(end..).unwrap_or("");
    let brace = rest
        .find('{')
        .filter(|n| rest.get(..*n).is_some_and(|t| t.trim().is_empty()));
    let at = end + brace.ok_or(EditError::Damaged(head))? + 1;
    let indent = format!("{}\t", Line::of(text, head).indent());
    let each = lines.iter().map(|l| format!("\n{indent}{l}"));
    let tail = rest.get(at - end..).unwrap_or("");
    // `chain x { }` gets its closing brace on a line of its own.
    let close = match tail.trim_start_matches([' ', '\t']).starts_with('}') {
        true => format!("\n{}", Line::of(text, head).indent()),
        false => String::new(),
    };
    Ok(TextEdit {
        span: Span::new(at, at),
        text: each.collect::<String>() + &close,
    })
}

/// What stands around a rule on its line.
struct Line<'t> {
    text: &'t str,
    /// The rule.
    span: Span,
    /// Where the line begins.
    start: usize,
    /// What stands before the rule.
    head: &'t str,
    /// What stands behind it, without the line's end.
    tail: &'t str,
}

impl<'t> Line<'t> {
    fn of(text: &'t str, span: Span) -> Self {
        let before = text.get(..span.start as usize).unwrap_or("");
        let after = text.get(span.end as usize..).unwrap_or("");
        let start = before.rfind('\n').map_or(0, |n| n + 1);
        Self {
            text,
            span,
            start,
            head: before.get(start..).unwrap_or(""),
            tail: after.split('\n').next().unwrap_or(""),
        }
    }

    /// Whether nothing but a comment stands beside it.
    fn alone(&self) -> bool {
        let tail = self.tail.trim_start_matches([';', ' ', '\t', '\r']);
        self.head.trim().is_empty() && (tail.is_empty() || tail.starts_with('#'))
    }

    fn indent(&self) -> &'t str {
        let blanks = self.head.len() - self.head.trim_start().len();
        self.head.get(..blanks).unwrap_or("")
    }

    fn line_end(&self) -> &'static str {
        if self.tail.ends_with('\r') {
            "\r\n"
        } else {
            "\n"
        }
    }

    /// What separates two rules here.
    fn separator(&self) -> String {
        if self.head.trim().is_empty() {
            format!("{}{}", self.line_end(), self.head)
        } else {
            "; ".to_owned()
        }
    }

    fn removed(&self) -> TextEdit {
        let end = self.span.end as usize;
        if self.alone() {
            let line = end + self.tail.len();
            let next = self.text.as_bytes().get(line) == Some(&b'\n');
            return TextEdit {
                span: Span::new(self.start, line + usize::from(next)),
                text: String::new(),
            };
        }
        let semicolon = self.tail.len() - self.tail.trim_start_matches([' ', ';']).len();
        TextEdit {
            span: Span::new(self.span.start as usize, end + semicolon),
            text: String::new(),
        }
    }

    /// Lines behind it.
    fn after(&self, lines: &[String]) -> TextEdit {
        let end = self.span.end as usize;
        if self.alone() {
            let line = end + self.tail.trim_end_matches('\r').len();
            let each = lines.iter();
            return TextEdit {
                span: Span::new(line, line),
                text: each
                    .map(|l| format!("{}{}{l}", self.line_end(), self.indent()))
                    .collect(),
            };
        }
        let semicolon = self.tail.len() - self.tail.trim_start_matches([' ', ';']).len();
        let at = end + semicolon;
        let first = if semicolon > 0 { " " } else { "; " };
        TextEdit {
            span: Span::new(at, at),
            text: format!("{first}{}; ", lines.join("; ")),
        }
    }
}
