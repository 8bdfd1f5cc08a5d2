//! What each lint is about: one page of Markdown for `hylint explain`, the help of machine formats, and the book.
//!
//! A page lies in `explain/CODE.md`. Its code blocks are files of a small site: the first word after the fence is the
//! language, the second the file's name, and `:LINE` behind it marks the line that the finding is at. The blocks under
//! [`REPORTED`] are a site in which the lint reports; those under [`NOT_REPORTED`] replace files of the same names, and
//! it does not. `tests/explain.rs` runs them.

use super::{Group, LintMeta, by_code};
use crate::finding::Code;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};

/// Head of the examples that are reported.
pub const REPORTED: &str = "Reported";
/// Head of the examples that are not.
pub const NOT_REPORTED: &str = "Not reported";

/// The whole page of a code, or of nothing where there is no such code.
#[must_use]
pub fn markdown(code: &str) -> Option<String> {
    by_code(code).map(page)
}

/// The whole page: what stands in the registry, the lint's own page, and how to waive it.
#[must_use]
pub fn page(lint: &LintMeta) -> String {
    format!(
        "# {}\n\n{}\n\n{}\n\n{}\n\n## How to waive it\n\n{}\n{}",
        lint.code,
        lint.summary,
        lint.page.trim(),
        standing(lint),
        waiving(lint),
        more(lint.code)
    )
}

/// Chapters of the book about what a code is about: title and path below `docs/`.
#[must_use]
pub fn chapters(code: Code) -> &'static [(&'static str, &'static str)] {
    match code {
        Code::MissingFlow
        | Code::BlockedFlow
        | Code::PartialFlow
        | Code::DisabledFlow
        | Code::NoReturnPath => &[
            ("Reading the report", "report.md#a-finding"),
            (
                "What a verdict rests on",
                "verdicts.md#a-flow-is-a-conversation",
            ),
        ],
        Code::ConditionalFlow => &[
            ("The site file: [resolve]", "site.md#resolve"),
            ("What a verdict rests on", "verdicts.md"),
        ],
        Code::AnyAny
        | Code::ExposedToInternet
        | Code::OverPermissiveSource
        | Code::OverPermissivePort
        | Code::UnneededFlow => &[
            ("The site file: [[allow]]", "site.md#allow"),
            ("What a verdict rests on: anyone", "verdicts.md#anyone"),
        ],
        Code::BypassesGateway => &[("The site file: [deployment]", "site.md#deployment")],
        Code::DefaultAllow | Code::FirewallOff => &[(
            "What a verdict rests on: layers",
            "verdicts.md#layers-that-an-export-names",
        )],
        Code::ShadowedRule
        | Code::RedundantRule
        | Code::ConflictingRule
        | Code::DuplicateName
        | Code::UnreferencedChain
        | Code::UnusedRule => &[(
            "Adopt hylint on an old site: levels of lints",
            "adopt.md#levels-of-lints",
        )],
        Code::NoListener => &[(
            "What a verdict rests on: the host's own listings",
            "verdicts.md#what-a-hosts-own-listings-say",
        )],
        Code::MalformedExport | Code::EmptyExport | Code::IncompleteExport => &[
            ("Export the firewalls", "export.md"),
            ("Troubleshooting", "troubleshooting.md#a-file-is-not-read"),
        ],
        Code::UnreadFile => &[
            ("Export the firewalls", "export.md"),
            ("Limits", "limits.md#what-hylint-does-not-read"),
        ],
        Code::UnmodelledMatch => &[("The formats", "formats.md")],
        Code::UnboundPoint => &[("The site file: [[host]]", "site.md#host")],
        Code::UnknownRole => &[
            ("The first site file", "first-site.md"),
            ("Export the firewalls", "export.md#say-what-a-file-is"),
        ],
        Code::UndeclaredRole => &[("The site file: [roles]", "site.md#roles")],
        Code::UnverifiedFlow | Code::StaleExport => &[("The site file: [check]", "site.md#check")],
        Code::StalePort => &[("The site file: [ports]", "site.md#ports")],
        Code::UnusedVia => &[("The site file: [[via]]", "site.md#via")],
        Code::ExpiredWaiver | Code::UnusedWaiver => {
            &[("Adopt hylint on an old site: waivers", "adopt.md#waivers")]
        }
    }
}

