//! Where the lines of a change go in the text of a dump.

use super::chain::{ChainAt, Result};
use super::resolved::Splice;
use crate::edit::{EditError, TextEdit};
use hylint_model::{Rule, Span};

/// The policy's own word.
pub(super) fn policy(at: &ChainAt<'_>, allow: bool) -> Vec<TextEdit> {
    let stated = at.chain.policy.filter(|p| p.allow != allow);
    let word = if allow { "ACCEPT" } else { "DROP" };
    let edit = stated.map(|p| TextEdit {
        span: p.span,
        text: word.into(),
    });
    edit.into_iter().collect()
}

/// The edit of a rule change.
pub(super) fn splice(text: &str, at: &ChainAt<'_>, splice: &Splice) -> Result<Vec<TextEdit>> {
    let old = at.rule(splice.at);
    let edit = match (old, splice.removed, splice.new.lines.is_empty()) {
        (Some(old), 1, true) => Line::of(text, old.span)?.removed(),
        (Some(old), 1, false) => replaced(text, old, splice)?,
        (Some(next), 0, _) => {
            let line = Line::of(text, next.span)?;
            line.before(&new_lines(splice, line.counters()))
        }
        (None, 0, _) => {
            let line = Line::of(text, last_line(at))?;
            line.after(&new_lines(splice, counters(text, at)))
        }
        _ => return Err(EditError::Missing),
    };
    Ok(vec![edit])
}

/// Counters of a rule that has seen no packet. A dump has them before each rule or before none.
const ZERO: &str = "[0:0] ";

fn new_lines(splice: &Splice, counters: bool) -> Vec<String> {
    let zero = if counters { ZERO } else { "" };
    let lines = splice.new.lines.iter();
    lines.map(|l| format!("{zero}{l}")).collect()
}

fn replaced(text: &str, old: &Rule, splice: &Splice) -> Result<TextEdit> {
    let line = Line::of(text, old.span)?;
    let lines = new_lines(splice, line.counters());
    let end = line.line_end();
    Ok(TextEdit {
        span: Span::new(line.body, old.span.end as usize),
        text: lines.join(end),
    })
}

/// Whether a dump's rules have counters, by the rule nearest to the end of the changed chain.
fn counters(text: &str, at: &ChainAt<'_>) -> bool {
    let all = at.table.chains.iter().flat_map(|c| &c.rules);
    let near = at.chain.rules.last().or_else(|| all.last());
    let near = near.or_else(|| at.point.rules().last());
    near.and_then(|r| Line::of(text, r.span).ok())
        .is_some_and(|l| l.counters())
}

/// The line after which a new last rule goes: the chain's last rule; in a chain without rules, where iptables-save would
/// print it: behind the declarations and the rules of the chains before it.
fn last_line(at: &ChainAt<'_>) -> Span {
    if let Some(last) = at.chain.rules.last() {
        return last.span;
    }
    let chains = &at.table.chains;
    let before = chains.iter().take_while(|c| !std::ptr::eq(*c, at.chain));
    let rules = before.flat_map(|c| &c.rules).map(|r| r.span);
    let declared = chains.iter().map(|c| c.span).filter(|s| !s.is_empty());
    let all = rules.chain(declared).chain([at.table.span]);
    all.max_by_key(|s| s.end).unwrap_or_default()
}

/// A line of the text.
struct Line<'t> {
    text: &'t str,
    start: usize,
    /// Where its first word begins.
    body: usize,
    /// Where its line end begins.
    stop: usize,
    /// Where the next line begins.
    end: usize,
    /// What stands before the span.
    head: &'t str,
}

impl<'t> Line<'t> {
    /// The line of a span.
    ///
    /// # Errors
    /// [`EditError::Damaged`] if the span is not all of a line, but for counters before it.
    fn of(text: &'t str, span: Span) -> Result<Self> {
        let damaged = || EditError::Damaged(span);
        let before = text.get(..span.start as usize).ok_or_else(damaged)?;
        let after = text.get(span.end as usize..).ok_or_else(damaged)?;
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        let (tail, end) = match after.find('\n') {
            Some(i) => (after.get(..i).unwrap_or(""), span.end as usize + i + 1),
            None => (after, text.len()),
        };
        let head = before.get(start..).unwrap_or("");
        let counted = |h: &str| h.is_empty() || h.starts_with('[') && h.ends_with(']');
        if !counted(head.trim()) || !tail.trim().is_empty() {
            return Err(damaged());
        }
        let returns = tail.len() - tail.trim_end_matches('\r').len();
        Ok(Self {
            text,
            start,
            body: start + head.len() - head.trim_start().len(),
            stop: span.end as usize + tail.len() - returns,
            end,
            head,
        })
    }

    fn counters(&self) -> bool {
        self.head.trim_start().starts_with('[')
    }

    /// The line's own end, or if it has none the one that the file uses.
    fn line_end(&self) -> &'t str {
        if self.ended() {
            return self.text.get(self.stop..self.end).unwrap_or("\n");
        }
        let Some(i) = self.text.find('\n') else {
            return "\n";
        };
        let first = self.text.get(..i).unwrap_or("");
        let stop = first.trim_end_matches('\r').len();
        self.text.get(stop..=i).unwrap_or("\n")
    }

    fn ended(&self) -> bool {
        self.end > self.start && self.text.as_bytes().get(self.end - 1) == Some(&b'\n')
    }

    /// Takes the line out. A file whose last line has no end keeps a last line without one.
    fn removed(&self) -> TextEdit {
        let (mut start, end) = (self.start, self.end);
        if !self.ended() {
            let before = self.text.get(..start).unwrap_or("");
            let ends = [self.line_end(), "\n"];
            let kept = ends.iter().find_map(|e| before.strip_suffix(e));
            start = kept.unwrap_or(before).len();
        }
        TextEdit {
            span: Span::new(start, end),
            text: String::new(),
        }
    }

    fn before(&self, lines: &[String]) -> TextEdit {
        let end = self.line_end();
        TextEdit {
            span: Span::new(self.start, self.start),
            text: lines.iter().flat_map(|l| [l.as_str(), end]).collect(),
        }
    }

    fn after(&self, lines: &[String]) -> TextEdit {
        let end = self.line_end();
        let text = if self.ended() {
            lines.iter().flat_map(|l| [l.as_str(), end]).collect()
        } else {
            lines.iter().flat_map(|l| [end, l.as_str()]).collect()
        };
        TextEdit {
            span: Span::new(self.end, self.end),
            text,
        }
    }
}
