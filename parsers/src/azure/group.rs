//! Groups: from the objects of the file to points.

use super::addr::TagMap;
use super::context::Context;
use super::defaults::platform_rules;
use super::draft::{Direction, Draft, Stray};
use super::keys::{EFFECTIVE, EffectiveMembers, GROUP, GroupMembers};
use super::values::{before, elements, id_of, is_blank, is_expression, last_segment};
use super::{rule, template};
use crate::json::{Kind, Value};
use hylint_model::{
    Action, Body, DefaultOrigin, DefaultVerdict, Discipline, Field, Lists, Point, PointKind,
    Problem, ProblemKind, Rule, RuleList, RuleOrigin, Span, View, reworded,
};

/// Reads a network security group.
pub(super) fn read(cx: &mut Context, v: Value<'_>) {
    let fields = cx.fields(&GROUP, v);
    let group = GroupMembers::from(fields.values);
    let mut draft = start(cx, v, group.name, group.id);
    draft.subnets = ids(group.subnets);
    draft.interfaces = ids(group.interfaces);
    for t in [group.tags, group.tag].into_iter().flatten() {
        cx.tags(t, &mut draft.tags);
    }
    let own = group.rules.into_iter();
    for list in own.chain(fields.further("securityrules")) {
        read_list(cx, list, false, &TagMap::default(), &mut draft);
    }
    let default = group.default_rules.into_iter();
    for list in default.chain(fields.further("defaultsecurityrules")) {
        read_list(cx, list, true, &TagMap::default(), &mut draft);
    }
    for r in group.resources.into_iter().flat_map(elements) {
        child(cx, r, &mut draft);
    }
    if let Some(copy) = group.copy.filter(|v| !is_blank(*v)) {
        let what = "rules made by a template's `copy` loop are not in the file";
        opaque(cx, copy, what, &mut draft);
    }
    if v.is_cut() {
        name_cut_group(cx, v, &draft.name);
    }
    cx.drafts.push(draft);
}

fn name_cut_group(cx: &mut Context, v: Value<'_>, name: &str) {
    let start = cx.at(v).start;
    let first = Span {
        start,
        end: start.saturating_add(1),
    };
    let message = format!("the text ends inside the group `{name}`: further rules may be missing");
    cx.problem(ProblemKind::Malformed, first, message);
}

/// Reads the rules in effect on an interface.
pub(super) fn read_effective(cx: &mut Context, v: Value<'_>) {
    let members = EffectiveMembers::from(cx.fields(&EFFECTIVE, v).values);
    let id = members.group.and_then(|g| g.get_ci("id"));
    let mut draft = start(cx, v, None, id);
    draft.name = last_segment(&draft.id).into();
    draft.effective = true;
    let association = members.association;
    let end = |word| association.and_then(|a| a.get_ci(word)).and_then(id_of);
    draft.subnets = end("subnet").into_iter().collect();
    draft.interfaces = end("networkInterface").into_iter().collect();
    let map = tag_map(members.tag_map);
    if let Some(list) = members.rules {
        read_list(cx, list, false, &map, &mut draft);
    }
    cx.drafts.push(draft);
}

/// Reads a rule that stands without its group: the output of `az network nsg rule list`, `show` or `create`, or a
/// resource of a template.
pub(super) fn read_loose(cx: &mut Context, v: Value<'_>, list: u32) {
    let text = |key| v.get_ci(key).and_then(Value::str).unwrap_or_default();
    let (name, id) = (text("name"), text("id"));
    let Some((direction, rule)) = rule::read(cx, v, false, &TagMap::default()) else {
        return;
    };
    let of_template = text("type")
        .to_ascii_lowercase()
        .ends_with("networksecuritygroups/securityrules")
        && id.is_empty();
    if of_template && (is_expression(&name) || name.contains('/')) {
        cx.strays.push(Stray {
            name: name.as_ref().into(),
            direction,
            rule,
        });
        return;
    }
    let group = before(&id, "securityRules").or_else(|| before(&id, "defaultSecurityRules"));
    let group = group.unwrap_or("");
    let span = rule.span;
    // Rules without an id belong together if one list holds them.
    let key = (if group.is_empty() { list } else { 0 }, group.into());
    if let Some(draft) = cx.loose.get(&key).and_then(|n| cx.drafts.get_mut(*n)) {
        draft.span = draft.span.to(span);
        draft.add(direction, rule);
        return;
    }
    cx.loose.insert(key, cx.drafts.len());
    let mut draft = Draft {
        id: group.into(),
        name: last_segment(group).into(),
        span,
        label: rule.place(Field::Name),
        loose: Some(list),
        ..Draft::default()
    };
    draft.add(direction, rule);
    cx.drafts.push(draft);
}

