//! For people: each finding with its lines, then a summary that is read in ten seconds.

mod finding;
mod fold;
mod snippet;
mod style;
mod summary;

use super::{RenderOptions, Report};
use crate::finding::Severity;
use crate::finding::outcome::Outcome;
use std::io::{self, Write};
use style::Style;

/// The report for a terminal.
pub(super) struct Human;

impl Report for Human {
    fn write(&self, o: &Outcome, options: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        let style = Style::new(options);
        let shown = |f: &&crate::finding::Finding| {
            f.is_active()
                && match f.severity {
                    Severity::Error => true,
                    Severity::Warning => !options.quiet,
                    Severity::Note => options.verbose,
                }
        };
        for group in fold::fold(o.findings.iter().filter(shown)) {
            finding::write(&group, &style, options.verbose, out)?;
            writeln!(out)?;
        }
        if options.quiet {
            summary::one_line(o, &style, out)
        } else {
            summary::write(o, options, &style, out)
        }
    }
}
