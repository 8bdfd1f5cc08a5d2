//! How an answer is written.

use super::packet::Packet;
use super::tracer::{Traced, Tracer, rule_text};
use crate::common::sanitize::limited as sanitize_limited;
use crate::finding::DeciderKind;
use crate::report;
use hylint_space::{TcpFlags, proto};
use serde::Serialize;
use std::io::{self, Write};

/// Characters of a rule that are shown.
const LONGEST: usize = 300;

/// A packet as it was judged: what the caller left open is filled in, what a protocol does not have is empty.
#[derive(Serialize, Debug)]
struct PacketView<'p> {
    src: String,
    dst: String,
    proto: String,
    sport: String,
    dport: String,
    in_iface: &'p str,
    out_iface: &'p str,
    flags: String,
    smac: &'p str,
    mark: String,
    uid: String,
    gid: String,
    state: &'static str,
}

#[derive(Serialize, Debug)]
struct RuleView<'p> {
    line: Option<u32>,
    name: &'p str,
    kind: &'static str,
}

#[derive(Serialize, Debug)]
struct HopView<'p> {
    chain: &'p str,
    depth: usize,
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'p str>,
    text: &'p str,
    certain: bool,
}

#[derive(Serialize, Debug)]
struct View<'p> {
    packet: PacketView<'p>,
    verdict: &'static str,
    rule: Option<RuleView<'p>>,
    conditions: &'p [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    assumptions: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<&'p str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    path: Vec<HopView<'p>>,
}

/// Writes an answer as one line of JSON.
///
/// # Errors
/// Those of the writer.
pub fn write_ndjson(p: &Packet, t: &Traced, out: &mut dyn Write) -> io::Result<()> {
    report::write_json_line(&view(p, t), out)
}

/// Writes an answer as a JSON object over several lines.
///
/// # Errors
/// Those of the writer.
pub fn write_json(p: &Packet, t: &Traced, out: &mut dyn Write) -> io::Result<()> {
    report::write_json(&view(p, t), out)
}

fn view<'p>(p: &'p Packet, t: &'p Traced) -> View<'p> {
    View {
        packet: PacketView {
            src: p.src.to_string(),
            dst: p.dst.to_string(),
            proto: protocol(p.proto),
            sport: ports(p.sport),
            dport: ports(p.dport),
            in_iface: &p.in_iface,
            out_iface: &p.out_iface,
            flags: flags(p.flags),
            smac: p.smac.as_deref().unwrap_or_default(),
            mark: p.mark.to_string(),
            uid: p.uid.map(|u| u.to_string()).unwrap_or_default(),
            gid: p.gid.map(|u| u.to_string()).unwrap_or_default(),
            state: p.state,
        },
        verdict: t.verdict.as_str(),
        rule: t.by.as_ref().map(|d| RuleView {
            line: d.line,
            name: &d.name,
            kind: d.kind.as_str(),
        }),
        conditions: &t.conditions,
        assumptions: assumed(t),
        process: t.process.as_deref(),
        path: t
            .path
            .iter()
            .map(|h| HopView {
                chain: &h.chain,
                depth: h.depth,
                line: h.line,
                file: h.file.as_deref(),
                text: &h.text,
                certain: h.certain,
            })
            .collect(),
    }
}

fn assumed(t: &Traced) -> Vec<&'static str> {
    t.assumptions.iter().map(|a| a.as_str()).collect()
}

fn protocol(n: u8) -> String {
    match n {
        proto::ICMP => "icmp".into(),
        proto::TCP => "tcp".into(),
        proto::UDP => "udp".into(),
        proto::DCCP => "dccp".into(),
        proto::ICMPV6 => "icmpv6".into(),
        proto::SCTP => "sctp".into(),
        proto::UDPLITE => "udplite".into(),
        n => n.to_string(),
    }
}

fn ports(p: Option<(u16, u16)>) -> String {
    match p {
        None => String::new(),
        Some((lo, hi)) if lo == hi => lo.to_string(),
        Some((lo, hi)) => format!("{lo}-{hi}"),
    }
}

fn flags(f: Option<TcpFlags>) -> String {
    const NAMES: [(TcpFlags, &str); 6] = [
        (TcpFlags::SYN, "SYN"),
        (TcpFlags::FIN, "FIN"),
        (TcpFlags::RST, "RST"),
        (TcpFlags::PSH, "PSH"),
        (TcpFlags::ACK, "ACK"),
        (TcpFlags::URG, "URG"),
    ];
    let Some(f) = f else {
        return String::new();
    };
    let names = NAMES.iter().filter(|(n, _)| f.0 & n.0 != 0);
    let names: Vec<&str> = names.map(|(_, n)| *n).collect();
    if names.is_empty() {
        "NONE".into()
    } else {
        names.join("+")
    }
}

