//! A session: exports that were read and bound, and what is asked about them.
//!
//! `check`, `trace`, `inspect` and `init` each open one. It runs over any [`Files`]: the disk, a tree of git, either with
//! changes over it. Everything that it names by a number ([`ExportId`], [`RunPoint`]) means something in this session
//! alone; a [`PointKey`] names the same point in another. Several sessions may be open at once.
//!
//! A few exports are held from the first reading to the judging. Of a fleet only the heads are: what stands beside the
//! rules, from which the site is bound. The rest of an export is read when its part is judged, so that memory grows with
//! the heads and the report and not with the exports. The seal of the first reading has to hold for the second, and the
//! hash that is reported is that of the bytes that are judged. Both ways go through the same code, so the report is the
//! same.
//!
//! # Example
//!
//! What would a change do? A second session over the changed files judges only what depends on them:
//!
//! ```
//! use hylint::finding::Code;
//! use hylint::load::{Disk, Files};
//! use hylint::session::{Kept, Request, Session};
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! # fn main() -> Result<(), Vec<hylint::common::diag::Diag>> {
//! let keep = Kept { verdicts: true, ..Kept::default() };
//! let request = Request { keep, ..Request::new(["examples/windows-dc/faulty"]) };
//! let before = Session::open(Arc::new(Disk), request)?;
//! let outcome = before.check()?;
//!
//! // Nothing is written: the second session sees the file as it would be.
//! let path = Path::new("examples/windows-dc/faulty/sh1/allprofiles.txt");
//! let text = Disk.read_text(path).expect("an example");
//! let opened = text.replace("BlockInbound", "AllowInbound");
//! let after = before.with(|files| files.with(path, opened.into_bytes()))?;
//!
//! let missing = |o: &hylint::finding::outcome::Outcome| {
//!     o.findings.iter().filter(|f| f.code == Code::MissingFlow).count()
//! };
//! assert!(missing(&after.check()?) < missing(&outcome));
//! assert!(after.judged() < before.judged());
//!
//! // Points are found again by their keys.
//! let key = before.points()?.first().map(|p| p.key.clone()).expect("a firewall");
//! assert!(after.find(&key).is_some());
//! # Ok(())
//! # }
//! ```

pub mod diff;
pub mod focus;
pub mod init;
pub mod inspect;
pub mod suppress;
pub mod trace;

mod bodies;
mod check;
mod material;
mod open;
mod point_key;
mod request;

pub use open::SiteParts;
pub use point_key::PointKey;
pub use request::{JudgedBy, Kept, Request, SiteScope};

use crate::common::diag::Diag;
use crate::common::progress::{Progress, Silent};
use crate::finding::Finding;
use crate::finding::outcome::Outcome;
use crate::judge::Exports;
use crate::link::Links;
use crate::load::{Disk, ExportId, Files, Heads, LoadedExport, Overlay, RunPoint, Unread};
use crate::rules::matrix::Matrix;
use crate::site::{Bound, Config};
use bodies::Changed;
use check::{Check, LinkedPart, LinkedParts, Memos, Part, PartSeal};
use hylint_engine::{Indexes, SetId};
use hylint_model::PointKind;
use material::Material;
use open::Before;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Exports that were read and bound.
#[derive(Debug)]
pub struct Session {
    material: Material,
    /// The matrix that goes before that of the request and of the site.
    given: Option<Matrix>,
    site: OnceLock<SiteParts>,
    linked: LinkedParts,
    memos: Memos,
    judged: AtomicUsize,
}

/// A point of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BoundPoint<'s> {
    /// How it is known in other sessions.
    pub key: PointKey,
    /// How it is known in this one.
    pub at: RunPoint,
    /// What kind of firewall it is.
    pub kind: PointKind,
    /// The hosts that it guards, and the forwarding firewalls that it is, by name.
    pub hosts: Vec<&'s str>,
}

/// The linked rule sets that are judged together with an export's.
#[derive(Clone, Debug)]
pub struct LinkedExport {
    part: Arc<LinkedPart>,
    /// The export among them.
    pub set: SetId,
}

impl LinkedExport {
    /// The rule sets.
    #[must_use]
    pub fn exports(&self) -> &Exports {
        &self.part.exports
    }
}

impl Session {
    /// Reads the files of a request and binds them.
    ///
    /// # Errors
    /// What keeps it from running at all: a missing path, a mistake in hylint.toml or in the matrix, an option that names
    /// no role or address.
    pub fn open(files: Arc<dyn Files>, request: Request) -> Result<Self, Vec<Diag>> {
        Self::open_with(files, request, None, &Silent)
    }

