//! Which export guards which host, which roles the hosts have, and what follows for the site.

mod alone;
mod apart;
mod cloud;
mod configured;
mod content;
mod contradict;
mod copies;
mod facts;
mod foreign;
mod globs;
mod guess;
mod ids;
mod infer;
mod keywords;
mod layers;
mod missing;
mod names;
mod nics;
mod notes;
mod outside;
mod processes;
mod roles;
mod said;
mod stand_in;
mod stores;
mod tables;
mod tagged;
mod unguarded;
mod unread;
mod vias;
mod views;
mod walls;
mod words;

pub use content::Look;
pub use infer::Listening;

use super::config::{Config, address_help};
use super::{Access, Allow, Host, Layer, Outside, Site, Transit, Via};
use crate::common::diag::Diag;
use crate::common::paths;
use crate::finding::outcome::{Assumption, UnreadFile};
use crate::finding::{AssumptionId, Finding, RoleSource, Severity};
use crate::link::{self, Links};
use crate::load::{ExportId, Heads, RunPoint, Unread};
use crate::rules::matrix::{Matrix, RoleIx};
use crate::site::role_names;
use globset::GlobMatcher;
use hylint_model::Point;
use hylint_space::{AddrSet, PortSet};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the command line says of exports that hylint.toml does not bind, as written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overrides {
    /// `--role`.
    pub roles: Vec<String>,
    /// `--address`.
    pub addresses: Vec<String>,
    /// The given paths hold the whole folder of hylint.toml, so that what it names and nobody found is missing.
    pub whole_site: bool,
    /// The command that drafts a site file.
    pub draft: String,
}

/// The same, understood.
#[derive(Clone, PartialEq, Debug, Default)]
struct CliOverrides {
    roles: Vec<RoleIx>,
    addrs: AddrSet,
    whole_site: bool,
    draft: String,
}

impl CliOverrides {
    /// Reads the options' texts.
    ///
    /// # Errors
    /// What is wrong with the first text that is no role or no address, and what to write.
    fn new(matrix: &Matrix, given: &Overrides) -> Result<Self, (String, String)> {
        let mut out = Self {
            whole_site: given.whole_site,
            draft: given.draft.clone(),
            ..Self::default()
        };
        for r in given.roles.iter().flat_map(|r| r.split(',')) {
            let found = role_names::role_named(r, matrix).ok_or_else(|| {
                let near =
                    crate::common::diag::nearest(r, matrix.roles.iter().map(|r| r.id.as_str()));
                let help = match near {
                    Some(n) => format!("did you mean `{n}`?"),
                    None => "`hylint matrix list` shows each role".to_owned(),
                };
                (format!("unknown role `{r}` for --role"), help)
            })?;
            out.roles.push(found);
        }
        for a in given.addresses.iter().flat_map(|a| a.split(',')) {
            let set = AddrSet::parse(a).ok_or_else(|| {
                let help = address_help(a);
                (format!("invalid address `{a}` for --address"), help)
            })?;
            out.addrs = out.addrs.union(&set);
        }
        Ok(out)
    }
}

/// What binding gives.
#[derive(Debug)]
pub struct Bound {
    /// The site.
    pub site: Site,
    /// What could not be bound or is not said.
    pub findings: Vec<Finding>,
    /// Everything that the site names was looked for.
    pub whole_site: bool,
    /// The command that drafts a site file for what was read.
    pub draft: String,
    /// What is taken for granted.
    pub assumptions: Vec<Assumption>,
    /// Files that were not read and could be a firewall, in path order.
    pub unread: Vec<UnreadFile>,
    /// Paths of files that are plainly something else, in path order.
    pub passed_over: Vec<String>,
    /// Exports whose annotations contradict hylint.toml or their path.
    pub contradicted: usize,
    /// Points that stand in for layers which are in no export, behind the points of the export that names them.
    pub stand_ins: BTreeMap<ExportId, Vec<Point>>,
    /// Dumps of iptables and rulesets of nftables that are of one firewall.
    pub views: Vec<link::Views>,
    /// For each export the ids of the roles of the hosts that it guards, and where they come from; none when unknown.
    pub export_roles: Vec<(Vec<String>, Option<RoleSource>)>,
}

