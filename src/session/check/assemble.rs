//! From what the parts found to the report: levels, waivers, order and names of the findings.

use super::basis::Basis;
use super::results::{assumptions, infos, result};
use super::whole::Whole;
use crate::finding::outcome::{MatrixInfo, Narrowed, Outcome, RequirementResult, SiteInfo, Status};
use crate::finding::{Code, Finding, Identity, Severity, fingerprint};
use crate::lints::trust;
use crate::lints::undeclared::{self, Asked, HeldUp};
use crate::load::Heads;
use crate::session::Request;
use crate::session::suppress::{self, WaiverScope};
use crate::site::{Config, LintLevel, Site};
use std::collections::BTreeSet;
use std::path::Path;

/// What "satisfied" does not mean; part of every report.
const LIMITS: [&str; 4] = [
    "satisfied: every exported layer that is bound to a host allows the flow and its replies",
    "routes and listening services are not checked",
    "a layer that was not exported may still block a flow",
    "exports are judged as written; the running systems may have changed since",
];

/// What the report says.
pub(super) fn outcome(basis: &Basis<'_>, whole: Whole) -> Outcome {
    let material = basis.material;
    let (request, config) = (&material.request, material.config.as_ref());
    let site = basis.flows.site;
    let matrix = basis.flows.matrix;
    let rows = basis.rows.iter().zip(whole.rows);
    let mut requirements: Vec<RequirementResult> = rows
        .map(|(row, (v, checks))| result(row, v, checks))
        .collect();
    let exports = infos(&material.heads, whole.files, basis.bound);
    let mut findings = whole.findings;
    findings.extend(trust::apart(&requirements, &exports));
    if let Some((found, alone)) = undeclared_peers(basis, &whole.held_up, &requirements) {
        // It names these roles already.
        findings.retain(|f| f.code != Code::UndeclaredRole || !alone.contains(&f.identity));
        findings.push(found);
    }
    trust::raise_unmodelled(&whole.doubted, &mut findings);
    let (lints_changed, lints_lowered) = levels(site, request, &mut findings);
    sort(&mut findings);
    let config_path = config.map(|c| c.path.to_string());
    let told = held_down(basis, whole.inline, &mut findings);
    if !told.is_empty() {
        findings.extend(told);
        sort(&mut findings);
    }
    name(config, &material.heads, &mut findings);
    suppress::statuses(&mut requirements, &findings);
    let narrowed = Narrowed {
        lints_lowered,
        ..narrowed(basis, &findings)
    };
    Outcome {
        evaluated_at: request.at.to_string(),
        site: SiteInfo {
            name: site.name.clone(),
            path: config_path,
            sha256: config.map(|c| crate::common::hash::sha256(c.text.as_bytes())),
            // Where the role is given, its requirements are what was asked for.
            draft: (config.is_none() && request.role.is_empty()).then(|| basis.bound.draft.clone()),
        },
        matrix: MatrixInfo {
            id: matrix.id.clone(),
            version: matrix.version.clone(),
            sha256: matrix.sha256.clone(),
            requirements: matrix.requirements.len(),
        },
        assumptions: assumptions(&basis.bound.assumptions, &whole.assumed),
        limits: LIMITS.iter().map(|s| (*s).to_owned()).collect(),
        lints_changed,
        exports,
        requirements,
        findings,
        unread: basis.bound.unread.clone(),
        not_exports: basis.bound.passed_over.clone(),
        narrowed,
        baseline: None,
        scope: None,
        elsewhere: Vec::new(),
        fail_on: site.fail_on,
    }
}

/// What is held up for want of addresses. A site or a run that takes conditional flows less gravely takes this so, too.
fn undeclared_peers(
    basis: &Basis<'_>,
    held_up: &[HeldUp],
    requirements: &[RequirementResult],
) -> Option<(Finding, Vec<Identity>)> {
    let (request, site) = (&basis.material.request, basis.flows.site);
    let numbered = requirements.iter().enumerate();
    let unverified = numbered.filter(|(_, r)| r.status == Status::Unverified);
    let config = basis.material.config.as_ref();
    let asked = Asked {
        matrix: basis.flows.matrix,
        site,
        unverified: unverified.map(|(n, _)| n).collect(),
        draft: &basis.bound.draft,
        place: config.map(|c| c.place_of("[roles]")),
    };
    let (mut f, alone) = undeclared::finding(held_up, asked)?;
    let most = match site.lints.get(&Code::ConditionalFlow) {
        _ if !looked_for(site, request, Code::ConditionalFlow) => Severity::Warning,
        Some(LintLevel::At(s)) => *s,
        Some(LintLevel::Off) | None => Severity::Error,
    };
    f.severity = f.severity.min(most);
    Some((f, alone))
}

