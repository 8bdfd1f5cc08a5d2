//! `hylint check PATH…`, the default.

use super::fail::{Failure, tell};
use super::options::{FileArgs, LevelArgs, SiteArgs, TerminalArgs, overridden};
use super::progress::Bar;
use super::spare::Spared;
use super::targets::{Formats, HUMAN, Target, targets, write_reports};
use super::{Exit, output};
use crate::common::paths;
use crate::finding::Code;
use crate::finding::outcome::{Gate, Outcome};
use crate::load::Disk;
use crate::report::{self, FORMATS, RenderOptions, Show};
use crate::session::suppress::baseline::Baseline;
use crate::session::{Request, check_with};
use crate::site;
use clap::ValueEnum;
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

/// What is read.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Input")]
struct InputArgs {
    /// Folders or files of exports, or `-` for standard input
    ///
    /// Hidden folders and those of version control systems are skipped.
    #[arg(value_name = "PATH", required = true, help_heading = "Arguments")]
    paths: Vec<PathBuf>,
    /// Treat the paths as changed files, as pre-commit passes them
    ///
    /// A file that is no export is skipped, and so is one that was deleted.
    #[arg(long, hide_short_help = true)]
    changed: bool,
    #[command(flatten)]
    site: SiteArgs,
}

/// What is reported and what fails.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Findings")]
struct LintArgs {
    #[command(flatten)]
    levels: LevelArgs,
    /// Report the findings in this file, but do not fail on them
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the findings of this run to a baseline, and use it
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "baseline",
        hide_short_help = true
    )]
    write_baseline: Option<PathBuf>,
    /// Ignore waivers in the exports themselves (`hylint: allow …` in a rule's comment)
    #[arg(long, hide_short_help = true)]
    no_inline_waivers: bool,
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
    /// Of findings with one cause, show the first in full and count the others, or show all of them [default: first; concise:
    /// all]
    #[arg(
        long,
        value_name = "WHAT",
        value_enum,
        hide_possible_values = true,
        hide_short_help = true
    )]
    show: Option<ShowArg>,
    /// Show how many findings of each code there are, and not the findings
    #[arg(long, hide_short_help = true)]
    statistics: bool,
    #[command(flatten)]
    terminal: TerminalArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ShowArg {
    First,
    All,
}

impl From<ShowArg> for Show {
    fn from(s: ShowArg) -> Self {
        match s {
            ShowArg::First => Self::First,
            ShowArg::All => Self::All,
        }
    }
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(FORMATS.iter().map(|(id, _)| *id))
}

impl Args {
    /// The paths as given.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.input.paths
    }

    fn request(&self, paths: Vec<PathBuf>) -> Result<Request, Failure> {
        let asked = self.lint.levels.request(self.input.site.request(paths)?);
        Ok(Request {
            inline_waivers: !self.lint.no_inline_waivers,
            changed: self.input.changed,
            ..asked
        })
    }
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let format = args.output.format.as_deref().unwrap_or(HUMAN);
    if args.output.statistics && format != HUMAN {
        return Err(Failure::with_help(
            format!("--statistics cannot be used with --format {format}"),
            format!("remove one of them: the {format} report has every finding"),
        ));
    }
    let targets = targets(
        &Formats::of_check(),
        args.output.format.as_deref(),
        &args.output.files.output,
    )?;
    spare(args, &targets)?;
    let mut worst = Exit::Clean;
    for paths in sites(args)? {
        worst = worst.max(one_site(args, paths, &targets)?);
    }
    Ok(worst)
}

