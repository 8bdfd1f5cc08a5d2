//! `hylint trace EXPORT`: what an export does with one packet, or with a table of packets.

use super::fail::{Failure, tell};
use super::{Exit, one_host, output};
use crate::common::diag::io_cause;
use crate::load::{ExportId, LoadedExport};
use crate::session::Request;
use crate::session::trace::{
    Fields, Packet, Processes, Reader, TableError, Traced, Tracer, Verdict, row_packet, select,
    write_human, write_human_row, write_json, write_ndjson,
};
use clap::ValueEnum;
use hylint_engine::{Direction, Indexes};
use hylint_model::Profiles;
use hylint_space::AddrSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Packets that are read before they are judged in parallel and written.
const CHUNK: usize = 1 << 14;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Export, or `-` for standard input
    #[arg(value_name = "EXPORT")]
    path: PathBuf,
    /// File that the export refers to: an ipset save, profile settings, interfaces; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Host")]
    with: Vec<PathBuf>,
    /// Addresses of a name that the export uses and does not define; repeatable
    #[arg(long, value_name = "NAME=ADDRESSES", value_parser = resolved, help_heading = "Host")]
    resolve: Vec<(String, AddrSet)>,
    /// Direction of the packet, seen from the host
    #[arg(long, value_enum, default_value_t, help_heading = "Packet")]
    direction: Way,
    /// Source address
    #[arg(
        long,
        value_name = "ADDRESS",
        required_unless_present = "packets",
        help_heading = "Packet"
    )]
    src: Option<String>,
    /// Destination address
    #[arg(
        long,
        value_name = "ADDRESS",
        required_unless_present = "packets",
        help_heading = "Packet"
    )]
    dst: Option<String>,
    /// Protocol: a name or a number
    #[arg(
        long,
        value_name = "PROTOCOL",
        required_unless_present = "packets",
        help_heading = "Packet"
    )]
    proto: Option<String>,
    /// Source port, or ICMP type [default: any ephemeral port, echo request]
    #[arg(long, value_name = "PORT", help_heading = "Packet")]
    sport: Option<String>,
    /// Destination port, or ICMP code
    #[arg(long, value_name = "PORT", help_heading = "Packet")]
    dport: Option<String>,
    /// Interface that receives the packet [default: one that no rule names]
    #[arg(long, value_name = "NAME", help_heading = "Packet")]
    in_iface: Option<String>,
    /// Interface that sends the packet [default: one that no rule names]
    ///
    /// A packet to this host that is forwarded after translation leaves by the interface of its new destination.
    #[arg(long, value_name = "NAME", help_heading = "Packet")]
    out_iface: Option<String>,
    /// TCP flags, such as SYN+ACK [default: SYN]
    #[arg(long, help_heading = "Packet")]
    flags: Option<String>,
    /// Source hardware address [default: unknown]
    #[arg(long, value_name = "MAC", help_heading = "Packet")]
    smac: Option<String>,
    /// Packet mark [default: 0]
    #[arg(long, help_heading = "Packet")]
    mark: Option<String>,
    /// Sender's user id [default: unknown]
    #[arg(long, help_heading = "Packet")]
    uid: Option<String>,
    /// Sender's group id [default: unknown]
    #[arg(long, help_heading = "Packet")]
    gid: Option<String>,
    /// Windows: program that listens, by its path or file name [default: the listener in the matrix]
    #[arg(long, value_name = "PROGRAM", help_heading = "Windows programs")]
    program: Option<String>,
    /// Windows: service that listens, by its short name
    #[arg(long, value_name = "SERVICE", help_heading = "Windows programs")]
    service: Option<String>,
    /// Built-in matrix, or a matrix file, for the programs that listen
    #[arg(long, value_name = "ID|FILE", help_heading = "Windows programs")]
    matrix: Option<String>,
    /// Connection state [default: that of a packet without a known connection]
    #[arg(long, help_heading = "Packet")]
    state: Option<String>,
    /// CSV table of packets with a header, or `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["src", "dst", "proto", "sport", "dport", "in_iface",
        "out_iface", "flags", "smac", "mark", "uid", "gid", "state"], help_heading = "Packet")]
    packets: Option<PathBuf>,
    /// Judge by this table alone [default: the whole path]
    #[arg(long, value_enum, help_heading = "Host")]
    table: Option<OneTable>,
    /// Which firewall, group or list of the export, by name or id; repeatable for security groups
    #[arg(long, value_name = "POINT", help_heading = "Host")]
    point: Vec<String>,
    /// Windows profile [default: the active one, else domain]
    #[arg(long, value_enum, help_heading = "Host")]
    profile: Option<Profile>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Way {
    /// To one of its addresses
    #[default]
    In,
    /// From one of its addresses
    Out,
    /// Through it
    Forward,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OneTable {
    Filter,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Profile {
    Domain,
    Private,
    Public,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Human,
    /// One object, or an array for a table of packets
    Json,
    /// One object a line
    Ndjson,
}

fn resolved(text: &str) -> Result<(String, AddrSet), String> {
    let wanted = "expected NAME=ADDRESSES, with commas between several addresses";
    let (name, list) = text.rsplit_once('=').ok_or(wanted)?;
    let each = list.split(',').filter(|t| !t.trim().is_empty());
    let set = each.into_iter().try_fold(AddrSet::empty(), |all, t| {
        let one = AddrSet::parse(t).ok_or(format!(
            "invalid address `{t}`, expected 10.0.0.5, 10.0.0.0/24 or 10.0.0.5-10.0.0.9"
        ))?;
        Ok::<_, String>(all.union(&one))
    })?;
    Ok((name.to_owned(), set))
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let from_stdin = |p: &Path| p.as_os_str() == "-";
    if from_stdin(&args.path) && args.packets.as_deref().is_some_and(from_stdin) {
        return Err(Failure::with_help(
            "the export and the packets cannot both be standard input",
            "name a file for one of them",
        ));
    }
    let paths = std::iter::once(&args.path).chain(&args.with).cloned();
    let session = one_host::open(Request {
        resolve: args.resolve.iter().cloned().collect(),
        matrix: args.matrix.clone(),
        ..Request::new(paths)
    })?;
    let indexes = match args.packets {
        Some(_) => Indexes::of_short_lists,
        None => Indexes::default,
    };
    let linked = session.linked(ExportId::default(), indexes)?;
    let exports = linked.exports();
    exports.iter().for_each(warn_of_lines_not_read);
    let mut resolve = session.links().resolve.clone();
    resolve.extend(args.resolve.iter().cloned());
    let mut open = session.links().open.clone();
    open.retain(|key, _| !args.resolve.iter().any(|(k, _)| k == key));
    let direction = match args.direction {
        Way::In => Direction::In,
        Way::Out => Direction::Out,
        Way::Forward => Direction::Forward,
    };
    let layers = select(exports, linked.set, &args.point, direction)
        .map_err(|e| Failure::with_help(e.to_string(), e.help()))?;
    let windows = |e: &LoadedExport| e.export.points.iter().any(|p| p.kind.has_profiles());
    let rows: &[_] = if exports.iter().any(windows) {
        &session.site()?.matrix.requirements
    } else {
        &[]
    };
    let tracer = Tracer {
        exports,
        layers: &layers,
        resolve: &resolve,
        open: Some(&open),
        direction,
        profile: args.profile.map(|p| match p {
            Profile::Domain => Profiles::DOMAIN,
            Profile::Private => Profiles::PRIVATE,
            Profile::Public => Profiles::PUBLIC,
        }),
        filter_only: args.table.is_some(),
        processes: Processes {
            program: args.program.as_deref(),
            service: args.service.as_deref(),
            rows,
        },
    };
    match &args.packets {
        Some(path) => table(args, &tracer, path),
        None => one(args, &tracer),
    }
}

fn warn_of_lines_not_read(e: &LoadedExport) {
    let dropped = e.export.problems.iter().filter(|p| p.dropped).count();
    if dropped == 0 {
        return;
    }
    let (lines, they_are) = match dropped {
        1 => ("line", "it is"),
        _ => ("lines", "they are"),
    };
    let text = format!(
        "{dropped} {lines} of {} could not be read, so {they_are} in no rule (`hylint inspect` shows them)",
        e.path
    );
    tell("warning", &text);
}

fn one(args: &Args, tracer: &Tracer<'_>) -> Result<Exit, Failure> {
    let field =
        |f: &'_ Option<String>| -> String { f.as_deref().unwrap_or_default().trim().into() };
    let texts = [
        &args.src,
        &args.dst,
        &args.proto,
        &args.sport,
        &args.dport,
        &args.in_iface,
        &args.out_iface,
        &args.flags,
        &args.smac,
        &args.mark,
        &args.uid,
        &args.gid,
        &args.state,
    ]
    .map(field);
    let mut packet = Packet::parse(&Fields::of_columns(texts.iter().map(String::as_str)))
        .map_err(|e| Failure::new(e.to_string()))?;
    packet.out_open = args.out_iface.is_none() && tracer.direction == Direction::In;
    let traced = tracer.judge(&packet, args.format != Format::Ndjson);
    output::stdout(|out| match args.format {
        Format::Human => write_human(tracer, &packet, &traced, out),
        Format::Json => write_json(&packet, &traced, out),
        Format::Ndjson => write_ndjson(&packet, &traced, out),
    })?;
    Ok(match traced.verdict {
        Verdict::Allow => Exit::Clean,
        Verdict::Deny | Verdict::Conditional => Exit::Findings,
    })
}

fn table(args: &Args, tracer: &Tracer<'_>, path: &Path) -> Result<Exit, Failure> {
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let file = std::fs::File::open(path).map_err(|e| {
            Failure::new(format!("cannot read {}: {}", path.display(), io_cause(&e)))
        })?;
        Box::new(file)
    };
    let fail = |e: &TableError| Failure::new(format!("{}: {e}", path.display()));
    let mut reader = Reader::new(input).map_err(|e| fail(&e))?;
    if !reader.unknown.is_empty() {
        let names = reader.unknown.join(", ");
        tell("warning", &format!("unknown columns are ignored: {names}"));
    }
    let mut broken = None;
    output::stdout(|out| {
        let json = args.format == Format::Json;
        if json {
            out.write_all(b"[\n")?;
        }
        let mut first = true;
        loop {
            let rows = match reader.rows(CHUNK) {
                Ok(rows) => rows,
                Err(e) => {
                    broken = Some(e);
                    break;
                }
            };
            if rows.is_empty() {
                break;
            }
            let columns = reader.columns();
            // Each thread writes its share, so the order is kept and little is copied.
            let parts: Vec<(Vec<u8>, Option<TableError>)> =
                hylint_parallel::map(rows.chunks(256).collect(), |rows| {
                    part(args.format, tracer, columns, rows)
                });
            for (bytes, error) in parts {
                // Objects of an array stand behind commas.
                let skip = if json && first { 2.min(bytes.len()) } else { 0 };
                first &= bytes.is_empty();
                out.write_all(bytes.get(skip..).unwrap_or_default())?;
                if error.is_some() {
                    broken = error;
                    break;
                }
            }
            if broken.is_some() {
                break;
            }
        }
        if json {
            out.write_all(b"]\n")?;
        }
        Ok(())
    })?;
    match broken {
        Some(e) => Err(fail(&e)),
        None => Ok(Exit::Clean),
    }
}

/// Judges some rows, up to the first that is no packet.
fn part(
    format: Format,
    tracer: &Tracer<'_>,
    columns: &[Option<usize>],
    rows: &[csv::StringRecord],
) -> (Vec<u8>, Option<TableError>) {
    let mut out = Vec::with_capacity(rows.len() * 256);
    for row in rows {
        let packet = match row_packet(columns, row) {
            Ok(p) => p,
            Err(e) => return (out, Some(e)),
        };
        let traced: Traced = tracer.judge(&packet, false);
        let written = match format {
            Format::Human => write_human_row(&packet, &traced, &mut out),
            Format::Ndjson => write_ndjson(&packet, &traced, &mut out),
            Format::Json => out
                .write_all(b", ")
                .and_then(|()| write_json(&packet, &traced, &mut out)),
        };
        if written.is_err() {
            break;
        }
    }
    (out, None)
}
