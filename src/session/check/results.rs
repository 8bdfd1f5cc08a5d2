//! From what was judged to what is reported.

use crate::finding::AssumptionId;
use crate::finding::outcome::{Assumption, Check, CheckVia, ExportInfo, RequirementResult, Status};
use crate::judge::{Checked, Exports, InSite, Judged, Row, RowVerdict, Side};
use crate::lints::place;
use crate::load::{ExportId, Heads, Included};
use crate::site::Bound;
use hylint_model::{Body, DefaultOrigin};
use hylint_space::AddrSet;
use std::collections::BTreeMap;

/// What the report says of a file and only its whole reading tells.
#[derive(Clone, Debug, Default)]
pub(super) struct FileFacts {
    /// SHA-256 of the bytes that were judged, hex.
    pub sha256: String,
    /// Rules in the model.
    pub rules: usize,
    /// Rules with an unmodelled part, and lines not read.
    pub unmodelled: usize,
    /// The files that it includes.
    pub included: Vec<Included>,
}

pub(super) fn result(
    row: &Row<'_>,
    v: RowVerdict<InSite>,
    checks: Vec<Check>,
) -> RequirementResult {
    let req = row.req;
    RequirementResult {
        id: req.id.clone(),
        row: req.row,
        from: req.from.name.clone(),
        to: req.to.name.clone(),
        status: v.status,
        reason: v.reason,
        one_end: v.one_end,
        checks,
        purpose: req.purpose.clone(),
        impact: req.impact.clone(),
    }
}

pub(super) fn check_of<'a>(exports: &Exports, j: &Judged<'a>, c: &Checked<'a>) -> Check {
    let at = c.guard.points.first().copied().unwrap_or_default();
    let side = |pick: fn(&hylint_space::PacketBox) -> &AddrSet| {
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
            .get(at.set)
            .map_or_else(|| "".into(), |e| e.path.clone()),
        host: Some(c.guard.name.to_owned()),
        point: place::point_name(exports, at),
        direction: c.guard.direction,
        status: c.status,
        src: side(|q| &q.src),
        dst: side(|q| &q.dst),
        ports: c.ports(j.ports).iter().map(u16::to_string).collect(),
        evidence: deciders
            .iter()
            .map(|d| place::evidence(exports, d))
            .collect(),
        witness: sample.and_then(place::witness),
        via: c.through.map(|t| CheckVia {
            label: t.via.label.clone(),
            behind: t.side == Side::Behind,
        }),
        assumptions: c.assumption_texts(),
        facts: c.facts.clone(),
    }
}

pub(super) fn infos(
    heads: &Heads,
    mut files: BTreeMap<ExportId, FileFacts>,
    bound: &Bound,
) -> Vec<ExportInfo> {
    heads
        .each()
        .flat_map(|(i, e)| {
            let (roles, role_source) = bound
                .export_roles
                .get(i.index())
                .cloned()
                .unwrap_or_default();
            let facts = files.remove(&i).unwrap_or_default();
            let within = facts.included.iter().map(|f| f.rules).sum();
            let own = ExportInfo {
                path: e.path.clone(),
                format: e.export.format,
                encoding: e.source.encoding,
                sha256: facts.sha256,
                bytes: e.bytes,
                points: e.export.points.iter().filter(|p| !p.only_adds()).count()
                    + telling(bound, i),
                rules: facts.rules.saturating_sub(within),
                roles,
                role_source,
                unmodelled: facts.unmodelled,
                within: true,
                exported_at: e.export.exported_at.as_ref().map(|(t, _)| t.clone()),
            };
            let parts = facts.included.into_iter().map(|f| part(f, &own));
            let parts: Vec<ExportInfo> = parts.collect();
            std::iter::once(own).chain(parts)
        })
        .collect()
}

/// A file that an export includes: it holds rules of that one's firewalls, and none of its own.
fn part(f: Included, of: &ExportInfo) -> ExportInfo {
    ExportInfo {
        path: f.path,
        format: of.format,
        encoding: f.encoding,
        sha256: f.sha256,
        bytes: f.bytes,
        points: 0,
        rules: f.rules,
        roles: of.roles.clone(),
        role_source: of.role_source,
        unmodelled: 0,
        within: true,
        exported_at: None,
    }
}

/// How many layers an export tells of that are no firewall of their own: an interface without any group.
fn telling(bound: &Bound, export: ExportId) -> usize {
    let all = bound.stand_ins.get(&export).into_iter().flatten();
    let known = |p: &&hylint_model::Point| match &p.body {
        Body::Lists(l) => l.ingress.default.origin != DefaultOrigin::Unknown,
        Body::Netfilter(_) => true,
    };
    all.filter(known).count()
}

/// The assumptions that checks rest on, most far-reaching first.
const ASSUMED: [AssumptionId; 14] = [
    AssumptionId::PeersUnknown,
    AssumptionId::BriefExport,
    AssumptionId::AppPackage,
    AssumptionId::WindowsDefaults,
    AssumptionId::OtherPolicyStores,
    AssumptionId::ProfileDomain,
    AssumptionId::Interface,
    AssumptionId::InterfaceType,
    AssumptionId::HostAddress,
    AssumptionId::Program,
    AssumptionId::OtherProgram,
    AssumptionId::Owner,
    AssumptionId::OtherNftTables,
    AssumptionId::Via,
];

/// `checks` counts those that rest on each.
pub(super) fn assumptions(
    bound: &[Assumption],
    checks: &BTreeMap<AssumptionId, usize>,
) -> Vec<Assumption> {
    let mut out = Vec::new();
    for id in ASSUMED {
        if let Some(n) = checks.get(&id) {
            let counted = match n {
                0 => String::new(),
                1 => " (1 check)".to_owned(),
                n => format!(" ({n} checks)"),
            };
            out.push(Assumption {
                id,
                text: format!("{}{counted}", id.text()),
            });
        }
    }
    for a in bound {
        // Said already, with the number of checks that rest on it.
        let counted = ASSUMED.contains(&a.id);
        if !out
            .iter()
            .any(|o: &Assumption| o.id == a.id && (counted || o.text == a.text))
        {
            out.push(a.clone());
        }
    }
    out
}