/// Reads a security admin rule (`az network manager list-effective-security-admin-rules`, rules of a rule collection).
/// They act before every group: `Deny` and `AlwaysAllow` decide, `Allow` leaves the packets to the groups ("Security admin
/// rules in Azure Virtual Network Manager" of the Azure documentation).
pub(super) fn read_admin(cx: &mut Context, v: Value<'_>) {
    let inner = |key| v.get_ci("properties").and_then(|p| p.get_ci(key));
    let access = v.get_ci("access").or_else(|| inner("access"));
    let ends = access
        .and_then(Value::str)
        .is_some_and(|a| a.trim().eq_ignore_ascii_case("alwaysallow"));
    let id = v.get_ci("id").and_then(Value::str).unwrap_or_default();
    let Some((direction, mut rule)) = rule::read(cx, v, false, &TagMap::default()) else {
        return;
    };
    if rule.action == Action::Allow && !ends {
        rule.action = Action::Return;
    }
    let span = rule.span;
    if let Some(draft) = cx.admin.and_then(|n| cx.drafts.get_mut(n)) {
        draft.span = draft.span.to(span);
        draft.add(direction, rule);
        return;
    }
    let manager = before(&id, "securityAdminConfigurations").unwrap_or("");
    cx.admin = Some(cx.drafts.len());
    let mut draft = Draft {
        id: manager.into(),
        name: match last_segment(manager) {
            "" => "security-admin-rules".into(),
            name => name.into(),
        },
        span,
        label: rule.field(Field::Name).unwrap_or(Span {
            start: span.start,
            end: span.start.saturating_add(1),
        }),
        admin: true,
        ..Draft::default()
    };
    draft.add(direction, rule);
    cx.drafts.push(draft);
}

/// A child resource of a group in a template.
fn child(cx: &mut Context, v: Value<'_>, draft: &mut Draft) {
    let kind = v.get_ci("type").and_then(Value::str).unwrap_or_default();
    if !kind.to_ascii_lowercase().ends_with("securityrules") {
        let at = cx.at(v);
        cx.problem(
            ProblemKind::Unmodelled,
            at,
            format!("the resource of type `{kind}` inside a group is not modelled"),
        );
        return;
    }
    if let Some((direction, rule)) = rule::read(cx, v, false, &TagMap::default()) {
        draft.add(direction, rule);
    }
}

fn start(cx: &Context, v: Value<'_>, name: Option<Value<'_>>, id: Option<Value<'_>>) -> Draft {
    let full = id.and_then(Value::str).unwrap_or_default();
    let short = match name.and_then(Value::str).unwrap_or_default() {
        n if n.is_empty() => last_segment(&full).to_owned(),
        n => n.into_owned(),
    };
    let named = name.or(id).filter(|v| !is_blank(*v));
    let span = cx.at(v);
    let first = Span {
        start: span.start,
        end: span.start.saturating_add(1),
    };
    Draft {
        id: full.as_ref().into(),
        name: short.into(),
        span,
        label: named.map_or(first, |v| cx.at(v)),
        ..Draft::default()
    }
}

fn read_list(cx: &mut Context, list: Value<'_>, platform: bool, map: &TagMap, draft: &mut Draft) {
    if list.kind() == Kind::String && !is_blank(list) {
        opaque(cx, list, "the group's rules are not in the file", draft);
        return;
    }
    for v in elements(list) {
        if cx.heads && !rule::names_groups(cx, v) {
            continue;
        }
        if let Some((direction, rule)) = rule::read(cx, v, platform, map) {
            draft.add(direction, rule);
        }
    }
}