    /// The same by a matrix that was read already, and with somebody waiting.
    ///
    /// # Errors
    /// Those of [`Session::open`].
    pub fn open_with(
        files: Arc<dyn Files>,
        request: Request,
        matrix: Option<Matrix>,
        progress: &dyn Progress,
    ) -> Result<Self, Vec<Diag>> {
        let given = matrix.clone();
        let (material, matrix) = open::open(files, request, matrix, None, progress)?;
        Self::of(material, given, matrix, Memos::default())
    }

    fn of(
        material: Material,
        given: Option<Matrix>,
        matrix: Option<Matrix>,
        memos: Memos,
    ) -> Result<Self, Vec<Diag>> {
        let site = OnceLock::new();
        if let Some(matrix) = matrix {
            let _ = site.set(open::bind(&material, Some(matrix))?);
        }
        let kept = match material.request.keep.points {
            true => material.heads.len(),
            false => 0,
        };
        Ok(Self {
            material,
            given,
            site,
            linked: LinkedParts::new(kept),
            memos,
            judged: AtomicUsize::new(0),
        })
    }

    /// The same request over changed files. What it does not depend on is neither read nor judged again, as far as this
    /// session keeps it.
    ///
    /// # Errors
    /// Those of [`Session::open`], for the changed files.
    pub fn with(&self, change: impl FnOnce(Overlay) -> Overlay) -> Result<Self, Vec<Diag>> {
        let m = &self.material;
        let overlay = Arc::new(change(Overlay::new(m.files.clone())));
        let before = Before {
            material: m,
            matrix: self.site.get().map(|s| &s.matrix),
            overlay: &overlay,
        };
        let (request, given) = (m.request.clone(), self.given.clone());
        let (material, matrix) = open::open(
            overlay.clone(),
            request,
            given.clone(),
            Some(before),
            &Silent,
        )?;
        Self::of(material, given, matrix, self.memos.copied())
    }

    /// Judges everything and says what was found.
    ///
    /// # Errors
    /// A file changed after it was first read, or the site cannot be bound ([`SiteScope::OneHost`] binds it now).
    pub fn check(&self) -> Result<Outcome, Vec<Diag>> {
        self.check_with(&Silent)
    }

    /// The same, with somebody waiting.
    ///
    /// # Errors
    /// Those of [`Session::check`].
    pub fn check_with(&self, progress: &dyn Progress) -> Result<Outcome, Vec<Diag>> {
        let (m, site) = (&self.material, self.site()?);
        let check = Check {
            material: m,
            matrix: &site.matrix,
            bound: &site.bound,
            parts: &site.parts,
            linked: &self.linked,
            memos: &self.memos,
            judged: &self.judged,
        };
        let mut outcome = check.run(progress).map_err(|c| vec![changed(&c)])?;
        if let Some(focus) = m.focus.clone() {
            let about = focus.about(m.config.as_ref(), &site.bound, &m.heads);
            about.narrow(&mut outcome);
        }
        Ok(outcome)
    }

