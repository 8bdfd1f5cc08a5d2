//! One run: files in, [`Outcome`] out.
//!
//! Every export is read first, in parallel, and leaves its head: what stands beside its rules. From the heads the site
//! is bound: which hosts there are, in which roles, with which addresses. Then the exports are judged in parts that say
//! nothing about each other (see [`parts`]), in parallel, and a part leaves findings and checks that refer to nothing.
//! What only the whole site can say (see [`judge::whole`]) is decided at last; a part that took it otherwise is judged
//! again.
//!
//! A few exports are held from the first reading to the judging. Of a fleet only the heads are, and the rest of an export
//! is read again when its part is judged, so that memory grows with the parts in flight and not with the hosts. The
//! hash of the first reading has to hold for the second. Both ways go through the same code, so the report is the same.

mod judge_part;
mod parts;

use crate::diag::Diag;
use crate::finding::{Finding, Severity};
use crate::fingerprint;
use crate::focus;
use crate::judge::{self, Applying, Checked, Flows, Here, Judged, Order, Row, Tally, Verdict};
use crate::lints::{self, Group, place, required, trust};
use crate::load::{self, Body, LoadedExport};
use crate::matrix::Matrix;
use crate::outcome::{
    Assumption, Check, ExportInfo, MatrixInfo, Outcome, RequirementResult, SiteInfo, Status,
};
use crate::progress::{Progress, Silent};
use crate::site::{self, Bound, Config, KnownLint, LintLevel, Overrides, Site, bind};
use crate::suppress::{self, Scope};
use hylint_parsers::space::AddrSet;
use judge_part::{Changed, Decisions, Found, FoundRow, Work, judge as judge_part};
use parts::parts;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Bytes of exports that are held at once, 0 for none. Of more, only heads are held, and each part is read again
    /// when it is judged.
    pub held_bytes: u64,
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

impl CheckRequest {
    /// A usual value of `held_bytes`: a model takes about ten times its text.
    pub const HELD_BYTES: u64 = 16 << 20;
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
/// What keeps it from running at all: a missing path, a mistake in hylint.toml or in the matrix, a file that changes
/// while it is read.
pub fn check(request: &CheckRequest) -> Result<Outcome, Vec<Diag>> {
    check_with(request, &Silent)
}

/// The same, with somebody waiting.
///
/// # Errors
/// Those of [`check`].
pub fn check_with(request: &CheckRequest, progress: &dyn Progress) -> Result<Outcome, Vec<Diag>> {
    if request.threads == 0 {
        return run(request, progress);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(request.threads);
    match pool.build() {
        Ok(pool) => pool.install(|| run(request, progress)),
        // The system gives no threads: those that are there do.
        Err(_) => run(request, progress),
    }
}

fn run(request: &CheckRequest, progress: &dyn Progress) -> Result<Outcome, Vec<Diag>> {
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
    let found = reading.found;
    let sizes = load::sizes(&found.files);
    let few = found.files.len() <= HELD_FILES && request.held_bytes > 0;
    let hold = few || sizes.iter().sum::<u64>() <= request.held_bytes;
    progress.begin("reading", found.files.len());
    let mut loaded = load::load(&found.files, hold, &|_| progress.step());
    let overrides = Overrides {
        roles: request.role.clone(),
        addresses: request.address.clone(),
        whole_site: reading.whole_site,
    };
    let mut bound = bind(config.as_ref(), &overrides, &matrix, &mut loaded.heads)?;
    bound.site.fail_on = request.fail_on.unwrap_or(bound.site.fail_on);
    let mut findings = found.findings;
    findings.append(&mut loaded.findings);
    findings.append(&mut bound.findings);
    let applying = Applying::of(&matrix, &bound.site);
    let nobody = Here::default();
    let flows = Flows {
        matrix: &matrix,
        site: &bound.site,
        here: &nobody,
        applying: &applying,
    };
    let run = Run {
        request,
        config: config.as_ref(),
        known: config.as_ref().map_or(&NOTHING, |c| &c.resolve),
        bound: &bound,
        heads: &loaded.heads,
        flows,
        rows: judge::rows(flows),
    };
    let bodies = loaded.bodies.into_iter().map(Some).collect();
    let whole = run.judge(bodies, progress).map_err(|c| vec![changed(&c)])?;
    let mut outcome = run.outcome(whole, findings, loaded.not_exports);
    if let Some(focus) = reading.focus {
        let paths: Vec<_> = loaded.heads.iter().map(|e| e.path.clone()).collect();
        focus
            .about(config.as_ref(), &bound, &paths)
            .narrow(&mut outcome);
    }
    Ok(outcome)
}

/// As many files are held at once whatever their size: fewer would not be in flight.
const HELD_FILES: usize = 4;

static NOTHING: BTreeMap<String, AddrSet> = BTreeMap::new();

/// Everything that judging reads.
struct Run<'a> {
    request: &'a CheckRequest,
    config: Option<&'a Config>,
    /// `[resolve]` of the site.
    known: &'a BTreeMap<String, AddrSet>,
    bound: &'a Bound,
    heads: &'a [LoadedExport],
    flows: Flows<'a>,
    rows: Vec<Row<'a>>,
}

/// What the parts found, put together.
struct Whole {
    rows: Vec<(Verdict, Vec<Check>)>,
    findings: Vec<Finding>,
    assumed: BTreeMap<&'static str, usize>,
    doubted: Vec<(Arc<str>, u32)>,
    inline: Vec<suppress::Inline>,
}

impl Run<'_> {
    /// Judges the parts in parallel and merges them in the order of their exports.
    fn judge(
        &self,
        mut bodies: Vec<Option<Body>>,
        progress: &dyn Progress,
    ) -> Result<Whole, Changed> {
        let mut work = Vec::new();
        for part in parts(self.bound, self.heads) {
            work.push(Work::new(self, part, &mut bodies)?);
        }
        progress.begin("judging", work.len());
        let one = |w: &Work| {
            let found = judge_part(self, w, &bodies, None);
            progress.step();
            found
        };
        let found: Result<Vec<Found>, Changed> = match work.as_slice() {
            [w] => one(w).map(|f| vec![f]),
            all => all.par_iter().map(one).collect(),
        };
        let mut found = found?;
        let verdicts = self.verdicts(&found);
        let decided: Decisions = verdicts.iter().map(|v| v.decision).enumerate().collect();
        for (w, f) in work.iter().zip(&mut found) {
            let other = |r: &FoundRow| decided.get(&r.row) != Some(&r.decision);
            if f.rows.iter().any(other) {
                *f = judge_part(self, w, &bodies, Some(&decided))?;
            }
        }
        Ok(self.merge(found, verdicts))
    }

