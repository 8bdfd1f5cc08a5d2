//! Judges one part of the run, and leaves nothing that refers to its rules or texts.

use super::Run;
use super::parts::Part;
use super::results::check_of;
use crate::finding::outcome::Check;
use crate::finding::{AssumptionId, Finding};
use crate::judge::{self, Decision, Exports, Flows, Judged, Order, Tally};
use crate::link;
use crate::lints::{excess, hygiene, profiles, required, trust};
use crate::load::{self, Body, ExportId, FileRef, LoadedExport, Seal};
use crate::session::suppress;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A file that was read, and is not the same when it is read again.
#[derive(Debug)]
pub(super) struct Changed(pub Arc<str>);

/// What was found out about a part.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The requirements with checks here, ascending.
    pub rows: Vec<FoundRow>,
    /// In no particular order.
    pub findings: Vec<Finding>,
    /// How many checks rest on each assumption.
    pub assumed: BTreeMap<AssumptionId, usize>,
    /// Lines with unmodelled matches on which a verdict rests.
    pub doubted: Vec<(Arc<str>, u32)>,
    /// Waivers that stand in the exports.
    pub inline: Vec<suppress::Inline>,
    /// The exports by their number.
    pub files: Vec<(ExportId, FileFacts)>,
}

/// What the report says of a file and only its whole reading tells.
#[derive(Clone, Debug, Default)]
pub(super) struct FileFacts {
    /// SHA-256 of the bytes that were judged, hex.
    pub sha256: String,
    /// Rules in the model.
    pub rules: usize,
    /// Rules with an unmodelled part, and lines not read.
    pub unmodelled: usize,
}

/// One requirement in a part.
#[derive(Debug)]
pub(super) struct FoundRow {
    /// Its number in the matrix.
    pub row: usize,
    /// What the whole site has to know, by destination.
    pub tallies: Vec<(usize, Vec<Tally>)>,
    /// What the checks were taken by.
    pub decision: Decision,
    /// The checks that count.
    pub checks: Vec<(Order, Check)>,
}

/// The decisions of the whole site, by the requirement's number; without them each part takes what its own checks say.
pub(super) type Decisions = BTreeMap<usize, Decision>;

/// A part and, if they are held, its exports with what reading and linking found.
#[derive(Debug)]
pub(super) struct Work {
    pub part: Part,
    held: Option<(Exports, Vec<Finding>)>,
}

impl Work {
    /// Takes the bodies of a part that holds some of its exports; others are read when they are judged.
    ///
    /// # Errors
    /// A file of it is not what it was when it was read first.
    pub(super) fn new(
        run: &Run<'_>,
        part: Part,
        bodies: &mut [Option<Body>],
    ) -> Result<Self, Changed> {
        let is_held = |at: &ExportId| matches!(bodies.get(at.index()), Some(Some(Body::Held(..))));
        if !part.exports.iter().any(is_held) {
            return Ok(Self { part, held: None });
        }
        let mut exports = Vec::with_capacity(part.exports.len());
        let mut findings = Vec::new();
        for at in &part.exports {
            let (export, found) = match bodies.get_mut(at.index()).and_then(Option::take) {
                Some(Body::Held(e, found)) => (*e, found),
                Some(Body::File(file, seal)) => again(&file, seal)?,
                None => continue,
            };
            exports.push(export);
            findings.extend(found);
        }
        findings.extend(settle(run, &part, &mut exports));
        let exports = part.exports(run.bound, exports);
        Ok(Self {
            part,
            held: Some((exports, findings)),
        })
    }

    fn read(
        &self,
        run: &Run<'_>,
        bodies: &[Option<Body>],
    ) -> Result<(Exports, Vec<Finding>), Changed> {
        let mut exports = Vec::with_capacity(self.part.exports.len());
        let mut findings = Vec::new();
        for at in &self.part.exports {
            if let Some(Some(Body::File(file, seal))) = bodies.get(at.index()) {
                let (export, found) = again(file, *seal)?;
                exports.push(export);
                findings.extend(found);
            }
        }
        findings.extend(settle(run, &self.part, &mut exports));
        Ok((self.part.exports(run.bound, exports), findings))
    }
}

fn again(file: &FileRef, seal: Seal) -> Result<(LoadedExport, Vec<Finding>), Changed> {
    load::read_again(file, seal).ok_or_else(|| Changed(file.shown.clone()))
}

/// Puts what their scope says into the rules of a part's exports.
fn settle(run: &Run<'_>, part: &Part, exports: &mut [LoadedExport]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (e, at) in exports.iter_mut().zip(&part.exports) {
        let found = link::settle(e, *at, run.heads, &run.bound.index, run.known);
        findings.extend(found);
    }
    findings
}

/// Judges a part.
///
/// # Errors
/// A file of it is not what it was when it was read first.
pub(super) fn judge(
    run: &Run<'_>,
    work: &Work,
    bodies: &[Option<Body>],
    decided: Option<&Decisions>,
) -> Result<Found, Changed> {
    let read;
    let (exports, said) = match &work.held {
        Some(held) => held,
        None => {
            read = work.read(run, bodies)?;
            &read
        }
    };
    let mut out = judge_exports(run, &work.part, exports, decided);
    out.findings.extend(said.iter().cloned());
    // They wait for those of all other parts.
    out.findings.shrink_to_fit();
    let facts = |e: &LoadedExport| FileFacts {
        sha256: e.sha256.clone(),
        rules: e.summary.rules,
        unmodelled: e.summary.unmodelled,
    };
    let numbers = work.part.exports.iter().copied();
    out.files = numbers.zip(exports.iter().map(facts)).collect();
    Ok(out)
}

fn judge_exports(
    run: &Run<'_>,
    part: &Part,
    exports: &Exports,
    decided: Option<&Decisions>,
) -> Found {
    let mut out = Found::default();
    let scope = part.scope(run.bound);
    let flows = Flows {
        part: &scope,
        ..run.flows
    };
    let mut judged: Vec<Judged<'_>> = Vec::new();
    for c in judge::candidates(flows, exports) {
        let (row, tallies) = (c.row, c.tallies(exports));
        let own = || {
            run.rows
                .get(row)
                .map(|r| judge::decide(flows, r, &tallies).decision)
        };
        let decision = decided.and_then(|d| d.get(&row)).copied().or_else(own);
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
    out.findings
        .extend(required::findings(exports, flows.site, &judged));
    out.findings.extend(profiles::findings(exports, &judged));
    // What is open is judged in a profile too, whether or not there are checks.
    if scope.hosts.iter().any(|h| judge::assumed(exports, h)) {
        out.assumed.entry(AssumptionId::ProfileDomain).or_default();
    }
    for f in &flows.matrix.implied {
        let checks = judge::judge_implied(flows, exports, f);
        out.findings
            .extend(required::implied(exports, flows.site, f, &checks));
    }
    out.doubted = trust::doubted(exports, &judged);
    // Rules that decide nothing open nothing.
    let idle = hygiene::findings(exports, &mut out.findings);
    out.findings.extend(excess::findings(flows, exports, &idle));
    let age = flows.site.max_age_days;
    out.findings
        .extend(trust::stale(exports, age, run.request.at));
    for e in exports.iter() {
        let (waivers, wrong) = suppress::inline::of(e);
        out.inline.extend(waivers);
        out.findings.extend(wrong);
    }
    out
}
