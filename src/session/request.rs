//! What a session is asked to read and to judge.

use crate::finding::Severity;
use crate::load::Files;
use crate::rules::matrix::Matrix;
use crate::site::Levels;
use hylint_parsers::shell;
use hylint_space::AddrSet;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How the given paths and a site file go together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SiteScope {
    /// By the site file that is named, or that stands in the first path or above it, if there is one.
    #[default]
    Declared,
    /// By no site file, even if there is one.
    Undeclared,
    /// The paths are files of one host and are read in their order, by no site file.
    OneHost,
}

/// What a session keeps for the next question, beside the heads of its exports. What it does not keep is read again from
/// its files.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Kept {
    /// What each part was found to be, so that a session over changed files judges only what depends on the changes.
    pub verdicts: bool,
    /// The linked rule sets with their indexes, so that more packets can be asked about.
    pub points: bool,
    /// Each export as its reader left it, with its text.
    pub sources: bool,
}

/// What a session goes by instead of what its own site file says: the policy of another state of the site.
#[derive(Clone, PartialEq, Debug)]
pub struct JudgedBy {
    /// The matrix. The site file is read by its own one.
    pub matrix: Matrix,
    /// Lint levels, threshold and evidence.
    pub levels: Levels,
}

/// What a session is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Files and folders, `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// How they go together with a site file.
    pub scope: SiteScope,
    /// hylint.toml; else it is looked for from the first path upward.
    pub config: Option<PathBuf>,
    /// A built-in matrix's id or a TOML file; overrides the site's.
    pub matrix: Option<String>,
    /// Roles of every host whose export does not say them otherwise.
    pub role: Vec<String>,
    /// Its addresses.
    pub address: Vec<String>,
    /// Names that resolve to addresses, where no site file does.
    pub resolve: BTreeMap<String, AddrSet>,
    /// The moment of the run.
    pub at: jiff::Timestamp,
    /// Threads, 0 for one per core.
    pub threads: usize,
    /// Bytes of exports that are held at once, 0 for none. Of more, only heads are held, and each part is read again
    /// when it is judged.
    pub held_bytes: u64,
    /// Only these lints (trust lints always run).
    pub select: Vec<String>,
    /// Not these lints (trust lints always run).
    pub ignore: Vec<String>,
    /// Threshold; overrides the site's.
    pub fail_on: Option<Severity>,
    /// Let waivers hold that stand in the exports themselves.
    pub inline_waivers: bool,
    /// The paths are changed files, as a version control system lists them; see [`focus::read`](super::focus::read).
    pub changed: bool,
    /// The policy that goes before that of the site file; options go before both.
    pub judged_by: Option<Arc<JudgedBy>>,
    /// What is kept.
    pub keep: Kept,
}

impl Request {
    /// A usual value of `held_bytes`: a model takes about ten times its text, and of more the memory costs as much time as
    /// the second reading.
    pub const HELD_BYTES: u64 = 4 << 20;

    /// Asks for paths with what `hylint check` takes without options, at the beginning of 1970.
    #[must_use]
    pub fn new<P: Into<PathBuf>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self {
            paths: paths.into_iter().map(Into::into).collect(),
            scope: SiteScope::default(),
            config: None,
            matrix: None,
            role: Vec::new(),
            address: Vec::new(),
            resolve: BTreeMap::new(),
            at: jiff::Timestamp::UNIX_EPOCH,
            threads: 0,
            held_bytes: Self::HELD_BYTES,
            select: Vec::new(),
            ignore: Vec::new(),
            fail_on: None,
            inline_waivers: true,
            changed: false,
            judged_by: None,
            keep: Kept::default(),
        }
    }

    /// The command that drafts a site file for the given paths, to be typed where the run was started: `hylint init FOLDER`.
    #[must_use]
    pub fn draft_command(&self, files: &dyn Files) -> String {
        let folders = self.paths.iter().map(|p| match p {
            p if files.is_folder(p) => p.clone(),
            p => p.parent().map(Path::to_path_buf).unwrap_or_default(),
        });
        let folder = folders.reduce(|a, b| common(&a, &b)).unwrap_or_default();
        let folder = folder.to_string_lossy();
        let folder = if folder.is_empty() { "." } else { &*folder };
        // A name that cannot be typed is left to the reader.
        let typed =
            |word: &str, else_: &str| shell::posix(word).unwrap_or_else(|_| else_.to_owned());
        let mut out = format!("hylint init {}", typed(folder, "PATH"));
        if let Some(matrix) = &self.matrix {
            out.push_str(&format!(" --matrix {}", typed(matrix, "FILE")));
        }
        out
    }
}

/// What two paths begin with.
fn common(a: &Path, b: &Path) -> PathBuf {
    let both = a.components().zip(b.components());
    both.take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}
