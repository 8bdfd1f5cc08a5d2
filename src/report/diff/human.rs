//! For people: what breaks, what is new, which packets open or are blocked, the verdict last; before a long report, too.

mod packets;

use super::DiffReport;
use super::words;
use crate::common::sanitize::limited;
use crate::finding::difference::{Difference, RequirementChange};
use crate::finding::{Finding, Severity};
use crate::report::RenderOptions;
use crate::report::fold::{self, Group};
use crate::report::human::finding::{self, Detail};
use crate::report::human::style::{Paint, Style};
use crate::report::words::{SENTENCE, at};
use std::io::{self, Write};

/// Requirements of each kind, and causes of findings, that are shown without `-v`.
const SHOWN: usize = 10;
/// Hosts named without `-v`.
const NAMED: usize = 6;
/// Lines that are read without the verdict before them.
const ONE_SCREEN: usize = 40;
/// Width of the column of heads.
const HEADS: usize = 10;

/// The report for a terminal.
pub(super) struct Human;

impl DiffReport for Human {
    fn write(&self, d: &Difference, o: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        let page = Page {
            d,
            style: Style::new(o),
            verbose: o.verbose,
        };
        if o.quiet {
            return page.verdict(out);
        }
        let mut body = Vec::new();
        page.requirements(&mut body)?;
        page.findings(&mut body)?;
        packets::write(d, &page.style, o.verbose, &mut body)?;
        page.hosts(&mut body)?;
        page.policy(&mut body)?;
        if body.iter().filter(|b| **b == b'\n').count() > ONE_SCREEN {
            page.verdict(out)?;
            writeln!(out)?;
        }
        out.write_all(&body)?;
        page.basis(out)?;
        page.verdict(out)
    }
}

struct Page<'a> {
    d: &'a Difference,
    style: Style,
    verbose: bool,
}

