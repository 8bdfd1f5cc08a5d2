//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    hylint::cli::run(std::env::args_os()).into()
}
