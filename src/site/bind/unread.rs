//! Files that were not read: which of them could be a firewall, and whether it is one that nothing else stands for.
//!
//! A host, a role or a folder *stands* if an export of it was read that holds a firewall. A file is expected to be an
//! export where the site names it, where its path tells a host or a role, or where it lies beside exports that were read.

use super::Binder;
use super::words;
use crate::common::paths;
use crate::finding::Severity;
use crate::finding::outcome::UnreadFile;
use crate::load::{NameKind, Sign, Unread, Why, name_kind};
use crate::rules::matrix::RoleIx;
use crate::site::role_names;
use hylint_parsers::lookalike::Standing;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Where exports that hold a firewall were read.
#[derive(Default)]
struct Read<'a> {
    /// Words that tell the host, by folder.
    words: BTreeMap<&'a str, Vec<Vec<String>>>,
    /// Folders above the folders of hosts.
    above: BTreeSet<&'a str>,
    /// Folders that hold an export, themselves or further below.
    holding: BTreeSet<&'a str>,
    /// Roles of the hosts that have a firewall.
    roles: BTreeSet<RoleIx>,
}

/// What a path tells of whose file it is.
#[derive(Clone, Copy)]
struct Told {
    /// The entry of hylint.toml that has this name.
    entry: Option<usize>,
    role: Option<RoleIx>,
    /// The path is laid out as an export's: beside exports that were read, in a folder of a role that holds some, or
    /// named like one.
    expected: bool,
    /// It is in a folder of its own beside folders of hosts.
    sibling: bool,
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
            let mut at = folder;
            while out.holding.insert(at) && !at.is_empty() {
                at = paths::folder(at);
            }
        }
        let guarded = b.hosts.iter().filter(|h| !h.layers.is_empty());
        out.roles = guarded.flat_map(|h| h.roles.iter().copied()).collect();
        out
    }

    /// Whether an export was read of the host that a path names.
    fn has_host(&self, path: &str) -> bool {
        let folder = paths::folder(path);
        let own = paths::host_words(path);
        let name = paths::words(last(folder), false);
        // A file that is named after nothing, or after its folder, is the folder's.
        let of_folder = |w: &[String]| w.iter().all(|w| name.contains(w));
        let in_folder = |folder: &str| {
            let read = self.words.get(folder).map_or(&[][..], Vec::as_slice);
            let mut read = read.iter();
            read.any(|w| own.is_empty() || *w == own || of_folder(w))
        };
        in_folder(folder) || self.dumps(folder).any(in_folder)
    }

    /// Folders of exports that differ from one in the digits of a name alone, as dated dumps do.
    fn dumps(&self, folder: &str) -> impl Iterator<Item = &'a str> {
        let parts = |f: &str| -> Vec<String> {
            let dated = |p: &str| p.bytes().filter(u8::is_ascii_digit).count() >= 4;
            let undated = |p: &str| match dated(p) {
                true => p.chars().filter(|c| !c.is_ascii_digit()).collect(),
                false => p.to_owned(),
            };
            f.split('/').map(undated).collect()
        };
        let own = parts(folder);
        let folder = folder.to_owned();
        let all = self.words.keys().copied();
        all.filter(move |f| *f != folder && parts(f) == own)
    }

    /// Whether exports lie in the same folder.
    fn is_near(&self, path: &str) -> bool {
        self.words.contains_key(paths::folder(path))
    }

    /// Whether a path is in a folder without exports beside folders of hosts.
    fn is_sibling(&self, path: &str) -> bool {
        let folder = paths::folder(path);
        !folder.is_empty()
            && !self.holding.contains(folder)
            && self.above.contains(paths::folder(folder))
    }
}

