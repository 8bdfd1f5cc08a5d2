//! CSV (RFC 4180) for spreadsheets. One file holds five kinds of rows; the column `record` names the kind: `run`, `export`,
//! `requirement` (in the vendor's order), `check` (under its requirement) and `finding`. A column that a kind does not
//! have is empty.

use super::words::{self, SENTENCE};
use super::{RenderOptions, Report};
use crate::common::sanitize::limited;
use crate::finding::Finding;
use crate::finding::outcome::{Check, ExportInfo, Outcome, RequirementResult, UnreadFile};
use std::io::{self, Write};

/// The columns, in order; one may be added at the end, none moves.
const COLUMNS: [&str; 34] = [
    "record",
    "row",
    "requirement",
    "from",
    "to",
    "status",
    "reason",
    "export",
    "host",
    "point",
    "direction",
    "src",
    "dst",
    "ports",
    "evidence",
    "packet",
    "assumptions",
    "code",
    "severity",
    "message",
    "help",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "rule",
    "also",
    "pairs_total",
    "fingerprint",
    "held_down",
    "format",
    "sha256",
    "excess",
];

/// The report as one table.
pub(super) struct Csv;

impl Report for Csv {
    fn write(&self, o: &Outcome, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        let mut table = ::csv::WriterBuilder::new()
            .terminator(::csv::Terminator::CRLF)
            .from_writer(out);
        table.write_record(COLUMNS)?;
        table.write_record(run(o).cells)?;
        for e in &o.exports {
            table.write_record(export(e).cells)?;
        }
        for u in &o.unread {
            table.write_record(unread(u).cells)?;
        }
        for r in &o.requirements {
            table.write_record(requirement(r).cells)?;
            for c in &r.checks {
                table.write_record(check(r, c).cells)?;
            }
        }
        for f in &o.findings {
            table.write_record(finding(f).cells)?;
        }
        table.flush()
    }
}

/// One row.
struct Row {
    cells: Vec<String>,
}

impl Row {
    fn new(record: &str) -> Self {
        let cells = vec![String::new(); COLUMNS.len()];
        Self { cells }.with("record", record)
    }

    /// Fills a cell.
    fn with(mut self, column: &str, value: impl AsRef<str>) -> Self {
        let at = COLUMNS.iter().position(|c| *c == column);
        if let Some(cell) = at.and_then(|i| self.cells.get_mut(i)) {
            *cell = harmless(value.as_ref());
        }
        self
    }

    /// Fills a cell if there is something to fill it with.
    fn maybe(self, column: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(v) => self.with(column, v.to_string()),
            None => self,
        }
    }
}

/// A cell that no spreadsheet takes for a formula: one that begins like one (OWASP, CSV injection; the full-width forms
/// count too) gets an apostrophe. Control characters are made visible first, so a cell is one line.
fn harmless(value: &str) -> String {
    let value = limited(value, SENTENCE);
    let formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    if value.trim_start().starts_with(formula) || value.starts_with(['\t', '\r', '\n']) {
        format!("'{value}")
    } else {
        value.into_owned()
    }
}

fn run(o: &Outcome) -> Row {
    let said = format!(
        "hylint {} · evaluated at {} · site {} {} · matrix {} {} · {} · {}",
        env!("CARGO_PKG_VERSION"),
        o.evaluated_at,
        if o.site.name.is_empty() {
            "-"
        } else {
            &o.site.name
        },
        o.site.sha256.as_deref().unwrap_or(""),
        o.matrix.id,
        o.matrix.version,
        words::verdict(o),
        words::counts(o),
    );
    Row::new("run")
        .with("message", said)
        .maybe("path", o.site.path.as_ref())
        .maybe("reason", words::scope(o))
        .with("sha256", &o.matrix.sha256)
}

fn export(e: &ExportInfo) -> Row {
    Row::new("export")
        .with("path", &e.path)
        .with("export", &e.path)
        .with("format", e.format)
        .with("sha256", &e.sha256)
        .with("to", e.roles.join(" "))
        .with(
            "message",
            format!("{} rules, {} not read in full", e.rules, e.unmodelled),
        )
}

fn unread(u: &UnreadFile) -> Row {
    Row::new("unread")
        .with("path", &u.path)
        .with("message", u.what)
}

fn requirement(r: &RequirementResult) -> Row {
    Row::new("requirement")
        .with("row", r.row.to_string())
        .with("requirement", &r.id)
        .with("from", &r.from)
        .with("to", &r.to)
        .with("status", r.status.as_str())
        .maybe("reason", words::standing(r))
        .with("message", &r.purpose)
}

fn check(r: &RequirementResult, c: &Check) -> Row {
    let by: Vec<String> = c.evidence.iter().map(words::decider).collect();
    let first = c.evidence.iter().find_map(|e| e.place.as_ref());
    Row::new("check")
        .with("row", r.row.to_string())
        .with("requirement", &r.id)
        .with("from", &r.from)
        .with("to", &r.to)
        .with("status", c.status.as_str())
        .with("export", &c.export)
        .maybe("host", c.host.as_ref())
        .with("point", &c.point)
        .with("direction", c.direction.as_str())
        .with("src", &c.src)
        .with("dst", &c.dst)
        .with("ports", c.ports.join(" "))
        .with("evidence", by.join("; "))
        .maybe("packet", c.witness.as_ref().map(words::packet))
        .with("assumptions", c.assumptions.join(" "))
        .maybe("path", first.map(|p| &p.path))
        .maybe("line", first.map(|p| p.start.line))
        .maybe("column", first.map(|p| p.start.column))
}

fn finding(f: &Finding) -> Row {
    let p = f.place.as_ref();
    let also: Vec<String> = f.also.iter().map(u32::to_string).collect();
    Row::new("finding")
        .with("code", f.code.as_str())
        .with("severity", f.severity.as_str())
        .with("message", &f.message)
        .maybe("help", f.help.as_ref())
        .maybe("row", f.row)
        .with("also", also.join(" "))
        .maybe("requirement", f.requirement.as_ref())
        .maybe("host", f.host.as_ref())
        .maybe("point", f.point.as_ref())
        .maybe("direction", f.direction)
        .maybe("rule", f.rule.as_ref())
        .maybe("path", p.map(|p| &p.path))
        .maybe("line", p.map(|p| p.start.line))
        .maybe("column", p.map(|p| p.start.column))
        .maybe("end_line", p.map(|p| p.end.line))
        .maybe("end_column", p.map(|p| p.end.column))
        .maybe("packet", f.witness.as_deref().map(words::packet))
        .with("assumptions", f.assumptions.join(" "))
        .with("pairs_total", f.pairs_total.to_string())
        .with("fingerprint", &f.fingerprint)
        .maybe("held_down", words::suppressed(f))
        .with("excess", words::excess(f, words::PARTS).join("; "))
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_cell_begins_like_a_formula() {
        for hostile in [
            "=cmd()", "+1", "-1", "@SUM(A1)", " =1", "＝1", "\t=1", "\r=1",
        ] {
            let cell = harmless(hostile);
            assert!(
                cell.starts_with(['\'', '\\']),
                "{hostile:?} became {cell:?}"
            );
        }
        assert_eq!(harmless("10.0.0.0/8"), "10.0.0.0/8");
        assert_eq!(harmless("a\r\nb"), "a\\r\\nb");
    }
}
