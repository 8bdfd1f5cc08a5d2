//! What binding has to tell.

use super::Binder;
use super::globs::Paths;
use super::words::{self, told};
use crate::finding::{Code, Identity, Known, Place, Severity};
use crate::load::{ExportId, RunPoint};
use crate::rules::matrix::{AccessRule, Presence, RoleIx};
use crate::site::{Host, RoleState};
use hylint_model::{Point, PointKind, Span};
use hylint_parsers::source::Source;
use hylint_space::Family;

/// Candidates that a finding is known by.
const LISTED: usize = 10;

pub(super) fn title(p: &Point) -> String {
    match (&*p.name, &*p.id) {
        ("", id) => id.to_owned(),
        (name, "") => name.to_owned(),
        (name, id) if p.kind.is_known_by_name() || name == id => name.to_owned(),
        (name, id) => format!("{id} ({name})"),
    }
}

impl Binder<'_> {
    pub(super) fn place_in(&self, export: ExportId, span: Option<Span>) -> Option<Place> {
        self.exports.get(export).map(|e| match span {
            Some(span) => e.place(span),
            None => Place::file(&e.path),
        })
    }

    /// Where the site file speaks of something, or its first line.
    pub(super) fn place_in_config(&self, text: &str) -> Option<Place> {
        self.config.map(|c| c.place_of(text))
    }

    /// The titles of points, each once.
    fn candidates(&self, points: &[RunPoint]) -> Vec<String> {
        let names = points.iter().filter_map(|at| self.point(*at)).map(title);
        let mut names: Vec<String> = names.collect();
        names.sort();
        names.dedup();
        names
    }

    /// Several points of a kind, and nothing says which guards the host.
    pub(super) fn unbound(&mut self, host: &Host, points: &[RunPoint], kind: PointKind) {
        let Some(first) = points.first().copied() else {
            return;
        };
        self.told.extend(points);
        let names = self.candidates(points);
        let example = self.point(first).map(Point::key).unwrap_or_default();
        let n = points.len();
        let configured = self.config.is_some();
        let said = words::guard_unsaid(kind, &names, n, &host.name, example, configured);
        let identity = Identity::known(&Known::GuardUnsaid {
            points: points.len(),
            kind: &kind.as_str().replace('-', " "),
            host: &host.name,
            candidates: &known_as(&names),
        });
        let span = self.point(first).map(|p| p.label);
        let place = self.place_in(first.export, span);
        let mut f = told(Code::UnboundPoint, Severity::Error, said, identity, place);
        f.host = Some(host.name.clone());
        self.findings.push(f);
    }

    /// Points of an export that guard no host with a role, where no error says so already.
    pub(super) fn guard_nobody(&mut self, points: &[RunPoint]) {
        let Some(first) = points.first().copied() else {
            return;
        };
        let names = self.candidates(points);
        let said = words::guard_nobody(&names, points.len());
        let identity = Identity::known(&Known::GuardsNobody {
            points: points.len(),
            candidates: &known_as(&names),
        });
        let span = self.point(first).map(|p| p.label);
        let place = self.place_in(first.export, span);
        let note = Severity::Note;
        self.findings
            .push(told(Code::UnboundPoint, note, said, identity, place));
    }

    /// `points` names something that is not there.
    pub(super) fn no_such_point(&mut self, host: &Host, name: &str, exports: &[ExportId]) {
        let all: Vec<_> = self.points_of(exports);
        self.told.extend(&all);
        let titles = self.candidates(&all);
        let names = all.iter().filter_map(|at| self.point(*at)).map(Point::key);
        let near = crate::common::diag::nearest(name, names);
        let said = words::no_such_point(&host.name, name, &titles, near);
        let identity = Identity::known(&Known::NoSuchPoint {
            host: &host.name,
            name,
            candidates: &known_as(&titles),
        });
        let place = self.place_in_config(&format!("\"{name}\""));
        let mut f = told(Code::UnboundPoint, Severity::Error, said, identity, place);
        f.host = Some(host.name.clone());
        self.findings.push(f);
    }

    /// A path as `exports` of hylint.toml has it.
    pub(super) fn glob(&self, path: &str) -> String {
        match self.config {
            Some(c) => globset::escape(&c.relative(path)),
            None => path.to_owned(),
        }
    }

    /// Nothing tells the role of an export.
    pub(super) fn unknown_role(&mut self, export: ExportId) {
        self.told.extend(self.points_of(&[export]));
        let Some(e) = self.exports.get(export) else {
            return;
        };
        let path = self.config.map(|c| c.relative(&e.path));
        let said = words::role_unsaid(path.as_deref(), &self.cli.draft);
        let label = e.export.points.first().map(|p| p.label);
        let identity = Identity::known(&Known::RoleUnsaid);
        let place = self.place_in(export, label);
        let error = Severity::Error;
        self.findings
            .push(told(Code::UnknownRole, error, said, identity, place));
    }

    /// An annotation or tag names a role that the matrix does not have.
    pub(super) fn no_such_role(&mut self, export: ExportId, name: &str, span: Span) {
        let near =
            crate::common::diag::nearest(name, self.matrix.roles.iter().map(|r| r.id.as_str()));
        let said = words::no_such_role(name, near);
        let identity = Identity::known(&Known::NoSuchRole(name));
        let place = self.place_in(export, Some(span));
        let error = Severity::Error;
        self.findings
            .push(told(Code::UnknownRole, error, said, identity, place));
    }

    /// An annotation in an export says otherwise than hylint.toml, which counts, or than the path, which does not.
    pub(super) fn contradicted_annotation(&mut self, export: ExportId, whose: &str) {
        let annotations = self.exports.get(export).map(|e| &e.export.annotations);
        let first = annotations.and_then(|a| a.iter().find(|(t, _)| !t.starts_with("allow")));
        let said = words::annotation_contradicts(whose == "the path");
        let identity = Identity::of(&["annotation contradicts", whose]);
        let place = self.place_in(export, first.map(|(_, s)| *s));
        let note = Severity::Note;
        self.findings
            .push(told(Code::MalformedExport, note, said, identity, place));
    }

    /// Entries of the site file whose exports are not there: a host of which nothing is judged must not pass for one that is
    /// compliant.
    pub(super) fn missing_exports(&mut self) {
        let Some(config) = self.config.filter(|_| self.cli.whole_site) else {
            return;
        };
        let hosts = config.hosts.iter().map(|h| (&h.name, &h.exports, &h.span));
        let transits = config
            .transits
            .iter()
            .map(|t| (&t.name, &t.exports, &t.span));
        let source = Source::new(&*config.path, &*config.text, "UTF-8");
        let mut files = None;
        for (entry, (name, globs, span)) in hosts.chain(transits).enumerate() {
            let claimed = self.claimed_by(entry);
            // That a file of it is not read is told there.
            let told = self.told_entries.contains(&entry);
            if globs.is_empty()
                || told
                || !self.points_of(&claimed).is_empty()
                || self.is_open_host(name)
            {
                continue;
            }
            let wanted: Vec<String> = globs.iter().map(|g| format!("`{}`", g.glob())).collect();
            let whose = if name.is_empty() {
                "a [[transit]]"
            } else {
                name
            };
            let matched = !claimed.is_empty();
            let wanted = wanted.join(", ");
            let known = Known::EntryWithoutExport {
                whose,
                matched,
                wanted: &wanted,
            };
            let files = files.get_or_insert_with(|| Paths::of(self));
            let globs: Vec<&str> = globs.iter().map(|g| g.glob().glob()).collect();
            let help = files.help(&globs);
            let mut f = words::told(
                Code::IncompleteExport,
                Severity::Error,
                words::no_export(name, matched, &words::wanted(&globs), help),
                Identity::known(&known),
                Place::new(&config.path, &source, Span::new(span.start, span.end)),
            );
            f.host = (!name.is_empty()).then(|| name.clone());
            self.findings.push(f);
        }
    }

    /// Whether exports say of a host that no group guards it.
    fn is_open_host(&self, name: &str) -> bool {
        let of = self.hosts.iter().filter(|h| h.name == name);
        let mut points = of.flat_map(|h| &h.layers).flat_map(|l| &l.points);
        points.any(|at| {
            self.point(*at)
                .is_some_and(|p| &*p.name == super::stand_in::NO_GROUP)
        })
    }

    /// netfilter of one family only.
    pub(super) fn missing_halves(&mut self) {
        let mut found = Vec::new();
        let hosts = self.hosts.iter().map(|h| {
            let points: Vec<_> = h.layers.iter().flat_map(|l| l.points.clone()).collect();
            (&h.name, &h.addrs, points)
        });
        let none = hylint_space::AddrSet::empty();
        let transits = self
            .transits
            .iter()
            .map(|t| (&t.name, &none, t.points.clone()));
        for (name, addrs, points) in hosts.chain(transits) {
            let filters = points
                .iter()
                .filter_map(|at| Some((at.export, self.point(*at)?)));
            let filters: Vec<_> = filters.filter(|(_, p)| p.kind.has_halves()).collect();
            let Some((export, first)) = filters.first() else {
                continue;
            };
            for family in Family::BOTH {
                if filters
                    .iter()
                    .any(|(_, p)| p.families.has(family) || p.families_assumed)
                {
                    continue;
                }
                let declared = addrs.has(family);
                let severity = if declared {
                    Severity::Warning
                } else {
                    Severity::Note
                };
                let command = if family == Family::V6 {
                    "ip6tables-save"
                } else {
                    "iptables-save"
                };
                let said = words::no_family(name, family.as_str(), command);
                let known = Known::FamilyNotExported {
                    family: family.as_str(),
                    whose: name,
                };
                let mut f = told(
                    Code::IncompleteExport,
                    severity,
                    said,
                    Identity::known(&known),
                    self.place_in(*export, Some(first.label)),
                );
                f.host = Some(name.clone());
                found.push(f);
            }
        }
        self.findings.extend(found);
    }

    /// Roles that every site has and this one does not speak of.
    pub(super) fn undeclared(&mut self, states: &[RoleState]) {
        if self.config.is_none() {
            return;
        }
        for (role, state) in self.matrix.roles.iter().zip(states) {
            let expected = role.presence == Presence::Core || state.implied;
            let Some(ix) = self.matrix.role_ix(&role.id) else {
                continue;
            };
            if !expected || state.absent || state.exists && self.is_told(ix, state) {
                continue;
            }
            let rows: Vec<u32> = self.matrix.rows_of(ix).collect();
            let said = words::role_undeclared(&role.id, &rows);
            let known = Known::RoleUndeclared {
                role: &role.name,
                rows: &rows,
            };
            let identity = Identity::known(&known);
            let place = self.place_in_config("[roles]");
            let warning = Severity::Warning;
            self.findings
                .push(told(Code::UndeclaredRole, warning, said, identity, place));
        }
    }

    /// Whether an address or an export tells anything of a role that is in the site.
    fn is_told(&self, role: RoleIx, state: &RoleState) -> bool {
        let mut hosts = self.hosts.iter().filter(|h| h.roles.contains(&role));
        let own = !state.addrs.is_empty() || hosts.any(|h| !h.layers.is_empty());
        own || state.lives_on.is_some()
    }

    /// A gateway and clients are there, and the site does not say how clients connect.
    pub(super) fn ask_for_access(&mut self, states: &[RoleState]) {
        if self.config.is_none_or(|c| c.access.is_some()) {
            return;
        }
        let exists = |r: &RoleIx| states.get(usize::from(r.0)).is_some_and(|s| s.exists);
        let direct = self
            .matrix
            .requirements
            .iter()
            .filter(|r| r.access == AccessRule::DirectOnly);
        let clients = direct.flat_map(|r| &r.from.roles).any(exists);
        let legs = self
            .matrix
            .implied
            .iter()
            .filter(|i| i.gateway == Some(true));
        let gateway = legs.flat_map(|i| &i.from.roles).any(exists);
        if !(clients && gateway) {
            return;
        }
        let said = words::access_undeclared();
        let identity = Identity::known(&Known::AccessUndeclared);
        let place = self.place_in_config("[deployment]");
        let warning = Severity::Warning;
        self.findings
            .push(told(Code::UndeclaredRole, warning, said, identity, place));
    }
}

/// INVARIANT: candidates as findings are known by them. Baselines hold it.
fn known_as(names: &[String]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let list: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    match more {
        0 => list.join(", "),
        more => format!("{} and {more} more", list.join(", ")),
    }
}
