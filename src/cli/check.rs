//! `hylint check PATH…`, the default.

use super::color::Color;
use super::fail::Failure;
use super::output::Staged;
use super::progress::Bar;
use super::{Exit, output};
use crate::finding::outcome::{Gate, Outcome};
use crate::finding::{Code, Severity};
use crate::load::Disk;
use crate::report::{self, FORMATS, RenderOptions, Report};
use crate::session::suppress::baseline::Baseline;
use crate::session::{Request, check_with};
use crate::site;
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// The format for people.
const HUMAN: &str = "human";

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
    /// Folders, exports, or `-` for standard input; hidden and version-control folders are skipped
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// The paths are changed files, as a pre-commit hook is given them: one that is no export is passed over
    #[arg(long)]
    changed: bool,
    /// The site file; otherwise hylint.toml in the given path or its parents
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Built-in matrix, or a matrix file of your own
    #[arg(long, value_name = "ID|FILE")]
    matrix: Option<String>,
    /// Role of the exports' host, where no site file says it
    #[arg(long, value_name = "ROLE", value_delimiter = ',')]
    role: Vec<String>,
    /// Address, CIDR or range of the exports' host, where no site file says it
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    address: Vec<String>,
    /// Moment of the run: waivers and ages are judged by it [default: SOURCE_DATE_EPOCH, else now]
    #[arg(long, value_name = "RFC3339")]
    at: Option<jiff::Timestamp>,
    /// Threads; 0 is one per core
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
}

/// What is reported and what fails.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Findings")]
struct LintArgs {
    /// Lowest severity that fails the run [default: the site's, else error]
    #[arg(long, value_name = "LEVEL", value_enum)]
    fail_on: Option<Level>,
    /// Report only these codes
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = codes(), hide_possible_values = true)]
    select: Vec<String>,
    /// Do not report these codes
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = codes(), hide_possible_values = true)]
    ignore: Vec<String>,
    /// Findings that were there before: they are reported and do not fail the run
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the findings of this run as a baseline, and compare with it
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
    /// Let no waiver hold that stands in an export itself (`hylint: allow …` in a rule's comment)
    #[arg(long)]
    no_inline_waivers: bool,
}

/// How it is told.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// Format of the report [default: human]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    format: Option<String>,
    /// Write a report to a file, in FORMAT, else in that of --format, else in that of the file's ending (and then nothing
    /// goes to standard output); may be
    /// given several times, and `-` is standard output
    #[arg(long, value_name = "[FORMAT=]FILE")]
    output: Vec<String>,
    /// Only errors and one line
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Everything: notes, each requirement with its evidence, files that are no exports
    #[arg(short, long)]
    verbose: bool,
    /// Colour; NO_COLOR is honoured
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    color: Color,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Note,
    Warning,
    Error,
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

/// A misspelt code would select nothing, which looks like a site without findings.
fn codes() -> PossibleValuesParser {
    PossibleValuesParser::new(Code::EACH.iter().map(|c| c.as_str()))
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(FORMATS.iter().map(|(id, _)| *id))
}

