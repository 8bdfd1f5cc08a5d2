//! JUnit XML, as Jenkins, GitLab and Azure DevOps read it: a suite for each export, a test for each check of a requirement
//! and for each finding about none, and a suite for the requirements that no export was judged for.
//!
//! A test fails exactly where a finding fails the run, so that a pipeline is red when the exit status is 1.

use super::{RenderOptions, Report, words};
use crate::common::sanitize::{limited, text};
use crate::finding::Finding;
use crate::finding::outcome::{Check, ExportInfo, Outcome, RequirementResult, Status};
use quick_junit::{NonSuccessKind, Property, Report as Xml, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// The report as one `<testsuites>`.
pub(super) struct Junit;

impl Report for Junit {
    fn write(&self, o: &Outcome, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        let mut xml = Xml::new(env!("CARGO_PKG_NAME"));
        let mut told = BTreeSet::new();
        for e in &o.exports {
            let s = suite(o, e, &mut told);
            // Files that only stand beside rules have nothing to test.
            if !s.test_cases.is_empty() {
                xml.add_test_suite(s);
            }
        }
        xml.add_test_suite(rest(o, &told));
        xml.serialize(&mut *out).map_err(io::Error::other)?;
        out.write_all(b"\n")
    }
}

/// Numbers of the findings that a test tells.
type Told = BTreeSet<usize>;

fn suite(o: &Outcome, e: &ExportInfo, told: &mut Told) -> TestSuite {
    let mut s = TestSuite::new(text(&e.path));
    properties(o, &mut s);
    s.add_property(property("sha256", &e.sha256));
    s.add_property(property("format", e.format));
    for r in &o.requirements {
        for c in r.checks.iter().filter(|c| c.export == e.path) {
            s.add_test_case(check(o, r, c, told));
        }
    }
    let here = |f: &Finding| f.place.as_ref().is_some_and(|p| p.path == e.path);
    let own = o.findings.iter().enumerate();
    for (n, f) in own.filter(|(_, f)| f.requirement.is_none() && here(f)) {
        told.insert(n);
        s.add_test_case(finding(o, f));
    }
    s
}

/// Requirements without a check, and findings that stand in no export.
fn rest(o: &Outcome, told: &Told) -> TestSuite {
    let mut s = TestSuite::new(text(&o.matrix.id));
    properties(o, &mut s);
    for r in o.requirements.iter().filter(|r| r.checks.is_empty()) {
        let mut status = TestCaseStatus::skipped();
        status.set_type(r.status.as_str());
        status.set_message(limited(
            r.reason.as_deref().unwrap_or(r.status.as_str()),
            300,
        ));
        let mut case = TestCase::new(name(r), status);
        case.set_classname("requirement");
        s.add_test_case(case);
    }
    for (n, f) in o.findings.iter().enumerate() {
        if !told.contains(&n) {
            s.add_test_case(finding(o, f));
        }
    }
    s
}

fn properties(o: &Outcome, s: &mut TestSuite) {
    s.timestamp = o.evaluated_at.parse().ok();
    s.add_property(property(
        "tool",
        concat!("hylint ", env!("CARGO_PKG_VERSION")),
    ));
    s.add_property(property("verdict", &words::verdict(o)));
    s.add_property(property("counts", &words::counts(o)));
    s.add_property(property("matrix", &o.matrix.id));
    s.add_property(property("matrix.sha256", &o.matrix.sha256));
    if let Some(sha256) = &o.site.sha256 {
        s.add_property(property("site", &o.site.name));
        s.add_property(property("site.sha256", sha256));
    }
}

fn property(name: &str, value: &str) -> Property {
    Property::new(name, text(value))
}

fn name(r: &RequirementResult) -> String {
    format!(
        "row {} {}: {} to {}",
        r.row,
        text(&r.id),
        text(&r.from),
        text(&r.to)
    )
}

fn check(o: &Outcome, r: &RequirementResult, c: &Check, told: &mut Told) -> TestCase {
    let about = |f: &Finding| {
        (f.requirement.as_ref() == Some(&r.id) || f.also.contains(&r.row))
            && f.host == c.host
            && f.direction == Some(c.direction)
    };
    let own: Vec<(usize, &Finding)> = o
        .findings
        .iter()
        .enumerate()
        .filter(|(_, f)| f.requirement.is_some() && about(f))
        .collect();
    told.extend(own.iter().map(|(n, _)| *n));
    let failing = own.iter().map(|(_, f)| *f).find(|f| fails(o, f));
    let status = match (failing, c.status) {
        (Some(f), _) => failed(f),
        (None, Status::Satisfied) => TestCaseStatus::success(),
        (None, status) => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_type(status.as_str());
            skipped.set_message(why(r, status, own.first().map(|(_, f)| *f)));
            skipped
        }
    };
    let host = text(c.host.as_deref().unwrap_or("")).into_owned();
    let mut case = TestCase::new(format!("{} at {host} ({})", name(r), c.direction), status);
    case.set_classname(format!("{}.{host}", text(&c.point)));
    let mut said: Vec<String> = Vec::new();
    let by: Vec<String> = c.evidence.iter().map(words::decider).collect();
    if !by.is_empty() {
        said.push(format!("decided by {}", by.join(", ")));
    }
    // A check may fail for several reasons, and the element has room for one.
    let others = own
        .iter()
        .filter(|(_, f)| failing.is_none_or(|x| !std::ptr::eq(x, *f)));
    said.extend(others.map(|(_, f)| told_in_full(f)));
    if !said.is_empty() {
        case.set_system_out(said.join("\n\n"));
    }
    let place = failing
        .and_then(|f| f.place.as_ref())
        .or_else(|| c.evidence.iter().find_map(|e| e.place.as_ref()));
    if let Some(p) = place {
        at(&mut case, &p.path, p.start.line);
    }
    case
}

