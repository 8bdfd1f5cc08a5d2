//! The text of the file.

use super::candidate::Candidate;
use super::evidence::Evidence;
use super::found::{self, Name};
use super::peers::Peers;
use super::questions::Questions;
use super::survey::Survey;
use super::vias::Via;
use crate::common::paths;
use crate::common::sanitize::{escape_json, limited as sanitize_limited};
use crate::common::words::hanging;
use crate::rules::matrix::{Presence, Role, RoleIx};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Longest text of a comment that comes from an export.
const LONGEST: usize = 300;
/// Longest text of what speaks for a role.
const EVIDENCE: usize = 1500;
/// Columns of the file.
const COLUMNS: usize = 100;
/// Groups named one by one.
const GROUPS: usize = 40;
/// The JSON Schema of hylint.toml, from the root of the repository.
const SCHEMA: &str = "schema/hylint-toml.schema.json";

/// What goes into a file.
pub(super) struct Contents<'a> {
    /// The value of `matrix`, if a site file can name it.
    pub(super) matrix: Option<&'a str>,
    pub(super) hosts: &'a [Candidate],
    /// Groups of which it is not known whom they guard.
    pub(super) groups: &'a [String],
    pub(super) names: &'a [Name],
    /// Files that could not be read and stand for a host, with what is said of them.
    pub(super) unread: &'a [(String, String)],
    /// What may stand between senders and hosts.
    pub(super) vias: &'a [Via],
    pub(super) questions: &'a Questions,
    /// The roles that every site has are written as being there.
    pub(super) core_is_there: bool,
}

/// A TOML string: JSON's escapes are among TOML's.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap_or_default();
    escape_json(&json).into_owned()
}

fn list(all: &[String]) -> String {
    let all: Vec<String> = all.iter().map(|t| quoted(t)).collect();
    format!("[{}]", all.join(", "))
}

/// A text of an export in a comment.
fn said(text: &str) -> String {
    sanitize_limited(text, LONGEST).into_owned()
}

/// A comment, broken at words; further lines are set in.
fn comment(out: &mut String, head: &str, text: &str) {
    let indent = format!("#{}", " ".repeat(head.len().saturating_sub(1)));
    for line in hanging(head, &indent, COLUMNS, text) {
        let _ = writeln!(out, "{line}");
    }
}

/// `  # question 3`, for a line that answers it.
fn asked(number: usize) -> String {
    match number {
        0 => String::new(),
        n => format!("question {n}"),
    }
}

/// The whole file.
pub(super) fn file(s: &Survey<'_>, c: &Contents<'_>) -> String {
    let mut out = String::new();
    head(s, c, &mut out);
    let q = c.questions;
    if q.access > 0 {
        let _ = write!(
            out,
            "[deployment]\n# access = \"direct\"  # {}: \"direct\", \"gateway\" or \"both\"\n\n",
            asked(q.access)
        );
    }
    let peers = Peers::of(s);
    roles(s, c, &peers, &mut out);
    resolve(c, &mut out);
    // Each host begins with an empty line.
    out.truncate(out.trim_end().len());
    out.push('\n');
    let mut taken: BTreeSet<String> = c.hosts.iter().map(|h| h.name.clone()).collect();
    for h in c.hosts {
        host(s, h, q, &peers, &mut out);
    }
    unread(c, &mut taken, &mut out);
    if c.core_is_there {
        nowhere(s, q, &mut taken, &mut out);
    }
    idle(c, &mut out);
    vias(c, &mut out);
    let to = s.matrix.roles.first().map(|r| r.id.as_str());
    let _ = write!(
        out,
        "\n# What is open on purpose beside the matrix, with the reason:\n\
         # [[allow]]\n# from = \"10.0.9.0/28\"\n# to = {}\n# port = \"tcp/5985\"\n\
         # reason = \"WinRM from the administration network\"\n",
        quoted(to.unwrap_or("10.0.0.5"))
    );
    out
}

/// Where editors find the schema.
fn schema() -> String {
    match env!("CARGO_PKG_REPOSITORY") {
        "" => SCHEMA.to_owned(),
        url => format!("{}/raw/main/{SCHEMA}", url.trim_end_matches('/')),
    }
}

