//! Where the run itself is not to be trusted: `stale-export`, and `unmodelled-match` where a verdict rests on one.

use crate::finding::{Code, Finding, Identity, Place, Severity};
use crate::judge::{Exports, Judged};
use hylint_model::{ConditionKind, Span};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
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
            let mut f = Finding::new(
                Code::StaleExport,
                Severity::Warning,
                "the export does not say when it was made",
                Identity::of(&[&e.path]),
                Place::new(&e.path, &e.source, Span::default()),
            );
            f.help = Some(
                "make it anew with a tool that dates it, or unset `[check] max-age-days`".into(),
            );
            out.push(f);
            continue;
        };
        let Some(made) = moment(text) else { continue };
        let age = now.duration_since(made).as_hours() / 24;
        if age > i64::from(days) {
            let text = format!("the export is {age} days old; the site accepts {days}");
            let mut f = Finding::new(
                Code::StaleExport,
                Severity::Warning,
                text,
                Identity::of(&[&e.path]),
                Place::new(&e.path, &e.source, *span),
            );
            f.label = "made here".into();
            f.help = Some("export again".into());
            out.push(f);
        }
    }
    out
}

/// Reads the times that exports print, as UTC where they name no zone.
#[must_use]
pub fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(t) = text.parse::<Timestamp>() {
        return Some(t);
    }
    // `Tue Mar  3 04:05:06 2026`, as iptables-save prints it.
    let single: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    [
        "%a %b %d %H:%M:%S %Y",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
    ]
    .iter()
    .find_map(|f| DateTime::strptime(f, &single).ok())
    .and_then(|d| d.to_zoned(TimeZone::UTC).ok())
    .map(|z| z.timestamp())
}

/// Lines with unmodelled matches on which a verdict rests.
#[must_use]
pub fn doubted(exports: &Exports, judged: &[Judged<'_>]) -> Vec<(Arc<str>, u32)> {
    let mut lines: Vec<(Arc<str>, u32)> = Vec::new();
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
                lines.push((e.path.clone(), e.source.position(c.span.start).line));
            }
        }
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// Raises the notes about unmodelled matches on which a verdict rests.
pub fn raise_unmodelled(doubted: &[(Arc<str>, u32)], findings: &mut [Finding]) {
    let lines: BTreeSet<(&str, u32)> = doubted.iter().map(|(p, l)| (&**p, *l)).collect();
    for f in findings
        .iter_mut()
        .filter(|f| f.code == Code::UnmodelledMatch)
    {
        let here = |p: &Place| {
            let from = (&*p.path, p.start.line);
            lines.range(from..=(&*p.path, p.end.line)).next().is_some()
        };
        let mut places = f.place.iter().chain(f.related.iter().map(|r| &r.place));
        if places.any(here) {
            f.severity = Severity::Error;
            f.message.push_str("; a verdict rests on it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn reads_the_times_of_exports() {
        for t in [
            "Tue Mar  3 04:05:06 2026",
            "Sat Mar 13 21:02:03 2021",
            "2026-03-03T04:05:06Z",
            "2026-03-03 04:05:06",
        ] {
            assert!(moment(t).is_some(), "{t}");
        }
        assert_eq!(
            moment("Tue Mar  3 04:05:06 2026").unwrap().to_string(),
            "2026-03-03T04:05:06Z"
        );
        assert!(moment("yesterday").is_none());
    }
}
