//! The first run: without hylint.toml most of a long report rests on what nobody declared. One screen then tells what is
//! wrong whatever the site is, what cannot be told and why, and the command that goes on.

use super::finding;
use super::style::{Paint, Style};
use super::summary;
use crate::common::sanitize::limited;
use crate::common::words::count;
use crate::finding::Code;
use crate::finding::outcome::Outcome;
use crate::report::fold::Group;
use crate::report::words::{self, SENTENCE};
use std::io::{self, Write};

/// Before what rests on roles that no site file gives.
const BY_ROLE: &str =
    "Wrong if the hosts have the roles that their paths, tags or open ports suggest:";
/// Rows of a screen.
pub(super) const SCREEN: usize = 28;
/// Width of the column of heads.
const HEADS: usize = 13;
/// Codes that are counted one by one where not all findings are shown.
const CODES: usize = 6;

/// Rows that a text takes in a terminal of this width. Colours take no room.
pub(super) fn rows(text: &[u8], width: usize) -> usize {
    let text = String::from_utf8_lossy(text);
    let wide = |line: &str| {
        let mut coloured = false;
        let mut n: usize = 0;
        for c in line.chars() {
            match c {
                '\x1b' => coloured = true,
                'm' if coloured => coloured = false,
                _ if coloured => {}
                _ => n += 1,
            }
        }
        n
    };
    text.lines().map(|l| wide(l).div_ceil(width).max(1)).sum()
}

/// Writes the screen. `groups` are the findings, the gravest first.
pub(super) fn write(
    o: &Outcome,
    groups: &[Group<'_>],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    // What the site file is there to answer.
    let asked = |g: &&Group<'_>| {
        let whose = matches!(g.first.code, Code::UnknownRole | Code::UndeclaredRole);
        whose || g.first.code == Code::ConditionalFlow
    };
    // Which role a host has, its path or its ports may tell wrongly.
    let guessed = |g: &&Group<'_>| g.first.requirement.is_some();
    let mut tail = Vec::new();
    cannot_tell(o, groups.iter().filter(asked), style, &mut tail)?;
    summary::one_line(o, style, &mut tail)?;
    let open = || groups.iter().filter(|g| !asked(g));
    let kinds = kinds(open().filter(|g| !guessed(g)).chain(open().filter(guessed)));
    let mut body = head(o, open().any(|g| !guessed(&g)), style)?;
    // The rows of "and more", and an empty one.
    let room = SCREEN.saturating_sub(rows(&tail, style.width) + 3);
    let mut shown = 0;
    let mut by_role = false;
    for kind in &kinds {
        let mut one = Vec::new();
        if guessed(&kind.first) && !by_role {
            by_role = true;
            writeln!(one, "{}", style.paint(Paint::Bold, BY_ROLE))?;
        }
        finding::in_short(o, kind.first, style, &mut one)?;
        kind.others(style, &mut one)?;
        if rows(&body, style.width) + rows(&one, style.width) > room {
            break;
        }
        body.extend(one);
        shown += 1;
    }
    more(kinds.get(shown..).unwrap_or_default(), style, &mut body)?;
    out.write_all(&body)?;
    writeln!(out)?;
    out.write_all(&tail)
}

/// Findings of one severity and code: the gravest cause, and how many there are of others.
struct Kind<'g, 'a> {
    first: &'g Group<'a>,
    others: usize,
}

fn kinds<'g, 'a>(groups: impl Iterator<Item = &'g Group<'a>>) -> Vec<Kind<'g, 'a>> {
    let mut out: Vec<Kind<'g, 'a>> = Vec::new();
    for g in groups {
        let of = |g: &Group<'_>| (g.first.severity, g.first.code);
        match out.iter_mut().find(|k| of(k.first) == of(g)) {
            Some(k) => k.others += g.len(),
            None => out.push(Kind {
                first: g,
                others: 0,
            }),
        }
    }
    out
}

impl Kind<'_, '_> {
    /// How many there are in all.
    fn len(&self) -> usize {
        self.first.len() + self.others
    }

    fn others(&self, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        if self.others == 0 {
            return Ok(());
        }
        let line = format!("  and {} more {}", self.others, self.first.first.code);
        writeln!(out, "{}", style.paint(Paint::Dim, &line))
    }
}

fn head(o: &Outcome, wrong: bool, style: &Style) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let files = count(o.exports.iter().filter(|e| e.points > 0).count(), "export");
    let what = match wrong {
        true => "Wrong whatever the site is:",
        false => "Nothing is wrong whatever the site is.",
    };
    let line = format!("{files}, no hylint.toml. {what}");
    writeln!(out, "{}", style.paint(Paint::Bold, &line))?;
    Ok(out)
}

/// Kinds that are not shown.
fn more(rest: &[Kind<'_, '_>], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut codes: Vec<String> = rest
        .iter()
        .take(CODES)
        .map(|k| format!("{} {}", k.len(), k.first.first.code))
        .collect();
    let others: usize = rest.iter().skip(CODES).map(Kind::len).sum();
    if others > 0 {
        codes.push(format!("{others} others"));
    }
    match codes.is_empty() {
        true => Ok(()),
        false => style.entry(out, "and more", Paint::Dim, HEADS, &codes.join(", ")),
    }
}

/// What rests on the site, and the command that asks for it.
fn cannot_tell<'a, 'g: 'a>(
    o: &Outcome,
    asked: impl Iterator<Item = &'a Group<'g>>,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    for g in asked {
        finding::head(g, style, out)?;
    }
    let mut lines: Vec<String> = Vec::new();
    let r = o.reservations();
    if r.not_proven > 0 {
        let all = count(r.applicable, "requirement");
        lines.push(format!("{} of {all} not proven", r.not_proven));
    }
    lines.extend(words::unmodelled(o));
    for (n, line) in lines.iter().enumerate() {
        let head = if n == 0 { "cannot tell" } else { "" };
        style.entry(out, head, Paint::Yellow, HEADS, line)?;
    }
    // Without rules there is nothing to draft from.
    let draft = o.site.draft.as_ref().filter(|_| o.judged_any());
    if let Some(draft) = draft {
        let command = limited(draft, SENTENCE);
        let unbroken = style.unbroken();
        unbroken.entry(out, "next", Paint::Cyan, HEADS, &command)?;
        let why = "drafts hylint.toml: hosts with their evidence, and questions";
        style.entry(out, "", Paint::Dim, HEADS, why)?;
    }
    let details = "--show all: every finding with its lines and what fixes it";
    style.entry(out, "details", Paint::Dim, HEADS, details)
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn a_long_line_takes_several_rows_and_colours_take_none() {
        assert_eq!(rows(b"", 10), 0);
        assert_eq!(rows(b"a\n\nb\n", 10), 3);
        assert_eq!(rows(b"0123456789\n0123456789a\n", 10), 3);
        assert_eq!(rows(b"\x1b[1;31m0123456789\x1b[0m\n", 10), 1);
    }
}