/// The work in progress.
struct Binder<'a> {
    config: Option<&'a Config>,
    cli: &'a CliOverrides,
    matrix: &'a Matrix,
    exports: &'a Heads,
    /// Per export: which `[[host]]` (its index) and `[[transit]]` (its index after the hosts) name it.
    claims: Vec<Vec<usize>>,
    /// The exports of each entry, and of each folder.
    index: &'a link::Index,
    ids: ids::Ids<'a>,
    resolve: Arc<BTreeMap<String, AddrSet>>,
    hosts: Vec<Host>,
    transits: Vec<Transit>,
    outside: Vec<Outside>,
    findings: Vec<Finding>,
    /// Networks of Azure and what belongs to them.
    azure: link::Azure<'a>,
    stand_ins: BTreeMap<ExportId, Vec<Point>>,
    /// Reads an export with its rules.
    look: Look<'a>,
    /// What rules say, of exports that were read for it.
    contents: BTreeMap<ExportId, Vec<content::Content>>,
    /// Points of resources that stand in several files.
    copies: BTreeSet<RunPoint>,
    /// Files that hold different copies of one thing.
    differences: BTreeMap<(String, String), content::Differences>,
    /// Pairs of such files.
    apart: BTreeSet<(ExportId, ExportId)>,
    /// Dumps and rulesets of one firewall.
    views: Vec<link::Views>,
    /// Names that hylint.toml resolves.
    known: BTreeSet<String>,
    open: Arc<BTreeMap<String, AddrSet>>,
    /// Points of which an error says that they are not bound.
    told: BTreeSet<RunPoint>,
    assumptions: Vec<Assumption>,
    unread: Vec<UnreadFile>,
    passed_over: Vec<String>,
    /// Entries of hylint.toml of which a finding says that a file of theirs is not read.
    told_entries: BTreeSet<usize>,
    contradicted: usize,
    /// Listings that lie with the rules of some host.
    listed: BTreeSet<ExportId>,
    /// By what roles are inferred, once one has to be.
    listening: Option<infer::Listening>,
    /// Mistakes of hylint.toml that only the exports show.
    wrong: Vec<Diag>,
}

/// Binds the exports to hosts and roles.
///
/// # Errors
/// An option names no role of the matrix or no address, or a `[[via]]` names sources that nothing gives addresses to.
pub fn bind(
    config: Option<&Config>,
    overrides: &Overrides,
    matrix: &Matrix,
    exports: &Heads,
    links: &Links,
    unread: &[Unread],
    look: Look<'_>,
) -> Result<Bound, Vec<Diag>> {
    let cli = CliOverrides::new(matrix, overrides);
    let cli = cli.map_err(|(message, help)| {
        vec![Diag {
            path: "command line".into(),
            text: "".into(),
            span: 0..0,
            message,
            help: Some(help),
            code: "option",
        }]
    })?;
    bind_all(config, &cli, matrix, exports, links, unread, look)
}

fn bind_all(
    config: Option<&Config>,
    cli: &CliOverrides,
    matrix: &Matrix,
    exports: &Heads,
    links: &Links,
    unread: &[Unread],
    look: Look<'_>,
) -> Result<Bound, Vec<Diag>> {
    let claims = claims(config, exports.iter().map(|e| &*e.path));
    let known = config.map(|c| c.resolve.clone()).unwrap_or_default();
    let named = known.keys().cloned().collect();
    let (resolve, open) = links.with_known(known);
    let mut b = Binder {
        config,
        cli,
        matrix,
        exports,
        claims,
        index: &links.index,
        ids: ids::Ids::of(exports),
        resolve: Arc::new(resolve),
        open: Arc::new(open),
        known: named,
        azure: link::Azure::of(exports),
        stand_ins: BTreeMap::new(),
        look,
        contents: BTreeMap::new(),
        copies: BTreeSet::new(),
        differences: BTreeMap::new(),
        apart: BTreeSet::new(),
        views: Vec::new(),
        hosts: Vec::new(),
        transits: Vec::new(),
        outside: Vec::new(),
        findings: links.findings.clone(),
        told: BTreeSet::new(),
        assumptions: Vec::new(),
        unread: Vec::new(),
        passed_over: Vec::new(),
        told_entries: BTreeSet::new(),
        contradicted: 0,
        listed: BTreeSet::new(),
        listening: None,
        wrong: Vec::new(),
    };
    b.configured_hosts();
    b.configured_transits();
    b.unclaimed();
    b.companions_alone();
    b.homeless_listings();
    b.unguarded();
    b.contradicted_annotations();
    b.unread_files(unread);
    b.missing_exports();
    b.unmatched_globs();
    b.missing_halves();
    b.compare_guards();
    b.tell_differences();
    let roles = b.role_states();
    b.undeclared(&roles);
    let vias = b.vias(&roles);
    if !b.wrong.is_empty() {
        return Err(b.wrong);
    }
    b.ask_for_access(&roles);
    if config.is_none() && b.hosts.iter().any(|h| !h.roles.is_empty()) {
        b.assumptions.insert(
            0,
            Assumption {
                id: AssumptionId::PeersUnknown,
                text: words::NO_PEERS.into(),
            },
        );
    }
    Ok(b.finish(roles, vias))
}

