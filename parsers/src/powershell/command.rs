//! A change of a host's rules as commands of the NetSecurity module (Microsoft Learn, "New-NetFirewallRule",
//! "Set-NetFirewallRule", "Remove-NetFirewallRule", "Set-NetFirewallProfile").

use super::ids::Ids;
use crate::edit::{Change, EditError, List, ListRef, RuleRef};
use crate::shell;
use crate::source::Source;
use crate::windows::parts::{VerboseFields, action, addresses, ports, profile_names, protocol};
use crate::windows::stated::Direction;
use hylint_model::{Export, InboundPolicy, Profiles, Rule, RuleOrigin};

type Result<T> = std::result::Result<T, EditError>;

/// The commands of [`crate::format::CommandsFn`].
pub(super) fn commands(source: &Source, export: &Export, what: &Change) -> Result<Vec<String>> {
    change(export, what, &|rule| picked(source, export, rule))
}

/// The commands of a change of an export in any form; `picked` gives the parameter that picks a rule and no other.
///
/// # Errors
/// [`EditError`] if the change has no form in commands.
pub(crate) fn change(
    export: &Export,
    change: &Change,
    picked: &dyn Fn(RuleRef) -> Result<String>,
) -> Result<Vec<String>> {
    let line = match change {
        Change::Insert { at, rule } => new_rule(direction(at.list())?, rule)?,
        Change::Remove(old) => format!("Remove-NetFirewallRule {}", picked(*old)?),
        Change::SetEnabled { rule, enabled } => {
            let word = if *enabled { "True" } else { "False" };
            format!("Set-NetFirewallRule {} -Enabled {word}", picked(*rule)?)
        }
        Change::Replace { old, new } => {
            let direction = direction(old.list)?;
            let before = Words::of(old.find(export).ok_or(EditError::Missing)?, direction)?;
            let changed = Words::of(new, direction)?.other_than(&before)?;
            format!("Set-NetFirewallRule {} {changed}", picked(*old)?)
        }
        Change::LetRulesDecide { point, profile } => let_rules_decide(export, *point, *profile)?,
        Change::SetPolicy { .. } => {
            return Err(EditError::Unsupported("each profile has a policy"));
        }
    };
    Ok(vec![line])
}

fn direction(list: ListRef) -> Result<Direction> {
    match list.list {
        List::Ingress => Ok(Direction::In),
        List::Egress => Ok(Direction::Out),
        List::Chain { .. } => Err(EditError::Missing),
    }
}

