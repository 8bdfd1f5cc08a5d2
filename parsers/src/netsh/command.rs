//! A change of a host's rules as commands of `netsh advfirewall` (Microsoft, "netsh advfirewall firewall" contexts).

use crate::edit::{Change, EditError, List, ListRef, RuleRef};
use crate::shell;
use crate::source::Source;
use crate::windows::parts::{
    Protocol, VerboseFields, action, addresses, icmp, ports, profile_names, protocol,
};
use crate::windows::stated::Direction;
use hylint_model::{Export, InboundPolicy, Profiles, Rule, RuleOrigin, Test};

type Result<T> = std::result::Result<T, EditError>;

/// The commands of [`crate::format::CommandsFn`].
pub(super) fn commands(_: &Source, export: &Export, change: &Change) -> Result<Vec<String>> {
    let line = match change {
        Change::Insert { at, rule } => new_rule(direction(at.list())?, rule)?,
        Change::Remove(old) => format!("{FIREWALL} delete rule {}", selected(export, *old)?),
        Change::SetEnabled { rule, enabled } => {
            let word = if *enabled { "yes" } else { "no" };
            format!(
                "{FIREWALL} set rule {} new enable={word}",
                selected(export, *rule)?
            )
        }
        Change::Replace { old, new } => {
            let direction = direction(old.list)?;
            let before = Words::of(old.find(export).ok_or(EditError::Missing)?, direction)?;
            let changed = Words::of(new, direction)?.other_than(&before)?;
            format!(
                "{FIREWALL} set rule {} new {changed}",
                selected(export, *old)?
            )
        }
        Change::LetRulesDecide { point, profile } => let_rules_decide(export, *point, *profile)?,
        Change::SetPolicy { .. } => {
            return Err(EditError::Unsupported("each profile has a policy"));
        }
    };
    Ok(vec![line])
}

const FIREWALL: &str = "netsh advfirewall firewall";

fn direction(list: ListRef) -> Result<Direction> {
    match list.list {
        List::Ingress => Ok(Direction::In),
        List::Egress => Ok(Direction::Out),
        List::Chain { .. } => Err(EditError::Missing),
    }
}

