//! The two states that a command line names: two paths, or a revision of git and the work tree.

use super::sides::{Given, Shown};
use crate::common::diag::{Diag, io_cause};
use crate::common::paths::{as_given, normal};
use crate::load::{CONFIG_NAME, Disk, Files, GitError, GitTree, Held, Kind, Renamed, shown};
use crate::rules::matrix;
use crate::session::Request;
use crate::site;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Two states of one site that are to be opened.
#[derive(Debug)]
pub struct Pair {
    /// Before.
    pub old: Given,
    /// Behind, under the paths of the old side.
    pub new: Given,
    /// Site files and matrices of both sides, as they are on the disk.
    pub policies: Vec<PathBuf>,
    shown: ShownPaths,
}

/// The paths of the new side as people know them.
#[derive(Debug)]
enum ShownPaths {
    Own,
    Of(Arc<Renamed>, PathBuf),
}

impl Pair {
    /// Two files, or two folders, whatever their names. `asked` has what is asked of both; its paths do not count.
    ///
    /// # Errors
    /// One of them cannot be looked at, or one is a file and the other a folder.
    pub fn of_paths(old: &Path, new: &Path, asked: &Request) -> Result<Self, Vec<Diag>> {
        let help =
            "name an existing file or folder; a revision of git is named with --git REVISION";
        let [old_kind, new_kind] = both([there(old, help), there(new, help)])?;
        if (old_kind == Kind::Folder) != (new_kind == Kind::Folder) {
            return Err(vec![mixed(old, new, old_kind)]);
        }
        let (old, new) = match is_site_file(old) && is_site_file(new) {
            true => (folder(old), folder(new)),
            false => (old, new),
        };
        let sites = match &asked.config {
            Some(file) => [Some(file.clone()), Some(file.clone())],
            None => [old, new].map(|p| site::find(&Disk, p)),
        };
        let [old_site, new_site] = &sites;
        let request = |site: Option<PathBuf>| Request {
            paths: vec![old.to_path_buf()],
            config: site,
            ..asked.clone()
        };
        let before = Side {
            at: old,
            own: old,
            other: new,
            site: old_site.as_deref().map(|file| (file.to_path_buf(), file)),
        };
        let moved = new_site.as_deref().map(|file| {
            let same = old_site.as_ref().is_some_and(|o| same_file(o, file));
            match same {
                true => (old_site.clone().unwrap_or_default(), file),
                false => (moved(file, old, new), file),
            }
        });
        let after = Side {
            at: old,
            own: new,
            other: old,
            site: moved,
        };
        let new_request = request(after.site.as_ref().map(|(at, _)| at.clone()));
        let view = Arc::new(after.files(asked, new_kind)?);
        let policies = sites.iter().flatten().cloned().collect();
        Ok(Self {
            old: Given {
                name: shown(old),
                request: request(before.site.as_ref().map(|(at, _)| at.clone())),
                files: Arc::new(before.files(asked, old_kind)?),
            },
            new: Given {
                name: shown(new),
                request: new_request,
                files: view.clone(),
            },
            policies,
            shown: ShownPaths::Of(view, new.to_path_buf()),
        })
    }

