//! Windows, AWS and Azure: random lists of rules, and what they do with a packet.

use crate::naive::{Case, Outcome, Outcomes};
use crate::universe::{common_condition, rule};
use hylint_engine::Direction;
use hylint_model::{
    Action, Body, Condition, ConditionKind, DefaultOrigin, DefaultVerdict, Discipline,
    InboundPolicy, Lists, Point, PointKind, ProfileSettings, Profiles, Rule, RuleList, RuleOrigin,
    Span, Test, WindowsProfiles,
};
use proptest::prelude::*;

fn actions(bypass: bool) -> BoxedStrategy<Action> {
    let plain = prop_oneof![3 => Just(Action::Allow), 2 => Just(Action::Deny)];
    if bypass {
        prop_oneof![5 => plain, 1 => Just(Action::Bypass)].boxed()
    } else {
        plain.boxed()
    }
}

fn list(
    rules: BoxedStrategy<Vec<Rule>>,
    default: impl Strategy<Value = (bool, DefaultOrigin)>,
) -> impl Strategy<Value = RuleList> {
    (rules, default).prop_map(|(rules, (allow, origin))| RuleList {
        default: DefaultVerdict {
            allow,
            origin,
            span: Span::default(),
        },
        rules,
    })
}

fn point(kind: PointKind, discipline: Discipline, ingress: RuleList, egress: RuleList) -> Point {
    let lists = Lists {
        discipline,
        ingress,
        egress,
    };
    Point::new(kind, Span::default(), Body::Lists(lists))
}

fn windows_rules() -> BoxedStrategy<Vec<Rule>> {
    let new = |kind, test, text: &str| Condition::new(kind, test, Span::default(), text);
    let own = prop_oneof![
        Just(new(
            ConditionKind::Local,
            Test::Program("C:\\a.exe".into()),
            "program a.exe"
        )),
        Just(new(ConditionKind::Peer, Test::IpSec, "IPsec")),
        Just(new(ConditionKind::Unknown, Test::Unprinted, "unprinted")),
    ];
    let conditions = prop_oneof![2 => common_condition(), 2 => own].boxed();
    prop::collection::vec(rule(actions(true), conditions), 0..6).boxed()
}

/// A Windows host, its profiles' settings as far as an export might tell them.
pub(crate) fn windows() -> impl Strategy<Value = Point> {
    let said = |odds| prop::option::weighted(0.7, prop::bool::weighted(odds));
    let inbound = prop_oneof![3 => Just(InboundPolicy::Block), 1 => Just(InboundPolicy::Allow), 1 => Just(InboundPolicy::BlockAlways)];
    let profile = (
        said(0.85),
        prop::option::weighted(0.7, inbound),
        said(0.7),
        said(0.8),
    )
        .prop_map(|(enabled, inbound, outbound, local)| ProfileSettings {
            span: Span::default(),
            enabled: enabled.map(|v| (v, Span::default())),
            inbound: inbound.map(|v| (v, Span::default())),
            outbound_allow: outbound.map(|v| (v, Span::default())),
            local_rules: local.map(|v| (v, Span::default())),
        });
    let profiles = prop::array::uniform3(prop::option::weighted(0.8, profile));
    let active = prop::option::of(1u8..8);
    let settings = prop::option::weighted(0.8, (profiles, active));
    let ingress = list(windows_rules(), Just((false, DefaultOrigin::Assumed)));
    let egress = list(windows_rules(), Just((true, DefaultOrigin::Assumed)));
    (ingress, egress, settings).prop_map(|(ingress, egress, settings)| {
        let mut p = point(
            PointKind::WindowsFirewall,
            Discipline::BlockOverAllow,
            ingress,
            egress,
        );
        p.windows = settings.map(|(profiles, active)| {
            let active = active.map(|bits| (Profiles(bits), Span::default()));
            Box::new(WindowsProfiles {
                profiles,
                active,
                ..WindowsProfiles::default()
            })
        });
        p
    })
}

fn cloud_rules() -> BoxedStrategy<Vec<Rule>> {
    prop::collection::vec(rule(actions(false), common_condition()), 0..6).boxed()
}

fn allow_rules() -> BoxedStrategy<Vec<Rule>> {
    prop::collection::vec(rule(Just(Action::Allow).boxed(), common_condition()), 0..4).boxed()
}

fn security_group() -> impl Strategy<Value = Point> {
    // An egress list that was not exported says nothing.
    let origin = || prop_oneof![6 => Just((false, DefaultOrigin::Implicit)), 1 => Just((false, DefaultOrigin::Unknown))];
    let lists = (list(allow_rules(), origin()), list(allow_rules(), origin()));
    lists.prop_map(|(i, e)| point(PointKind::SecurityGroup, Discipline::UnionOfAllows, i, e))
}

