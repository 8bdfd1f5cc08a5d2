//! Writes points as the AWS CLI prints them: what the reader reads back is the same policy.
//!
//! An export can say less than the model: what it cannot say is an error, never left out.

pub(super) mod json;
mod parts;

use super::acl::LAST;
use crate::write::Result;
use hylint_model::{
    Action, Body, Clause, Condition, Discipline, Lists, Point, PointKind, Rule, Side, Test,
};
use json::{Json, print, text};
use parts::{check_family, ends, error, one_family_of_icmp, traffics, v4_blocks, v6_blocks};

/// Writes security groups and network ACLs as one object with `SecurityGroups` and `NetworkAcls`, each only if there
/// is one, indented by four as the AWS CLI does.
///
/// # Errors
/// The first rule or point that has no AWS form: another kind of point, a deny in a group, a source port, a packet mark,
/// a condition other than a group reference or prefix list.
pub fn write<'p>(points: impl IntoIterator<Item = &'p Point>) -> Result<String> {
    let (mut groups, mut acls) = (Vec::new(), Vec::new());
    for point in points {
        let Body::Lists(lists) = &point.body else {
            return Err(error(
                point.span,
                "this point is no AWS security group or network ACL",
            ));
        };
        match (point.kind, lists.discipline) {
            (PointKind::SecurityGroup, Discipline::UnionOfAllows) => {
                groups.push(group(point, lists)?);
            }
            (PointKind::NetworkAcl, Discipline::Priority) => acls.push(acl(point, lists)?),
            _ => {
                return Err(error(
                    point.span,
                    "this point is no AWS security group or network ACL",
                ));
            }
        }
    }
    let mut members = Vec::new();
    for (key, list) in [("SecurityGroups", groups), ("NetworkAcls", acls)] {
        if !list.is_empty() {
            members.push((key, Json::List(list)));
        }
    }
    let mut out = String::new();
    print(&Json::Object(members), &mut out);
    out.push('\n');
    Ok(out)
}

fn group(point: &Point, lists: &Lists) -> Result<Json> {
    let mut members = vec![
        ("GroupId", text(&point.id)),
        ("GroupName", text(&point.name)),
        ("VpcId", text(&point.network)),
        (
            "IpPermissions",
            permissions(&lists.ingress.rules, Side::Src)?,
        ),
        (
            "IpPermissionsEgress",
            permissions(&lists.egress.rules, Side::Dst)?,
        ),
    ];
    members.extend(tags(point));
    Ok(Json::Object(members))
}

fn tags(point: &Point) -> Option<(&'static str, Json)> {
    let tag = |t: &hylint_model::Tag| {
        Json::Object(vec![("Key", text(&t.key)), ("Value", text(&t.value))])
    };
    let all: Vec<_> = point.tags.iter().map(tag).collect();
    (!all.is_empty()).then_some(("Tags", Json::List(all)))
}

/// One permission for each clause and combination of protocol and port range.
pub(super) fn permissions(rules: &[Rule], side: Side) -> Result<Json> {
    let mut out = Vec::new();
    for rule in rules.iter().filter(|r| r.enabled) {
        if rule.action != Action::Allow {
            return Err(error(rule.span, "a security group can only allow"));
        }
        for clause in &rule.clauses {
            let lists = entry_lists(rule, clause, side)?;
            for traffic in traffics(rule, &clause.space)? {
                let mut members = traffic.of_permission();
                members.extend(
                    lists
                        .iter()
                        .map(|(key, entries)| (*key, entries_json(rule, entries))),
                );
                out.push(Json::Object(members));
            }
        }
    }
    Ok(Json::List(out))
}

