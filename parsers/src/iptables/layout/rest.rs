//! Lines that are none of the format's: prose, marks, broken rules.

use super::Splitter;
use super::outside::command_outside;
use super::splitter::Prose;
use hylint_model::{Problem, ProblemKind, Span, reworded};

impl<'a> Splitter<'a> {
    pub(super) fn other(&mut self, line: &'a str, span: Span) {
        if self.late_command(line, span) {
            return;
        }
        if looks_like_rule(line) {
            self.flush_garbage();
            self.out.rules += 1;
            self.out.problems.push(
                Problem::new(
                    ProblemKind::Malformed,
                    span,
                    reworded(
                        "unreadable rule: its line does not begin like one of iptables-save",
                        "a rule that cannot be read: its line does not begin as iptables-save writes it",
                    ),
                )
                .dropped()
                .help("export again with `iptables-save`, without marks or wrapped lines"),
            );
            return;
        }
        if self.shows_listing(line, span) {
            return;
        }
        // As a remark behind `#` it is; some captures lose that.
        if self.open.is_none() && line.starts_with("Warning: ") && line.contains(" tables present")
        {
            return self.comment(line, span);
        }
        if self.open.is_none() && self.inside && line.starts_with('-') && is_command(line) {
            return self.problem(ProblemKind::Malformed, span, command_outside());
        }
        if self.open.is_none() {
            return self.outside(line, span);
        }
        if self.garbage.first.is_none() {
            self.mark_cut();
        }
        self.garbage.first.get_or_insert(span);
        self.garbage.lines += 1;
        self.garbage_end = span.end;
    }

    /// A rule whose command stands behind its options: the tools take it, and it is not read.
    fn late_command(&mut self, line: &str, span: Span) -> bool {
        let Some(table) = self
            .open
            .as_mut()
            .filter(|t| !t.listing && line.starts_with('-'))
        else {
            return false;
        };
        let late = |w: &str| matches!(w, "-A" | "--append" | "-I" | "--insert");
        if !line.split_ascii_whitespace().skip(1).any(late) {
            return false;
        }
        table.unread = true;
        self.out.rules += 1;
        let message =
            "a rule whose command does not come first is not read, nor the table that it is in";
        let message = reworded(
            "rule and table are not read: the command of the rule does not come first",
            message,
        );
        let problem = Problem::new(ProblemKind::Unmodelled, span, message);
        self.out
            .problems
            .push(problem.dropped().help("write `-A CHAIN` first"));
        true
    }

    /// The line after a rule is no line of its own: perhaps the rule's rest.
    pub(in super::super) fn mark_cut(&mut self) {
        let Some((chain, at)) = self.last_rule else {
            return;
        };
        let chain = self.open.as_mut().and_then(|t| t.chains.get_mut(chain));
        if let Some(place) = chain.and_then(|c| c.rules.get_mut(at)) {
            place.cut = true;
        }
    }

    pub(super) fn flush_garbage(&mut self) {
        let Prose {
            first: Some(first),
            lines,
        } = std::mem::take(&mut self.garbage)
        else {
            return;
        };
        let span = Span {
            start: first.start,
            end: self.garbage_end,
        };
        let message = if lines == 1 {
            reworded(
                "line inside a table is not a rule",
                "a line inside a table that is no rule",
            )
        } else {
            reworded(
                format!("{lines} lines inside a table are not rules"),
                "0 lines inside a table that are no rules",
            )
        };
        self.out.problems.push(
            Problem::new(ProblemKind::Malformed, span, message)
                .dropped()
                .help("a line may be broken in the middle: export again with `iptables-save`"),
        );
    }
}

fn is_command(line: &str) -> bool {
    let word = line.split_ascii_whitespace().next().unwrap_or("");
    matches!(word, "-P" | "-N" | "-F" | "-X" | "-Z" | "-E" | "-D" | "-R")
}

/// A rule behind a mark (`+-A`, `X-A`, `> -A`) or glued to its chain.
fn looks_like_rule(line: &str) -> bool {
    let head = line.as_bytes().get(..line.len().min(8)).unwrap_or(&[]);
    ["-A ", "-I ", "--append "].iter().any(|c| {
        memchr::memmem::find(head, c.as_bytes().get(..3).unwrap_or(&[])).is_some_and(|at| {
            line.get(at..).is_some_and(|rest| rest.starts_with(c))
                && head
                    .get(..at)
                    .is_some_and(|mark| !mark.iter().any(|b| b.is_ascii_lowercase()))
        })
    })
}
