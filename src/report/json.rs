//! The machine format, version 1.0. Its structs are the interface: a key that changes here breaks those who read it.
//! The JSON Schema `schema/check-1.0.json` is made from them.

mod safe;

pub use safe::{write_json, write_json_line};

use super::{RenderOptions, Report, words};
use crate::finding::outcome::{
    Check, Counts, Evidence, ExportInfo, MatrixInfo, Outcome, RequirementResult, SiteInfo, Status,
};
use crate::finding::{Finding, Place, Reproduce, RoleSource, Severity, Waiver, Witness};
use hylint_model::Direction;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};

/// Version of the format: the first number changes when a key changes its meaning or goes away.
pub(super) const SCHEMA_VERSION: &str = "1.0";

/// The report as one JSON object.
pub(super) struct Json;

impl Report for Json {
    fn write(&self, o: &Outcome, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        write_json(&Document::of(o), out)
    }
}

/// The JSON Schema of the report, as checked in.
#[must_use]
pub fn schema() -> String {
    schema_of::<Document<'_>>()
}

/// The JSON Schema of a document.
pub(super) fn schema_of<D: JsonSchema>() -> String {
    // As it is written, not as it might be read: every key is always there.
    let schema = schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<D>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// What `hylint check --format json` writes. Readers ignore keys they do not know.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "hylint check report 1.0")]
pub(super) struct Document<'a> {
    /// "1.0".
    schema_version: &'a str,
    tool: Tool<'a>,
    /// RFC 3339, UTC.
    evaluated_at: &'a str,
    site: Site<'a>,
    matrix: Matrix<'a>,
    /// What the findings are about where only a part of the site was given; null: everything. Requirements are always
    /// those of the whole site.
    scope: Option<Scope<'a>>,
    /// What was taken for granted, most far-reaching first.
    assumptions: Vec<Assumption<'a>>,
    /// What "satisfied" does not mean.
    limits: &'a [String],
    /// Lints whose severity the site changed: `code = severity`.
    lints_changed: &'a [String],
    exports: Vec<Export<'a>>,
    /// Files that were not read and could be a firewall.
    unread: Vec<Unread<'a>>,
    requirements: Vec<Requirement<'a>>,
    findings: Vec<FindingOut<'a>>,
    /// The baseline that the findings were compared with.
    baseline: Option<BaselineOut<'a>>,
    summary: Summary,
}

#[derive(Serialize, JsonSchema)]
struct BaselineOut<'a> {
    path: &'a str,
    /// Findings that it holds.
    entries: usize,
    /// Those of them that this run could have found and did not.
    gone: usize,
}

#[derive(Serialize, JsonSchema)]
struct Unread<'a> {
    path: &'a str,
    /// What the file looks like.
    what: &'a str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Tool<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Site<'a> {
    name: &'a str,
    /// Path of hylint.toml.
    path: Option<&'a str>,
    /// SHA-256 of hylint.toml, hex.
    sha256: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Matrix<'a> {
    id: &'a str,
    version: &'a str,
    /// SHA-256 over the matrix files, hex.
    sha256: &'a str,
    requirements: usize,
}

#[derive(Serialize, JsonSchema)]
struct Scope<'a> {
    /// The given paths.
    paths: &'a [String],
    /// Hosts and forwarding firewalls that they belong to.
    hosts: &'a [String],
    /// Findings elsewhere in the site, which the report leaves out.
    elsewhere: Elsewhere,
}

#[derive(Serialize, JsonSchema)]
struct Elsewhere {
    errors: usize,
    warnings: usize,
    notes: usize,
    waived: usize,
    baselined: usize,
}

