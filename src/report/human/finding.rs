//! One finding, or several with one cause.

use super::snippet::Snippet;
use super::style::{Paint, Style};
use crate::common::drawn::drawn;
use crate::common::sanitize::{limited, text};
use crate::common::words::count;
use crate::finding::outcome::Outcome;
use crate::finding::{Finding, Place, Severity};
use crate::report::fold::{Group, reviewed, short_place};
use crate::report::words::{self, SENTENCE, packet};
use rustc_hash::FxHashSet;
use std::io::{self, Write};

/// Requirements, hosts and further places named; the rest is counted.
const NAMED: usize = 4;
/// Places shown with their lines; the rest is named.
const SHOWN: usize = 3;
/// Commands shown.
const COMMANDS: usize = 4;
/// Characters of a command that are shown: one that is cut cannot be run.
const COMMAND: usize = 1 << 14;
/// Width of the column of heads.
const HEADS: usize = 14;

/// How much of a finding is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Detail {
    /// What a reader needs to understand and fix it.
    Enough,
    /// And the exact packets, all places, what was assumed, its fingerprint.
    Everything,
}

impl Detail {
    fn everything(self) -> bool {
        self == Self::Everything
    }

    /// Of so many, how many are named.
    fn of(self, few: usize) -> usize {
        if self.everything() { usize::MAX } else { few }
    }
}

/// The colour of a severity.
pub(super) fn paint(s: Severity) -> Paint {
    match s {
        Severity::Error => Paint::Red,
        Severity::Warning => Paint::Yellow,
        Severity::Note => Paint::Cyan,
    }
}

/// `error[code]: message`, on one line, however long.
pub(super) fn head(group: &Group<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let f = group.first;
    let code = format!("{}[{}]", f.severity.as_str(), f.code);
    writeln!(
        out,
        "{}: {}",
        style.paint(paint(f.severity), &code),
        style.paint(Paint::Bold, &group.message())
    )
}

/// A finding without its lines: the first line and the place.
pub(super) fn in_short(
    o: &Outcome,
    group: &Group<'_>,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    head(group, style, out)?;
    match reviewed(o, group.first) {
        Some(p) => writeln!(out, "  {}", style.paint(Paint::Dim, &words::at(p))),
        None => Ok(()),
    }
}

/// Writes a finding with its lines and details. `invented`: the addresses of its packets stand for hosts that nothing
/// declares.
pub(in crate::report) fn write(
    group: &Group<'_>,
    style: &Style,
    detail: Detail,
    invented: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    head(group, style, out)?;
    let (shown, more) = places(group.first, detail);
    for places in by_file(&shown) {
        let Some(snippet) = Snippet::new(&places, detail.everything(), style.width) else {
            continue;
        };
        let text = drawn(&snippet, &snippet.labels, style.color, style.width);
        out.write_all(text.map_err(io::Error::other)?.as_bytes())?;
    }
    let details = Details {
        group,
        style,
        detail,
        invented,
    };
    details.write(&more, out)
}

type Labelled<'a> = (&'a Place, &'a str);

