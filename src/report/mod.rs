//! The reports: each renders an [`Outcome`] and computes nothing. A new format is one file and one line in [`FORMATS`].

mod csv;
mod github;
mod gitlab;
mod html;
mod human;
mod json;
mod junit;
mod markdown;
mod ndjson;
mod sarif;
mod words;

pub use json::{schema as check_schema, write_json};

use crate::finding::outcome::Outcome;
use std::io::{self, Write};

/// How to render.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RenderOptions {
    /// ANSI colours and symbols of a terminal.
    pub color: bool,
    /// Columns.
    pub width: usize,
    /// Only errors and one line.
    pub quiet: bool,
    /// Everything, notes and files that are no exports included.
    pub verbose: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            color: false,
            width: Self::WIDTH,
            quiet: false,
            verbose: false,
        }
    }
}

impl RenderOptions {
    /// Columns where the output is no terminal, so that the same run gives the same bytes everywhere.
    pub const WIDTH: usize = 100;
}

/// One output format.
pub trait Report: Sync {
    /// Writes the whole report.
    ///
    /// # Errors
    /// Those of the writer.
    fn write(
        &self,
        outcome: &Outcome,
        options: &RenderOptions,
        out: &mut dyn Write,
    ) -> io::Result<()>;
}

/// Every format by its id.
pub const FORMATS: &[(&str, &dyn Report)] = &[
    ("human", &human::Human),
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
