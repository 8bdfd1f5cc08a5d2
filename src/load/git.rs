//! The files of a commit or tree in a git repository, by calling `git`, which reads and never writes: no filter, hook,
//! attribute or replacement of the repository has a say (git-ls-tree(1), git-cat-file(1)).

use super::files::{Files, Kind, Walked};
use super::walk::{is_site_file, is_skipped_name, link_loop, unreadable_for};
use crate::common::paths::normal;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Why a tree cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// `git` cannot be run.
    #[error("cannot run git: {0}")]
    NoGit(#[source] io::Error),
    /// The folder is in no work tree, or git does not trust it; what git says.
    #[error("git: {0}")]
    NoWorkTree(String),
    /// There is no such revision; what git says.
    #[error("git: {0}")]
    NoRevision(String),
    /// `git` refused.
    #[error("git: {0}")]
    Refused(String),
}

impl GitError {
    fn of_refusal(self, as_: fn(String) -> Self) -> Self {
        match self {
            Self::Refused(said) => as_(said),
            other => other,
        }
    }
}

/// One file of the tree.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Blob {
    /// Its name in the repository, hexadecimal.
    id: String,
    /// None if the repository does not have it.
    bytes: Option<u64>,
}

impl Blob {
    fn size(&self) -> io::Result<u64> {
        let missing = || io::Error::new(io::ErrorKind::InvalidData, "the repository lacks it");
        self.bytes.ok_or_else(missing)
    }
}

/// What a path of the tree is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Entry {
    File(Blob),
    /// A symbolic link; the blob holds the path that it leads to.
    Link(Blob),
    Submodule,
}

impl Entry {
    fn blob(&self) -> Option<&Blob> {
        match self {
            Self::File(b) | Self::Link(b) => Some(b),
            Self::Submodule => None,
        }
    }
}

/// The files of a commit or tree. They are known by the paths that they have in the work tree, whether or not they are
/// there now.
#[derive(Debug)]
pub struct GitTree {
    /// The work tree's folder, absolute.
    root: PathBuf,
    /// By path below the root.
    entries: BTreeMap<PathBuf, Entry>,
    /// Every folder that holds one, by path below the root.
    folders: BTreeSet<PathBuf>,
    reader: Mutex<CatFile>,
}

/// A running `git cat-file --batch`.
#[derive(Debug)]
struct CatFile {
    child: Child,
    ask: Option<ChildStdin>,
    answer: BufReader<ChildStdout>,
}

/// Links that are followed one after the other.
const LINKS: usize = 16;

/// What git tells its hooks of the repository that they are run for. It would be read instead of the one that a folder is
/// in. `GIT_OBJECT_DIRECTORY` stays: a hook may be run before its objects are taken over.
const OF_HOOKS: [&str; 5] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

fn git(dir: &Path, args: &[&str]) -> Command {
    let mut c = Command::new("git");
    c.arg("--no-replace-objects")
        .args(["-c", "core.fsmonitor=false"])
        .arg("-C")
        .arg(dir)
        .args(args)
        .env("GIT_OPTIONAL_LOCKS", "0")
        // Nothing is fetched; the second is for a git that does not know the first.
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    for name in OF_HOOKS {
        c.env_remove(name);
    }
    c
}

fn output(dir: &Path, args: &[&str]) -> Result<Vec<u8>, GitError> {
    let out = git(dir, args).output().map_err(GitError::NoGit)?;
    if out.status.success() {
        return Ok(out.stdout);
    }
    let said = String::from_utf8_lossy(&out.stderr);
    let said = said.trim().trim_start_matches("fatal: ");
    Err(GitError::Refused(said.to_owned()))
}

