//! `hylint explain CODE|REQUIREMENT`.

use super::fail::Failure;
use super::{Exit, matrix, output};
use crate::diag::nearest;
use crate::lints::{self, Group, LintMeta};
use crate::matrix::{AccessRule, Matrix, Require, Requirement};
use crate::report::sanitize_limited;
use std::io::{self, Write};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A finding's code, a requirement's id, or a row's number
    #[arg(value_name = "CODE|REQUIREMENT")]
    what: String,
    /// Built-in matrix, or a matrix file of your own
    #[arg(long, value_name = "ID|FILE", default_value = matrix::DEFAULT)]
    matrix: String,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(lint) = lints::by_code(&args.what) {
        output::stdout(|out| code(lint, out))?;
        return Ok(Exit::Clean);
    }
    let m = matrix::load(&args.matrix)?;
    let row = args.what.parse::<u32>().ok();
    let found = m
        .requirements
        .iter()
        .find(|r| r.id == args.what || Some(r.row) == row);
    let Some(r) = found else {
        return Err(unknown(&m, &args.what));
    };
    output::stdout(|out| requirement(&m, r, out))?;
    Ok(Exit::Clean)
}

fn unknown(m: &Matrix, what: &str) -> Failure {
    let ids = m.requirements.iter().map(|r| r.id.as_str());
    let codes = lints::ALL.iter().map(|l| l.code);
    let help = match nearest(what, codes.chain(ids)) {
        Some(id) => format!("did you mean `{id}`?"),
        None => "`hylint matrix list` lists the requirements; codes stand in brackets at the head of a finding".into(),
    };
    Failure::with_help(
        format!("there is no requirement and no code `{what}`"),
        help,
    )
}

fn code(lint: &LintMeta, out: &mut dyn Write) -> io::Result<()> {
    let (group, change) = match lint.group {
        Group::Required => (
            "required: a flow that the matrix asks for does not pass",
            "",
        ),
        Group::Excess => ("excess: something is open that nobody asks for", ""),
        Group::Hygiene => (
            "hygiene: rules that say nothing or contradict each other",
            "",
        ),
        Group::Trust => (
            "trust: the run itself cannot be relied on in some point",
            "; it cannot be switched off",
        ),
    };
    writeln!(out, "{}\n", lint.code)?;
    writeln!(out, "  {:<13}{}", "what", lint.summary)?;
    writeln!(out, "  {:<13}{group}", "group")?;
    writeln!(
        out,
        "  {:<13}{} unless the finding itself is graver or milder; `[lints]` in hylint.toml changes it{change}",
        "severity",
        lint.severity.as_str()
    )
}

fn requirement(m: &Matrix, r: &Requirement, out: &mut dyn Write) -> io::Result<()> {
    let clean = |s: &str| sanitize_limited(s, 600).into_owned();
    writeln!(
        out,
        "{} (row {} of {})\n",
        clean(&r.id),
        r.row,
        clean(&m.name)
    )?;
    let ports: Vec<String> = r.ports.iter().map(u16::to_string).collect();
    let any = if r.require == Require::Any && ports.len() > 1 {
        " (one and the same of them suffices)"
    } else {
        ""
    };
    let mut to = r.to.name.clone();
    for e in &r.to_any {
        to.push_str(" or ");
        to.push_str(&e.name);
    }
    let access = match r.access {
        AccessRule::Always => "",
        AccessRule::DirectOnly => "only where clients connect without a gateway",
    };
    let mandatory = format!(
        "{} (the vendor's cell: `{}`)",
        if r.mandatory { "yes" } else { "no" },
        r.vendor_mandatory
    );
    let lines = [
        ("what for", r.purpose.clone()),
        ("from", r.from.name.clone()),
        ("to", to),
        (
            "flow",
            format!("{}/{}{any}", r.transport.as_str(), ports.join(",")),
        ),
        ("protocol", r.application_protocol.clone()),
        ("mandatory", mandatory),
        ("customizable", r.customizable.as_str().to_owned()),
        ("applies", access.to_owned()),
        ("feature", r.feature.clone().unwrap_or_default()),
        ("listeners", r.listeners.join(", ")),
        ("when closed", r.impact.clone()),
        ("note", r.note.clone()),
        ("source", r.reference.clone()),
    ];
    for (head, value) in lines.iter().filter(|(_, v)| !v.is_empty()) {
        writeln!(out, "  {head:<13}{}", clean(value))?;
    }
    Ok(())
}
