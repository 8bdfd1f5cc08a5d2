//! SARIF 2.1.0 (OASIS, 27 March 2020), as code scanning of GitHub, Azure DevOps and editors read it.
//!
//! Every lint is a rule, whether or not it reports. A finding that is suppressed stays as a suppressed result. What the run
//! could not read, bind or prove is a notification of the invocation.

mod invocation;
mod level;
mod place;
mod rules;

use super::{RenderOptions, Report, words, write_json};
use crate::common::sanitize::{limited, text};
use crate::finding::outcome::Outcome;
use crate::finding::{Finding, Waiver};
use level::level;
use place::{Artifacts, location, message};
use serde_json::{Value, json};
use serde_sarif::sarif::{
    PropertyBag, Result as SarifResult, ResultBaselineState, ResultColumnKind, Run,
    RunAutomationDetails, Sarif, Suppression, SupressionKind, SupressionStatus, Tool,
    ToolComponent,
};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Where the schema of the form is published.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Name and version of the fingerprint, as SARIF asks for.
const FINGERPRINT: &str = "hylint/v1";

/// The report as one SARIF log with one run.
pub(super) struct SarifLog;

impl Report for SarifLog {
    fn write(&self, o: &Outcome, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        let log = Sarif::builder()
            .schema(SCHEMA)
            .version(json!("2.1.0"))
            .runs(vec![run(o)])
            .build();
        write_json(&log, out)
    }
}

fn run(o: &Outcome) -> Run {
    let artifacts = Artifacts::of(o);
    let driver = ToolComponent::builder()
        .name(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .short_description(rules::plain(env!("CARGO_PKG_DESCRIPTION")))
        .rules(rules::all())
        .notifications(invocation::descriptors())
        .build();
    let results: Vec<SarifResult> = o
        .findings
        .iter()
        .map(|f| result(o, &artifacts, f))
        .collect();
    Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .automation_details(RunAutomationDetails::builder().id(automation(o)).build())
        .column_kind(json!(ResultColumnKind::UnicodeCodePoints))
        .newline_sequences(vec!["\r\n".to_owned(), "\n".to_owned()])
        .original_uri_base_ids(place::bases())
        .invocations(vec![invocation::invocation(o, &artifacts)])
        .results(results)
        .properties(bag(run_properties(o)))
        .artifacts(artifacts.list)
        .build()
}

/// What makes runs of one site one series: `hylint/MATRIX/SITE/`.
fn automation(o: &Outcome) -> String {
    let slug = |s: &str| {
        let words = s.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<_> = words.filter(|w| !w.is_empty()).take(12).collect();
        words.join("-").to_lowercase()
    };
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

fn bag(properties: Vec<(&'static str, Value)>) -> PropertyBag {
    let kept = properties.into_iter().filter(|(_, v)| !v.is_null());
    let map: BTreeMap<String, Value> = kept.map(|(k, v)| (k.to_owned(), v)).collect();
    PropertyBag::builder().additional_properties(map).build()
}

fn result(o: &Outcome, artifacts: &Artifacts, f: &Finding) -> SarifResult {
    let related: Vec<_> = f
        .related
        .iter()
        .enumerate()
        .map(|(n, r)| location(artifacts, &r.place, Some((n + 1, &r.label))))
        .collect();
    let mut r = SarifResult::builder()
        .rule_id(f.code.as_str())
        .level(level(f.severity))
        .message(message(&said(f)))
        .locations(vec![place::primary(o, artifacts, f)])
        .partial_fingerprints(BTreeMap::from([(
            FINGERPRINT.to_owned(),
            f.fingerprint.clone(),
        )]))
        .properties(bag(properties(f)))
        .build();
    r.rule_index = rules::index(f.code);
    r.related_locations = (!related.is_empty()).then_some(related);
    // An empty list says that suppressions were looked at and there is none.
    r.suppressions = Some(suppressions(o, artifacts, f));
    r.baseline_state = o.baseline.as_ref().map(|_| {
        json!(if f.baselined {
            ResultBaselineState::Unchanged
        } else {
            ResultBaselineState::New
        })
    });
    r
}

/// The message, what to do, and links to the related places; all text is plain.
fn said(f: &Finding) -> String {
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

fn properties(f: &Finding) -> Vec<(&'static str, Value)> {
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
    let known = o.baseline.as_ref().filter(|_| f.baselined).map(|b| {
        Suppression::builder()
            .kind(json!(SupressionKind::External))
            .status(json!(SupressionStatus::Accepted))
            .justification(format!("in the baseline {}", text(&b.path)))
            .build()
    });
    waived.into_iter().chain(known).collect()
}

fn waived(artifacts: &Artifacts, w: &Waiver) -> Suppression {
    let kind = if w.inline {
        SupressionKind::InSource
    } else {
        SupressionKind::External
    };
    let mut s = Suppression::builder()
        .kind(json!(kind))
        .status(json!(SupressionStatus::Accepted))
        .justification(words::waiver(w))
        .properties(bag(vec![
            ("owner", json!(w.owner)),
            ("until", json!(w.until.to_string())),
        ]))
        .build();
    s.location = w.place.as_ref().map(|p| location(artifacts, p, None));
    s
}
