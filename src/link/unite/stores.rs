//! Which exports are views of one Windows firewall: by several tools, store by store, rules apart from their filters.

use super::views::Views;
use crate::load::{ExportId, Heads, RunPoint};
use hylint_model::{Body, Companion, DefaultOrigin, Point, RuleList, Store, Stores, View};

/// The forms of a Windows firewall, the ones that say most of a rule first.
const FORMS: [&str; 5] = ["powershell", "registry", "netsh", "gpo", "wfmsc"];

/// What makes two exports of one firewall views of it, and no copies: the form, the stores, whether it is what is in effect.
#[must_use]
pub fn kind_of_view(heads: &Heads, at: RunPoint) -> (&'static str, Stores, bool) {
    let point = heads.point(at);
    (
        form(heads, at.export),
        point.map_or(Stores::default(), |p| p.stores),
        point.is_some_and(|p| p.view == View::Effective),
    )
}

/// The views of one firewall: `points` are its exports with rules, no two of them copies, `exports` all files of its host.
/// `None` where there is one.
#[must_use]
pub fn views_of_windows(heads: &Heads, points: &[RunPoint], exports: &[ExportId]) -> Option<Views> {
    let beside: Vec<ExportId> = exports
        .iter()
        .copied()
        .filter(|e| has_filters(heads, *e) || has_settings(heads, *e))
        .collect();
    let tells = |e: &ExportId| has_filters(heads, *e) || has_policy(heads, *e);
    if points.len() < 2 && !beside.iter().any(tells) {
        return None;
    }
    let mut all = points.to_vec();
    all.sort_by_key(|at| (rank(heads, *at), *at));
    let mut all = all.into_iter();
    let main = all.next()?;
    let beside = beside.into_iter().map(|e| RunPoint::new(e, 0));
    let others = all.chain(beside).filter(|o| o.export != main.export);
    Some(Views {
        main,
        others: others.collect(),
    })
}

/// Whether an export holds filters of Windows rules that stand elsewhere, and nothing that is judged.
#[must_use]
pub fn has_filters(heads: &Heads, export: ExportId) -> bool {
    has(heads, export, |c| {
        matches!(c, Companion::WindowsFilters { .. })
    })
}

/// Whether an export holds settings that a policy makes, or those in effect, and nothing that is judged: they go before the
/// host's own.
#[must_use]
pub fn has_policy(heads: &Heads, export: ExportId) -> bool {
    has(
        heads,
        export,
        |c| matches!(c, Companion::WindowsProfiles(w) if w.store != Store::Local),
    )
}

/// Whether an export shows rules or settings of policy alone, which act on a host whose own rules stand elsewhere.
#[must_use]
pub fn is_of_policy_alone(heads: &Heads, export: ExportId) -> bool {
    let points = heads.get(export).map_or(&[][..], |e| &e.export.points);
    let of_policy = |p: &Point| {
        p.kind.has_profiles() && p.stores == Stores::POLICY && p.view != View::Effective
    };
    match points {
        [] => has_policy(heads, export),
        points => points.iter().all(of_policy),
    }
}

/// Whether an export shows nothing of a firewall but what keeps packets from it: tables of port proxies.
#[must_use]
pub fn has_proxies(heads: &Heads, export: ExportId) -> bool {
    let export = heads.get(export).map(|e| &e.export.points);
    export.is_some_and(|points| !points.is_empty() && points.iter().all(Point::only_adds))
}

fn has_settings(heads: &Heads, export: ExportId) -> bool {
    has(heads, export, |c| {
        matches!(c, Companion::WindowsProfiles(_))
    })
}

fn has(heads: &Heads, export: ExportId, is: impl Fn(&Companion) -> bool) -> bool {
    let export = heads.get(export).map(|e| &e.export);
    export.is_some_and(|e| e.points.is_empty() && e.companions.iter().any(is))
}

fn form(heads: &Heads, export: ExportId) -> &'static str {
    heads.get(export).map_or("", |e| e.export.format)
}

/// Less for a view that says more: what is in effect, then the host's own store, whole and with programs.
fn rank(heads: &Heads, at: RunPoint) -> (bool, bool, bool, bool, usize) {
    let point = heads.point(at);
    let place = FORMS.iter().position(|f| *f == form(heads, at.export));
    let is = |f: fn(&Point) -> bool| point.is_some_and(f);
    (
        !is(|p| p.view == View::Effective),
        !is(|p| p.stores.has(Stores::LOCAL)),
        !is(is_whole),
        is(|p| p.brief),
        place.unwrap_or(FORMS.len()),
    )
}

fn is_whole(p: &Point) -> bool {
    let known = |l: &RuleList| l.default.origin != DefaultOrigin::Unknown;
    matches!(&p.body, Body::Lists(l) if known(&l.ingress) && known(&l.egress))
}