/// What the site and the exports leave out of the run.
fn narrowed(basis: &Basis<'_>, findings: &[Finding]) -> Narrowed {
    let site = basis.flows.site;
    let off = |l: &&LintLevel| **l == LintLevel::Off;
    let inline = findings.iter().filter_map(|f| f.waived.as_ref());
    let mut inline: Vec<_> = inline
        .filter(|w| w.inline)
        .filter_map(|w| w.place.as_ref())
        .map(|p| (p.path.clone(), p.start.line))
        .collect();
    inline.sort_unstable();
    inline.dedup();
    Narrowed {
        excluded: basis.material.excluded.clone(),
        lints_off: site.lints.values().filter(off).count(),
        lints_lowered: 0,
        inline_waivers: inline.len(),
        annotations: basis.bound.contradicted,
        wide_allows: site.wide_allows(),
    }
}

/// Lets the waivers of the site and of the exports hold; what is wrong with them comes back.
fn held_down(
    basis: &Basis<'_>,
    inline: Vec<suppress::Inline>,
    findings: &mut [Finding],
) -> Vec<Finding> {
    let (material, bound) = (basis.material, basis.bound);
    let (request, config) = (&material.request, material.config.as_ref());
    let scope = WaiverScope {
        today: request.at.to_zoned(jiff::tz::TimeZone::UTC).date(),
        partial: !bound.whole_site && request.paths.iter().all(|p| material.files.is_file(p)),
        looked_for: &|code| looked_for(&bound.site, request, code),
    };
    let inline = if request.inline_waivers {
        inline
    } else {
        Vec::new()
    };
    suppress::apply(config, &bound.site.waives, inline, &scope, findings)
}

fn name(config: Option<&Config>, exports: &Heads, findings: &mut [Finding]) {
    let base = config.map_or(Path::new(""), |c| c.dir.as_path());
    let paths = exports.iter().map(|e| &*e.path).collect();
    fingerprint::assign(findings, base, &paths);
}

fn sort(findings: &mut [Finding]) {
    let key = |f: &Finding| {
        let place = f.place.as_ref().map(|p| (p.path.clone(), p.start));
        (
            place.is_none(),
            place,
            f.code,
            f.row,
            f.requirement.clone(),
            f.message.clone(),
        )
    };
    findings.sort_by_cached_key(key);
}

/// Whether findings of a code are reported. Trust lints stay whatever is selected.
fn looked_for(site: &Site, request: &Request, code: Code) -> bool {
    let off = site.lints.get(&code) == Some(&LintLevel::Off);
    let names = |codes: &[String]| codes.iter().any(|c| c == code.as_str());
    let selected = request.select.is_empty() || names(&request.select);
    let ignored = names(&request.ignore);
    code.is_trust() || (!off && selected && !ignored)
}

/// Applies the site's severities and the selection: what the site says of lints, and of how many of them it lowers findings.
fn levels(site: &Site, request: &Request, findings: &mut Vec<Finding>) -> (Vec<String>, usize) {
    findings.retain(|f| looked_for(site, request, f.code));
    let mut lowered = BTreeSet::new();
    for f in findings.iter_mut() {
        if let Some(LintLevel::At(s)) = site.lints.get(&f.code) {
            if *s < f.severity {
                lowered.insert(f.code);
            }
            f.severity = *s;
        }
    }
    let text = |(code, level): (&Code, &LintLevel)| match level {
        LintLevel::Off => format!("{code} = off"),
        LintLevel::At(s) => format!("{code} = {}", s.as_str()),
    };
    (site.lints.iter().map(text).collect(), lowered.len())
}
