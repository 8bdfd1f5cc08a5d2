//! `hylint man [FOLDER]`: the manual pages, for those who package hylint.

use super::fail::Failure;
use super::{Exit, output};
use crate::common::diag::io_cause;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Folder for hylint.1 and a page for each command [default: print hylint.1]
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub(super) fn run(args: &Args, command: clap::Command) -> Result<Exit, Failure> {
    let Some(folder) = &args.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|e| Failure::new(format!("cannot make the page: {e}")))?;
        output::stdout(|out| out.write_all(&page))?;
        return Ok(Exit::Clean);
    };
    clap_mangen::generate_to(command, folder).map_err(|e| {
        Failure::with_help(
            format!("cannot write to {}: {}", folder.display(), io_cause(&e)),
            "name an existing folder that you may write to",
        )
    })?;
    Ok(Exit::Clean)
}
