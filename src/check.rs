//! One run: files in, [`Outcome`] out.

use crate::diag::Diag;
use crate::finding::{Finding, Severity};
use crate::fingerprint;
use crate::focus;
use crate::judge::{self, Checked, Flows, Judged};
use crate::lints::{self, Group, excess, hygiene, place, required, trust};
use crate::load::{self, LoadedExport};
use crate::matrix::Matrix;
use crate::outcome::{
    Assumption, Check, ExportInfo, MatrixInfo, Outcome, RequirementResult, SiteInfo, Status,
};
use crate::site::{self, Bound, Config, KnownLint, LintLevel, Overrides, Site, bind};
use crate::suppress::{self, Scope};
use hylint_parsers::space::AddrSet;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a run is asked.
#[derive(Clone, Debug)]
pub struct CheckRequest {
    /// Files and folders, `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// hylint.toml; else it is looked for from the first path upward.
    pub config: Option<PathBuf>,
    /// A built-in matrix's id or a TOML file; overrides the site's.
    pub matrix: Option<String>,
    /// Roles of every host whose export does not say them otherwise.
    pub role: Vec<String>,
    /// Its addresses.
    pub address: Vec<String>,
    /// The moment of the run.
    pub at: jiff::Timestamp,
    /// Threads, 0 for one per core.
    pub threads: usize,
    /// Only these lints (trust lints always run).
    pub select: Vec<String>,
    /// Not these lints (trust lints always run).
    pub ignore: Vec<String>,
    /// Threshold; overrides the site's.
    pub fail_on: Option<Severity>,
    /// Let waivers hold that stand in the exports themselves.
    pub inline_waivers: bool,
    /// The paths are changed files, as a version control system lists them; see [`focus::read`].
    pub changed: bool,
}

/// What "satisfied" does not mean; part of every report.
const LIMITS: [&str; 4] = [
    "satisfied means that every exported layer that could be bound lets the flow through, both ways",
    "it does not mean that a route exists or that a service listens",
    "a layer that was not exported may still disagree",
    "the exports are judged as they were written; the running system may have changed since",
];

/// Runs the whole check.
///
/// # Errors
/// What keeps it from running at all: a missing path, a mistake in hylint.toml or in the matrix.
pub fn check(request: &CheckRequest) -> Result<Outcome, Vec<Diag>> {
    let known: Vec<KnownLint> = lints::ALL
        .iter()
        .map(|l| KnownLint {
            code: l.code,
            trust: l.group == Group::Trust,
        })
        .collect();
    let (config, matrix) = configuration(request, &known)?;
    let excluded = |p: &Path| config.as_ref().is_some_and(|c| excludes(c, p));
    let reading = focus::read(&request.paths, request.changed, config.as_ref(), excluded)
        .map_err(|all| all.iter().map(missing).collect::<Vec<_>>())?;
    let mut loaded = load::load(&reading.found.files, request.threads);
    let overrides = Overrides {
        roles: request.role.clone(),
        addresses: request.address.clone(),
        whole_site: reading.whole_site,
    };
    let mut bound = bind(config.as_ref(), &overrides, &matrix, &mut loaded.exports)?;
    bound.site.fail_on = request.fail_on.unwrap_or(bound.site.fail_on);
    let mut findings = reading.found.findings;
    findings.append(&mut loaded.findings);
    findings.append(&mut bound.findings);
    let paths: Vec<_> = loaded.exports.iter().map(|e| e.path.clone()).collect();
    let about = reading
        .focus
        .map(|f| f.about(config.as_ref(), &bound, &paths));
    let mut outcome = run(
        request,
        config.as_ref(),
        &matrix,
        bound,
        &loaded.exports,
        findings,
        loaded.not_exports,
    );
    if let Some(about) = about {
        about.narrow(&mut outcome);
    }
    Ok(outcome)
}

/// Whether a path is excluded; the site's globs are relative to hylint.toml.
fn excludes(config: &Config, path: &Path) -> bool {
    let path = load::shown(path);
    config
        .exclude
        .is_match(site::paths::relative(&path, &config.dir))
}

fn missing(m: &load::Missing) -> Diag {
    Diag {
        path: m.path.as_str().into(),
        text: "".into(),
        span: 0..0,
        message: format!("cannot read {}: {}", m.path, m.reason),
        help: Some("name an existing file or folder, or `-` for standard input".into()),
        code: "path",
    }
}

