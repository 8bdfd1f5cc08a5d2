//! The packets that are decided otherwise: few readable boxes, all of them counted.

use super::super::fold::{Entry, Section, sections};
use super::super::words;
use crate::common::words::count;
use crate::finding::difference::{ChangeKind, Decision, Difference};
use crate::report::human::style::{Paint, Style};
use std::io::{self, Write};

/// Lines of packets that are shown without `-v`, of all kinds together.
const SHOWN: usize = 10;
/// Lines that a kind has at least.
const LEAST: usize = 1;
/// Lines of packets that one decision has at most.
const AT_ONE: usize = 4;
/// Hosts named of those that have the same change.
const HOSTS: usize = 3;
/// Columns before what decides.
const INDENT: usize = 12;

/// Writes the sections that there are.
pub(super) fn write(
    d: &Difference,
    style: &Style,
    verbose: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut all = sections(d);
    for s in all
        .iter_mut()
        .filter(|s| !verbose && s.entries.len() > SHOWN)
    {
        s.condense();
    }
    let mut room = SHOWN.saturating_sub(LEAST * all.len());
    for s in &all {
        let head = words::section(d, s.kind, s.within, s.boxes);
        writeln!(out, "{}", style.paint(paint(s), &head))?;
        let list = List {
            style,
            room: if verbose { usize::MAX } else { LEAST + room },
            verbose,
            one: words::only_file(d).is_some(),
        };
        let used = list.write(s, out)?;
        room = room.saturating_sub(used.saturating_sub(LEAST));
        writeln!(out)?;
    }
    Ok(())
}

fn paint(s: &Section<'_>) -> Paint {
    match (s.kind, s.within) {
        (ChangeKind::Opened, false) => Paint::Red,
        (ChangeKind::Conditional | ChangeKind::Redirected, false) => Paint::Yellow,
        _ => Paint::Bold,
    }
}

struct List<'s> {
    style: &'s Style,
    /// Lines of packets.
    room: usize,
    verbose: bool,
    /// There is one firewall, which needs no name.
    one: bool,
}

impl List<'_> {
    /// Writes what there is room for, counts the rest, and returns how many lines it took.
    fn write(&self, s: &Section<'_>, out: &mut dyn Write) -> io::Result<usize> {
        let (mut used, mut boxes) = (0, 0);
        for e in &s.entries {
            if used >= self.room {
                break;
            }
            used += self.entry(s.kind, e, self.room - used, out)?;
            boxes += e.boxes;
        }
        let rest = s.boxes - boxes;
        if rest > 0 {
            let said = format!("  and {}, -v lists them", count(rest, "more flow"));
            writeln!(out, "{}", self.style.paint(Paint::Dim, &said))?;
        }
        Ok(used)
    }

    fn entry(
        &self,
        kind: ChangeKind,
        e: &Entry<'_>,
        room: usize,
        out: &mut dyn Write,
    ) -> io::Result<usize> {
        let most = |few: usize| if self.verbose { usize::MAX } else { few };
        let sign = format!("{} ", words::sign(kind));
        let hosts = words::hosts(&e.hosts, most(HOSTS));
        let shown = e.flows.len().min(most(AT_ONE)).min(room);
        for (n, flow) in e.flows.iter().take(shown).enumerate() {
            let flow = if self.verbose {
                &flow.full
            } else {
                &flow.short
            };
            let (head, said) = match n {
                0 if self.one => (sign.as_str(), flow.clone()),
                0 => (sign.as_str(), format!("{hosts}: {flow}")),
                _ => ("", format!("and {flow}")),
            };
            self.style.entry(out, head, Paint::Bold, 2, &said)?;
        }
        if e.flows.len() > shown {
            let more = format!("and {} more by these rules", e.flows.len() - shown);
            self.style.entry(out, "", Paint::Dim, 2, &more)?;
        }
        let [old, new] = words::decisions(e.first);
        let old = words::among(&old, e.more_before);
        let new = words::among(&new, e.more_after);
        self.decision("before", &old, &e.first.old, out)?;
        self.decision("after", &new, &e.first.new, out)?;
        if let Some(on) = words::conditions(&e.conditions) {
            self.line("if", &on, out)?;
        }
        Ok(shown)
    }

    /// What decides, and the rule's own text beside it, or below where it is too long.
    fn decision(
        &self,
        head: &str,
        said: &str,
        d: &Decision,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Some(rule) = words::quote(&d.evidence) else {
            return self.line(head, said, out);
        };
        let whole = said.chars().count() + rule.chars().count() + 3 + INDENT;
        if whole <= self.style.width {
            return self.line(head, &format!("{said} · {rule}"), out);
        }
        self.line(head, said, out)?;
        let cut: String = rule.chars().take(self.style.width - INDENT).collect();
        let rule = match cut.len() < rule.len() && !self.verbose {
            true => {
                let end = cut.char_indices().next_back().map_or(0, |(at, _)| at);
                format!("{}…", cut.get(..end).unwrap_or_default())
            }
            false => rule,
        };
        self.line("", &rule, out)
    }

    fn line(&self, head: &str, said: &str, out: &mut dyn Write) -> io::Result<()> {
        let head = format!("    {head}");
        self.style.entry(out, &head, Paint::Dim, INDENT, said)
    }
}
