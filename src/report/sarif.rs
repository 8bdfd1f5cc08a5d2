//! SARIF 2.1.0 (OASIS, 27 March 2020), as code scanning of GitHub, Azure DevOps and editors read it.
//!
//! Every lint is a rule, whether or not it reports. A finding that is suppressed stays as a suppressed result. What the run
//! could not read, bind or prove is a notification of the invocation.

mod invocation;
pub(super) mod level;
pub(super) mod place;
pub(super) mod rules;
pub(super) mod types;

use super::{RenderOptions, Report, words, write_json};
use crate::common::sanitize::{limited, text};
use crate::finding::outcome::Outcome;
use crate::finding::{Finding, Waiver};
use level::level;
use place::{Artifacts, location, message};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use types::{
    PropertyBag, Run, RunAutomationDetails, Sarif, SarifResult, Suppression, Tool, ToolComponent,
};

/// Where the schema of the form is published.
pub(super) const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Name and version of the fingerprint, as SARIF asks for.
pub(super) const FINGERPRINT: &str = "hylint/v1";

/// The report as one SARIF log with one run.
pub(super) struct SarifLog;

impl Report for SarifLog {
    fn write(&self, o: &Outcome, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        let log = Sarif {
            schema: SCHEMA,
            runs: vec![run(o)],
            version: "2.1.0",
        };
        write_json(&log, out)
    }
}

fn run(o: &Outcome) -> Run {
    let artifacts = Artifacts::of(o);
    let driver = ToolComponent {
        name: Some(env!("CARGO_PKG_NAME")),
        notifications: Some(invocation::descriptors()),
        rules: Some(rules::all()),
        semantic_version: Some(env!("CARGO_PKG_VERSION")),
        short_description: Some(rules::plain(env!("CARGO_PKG_DESCRIPTION"))),
        version: Some(env!("CARGO_PKG_VERSION")),
    };
    let results: Vec<SarifResult> = o
        .findings
        .iter()
        .map(|f| result(o, &artifacts, f))
        .collect();
    Run {
        automation_details: Some(RunAutomationDetails {
            id: Some(automation(o)),
        }),
        column_kind: Some("unicodeCodePoints"),
        invocations: Some(vec![invocation::invocation(o, &artifacts)]),
        newline_sequences: Some(vec!["\r\n", "\n"]),
        original_uri_base_ids: Some(place::bases()),
        properties: Some(bag(run_properties(o))),
        results: Some(results),
        tool: Some(Tool {
            driver: Some(driver),
        }),
        artifacts: Some(artifacts.list),
    }
}

/// A name as a part of an id.
pub(super) fn slug(s: &str) -> String {
    let words = s.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|w| !w.is_empty()).take(12).collect();
    words.join("-").to_lowercase()
}

/// What makes runs of one site one series: `hylint/MATRIX/SITE/`.
fn automation(o: &Outcome) -> String {
    let site = slug(&o.site.name);
    let site = if site.is_empty() { "site" } else { &site };
    format!("{}/{}/{site}/", env!("CARGO_PKG_NAME"), slug(&o.matrix.id))
}

fn run_properties(o: &Outcome) -> Vec<(&'static str, Value)> {
    let c = o.counts();
    vec![
        ("evaluatedAt", json!(o.evaluated_at)),
        (
            "matrix",
            json!({ "id": o.matrix.id, "version": o.matrix.version, "sha256": o.matrix.sha256 }),
        ),
        (
            "site",
            json!({ "name": o.site.name, "sha256": o.site.sha256 }),
        ),
        ("verdict", json!(words::verdict(o))),
        ("counts", json!(words::counts(o))),
        ("requirements", json!(words::statuses(o))),
        (
            "findings",
            json!({ "errors": c.errors, "warnings": c.warnings, "notes": c.notes, "waived": c.waived, "baselined": c.baselined }),
        ),
        ("limits", json!(o.limits)),
        ("lintsChanged", json!(o.lints_changed)),
    ]
}

pub(super) fn bag(properties: Vec<(&'static str, Value)>) -> PropertyBag {
    let kept = properties.into_iter().filter(|(_, v)| !v.is_null());
    PropertyBag {
        tags: Vec::new(),
        more: kept.collect(),
    }
}

fn result(o: &Outcome, artifacts: &Artifacts, f: &Finding) -> SarifResult {
    let related: Vec<_> = f
        .related
        .iter()
        .enumerate()
        .map(|(n, r)| location(artifacts, &r.place, Some((n + 1, &r.label))))
        .collect();
    SarifResult {
        baseline_state: o
            .baseline
            .as_ref()
            .map(|_| if f.baselined { "unchanged" } else { "new" }),
        level: Some(level(f.severity)),
        locations: Some(vec![place::primary(o, artifacts, f)]),
        message: Some(message(&said(f))),
        partial_fingerprints: Some(BTreeMap::from([(FINGERPRINT, f.fingerprint.clone())])),
        properties: Some(bag(properties(f))),
        related_locations: (!related.is_empty()).then_some(related),
        rule_id: Some(f.code.as_str()),
        rule_index: rules::index(f.code),
        // An empty list says that suppressions were looked at and there is none.
        suppressions: Some(suppressions(o, artifacts, f)),
    }
}

/// The message, what to do, and links to the related places; all text is plain.
pub(super) fn said(f: &Finding) -> String {
    let mut said = place::plain(&limited(&f.message, words::SENTENCE));
    if let Some(help) = &f.help {
        said.push_str("\nHelp: ");
        said.push_str(&place::plain(&limited(help, words::SENTENCE)));
    }
    for (n, r) in f.related.iter().enumerate().take(6) {
        // A link by number is the form that viewers make clickable.
        said.push_str(&format!(
            "\nSee also: [{}]({})",
            place::in_link(&text(&r.label)),
            n + 1
        ));
    }
    said
}

pub(super) fn properties(f: &Finding) -> Vec<(&'static str, Value)> {
    vec![
        ("requirement", json!(f.requirement)),
        ("row", json!(f.row)),
        ("also", json!(f.also)),
        ("host", json!(f.host)),
        ("point", json!(f.point)),
        (
            "direction",
            json!(f.direction.map(hylint_model::Direction::as_str)),
        ),
        ("rule", json!(f.rule)),
        ("pairs", json!(f.pairs)),
        ("pairsTotal", json!(f.pairs_total)),
        (
            "excess",
            json!(f.excess.iter().map(|p| &p.text).collect::<Vec<_>>()),
        ),
        ("excessTotal", json!(f.excess_total)),
        ("witness", json!(f.witness)),
        ("assumptions", json!(f.assumptions)),
        ("impact", json!(f.impact)),
    ]
}

fn suppressions(o: &Outcome, artifacts: &Artifacts, f: &Finding) -> Vec<Suppression> {
    let waived = f.waived.as_ref().map(|w| waived(artifacts, w));
    let baseline = o.baseline.as_ref().filter(|_| f.baselined);
    let known = baseline.map(|b| Suppression {
        justification: Some(format!("in the baseline {}", text(&b.path))),
        kind: Some("external"),
        status: Some("accepted"),
        ..Default::default()
    });
    waived.into_iter().chain(known).collect()
}

pub(super) fn waived(artifacts: &Artifacts, w: &Waiver) -> Suppression {
    Suppression {
        justification: Some(words::waiver(w)),
        kind: Some(if w.inline { "inSource" } else { "external" }),
        location: w.place.as_ref().map(|p| location(artifacts, p, None)),
        properties: Some(bag(vec![
            ("owner", json!(w.owner)),
            ("until", json!(w.until.to_string())),
        ])),
        status: Some("accepted"),
    }
}
