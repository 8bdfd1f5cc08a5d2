//! What several findings have in common, so that a report shows them as one.

use super::code::Code;
use super::severity::Severity;
use crate::common::hash::digest;

/// The one thing that several findings come from: a rule that covers others, a rule that stands on many hosts, a group
/// that many hosts share, a peer that nothing declares.
///
/// A report shows the findings of one code, severity and cause once, with their number. Every finding still counts.
///
/// INVARIANT: the text that tells causes apart holds no line, file, host or count, so that the fold's fingerprint
/// survives another host, a moved rule and another run. What is about one host alone and may not be folded with the same
/// of another host has a text that names the host all the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    text: String,
    /// How the findings are told together.
    pub many: Option<Many>,
}

/// The sentence about several findings of one cause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Many {
    /// What the number before the sentence counts.
    pub counted: Counted,
    /// The sentence after the number; it begins with a plural noun: `rules can never match: line 974 …`.
    pub text: String,
}

/// What a fold counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counted {
    /// Places: rules, files, groups.
    Places,
    /// Hosts.
    Hosts,
    /// Rows of the matrix.
    Rows,
    /// Findings.
    Findings,
}

impl Cause {
    /// Of the particulars that tell it from others of its code: `["covered-by", normalized match of the covering rule]`.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        Self {
            text: parts.join("\0"),
            many: None,
        }
    }

    /// The same with a sentence of its own for several findings. Without one, the first finding's message stands, with
    /// the number of hosts, rows or places behind it.
    #[must_use]
    pub fn told(mut self, counted: Counted, text: impl Into<String>) -> Self {
        self.many = Some(Many {
            counted,
            text: text.into(),
        });
        self
    }

    /// The text that tells causes of one code apart.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The fingerprint of all findings of a code and severity with this cause: 32 hex digits, and no finding's own.
    #[must_use]
    pub fn fingerprint(&self, code: Code, severity: Severity) -> String {
        digest(&[
            "cause",
            code.in_fingerprints(),
            severity.as_str(),
            &self.text,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fold that changed its fingerprint with its wording would be another one after an update.
    #[test]
    fn the_sentence_does_not_count_and_all_else_does() {
        let cause = Cause::of(&["covered-by", "drop|any"]);
        let of = |c: &Cause, code, severity| c.fingerprint(code, severity);
        let one = of(&cause, Code::ShadowedRule, Severity::Warning);
        let told = cause.clone().told(Counted::Places, "rules can never match");
        assert_eq!(of(&told, Code::ShadowedRule, Severity::Warning), one);
        assert_ne!(of(&cause, Code::RedundantRule, Severity::Warning), one);
        assert_ne!(of(&cause, Code::ShadowedRule, Severity::Error), one);
        let other = Cause::of(&["covered-by", "drop|tcp"]);
        assert_ne!(of(&other, Code::ShadowedRule, Severity::Warning), one);
    }
}
