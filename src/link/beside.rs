//! Signs of rules beside those of an export: of firewalld, or of a program that writes rules of nftables itself. A listing of
//! all rules has them.
//! What tells of Group Policy beside a Windows export is joined in [`super::policy`].

use super::scope::{Links, finding};
use crate::common::paths::folder;
use crate::finding::{Known, Severity};
use crate::load::{ExportId, Heads};
use hylint_model::{Body, OtherPolicy, OtherRules, Point, Span, View};
use hylint_parsers::lookalike::Lookalike;

/// What a file that no reader takes tells of an export beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tells {
    /// It shows rules that filter the same packets as iptables.
    Rules,
    /// Whether Group Policy acts on a Windows host.
    Policy(OtherPolicy),
}

impl Tells {
    /// What a form tells, if it does.
    #[must_use]
    pub fn of(like: &Lookalike) -> Option<Self> {
        match like.policy() {
            OtherPolicy::Unsaid => like.filters_beside_iptables().then_some(Self::Rules),
            told => Some(Self::Policy(told)),
        }
    }
}

/// A file that is not read, and the entries of the site that name it.
#[derive(Clone, Debug)]
pub struct Beside<'a> {
    /// The file.
    pub path: &'a str,
    /// What it tells.
    pub tells: Tells,
    /// As of exports.
    pub claims: Vec<usize>,
    /// It is of a front end whose rules a dump may hold itself.
    pub front_end: bool,
}

/// Marks the iptables exports of the scopes of such files: what they accept is not proven.
pub(super) fn join(heads: &mut Heads, links: &mut Links, beside: &[Beside<'_>]) {
    let of_rules = |b: &&Beside<'_>| b.tells == Tells::Rules;
    if !beside.iter().any(|b| of_rules(&b)) {
        return;
    }
    for at in heads.ids() {
        let Some(export) = heads.get(at) else {
            continue;
        };
        let near = |b: &&Beside<'_>| {
            of_rules(b)
                && is_near(links, at, &export.path, b)
                && !(b.front_end && holds_front_end(heads, links, at, b))
        };
        let Some(found) = beside.iter().find(near) else {
            continue;
        };
        if heads.ids().any(|other| {
            let path = heads.get(other).map_or("", |e| &*e.path);
            is_listed(heads, other) && is_near(links, other, path, found)
        }) {
            continue;
        }
        let Some(point) = export.export.points.iter().find(|p| is_open(p)) else {
            continue;
        };
        let message = format!(
            "`{}` tells of nftables rules that are not in this export: what it accepts is not proven",
            found.path
        );
        let told = finding(
            export,
            point.label,
            Severity::Warning,
            message,
            &Known::RulesBeside,
            "run `nft list ruleset` on the host and put the output beside this file: it shows every rule",
        );
        links.findings.push(told);
        let points = heads.get_mut(at).map(|e| &mut e.export.points);
        for point in points.into_iter().flatten().filter(|p| is_open(p)) {
            if let Body::Netfilter(n) = &mut point.body {
                n.others = OtherRules::Shown(Span::default());
            }
        }
    }
}

/// Whether a point is of a dump of iptables or of a configuration, and nothing in it shows other rules.
fn is_open(point: &Point) -> bool {
    match &point.body {
        Body::Netfilter(n) => {
            point.view != View::Effective && !matches!(n.others, OtherRules::Shown(_))
        }
        Body::Lists(_) => false,
    }
}

/// Whether an export lists every rule of nftables that the kernel has.
fn is_listed(heads: &Heads, at: ExportId) -> bool {
    let points = heads.get(at).map(|e| &e.export.points);
    let mut points = points.into_iter().flatten();
    points.any(|p| matches!(p.body, Body::Netfilter(_)) && p.view == View::Effective)
}

/// Whether an export of the scope holds the rules of the front end: that of the other family says it of both.
fn holds_front_end(heads: &Heads, links: &Links, at: ExportId, b: &Beside<'_>) -> bool {
    let front = |p: &Point| match &p.body {
        Body::Netfilter(n) => n.front_end,
        Body::Lists(_) => false,
    };
    let of = |other: ExportId| {
        let export = heads.get(other);
        let near = |path: &str| other == at || is_near(links, other, path, b);
        export.is_some_and(|e| e.export.points.iter().any(front) && near(&e.path))
    };
    of(at) || heads.ids().any(of)
}

/// Whether a file is of the scope of an export: of its entries, or of its folder where other entries name neither.
pub(super) fn is_near(links: &Links, at: ExportId, path: &str, b: &Beside<'_>) -> bool {
    let own = links.index.claims(at);
    let shared = own.iter().any(|c| b.claims.contains(c));
    let free = own.is_empty() || b.claims.is_empty();
    shared || (free && folder(path) == folder(b.path))
}
