//! How the run went: what it could not read, bind or prove.

use super::level::level;
use super::place::{Artifacts, location, message, plain};
use super::rules;
use super::types::{Invocation, Notification, ReportingDescriptor, ReportingDescriptorReference};
use crate::common::sanitize::limited;
use crate::finding::outcome::{Gate, Outcome};
use crate::finding::{Code, Finding, Severity};
use crate::report::words;

/// Notifications that are no finding: id and meaning.
const KINDS: [(&str, &str); 4] = [
    (
        "not-proven",
        "Requirements that the exports neither prove nor refute.",
    ),
    ("unmodelled", "Rules or lines that are not read in full."),
    ("assumed", "What was taken for granted."),
    (
        "scope",
        "What the findings are about, where only a part of the site was given.",
    ),
];

/// What notifications refer to.
pub(super) fn descriptors() -> Vec<ReportingDescriptor> {
    let one = |(id, text): (&'static str, &str)| ReportingDescriptor {
        id: Some(id),
        short_description: Some(rules::plain(text)),
        ..Default::default()
    };
    KINDS.into_iter().map(one).collect()
}

/// The one invocation. It was successful if something was judged and every file that should be an export could be read.
pub(super) fn invocation(o: &Outcome, artifacts: &Artifacts) -> Invocation {
    let code = match o.verdict() {
        Gate::Passed | Gate::NothingToCheck => Some(0),
        Gate::Failed(_) => Some(1),
        Gate::NotRun => Some(2),
    };
    let judged = o.verdict() != Gate::NotRun;
    let unread = o.findings.iter().any(unread);
    Invocation {
        execution_successful: Some(judged && !unread),
        exit_code: code,
        exit_code_description: Some(format!("{} · {}", words::verdict(o), words::counts(o))),
        tool_execution_notifications: Some(notifications(o, artifacts)),
    }
}

/// A file of which nothing was read, or that was cut off.
fn unread(f: &Finding) -> bool {
    f.severity == Severity::Error
        && matches!(
            f.code,
            Code::MalformedExport | Code::EmptyExport | Code::UnreadFile
        )
}

fn notifications(o: &Outcome, artifacts: &Artifacts) -> Vec<Notification> {
    // A waiver or a baseline holds the alarm down, and does not make the run complete.
    let trust = |f: &&Finding| {
        f.code.is_trust()
            && !matches!(
                f.code,
                Code::ExpiredWaiver | Code::UnusedWaiver | Code::StalePort
            )
    };
    let mut all: Vec<Notification> = o
        .findings
        .iter()
        .filter(trust)
        .map(|f| of_finding(artifacts, f))
        .collect();
    if o.verdict() == Gate::NotRun {
        all.push(kind(
            "not-proven",
            level(Severity::Error),
            &words::verdict(o),
        ));
    }
    if let Some(text) = words::scope(o) {
        all.push(kind("scope", level(Severity::Note), &text));
    }
    for n in o.not_proven() {
        let text = words::not_proven(&n);
        all.push(kind("not-proven", level(Severity::Warning), &text));
    }
    if let Some(text) = words::unmodelled(o) {
        all.push(kind("unmodelled", level(Severity::Warning), &text));
    }
    for a in &o.assumptions {
        let text = words::assumption(a);
        all.push(kind("assumed", level(Severity::Note), &text));
    }
    all
}

fn of_finding(artifacts: &Artifacts, f: &Finding) -> Notification {
    Notification {
        associated_rule: Some(ReportingDescriptorReference {
            id: Some(f.code.as_str().to_owned()),
            index: rules::index(f.code),
        }),
        level: Some(level(f.severity)),
        locations: f.place.as_ref().map(|p| vec![location(artifacts, p, None)]),
        message: Some(message(&plain(&limited(&f.message, words::SENTENCE)))),
        ..Default::default()
    }
}

fn kind(id: &str, level: &'static str, text: &str) -> Notification {
    let at = KINDS.iter().position(|(k, _)| *k == id);
    Notification {
        descriptor: Some(ReportingDescriptorReference {
            id: Some(id.to_owned()),
            index: at.and_then(|i| i64::try_from(i).ok()),
        }),
        level: Some(level),
        message: Some(message(&plain(text))),
        ..Default::default()
    }
}
