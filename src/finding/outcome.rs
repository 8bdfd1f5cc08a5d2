//! Everything that a run found out: what every report renders and none computes.

use crate::finding::{AssumptionId, DeciderKind, Finding, Place, RoleSource, Severity, Witness};
use hylint_model::Direction;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Status of a requirement or of one check of it, worst first.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// A judged check denies it.
    Violated,
    /// It rests on a condition that nobody could decide.
    Conditional,
    /// Not judged: no export, or not bound.
    Unverified,
    /// Proven.
    Satisfied,
    /// It would be violated or conditional, and the site waived it.
    Waived,
    /// Does not apply, for a reason.
    NotApplicable,
}

impl Status {
    /// Each status, in the order of the report.
    pub const EACH: [Self; 6] = [
        Self::Violated,
        Self::Conditional,
        Self::Unverified,
        Self::Satisfied,
        Self::Waived,
        Self::NotApplicable,
    ];

    /// The name in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Violated => "violated",
            Self::Conditional => "conditional",
            Self::Unverified => "unverified",
            Self::Satisfied => "satisfied",
            Self::Waived => "waived",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// What decided a check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// Where; none where nothing in a file decides.
    pub place: Option<Place>,
    /// The rule's name, or the chain's for a policy.
    pub rule: String,
    /// What kind of thing it is.
    pub kind: DeciderKind,
}

/// One check: a requirement at one point in one direction.
#[derive(Clone, PartialEq, Debug)]
pub struct Check {
    /// The export's path.
    pub export: Arc<str>,
    /// Host.
    pub host: Option<String>,
    /// Point.
    pub point: String,
    /// The way of its packets.
    pub direction: Direction,
    /// Result.
    pub status: Status,
    /// Source addresses judged.
    pub src: String,
    /// Destination addresses judged.
    pub dst: String,
    /// Ports judged, as text.
    pub ports: Vec<String>,
    /// What decided.
    pub evidence: Vec<Evidence>,
    /// A packet that fails, or one that passes when all do.
    pub witness: Option<Witness>,
    /// What of hylint.toml stands between the ends.
    pub via: Option<CheckVia>,
    /// What was assumed.
    pub assumptions: Vec<String>,
    /// What listings of the host settle that would be assumed without them, each with where it stands.
    pub facts: Vec<(Place, String)>,
}

/// A load balancer, a virtual address or a NAT that the packets of a check go through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckVia {
    /// Its name and its front.
    pub label: String,
    /// The check is behind it, on the side of the hosts.
    pub behind: bool,
}

/// One requirement's result.
#[derive(Clone, PartialEq, Debug)]
pub struct RequirementResult {
    /// Id.
    pub id: String,
    /// Row of the vendor's table.
    pub row: u32,
    /// Role or group.
    pub from: String,
    /// Role or group.
    pub to: String,
    /// Status.
    pub status: Status,
    /// Why it is not applicable or not verified; else none.
    pub reason: Option<String>,
    /// It is satisfied at its source, and no export of a destination was read.
    pub one_end: bool,
    /// Its checks, in path order.
    pub checks: Vec<Check>,
    /// Purpose, for people.
    pub purpose: String,
    /// Impact, for people.
    pub impact: String,
}

/// One export file.
#[derive(Clone, PartialEq, Debug)]
pub struct ExportInfo {
    /// Path.
    pub path: Arc<str>,
    /// Format id.
    pub format: &'static str,
    /// Encoding.
    pub encoding: &'static str,
    /// Hex.
    pub sha256: String,
    /// Size of the file.
    pub bytes: u64,
    /// Firewalls in it: 0 where it only says what stands beside rules, such as profiles, sets or interfaces.
    pub points: usize,
    /// Rules in the model.
    pub rules: usize,
    /// Roles of the hosts that it guards.
    pub roles: Vec<String>,
    /// Where the roles come from; none when unknown.
    pub role_source: Option<RoleSource>,
    /// Rules with an unmodelled part, and lines not read.
    pub unmodelled: usize,
    /// It belongs to what the report is about: always, unless there is a [`FocusScope`].
    pub within: bool,
    /// When the export says it was made.
    pub exported_at: Option<String>,
}

/// A file that was not read and could be a firewall.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnreadFile {
    /// Path.
    pub path: Arc<str>,
    /// What it looks like, in a few words.
    pub what: &'static str,
}

