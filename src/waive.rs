//! Waivers: findings that the site accepts until a day, for a reason. A waived finding stays in every report.

use crate::finding::{Finding, Place, Severity};
use crate::lints::place::fingerprint;
use crate::outcome::{RequirementResult, Status};
use crate::site::Waive;
use hylint_parsers::source::{Source, Span};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// Marks the findings that a waiver holds down, and returns what is wrong with the waivers themselves.
#[must_use]
pub fn apply(
    waives: &[Waive],
    path: Option<&str>,
    text: Option<&str>,
    now: Timestamp,
    findings: &mut [Finding],
) -> Vec<Finding> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut out = Vec::new();
    for w in waives {
        let mut hits: Vec<&mut Finding> = findings.iter_mut().filter(|f| matches(w, f)).collect();
        // It holds through the end of its last day.
        let (code, severity, message, help) = if today > w.until {
            (
                "expired-waiver",
                Severity::Error,
                format!("the waiver of {} ended on {}", w.code, w.until),
                "mend what it waived, or agree on a new day",
            )
        } else if hits.is_empty() {
            (
                "unused-waiver",
                Severity::Warning,
                format!("the waiver of {} holds nothing down", w.code),
                "remove it",
            )
        } else {
            for f in &mut hits {
                f.waived = Some(w.reason.clone());
            }
            continue;
        };
        let mut f = Finding::new(code, severity, message);
        f.help = Some(help.to_owned());
        f.label = format!("{}, {}", w.owner, w.reason);
        if let (Some(path), Some(text)) = (path, text) {
            let source = Source::new(path, text, "UTF-8");
            f.place = Some(Place::new(
                &Arc::from(path),
                &source,
                Span::new(w.span.start, w.span.end),
            ));
        }
        fingerprint(&mut f, &[&w.code, &w.reason, &w.owner]);
        out.push(f);
    }
    out
}

fn matches(w: &Waive, f: &Finding) -> bool {
    let says = |want: &Option<String>, have: &Option<String>| {
        want.as_ref().is_none_or(|w| Some(w) == have.as_ref())
    };
    let here = w
        .export
        .as_ref()
        .is_none_or(|g| f.place.as_ref().is_some_and(|p| g.is_match(&*p.path)));
    f.waived.is_none()
        && w.code == f.code
        && says(&w.requirement, &f.requirement)
        && says(&w.rule, &f.rule)
        && here
}

/// A requirement all of whose findings are waived is waived.
pub fn statuses(requirements: &mut [RequirementResult], findings: &[Finding]) {
    for r in requirements
        .iter_mut()
        .filter(|r| matches!(r.status, Status::Violated | Status::Conditional))
    {
        let about = |f: &&Finding| f.requirement.as_ref() == Some(&r.id) || f.also.contains(&r.row);
        let mut own = findings.iter().filter(about).peekable();
        if own.peek().is_some() && own.all(|f| f.waived.is_some()) {
            r.status = Status::Waived;
            for c in r
                .checks
                .iter_mut()
                .filter(|c| matches!(c.status, Status::Violated | Status::Conditional))
            {
                c.status = Status::Waived;
            }
        }
    }
}
