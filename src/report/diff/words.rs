//! What the reports of a change say, in one place. What comes from an export is sanitized for one line.

use crate::common::sanitize::text;
use crate::common::words::{count, s, verb};
use crate::finding::difference::{ChangeKind, Difference, Envelope, Obstacle};

/// The word of the gate.
pub(super) fn gate(d: &Difference) -> &'static str {
    match (d.compared(), d.obstacles().is_empty()) {
        (false, _) => "NOT RUN",
        (true, false) => "FAILED",
        (true, true) => "PASSED",
    }
}

/// The word of the gate, and why; of a change that passes, what it does.
pub(super) fn verdict(d: &Difference) -> String {
    let gate = gate(d);
    if !d.compared() {
        let empty = [("before", &d.old), ("after", &d.new)].into_iter();
        let mut empty = empty.filter(|(_, s)| s.exports.iter().all(|e| e.points == 0));
        let (side, name) = empty.next().map_or(("", ""), |(w, s)| (w, &*s.name));
        return format!("{gate}: no firewall was read {side} ({})", text(name));
    }
    match d.obstacles() {
        none if none.is_empty() => format!("{gate}, {}", effects(d).join(", ")),
        all => {
            let reasons: Vec<String> = all.iter().map(|o| reason(d, *o)).collect();
            format!("{gate}: {}", reasons.join(", "))
        }
    }
}

/// One reason why a change does not pass.
pub(super) fn reason(d: &Difference, o: Obstacle) -> String {
    match o {
        Obstacle::Worse(n) => format!("{} {} worse", count(n, "requirement"), verb(n, "is", "are")),
        Obstacle::NewFindings(n) => {
            let level = d.fail_on.as_str();
            format!("{} at or above {level}", count(n, "new finding"))
        }
        Obstacle::Outside(n) => {
            let opens = opens(n);
            match d.envelope {
                Envelope::None => format!("{opens} and no hylint.toml declares what may"),
                Envelope::Old | Envelope::New => format!("{opens} outside hylint.toml"),
            }
        }
        Obstacle::NotProven(_) => {
            let of = |kind: ChangeKind| {
                let all = d.packets.iter().filter(|p| !p.within && p.change == kind);
                all.count()
            };
            let parts = [of(ChangeKind::Conditional), of(ChangeKind::Redirected)];
            match parts {
                [n, 0] => conditional(n),
                [0, n] => redirected(n),
                [n, m] => format!("{}, {}", conditional(n), redirected(m)),
            }
        }
        Obstacle::Loosened(n) => {
            let verb = verb(n, "lets", "let");
            format!("{} {verb} more pass", count(n, "policy change"))
        }
    }
}

fn opens(n: usize) -> String {
    format!("{} {}", count(n, "flow"), verb(n, "opens", "open"))
}

fn conditional(n: usize) -> String {
    let verb = verb(n, "depends", "depend");
    format!("{} {verb} on conditions", count(n, "flow"))
}

fn redirected(n: usize) -> String {
    format!("{} {} redirected", count(n, "flow"), verb(n, "is", "are"))
}

/// What a change does, a phrase for each kind; never none.
pub(super) fn effects(d: &Difference) -> Vec<String> {
    let c = d.counts();
    let flows = if d.is_none() {
        vec!["no change in effect".to_owned()]
    } else {
        let of = |n: usize, said: fn(usize) -> String| (n > 0).then(|| said(n));
        let hosts = |n: usize, what: &str| (n > 0).then(|| format!("{} {what}", count(n, "host")));
        let all = [
            of(c.opened, opens).map(|o| match d.within() {
                true => format!("{o} inside hylint.toml"),
                false => o,
            }),
            of(c.conditional, conditional),
            of(c.redirected, redirected),
            of(c.closed, |n| format!("{} newly blocked", count(n, "flow"))),
            hosts(d.hosts.added.len(), "added"),
            hosts(d.hosts.removed.len(), "removed"),
        ];
        all.into_iter().flatten().collect()
    };
    let rest = [
        (c.worse, "requirement", "worse"),
        (c.better, "requirement", "better"),
        (d.findings.new.len(), "new finding", ""),
        (d.findings.gone.len(), "finding", "gone"),
    ];
    let rest = rest.into_iter().filter(|(n, ..)| *n > 0);
    let rest =
        rest.map(|(n, noun, what)| format!("{n} {noun}{} {what}", s(n)).trim_end().to_owned());
    flows.into_iter().chain(rest).collect()
}
