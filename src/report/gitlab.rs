//! GitLab Code Quality: the part of Code Climate's issues that a merge request shows.

use super::fold;
use super::words::{self, SENTENCE};
use super::{RenderOptions, Report, write_json};
use crate::common::sanitize::{limited, text};
use crate::finding::outcome::Outcome;
use crate::finding::{Finding, Severity};
use serde::Serialize;
use std::io::{self, Write};

/// The report as a JSON array.
pub(super) struct Gitlab;

impl Report for Gitlab {
    fn write(&self, o: &Outcome, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        let issues: Vec<Issue<'_>> = o.findings.iter().map(|f| Issue::of(o, f)).collect();
        write_json(&issues, out)
    }
}

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    /// GitLab compares two runs by it and shows only one of two equal ones; ours is unique within a run.
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    /// Relative to the repository's root, if hylint was called there.
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

impl<'a> Issue<'a> {
    fn of(o: &'a Outcome, f: &'a Finding) -> Self {
        let suppressed = words::suppressed(f);
        let mut description = limited(&f.message, SENTENCE).into_owned();
        if let Some(help) = f.help.as_deref().filter(|_| suppressed.is_none()) {
            description.push_str(&format!(" · {}", text(help)));
        }
        if let Some(why) = &suppressed {
            description = format!("[{why}] {description}");
        }
        let place = fold::reviewed(o, f);
        let lines = place.map_or((1, 1), |p| (p.start.line, p.end.line));
        Self {
            description,
            check_name: f.code.as_str(),
            fingerprint: &f.fingerprint,
            severity: severity(f),
            location: Location {
                path: place.map_or_else(|| words::path(o, f), |p| &*p.path),
                lines: Lines {
                    begin: lines.0,
                    end: lines.1,
                },
            },
        }
    }
}

/// GitLab's names, from info to blocker. What is suppressed is shown, as information.
fn severity(f: &Finding) -> &'static str {
    match f.severity {
        _ if !f.is_active() => "info",
        Severity::Note => "info",
        Severity::Warning => "minor",
        Severity::Error => "critical",
    }
}
