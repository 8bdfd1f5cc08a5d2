//! `hylint schema FILE`: the JSON Schemas, for editors and for programs that read the report.

use super::fail::Failure;
use super::{Exit, output};
use crate::report::{check_schema, diff};
use crate::rules::matrix;
use crate::site::config;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// What the schema is of
    #[arg(value_enum, default_value = "hylint-toml")]
    of: Of,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Of {
    /// hylint.toml
    HylintToml,
    /// A requirement matrix
    Matrix,
    /// The report of `hylint check --format json`
    Check,
    /// The report of `hylint diff --format json`
    Diff,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let schema = match args.of {
        Of::HylintToml => config::schema(),
        Of::Matrix => matrix::schema(),
        Of::Check => check_schema(),
        Of::Diff => diff::schema(),
    };
    output::stdout(|out| out.write_all(schema.as_bytes()))?;
    Ok(Exit::Clean)
}