fn head(s: &Survey<'_>, c: &Contents<'_>, out: &mut String) {
    let folder = std::path::absolute(s.root).unwrap_or_default();
    let name = folder.file_name().map(|n| n.to_string_lossy().into_owned());
    let _ = writeln!(out, "#:schema {}", schema());
    out.push_str(
        "# Drafted by `hylint init` from the exports in this folder. What an export says is written out, with its place.\n\
         # What is only likely is a comment with the evidence: remove the # of what is right.\n",
    );
    if !c.questions.list.is_empty() {
        out.push_str("#\n# No export answers these questions. Each key below has the number of its question.\n");
    }
    for (n, q) in c.questions.list.iter().enumerate() {
        let text = format!("{} Write {}.", said(&q.ask), said(&q.key));
        comment(out, &format!("# {:>2}. ", n + 1), &text);
    }
    let _ = writeln!(
        out,
        "\n[site]\nname = {}",
        quoted(&name.unwrap_or_else(|| "site".into()))
    );
    match c.matrix {
        Some(name) => {
            let _ = writeln!(out, "matrix = {}\n", quoted(name));
        }
        None => {
            out.push_str(
                "# The matrix is not in this folder, so each run names it: --matrix FILE. A copy in this folder may be named here:\n\
                 # matrix = \"matrix.toml\"\n\n",
            );
        }
    }
}

fn roles(s: &Survey<'_>, c: &Contents<'_>, peers: &Peers, out: &mut String) {
    out.push_str(
        "[roles]\n\
         # Addresses of roles without a [[host]]: \"10.0.0.5\", \"10.0.0.0/24\", \"10.0.0.5-10.0.0.9\". [] says that this site\n\
         # has none. What rules of other hosts name for a role's flows stands beside it.\n",
    );
    let hint = |role: RoleIx| {
        let hint = peers.hint(role);
        hint.map_or_else(String::new, |h| format!("; rules name {}", said(&h)))
    };
    for (role, n) in &c.questions.core {
        let id = s.matrix.role(*role).map(|r| r.id.as_str());
        let id = id.unwrap_or_default();
        let _ = writeln!(out, "# {id} = [\"…\"]  # {}{}", asked(*n), hint(*role));
    }
    optional(s, c, peers, out);
    let sources = found::sources(s);
    if !sources.is_empty() {
        let all: Vec<String> = sources.iter().map(|(a, n)| format!("{a} ({n})")).collect();
        comment(
            out,
            "# ",
            &format!(
                "Sources in rules, with the number of rules: {}",
                said(&all.join(", "))
            ),
        );
    }
    out.push('\n');
}

/// The other roles: those first for which rules name somebody.
fn optional(s: &Survey<'_>, c: &Contents<'_>, peers: &Peers, out: &mut String) {
    let here = |r: &Role| c.hosts.iter().any(|h| h.certain && h.roles.contains(&r.id));
    let core: Vec<RoleIx> = c.questions.core.iter().map(|(r, _)| *r).collect();
    let rest = s.matrix.roles.iter().filter_map(|r| {
        let ix = s.matrix.role_ix(&r.id)?;
        let asked = core.contains(&ix) || r.presence == Presence::Core;
        (!asked && !here(r) && r.lives_on.is_none()).then_some((ix, r))
    });
    let (named, silent): (Vec<_>, Vec<_>) = rest
        .map(|(ix, r)| (r.id.as_str(), peers.hint(ix)))
        .partition(|(_, hint)| hint.is_some());
    if named.len() + silent.len() > 0 {
        out.push_str("# If the site has them:\n");
    }
    for (id, hint) in named {
        let hint = said(&hint.unwrap_or_default());
        let _ = writeln!(out, "# {id} = [\"…\"]  # rules name {hint}");
    }
    let ids: Vec<&str> = silent.iter().map(|(id, _)| *id).collect();
    if !ids.is_empty() {
        comment(out, "#   ", &ids.join(", "));
    }
}

