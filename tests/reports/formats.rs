//! How each output is tried. An output without a line here does not pass: what it has to be valid by, where it tells a
//! finding, and what a hostile name may not do in it.

use super::{SITES, agree, example, hostile, schema};
use std::collections::BTreeSet;

/// What the tests ask of one output.
pub(crate) struct Tried {
    /// As in `hylint::report::FORMATS`.
    pub(crate) id: &'static str,
    pub(crate) valid: Valid,
    pub(crate) findings: Findings,
    /// Holds a report against a name that an export bears and the number of findings.
    pub(crate) hostile: fn(text: &str, name: &str, findings: usize),
    /// Whether it tells the version and the matrix that it rests on.
    pub(crate) origin: Origin,
}

/// Against what a report of an example site is held.
pub(crate) enum Valid {
    /// A schema, or a reader of the format: site, text and exit status.
    By(fn(site: &str, text: &str, status: i32)),
    /// Nothing defines the form; the reason.
    Free(#[allow(dead_code, reason = "for who reads the table")] &'static str),
}

/// How the findings of a report are told from its text.
pub(crate) enum Findings {
    /// All of them, and nothing else.
    All(fn(text: &str) -> agree::Told),
    /// Each at a place that can be looked for: text, code, path and line.
    Each(fn(text: &str, code: &str, path: &str, line: u64) -> bool),
    /// Some are left out or folded; the reason, and those that are there.
    Some(&'static str, fn(text: &str) -> BTreeSet<String>),
}

/// Where a report says which program and which matrix made it.
pub(crate) enum Origin {
    Told,
    /// It does not; the reason.
    Untold(#[allow(dead_code, reason = "for who reads the table")] &'static str),
}

pub(crate) const TRIED: &[Tried] = &[
    Tried {
        id: "human",
        valid: Valid::Free("a text for people, which tests/report_human.rs holds"),
        findings: Findings::Some(
            "it folds findings of one cause and counts the notes",
            agree::codes_of_human,
        ),
        hostile: hostile::lines,
        origin: Origin::Untold("a screen is read where it was made"),
    },
    Tried {
        id: "concise",
        valid: Valid::Free("a line a finding, which tests/report_human.rs holds"),
        findings: Findings::Some("it counts the notes", agree::codes_of_human),
        hostile: hostile::lines,
        origin: Origin::Untold("a screen is read where it was made"),
    },
    Tried {
        id: "json",
        valid: Valid::By(schema::own),
        findings: Findings::All(agree::of_json),
        hostile: hostile::document,
        origin: Origin::Told,
    },
    Tried {
        id: "ndjson",
        valid: Valid::By(schema::objects),
        findings: Findings::All(agree::of_ndjson),
        hostile: hostile::documents,
        origin: Origin::Told,
    },
    Tried {
        id: "sarif",
        valid: Valid::By(schema::sarif),
        findings: Findings::All(agree::of_sarif),
        hostile: hostile::log,
        origin: Origin::Told,
    },
    Tried {
        id: "junit",
        valid: Valid::By(schema::junit),
        findings: Findings::Each(agree::in_junit),
        hostile: hostile::xml,
        origin: Origin::Told,
    },
    Tried {
        id: "github",
        valid: Valid::Free("lines of commands, whose form the hostile names hold"),
        findings: Findings::Each(agree::in_github),
        hostile: hostile::github,
        origin: Origin::Told,
    },
    Tried {
        id: "gitlab",
        valid: Valid::By(schema::gitlab),
        findings: Findings::Each(agree::in_gitlab),
        hostile: hostile::document,
        origin: Origin::Untold("its form is a list of issues and nothing beside it"),
    },
    Tried {
        id: "markdown",
        valid: Valid::Free("any text is Markdown; the transcripts hold it"),
        findings: Findings::Each(agree::in_markdown),
        hostile: hostile::comment,
        origin: Origin::Told,
    },
    Tried {
        id: "csv",
        valid: Valid::By(schema::table),
        findings: Findings::All(agree::of_csv),
        hostile: hostile::table,
        origin: Origin::Told,
    },
    Tried {
        id: "html",
        valid: Valid::Free(
            "no reader here is as strict as the list of elements that the hostile names hold it to",
        ),
        findings: Findings::Each(agree::in_html),
        hostile: hostile::page,
        origin: Origin::Told,
    },
];

/// The ids of every output, as `--help` lists them.
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    hylint::report::FORMATS.iter().map(|(id, _)| *id)
}

/// How an output is tried.
pub(crate) fn tried(id: &str) -> &'static Tried {
    TRIED.iter().find(|t| t.id == id).unwrap_or_else(|| {
        panic!(
            "the output {id} is not tried: add an entry to TRIED in tests/reports/formats.rs that says what a report is \
             valid by (or why by nothing), how its findings are told from its text, and what a hostile name may not do in it"
        )
    })
}

/// Catches an output that is registered and that no test looks at, and an entry of one that is gone.
#[test]
fn every_output_is_tried() {
    for id in ids() {
        let _ = tried(id);
    }
    for t in TRIED {
        assert!(ids().any(|id| id == t.id), "{} of TRIED is no output", t.id);
    }
}

#[test]
fn every_output_is_valid() {
    for site in SITES {
        for id in ids() {
            if let Valid::By(check) = tried(id).valid {
                let (text, status) = example(site, id);
                check(site, &text, status);
            }
        }
    }
}
