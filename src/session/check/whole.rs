//! Judges the parts of a run in parallel and puts together what they found.

use super::basis::Basis;
use super::judge_part::{Decisions, Found, FoundRow, judge as judge_part};
use super::linked::{LinkedPart, LinkedParts};
use super::memo::{Memo, Memos, PartKey, SiteKey};
use super::parts::Part;
use super::results::FileFacts;
use crate::common::progress::Progress;
use crate::finding::outcome::Check;
use crate::finding::{AssumptionId, Finding};
use crate::judge::{self, InSite, Order, Row, RowVerdict, Tally};
use crate::lints::required;
use crate::lints::undeclared::HeldUp;
use crate::load::ExportId;
use crate::session::bodies::Changed;
use crate::session::suppress;
use hylint_engine::Indexes;
use hylint_parsers::source::Position;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the parts found, put together.
pub(super) struct Whole {
    pub rows: Vec<(RowVerdict<InSite>, Vec<Check>)>,
    pub findings: Vec<Finding>,
    pub held_up: Vec<HeldUp>,
    pub assumed: BTreeMap<AssumptionId, usize>,
    pub doubted: Vec<(Arc<str>, Position)>,
    pub inline: Vec<suppress::Inline>,
    pub files: BTreeMap<ExportId, FileFacts>,
}

/// A check, with its place in the order of the site.
type InOrder = (Order<InSite>, Check);

/// A part that is being judged.
struct Work<'r> {
    part: &'r Part,
    /// By what it is known again, where verdicts are kept.
    key: Option<PartKey>,
    /// What is known of it, or was found first.
    memo: Memo,
    /// It was found before this session.
    known: bool,
    linked: Option<Arc<LinkedPart>>,
}

/// Judging every part.
#[derive(Clone, Copy)]
pub(super) struct Judging<'r> {
    pub basis: Basis<'r>,
    pub parts: &'r [Part],
    pub linked: &'r LinkedParts,
    pub memos: &'r Memos,
    /// Parts that were judged, counted.
    pub judged: &'r AtomicUsize,
}

