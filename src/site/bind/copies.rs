//! One thing in several files: a group that was exported twice, a host's dump of two days.
//!
//! Identical copies are one, and so are views of one thing. Of others the newest counts, by the exports' own text; without
//! dates nothing tells which one is in force.

use super::Binder;
use super::content::{Content, Copies, Differences, Judged};
use super::words::{self, Copied, told};
use crate::common::moment::moment;
use crate::common::paths;
use crate::finding::{Code, Identity, Severity};
use crate::link;
use crate::load::{ExportId, RunPoint};
use crate::site::{Host, Layer};
use hylint_model::{Body, DefaultOrigin, OtherPolicy, PointKind, RuleList, View};
use std::collections::{BTreeMap, BTreeSet};

/// The name of a host and the ids of what guards it, layer by layer.
type Resources = (String, Vec<Vec<String>>);

impl Binder<'_> {
    fn contents(&mut self, export: ExportId) -> &[Content] {
        let look = self.look;
        self.contents.entry(export).or_insert_with(|| {
            let read = look(export);
            let points = read.as_ref().map(|e| &e.export.points);
            points.into_iter().flatten().map(Content::of).collect()
        })
    }

    /// What a point says; one that cannot be read again says something of its own.
    fn content(&mut self, at: RunPoint) -> Content {
        let known = self.contents(at.export).get(at.index());
        known.cloned().unwrap_or_else(|| Content::unread(at))
    }

    /// When an export was made, by its own text.
    fn made(&self, at: ExportId) -> Option<jiff::Timestamp> {
        let (text, _) = self.exports.get(at)?.export.exported_at.as_ref()?;
        moment(text)
    }

    /// Of points that are one resource, those that are no view or identical copy of another.
    fn different(&mut self, points: &[RunPoint]) -> Vec<RunPoint> {
        let view = |b: &Self, at: RunPoint| b.point(at).map_or(View::Resource, |p| p.view);
        let best = points
            .iter()
            .map(|at| view(self, *at))
            .min()
            .unwrap_or_default();
        // Rules in effect have names replaced by addresses, and cannot be compared with others.
        let seen: Vec<RunPoint> = match best {
            View::Effective => points
                .iter()
                .copied()
                .filter(|at| view(self, *at) == best)
                .collect(),
            _ => points.to_vec(),
        };
        let mut all: Vec<(RunPoint, Content)> = Vec::new();
        for at in seen {
            let content = self.content(at);
            match all.iter_mut().find(|(_, c)| *c == content) {
                Some((other, _)) if view(self, at) < view(self, *other) => *other = at,
                Some(_) => {}
                None => all.push((at, content)),
            }
        }
        all.into_iter().map(|(at, _)| at).collect()
    }

    /// Which of the copies of one resource counts. What differs is remembered, to be told of once for each two files.
    pub(super) fn choose(&mut self, points: &[RunPoint]) -> Option<Copies> {
        let first = *points.first()?;
        if points.len() == 1 {
            return Some(Copies::One(first));
        }
        self.copies.extend(points);
        let different = self.different(points);
        if different.len() <= 1 {
            return different.first().copied().map(Copies::One);
        }
        // Two of one file are told of by its reader.
        let files: BTreeSet<ExportId> = different.iter().map(|at| at.export).collect();
        if files.len() <= 1 {
            return Some(Copies::Unsure(different));
        }
        let id = self
            .point(first)
            .map(|p| p.key().to_owned())
            .unwrap_or_default();
        let newest = self.newest(&different);
        for pair in different.windows(2) {
            if let [a, b] = pair {
                let judged = newest.map_or(Judged::Unknown, |n| Judged::Newest(n.export));
                self.differ(*a, *b, &id, judged);
            }
        }
        Some(newest.map_or(Copies::Unsure(different), Copies::One))
    }

    /// The newest by the exports' own text, if each says when it was made and one is the last.
    fn newest(&self, points: &[RunPoint]) -> Option<RunPoint> {
        let dated: Option<Vec<_>> = points
            .iter()
            .map(|at| Some((self.made(at.export)?, *at)))
            .collect();
        let dated = dated?;
        let last = dated.iter().map(|(t, _)| *t).max()?;
        let mut those = dated.iter().filter(|(t, _)| *t == last);
        match (those.next(), those.next()) {
            (Some((_, at)), None) => Some(*at),
            _ => None,
        }
    }

    /// Remembers that two copies differ.
    pub(super) fn differ(&mut self, a: RunPoint, b: RunPoint, id: &str, judged: Judged) {
        let path = |e: ExportId| self.exports.get(e).map_or("", |e| &*e.path);
        let folder = |e: ExportId| paths::folder(path(e)).to_owned();
        let (first, second) = (a.export.min(b.export), a.export.max(b.export));
        let key = match (folder(first), folder(second)) {
            (x, y) if x == y => (path(first).to_owned(), path(second).to_owned()),
            folders => folders,
        };
        let slot = self.differences.entry(key).or_insert_with(|| Differences {
            ids: BTreeSet::new(),
            judged,
            copies: [a, b],
        });
        slot.judged = slot.judged.max(judged);
        slot.ids.insert(id.to_owned());
        self.apart.insert((first, second));
    }

    /// Points of one kind that are one resource by their ids, each resource with all its points, in the order of the first.
    pub(super) fn by_resource(&self, points: &[RunPoint]) -> Vec<Vec<RunPoint>> {
        let mut index: BTreeMap<String, usize> = BTreeMap::new();
        let mut out: Vec<Vec<RunPoint>> = Vec::new();
        for at in points {
            let id = self
                .point(*at)
                .map(|p| p.id.to_ascii_lowercase())
                .unwrap_or_default();
            if id.is_empty() {
                out.push(vec![*at]);
                continue;
            }
            let n = *index.entry(id).or_insert(out.len());
            match out.get_mut(n) {
                Some(group) => group.push(*at),
                None => out.push(vec![*at]),
            }
        }
        out
    }

    /// Of a host's own firewalls in several files, those that count: identical dumps are one, of dumps of different days the
    /// newest; parts of one firewall stay.
    pub(super) fn current(&mut self, points: Vec<RunPoint>, host: &str) -> Vec<RunPoint> {
        let mut out: Vec<RunPoint> = Vec::new();
        for at in points {
            let mut keep = true;
            let mut gone: Vec<RunPoint> = Vec::new();
            for other in out.clone() {
                // What demands authentication stands beside the rules, which it repeats nowhere.
                let demands = |at| self.point(at).is_some_and(|p| p.security.is_some());
                if other.export == at.export
                    || demands(other)
                    || demands(at)
                    || !self.may_be_copies(other, at)
                {
                    continue;
                }
                // What is in effect holds all that a store holds and that acts.
                match (self.is_effective(other), self.is_effective(at)) {
                    (true, false) => {
                        keep &= !self.is_whole(other);
                        continue;
                    }
                    (false, true) => {
                        gone.extend(self.is_whole(at).then_some(other));
                        continue;
                    }
                    _ => {}
                }
                if let Some((main, less)) = self.says_more(other, at) {
                    self.take_in(main, less);
                    match less == at {
                        true => keep = false,
                        false => gone.push(other),
                    }
                    continue;
                }
                let (a, b) = (self.content(other), self.content(at));
                let stores = (self.shows_policy(other), self.shows_policy(at));
                if b.within(&a) || b.is_capture_of(&a) || b.is_brief_view_of(&a) {
                    keep = false;
                } else if a.within(&b) || a.is_capture_of(&b) || a.is_brief_view_of(&b) {
                    gone.push(other);
                } else if stores == (true, false) && b.is_part_of(&a) {
                    keep = false;
                } else if stores == (false, true) && a.is_part_of(&b) {
                    gone.push(other);
                } else if a.shares(&b) {
                    match self.older(other, at, host) {
                        Some(old) if old == at => keep = false,
                        Some(old) => gone.push(old),
                        None => {}
                    }
                }
            }
            self.copies.extend(&gone);
            out.retain(|o| !gone.contains(o));
            if keep {
                out.push(at);
            } else {
                self.copies.insert(at);
            }
        }
        out
    }

    fn is_effective(&self, at: RunPoint) -> bool {
        self.point(at).is_some_and(|p| p.view == View::Effective)
    }

    /// Whether rules of policy stand in the export of a point, beside those of its own store.
    fn shows_policy(&self, at: RunPoint) -> bool {
        let p = self.point(at);
        p.is_some_and(|p| p.other_policy == OtherPolicy::Settled)
    }

    /// Whether a point shows both directions.
    fn is_whole(&self, at: RunPoint) -> bool {
        let known = |l: &RuleList| l.default.origin != DefaultOrigin::Unknown;
        self.point(at).is_some_and(|p| match &p.body {
            Body::Lists(l) => known(&l.ingress) && known(&l.egress),
            Body::Netfilter(_) => true,
        })
    }

    /// Whether two points of a host may be one firewall in two files.
    fn may_be_copies(&self, a: RunPoint, b: RunPoint) -> bool {
        let (Some(p), Some(q)) = (self.point(a), self.point(b)) else {
            return false;
        };
        // Rules of two tools are in force together.
        if let (Body::Netfilter(m), Body::Netfilter(n)) = (&p.body, &q.body)
            && m.backend.differs(n.backend)
        {
            return false;
        }
        if link::hold_other_tables(self.exports, a, b) {
            return false;
        }
        let both = p.families.v4 && q.families.v4 || p.families.v6 && q.families.v6;
        p.kind == q.kind && (!p.kind.has_halves() || both)
    }

    /// Which of two different dumps of one firewall is out of date; nothing if they may both be in force: two backends that
    /// were saved together, or dumps that nothing dates, of which an error tells.
    fn older(&mut self, a: RunPoint, b: RunPoint, host: &str) -> Option<RunPoint> {
        match (self.made(a.export), self.made(b.export)) {
            (Some(x), Some(y)) if x.duration_since(y).as_hours().abs() < 1 => {
                self.differ(a, b, host, Judged::Together);
                None
            }
            (Some(x), Some(y)) => {
                let (old, new) = if x < y { (a, b) } else { (b, a) };
                self.differ(a, b, host, Judged::Newest(new.export));
                Some(old)
            }
            _ => {
                self.differ(a, b, host, Judged::Unknown);
                None
            }
        }
    }

    /// Whether two files hold different copies, of which none is known to count.
    pub(super) fn differ_in_files(&self, a: RunPoint, b: RunPoint) -> bool {
        let key = (a.export.min(b.export), a.export.max(b.export));
        self.apart.contains(&key)
    }

    /// Tells of different copies, once for each two folders.
    pub(super) fn tell_differences(&mut self) {
        for ((one, other), d) in std::mem::take(&mut self.differences) {
            let [a, b] = d.copies;
            let path = |e: ExportId| self.exports.get(e).map_or("", |e| &*e.path);
            let mut ids = d.ids.iter();
            let Some(first) = ids.next() else { continue };
            let more = ids.count();
            let (severity, how) = match d.judged {
                Judged::Newest(n) => (Severity::Note, Copied::Newest(path(n))),
                Judged::Chosen => (Severity::Note, Copied::Chosen),
                Judged::Together => (Severity::Note, Copied::Together),
                Judged::Unknown => (Severity::Error, Copied::Unknown),
            };
            let (from, to) = (path(a.export), path(b.export));
            let glob = self.glob(to);
            let said = words::copies_differ(first, more, [from, to], &glob, &how);
            let identity = Identity::of(&["copies differ", &one, &other, first]);
            let label = self.point(b).map(|p| p.label);
            let place = self.place_in(b.export, label);
            let mut f = told(Code::UnboundPoint, severity, said, identity, place);
            if severity != Severity::Error {
                f.help = None;
            }
            self.findings.push(f);
        }
    }

    /// How two copies are judged. `chosen`: hylint.toml names their files.
    fn judged(&self, a: RunPoint, b: RunPoint, chosen: bool) -> Judged {
        if chosen {
            return Judged::Chosen;
        }
        let newest = self.newest(&[a, b]);
        newest.map_or(Judged::Unknown, |n| Judged::Newest(n.export))
    }

    /// Compares resources that guard hosts out of several files: which file is whose is told by hylint.toml or by folders.
    pub(super) fn compare_guards(&mut self) {
        let layers = self.hosts.iter().flat_map(|h| &h.layers);
        let guards: BTreeSet<RunPoint> = layers.flat_map(|l| l.points.iter().copied()).collect();
        let exported = |at: &RunPoint| {
            let p = self.exports.point(*at);
            p.is_some_and(|p| p.kind.is_cloud() && !p.id.is_empty())
        };
        let guards: Vec<RunPoint> = guards.into_iter().filter(exported).collect();
        for same in self.by_resource(&guards) {
            let files: BTreeSet<ExportId> = same.iter().map(|at| at.export).collect();
            if files.len() < 2 {
                continue;
            }
            let claimed = |at: &RunPoint| {
                let claims = self.claims.get(at.export.index());
                claims.is_some_and(|c| !c.is_empty())
            };
            let chosen = same.iter().all(claimed);
            let different = self.different(&same);
            let id = same
                .first()
                .and_then(|at| self.point(*at))
                .map(|p| p.key().to_owned());
            for pair in different.windows(2) {
                if let [a, b] = pair {
                    let judged = self.judged(*a, *b, chosen);
                    self.differ(*a, *b, &id.clone().unwrap_or_default(), judged);
                }
            }
        }
    }

    /// Of the hosts from a number on, drops those that an earlier one is a copy of: the same resources, exported into several
    /// folders. Where their rules differ each is judged, and the difference told.
    pub(super) fn drop_copied_hosts(&mut self, first: usize) {
        let found = self.hosts.split_off(first.min(self.hosts.len()));
        let mut kept: BTreeMap<Resources, Vec<Host>> = BTreeMap::new();
        for host in found {
            let Some(key) = self.resources(&host) else {
                self.hosts.push(host);
                continue;
            };
            let same = kept.get(&key).cloned().unwrap_or_default();
            if same.iter().any(|o| self.is_twin(o, &host)) {
                self.copies
                    .extend(host.layers.iter().flat_map(|l| &l.points));
                continue;
            }
            kept.entry(key).or_default().push(host.clone());
            self.hosts.push(host);
        }
    }

    /// What makes hosts of two folders one: name, and the ids of what guards it. `None` where a resource has no id.
    fn resources(&self, host: &Host) -> Option<Resources> {
        let id = |at: &RunPoint| {
            let id = self.point(*at)?.id.to_ascii_lowercase();
            (!id.is_empty()).then_some(id)
        };
        let layer = |l: &Layer| l.points.iter().map(id).collect::<Option<Vec<String>>>();
        let layers: Option<Vec<Vec<String>>> = host.layers.iter().map(layer).collect();
        let layers = layers.filter(|l| !l.is_empty())?;
        Some((host.name.clone(), layers))
    }

    /// Whether two hosts of the same resources have the same roles, addresses and rules.
    fn is_twin(&mut self, a: &Host, b: &Host) -> bool {
        let points = |h: &Host| -> Vec<RunPoint> {
            h.layers
                .iter()
                .flat_map(|l| l.points.iter().copied())
                .collect()
        };
        let pairs: Vec<(RunPoint, RunPoint)> = points(a).into_iter().zip(points(b)).collect();
        a.roles == b.roles
            && a.addrs == b.addrs
            && a.every == b.every
            && a.declared == b.declared
            && pairs.into_iter().all(|(p, q)| {
                let stands_in = |at| self.point(at).is_some_and(|p| p.stand_in);
                stands_in(p) && stands_in(q) || self.different(&[p, q]).len() == 1
            })
    }

    /// Whether a point is a copy or view of one that was looked at already, and is not to be looked at again. A different one
    /// is told of.
    pub(super) fn is_copy_of(&mut self, at: RunPoint, others: &[RunPoint], chosen: bool) -> bool {
        let kind = self.point(at).map(|p| p.kind);
        let others: Vec<RunPoint> = others
            .iter()
            .copied()
            .filter(|o| *o != at && self.point(*o).map(|p| p.kind) == kind)
            .collect();
        if others.is_empty() || kind.is_none_or(PointKind::is_host) {
            return false;
        }
        let mut all = others.clone();
        all.push(at);
        let different = self.different(&all);
        if !different.contains(&at) || different.len() == 1 {
            return true;
        }
        let id = self
            .point(at)
            .map(|p| p.key().to_owned())
            .unwrap_or_default();
        // One finding for each copy: that it is not like the first one.
        let other = different
            .iter()
            .find(|o| **o != at && o.export != at.export);
        if let Some(o) = other.copied() {
            let judged = self.judged(o, at, chosen);
            self.differ(o, at, &id, judged);
        }
        false
    }
}
