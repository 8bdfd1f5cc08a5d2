//! `hylint inspect EXPORT`.

use super::fail::Failure;
use super::{Exit, one_host, output};
use crate::load::ExportId;
use crate::report::{RenderOptions, write_json};
use crate::session::inspect::{Inspection, write_human};
use crate::session::{Kept, Request};
use clap::ValueEnum;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Export, or `-` for standard input
    #[arg(value_name = "EXPORT")]
    path: PathBuf,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Show the notes of the parser, too
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
    let keep = Kept {
        sources: true,
        ..Kept::default()
    };
    let session = one_host::open(Request {
        keep,
        ..Request::new([&args.path])
    })?;
    let export = session.source(ExportId::default())?;
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
