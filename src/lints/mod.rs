//! The lints: what is reported under which code, and how grave it is. A lint reads what the judge proved and words it.
//!
//! A new lint is one entry in [`ALL`], one function in the file of its group, and one page in `explain/`.

pub mod describe;
pub mod excess;
pub mod explain;
pub mod hygiene;
pub(crate) mod order;
pub mod place;
pub mod profiles;
pub mod required;
pub mod trust;

use crate::finding::Severity;

/// Which promise a lint keeps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Group {
    /// A flow that the matrix asks for does not pass.
    Required,
    /// Something is open that nobody asks for.
    Excess,
    /// Rules that say nothing or contradict each other.
    Hygiene,
    /// The run itself cannot be trusted on some point. Never off.
    Trust,
}

/// What is known of a lint before any run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LintMeta {
    /// Stable code.
    pub code: &'static str,
    /// Severity unless the finding itself or the site says otherwise.
    pub severity: Severity,
    /// Group.
    pub group: Group,
    /// One sentence.
    pub summary: &'static str,
    /// What [`explain`] says of it, Markdown.
    pub page: &'static str,
}

/// A lint with its page, which must be there.
macro_rules! lint {
    ($code:literal, $severity:expr, $group:expr, $summary:literal $(,)?) => {
        LintMeta {
            code: $code,
            severity: $severity,
            group: $group,
            summary: $summary,
            page: include_str!(concat!("explain/", $code, ".md")),
        }
    };
}

use Group::{Excess, Hygiene, Required, Trust};
use Severity::{Error, Note, Warning};

/// Every lint, in the order of the documentation.
pub const ALL: &[LintMeta] = &[
    lint!(
        "missing-flow",
        Error,
        Required,
        "No rule allows a required flow.",
    ),
    lint!(
        "blocked-flow",
        Error,
        Required,
        "A rule allows a required flow, and another one that comes first or weighs more denies it.",
    ),
    lint!(
        "partial-flow",
        Error,
        Required,
        "A required flow is allowed for some of its sources, destinations or ports only.",
    ),
    lint!(
        "disabled-flow",
        Error,
        Required,
        "The rule that allows a required flow is disabled.",
    ),
    lint!(
        "no-return-path",
        Error,
        Required,
        "A required flow is allowed, and the replies to it are not.",
    ),
    lint!(
        "conditional-flow",
        Error,
        Required,
        "Whether a required flow is allowed depends on something that the exports do not say.",
    ),
    lint!(
        "any-any",
        Error,
        Excess,
        "A rule lets anyone reach every port.",
    ),
    lint!(
        "exposed-to-internet",
        Error,
        Excess,
        "A rule opens something that no requirement needs to the Internet.",
    ),
    lint!(
        "over-permissive-source",
        Warning,
        Excess,
        "A rule opens a required port to more sources than need it.",
    ),
    lint!(
        "over-permissive-port",
        Warning,
        Excess,
        "A rule opens more ports than its required flows need.",
    ),
    lint!(
        "bypasses-gateway",
        Error,
        Excess,
        "Clients are let past the gateway.",
    ),
    lint!(
        "unneeded-flow",
        Note,
        Excess,
        "A rule opens a flow that no requirement needs.",
    ),
    lint!(
        "default-allow",
        Error,
        Excess,
        "New connections that no rule decides are let in.",
    ),
    lint!(
        "firewall-off",
        Error,
        Excess,
        "The firewall of a judged profile is off.",
    ),
    lint!(
        "shadowed-rule",
        Warning,
        Hygiene,
        "Earlier rules take every packet that a rule matches, so that it never decides.",
    ),
    lint!(
        "redundant-rule",
        Note,
        Hygiene,
        "Without a rule, other rules decide the same.",
    ),
    lint!(
        "conflicting-rule",
        Note,
        Hygiene,
        "Two rules of opposite actions overlap, and only their order decides.",
    ),
    lint!(
        "duplicate-name",
        Note,
        Hygiene,
        "Several rules of a point have the same name.",
    ),
    lint!(
        "unreferenced-chain",
        Note,
        Hygiene,
        "No rule jumps to a chain that has rules.",
    ),
    lint!(
        "malformed-export",
        Error,
        Trust,
        "A file, or a part of it, could not be read as what it is.",
    ),
    lint!(
        "empty-export",
        Error,
        Trust,
        "A file promises rules and holds none.",
    ),
    lint!(
        "incomplete-export",
        Warning,
        Trust,
        "An export leaves out what a verdict needs.",
    ),
    lint!(
        "unmodelled-match",
        Note,
        Trust,
        "A rule says something whose effect is not modelled.",
    ),
    lint!(
        "unbound-point",
        Error,
        Trust,
        "It is not known which host a point guards.",
    ),
    lint!(
        "unknown-role",
        Error,
        Trust,
        "It is not known which role a guarded host has.",
    ),
    lint!(
        "undeclared-role",
        Warning,
        Trust,
        "The site does not say where a core role is, so its rows are not judged.",
    ),
    lint!(
        "unverified-flow",
        Error,
        Trust,
        "Evidence that the site asks for is missing.",
    ),
    lint!(
        "stale-export",
        Warning,
        Trust,
        "An export is older than the site accepts.",
    ),
    lint!(
        "stale-port",
        Warning,
        Trust,
        "The default port is still open although the site moved it.",
    ),
    lint!(
        "expired-waiver",
        Error,
        Trust,
        "A waiver's last day is past.",
    ),
    lint!(
        "unused-waiver",
        Warning,
        Trust,
        "A waiver holds nothing down.",
    ),
];

/// A lint by its code.
#[must_use]
pub fn by_code(code: &str) -> Option<&'static LintMeta> {
    ALL.iter().find(|l| l.code == code)
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn codes_are_unique_and_kebab_case() {
        let mut codes: Vec<_> = ALL.iter().map(|l| l.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ALL.len());
        assert!(
            codes
                .iter()
                .all(|c| c.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        );
    }
}
