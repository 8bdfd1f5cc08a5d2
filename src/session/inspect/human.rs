//! The view of an export for people.

use super::view::{ChainView, Inspection, ProfileView, RuleView, profile_views};
use crate::common::sanitize::limited as sanitize_limited;
use crate::load::{LoadedExport, classify};
use crate::report::RenderOptions;
use hylint_model::Companion;
use std::io::{self, Write};

/// Characters kept of a text.
const LONGEST_TEXT: usize = 300;

/// The condition of a rule whose verbose fields were not printed, as the readers of Windows word it.
const BRIEF: &str = "brief-export";

/// The same for people.
///
/// # Errors
/// Those of the writer.
pub fn write_human(
    e: &LoadedExport,
    options: &RenderOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let view = Inspection::of(e);
    let clean = |s: &str| sanitize_limited(s, LONGEST_TEXT).into_owned();
    writeln!(
        out,
        "{}: {} · {} · {}",
        clean(&e.path),
        view.format,
        view.encoding,
        counted(e.export.rules_in_model())
    )?;
    for p in &view.points {
        let state = if p.stateful { "stateful" } else { "stateless" };
        writeln!(
            out,
            "\n{}{} · {} · {state}",
            // A host's own firewall has no name but the file's.
            if p.name == *e.path {
                String::new()
            } else {
                clean(&p.name) + " · "
            },
            p.kind,
            families(p.family)
        )?;
        write_profiles(&p.profiles, out)?;
        if p.brief {
            writeln!(
                out,
                "  (brief): exported without programs and services, so a program, service or IPsec setting may narrow the rule"
            )?;
        }
        let lists = [("inbound", &p.ingress), ("outbound", &p.egress)];
        for ((name, list), assumed) in lists.into_iter().zip(p.assumed) {
            if let Some(l) = list {
                let assumed = if assumed { " (assumed)" } else { "" };
                let rules = counted(l.rules.len());
                writeln!(out, "  {name} · default {}{assumed} · {rules}", l.default)?;
                write_rules(&l.rules, out)?;
            }
        }
        for c in &p.chains {
            writeln!(out, "  {}", clean(&heading(c)))?;
            write_rules(&c.rules, out)?;
        }
    }
    for c in &e.export.companions {
        if let Companion::WindowsProfiles(w) = c {
            writeln!(out, "\nprofile settings of the host")?;
            write_profiles(&profile_views(w), out)?;
        }
    }
    if !view.facts.is_empty() {
        writeln!(out, "\nbeside rules")?;
    }
    for f in &view.facts {
        writeln!(out, "    {:>6}  {}  {}", f.line, f.kind, clean(&f.text))?;
    }
    if !view.unmodelled.is_empty() {
        writeln!(out, "\nread in part, or not at all")?;
    }
    for u in &view.unmodelled {
        let dropped = if u.dropped { " · not used" } else { "" };
        let file = u.file.as_ref().map(|f| format!(" of {}", clean(f)));
        let file = file.unwrap_or_default();
        writeln!(
            out,
            "  line {}{file}{dropped} · {}",
            u.line,
            clean(&u.reason)
        )?;
        writeln!(
            out,
            "      {}",
            clean(u.text.lines().next().unwrap_or_default())
        )?;
    }
    if options.verbose {
        for p in &e.export.problems {
            let (code, severity) = classify(p);
            let at = e.source.position(p.span.start);
            writeln!(
                out,
                "  {}[{code}] {}:{} {}",
                severity.as_str(),
                at.line,
                at.column,
                clean(&p.message)
            )?;
        }
    }
    Ok(())
}

