//! Phrases that several reports share. What comes from an export is sanitized for one line.

use crate::common::sanitize::{limited, text};
use crate::common::words::count;
use crate::finding::outcome::{
    Assumption, Counts, Evidence, Gate, NotProven, Outcome, RequirementResult, Status,
};
use crate::finding::{Finding, Part, Place, RoleSource, Waiver, Witness};
use hylint_model::Direction;

/// Characters kept of one of hylint's own sentences, which may quote names.
pub(super) const SENTENCE: usize = 600;

/// Parts of an excess that are shown; the others are counted.
pub(super) const PARTS: usize = 5;

/// Ascending numbers as `1, 3–5`.
pub(super) fn ranges(rows: &[u32]) -> String {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows.dedup();
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for r in rows {
        match runs.last_mut() {
            Some((_, hi)) if *hi + 1 == r => *hi = r,
            _ => runs.push((r, r)),
        }
    }
    let texts: Vec<String> = runs
        .iter()
        .map(|(lo, hi)| match hi - lo {
            0 => lo.to_string(),
            1 => format!("{lo}, {hi}"),
            _ => format!("{lo}–{hi}"),
        })
        .collect();
    texts.join(", ")
}

/// `tcp 10.0.0.1:49152 -> 10.0.0.2:443`, for one line.
pub(super) fn packet(w: &Witness) -> String {
    let end = |addr: &str, port: Option<u16>| match port {
        Some(p) if addr.contains(':') => format!("[{addr}]:{p}"),
        Some(p) => format!("{addr}:{p}"),
        None => addr.to_owned(),
    };
    let words = format!(
        "{} {} -> {}",
        w.proto,
        end(&w.src, w.sport),
        end(&w.dst, w.dport)
    );
    text(&words).into_owned()
}

/// What told an export's roles.
pub(super) fn told_by(source: RoleSource) -> &'static str {
    match source {
        RoleSource::Config => "hylint.toml",
        RoleSource::Option => "--role",
        RoleSource::Annotation => "comment in the export",
        RoleSource::Tag => "tag",
        RoleSource::Path => "path",
        RoleSource::Inferred => "inferred from open ports",
    }
}

/// What "satisfied" does not mean, in one line.
pub(super) const LIMITS: &str =
    "routes, running services and firewalls that were not exported are not judged (-v)";

/// The verdict: the word of the gate, and what it does not cover.
pub(super) fn verdict(o: &Outcome) -> String {
    let gate = o.verdict();
    let word = gate.as_str();
    match gate {
        Gate::NotRun => format!("{word}: no export was judged"),
        Gate::Failed(n) => format!(
            "{word}: {} at or above {}",
            count(n, "finding"),
            o.fail_on.as_str()
        ),
        Gate::Passed => format!("{word}{}", reservations(o)),
        Gate::NothingToCheck => format!("{word}: no changed file is an export"),
    }
}

/// What a run that passes has not proven; it begins with a comma.
fn reservations(o: &Outcome) -> String {
    let r = o.reservations();
    let of = || format!(" of {}", count(r.applicable, "requirement"));
    let violated = |n: usize| match n {
        1 => "1 violated requirement is".to_owned(),
        n => format!("{n} violated requirements are"),
    };
    let mut out = String::new();
    if r.not_proven > 0 {
        out.push_str(&format!(", {}{} not proven", r.not_proven, of()));
    }
    for (n, text) in [
        (r.baselined, "in the baseline"),
        (r.elsewhere, "elsewhere in the site"),
        (r.tolerated, "below what fails the run"),
    ] {
        if n > 0 {
            out.push_str(&format!(", {} {text}", violated(n)));
        }
    }
    if r.one_end > 0 {
        let of = if r.not_proven > 0 {
            String::new()
        } else {
            of()
        };
        out.push_str(&format!(", {}{of} judged at one end only", r.one_end));
    }
    out
}

/// What the site, the exports and the options leave out of the run, a phrase for each.
pub(super) fn narrowed(o: &Outcome) -> Vec<String> {
    let n = &o.narrowed;
    let parts = [
        (n.excluded.len(), "excluded file"),
        (n.lints_off, "lint switched off"),
        (n.lints_lowered, "lint lowered"),
        (n.inline_waivers, "inline waiver"),
        (n.annotations, "contradicted annotation"),
        (n.wide_allows, "[[allow]] from any source"),
    ];
    let present = parts.into_iter().filter(|(n, _)| *n > 0);
    present
        .map(|(n, what)| match (n, what.split_once(' ')) {
            (1, _) => format!("1 {what}"),
            (n, Some((noun @ ("lint" | "[[allow]]"), rest))) => {
                let s = if noun == "lint" { "s" } else { "" };
                format!("{n} {noun}{s} {rest}")
            }
            (n, _) => count(n, what),
        })
        .collect()
}

