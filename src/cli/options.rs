//! Options that several commands have.

use super::color::Color;
use super::fail::Failure;
use super::output;
use super::values::{codes, moment, threads};
use crate::common::diag::and;
use crate::finding::outcome::{ExportInfo, SiteInfo};
use crate::finding::{RoleSource, Severity};
use crate::report::RenderOptions;
use crate::session::Request;
use crate::site;
use clap::ValueEnum;
use std::io;
use std::path::{Path, PathBuf};

/// What exports are judged by.
#[derive(clap::Args, Debug)]
pub(super) struct SiteArgs {
    /// Site file [default: hylint.toml in the path or in a folder above it]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Built-in matrix, or a matrix file [default: the site's, else hyworks]
    #[arg(long, value_name = "ID|FILE")]
    pub(super) matrix: Option<String>,
    /// Role of the host, for exports that hylint.toml does not name
    #[arg(long, value_name = "ROLE", value_delimiter = ',')]
    pub(super) role: Vec<String>,
    /// Address, prefix or range of the host, for exports that hylint.toml does not name
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    pub(super) address: Vec<String>,
    /// Date of the run, for waivers and the age of exports [default: SOURCE_DATE_EPOCH, else now]
    #[arg(long, value_name = "RFC3339", value_parser = moment, hide_short_help = true)]
    at: Option<jiff::Timestamp>,
    /// Number of threads; 0 is one per core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = threads, allow_negative_numbers = true, hide_short_help = true)]
    threads: usize,
}

/// Which findings are reported and which fail.
#[derive(clap::Args, Debug)]
pub(super) struct LevelArgs {
    /// Lowest severity that fails the run [default: the site's, else error]
    #[arg(long, value_name = "LEVEL", value_enum)]
    fail_on: Option<Level>,
    /// Report only these codes; `hylint explain` lists them
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = codes(), hide_possible_values = true)]
    pub(super) select: Vec<String>,
    /// Do not report these codes
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = codes(), hide_possible_values = true)]
    pub(super) ignore: Vec<String>,
}

/// Where reports go.
#[derive(clap::Args, Debug)]
pub(super) struct FileArgs {
    /// Write the report to a file, in the format of its ending; repeatable
    ///
    /// FORMAT=FILE names the format. With FILE alone nothing is written to standard output, unless --format asks for
    /// another format; with FORMAT=FILE standard output has its report too. `-` is standard output.
    #[arg(long, value_name = "[FORMAT=]FILE")]
    pub(super) output: Vec<String>,
}

/// What a terminal shows.
#[derive(clap::Args, Debug)]
pub(super) struct TerminalArgs {
    /// Print only errors and the verdict
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
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

impl From<Level> for Severity {
    fn from(l: Level) -> Self {
        match l {
            Level::Note => Self::Note,
            Level::Warning => Self::Warning,
            Level::Error => Self::Error,
        }
    }
}

impl SiteArgs {
    /// The request for some paths.
    ///
    /// # Errors
    /// SOURCE_DATE_EPOCH is no moment.
    pub(super) fn request(&self, paths: Vec<PathBuf>) -> Result<Request, Failure> {
        Ok(Request {
            config: self.config.clone(),
            matrix: self.matrix.clone(),
            role: self.role.clone(),
            address: self.address.clone(),
            at: at_moment(self.at)?,
            threads: self.threads,
            ..Request::new(paths)
        })
    }
}

impl LevelArgs {
    /// The request with these levels.
    pub(super) fn request(&self, request: Request) -> Request {
        Request {
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            fail_on: self.fail_on.map(Into::into),
            ..request
        }
    }
}

impl TerminalArgs {
    /// How standard output is written.
    pub(super) fn options(&self) -> RenderOptions {
        RenderOptions {
            color: self.color.on(&io::stdout()),
            width: output::width(),
            quiet: self.quiet,
            verbose: self.verbose,
            ..RenderOptions::default()
        }
    }
}

/// What the command line says and a site file says otherwise.
pub(super) fn overridden(input: &SiteArgs, exports: &[ExportInfo], site: &SiteInfo) -> Vec<String> {
    let mut notes = Vec::new();
    let given = [("--role", &input.role), ("--address", &input.address)];
    let given = given.into_iter().filter(|(_, values)| !values.is_empty());
    let given: Vec<&str> = given.map(|(option, _)| option).collect();
    let bound = exports.iter().filter(|e| e.within);
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
    let site = site.path.as_deref();
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
