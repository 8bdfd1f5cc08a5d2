//! Where each report goes, and in which format.

use super::fail::Failure;
use crate::common::diag::{nearest, or};
use crate::common::paths::normal;
use crate::report::{self, FORMATS, Report};
use std::collections::BTreeSet;
use std::path::Path;

/// The format for people.
pub(super) const HUMAN: &str = "human";

/// One place that a report goes to.
pub(super) struct Target<'a> {
    id: &'static str,
    /// What writes it.
    pub(super) report: &'static dyn Report,
    /// None: standard output.
    pub(super) file: Option<&'a Path>,
}

impl<'a> Target<'a> {
    fn new(id: &str, file: &'a str) -> Result<Self, Failure> {
        let found = FORMATS.iter().find(|(known, _)| *known == id);
        let (id, report) = found.copied().ok_or_else(|| unknown_format(id))?;
        let file = (file != "-").then(|| Path::new(file));
        Ok(Self { id, report, file })
    }
}

/// The targets of `--format` and of each `--output`.
///
/// # Errors
/// A file whose format cannot be told, or two reports for one place.
pub(super) fn targets<'a>(
    format: Option<&str>,
    outputs: &'a [String],
) -> Result<Vec<Target<'a>>, Failure> {
    let main = format.unwrap_or(HUMAN);
    let mut all = Vec::new();
    // Formats of files that were given without one: the report itself goes there.
    let mut moved = Vec::new();
    for o in outputs {
        let target = match named_format(o) {
            Some((id, "")) => return Err(no_file(o, id)),
            Some((id, file)) => Target::new(id, file)?,
            None => {
                let target = by_ending(o, format)?;
                moved.push(target.id);
                target
            }
        };
        all.push(target);
    }
    let elsewhere = match format {
        Some(id) => moved.contains(&id),
        None => !moved.is_empty(),
    };
    if !elsewhere && !all.iter().any(|t| t.file.is_none()) {
        all.insert(0, Target::new(main, "-")?);
    }
    distinct(&all)?;
    Ok(all)
}

/// `FORMAT=FILE`. A file's name may hold `=`, but a misspelt format must not become a file.
fn named_format(output: &str) -> Option<(&str, &str)> {
    let (id, file) = output.split_once('=')?;
    let word = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    word.then_some((id, file))
}

fn no_file(output: &str, id: &str) -> Failure {
    match report::by_id(id) {
        None => unknown_format(id),
        Some(_) => Failure::with_help(
            format!("--output {output} names no file"),
            format!("write --output {id}=FILE, or `-` for standard output"),
        ),
    }
}

/// The format of a file by its ending. Standard output, devices and pipes have none and get that of `--format`.
fn by_ending<'a>(file: &'a str, format: Option<&str>) -> Result<Target<'a>, Failure> {
    let main = format.unwrap_or(HUMAN);
    if file.is_empty() {
        return Err(Failure::with_help(
            "--output names no file",
            "write --output FILE, or --output FORMAT=FILE",
        ));
    }
    let device = std::fs::metadata(file).is_ok_and(|m| !m.is_file() && !m.is_dir());
    if file == "-" || device {
        return Target::new(main, file);
    }
    if report::by_id(&file.to_ascii_lowercase()).is_some() {
        return Err(Failure::with_help(
            format!("--output {file} names a format and no file"),
            format!("write --output {file}=FILE, or --format {file} for standard output"),
        ));
    }
    let mut endings: Vec<(&str, &str)> = report::endings()
        .filter(|(ending, _)| !ending.trim_start_matches('.').contains('.'))
        .collect();
    // One for each format is enough to learn from.
    endings.dedup_by_key(|(_, id)| *id);
    let endings: Vec<&str> = endings.iter().map(|(ending, _)| *ending).collect();
    let found = report::endings().find(|(ending, _)| file.to_ascii_lowercase().ends_with(ending));
    match found {
        Some((_, id)) => Target::new(id, file),
        None => Err(Failure::with_help(
            format!("the ending of {file} names no output format"),
            format!(
                "use {}, or name the format: --output {}={file}",
                or(&endings),
                format.unwrap_or("FORMAT")
            ),
        )),
    }
}

fn unknown_format(id: &str) -> Failure {
    let known: Vec<&str> = FORMATS.iter().map(|(id, _)| *id).collect();
    let near = nearest(&id.to_ascii_lowercase(), known.iter().copied());
    let near = near.map(|n| format!("did you mean `{n}`? "));
    Failure::with_help(
        format!("unknown output format `{id}`"),
        format!("{}expected {}", near.unwrap_or_default(), or(&known)),
    )
}

/// Two reports in one place would leave only one of them, or a mixture.
fn distinct(targets: &[Target<'_>]) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for t in targets {
        if !seen.insert(t.file.map(normal)) {
            let name = t
                .file
                .map_or("standard output".into(), Path::to_string_lossy);
            return Err(Failure::with_help(
                format!("two reports would go to {name}"),
                "give each --output a file of its own",
            ));
        }
    }
    Ok(())
}
