//! Layers that are in no export: other files say that they are there, or that there is none.

use super::Binder;
use super::nics::Facing;
use crate::link::INTERNET;
use crate::load::{ExportId, RunPoint};
use hylint_model::{
    Action, Body, Condition, ConditionKind, DefaultOrigin, DefaultVerdict, Discipline, Lists,
    Point, PointKind, Rule, RuleList, RuleOrigin, Side, Span, Test,
};

/// A point that stands in for a layer of a kind. `default` is what it does where no rule decides.
fn point(kind: PointKind, name: &str, label: Span, default: DefaultVerdict) -> Point {
    let list = || RuleList {
        default,
        rules: Vec::new(),
    };
    let discipline = match kind.is_united() {
        true => Discipline::UnionOfAllows,
        false => Discipline::Priority,
    };
    let body = Body::Lists(Lists {
        discipline,
        ingress: list(),
        egress: list(),
    });
    let mut out = Point::new(kind, label, body);
    out.name = name.into();
    out.stand_in = true;
    out
}

/// A layer that other files name and no export holds: nothing is known of it.
pub(super) fn unknown(kind: PointKind, id: &str, name: &str, label: Span) -> Point {
    let default = DefaultVerdict {
        allow: false,
        origin: DefaultOrigin::Unknown,
        span: label,
    };
    let mut out = point(kind, name, label, default);
    out.id = id.into();
    out
}

/// An interface and a subnet of Azure without a group: what is not of the Internet passes, and that as its public address
/// lets it ("How network security groups filter network traffic", "Public IP addresses" of the Azure documentation).
pub(super) fn no_group(facing: Facing, label: Span) -> Point {
    let default = DefaultVerdict {
        allow: true,
        origin: DefaultOrigin::Implicit,
        span: label,
    };
    let mut out = point(PointKind::Nsg, NO_GROUP, label, default);
    let Body::Lists(lists) = &mut out.body else {
        return out;
    };
    if facing == Facing::Open {
        return out;
    }
    if facing == Facing::Unknown {
        let text = "its public address has the SKU Basic";
        let sku = Condition::new(ConditionKind::Unknown, Test::Opaque, label, text);
        let mut open = from_internet(Action::Allow, 0, label);
        for clause in &mut open.clauses {
            clause.conditions.push(sku.clone());
        }
        lists.ingress.rules.push(open);
    }
    lists
        .ingress
        .rules
        .push(from_internet(Action::Deny, 1, label));
    out
}

/// A rule about everything that comes from the Internet.
fn from_internet(action: Action, priority: u32, label: Span) -> Rule {
    let mut rule = Rule::new(Span::default(), action);
    rule.origin = RuleOrigin::Platform;
    rule.priority = Some(priority);
    rule.name = "no Basic public address".into();
    for clause in &mut rule.clauses {
        let test = Test::Named {
            key: INTERNET.into(),
            side: Side::Src,
        };
        let text = format!("source in {INTERNET}");
        clause.space.src = crate::link::public();
        clause
            .conditions
            .push(Condition::new(ConditionKind::Peer, test, label, text));
    }
    rule
}

/// The name of the point where there is no group.
pub(super) const NO_GROUP: &str = "no network security group";

impl Binder<'_> {
    /// Adds a point that stands in for a layer, where an export names it; the same one once.
    pub(super) fn stand_in(&mut self, export: ExportId, point: Point) -> RunPoint {
        let exported = self
            .exports
            .get(export)
            .map_or(0, |e| e.export.points.len());
        let all = self.stand_ins.entry(export).or_default();
        let same = |p: &Point| {
            let rules = |p: &Point| {
                p.rules()
                    .map(|r| r.conditions().count())
                    .collect::<Vec<_>>()
            };
            p.kind == point.kind
                && p.id == point.id
                && p.name == point.name
                && p.label == point.label
                && rules(p) == rules(&point)
        };
        let at = all.iter().position(same).unwrap_or_else(|| {
            all.push(point);
            all.len() - 1
        });
        RunPoint::new(export, exported + at)
    }
}
