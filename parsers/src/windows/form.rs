//! How a form of a rule set speaks: what it calls the fields, and what to do where it says too little.

use super::words::Label;

/// One form.
#[derive(Debug)]
pub(crate) struct Form {
    /// What it calls a field.
    pub(crate) label: fn(Label) -> &'static str,
    /// What to do for a full export.
    pub(crate) full: &'static str,
    /// What to do about a word that is not known.
    pub(crate) unknown: &'static str,
    /// What to do about a field that is not there.
    pub(crate) missing: &'static str,
    /// What a rule that tells nothing of programs and services lacks, behind `n of m rules`; and how that was told at first.
    pub(crate) brief: (&'static str, &'static str),
    /// Whether fields that are not there are what makes a rule brief, which is told once for all, and no damage.
    pub(crate) may_lack_fields: bool,
    /// Whether ICMP types stand under a heading.
    pub(crate) icmp_heading: bool,
    /// Whether it names the app package of a rule, so that the texts of the rule need not be looked at for signs of one.
    pub(crate) names_packages: bool,
}

impl Form {
    /// Whether a rule has every field, so that one that is not there is damage.
    pub(crate) const fn prints_every_field(&self) -> bool {
        self.icmp_heading
    }
}