/// A rule as a command says it.
struct Words {
    head: String,
    /// What it matches, by the option's name.
    matches: Vec<(&'static str, String)>,
}

impl Words {
    fn of(rule: &Rule, direction: Direction) -> Result<Self> {
        let no_form = |message| EditError::NoForm {
            span: rule.span,
            message,
        };
        let protocol = protocol(&rule.clauses).map_err(no_form)?;
        let (local, remote) = addresses(&rule.clauses, direction).map_err(no_form)?;
        let mut matches = vec![
            ("localip", halved(&local)),
            ("remoteip", halved(&remote)),
            ("protocol", kinds(rule, protocol).map_err(no_form)?),
        ];
        let ports = ports(&rule.clauses, direction, protocol).map_err(no_form)?;
        if let Some((local, remote)) = ports {
            matches.extend([("localport", local), ("remoteport", remote)]);
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || ".:,-/".contains(c);
        if matches.iter().any(|(_, v)| !v.chars().all(plain)) {
            return Err(EditError::Unsafe("an address or port is no plain word"));
        }
        for (name, value) in &matches {
            takes(name, value).map_err(no_form)?;
        }
        let way = match direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        let name = shell::windows(&rule.name)?;
        Ok(Self {
            head: format!("name={name} dir={way}"),
            matches,
        })
    }

    fn told(&self, which: impl Fn(&(&'static str, String)) -> bool) -> String {
        let each = self.matches.iter().filter(|m| which(m));
        let words: Vec<String> = each
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        words.join(" ")
    }

    /// What another rule says differently.
    fn other_than(&self, old: &Self) -> Result<String> {
        let told = self.told(|m| !old.matches.contains(m));
        match told.is_empty() {
            true => Err(EditError::Missing),
            false => Ok(told),
        }
    }
}

/// A protocol, and the type and code of an ICMP rule: netsh takes one of them.
fn kinds(rule: &Rule, protocol: Protocol) -> std::result::Result<String, &'static str> {
    let rows = icmp(&rule.clauses, protocol)?;
    match rows.as_slice() {
        [] | [_] => Ok(protocol.text()),
        [_, (kind, code)] if kind == "Any" && code == "Any" => Ok(protocol.text()),
        [_, (kind, code)] => Ok(format!("{}:{kind},{code}", protocol.text())),
        _ => Err("a rule of several ICMP types"),
    }
}

/// Whether an option takes the words of its value (Microsoft, "netsh advfirewall firewall", add rule).
fn takes(name: &str, value: &str) -> std::result::Result<(), &'static str> {
    let words: &[&str] = match name {
        "localport" => &["any", "rpc", "rpc-epmap", "iphttps", "teredo"],
        "remoteip" => &[
            "any",
            "localsubnet",
            "dns",
            "dhcp",
            "wins",
            "defaultgateway",
        ],
        "localip" | "remoteport" => &["any"],
        _ => return Ok(()),
    };
    // Addresses of IPv6 have letters, too.
    let word = |t: &&str| t.starts_with(|c: char| c.is_ascii_alphabetic()) && !t.contains(':');
    let known = |t: &str| words.iter().any(|w| w.eq_ignore_ascii_case(t));
    match value.split(',').filter(word).all(known) {
        true => Ok(()),
        false => Err("a keyword that the command does not take"),
    }
}

/// A family as its halves, as netsh takes no prefix of length 0.
fn halved(list: &str) -> String {
    let half = |one: &str| match one {
        "0.0.0.0/0" => "0.0.0.0/1,128.0.0.0/1".to_owned(),
        "::/0" => "::/1,8000::/1".to_owned(),
        one => one.to_owned(),
    };
    list.split(',').map(half).collect::<Vec<_>>().join(",")
}

fn new_rule(direction: Direction, rule: &Rule) -> Result<String> {
    let no_form = |message| EditError::NoForm {
        span: rule.span,
        message,
    };
    let fields = VerboseFields::of(rule).map_err(no_form)?;
    if fields.peers.is_some() {
        return Err(no_form(
            "a rule for users or computers, whose kind is not printed",
        ));
    }
    if rule
        .conditions()
        .any(|c| matches!(c.test, Test::Package { .. }))
    {
        return Err(no_form("a rule for an app package"));
    }
    let words = Words::of(rule, direction)?;
    let action = action(rule).map_err(no_form)?.to_lowercase();
    if action == "bypass" && direction == Direction::In {
        return Err(no_form(
            "an inbound bypass, which needs a group of computers",
        ));
    }
    let mut out = format!("{FIREWALL} add rule {} action={action}", words.head);
    for (name, value) in [("program", fields.program), ("service", fields.service)] {
        if let Some(value) = value {
            out.push_str(&format!(" {name}={}", shell::windows(value)?));
        }
    }
    if !rule.comment.is_empty() && !rule.comment.contains('\n') {
        out.push_str(&format!(" description={}", shell::windows(&rule.comment)?));
    }
    if !rule.enabled {
        out.push_str(" enable=no");
    }
    if let Some(kind) = fields.interfaces {
        let kind = one_of(kind, &["lan", "wireless", "ras"]);
        let kind = kind.ok_or_else(|| no_form("a rule of several kinds of interfaces"))?;
        out.push_str(&format!(" interfacetype={kind}"));
    }
    if let Some(security) = fields.security {
        let words = ["authenticate", "authenc", "authdynenc", "authnoencap"];
        let word = one_of(security, &words);
        let word = word.ok_or_else(|| no_form("an IPsec setting that netsh has no word for"))?;
        out.push_str(&format!(" security={word}"));
    }
    if rule.profiles != Profiles::ALL {
        let names = profile_names(rule.profiles).map_err(no_form)?;
        out.push_str(&format!(" profile={}", names.to_lowercase()));
    }
    out.push(' ');
    // An address or port that may be any need not be said.
    out.push_str(&words.told(|(name, value)| *name == "protocol" || value != "Any"));
    Ok(out)
}

/// The word that a text is, in any case.
fn one_of(text: &str, words: &[&'static str]) -> Option<&'static str> {
    words
        .iter()
        .copied()
        .find(|w| w.eq_ignore_ascii_case(text.trim()))
}

/// The options that pick a rule, and no other that is not equal to it.
fn selected(export: &Export, which: RuleRef) -> Result<String> {
    let rules = which.list.rules(export).ok_or(EditError::Missing)?;
    let rule = rules.get(which.index).ok_or(EditError::Missing)?;
    if rule.origin == RuleOrigin::GroupPolicy {
        return Err(EditError::Unsupported("the rule is one of Group Policy"));
    }
    let direction = direction(which.list)?;
    let words = Words::of(rule, direction)?;
    let same_name = |r: &&Rule| r.name.to_lowercase() == rule.name.to_lowercase();
    let namesakes: Vec<&Rule> = rules.iter().filter(same_name).collect();
    if namesakes.len() == 1 {
        return Ok(words.head);
    }
    let profiles = |r: &Rule| profile_names(r.profiles).unwrap_or_default();
    // `set` and `delete` pick by what rules match and not by what they do.
    let alike = |r: &&&Rule| {
        let same = Words::of(r, direction).is_ok_and(|w| w.matches == words.matches);
        same && profiles(r) == profiles(rule)
            && (r.action != rule.action || r.enabled != rule.enabled)
    };
    if namesakes.iter().find(alike).is_some() {
        return Err(EditError::Unsupported(
            "another rule has the same name and match",
        ));
    }
    let profile = match rule.profiles {
        Profiles::ALL => "any".to_owned(),
        _ => profiles(rule).to_lowercase(),
    };
    Ok(format!(
        "{} profile={profile} {}",
        words.head,
        words.told(|_| true)
    ))
}

fn let_rules_decide(export: &Export, point: usize, profile: Profiles) -> Result<String> {
    let point = export.points.get(point).ok_or(EditError::Missing)?;
    let windows = point.windows.as_ref().ok_or(EditError::Missing)?;
    let settings = windows.settings(profile).ok_or(EditError::Missing)?;
    let name = profile.name().ok_or(EditError::Missing)?;
    let closed = settings
        .inbound
        .is_some_and(|(p, _)| p == InboundPolicy::BlockAlways);
    let outbound = match settings.outbound_allow {
        _ if !closed => return Err(EditError::Missing),
        Some((true, _)) => "allowoutbound",
        Some((false, _)) => "blockoutbound",
        None => "notconfigured",
    };
    Ok(format!(
        "netsh advfirewall set {name}profile firewallpolicy blockinbound,{outbound}"
    ))
}
