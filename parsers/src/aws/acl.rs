//! Network ACLs: `describe-network-acls`.
//!
//! Entries act by ascending rule number; the entry `*` (32767) denies the rest. An ACL is stateless.

use super::group::deny;
use super::peer::Peer;
use super::reader::{Reader, doubt, given, text, truth};
use super::rule::Parts;
use super::shape;
use super::traffic::{Pair, Traffic};
use crate::json::shape::Shape;
use crate::json::{Kind, Value};
use hylint_model::{
    Action, Body, Clause, Condition, DefaultOrigin, Discipline, Field, Lists, Point, PointKind,
    Problem, ProblemKind, Rule, RuleList, RuleOrigin, Side, Span, reworded,
};
use hylint_space::{AddrSet, Family};

/// The number of the entry `*`.
pub(super) const LAST: u32 = 32767;

impl<'a> Reader<'a> {
    /// One element of `NetworkAcls`.
    pub(super) fn network_acl(&mut self, object: Value<'a>) {
        if object.kind() != Kind::Object {
            return self.dropped(object.span(), "a network ACL should be an object here");
        }
        let [id, vpc, entries, associations, tags, default] =
            self.objects.read(&shape::ACL, object).values;
        let label = id.map_or(
            Span {
                start: object.span().start,
                end: object.span().start + 1,
            },
            Value::span,
        );
        let mut point = self.entries(entries, object, label);
        if truth(default) == Some(true) {
            as_shipped(&mut point);
        }
        point.id = text(id);
        point.network = text(vpc);
        point.label = label;
        point.tags = self.tags(tags);
        let name = point.tags.iter().find(|t| t.key == "Name");
        point.name = name.map_or_else(|| point.id.clone(), |t| t.value.as_str().into());
        for association in self.list(associations, "Associations") {
            let [subnet] = self.objects.read(&shape::ASSOCIATION, association).values;
            point.subnets.extend(subnet.map(|s| text(Some(s))));
        }
        self.out.points.push(point);
    }

    /// A bare list of entries: an ACL without id.
    pub(super) fn bare_entries(&mut self, list: Value<'a>) {
        let label = Span {
            start: list.span().start,
            end: list.span().start + 1,
        };
        let mut point = self.entries(Some(list), list, label);
        point.label = label;
        if let Body::Lists(lists) = &mut point.body {
            lists.ingress.default.span = label;
            lists.egress.default.span = label;
        }
        self.problem(
            ProblemKind::Incomplete,
            label,
            reworded(
                "list of entries without the id of its network ACL and its subnets",
                "this list of entries does not name its network ACL nor the subnets that it guards",
            ),
        );
        self.out.points.push(point);
    }

    fn entries(&mut self, entries: Option<Value<'a>>, object: Value<'a>, label: Span) -> Point {
        let whole = entries.is_some_and(|e| e.kind() == Kind::Array && !e.is_cut());
        if entries.is_none() && !object.is_cut() {
            let problem = Problem::new(
                ProblemKind::Incomplete,
                label,
                reworded(
                    "`Entries` is missing from this network ACL: what it allows is unknown",
                    "`Entries` is not in the export of this network ACL: what it lets through is unknown",
                ),
            );
            self.push(
                problem
                    .help("export the ACL with `aws ec2 describe-network-acls`, without `--query`"),
            );
        }
        let default = if whole {
            deny(
                DefaultOrigin::Implicit,
                entries.map_or(label, Value::key_span),
            )
        } else {
            deny(DefaultOrigin::Unknown, label)
        };
        let list = || RuleList {
            default,
            rules: Vec::new(),
        };
        let (mut ingress, mut egress) = (list(), list());
        for entry in self.list(entries, "Entries") {
            match self.acl_entry(entry) {
                Some((Side::Src, rule)) => ingress.rules.push(rule),
                Some((Side::Dst, rule)) => egress.rules.push(rule),
                None => {}
            }
        }
        let body = Body::Lists(Lists {
            discipline: Discipline::Priority,
            ingress,
            egress,
        });
        let mut point = Point::new(PointKind::NetworkAcl, object.span(), body);
        point.stateful = false;
        point
    }

