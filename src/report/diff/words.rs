//! What the reports of a change say, in one place. What comes from an export is sanitized for one line.

mod traffic;
mod values;
mod verdict;

pub(super) use traffic::{
    Said, at, conditions, decider, decisions, flow, flow_of_any_host, flow_of_both,
};
pub(super) use traffic::{line_of, quote, sign};
pub(super) use verdict::{gate, section, verdict, why};

use super::files::files;
use crate::common::sanitize::{limited, text};
use crate::common::words::{count, list, some, verb};
use crate::finding::Finding;
use crate::finding::difference::{
    ChangeKind, Difference, Envelope, Obstacle, PacketChange, PolicyChange, RequirementChange,
    State,
};
use crate::finding::outcome::Status;
use crate::report::words::SENTENCE;
use rustc_hash::FxHashSet;

/// What the packets rest on, in one line.
pub(super) const LIMITS: &str =
    "routes, services and firewalls without an export are not compared (-v)";

/// The same in full.
pub(super) const BASIS: [&str; 4] = [
    "compared: the first packets of every flow at each exported firewall, inbound, outbound and forwarded, as `hylint trace` \
     judges them, and conversations whose outcome changes",
    "an address of a host that neither hylint.toml nor an export states counts as any address",
    "what an export leaves open (members of a set, names, settings) is the same before and after",
    "packets that NAT translates count once, before translation",
];

/// `row 12 (broker.client-access)`.
pub(super) fn row(r: &RequirementChange) -> String {
    format!("row {} ({})", r.row, text(&r.id))
}

/// A status before or after.
pub(super) fn status(s: Option<Status>) -> &'static str {
    s.map_or("not in the matrix", Status::as_str)
}

/// What breaks for users, of a requirement that is worse; one that is not proven may still be met.
pub(super) fn impact(r: &RequirementChange) -> Option<String> {
    let said = [&r.impact, &r.purpose]
        .into_iter()
        .find(|s| !s.is_empty())?;
    let said = limited(said, SENTENCE);
    let violated = r.new == Some(Status::Violated);
    r.worse.then(|| match violated {
        true => said.into_owned(),
        false => format!("if it is blocked: {said}"),
    })
}

/// A change of the policy, with its place.
pub(super) fn policy(p: &PolicyChange) -> String {
    let at = p.place.as_ref();
    let at = at.map_or_else(String::new, |p| format!(" ({})", line_of(p)));
    format!("{}{at}", limited(&p.message, SENTENCE))
}

/// A finding that is accepted already.
pub(super) fn accepted(f: &Finding) -> &'static str {
    match (&f.waived, f.baselined) {
        (Some(_), _) => " (waived)",
        (None, true) => " (in the baseline)",
        (None, false) => "",
    }
}

/// Whose hylint.toml says what may open, where it is not the old one's and the verdict does not say so.
pub(super) fn envelope(d: &Difference) -> Option<&'static str> {
    let outside = |o: &Obstacle| matches!(o, Obstacle::Outside(_));
    match d.envelope {
        Envelope::Old => None,
        Envelope::New => {
            Some("there is no hylint.toml before, so the one after says what may open")
        }
        Envelope::None if d.obstacles().iter().any(outside) => None,
        Envelope::None => Some("packets alone are compared: no hylint.toml declares roles"),
    }
}

/// The only file of the new side, where what changes is known by nothing but the old file's name.
pub(super) fn only_file(d: &Difference) -> Option<&str> {
    let ([old], [new]) = (d.old.exports.as_slice(), d.new.exports.as_slice()) else {
        return None;
    };
    let file = old.path.rsplit(['/', '\\']).next()?;
    let stem = file.split('.').next();
    let mut hosts = d.packets.iter().map(|p| p.host.as_deref());
    hosts.all(|h| h == stem).then_some(&*new.path)
}

/// `2 exports, 16 rules, 1 file differs`.
pub(super) fn compared(d: &Difference) -> String {
    let rules = |s: &State| -> usize { s.exports.iter().map(|e| e.rules).sum() };
    let both = |what: &str, old: usize, new: usize| match old == new {
        true => count(new, what),
        false => format!("{old} → {}", count(new, what)),
    };
    let differ = files(d).iter().filter(|f| f.differs()).count();
    let unread: usize = d.new.exports.iter().map(|e| e.unmodelled).sum();
    let mut parts = vec![
        both("export", d.old.exports.len(), d.new.exports.len()),
        both("rule", rules(&d.old), rules(&d.new)),
    ];
    if unread > 0 {
        parts.push(format!("{unread} not read in full"));
    }
    let differ = match differ {
        0 => "no file differs".to_owned(),
        n => format!("{} {}", count(n, "file"), verb(n, "differs", "differ")),
    };
    parts.push(differ);
    parts.join(", ")
}

/// Hosts that one side alone has: so many of them.
pub(super) fn names(all: &[String], most: usize) -> String {
    let shown: Vec<_> = all
        .iter()
        .take(most)
        .map(|h| format!("`{}`", text(h)))
        .collect();
    match all.len().saturating_sub(most) {
        0 => list(&shown),
        n => format!("{} and {n} more", shown.join(", ")),
    }
}

/// `sh1`, or `36 hosts (sh1, sh2, sh3 and 33 more)`; the names are code already.
pub(super) fn hosts(all: &[String], most: usize) -> String {
    match all {
        [one] => one.clone(),
        all => format!("{} hosts ({})", all.len(), some(all, most)),
    }
}