fn by_priority(kind: PointKind) -> impl Strategy<Value = Point> {
    let default = || Just((false, DefaultOrigin::Implicit));
    let lists = (
        list(cloud_rules(), default()),
        list(cloud_rules(), default()),
    );
    lists.prop_map(move |(i, e)| point(kind, Discipline::Priority, i, e))
}

/// Layers of an AWS interface: its groups, united, and perhaps its subnet's ACL.
pub(crate) fn aws() -> impl Strategy<Value = Vec<Vec<Point>>> {
    let groups = prop::collection::vec(security_group(), 1..4);
    let acl = prop::option::of(by_priority(PointKind::NetworkAcl));
    (groups, acl).prop_map(|(groups, acl)| {
        std::iter::once(groups)
            .chain(acl.map(|a| vec![a]))
            .collect()
    })
}

/// Layers of an Azure interface: its group, and perhaps its subnet's.
pub(crate) fn azure() -> impl Strategy<Value = Vec<Vec<Point>>> {
    let group = || by_priority(PointKind::Nsg).prop_map(|p| vec![p]);
    prop::collection::vec(group(), 1..3)
}

fn lists_of(point: &Point) -> &Lists {
    match &point.body {
        Body::Lists(l) => l,
        Body::Netfilter(_) => panic!("no lists"),
    }
}

/// Rules in the order in which they are asked; what none takes comes back as true.
fn ask(case: &Case<'_>, rules: &[&Rule], out: &mut Outcomes) -> bool {
    let w = case.start();
    for r in rules {
        let (hit, miss) = case.may(r, &w);
        if hit {
            let deny = r.action == Action::Deny;
            out.insert(if deny { Outcome::Deny } else { Outcome::Allow });
        }
        if !miss {
            return false;
        }
    }
    true
}

/// One layer of cloud points.
pub(crate) fn cloud(case: &Case<'_>, layer: &[Point], direction: Direction, out: &mut Outcomes) {
    let mut rules: Vec<&Rule> = Vec::new();
    let (mut allow, mut unknown) = (false, false);
    for p in layer {
        let lists = lists_of(p);
        let l = if direction == Direction::Out {
            &lists.egress
        } else {
            &lists.ingress
        };
        let mut own: Vec<&Rule> = l.rules.iter().filter(|r| r.enabled).collect();
        if lists.discipline == Discipline::Priority {
            own.sort_by_key(|r| r.priority);
        }
        rules.extend(own);
        allow |= l.default.allow;
        unknown |= l.default.origin == DefaultOrigin::Unknown;
    }
    if ask(case, &rules, out) {
        out.insert(match (unknown, allow) {
            (true, _) => Outcome::Unknown,
            (_, true) => Outcome::Allow,
            _ => Outcome::Deny,
        });
    }
}

/// A Windows host under one profile (0 domain, 1 private, 2 public).
pub(crate) fn host(
    case: &Case<'_>,
    p: &Point,
    profile: usize,
    direction: Direction,
    out: &mut Outcomes,
) {
    let lists = lists_of(p);
    let incoming = direction == Direction::In;
    let l = if incoming {
        &lists.ingress
    } else {
        &lists.egress
    };
    let s = p
        .windows
        .as_ref()
        .and_then(|w| w.profiles[profile].clone())
        .unwrap_or_default();
    if s.enabled.is_some_and(|(on, _)| !on) {
        out.insert(Outcome::Allow);
        return;
    }
    let inbound = s.inbound.map(|(p, _)| p);
    if incoming && inbound == Some(InboundPolicy::BlockAlways) {
        out.insert(Outcome::Deny);
        return;
    }
    let only_policy = s.local_rules.is_some_and(|(on, _)| !on);
    let mut rules: Vec<&Rule> = l
        .rules
        .iter()
        .filter(|r| r.enabled && r.profiles.0 >> profile & 1 == 1)
        .collect();
    rules.retain(|r| !only_policy || r.origin == RuleOrigin::GroupPolicy);
    rules.sort_by_key(|r| match r.action {
        Action::Bypass => 0,
        Action::Deny => 1,
        _ => 2,
    });
    if ask(case, &rules, out) {
        let allow = if incoming {
            inbound.map(|p| p == InboundPolicy::Allow)
        } else {
            s.outbound_allow.map(|(allow, _)| allow)
        };
        out.insert(if allow.unwrap_or(!incoming) {
            Outcome::Allow
        } else {
            Outcome::Deny
        });
    }
}