    /// What was asked.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.material.request
    }

    /// Where its files are.
    #[must_use]
    pub fn files(&self) -> &dyn Files {
        &*self.material.files
    }

    /// hylint.toml, if there is one.
    #[must_use]
    pub fn config(&self) -> Option<&Config> {
        self.material.config.as_ref()
    }

    /// The matrix that the site file or an option asks for, whatever matrix judges.
    ///
    /// # Errors
    /// Those of [`Session::site`].
    pub fn own_matrix(&self) -> Result<&Matrix, Vec<Diag>> {
        match &self.material.own {
            Some(own) => Ok(own),
            None => Ok(&self.site()?.matrix),
        }
    }

    /// The exports without rules and text.
    #[must_use]
    pub fn heads(&self) -> &Heads {
        &self.material.heads
    }

    /// What the files of each scope say of each other.
    #[must_use]
    pub fn links(&self) -> &Links {
        &self.material.links
    }

    /// Files that cannot be opened, in path order.
    #[must_use]
    pub fn unopened(&self) -> &[Finding] {
        &self.material.unopened
    }

    /// Files that no reader took, in path order.
    #[must_use]
    pub fn unread(&self) -> &[Unread] {
        &self.material.unread
    }

    /// How many parts this session has judged, those included that were judged twice.
    #[must_use]
    pub fn judged(&self) -> usize {
        self.judged.load(Ordering::Relaxed)
    }

    /// Matrix, hosts and parts.
    ///
    /// # Errors
    /// Those of [`Session::open`] that it defers with [`SiteScope::OneHost`].
    pub fn site(&self) -> Result<&SiteParts, Vec<Diag>> {
        match self.site.get() {
            Some(site) => Ok(site),
            None => {
                let site = open::bind(&self.material, None)?;
                Ok(self.site.get_or_init(|| site))
            }
        }
    }

    /// Every point with the hosts that it guards, in path order.
    ///
    /// # Errors
    /// Those of [`Session::site`].
    pub fn points(&self) -> Result<Vec<BoundPoint<'_>>, Vec<Diag>> {
        let bound = &self.site()?.bound;
        let mut all = Vec::new();
        for (id, e) in self.material.heads.each() {
            let keys = point_key::keys_of(&self.material.relative(e), e);
            let points = keys.into_iter().zip(&e.export.points).enumerate();
            all.extend(points.map(|(n, (key, p))| {
                let at = RunPoint::new(id, n);
                BoundPoint {
                    key,
                    at,
                    kind: p.kind,
                    hosts: guarded(bound, at),
                }
            }));
        }
        Ok(all)
    }

    /// The point of a key, if this session has it.
    #[must_use]
    pub fn find(&self, key: &PointKey) -> Option<RunPoint> {
        let m = &self.material;
        point_key::find(&m.heads, key, |e| m.relative(e))
    }

    /// An export as its reader left it, with its text.
    ///
    /// # Errors
    /// It is not kept and the file changed after it was first read.
    pub fn source(&self, export: ExportId) -> Result<Arc<LoadedExport>, Vec<Diag>> {
        let m = &self.material;
        let source = m.bodies.source(&*m.files, export);
        let mut source = source.map_err(|c| vec![changed(&c)])?;
        // The head holds them for all.
        if let Some(head) = m.heads.get(export) {
            let companions = &head.export.companions;
            source.export.companions.clone_from(companions);
        }
        Ok(Arc::new(source))
    }

    /// The rule sets that are judged together with an export's, linked, with indexes by `new` where they are not kept
    /// already.
    ///
    /// # Errors
    /// A file changed after it was first read.
    pub fn linked(
        &self,
        export: ExportId,
        new: impl Fn() -> Indexes,
    ) -> Result<LinkedExport, Vec<Diag>> {
        let m = &self.material;
        let all = Part::of_all(&m.heads);
        let part = match m.request.scope {
            SiteScope::OneHost => &all,
            SiteScope::Declared | SiteScope::Undeclared => {
                let mut parts = self.site()?.parts.iter();
                parts.find(|p| p.set(export).is_some()).unwrap_or(&all)
            }
        };
        let linked = self.linked.get(m, part, new);
        Ok(LinkedExport {
            part: linked.map_err(|c| vec![changed(&c)])?,
            set: part.set(part.home(export)).unwrap_or_default(),
        })
    }
}

/// The hosts that a point guards, and the forwarding firewalls that it is.
fn guarded(bound: &Bound, at: RunPoint) -> Vec<&str> {
    let hosts = bound.site.hosts.iter();
    let hosts = hosts.filter(|h| h.layers.iter().any(|l| l.points.contains(&at)));
    let transits = bound.site.transits.iter();
    let transits = transits.filter(|t| t.points.contains(&at));
    let names = hosts.map(|h| &*h.name).chain(transits.map(|t| &*t.name));
    let mut all: Vec<&str> = names.collect();
    // A host whose interfaces are guarded differently is several.
    all.dedup();
    all
}

fn changed(c: &Changed) -> Diag {
    Diag {
        path: c.0.clone(),
        text: "".into(),
        span: 0..0,
        message: format!("{} changed while it was checked", c.0),
        help: Some("run again when nobody writes to it".into()),
        code: "path",
    }
}

/// Opens a session over the disk and checks it, by as many threads as the request asks for.
///
/// # Errors
/// Those of [`Session::open`] and of [`Session::check`].
pub fn check(request: &Request) -> Result<Outcome, Vec<Diag>> {
    check_with(request, &Silent)
}

/// The same, with somebody waiting.
///
/// # Errors
/// Those of [`check`].
pub fn check_with(request: &Request, progress: &dyn Progress) -> Result<Outcome, Vec<Diag>> {
    with_threads(request.threads, || {
        let session = Session::open_with(Arc::new(Disk), request.clone(), None, progress)?;
        session.check_with(progress)
    })
}

/// Runs by so many threads, 0 for one per core.
pub fn with_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    match threads {
        0 => return run(),
        1 => return hylint_parallel::alone(run),
        _ => {}
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    match pool.build() {
        Ok(pool) => pool.install(run),
        // The system gives no threads: those that are there do.
        Err(_) => run(),
    }
}
