//! Finds the files that a configuration of nftables includes, and puts their texts behind its own.
//!
//! A configuration names files by their places on its host (`/etc/nftables/sets.nft`), and what is given is a folder with
//! some of them. So a path is looked for below the folder of the including file and below each folder above it, up to the
//! given one: all of it, then without its first folders (`etc/nftables/sets.nft`, `nftables/sets.nft`), since any of the
//! folders may stand for `/`, `/etc` or `/etc/nftables`. Nothing outside the given folder is read.

use super::discover::FileRef;
use super::files::{Files, Kind};
use super::seal::Seal;
use super::walk::{plain_io, shown};
use crate::common::hash;
use globset::GlobBuilder;
use hylint_model::{Body, Export, Problem, ProblemKind, Span, View};
use hylint_parsers::decode::{self, DecodeError};
use hylint_parsers::nft;
use hylint_parsers::source::{Include, Source};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Files that one file may include.
const FILES: usize = 4096;

/// An included file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Included {
    /// The path as reported.
    pub path: Arc<str>,
    /// The encoding's name.
    pub encoding: &'static str,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Rules of the model that stand in it; 0 in a head.
    pub rules: usize,
    /// It is of the host because hylint.toml says so, and not by its name or place.
    pub by_site: bool,
    /// Without links.
    pub(super) at: PathBuf,
}

/// A text with those that it includes.
pub(super) struct Composed {
    pub source: Source,
    /// In the order of the parts of the source.
    pub files: Vec<Included>,
    /// Of the files' bytes.
    pub seals: Vec<Seal>,
    /// Some characters are invalid.
    pub lossy: bool,
}

/// The text of a file with those that it includes; `None` if it includes none.
pub(super) fn compose(from: &dyn Files, file: &FileRef, source: &Source) -> Option<Composed> {
    let first = source.text.bytes().find(|b| !b.is_ascii_whitespace());
    // JSON includes nothing.
    if matches!(first, Some(b'{' | b'[')) || nft::includes(&source.text).is_empty() {
        return None;
    }
    let mut work = Work::new(from, file, source);
    let main = file.open.clone();
    let own = Span::new(0, source.text.len());
    work.follow(&main, own, 0);
    // Those of included files come after those of the file itself, as the texts do.
    let mut next = 0;
    while let Some((path, span, depth)) = work.open.get(next).cloned() {
        work.follow(&path, span, depth);
        next += 1;
    }
    Some(work.out)
}

/// The text with those of other files of its host, by their places there, as far as they are given; `None` if none is.
pub(super) fn beside(
    from: &dyn Files,
    file: &FileRef,
    source: &Source,
    paths: &[&str],
) -> Option<Composed> {
    let mut work = Work::new(from, file, source);
    for path in paths {
        let Found::Files(files) = work.on_host(&file.open, path) else {
            continue;
        };
        for found in files {
            let at = from.resolved(&found);
            if at != work.main_at && !work.known.contains_key(&at) {
                // One that cannot be read is as one that is not there: the reader says so.
                _ = work.read(&found, at, 0);
            }
        }
    }
    (!work.out.files.is_empty()).then_some(work.out)
}

/// Whether a text is one that configurations of nftables include and that makes no ruleset by itself: the kernel would call
/// none of its chains, and it clears nothing.
pub(super) fn is_part(source: &Source, export: &Export) -> bool {
    let [point] = export.points.as_slice() else {
        return false;
    };
    let Body::Netfilter(n) = &point.body else {
        return false;
    };
    let listed = point.view == View::Effective;
    let clears = source.text.contains("flush ruleset");
    let bases = n.chains().any(|(_, _, c)| c.base.is_some());
    // A listing that is cut off may have its base chains in what is missing.
    let braces = |b: char| source.text.matches(b).count();
    let cut = braces('{') > braces('}');
    let part = !listed && !clears && !bases && !cut;
    export.format == nft::ID && part && source.includes.is_empty()
}

