//! Severities in SARIF.

use crate::finding::Severity;
use serde_sarif::sarif::ResultLevel;

pub(super) fn level(s: Severity) -> ResultLevel {
    match s {
        Severity::Note => ResultLevel::Note,
        Severity::Warning => ResultLevel::Warning,
        Severity::Error => ResultLevel::Error,
    }
}