/// A chain as people of its tool know it: `filter INPUT · policy DROP`,
/// `inet filter input · type filter hook input priority 0 · policy drop`.
fn heading(c: &ChainView) -> String {
    let family = c.family.map_or_else(String::new, |f| format!("{f} "));
    let mut text = format!("{family}{} {}", c.table, c.name);
    if let (Some(kind), Some(hook), Some(priority)) = (c.kind, c.hook, c.priority) {
        text.push_str(&format!(" · type {kind} hook {hook} priority {priority}"));
    }
    if !c.devices.is_empty() {
        text.push_str(&format!(" on {}", c.devices.join(", ")));
    }
    match (c.policy, c.family) {
        (Some(policy), Some(_)) => {
            text.push_str(&format!(" · policy {}", policy.to_ascii_lowercase()));
        }
        (Some(policy), None) => text.push_str(&format!(" · policy {policy}")),
        (None, _) => {}
    }
    if let Some(owner) = c.owner {
        text.push_str(&format!(" · of {owner}"));
    }
    text
}

/// The address families of a firewall.
fn families(family: &str) -> &str {
    match family {
        "ipv4" => "IPv4",
        "ipv6" => "IPv6",
        _ => "IPv4 and IPv6",
    }
}

fn counted(rules: usize) -> String {
    match rules {
        1 => "1 rule".to_owned(),
        n => format!("{n} rules"),
    }
}

fn write_profiles(profiles: &[ProfileView], out: &mut dyn Write) -> io::Result<()> {
    let said = |v: Option<bool>, yes: &'static str, no: &'static str| match v {
        Some(true) => yes,
        Some(false) => no,
        None => "not printed",
    };
    for p in profiles {
        writeln!(
            out,
            "  profile {} · firewall {} · inbound {} · outbound {} · local rules {}",
            p.name,
            said(p.enabled, "on", "off"),
            p.inbound.unwrap_or("not printed"),
            p.outbound.unwrap_or("not printed"),
            said(p.local_rules, "apply", "ignored")
        )?;
    }
    Ok(())
}

/// Addresses of a list that are shown; `--format json` has all.
const SHOWN: usize = 4;

/// A list without its end.
fn listed(addresses: &str) -> String {
    let mut all: Vec<&str> = addresses.split(',').collect();
    let more = all.len().saturating_sub(SHOWN);
    if more < 2 {
        return addresses.to_owned();
    }
    all.truncate(SHOWN);
    format!("{} and {more} more", all.join(","))
}

fn write_rules(rules: &[RuleView], out: &mut dyn Write) -> io::Result<()> {
    let clean = |s: &str| sanitize_limited(s, LONGEST_TEXT).into_owned();
    for r in rules {
        let line = match (r.line, r.column) {
            (Some(line), Some(column)) => format!("{line}:{column}"),
            (Some(line), None) => line.to_string(),
            (None, _) => "-".to_owned(),
        };
        let off = if r.enabled { "" } else { " (disabled)" };
        let priority = r.priority.map_or_else(String::new, |p| format!("[{p}] "));
        let profiles = match r.profiles.as_slice() {
            [] => String::new(),
            some => format!(" in {}", some.join(",")),
        };
        let (source, target) = if r.protocol.starts_with("icmp") {
            ("type", "code")
        } else {
            ("port", "port")
        };
        let end = |addr: &str, word: &str, port: &str| match port {
            "any" => listed(&clean(addr)),
            p => format!("{} {word} {}", listed(&clean(addr)), clean(p)),
        };
        let protocol = match r.protocol.as_str() {
            "any" => "any protocol".to_owned(),
            named => clean(named),
        };
        write!(
            out,
            "    {line:>6}  {priority}{}{off}{profiles}  {}  {} -> {}",
            clean(&r.action),
            protocol,
            end(&r.src, source, &r.sport),
            end(&r.dst, target, &r.dport)
        )?;
        let (brief, conditions): (Vec<&String>, Vec<&String>) =
            r.conditions.iter().partition(|c| *c == BRIEF);
        if !brief.is_empty() {
            write!(out, "  (brief)")?;
        }
        if !conditions.is_empty() {
            let conditions: Vec<String> = conditions.iter().map(|c| clean(c)).collect();
            write!(out, "  if {}", conditions.join(" and "))?;
        }
        if !r.name.is_empty() {
            write!(out, "  `{}`", clean(&r.name))?;
        }
        if let Some(file) = &r.file {
            write!(out, "  [{}]", clean(file))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
