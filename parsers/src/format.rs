//! The registry of export formats. A new format is one folder and one line here.

pub use crate::input::{Depth, FormatSpec, Input, Score};
use crate::source::Source;
use hylint_model::Export;

/// Every format.
pub const FORMATS: &[&FormatSpec] = &[
    &crate::netsh::FORMAT,
    &crate::iptables::FORMAT,
    &crate::aws::FORMAT,
    &crate::azure::FORMAT,
];

/// The score that nothing exceeds: no other format needs to look at the text.
const CERTAIN: Score = 100;

/// The format of a text, from its content: the best score wins, the first of equals.
#[must_use]
pub fn detect(input: &Input<'_>) -> Option<&'static FormatSpec> {
    let mut best: Option<(Score, &'static FormatSpec)> = None;
    for f in FORMATS {
        let score = (f.detect)(input);
        if score > 0 && best.is_none_or(|(s, _)| score > s) {
            best = Some((score, f));
        }
        if score >= CERTAIN {
            break;
        }
    }
    best.map(|(_, f)| f)
}

/// Detects and reads in one step; `None` if the text is no export.
#[must_use]
pub fn read(source: &Source) -> Option<Export> {
    read_to(source, Depth::Whole)
}

/// The same to a depth. What is no export is none to any.
#[must_use]
pub fn read_to(source: &Source, depth: Depth) -> Option<Export> {
    let input = Input::with_depth(source, depth);
    detect(&input).map(|f| (f.read)(&input))
}
