//! The texts of a source, each read as what it is: its own, and those of other files that were put behind it.

use super::forms::split::{self, Piece};
use super::forms::{console, json};
use super::found::{Context, Found};
use crate::input::Input;
use crate::json::{Json, Kind};
use hylint_model::{Problem, ProblemKind, Span};

/// What documents are parsed to, kept as long as what is read of them.
pub(super) struct Texts<'a> {
    text: &'a str,
    /// The source is one text of documents alone.
    plain: Option<&'a Json<'a>>,
    parts: Vec<Vec<(Piece<'a>, Option<Json<'a>>)>>,
}

impl<'a> Texts<'a> {
    /// Parts the texts of a source.
    pub(super) fn of(input: &'a Input<'_>) -> Self {
        let source = input.source;
        let plain = input.json().filter(|_| source.parts.is_empty());
        // A row of a table behind a document looks like texts with commas.
        let listed = |json: &&Json<'_>| {
            let mut all = json.documents();
            all.all(|d| matches!(d.kind(), Kind::Array | Kind::Object))
        };
        let plain = plain.filter(|json| json.errors.is_empty()).filter(listed);
        let text = source.text.as_str();
        if plain.is_some() {
            let parts = Vec::new();
            return Self { text, plain, parts };
        }
        let spans = std::iter::once(source.own()).chain(source.parts.iter().map(|p| p.span));
        let parts = spans.map(|span| {
            let pieces = split::pieces(source.slice(span), span.start as usize);
            let each = pieces.into_iter();
            each.map(|p| (p, p.json.then(|| Json::parse(p.text))))
                .collect()
        });
        Self {
            text,
            plain,
            parts: parts.collect(),
        }
    }

    /// Reads everything in them.
    pub(super) fn read<'t>(&'t self, found: &mut Found<'t>) {
        if let Some(json) = self.plain {
            notes(json, self.text, 0, found);
            json::read(json, 0, found);
            return;
        }
        for part in &self.parts {
            // A command of one file says nothing of another.
            found.open(Context::default());
            for (piece, document) in part {
                match document {
                    Some(document) => {
                        notes(document, piece.text, piece.offset, found);
                        errors(document, piece.offset, found);
                        json::read(document, piece.offset, found);
                    }
                    None => console::read(piece.text, piece.offset, found),
                }
            }
        }
    }
}

/// Comments of JSON that are meant for hylint.
fn notes(json: &Json<'_>, text: &str, offset: usize, found: &mut Found<'_>) {
    for span in &json.notes {
        let text = text.get(span.range()).unwrap_or_default().to_owned();
        found.annotations.push((text, moved(*span, offset)));
    }
}

fn errors(json: &Json<'_>, offset: usize, found: &mut Found<'_>) {
    let each = json.errors.iter().map(|e| {
        let span = moved(e.span, offset);
        let problem = Problem::new(ProblemKind::Malformed, span, e.wording());
        problem.help("export again: the file may be cut off")
    });
    found.problems.extend(each);
    if json.errors.len() >= Json::MAX_ERRORS
        && let Some(last) = json.errors.last()
    {
        let message = "more errors of this kind after this one are not listed";
        let problem = Problem::new(ProblemKind::Malformed, moved(last.span, offset), message);
        found.problems.push(problem);
    }
}

fn moved(span: Span, offset: usize) -> Span {
    Span::new(offset + span.start as usize, offset + span.end as usize)
}
