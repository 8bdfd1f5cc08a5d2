//! The command line: one file for each subcommand. Nothing is decided here but what to run and the exit status.

mod check;
mod completions;
mod exit;
mod explain;
mod fail;
mod init;
mod inspect;
mod man;
mod matrix;
mod one_host;
mod output;
mod page;
mod progress;
mod trace;

pub use exit::Exit;

use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::io::{self, IsTerminal};

/// A policy-as-code compliance linter for firewalls.
///
/// Reads firewall exports as they are (netsh advfirewall, iptables-save, AWS and Azure JSON), proves each against the
/// requirement matrix, and names what is missing, blocked, or open without need. `hylint PATH…` is `hylint check PATH…`.
#[derive(Parser, Debug)]
#[command(
    name = "hylint",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true,
    after_help = "Exit status: 0 nothing at or above --fail-on; 1 findings; 2 hylint could not run, or no export was judged."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    check: check::Args,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Check exports against the matrix (the default)
    Check(Box<check::Args>),
    /// Show how an export is read
    Inspect(inspect::Args),
    /// Judge a packet, or a table of packets, by one export
    Trace(Box<trace::Args>),
    /// List the requirements, or check a matrix of your own
    Matrix(matrix::Args),
    /// Draft a hylint.toml from the exports of a folder
    Init(init::Args),
    /// Explain a finding's code or a requirement
    Explain(explain::Args),
    /// Print shell completions
    Completions(completions::Args),
    /// Print the manual page, or write one for each subcommand
    Man(man::Args),
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
        None => check::run(&cli.check),
        Some(Command::Check(a)) => check::run(&a),
        Some(Command::Inspect(a)) => inspect::run(&a),
        Some(Command::Trace(a)) => trace::run(&a),
        Some(Command::Matrix(a)) => matrix::run(&a),
        Some(Command::Init(a)) => init::run(&a),
        Some(Command::Explain(a)) => explain::run(&a),
        Some(Command::Completions(a)) => completions::run(&a),
        Some(Command::Man(a)) => man::run(&a),
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

    /// What completions, the manual pages and `--help` say comes from here, so nothing may be left without a word.
    #[test]
    fn every_command_option_and_choice_is_documented() {
        fn look(c: &clap::Command, bare: &mut Vec<String>) {
            let name = c.get_name();
            if c.get_about().is_none() {
                bare.push(name.into());
            }
            for a in c.get_arguments() {
                if a.get_help().is_none() {
                    bare.push(format!("{name} {}", a.get_id()));
                }
            }
            c.get_subcommands().for_each(|s| look(s, bare));
        }
        let mut command = Cli::command();
        command.build();
        let mut bare = Vec::new();
        look(&command, &mut bare);
        assert!(bare.is_empty(), "{bare:?}");
    }

    #[test]
    fn check_is_the_default_and_options_may_come_first() {
        for line in [
            "hylint exports",
            "hylint check exports",
            "hylint --format json exports",
            "hylint exports --format json",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            let args = match cli.command {
                None => cli.check,
                Some(Command::Check(a)) => *a,
                Some(c) => panic!("{line}: {c:?}"),
            };
            assert_eq!(args.paths(), [std::path::PathBuf::from("exports")]);
        }
    }
}
