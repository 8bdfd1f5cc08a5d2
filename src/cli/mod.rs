//! The command line: one file for each subcommand. Nothing is decided here but what to run and the exit status.

mod check;
mod collect;
mod color;
mod completions;
mod diff;
mod exit;
mod explain;
mod fail;
mod init;
mod inspect;
mod man;
mod matrix;
mod one_host;
mod options;
mod output;
mod page;
mod progress;
mod schema;
mod spare;
mod targets;
mod trace;
mod usage;
mod values;

pub use exit::Exit;

use color::Color;
use fail::Failure;

use crate::common::diag::nearest;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, Write};

/// Checks firewall exports against the connections that a deployment needs.
///
/// Reads exports of Windows Firewall (PowerShell, netsh, the registry, Group Policy), iptables-save, nftables, AWS and Azure
/// (JSON), and reports which required connections are missing or blocked, and what is open without need. `hylint PATH…` is short for `hylint check PATH…`.
#[derive(Parser, Debug)]
#[command(
    name = "hylint",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true,
    override_usage = "hylint [OPTIONS] PATH…\n       hylint COMMAND …",
    after_help = "hylint --help explains every option. First run: hylint PATH, then hylint init PATH.\n\
        Exit status: 0 no finding at or above --fail-on, 1 findings, 2 hylint could not run or judged no export."
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
    /// Show what a change breaks and opens, and whether it may be merged
    #[command(
        override_usage = "hylint diff OLD NEW [OPTIONS]\n       hylint diff --git REVISION [PATH] [OPTIONS]"
    )]
    Diff(Box<diff::Args>),
    /// Print the script that exports the firewalls of a platform
    Collect(collect::Args),
    /// Write a first hylint.toml from the exports in a folder
    Init(init::Args),
    /// Explain a finding code or a requirement
    Explain(explain::Args),
    /// Show what an export does with a packet, or with a table of packets
    #[command(
        override_usage = "hylint trace EXPORT --src ADDRESS --dst ADDRESS --proto PROTOCOL [OPTIONS]\n       hylint trace EXPORT --packets FILE [OPTIONS]"
    )]
    Trace(Box<trace::Args>),
    /// Show the rules that hylint reads from an export
    Inspect(inspect::Args),
    /// List the requirements, or check a matrix file
    Matrix(matrix::Args),
    /// Print a JSON Schema, for editors of hylint.toml and of matrices
    Schema(schema::Args),
    /// Print shell completions
    Completions(completions::Args),
    /// Print the manual page, or write one page per command
    Man(man::Args),
}

/// Runs a command line; the first argument is the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(e) => return not_parsed(&e, &args),
    };
    let result = match cli.command {
        None => match not_a_path(&cli.check) {
            Some(failure) => Err(failure),
            None => check::run(&cli.check),
        },
        Some(Command::Check(a)) => check::run(&a),
        Some(Command::Diff(a)) => diff::run(&a),
        Some(Command::Inspect(a)) => inspect::run(&a),
        Some(Command::Trace(a)) => trace::run(&a),
        Some(Command::Matrix(a)) => matrix::run(&a),
        Some(Command::Collect(a)) => collect::run(&a),
        Some(Command::Init(a)) => init::run(&a),
        Some(Command::Explain(a)) => explain::run(&a),
        Some(Command::Schema(a)) => schema::run(&a),
        Some(Command::Completions(a)) => completions::run(&a, Cli::command()),
        Some(Command::Man(a)) => man::run(&a, Cli::command()),
    };
    result.unwrap_or_else(|failure| failed(&failure))
}

fn failed(failure: &Failure) -> Exit {
    // Nobody is left to be told when this fails.
    let _ = failure.write(&mut io::stderr().lock(), Color::Auto.on(&io::stderr()));
    Exit::Failed
}

/// Prints the help or the version that was asked for, or says what is wrong with the command line.
fn not_parsed(e: &clap::Error, args: &[OsString]) -> Exit {
    if !e.use_stderr() {
        let _ = e.print();
        return Exit::Clean;
    }
    let hylint = Cli::command();
    let called = args.get(1).and_then(|a| a.to_str());
    let called = called.filter(|word| hylint.find_subcommand(word).is_some());
    let about = usage::command(e, called) == hylint.get_name();
    if about && e.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = io::stderr().write_all(usage::NEXT.as_bytes());
        return Exit::Failed;
    }
    failed(&usage::failure(e, called))
}

/// A misspelt command: the first path, if there is no such file and a command has nearly that name.
fn not_a_path(args: &check::Args) -> Option<Failure> {
    let first = args.paths().first()?;
    let word = first.to_str().filter(|_| !first.exists())?;
    let commands = Cli::command();
    let names: Vec<&str> = commands.get_subcommands().map(|c| c.get_name()).collect();
    let near = nearest(&word.to_lowercase(), names.iter().copied().chain(["help"]))?;
    if near == word {
        return Some(Failure::with_help(
            format!("the command `{word}` must come before the options"),
            format!("write hylint {word} … with the options after it"),
        ));
    }
    Some(Failure::with_help(
        format!("unknown path or command `{word}`"),
        format!("did you mean `{near}`?"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

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
