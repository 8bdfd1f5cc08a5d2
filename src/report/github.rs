//! Workflow commands of GitHub Actions: an annotation for each cause of findings, at the line that a reviewer looks for.
//!
//! GitHub shows 10 annotations of a level in a step and keeps the rest in the log, so the gravest come first, and the
//! summary stands before the notes, whose level it shares.

use super::fold::{self, Group};
use super::words::{self, SENTENCE};
use super::{RenderOptions, Report};
use crate::common::sanitize::limited;
use crate::finding::Severity;
use crate::finding::outcome::Outcome;
use std::io::{self, Write};

/// Annotations of one level that GitHub shows in a step.
const SHOWN: usize = 10;

/// The report as workflow commands; every line is one, so that no other text can be taken for one.
pub(super) struct Github;

impl Report for Github {
    fn write(&self, o: &Outcome, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        let groups = fold::causes(o.findings.iter().filter(|f| f.is_active()));
        let (notes, grave): (Vec<_>, Vec<_>) = groups
            .iter()
            .partition(|g| g.first.severity == Severity::Note);
        for g in grave {
            annotate(o, g, out)?;
        }
        summary(o, out)?;
        for g in notes {
            annotate(o, g, out)?;
        }
        Ok(())
    }
}

fn level(s: Severity) -> &'static str {
    match s {
        Severity::Note => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn annotate(o: &Outcome, g: &Group<'_>, out: &mut dyn Write) -> io::Result<()> {
    let f = g.first;
    write!(out, "::{} ", level(f.severity))?;
    if let Some(p) = fold::reviewed(o, f) {
        write!(out, "file={},", property(&p.path))?;
        // A default that the file does not state is at no line of it.
        if !p.excerpt.is_empty() {
            write!(out, "line={},endLine={},", p.start.line, p.end.line)?;
        }
        // GitHub takes columns only within one line.
        if p.start.line == p.end.line && !p.excerpt.is_empty() {
            write!(out, "col={},endColumn={},", p.start.column, p.end.column)?;
        }
    }
    write!(out, "title={}::", property(&format!("hylint {}", f.code)))?;
    let mut said = g.message();
    for (head, text) in words::facts(f) {
        said.push_str(&format!("\n{head}: {text}"));
    }
    writeln!(out, "{}", data(&said))
}

fn summary(o: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let c = o.counts();
    let mut said = format!("{} · {}", words::verdict(o), words::counts(o));
    said.push_str(&format!("\n{}", words::statuses(o)));
    if let Some(about) = words::scope(o) {
        said.push_str(&format!("\nscope: {about}"));
    }
    for n in o.not_proven() {
        said.push_str(&format!("\nnot proven: {}", words::not_proven(&n)));
    }
    if let Some(text) = words::unmodelled(o) {
        said.push_str(&format!("\nnot proven: {text}"));
    }
    if [c.errors, c.warnings, c.notes].iter().any(|n| *n > SHOWN) {
        said.push_str(&format!(
            "\nGitHub shows {SHOWN} annotations of each level; the log of this step has all of them"
        ));
    }
    let title = format!(
        "hylint {}, matrix {} {}",
        env!("CARGO_PKG_VERSION"),
        o.matrix.id,
        o.matrix.sha256.get(..12).unwrap_or_default()
    );
    writeln!(out, "::notice title={}::{}", property(&title), data(&said))
}

/// The message of a command. Lines of a message are kept, escaped.
fn data(s: &str) -> String {
    s.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a command.
fn property(s: &str) -> String {
    data(&limited(s, SENTENCE))
        .replace(':', "%3A")
        .replace(',', "%2C")
}