/// Which entries of the site name each export: the `[[host]]`s by their number, and the `[[transit]]`s after them. Plain
/// paths are looked up, globs by the folder that they begin with, so that a fleet of hosts does not ask every glob of
/// every file.
pub fn claims<'p>(
    config: Option<&Config>,
    exports: impl Iterator<Item = &'p str>,
) -> Vec<Vec<usize>> {
    let Some(config) = config else {
        return exports.map(|_| Vec::new()).collect();
    };
    let hosts = config.hosts.iter().map(|h| &h.exports);
    let entries = hosts.chain(config.transits.iter().map(|t| &t.exports));
    let mut plain: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut by_folder: BTreeMap<&str, Vec<(usize, &GlobMatcher)>> = BTreeMap::new();
    for (entry, glob) in entries
        .enumerate()
        .flat_map(|(i, g)| g.iter().map(move |g| (i, g)))
    {
        let text = glob.glob().glob();
        let Some(literal) = text.find(['*', '?', '[', '{', '\\']) else {
            plain.entry(text).or_default().push(entry);
            continue;
        };
        let folder = paths::folder(text.get(..literal).unwrap_or_default());
        by_folder.entry(folder).or_default().push((entry, glob));
    }
    let matching = |path: &str| {
        let path = config.relative(path);
        let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        let globs = std::iter::once("")
            .chain(folders)
            .filter_map(|f| by_folder.get(f))
            .flatten();
        let mut hits: Vec<usize> = globs
            .filter(|(_, g)| g.is_match(&path))
            .map(|(i, _)| *i)
            .collect();
        hits.extend(plain.get(&*path).into_iter().flatten());
        hits.sort_unstable();
        hits.dedup();
        hits
    };
    exports.map(matching).collect()
}

/// The files of which nothing that is known before they are read tells the role of their host, so that it may have to
/// be inferred from the ports that their rules open.
pub fn untold<'p>(
    config: Option<&Config>,
    overrides: &Overrides,
    matrix: &Matrix,
    files: impl Iterator<Item = &'p str>,
) -> BTreeSet<&'p str> {
    if !overrides.roles.is_empty() {
        return BTreeSet::new();
    }
    let open: Vec<&str> = files
        .filter(|f| role_names::role(f, matrix).is_none())
        .collect();
    let claims = claims(config, open.iter().copied());
    let unclaimed = open.into_iter().zip(claims).filter(|(_, c)| c.is_empty());
    unclaimed.map(|(f, _)| f).collect()
}

