//! What a run is about: the given paths, in the site around them.
//!
//! A host is judged by all of its exports, and what its rules mean may stand in those of others. So where hylint.toml is
//! found above the given paths, the whole site is read and judged, and the report is about the given paths: the exports
//! in them and the hosts that these belong to. What was found elsewhere in the site is counted.

use crate::common::paths::{folder, host_words, normal};
use crate::finding::outcome::{Check, FocusScope, Outcome, RequirementResult, Status};
use crate::finding::{AssumptionId, Code, Finding, RoleSource};
use crate::load::{self, CONFIG_NAME, Discovered, FileRef, Files, Heads, LoadedExport, Missing};
use crate::site::{Bound, Config, bind};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Part of a site, as it was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Focus {
    /// As given.
    shown: Vec<String>,
    /// The same, absolute: as spelt, and without links.
    full: Vec<PathBuf>,
    /// They are changed files.
    changed: bool,
}

/// What is read, and what of it the run is about.
#[derive(Debug)]
pub struct Reading {
    /// The files.
    pub found: Discovered,
    /// Every file that the site names is among them, or is not to be found: all of the site's folder is read, or nothing of it.
    pub whole_site: bool,
    /// Only a part of them was given.
    pub focus: Option<Focus>,
    /// Paths that the site excludes, in path order.
    pub excluded: Vec<String>,
}

/// Finds the files to read. `changed` says that the paths are changed files, as a version control system lists them: one
/// that is no export is passed over, one that is gone is no mistake, and without a site file the exports that lie beside
/// them and are named after the same host are read too.
///
/// # Errors
/// Given paths that cannot be looked at.
pub fn read(
    from: &dyn Files,
    paths: &[PathBuf],
    changed: bool,
    config: Option<&Config>,
    excluded: &dyn Fn(&Path) -> bool,
) -> Result<Reading, Vec<Missing>> {
    let paths: Vec<PathBuf> = paths.iter().map(|p| site_of(from, p)).collect();
    let root = config.map(|c| or_here(&c.dir));
    let files = || paths.iter().filter(|p| !is_stdin(p));
    let resolved = |p: &Path| from.resolved(p);
    let inside =
        |p: &&PathBuf| root.is_some_and(|r| !is_stdin(p) && resolved(p).starts_with(resolved(r)));
    let whole = root.is_some_and(|r| {
        let r = resolved(r);
        files().any(|p| r.starts_with(resolved(p)))
    });
    let part = !whole && files().any(|p| inside(&p));
    // A site file that was named, of another folder than the paths: none of its globs can match.
    let astray = root.is_some() && !changed && !whole && !part && files().next().is_some();
    let mut walked: Vec<PathBuf> = if changed {
        let outside = paths.iter().filter(|p| !inside(p));
        outside.flat_map(|p| beside(from, p)).collect()
    } else {
        paths.clone()
    };
    if part || whole && changed {
        walked.extend(root.map(Path::to_path_buf));
    }
    let mut found = load::discover(from, &walked, excluded)?;
    if changed {
        found.files.iter_mut().for_each(|f| f.named = f.stdin);
    }
    once(&mut found.files);
    let focus = (part || changed && !whole).then(|| Focus {
        shown: paths.iter().map(|p| load::shown(p)).collect(),
        full: files().flat_map(|p| [normal(p), resolved(p)]).collect(),
        changed,
    });
    Ok(Reading {
        found,
        whole_site: whole || part || astray,
        focus,
        excluded: Vec::new(),
    })
}

/// A site file stands for its folder: what changes in it changes what every export means.
fn site_of(from: &dyn Files, path: &Path) -> PathBuf {
    if path.file_name().is_none_or(|n| n != CONFIG_NAME) || !from.is_file(path) {
        return path.to_path_buf();
    }
    or_here(path.parent().unwrap_or(Path::new(""))).to_path_buf()
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The empty path is the current folder.
fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    }
}

