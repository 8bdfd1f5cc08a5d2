//! Judges the parts of a run in parallel and puts together what they found.

use super::Run;
use super::judge_part::{
    Changed, Decisions, FileFacts, Found, FoundRow, Work, judge as judge_part,
};
use super::parts::parts;
use crate::common::progress::Progress;
use crate::finding::outcome::Check;
use crate::finding::{AssumptionId, Finding};
use crate::judge::{self, Order, Row, RowVerdict, Tally};
use crate::lints::required;
use crate::load::{Body, ExportId};
use crate::session::suppress;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the parts found, put together.
pub(super) struct Whole {
    pub rows: Vec<(RowVerdict, Vec<Check>)>,
    pub findings: Vec<Finding>,
    pub assumed: BTreeMap<AssumptionId, usize>,
    pub doubted: Vec<(Arc<str>, u32)>,
    pub inline: Vec<suppress::Inline>,
    pub files: BTreeMap<ExportId, FileFacts>,
}

impl Run<'_> {
    /// Judges the parts in parallel and puts what they found together with what is known already.
    pub(super) fn judge(
        &self,
        mut bodies: Vec<Option<Body>>,
        known: Vec<Finding>,
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
        let found: Result<Vec<Found>, Changed> = hylint_parallel::map(work.iter().collect(), one)
            .into_iter()
            .collect();
        let mut found = found?;
        let verdicts = self.verdicts(&found);
        let decided: Decisions = verdicts.iter().map(|v| v.decision).enumerate().collect();
        for (w, f) in work.iter().zip(&mut found) {
            let other = |r: &FoundRow| decided.get(&r.row) != Some(&r.decision);
            if f.rows.iter().any(other) {
                *f = judge_part(self, w, &bodies, Some(&decided))?;
            }
        }
        Ok(self.merge(found, known, verdicts))
    }

    /// The verdict of each requirement over all parts.
    fn verdicts(&self, found: &[Found]) -> Vec<RowVerdict> {
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

    fn merge(
        &self,
        mut found: Vec<Found>,
        known: Vec<Finding>,
        verdicts: Vec<RowVerdict>,
    ) -> Whole {
        // They are most of what a run holds: those of the part with the most stay where they are, and the others are moved
        // once. They are sorted later.
        let most = found.iter_mut().max_by_key(|f| f.findings.len());
        let mut findings = most.map_or_else(Vec::new, |f| std::mem::take(&mut f.findings));
        let others: usize = found.iter().map(|f| f.findings.len()).sum();
        findings.reserve_exact(known.len() + others);
        findings.extend(known);
        let mut rows: Vec<(RowVerdict, Vec<(Order, Check)>)> =
            verdicts.into_iter().map(|v| (v, Vec::new())).collect();
        let mut out = Whole {
            rows: Vec::new(),
            findings,
            assumed: BTreeMap::new(),
            doubted: Vec::new(),
            inline: Vec::new(),
            files: BTreeMap::new(),
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
            out.files.extend(f.files);
        }
        for (row, (v, _)) in self.rows.iter().zip(&rows) {
            if !v.unproven.is_empty() {
                out.findings.push(required::unproven(row.req, &v.unproven));
            }
        }
        let in_order = |(v, mut checks): (RowVerdict, Vec<(Order, Check)>)| {
            checks.sort_by_key(|(order, _)| *order);
            (v, checks.into_iter().map(|(_, c)| c).collect())
        };
        out.rows = rows.into_iter().map(in_order).collect();
        out
    }
}
