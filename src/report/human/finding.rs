//! One finding, or several with one cause.

use super::fold::Group;
use super::snippet::Snippet;
use super::style::{Paint, Style};
use crate::common::sanitize::{limited, text};
use crate::finding::{Finding, Place, Severity};
use crate::report::words::{self, SENTENCE, packet, plural, ranges};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use rustc_hash::FxHashSet;
use std::fmt;
use std::io::{self, Write};

/// Requirements and further places named; the rest is counted.
const NAMED: usize = 6;
/// Places shown with their lines; the rest is named.
const SHOWN: usize = 4;
/// Commands shown of findings with one cause, unless all are asked for.
const COMMANDS: usize = 4;
/// Characters of a command that are shown: one that is cut cannot be run.
const COMMAND: usize = 1 << 14;
/// Width of the column of heads.
const HEADS: usize = 12;

/// Writes a finding with its snippets and details.
pub(super) fn write(
    group: &Group<'_>,
    style: &Style,
    verbose: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let f = group.first;
    let (places, more) = places(group);
    let files = by_file(&places);
    let mut files = files.iter();
    let main = Shown {
        head: Some(f),
        folded: group.rest.len(),
        snippet: files.next().and_then(|places| Snippet::new(places)),
    };
    let mut buffer = String::new();
    let handler = handler(style);
    handler
        .render_report(&mut buffer, &main)
        .map_err(io::Error::other)?;
    for places in files {
        let other = Shown {
            head: None,
            folded: 0,
            snippet: Snippet::new(places),
        };
        let mut part = String::new();
        handler
            .render_report(&mut part, &other)
            .map_err(io::Error::other)?;
        // A diagnostic without a message still has a line for it.
        let from = part.find('╭').map_or(0, |at| {
            part.get(..at)
                .and_then(|s| s.rfind('\n'))
                .map_or(0, |n| n + 1)
        });
        buffer.push_str(part.get(from..).unwrap_or_default());
    }
    out.write_all(buffer.as_bytes())?;
    details(group, &more, style, out)?;
    commands(group, verbose, style, out)
}

fn handler(style: &Style) -> GraphicalReportHandler {
    let theme = if style.color {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        .without_syntax_highlighting()
        .with_context_lines(1)
}

type Labelled<'a> = (&'a Place, &'a str);

/// The places of a group, each once, the deciding one first: those to show, and those to name.
fn places<'a>(group: &Group<'a>) -> (Vec<Labelled<'a>>, Vec<Labelled<'a>>) {
    let f = group.first;
    let primary = f.place.iter().map(|p| {
        let label = if f.label.is_empty() { "here" } else { &f.label };
        (p, label)
    });
    let related = group
        .all()
        .flat_map(|f| &f.related)
        .map(|r| (&r.place, r.label.as_str()));
    let mut shown: Vec<Labelled<'_>> = Vec::new();
    let mut more: Vec<Labelled<'_>> = Vec::new();
    for (place, label) in primary.chain(related) {
        // Findings that are folded often name the same further place.
        let same = |(p, _): &Labelled<'_>| p.path == place.path && p.start == place.start;
        if shown.iter().chain(&more).any(same) {
            continue;
        }
        if shown.len() < SHOWN {
            shown.push((place, label));
        } else {
            more.push((place, label));
        }
    }
    (shown, more)
}

fn by_file<'a>(places: &[Labelled<'a>]) -> Vec<Vec<Labelled<'a>>> {
    let mut files: Vec<Vec<Labelled<'a>>> = Vec::new();
    for (place, label) in places {
        let file = files
            .iter_mut()
            .find(|f| f.first().is_some_and(|(p, _)| p.path == place.path));
        match file {
            Some(f) => f.push((place, label)),
            None => files.push(vec![(place, label)]),
        }
    }
    files
}

/// What miette renders.
#[derive(Debug)]
struct Shown<'a> {
    head: Option<&'a Finding>,
    folded: usize,
    snippet: Option<Snippet>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(finding) = self.head else {
            return Ok(());
        };
        f.write_str(&limited(&finding.message, SENTENCE))?;
        if self.folded > 0 {
            write!(f, " ({} more of the same cause)", self.folded)?;
        }
        Ok(())
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let f = self.head?;
        Some(Box::new(format!("{}[{}]", f.severity.as_str(), f.code)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.head?.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|s| s as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let snippet = self.snippet.as_ref()?;
        Some(Box::new(snippet.labels.iter().cloned()))
    }
}

