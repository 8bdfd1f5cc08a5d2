//! The reports: each renders an [`Outcome`] and computes nothing. A new format is one file and one line in [`FORMATS`].

mod concise;
mod csv;
pub mod diff;
mod fold;
mod github;
mod gitlab;
mod html;
mod human;
mod json;
mod junit;
mod markdown;
mod ndjson;
mod render;
mod sarif;
mod words;

pub use json::{schema as check_schema, write_json, write_json_line};
pub use render::{RenderOptions, Report, Show};

/// Every format by its id.
pub const FORMATS: &[(&str, &dyn Report)] = &[
    ("human", &human::Human),
    ("concise", &concise::Concise),
    ("json", &json::Json),
    ("ndjson", &ndjson::Ndjson),
    ("sarif", &sarif::SarifLog),
    ("junit", &junit::Junit),
    ("github", &github::Github),
    ("gitlab", &gitlab::Gitlab),
    ("markdown", &markdown::Markdown),
    ("csv", &csv::Csv),
    ("html", &html::Html),
];

/// A format by id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static dyn Report> {
    FORMATS.iter().find(|(i, _)| *i == id).map(|(_, r)| *r)
}

/// Endings of files by the format that is usually written to them.
const ENDINGS: &[(&str, &str)] = &[
    (".sarif.json", "sarif"),
    (".sarif", "sarif"),
    (".json", "json"),
    (".ndjson", "ndjson"),
    (".jsonl", "ndjson"),
    (".xml", "junit"),
    (".md", "markdown"),
    (".markdown", "markdown"),
    (".csv", "csv"),
    (".html", "html"),
    (".htm", "html"),
    (".txt", "human"),
    (".log", "human"),
];

/// The endings that tell a format, and its id. Where one ends in another, the longer one comes first.
pub fn endings() -> impl Iterator<Item = (&'static str, &'static str)> {
    ENDINGS.iter().copied()
}
