//! Opens a session: configuration, files, heads, links, hosts.

use super::bodies::Bodies;
use super::check::{Part, parts};
use super::focus::{self, Reading};
use super::material::Material;
use super::request::{Request, SiteScope};
use crate::common::diag::Diag;
use crate::common::progress::Progress;
use crate::link::{Beside, Links, Tells};
use crate::load::{
    self, Discovered, ExportId, FileRef, Files, Keep, Loaded, LoadedExport, Missing, NameKind,
    Overlay, Read, Unread, Whose,
};
use crate::rules::matrix::{self, Matrix};
use crate::site::{self, Bound, Config, Overrides, bind as bind_site};
use hylint_model::OtherPolicy;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Matrix, hosts, and which exports are judged together.
#[derive(Debug)]
pub struct SiteParts {
    /// The matrix.
    pub matrix: Matrix,
    /// The site and its hosts.
    pub bound: Bound,
    pub(super) parts: Vec<Part>,
}

/// As many files are held at once whatever their size: fewer would not be in flight.
const HELD_FILES: usize = 4;

/// What was read before, to take from it what did not change, and what changed.
#[derive(Clone, Copy)]
pub(super) struct Before<'b> {
    pub material: &'b Material,
    /// What was bound by, if anything is bound yet.
    pub matrix: Option<&'b Matrix>,
    pub overlay: &'b Overlay,
}

impl Before<'_> {
    /// Whether each file that did not change would be read as deep as it was: how much of it is kept depends on what else
    /// tells the role of its host.
    fn reads_alike(&self, config: Option<&Config>, matrix: Option<&Matrix>) -> bool {
        let site = |c: Option<&Config>| c.map(|c| (c.path.clone(), c.text.clone()));
        let bound = self.matrix.zip(matrix);
        site(self.material.config.as_ref()) == site(config)
            && bound.is_none_or(|(old, new)| old.sha256 == new.sha256)
    }
}

/// Reads what a request asks for. The matrix comes back with it, unless nothing is to be bound yet.
///
/// # Errors
/// A missing path, a mistake in hylint.toml or in the matrix.
pub(super) fn open(
    files: Arc<dyn Files>,
    request: Request,
    matrix: Option<Matrix>,
    before: Option<Before<'_>>,
    progress: &dyn Progress,
) -> Result<(Material, Option<Matrix>), Vec<Diag>> {
    let Configuration {
        config,
        matrix,
        own,
    } = configuration(&*files, &request, matrix)?;
    let mut reading = reading(&*files, &request, config.as_ref())?;
    mark_by_name(config.as_ref(), &mut reading.found.files);
    mark_by_host(config.as_ref(), &mut reading.found.files);
    progress.begin("reading", reading.found.files.len());
    let whole_site = reading.whole_site;
    let before = before.filter(|b| b.reads_alike(config.as_ref(), matrix.as_ref()));
    let mut loaded = {
        let keep = keeping(
            &*files,
            &request,
            &reading,
            config.as_ref(),
            matrix.as_ref(),
        );
        load(&*files, &reading.found.files, &keep, before, progress)
    };
    let claims = match request.scope {
        SiteScope::OneHost => vec![vec![0]; loaded.heads.len()],
        SiteScope::Declared | SiteScope::Undeclared => {
            bind_site::claims(config.as_ref(), loaded.heads.iter().map(|e| &*e.path))
        }
    };
    let links = Links::join(
        &mut loaded.heads,
        &claims,
        &beside(&request, config.as_ref(), &loaded.unread),
    );
    let mut unentered = reading.found.findings;
    if request.scope == SiteScope::Declared {
        let mut read: Vec<&str> = reading.found.files.iter().map(|f| &*f.shown).collect();
        read.retain(|p| *p != "-");
        let met = &reading.found.site_files;
        unentered.extend(site::nested(&*files, config.as_ref(), met, &read));
    }
    let material = Material {
        focus: reading.focus,
        whole_site,
        unentered,
        unopened: loaded.findings,
        unread: loaded.unread,
        excluded: reading.excluded,
        heads: loaded.heads,
        bodies: Bodies::new(loaded.bodies, request.keep.sources),
        links,
        files,
        config,
        own,
        request,
    };
    Ok((material, matrix))
}

