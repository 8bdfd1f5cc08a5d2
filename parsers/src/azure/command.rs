//! A change of a network security group as commands of the Azure CLI (Azure CLI reference, `az network nsg rule`).

use super::write::{End, Part, ends, port_words, protocol};
use crate::edit::{Change, EditError, List, ListRef};
use crate::shell;
use crate::source::Source;
use hylint_model::{Action, Export, Rule, RuleOrigin};

type Result<T> = std::result::Result<T, EditError>;

/// The commands of [`crate::format::CommandsFn`].
pub(super) fn commands(_: &Source, export: &Export, change: &Change) -> Result<Vec<String>> {
    let line = match change {
        Change::Insert { at, rule } => {
            let list = at.list();
            let head = head("create", export, list, rule)?;
            format!("{head} --priority {}{}", number(rule)?, said(list, rule)?)
        }
        Change::Remove(old) => {
            let rule = old.find(export).ok_or(EditError::Missing)?;
            own(rule)?;
            head("delete", export, old.list, rule)?
        }
        Change::Replace { old, new } => {
            let rule = old.find(export).ok_or(EditError::Missing)?;
            own(rule)?;
            let head = head("update", export, old.list, rule)?;
            format!("{head} --priority {}{}", number(new)?, said(old.list, new)?)
        }
        Change::SetPolicy { .. } | Change::SetEnabled { .. } | Change::LetRulesDecide { .. } => {
            return Err(EditError::Unsupported("Azure has no such change"));
        }
    };
    Ok(vec![line])
}

/// A rule of the group's own, which can be changed.
fn own(rule: &Rule) -> Result<()> {
    match rule.origin {
        RuleOrigin::Platform => Err(EditError::Unsupported("a default rule cannot be changed")),
        _ => Ok(()),
    }
}

fn number(rule: &Rule) -> Result<u32> {
    rule.priority.ok_or(EditError::Missing)
}

/// `az network nsg rule VERB` with the names of the group and the rule.
fn head(verb: &str, export: &Export, list: ListRef, rule: &Rule) -> Result<String> {
    let point = export.points.get(list.point).ok_or(EditError::Missing)?;
    let parts: Vec<&str> = point.id.split('/').collect();
    let after = |key: &str| {
        let mut pairs = parts.windows(2).filter_map(|w| match w {
            [k, v] if k.eq_ignore_ascii_case(key) && !v.is_empty() => Some(*v),
            _ => None,
        });
        pairs.next()
    };
    let unsaid = EditError::Unsupported("the export does not say the group's resource id");
    let (Some(group), Some(name)) = (after("resourceGroups"), after("networkSecurityGroups"))
    else {
        return Err(unsaid);
    };
    let mut out = format!("az network nsg rule {verb}");
    for (option, value) in [
        ("subscription", after("subscriptions")),
        ("resource-group", Some(group)),
        ("nsg-name", Some(name)),
        ("name", Some(&*rule.name)),
    ] {
        if let Some(value) = value {
            out.push_str(&format!(" --{option} {}", word(value)?));
        }
    }
    Ok(out)
}

/// A word that is no option.
fn word(text: &str) -> Result<String> {
    if text.starts_with(['-', '@']) || text.is_empty() {
        return Err(EditError::Unsafe("a name looks like an option"));
    }
    shell::posix(text)
}

/// What a rule says: direction, access, protocol, addresses and ports.
fn said(list: ListRef, rule: &Rule) -> Result<String> {
    let no_form = |message| EditError::NoForm {
        span: rule.span,
        message,
    };
    let direction = match list.list {
        List::Ingress => "Inbound",
        List::Egress => "Outbound",
        List::Chain { .. } => return Err(EditError::Missing),
    };
    let access = match rule.action {
        Action::Allow => "Allow",
        Action::Deny => "Deny",
        _ => return Err(no_form("an action that is neither allow nor deny")),
    };
    let (space, ends) = parts(rule).map_err(no_form)?;
    let [src, dst] = &ends;
    let ports_any = space.sport.is_full() && space.dport.is_full();
    let protocol = protocol(&space.proto, ports_any).map_err(no_form)?;
    let mut out = format!(" --direction {direction} --access {access}");
    out.push_str(&format!(" --protocol {}", word(&protocol)?));
    for (option, values) in [
        ("source-address-prefixes", &src.words),
        ("source-port-ranges", &port_words(&space.sport)),
        ("destination-address-prefixes", &dst.words),
        ("destination-port-ranges", &port_words(&space.dport)),
    ] {
        let words: Result<Vec<String>> = values.iter().map(|v| word(v)).collect();
        out.push_str(&format!(" --{option} {}", words?.join(" ")));
    }
    Ok(out)
}

fn parts(rule: &Rule) -> Part<(&hylint_space::PacketBox, [End; 2])> {
    let first = rule.clauses.first().ok_or("a rule that matches nothing")?;
    let ends = ends(rule)?;
    if ends.iter().any(|e| !e.groups.is_empty()) {
        return Err("an application security group");
    }
    Ok((&first.space, ends))
}