impl<'r> Judging<'r> {
    /// Judges the parts in parallel and puts what they found together with what is known already.
    pub(super) fn judge(
        &self,
        said: Vec<Finding>,
        progress: &dyn Progress,
    ) -> Result<Whole, Changed> {
        progress.begin("judging", self.parts.len());
        let keeps = self.basis.material.request.keep.verdicts;
        let site = keeps.then(|| SiteKey::of(&self.basis));
        let one = |part: &'r Part| {
            let work = self.work(part, site.as_ref());
            progress.step();
            work
        };
        let work = hylint_parallel::map(self.parts.iter().collect(), one).into_iter();
        let mut work = work.collect::<Result<Vec<_>, Changed>>()?;
        let verdicts = self.verdicts(&work);
        let decided: Decisions = verdicts.iter().map(|v| v.decision).enumerate().collect();
        for w in &mut work {
            self.decide(w, &decided)?;
        }
        Ok(self.merge(work, said, verdicts))
    }

    /// Judges a part by what its own checks say, unless that is known.
    fn work(&self, part: &'r Part, site: Option<&Arc<SiteKey>>) -> Result<Work<'r>, Changed> {
        let key = site.map(|s| PartKey::of(&self.basis, part, s));
        let known = key.as_ref().and_then(|k| self.memos.find(k));
        if let Some(memo) = known {
            return Ok(Work {
                part,
                key,
                memo,
                known: true,
                linked: None,
            });
        }
        self.count();
        // What is held was taken from the session, and may be asked for again.
        let held = part
            .exports
            .iter()
            .any(|e| self.basis.material.bodies.was_held(*e));
        let linked = self.link(part)?;
        let own = Arc::new(judge_part(&self.basis, part, &linked, None));
        Ok(Work {
            part,
            key,
            memo: Memo { own, decided: None },
            known: false,
            linked: held.then_some(linked),
        })
    }

    fn count(&self) {
        self.judged.fetch_add(1, Ordering::Relaxed);
    }

    fn link(&self, part: &Part) -> Result<Arc<LinkedPart>, Changed> {
        self.linked.get(self.basis.material, part, Indexes::default)
    }

    /// Judges a part again whose own checks say something else than the whole site.
    fn decide(&self, w: &mut Work<'r>, decided: &Decisions) -> Result<(), Changed> {
        let other = |r: &FoundRow| {
            let d = decided.get(&r.row).map(|d| w.part.decision(*d));
            d != Some(r.decision)
        };
        if !w.memo.own.rows.iter().any(other) {
            w.memo.decided = None;
            return Ok(());
        }
        let known = w.memo.decided.as_ref();
        if known.is_some_and(|f| !f.rows.iter().any(other)) {
            return Ok(());
        }
        let linked = match &w.linked {
            Some(linked) => linked.clone(),
            None => self.link(w.part)?,
        };
        if w.known {
            self.count();
        }
        let found = judge_part(&self.basis, w.part, &linked, Some(decided));
        w.memo.decided = Some(Arc::new(found));
        Ok(())
    }

    /// The verdict of each requirement over all parts.
    fn verdicts(&self, work: &[Work<'_>]) -> Vec<RowVerdict<InSite>> {
        let mut tallies: Vec<BTreeMap<usize, Vec<Tally<InSite>>>> =
            vec![BTreeMap::new(); self.basis.rows.len()];
        for w in work {
            for r in &w.memo.own.rows {
                let Some(row) = tallies.get_mut(r.row) else {
                    continue;
                };
                for (end, of_end) in &r.tallies {
                    let all = of_end.iter().map(|t| w.part.tally_in_site(t));
                    row.entry(*end).or_default().extend(all);
                }
            }
        }
        let verdict = |(row, tallies): (&Row<'_>, BTreeMap<usize, Vec<Tally<InSite>>>)| {
            let mut tallies: Vec<(usize, Vec<Tally<InSite>>)> = tallies.into_iter().collect();
            for (_, t) in &mut tallies {
                t.sort_by_key(|t| t.order);
            }
            judge::decide(self.basis.flows, row, &tallies)
        };
        self.basis.rows.iter().zip(tallies).map(verdict).collect()
    }

    /// What of the parts counts, with the numbers of the part that it is of. What the session keeps is copied.
    fn found<'w>(&self, work: Vec<Work<'w>>) -> Vec<(&'w Part, Found)> {
        let take = |w: Work<'w>| {
            if let Some(key) = w.key {
                self.memos.insert(key, w.memo.clone());
            }
            let counts = w.memo.decided.unwrap_or(w.memo.own);
            (w.part, Arc::unwrap_or_clone(counts))
        };
        work.into_iter().map(take).collect()
    }

    fn merge(
        &self,
        work: Vec<Work<'_>>,
        said: Vec<Finding>,
        verdicts: Vec<RowVerdict<InSite>>,
    ) -> Whole {
        let mut found = self.found(work);
        // They are most of what a run holds: those of the part with the most stay where they are, and the others are moved
        // once. They are sorted later.
        let most = found.iter_mut().max_by_key(|(_, f)| f.findings.len());
        let mut findings = most.map_or_else(Vec::new, |(_, f)| std::mem::take(&mut f.findings));
        let others: usize = found.iter().map(|(_, f)| f.findings.len()).sum();
        findings.reserve_exact(said.len() + others);
        findings.extend(said);
        let mut rows: Vec<(RowVerdict<InSite>, Vec<InOrder>)> =
            verdicts.into_iter().map(|v| (v, Vec::new())).collect();
        let mut out = Whole {
            rows: Vec::new(),
            findings,
            held_up: Vec::new(),
            assumed: BTreeMap::new(),
            doubted: Vec::new(),
            inline: Vec::new(),
            files: BTreeMap::new(),
        };
        for (part, f) in found {
            for r in f.rows {
                if let Some((_, checks)) = rows.get_mut(r.row) {
                    let here = r.checks.into_iter();
                    checks.extend(here.map(|(order, c)| (part.in_site(order), c)));
                }
            }
            for (id, n) in f.assumed {
                *out.assumed.entry(id).or_default() += n;
            }
            out.findings.extend(f.findings);
            out.held_up.extend(f.held_up);
            out.doubted.extend(f.doubted);
            out.inline.extend(f.inline);
            out.files.extend(part.exports.iter().copied().zip(f.files));
        }
        for (row, (v, _)) in self.basis.rows.iter().zip(&rows) {
            if !v.unproven.is_empty() {
                out.findings.push(required::unproven(row.req, &v.unproven));
            }
        }
        let in_order = |(v, mut checks): (RowVerdict<InSite>, Vec<InOrder>)| {
            checks.sort_by_key(|(order, _)| *order);
            (v, checks.into_iter().map(|(_, c)| c).collect())
        };
        out.rows = rows.into_iter().map(in_order).collect();
        out
    }
}
