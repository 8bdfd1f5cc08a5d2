//! SARIF 2.1.0: findings as `check` has them, new or absent, and what the change does as results of rules of its own, at the
//! line that decides after the change.

mod results;
mod rules;

use super::DiffReport;
use super::words;
use crate::finding::difference::{Difference, State};
use crate::report::sarif::place::{self, Artifacts, message, plain};
use crate::report::sarif::rules::{all, plain as text};
use crate::report::sarif::types::{
    Invocation, Notification, ReportingDescriptor, Run, RunAutomationDetails, Sarif, Tool,
    ToolComponent,
};
use crate::report::sarif::{SCHEMA, bag, slug};
use crate::report::{RenderOptions, write_json};
use serde_json::{Value, json};
use std::io::{self, Write};

/// The report as one SARIF log with one run.
pub(super) struct SarifLog;

impl DiffReport for SarifLog {
    fn write(&self, d: &Difference, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        let log = Sarif {
            schema: SCHEMA,
            runs: vec![run(d)],
            version: "2.1.0",
        };
        write_json(&log, out)
    }
}

fn run(d: &Difference) -> Run {
    let mut artifacts = Artifacts::default();
    artifacts.add(&d.new.exports, &d.new.site);
    artifacts.add(&d.old.exports, &d.old.site);
    let limits = ReportingDescriptor {
        id: Some("limits"),
        short_description: Some(text("What the comparison does not cover.")),
        ..Default::default()
    };
    let driver = ToolComponent {
        name: Some(env!("CARGO_PKG_NAME")),
        notifications: Some(vec![limits]),
        rules: Some(all().into_iter().chain(rules::own()).collect()),
        semantic_version: Some(env!("CARGO_PKG_VERSION")),
        short_description: Some(text(env!("CARGO_PKG_DESCRIPTION"))),
        version: Some(env!("CARGO_PKG_VERSION")),
    };
    Run {
        automation_details: Some(RunAutomationDetails {
            id: Some(automation(d)),
        }),
        column_kind: Some("unicodeCodePoints"),
        invocations: Some(vec![invocation(d)]),
        newline_sequences: Some(vec!["\r\n", "\n"]),
        original_uri_base_ids: Some(place::bases()),
        properties: Some(bag(properties(d))),
        results: Some(results::all(d, &artifacts)),
        tool: Some(Tool {
            driver: Some(driver),
        }),
        artifacts: Some(artifacts.list),
    }
}

/// What makes reviews of one site one series, apart from its checks: `hylint/diff/SITE/`.
fn automation(d: &Difference) -> String {
    let site = slug(&d.new.site.name);
    let site = if site.is_empty() { "site" } else { &site };
    format!("{}/diff/{site}/", env!("CARGO_PKG_NAME"))
}

fn invocation(d: &Difference) -> Invocation {
    let code = match words::gate(d) {
        "PASSED" => 0,
        "FAILED" => 1,
        _ => 2,
    };
    let limits = words::limits(d).into_iter().map(|l| Notification {
        descriptor: Some(crate::report::sarif::types::ReportingDescriptorReference {
            id: Some("limits".to_owned()),
            index: Some(0),
        }),
        level: Some("note"),
        message: Some(message(&plain(&l))),
        ..Default::default()
    });
    Invocation {
        execution_successful: Some(d.compared()),
        exit_code: Some(code),
        exit_code_description: Some(words::verdict(d)),
        tool_execution_notifications: Some(limits.collect()),
    }
}

fn properties(d: &Difference) -> Vec<(&'static str, Value)> {
    let side = |s: &State| {
        let (m, site) = (&s.matrix, &s.site);
        json!({
            "name": s.name,
            "matrix": { "id": m.id, "version": m.version, "sha256": m.sha256 },
            "site": { "name": site.name, "sha256": site.sha256 },
        })
    };
    let files = d.old.exports.iter();
    let files = files.map(|e| json!({ "path": &*e.path, "sha256": e.sha256 }));
    let files: Vec<Value> = files.collect();
    vec![
        ("evaluatedAt", json!(d.evaluated_at)),
        ("verdict", json!(words::verdict(d))),
        ("compared", json!(words::compared(d))),
        ("old", side(&d.old)),
        ("new", side(&d.new)),
        ("exportsBefore", json!(files)),
        ("hostsAdded", json!(d.hosts.added)),
        ("hostsRemoved", json!(d.hosts.removed)),
    ]
}
