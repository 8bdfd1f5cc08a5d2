//! Where each report goes, and in which format.

use super::fail::Failure;
use super::output::{self, Staged};
use crate::common::diag::{nearest, or};
use crate::common::paths::normal;
use crate::report::{self, FORMATS, RenderOptions};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

/// The format for people.
pub(super) const HUMAN: &str = "human";

/// The formats that a command has, by their ids.
pub(super) struct Formats(Vec<&'static str>);

impl Formats {
    /// Those of `check`.
    pub(super) fn of_check() -> Self {
        Self(FORMATS.iter().map(|(id, _)| *id).collect())
    }

    /// Those of `diff`.
    pub(super) fn of_diff() -> Self {
        let all = report::diff::DIFF_FORMATS.iter();
        Self(all.map(|(id, _)| *id).collect())
    }

    /// The one that standard output has where none is named: that for people.
    fn main(&self) -> &'static str {
        self.0.first().copied().unwrap_or(HUMAN)
    }

    fn named(&self, id: &str) -> Option<&'static str> {
        self.0.iter().find(|known| **known == id).copied()
    }

    fn endings(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        report::endings().filter(|(_, id)| self.0.contains(id))
    }

    fn target<'a>(&self, id: &str, file: &'a str) -> Result<Target<'a>, Failure> {
        let id = self.named(id).ok_or_else(|| self.unknown(id))?;
        let file = (file != "-").then(|| Path::new(file));
        Ok(Target { id, file })
    }

    fn unknown(&self, id: &str) -> Failure {
        let near = nearest(&id.to_ascii_lowercase(), self.0.iter().copied());
        let near = near.map(|n| format!("did you mean `{n}`? "));
        Failure::with_help(
            format!("unknown output format `{id}`"),
            format!("{}expected {}", near.unwrap_or_default(), or(&self.0)),
        )
    }
}

/// One place that a report goes to.
pub(super) struct Target<'a> {
    id: &'static str,
    /// None: standard output.
    pub(super) file: Option<&'a Path>,
}

/// The targets of `--format` and of each `--output`.
///
/// # Errors
/// A file whose format cannot be told, or two reports for one place.
pub(super) fn targets<'a>(
    formats: &Formats,
    format: Option<&str>,
    outputs: &'a [String],
) -> Result<Vec<Target<'a>>, Failure> {
    let main = format.unwrap_or(formats.main());
    let mut all = Vec::new();
    // Formats of files that were given without one: the report itself goes there.
    let mut moved = Vec::new();
    for o in outputs {
        let target = match named_format(o) {
            Some((id, "")) => return Err(no_file(formats, o, id)),
            Some((id, file)) => formats.target(id, file)?,
            None => {
                let target = by_ending(formats, o, format)?;
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
        all.insert(0, formats.target(main, "-")?);
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

fn no_file(formats: &Formats, output: &str, id: &str) -> Failure {
    match formats.named(id) {
        None => formats.unknown(id),
        Some(_) => Failure::with_help(
            format!("--output {output} names no file"),
            format!("write --output {id}=FILE, or `-` for standard output"),
        ),
    }
}

/// The format of a file by its ending. Standard output, devices and pipes have none and get that of `--format`.
fn by_ending<'a>(
    formats: &Formats,
    file: &'a str,
    format: Option<&str>,
) -> Result<Target<'a>, Failure> {
    let main = format.unwrap_or(formats.main());
    if file.is_empty() {
        return Err(Failure::with_help(
            "--output names no file",
            "write --output FILE, or --output FORMAT=FILE",
        ));
    }
    let device = std::fs::metadata(file).is_ok_and(|m| !m.is_file() && !m.is_dir());
    if file == "-" || device {
        return formats.target(main, file);
    }
    if formats.named(&file.to_ascii_lowercase()).is_some() {
        return Err(Failure::with_help(
            format!("--output {file} names a format and no file"),
            format!("write --output {file}=FILE, or --format {file} for standard output"),
        ));
    }
    let mut endings: Vec<(&str, &str)> = formats
        .endings()
        .filter(|(ending, _)| !ending.trim_start_matches('.').contains('.'))
        .collect();
    // One for each format is enough to learn from.
    endings.dedup_by_key(|(_, id)| *id);
    let endings: Vec<&str> = endings.iter().map(|(ending, _)| *ending).collect();
    let found = formats
        .endings()
        .find(|(ending, _)| file.to_ascii_lowercase().ends_with(ending));
    match found {
        Some((_, id)) => formats.target(id, file),
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

/// Writes a report to each target: all files or none, so that either all reports are of this run or none is.
pub(super) fn write_reports(
    targets: &[Target<'_>],
    terminal: &RenderOptions,
    write: impl Fn(&str, &RenderOptions, &mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    // A file looks the same wherever it was made.
    let plain = RenderOptions {
        color: false,
        width: RenderOptions::WIDTH,
        ..*terminal
    };
    // Every file is written before any takes its place.
    let mut staged = Vec::new();
    for t in targets {
        if let Some(path) = t.file {
            staged.push(output::stage(path, |out| write(t.id, &plain, out))?);
        }
    }
    staged.into_iter().try_for_each(Staged::commit)?;
    for t in targets.iter().filter(|t| t.file.is_none()) {
        output::stdout(|out| write(t.id, terminal, out))?;
    }
    Ok(())
}
