//! The reports of a change: each renders a [`Difference`](crate::finding::difference::Difference) and computes nothing. A new
//! format is one file and one line in [`DIFF_FORMATS`].

mod files;
mod fold;
mod html;
mod human;
mod json;
mod markdown;
mod render;
mod sarif;
mod words;

pub use json::schema;
pub use render::DiffReport;

/// Every format by its id.
pub const DIFF_FORMATS: &[(&str, &dyn DiffReport)] = &[
    ("human", &human::Human),
    ("json", &json::Json),
    ("sarif", &sarif::SarifLog),
    ("markdown", &markdown::Markdown),
    ("html", &html::Html),
];

/// A format by id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static dyn DiffReport> {
    DIFF_FORMATS.iter().find(|(i, _)| *i == id).map(|(_, r)| *r)
}
