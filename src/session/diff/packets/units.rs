//! Which hosts and points of two sides are the same.

use super::target::Target;
use crate::common::diag::Diag;
use crate::finding::difference::Hosts;
use crate::load::RunPoint;
use crate::session::point_key::keys_of;
use crate::session::{PointKey, Session};
use hylint_model::{Families, PointKind};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A host or a point that both sides have.
pub(in crate::session::diff) struct Unit {
    /// The host's name on the old side; none of a point that guards nobody.
    pub host: Option<String>,
    /// Its name on the new side.
    pub new_host: Option<String>,
    pub old: Target,
    pub new: Target,
}

/// One side's hosts and points.
struct Side<'s> {
    session: &'s Session,
    keys: BTreeMap<RunPoint, (PointKey, PointKind, Families, String)>,
    /// Hosts and forwarding firewalls.
    hosts: Vec<(String, Target)>,
}

/// Points without a host that are judged together, with what they are known by.
struct Alone {
    points: Vec<RunPoint>,
    key: PointKey,
    kind: PointKind,
    families: Families,
    name: String,
}

/// Pairs what is the same, and names what only one side has.
///
/// # Errors
/// A side cannot be bound.
pub(in crate::session::diff) fn units(
    old: &Session,
    new: &Session,
) -> Result<(Vec<Unit>, Hosts), Vec<Diag>> {
    let (old, new) = (Side::of(old)?, Side::of(new)?);
    let (mut pairs, left_old, left_new) = hosts(&old, &new);
    pairs.extend(further(&old, &new, &left_old, &left_new));
    let paired = |take: fn(&Unit) -> &Target| -> BTreeSet<RunPoint> {
        pairs.iter().flat_map(|u| take(u).points()).collect()
    };
    let (in_old, in_new) = (paired(|u| &u.old), paired(|u| &u.new));
    let (a, b) = (old.alone(&in_old), new.alone(&in_new));
    let (points, rest_old, rest_new) = points(&a, &b);
    let mut compared: [BTreeSet<RunPoint>; 2] = [in_old, in_new];
    for (x, y) in points {
        compared[0].extend(&x.points);
        compared[1].extend(&y.points);
        pairs.push(Unit {
            host: None,
            new_host: None,
            old: Target::of_points(x.points.clone(), &old.resolve()?, old.session),
            new: Target::of_points(y.points.clone(), &new.resolve()?, new.session),
        });
    }
    let [done_old, done_new] = &compared;
    let hosts = Hosts {
        added: new.lone(&left_new, &rest_new, done_new, &old),
        removed: old.lone(&left_old, &rest_old, done_old, &new),
    };
    Ok((pairs, hosts))
}

/// Interfaces that one side alone has of a host that both have: nothing passed them on the other.
fn further(
    old: &Side<'_>,
    new: &Side<'_>,
    left_old: &[&(String, Target)],
    left_new: &[&(String, Target)],
) -> Vec<Unit> {
    let come = left_new.iter().filter(|(name, _)| old.has(name));
    let come = come.map(|(name, t)| Unit {
        host: Some(name.clone()),
        new_host: Some(name.clone()),
        old: t.absent(),
        new: t.clone(),
    });
    let gone = left_old.iter().filter(|(name, _)| new.has(name));
    let gone = gone.map(|(name, t)| Unit {
        host: Some(name.clone()),
        new_host: Some(name.clone()),
        old: t.clone(),
        new: t.absent(),
    });
    come.chain(gone).collect()
}

type Paired<'t> = (
    Vec<Unit>,
    Vec<&'t (String, Target)>,
    Vec<&'t (String, Target)>,
);