fn details(
    group: &Group<'_>,
    more: &[Labelled<'_>],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let f = group.first;
    let mut entry = |head: &str, paint, value: &str| {
        style.entry(out, &format!("  {head}"), paint, HEADS, value)
    };
    if let Some(p) = f.place.as_ref().filter(|p| p.excerpt.is_empty()) {
        entry("file", Paint::Dim, &text(&p.path))?;
    }
    for (n, (place, label)) in more.iter().take(NAMED).enumerate() {
        let head = if n == 0 { "also" } else { "" };
        entry(
            head,
            Paint::Dim,
            &format!("{} {}", words::at(place), text(label)),
        )?;
    }
    if more.len() > NAMED {
        entry("", Paint::Dim, &plural(more.len() - NAMED, "more place"))?;
    }
    for (n, line) in requirements(group).iter().enumerate() {
        let head = if n == 0 { "required" } else { "" };
        entry(head, Paint::Dim, line)?;
    }
    if let Some(at) = words::judged(f) {
        entry("judged", Paint::Dim, &at)?;
    }
    if let Some(pairs) = words::pairs(f, 3) {
        entry("fails", Paint::Dim, &pairs)?;
    }
    for (n, line) in words::excess(f, words::PARTS).iter().enumerate() {
        let head = if n == 0 { "unneeded" } else { "" };
        entry(head, Paint::Dim, line)?;
    }
    if let (Some(w), true) = (&f.witness, f.reproduce.is_empty()) {
        entry("packet", Paint::Dim, &packet(w))?;
    }
    for (n, r) in f.reproduce.iter().enumerate() {
        let head = if n == 0 { "  trace" } else { "" };
        unbroken(style).entry(out, head, Paint::Dim, HEADS, &limited(&r.command, COMMAND))?;
    }
    let mut entry = |head: &str, paint, value: &str| {
        style.entry(out, &format!("  {head}"), paint, HEADS, value)
    };
    if !f.assumptions.is_empty() {
        let ids: Vec<_> = f.assumptions.iter().map(|a| text(a)).collect();
        entry("assumed", Paint::Yellow, &ids.join(", "))?;
    }
    if let Some(help) = &f.help {
        entry("help", Paint::Cyan, &limited(help, SENTENCE))?;
    }
    Ok(())
}

/// The commands that do what the help of each finding says, each once.
fn commands(
    group: &Group<'_>,
    verbose: bool,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut known: FxHashSet<&str> = FxHashSet::default();
    let mut all: Vec<&str> = group
        .all()
        .flat_map(|f| &f.commands)
        .map(String::as_str)
        .collect();
    all.retain(|c| known.insert(c));
    let shown = if verbose { all.len() } else { COMMANDS };
    for (n, command) in all.iter().take(shown).enumerate() {
        let head = if n == 0 { "  run" } else { "" };
        unbroken(style).entry(out, head, Paint::Cyan, HEADS, &limited(command, COMMAND))?;
    }
    if all.len() > shown {
        let more = plural(all.len() - shown, "more command");
        style.entry(out, "", Paint::Dim, HEADS, &format!("{more} (-v)"))?;
    }
    Ok(())
}

/// A command that is broken into lines cannot be copied.
fn unbroken(style: &Style) -> Style {
    Style {
        width: usize::MAX,
        ..*style
    }
}

/// One line for each requirement of the group: row, id and what breaks.
fn requirements(group: &Group<'_>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut more: Vec<u32> = Vec::new();
    for f in group.all() {
        if lines.len() >= NAMED {
            more.extend(f.row.iter().chain(&f.also));
            continue;
        }
        let Some(mut line) = words::requirement(f) else {
            continue;
        };
        if let Some(impact) = &f.impact {
            line.push_str(" · when closed: ");
            line.push_str(&limited(impact, SENTENCE));
        }
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if !more.is_empty() {
        lines.push(format!("and rows {}", ranges(&more)));
    }
    lines
}