    fn acl_entry(&mut self, object: Value<'a>) -> Option<(Side, Rule)> {
        if object.kind() != Kind::Object || object.is_cut() {
            self.dropped(
                object.span(),
                "an ACL entry that is cut off or no object is not read",
            );
            return None;
        }
        let fields = self.objects.read(&shape::ACL_ENTRY, object);
        let [number, action, egress, protocol, v4, v6, ports, icmp] = fields.values;
        let Some(egress) = truth(egress) else {
            self.dropped(
                object.span(),
                "an ACL entry without `Egress`: its direction is unknown",
            );
            return None;
        };
        let side = if egress { Side::Dst } else { Side::Src };
        self.out.rules_in_file += 1;
        let mut open = None;
        let ports = self.pair(&shape::PORT_RANGE, ports, &mut open);
        let icmp = self.pair(&shape::ICMP, icmp, &mut open);
        let traffic = Traffic::read(self, protocol, ports, icmp, object.span());
        let (priority, unplaced) = self.number(number, object.span());
        open = open.or(unplaced);
        if let Some(key) = fields.unknown {
            open = Some(doubt(key, self.source.slice(key)));
        }
        let mut peers = Vec::with_capacity(1);
        if let Some(block) = v4.filter(given) {
            peers.push(Peer::block(self, block, Family::V4));
        }
        if let Some(block) = v6.filter(given) {
            peers.push(Peer::block(self, block, Family::V6));
        }
        if peers.is_empty() {
            let message = "an ACL entry without an address block";
            self.problem(ProblemKind::Malformed, object.span(), message);
            peers.push(Peer::unknown(object.span(), message));
        }
        let parts = Parts {
            span: object.span(),
            side,
            action: self.action(action, object.span()),
            traffic: &traffic,
            doubt: open,
        };
        let mut rule = self.rule(parts, peers);
        rule.priority = Some(priority);
        if priority == LAST {
            rule.origin = RuleOrigin::Platform;
        }
        let places = [(Field::Priority, number), (Field::Action, action)];
        let places = places.into_iter().filter_map(|(f, v)| Some((f, v?.span())));
        rule.fields.extend(places);
        Some((side, rule))
    }

    /// The two bounds of a port range or of an ICMP type and code; a value that is no object leaves the rule open.
    fn pair(
        &mut self,
        shape: &Shape<2>,
        value: Option<Value<'a>>,
        open: &mut Option<Condition>,
    ) -> Pair<'a> {
        let Some(value) = value else {
            return (None, None);
        };
        if value.kind() != Kind::Object {
            let message = format!("{} should be an object here", shape.name);
            self.problem(ProblemKind::Malformed, value.span(), &*message);
            *open = Some(doubt(value.span(), message));
            return (None, None);
        }
        let fields = self.objects.read(shape, value);
        if let Some(key) = fields.unknown {
            *open = Some(doubt(key, self.source.slice(key)));
        }
        let [a, b] = fields.values;
        (a, b)
    }

    /// The rule number; an entry without one forks first, whatever its true place.
    fn number(&mut self, number: Option<Value<'a>>, at: Span) -> (u32, Option<Condition>) {
        let parse = |v: Value<'_>| {
            let text = v.text()?;
            match text.trim() {
                "*" => Some(LAST),
                digits => digits.parse().ok(),
            }
        };
        if let Some(n) = number.and_then(parse) {
            return (n, None);
        }
        let at = number.map_or(at, Value::span);
        let message = "an ACL entry without a rule number: when it acts is not certain";
        self.problem(ProblemKind::Malformed, at, message);
        (0, Some(doubt(at, message)))
    }

    fn action(&mut self, action: Option<Value<'a>>, at: Span) -> Action {
        let word = action.and_then(Value::str).unwrap_or_default();
        if word.eq_ignore_ascii_case("allow") {
            Action::Allow
        } else if word.eq_ignore_ascii_case("deny") {
            Action::Deny
        } else {
            let at = action.map_or(at, Value::span);
            let message = "an ACL entry whose action is neither allow nor deny";
            self.problem(ProblemKind::Malformed, at, message);
            Action::Opaque(message.into())
        }
    }
}

/// The entries that let everything through in the ACL that AWS makes with each VPC: 100 for IPv4, 101 for IPv6.
fn as_shipped(point: &mut Point) {
    let Body::Lists(lists) = &mut point.body else {
        return;
    };
    for rule in lists
        .ingress
        .rules
        .iter_mut()
        .chain(&mut lists.egress.rules)
    {
        let wide = |a: &AddrSet| a.v4.is_full() || a.v6.is_full();
        let every = |c: &Clause| {
            let s = &c.space;
            c.conditions.is_empty() && s.proto.is_full() && wide(&s.src) && wide(&s.dst)
        };
        if matches!(rule.priority, Some(100 | 101))
            && rule.action == Action::Allow
            && rule.clauses.iter().all(every)
        {
            rule.origin = RuleOrigin::Platform;
        }
    }
}