    /// A path as it was in a revision of git, and as it is in the work tree. What lies outside of the repository is the
    /// same on both sides.
    ///
    /// # Errors
    /// The path is in no repository, or not there on one side, or there is no such revision.
    pub fn of_revision(revision: &str, path: &Path, asked: &Request) -> Result<Self, Vec<Diag>> {
        there(path, "name an existing file or folder").map_err(|d| vec![d])?;
        let at = normal(path);
        let above = || at.ancestors();
        let dir = above().find(|a| a.is_dir()).unwrap_or(&at);
        let tree = GitTree::open(dir, revision).map_err(|e| vec![git(&e, revision, path)])?;
        // The first folder of the path that is in the repository: links above it are the machine's, those below it the
        // revision's.
        let inside = |a: &Path| {
            let real = std::fs::canonicalize(a).ok()?;
            let real = real.starts_with(tree.root()).then_some(real)?;
            Some((a.to_path_buf(), real))
        };
        let steps: Vec<&Path> = above().collect();
        let first = steps.iter().rev().find_map(|a| inside(a));
        let Some((top, real)) = first else {
            return Err(vec![told(
                path,
                format!(
                    "{} is not in the work tree of a git repository",
                    shown(path)
                ),
                "name a path in the repository",
            )]);
        };
        let disk: Arc<dyn Files> = Arc::new(Disk);
        let root = above().last().unwrap_or(&at);
        let mut old =
            Renamed::default()
                .with(&top, Arc::new(tree), &real)
                .with(root, disk.clone(), root);
        if let Err(why) = old.kind(path) {
            return Err(vec![told(
                path,
                format!("cannot read {} in {revision}: {why}", shown(path)),
                "name a path that the revision has, such as the folder above",
            )]);
        }
        for file in named(asked) {
            if !old.is_file(&file) && Disk.is_file(&file) {
                old = old.with_file(&file, disk.clone(), &file);
            }
        }
        let request = Request {
            paths: vec![path.to_path_buf()],
            ..asked.clone()
        };
        let found = asked.config.clone().or_else(|| site::find(&Disk, path));
        Ok(Self {
            old: Given {
                name: revision.to_owned(),
                files: Arc::new(old),
                request: request.clone(),
            },
            new: Given {
                name: shown(path),
                files: disk,
                request,
            },
            policies: found.into_iter().collect(),
            shown: ShownPaths::Own,
        })
    }

    /// How the paths of the new side are shown. Of what is no path of a file of it, nothing changes.
    #[must_use]
    pub fn shown(&self) -> Shown {
        match &self.shown {
            ShownPaths::Own => Arc::new(|path| path.into()),
            ShownPaths::Of(view, given) => {
                let (view, given) = (view.clone(), given.clone());
                Arc::new(move |path| {
                    let own = view.own(Path::new(path)).filter(|own| own.exists());
                    own.map_or_else(|| path.into(), |own| shown(&as_given(own, &given)).into())
                })
            }
        }
    }
}

/// One side of two paths.
struct Side<'p> {
    /// The path under which it is known: the old side's.
    at: &'p Path,
    /// Where it is.
    own: &'p Path,
    /// Where the other one is, which is no part of this one even if it lies beside it or in it.
    other: &'p Path,
    /// Under which path its site file is known, and where it is.
    site: Option<(PathBuf, &'p Path)>,
}

impl Side<'_> {
    fn files(&self, asked: &Request, kind: Kind) -> Result<Renamed, Vec<Diag>> {
        let disk: Arc<dyn Files> = Arc::new(Disk);
        let (own, other) = (normal(self.own), normal(self.other));
        let mut files = match kind {
            Kind::Device => {
                let held = Held::new(&own, self.once()?);
                Renamed::default().with(self.at, Arc::new(held), &own)
            }
            _ if other != own && other.starts_with(&own) => {
                Renamed::default().with_but(self.at, disk.clone(), &own, &[&other])
            }
            _ => Renamed::default().with(self.at, disk.clone(), &own),
        };
        if let Some((at, file)) = &self.site {
            let (seen, real) = (folder(at), folder(file));
            // What a site file names may be all over its folder; what is compared is shown in its own place.
            files = files.with_but(seen, disk.clone(), real, &[&own, &other]);
            files = files.with_file(at, disk.clone(), file);
            let text = Disk.read_text(file).ok();
            let named = text.and_then(|text| site::config::matrix_name(&text));
            if let Some((name, _)) = named.filter(|(name, _)| Disk.is_file(&real.join(name))) {
                files = files.with_file(&seen.join(&name), disk.clone(), &real.join(&name));
            }
        }
        for file in named(asked).filter(|f| Disk.is_file(f)) {
            files = files.with_file(&file, disk.clone(), &file);
        }
        Ok(self.with_names(files))
    }

    /// Lets the site file name the exports by their own paths, where it does not name them by those of the old side.
    fn with_names(&self, files: Renamed) -> Renamed {
        let Some((at, file)) = &self.site else {
            return files;
        };
        let (own, real) = (normal(self.own), normal(folder(file)));
        let Ok(rest) = own.strip_prefix(&real) else {
            return files;
        };
        let named = normal(folder(at)).join(rest);
        match named == normal(self.at) || site::config::names(&files, at, self.at) {
            true => files,
            false => files.named(self.at, &named),
        }
    }

    /// The bytes of a pipe.
    fn once(&self) -> Result<Vec<u8>, Vec<Diag>> {
        Disk.read(self.own)
            .map_err(|e| vec![missing(self.own, &io_cause(&e), "name a file")])
    }
}

