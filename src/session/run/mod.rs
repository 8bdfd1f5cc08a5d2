//! One run: files in, [`Outcome`] out.
//!
//! Every export is read first, in parallel, as far as its head: what stands beside its rules. From the heads the site
//! is bound: which hosts there are, in which roles, with which addresses. Then the exports are judged in parts that say
//! nothing about each other (see [`parts`]), in parallel, and a part leaves findings and checks that refer to nothing.
//! What only the whole site can say (see [`judge::whole`]) is decided at last; a part that took it otherwise is judged
//! again.
//!
//! A few exports are held from the first reading to the judging. Of a fleet only the heads are, and the rest of an export
//! is read when its part is judged, so that memory grows with the heads and the report and not with the exports. The seal
//! of the first reading has to hold for the second, and the hash that is reported is that of the bytes that are judged.
//! Both ways go through the same code, so the report is the same.

mod judge_part;
mod parts;
mod results;
mod whole;

use crate::common::diag::Diag;
use crate::common::progress::{Progress, Silent};
use crate::finding::outcome::{MatrixInfo, Outcome, RequirementResult, SiteInfo};
use crate::finding::{Code, Finding, Severity, fingerprint};
use crate::judge::{self, Applying, Flows, PartScope, Row};
use crate::lints::trust;
use crate::load::{self, FileRef, Heads, Keep};
use crate::rules::matrix::{self, Matrix};
use crate::session::focus;
use crate::session::suppress::{self, WaiverScope};
use crate::site::{self, Bound, Config, LintLevel, Overrides, Site, bind};
use hylint_space::AddrSet;
use judge_part::Changed;
use results::{assumptions, infos, result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use whole::Whole;

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
    /// A usual value of `held_bytes`: a model takes about ten times its text, and of more the memory costs as much time as
    /// the second reading.
    pub const HELD_BYTES: u64 = 4 << 20;
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
    match request.threads {
        0 => return run(request, progress),
        1 => return hylint_parallel::alone(|| run(request, progress)),
        _ => {}
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(request.threads);
    match pool.build() {
        Ok(pool) => pool.install(|| run(request, progress)),
        // The system gives no threads: those that are there do.
        Err(_) => run(request, progress),
    }
}

fn run(request: &CheckRequest, progress: &dyn Progress) -> Result<Outcome, Vec<Diag>> {
    let (config, matrix) = configuration(request)?;
    let excluded = |p: &Path| config.as_ref().is_some_and(|c| excludes(c, p));
    let reading = focus::read(&request.paths, request.changed, config.as_ref(), excluded)
        .map_err(|all| all.iter().map(missing).collect::<Vec<_>>())?;
    let found = reading.found;
    let sizes = load::sizes(&found.files);
    let few = found.files.len() <= HELD_FILES && request.held_bytes > 0;
    let hold = few || sizes.iter().sum::<u64>() <= request.held_bytes;
    progress.begin("reading", found.files.len());
    let overrides = Overrides {
        roles: request.role.clone(),
        addresses: request.address.clone(),
        whole_site: reading.whole_site,
    };
    let shown = found.files.iter().map(|f| &*f.shown);
    let untold = bind::untold(config.as_ref(), &overrides, &matrix, shown);
    let keep = |f: &FileRef| match hold {
        true => Keep::Whole,
        false if untold.contains(&*f.shown) => Keep::Opened,
        false => Keep::Head,
    };
    let mut loaded = load::load(&found.files, &keep, &|_| progress.step());
    let mut bound = bind(config.as_ref(), &overrides, &matrix, &mut loaded.heads)?;
    bound.site.fail_on = request.fail_on.unwrap_or(bound.site.fail_on);
    let mut findings = found.findings;
    findings.append(&mut loaded.findings);
    findings.append(&mut bound.findings);
    let applying = Applying::of(&matrix, &bound.site);
    let nobody = PartScope::default();
    let flows = Flows {
        matrix: &matrix,
        site: &bound.site,
        part: &nobody,
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
    let whole = run
        .judge(bodies, findings, progress)
        .map_err(|c| vec![changed(&c)])?;
    let mut outcome = run.outcome(whole, loaded.not_exports);
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
    heads: &'a Heads,
    flows: Flows<'a>,
    rows: Vec<Row<'a>>,
}

impl Run<'_> {
    fn outcome(&self, whole: Whole, not_exports: Vec<String>) -> Outcome {
        let (request, config, site) = (self.request, self.config, self.flows.site);
        let matrix = self.flows.matrix;
        let mut findings = whole.findings;
        trust::raise_unmodelled(&whole.doubted, &mut findings);
        let lints_changed = levels(site, request, &mut findings);
        sort(&mut findings);
        let config_path = config.map(|c| c.path.to_string());
        let told = held_down(request, config, self.bound, whole.inline, &mut findings);
        if !told.is_empty() {
            findings.extend(told);
            sort(&mut findings);
        }
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
                sha256: config.map(|c| crate::common::hash::sha256(c.text.as_bytes())),
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
            exports: infos(self.heads, whole.files, self.bound),
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
        .is_match(crate::common::paths::relative(&path, &config.dir))
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

fn configuration(request: &CheckRequest) -> Result<(Option<Config>, Matrix), Vec<Diag>> {
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
        (Some(f), given) => site::load(&f, given).map(|(c, m)| (Some(c), m)),
        (None, Some(m)) => Ok((None, m)),
        (None, None) => site::load_matrix(matrix::DEFAULT, Path::new("")).map(|m| (None, m)),
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
    let scope = WaiverScope {
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
fn looked_for(site: &Site, request: &CheckRequest, code: Code) -> bool {
    let off = site.lints.get(&code) == Some(&LintLevel::Off);
    let names = |codes: &[String]| codes.iter().any(|c| c == code.as_str());
    let selected = request.select.is_empty() || names(&request.select);
    let ignored = names(&request.ignore);
    code.is_trust() || (!off && selected && !ignored)
}

/// Applies the site's severities and the selection.
fn levels(site: &Site, request: &CheckRequest, findings: &mut Vec<Finding>) -> Vec<String> {
    findings.retain(|f| looked_for(site, request, f.code));
    for f in findings.iter_mut() {
        if let Some(LintLevel::At(s)) = site.lints.get(&f.code) {
            f.severity = *s;
        }
    }
    let text = |(code, level): (&Code, &LintLevel)| match level {
        LintLevel::Off => format!("{code} = off"),
        LintLevel::At(s) => format!("{code} = {}", s.as_str()),
    };
    site.lints.iter().map(text).collect()
}
