//! `hylint check PATH…`, the default.

use super::color::Color;
use super::fail::{Failure, tell};
use super::output::Staged;
use super::progress::Bar;
use super::spare::Spared;
use super::targets::{HUMAN, Target, targets};
use super::values::{codes, moment, threads};
use super::{Exit, output};
use crate::common::diag::and;
use crate::common::paths;
use crate::finding::outcome::{Gate, Outcome};
use crate::finding::{Code, RoleSource, Severity};
use crate::load::Disk;
use crate::report::{FORMATS, RenderOptions, Show};
use crate::session::suppress::baseline::Baseline;
use crate::session::{Request, check_with};
use crate::site;
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use std::io;
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
    /// Site file [default: hylint.toml in the path or in a folder above it]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Built-in matrix, or a matrix file [default: the site's, else hyworks]
    #[arg(long, value_name = "ID|FILE")]
    matrix: Option<String>,
    /// Role of the host, for exports that hylint.toml does not name
    #[arg(long, value_name = "ROLE", value_delimiter = ',')]
    role: Vec<String>,
    /// Address, prefix or range of the host, for exports that hylint.toml does not name
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    address: Vec<String>,
    /// Date of the run, for waivers and the age of exports [default: SOURCE_DATE_EPOCH, else now]
    #[arg(long, value_name = "RFC3339", value_parser = moment, hide_short_help = true)]
    at: Option<jiff::Timestamp>,
    /// Number of threads; 0 is one per core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = threads, allow_negative_numbers = true, hide_short_help = true)]
    threads: usize,
}

/// What is reported and what fails.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Findings")]
struct LintArgs {
    /// Lowest severity that fails the run [default: the site's, else error]
    #[arg(long, value_name = "LEVEL", value_enum)]
    fail_on: Option<Level>,
    /// Report only these codes; `hylint explain` lists them
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = codes(), hide_possible_values = true)]
    select: Vec<String>,
    /// Do not report these codes
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = codes(), hide_possible_values = true)]
    ignore: Vec<String>,
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
    /// Write the report to a file, in the format of its ending; repeatable
    ///
    /// FORMAT=FILE names the format. With FILE alone nothing is written to standard output, unless --format asks for
    /// another format; with FORMAT=FILE standard output has its report too. `-` is standard output.
    #[arg(long, value_name = "[FORMAT=]FILE")]
    output: Vec<String>,
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
    /// Print only errors and the verdict
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Print everything: notes, each requirement with its evidence, and unread files
    #[arg(short, long)]
    verbose: bool,
    /// When to use colour; NO_COLOR is honoured
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_short_help = true
    )]
    color: Color,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Note,
    Warning,
    Error,
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

