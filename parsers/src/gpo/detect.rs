//! Tells reports by their content.

use crate::input::Score;
use memchr::memmem;

/// The score of a text.
pub(super) fn score(text: &str) -> Score {
    let bytes = text.as_bytes();
    let first = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if !first.starts_with('<') {
        return 0;
    }
    let has = |part: &str| memmem::find(bytes, part.as_bytes()).is_some();
    match has("WindowsFirewallSettings") && has("GroupPolicy/Settings") {
        true => 95,
        false => 0,
    }
}
