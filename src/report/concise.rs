//! One line a finding, for grep, editors and problem matchers: `path:line:column: error[code] message`. The verdict last.

use super::fold;
use super::human::groups;
use super::words;
use super::{RenderOptions, Report, Show};
use crate::common::sanitize::text;
use crate::finding::outcome::Outcome;
use std::io::{self, Write};

/// The report as lines.
pub(super) struct Concise;

impl Report for Concise {
    fn write(&self, o: &Outcome, options: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        for group in groups(o, options, Show::All) {
            let f = group.first;
            let at = match fold::reviewed(o, f) {
                Some(p) => format!("{}:{}:{}", text(&p.path), p.start.line, p.start.column),
                None => format!("{}:1:1", text(words::path(o, f))),
            };
            let message = group.message();
            writeln!(out, "{at}: {}[{}] {message}", f.severity.as_str(), f.code)?;
        }
        writeln!(out, "{} · {}", words::verdict(o), words::counts(o))
    }
}