    /// The verdict of each requirement over all parts.
    fn verdicts(&self, found: &[Found]) -> Vec<Verdict> {
        let mut tallies: Vec<BTreeMap<usize, Vec<Tally>>> = vec![BTreeMap::new(); self.rows.len()];
        for r in found.iter().flat_map(|f| &f.rows) {
            let Some(row) = tallies.get_mut(r.row) else {
                continue;
            };
            for (end, of_end) in &r.tallies {
                row.entry(*end).or_default().extend(of_end.iter().cloned());
            }
        }
        let verdict = |(row, tallies): (&Row<'_>, BTreeMap<usize, Vec<Tally>>)| {
            let mut tallies: Vec<(usize, Vec<Tally>)> = tallies.into_iter().collect();
            for (_, t) in &mut tallies {
                t.sort_by_key(|t| t.order);
            }
            judge::decide(self.flows, row, &tallies)
        };
        self.rows.iter().zip(tallies).map(verdict).collect()
    }

    fn merge(&self, found: Vec<Found>, verdicts: Vec<Verdict>) -> Whole {
        let mut rows: Vec<(Verdict, Vec<(Order, Check)>)> =
            verdicts.into_iter().map(|v| (v, Vec::new())).collect();
        let mut out = Whole {
            rows: Vec::new(),
            findings: Vec::new(),
            assumed: BTreeMap::new(),
            doubted: Vec::new(),
            inline: Vec::new(),
        };
        for f in found {
            for r in f.rows {
                if let Some((_, checks)) = rows.get_mut(r.row) {
                    checks.extend(r.checks);
                }
            }
            for (id, n) in f.assumed {
                *out.assumed.entry(id).or_default() += n;
            }
            out.findings.extend(f.findings);
            out.doubted.extend(f.doubted);
            out.inline.extend(f.inline);
        }
        for (row, (v, _)) in self.rows.iter().zip(&rows) {
            if !v.unproven.is_empty() {
                out.findings.push(required::unproven(row.req, &v.unproven));
            }
        }
        let in_order = |(v, mut checks): (Verdict, Vec<(Order, Check)>)| {
            checks.sort_by_key(|(order, _)| *order);
            (v, checks.into_iter().map(|(_, c)| c).collect())
        };
        out.rows = rows.into_iter().map(in_order).collect();
        out
    }

    fn outcome(
        &self,
        whole: Whole,
        mut findings: Vec<Finding>,
        not_exports: Vec<String>,
    ) -> Outcome {
        let (request, config, site) = (self.request, self.config, self.flows.site);
        let matrix = self.flows.matrix;
        findings.extend(whole.findings);
        trust::raise_unmodelled(&whole.doubted, &mut findings);
        let lints_changed = levels(site, request, &mut findings);
        sort(&mut findings);
        let config_path = config.map(|c| c.path.to_string());
        let told = held_down(request, config, self.bound, whole.inline, &mut findings);
        findings.extend(told);
        sort(&mut findings);
        name(config, self.heads, &mut findings);
        let rows = self.rows.iter().zip(whole.rows);
        let mut requirements: Vec<RequirementResult> = rows
            .map(|(row, (v, checks))| result(row, v, checks))
            .collect();
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
            assumptions: assumptions(&self.bound.assumptions, &whole.assumed),
            limits: LIMITS.iter().map(|s| (*s).to_owned()).collect(),
            lints_changed,
            exports: infos(self.heads, self.bound),
            requirements,
            findings,
            not_exports,
            baseline: None,
            scope: None,
            elsewhere: Vec::new(),
            fail_on: site.fail_on,
        }
    }
}

fn changed(c: &Changed) -> Diag {
    Diag {
        path: c.0.clone(),
        text: "".into(),
        span: 0..0,
        message: format!("{} changed while it was checked", c.0),
        help: Some("run again when nobody writes to it".into()),
        code: "path",
    }
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

fn result(row: &Row<'_>, v: Verdict, checks: Vec<Check>) -> RequirementResult {
    let req = row.req;
    RequirementResult {
        id: req.id.clone(),
        row: req.row,
        from: req.from.name.clone(),
        to: req.to.name.clone(),
        status: v.status,
        reason: v.reason,
        checks,
        purpose: req.purpose.clone(),
        impact: req.impact.clone(),
    }
}

fn check_of(exports: &[LoadedExport], j: &Judged<'_>, c: &Checked<'_>) -> Check {
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
                rules: e.summary.rules,
                roles,
                role_source,
                unmodelled: e.summary.unmodelled,
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

/// `checks` counts those that rest on each.
fn assumptions(bound: &[Assumption], checks: &BTreeMap<&str, usize>) -> Vec<Assumption> {
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
