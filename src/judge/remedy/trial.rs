//! Changes that are tried, round by round, until a flow passes.

use super::flow::{Done, Flow};
use super::numbers::Numbers;
use super::planned::{Planned, Step};
use crate::judge::check::Checked;
use crate::judge::exports::Exports;
use crate::judge::failure::{Cause, Failure};
use crate::judge::miss::Miss;
use crate::judge::spec::FlowSpec;
use crate::rules::matrix::Require;
use hylint_model::{Condition, PointKind, Test};

/// Changes that are tried for one finding: both families, the flow and its replies, and a table before the filter.
const STEPS: usize = 8;
/// Rules that are copied for the findings of one part of a run, to try changes out.
const COPIED: usize = 1 << 18;

/// What the remedies of one part of a run share.
#[derive(Debug, Default)]
pub struct Remedies {
    pub(super) numbers: Numbers,
    copied: usize,
    /// Rules of exports that were gone through to narrow others.
    pub(super) read: usize,
}

impl Remedies {
    /// Changes after which a check passes, in any order; each is told by the places of the exports as they are. `name` is
    /// what new rules are called. `None` if no change of the rules is known to help, or if it takes more than is known:
    /// who the peers are, what a condition stands for, what Group Policy holds.
    pub fn of(
        &mut self,
        exports: &Exports,
        c: &Checked<'_>,
        spec: &FlowSpec<'_>,
        f: &Failure<'_>,
        miss: Option<&Miss<'_>>,
        name: &str,
    ) -> Option<Vec<Step>> {
        let (me, peers) = c.asked.as_deref()?;
        let unsaid = f.cause.is_odd() || f.cause == Cause::PeersUnknown;
        // What a name stands for is for the site to say; what is surely denied goes before rules that ask for names.
        // What a listing does not print, it would not print of a new rule either.
        let kind = exports.point(f.by.at()).map(|p| p.kind);
        let listed = kind == Some(PointKind::Netfilter);
        let named = |c: &&Condition| {
            matches!(c.test, Test::Named { .. }) || listed && c.unprinted().is_some()
        };
        let unsaid = unsaid || f.cause.is_undecided() && f.conditions.iter().any(named);
        if unsaid || peers.unknown && !peers.external {
            return None;
        }
        let port: Vec<u16> = f.ports().iter().map(|(lo, _)| lo).take(1).collect();
        // Of several ports that each suffice, the one that came closest is enough.
        let spec = match spec.require {
            Require::Any => FlowSpec {
                ports: &port,
                require: Require::All,
                ..*spec
            },
            Require::All => *spec,
        };
        let flow = Flow {
            guard: &c.guard,
            spec,
            me,
            peers,
            name,
        };
        let mut done = Done::default();
        let mut rounds = vec![flow.next(exports, f, miss, &mut done, &mut self.numbers)?];
        let mut now = self.patched(exports, rounds.iter().flatten())?;
        while let Some(f) = flow.judged(&now)? {
            if rounds.len() > STEPS {
                return None;
            }
            let next = flow.next(&now, &f, None, &mut done, &mut self.numbers)?;
            let patched = self.patched(&now, next.iter())?;
            rounds.push(next);
            now = patched;
        }
        let needed = self.needed(exports, &flow, rounds);
        Some(needed.iter().flatten().map(Planned::step).collect())
    }

    /// The changes without those that did not help: a rule at the end of a chain that packets leave before, for example.
    fn needed(
        &mut self,
        exports: &Exports,
        flow: &Flow<'_, '_>,
        mut rounds: Vec<Vec<Planned>>,
    ) -> Vec<Vec<Planned>> {
        let mut at = 0;
        while rounds.len() > 1 && at < rounds.len() {
            let without = rounds.iter().enumerate().filter(|(n, _)| *n != at);
            let steps = without.flat_map(|(_, steps)| steps);
            let passes = self
                .patched(exports, steps)
                .is_some_and(|now| matches!(flow.judged(&now), Some(None)));
            if passes {
                rounds.remove(at);
            } else {
                at += 1;
            }
        }
        rounds
    }

    /// The exports after some changes.
    fn patched<'s>(
        &mut self,
        exports: &Exports,
        steps: impl Iterator<Item = &'s Planned>,
    ) -> Option<Exports> {
        let mut now: Option<Exports> = None;
        for step in steps {
            let here = now.as_ref().unwrap_or(exports);
            self.copied += here.get(step.at.set)?.export.rules_in_model();
            if self.copied > COPIED {
                return None;
            }
            let mut made = None;
            let next = here.changed(step.at.set, |e| {
                made = e.points.get_mut(step.at.index()).and_then(|p| step.make(p));
            })?;
            made?;
            now = Some(next);
        }
        // Nothing was changed: there is nothing to try.
        now
    }
}
