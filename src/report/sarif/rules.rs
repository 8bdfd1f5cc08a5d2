//! The lints as rules.

use super::types::{
    MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor,
};
use crate::finding::{Code, Severity};
use crate::lints::{self, Group, LintMeta};
use serde_json::json;
use std::collections::BTreeMap;

/// Every lint, in the order of the documentation.
pub(in crate::report) fn all() -> Vec<ReportingDescriptor> {
    lints::ALL.iter().map(rule).collect()
}

/// The rule of a code.
pub(in crate::report) fn index(code: Code) -> Option<i64> {
    let at = lints::ALL.iter().position(|l| l.code == code)?;
    i64::try_from(at).ok()
}

/// A text without Markdown.
pub(in crate::report) fn plain(text: &str) -> MultiformatMessageString {
    MultiformatMessageString {
        text: Some(text.to_owned()),
        ..Default::default()
    }
}

fn rule(l: &LintMeta) -> ReportingDescriptor {
    ReportingDescriptor {
        default_configuration: Some(ReportingConfiguration {
            level: Some(super::level::level(l.severity)),
        }),
        full_description: Some(plain(l.summary)),
        help: Some(help(l)),
        id: Some(l.code.as_str()),
        name: Some(pascal(l.code.as_str())),
        properties: Some(properties(l)),
        short_description: Some(plain(l.summary)),
    }
}

/// What `hylint explain CODE` says. The plain text is the Markdown, which reads well as it is.
fn help(l: &LintMeta) -> MultiformatMessageString {
    let page = lints::explain::page(l);
    MultiformatMessageString {
        markdown: Some(page.clone()),
        text: Some(page),
    }
}

/// `any-any` as `AnyAny`, the form that SARIF proposes for names.
fn pascal(code: &str) -> String {
    code.split('-')
        .map(|w| {
            let mut letters = w.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

/// Tags, and what GitHub sorts security alerts by. Only what opens too much is a weakness of security; a flow that is
/// missing or a file that cannot be read keeps its level.
fn properties(l: &LintMeta) -> PropertyBag {
    let mut tags = vec!["firewall", l.group.as_str()];
    let recommendation = match l.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "recommendation",
    };
    let mut more = BTreeMap::from([
        ("precision", json!("very-high")),
        ("problem.severity", json!(recommendation)),
    ]);
    if l.group == Group::Excess {
        tags.push("security");
        let score = match l.severity {
            Severity::Error => "8.0",
            Severity::Warning => "5.5",
            Severity::Note => "2.0",
        };
        more.insert("security-severity", json!(score));
    }
    PropertyBag { tags, more }
}