fn resolve(c: &Contents<'_>, out: &mut String) {
    if c.names.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "[resolve]\n# Names that rules use and no export defines ({}).",
        asked(c.questions.names)
    );
    for n in c.names {
        let rules = if n.rules == 1 {
            "1 rule"
        } else {
            &format!("{} rules", n.rules)
        };
        let _ = writeln!(
            out,
            "# {} = [\"…\"]  # {rules}, the first at {}",
            quoted(&n.key),
            said(&n.first)
        );
    }
    out.push('\n');
}

/// What speaks for the role of a host.
fn because(h: &Candidate) -> String {
    let own = !h.roles.is_empty();
    let ports: Vec<String> = h
        .evidence
        .iter()
        .filter(|e| e.has_ports())
        .map(|e: &Evidence| format!("{}: {}", e.role, e.long()))
        .collect();
    match (ports.is_empty(), own) {
        (true, _) => String::new(),
        (false, true) => format!("{}.", ports.join("; ")),
        (false, false) => format!("Roles that fit: {}.", ports.join("; ")),
    }
}

fn host(s: &Survey<'_>, h: &Candidate, q: &Questions, peers: &Peers, out: &mut String) {
    let off = if h.stands() { "" } else { "# " };
    out.push('\n');
    let sure = match h.certain {
        true => String::new(),
        false if h.roles.is_empty() => format!("To confirm ({}). ", asked(q.roles)),
        false => format!("To confirm ({}). ", asked(q.likely)),
    };
    let because = sanitize_limited(&because(h), EVIDENCE).into_owned();
    if !because.is_empty() {
        comment(out, "# ", &because);
    }
    if let Some(finding) = &h.instead {
        let text = format!(
            "As a [[host]] it is judged with all layers that its interfaces name, and {} is not reported as it is now.",
            said(finding)
        );
        comment(out, "# ", &text);
    }
    let reason = said(h.reason.trim_end_matches('.'));
    comment(out, "# ", &format!("{sure}{reason}."));
    let globs: Vec<String> = h.exports.iter().map(|p| globset::escape(p)).collect();
    if h.forwards && !h.stands() {
        let _ = writeln!(
            out,
            "# If it is a router or a perimeter firewall:\n# [[transit]]\n# exports = {}\n# And if it is a host:",
            list(&globs)
        );
    }
    let _ = writeln!(out, "{off}[[host]]\n{off}name = {}", quoted(&h.name));
    match h.addresses.is_empty() {
        true => own_addresses(s, h, q, peers, out),
        false => {
            let by_listing = h
                .shown
                .as_ref()
                .filter(|(all, _)| h.addresses.iter().all(|a| all.contains(a)));
            let place = by_listing.map_or_else(String::new, |(_, place)| {
                format!("  # shown at {}", said(place))
            });
            let _ = writeln!(out, "{off}addresses = {}{place}", list(&h.addresses));
        }
    }
    let roles = if h.roles.is_empty() {
        "[\"…\"]".to_owned()
    } else {
        list(&h.roles)
    };
    match h.roleless && !h.certain {
        true => {
            let n = if h.roles.is_empty() {
                q.roles
            } else {
                q.likely
            };
            let _ = writeln!(out, "# roles = {roles}  # which?{}", marked(n));
        }
        false => {
            let _ = writeln!(out, "{off}roles = {roles}");
        }
    }
    let _ = writeln!(out, "{off}exports = {}", list(&globs));
    if !h.points.is_empty() {
        let _ = writeln!(out, "{off}points = {}", list(&h.points));
    }
    match h.windows {
        Some(Some(active)) => {
            let _ = writeln!(
                out,
                "{off}profile = \"{active}\"  # the export calls it active"
            );
        }
        Some(None) => {
            let n = if h.stands() { q.profile } else { 0 };
            let _ = writeln!(
                out,
                "# profile = \"domain\"  # which is active? domain is assumed{}",
                marked(n)
            );
        }
        None => {}
    }
}

