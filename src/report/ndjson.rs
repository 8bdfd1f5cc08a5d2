//! One JSON object a line, for pipelines that read line by line: `kind` says what it is, the other keys are those of the
//! JSON report. The run comes first, the summary last; a stream without a summary was cut off.

use super::json::Document;
use super::{RenderOptions, Report, write_json_line};
use crate::finding::outcome::Outcome;
use serde::Serialize;
use std::io::{self, Write};

/// The report as lines.
pub(super) struct Ndjson;

#[derive(Serialize)]
struct Line<T> {
    kind: &'static str,
    #[serde(flatten)]
    value: T,
}

impl Report for Ndjson {
    fn write(&self, o: &Outcome, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        let (run, exports, requirements, findings, summary) = Document::of(o).into_parts();
        line("run", run, out)?;
        exports.iter().try_for_each(|e| line("export", e, out))?;
        requirements
            .iter()
            .try_for_each(|r| line("requirement", r, out))?;
        findings.iter().try_for_each(|f| line("finding", f, out))?;
        line("summary", summary, out)
    }
}

fn line(kind: &'static str, value: impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write_json_line(&Line { kind, value }, out)
}
