//! The form of what netsh prints: lines, columns, and errors for what has none.

use crate::write::WriteError;
use hylint_model::Span;

/// Column of the values.
pub(super) const COLUMN: usize = 38;
/// Length of the ruler under a name.
pub(super) const RULER: usize = 70;

/// Returns what netsh has no words for.
pub(super) fn error(span: Span, message: &'static str) -> WriteError {
    WriteError::new("netsh", span, message)
}

/// Writes a label and its value.
pub(super) fn line(out: &mut String, label: &str, value: &str) {
    out.push_str(label);
    out.push(':');
    if !value.is_empty() {
        let used = label.len() + 1;
        out.extend(std::iter::repeat_n(' ', COLUMN.saturating_sub(used).max(1)));
        out.push_str(value);
    }
    out.push('\n');
}
