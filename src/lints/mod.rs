//! The lints: what is reported under which code, and how grave it is. A lint reads what the judge proved and words it.
//!
//! A new lint is one entry in the registry of `finding/code.rs`, one function in the file of its group, and one page in
//! `explain/`.

pub mod chain;
mod command;
pub mod depends;
pub mod describe;
pub mod excess;
pub mod explain;
mod folded;
pub mod hygiene;
pub mod listener;
pub(crate) mod order;
pub mod place;
mod process;
pub mod profiles;
mod reproduce;
pub mod required;
pub mod trust;
pub mod undeclared;
pub mod via;
mod words;

use crate::finding::code::registry;
use crate::finding::{Code, Severity};

pub use crate::finding::Group;

/// What is known of a lint before any run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LintMeta {
    /// Stable code.
    pub code: Code,
    /// Severity unless the finding itself or the site says otherwise.
    pub severity: Severity,
    /// Group.
    pub group: Group,
    /// One sentence.
    pub summary: &'static str,
    /// What [`explain`] says of it, Markdown.
    pub page: &'static str,
}

/// The lints of the registry with their pages, which must be there.
macro_rules! lints {
    ($($variant:ident $code:literal $severity:ident $group:ident $summary:literal;)+) => {
        /// Every lint, in the order of the documentation.
        pub const ALL: &[LintMeta] = &[$(
            LintMeta {
                code: Code::$variant,
                severity: Severity::$severity,
                group: Group::$group,
                summary: $summary,
                page: include_str!(concat!("explain/", $code, ".md")),
            },
        )+];
    };
}
registry!(lints);

/// A lint by the text of its code; none if there is no such code.
#[must_use]
pub fn by_code(code: &str) -> Option<&'static LintMeta> {
    ALL.iter().find(|l| l.code.as_str() == code)
}