impl<'a> Scope<'a> {
    fn of(s: &'a crate::finding::outcome::FocusScope, o: &Outcome) -> Self {
        let elsewhere = Counts::of(&o.elsewhere);
        Self {
            paths: &s.paths,
            hosts: &s.hosts,
            elsewhere: Elsewhere {
                errors: elsewhere.errors,
                warnings: elsewhere.warnings,
                notes: elsewhere.notes,
                waived: elsewhere.waived,
                baselined: elsewhere.baselined,
            },
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct Assumption<'a> {
    /// Stable name.
    id: &'a str,
    /// One sentence.
    text: &'a str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Export<'a> {
    path: &'a str,
    format: &'a str,
    encoding: &'a str,
    /// SHA-256 of the file's bytes, hex.
    sha256: &'a str,
    bytes: u64,
    /// Rules in the model; a rule of an AWS group is one address entry.
    rules: usize,
    roles: &'a [String],
    /// config, option, annotation, tag, path or inferred; null when the role is not known.
    role_source: Option<&'a str>,
    /// Rules with a part that is not modelled, and lines that were not read.
    unmodelled: usize,
    /// When the export says it was made.
    exported_at: Option<&'a str>,
    /// It belongs to `scope`; always true without one.
    within: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Requirement<'a> {
    id: &'a str,
    /// Row of the vendor's table.
    row: u32,
    from: &'a str,
    to: &'a str,
    status: Status,
    /// Why it does not apply or is not verified.
    reason: Option<&'a str>,
    /// It is satisfied at its source, and no export of a destination was read.
    one_end: bool,
    checks: Vec<CheckOut<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct CheckOut<'a> {
    /// Path of the export.
    export: &'a str,
    host: Option<&'a str>,
    point: &'a str,
    /// in, out or forward.
    direction: &'a str,
    status: Status,
    /// CIDR or `a-b`.
    src: &'a str,
    /// CIDR or `a-b`.
    dst: &'a str,
    /// `443` or `1024-65535`.
    ports: &'a [String],
    evidence: Vec<EvidenceOut<'a>>,
    witness: Option<&'a Witness>,
    /// What of hylint.toml stands between the ends, with its front. Not there without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'a str>,
    assumptions: &'a [String],
    /// What listings of the host settle that would be assumed without them; missing if nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facts: Vec<FactOut<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct FactOut<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    text: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct EvidenceOut<'a> {
    path: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    rule: &'a str,
    /// rule, policy, default or implicit.
    kind: &'a str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct FindingOut<'a> {
    code: &'a str,
    severity: Severity,
    message: &'a str,
    help: Option<&'a str>,
    path: Option<&'a str>,
    /// From 1.
    line: Option<u32>,
    /// From 1, in characters.
    column: Option<u32>,
    end_line: Option<u32>,
    /// One past the last character.
    end_column: Option<u32>,
    rule: Option<&'a str>,
    host: Option<&'a str>,
    point: Option<&'a str>,
    /// in, out or forward.
    direction: Option<&'a str>,
    requirement: Option<&'a str>,
    /// The lowest row that the finding serves.
    row: Option<u32>,
    /// The other rows.
    also: &'a [u32],
    /// Failing pairs, `src -> dst`; at most 20.
    pairs: &'a [String],
    /// How many pairs fail.
    pairs_total: usize,
    /// What a rule lets in that nothing needs, exactly: these together. At most 50 are named.
    excess: Vec<&'a str>,
    /// How many parts the excess has; 0 where it is not told, as hundreds of earlier rules cut it up.
    excess_total: usize,
    witness: Option<&'a Witness>,
    /// `hylint trace` commands that show what the finding claims of the witness.
    reproduce: &'a [Reproduce],
    /// Commands that do what `help` says, in the language of the export, in this order.
    commands: &'a [String],
    related: Vec<RelatedOut<'a>>,
    assumptions: &'a [String],
    /// Survives moved lines, reordered and renamed rules; unique within a run.
    fingerprint: &'a str,
    /// What it has in common with other findings: those with one value are one to a reader. Null: nothing.
    cause: Option<String>,
    /// The reason of the waiver that suppresses it.
    waived: Option<&'a str>,
    waiver: Option<WaiverOut<'a>>,
    /// A baseline suppresses it.
    baselined: bool,
}

/// Who accepts a finding until when, and where that stands.
#[derive(Serialize, JsonSchema)]
struct WaiverOut<'a> {
    owner: Option<&'a str>,
    /// Last day, inclusive, UTC: `2027-03-31`.
    until: String,
    /// hylint.toml, or the export where `inline` is true.
    path: Option<&'a str>,
    line: Option<u32>,
    /// It stands in the export itself.
    inline: bool,
}

#[derive(Serialize, JsonSchema)]
struct RelatedOut<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    label: &'a str,
}

/// Findings by severity (waived ones apart), requirements and checks by status, and what was read.
#[derive(Serialize, JsonSchema)]
pub(super) struct Summary {
    errors: usize,
    warnings: usize,
    notes: usize,
    waived: usize,
    /// Findings that a baseline suppresses.
    baselined: usize,
    requirements: ByStatus,
    checks: ByStatus,
    exports: usize,
    rules: usize,
    unmodelled: usize,
    /// The word of the gate: PASSED, FAILED, NOT RUN or NOTHING TO CHECK.
    gate: &'static str,
    /// The word of the gate and what it does not cover, as every report says it.
    verdict: String,
    /// Requirements that apply.
    applicable: usize,
    /// Applicable requirements that are neither satisfied, waived nor violated.
    not_proven: usize,
    /// Violated requirements whose findings the baseline holds.
    violated_in_baseline: usize,
    /// Requirements that are satisfied at their source, no export of a destination being read.
    one_end: usize,
    /// Files that were not read and could be a firewall.
    unread: usize,
    /// Files that the site excludes.
    excluded: usize,
    /// Lints that are switched off.
    lints_off: usize,
    /// Lints whose findings the site makes less grave.
    lints_lowered: usize,
    /// Waivers in exports that hold a finding.
    inline_waivers: usize,
    /// Annotations in exports that contradict hylint.toml or the path.
    contradicted_annotations: usize,
    /// `[[allow]]` entries that let anyone in.
    wide_allows: usize,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct ByStatus {
    violated: usize,
    conditional: usize,
    unverified: usize,
    satisfied: usize,
    waived: usize,
    not_applicable: usize,
}

impl ByStatus {
    fn count(with: impl Fn(Status) -> usize) -> Self {
        Self {
            violated: with(Status::Violated),
            conditional: with(Status::Conditional),
            unverified: with(Status::Unverified),
            satisfied: with(Status::Satisfied),
            waived: with(Status::Waived),
            not_applicable: with(Status::NotApplicable),
        }
    }
}

/// What a stream says first: the report without its lists.
#[derive(Serialize)]
pub(super) struct Run<'a> {
    schema_version: &'a str,
    tool: Tool<'a>,
    evaluated_at: &'a str,
    site: Site<'a>,
    matrix: Matrix<'a>,
    scope: Option<Scope<'a>>,
    assumptions: Vec<Assumption<'a>>,
    limits: &'a [String],
    lints_changed: &'a [String],
    unread: Vec<Unread<'a>>,
    baseline: Option<BaselineOut<'a>>,
}

/// The report in pieces: run, exports, requirements, findings, summary.
pub(super) type Parts<'a> = (
    Run<'a>,
    Vec<Export<'a>>,
    Vec<Requirement<'a>>,
    Vec<FindingOut<'a>>,
    Summary,
);

impl<'a> Document<'a> {
    /// For readers that take one piece at a time.
    pub(super) fn into_parts(self) -> Parts<'a> {
        let run = Run {
            schema_version: self.schema_version,
            tool: self.tool,
            evaluated_at: self.evaluated_at,
            site: self.site,
            matrix: self.matrix,
            scope: self.scope,
            assumptions: self.assumptions,
            limits: self.limits,
            lints_changed: self.lints_changed,
            unread: self.unread,
            baseline: self.baseline,
        };
        (
            run,
            self.exports,
            self.requirements,
            self.findings,
            self.summary,
        )
    }

