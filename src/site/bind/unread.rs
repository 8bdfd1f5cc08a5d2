//! Files that were not read: which of them could be a firewall, and whether it is one that nothing else stands for.
//!
//! A host, a role or a folder *stands* if an export of it was read that holds a firewall. A file is expected to be an
//! export where the site names it, where its path tells a host or a role, or where it lies beside exports that were read.

use super::Binder;
use crate::common::paths;
use crate::finding::Severity;
use crate::finding::outcome::UnreadFile;
use crate::load::{NameKind, Sign, Unread, Why, name_kind};
use crate::rules::matrix::RoleIx;
use crate::site::role_names;
use hylint_parsers::lookalike::Standing;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Files that name one source form in one finding.
const NAMED: usize = 5;

/// Where exports that hold a firewall were read.
#[derive(Default)]
struct Read<'a> {
    /// Words that tell the host, by folder.
    words: BTreeMap<&'a str, Vec<Vec<String>>>,
    /// Folders above the folders of hosts.
    above: BTreeSet<&'a str>,
    /// Roles of the hosts that have a firewall.
    roles: BTreeSet<RoleIx>,
}

/// What a path tells of whose file it is.
#[derive(Clone, Copy)]
struct Told {
    /// The entry of hylint.toml that has this name.
    entry: Option<usize>,
    role: Option<RoleIx>,
    /// The file's own name tells the role, or says nothing but that it is an export.
    own: bool,
}

impl<'a> Read<'a> {
    fn of(b: &Binder<'a>) -> Self {
        let mut out = Self::default();
        for e in b.exports.iter().filter(|e| !e.export.points.is_empty()) {
            let folder = paths::folder(&e.path);
            let words = paths::host_words(&e.path);
            if words.is_empty() && !folder.is_empty() {
                out.above.insert(paths::folder(folder));
            }
            out.words.entry(folder).or_default().push(words);
        }
        let guarded = b.hosts.iter().filter(|h| !h.layers.is_empty());
        out.roles = guarded.flat_map(|h| h.roles.iter().copied()).collect();
        out
    }

    /// Whether an export was read of the host that a path names.
    fn has_host(&self, path: &str) -> bool {
        let folder = paths::folder(path);
        let own = paths::host_words(path);
        let name = paths::words(folder.rsplit('/').next().unwrap_or_default(), false);
        // A file that is named after nothing, or after its folder, is the folder's.
        let of_folder = |w: &[String]| w.iter().all(|w| name.contains(w));
        let read = self.words.get(folder).map_or(&[][..], Vec::as_slice);
        let mut read = read.iter();
        read.any(|w| own.is_empty() || *w == own || of_folder(w))
    }

    /// Whether exports lie in the same folder, or in folders of hosts beside it.
    fn is_near(&self, path: &str) -> bool {
        let folder = paths::folder(path);
        let beside = paths::host_words(path).is_empty()
            && !folder.is_empty()
            && self.above.contains(paths::folder(folder));
        self.words.contains_key(folder) || beside
    }
}

impl<'a> Binder<'a> {
    /// Says of each file that was not read what that means.
    pub(super) fn unread_files(&mut self, unread: &[Unread]) {
        let read = Read::of(self);
        let claims = super::claims(self.config, unread.iter().map(|u| &*u.path));
        let mut sources: BTreeMap<&'static str, Vec<&Unread>> = BTreeMap::new();
        for (u, claims) in unread.iter().zip(claims) {
            let Some((severity, more)) = self.weigh(u, &claims, &read) else {
                self.passed_over.push(u.path.to_string());
                continue;
            };
            self.unread.push(UnreadFile {
                path: u.path.clone(),
                what: u.what(),
            });
            if severity > Severity::Note {
                self.told_entries.extend(&claims);
            }
            match u.like {
                Some(like) if u.sign() == Sign::Source && severity == Severity::Warning => {
                    sources.entry(like.what).or_default().push(u);
                }
                _ => self.findings.push(u.finding(severity, &more)),
            }
        }
        for files in sources.into_values() {
            self.sources(&files);
        }
    }

    /// Sources of one form are one finding: a repository may hold hundreds.
    fn sources(&mut self, files: &[&Unread]) {
        let Some((first, rest)) = files.split_first() else {
            return;
        };
        let more = match rest {
            [] => String::new(),
            rest => {
                let named = rest.iter().take(NAMED).map(|u| format!("`{}`", u.path));
                let named: Vec<String> = named.collect();
                let more = rest.len() - named.len();
                let more = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                format!(", as do {}{more}", named.join(", "))
            }
        };
        self.findings.push(first.finding(Severity::Warning, &more));
    }

    /// How grave it is that a file is not read; none if it is plainly something else.
    fn weigh(&self, u: &Unread, claims: &[usize], read: &Read<'_>) -> Option<(Severity, String)> {
        let sign = u.sign();
        if u.named {
            return Some((Severity::Error, String::new()));
        }
        if let Some(entry) = claims.iter().find(|e| self.is_literal(**e, &u.path)) {
            let more = format!(", and `exports` of {} names it", self.entry_name(*entry));
            return Some((Severity::Error, more));
        }
        if sign == Sign::Other {
            return None;
        }
        if let Some(first) = claims.first() {
            return Some(self.weigh_claimed(sign, *first, claims));
        }
        let told = self.told_by_path(&u.path);
        let expected = told.entry.is_some() || told.role.is_some();
        match sign {
            Sign::Form | Sign::Source => {}
            Sign::Remains if expected || read.is_near(&u.path) => {}
            Sign::None if expected && may_be_export(u, told.own) => {}
            Sign::Other | Sign::None | Sign::Remains => return None,
        }
        Some(self.weigh_unclaimed(u, told, read))
    }

