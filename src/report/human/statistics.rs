//! How many findings of each code there are.

use super::style::Style;
use crate::finding::Severity;
use crate::report::fold::{Group, by_code};
use std::io::{self, Write};

/// A line for each severity and code, the gravest first: how many findings, from how many causes.
pub(super) fn write(groups: &[Group<'_>], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    writeln!(out, "findings  causes  severity  code")?;
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        for (code, findings, causes) in by_code(groups, severity) {
            let word = style.paint(super::finding::paint(severity), severity.as_str());
            let pad = " ".repeat("severity".len() - severity.as_str().len());
            writeln!(out, "{findings:>8}  {causes:>6}  {word}{pad}  {code}")?;
        }
    }
    writeln!(out)
}