/// Marks what the site names although it is called like something else: by its path, or by a glob for its extension; and
/// backup copies of files beside them that it does not name.
fn mark_by_name(config: Option<&Config>, files: &mut [FileRef]) {
    let all: BTreeSet<Arc<str>> = files.iter().map(|f| f.shown.clone()).collect();
    for f in files.iter_mut().filter(|f| !f.named) {
        f.copy = load::original(&f.shown).is_some_and(|o| all.contains(o));
    }
    let Some(config) = config else { return };
    let other = |f: &&mut FileRef| {
        let kind = load::name_kind(&f.shown);
        f.copy
            || matches!(
                kind,
                NameKind::Document | NameKind::Other | NameKind::Source
            )
    };
    let called: Vec<&mut FileRef> = files.iter_mut().filter(other).collect();
    let claims = bind_site::claims(Some(config), called.iter().map(|f| &*f.shown));
    let hosts = config.hosts.iter().map(|h| &h.exports);
    let entries = hosts.chain(config.transits.iter().map(|t| &t.exports));
    let entries: Vec<_> = entries.collect();
    for (file, claims) in called.into_iter().zip(claims) {
        let path = config.relative(&file.shown);
        let ext = path.rsplit_once('.').map(|(_, ext)| format!(".{ext}"));
        let is_for = |glob: &str| glob == path || ext.as_ref().is_some_and(|e| glob.ends_with(e));
        let globs = claims.iter().filter_map(|n| entries.get(*n)).copied();
        let mut globs = globs.flatten().filter(|g| g.is_match(&path));
        file.bound = globs.any(|g| is_for(g.glob().glob()));
        file.copy &= !file.bound;
    }
}

/// Tells each file which of the others hylint.toml gives to the same host.
fn mark_by_host(config: Option<&Config>, files: &mut [FileRef]) {
    let claims = bind_site::claims(config, files.iter().map(|f| &*f.shown));
    let paths = files.iter().map(|f| f.shown.clone());
    let whose = Whose::new(paths.zip(claims));
    for file in files {
        file.whose = whose.clone();
    }
}

/// Files that no reader takes and that tell of rules beside those of exports.
fn beside<'a>(request: &Request, config: Option<&Config>, unread: &'a [Unread]) -> Vec<Beside<'a>> {
    let of = |u: &'a Unread| {
        let like = u.like.as_ref()?;
        Some(((&*u.path, like.is_front_end()), Tells::of(like)?))
    };
    let (found, tells): (Vec<(&str, bool)>, Vec<Tells>) = unread.iter().filter_map(of).unzip();
    let paths: Vec<&str> = found.iter().map(|(path, _)| *path).collect();
    let claims = match request.scope {
        SiteScope::OneHost => vec![vec![0]; paths.len()],
        SiteScope::Declared | SiteScope::Undeclared => {
            bind_site::claims(config, paths.iter().copied())
        }
    };
    let each = found.into_iter().zip(tells).zip(claims);
    each.map(|(((path, front_end), tells), claims)| Beside {
        path,
        tells,
        claims,
        front_end,
    })
    .collect()
}