/// The files that options name: the same ones on both sides.
fn named(asked: &Request) -> impl Iterator<Item = PathBuf> {
    let matrix = asked.matrix.as_ref();
    let matrix = matrix.filter(|name| matrix::builtin(name).is_none());
    let config = asked.config.clone().into_iter();
    config.chain(matrix.map(PathBuf::from))
}

/// Where the new side's site file is known: as far above the old path as it lies above the new one.
fn moved(file: &Path, old: &Path, new: &Path) -> PathBuf {
    let depth = |p: &Path| normal(p).components().count();
    let up = depth(new).saturating_sub(depth(folder(file)));
    let old_full = normal(old);
    let mut above = old_full.ancestors();
    let top = above.last().unwrap_or(&old_full);
    let dir = above.nth(up).unwrap_or(top);
    as_given(dir.join(CONFIG_NAME), old)
}

fn same_file(a: &Path, b: &Path) -> bool {
    Disk.resolved(a) == Disk.resolved(b)
}

fn is_site_file(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n == CONFIG_NAME)
}

/// The folder of a file; the empty path is the current one.
fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    }
}

fn there(path: &Path, help: &str) -> Result<Kind, Diag> {
    if path.as_os_str() == "-" {
        return Err(told(
            path,
            "diff does not read standard input".into(),
            "write the export to a file, and name that file",
        ));
    }
    Disk.kind(path).map_err(|why| missing(path, &why, help))
}

fn both<T>(each: [Result<T, Diag>; 2]) -> Result<[T; 2], Vec<Diag>> {
    match each {
        [Ok(a), Ok(b)] => Ok([a, b]),
        [Err(a), Err(b)] => Err(vec![a, b]),
        [Err(a), _] | [_, Err(a)] => Err(vec![a]),
    }
}

fn missing(path: &Path, why: &str, help: &str) -> Diag {
    told(path, format!("cannot read {}: {why}", shown(path)), help)
}

fn mixed(old: &Path, new: &Path, old_kind: Kind) -> Diag {
    let (folder, file) = match old_kind {
        Kind::Folder => (old, new),
        Kind::File(_) | Kind::Device => (new, old),
    };
    told(
        old,
        format!(
            "a folder is compared with a file: {} and {}",
            shown(folder),
            shown(file)
        ),
        "name two folders, or two files",
    )
}

fn git(error: &GitError, revision: &str, path: &Path) -> Diag {
    let (message, help) = match error {
        GitError::NoGit(e) => (
            format!("cannot run git: {}", io_cause(e)),
            "install git, or name two folders: hylint diff OLD NEW".to_owned(),
        ),
        GitError::NoWorkTree(said) if said.contains("safe.directory") => (
            format!("git does not trust the repository of {}", shown(path)),
            format!("it belongs to another user: {}", trusting(said)),
        ),
        GitError::NoWorkTree(_) => (
            format!(
                "{} is not in the work tree of a git repository",
                shown(path)
            ),
            "name a path in the repository".to_owned(),
        ),
        GitError::NoRevision(_) => (
            format!("unknown revision `{revision}`"),
            revision_help(revision),
        ),
        GitError::Refused(said) => (
            format!("git cannot read `{revision}`: {}", first_line(said)),
            "see what `git fsck` says of the repository".to_owned(),
        ),
    };
    told(path, message, &help)
}

/// The command that git names.
fn trusting(said: &str) -> &str {
    let line = said.lines().find(|l| l.contains("safe.directory "));
    line.map_or("see `safe.directory` in git-config(1)", str::trim)
}

fn revision_help(revision: &str) -> String {
    if revision.contains("..") {
        return "name one revision, not a range: it is compared with the work tree".into();
    }
    if Path::new(revision).exists() {
        return format!("write hylint diff --git REVISION {revision}, such as HEAD or main");
    }
    "name a commit, branch or tag; a shallow clone lacks older ones, which `git fetch --unshallow` gets"
        .into()
}

fn first_line(said: &str) -> &str {
    said.lines().next().unwrap_or_default()
}

fn told(path: &Path, message: String, help: &str) -> Diag {
    Diag {
        path: shown(path).into(),
        text: "".into(),
        span: 0..0,
        message,
        help: Some(help.into()),
        code: "path",
    }
}
