//! `hylint diff OLD NEW` and `hylint diff --git REVISION [PATH]`.

use super::Exit;
use super::fail::{Failure, tell};
use super::options::{FileArgs, LevelArgs, SiteArgs, TerminalArgs, overridden};
use super::progress::Bar;
use super::spare::Spared;
use super::targets::{Formats, Target, targets, write_reports};
use crate::finding::difference::{Difference, State};
use crate::load::{self, Disk, Files};
use crate::report::diff::{DIFF_FORMATS, by_id};
use crate::session::diff::{Pair, Shown, Sides, compare};
use crate::session::{Request, with_threads};
use clap::builder::PossibleValuesParser;
use std::path::{Path, PathBuf};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    lint: LintArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// What is compared.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Input")]
struct InputArgs {
    /// The exports before the change and after it: two folders, or two files; with --git one path [default: .]
    #[arg(value_name = "PATH", help_heading = "Arguments")]
    paths: Vec<PathBuf>,
    /// Compare the work tree with a commit, branch or tag of git
    ///
    /// git is run to read the revision, and nothing in the repository changes.
    #[arg(long, value_name = "REVISION")]
    git: Option<String>,
    #[command(flatten)]
    site: SiteArgs,
}

/// What is reported and what fails.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Findings")]
struct LintArgs {
    #[command(flatten)]
    levels: LevelArgs,
}

/// How it is told.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// Format of the report on standard output [default: human]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    format: Option<String>,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    terminal: TerminalArgs,
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(DIFF_FORMATS.iter().map(|(id, _)| *id))
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let formats = Formats::of_diff();
    let targets = targets(
        &formats,
        args.output.format.as_deref(),
        &args.output.files.output,
    )?;
    let asked = args.input.site.request(Vec::new())?;
    let pair = pair(&args.input, &args.lint.levels.request(asked))?;
    spare(&args.input, &pair, &targets)?;
    let (found, shown) = difference(pair, args)?;
    spare_read(&found, &shown, &targets)?;
    if !args.output.terminal.quiet {
        let mut notes = overridden_of(&args.input.site, &found);
        notes.extend(site_below(&args.input, &found));
        notes.iter().for_each(|text| tell("note", text));
    }
    let terminal = args.output.terminal.options();
    write_reports(&targets, &terminal, |id, options, out| match by_id(id) {
        Some(report) => report.write(&found, options, out),
        None => Ok(()),
    })?;
    match (found.compared(), found.obstacles().is_empty()) {
        (false, _) => Err(nothing_read(&found)),
        (true, false) => Ok(Exit::Findings),
        (true, true) => Ok(Exit::Clean),
    }
}

/// The two states that the command line names.
fn pair(input: &InputArgs, asked: &Request) -> Result<Pair, Failure> {
    let pair = match (&input.git, input.paths.as_slice()) {
        (Some(revision), []) => Pair::of_revision(revision, Path::new("."), asked),
        (Some(revision), [path]) => Pair::of_revision(revision, path, asked),
        (Some(revision), [_, second, ..]) => {
            return Err(Failure::with_help(
                format!(
                    "--git takes one path, and `{}` is the second",
                    second.display()
                ),
                format!(
                    "the work tree is compared with {revision}: name the folder of the exports alone"
                ),
            ));
        }
        (None, [old, new]) => Pair::of_paths(old, new, asked),
        (None, [_, _, third, ..]) => {
            return Err(Failure::with_help(
                format!(
                    "two paths are compared, and `{}` is the third",
                    third.display()
                ),
                "name the folder before the change and the folder after it",
            ));
        }
        (None, [one]) if !one.exists() => {
            let one = one.display();
            return Err(Failure::with_help(
                format!("nothing to compare {one} with, and no such file or folder"),
                format!("for a revision of git, write hylint diff --git {one}"),
            ));
        }
        (None, [one]) => {
            let one = one.display();
            return Err(Failure::with_help(
                format!("nothing to compare {one} with"),
                format!("write hylint diff OLD {one}, or hylint diff --git HEAD {one}"),
            ));
        }
        (None, []) => {
            return Err(Failure::with_help(
                "nothing to compare",
                "write hylint diff OLD NEW, or hylint diff --git REVISION",
            ));
        }
    };
    Ok(pair?)
}

fn difference(pair: Pair, args: &Args) -> Result<(Difference, Shown), Failure> {
    let shown = pair.shown();
    let bar = Bar::new(args.output.terminal.quiet);
    let Pair { old, new, .. } = pair;
    let threads = old.request.threads;
    let found = with_threads(threads, || {
        let sides = Sides::open(old, new, shown.clone(), &bar)?;
        compare(&sides, &bar)
    });
    bar.end();
    Ok((found?, shown))
}

/// Refuses targets that would replace what the run is made of: before anything is read, and so before anything is written.
fn spare(input: &InputArgs, pair: &Pair, targets: &[Target<'_>]) -> Result<(), Failure> {
    let mut spared = Spared::default();
    for file in &pair.policies {
        spared.add_site(file.clone());
    }
    if let Some(file) = &input.site.matrix {
        spared.add("the matrix of this run", file);
    }
    let mut files = targets.iter().filter_map(|t| t.file);
    files.try_for_each(|f| spared.refuse(f))
}

/// The same for every file that turned out to be an export or to stand beside one, whatever it is called.
fn spare_read(found: &Difference, shown: &Shown, targets: &[Target<'_>]) -> Result<(), Failure> {
    let mut spared = Spared::default();
    for path in found.old.exports.iter().map(|e| &e.path) {
        spared.add("an export", &**path);
    }
    for path in found.new.exports.iter().map(|e| &e.path) {
        spared.add("an export", &**path);
        spared.add("an export", &*shown(path));
    }
    let mut files = targets.iter().filter_map(|t| t.file);
    files.try_for_each(|f| spared.refuse(f))
}

/// What the command line says and a site file says otherwise, of either side once.
fn overridden_of(site: &SiteArgs, found: &Difference) -> Vec<String> {
    let of = |s: &State| overridden(site, &s.exports, &s.site);
    let mut all = of(&found.new);
    all.extend(of(&found.old));
    all.dedup();
    all
}

/// Without a site file packets alone are compared: the one that lies below the path was probably meant.
fn site_below(input: &InputArgs, found: &Difference) -> Option<String> {
    if found.old.site.path.is_some() || found.new.site.path.is_some() {
        return None;
    }
    let here = Path::new(".");
    let new = input.paths.last().map_or(here, PathBuf::as_path);
    let file = Disk.walk(new, &|_| true).site_files.into_iter().next()?;
    let folder = load::shown(file.parent()?);
    Some(format!(
        "{} is not read: it lies below the given path; name the folder {folder} to compare its requirements, too",
        load::shown(&file)
    ))
}

/// A side without a firewall has nothing to compare.
fn nothing_read(found: &Difference) -> Failure {
    let empty = |s: &&State| s.exports.iter().all(|e| e.points == 0);
    let sides = [("old", &found.old), ("new", &found.new)];
    let mut sides = sides.iter().filter(|(_, s)| empty(s));
    let first = sides.next().map_or("", |(side, _)| side);
    let (which, name) = match (first, sides.next()) {
        (_, Some(_)) => ("on either side".to_owned(), ""),
        ("old", None) => ("on the old side: ".to_owned(), &*found.old.name),
        (_, None) => ("on the new side: ".to_owned(), &*found.new.name),
    };
    Failure::with_help(
        format!("no firewall export {which}{name}"),
        "check the path; hylint -v PATH lists the files that are no exports",
    )
}
