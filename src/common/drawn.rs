//! Lines of a file with their labels, as miette draws them.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use std::fmt;

/// Draws the labelled lines of a source, in so many columns, and no message: that stands above them already.
///
/// # Errors
/// If miette cannot read the lines of a label.
pub fn drawn(
    source: &dyn SourceCode,
    labels: &[LabeledSpan],
    color: bool,
    width: usize,
) -> Result<String, fmt::Error> {
    let theme = if color {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_links(false)
        .without_syntax_highlighting()
        .with_context_lines(1);
    let mut text = String::new();
    handler.render_report(&mut text, &Lines { source, labels })?;
    // miette begins with lines for a message.
    let before = text.find('╭').and_then(|at| text.get(..at));
    let from = before.and_then(|b| b.rfind('\n')).map_or(0, |n| n + 1);
    Ok(text.get(from..).unwrap_or_default().to_owned())
}

/// A diagnostic without a message.
struct Lines<'a> {
    source: &'a dyn SourceCode,
    labels: &'a [LabeledSpan],
}

impl fmt::Debug for Lines<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl fmt::Display for Lines<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Lines<'_> {}

impl Diagnostic for Lines<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
