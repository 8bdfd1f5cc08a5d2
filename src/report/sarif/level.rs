//! Severities in SARIF.

use crate::finding::Severity;

pub(in crate::report) fn level(s: Severity) -> &'static str {
    match s {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
