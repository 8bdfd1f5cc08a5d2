//! `describe-security-group-rules`: rules one by one, each with the id of its group.

use super::group::{deny, group_point};
use super::peer::Peer;
use super::reader::{Listed, Reader, doubt, given, text, truth};
use super::rule::{Parts, describe};
use super::shape;
use super::traffic::Traffic;
use crate::json::{Kind, Value};
use hylint_model::{
    Action, Body, DefaultOrigin, Field, PointKind, Problem, ProblemKind, Rule, RuleList, Side,
    Span, View, reworded,
};
use hylint_space::Family;
use rustc_hash::FxHashMap;

impl<'a> Reader<'a> {
    /// One element of `SecurityGroupRules`.
    pub(super) fn listed_rule(&mut self, object: Value<'a>) {
        if object.kind() != Kind::Object || object.is_cut() {
            return self.dropped(
                object.span(),
                "a security group rule that is cut off or no object is not read",
            );
        }
        let fields = self.objects.read(&shape::LISTED, object);
        let [
            rule_id,
            group,
            owner,
            egress,
            protocol,
            from,
            to,
            v4,
            v6,
            prefix,
            pair,
            about,
        ] = fields.values;
        let Some(egress) = truth(egress) else {
            return self.dropped(
                object.span(),
                "a security group rule without `IsEgress`: its direction is unknown",
            );
        };
        let side = if egress { Side::Dst } else { Side::Src };
        self.out.rules_in_file += 1;
        let traffic = Traffic::read(self, protocol, (from, to), (from, to), object.span());
        let mut peers = Vec::new();
        if let Some(block) = v4.filter(given) {
            peers.push(Peer::block(self, block, Family::V4));
        }
        if let Some(block) = v6.filter(given) {
            peers.push(Peer::block(self, block, Family::V6));
        }
        if let Some(id) = prefix.filter(given) {
            peers.push(Peer::prefix_list(id, side));
        }
        if let Some(pair) = pair {
            peers.push(Peer::group(self, pair, side, &text(owner)).0);
        }
        if peers.is_empty() {
            let message = "a security group rule without an address block, prefix list or group";
            self.problem(ProblemKind::Malformed, object.span(), message);
            peers.push(Peer::unknown(object.span(), message));
        }
        let parts = Parts {
            span: object.span(),
            side,
            action: Action::Allow,
            traffic: &traffic,
            doubt: fields.unknown.map(|key| doubt(key, self.source.slice(key))),
        };
        let mut rule = self.rule(parts, peers);
        describe(&mut rule, about);
        if let Some(id) = rule_id {
            rule.name = text(Some(id));
            rule.fields.push((Field::Name, id.span()));
        }
        self.keep(group, object.span(), side, rule);
    }

    /// Puts a rule into its group's list.
    fn keep(&mut self, group: Option<Value<'a>>, span: Span, side: Side, rule: Rule) {
        let id = text(group);
        let next = self.listed.len();
        let at = match self.listed_index.get(&id) {
            Some(at) => *at,
            None => {
                self.listed_index.insert(id.clone(), next);
                self.listed.push(Listed {
                    id,
                    label: group.map_or(span, Value::span),
                    span,
                    ingress: Vec::new(),
                    egress: Vec::new(),
                });
                next
            }
        };
        if let Some(listed) = self.listed.get_mut(at) {
            listed.span = listed.span.to(span);
            match side {
                Side::Src => listed.ingress.push(rule),
                Side::Dst => listed.egress.push(rule),
            }
        }
    }

    /// Makes the listed groups points, or adds their rules to groups that the same file holds in full.
    pub(super) fn finish_listing(&mut self) {
        let listed = std::mem::take(&mut self.listed);
        if listed.is_empty() {
            return;
        }
        let whole: FxHashMap<Box<str>, usize> = self
            .out
            .points
            .iter()
            .enumerate()
            .filter(|(_, p)| p.kind == PointKind::SecurityGroup && !p.id.is_empty())
            .map(|(at, p)| (p.id.clone(), at))
            .collect();
        for listed in listed {
            let known = whole.get(&listed.id);
            if let Some(point) = known.and_then(|at| self.out.points.get_mut(*at)) {
                if let Body::Lists(lists) = &mut point.body {
                    lists.ingress.rules.extend(listed.ingress);
                    lists.egress.rules.extend(listed.egress);
                }
                continue;
            }
            let ingress = self.listed_side(listed.ingress, Side::Src, &listed.id, listed.label);
            let egress = self.listed_side(listed.egress, Side::Dst, &listed.id, listed.label);
            let mut point = group_point(listed.span, ingress, egress);
            point.id = listed.id;
            point.label = listed.label;
            point.view = View::Listing;
            self.out.points.push(point);
        }
    }

    /// A listing holds every rule of its groups unless the command filtered it by more than the group. A direction
    /// without any rule may have none, or may have been filtered out.
    fn listed_side(&mut self, rules: Vec<Rule>, side: Side, id: &str, label: Span) -> RuleList {
        let origin = if rules.is_empty() {
            let way = match side {
                Side::Src => "ingress",
                Side::Dst => "egress",
            };
            let message = reworded(
                format!(
                    "the listing has no {way} rule of {id}: there is none, or it was filtered out"
                ),
                format!(
                    "the listing holds no {way} rule of {id}: it may have none, or the listing was filtered"
                ),
            );
            let problem = Problem::new(ProblemKind::Incomplete, label, message);
            self.push(
                problem.help("export the group itself with `aws ec2 describe-security-groups`"),
            );
            DefaultOrigin::Unknown
        } else {
            DefaultOrigin::Implicit
        };
        RuleList {
            default: deny(origin, label),
            rules,
        }
    }
}