/// An address with its port in the usual spelling.
fn end(addr: std::net::IpAddr, port: Option<(u16, u16)>, has_ports: bool) -> String {
    match (port.filter(|_| has_ports), addr.is_ipv6()) {
        (None, _) => addr.to_string(),
        (p, false) => format!("{addr}:{}", ports(p)),
        (p, true) => format!("[{addr}]:{}", ports(p)),
    }
}

fn headline(p: &Packet, t: &Traced) -> String {
    let has_ports = proto::has_ports(p.proto);
    let mut text = format!(
        "{:<11} {} {} -> {}",
        t.verdict.as_str(),
        protocol(p.proto),
        end(p.src, p.sport, has_ports),
        end(p.dst, p.dport, has_ports)
    );
    if let (true, Some((kind, _)), Some((code, _))) = (proto::is_icmp(p.proto), p.sport, p.dport) {
        text.push_str(&format!(" type {kind} code {code}"));
    }
    text
}

/// A line, with its column where it has one.
fn at(line: u32, column: Option<u32>) -> String {
    column.map_or_else(|| line.to_string(), |c| format!("{line}:{c}"))
}

fn clean(text: &str) -> String {
    sanitize_limited(text, LONGEST).into_owned()
}

/// Writes an answer as one line for people.
///
/// # Errors
/// Those of the writer.
pub fn write_human_row(p: &Packet, t: &Traced, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{}", headline(p, t))?;
    if let Some(d) = &t.by {
        match d.line {
            Some(line) => write!(out, "  line {}", at(line, d.column))?,
            None => write!(out, "  {}", d.kind)?,
        }
        if !d.name.is_empty() {
            write!(out, " `{}`", clean(&d.name))?;
        }
    }
    if !t.depends.is_empty() {
        write!(out, "  depends on {}", clean(&t.depends.join("; ")))?;
    }
    writeln!(out)
}

/// Writes an answer for people: the packet, what decided, the way, the conditions.
///
/// # Errors
/// Those of the writer.
pub fn write_human(
    tracer: &Tracer<'_>,
    p: &Packet,
    t: &Traced,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}", headline(p, t))?;
    let mut facts = vec![format!("{}, state {}", tracer.direction.as_str(), p.state)];
    let known = [
        ("flags", flags(p.flags)),
        ("in", p.in_iface.to_string()),
        ("out", p.out_iface.to_string()),
    ];
    facts.extend(
        known
            .iter()
            .filter(|(_, v)| !v.is_empty())
            .map(|(n, v)| format!("{n} {}", clean(v))),
    );
    writeln!(out, "  direction {}", facts.join(", "))?;
    if let Some(d) = &t.by {
        let named = if d.name.is_empty() {
            String::new()
        } else {
            format!(" `{}`", clean(&d.name))
        };
        match (d.line, tracer.exports.get(d.export)) {
            (Some(line), Some(e)) => {
                let text = rule_text(e.source.slice(d.span));
                let first = text.lines().next().unwrap_or_default();
                let at = at(line, d.column);
                let path = e.path_at(d.span.start);
                writeln!(out, "  {}{named} at {}:{at}", d.kind, clean(path))?;
                // A brace, and a name that stands above already, say nothing.
                let plain = first != "{" && (d.name.is_empty() || !first.ends_with(&d.name));
                if plain {
                    writeln!(out, "    {}", clean(first))?;
                }
            }
            // The name of a default is what it is.
            _ if d.kind == DeciderKind::Rule => {
                writeln!(
                    out,
                    "  built-in rule{named}, which the export does not print"
                )?;
            }
            _ => writeln!(out, "  {} default: no rule of the export matches", d.kind)?,
        }
    }
    if !t.path.is_empty() {
        writeln!(out, "  path")?;
    }
    let mut chain = "";
    for h in &t.path {
        if h.chain != chain {
            writeln!(out, "    {:1$}{2}", "", h.depth * 2, clean(&h.chain))?;
            chain = &h.chain;
        }
        let line = h.line.map_or_else(|| "-".to_owned(), |l| at(l, h.column));
        let mark = if h.certain {
            ""
        } else {
            "  (if the conditions hold)"
        };
        let file = h.file.as_ref().map(|f| format!("  [{}]", clean(f)));
        writeln!(
            out,
            "    {:1$}{line:>6}  {2}{mark}{3}",
            "",
            h.depth * 2,
            clean(h.text.lines().next().unwrap_or_default()),
            file.unwrap_or_default()
        )?;
    }
    for (n, words) in t.depends.iter().enumerate() {
        let head = if n == 0 { "depends on" } else { "and on" };
        writeln!(out, "  {head} {}", clean(words))?;
    }
    for id in &t.assumptions {
        writeln!(out, "  assumes {id}: {}", id.text())?;
    }
    if let Some(process) = &t.process {
        writeln!(out, "    {}", clean(process))?;
    }
    Ok(())
}