/// The address lists of a permission: for each the key of an entry and its values.
type Entries = (&'static str, Vec<String>);

fn entries_json(rule: &Rule, (key, values): &Entries) -> Json {
    let entry = |v: &String| {
        let mut members = vec![(*key, Json::Text(v.clone()))];
        if !rule.comment.is_empty() {
            members.push(("Description", text(&rule.comment)));
        }
        Json::Object(members)
    };
    Json::List(values.iter().map(entry).collect())
}

fn entry_lists(rule: &Rule, clause: &Clause, side: Side) -> Result<[(&'static str, Entries); 4]> {
    let (peer, own) = ends(&clause.space, side);
    if !own.is_any() {
        return Err(error(
            rule.span,
            "a rule of a group cannot name the group's own addresses",
        ));
    }
    let (mut v4, mut v6, mut prefixes, mut groups) = (vec![], vec![], vec![], vec![]);
    match clause.conditions.as_slice() {
        [] => {
            check_family(rule, &clause.space.proto, peer)?;
            v4.extend(v4_blocks(peer));
            v6.extend(v6_blocks(peer));
        }
        [one] => {
            let icmp_half = one_family_of_icmp(&clause.space.proto, peer);
            if !(peer.is_any() || icmp_half) {
                return Err(error(
                    rule.span,
                    "a group reference cannot be narrowed by addresses",
                ));
            }
            match named(one, side).ok_or_else(|| {
                error(
                    rule.span,
                    "the rule rests on a condition that AWS does not have",
                )
            })? {
                list if list.starts_with("pl-") => prefixes.push(list.to_owned()),
                group => groups.push(group.to_owned()),
            }
        }
        _ => {
            return Err(error(
                rule.span,
                "the rule rests on more than one condition",
            ));
        }
    }
    Ok([
        ("IpRanges", ("CidrIp", v4)),
        ("Ipv6Ranges", ("CidrIpv6", v6)),
        ("PrefixListIds", ("PrefixListId", prefixes)),
        ("UserIdGroupPairs", ("GroupId", groups)),
    ])
}

/// The id that a condition of the wanted side looks up.
fn named(condition: &Condition, wanted: Side) -> Option<&str> {
    match &condition.test {
        Test::Named { key, side } if *side == wanted && !condition.negated => {
            key.strip_prefix("aws:").filter(|id| !id.is_empty())
        }
        _ => None,
    }
}

fn acl(point: &Point, lists: &Lists) -> Result<Json> {
    let mut entries = Vec::new();
    for (list, side) in [(&lists.ingress, Side::Src), (&lists.egress, Side::Dst)] {
        for rule in list.rules.iter().filter(|r| r.enabled) {
            acl_entries(rule, side, &mut entries)?;
        }
    }
    let mut members = vec![
        ("NetworkAclId", text(&point.id)),
        ("VpcId", text(&point.network)),
        ("Entries", Json::List(entries)),
        (
            "Associations",
            Json::List(
                point
                    .subnets
                    .iter()
                    .map(|s| Json::Object(vec![("SubnetId", text(s))]))
                    .collect(),
            ),
        ),
    ];
    members.extend(tags(point));
    Ok(Json::Object(members))
}

/// An entry holds one protocol, one range and one block, so a rule that needs several cannot keep its number.
pub(super) fn acl_entries(rule: &Rule, side: Side, out: &mut Vec<Json>) -> Result<()> {
    let word = match rule.action {
        Action::Allow => "allow",
        Action::Deny => "deny",
        _ => return Err(error(rule.span, "a network ACL allows or denies")),
    };
    let number = rule.priority.unwrap_or(0);
    if !(1..=LAST).contains(&number) {
        return Err(error(
            rule.span,
            "a network ACL entry has a number from 1 to 32767",
        ));
    }
    let clause = match rule.clauses.as_slice() {
        [] => return Ok(()),
        [clause] => clause,
        _ => return Err(error(rule.span, "a network ACL entry holds one block")),
    };
    let (peer, own) = ends(&clause.space, side);
    if !clause.conditions.is_empty() || !own.is_any() {
        return Err(error(
            rule.span,
            "a network ACL entry holds one block and no condition",
        ));
    }
    check_family(rule, &clause.space.proto, peer)?;
    let (v4, v6) = (v4_blocks(peer), v6_blocks(peer));
    let traffic = traffics(rule, &clause.space)?;
    let (block, traffic) = match (v4.as_slice(), v6.as_slice(), traffic.as_slice()) {
        ([one], [], [traffic]) => (("CidrBlock", one), traffic),
        ([], [one], [traffic]) => (("Ipv6CidrBlock", one), traffic),
        _ => {
            return Err(error(
                rule.span,
                "a network ACL entry holds one block, one protocol and one range",
            ));
        }
    };
    let mut members = vec![
        ("RuleNumber", Json::Number(number.into())),
        ("RuleAction", text(word)),
        ("Egress", Json::Bool(side == Side::Dst)),
    ];
    members.extend(traffic.of_entry());
    members.push((block.0, text(block.1)));
    out.push(Json::Object(members));
    Ok(())
}