/// Why a check neither passes nor fails.
fn why(r: &RequirementResult, status: Status, f: Option<&Finding>) -> String {
    let said = f.map(|f| {
        let standing = words::suppressed(f).unwrap_or_else(|| f.severity.as_str().to_owned());
        format!("{standing}: {}", limited(&f.message, words::SENTENCE))
    });
    let reason = r.reason.as_deref().map(|t| limited(t, 300).into_owned());
    let more = said.or(reason);
    match more {
        Some(more) => format!("{}: {more}", status.as_str()),
        None => status.as_str().to_owned(),
    }
}

fn fails(o: &Outcome, f: &Finding) -> bool {
    f.is_active() && f.severity >= o.fail_on
}

fn failed(f: &Finding) -> TestCaseStatus {
    let kind = if f.code.is_trust() {
        NonSuccessKind::Error
    } else {
        NonSuccessKind::Failure
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(f.code.as_str());
    status.set_message(limited(&f.message, words::SENTENCE));
    status.set_description(described(f));
    status
}

/// The places and facts of a finding, a line each.
fn described(f: &Finding) -> String {
    let mut lines: Vec<String> = Vec::new();
    if let Some(p) = &f.place {
        lines.push(format!("{} {}", words::at(p), text(&f.label)));
    }
    let related = f.related.iter();
    lines.extend(related.map(|r| format!("{} {}", words::at(&r.place), text(&r.label))));
    let facts = words::facts(f).into_iter();
    lines.extend(facts.map(|(head, said)| format!("{head}: {said}")));
    lines.join("\n")
}

fn told_in_full(f: &Finding) -> String {
    let message = limited(&f.message, words::SENTENCE);
    format!(
        "{}[{}]: {message}\n{}",
        f.severity.as_str(),
        f.code,
        described(f)
    )
}

fn finding(o: &Outcome, f: &Finding) -> TestCase {
    let status = if fails(o, f) {
        failed(f)
    } else if f.is_active() {
        TestCaseStatus::success()
    } else {
        let mut skipped = TestCaseStatus::skipped();
        skipped.set_type(f.code.as_str());
        skipped.set_message(words::suppressed(f).unwrap_or_default());
        skipped
    };
    let passes = matches!(status, TestCaseStatus::Success { .. });
    let place = f.place.as_ref().map(words::at).unwrap_or_default();
    let mut case = TestCase::new(format!("{} {place}", f.code), status);
    case.set_classname("finding");
    if passes {
        // Below what fails the run: said, and green.
        case.set_system_out(told_in_full(f));
    }
    if let Some(p) = &f.place {
        at(&mut case, &p.path, p.start.line);
    }
    case
}

fn at(case: &mut TestCase, path: &str, line: u32) {
    case.extra.insert("file".into(), text(path).into());
    case.extra.insert("line".into(), line.to_string().into());
}