/// Binds exports to hosts.
///
/// # Errors
/// A mistake in the matrix, or an option that names no role or address.
pub(super) fn bind(material: &Material, matrix: Option<Matrix>) -> Result<SiteParts, Vec<Diag>> {
    let (request, files) = (&material.request, &*material.files);
    let config = material.config.as_ref();
    let matrix = match (matrix, &request.matrix) {
        (Some(m), _) => m,
        (None, Some(name)) => site::load_matrix(files, name, Path::new(""))?,
        (None, None) => site::load_matrix(files, matrix::DEFAULT, Path::new(""))?,
    };
    let overrides = overrides(files, request, material.whole_site);
    let mut bound = bind_site::bind(
        config,
        &overrides,
        &matrix,
        &material.heads,
        &material.links,
        &material.unread,
        &|export| material.bodies.source(files, export).ok(),
    )?;
    if let Some(by) = &request.judged_by {
        bound.site.set_levels(&by.levels);
    }
    bound.site.fail_on = request.fail_on.unwrap_or(bound.site.fail_on);
    Ok(SiteParts {
        parts: parts(&bound, &material.links, &material.heads),
        matrix,
        bound,
    })
}

fn overrides(files: &dyn Files, request: &Request, whole_site: bool) -> Overrides {
    Overrides {
        roles: request.role.clone(),
        addresses: request.address.clone(),
        whole_site,
        draft: request.draft_command(files),
    }
}

/// What the site file says, and what is judged by.
#[derive(Default)]
struct Configuration {
    config: Option<Config>,
    matrix: Option<Matrix>,
    /// The matrix that the site file asks for, where another one judges.
    own: Option<Matrix>,
}

/// hylint.toml and the matrix. None of either where the files are of one host: nothing is bound until somebody asks.
fn configuration(
    files: &dyn Files,
    request: &Request,
    matrix: Option<Matrix>,
) -> Result<Configuration, Vec<Diag>> {
    if request.scope == SiteScope::OneHost {
        return Ok(Configuration {
            matrix,
            ..Configuration::default()
        });
    }
    let named = request.matrix.as_ref();
    let given = match (matrix, named) {
        (Some(m), _) => Some(m),
        (None, Some(name)) => Some(site::load_matrix(files, name, Path::new(""))?),
        (None, None) => None,
    };
    let find = || request.paths.iter().find_map(|p| site::find(files, p));
    let file = match request.scope {
        SiteScope::Declared => request.config.clone().or_else(find),
        SiteScope::Undeclared | SiteScope::OneHost => None,
    };
    let (config, matrix) = match (file, given) {
        (Some(f), given) => {
            let (config, matrix) = site::load(files, &f, given)?;
            (Some(config), matrix)
        }
        (None, Some(m)) => (None, m),
        (None, None) => (
            None,
            site::load_matrix(files, matrix::DEFAULT, Path::new(""))?,
        ),
    };
    Ok(match &request.judged_by {
        None => Configuration {
            config,
            matrix: Some(matrix),
            own: None,
        },
        Some(by) => Configuration {
            config: config.map(|c| c.under(&matrix, &by.matrix)),
            matrix: Some(by.matrix.clone()),
            own: Some(matrix),
        },
    })
}

/// Which files are read.
fn reading(
    files: &dyn Files,
    request: &Request,
    config: Option<&Config>,
) -> Result<Reading, Vec<Diag>> {
    let found = match request.scope {
        SiteScope::Declared => {
            let told = RefCell::new(BTreeSet::new());
            let excluded = |p: &Path| {
                let is = config.is_some_and(|c| excludes(c, p));
                if is {
                    told.borrow_mut().insert(load::shown(p));
                }
                is
            };
            let found = focus::read(files, &request.paths, request.changed, config, &excluded);
            found.map(|r| Reading {
                excluded: told.take().into_iter().collect(),
                ..r
            })
        }
        SiteScope::Undeclared => {
            load::discover(files, &request.paths, &|_| false).map(Reading::of_all)
        }
        SiteScope::OneHost => one_host(files, request).map(Reading::of_all),
    };
    found.map_err(|all| all.into_iter().map(Diag::from).collect())
}