/// Says of each pattern that no file of the given folder matches it: the host may have some.
pub(super) fn without_files(source: &Source) -> Vec<Problem> {
    let none = source.includes.iter();
    let none = none.filter(|(_, i)| matches!(i, Include::Parts(p) if p.is_empty()));
    let told = |(at, _): (&u32, &Include)| {
        let rest = source.text.get(*at as usize..)?;
        // The pattern ends at its second quote.
        let end = rest.match_indices('"').nth(1)?.0 + 1;
        let found = nft::includes(rest.get(..end)?).first().map(|i| i.path)?;
        let span = Span::new(*at as usize, *at as usize + end);
        let message = format!("no file in the given folder matches `{found}`");
        let problem = Problem::new(ProblemKind::Note, span, message);
        Some(problem.help(
            "if the host has such files, copy them into the folder: their rules are missing here",
        ))
    };
    none.filter_map(told).collect()
}

/// The given folder, which includes do not leave.
struct Root {
    path: PathBuf,
    at: PathBuf,
}

impl Root {
    fn of(from: &dyn Files, file: &FileRef) -> Self {
        let path = file.root.to_path_buf();
        let here = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => &path,
        };
        Self {
            at: from.resolved(here),
            path,
        }
    }

    /// The folder of a file and those above it, the nearest first, as far as they are not above the root.
    fn folders<'p>(&self, file: &'p Path) -> Vec<&'p Path> {
        let mut out = Vec::new();
        for folder in file.ancestors().skip(1) {
            out.push(folder);
            if folder == self.path || same(folder, &self.path) {
                break;
            }
        }
        out
    }
}

/// Whether two paths have the same parts.
fn same(a: &Path, b: &Path) -> bool {
    let parts = |p: &'_ Path| -> Vec<_> {
        let parts = p.components().filter(|c| *c != Component::CurDir);
        parts.map(|c| c.as_os_str().to_owned()).collect()
    };
    parts(a) == parts(b)
}

/// What a path of an include leads to.
enum Found {
    Files(Vec<PathBuf>),
    Missing,
    Outside,
}

struct Work<'f> {
    from: &'f dyn Files,
    root: Root,
    main: PathBuf,
    main_at: PathBuf,
    /// Folders of the first line of the file.
    searched: Vec<String>,
    /// Places among the parts by path without links.
    known: BTreeMap<PathBuf, usize>,
    out: Composed,
    /// Included files, where their texts are, and how deep they are included.
    open: Vec<(PathBuf, Span, usize)>,
}

impl<'f> Work<'f> {
    fn new(from: &'f dyn Files, file: &FileRef, source: &Source) -> Self {
        Self {
            from,
            root: Root::of(from, file),
            main: file.open.clone(),
            main_at: from.resolved(&file.open),
            searched: nft::searched(&source.text)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            known: BTreeMap::new(),
            out: Composed {
                source: source.clone(),
                files: Vec::new(),
                seals: Vec::new(),
                lossy: false,
            },
            open: Vec::new(),
        }
    }

    /// Follows the includes of one file.
    fn follow(&mut self, path: &Path, span: Span, depth: usize) {
        // nft goes no deeper, and the reader says so at the next one.
        if depth > nft::DEEPEST {
            return;
        }
        let text = self.out.source.slice(span).to_owned();
        for i in nft::includes(&text) {
            let stands_for = match self.find(path, i.path) {
                Found::Missing => Include::Missing,
                Found::Outside => Include::Outside,
                Found::Files(files) => self.take(files, nft::is_pattern(i.path), depth + 1),
            };
            let at = span.start.saturating_add(i.at);
            self.out.source.includes.insert(at, stands_for);
        }
    }

    fn take(&mut self, files: Vec<PathBuf>, is_pattern: bool, depth: usize) -> Include {
        let mut parts = Vec::new();
        for file in files {
            let at = self.from.resolved(&file);
            match () {
                () if at == self.main_at => return Include::Itself,
                () if !at.starts_with(&self.root.at) => return Include::Outside,
                () => {}
            }
            let known = self.known.get(&at).copied();
            match known.map_or_else(|| self.read(&file, at, depth), Ok) {
                Ok(part) => parts.push(part),
                Err(why) if is_pattern => {
                    return Include::Unreadable(format!("{}: {why}", shown(&file)));
                }
                Err(why) => return Include::Unreadable(why),
            }
        }
        Include::Parts(parts)
    }