/// Findings by severity, what is suppressed, what is not proven, what was read and what was not.
pub(super) fn counts(o: &Outcome) -> String {
    let c = o.counts();
    let mut counts = vec![
        count(c.errors, "error"),
        count(c.warnings, "warning"),
        count(c.notes, "note"),
    ];
    if c.waived > 0 {
        counts.push(format!("{} waived", c.waived));
    }
    if c.baselined > 0 {
        counts.push(format!("{} in the baseline", c.baselined));
    }
    let elsewhere = Counts::of(&o.elsewhere).errors;
    if elsewhere > 0 {
        let errors = count(elsewhere, "error");
        counts.push(format!("{errors} elsewhere in the site"));
    }
    let r = o.reservations();
    if r.not_proven > 0 && o.verdict() != Gate::Passed {
        counts.push(format!(
            "{} of {} not proven",
            r.not_proven,
            count(r.applicable, "requirement")
        ));
    }
    let rules: usize = o.exports.iter().map(|e| e.rules).sum();
    let mut files = vec![count(o.exports.len(), "export"), count(rules, "rule")];
    if !o.unread.is_empty() {
        files.push(count(o.unread.len(), "unread file"));
    }
    files.extend(narrowed(o));
    format!("{} · {}", counts.join(", "), files.join(", "))
}

/// Hosts or paths named where the report is about a part of the site.
const NAMED: usize = 12;

/// What the findings are about, where only a part of the site was given.
pub(super) fn scope(o: &Outcome) -> Option<String> {
    let s = o.scope.as_ref()?;
    let named = |names: &[String]| {
        let mut shown: Vec<_> = names.iter().take(NAMED).map(|n| text(n)).collect();
        if names.len() > NAMED {
            shown.push(format!("{} more", names.len() - NAMED).into());
        }
        shown.join(", ")
    };
    let about = match (s.hosts.is_empty(), o.site.path.is_some()) {
        (false, _) => format!("findings about {}", named(&s.hosts)),
        (true, true) => format!("{} belongs to no host of the site", named(&s.paths)),
        (true, false) => format!("findings about {}", named(&s.paths)),
    };
    let whole = if o.site.path.is_some() {
        "; the rest of the site was read as well"
    } else {
        ""
    };
    Some(format!("{about}{whole}"))
}

/// Requirements by status; those that are 0 are left out.
pub(super) fn statuses(o: &Outcome) -> String {
    let parts: Vec<String> = Status::EACH
        .iter()
        .map(|s| (o.requirements_with(*s), s.as_str()))
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| format!("{n} {name}"))
        .collect();
    let one_end = match o.reservations().one_end {
        0 => String::new(),
        n => format!(", {n} of them at one end only"),
    };
    let parts: Vec<String> = parts
        .into_iter()
        .map(|p| match p.ends_with(" satisfied") {
            true => format!("{p}{one_end}"),
            false => p,
        })
        .collect();
    format!(
        "{} of {}: {}",
        count(o.requirements.len(), "requirement"),
        text(&o.matrix.id),
        parts.join(" · ")
    )
}

/// The requirements that apply, by status.
pub(super) fn applicable(o: &Outcome) -> String {
    let parts: Vec<String> = Status::EACH
        .iter()
        .filter(|s| **s != Status::NotApplicable)
        .map(|s| (o.requirements_with(*s), s.as_str()))
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| format!("{n} {name}"))
        .collect();
    let n = o.reservations().applicable;
    let all = o.requirements.len();
    match parts.is_empty() {
        true => format!("none of {all} requirements applies"),
        false => format!("{} ({n} of {all} requirements apply)", parts.join(", ")),
    }
}

/// Why a requirement has its status, and that it rests on one end where it does.
pub(super) fn standing(r: &RequirementResult) -> Option<&str> {
    let one_end = r.one_end && r.status == Status::Satisfied;
    let said = r.reason.as_deref();
    said.or(one_end.then_some("judged at one end only"))
}

/// `3 unverified: no export … (rows 1, 4–5)`.
pub(super) fn not_proven(n: &NotProven<'_>) -> String {
    format!(
        "{} {}: {} (row{} {})",
        n.rows.len(),
        n.status.as_str(),
        limited(n.reason, 300),
        if n.rows.len() == 1 { "" } else { "s" },
        ranges(&n.rows)
    )
}

/// That some rules or lines are not read, if there are any.
pub(super) fn unmodelled(o: &Outcome) -> Option<String> {
    let n = o.unmodelled();
    let what = if n == 1 {
        "rule or line is"
    } else {
        "rules or lines are"
    };
    let said = "not read in full (`hylint inspect EXPORT` lists them)";
    (n > 0).then(|| format!("{n} {what} {said}"))
}

/// What was taken for granted.
pub(super) fn assumption(a: &Assumption) -> String {
    format!("{} ({})", limited(&a.text, SENTENCE), a.id)
}

/// `path:line:column`; a whole file has no line.
pub(super) fn at(p: &Place) -> String {
    if p.excerpt.is_empty() {
        return text(&p.path).into_owned();
    }
    format!("{}:{}:{}", text(&p.path), p.start.line, p.start.column)
}

/// `path:line rule`, or what decides where nothing in a file does.
pub(super) fn decider(e: &Evidence) -> String {
    match &e.place {
        Some(p) => format!("{}:{} {}", text(&p.path), p.start.line, text(&e.rule)),
        None if e.kind.as_str() == e.rule => e.kind.to_string(),
        None => format!("{} {}", e.kind, text(&e.rule)),
    }
}

