//! `hylint completions SHELL`.

use super::fail::Failure;
use super::{Exit, output};
use clap_complete::Shell;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Shell that completes the commands
    shell: Shell,
}

pub(super) fn run(args: &Args, mut command: clap::Command) -> Result<Exit, Failure> {
    // The generator does not return write errors, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "hylint", &mut script);
    output::stdout(|out| out.write_all(&script))?;
    Ok(Exit::Clean)
}