impl Binder<'_> {
    /// A point by its indices.
    fn point(&self, at: RunPoint) -> Option<&Point> {
        self.exports.point(at).or_else(|| {
            let exported = self.exports.get(at.export)?.export.points.len();
            let all = self.stand_ins.get(&at.export)?;
            all.get(at.index().checked_sub(exported)?)
        })
    }

    /// Layers of a host's own firewalls among the exports: netfilter's halves are one layer, and so are the rules of
    /// Windows in several files. A second netfilter of one family is a layer of its own, which must agree.
    fn own_layers(&mut self, exports: &[ExportId], host: &str) -> Vec<Layer> {
        let mut layers: Vec<Layer> = Vec::new();
        let own = self.points_of(exports).into_iter();
        let own = own.filter(|at| self.point(*at).is_some_and(|p| p.kind.is_host()));
        let own: Vec<RunPoint> = own.collect();
        let own = self.united(own, host);
        let own = self.one_windows(own, exports, host);
        for at in self.current(own, host) {
            let Some(p) = self.point(at) else { continue };
            let fits = |l: &&mut Layer| {
                l.points.iter().all(|other| {
                    let Some(o) = self.point(*other) else {
                        return false;
                    };
                    let halves =
                        !(o.families.v4 && p.families.v4 || o.families.v6 && p.families.v6);
                    let apart = self.differ_in_files(*other, at);
                    o.kind == p.kind && !apart && (!p.kind.has_halves() || halves)
                })
            };
            match layers.iter_mut().find(fits) {
                Some(l) => l.points.push(at),
                None => layers.push(Layer {
                    points: vec![at],
                    inside: AddrSet::empty(),
                }),
            }
        }
        layers
    }

    /// Indices of every point of the exports.
    fn points_of(&self, exports: &[ExportId]) -> Vec<RunPoint> {
        let each = exports
            .iter()
            .filter_map(|i| Some((*i, self.exports.get(*i)?)));
        each.flat_map(|(i, e)| (0..e.export.points.len()).map(move |p| RunPoint::new(i, p)))
            .collect()
    }

    /// Exports that the entry with this number names.
    fn claimed_by(&self, entry: usize) -> Vec<ExportId> {
        self.index.of_entry(entry).to_vec()
    }

    fn assume(&mut self, id: AssumptionId, text: String) {
        let new = Assumption { id, text };
        if !self.assumptions.contains(&new) {
            self.assumptions.push(new);
        }
    }

    fn finish(self, roles: Vec<super::RoleState>, vias: Vec<Via>) -> Bound {
        let export_roles = self.export_roles();
        let c = self.config;
        let ends = |e: &super::config::Ends| {
            let states = e.roles.iter().filter_map(|r| roles.get(usize::from(r.0)));
            states.fold(e.addrs.clone(), |all, s| all.union(&s.addrs))
        };
        let allows = c.map_or(&[][..], |c| &c.allows).iter().map(|a| Allow {
            from: ends(&a.from),
            to: ends(&a.to),
            proto: a.proto.clone(),
            ports: a.ports.clone(),
            reason: a.reason.clone(),
        });
        let mut features = BTreeMap::new();
        for (id, on) in c.iter().flat_map(|c| &c.features) {
            let of = self.matrix.features.iter().find(|f| f.id == *id);
            let role = of.and_then(|f| self.matrix.role(f.role));
            features.extend(role.map(|r| (r.id.clone(), *on)));
            features.insert(id.clone(), *on);
        }
        let site = Site {
            name: c.map(|c| c.name.clone()).unwrap_or_default(),
            configured: c.is_some(),
            allows: allows.collect(),
            roles,
            hosts: self.hosts,
            transits: self.transits,
            vias,
            outside: self.outside,
            access: c.and_then(|c| c.access).unwrap_or(Access::Direct),
            access_declared: c.is_some_and(|c| c.access.is_some()),
            features,
            ephemeral: c
                .and_then(|c| c.ephemeral.clone())
                .unwrap_or_else(|| PortSet::range(1024, 65535)),
            ephemeral_declared: c.is_some_and(|c| c.ephemeral.is_some()),
            ports: c.map(|c| c.ports.clone()).unwrap_or_default(),
            resolve: self.resolve,
            waives: c.map(|c| c.waives.clone()).unwrap_or_default(),
            lints: c.map(|c| c.lints.clone()).unwrap_or_default(),
            require_evidence: c.map(|c| c.require_evidence).unwrap_or_default(),
            fail_on: c.and_then(|c| c.fail_on).unwrap_or(Severity::Error),
            max_age_days: c.and_then(|c| c.max_age_days),
        };
        Bound {
            site,
            whole_site: self.cli.whole_site,
            draft: self.cli.draft.clone(),
            findings: self.findings,
            stand_ins: self.stand_ins,
            assumptions: self.assumptions,
            unread: self.unread,
            passed_over: self.passed_over,
            contradicted: self.contradicted,
            views: self.views,
            export_roles,
        }
    }

    fn export_roles(&self) -> Vec<(Vec<String>, Option<RoleSource>)> {
        let none = (Vec::<String>::new(), None::<RoleSource>);
        let mut all = vec![none; self.exports.len()];
        for host in self.hosts.iter().filter(|h| !h.roles.is_empty()) {
            let ids = host.roles.iter().filter_map(|r| self.matrix.role(*r));
            let ids: Vec<&String> = ids.map(|r| &r.id).collect();
            for at in host.layers.iter().flat_map(|l| &l.points) {
                let Some((roles, source)) = all.get_mut(at.export.index()) else {
                    continue;
                };
                for id in &ids {
                    if !roles.contains(*id) {
                        roles.push((*id).clone());
                    }
                }
                *source = source.or(host.role_source);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