    /// Of a file that a glob matches.
    fn weigh_claimed(&self, sign: Sign, first: usize, claims: &[usize]) -> (Severity, String) {
        let name = self.entry_name(first);
        if sign == Sign::None {
            let more = format!("; a glob of {name} matches it, and it shows no sign of a firewall");
            return (Severity::Note, more);
        }
        let stands = |e: &usize| self.entry_stands(*e);
        match claims.iter().any(stands) {
            true => (Severity::Warning, String::new()),
            false => (
                Severity::Error,
                format!("; no other export of {name} was read"),
            ),
        }
    }

    /// Of a file that the site does not name.
    fn weigh_unclaimed(&self, u: &Unread, told: Told, read: &Read<'_>) -> (Severity, String) {
        let warning = (Severity::Warning, String::new());
        if u.sign() == Sign::Source {
            return warning;
        }
        if let Some(entry) = told.entry {
            let name = self.entry_name(entry);
            return match self.entry_stands(entry) {
                true => warning,
                false => (
                    Severity::Error,
                    format!("; no other export of {name} was read"),
                ),
            };
        }
        let error = |whose: &str| {
            (
                Severity::Error,
                format!("; no other export of {whose} was read"),
            )
        };
        let role = told.role.filter(|r| !read.roles.contains(r));
        if let Some(role) = role.and_then(|r| self.matrix.role(r))
            && (u.sign() > Sign::None || told.own)
        {
            return error(&role.id);
        }
        let is_account = u.like.is_some_and(|l| l.standing == Standing::Account);
        let near = told.role.is_some() || read.is_near(&u.path);
        if self.config.is_none()
            && !is_account
            && near
            && (u.sign() > Sign::None || told.own)
            && !read.has_host(&u.path)
        {
            return error(&paths::host_name(&u.path));
        }
        // Nothing at all was read.
        if read.words.is_empty() && u.sign() == Sign::Form {
            return (Severity::Error, String::new());
        }
        warning
    }

    /// Whether an entry of hylint.toml names this very path.
    fn is_literal(&self, entry: usize, path: &str) -> bool {
        let Some(c) = self.config else { return false };
        let path = paths::relative(path, &c.dir);
        let hosts = c.hosts.iter().map(|h| &h.exports);
        let mut all = hosts.chain(c.transits.iter().map(|t| &t.exports));
        let globs = all.nth(entry).map_or(&[][..], Vec::as_slice);
        globs.iter().any(|g| g.glob().glob() == path)
    }

    /// Whether an export of the entry was read that holds a firewall.
    fn entry_stands(&self, entry: usize) -> bool {
        !self.points_of(&self.claimed_by(entry)).is_empty()
    }

    fn entry_name(&self, entry: usize) -> String {
        let Some(c) = self.config else {
            return String::new();
        };
        let names = c.hosts.iter().map(|h| &h.name);
        let mut names = names.chain(c.transits.iter().map(|t| &t.name));
        match names.nth(entry) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => "a [[transit]]".into(),
        }
    }

    fn told_by_path(&self, path: &str) -> Told {
        let below = self.config.map_or(Path::new(""), |c| c.dir.as_path());
        let path = match self.config {
            Some(_) => paths::relative(path, below),
            None => path.to_owned(),
        };
        let own = paths::host_words(&path);
        let by_name = role_names::role_in(paths::stem(&path), self.matrix);
        Told {
            entry: self.entry_of(&path),
            role: role_names::role(&path, self.matrix),
            own: own.is_empty() || by_name.is_some(),
        }
    }

    /// The entry whose name is that of the file or of one of its last two folders.
    fn entry_of(&self, path: &str) -> Option<usize> {
        let c = self.config?;
        let names = c.hosts.iter().map(|h| &h.name);
        let names = names.chain(c.transits.iter().map(|t| &t.name));
        let names: Vec<Vec<String>> = names.map(|n| paths::words(n, false)).collect();
        let folders = paths::folder(path).rsplit('/').take(2);
        let folders = folders.map(|f| paths::words(f, false));
        let mut told = std::iter::once(paths::host_words(path)).chain(folders);
        told.find_map(|w| {
            let is_it = |n: &Vec<String>| !n.is_empty() && *n == w;
            names.iter().position(is_it)
        })
    }
}

/// Whether a file without any sign of a firewall may still be an export, in a folder or under a name that tells a host or
/// a role. A repository has folders named after roles too, with all kinds of structured files in them.
fn may_be_export(u: &Unread, own: bool) -> bool {
    match name_kind(&u.path) {
        NameKind::Other => false,
        NameKind::Firewall => true,
        NameKind::Export => own || !is_structured(&u.path),
        NameKind::Open => u.why == Why::Unknown && own && !has_extension(&u.path),
    }
}

fn extension(path: &str) -> Option<String> {
    let ext = Path::new(path).extension()?.to_str()?;
    Some(ext.to_lowercase())
}

fn is_structured(path: &str) -> bool {
    extension(path).is_some_and(|e| matches!(e.as_str(), "json" | "jsonc" | "conf" | "log"))
}

fn has_extension(path: &str) -> bool {
    extension(path).is_some()
}