/// Hosts by their names, those of one name by the points in front of them, and what is left by its own points.
fn hosts<'t>(old: &'t Side<'_>, new: &'t Side<'_>) -> Paired<'t> {
    let mut left_old: Vec<&(String, Target)> = old.hosts.iter().collect();
    let mut left_new: Vec<&(String, Target)> = new.hosts.iter().collect();
    type Known<'f> = &'f dyn Fn(&Side<'_>, &(String, Target)) -> Option<String>;
    let named = |all: BTreeSet<String>| (!all.is_empty()).then(|| format!("{all:?}"));
    let passes: [Known<'_>; 4] = [
        &|s, (name, t)| Some(format!("{name} {}", named(s.known(t))?)),
        &|_, (name, _)| Some(name.clone()),
        &|s, (_, t)| named(s.own(t)),
        // A host that is called after its group by nobody's choice is renamed with it.
        &|s, (_, t)| Some(format!("{} {}", t.own, named(s.known(t))?)),
    ];
    let mut out = Vec::new();
    for known in passes {
        let (of_old, of_new) = (|h: &_| known(old, h), |h: &_| known(new, h));
        let pairs = matched((&mut left_old, &of_old), (&mut left_new, &of_new), false);
        out.extend(pairs.into_iter().map(|(a, b)| Unit {
            host: Some(a.0.clone()),
            new_host: Some(b.0.clone()),
            old: a.1.clone(),
            new: b.1.clone(),
        }));
    }
    (out, left_old, left_new)
}

/// What is left of one side, and what it is known by.
type Left<'l, 't, T> = (&'l mut Vec<&'t T>, &'l dyn Fn(&T) -> Option<String>);

/// Takes out what is known by the same on both sides, the first by the first. `only`: where there is one on each side.
fn matched<'t, T>(
    (old, of_old): Left<'_, 't, T>,
    (new, of_new): Left<'_, 't, T>,
    only: bool,
) -> Vec<(&'t T, &'t T)> {
    let places = |all: &[&T], known: &dyn Fn(&T) -> Option<String>| {
        let mut out: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
        for (at, one) in all.iter().enumerate() {
            if let Some(key) = known(one) {
                out.entry(key).or_default().push_back(at);
            }
        }
        out
    };
    let (before, mut behind) = (places(old, of_old), places(new, of_new));
    let mut pairs: BTreeMap<usize, usize> = BTreeMap::new();
    for (key, there) in before {
        let Some(others) = behind.get_mut(&key) else {
            continue;
        };
        if !only || there.len() == 1 && others.len() == 1 {
            pairs.extend(there.into_iter().zip(others.drain(..)));
        }
    }
    let each = pairs.iter();
    let out = each.filter_map(|(a, b)| Some((*old.get(*a)?, *new.get(*b)?)));
    let out = out.collect();
    let taken: BTreeSet<usize> = pairs.values().copied().collect();
    let mut at = 0..;
    old.retain(|_| at.next().is_some_and(|n| !pairs.contains_key(&n)));
    let mut at = 0..;
    new.retain(|_| at.next().is_some_and(|n| !taken.contains(&n)));
    out
}

type PairedPoints<'t> = (Vec<(&'t Alone, &'t Alone)>, Vec<&'t Alone>, Vec<&'t Alone>);

/// Points by the vendor's id, else by their files, else by their folders where each side has one of the kind there.
fn points<'t>(old: &'t [Alone], new: &'t [Alone]) -> PairedPoints<'t> {
    let id = |a: &Alone| -> Option<String> {
        let named = !a.key.id.is_empty();
        named.then(|| format!("{:?} {} {}", a.kind, a.key.id, a.key.number))
    };
    let file = |a: &Alone| -> Option<String> {
        Some(format!("{:?} {:?} {}", a.kind, a.families, a.key.path))
    };
    let any_family = |a: &Alone| -> Option<String> { Some(format!("{:?} {}", a.kind, a.key.path)) };
    let folder = |a: &Alone| -> Option<String> {
        let (folder, _) = a.key.path.rsplit_once('/')?;
        let host = a.kind.is_host();
        host.then(|| format!("{:?} {:?} {folder}", a.kind, a.families))
    };
    type Known<'f> = &'f dyn Fn(&Alone) -> Option<String>;
    let passes: [(Known<'_>, bool); 4] = [
        (&id, false),
        (&file, false),
        (&any_family, false),
        (&folder, true),
    ];
    let mut left_old: Vec<&Alone> = old.iter().collect();
    let mut left_new: Vec<&Alone> = new.iter().collect();
    let mut out = Vec::new();
    for (known, only) in passes {
        out.extend(matched(
            (&mut left_old, known),
            (&mut left_new, known),
            only,
        ));
    }
    (out, left_old, left_new)
}

impl<'s> Side<'s> {
    fn of(session: &'s Session) -> Result<Self, Vec<Diag>> {
        let site = &session.site()?.bound.site;
        let hosts = site.hosts.iter().filter(|h| !h.layers.is_empty());
        let hosts = hosts.map(|h| (h.name.clone(), Target::of_host(h)));
        let mut hosts: Vec<(String, Target)> = hosts.collect();
        let guarding: BTreeSet<RunPoint> = hosts.iter().flat_map(|(_, t)| t.points()).collect();
        // A forwarding firewall that is a host as well is compared once.
        let transits = site.transits.iter();
        let transits = transits.filter(|t| t.points.iter().any(|p| !guarding.contains(p)));
        hosts.extend(transits.map(|t| (t.name.clone(), Target::of_transit(t))));
        let mut keys = BTreeMap::new();
        for (id, head) in session.heads().each() {
            // Keys of a session count from the folder of the site file, which may be another one on the other side, or new.
            let points = &head.export.points;
            for (n, (key, p)) in keys_of(&head.path, head)
                .into_iter()
                .zip(points)
                .enumerate()
            {
                let known = (key, p.kind, p.families, p.key().to_owned());
                keys.insert(RunPoint::new(id, n), known);
            }
        }
        Ok(Self {
            session,
            keys,
            hosts,
        })
    }

    fn resolve(
        &self,
    ) -> Result<std::sync::Arc<BTreeMap<String, hylint_space::AddrSet>>, Vec<Diag>> {
        Ok(self.session.site()?.bound.site.resolve.clone())
    }

    /// Whether it has a host of this name.
    fn has(&self, name: &str) -> bool {
        self.hosts.iter().any(|(n, _)| n == name)
    }

    /// What the points in front of a host are known by.
    fn known(&self, t: &Target) -> BTreeSet<String> {
        let keys = t.points().filter_map(|p| self.keys.get(&p));
        keys.map(|(key, ..)| identity(key)).collect()
    }

    /// The same of the firewalls that are the host's own by their nature.
    fn own(&self, t: &Target) -> BTreeSet<String> {
        let keys = t.points().filter_map(|p| self.keys.get(&p));
        let own = keys.filter(|(_, kind, ..)| kind.is_host());
        own.map(|(key, ..)| identity(key)).collect()
    }

    /// The points that are not among these. Both halves of a firewall in one file are one.
    fn alone(&self, but: &BTreeSet<RunPoint>) -> Vec<Alone> {
        let mut out: Vec<Alone> = Vec::new();
        for (at, (key, kind, families, name)) in &self.keys {
            if but.contains(at) {
                continue;
            }
            if let Some(last) = out.last_mut()
                && kind.has_halves()
                && last.kind == *kind
                && last.key.path == key.path
                && !(last.families.v4 && families.v4 || last.families.v6 && families.v6)
            {
                last.points.push(*at);
                last.families = Families::BOTH;
                continue;
            }
            out.push(Alone {
                points: vec![*at],
                key: key.clone(),
                kind: *kind,
                families: *families,
                name: name.clone(),
            });
        }
        out
    }

    /// The names of what only this side has: hosts of which no point was compared, and points that the other side does not
    /// have in front of a host either.
    fn lone(
        &self,
        hosts: &[&(String, Target)],
        points: &[&Alone],
        compared: &BTreeSet<RunPoint>,
        other: &Side<'_>,
    ) -> Vec<String> {
        let mut of_hosts: BTreeSet<RunPoint> = BTreeSet::new();
        let mut names: BTreeSet<String> = BTreeSet::new();
        let known: BTreeSet<String> = other.keys.values().map(|(key, ..)| identity(key)).collect();
        for (name, t) in hosts {
            of_hosts.extend(t.points());
            if other.has(name) {
                continue;
            }
            // A machine that is known by its group alone is compared as that.
            let nameless = t.own.is_empty();
            if !t
                .points()
                .any(|p| compared.contains(&p) && (nameless || self.is_own(p)))
            {
                names.insert(name.clone());
            }
        }
        for a in points {
            let is_there = known.contains(&identity(&a.key));
            if !is_there && !a.points.iter().any(|p| of_hosts.contains(p)) {
                names.insert(match a.name.as_str() {
                    "" => a.key.to_string(),
                    name => name.to_owned(),
                });
            }
        }
        names.into_iter().collect()
    }

    fn is_own(&self, p: RunPoint) -> bool {
        self.keys
            .get(&p)
            .is_some_and(|(_, kind, ..)| kind.is_host())
    }
}

/// What a point is known by on both sides.
fn identity(key: &PointKey) -> String {
    match key.id.as_str() {
        "" => key.to_string(),
        id => format!("{id} {}", key.number),
    }
}