/// The paths as they are given, in their order.
fn one_host(files: &dyn Files, request: &Request) -> Result<Discovered, Vec<Missing>> {
    let mut out = Discovered::default();
    for path in &request.paths {
        let found = load::discover(files, std::slice::from_ref(path), &|_| false)?;
        out.files.extend(found.files);
        out.findings.extend(found.findings);
    }
    let all: Vec<_> = out.files.iter().filter(|f| !f.stdin).collect();
    let all: Vec<_> = all.into_iter().map(|f| f.open.clone()).collect();
    for file in &mut out.files {
        let others = all.iter().filter(|o| **o != file.open);
        file.with = others.cloned().collect();
    }
    Ok(out)
}

/// Whether a path is excluded; the site's globs are relative to hylint.toml.
fn excludes(config: &Config, path: &Path) -> bool {
    let path = load::shown(path);
    config.exclude.is_match(config.relative(&path))
}

/// What is kept of each file that is read: all of it of a few files, of others their heads, and the ports that rules open
/// where nothing else may tell the role of the host.
fn keeping<'k>(
    files: &dyn Files,
    request: &Request,
    reading: &'k Reading,
    config: Option<&Config>,
    matrix: Option<&Matrix>,
) -> impl Fn(&FileRef) -> Keep + Sync + use<'k> {
    let all = &reading.found.files;
    let few = all.len() <= HELD_FILES && request.held_bytes > 0;
    let kept = request.keep.sources || request.scope == SiteScope::OneHost;
    let small = || load::sizes(files, all).iter().sum::<u64>() <= request.held_bytes;
    let hold = few || kept || small();
    let overrides = overrides(files, request, reading.whole_site);
    let shown = all.iter().map(|f| &*f.shown);
    let untold = match matrix {
        Some(m) if !hold => bind_site::untold(config, &overrides, m, shown),
        _ => Default::default(),
    };
    move |f: &FileRef| match hold {
        true => Keep::Whole,
        false if untold.contains(&*f.shown) => Keep::Opened,
        false => Keep::Head,
    }
}

/// Reads the files, but those that a session before has read and that did not change.
fn load(
    files: &dyn Files,
    all: &[FileRef],
    keep: &(dyn Fn(&FileRef) -> Keep + Sync),
    before: Option<Before<'_>>,
    progress: &dyn Progress,
) -> Loaded {
    let tick = |_: &FileRef| progress.step();
    let Some(Before {
        material, overlay, ..
    }) = before
    else {
        return load::load(files, all, keep, &tick);
    };
    let known = known_exports(material);
    let read = |f: &FileRef| {
        let id = known.get(&f.shown).filter(|_| !overlay.changes(&f.open));
        let same = |id: &&ExportId| material.bodies.file(**id) == Some(f);
        let unchanged = id.filter(same).and_then(|id| again(material, *id));
        unchanged.unwrap_or_else(|| load::read(files, f, keep(f)))
    };
    let all = hylint_parallel::map(all.iter().collect(), |f| {
        let read = read(f);
        tick(f);
        read
    });
    Loaded::of(files, all)
}

fn known_exports(material: &Material) -> BTreeMap<Arc<str>, ExportId> {
    let heads = material.heads.each();
    heads.map(|(id, e)| (e.path.clone(), id)).collect()
}

/// What was read of an export, without what other files said of it.
fn again(material: &Material, id: ExportId) -> Option<Read> {
    let mut head: LoadedExport = material.heads.get(id)?.clone();
    // What it includes may have changed, or may be there now.
    if head.included.is_some() {
        return None;
    }
    let joined = material.links.settings.keys().filter(|at| at.export == id);
    for at in joined {
        head.export.points.get_mut(at.index())?.windows = None;
    }
    for at in material.links.policies.iter().filter(|at| at.export == id) {
        head.export.points.get_mut(at.index())?.other_policy = OtherPolicy::Unsaid;
    }
    let body = material.bodies.shared(id)?;
    Some(Read::Export(Box::new(head), body))
}

impl Reading {
    fn of_all(found: Discovered) -> Self {
        Self {
            found,
            whole_site: false,
            focus: None,
            excluded: Vec::new(),
        }
    }
}
