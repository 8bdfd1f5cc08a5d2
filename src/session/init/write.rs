//! The text of the file.

use super::found::{self, Name};
use super::survey::{Candidate, Survey};
use crate::common::sanitize::{escape_json, limited as sanitize_limited};
use crate::rules::matrix::{Matrix, Presence, Role};
use std::fmt::Write;

/// Longest text of a comment.
const LONGEST: usize = 200;

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

/// The whole file.
pub(super) fn file(
    s: &Survey<'_>,
    hosts: &[Candidate],
    groups: &[String],
    names: &[Name],
) -> String {
    let folder = std::path::absolute(s.root).unwrap_or_default();
    let name = folder.file_name().map(|n| n.to_string_lossy().into_owned());
    let mut out = format!(
        "# What is where in this site, for hylint. Drafted from the exports in this folder by `hylint init`.\n\
         # What an export says itself is written out. What is only likely is a comment with what speaks for it:\n\
         # confirm it by taking the # away. `hylint explain CODE` explains what a run reports.\n\n\
         [site]\nname = {}\nmatrix = {}\n\n",
        quoted(&name.unwrap_or_else(|| "site".into())),
        quoted(&s.matrix.id),
    );
    out.push_str(
        "[deployment]\n\
         # How do clients reach their sessions: \"direct\", through a \"gateway\", or \"both\"? With a gateway, letting\n\
         # clients in directly is a finding. Until this is said, direct is assumed.\n\
         # access = \"direct\"\n\n",
    );
    roles(s, hosts, &mut out);
    resolve(names, &mut out);
    // Each host begins with an empty line.
    out.truncate(out.trim_end().len());
    out.push('\n');
    for h in hosts {
        host(h, &mut out);
    }
    idle(groups, &mut out);
    out.push_str(
        "\n# What is open on purpose beside the matrix, with the reason:\n\
         # [[allow]]\n# from = \"10.0.9.0/28\"\n# to = \"session-host\"\n# port = \"tcp/5985\"\n\
         # reason = \"WinRM from the administration network\"\n",
    );
    out
}

/// Groups named one by one.
const GROUPS: usize = 40;

/// Groups of which it is not known whom they guard.
fn idle(groups: &[String], out: &mut String) {
    if groups.is_empty() {
        return;
    }
    out.push_str(
        "\n# Groups that guard no known host. The interfaces, exported beside them, bind them by address; else name them in\n\
         # `points` of a [[host]]:\n",
    );
    for g in groups.iter().take(GROUPS) {
        let _ = writeln!(out, "#   {}", said(g));
    }
    if groups.len() > GROUPS {
        let _ = writeln!(out, "#   and {} more", groups.len() - GROUPS);
    }
}

fn roles(s: &Survey<'_>, hosts: &[Candidate], out: &mut String) {
    out.push_str(
        "[roles]\n\
         # Addresses of the roles that have no [[host]] below: \"10.0.0.5\", \"10.0.0.0/24\", \"10.0.0.5-10.0.0.9\".\n\
         # [] says that the site has none. The flows of a role of which nothing is said cannot be judged.\n",
    );
    let here = |r: &&Role| hosts.iter().any(|h| h.certain && h.roles.contains(&r.id));
    let missing = s.matrix.roles.iter().filter(|r| !here(r));
    let (core, rest): (Vec<&Role>, Vec<&Role>) = missing
        .filter(|r| r.lives_on.is_none())
        .partition(|r| r.presence == Presence::Core);
    for r in core {
        let _ = writeln!(
            out,
            "# {} = [\"…\"]  # where is it? {}",
            r.id,
            said(&format!(
                "{} ({} of the matrix's flows)",
                r.name,
                flows(s.matrix, r)
            ))
        );
    }
    if !rest.is_empty() {
        out.push_str("# Others, each if the site has it:\n");
        let ids: Vec<&str> = rest.iter().map(|r| r.id.as_str()).collect();
        for line in textwrap::wrap(&ids.join(", "), 100) {
            let _ = writeln!(out, "#   {line}");
        }
    }
    let sources = found::sources(s);
    if !sources.is_empty() {
        out.push_str("# Sources that the rules name, by the number of rules:\n");
        let all: Vec<String> = sources.iter().map(|(a, n)| format!("{a} ({n})")).collect();
        for line in textwrap::wrap(&all.join(", "), 100) {
            let _ = writeln!(out, "#   {line}");
        }
    }
    out.push('\n');
}

fn flows(m: &Matrix, role: &Role) -> usize {
    let Some(ix) = m.role_ix(&role.id) else {
        return 0;
    };
    let ends = |r: &&crate::rules::matrix::Requirement| {
        r.from.roles.contains(&ix) || r.to.roles.contains(&ix)
    };
    m.requirements.iter().filter(ends).count()
}

fn resolve(names: &[Name], out: &mut String) {
    if names.is_empty() {
        return;
    }
    out.push_str(
        "[resolve]\n# Names that rules use and no export defines. Without their addresses the flows that rest on them are not proven.\n",
    );
    for n in names {
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

fn host(h: &Candidate, out: &mut String) {
    let off = if h.certain { "" } else { "# " };
    let sure = if h.certain { "" } else { "To confirm. " };
    let _ = writeln!(out, "\n# {sure}{}.", said(h.reason.trim_end_matches('.')));
    let globs: Vec<String> = h.exports.iter().map(|p| globset::escape(p)).collect();
    if h.forwards && !h.certain {
        let _ = writeln!(
            out,
            "# If it is a router or a perimeter firewall:\n# [[transit]]\n# exports = {}\n# And if it is a host:",
            list(&globs)
        );
    }
    let _ = writeln!(out, "{off}[[host]]\n{off}name = {}", quoted(&h.name));
    if h.addresses.is_empty() {
        let (maybe, why) = match h.maybe.as_slice() {
            [] => ("\"…\"".to_owned(), "its own addresses".to_owned()),
            all => (
                list(all).trim_matches(['[', ']']).to_owned(),
                "its rules name it as destination".to_owned(),
            ),
        };
        let _ = writeln!(out, "# addresses = [{maybe}]  # {why}");
    } else {
        let _ = writeln!(out, "{off}addresses = {}", list(&h.addresses));
    }
    let roles = if h.roles.is_empty() {
        "[\"…\"]".to_owned()
    } else {
        list(&h.roles)
    };
    let _ = writeln!(out, "{off}roles = {roles}");
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
            out.push_str("# profile = \"domain\"  # which is active? domain is assumed\n")
        }
        None => {}
    }
}
