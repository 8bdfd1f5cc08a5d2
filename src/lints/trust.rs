//! Where the run itself is not to be trusted: `stale-export`, and `unmodelled-match` where a verdict rests on one.

use super::words::{self, Said};
use crate::common::moment::moment;
use crate::finding::outcome::{ExportInfo, RequirementResult};
use crate::finding::{Code, Excerpt, Finding, Identity, Place, Severity};
use crate::judge::{Exports, Judged};
use hylint_model::{ConditionKind, Direction, Span};
use hylint_parsers::source::Position;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Exports that are older than the site accepts. The age comes from the export's own text.
#[must_use]
pub fn stale(exports: &Exports, max_age_days: Option<u32>, now: Timestamp) -> Vec<Finding> {
    let Some(days) = max_age_days else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for e in exports.iter() {
        let Some((text, span)) = &e.export.exported_at else {
            let place = Place::new(&e.path, &e.source, Span::default());
            out.push(stale_one(
                Severity::Warning,
                words::undated(),
                &e.path,
                place,
            ));
            continue;
        };
        let Some(made) = moment(text) else { continue };
        let age = now.duration_since(made).as_hours() / 24;
        if age > i64::from(days) {
            let place = Place::new(&e.path, &e.source, *span);
            out.push(stale_one(
                Severity::Warning,
                words::old(age, days),
                &e.path,
                place,
            ));
        }
    }
    out
}

/// Exports of one flow's ends that are more than a day apart say what held at different times: a note for each that is
/// older, with the one that is the furthest ahead.
#[must_use]
pub fn apart(requirements: &[RequirementResult], exports: &[ExportInfo]) -> Vec<Finding> {
    let dated = exports.iter().filter_map(|e| {
        let made = moment(e.exported_at.as_ref()?)?;
        Some((&*e.path, made))
    });
    let dated: BTreeMap<&str, Timestamp> = dated.collect();
    let mut furthest: BTreeMap<&str, (Timestamp, &str)> = BTreeMap::new();
    for r in requirements {
        let at = |direction: Direction| {
            let checks = r.checks.iter().filter(move |c| c.direction == direction);
            checks.filter_map(|c| Some((*dated.get(&*c.export)?, &*c.export)))
        };
        for (mine, other) in [
            (Direction::Out, Direction::In),
            (Direction::In, Direction::Out),
        ] {
            let Some((newest, path)) = at(other).max() else {
                continue;
            };
            for (made, older) in at(mine) {
                let ahead = newest.duration_since(made).as_hours() > DAY;
                let known = furthest.get(older).is_some_and(|(t, _)| *t >= newest);
                if ahead && !known {
                    furthest.insert(older, (newest, path));
                }
            }
        }
    }
    let one = |(older, (newest, path)): (&str, (Timestamp, &str))| {
        let made = dated.get(older).copied().unwrap_or(newest);
        let days = newest.duration_since(made).as_hours() / DAY;
        let place = Place::file(&older.into());
        stale_one(
            Severity::Note,
            words::older(days, path),
            "ends apart",
            place,
        )
    };
    furthest.into_iter().map(one).collect()
}

fn stale_one(severity: Severity, said: Said, known_as: &str, place: Place) -> Finding {
    let identity = Identity::of(&[known_as]);
    let mut f = Finding::new(Code::StaleExport, severity, said.message, identity, place);
    f.label = said.label;
    f.help = Some(said.help);
    f.cause = Some(said.cause);
    f
}

/// Hours.
const DAY: i64 = 24;

/// Lines with unmodelled matches on which a verdict rests.
#[must_use]
pub fn doubted(exports: &Exports, judged: &[Judged<'_>]) -> Vec<(Arc<str>, Position)> {
    let mut lines: Vec<(Arc<str>, Position)> = Vec::new();
    for f in judged
        .iter()
        .flat_map(|j| &j.checks)
        .filter_map(|c| c.failure.as_ref())
    {
        for c in f
            .conditions
            .iter()
            .filter(|c| c.kind == ConditionKind::Unknown)
        {
            if let Some(e) = exports.get(f.by.at().set) {
                let at = c.span.start;
                lines.push((e.path_at(at).clone(), e.source.position(at)));
            }
        }
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// Raises the notes about unmodelled matches on which a verdict rests.
pub fn raise_unmodelled(doubted: &[(Arc<str>, Position)], findings: &mut [Finding]) {
    let places: BTreeSet<(&str, Position)> = doubted.iter().map(|(p, at)| (&**p, *at)).collect();
    for f in findings
        .iter_mut()
        .filter(|f| f.code == Code::UnmodelledMatch)
    {
        let here = |p: &Place| {
            // On a line that holds more than the place, only what is in the place counts.
            let long = p
                .excerpt
                .lines()
                .next()
                .is_some_and(|l| l.column > 1 || l.text.chars().count() >= Excerpt::CHARS);
            let at = |line, column| (&*p.path, Position { line, column });
            let (from, to) = match long {
                true => ((&*p.path, p.start), (&*p.path, p.end)),
                false => (at(p.start.line, 0), at(p.end.line, u32::MAX)),
            };
            places.range(from..=to).next().is_some()
        };
        let mut places = f.place.iter().chain(f.related.iter().map(|r| &r.place));
        if places.any(here) {
            f.severity = Severity::Error;
            f.message.push_str(words::RESTS_ON_IT);
        }
    }
}
