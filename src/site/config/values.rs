//! What the file says, checked.

use crate::common::paths;
use crate::finding::{Code, Place, Severity};
use crate::load::Moved;
use crate::rules::matrix::RoleIx;
use crate::site::{Access, LintLevel, RequireEvidence, Waive};
use globset::{GlobMatcher, GlobSet};
use hylint_model::{Profiles, Span};
use hylint_parsers::source::Source;
use hylint_space::{AddrSet, PortSet, ProtoSet};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a site says, with names resolved against the matrix.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file as it is named to people.
    pub path: Arc<str>,
    /// Its folder: globs start here.
    pub dir: PathBuf,
    /// What its globs know by another path than the run.
    pub moved: Option<Moved>,
    /// Its text.
    pub text: Arc<str>,
    /// `[site] name`, or empty.
    pub name: String,
    /// `[deployment] access`.
    pub access: Option<Access>,
    /// `[deployment] features`.
    pub features: BTreeMap<String, bool>,
    /// `[deployment] ephemeral`.
    pub ephemeral: Option<PortSet>,
    /// `[ports]`, by requirement id, where they differ from the matrix.
    pub ports: BTreeMap<String, Vec<u16>>,
    /// `[roles]`; an empty set says that the role is not in this site.
    pub roles: BTreeMap<RoleIx, AddrSet>,
    /// `[resolve]`.
    pub resolve: BTreeMap<String, AddrSet>,
    /// `[[host]]`, in the order of the file.
    pub hosts: Vec<HostConfig>,
    /// `[[transit]]`, in the order of the file.
    pub transits: Vec<TransitConfig>,
    /// `[[via]]`, in the order of the file.
    pub vias: Vec<ViaConfig>,
    /// `[[allow]]`.
    pub allows: Vec<AllowConfig>,
    /// `[[waive]]`.
    pub waives: Vec<Waive>,
    /// `[lints]`.
    pub lints: BTreeMap<Code, LintLevel>,
    /// `[check] fail-on`.
    pub fail_on: Option<Severity>,
    /// `[check] require-evidence`.
    pub require_evidence: RequireEvidence,
    /// `[check] exclude`: paths relative to the file.
    pub exclude: GlobSet,
    /// The same as they are written.
    pub excluded: Vec<String>,
    /// `[check] max-age-days`.
    pub max_age_days: Option<u32>,
}

impl Config {
    /// A path of the run as globs see it.
    #[must_use]
    pub fn relative(&self, path: &str) -> String {
        let named = self.moved.as_ref().and_then(|m| {
            let full = paths::normal(Path::new(path));
            let rest = full.strip_prefix(&m.at).ok()?;
            Some(m.named.join(rest).to_string_lossy().into_owned())
        });
        // A file has nothing behind its name.
        let named = named.as_deref().map(|n| n.trim_end_matches('/'));
        paths::relative(named.unwrap_or(path), &self.dir)
    }

    /// The line on which the file speaks of something, from there to its end, or its first line. A line that begins with
    /// it goes before one that only has it, as a comment may.
    #[must_use]
    pub fn place_of(&self, text: &str) -> Place {
        let source = Source::new(&*self.path, &*self.text, "UTF-8");
        let mut all = self.text.match_indices(text).map(|(at, _)| at);
        let begins = |at: &usize| {
            self.text
                .get(..*at)
                .is_some_and(|t| t.is_empty() || t.ends_with('\n'))
        };
        let at = all.clone().find(begins).or_else(|| all.next()).unwrap_or(0);
        let rest = self.text.get(at..).and_then(|t| t.find('\n'));
        let end = rest.map_or(at, |n| at + n);
        Place::new(&self.path, &source, Span::new(at, end))
    }

    /// The line of a key in a table, else that of the table's header, else where the file speaks of the key.
    #[must_use]
    pub fn place_of_key(&self, table: &str, key: &str) -> Place {
        let (mut inside, mut found) = (false, None);
        for (at, line) in self.lines() {
            if let Some(header) = header(line) {
                inside = header == table;
                found = found.or(inside.then_some((at, line)));
            } else if inside && names(line, key) {
                found = Some((at, line));
                break;
            }
        }
        match found {
            Some((at, line)) => self.place_at(at, line),
            None => self.place_of(key),
        }
    }