/// `rows 3, 5 · id`, if the finding is about a requirement.
pub(super) fn requirement(f: &Finding) -> Option<String> {
    let id = f.requirement.as_ref()?;
    let mut rows: Vec<u32> = f.row.into_iter().collect();
    rows.extend(&f.also);
    let head = match rows.len() {
        // The table asks for it by way of another flow.
        0 => "implied by the matrix".to_owned(),
        1 => format!("row {}", ranges(&rows)),
        _ => format!("rows {}", ranges(&rows)),
    };
    Some(format!("{head} ({})", text(id)))
}

/// Host, point and direction that were judged.
pub(super) fn judged(f: &Finding) -> Option<String> {
    let at: Vec<String> = [
        f.host.as_deref(),
        f.point.as_deref(),
        f.direction.map(Direction::as_str),
    ]
    .into_iter()
    .flatten()
    .map(|s| text(s).into_owned())
    .collect();
    (!at.is_empty()).then(|| at.join(" · "))
}

/// The failing pairs: `named` of them, the others counted.
pub(super) fn pairs(f: &Finding, named: usize) -> Option<String> {
    if f.pairs.is_empty() {
        return None;
    }
    let shown: Vec<_> = f.pairs.iter().take(named).map(|p| text(p)).collect();
    let more = f.pairs_total.saturating_sub(shown.len());
    let more = if more > 0 {
        format!(" and {} more", count(more, "pair"))
    } else {
        String::new()
    };
    Some(format!("{}{more}", shown.join(", ")))
}

/// The parts of an excess in short: `named` of them, the others counted.
pub(super) fn excess(f: &Finding, named: usize) -> Vec<String> {
    let one = |p: &Part| limited(p.short.as_ref().unwrap_or(&p.text), SENTENCE).into_owned();
    let mut lines: Vec<String> = f.excess.iter().take(named).map(one).collect();
    let more = f.excess_total.saturating_sub(lines.len());
    if more > 0 {
        lines.push(format!("and {}", count(more, "more part")));
    }
    lines
}

/// All parts of an excess, exactly.
pub(super) fn exact_excess(f: &Finding) -> Vec<String> {
    let text = |p: &Part| limited(&p.text, 4 * SENTENCE).into_owned();
    let mut lines: Vec<String> = f.excess.iter().map(text).collect();
    let more = f.excess_total.saturating_sub(lines.len());
    if more > 0 {
        lines.push(format!("and {}", count(more, "more part")));
    }
    lines
}

/// Why a finding is suppressed, who answers for it, until when, and where that stands.
pub(super) fn waiver(w: &Waiver) -> String {
    let owner = w.owner.as_ref();
    let owner = owner.map_or_else(String::new, |o| format!(", {}", limited(o, 100)));
    let at = w.place.as_ref();
    let at = at.map_or_else(String::new, |p| {
        format!(", {}:{}", text(&p.path), p.start.line)
    });
    format!("{}{owner}, until {}{at}", limited(&w.reason, 300), w.until)
}

/// Where a finding is suppressed: by a waiver, or by the baseline.
pub(super) fn suppressed(f: &Finding) -> Option<String> {
    match &f.waived {
        Some(w) => Some(format!("waived: {}", waiver(w))),
        None => f.baselined.then(|| "in the baseline".to_owned()),
    }
}

/// What there is to say of a finding beside its message and places: heads and texts, the help last.
pub(super) fn facts(f: &Finding) -> Vec<(&'static str, String)> {
    let impact = f.impact.as_deref().filter(|_| f.requirement.is_some());
    let assumed: Vec<_> = f.assumptions.iter().map(|a| text(a)).collect();
    let facts = [
        ("required", requirement(f)),
        ("impact", impact.map(|i| limited(i, SENTENCE).into_owned())),
        ("rule", f.rule.as_deref().map(|r| text(r).into_owned())),
        ("judged", judged(f)),
        ("between", pairs(f, 5)),
        ("open", {
            let parts = excess(f, PARTS);
            (!parts.is_empty()).then(|| parts.join("; "))
        }),
        ("packet", f.witness.as_deref().map(packet)),
        ("assumed", (!assumed.is_empty()).then(|| assumed.join(", "))),
        ("suppressed", suppressed(f)),
        (
            "help",
            f.help.as_deref().map(|h| limited(h, SENTENCE).into_owned()),
        ),
    ];
    facts
        .into_iter()
        .filter_map(|(head, t)| Some((head, t?)))
        .collect()
}

/// The path that a finding is shown at where a format needs one: its own, else the site file's, else the first export's.
pub(super) fn path<'a>(o: &'a Outcome, f: &'a Finding) -> &'a str {
    let own = f.place.as_ref().map(|p| &*p.path);
    own.or(o.site.path.as_deref())
        .or_else(|| o.exports.first().map(|e| &*e.path))
        .unwrap_or("hylint.toml")
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn rows_are_ranges() {
        assert_eq!(ranges(&[5, 1, 3, 4, 4, 8, 9]), "1, 3–5, 8, 9");
    }
}
