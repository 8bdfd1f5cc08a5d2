//! Objects of `Format-List`, which PowerShell prints if an object has more than four properties: a name, blanks, a colon and
//! the value on each line, and a blank line between objects.

use crate::powershell::cell::Cell;
use crate::powershell::found::Found;
use crate::powershell::lines::Line;
use crate::powershell::props::{Known, Prop, known};
use crate::powershell::record::{Kind, Record};
use hylint_model::{Problem, ProblemKind, Span};
use std::borrow::Cow;

/// A line of an object.
#[derive(Clone, Copy, Debug)]
pub(in crate::powershell) struct Field<'a> {
    pub(in crate::powershell) name: &'a str,
    pub(in crate::powershell) known: Known,
    value: &'a str,
    /// Characters before the colon.
    column: usize,
}

/// Longest name of a property.
const LONGEST: usize = 48;

/// A line with a name and a colon, as far as it looks like one of an object. Pages put `#` before lines that are output.
pub(in crate::powershell) fn field<'a>(line: &Line<'a>) -> Option<Field<'a>> {
    let colon = memchr::memchr(b':', line.text.as_bytes())?;
    let (before, after) = line.text.split_at_checked(colon)?;
    let value = after.get(1..)?;
    let parted = value.is_empty() || value.starts_with([' ', '\t', '\u{a0}']);
    let name = before
        .trim_start_matches(['#', '>', ' ', '\t', '*'])
        .trim_end();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-');
    if !parted || name.is_empty() || name.len() > LONGEST || !name.chars().all(plain) {
        return None;
    }
    Some(Field {
        name,
        known: known(name),
        value: value.trim(),
        column: before.chars().count(),
    })
}

/// A value that later lines may continue.
struct Pending<'a> {
    name: &'a str,
    at: Span,
    text: Cow<'a, str>,
    span: Span,
}

/// Objects that are read line by line.
#[derive(Default)]
pub(in crate::powershell) struct Lists<'a> {
    open: Option<Record<'a>>,
    pending: Option<Pending<'a>>,
    /// The name with which the open object begins, and the column of its colons.
    first: Option<(&'a str, usize)>,
    /// Names of the open object.
    names: Vec<&'a str>,
    /// Names of the object before.
    before: Vec<&'a str>,
    /// What follows are filters of the rule before.
    of_last: bool,
    /// As some pages have it.
    spaced: bool,
}

impl<'a> Lists<'a> {
    /// No object yet. `spaced`: a blank line stands between all lines of objects.
    pub(in crate::powershell) fn new(spaced: bool) -> Self {
        Self {
            spaced,
            ..Self::default()
        }
    }

    /// Takes a line; false if it is none of an object.
    pub(in crate::powershell) fn line(&mut self, line: &Line<'a>, found: &mut Found<'a>) -> bool {
        if line.is_blank() {
            if !self.spaced {
                self.close(found);
            }
            return true;
        }
        match field(line) {
            Some(f) if self.takes(&f) => {
                self.field(f, line, found);
                true
            }
            _ => self.continues(line),
        }
    }

    /// Whether a line is one of the open object, or begins one. A name that is not known must stand in the object's columns.
    fn takes(&self, f: &Field<'a>) -> bool {
        let aligned = self.first.is_some_and(|(_, column)| column == f.column);
        f.known != Known::Unknown || self.open.is_some() && aligned && !f.name.contains(' ')
    }

    fn field(&mut self, f: Field<'a>, line: &Line<'a>, found: &mut Found<'a>) {
        let begins = self.first.is_some_and(|(first, _)| first == f.name);
        if begins {
            self.close(found);
        }
        self.flush();
        let context = found.last();
        let of_last = self.of_last;
        let record = self.open.get_or_insert_with(|| {
            let mut record = Record::new(line.span(), context);
            record.of_last = of_last;
            record
        });
        record.span = record.span.to(line.span());
        self.first.get_or_insert((f.name, f.column));
        let span = line.place(f.value);
        if self.names.contains(&f.name) {
            if let Known::Prop(prop) = f.known {
                record.repeated.push((prop, span));
            }
            return;
        }
        if f.known != Known::Unknown {
            self.names.push(f.name);
        }
        self.pending = Some(Pending {
            name: f.name,
            at: line.place(f.name),
            text: Cow::Borrowed(f.value),
            span,
        });
    }

    /// A line below a value that is indented as far as the value goes on with it.
    fn continues(&mut self, line: &Line<'a>) -> bool {
        let indent = line.text.chars().take_while(|c| *c == ' ').count();
        let below = self.first.is_some_and(|(_, column)| indent > column);
        let (Some(pending), true) = (&mut self.pending, below) else {
            return false;
        };
        let text = line.text.trim();
        let joined = pending.text.to_mut();
        joined.push(' ');
        joined.push_str(text);
        pending.span = pending.span.to(line.span());
        if let Some(record) = &mut self.open {
            record.span = record.span.to(line.span());
        }
        true
    }

    fn flush(&mut self) {
        if let (Some(p), Some(record)) = (self.pending.take(), &mut self.open) {
            record.add_named(Cow::Borrowed(p.name), p.at, p.text, p.span);
        }
    }

    /// Ends the open object.
    pub(in crate::powershell) fn close(&mut self, found: &mut Found<'a>) {
        self.flush();
        self.first = None;
        if self.open.is_some() {
            std::mem::swap(&mut self.before, &mut self.names);
        }
        self.names.clear();
        if let Some(record) = self.open.take()
            && record.kind() != Kind::Other
        {
            found.push(record);
        }
    }

    /// Ends with the text. An object that lacks the last names of the one before is cut off.
    pub(in crate::powershell) fn end(&mut self, found: &mut Found<'a>) {
        self.flush();
        let short = self.names.len() < self.before.len() && self.before.starts_with(&self.names);
        if let Some(record) = self
            .open
            .as_mut()
            .filter(|_| short && !self.names.is_empty())
        {
            record.cut = true;
            let message =
                "the last object of the list ends before the ones above do: it is cut off";
            let problem = Problem::new(ProblemKind::Malformed, record.span, message);
            found
                .problems
                .push(problem.help("export again: the file may be cut off"));
            if record.kind() == Kind::Other {
                record.add(Prop::Direction, Cell::lost(record.span));
            }
        }
        self.close(found);
    }

    /// What follows are filters of the last rule, or no longer.
    pub(in crate::powershell) fn of_last(&mut self, is: bool) {
        self.of_last = is;
    }
}