impl Args {
    #[cfg(test)]
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.input.paths
    }

    fn request(&self, paths: Vec<PathBuf>) -> Result<Request, Failure> {
        Ok(Request {
            config: self.input.config.clone(),
            matrix: self.input.matrix.clone(),
            role: self.input.role.clone(),
            address: self.input.address.clone(),
            at: moment(self.input.at)?,
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
    let targets = targets(&args.output)?;
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

/// No report and no baseline replaces what the run is made of.
fn spare(args: &Args, targets: &[Target<'_>]) -> Result<(), Failure> {
    let matrix = args.input.matrix.as_ref().map(Path::new);
    let given = [args.input.config.as_deref(), matrix];
    let mut judged_by: Vec<&Path> = given.into_iter().flatten().collect();
    if let Some(path) = &args.lint.write_baseline {
        output::spare(path, &judged_by)?;
    }
    judged_by.extend(args.lint.baseline.as_deref());
    let mut files = targets.iter().filter_map(|t| t.file);
    files.try_for_each(|f| output::spare(f, &judged_by))
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

fn nothing_read(o: &Outcome) -> Failure {
    if let Some(e) = o.exports.first() {
        return Failure::with_help(
            format!(
                "no export was judged: {} holds no firewall, only what belongs beside one",
                crate::common::sanitize::limited(&e.path, 200)
            ),
            "add the export of the rules themselves",
        );
    }
    let message = match (o.not_exports.len(), o.findings.is_empty()) {
        (0, true) => "no export was judged: there is no file in the given paths".to_owned(),
        (0, false) => "no export was judged: none could be read".to_owned(),
        (n, _) => format!(
            "no export was judged: {n} files were looked at and none is an export that could be read"
        ),
    };
    Failure::with_help(
        message,
        "hylint reads netsh advfirewall text, iptables-save dumps, and AWS and Azure JSON; -v lists the files that it passed over",
    )
}

/// One place that a report goes to.
struct Target<'a> {
    report: &'static dyn Report,
    /// None: standard output.
    file: Option<&'a Path>,
}

fn targets(args: &OutputArgs) -> Result<Vec<Target<'_>>, Failure> {
    let main = by_id(args.format.as_deref().unwrap_or(HUMAN))?;
    let mut out = Vec::new();
    let mut redirected = false;
    for o in &args.output {
        let (report, file) = match o.split_once('=') {
            Some((id, file)) if report::by_id(id).is_some() => (by_id(id)?, file),
            // A file's name may hold `=`, but a misspelt format must not become a file.
            Some((id, _)) if id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') => {
                by_id(id).map(|r| (r, ""))?
            }
            _ => {
                redirected = true;
                let named = args.format.is_some();
                (if named { main } else { by_ending(o)? }, o.as_str())
            }
        };
        if file.is_empty() {
            return Err(Failure::with_help(
                format!("--output {o} names no file"),
                "write --output FORMAT=FILE, or `-` for standard output",
            ));
        }
        let file = (file != "-").then(|| Path::new(file));
        out.push(Target { report, file });
    }
    if !redirected && !out.iter().any(|t| t.file.is_none()) {
        let file = None;
        out.insert(0, Target { report: main, file });
    }
    distinct(&out)?;
    Ok(out)
}

/// Two reports in one place would leave only one of them, or a mixture.
fn distinct(targets: &[Target<'_>]) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for t in targets {
        let place = t
            .file
            .map(|f| std::path::absolute(f).unwrap_or_else(|_| f.into()));
        if !seen.insert(place) {
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

/// The format of a file without one: by its ending. Standard output, devices and pipes get the report for people.
fn by_ending(file: &str) -> Result<&'static dyn Report, Failure> {
    let is_device = std::fs::metadata(file).is_ok_and(|m| !m.is_file() && !m.is_dir());
    match report::by_ending(file) {
        Some(report) => Ok(report),
        None if file == "-" || file.is_empty() || is_device => by_id(HUMAN),
        None => Err(Failure::with_help(
            format!("the ending of {file} names no output format"),
            format!("write --output FORMAT={file}, or give --format"),
        )),
    }
}

fn by_id(id: &str) -> Result<&'static dyn Report, Failure> {
    report::by_id(id).ok_or_else(|| {
        let known: Vec<&str> = FORMATS.iter().map(|(id, _)| *id).collect();
        Failure::with_help(
            format!("there is no output format `{id}`"),
            format!("choose one of {}", known.join(", ")),
        )
    })
}

/// `--at`, else SOURCE_DATE_EPOCH (reproducible-builds.org), else now.
fn moment(at: Option<jiff::Timestamp>) -> Result<jiff::Timestamp, Failure> {
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
                format!("SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds since 1970"),
                "unset it, or give --at",
            )
        })
}
