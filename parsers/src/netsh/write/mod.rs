//! Writes a host's rules and profile settings as English `netsh advfirewall` prints them: what the reader reads back is
//! the same policy.
//!
//! netsh says less than the model can hold. So each text is read again before it is handed out, and a rule that does not
//! come back as it was is an error, never left out or approximated. Not written, because no line of netsh holds them:
//! verdicts for packets that no rule decides (they come from the profile settings), and edge traversal.

mod form;
mod profiles;

pub use profiles::write_profiles;

use crate::input::Depth;
use crate::source::Source;
use crate::windows::parts::{
    Part, VerboseFields, action, addresses, icmp, ports, profile_names, protocol,
};
use crate::windows::same;
use crate::windows::stated::Direction;
use crate::write::{Result, WriteError};
use form::{COLUMN, RULER, error, line};
use hylint_model::{Body, Clause, Discipline, Lists, Point, PointKind, Rule, RuleOrigin};

/// Writes the rules of a host as `netsh advfirewall firewall show rule name=all verbose` does, inbound rules first, then
/// its profile settings if it has any. A rule whose verbose fields were not printed is written in the brief form.
///
/// # Errors
/// The first rule that netsh cannot express: a packet mark, a source of several unrelated boxes, a condition that netsh does
/// not have, or a match that was not understood when it was read.
pub fn write(point: &Point) -> Result<String> {
    let lists = match &point.body {
        Body::Lists(lists)
            if point.kind == PointKind::WindowsFirewall
                && lists.discipline == Discipline::BlockOverAllow =>
        {
            lists
        }
        _ => return Err(error(point.span, "it is no Windows firewall")),
    };
    let mut out = String::new();
    for (direction, list) in [
        (Direction::In, &lists.ingress),
        (Direction::Out, &lists.egress),
    ] {
        for r in &list.rules {
            rule(&mut out, r, direction).map_err(|message| rule_error(r, message))?;
        }
    }
    out.push_str(if out.is_empty() {
        "\nNo rules match the specified criteria.\n"
    } else {
        "Ok.\n"
    });
    verify(&out, lists)?;
    if let Some(settings) = &point.windows {
        out.push_str(&write_profiles(settings)?);
    }
    Ok(out)
}

fn rule_error(rule: &Rule, message: &'static str) -> WriteError {
    error(rule.span, message).of_rule(rule)
}

/// Reads the text and compares rule by rule.
fn verify(text: &str, lists: &Lists) -> Result<()> {
    let export = super::read::read(&Source::new("netsh", text, "UTF-8"), Depth::Whole);
    match same::lost(lists, &export) {
        None => Ok(()),
        Some(rule) => Err(rule_error(
            rule,
            "its name, description, addresses, ports or conditions do not fit netsh's lines",
        )),
    }
}

fn rule(out: &mut String, rule: &Rule, direction: Direction) -> Part<()> {
    let fields = VerboseFields::of(rule)?;
    let inline = [
        Some(&*rule.name),
        Some(&*rule.group),
        fields.program,
        fields.service,
        fields.security,
        fields.interfaces,
        fields.peers,
        fields.policy,
    ];
    if inline.iter().flatten().any(|t| t.contains(['\n', '\r'])) {
        return Err("a line break stands in its name or in a field of one line");
    }
    if rule.priority.is_some() {
        return Err("netsh has no priorities");
    }
    out.push('\n');
    line(out, "Rule Name", &rule.name);
    out.extend(std::iter::repeat_n('-', RULER));
    out.push('\n');
    if !rule.comment.is_empty() {
        line(out, "Description", &rule.comment);
    }
    line(out, "Enabled", if rule.enabled { "Yes" } else { "No" });
    let way = match direction {
        Direction::In => "In",
        Direction::Out => "Out",
    };
    line(out, "Direction", way);
    line(out, "Profiles", &profile_names(rule.profiles)?);
    line(out, "Grouping", &rule.group);
    matches(out, rule, direction)?;
    line(out, "Edge traversal", "No");
    verbose(out, rule, &fields);
    line(out, "Action", action(rule)?);
    Ok(())
}

fn verbose(out: &mut String, rule: &Rule, fields: &VerboseFields<'_>) {
    let named = [
        ("Program", fields.program),
        ("Service", fields.service),
        (
            "InterfaceTypes",
            fields.interfaces.or((!fields.brief).then_some("Any")),
        ),
        ("RemoteComputerGroup", fields.peers),
        (
            "Security",
            fields.security.or((!fields.brief).then_some("NotRequired")),
        ),
        ("Rule source", fields.policy.or_else(|| source(rule.origin))),
    ];
    for (label, value) in named {
        if let Some(value) = value {
            line(out, label, value);
        }
    }
}

fn source(origin: RuleOrigin) -> Option<&'static str> {
    match origin {
        RuleOrigin::Local => Some("Local Setting"),
        RuleOrigin::GroupPolicy => Some("Group Policy Setting"),
        RuleOrigin::Unsaid | RuleOrigin::Platform => None,
    }
}

/// Addresses, protocol, ports and ICMP rows.
fn matches(out: &mut String, rule: &Rule, direction: Direction) -> Part<()> {
    let clauses: &[Clause] = &rule.clauses;
    if clauses.is_empty() {
        return Err("it matches no packet");
    }
    let protocol = protocol(clauses)?;
    let (local, remote) = addresses(clauses, direction)?;
    line(out, "LocalIP", &local);
    line(out, "RemoteIP", &remote);
    line(out, "Protocol", &protocol.text());
    for (kind, code) in icmp(clauses, protocol)? {
        out.extend(std::iter::repeat_n(' ', COLUMN));
        out.push_str(&format!("{kind:<8}{code}\n"));
    }
    if let Some((local, remote)) = ports(clauses, direction, protocol)? {
        line(out, "LocalPort", &local);
        line(out, "RemotePort", &remote);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