/// A path without the line end behind it.
fn folder(bytes: &[u8]) -> PathBuf {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    #[cfg(not(unix))]
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    path_of(bytes)
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

impl GitTree {
    /// The tree of a revision (a commit, branch, tag or tree) of the repository that a folder is in.
    ///
    /// # Errors
    /// There is no `git`, no repository, or no such revision.
    pub fn open(dir: &Path, revision: &str) -> Result<Self, GitError> {
        let dir = if dir.as_os_str().is_empty() {
            Path::new(".")
        } else {
            dir
        };
        let root = output(dir, &["rev-parse", "--show-toplevel"]);
        let root = folder(&root.map_err(|e| e.of_refusal(GitError::NoWorkTree))?);
        let tree = format!("{revision}^{{tree}}");
        let id = output(dir, &["rev-parse", "--verify", "--end-of-options", &tree]);
        let id = id.map_err(|e| e.of_refusal(GitError::NoRevision))?;
        let id = String::from_utf8_lossy(&id);
        let listed = output(
            &root,
            &["ls-tree", "-r", "-z", "-l", "--full-tree", id.trim_end()],
        )?;
        let listed = listed.split(|b| *b == 0).filter(|l| !l.is_empty());
        let entries: BTreeMap<PathBuf, Entry> =
            listed.map(listed_entry).collect::<Result<_, _>>()?;
        let parents = entries.keys().flat_map(|p| p.ancestors().skip(1));
        Ok(Self {
            folders: parents.map(Path::to_path_buf).collect(),
            entries,
            reader: Mutex::new(CatFile::start(&root)?),
            root: normal(&root),
        })
    }

    /// The work tree's folder, absolute and without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path below the root, without links.
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        let mut path = normal(path).strip_prefix(&self.root).ok()?.to_path_buf();
        for _ in 0..LINKS {
            let Some((at, to)) = self.first_link(&path) else {
                return Some(path);
            };
            let rest = path.strip_prefix(&at).ok()?.to_path_buf();
            let holder = self.root.join(at.parent().unwrap_or(Path::new("")));
            let target = normal(&holder.join(to).join(rest));
            path = target.strip_prefix(&self.root).ok()?.to_path_buf();
        }
        None
    }

    /// The first part of a path that is a link, and where it leads.
    fn first_link(&self, path: &Path) -> Option<(PathBuf, PathBuf)> {
        let parts: Vec<&Path> = path.ancestors().collect();
        parts
            .iter()
            .rev()
            .find_map(|at| match self.entries.get(*at) {
                Some(Entry::Link(b)) => Some((at.to_path_buf(), path_of(&self.blob(b).ok()?))),
                _ => None,
            })
    }

    /// Walks the last of `open`, which `folder` leads to; the others are the folders in which links led here.
    fn walk_into(
        &self,
        folder: &Path,
        open: &[PathBuf],
        excluded: &dyn Fn(&Path) -> bool,
        out: &mut Walked,
    ) {
        let Some(inside) = open.last() else { return };
        let from = self.entries.range(inside.clone()..);
        for (path, entry) in from.take_while(|(p, _)| p.starts_with(inside)) {
            let Ok(rest) = path.strip_prefix(inside) else {
                continue;
            };
            let there = folder.join(rest);
            let mut folders = rest.parent().into_iter().flat_map(Path::iter);
            if folders.any(is_skipped_name) {
                continue;
            }
            let hidden = there.file_name().is_some_and(is_skipped_name);
            match entry {
                Entry::Submodule if hidden => {}
                Entry::File(_) => out.meet(there, excluded),
                _ if is_site_file(&there) || excluded(&there) => {}
                Entry::Link(_) => self.walk_link(&there, open, excluded, out),
                Entry::Submodule => {
                    let why = "it is a submodule, whose files are in another repository";
                    out.findings.push(unreadable_for(&there, why));
                }
            }
        }
    }

    /// A link is followed, as on a disk, but not back into a folder that is being walked.
    fn walk_link(
        &self,
        link: &Path,
        open: &[PathBuf],
        excluded: &dyn Fn(&Path) -> bool,
        out: &mut Walked,
    ) {
        match self.kind(link) {
            Ok(Kind::File(_) | Kind::Device) => out.files.push(link.to_path_buf()),
            Ok(Kind::Folder) if link.file_name().is_some_and(is_skipped_name) => {}
            Ok(Kind::Folder) => {
                let Some(target) = self.inside(link) else {
                    return;
                };
                let holder = link.parent().and_then(|p| self.inside(p));
                let above = |o: &PathBuf| o.starts_with(&target);
                if open.iter().chain(&holder).any(above) {
                    out.findings.push(link_loop(link, &self.root.join(target)));
                    return;
                }
                let open = [open, &[target]].concat();
                self.walk_into(link, &open, excluded, out);
            }
            Err(why) => out.findings.push(unreadable_for(link, &why)),
        }
    }

    fn blob(&self, blob: &Blob) -> io::Result<Vec<u8>> {
        // A thread that panicked in between has left the pipe in an unknown state, which the header check finds.
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.read(blob)
    }
}