/// Something taken for granted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assumption {
    /// Which one.
    pub id: AssumptionId,
    /// One sentence.
    pub text: String,
}

/// The matrix that was used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatrixInfo {
    /// Id.
    pub id: String,
    /// Version.
    pub version: String,
    /// Hex, over its files.
    pub sha256: String,
    /// Number of requirements.
    pub requirements: usize,
}

/// The site that was used.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SiteInfo {
    /// Name; empty without a site file.
    pub name: String,
    /// Path of hylint.toml.
    pub path: Option<String>,
    /// Its hash.
    pub sha256: Option<String>,
    /// The command that drafts one, where there is none and the run is told no role either.
    pub draft: Option<String>,
}

/// What a report is about, where only a part of a site was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FocusScope {
    /// The given paths.
    pub paths: Vec<String>,
    /// Hosts and forwarding firewalls that they belong to, by name.
    pub hosts: Vec<String>,
    /// They are changed files, among which there may be no export.
    pub changed: bool,
}

/// What of a run was narrowed by whom it judges: counted in the last lines of every report.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Narrowed {
    /// Files that the site excludes, in path order.
    pub excluded: Vec<String>,
    /// Lints that the site switches off, or that the run was not asked for.
    pub lints_off: usize,
    /// Lints whose findings the site makes less grave.
    pub lints_lowered: usize,
    /// Waivers in exports that hold a finding.
    pub inline_waivers: usize,
    /// Annotations in exports that contradict hylint.toml or the path.
    pub annotations: usize,
    /// `[[allow]]` entries that let anyone in.
    pub wide_allows: usize,
}

/// A whole run.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// RFC 3339, UTC.
    pub evaluated_at: String,
    /// Site.
    pub site: SiteInfo,
    /// Matrix.
    pub matrix: MatrixInfo,
    /// What was taken for granted, in a stable order, most far-reaching first.
    pub assumptions: Vec<Assumption>,
    /// What "satisfied" does not mean.
    pub limits: Vec<String>,
    /// Lints whose severity the site changed: `code = severity`.
    pub lints_changed: Vec<String>,
    /// In path order.
    pub exports: Vec<ExportInfo>,
    /// In row order.
    pub requirements: Vec<RequirementResult>,
    /// In the order of the report: path, line, column, code, requirement.
    pub findings: Vec<Finding>,
    /// Files that were not read and could be a firewall, in path order.
    pub unread: Vec<UnreadFile>,
    /// Files that are plainly something else, in path order.
    pub not_exports: Vec<String>,
    /// What the site and the exports leave out of the run.
    pub narrowed: Narrowed,
    /// The baseline that the findings were compared with.
    pub baseline: Option<BaselineInfo>,
    /// What the report is about; none: everything that was read.
    pub scope: Option<FocusScope>,
    /// Findings elsewhere in the site, which the report counts and leaves out.
    pub elsewhere: Vec<Finding>,
    /// Lowest severity that fails the run: the option's, else the site's, else error.
    pub fail_on: Severity,
}

/// A baseline, as far as a report tells of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BaselineInfo {
    /// Its path.
    pub path: String,
    /// Findings that it holds.
    pub entries: usize,
    /// Those of them that this run could have found and did not.
    pub gone: usize,
}

/// Counts for people and machines. Errors, warnings and notes are active findings: neither waived nor in the baseline.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Active errors.
    pub errors: usize,
    /// Active warnings.
    pub warnings: usize,
    /// Active notes.
    pub notes: usize,
    /// Waived findings.
    pub waived: usize,
    /// Findings that the baseline holds.
    pub baselined: usize,
}

impl Counts {
    /// Counts findings.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let mut c = Self::default();
        for f in findings {
            match f.severity {
                _ if f.waived.is_some() => c.waived += 1,
                _ if f.baselined => c.baselined += 1,
                Severity::Error => c.errors += 1,
                Severity::Warning => c.warnings += 1,
                Severity::Note => c.notes += 1,
            }
        }
        c
    }
}

/// Requirements that nothing proves, for one reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotProven<'a> {
    /// Unverified or conditional.
    pub status: Status,
    /// Why.
    pub reason: &'a str,
    /// Rows of the vendor's table, ascending.
    pub rows: Vec<u32>,
}

