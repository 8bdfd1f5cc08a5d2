//! hylint.toml: what a site says of itself, read and checked.

mod flows;
mod hosts;
mod ports;
mod read;

use super::{Access, LintLevel, RequireEvidence, Waive};
use crate::common::diag::Diag;
use crate::common::paths;
use crate::finding::{Code, Severity};
use crate::load::Files;
use crate::rules::matrix::{self, Matrix, RoleIx};
use globset::{GlobMatcher, GlobSet};
use hylint_model::Profiles;
use hylint_space::{AddrSet, PortSet, ProtoSet};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use read::{KEYS, TABLES, matrix_name, read};

/// The file's name.
pub const FILE_NAME: &str = "hylint.toml";

/// What a site says, with names resolved against the matrix.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file as it is named to people.
    pub path: Arc<str>,
    /// Its folder: globs start here.
    pub dir: PathBuf,
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
    /// `[check] max-age-days`.
    pub max_age_days: Option<u32>,
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
    /// Interface → peers.
    pub interfaces: Vec<(String, AddrSet)>,
    /// `resolve` of this firewall alone.
    pub resolve: BTreeMap<String, AddrSet>,
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

/// The hylint.toml of a path: in it, or in the nearest folder above that has one. A relative path gives a relative one,
/// so that reports do not depend on where the site lies.
#[must_use]
pub fn find(files: &dyn Files, path: &Path) -> Option<PathBuf> {
    let absolute = paths::normal(path);
    let found = absolute
        .ancestors()
        .map(|dir| dir.join(FILE_NAME))
        .find(|file| files.is_file(file))?;
    if path.is_absolute() {
        return Some(found);
    }
    let here = std::env::current_dir().ok()?;
    // Below the working directory, or beside one of its parents.
    let above = here.ancestors().enumerate().find_map(|(up, dir)| {
        let rest = found.strip_prefix(dir).ok()?;
        let steps = std::iter::repeat_n(Path::new(".."), up);
        Some(steps.chain([rest]).collect::<PathBuf>())
    });
    Some(above.unwrap_or(found))
}

/// Reads a hylint.toml and the matrix that it asks for, unless one is given.
///
/// # Errors
/// Every mistake in the file, or in the matrix that it names.
pub fn load(
    files: &dyn Files,
    file: &Path,
    matrix: Option<Matrix>,
) -> Result<(Config, Matrix), Vec<Diag>> {
    let shown = file.to_string_lossy();
    let text = files.read_text(file).map_err(|e| unreadable(&shown, &e))?;
    let dir = file.parent().unwrap_or(Path::new("")).to_path_buf();
    let matrix = match (matrix, matrix_name(&text)) {
        (Some(given), _) => given,
        (None, None) => load_matrix(files, matrix::DEFAULT, &dir)?,
        (None, Some((name, span))) => load_matrix(files, &name, &dir).map_err(|found| {
            let unread = found.iter().any(|d| d.code == "config");
            found
                .into_iter()
                .map(|d| {
                    if unread {
                        at(d, &shown, &text, &span)
                    } else {
                        d
                    }
                })
                .collect::<Vec<_>>()
        })?,
    };
    let mut config = read(&shown, &text, &matrix)?;
    config.dir = dir;
    Ok((config, matrix))
}

/// A matrix by name: a built-in one, or a TOML file relative to `dir`.
///
/// # Errors
/// Every mistake in the file, or that there is none.
pub fn load_matrix(files: &dyn Files, name: &str, dir: &Path) -> Result<Matrix, Vec<Diag>> {
    if let Some(found) = matrix::builtin(name) {
        return found;
    }
    let file = dir.join(name);
    let text = files.read_text(&file).map_err(|e| {
        let mut found = unreadable(&file.to_string_lossy(), &e);
        for d in &mut found {
            let builtin = crate::common::toml_reader::list(matrix::BUILTIN);
            d.help = Some(format!(
                "name a matrix that is built in ({builtin}), or a TOML file"
            ));
        }
        found
    })?;
    matrix::read(&[(name, &text)])
}

fn unreadable(path: &str, error: &std::io::Error) -> Vec<Diag> {
    vec![Diag {
        path: path.into(),
        text: "".into(),
        span: 0..0,
        message: format!("cannot read {path}: {error}"),
        help: None,
        code: "config",
    }]
}

/// The same mistake, told at the place that names the file.
fn at(mut diag: Diag, path: &str, text: &str, span: &Range<usize>) -> Diag {
    diag.path = path.into();
    diag.text = text.into();
    diag.span = span.clone();
    diag
}

#[cfg(test)]
mod tests;