fn last(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or_default()
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
                Some(like) if makes_rules(u) && severity == Severity::Warning => {
                    sources.entry(like.what).or_default().push(u);
                }
                _ => {
                    let mut f = u.finding(severity, &more);
                    f.cause = Some(words::of_unread(u));
                    self.findings.push(f);
                }
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
        let paths: Vec<&str> = rest.iter().map(|u| &*u.path).collect();
        self.findings
            .push(first.finding(Severity::Warning, &words::as_do(&paths)));
    }

    /// How grave it is that a file is not read; none if it is plainly something else.
    fn weigh(&self, u: &Unread, claims: &[usize], read: &Read<'_>) -> Option<(Severity, String)> {
        let sign = u.sign();
        if u.why == Why::Copy {
            return Some((Severity::Note, String::new()));
        }
        if u.named {
            return Some((Severity::Error, String::new()));
        }
        if let Some(entry) = claims.iter().find(|e| self.is_literal(**e, &u.path)) {
            let more = words::is_named(&self.entry_name(*entry));
            return Some((Severity::Error, more));
        }
        let told = self.told_by_path(&u.path, read);
        let whose = told.entry.is_some() || told.role.is_some() || told.sibling;
        let is_of_host = !claims.is_empty() || told.expected && whose;
        let sign = match sign {
            // What makes rules in the folder of a host makes them there, whatever it is called.
            Sign::Other if (is_of_host || told.expected) && makes_rules(u) => Sign::Source,
            Sign::Other => return None,
            sign => sign,
        };
        if let Some(first) = claims.first() {
            return Some(self.weigh_claimed(sign, *first, claims));
        }
        match sign {
            Sign::Form | Sign::Source => {}
            Sign::Remains if told.expected => {}
            Sign::None if told.expected && may_be_export(u, told) => {}
            Sign::None
                if whose && read.is_near(&u.path) && name_kind(&u.path) == NameKind::Source =>
            {
                return Some((Severity::Note, String::new()));
            }
            Sign::Other | Sign::None | Sign::Remains => return None,
        }
        Some(self.weigh_unclaimed(u, told, read))
    }

    /// Of a file that a glob matches.
    fn weigh_claimed(&self, sign: Sign, first: usize, claims: &[usize]) -> (Severity, String) {
        let name = self.entry_name(first);
        if sign == Sign::None {
            return (Severity::Note, words::is_matched(&name));
        }
        let stands = |e: &usize| self.entry_stands(*e);
        match claims.iter().any(stands) {
            true => (Severity::Warning, String::new()),
            false => (Severity::Error, words::alone(&name)),
        }
    }

    /// Of a file that the site does not name.
    fn weigh_unclaimed(&self, u: &Unread, told: Told, read: &Read<'_>) -> (Severity, String) {
        let warning = (Severity::Warning, String::new());
        if (u.sign() == Sign::Source || makes_rules(u)) && !told.sibling {
            return warning;
        }
        if let Some(entry) = told.entry {
            let name = self.entry_name(entry);
            return match self.entry_stands(entry) {
                true => warning,
                false => (Severity::Error, words::alone(&name)),
            };
        }
        let error = |whose: &str| (Severity::Error, words::alone(&words::entry(whose)));
        if !told.expected && u.sign() < Sign::Form {
            return warning;
        }
        let role = told.role.filter(|r| !read.roles.contains(r));
        if let Some(role) = role.and_then(|r| self.matrix.role(r)) {
            return error(&role.id);
        }
        let is_account = u.like.is_some_and(|l| l.standing == Standing::Account);
        if self.config.is_none() && !read.has_host(&u.path) {
            if told.sibling {
                return error(last(paths::folder(&u.path)));
            }
            let own = paths::host_words(&u.path);
            let named = told.role.is_some() || u.sign() > Sign::None;
            if !is_account && told.expected && named && !own.is_empty() {
                return error(&paths::host_name(&u.path));
            }
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
        let path = c.relative(path);
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
            Some(name) => words::entry(name),
            None => words::entry(""),
        }
    }

    fn told_by_path(&self, full: &str, read: &Read<'_>) -> Told {
        let path = match self.config {
            Some(c) => c.relative(full),
            None => full.to_owned(),
        };
        let entry = self.entry_of(&path);
        let role = role_names::role(&path, self.matrix);
        let sibling = read.is_sibling(full) && self.is_of_host(&path);
        let of_role = role.is_some()
            && (read.is_near(full) || self.role_folder_holds(full, read) || self.is_named(&path));
        let beside = sibling || self.config.is_none() && read.is_near(full);
        Told {
            entry,
            role,
            expected: entry.is_some() || of_role || beside,
            sibling,
        }
    }

    /// Whether a file is called like an export, or lies in a folder of hosts of a role, or of a numbered one.
    fn is_of_host(&self, path: &str) -> bool {
        let folder = paths::folder(path);
        let role = |f: &str| role_names::role_in(last(f), self.matrix).is_some();
        let numbered = folder.ends_with(|c: char| c.is_ascii_digit());
        paths::host_words(path).is_empty()
            || numbered && role(folder)
            || role(paths::folder(folder))
    }

    /// Whether one of the last two folders of a path is named after a role and holds exports.
    fn role_folder_holds(&self, path: &str, read: &Read<'_>) -> bool {
        let own = paths::folder(path);
        let named = |f: &&str| role_names::role_in(last(f), self.matrix).is_some();
        let mut folders = [own, paths::folder(own)].into_iter().filter(named);
        folders.any(|f| read.holding.contains(f))
    }

    /// Whether a file is called like an export, or after a numbered host of a role (`gw1.txt`).
    fn is_named(&self, path: &str) -> bool {
        let stem = paths::stem(path);
        let numbered = stem.ends_with(|c: char| c.is_ascii_digit());
        paths::host_words(path).is_empty()
            || numbered && role_names::role_in(stem, self.matrix).is_some()
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

/// Whether a file is one that rules are made from, whatever its name says.
fn makes_rules(u: &Unread) -> bool {
    u.like.is_some_and(|l| l.standing == Standing::Source)
}

/// Whether a file without any sign of a firewall may still be an export where one is expected. A folder of exports holds
/// notes and inventories too.
fn may_be_export(u: &Unread, told: Told) -> bool {
    let whose = told.entry.is_some() || told.role.is_some() || told.sibling;
    match name_kind(&u.path) {
        NameKind::Document | NameKind::Other | NameKind::Source => false,
        NameKind::Firewall => true,
        NameKind::Export => whose,
        // An archive holds anything.
        NameKind::Open if is_container(u) => whose,
        NameKind::Open => {
            let is_content = matches!(u.why, Why::Unknown | Why::Binary);
            whose && is_content && extension(&u.path).is_none()
        }
    }
}

fn is_container(u: &Unread) -> bool {
    u.like.is_some_and(|l| l.standing == Standing::Container)
}

fn extension(path: &str) -> Option<&str> {
    Path::new(path).extension()?.to_str()
}
