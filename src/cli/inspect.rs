//! `hylint inspect EXPORT`.

use super::fail::Failure;
use super::{Exit, output};
use crate::load::{FileRef, FileResult, discover, read_file};
use crate::report::{RenderOptions, write_json};
use crate::session::inspect::{Inspection, write_human};
use clap::ValueEnum;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// An export, or `-` for standard input
    #[arg(value_name = "EXPORT")]
    path: PathBuf,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Also show the reader's notes
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Human,
    Json,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    if args.path.is_dir() {
        return Err(Failure::with_help(
            format!("{} is a folder", args.path.display()),
            "name one export",
        ));
    }
    let found = discover(std::slice::from_ref(&args.path), |_| false)?;
    let Some(file) = found.files.first() else {
        return Err(Failure::new("there is no such file"));
    };
    let export = read(file)?;
    output::stdout(|out| match args.format {
        Format::Json => write_json(&Inspection::of(&export), out),
        Format::Human => {
            let options = RenderOptions {
                verbose: args.verbose,
                ..RenderOptions::default()
            };
            write_human(&export, &options, out)
        }
    })?;
    Ok(Exit::Clean)
}

fn read(file: &FileRef) -> Result<crate::load::LoadedExport, Failure> {
    match read_file(file) {
        FileResult::Export(e, _) => Ok(*e),
        FileResult::NotExport(path) => Err(Failure::new(format!("{path} is no export"))),
        FileResult::Failed(f) => Err(Failure::with_help(
            format!("{}: {}", file.shown, f.message),
            f.help.unwrap_or_default(),
        )),
    }
}