/// What a run comes to: the exit status, and the first word of each report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gate {
    /// Nothing at or above the threshold.
    Passed,
    /// Only changed files were given, and no firewall is in them.
    NothingToCheck,
    /// So many findings at or above the threshold.
    Failed(usize),
    /// No export was judged.
    NotRun,
}

impl Gate {
    /// The word that every report begins with.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::NothingToCheck => "NOTHING TO CHECK",
            Self::Failed(_) => "FAILED",
            Self::NotRun => "NOT RUN",
        }
    }
}

/// Requirements that a run passes over without having proven them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reservations {
    /// Requirements that apply.
    pub applicable: usize,
    /// Neither satisfied nor violated.
    pub not_proven: usize,
    /// Violated, and the baseline holds the findings.
    pub baselined: usize,
    /// Violated elsewhere in the site.
    pub elsewhere: usize,
    /// Violated, and no finding of them fails the run.
    pub tolerated: usize,
    /// Satisfied at the source alone.
    pub one_end: usize,
}

impl Outcome {
    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Gate {
        let changed = self.scope.as_ref().is_some_and(|s| s.changed);
        let within = self.exports.iter().any(|e| e.within && e.points > 0);
        match (self.failing().count(), self.judged_any()) {
            (0, _) if changed && !within => Gate::NothingToCheck,
            (0, true) => Gate::Passed,
            (n, judged) if judged || changed => Gate::Failed(n),
            _ => Gate::NotRun,
        }
    }

    /// What a run that passes has not proven.
    #[must_use]
    pub fn reservations(&self) -> Reservations {
        let about = |f: &Finding, r: &RequirementResult| f.is_about(&r.id, r.row);
        let mut out = Reservations::default();
        for r in &self.requirements {
            match r.status {
                Status::NotApplicable => continue,
                Status::Conditional | Status::Unverified => out.not_proven += 1,
                Status::Violated => {
                    let of = |all: &[Finding], held: bool| {
                        let mut all = all.iter();
                        all.any(|f| f.baselined == held && about(f, r))
                    };
                    let all = [&self.findings, &self.elsewhere];
                    match () {
                        () if of(&self.findings, false) => out.tolerated += 1,
                        () if of(&self.elsewhere, false) => out.elsewhere += 1,
                        () if all.iter().any(|f| of(f, true)) => out.baselined += 1,
                        () => out.tolerated += 1,
                    }
                }
                Status::Satisfied => out.one_end += usize::from(r.one_end),
                Status::Waived => {}
            }
            out.applicable += 1;
        }
        out
    }

    /// Requirements that nothing proves, by reason: conditional ones first.
    #[must_use]
    pub fn not_proven(&self) -> Vec<NotProven<'_>> {
        let mut reasons: BTreeMap<(Status, &str), Vec<u32>> = BTreeMap::new();
        for r in &self.requirements {
            let default = match r.status {
                Status::Unverified => "neither end has an export",
                Status::Conditional => "depends on conditions that the exports do not decide",
                _ => continue,
            };
            let reason = r.reason.as_deref().unwrap_or(default);
            reasons.entry((r.status, reason)).or_default().push(r.row);
        }
        let one = |((status, reason), rows)| NotProven {
            status,
            reason,
            rows,
        };
        reasons.into_iter().map(one).collect()
    }

    /// Rules and lines of all exports that are read in part or not at all.
    #[must_use]
    pub fn unmodelled(&self) -> usize {
        self.exports.iter().map(|e| e.unmodelled).sum()
    }

    /// Whether there was any firewall to judge.
    #[must_use]
    pub fn judged_any(&self) -> bool {
        self.exports.iter().any(|e| e.points > 0)
    }

    /// Findings by severity.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(&self.findings)
    }

    /// Findings that fail the run.
    pub fn failing(&self) -> impl Iterator<Item = &Finding> {
        let grave = |f: &&Finding| f.is_active() && f.severity >= self.fail_on;
        self.findings.iter().filter(grave)
    }

    /// Requirements with a status.
    #[must_use]
    pub fn requirements_with(&self, s: Status) -> usize {
        self.requirements.iter().filter(|r| r.status == s).count()
    }

    /// Checks with a status.
    #[must_use]
    pub fn checks_with(&self, s: Status) -> usize {
        self.requirements
            .iter()
            .flat_map(|r| &r.checks)
            .filter(|c| c.status == s)
            .count()
    }
}