impl Page<'_> {
    /// So many of these are shown.
    fn of(&self, few: usize) -> usize {
        if self.verbose { usize::MAX } else { few }
    }

    fn entry(&self, head: &str, paint: Paint, said: &str, out: &mut dyn Write) -> io::Result<()> {
        self.style.entry(out, head, paint, HEADS, said)
    }

    /// Says how many are left out, below their column.
    fn more(&self, column: usize, all: usize, out: &mut dyn Write) -> io::Result<()> {
        match all.saturating_sub(self.of(SHOWN)) {
            0 => Ok(()),
            n => {
                let said = format!("and {n} more, -v lists them");
                self.style.entry(out, "", Paint::Dim, column, &said)
            }
        }
    }

    /// The requirements whose status changes, those that are worse first.
    fn requirements(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = &self.d.requirements;
        let kinds = [
            ((true, false), "worse", Paint::Red),
            ((false, true), "better", Paint::Green),
            ((false, false), "status", Paint::Dim),
        ];
        for (kind, head, paint) in kinds {
            let is = |r: &&RequirementChange| (r.worse, r.better()) == kind;
            let of: Vec<_> = all.iter().filter(is).collect();
            for r in of.iter().take(self.of(SHOWN)) {
                let (old, new) = (words::status(r.old), words::status(r.new));
                let said = format!("{}: {old} → {new}", words::row(r));
                self.entry(head, paint, &said, out)?;
                if let Some(impact) = words::impact(r) {
                    self.entry("", Paint::Dim, &impact, out)?;
                }
            }
            self.more(HEADS, of.len(), out)?;
        }
        match all.is_empty() {
            true => Ok(()),
            false => writeln!(out),
        }
    }

    fn findings(&self, out: &mut dyn Write) -> io::Result<()> {
        let f = &self.d.findings;
        for (all, what) in [(&f.new, "new"), (&f.gone, "gone")] {
            if all.is_empty() {
                continue;
            }
            let head = words::findings(what, all.len());
            writeln!(out, "{}", self.style.paint(Paint::Bold, &head))?;
            self.groups(all, what == "new", out)?;
            writeln!(out)?;
        }
        Ok(())
    }

    fn groups(&self, all: &[Finding], new: bool, out: &mut dyn Write) -> io::Result<()> {
        let groups = match self.verbose {
            true => fold::each(all.iter()),
            false => fold::causes(all.iter()),
        };
        for g in groups.iter().take(self.of(SHOWN)) {
            match self.verbose && new {
                true => {
                    finding::write(g, &self.style, Detail::Everything, false, out)?;
                    writeln!(out)?;
                }
                false => self.finding(g, new, out)?,
            }
        }
        self.more(2, groups.len(), out)
    }

    /// `error[code]: message` on one line, and the place.
    fn finding(&self, g: &Group<'_>, new: bool, out: &mut dyn Write) -> io::Result<()> {
        let f = g.first;
        let paint = match (new, f.severity) {
            (false, _) => Paint::Dim,
            (_, Severity::Error) => Paint::Red,
            (_, Severity::Warning) => Paint::Yellow,
            (_, Severity::Note) => Paint::Cyan,
        };
        let code = format!("{}[{}]", f.severity.as_str(), f.code);
        let message = format!("{}{}", g.message(), words::accepted(f));
        writeln!(out, "{}: {message}", self.style.paint(paint, &code))?;
        match &f.place {
            Some(p) => writeln!(out, "  {}", self.style.paint(Paint::Dim, &at(p))),
            None => Ok(()),
        }
    }

    fn hosts(&self, out: &mut dyn Write) -> io::Result<()> {
        let h = &self.d.hosts;
        let mut head = "hosts";
        for (all, what) in [(&h.added, "added"), (&h.removed, "removed")] {
            if !all.is_empty() {
                let names = words::names(all, self.of(NAMED));
                let said = format!("{} {what}: {names}", all.len());
                self.entry(head, Paint::Bold, &said, out)?;
                head = "";
            }
        }
        match h.added.is_empty() && h.removed.is_empty() {
            true => Ok(()),
            false => writeln!(out),
        }
    }

    fn policy(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = &self.d.policy;
        let (loosened, others): (Vec<_>, Vec<_>) = all.iter().partition(|p| p.loosened);
        for p in loosened.into_iter().chain(others).take(self.of(SHOWN)) {
            let (head, paint) = match p.loosened {
                true => ("loosened", Paint::Red),
                false => ("policy", Paint::Dim),
            };
            self.entry(head, paint, &words::policy(p), out)?;
        }
        self.more(HEADS, all.len(), out)?;
        match self.d.policy.is_empty() {
            true => Ok(()),
            false => writeln!(out),
        }
    }

    /// What was compared, and what that does not cover.
    fn basis(&self, out: &mut dyn Write) -> io::Result<()> {
        let d = self.d;
        if let Some(said) = words::envelope(d).filter(|_| !d.is_none()) {
            self.entry("note", Paint::Yellow, said, out)?;
        }
        if let Some(said) = words::advice(d) {
            self.entry("help", Paint::Cyan, said, out)?;
        }
        if !self.verbose {
            return self.entry("limits", Paint::Dim, words::LIMITS, out);
        }
        let sides = words::sides(d);
        self.entry("compared", Paint::Dim, &sides, out)?;
        for (n, limit) in words::limits(d).iter().enumerate() {
            let said = limited(limit, SENTENCE);
            let head = if n == 0 { "limits" } else { "" };
            self.entry(head, Paint::Dim, &said, out)?;
        }
        Ok(())
    }

    fn verdict(&self, out: &mut dyn Write) -> io::Result<()> {
        let paint = match words::gate(self.d) {
            "PASSED" => Paint::Green,
            _ => Paint::Red,
        };
        let verdict = self.style.paint(paint, &words::verdict(self.d));
        writeln!(out, "{verdict} · {}", words::compared(self.d))
    }
}