fn configuration(
    request: &CheckRequest,
    known: &[KnownLint],
) -> Result<(Option<Config>, Matrix), Vec<Diag>> {
    let given = request
        .matrix
        .as_ref()
        .map(|m| site::load_matrix(m, Path::new("")))
        .transpose()?;
    let file = request
        .config
        .clone()
        .or_else(|| request.paths.iter().find_map(|p| site::find(p)));
    match (file, given) {
        (Some(f), given) => site::load(&f, given, known).map(|(c, m)| (Some(c), m)),
        (None, Some(m)) => Ok((None, m)),
        (None, None) => site::load_matrix("hyworks", Path::new("")).map(|m| (None, m)),
    }
}

fn run(
    request: &CheckRequest,
    config: Option<&Config>,
    matrix: &Matrix,
    bound: Bound,
    exports: &[LoadedExport],
    mut findings: Vec<Finding>,
    not_exports: Vec<String>,
) -> Outcome {
    let site = &bound.site;
    let flows = Flows { matrix, site };
    let judged = judge::judge(flows, exports);
    findings.extend(required::findings(exports, site, &judged));
    for f in &matrix.implied {
        let checks = judge::judge_implied(flows, exports, f);
        findings.extend(required::implied(exports, site, f, &checks));
    }
    findings.extend(excess::findings(flows, exports));
    findings.extend(hygiene::findings(exports));
    findings.extend(trust::stale(exports, site.max_age_days, request.at));
    trust::raise_unmodelled(exports, &judged, &mut findings);
    let mut inline = Vec::new();
    for e in exports {
        let (waivers, wrong) = suppress::inline::of(e);
        inline.extend(waivers);
        findings.extend(wrong);
    }
    let lints_changed = levels(site, request, &mut findings);
    sort(&mut findings);
    let config_path = config.map(|c| c.path.to_string());
    let told = held_down(request, config, &bound, inline, &mut findings);
    findings.extend(told);
    sort(&mut findings);
    name(config, exports, &mut findings);
    let mut requirements: Vec<RequirementResult> =
        judged.iter().map(|j| result(exports, j)).collect();
    suppress::statuses(&mut requirements, &findings);
    Outcome {
        evaluated_at: request.at.to_string(),
        site: SiteInfo {
            name: site.name.clone(),
            path: config_path,
            sha256: config.map(|c| place::sha256(c.text.as_bytes())),
        },
        matrix: MatrixInfo {
            id: matrix.id.clone(),
            version: matrix.version.clone(),
            sha256: matrix.sha256.clone(),
            requirements: matrix.requirements.len(),
        },
        assumptions: assumptions(&bound.assumptions, &judged),
        limits: LIMITS.iter().map(|s| (*s).to_owned()).collect(),
        lints_changed,
        exports: infos(exports, &bound),
        requirements,
        findings,
        not_exports,
        baseline: None,
        scope: None,
        elsewhere: Vec::new(),
        fail_on: site.fail_on,
    }
}

/// Lets the waivers of the site and of the exports hold; what is wrong with them comes back.
fn held_down(
    request: &CheckRequest,
    config: Option<&Config>,
    bound: &Bound,
    inline: Vec<suppress::Inline>,
    findings: &mut [Finding],
) -> Vec<Finding> {
    let scope = Scope {
        today: request.at.to_zoned(jiff::tz::TimeZone::UTC).date(),
        partial: !bound.whole_site && request.paths.iter().all(|p| p.is_file()),
        looked_for: &|code| looked_for(&bound.site, request, code),
    };
    let inline = if request.inline_waivers {
        inline
    } else {
        Vec::new()
    };
    suppress::apply(config, &bound.site.waives, inline, &scope, findings)
}