    /// The header of an entry of an array of tables by its number, else where the file speaks of the array.
    #[must_use]
    pub fn place_of_entry(&self, array: &str, number: usize) -> Place {
        let is = |(_, line): &(usize, &str)| {
            header(line) == Some(array) && line.trim_start().starts_with("[[")
        };
        let found = self.lines().filter(is).nth(number);
        found.map_or_else(
            || self.place_of(array),
            |(at, line)| self.place_at(at, line),
        )
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut at = 0;
        self.text.split_inclusive('\n').map(move |line| {
            let start = at;
            at += line.len();
            (start, line)
        })
    }

    fn place_at(&self, at: usize, line: &str) -> Place {
        let source = Source::new(&*self.path, &*self.text, "UTF-8");
        let text = line.trim_end();
        Place::new(&self.path, &source, Span::new(at, at + text.len()))
    }
}

/// The name in the header of a table or of an entry of an array of tables.
fn header(line: &str) -> Option<&str> {
    let text = line.split('#').next().unwrap_or_default().trim();
    let inner = match text.strip_prefix("[[") {
        Some(rest) => rest.strip_suffix("]]")?,
        None => text.strip_prefix('[')?.strip_suffix(']')?,
    };
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    inner.chars().all(plain).then_some(inner)
}

/// Whether a line begins with a key, in quotes or without.
fn names(line: &str, key: &str) -> bool {
    let text = line.trim_start();
    let quoted = text.strip_prefix(['"', '\'']);
    let rest = quoted.unwrap_or(text).strip_prefix(key);
    let rest = rest.map(|r| r.trim_start_matches(['"', '\'']).trim_start());
    rest.is_some_and(|r| r.starts_with(['=', '.']))
}

/// One `[[host]]`.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// Name.
    pub name: String,
    /// Own addresses.
    pub addrs: AddrSet,
    /// Roles.
    pub roles: Vec<RoleIx>,
    /// Which files are its exports.
    pub exports: Vec<GlobMatcher>,
    /// Ids or names of points.
    pub points: Vec<String>,
    /// Active profiles.
    pub profile: Option<Profiles>,
    /// Interface → peers.
    pub interfaces: Vec<(String, AddrSet)>,
    /// `resolve` of the host alone.
    pub resolve: BTreeMap<String, AddrSet>,
    /// Its header.
    pub span: Range<usize>,
}

/// One `[[transit]]`.
#[derive(Clone, Debug)]
pub struct TransitConfig {
    /// Name, or empty.
    pub name: String,
    /// Which files are its exports.
    pub exports: Vec<GlobMatcher>,
    /// Ids or names of points; empty: every forwarding point of the exports.
    pub points: Vec<String>,
    /// Pairs of roles; groups are expanded.
    pub between: Vec<(RoleIx, RoleIx)>,
    /// Roles that reach the front of a via through it, with the number of the entry.
    pub to_front: Vec<(RoleIx, usize)>,
    /// Roles that are reached from behind a via through it, with the number of the entry.
    pub behind: Vec<(usize, RoleIx)>,
    /// Interface → peers.
    pub interfaces: Vec<(String, AddrSet)>,
    /// `resolve` of this firewall alone.
    pub resolve: BTreeMap<String, AddrSet>,
    /// Its header.
    pub span: Range<usize>,
}

/// One `[[via]]`.
#[derive(Clone, Debug)]
pub struct ViaConfig {
    /// Name, or empty.
    pub name: String,
    /// The addresses that senders use; empty: those of the hosts.
    pub front: AddrSet,
    /// Names of hosts behind it.
    pub hosts: Vec<String>,
    /// Roles whose hosts are behind it.
    pub roles: Vec<RoleIx>,
    /// Addresses behind it, as far as the file says them.
    pub addrs: AddrSet,
    /// What the hosts behind it see as source.
    pub sources: AddrSet,
    /// Names that stand for such sources.
    pub source_names: Vec<String>,
    /// The port at the front → the port at the hosts.
    pub ports: BTreeMap<u16, u16>,
    /// Roles that go through it; none: every sender.
    pub senders: Option<Vec<RoleIx>>,
    /// The senders reach the hosts directly, too.
    pub direct: bool,
    /// Its header.
    pub span: Range<usize>,
}

/// Addresses, some of them those of roles.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ends {
    /// Written out.
    pub addrs: AddrSet,
    /// Whatever addresses these roles have.
    pub roles: Vec<RoleIx>,
}

/// One `[[allow]]`.
#[derive(Clone, PartialEq, Debug)]
pub struct AllowConfig {
    /// Sources.
    pub from: Ends,
    /// Destinations.
    pub to: Ends,
    /// Protocols.
    pub proto: ProtoSet,
    /// Ports; full where the protocol has none.
    pub ports: PortSet,
    /// Why.
    pub reason: String,
}
