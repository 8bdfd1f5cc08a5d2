//! Runs a case and compares what was found with what was expected.

use super::advice::{self, Advice};
use super::mutate::{Case, Expect, Mutation, Platform, Spot};
use super::page::Page;
use super::{aws, azure, iptables, netsh};
use hylint::finding::outcome::{Outcome, Status};
use hylint::finding::{Place, Severity};
use hylint::session::{Request, check};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// A place as far as it is compared.
#[derive(Clone, Debug)]
pub struct At {
    path: String,
    start: (u32, u32),
    /// None where the report does not say it.
    end: Option<(u32, u32)>,
}

/// A finding as far as it is compared.
#[derive(Clone, Debug)]
pub struct Found {
    code: String,
    severity: String,
    rows: Vec<u32>,
    direction: Option<String>,
    host: Option<String>,
    place: Option<At>,
    related: Vec<At>,
}

/// What a run said.
#[derive(Debug)]
pub struct Report {
    findings: Vec<Found>,
    /// Status of the row.
    status: String,
    /// Status of the row's checks in the direction of the case.
    checks: Vec<String>,
}

fn pages(case: &Case<'_>, rules: &[super::plan::Rule]) -> Vec<Page> {
    match case.platform {
        Platform::Netsh => vec![netsh::export(rules, case.style())],
        Platform::Iptables => vec![iptables::export(rules, case.style())],
        Platform::Aws => aws::export(rules),
        Platform::Azure => vec![azure::export(rules, case.style())],
    }
}

/// Runs a case, and the `trace` commands of its findings if `traces`; the error says what is wrong. `None` if the case does not exist, with the reason.
pub fn run(
    case: &Case<'_>,
    binary: bool,
    traces: bool,
) -> Result<Result<(), String>, &'static str> {
    let (rules, expect) = case.build()?;
    let pages = pages(case, &rules);
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("h1")).unwrap();
    let mut site = case.plan.site();
    if case.platform == Platform::Aws {
        site = site.replace(
            "exports = [\"h1/*\"]\n",
            "exports = [\"h1/*\"]\npoints = [\"sg-0d77f618b5fa1bf94\", \"acl-0ea3cc240c0704a7d\"]\n",
        );
    }
    if case.platform == Platform::Netsh {
        site = site.replace(
            "exports = [\"h1/*\"]\n",
            "exports = [\"h1/*\"]\nprofile = \"domain\"\n",
        );
    }
    std::fs::write(dir.path().join("hylint.toml"), &site).unwrap();
    for p in &pages {
        std::fs::write(dir.path().join("h1").join(p.name), &p.text).unwrap();
    }
    let report = if binary {
        by_binary(case, dir.path())
    } else {
        in_process(case, dir.path())
    };
    let result = report.and_then(|r| {
        compare(case, &expect, &pages, &r).map_err(|e| {
            let found: Vec<String> = r
                .findings
                .iter()
                .filter(|f| f.severity != "note")
                .map(|f| format!("    {f:?}"))
                .collect();
            format!(
                "{e}\n    row {}, checks {:?}\n{}",
                r.status,
                r.checks,
                found.join("\n")
            )
        })
    });
    let result = result.and_then(|()| advised(case, dir.path(), traces).map(|_| ()));
    if result.is_err() && std::env::var_os("HYLINT_KEEP_MUTATIONS").is_some() {
        let kept = dir.keep();
        return Ok(result.map_err(|e| format!("{e}\n    kept in {}", kept.display())));
    }
    Ok(result)
}

fn compare(
    case: &Case<'_>,
    expect: &Expect,
    pages: &[Page],
    report: &Report,
) -> Result<(), String> {
    let dir = Some(case.dir.as_str().to_owned());
    let row = case.req.row;
    let rows = &case.plan.rule(row, case.dir).rows;
    let loud = || report.findings.iter().filter(|f| f.severity != "note");
    if case.mutation == Mutation::Compliant
        && let Some(f) = loud().next()
    {
        return Err(format!("a compliant export has {}", f.code.as_str()));
    }
    if case.mutation == Mutation::Compliant || case.mutation.excess() {
        let satisfied = report.checks.iter().all(|s| s == "satisfied");
        if report.checks.is_empty() || !satisfied {
            return Err("the row is open and not satisfied".into());
        }
    } else if report.status != "violated" {
        return Err("the row is not violated".into());
    }
    let Some(place) = &expect.place else {
        return Ok(());
    };
    let of_case = |f: &&Found| {
        let on_row = case.mutation.excess() || f.rows.contains(&row);
        f.direction == dir
            && f.host.as_deref() == Some("h1")
            && expect.codes.contains(&f.code.as_str())
            && on_row
    };
    let hits: Vec<&Found> = loud().filter(of_case).collect();
    if hits.is_empty() {
        return Err(format!("no {:?} on the row", expect.codes));
    }
    let placed: Vec<&&Found> = hits
        .iter()
        .filter(|f| f.place.iter().any(|at| stands(at, place, pages)))
        .collect();
    let Some(found) = placed.first() else {
        return Err(format!("not at {place:?}"));
    };
    if let Some(want) = &expect.related
        && !placed
            .iter()
            .any(|f| f.related.iter().any(|at| stands(at, want, pages)))
    {
        return Err(format!("related is not {want:?}"));
    }
    let severity = if case.mutation.excess() || case.req.mandatory {
        "error"
    } else {
        "warning"
    };
    if !case.mutation.excess() && found.severity != severity {
        return Err(format!("the severity is {}", found.severity));
    }
    // Nothing else is wrong with this export.
    let about = |at: &At| {
        expect.touched.iter().any(|key| {
            pages
                .iter()
                .any(|p| at.path.ends_with(p.name) && inside(at.start.0, p.marks(key)))
        })
    };
    let stray = loud().find(|f| {
        let required = f.direction == dir && f.rows.iter().any(|r| rows.contains(r));
        let hygiene = matches!(f.code.as_str(), "shadowed-rule" | "conflicting-rule");
        !(required || hygiene || f.place.iter().any(about))
    });
    match stray {
        Some(f) => Err(format!("{} has nothing to do with it", f.code.as_str())),
        None => Ok(()),
    }
}

