//! `incomplete-export` where nothing says which Windows profile is active, and required flows pass in the assumed one only; and
//! where hylint.toml says another one than the export.

use super::place::{decider_name, decider_place, place_in, point_name};
use super::{describe, words};
use crate::finding::{AssumptionId, Code, Finding, Identity, Place, Related, Severity};
use crate::judge::{Checked, Exports, Judged, of_networks};
use crate::site::Host;
use hylint_engine::PointId;
use hylint_model::Profiles;
use hylint_space::AddrSet;
use std::collections::{BTreeMap, BTreeSet};

/// Rules named beside the first one.
const NAMED: usize = 5;

/// The flows of one point in one direction that another profile does not let through.
struct Fails<'a> {
    first: &'a Checked<'a>,
    at: PointId,
    profiles: Profiles,
    rows: BTreeSet<u32>,
    /// The checks whose evidence is pointed at.
    checks: Vec<&'a Checked<'a>>,
}

/// One note for each point and direction.
#[must_use]
pub fn findings(exports: &Exports, judged: &[Judged<'_>]) -> Vec<Finding> {
    let mut all: BTreeMap<(&str, PointId, &str), Fails<'_>> = BTreeMap::new();
    for j in judged {
        for c in j.checks.iter().filter(|c| c.not_in != Profiles::NONE) {
            let Some(at) = c.guard.points.first().copied() else {
                continue;
            };
            let key = (c.guard.name, at, c.guard.direction.as_str());
            let fails = all.entry(key).or_insert_with(|| Fails {
                first: c,
                at,
                profiles: Profiles::NONE,
                rows: BTreeSet::new(),
                checks: Vec::new(),
            });
            fails.profiles = fails.profiles.union(c.not_in);
            fails.rows.insert(j.req.row);
            fails.checks.push(c);
        }
    }
    all.values().map(|f| word(exports, f)).collect()
}

/// One warning for each firewall whose export prints other active profiles than hylint.toml says of its host.
#[must_use]
pub fn contradictions(exports: &Exports, hosts: &[Host<PointId>]) -> Vec<Finding> {
    let mut out = Vec::new();
    for host in hosts {
        let Some(said) = host.profile else { continue };
        for at in host.layers.iter().flat_map(|l| &l.points) {
            // Of several networks, those on whose interfaces the host has its addresses count.
            if let Some((active, networks)) = of_networks(host) {
                let other = networks.into_iter().find(|(p, ..)| !p.intersects(said));
                if let Some((profile, name, place)) = other {
                    let text = words::other_network(&host.name, said, profile, &name);
                    let pair = (said, active);
                    out.push(contradiction(exports, host, *at, pair, (text, Some(place))));
                }
                continue;
            }
            let windows = exports.point(*at).and_then(|p| p.windows.as_ref());
            let Some((printed, span)) = windows.and_then(|w| w.active) else {
                continue;
            };
            if printed.0 & !said.0 != 0 {
                let text = words::other_profile(&host.name, said, printed);
                let place = match span.is_empty() {
                    // Another file than that of the settings tells.
                    true => network_place(host, printed),
                    false => place_in(exports, exports.settings(*at), span),
                };
                let pair = (said, printed);
                out.push(contradiction(exports, host, *at, pair, (text, place)));
            }
        }
    }
    out
}

/// Where a network of one of these profiles is listed.
fn network_place(host: &Host<PointId>, profiles: Profiles) -> Option<Place> {
    let mut all = host.facts.interfaces.iter();
    let found = all.find(|(i, _)| i.network.is_some_and(|p| p.intersects(profiles)));
    found.map(|(_, place)| place.clone())
}

fn contradiction(
    exports: &Exports,
    host: &Host<PointId>,
    at: PointId,
    (said, printed): (Profiles, Profiles),
    (text, place): (words::Said, Option<Place>),
) -> Finding {
    let identity = Identity::of(&["profile-contradiction", &known_as(said), &known_as(printed)]);
    let mut f = Finding::new(
        Code::IncompleteExport,
        Severity::Warning,
        text.message,
        identity,
        place,
    );
    f.host = Some(host.name.clone());
    f.point = Some(point_name(exports, at));
    f.label = text.label;
    f.help = Some(text.help);
    f.cause = Some(text.cause);
    f.related.extend(host.entry.clone().map(|place| Related {
        place,
        label: format!("{} here", said.told()),
    }));
    f
}

/// One warning for each keyword that hylint.toml resolves to other addresses than the host's own interfaces show.
#[must_use]
pub fn keywords(hosts: &[Host<PointId>]) -> Vec<Finding> {
    let mut out = Vec::new();
    for host in hosts {
        for k in &host.facts.keywords {
            let Some(said) = host.resolve.get(k.name).filter(|said| **said != k.addrs) else {
                continue;
            };
            let may = k.addrs.union(&k.open);
            if k.addrs.is_subset(said) && said.is_subset(&may) {
                continue;
            }
            let addresses = |set: &AddrSet| describe::addresses(set, &AddrSet::empty(), NAMED);
            let (said, shown) = (addresses(said), addresses(&k.addrs));
            let text = words::other_keyword(&host.name, k.name, &said, &shown);
            let identity = Identity::of(&["keyword-contradiction", k.name]);
            let place = Some(k.place.clone());
            let code = Code::IncompleteExport;
            let mut f = Finding::new(code, Severity::Warning, text.message, identity, place);
            f.host = Some(host.name.clone());
            f.label = text.label;
            f.help = Some(text.help);
            f.cause = Some(text.cause);
            f.related.extend(host.entry.clone().map(|place| Related {
                place,
                label: "resolved here".into(),
            }));
            out.push(f);
        }
    }
    out
}

fn word(exports: &Exports, fails: &Fails<'_>) -> Finding {
    let guard = &fails.first.guard;
    let rows: Vec<String> = fails.rows.iter().map(u32::to_string).collect();
    let said = words::assumed_profile(guard.name, &rows, guard.profile, fails.profiles);
    let mut deciders = Vec::new();
    for d in fails.checks.iter().flat_map(|c| &c.evidence) {
        let place = decider_place(exports, d);
        if !deciders.iter().any(|(p, _)| *p == place) && deciders.len() <= NAMED {
            deciders.push((place, d));
        }
    }
    let mut deciders = deciders.into_iter();
    let first = deciders.next();
    let mut f = Finding::new(
        Code::IncompleteExport,
        Severity::Note,
        said.message,
        Identity::of(&[&known_as(fails.profiles)]),
        first.as_ref().and_then(|(place, _)| place.clone()),
    );
    f.host = Some(guard.name.to_owned());
    f.point = Some(point_name(exports, fails.at));
    f.direction = Some(guard.direction);
    f.label = said.label;
    f.cause = Some(said.cause);
    f.rule = first.as_ref().map(|(_, d)| decider_name(exports, d));
    let another = |place| Related {
        place,
        label: "allows another".into(),
    };
    f.related = deciders.filter_map(|(p, _)| p).map(another).collect();
    f.help = Some(said.help);
    f.assumptions = vec![AssumptionId::ProfileDomain.to_string()];
    f
}

/// INVARIANT: what a finding about these profiles is known by, however their names read by now. Baselines hold it.
fn known_as(profiles: Profiles) -> String {
    let each = [
        (Profiles::DOMAIN, "domain"),
        (Profiles::PRIVATE, "private"),
        (Profiles::PUBLIC, "public"),
    ];
    let here = each.iter().filter(|(p, _)| p.intersects(profiles));
    let names: Vec<&str> = here.map(|(_, n)| *n).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => {
            format!("{} and {last} profiles", first.join(", "))
        }
        _ => format!("{} profile", names.concat()),
    }
}
