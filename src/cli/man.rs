//! `hylint man [FOLDER]`: the manual pages, for those who package hylint.

use super::fail::Failure;
use super::{Exit, output};
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Write hylint.1 and a page for each subcommand into this folder; without it, hylint.1 goes to standard output
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub(super) fn run(args: &Args, command: clap::Command) -> Result<Exit, Failure> {
    let Some(folder) = &args.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|e| Failure::new(format!("the page cannot be made: {e}")))?;
        output::stdout(|out| out.write_all(&page))?;
        return Ok(Exit::Clean);
    };
    clap_mangen::generate_to(command, folder).map_err(|e| {
        Failure::with_help(
            format!("the pages cannot be written to {}: {e}", folder.display()),
            "name a folder that exists and may be written to",
        )
    })?;
    Ok(Exit::Clean)
}