fn name(config: Option<&Config>, exports: &[LoadedExport], findings: &mut [Finding]) {
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
fn looked_for(site: &Site, request: &CheckRequest, code: &str) -> bool {
    let trust = lints::by_code(code).is_none_or(|l| l.group == Group::Trust);
    let off = site.lints.get(code) == Some(&LintLevel::Off);
    let selected = request.select.is_empty() || request.select.iter().any(|c| c == code);
    let ignored = request.ignore.iter().any(|c| c == code);
    trust || (!off && selected && !ignored)
}

/// Applies the site's severities and the selection.
fn levels(site: &Site, request: &CheckRequest, findings: &mut Vec<Finding>) -> Vec<String> {
    findings.retain(|f| looked_for(site, request, f.code));
    for f in findings.iter_mut() {
        if let Some(LintLevel::At(s)) = site.lints.get(f.code) {
            f.severity = *s;
        }
    }
    let text = |(code, level): (&String, &LintLevel)| match level {
        LintLevel::Off => format!("{code} = off"),
        LintLevel::At(s) => format!("{code} = {}", s.as_str()),
    };
    site.lints.iter().map(text).collect()
}

fn result(exports: &[LoadedExport], j: &Judged<'_>) -> RequirementResult {
    RequirementResult {
        id: j.req.id.clone(),
        row: j.req.row,
        from: j.req.from.name.clone(),
        to: j.req.to.name.clone(),
        status: j.status,
        reason: j.reason.clone(),
        checks: j.checks.iter().map(|c| one_check(exports, j, c)).collect(),
        purpose: j.req.purpose.clone(),
        impact: j.req.impact.clone(),
    }
}

fn one_check(exports: &[LoadedExport], j: &Judged<'_>, c: &Checked<'_>) -> Check {
    let at = c.guard.points.first().copied().unwrap_or((0, 0));
    let side = |pick: fn(&hylint_parsers::space::PacketBox) -> &AddrSet| {
        c.queries
            .iter()
            .fold(AddrSet::empty(), |a, q| a.union(pick(q)))
            .to_string()
    };
    let failed = c.failure.as_ref().filter(|_| c.status != Status::Satisfied);
    let deciders = failed.map_or_else(|| c.evidence.clone(), |f| vec![f.by]);
    let sample = failed
        .and_then(|f| f.packets.first())
        .or_else(|| c.queries.first());
    Check {
        export: exports
            .get(at.0)
            .map_or_else(|| "".into(), |e| e.path.clone()),
        host: Some(c.guard.name.to_owned()),
        point: place::point_name(exports, at),
        direction: c.guard.direction.as_str(),
        status: c.status,
        src: side(|q| &q.src),
        dst: side(|q| &q.dst),
        ports: j.ports.iter().map(u16::to_string).collect(),
        evidence: deciders
            .iter()
            .map(|d| place::evidence(exports, d))
            .collect(),
        witness: sample.and_then(place::witness),
        assumptions: c.assumption_texts(),
    }
}

fn infos(exports: &[LoadedExport], bound: &Bound) -> Vec<ExportInfo> {
    exports
        .iter()
        .enumerate()
        .map(|(i, e)| {
            let (roles, role_source) = bound.export_roles.get(i).cloned().unwrap_or_default();
            ExportInfo {
                path: e.path.clone(),
                format: e.export.format,
                encoding: e.source.encoding,
                sha256: e.sha256.clone(),
                bytes: e.bytes,
                points: e.export.points.len(),
                rules: e.export.rules_in_model(),
                roles,
                role_source,
                unmodelled: crate::inspect::unmodelled(e).len(),
                within: true,
                exported_at: e.export.exported_at.as_ref().map(|(t, _)| t.clone()),
            }
        })
        .collect()
}

/// What each assumption of a check means, most far-reaching first.
const ASSUMED: [(&str, &str); 9] = [
    (
        "peers-unknown",
        "the peers' addresses are not declared: a flow counts as open only where every unicast address may use it",
    ),
    (
        "brief-export",
        "a brief netsh export prints no program, service or security: rules that name their ports count as written",
    ),
    (
        "app-package",
        "netsh never prints the package of an app rule: such rules count as written where they name their ports",
    ),
    (
        "windows-defaults",
        "no `show allprofiles` beside the rules: inbound is taken to be blocked and outbound allowed by default",
    ),
    (
        "profile-domain",
        "nothing says which Windows profile is active: domain is taken",
    ),
    (
        "interface",
        "the interface that a rule names is taken to face the peers",
    ),
    (
        "host-address",
        "the host's address is not declared: an address that the rules name is taken",
    ),
    (
        "program",
        "a rule is limited to a program, which is taken to be the one that listens",
    ),
    (
        "owner",
        "a rule is limited to a process owner, who is taken to be the one that connects",
    ),
];

fn assumptions(bound: &[Assumption], judged: &[Judged<'_>]) -> Vec<Assumption> {
    let mut checks: BTreeMap<&str, usize> = BTreeMap::new();
    for c in judged.iter().flat_map(|j| &j.checks) {
        let ids: BTreeSet<&str> = c.assumptions.iter().map(|(id, _)| *id).collect();
        for id in ids {
            *checks.entry(id).or_default() += 1;
        }
    }
    let mut out = Vec::new();
    for (id, text) in ASSUMED {
        if let Some(n) = checks.get(id) {
            let s = if *n == 1 { "" } else { "s" };
            out.push(Assumption {
                id: id.to_owned(),
                text: format!("{text} ({n} check{s})"),
            });
        }
    }
    for a in bound {
        // Said already, with the number of checks that rest on it.
        let counted = ASSUMED.iter().any(|(id, _)| *id == a.id);
        if !out
            .iter()
            .any(|o: &Assumption| o.id == a.id && (counted || o.text == a.text))
        {
            out.push(a.clone());
        }
    }
    out
}