fn inside(line: u32, marks: &[super::page::Lines]) -> bool {
    marks.iter().any(|(a, b)| (*a..=*b).contains(&line))
}

/// Whether a place is in the marked lines and says what it should.
fn stands(at: &At, spot: &Spot, pages: &[Page]) -> bool {
    pages.iter().any(|p| {
        let marked = p.marks(&spot.key).iter();
        let Some(lines) = marked.copied().find(|l| inside(at.start.0, &[*l])) else {
            return false;
        };
        let text = p.between(at.start, at.end.unwrap_or((lines.1, u32::MAX)));
        at.path.ends_with(&format!("h1/{}", p.name))
            && !text.is_empty()
            && text.contains(&spot.says)
    })
}

fn at(p: &Place) -> At {
    At {
        path: p.path.to_string(),
        start: (p.start.line, p.start.column),
        end: Some((p.end.line, p.end.column)),
    }
}

/// Takes the advice of each finding on the row of a case: how much of it there was. The error says what did not help.
pub fn advised(case: &Case<'_>, dir: &Path, traces: bool) -> Result<Advice, String> {
    let all = advice::findings(dir)?;
    let mut sum = Advice::default();
    let row = case.req.row;
    let on_row = |f: &&hylint::finding::Finding| {
        let required = f.row == Some(row) || f.also.contains(&row);
        required && f.severity > Severity::Note
    };
    for f in all.iter().filter(on_row) {
        if f.reproduce.is_empty() {
            return Err(format!("no trace: {}", f.message));
        }
        if f.commands.is_empty() {
            return Err(format!("no command: {}", f.message));
        }
        let one = advice::take(dir, &all, f, traces)?;
        sum.traced += one.traced;
        sum.applied += one.applied;
    }
    Ok(sum)
}

fn in_process(case: &Case<'_>, dir: &Path) -> Result<Report, String> {
    let request = Request {
        at: "2026-11-23T00:00:00Z".parse().unwrap(),
        threads: 1,
        ..Request::new([dir])
    };
    let outcome = check(&request).map_err(|all| format!("it did not run: {}", all[0].message))?;
    Ok(report(case, &outcome))
}

fn report(case: &Case<'_>, outcome: &Outcome) -> Report {
    let found = |f: &hylint::finding::Finding| Found {
        code: f.code.as_str().to_owned(),
        severity: f.severity.as_str().to_owned(),
        rows: f.row.into_iter().chain(f.also.iter().copied()).collect(),
        direction: f.direction.map(|d| d.to_string()),
        host: f.host.clone(),
        place: f.place.as_ref().map(at),
        related: f.related.iter().map(|r| at(&r.place)).collect(),
    };
    let row = outcome.requirements.iter().find(|r| r.row == case.req.row);
    let row = row.unwrap();
    let checks = row
        .checks
        .iter()
        .filter(|c| c.direction.as_str() == case.dir.as_str());
    debug_assert!(Severity::Note < Severity::Warning && Status::Violated < Status::Satisfied);
    Report {
        findings: outcome.findings.iter().map(found).collect(),
        status: row.status.as_str().to_owned(),
        checks: checks.map(|c| c.status.as_str().to_owned()).collect(),
    }
}

fn by_binary(case: &Case<'_>, dir: &Path) -> Result<Report, String> {
    let done = Command::new(env!("CARGO_BIN_EXE_hylint"))
        .args(["check", ".", "--format", "json", "--threads", "1"])
        .current_dir(dir)
        .env_clear()
        .output()
        .unwrap();
    let bad = case.mutation != Mutation::Compliant;
    let json: Value = serde_json::from_slice(&done.stdout)
        .map_err(|e| format!("{e}: {}", String::from_utf8_lossy(&done.stderr)))?;
    let errors = json["summary"]["errors"].as_u64().unwrap();
    let status = done.status.code().unwrap_or(-1);
    if status != i32::from(errors > 0) || (!bad && status != 0) {
        return Err(format!("exit status {status} with {errors} errors"));
    }
    let text = |v: &Value| v.as_str().map(str::to_owned);
    let number = |v: &Value| v.as_u64().map(|n| n as u32);
    let spot = |f: &Value| {
        Some(At {
            path: text(&f["path"])?,
            start: (number(&f["line"])?, number(&f["column"])?),
            end: number(&f["end_line"]).zip(number(&f["end_column"])),
        })
    };
    let found = |f: &Value| Found {
        code: text(&f["code"]).unwrap(),
        severity: text(&f["severity"]).unwrap(),
        rows: std::iter::once(&f["row"])
            .chain(f["also"].as_array().unwrap())
            .filter_map(number)
            .collect(),
        direction: text(&f["direction"]),
        host: text(&f["host"]),
        place: spot(f),
        related: f["related"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(spot)
            .collect(),
    };
    let rows = json["requirements"].as_array().unwrap();
    let row = rows.iter().find(|r| r["row"] == case.req.row).unwrap();
    let checks = row["checks"].as_array().unwrap().iter();
    Ok(Report {
        findings: json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(found)
            .collect(),
        status: text(&row["status"]).unwrap(),
        checks: checks
            .filter(|c| c["direction"] == case.dir.as_str())
            .filter_map(|c| text(&c["status"]))
            .collect(),
    })
}
