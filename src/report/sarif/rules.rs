//! The lints as rules.

use crate::finding::{Code, Severity};
use crate::lints::{self, Group, LintMeta};
use serde_json::json;
use serde_sarif::sarif::{
    MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor,
};
use std::collections::BTreeMap;

/// Every lint, in the order of the documentation.
pub(super) fn all() -> Vec<ReportingDescriptor> {
    lints::ALL.iter().map(rule).collect()
}

/// The rule of a code.
pub(super) fn index(code: Code) -> Option<i64> {
    let at = lints::ALL.iter().position(|l| l.code == code)?;
    i64::try_from(at).ok()
}

/// A text without Markdown.
pub(super) fn plain(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

fn rule(l: &LintMeta) -> ReportingDescriptor {
    let level = json!(super::level::level(l.severity));
    ReportingDescriptor::builder()
        .id(l.code.as_str())
        .name(pascal(l.code.as_str()))
        .short_description(plain(l.summary))
        .full_description(plain(l.summary))
        .help(help(l))
        .default_configuration(ReportingConfiguration::builder().level(level).build())
        .properties(properties(l))
        .build()
}

/// What `hylint explain CODE` says. The plain text is the Markdown, which reads well as it is.
fn help(l: &LintMeta) -> MultiformatMessageString {
    let page = lints::explain::page(l);
    MultiformatMessageString::builder()
        .text(page.clone())
        .markdown(page)
        .build()
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
    let mut tags = vec!["firewall".to_owned(), l.group.as_str().to_owned()];
    let recommendation = match l.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "recommendation",
    };
    let mut more = BTreeMap::from([
        ("precision".to_owned(), json!("very-high")),
        ("problem.severity".to_owned(), json!(recommendation)),
    ]);
    if l.group == Group::Excess {
        tags.push("security".to_owned());
        let score = match l.severity {
            Severity::Error => "8.0",
            Severity::Warning => "5.5",
            Severity::Note => "2.0",
        };
        more.insert("security-severity".to_owned(), json!(score));
    }
    PropertyBag::builder()
        .tags(tags)
        .additional_properties(more)
        .build()
}
