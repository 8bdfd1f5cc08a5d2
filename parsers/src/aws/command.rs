//! A change of a security group or network ACL as commands of the AWS CLI (AWS CLI Command Reference, `ec2`).

use super::write::json::{Json, compact};
use super::write::{acl_entries, permissions};
use crate::edit::{Change, EditError, List, ListRef};
use crate::shell;
use crate::source::Source;
use hylint_model::{Export, Point, PointKind, Rule, Side};

type Result<T> = std::result::Result<T, EditError>;

/// The commands of [`crate::format::CommandsFn`].
pub(super) fn commands(_: &Source, export: &Export, change: &Change) -> Result<Vec<String>> {
    let line = match change {
        Change::Insert { at, rule } => {
            let at = At::of(export, at.list())?;
            match at.point.kind {
                PointKind::SecurityGroup => at.permission("authorize", rule)?,
                _ => at.entry("create-network-acl-entry", rule)?,
            }
        }
        Change::Remove(old) => {
            let at = At::of(export, old.list)?;
            let rule = old.find(export).ok_or(EditError::Missing)?;
            match at.point.kind {
                PointKind::SecurityGroup => at.permission("revoke", rule)?,
                _ => at.numbered("delete-network-acl-entry", rule)?,
            }
        }
        Change::Replace { old, new } => {
            let at = At::of(export, old.list)?;
            let rule = old.find(export).ok_or(EditError::Missing)?;
            match at.point.kind {
                PointKind::SecurityGroup => {
                    // The new rule comes first, so that nothing is closed in between.
                    let lines = [("authorize", &**new), ("revoke", rule)];
                    return lines
                        .map(|(verb, r)| at.permission(verb, r))
                        .into_iter()
                        .collect();
                }
                _ if new.priority == rule.priority => at.entry("replace-network-acl-entry", new)?,
                _ => {
                    let lines = [
                        at.entry("create-network-acl-entry", new)?,
                        at.numbered("delete-network-acl-entry", rule)?,
                    ];
                    return Ok(lines.into());
                }
            }
        }
        Change::SetPolicy { .. } | Change::SetEnabled { .. } | Change::LetRulesDecide { .. } => {
            return Err(EditError::Unsupported("AWS has no such change"));
        }
    };
    Ok(vec![line])
}

/// A list of a group or an ACL.
struct At<'e> {
    point: &'e Point,
    egress: bool,
}

impl<'e> At<'e> {
    fn of(export: &'e Export, list: ListRef) -> Result<Self> {
        let point = export.points.get(list.point).ok_or(EditError::Missing)?;
        let egress = match list.list {
            List::Ingress => false,
            List::Egress => true,
            List::Chain { .. } => return Err(EditError::Missing),
        };
        if point.id.is_empty() {
            return Err(EditError::Unsupported("the export does not say its id"));
        }
        Ok(Self { point, egress })
    }

    fn side(&self) -> Side {
        if self.egress { Side::Dst } else { Side::Src }
    }

    fn permission(&self, verb: &str, rule: &Rule) -> Result<String> {
        let rules = std::slice::from_ref(rule);
        let permissions = permissions(rules, self.side()).map_err(|e| no_form(rule, e.message))?;
        let way = if self.egress { "egress" } else { "ingress" };
        let id = shell::posix(&self.point.id)?;
        let json = shell::posix(&compact(&without_empty(permissions)))?;
        Ok(format!(
            "aws ec2 {verb}-security-group-{way} --group-id {id} --ip-permissions {json}"
        ))
    }

    /// What picks an entry.
    fn numbered(&self, verb: &str, rule: &Rule) -> Result<String> {
        let number = rule.priority.ok_or(EditError::Missing)?;
        let id = shell::posix(&self.point.id)?;
        let way = if self.egress { "egress" } else { "ingress" };
        Ok(format!(
            "aws ec2 {verb} --network-acl-id {id} --rule-number {number} --{way}"
        ))
    }

    fn entry(&self, verb: &str, rule: &Rule) -> Result<String> {
        let mut out = self.numbered(verb, rule)?;
        let mut entries = Vec::new();
        acl_entries(rule, self.side(), &mut entries).map_err(|e| no_form(rule, e.message))?;
        let [Json::Object(members)] = entries.as_slice() else {
            return Err(no_form(rule, "an entry holds one block"));
        };
        for (key, value) in members {
            let words = match (*key, value) {
                ("RuleAction", Json::Text(t)) => format!("--rule-action {t}"),
                ("Protocol", Json::Text(t)) => format!("--protocol {t}"),
                ("CidrBlock", Json::Text(t)) => format!("--cidr-block {t}"),
                ("Ipv6CidrBlock", Json::Text(t)) => format!("--ipv6-cidr-block {t}"),
                ("PortRange", Json::Object(pair)) => format!("--port-range {}", pairs(pair)),
                ("IcmpTypeCode", Json::Object(pair)) => {
                    format!("--icmp-type-code {}", pairs(pair))
                }
                _ => continue,
            };
            out.push(' ');
            out.push_str(&words);
        }
        Ok(out)
    }
}

fn no_form(rule: &Rule, message: &'static str) -> EditError {
    EditError::NoForm {
        span: rule.span,
        message,
    }
}

/// The shorthand syntax of the AWS CLI: `From=443,To=443`.
fn pairs(members: &[(&'static str, Json)]) -> String {
    let each = members.iter().filter_map(|(key, value)| match value {
        Json::Number(n) => Some(format!("{key}={n}")),
        _ => None,
    });
    each.collect::<Vec<_>>().join(",")
}

/// Permissions without their empty lists: a command may leave them out.
fn without_empty(permissions: Json) -> Json {
    let Json::List(all) = permissions else {
        return permissions;
    };
    let each = all.into_iter().map(|one| match one {
        Json::Object(members) => {
            let empty = |v: &Json| matches!(v, Json::List(l) if l.is_empty());
            Json::Object(members.into_iter().filter(|(_, v)| !empty(v)).collect())
        }
        other => other,
    });
    Json::List(each.collect())
}
