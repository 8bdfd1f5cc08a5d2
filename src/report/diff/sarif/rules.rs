//! What a change does, as rules beside the lints.

use super::super::words;
use crate::finding::difference::ChangeKind;
use crate::lints;
use crate::report::sarif::rules::plain;
use crate::report::sarif::types::{PropertyBag, ReportingConfiguration, ReportingDescriptor};

/// A rule of a change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// Packets are decided otherwise.
    Packets(ChangeKind),
    /// A requirement's status is another one.
    Requirement,
    /// What decides whether a change passes is another.
    Policy,
}

impl Own {
    const EACH: [Self; 6] = [
        Self::Packets(ChangeKind::Opened),
        Self::Packets(ChangeKind::Conditional),
        Self::Packets(ChangeKind::Redirected),
        Self::Packets(ChangeKind::Closed),
        Self::Requirement,
        Self::Policy,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Packets(ChangeKind::Opened) => "diff/opened",
            Self::Packets(ChangeKind::Conditional) => "diff/conditional",
            Self::Packets(ChangeKind::Redirected) => "diff/redirected",
            Self::Packets(ChangeKind::Closed) => "diff/closed",
            Self::Requirement => "diff/requirement",
            Self::Policy => "diff/policy",
        }
    }

    /// Its place among all rules of the run: after the lints.
    pub(super) fn index(self) -> Option<i64> {
        let at = Self::EACH.iter().position(|o| *o == self)?;
        i64::try_from(lints::ALL.len() + at).ok()
    }

    fn level(self) -> &'static str {
        match self {
            Self::Packets(ChangeKind::Closed) => "note",
            _ => "error",
        }
    }
}

/// The rules of changes, in the order of their indexes.
pub(super) fn own() -> impl Iterator<Item = ReportingDescriptor> {
    Own::EACH.into_iter().map(|o| ReportingDescriptor {
        default_configuration: Some(ReportingConfiguration {
            level: Some(o.level()),
        }),
        full_description: Some(plain(words::about(o.id()))),
        help: Some(plain(words::HELP)),
        id: Some(o.id()),
        properties: Some(PropertyBag {
            tags: vec!["firewall", "change"],
            ..Default::default()
        }),
        short_description: Some(plain(words::about(o.id()))),
        ..Default::default()
    })
}