    /// Reads a file and puts its text behind those that are there.
    fn read(&mut self, file: &Path, at: PathBuf, depth: usize) -> Result<usize, String> {
        if self.out.files.len() >= FILES {
            return Err(format!("more than {FILES} included files"));
        }
        if matches!(self.from.kind(file), Ok(Kind::Device)) {
            return Err("it is a pipe, a socket or a device".into());
        }
        let bytes = self.from.read(file).map_err(|e| plain_io(&e))?;
        let (size, seal, sha256) = (bytes.len(), Seal::of(&bytes), hash::sha256(&bytes));
        if self.out.source.text.len().saturating_add(size) >= u32::MAX as usize {
            return Err("the texts are larger than 4 GiB".into());
        }
        let decoded = decode::decode(bytes).map_err(|e| match e {
            DecodeError::Binary => "it is a binary file",
            DecodeError::TooLarge => "it is larger than 4 GiB",
        })?;
        let path: Arc<str> = shown(file).into();
        let part = self.out.source.add_part(path.clone(), &decoded.text);
        self.out.lossy |= decoded.lossy;
        self.out.seals.push(seal);
        self.out.files.push(Included {
            path,
            encoding: decoded.encoding,
            sha256,
            bytes: size as u64,
            rules: 0,
            by_site: false,
            at: at.clone(),
        });
        self.known.insert(at, part);
        let span = self.out.source.parts.get(part).map(|p| p.span);
        self.open
            .push((file.to_path_buf(), span.unwrap_or_default(), depth));
        Ok(part)
    }

    /// The files of a path or pattern that stands in a file.
    fn find(&self, holder: &Path, pattern: &str) -> Found {
        if pattern.starts_with('/') {
            return self.on_host(holder, pattern);
        }
        // nft itself looks in the folders of its command line, in that of the first file, and in /etc; a path that begins
        // with a dot counts from where it was started.
        let dotted = pattern.starts_with("./") || pattern.starts_with("../");
        let (mut outside, mut none) = (false, false);
        let searched = self.searched.iter().filter(|_| !dotted);
        for folder in searched {
            let path = format!(
                "{}/{pattern}",
                folder.trim_matches('"').trim_end_matches('/')
            );
            match self.on_host(holder, &path) {
                Found::Missing => {}
                Found::Files(f) if f.is_empty() => none = true,
                found => return found,
            }
        }
        for file in [&*self.main, holder] {
            let folder = file.parent().unwrap_or(Path::new(""));
            match self.look(folder, pattern) {
                Some(Found::Outside) => outside = true,
                Some(Found::Files(f)) if f.is_empty() => none = true,
                Some(found) => return found,
                None => {}
            }
        }
        // What is above the folder of a host is none of the given files. Below it a folder that is not there holds none.
        let above = pattern.split('/').any(|p| p == "..");
        none |= nft::is_pattern(pattern);
        match self.on_host(holder, &format!("/etc/{pattern}")) {
            Found::Files(f) if f.is_empty() && (outside || above) => Found::Outside,
            Found::Missing if outside => Found::Outside,
            Found::Missing if none && !above => Found::Files(Vec::new()),
            found => found,
        }
    }

    /// The files of an absolute path of the host.
    fn on_host(&self, holder: &Path, pattern: &str) -> Found {
        let parts: Vec<&str> = pattern.split('/').filter(|p| !p.is_empty()).collect();
        let is_pattern = nft::is_pattern(pattern);
        let slash = if pattern.ends_with('/') { "/" } else { "" };
        let (mut outside, mut none) = (false, false);
        for (up, folder) in self.root.folders(holder).into_iter().enumerate() {
            // A bare name is only looked for beside the file, and a pattern never without its folder.
            let least = if up == 0 && !is_pattern { 1 } else { 2 };
            for skipped in 0..=parts.len().saturating_sub(least) {
                let rest = parts.get(skipped..).unwrap_or_default();
                match self.look(folder, &format!("{}{slash}", rest.join("/"))) {
                    Some(Found::Outside) => outside = true,
                    Some(Found::Files(f)) if f.is_empty() => none = true,
                    // `x.nft` of another folder is no other way to include oneself.
                    Some(Found::Files(f)) if skipped > 0 && self.is_any(&f, holder) => {}
                    Some(found) => return found,
                    None => {}
                }
            }
        }
        match (none, outside) {
            (true, _) => Found::Files(Vec::new()),
            (false, true) => Found::Outside,
            (false, false) if is_pattern && self.is_beside(holder, &parts) => {
                Found::Files(Vec::new())
            }
            (false, false) => Found::Missing,
        }
    }