fn own_addresses(s: &Survey<'_>, h: &Candidate, q: &Questions, peers: &Peers, out: &mut String) {
    let n = marked(if h.stands() { q.addresses } else { 0 });
    if let Some((all, place)) = &h.shown {
        let place = said(place);
        let _ = writeln!(out, "# addresses = {}  # shown at {place}{n}", list(all));
        return;
    }
    let Some((_, first)) = h.maybe.first() else {
        let roles = h.roles.iter().filter_map(|r| s.matrix.role_ix(r));
        let hint = roles.filter_map(|r| peers.hint(r)).next();
        let hint = hint.map_or_else(String::new, |h| {
            format!("; for its role rules name {}", said(&h))
        });
        let _ = writeln!(out, "# addresses = [\"…\"]  # its own addresses{n}{hint}");
        return;
    };
    let all: Vec<String> = h.maybe.iter().map(|(a, _)| a.clone()).collect();
    let _ = writeln!(
        out,
        "# addresses = {}  # its rules name it as destination, the first at {}{n}",
        list(&all),
        said(first)
    );
}

/// ` (question 3)`.
fn marked(number: usize) -> String {
    match number {
        0 => String::new(),
        n => format!(" (question {n})"),
    }
}

/// A name that no host has.
fn free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut n = 1;
    let mut found = name.to_owned();
    while !taken.insert(found.clone()) {
        n += 1;
        found = format!("{name}-{n}");
    }
    found
}

/// Files that were not read and stand for a host.
fn unread(c: &Contents<'_>, taken: &mut BTreeSet<String>, out: &mut String) {
    for (file, why) in c.unread {
        let name = free(&paths::host_name(file), taken);
        let text = format!("Not read ({}): {}.", asked(c.questions.unread), said(why));
        out.push('\n');
        comment(out, "# ", &text);
        let _ = writeln!(
            out,
            "[[host]]\nname = {}\nexports = {}",
            quoted(&name),
            list(&[globset::escape(file)])
        );
    }
}

/// The roles that every site has, as being there: their flows are judged even before it is known where they are.
fn nowhere(s: &Survey<'_>, q: &Questions, taken: &mut BTreeSet<String>, out: &mut String) {
    let ids: Vec<String> = q
        .core
        .iter()
        .filter_map(|(r, _)| Some(s.matrix.role(*r)?.id.clone()))
        .collect();
    if ids.is_empty() {
        return;
    }
    out.push('\n');
    comment(
        out,
        "# ",
        "Roles that every site has and that no export shows. As they stand here, a flow that no source at all may use is \
         reported before their addresses are known. Remove a role here when it is under [roles].",
    );
    let _ = writeln!(
        out,
        "[[host]]\nname = {}\nroles = {}",
        quoted(&free("undeclared", taken)),
        list(&ids)
    );
}

/// Groups of which it is not known whom they guard.
fn idle(c: &Contents<'_>, out: &mut String) {
    if c.groups.is_empty() {
        return;
    }
    let text = format!(
        "Groups that guard no known host ({}). Interfaces exported beside them bind them by address; else name them in \
         `points` of a [[host]]:",
        asked(c.questions.groups)
    );
    out.push('\n');
    comment(out, "# ", &text);
    for g in c.groups.iter().take(GROUPS) {
        let _ = writeln!(out, "#   {}", said(g));
    }
    if c.groups.len() > GROUPS {
        let _ = writeln!(out, "#   and {} more", c.groups.len() - GROUPS);
    }
}

/// What may stand between senders and hosts, as comments.
fn vias(c: &Contents<'_>, out: &mut String) {
    for v in c.vias {
        let text = format!(
            "{}. If senders use that address ({}):",
            said(&v.reason),
            asked(c.questions.vias)
        );
        out.push('\n');
        comment(out, "# ", &text);
        let _ = writeln!(
            out,
            "# [[via]]\n# front = {}\n# hosts = {}",
            list(std::slice::from_ref(&v.front)),
            list(&v.hosts)
        );
        if let Some((front, host)) = v.ports {
            let _ = writeln!(out, "# ports = {{ \"{front}\" = \"{host}\" }}");
        }
        out.push_str("# sources = [\"…\"]  # what the hosts see as source, if not the senders' own addresses\n");
    }
}