/// Rules that the file does not hold: in both directions nothing about the group is certain.
fn opaque(cx: &mut Context, v: Value<'_>, what: &str, draft: &mut Draft) {
    let at = cx.at(v);
    cx.problem(ProblemKind::Unmodelled, at, what);
    for direction in [Direction::Inbound, Direction::Outbound] {
        let mut rule = Rule::new(at, Action::Opaque(what.into()));
        rule.priority = Some(0);
        cx.rules_in_file += 1;
        draft.add(direction, rule);
    }
}

fn ids(list: Option<Value<'_>>) -> Vec<Box<str>> {
    list.into_iter()
        .flat_map(elements)
        .filter_map(id_of)
        .collect()
}

/// `tagMap`: the addresses of the tags that the rules name.
fn tag_map(map: Option<Value<'_>>) -> TagMap {
    let members = map.into_iter().flat_map(Value::members);
    members
        .filter_map(|(k, v)| {
            let name = k.str()?;
            let tag = super::tags::known(&name).unwrap_or_else(|| name.into_owned());
            let (addrs, other) = super::addr::plain(v);
            (other == 0 && !addrs.is_empty()).then_some((tag, addrs))
        })
        .collect()
}

/// Makes the points of what was gathered.
pub(super) fn points(cx: &mut Context) -> Vec<Point> {
    template::attach(cx);
    let drafts = std::mem::take(&mut cx.drafts);
    drafts.into_iter().map(|d| point(cx, d)).collect()
}

/// Lists that are asked by priority, then `default`.
fn by_priority(default: DefaultVerdict, ingress: Vec<Rule>, egress: Vec<Rule>) -> Body {
    let list = |rules| RuleList { default, rules };
    Body::Lists(Lists {
        discipline: Discipline::Priority,
        ingress: list(ingress),
        egress: list(egress),
    })
}

/// The point of security admin rules. What they decide of other packets, only the groups behind them tell.
fn admin_point(d: Draft) -> Point {
    let default = DefaultVerdict {
        allow: false,
        origin: DefaultOrigin::Unknown,
        span: d.label,
    };
    let body = by_priority(default, d.ingress, d.egress);
    let mut p = Point::new(PointKind::AdminRules, d.span, body);
    p.id = d.id;
    p.name = d.name;
    p.label = d.label;
    p
}

fn point(cx: &mut Context, mut d: Draft) -> Point {
    if d.loose == Some(u32::MAX) {
        cx.push(
            Problem::new(
                ProblemKind::Incomplete,
                d.label,
                reworded(
                    "single rules of a group: it may have others",
                    "these are single rules of a group; the group may have others",
                ),
            )
            .help("export the whole group with `az network nsg show`"),
        );
    }
    if d.admin {
        return admin_point(d);
    }
    let written = |rules: &[Rule]| rules.iter().any(|r| r.origin == RuleOrigin::Platform);
    let partial = written(&d.ingress) || written(&d.egress);
    let mut added = Vec::new();
    for (direction, rule) in platform_rules() {
        let there = d.rules(direction).iter().any(|r| {
            r.origin == RuleOrigin::Platform
                && (r.name.eq_ignore_ascii_case(&rule.name) || r.priority == rule.priority)
        });
        if !there {
            added.push(rule.name.to_string());
            d.add(direction, rule);
        }
    }
    if partial && !added.is_empty() {
        let added = added.join(", ");
        let text = reworded(
            format!(
                "default rules are missing from the export and are added, as they cannot be removed: {added}"
            ),
            format!(
                "the default rules {added} are not in the export; they cannot be removed, so they are judged as they always are"
            ),
        );
        cx.problem(ProblemKind::Note, d.label, text);
    }
    let default = DefaultVerdict {
        allow: false,
        origin: DefaultOrigin::Implicit,
        span: d.label,
    };
    let body = by_priority(default, d.ingress, d.egress);
    let mut p = Point::new(PointKind::Nsg, d.span, body);
    if d.effective {
        p.view = View::Effective;
    }
    p.network = d
        .subnets
        .first()
        .and_then(|s| before(s, "subnets"))
        .unwrap_or("")
        .into();
    p.id = d.id;
    p.name = d.name;
    p.label = d.label;
    p.tags = d.tags;
    p.interfaces = d.interfaces;
    p.subnets = d.subnets;
    p
}