    pub(super) fn of(o: &'a Outcome) -> Self {
        let (counts, rest) = (o.counts(), o.reservations());
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool::this(),
            evaluated_at: &o.evaluated_at,
            site: Site::of(&o.site),
            matrix: Matrix::of(&o.matrix),
            scope: o.scope.as_ref().map(|s| Scope::of(s, o)),
            assumptions: o
                .assumptions
                .iter()
                .map(|a| Assumption {
                    id: a.id.as_str(),
                    text: &a.text,
                })
                .collect(),
            limits: &o.limits,
            lints_changed: &o.lints_changed,
            exports: o.exports.iter().map(Export::of).collect(),
            unread: (o.unread.iter())
                .map(|u| Unread {
                    path: &u.path,
                    what: u.what,
                })
                .collect(),
            requirements: o.requirements.iter().map(Requirement::of).collect(),
            findings: o.findings.iter().map(FindingOut::of).collect(),
            baseline: o.baseline.as_ref().map(|b| BaselineOut {
                path: &b.path,
                entries: b.entries,
                gone: b.gone,
            }),
            summary: Summary {
                errors: counts.errors,
                warnings: counts.warnings,
                notes: counts.notes,
                waived: counts.waived,
                baselined: counts.baselined,
                requirements: ByStatus::count(|s| o.requirements_with(s)),
                checks: ByStatus::count(|s| o.checks_with(s)),
                exports: o.exports.len(),
                rules: o.exports.iter().map(|e| e.rules).sum(),
                unmodelled: o.exports.iter().map(|e| e.unmodelled).sum(),
                gate: o.verdict().as_str(),
                verdict: words::verdict(o),
                applicable: rest.applicable,
                not_proven: rest.not_proven,
                violated_in_baseline: rest.baselined,
                one_end: rest.one_end,
                unread: o.unread.len(),
                excluded: o.narrowed.excluded.len(),
                lints_off: o.narrowed.lints_off,
                lints_lowered: o.narrowed.lints_lowered,
                inline_waivers: o.narrowed.inline_waivers,
                contradicted_annotations: o.narrowed.annotations,
                wide_allows: o.narrowed.wide_allows,
            },
        }
    }
}

