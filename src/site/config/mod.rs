//! hylint.toml: what a site says of itself, read and checked.

mod fields;
mod find;
mod flows;
mod hosts;
mod keys;
mod ports;
mod read;
mod under;
mod values;
mod vias;

use crate::common::diag::{Diag, io_cause, nearest};
use crate::common::paths::normal;
use crate::load::Files;
use crate::rules::matrix::{self, Matrix};
use std::ops::Range;
use std::path::Path;

pub(in crate::site) use fields::address_help;
pub use find::{find, names};
pub(crate) use keys::{ACCESS, EVIDENCE, LEVELS, PROFILES};
pub use keys::{FILE, schema};
pub use read::{matrix_name, read};
pub use values::{AllowConfig, Config, Ends, HostConfig, TransitConfig, ViaConfig};

/// The file's name.
pub const FILE_NAME: &str = "hylint.toml";

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
        (None, Some((name, span))) if !is_below(files, &name, &dir) => {
            return Err(vec![Diag {
                path: shown.as_ref().into(),
                text: text.as_str().into(),
                span,
                message: format!("the matrix `{name}` is outside the folder of {shown}"),
                help: Some(format!(
                    "move it into that folder, or run hylint with `--matrix {name}`: a site file must not choose what judges it"
                )),
                code: "config",
            }]);
        }
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
    config.moved = files.moved().cloned();
    Ok((config, matrix))
}

/// Whether a matrix is built in, or a file below the folder of the site file, links followed.
fn is_below(files: &dyn Files, name: &str, dir: &Path) -> bool {
    let file = dir.join(name);
    let links = files.resolved(&file).starts_with(files.resolved(dir));
    matrix::builtin(name).is_some() || normal(&file).starts_with(normal(dir)) && links
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
            d.message = format!("cannot read the matrix {name}: {}", io_cause(&e));
            let near = nearest(&name.to_lowercase(), matrix::BUILTIN.iter().copied());
            let near = near.map(|n| format!("did you mean `{n}`? "));
            let builtin = crate::common::toml_reader::list(matrix::BUILTIN);
            d.help = Some(format!(
                "{}expected {builtin} (built in) or a TOML file",
                near.unwrap_or_default()
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
        message: format!("cannot read {path}: {}", io_cause(error)),
        help: Some("name an existing hylint.toml, or write one with `hylint init`".into()),
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