/// A line of `ls-tree -l -z`: `<mode> <type> <id> <size>\t<path>`, with `BAD` for the size of an object that is missing.
fn listed_entry(entry: &[u8]) -> Result<(PathBuf, Entry), GitError> {
    let unknown = || {
        let said = String::from_utf8_lossy(entry);
        GitError::Refused(format!("what it lists is not understood: {said}"))
    };
    parsed_entry(entry).ok_or_else(unknown)
}

fn parsed_entry(entry: &[u8]) -> Option<(PathBuf, Entry)> {
    let tab = entry.iter().position(|b| *b == b'\t')?;
    let head = std::str::from_utf8(entry.get(..tab)?).ok()?;
    let mut words = head.split_ascii_whitespace();
    let (mode, kind, id, bytes) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let blob = Blob {
        id: id.to_owned(),
        bytes: bytes.parse().ok(),
    };
    let found = match (kind, mode) {
        ("blob", "120000") => Entry::Link(blob),
        ("blob", _) => Entry::File(blob),
        ("commit", _) => Entry::Submodule,
        _ => return None,
    };
    Some((path_of(entry.get(tab + 1..)?), found))
}

impl CatFile {
    fn start(root: &Path) -> Result<Self, GitError> {
        let mut child = git(root, &["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(GitError::NoGit)?;
        let no_pipe = || GitError::NoGit(io::ErrorKind::BrokenPipe.into());
        Ok(Self {
            ask: child.stdin.take(),
            answer: BufReader::new(child.stdout.take().ok_or_else(no_pipe)?),
            child,
        })
    }

    /// Asks for one blob: `<id> blob <size>\n<bytes>\n` is the answer.
    fn read(&mut self, blob: &Blob) -> io::Result<Vec<u8>> {
        let bytes = blob.size()?;
        let ask = self.ask.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(ask, "{}", blob.id)?;
        ask.flush()?;
        let mut head = String::new();
        self.answer.read_line(&mut head)?;
        if head.trim_end() != format!("{} blob {bytes}", blob.id) {
            let said = format!("git has no such file: {}", head.trim_end());
            return Err(io::Error::new(io::ErrorKind::InvalidData, said));
        }
        let size = usize::try_from(bytes).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut bytes = vec![0; size];
        self.answer.read_exact(&mut bytes)?;
        self.answer.read_exact(&mut [0])?;
        Ok(bytes)
    }
}

impl Drop for CatFile {
    fn drop(&mut self) {
        // It ends when nobody can ask any more.
        self.ask = None;
        let _ = self.child.wait();
    }
}

impl Files for GitTree {
    fn kind(&self, path: &Path) -> Result<Kind, String> {
        let Some(inside) = self.inside(path) else {
            return Err("it is not in the repository".into());
        };
        match self.entries.get(&inside) {
            Some(Entry::Submodule) => Err("it is a submodule".into()),
            // One that is missing is told when it is read.
            Some(Entry::File(b) | Entry::Link(b)) => Ok(Kind::File(b.bytes.unwrap_or(0))),
            None if inside.as_os_str().is_empty() || self.folders.contains(&inside) => {
                Ok(Kind::Folder)
            }
            None => Err("no such file or folder in the revision".into()),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let inside = self.inside(path).ok_or(io::ErrorKind::NotFound)?;
        let entry = self.entries.get(&inside).and_then(Entry::blob);
        self.blob(entry.ok_or(io::ErrorKind::NotFound)?)
    }

    fn walk(&self, folder: &Path, excluded: &dyn Fn(&Path) -> bool) -> Walked {
        let mut out = Walked::default();
        if let Some(inside) = self.inside(folder) {
            self.walk_into(folder, &[inside], excluded, &mut out);
        }
        out
    }

    fn names(&self, folder: &Path) -> Vec<OsString> {
        let Some(inside) = self.inside(folder) else {
            return Vec::new();
        };
        let from = self.entries.range(inside.clone()..);
        let below = from.take_while(|(p, _)| p.starts_with(&inside));
        let own = below.filter(|(p, e)| p.parent() == Some(&inside) && **e != Entry::Submodule);
        own.filter_map(|(p, _)| Some(p.file_name()?.to_owned()))
            .collect()
    }

    fn resolved(&self, path: &Path) -> PathBuf {
        let inside = self.inside(path);
        inside.map_or_else(|| normal(path), |p| self.root.join(p))
    }
}
