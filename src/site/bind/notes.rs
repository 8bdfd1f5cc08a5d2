//! What binding has to tell.

use super::Binder;
use super::globs::Paths;
use crate::finding::{Cause, Code, Counted, Finding, Identity, Known, Place, Severity};
use crate::load::{ExportId, RunPoint};
use crate::rules::matrix::{AccessRule, Presence, RoleIx};
use crate::site::{Host, RoleState};
use hylint_model::{Point, PointKind, Span};
use hylint_parsers::source::Source;
use hylint_space::Family;

/// Candidates that a finding lists.
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

    fn candidates(&self, points: &[RunPoint]) -> String {
        let names = points.iter().filter_map(|at| self.point(*at)).map(title);
        let mut names: Vec<String> = names.collect();
        names.sort();
        names.dedup();
        let more = names.len().saturating_sub(LISTED);
        names.truncate(LISTED);
        let list = names.join(", ");
        if more > 0 {
            format!("{list} and {more} more")
        } else {
            list
        }
    }

    /// Several points of a kind, and nothing says which guards the host.
    pub(super) fn unbound(&mut self, host: &Host, points: &[RunPoint], kind: PointKind) {
        let Some(first) = points.first().copied() else {
            return;
        };
        self.told.extend(points);
        let kind = kind.as_str().replace('-', " ");
        let candidates = self.candidates(points);
        let message = format!(
            "{} {kind}s are exported and nothing says which guard {}: {candidates}",
            points.len(),
            host.name,
        );
        let identity = Identity::known(&Known::GuardUnsaid {
            points: points.len(),
            kind: &kind,
            host: &host.name,
            candidates: &candidates,
        });
        let example = self.point(first).map(Point::key).unwrap_or_default();
        let line = match self.config {
            Some(_) => format!(
                "add points = [\"{example}\"] to the [[host]] \"{}\"",
                host.name
            ),
            None => format!(
                "write a hylint.toml with a [[host]] and points = [\"{example}\"], or tag the resource hylint:role"
            ),
        };
        let span = self.point(first).map(|p| p.label);
        let place = self.place_in(first.export, span);
        let mut f = Finding::new(
            Code::UnboundPoint,
            Severity::Error,
            message,
            identity,
            place,
        );
        f.help = Some(format!(
            "{line}; interfaces exported beside it bind by address too"
        ));
        f.host = Some(host.name.clone());
        self.findings.push(f);
    }

    /// Points of an export that guard no host with a role, where no error says so already.
    pub(super) fn guard_nobody(&mut self, points: &[RunPoint]) {
        let Some(first) = points.first().copied() else {
            return;
        };
        let candidates = self.candidates(points);
        let message = format!(
            "{} of this export guard no host of the site, so no requirement is judged by them: {candidates}",
            match points.len() {
                1 => "1 point".to_owned(),
                n => format!("{n} points"),
            },
        );
        let identity = Identity::known(&Known::GuardsNobody {
            points: points.len(),
            candidates: &candidates,
        });
        let span = self.point(first).map(|p| p.label);
        let place = self.place_in(first.export, span);
        let mut f = Finding::new(Code::UnboundPoint, Severity::Note, message, identity, place);
        f.help = Some("name those that guard a host in `points` of its [[host]]".into());
        self.findings.push(f);
    }

    /// `points` names something that is not there.
    pub(super) fn no_such_point(&mut self, host: &Host, name: &str, exports: &[ExportId]) {
        let all: Vec<_> = self.points_of(exports);
        self.told.extend(&all);
        let candidates = self.candidates(&all);
        let message = format!(
            "no export of {} holds the point `{name}`; there are: {candidates}",
            host.name,
        );
        let identity = Identity::known(&Known::NoSuchPoint {
            host: &host.name,
            name,
            candidates: &candidates,
        });
        let place = self.place_in_config(&format!("\"{name}\""));
        let mut f = Finding::new(
            Code::UnboundPoint,
            Severity::Error,
            message,
            identity,
            place,
        );
        let names = all.iter().filter_map(|at| self.point(*at)).map(Point::key);
        let near =
            crate::common::diag::nearest(name, names).map(|n| format!("did you mean `{n}`?"));
        f.help = near.or_else(|| Some("export the point, or correct `points`".into()));
        f.host = Some(host.name.clone());
        self.findings.push(f);
    }

    /// Nothing tells the role of an export.
    pub(super) fn unknown_role(&mut self, export: ExportId) {
        self.told.extend(self.points_of(&[export]));
        let Some(e) = self.exports.get(export) else {
            return;
        };
        let path = match self.config {
            Some(c) => crate::common::paths::relative(&e.path, &c.dir),
            None => e.path.to_string(),
        };
        let message = "nothing tells which role this export has, so no requirement is judged by it";
        let label = e.export.points.first().map(|p| p.label);
        let mut f = Finding::new(
            Code::UnknownRole,
            Severity::Error,
            message,
            Identity::known(&Known::RoleUnsaid),
            self.place_in(export, label),
        );
        f.help = Some(if self.config.is_some() {
            format!(
                "add to hylint.toml: [[host]] name = \"…\", roles = [\"…\"], exports = [\"{path}\"]"
            )
        } else {
            format!(
                "run `{}`, which asks for the role, or give it with --role ROLE",
                self.cli.draft
            )
        });
        f.cause = Some(Cause::of(&["role unsaid"]).told(
            Counted::Places,
            "exports have no known role, so no requirement is judged by them",
        ));
        self.findings.push(f);
    }

    /// An annotation or tag names a role that the matrix does not have.
    pub(super) fn no_such_role(&mut self, export: ExportId, name: &str, span: Span) {
        let near =
            crate::common::diag::nearest(name, self.matrix.roles.iter().map(|r| r.id.as_str()));
        let mut f = Finding::new(
            Code::UnknownRole,
            Severity::Error,
            format!("`{name}` is no role of the matrix"),
            Identity::known(&Known::NoSuchRole(name)),
            self.place_in(export, Some(span)),
        );
        f.help = near.map(|n| format!("did you mean `{n}`?"));
        self.findings.push(f);
    }

    /// An annotation in an export says otherwise than hylint.toml, which counts, or than the path, which does not.
    pub(super) fn contradicted_annotation(&mut self, export: ExportId, whose: &str) {
        let annotations = self.exports.get(export).map(|e| &e.export.annotations);
        let first = annotations.and_then(|a| a.iter().find(|(t, _)| !t.starts_with("allow")));
        let counts = match whose {
            "the path" => "the annotation counts",
            _ => "hylint.toml counts",
        };
        let mut f = Finding::new(
            Code::MalformedExport,
            Severity::Note,
            format!("the annotation contradicts {whose}: {counts}"),
            Identity::of(&["annotation contradicts", whose]),
            self.place_in(export, first.map(|(_, s)| *s)),
        );
        f.help = Some("correct the annotation, or remove it".into());
        self.findings.push(f);
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
            let why = if claimed.is_empty() {
                "no export matches"
            } else {
                "what matches holds no firewall, only what belongs beside one:"
            };
            let wanted = wanted.join(", ");
            let message = format!(
                "no export of {whose} was read, so none of its rules is judged: {why} {wanted}"
            );
            let known = Known::EntryWithoutExport {
                whose,
                matched: !claimed.is_empty(),
                wanted: &wanted,
            };
            let mut f = Finding::new(
                Code::IncompleteExport,
                Severity::Error,
                message,
                Identity::known(&known),
                Place::new(&config.path, &source, Span::new(span.start, span.end)),
            );
            let files = files.get_or_insert_with(|| Paths::of(self));
            let globs: Vec<&str> = globs.iter().map(|g| g.glob().glob()).collect();
            f.help = Some(files.help(&globs));
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
                let message = format!("the {} rules of {name} were not exported", family.as_str());
                let known = Known::FamilyNotExported {
                    family: family.as_str(),
                    whose: name,
                };
                let mut f = Finding::new(
                    Code::IncompleteExport,
                    severity,
                    message,
                    Identity::known(&known),
                    self.place_in(*export, Some(first.label)),
                );
                f.help = Some(format!("export them with `{command}` beside this file"));
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
            if !expected || state.exists || state.absent {
                continue;
            }
            let Some(ix) = self.matrix.role_ix(&role.id) else {
                continue;
            };
            let rows = self.rows_of(ix);
            let message = format!(
                "the site does not say where {} is, so {} cannot be judged",
                role.name,
                match rows.as_slice() {
                    [one] => format!("row {one}"),
                    many => format!("rows {}", join(many)),
                }
            );
            let known = Known::RoleUndeclared {
                role: &role.name,
                rows: &rows,
            };
            let mut f = Finding::new(
                Code::UndeclaredRole,
                Severity::Warning,
                message,
                Identity::known(&known),
                self.place_in_config("[roles]"),
            );
            f.help = Some(format!(
                "add `{id} = [\"…\"]` under [roles], or `{id} = []` if there is none in this site",
                id = role.id
            ));
            self.findings.push(f);
        }
    }

    fn rows_of(&self, role: RoleIx) -> Vec<u32> {
        let rows = self.matrix.requirements.iter();
        rows.filter(|r| r.from.roles.contains(&role) || r.to.roles.contains(&role))
            .map(|r| r.row)
            .collect()
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
        let message = "there are clients and a gateway, and the site does not say whether clients go through it";
        let mut f = Finding::new(
            Code::UndeclaredRole,
            Severity::Warning,
            message,
            Identity::known(&Known::AccessUndeclared),
            self.place_in_config("[deployment]"),
        );
        f.help = Some(
            "add access = \"gateway\", \"direct\" or \"both\" under [deployment]; direct is assumed".into(),
        );
        self.findings.push(f);
    }
}

fn join(rows: &[u32]) -> String {
    let all: Vec<String> = rows.iter().map(u32::to_string).collect();
    all.join(", ")
}
