//! The word of the gate, and why.

use crate::common::sanitize::text;
use crate::common::words::{count, s, verb};
use crate::finding::difference::{ChangeKind, Difference, Envelope, Obstacle};

/// The word of the gate.
pub(in crate::report::diff) fn gate(d: &Difference) -> &'static str {
    match (d.compared(), d.obstacles().is_empty()) {
        (false, _) => "NOT RUN",
        (true, false) => "FAILED",
        (true, true) => "PASSED",
    }
}

/// Why it does not pass, or what it does.
pub(in crate::report::diff) fn why(d: &Difference) -> Vec<String> {
    if !d.compared() {
        let sides = [("before", &d.old), ("after", &d.new)].into_iter();
        let mut empty = sides.filter(|(_, s)| s.exports.iter().all(|e| e.points == 0));
        let (side, name) = empty.next().map_or(("", ""), |(w, s)| (w, &*s.name));
        return vec![format!("no firewall was read {side} ({})", text(name))];
    }
    match d.obstacles() {
        none if none.is_empty() => effects(d),
        all => all.iter().flat_map(|o| reasons(d, *o)).collect(),
    }
}

/// The word of the gate, and why; of a change that passes, what it does.
pub(in crate::report::diff) fn verdict(d: &Difference) -> String {
    let gate = gate(d);
    let mark = if gate == "PASSED" { "," } else { ":" };
    format!("{gate}{mark} {}", why(d).join(", "))
}

/// Why a change does not pass; of what is not proven a reason for each kind of change.
fn reasons(d: &Difference, o: Obstacle) -> Vec<String> {
    let of = |kind: ChangeKind| {
        let all = d.packets.iter();
        let n = all.filter(|p| !p.within && p.change == kind).count();
        (n > 0).then(|| flows(kind, n))
    };
    match o {
        Obstacle::Worse(n) => {
            vec![format!(
                "{} {} worse",
                count(n, "requirement"),
                verb(n, "is", "are")
            )]
        }
        Obstacle::NewFindings(n) => {
            let level = d.fail_on.as_str();
            vec![format!("{} at or above {level}", count(n, "new finding"))]
        }
        Obstacle::Outside(n) => vec![outside(d, n)],
        Obstacle::NotProven(_) => {
            let kinds = [ChangeKind::Conditional, ChangeKind::Redirected];
            kinds.into_iter().filter_map(of).collect()
        }
        Obstacle::Loosened(n) => {
            let verb = verb(n, "lets", "let");
            vec![format!("{} {verb} more pass", count(n, "policy change"))]
        }
    }
}

fn outside(d: &Difference, n: usize) -> String {
    let opens = flows(ChangeKind::Opened, n);
    match d.envelope {
        Envelope::None => format!("{opens}, and no hylint.toml says what may"),
        Envelope::Old | Envelope::New => format!("{opens} outside {}", envelope(d)),
    }
}

/// What says what may open.
pub(super) fn envelope(d: &Difference) -> &'static str {
    match (&d.old.site.path, &d.new.site.path) {
        (None, None) => "what the roles require",
        _ => "hylint.toml",
    }
}

/// `2 flows open`, `1 flow is newly blocked`.
fn flows(kind: ChangeKind, n: usize) -> String {
    let flows = count(n, "flow");
    match kind {
        ChangeKind::Opened => format!("{flows} {}", verb(n, "opens", "open")),
        ChangeKind::Closed => format!("{flows} {} newly blocked", verb(n, "is", "are")),
        ChangeKind::Conditional => {
            format!("{flows} {} on conditions", verb(n, "depends", "depend"))
        }
        ChangeKind::Redirected => format!("{flows} {} redirected", verb(n, "is", "are")),
    }
}

/// The head of the boxes of one kind.
pub(in crate::report::diff) fn section(
    d: &Difference,
    kind: ChangeKind,
    within: bool,
    n: usize,
) -> String {
    match (kind, within) {
        (ChangeKind::Closed, _) => flows(kind, n),
        (ChangeKind::Opened, false) => outside(d, n),
        (_, true) => format!("{} inside {}", flows(kind, n), envelope(d)),
        (_, false) => flows(kind, n),
    }
}

/// What a change does, a phrase for each kind; never none.
fn effects(d: &Difference) -> Vec<String> {
    let c = d.counts();
    let kinds = [
        (ChangeKind::Opened, c.opened),
        (ChangeKind::Conditional, c.conditional),
        (ChangeKind::Redirected, c.redirected),
        (ChangeKind::Closed, c.closed),
    ];
    let kinds = kinds.into_iter().filter(|(_, n)| *n > 0);
    let mut said: Vec<String> = kinds
        .map(|(k, n)| section(d, k, k != ChangeKind::Closed, n))
        .collect();
    let rest = [
        (d.hosts.added.len(), "host", "added"),
        (d.hosts.removed.len(), "host", "removed"),
        (c.worse, "requirement", "worse"),
        (c.better, "requirement", "better"),
        (d.findings.new.len(), "new finding", ""),
        (d.findings.gone.len(), "finding", "gone"),
        (d.policy.len(), "policy change", ""),
    ];
    if d.is_none() {
        said.push("no change in effect".to_owned());
    }
    let rest = rest.into_iter().filter(|(n, ..)| *n > 0);
    said.extend(rest.map(|(n, noun, what)| {
        let said = format!("{n} {noun}{} {what}", s(n));
        said.trim_end().to_owned()
    }));
    said
}