/// The places of a finding, each once, the deciding one first: those to show, and those to name. A field further down in
/// the deciding rule, whose value the message says, is shown with everything else.
fn places(f: &Finding, detail: Detail) -> (Vec<Labelled<'_>>, Vec<Labelled<'_>>) {
    let within = |p: &Place| {
        f.place.as_ref().is_some_and(|own| {
            let lines = own.start.line + 1..=own.end.line;
            own.path == p.path && lines.contains(&p.start.line)
        })
    };
    let primary = f.place.iter().map(|p| {
        let label = if f.label.is_empty() { "here" } else { &f.label };
        (p, label)
    });
    let related = f.related.iter().map(|r| (&r.place, r.label.as_str()));
    let related = related.filter(|(p, _)| detail.everything() || !within(p));
    let mut known = FxHashSet::default();
    let mut shown: Vec<Labelled<'_>> = primary
        .chain(related)
        .filter(|(p, _)| known.insert((&p.path, p.start)))
        .collect();
    // What blocks by default is one line of a profile or policy; the rule that nearly allows the flow is where to look.
    let by_default = f.requirement.is_some() && f.rule.is_none() && f.place.is_some();
    let default = match by_default && !detail.everything() && shown.len() > 1 {
        true => Some(shown.remove(0)),
        false => None,
    };
    let mut more = shown.split_off(shown.len().min(SHOWN));
    more.splice(0..0, default);
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

/// What stands below the lines of a finding.
struct Details<'a, 'g> {
    group: &'g Group<'a>,
    style: &'g Style,
    detail: Detail,
    invented: bool,
}

impl Details<'_, '_> {
    fn write(&self, more: &[Labelled<'_>], out: &mut dyn Write) -> io::Result<()> {
        let f = self.group.first;
        let exact = self.detail.everything();
        if let Some(p) = f.place.as_ref().filter(|p| p.excerpt.is_empty()) {
            self.entry("file", Paint::Dim, &text(&p.path), out)?;
        }
        self.list("also", &named(more), out)?;
        self.others(out)?;
        self.list("required", &self.requirements(), out)?;
        if let Some(at) = words::judged(f).filter(|_| exact) {
            self.entry("judged", Paint::Dim, &at, out)?;
        }
        let addresses = exact || !self.invented;
        if let Some(pairs) = words::pairs(f, 2).filter(|_| addresses) {
            self.entry("between", Paint::Dim, &pairs, out)?;
        }
        if exact {
            self.list("open", &words::exact_excess(f), out)?;
            if let Some(w) = &f.witness {
                self.entry("packet", Paint::Dim, &packet(w), out)?;
            }
            if !f.assumptions.is_empty() {
                let ids: Vec<_> = f.assumptions.iter().map(|a| text(a)).collect();
                self.entry("assumed", Paint::Yellow, &ids.join(", "), out)?;
            }
        }
        self.help(out)?;
        let commands = self.of_one_host();
        self.commands("run", &commands, COMMANDS, out)?;
        let traces = f.reproduce.iter().filter(|_| addresses);
        let traces: Vec<&str> = traces.map(|r| r.command.as_str()).collect();
        self.commands("trace", &traces, 1, out)?;
        if exact {
            let fingerprint = self.group.fingerprint();
            self.entry("fingerprint", Paint::Dim, &fingerprint, out)?;
        }
        Ok(())
    }

    fn entry(&self, head: &str, paint: Paint, value: &str, out: &mut dyn Write) -> io::Result<()> {
        let head = format!("  {head}");
        self.style.entry(out, &head, paint, HEADS, value)
    }

    /// What to do: of several findings each advice once.
    fn help(&self, out: &mut dyn Write) -> io::Result<()> {
        let own = self.first_host().filter_map(|f| f.help.as_deref());
        let mut helps: Vec<String> = Vec::new();
        for help in own.map(|h| limited(h, SENTENCE).into_owned()) {
            if !helps.contains(&help) {
                helps.push(help);
            }
        }
        // What helps one host may harm another.
        if let (2.., Some(host), Some(help)) = (
            self.group.hosts().len(),
            &self.group.first.host,
            helps.first_mut(),
        ) {
            *help = format!("on `{}`: {help} (--show all: the other hosts)", text(host));
        }
        // Where the advice is about one rule of many, the first stands for all.
        let alike = self.group.first.requirement.is_some() || self.detail.everything();
        let few = if alike { self.detail.of(NAMED) } else { 1 };
        for (n, help) in helps.iter().take(few).enumerate() {
            let head = if n == 0 { "help" } else { "" };
            self.entry(head, Paint::Cyan, help, out)?;
        }
        match helps.len().saturating_sub(few) {
            n if n > 0 && alike => self.entry("", Paint::Dim, &format!("{n} more (-v)"), out),
            _ => Ok(()),
        }
    }

    /// The findings of the host that the first of them is about.
    fn first_host(&self) -> impl Iterator<Item = &Finding> {
        let host = &self.group.first.host;
        self.group.all().filter(move |f| f.host == *host)
    }

    /// The commands of one host: those of the next one have its own rule numbers, and may open what that one needs. Rows
    /// that fail by the same packet need one rule.
    fn of_one_host(&self) -> Vec<&str> {
        let mut packets = FxHashSet::default();
        let mut known = FxHashSet::default();
        let all = self
            .first_host()
            .filter(|f| match (&f.requirement, &f.witness) {
                (Some(_), Some(w)) => packets.insert((&w.src, &w.dst, &w.proto, w.dport)),
                _ => true,
            })
            .flat_map(|f| &f.commands)
            .map(String::as_str)
            .filter(|c| known.insert(*c));
        // One reload takes what all of them change.
        let (last, mut out): (Vec<&str>, Vec<&str>) = all.partition(|c| c.ends_with(" --reload"));
        out.extend(last);
        out
    }

    /// Lines under one head.
    fn list(&self, head: &str, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
        let few = self.detail.of(NAMED);
        for (n, line) in lines.iter().take(few).enumerate() {
            let head = if n == 0 { head } else { "" };
            self.entry(head, Paint::Dim, line, out)?;
        }
        match lines.len().saturating_sub(few) {
            0 => Ok(()),
            n => self.entry("", Paint::Dim, &format!("{n} more (-v)"), out),
        }
    }

    /// The other findings of the group: their hosts, else their places.
    fn others(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.group.rest.is_empty() {
            return Ok(());
        }
        let few = self.detail.of(NAMED);
        let hosts = self.group.hosts();
        if hosts.len() > 1 {
            let names: Vec<String> = hosts.iter().map(|h| text(h).into_owned()).collect();
            self.entry("hosts", Paint::Dim, &some(&names, few), out)?;
            if !self.detail.everything() {
                return Ok(());
            }
        }
        let places = self.group.places();
        let first = places.first().copied();
        let rest: Vec<String> = places
            .iter()
            .skip(1)
            .map(|p| short_place(p, first))
            .collect();
        if rest.is_empty() {
            return Ok(());
        }
        self.entry("also", Paint::Dim, &some(&rest, few), out)
    }

    /// A line for each requirement of the group: row, id and what breaks.
    fn requirements(&self) -> Vec<String> {
        let hosts = self.group.hosts().len();
        let mut lines: Vec<(String, usize)> = Vec::new();
        for f in self.group.all() {
            let Some(mut line) = words::requirement(f) else {
                continue;
            };
            if let Some(impact) = &f.impact {
                line.push_str(": ");
                line.push_str(&limited(impact, SENTENCE));
            }
            match lines.iter_mut().find(|(l, _)| *l == line) {
                Some((_, n)) => *n += 1,
                None => lines.push((line, 1)),
            }
        }
        let on = |n: usize| match n < hosts {
            true => format!(" (on {n} of {hosts} hosts)"),
            false => String::new(),
        };
        lines
            .into_iter()
            .map(|(line, n)| format!("{line}{}", on(n)))
            .collect()
    }

    /// Commands, each on a line of its own.
    fn commands(
        &self,
        head: &str,
        commands: &[&str],
        few: usize,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let unbroken = self.style.unbroken();
        let few = self.detail.of(few);
        for (n, command) in commands.iter().take(few).enumerate() {
            let head = if n == 0 {
                format!("  {head}")
            } else {
                String::new()
            };
            let command = limited(command, COMMAND);
            unbroken.entry(out, &head, Paint::Cyan, HEADS, &command)?;
        }
        match commands.len().saturating_sub(few) {
            0 => Ok(()),
            n => {
                let more = count(n, "more command");
                self.entry("", Paint::Dim, &format!("{more} (-v)"), out)
            }
        }
    }
}

/// Further places of the finding itself.
fn named(more: &[Labelled<'_>]) -> Vec<String> {
    more.iter()
        .map(|(place, label)| format!("{} {}", words::at(place), text(label)))
        .collect()
}

/// `a, b, c and 5 more`.
fn some(names: &[String], few: usize) -> String {
    let shown = names.iter().take(few).cloned().collect::<Vec<_>>();
    match names.len().saturating_sub(few) {
        0 => shown.join(", "),
        n => format!("{} and {n} more (-v)", shown.join(", ")),
    }
}
