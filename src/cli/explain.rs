//! `hylint explain CODE|REQUIREMENT`.

use super::color::Color;
use super::fail::Failure;
use super::page::PageStyle;
use super::{Exit, matrix, output};
use crate::common::diag::nearest;
use crate::common::sanitize::limited as sanitize_limited;
use crate::lints::{self, explain};
use crate::rules::matrix::{
    AccessRule, Matrix, Require, Requirement, example, port_runs, port_text,
};
use std::io::{self, Write};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A finding code, a requirement id or a row number; without it, all codes are listed
    #[arg(value_name = "CODE|REQUIREMENT")]
    what: Option<String>,
    /// Built-in matrix, or a matrix file
    #[arg(long, value_name = "ID|FILE", default_value = crate::rules::matrix::DEFAULT)]
    matrix: String,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    color: Color,
}

/// Every code with what it says, by group.
fn every_code(out: &mut dyn Write) -> io::Result<()> {
    for lint in lints::ALL {
        writeln!(
            out,
            "{:<23} {:<8} {}",
            lint.code,
            lint.severity.as_str(),
            lint.summary
        )?;
    }
    Ok(())
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let Some(what) = args.what.as_deref() else {
        output::stdout(every_code)?;
        return Ok(Exit::Clean);
    };
    let look = PageStyle {
        color: args.color.on(&io::stdout()),
        width: output::width(),
    };
    if let Some(page) = explain::markdown(what) {
        output::stdout(|out| look.write(&page, out))?;
        return Ok(Exit::Clean);
    }
    let m = matrix::load(&args.matrix)?;
    let row = what.parse::<u32>().ok();
    let found = m
        .requirements
        .iter()
        .find(|r| r.id == what || Some(r.row) == row);
    let Some(r) = found else {
        return Err(unknown(&m, what));
    };
    output::stdout(|out| {
        requirement(&m, r, out)?;
        writeln!(out)?;
        look.write(&example::markdown(&m, r), out)
    })?;
    Ok(Exit::Clean)
}

fn unknown(m: &Matrix, what: &str) -> Failure {
    let ids = m.requirements.iter().map(|r| r.id.as_str());
    let codes = lints::ALL.iter().map(|l| l.code.as_str());
    let all: Vec<&str> = codes.chain(ids).collect();
    let help = match nearest(what, all.iter().copied()) {
        Some(id) => format!("did you mean `{id}`?"),
        None => offers(what, &all),
    };
    Failure::with_help(format!("unknown code or requirement `{what}`"), help)
}

/// Names offered of those that hold a word of what was asked.
const OFFERED: usize = 6;

fn offers(what: &str, all: &[&str]) -> String {
    let words: Vec<String> = what
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| w.len() > 3)
        .map(str::to_owned)
        .collect();
    let mut near: Vec<&str> = all
        .iter()
        .copied()
        .filter(|id| words.iter().any(|w| id.contains(w.as_str())))
        .collect();
    near.truncate(OFFERED);
    if near.is_empty() {
        return "`hylint explain` lists the codes, `hylint matrix list` the requirements".into();
    }
    format!("did you mean {}?", crate::common::toml_reader::list(&near))
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
    let ports: Vec<String> = port_runs(&r.ports)
        .into_iter()
        .map(|run| port_text(run, '-'))
        .collect();
    let any = if r.require == Require::Any && r.ports.len() > 1 {
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
        ("note", r.note.clone()),
        ("source", r.reference.clone()),
    ];
    for (head, value) in lines.iter().filter(|(_, v)| !v.is_empty()) {
        writeln!(out, "  {head:<13}{}", clean(value))?;
    }
    Ok(())
}
