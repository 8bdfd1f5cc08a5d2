//! The command line: one file for each subcommand. Nothing is decided here but what to run and the exit status.

mod completions;
mod exit;
mod explain;
mod fail;
mod inspect;
mod matrix;
mod output;

pub use exit::Exit;

use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::io::{self, IsTerminal};

/// A policy-as-code compliance linter for firewalls.
///
/// Reads firewall exports as they are (netsh advfirewall, iptables-save, AWS and Azure JSON), proves each against the
/// requirement matrix, and names what is missing, blocked, or open without need.
#[derive(Parser, Debug)]
#[command(
    name = "hylint",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Show how an export is read
    Inspect(inspect::Args),
    /// List the requirements, or check a matrix of your own
    Matrix(matrix::Args),
    /// Explain a finding's code or a requirement
    Explain(explain::Args),
    /// Print shell completions
    Completions(completions::Args),
}

/// When to use colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    fn on(self, stream: &impl IsTerminal) -> bool {
        let unset = |name| std::env::var_os(name).is_none_or(|v| v.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                stream.is_terminal()
                    && unset("NO_COLOR")
                    && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
            }
        }
    }
}

/// Runs a command line; the first argument is the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(e) => {
            let usage = e.use_stderr();
            // Nobody is left to be told when this fails.
            let _ = e.print();
            return if usage { Exit::Failed } else { Exit::Clean };
        }
    };
    let result = match cli.command {
        Command::Inspect(a) => inspect::run(&a),
        Command::Matrix(a) => matrix::run(&a),
        Command::Explain(a) => explain::run(&a),
        Command::Completions(a) => completions::run(&a),
    };
    match result {
        Ok(exit) => exit,
        Err(failure) => {
            let _ = failure.write(&mut io::stderr().lock(), Color::Auto.on(&io::stderr()));
            Exit::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
