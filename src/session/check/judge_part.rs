//! Judges one part of the run, and leaves nothing that refers to its rules or texts.

use super::basis::Basis;
use super::linked::LinkedPart;
use super::parts::Part;
use super::results::{FileFacts, check_of};
use crate::finding::outcome::Check;
use crate::finding::{AssumptionId, Finding};
use crate::judge::{
    self, Decision, Exports, Flows, InPart, InSite, Judged, Order, Remedies, Tally,
};
use crate::lints::undeclared::{self, HeldUp};
use crate::lints::{excess, hygiene, listener, profiles, required, trust, via};
use crate::load::LoadedExport;
use crate::session::suppress;
use hylint_parsers::source::Position;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was found out about a part. Hosts are numbered by the part, so that it stays true in another session.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The requirements with checks here, ascending.
    pub rows: Vec<FoundRow>,
    /// In no particular order.
    pub findings: Vec<Finding>,
    /// Flows that cannot be judged here because nothing declares their peers.
    pub held_up: Vec<HeldUp>,
    /// How many checks rest on each assumption.
    pub assumed: BTreeMap<AssumptionId, usize>,
    /// Lines with unmodelled matches on which a verdict rests.
    pub doubted: Vec<(Arc<str>, Position)>,
    /// Waivers that stand in the exports.
    pub inline: Vec<suppress::Inline>,
    /// The exports, in the order of the part.
    pub files: Vec<FileFacts>,
}

/// One requirement in a part.
#[derive(Clone, Debug)]
pub(super) struct FoundRow {
    /// Its number in the matrix.
    pub row: usize,
    /// What the whole site has to know, by destination.
    pub tallies: Vec<(usize, Vec<Tally<InPart>>)>,
    /// What the checks were taken by.
    pub decision: Decision<InPart>,
    /// The checks that count.
    pub checks: Vec<(Order<InPart>, Check)>,
}

/// The decisions of the whole site, by the requirement's number; without them each part takes what its own checks say.
pub(super) type Decisions = BTreeMap<usize, Decision<InSite>>;

/// Judges a part by what was decided of the whole site, else by what its own checks say.
pub(super) fn judge(
    basis: &Basis<'_>,
    part: &Part,
    linked: &LinkedPart,
    decided: Option<&Decisions>,
) -> Found {
    let LinkedPart { exports, said } = linked;
    let mut out = judge_exports(basis, part, exports, decided);
    out.findings.extend(said.iter().cloned());
    // They wait for those of all other parts.
    out.findings.shrink_to_fit();
    let facts = |e: &LoadedExport| FileFacts {
        sha256: e.sha256.clone(),
        rules: e.summary.rules,
        unmodelled: e.summary.unmodelled,
        included: e.included.clone().unwrap_or_default(),
    };
    out.files = exports.iter().map(facts).collect();
    out
}

fn judge_exports(
    basis: &Basis<'_>,
    part: &Part,
    exports: &Exports,
    decided: Option<&Decisions>,
) -> Found {
    let mut out = Found::default();
    let scope = part.scope(basis.bound);
    let flows = Flows {
        part: &scope,
        ..basis.flows
    };
    let mut judged: Vec<Judged<'_>> = Vec::new();
    for c in judge::candidates(flows, exports) {
        let (row, tallies) = (c.row, c.tallies(exports));
        let own = || {
            basis
                .rows
                .get(row)
                .map(|r| judge::decide(flows, r, &tallies).decision)
        };
        let decided = decided.and_then(|d| d.get(&row));
        let decision = decided.map(|d| part.decision(*d)).or_else(own);
        let decision = decision.unwrap_or_default();
        judged.push(c.judged(exports, decision));
        out.rows.push(FoundRow {
            row,
            tallies,
            decision,
            checks: Vec::new(),
        });
    }
    for (found, j) in out.rows.iter_mut().zip(&judged) {
        for c in &j.checks {
            found.checks.push((c.order, check_of(exports, j, c)));
            let ids: BTreeSet<AssumptionId> = c.assumptions.iter().map(|(id, _)| *id).collect();
            for id in ids {
                *out.assumed.entry(id).or_default() += 1;
            }
        }
    }
    let mut remedies = Remedies::default();
    let required = required::findings(exports, flows.site, &judged, &mut remedies);
    out.findings.extend(required);
    let rows = out.rows.iter().map(|r| r.row);
    out.held_up = undeclared::required(flows, exports, &judged, rows);
    out.findings.extend(profiles::findings(exports, &judged));
    out.findings
        .extend(profiles::contradictions(exports, &scope.hosts));
    out.findings.extend(via::findings(flows, exports));
    out.findings.extend(profiles::keywords(&scope.hosts));
    out.findings
        .extend(listener::findings(exports, &scope.hosts, &judged));
    // What is open is judged in a profile too, whether or not there are checks.
    if scope.hosts.iter().any(|h| judge::assumed(exports, h)) {
        out.assumed.entry(AssumptionId::ProfileDomain).or_default();
    }
    for (n, f) in flows.matrix.implied.iter().enumerate() {
        let checks = judge::judge_implied(flows, exports, f);
        let held_up = undeclared::implied(flows.site, exports, (n, f), &checks);
        out.held_up.extend(held_up);
        out.findings.extend(required::implied(
            exports,
            flows.site,
            f,
            &checks,
            &mut remedies,
        ));
    }
    out.doubted = trust::doubted(exports, &judged);
    // Rules that decide nothing open nothing.
    let idle = hygiene::findings(exports, &mut out.findings);
    let excess = excess::findings(flows, exports, &idle, &mut remedies);
    out.findings.extend(excess);
    out.findings.extend(excess::outside(flows, exports, &idle));
    let age = flows.site.max_age_days;
    out.findings
        .extend(trust::stale(exports, age, basis.material.request.at));
    for e in exports.iter() {
        let (waivers, wrong) = suppress::inline::of(e);
        out.inline.extend(waivers);
        out.findings.extend(wrong);
    }
    out
}