fn more(code: Code) -> String {
    let each = chapters(code).iter();
    let lines = each.map(|(title, path)| format!("- {title}: `docs/{path}`\n"));
    format!("## Read more\n\n{}", lines.collect::<String>())
}

/// Group and severity.
fn standing(lint: &LintMeta) -> String {
    let group = match lint.group {
        Group::Required => "**required**: a flow that the matrix requires does not pass",
        Group::Excess => "**excess**: something is open that nothing requires",
        Group::Hygiene => {
            "**hygiene**: rules that can never match, contradict each other or are repeated"
        }
        Group::Trust => "**trust**: hylint cannot rely on something in this run",
    };
    let off = match lint.group {
        Group::Trust => "; it cannot be switched off",
        Group::Required | Group::Excess | Group::Hygiene => "",
    };
    format!(
        "## Severity\n\nThe default is {}; a finding can be graver or milder. `[lints]` in hylint.toml changes it{off}. \
         Group {group}.",
        lint.severity.as_str()
    )
}

fn waiving(lint: &LintMeta) -> String {
    if matches!(lint.code, Code::ExpiredWaiver | Code::UnusedWaiver) {
        return "It cannot be waived: correct the waiver itself.\n".into();
    }
    let tie = match lint.group {
        Group::Required => "requirement = \"database.service-management\"  # or rule, or export",
        Group::Excess | Group::Hygiene | Group::Trust => {
            "export = \"sql1/*.rules\"  # or rule = \"its name\""
        }
    };
    let entry = format!(
        "In hylint.toml, with an owner and a last day:\n\n```toml\n[[waive]]\ncode = \"{}\"\n{tie}\nuntil = 2027-03-31\n\
         reason = \"CHG0012345\"\nowner = \"network team\"\n```\n",
        lint.code
    );
    let rest = match lint.group {
        Group::Trust => {
            "No comment in an export can waive it, and no baseline suppresses it: it says how far the run can be relied on."
                .to_owned()
        }
        _ => format!(
            "Or for one rule, in its comment or description, or on a `#` line right above it:\n\n```text\n\
             hylint: allow {} until=2027-03-31 reason=\"CHG0012345\" owner=\"network team\"\n```\n\n\
             Findings of the first day can go into a baseline: `hylint PATH --write-baseline FILE`, and from then on \
             `--baseline FILE`.",
            lint.code
        ),
    };
    format!("{entry}\n{rest}\n")
}

/// A file of an example.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExampleFile {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The line that the finding is at, if one is marked.
    pub line: Option<u32>,
}

/// Files of the examples under a head of level 2.
#[must_use]
pub fn examples(markdown: &str, head: &str) -> Vec<ExampleFile> {
    let mut out: Vec<ExampleFile> = Vec::new();
    let (mut in_head, mut title, mut here) = (false, String::new(), false);
    let mut open: Option<ExampleFile> = None;
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                in_head = level == HeadingLevel::H2;
                title.clear();
            }
            Event::End(TagEnd::Heading(_)) => {
                here = in_head && title == head;
                in_head = false;
            }
            Event::Text(t) if in_head => title.push_str(&t),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if here => {
                open = file(&info);
            }
            Event::Text(t) => {
                if let Some(f) = &mut open {
                    f.text.push_str(&t);
                }
            }
            Event::End(TagEnd::CodeBlock) => out.extend(open.take()),
            _ => {}
        }
    }
    out
}

/// The file of a fence such as `iptables sql1.rules:7`.
#[must_use]
pub fn file(info: &str) -> Option<ExampleFile> {
    let name = info.split_whitespace().nth(1)?;
    let (name, line) = match name.rsplit_once(':') {
        Some((name, line)) => (name, line.parse().ok()),
        None => (name, None),
    };
    Some(ExampleFile {
        name: name.to_owned(),
        text: String::new(),
        line,
    })
}