    /// Whether the folder that holds the folder of a pattern is there, so that it would hold that one, too.
    fn is_beside(&self, holder: &Path, parts: &[&str]) -> bool {
        let Some(folder) = parts.len().checked_sub(2).filter(|n| *n > 0) else {
            return false;
        };
        let mut above = parts.to_vec();
        above.remove(folder);
        let roots = self.root.folders(holder);
        roots.into_iter().any(|root| {
            (0..=above.len().saturating_sub(2)).any(|skipped| {
                let rest = above.get(skipped..).unwrap_or_default().join("/");
                matches!(self.look(root, &rest), Some(Found::Files(_)))
            })
        })
    }

    /// Whether a file is the first one or the including one.
    fn is_any(&self, files: &[PathBuf], holder: &Path) -> bool {
        let [one] = files else { return false };
        let one = self.from.resolved(one);
        one == self.main_at || one == self.from.resolved(holder)
    }

    /// The files of a path or pattern below a folder, which are none of a pattern whose folder is there; `None` if there is
    /// none.
    fn look(&self, folder: &Path, pattern: &str) -> Option<Found> {
        let path = joined(folder, pattern)?;
        if !nft::is_pattern(pattern) {
            // What is outside is not even looked at.
            if !self.inside(&path) {
                return Some(Found::Outside);
            }
            return self.from.is_file(&path).then(|| Found::Files(vec![path]));
        }
        self.matching(folder, pattern)
    }

    fn inside(&self, path: &Path) -> bool {
        self.from.resolved(path).starts_with(&self.root.at)
    }

    /// Files that a pattern matches, in the order of their names, as glob(3) does: `*` leaves hidden ones out.
    fn matching(&self, folder: &Path, pattern: &str) -> Option<Found> {
        let plain = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
        let literal = pattern.get(..plain).unwrap_or_default();
        let (base, rest) = match literal.rfind('/') {
            Some(at) => pattern.split_at(at + 1),
            None => ("", pattern),
        };
        let escaped = rest.replace('{', "[{]").replace('}', "[}]");
        let glob = GlobBuilder::new(&escaped).literal_separator(true).build();
        let (Ok(glob), Some(base)) = (glob.map(|g| g.compile_matcher()), joined(folder, base))
        else {
            return None;
        };
        if !self.inside(&base) {
            return Some(Found::Outside);
        }
        if !self.from.is_folder(&base) {
            return None;
        }
        let hidden = rest.starts_with('.');
        let found: Vec<PathBuf> = match rest.contains('/') {
            true => self.from.walk(&base, &|_| false).files,
            false => {
                let names = self.from.names(&base).into_iter();
                names.map(|n| base.join(n)).collect()
            }
        };
        let is_one = |p: &PathBuf| {
            let rest = p.strip_prefix(&base).unwrap_or(p);
            let name = rest.to_string_lossy();
            glob.is_match(rest) && (hidden || !name.starts_with('.'))
        };
        let mut found: Vec<PathBuf> = found.into_iter().filter(is_one).collect();
        found.sort();
        Some(Found::Files(found))
    }
}

/// A path below a folder without `.` and `..`; `None` where it leaves what is known of the folder's own path.
fn joined(folder: &Path, rest: &str) -> Option<PathBuf> {
    let mut out = folder.to_path_buf();
    for c in Path::new(rest).components() {
        match c {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) =>
            {
                out.pop();
            }
            Component::ParentDir => out.push(".."),
            Component::Normal(name) => out.push(name),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests;