/// What a rule matches, by the parameters of a command.
struct Words(Vec<(&'static str, String)>);

impl Words {
    fn of(rule: &Rule, direction: Direction) -> Result<Self> {
        let no_form = |message| EditError::NoForm {
            span: rule.span,
            message,
        };
        let protocol = protocol(&rule.clauses).map_err(no_form)?;
        let (local, remote) = addresses(&rule.clauses, direction).map_err(no_form)?;
        let mut matches = vec![("-Protocol", protocol.text())];
        let ports = ports(&rule.clauses, direction, protocol).map_err(no_form)?;
        if let Some((local, remote)) = ports {
            matches.push(("-LocalPort", keywords(&local)?));
            matches.push(("-RemotePort", keywords(&remote)?));
        }
        matches.push(("-LocalAddress", keywords(&halved(&local))?));
        matches.push(("-RemoteAddress", keywords(&halved(&remote))?));
        let plain = |c: char| c.is_ascii_alphanumeric() || ".:,-/".contains(c);
        if matches.iter().any(|(_, v)| !v.chars().all(plain)) {
            return Err(EditError::Unsafe("an address or port is no plain word"));
        }
        Ok(Self(matches))
    }

    fn told(&self, which: impl Fn(&(&'static str, String)) -> bool) -> String {
        let each = self.0.iter().filter(|m| which(m));
        let words: Vec<String> = each
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        words.join(" ")
    }

    /// What another rule says differently.
    fn other_than(&self, old: &Self) -> Result<String> {
        let told = self.told(|m| !old.0.contains(m));
        match told.is_empty() {
            true => Err(EditError::Missing),
            false => Ok(told),
        }
    }
}

/// A family as its halves, as Windows takes no prefix of length 0.
fn halved(list: &str) -> String {
    let half = |one: &str| match one {
        "0.0.0.0/0" => "0.0.0.0/1,128.0.0.0/1".to_owned(),
        "::/0" => "::/1,8000::/1".to_owned(),
        one => one.to_owned(),
    };
    list.split(',').map(half).collect::<Vec<_>>().join(",")
}

/// Keywords as the cmdlets spell them.
fn keywords(list: &str) -> Result<String> {
    const WORDS: [(&str, &str); 6] = [
        ("rpc", "RPC"),
        ("iphttps", "IPHTTPSIn"),
        ("iphttpsout", "IPHTTPSOut"),
        ("teredo", "Teredo"),
        ("ply2disc", "PlayToDiscovery"),
        ("RmtIntranet", "IntranetRemoteAccess"),
    ];
    const NONE: [&str; 4] = ["mdns", "cortana", "cortanain", "dhcp"];
    let each = list.split(',').map(|one| {
        let known = WORDS.iter().find(|(word, _)| *word == one);
        match NONE.contains(&one) {
            true => Err(EditError::Unsupported(
                "a port keyword that no cmdlet takes",
            )),
            false => Ok(known.map_or(one, |(_, word)| *word)),
        }
    });
    Ok(each.collect::<Result<Vec<_>>>()?.join(","))
}

fn new_rule(direction: Direction, rule: &Rule) -> Result<String> {
    let no_form = |message| EditError::NoForm {
        span: rule.span,
        message,
    };
    let fields = VerboseFields::of(rule).map_err(no_form)?;
    if fields.security.is_some() || fields.interfaces.is_some() || fields.peers.is_some() {
        return Err(no_form("a rule with IPsec or interface types"));
    }
    let words = Words::of(rule, direction)?;
    let action = action(rule).map_err(no_form)?;
    if action == "Bypass" {
        return Err(no_form("a rule with IPsec or interface types"));
    }
    let way = match direction {
        Direction::In => "Inbound",
        Direction::Out => "Outbound",
    };
    let name = shell::powershell(&rule.name)?;
    let mut out =
        format!("New-NetFirewallRule -DisplayName {name} -Direction {way} -Action {action}");
    for (parameter, value) in [("-Program", fields.program), ("-Service", fields.service)] {
        if let Some(value) = value {
            let value = match value {
                "Any" => "*",
                value => value,
            };
            out.push_str(&format!(" {parameter} {}", shell::powershell(value)?));
        }
    }
    if rule.profiles != Profiles::ALL {
        let names = profile_names(rule.profiles).map_err(no_form)?;
        out.push_str(&format!(" -Profile {names}"));
    }
    out.push(' ');
    // An address or port that may be any need not be said.
    out.push_str(&words.told(|(name, value)| *name == "-Protocol" || value != "Any"));
    Ok(out)
}

/// The parameter that picks a rule and no other.
fn picked(source: &Source, export: &Export, which: RuleRef) -> Result<String> {
    let rule = which.find(export).ok_or(EditError::Missing)?;
    if rule.origin == RuleOrigin::GroupPolicy {
        return Err(EditError::Unsupported("the rule is one of Group Policy"));
    }
    let ids = Ids::of(source);
    if let Some(id) = ids.of_rule(rule.span) {
        return Ok(format!("-Name {}", exact(id)?));
    }
    let rules = which.list.rules(export).ok_or(EditError::Missing)?;
    let other = match which.list.list {
        List::Ingress => List::Egress,
        _ => List::Ingress,
    };
    let other = ListRef {
        list: other,
        ..which.list
    };
    let all = rules.iter().chain(other.rules(export).unwrap_or_default());
    let same = |r: &&Rule| r.name.to_lowercase() == rule.name.to_lowercase();
    if rule.name.is_empty() || all.filter(same).count() != 1 {
        return Err(EditError::Unsupported(
            "the export does not tell the rule's own name (InstanceID)",
        ));
    }
    Ok(format!("-DisplayName {}", exact(&rule.name)?))
}

/// A quoted name. The cmdlets read `*`, `?` and brackets in names as patterns.
pub(crate) fn exact(name: &str) -> Result<String> {
    if name.contains(['*', '?', '[', ']']) {
        return Err(EditError::Unsupported(
            "the rule's name would be read as a pattern",
        ));
    }
    shell::powershell(name)
}

fn let_rules_decide(export: &Export, point: usize, profile: Profiles) -> Result<String> {
    let point = export.points.get(point).ok_or(EditError::Missing)?;
    let windows = point.windows.as_ref().ok_or(EditError::Missing)?;
    let settings = windows.settings(profile).ok_or(EditError::Missing)?;
    let closed = settings
        .inbound
        .is_some_and(|(p, _)| p == InboundPolicy::BlockAlways);
    let name = match profile {
        _ if !closed => return Err(EditError::Missing),
        Profiles::DOMAIN => "Domain",
        Profiles::PRIVATE => "Private",
        Profiles::PUBLIC => "Public",
        _ => return Err(EditError::Missing),
    };
    Ok(format!(
        "Set-NetFirewallProfile -Name {name} -AllowInboundRules True"
    ))
}
