//! `hylint matrix list` and `hylint matrix check FILE…`.

use super::fail::Failure;
use super::{Exit, output};
use crate::common::diag::io_cause;
use crate::common::sanitize::limited as sanitize_limited;
use crate::common::words::count;
use crate::load::Disk;
use crate::report::write_json;
use crate::rules::matrix::{self, End, Implied, Matrix, Presence, Requirement};
use crate::site;
use clap::{Subcommand, ValueEnum};
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// List the requirements
    List(ListArgs),
    /// Check the files of a matrix and report every mistake in them
    Check {
        /// The files of one matrix
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(clap::Args, Debug)]
struct ListArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// List implied flows, too
    #[arg(long)]
    implied: bool,
    /// Built-in matrix, or a matrix file
    #[arg(long, value_name = "ID|FILE", default_value = matrix::DEFAULT)]
    matrix: String,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Table,
    Json,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Command::List(a) => list(a),
        Command::Check { files } => check(files),
    }
}

/// A built-in matrix by id, else a file.
pub(super) fn load(name: &str) -> Result<Matrix, Failure> {
    site::load_matrix(&Disk, name, Path::new("")).map_err(Failure::from)
}

fn text_of(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|e| {
        Failure::with_help(
            format!(
                "cannot read the matrix {}: {}",
                path.display(),
                io_cause(&e)
            ),
            "name the TOML files of a matrix",
        )
    })
}

fn check(files: &[PathBuf]) -> Result<Exit, Failure> {
    let mut texts = Vec::new();
    for f in files {
        texts.push((f.to_string_lossy().into_owned(), text_of(f)?));
    }
    let pairs: Vec<(&str, &str)> = texts.iter().map(|(p, t)| (&**p, &**t)).collect();
    match matrix::read(&pairs) {
        Ok(m) => {
            let line = format!(
                "{} {}: {}, {}, {}",
                m.id,
                m.version,
                count(m.requirements.len(), "requirement"),
                count(m.implied.len(), "implied flow"),
                count(m.roles.len(), "role")
            );
            output::stdout(|out| writeln!(out, "{}", sanitize_limited(&line, 200)))?;
            Ok(Exit::Clean)
        }
        // The mistakes are what was asked for, so they are findings and not a failure.
        Err(diags) => {
            let all = Failure::from(diags);
            output::stdout(|out| all.write(out, false))?;
            Ok(Exit::Findings)
        }
    }
}

/// One entry of `matrix list --format json`.
#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    /// Null for an implied flow.
    row: Option<u32>,
    from: &'a str,
    to: &'a str,
    transport: &'a str,
    ports: &'a [u16],
    require: &'a str,
    application_protocol: &'a str,
    customizable: &'a str,
    mandatory: &'a str,
    vendor_mandatory: &'a str,
    presence: &'a str,
    listeners: &'a [String],
    reply: bool,
    impact: &'a str,
    purpose: &'a str,
}

fn list(args: &ListArgs) -> Result<Exit, Failure> {
    let m = load(&args.matrix)?;
    let mut entries: Vec<Entry<'_>> = m.requirements.iter().map(|r| required(&m, r)).collect();
    if args.implied {
        entries.extend(m.implied.iter().map(|i| implied(&m, i)));
    }
    output::stdout(|out| match args.format {
        Format::Json => write_json(&entries, out),
        Format::Table => table(&entries, out),
    })?;
    Ok(Exit::Clean)
}

fn required<'a>(m: &Matrix, r: &'a Requirement) -> Entry<'a> {
    Entry {
        id: &r.id,
        row: Some(r.row),
        from: &r.from.name,
        to: &r.to.name,
        transport: r.transport.as_str(),
        ports: &r.ports,
        require: match r.require {
            matrix::Require::All => "all",
            matrix::Require::Any => "any",
        },
        application_protocol: &r.application_protocol,
        customizable: r.customizable.as_str(),
        mandatory: if r.mandatory { "yes" } else { "no" },
        vendor_mandatory: &r.vendor_mandatory,
        presence: presence(m, &r.from, &r.to),
        listeners: &r.listeners,
        reply: r.reply,
        impact: &r.impact,
        purpose: &r.purpose,
    }
}

fn implied<'a>(m: &Matrix, i: &'a Implied) -> Entry<'a> {
    Entry {
        id: &i.id,
        row: None,
        from: &i.from.name,
        to: &i.to.name,
        transport: i.transport.as_str(),
        ports: &i.ports,
        require: "all",
        application_protocol: i.transport.as_str(),
        customizable: "no",
        mandatory: "no",
        vendor_mandatory: "",
        presence: presence(m, &i.from, &i.to),
        listeners: &[],
        reply: i.transport == matrix::Transport::Tcp,
        impact: "",
        purpose: &i.reason,
    }
}

/// What a site is expected to have of a flow: core if both ends are, optional if one is, else external. A group is what
/// its most expected role is.
fn presence(m: &Matrix, from: &End, to: &End) -> &'static str {
    let end = |e: &End| {
        let of = |p| {
            e.roles
                .iter()
                .filter_map(|r| m.role(*r))
                .any(|r| r.presence == p)
        };
        [Presence::Core, Presence::External]
            .into_iter()
            .find(|p| of(*p))
            .unwrap_or(Presence::Optional)
    };
    match (end(from), end(to)) {
        (Presence::Optional, _) | (_, Presence::Optional) => "optional",
        (Presence::External, _) | (_, Presence::External) => "external",
        _ => "core",
    }
}

fn table(entries: &[Entry<'_>], out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<[String; 6]> = entries.iter().map(cells).collect();
    let heads = ["row", "id", "from", "to", "flow", "mandatory"].map(str::to_owned);
    let mut widths = heads.clone().map(|h| h.len());
    for row in &cells {
        for (w, c) in widths.iter_mut().zip(row) {
            *w = (*w).max(c.chars().count());
        }
    }
    for row in std::iter::once(&heads).chain(&cells) {
        let mut line = String::new();
        for (c, w) in row.iter().zip(widths) {
            line.push_str(c);
            line.push_str(&" ".repeat(w + 2 - c.chars().count()));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn cells(e: &Entry<'_>) -> [String; 6] {
    let clean = |s: &str| sanitize_limited(s, 60).into_owned();
    let ports: Vec<String> = matrix::port_runs(e.ports)
        .into_iter()
        .map(|run| matrix::port_text(run, '-'))
        .collect();
    let any = if e.require == "any" && e.ports.len() > 1 {
        "one of "
    } else {
        ""
    };
    [
        e.row.map_or_else(|| "-".into(), |r| r.to_string()),
        clean(e.id),
        clean(e.from),
        clean(e.to),
        format!("{}/{any}{}", e.transport, ports.join(",")),
        if e.row.is_none() {
            "implied"
        } else {
            e.mandatory
        }
        .into(),
    ]
}
