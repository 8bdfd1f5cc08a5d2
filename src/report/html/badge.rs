//! How grave a finding is, as a mark beside it.

use crate::finding::Severity;
use maud::{Markup, html};

/// A coloured word.
pub(in crate::report) fn badge(s: Severity) -> Markup {
    html! { span class=(format!("badge {}", s.as_str())) { (s.as_str()) } }
}