impl From<Level> for Severity {
    fn from(l: Level) -> Self {
        match l {
            Level::Note => Self::Note,
            Level::Warning => Self::Warning,
            Level::Error => Self::Error,
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
        Ok(Request {
            config: self.input.config.clone(),
            matrix: self.input.matrix.clone(),
            role: self.input.role.clone(),
            address: self.input.address.clone(),
            at: at_moment(self.input.at)?,
            threads: self.input.threads,
            select: self.lint.select.clone(),
            ignore: self.lint.ignore.clone(),
            fail_on: self.lint.fail_on.map(Into::into),
            inline_waivers: !self.lint.no_inline_waivers,
            changed: self.input.changed,
            ..Request::new(paths)
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
    let targets = targets(args.output.format.as_deref(), &args.output.output)?;
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
    let bar = Bar::new(args.output.quiet);
    let outcome = check_with(&args.request(paths)?, &bar);
    bar.end();
    let mut outcome = outcome?;
    spare_read(args, &outcome, targets)?;
    if !args.output.quiet {
        let notes = overridden(&args.input, &outcome);
        notes.iter().for_each(|text| tell("note", text));
    }
    let known = match (&args.lint.write_baseline, known) {
        (Some(path), _) => Some(write_baseline(path, &outcome)?),
        (None, known) => known,
    };
    if let Some(known) = known {
        let LintArgs { select, ignore, .. } = &args.lint;
        let has = |all: &[String], code: Code| all.iter().any(|c| c == code.as_str());
        let looked_for = |c: Code| (select.is_empty() || has(select, c)) && !has(ignore, c);
        known.apply(&mut outcome, looked_for);
    }
    let terminal = RenderOptions {
        color: args.output.color.on(&io::stdout()),
        width: output::width(),
        quiet: args.output.quiet,
        verbose: args.output.verbose,
        show: args.output.show.map(Into::into),
        statistics: args.output.statistics,
    };
    // A file looks the same wherever it was made.
    let plain = RenderOptions {
        color: false,
        width: RenderOptions::WIDTH,
        ..terminal
    };
    // Every file is written before any takes its place: either all reports are of this run or none is.
    let mut staged = Vec::new();
    for t in targets {
        if let Some(path) = t.file {
            staged.push(output::stage(path, |out| {
                t.report.write(&outcome, &plain, out)
            })?);
        }
    }
    staged.into_iter().try_for_each(Staged::commit)?;
    for t in targets.iter().filter(|t| t.file.is_none()) {
        output::stdout(|out| t.report.write(&outcome, &terminal, out))?;
    }
    match outcome.verdict() {
        Gate::NotRun => Err(nothing_read(&outcome)),
        Gate::Failed(_) => Ok(Exit::Findings),
        Gate::Passed | Gate::NothingToCheck => Ok(Exit::Clean),
    }
}

/// Refuses targets that would replace what the run is made of: before anything is read, and so before anything is written.
fn spare(args: &Args, targets: &[Target<'_>]) -> Result<(), Failure> {
    let mut spared = Spared::default();
    let site = args.input.config.clone();
    let find = || args.input.paths.iter().find_map(|p| site::find(&Disk, p));
    if let Some(file) = site.or_else(find) {
        let matrix = std::fs::read_to_string(&file).ok();
        let matrix = matrix.and_then(|text| site::config::matrix_name(&text));
        if let Some((name, _)) = matrix {
            let folder = file.parent().unwrap_or(Path::new(""));
            spared.add("the matrix of this site", folder.join(name));
        }
        spared.add("the site file of this run", file);
    }
    if let Some(file) = &args.input.matrix {
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

/// What the command line says and a site file says otherwise.
fn overridden(input: &InputArgs, o: &Outcome) -> Vec<String> {
    let mut notes = Vec::new();
    let given = [("--role", &input.role), ("--address", &input.address)];
    let given = given.into_iter().filter(|(_, values)| !values.is_empty());
    let given: Vec<&str> = given.map(|(option, _)| option).collect();
    let bound = o.exports.iter().filter(|e| e.within);
    let bound = bound.filter(|e| e.role_source == Some(RoleSource::Config));
    let bound: Vec<&str> = bound.map(|e| &*e.path).collect();
    if let (false, Some(first)) = (given.is_empty(), bound.first()) {
        let what = match bound.len() {
            1 => format!("{first}: hylint.toml names its host"),
            n => format!("{n} exports, {first} and others: hylint.toml names their hosts"),
        };
        let are = if given.len() == 1 { "is" } else { "are" };
        notes.push(format!("{} {are} ignored for {what}", and(&given)));
    }
    let site = o.site.path.as_deref();
    let text = site.and_then(|file| std::fs::read_to_string(file).ok());
    let named = text.and_then(|text| site::config::matrix_name(&text));
    if let (Some(given), Some(file), Some((named, _))) = (&input.matrix, site, named)
        && *given != named
        && !same_matrix(given, &named, Path::new(file))
    {
        notes.push(format!(
            "--matrix {given} replaces `matrix = \"{named}\"` of {file}"
        ));
    }
    notes
}

/// Whether the command line and the site file name one file.
fn same_matrix(given: &str, named: &str, site: &Path) -> bool {
    let named = site.parent().unwrap_or(Path::new("")).join(named);
    let real = |p: &Path| std::fs::canonicalize(p).ok();
    real(Path::new(given)).is_some_and(|given| Some(given) == real(&named))
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
    if args.input.config.is_none() {
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
        || !args.output.output.is_empty()
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
    `aws ec2 describe-security-groups` or `az network nsg list`";

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

/// `--at`, else SOURCE_DATE_EPOCH (reproducible-builds.org), else now.
fn at_moment(at: Option<jiff::Timestamp>) -> Result<jiff::Timestamp, Failure> {
    if let Some(at) = at {
        return Ok(at);
    }
    let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH").filter(|t| !t.is_empty()) else {
        // Whole seconds are enough, and easier on the eye.
        let now = jiff::Timestamp::now();
        return Ok(jiff::Timestamp::from_second(now.as_second()).unwrap_or(now));
    };
    let text = text.to_string_lossy();
    text.trim()
        .parse()
        .ok()
        .and_then(|s| jiff::Timestamp::from_second(s).ok())
        .ok_or_else(|| {
            Failure::with_help(
                format!("SOURCE_DATE_EPOCH is `{text}`, not a number of seconds since 1970"),
                "unset it, or give --at",
            )
        })
}