fn one_site(args: &Args, paths: Vec<PathBuf>, targets: &[Target<'_>]) -> Result<Exit, Failure> {
    let known = args.lint.baseline.as_deref().map(Baseline::load);
    let known = known.transpose()?;
    let bar = Bar::new(args.output.terminal.quiet);
    let outcome = check_with(&args.request(paths)?, &bar);
    bar.end();
    let mut outcome = outcome?;
    spare_read(args, &outcome, targets)?;
    if !args.output.terminal.quiet {
        let notes = overridden(&args.input.site, &outcome.exports, &outcome.site);
        notes.iter().for_each(|text| tell("note", text));
    }
    let known = match (&args.lint.write_baseline, known) {
        (Some(path), _) => Some(write_baseline(path, &outcome)?),
        (None, known) => known,
    };
    if let Some(known) = known {
        let LevelArgs { select, ignore, .. } = &args.lint.levels;
        let has = |all: &[String], code: Code| all.iter().any(|c| c == code.as_str());
        let looked_for = |c: Code| (select.is_empty() || has(select, c)) && !has(ignore, c);
        known.apply(&mut outcome, looked_for);
    }
    let terminal = RenderOptions {
        show: args.output.show.map(Into::into),
        statistics: args.output.statistics,
        ..args.output.terminal.options()
    };
    write_reports(targets, &terminal, |id, options, out| {
        match report::by_id(id) {
            Some(report) => report.write(&outcome, options, out),
            None => Ok(()),
        }
    })?;
    match outcome.verdict() {
        Gate::NotRun => Err(nothing_read(&outcome)),
        Gate::Failed(_) => Ok(Exit::Findings),
        Gate::Passed | Gate::NothingToCheck => Ok(Exit::Clean),
    }
}

/// Refuses targets that would replace what the run is made of: before anything is read, and so before anything is written.
fn spare(args: &Args, targets: &[Target<'_>]) -> Result<(), Failure> {
    let mut spared = Spared::default();
    let site = args.input.site.config.clone();
    let find = || args.input.paths.iter().find_map(|p| site::find(&Disk, p));
    if let Some(file) = site.or_else(find) {
        spared.add_site(file);
    }
    if let Some(file) = &args.input.site.matrix {
        spared.add("the matrix of this run", file);
    }
    if let Some(file) = &args.lint.baseline {
        spared.add("the baseline of this run", file);
    }
    let new = args.lint.write_baseline.as_deref();
    new.map_or(Ok(()), |path| spared.refuse(path))?;
    for file in targets.iter().filter_map(|t| t.file) {
        spared.refuse(file)?;
        if new.is_some_and(|path| paths::normal(path) == paths::normal(file)) {
            return Err(Failure::with_help(
                format!("{} would be both a report and the baseline", file.display()),
                "give each a name of its own",
            ));
        }
    }
    Ok(())
}

/// The same for every file that turned out to be an export or to stand beside one, whatever it is called.
fn spare_read(args: &Args, o: &Outcome, targets: &[Target<'_>]) -> Result<(), Failure> {
    let mut spared = Spared::default();
    for e in o.exports.iter().filter(|e| &*e.path != "-") {
        spared.add("an export", &*e.path);
    }
    let files = targets.iter().filter_map(|t| t.file);
    let mut files = files.chain(args.lint.write_baseline.as_deref());
    files.try_for_each(|f| spared.refuse(f))
}

fn write_baseline(path: &Path, o: &Outcome) -> Result<Baseline, Failure> {
    if !o.judged_any() {
        return Err(nothing_read(o));
    }
    let baseline = Baseline::of(path, o);
    output::file(path, |out| baseline.write(out))?;
    Ok(baseline)
}

/// The given paths by their site file. A commit may touch several sites, and each is judged by its own; a path without one
/// goes with the first.
fn sites(args: &Args) -> Result<Vec<Vec<PathBuf>>, Failure> {
    let paths = &args.input.paths;
    let mut files: Vec<PathBuf> = Vec::new();
    if args.input.site.config.is_none() {
        for file in paths.iter().filter_map(|p| site::find(&Disk, p)) {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    if files.len() < 2 {
        return Ok(vec![paths.clone()]);
    }
    if args.output.format.as_ref().is_some_and(|f| f != HUMAN)
        || !args.output.files.output.is_empty()
        || args.lint.baseline.is_some()
        || args.lint.write_baseline.is_some()
    {
        let files: Vec<_> = files.iter().map(|f| f.display().to_string()).collect();
        return Err(Failure::with_help(
            format!(
                "the paths belong to {} sites: {}",
                files.len(),
                files.join(", ")
            ),
            "run hylint once for each: a report, like a baseline, is about one site",
        ));
    }
    let of = |p: &PathBuf| site::find(&Disk, p).and_then(|f| files.iter().position(|o| *o == f));
    let mut all = vec![Vec::new(); files.len()];
    for p in paths {
        if let Some(group) = all.get_mut(of(p).unwrap_or(0)) {
            group.push(p.clone());
        }
    }
    Ok(all)
}

/// How to make an export of each platform.
const MAKE_EXPORT: &str = "export the rules with `netsh advfirewall firewall show rule name=all verbose`, `iptables-save`, \
    `nft list ruleset`, `aws ec2 describe-security-groups` or `az network nsg list`";

/// Files named in a message.
const NAMED: usize = 5;

fn nothing_read(o: &Outcome) -> Failure {
    if let Some(e) = o.exports.first() {
        return Failure::with_help(
            format!("no export was judged: {} holds no firewall rules", e.path),
            "add the export of the rules themselves to the same folder",
        );
    }
    let looked = o.not_exports.len();
    let message = match (looked, o.findings.is_empty()) {
        (0, true) => "no export was judged: there is no file in the given paths".to_owned(),
        (0, false) => "no export was judged: no file could be read".to_owned(),
        (1, _) => format!(
            "no export was judged: the only file is not a firewall export ({})",
            names(&o.not_exports)
        ),
        (n, _) => format!(
            "no export was judged: none of {n} files is a firewall export ({})",
            names(&o.not_exports)
        ),
    };
    Failure::with_help(message, MAKE_EXPORT)
}

/// The first names, and how many more there are.
fn names(all: &[String]) -> String {
    let text: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
    let text = text.join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => text,
        more => format!("{text} and {more} more, which -v lists"),
    }
}