impl Tool<'_> {
    pub(super) fn this() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

impl<'a> Site<'a> {
    pub(super) fn of(s: &'a SiteInfo) -> Self {
        Self {
            name: &s.name,
            path: s.path.as_deref(),
            sha256: s.sha256.as_deref(),
        }
    }
}

impl<'a> Matrix<'a> {
    pub(super) fn of(m: &'a MatrixInfo) -> Self {
        Self {
            id: &m.id,
            version: &m.version,
            sha256: &m.sha256,
            requirements: m.requirements,
        }
    }
}

impl<'a> Export<'a> {
    pub(super) fn of(e: &'a ExportInfo) -> Self {
        Self {
            path: &e.path,
            format: e.format,
            encoding: e.encoding,
            sha256: &e.sha256,
            bytes: e.bytes,
            rules: e.rules,
            roles: &e.roles,
            role_source: e.role_source.map(RoleSource::as_str),
            unmodelled: e.unmodelled,
            exported_at: e.exported_at.as_deref(),
            within: e.within,
        }
    }
}

impl<'a> Requirement<'a> {
    fn of(r: &'a RequirementResult) -> Self {
        Self {
            id: &r.id,
            row: r.row,
            from: &r.from,
            to: &r.to,
            status: r.status,
            reason: r.reason.as_deref(),
            one_end: r.one_end,
            checks: r.checks.iter().map(CheckOut::of).collect(),
        }
    }
}

impl<'a> CheckOut<'a> {
    fn of(c: &'a Check) -> Self {
        Self {
            export: &c.export,
            host: c.host.as_deref(),
            point: &c.point,
            direction: c.direction.as_str(),
            status: c.status,
            src: &c.src,
            dst: &c.dst,
            ports: &c.ports,
            evidence: c.evidence.iter().map(EvidenceOut::of).collect(),
            witness: c.witness.as_ref(),
            via: c.via.as_ref().map(|v| v.label.as_str()),
            assumptions: &c.assumptions,
            facts: c.facts.iter().map(FactOut::of).collect(),
        }
    }
}

impl<'a> FactOut<'a> {
    fn of((place, text): &'a (Place, String)) -> Self {
        Self {
            path: &place.path,
            line: place.start.line,
            column: place.start.column,
            text,
        }
    }
}

impl<'a> EvidenceOut<'a> {
    fn of(e: &'a Evidence) -> Self {
        let place = e.place.as_ref();
        Self {
            path: place.map(|p| &*p.path),
            line: place.map(|p| p.start.line),
            column: place.map(|p| p.start.column),
            rule: &e.rule,
            kind: e.kind.as_str(),
        }
    }
}

impl<'a> FindingOut<'a> {
    pub(super) fn of(f: &'a Finding) -> Self {
        let place: Option<&Place> = f.place.as_ref();
        Self {
            code: f.code.as_str(),
            severity: f.severity,
            message: &f.message,
            help: f.help.as_deref(),
            path: place.map(|p| &*p.path),
            line: place.map(|p| p.start.line),
            column: place.map(|p| p.start.column),
            end_line: place.map(|p| p.end.line),
            end_column: place.map(|p| p.end.column),
            rule: f.rule.as_deref(),
            host: f.host.as_deref(),
            point: f.point.as_deref(),
            direction: f.direction.map(Direction::as_str),
            requirement: f.requirement.as_deref(),
            row: f.row,
            also: &f.also,
            pairs: &f.pairs,
            pairs_total: f.pairs_total,
            excess: f.excess.iter().map(|p| p.text.as_str()).collect(),
            excess_total: f.excess_total,
            witness: f.witness.as_deref(),
            reproduce: &f.reproduce,
            commands: &f.commands,
            related: f
                .related
                .iter()
                .map(|r| RelatedOut {
                    path: &r.place.path,
                    line: r.place.start.line,
                    column: r.place.start.column,
                    label: &r.label,
                })
                .collect(),
            assumptions: &f.assumptions,
            fingerprint: &f.fingerprint,
            cause: f.cause.as_ref().map(|c| c.fingerprint(f.code, f.severity)),
            waived: f.waived.as_deref().map(|w| w.reason.as_str()),
            waiver: f.waived.as_deref().map(WaiverOut::of),
            baselined: f.baselined,
        }
    }
}

impl<'a> WaiverOut<'a> {
    fn of(w: &'a Waiver) -> Self {
        Self {
            owner: w.owner.as_deref(),
            until: w.until.to_string(),
            path: w.place.as_ref().map(|p| &*p.path),
            line: w.place.as_ref().map(|p| p.start.line),
            inline: w.inline,
        }
    }
}