/// `2 new findings`, `1 finding gone`.
pub(super) fn findings(what: &str, n: usize) -> String {
    match what {
        "new" => count(n, "new finding"),
        what => format!("{} {what}", count(n, "finding")),
    }
}

/// Whether packets no longer pass.
pub(super) fn is_closed(kind: ChangeKind) -> bool {
    kind == ChangeKind::Closed
}

/// The hosts or firewalls that decide packets otherwise, so many of them.
pub(super) fn affected(d: &Difference, most: usize) -> Option<String> {
    let mut known = FxHashSet::default();
    let all = d.packets.iter().map(at);
    let all: Vec<String> = all.filter(|a| known.insert(a.clone())).collect();
    (!all.is_empty()).then(|| some(&all, most))
}

/// What is said of the packets' basis, and of the site's.
pub(super) fn limits(d: &Difference) -> Vec<String> {
    let basis = BASIS.into_iter().map(str::to_owned);
    basis.chain(d.limits.iter().cloned()).collect()
}

/// What a change is judged by.
pub(super) fn held_against(d: &Difference) -> &'static str {
    match d.envelope {
        Envelope::Old => {
            "matrix, lint levels, requirements and `[[allow]]` of the side before, so that the change cannot approve itself"
        }
        Envelope::New => {
            "matrix, lint levels, requirements and `[[allow]]` of the side after: there is no hylint.toml before"
        }
        Envelope::None => "nothing: no hylint.toml declares roles or `[[allow]]`",
    }
}

/// What a tool does not know.
pub(super) const AUTHOR: &str =
    "reason for the change, approval, test and back-out plan (PCI DSS v4.0.1, 6.5.1)";

/// What it means that there is no change in effect.
pub(super) const AS_BEFORE: &str = "every compared packet is allowed or blocked as before";

/// What a rule of a change is about.
pub(super) fn about(id: &str) -> &'static str {
    match id {
        "diff/opened" => "Packets that were blocked before the change are allowed after it.",
        "diff/closed" => "Packets that were allowed before the change are blocked after it.",
        "diff/conditional" => {
            "Whether packets pass depends on something that the exports leave open, before the change or after it."
        }
        "diff/redirected" => "NAT sends packets to another target than before the change.",
        "diff/requirement" => "The status of a requirement is another one than before the change.",
        _ => "What decides whether a change passes is another than before the change.",
    }
}

/// What to do about any of them.
pub(super) const HELP: &str = "What the change means to open belongs in hylint.toml, as a role or as an `[[allow]]` with its \
     reason, in a change of its own before this one. Anything else is to be taken back.";

/// A change of a requirement, in one sentence.
pub(super) fn requirement(r: &RequirementChange) -> String {
    let (old, new) = (status(r.old), status(r.new));
    let impact = impact(r).map_or_else(String::new, |i| format!(". {i}"));
    format!("{}: {old} → {new}{impact}", row(r))
}

/// A box, in one sentence.
pub(super) fn packets(d: &Difference, p: &PacketChange) -> String {
    let [old, new] = decisions(p);
    let change = match (p.change, p.within, d.envelope) {
        (ChangeKind::Opened, true, _) => format!("opens inside {}", verdict::envelope(d)),
        (ChangeKind::Opened, false, Envelope::None) => {
            "opens, and no hylint.toml says what may".to_owned()
        }
        (ChangeKind::Opened, false, _) => format!("opens outside {}", verdict::envelope(d)),
        (ChangeKind::Conditional, ..) => "depends on conditions".to_owned(),
        (ChangeKind::Redirected, ..) => "is redirected".to_owned(),
        (ChangeKind::Closed, ..) => "is newly blocked".to_owned(),
    };
    let on = conditions(&p.conditions).map_or_else(String::new, |c| format!("; if {c}"));
    format!(
        "{}: {} {change}: before {old}, after {new}{on}",
        at(p),
        flow(p).short
    )
}

/// What decided before, at its place.
pub(super) fn before(decision: &str) -> String {
    format!("before: {decision}")
}

/// Head of the changes of hylint.toml and the matrix.
pub(super) const POLICY: &str = "Policy of the site";

/// Head of the evidence.
pub(super) const EVIDENCE: &str = "Evidence for change control (PCI DSS 1.2.2)";

/// What the packets are proven by.
pub(super) const PROOF: &str = "every changed packet with the deciding line on both sides";

/// Boxes that a report has no room for.
pub(super) fn left_out(n: usize) -> String {
    format!(
        "{} not shown; the JSON report has them.",
        count(n, "more flow")
    )
}

/// What to do where something opens that is not agreed to, or more may open than before.
pub(super) fn advice(d: &Difference) -> Option<&'static str> {
    let open = |o: &Obstacle| matches!(o, Obstacle::Outside(_) | Obstacle::Loosened(_));
    let agreed = d.envelope == Envelope::Old && d.obstacles().iter().any(open);
    agreed.then_some(
        "what should be open belongs in hylint.toml first, in a change of its own: as a role or as `[[allow]]`",
    )
}

/// `main → exports`.
pub(super) fn sides(d: &Difference) -> String {
    format!("{} → {}", text(&d.old.name), text(&d.new.name))
}

/// What decides, and that others do as well.
pub(super) fn among(decision: &str, more: usize) -> String {
    match more {
        0 => decision.to_owned(),
        n => format!("{decision} and {}", count(n, "more rule")),
    }
}
