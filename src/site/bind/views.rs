//! A dump of iptables and a ruleset of nftables of one host, which are one firewall.

use super::Binder;
use super::words::{self, told};
use crate::common::paths;
use crate::finding::{Code, Identity, Severity};
use crate::link::{self, Views};
use crate::load::{ExportId, RunPoint};
use hylint_model::{Body, PointKind, View};

impl Binder<'_> {
    /// Of a host's own firewalls those that are judged for themselves: dumps beside a ruleset are views of it.
    pub(super) fn united(&mut self, points: Vec<RunPoint>, host: &str) -> Vec<RunPoint> {
        let (rulesets, rest): (Vec<_>, Vec<_>) =
            points.into_iter().partition(|at| self.is_ruleset(*at));
        let is_dump =
            |b: &Self, at: &RunPoint| b.point(*at).is_some_and(|p| p.kind == PointKind::Netfilter);
        let (dumps, mut rest): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|at| is_dump(self, at));
        let (dumps, loaded) = self.without_files(dumps, !rulesets.is_empty());
        let (zones, mut rulesets): (Vec<_>, Vec<_>) = rulesets
            .into_iter()
            .partition(|at| link::is_zones(self.exports, *at));
        // A dump with the chains that firewalld makes of its zones shows what is in force of them.
        let shown = dumps.iter().find(|at| self.is_of_front_end(**at)).copied();
        if let Some(main) = shown.filter(|_| rulesets.is_empty()) {
            self.copies.extend(&zones);
            let views = Views {
                main,
                others: zones,
            };
            self.views.retain(|v| v.main != main);
            self.views
                .extend((!views.others.is_empty()).then_some(views));
        } else if rulesets.is_empty() {
            rulesets = self.current(zones, host);
        } else {
            rulesets.extend(zones);
        }
        let dumps = match rulesets.is_empty() {
            true => self.with_tables(dumps),
            false => dumps,
        };
        if rulesets.is_empty() || rulesets.len() + dumps.len() < 2 {
            rest.extend(rulesets.into_iter().chain(dumps));
            rest.sort_unstable();
            return rest;
        }
        // The listing of the kernel comes first, as text where there is a choice: JSON names extensions alone.
        let order = |at: &RunPoint| {
            let listed = self.point(*at).is_some_and(|p| p.view == View::Effective);
            let path = self.exports.get(at.export).map_or("", |e| &*e.path);
            let zones = link::is_zones(self.exports, *at);
            (zones, !listed, path.ends_with(".json"), *at)
        };
        rulesets.sort_by_key(order);
        let mut others = rulesets.split_off(1);
        others.extend(loaded);
        others.extend(self.current(dumps, host));
        if let Some(ruleset) = rulesets.first().copied() {
            self.views.retain(|v| v.main != ruleset);
            self.copies.extend(&others);
            self.views.push(Views {
                main: ruleset,
                others,
            });
        }
        rest.extend(rulesets);
        rest.sort_unstable();
        rest
    }

    /// The dumps of a host without the files of ufw that they show as loaded, and those files where a ruleset shows them.
    fn without_files(
        &mut self,
        points: Vec<RunPoint>,
        ruleset: bool,
    ) -> (Vec<RunPoint>, Vec<RunPoint>) {
        let (files, mut dumps): (Vec<_>, Vec<_>) = points
            .into_iter()
            .partition(|at| link::is_loaded_from(self.exports, *at));
        if ruleset {
            return (dumps, files);
        }
        // The files are one export: it is set aside as a whole, or not at all.
        let shows = |file: &RunPoint| {
            let families = self.point(*file).map(|p| p.families);
            let shown = |at: &&RunPoint| {
                let point = self.point(**at);
                point.is_some_and(|p| Some(p.families) == families && link::shows_files(p))
            };
            dumps.iter().find(shown).copied()
        };
        let main = files.first().and_then(shows);
        let Some(main) = main.filter(|_| files.iter().all(|f| shows(f).is_some())) else {
            dumps.extend(files);
            dumps.sort_unstable();
            return (dumps, Vec::new());
        };
        self.copies.extend(&files);
        self.views.retain(|v| v.main != main);
        self.views.push(Views {
            main,
            others: files,
        });
        (dumps, Vec::new())
    }

    /// Whether a dump has the chains of firewalld.
    fn is_of_front_end(&self, at: RunPoint) -> bool {
        self.point(at).is_some_and(|p| match &p.body {
            Body::Netfilter(n) => n.front_end,
            Body::Lists(_) => false,
        })
    }

    fn is_ruleset(&self, at: RunPoint) -> bool {
        link::is_ruleset(self.exports, at)
    }

    /// How many of the files hold a ruleset of nftables.
    pub(super) fn rulesets(&self, files: &[ExportId]) -> usize {
        let held = files.iter().filter(|e| self.holds(**e).0);
        held.count()
    }

    /// What files of netfilter hold: a ruleset of nftables, a dump of iptables.
    fn holds(&self, export: ExportId) -> (bool, bool) {
        let points = self.points_of(&[export]);
        let own = points.iter().filter(|at| {
            let p = self.point(**at);
            p.is_some_and(|p| p.kind == PointKind::Netfilter)
        });
        own.fold((false, false), |(ruleset, dump), at| {
            match self.is_ruleset(*at) {
                true => (true, dump),
                false => (ruleset, true),
            }
        })
    }

    /// The exports of an entry, with the other view of its firewall where hylint.toml does not name the file and it lies
    /// beside the one that it names.
    pub(super) fn with_views(&mut self, entry: usize, name: &str) -> Vec<ExportId> {
        let mut exports = self.claimed_by(entry);
        let holds = exports.iter().map(|e| self.holds(*e));
        let (ruleset, dump) = holds.fold((false, false), |a, b| (a.0 || b.0, a.1 || b.1));
        if ruleset == dump {
            return exports;
        }
        let index = self.index;
        let of_host = |b: &Self, e: ExportId| {
            let path = b.exports.get(e).map_or("", |e| &*e.path);
            (paths::folder(path).to_owned(), paths::host_words(path))
        };
        let own: Vec<_> = exports.iter().map(|e| of_host(self, *e)).collect();
        let folders = own.iter().map(|(folder, _)| folder);
        let beside = folders.flat_map(|f| index.of_folder(f)).copied();
        let mut beside: Vec<ExportId> = beside
            .filter(|e| self.claims.get(e.index()).is_some_and(Vec::is_empty))
            .filter(|e| self.holds(*e) == (!ruleset, !dump) && own.contains(&of_host(self, *e)))
            .collect();
        beside.sort_unstable();
        beside.dedup();
        for export in &beside {
            if let Some(claims) = self.claims.get_mut(export.index()) {
                claims.push(entry);
            }
            let path = self.exports.get(*export).map_or("", |e| &*e.path);
            let said = words::other_view(name, path);
            let identity = Identity::of(&["other view", name, path]);
            let place = self.place_in(*export, None);
            let mut f = told(Code::UnboundPoint, Severity::Note, said, identity, place);
            f.host = (!name.is_empty()).then(|| name.to_owned());
            self.findings.push(f);
        }
        exports.extend(beside);
        exports.sort_unstable();
        exports
    }
}