/// The files of a folder that are named after the same host as one of them, itself included.
fn beside(from: &dyn Files, path: &Path) -> Vec<PathBuf> {
    if is_stdin(path) || from.is_folder(path) {
        return vec![path.to_path_buf()];
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let words = host_words(&load::shown(path));
    let names = from.names(or_here(folder)).into_iter();
    names
        .filter(|n| n != CONFIG_NAME)
        .map(|n| folder.join(n))
        .filter(|p| host_words(&load::shown(p)) == words)
        .collect()
}

/// A file that was given and lies in a folder that is read is read once, as given.
fn once(files: &mut Vec<FileRef>) {
    let given: BTreeSet<PathBuf> = files
        .iter()
        .filter(|f| f.named && !f.stdin)
        .map(|f| normal(&f.open))
        .collect();
    if !given.is_empty() {
        files.retain(|f| f.named || !given.contains(&normal(&f.open)));
    }
}

impl Focus {
    /// What the given paths stand for in a site. `exports` are the run's exports, in its order.
    #[must_use]
    pub fn about(self, config: Option<&Config>, bound: &Bound, exports: &Heads) -> About {
        let claims = bind::claims(config, exports.iter().map(|e| &*e.path));
        // What it includes is a part of it.
        let gives = |e: &LoadedExport| e.paths().any(|p| self.gives(p));
        let given: Vec<bool> = exports.iter().map(gives).collect();
        let of_given = claims.iter().zip(&given).filter(|(_, g)| **g);
        // A given file that could not be read as an export still belongs to its host.
        let by_name = bind::claims(config, self.shown.iter().map(String::as_str));
        let of_given = of_given.map(|(c, _)| c).chain(&by_name);
        let entries: BTreeSet<usize> = of_given.flatten().copied().collect();
        let each = exports.iter().enumerate();
        let within = each.filter(|(i, e)| {
            let own = claims.get(*i).map_or(&[][..], Vec::as_slice);
            given.get(*i) == Some(&true)
                || own.iter().any(|c| entries.contains(c))
                || own.is_empty() && self.shown.iter().any(|given| same_host(given, &e.path))
        });
        About {
            exports: within.flat_map(|(_, e)| e.paths()).cloned().collect(),
            hosts: hosts(config, bound, &entries, &given),
            focus: self,
        }
    }

    fn gives(&self, path: &str) -> bool {
        if path == "-" {
            return self.shown.iter().any(|s| s == "-");
        }
        let full = normal(Path::new(path));
        self.full.iter().any(|given| full.starts_with(given))
    }
}

fn same_host(a: &str, b: &str) -> bool {
    folder(a) == folder(b) && host_words(a) == host_words(b)
}

/// Hosts and firewalls of the entries, and those that a given export guards without being named by any.
fn hosts(
    config: Option<&Config>,
    bound: &Bound,
    entries: &BTreeSet<usize>,
    given: &[bool],
) -> BTreeSet<String> {
    let configured = config.map_or(&[][..], |c| &c.hosts);
    let names = configured.iter().map(|h| &h.name);
    let names = names.chain(bound.site.transits.iter().map(|t| &t.name));
    let named = names.enumerate().filter(|(n, _)| entries.contains(n));
    let guessed = bound.site.hosts.iter().filter(|h| {
        let mut points = h.layers.iter().flat_map(|l| &l.points);
        h.role_source != Some(RoleSource::Config)
            && points.any(|at| given.get(at.export.index()) == Some(&true))
    });
    let guessed = guessed.map(|h| &h.name);
    named.map(|(_, n)| n).chain(guessed).cloned().collect()
}

/// What the given paths stand for.
#[derive(Clone, Debug)]
pub struct About {
    focus: Focus,
    /// Paths of the exports in the given paths, and of the others of their hosts.
    exports: BTreeSet<Arc<str>>,
    /// Names of hosts and forwarding firewalls.
    hosts: BTreeSet<String>,
}

impl About {
    /// Takes what is not about the given paths out of a report, and counts it.
    pub fn narrow(self, o: &mut Outcome) {
        let all = std::mem::take(&mut o.findings);
        let held_up = |f: &Finding| self.holds_up(f, &o.requirements);
        (o.findings, o.elsewhere) = all.into_iter().partition(|f| self.keeps(f) || held_up(f));
        for e in &mut o.exports {
            e.within = self.exports.contains(&e.path);
        }
        o.scope = Some(FocusScope {
            paths: self.focus.shown,
            hosts: self.hosts.into_iter().collect(),
            changed: self.focus.changed,
        });
    }

    /// Whether it is about requirements of the given hosts that rest on undeclared peers: it stands in no export.
    fn holds_up(&self, f: &Finding, requirements: &[RequirementResult]) -> bool {
        let about = |r: &&RequirementResult| f.is_about(&r.id, r.row);
        let here = |c: &Check| {
            let peers = |a: &String| *a == AssumptionId::PeersUnknown.as_str();
            c.status == Status::Conditional
                && c.assumptions.iter().any(peers)
                && c.host.as_ref().is_some_and(|h| self.hosts.contains(h))
        };
        let mut own = requirements.iter().filter(about).flat_map(|r| &r.checks);
        f.code == Code::UndeclaredRole && own.any(here)
    }

    fn keeps(&self, f: &Finding) -> bool {
        let place = f.place.as_ref().map(|p| &p.path);
        if place.is_some_and(|p| self.focus.gives(p)) {
            return true;
        }
        match (&f.host, place) {
            (Some(host), _) => self.hosts.contains(host),
            (None, Some(path)) => self.exports.contains(path),
            // A requirement as a whole is the site's; what is about nothing that has a name is everybody's.
            (None, None) => f.requirement.is_none(),
        }
    }
}
