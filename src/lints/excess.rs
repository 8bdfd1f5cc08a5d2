//! What rules let in that nobody needs: `any-any`, `exposed-to-internet`, `over-permissive-source`,
//! `over-permissive-port`, `bypasses-gateway`, `unneeded-flow`, `default-allow`, `firewall-off`, `stale-port`.
//!
//! The excess of a rule is its own box minus every needed flow of the hosts behind the point, minus the platform's
//! background. Each rule gets at most one finding, the gravest.

mod classify;
mod entry;
mod needed;
mod parts;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use super::describe::Frame;
use super::place::{self, normalized, point_name, rule_span};
use crate::engine::{Branch, Decider, Direction, Effect, LocalPolicy, PointRef, subtract_all};
use crate::finding::{Finding, Related, Severity};
use crate::judge::{Flows, Guard, host_guards, hosts, transit_guard, unicast};
use crate::load::LoadedExport;
use crate::platform;
use crate::site::Host;
use classify::{Class, Scene};
use hylint_parsers::model::{
    Action, Body, ConditionKind, Discipline, InboundPolicy, Netfilter, Point, PointKind, Profiles,
    Rule, TableName,
};
use hylint_parsers::space::{
    AddrSet, Family, FlagSet, IfaceSet, PacketBox, PortSet, ProtoSet, StateSet, TcpFlags, proto,
};
use needed::Needed;

/// Built-in and unneeded rules named beside the first one of a folded finding.
const NAMED: usize = 5;

/// Every excess finding of the run, in point order.
#[must_use]
pub fn findings(flows: Flows<'_>, exports: &[LoadedExport]) -> Vec<Finding> {
    let mut out = Vec::new();
    for (e, export) in exports.iter().enumerate() {
        for (p, point) in export.export.points.iter().enumerate() {
            let at = (e, p);
            let transit = flows.here.transits.iter().find(|t| t.points.contains(&at));
            if let Some(t) = transit {
                let needed = Needed::through(flows);
                point_findings(
                    exports,
                    at,
                    point,
                    &transit_guard(exports, t),
                    &needed,
                    &[],
                    &mut out,
                );
                continue;
            }
            let hosts: Vec<&Host> = flows
                .here
                .hosts
                .iter()
                .filter(|h| h.layers.iter().any(|l| l.points.contains(&at)))
                .collect();
            let needed = Needed::at(flows, &hosts, point.kind);
            let Some(first) = hosts.first() else { continue };
            for (guard, _, _) in host_guards(exports, first, Direction::In) {
                if guard.points.contains(&at) {
                    point_findings(exports, at, point, &guard, &needed, &hosts, &mut out);
                }
            }
        }
    }
    out
}

/// Everything that is known while one point is looked at.
struct Look<'a, 'b> {
    exports: &'a [LoadedExport],
    at: PointRef,
    point: &'a Point,
    guard: &'b Guard<'a>,
    needed: &'b Needed,
    scene: Scene<'a>,
    /// Addresses behind the point, if all are known.
    behind: AddrSet,
    /// A network ACL in front of a host whose security groups were not exported: what AWS ships lets everything in.
    alone: bool,
}

fn point_findings<'a>(
    exports: &'a [LoadedExport],
    at: PointRef,
    point: &'a Point,
    guard: &Guard<'a>,
    needed: &Needed,
    hosts: &[&Host],
    out: &mut Vec<Finding>,
) {
    let known = !hosts.is_empty() && hosts.iter().all(|h| !h.addrs.is_empty());
    let behind = if known {
        hosts
            .iter()
            .fold(AddrSet::empty(), |a, h| a.union(&h.addrs))
    } else {
        AddrSet::any()
    };
    let scene = Scene {
        cloud: matches!(
            point.kind,
            PointKind::SecurityGroup | PointKind::NetworkAcl | PointKind::Nsg
        ),
        transit: guard.direction == Direction::Forward,
        resolve: guard.resolve,
        roles_known: needed.roles_known,
    };
    let look = Look {
        exports,
        at,
        point,
        guard,
        needed,
        scene,
        behind,
        alone: point.kind == PointKind::NetworkAcl && !hosts.iter().all(|h| grouped(exports, h)),
    };
    if let Some(f) = look.firewall_off() {
        out.push(f);
        return;
    }
    out.extend(look.default_allow());
    look.rules(out);
}

/// Whether a security group guards the host.
fn grouped(exports: &[LoadedExport], host: &Host) -> bool {
    let mut points = host.layers.iter().flat_map(|l| &l.points);
    points.any(|at| place::point(exports, *at).is_some_and(|p| p.kind == PointKind::SecurityGroup))
}

impl<'a> Look<'a, '_> {
    fn settings(&self) -> Option<&'a hylint_parsers::model::ProfileSettings> {
        let slot = Profiles::EACH
            .iter()
            .position(|(p, _)| *p == self.guard.profile)?;
        self.point.windows.as_ref()?.profiles.get(slot)?.as_ref()
    }

    /// Where the profile's settings stand.
    fn settings_at(&self) -> PointRef {
        let from = self.point.windows.as_ref().and_then(|w| w.from);
        (from.unwrap_or(self.at.0), self.at.1)
    }

    fn finding(&self, code: &'static str, severity: Severity, message: String) -> Finding {
        let mut f = Finding::new(code, severity, message);
        f.host = Some(self.guard.name.to_owned());
        f.point = Some(point_name(self.exports, self.at));
        f.direction = Some(self.guard.direction.as_str());
        f
    }

    fn profile_name(&self) -> &'static str {
        Profiles::EACH
            .iter()
            .find(|(p, _)| *p == self.guard.profile)
            .map_or("", |(_, n)| n)
    }

    fn firewall_off(&self) -> Option<Finding> {
        let (false, span) = self.settings()?.enabled? else {
            return None;
        };
        let text = format!(
            "the firewall of {} is off in the {} profile: everything is let in",
            self.guard.name,
            self.profile_name()
        );
        let mut f = self.finding("firewall-off", Severity::Error, text);
        f.place = place::place(self.exports, self.settings_at(), span);
        f.label = "off".into();
        f.help = Some(format!(
            "netsh advfirewall set {}profile state on",
            self.profile_name()
        ));
        place::fingerprint(&mut f, &[self.profile_name()]);
        Some(f)
    }

    /// Any new connection, on the interfaces that peers may use.
    fn anything(&self, family: Family) -> PacketBox {
        PacketBox {
            src: unicast(family),
            dst: self.behind.only(family),
            proto: [(proto::TCP, proto::TCP), (proto::UDP, proto::UDP)]
                .into_iter()
                .collect(),
            state: StateSet::exactly(StateSet::NEW, false, false),
            ..PacketBox::any()
        }
    }

    /// Pushes packets through, at the interfaces that peers may use.
    fn evaluate(&self, query: &PacketBox) -> Vec<Branch<'a>> {
        self.guard.branches(self.exports, LocalPolicy::Holds, query)
    }

    /// Whether no policy can let anything in: cheaper to see than to prove.
    fn closed_by_policy(&self, nf: &Netfilter) -> bool {
        let denies = |chain: &str| {
            let c = nf
                .table(TableName::Filter)
                .and_then(|t| t.chain(chain))
                .and_then(|(_, c)| c.policy);
            c.is_some_and(|p| !p.allow)
        };
        // What comes for this host may be translated and forwarded.
        let forwards = self.scene.transit || nf.table(TableName::Nat).is_some();
        (self.scene.transit || denies("INPUT")) && (!forwards || denies("FORWARD"))
    }

    fn default_allow(&self) -> Option<Finding> {
        if let Some((InboundPolicy::Allow, span)) = self.settings().and_then(|s| s.inbound) {
            let text = format!(
                "{} lets in what no rule decides in the {} profile",
                self.guard.name,
                self.profile_name()
            );
            let mut f = self.finding("default-allow", Severity::Error, text);
            f.place = place::place(self.exports, self.settings_at(), span);
            f.label = "AllowInbound".into();
            f.help = Some(format!(
                "netsh advfirewall set {}profile firewallpolicy blockinbound,allowoutbound",
                self.profile_name()
            ));
            place::fingerprint(&mut f, &[self.profile_name()]);
            return Some(f);
        }
        let Body::Netfilter(nf) = &self.point.body else {
            return None;
        };
        if self.closed_by_policy(nf) {
            return None;
        }
        let family = if self.point.families.v4 {
            Family::V4
        } else {
            Family::V6
        };
        let branches = self.evaluate(&self.anything(family));
        let open: Vec<&Branch<'_>> = branches
            .iter()
            .filter(|b| {
                b.effect == Effect::Allow
                    && matches!(b.by, Decider::Policy { .. } | Decider::Nothing { .. })
            })
            .collect();
        let left = subtract_all(
            &open.iter().map(|b| b.space.clone()).collect::<Vec<_>>(),
            &self.needed.boxes,
        );
        let packet = left.first()?;
        let by = open.first().map(|b| b.by)?;
        let (span, chain) = match by {
            Decider::Policy { chain, .. } => (chain.span, chain.name.to_string()),
            _ => (self.point.label, "the filter table".to_owned()),
        };
        let verb = if self.scene.transit { "through" } else { "in" };
        let text = format!(
            "{} lets {verb} new connections that no rule decides",
            self.guard.name
        );
        let mut f = self.finding("default-allow", Severity::Error, text);
        f.place = place::place(self.exports, self.at, span);
        f.label = format!("{chain} accepts what is left");
        f.rule = Some(chain.clone());
        f.witness = place::witness(packet);
        let tool = if self.point.families.v4 {
            "iptables"
        } else {
            "ip6tables"
        };
        f.help = Some(format!(
            "{tool} -P {chain} DROP, once every needed flow has its rule"
        ));
        place::fingerprint(&mut f, &[&chain, self.point.families.as_str()]);
        Some(f)
    }

    fn acts(&self, r: &Rule) -> bool {
        let gpo_only = self
            .settings()
            .and_then(|s| s.local_rules)
            .is_some_and(|(on, _)| !on);
        let origin = !gpo_only || r.origin == hylint_parsers::model::RuleOrigin::GroupPolicy;
        r.enabled
            && origin
            && r.profiles.intersects(self.guard.profile)
            && (self.alone || r.origin != hylint_parsers::model::RuleOrigin::Platform)
    }

    /// Rules that let packets in, with the boxes that reach them.
    fn candidates(&self) -> Vec<(&'a Rule, Vec<PacketBox>)> {
        let boxes = |r: &Rule| {
            r.clauses
                .iter()
                .map(|c| c.space.clone())
                .collect::<Vec<_>>()
        };
        match &self.point.body {
            Body::Lists(l) => l
                .ingress
                .rules
                .iter()
                .filter(|r| r.action == Action::Allow && self.acts(r))
                .map(|r| (r, boxes(r)))
                .collect(),
            Body::Netfilter(nf) => entry::candidates(nf, self.guard.direction),
        }
    }

    fn rules(&self, out: &mut Vec<Finding>) {
        let mut builtin: Vec<(&Rule, bool)> = Vec::new();
        let mut unneeded: Vec<&Rule> = Vec::new();
        for (rule, boxes) in self.candidates() {
            let known = (self.point.kind == PointKind::WindowsFirewall)
                .then(|| platform::builtin(rule))
                .flatten();
            if known.as_ref().is_some_and(|b| b.core) {
                continue;
            }
            let excess = self.excess(rule, &boxes);
            if excess.is_empty() {
                continue;
            }
            let Some(class) = classify::classify(rule, &excess, self.needed, self.scene) else {
                continue;
            };
            if known.is_some() || classify::is_app_package(rule) {
                builtin.push((rule, class.sensitive_to_anyone));
                continue;
            }
            if class.severity == Severity::Note {
                unneeded.push(rule);
                continue;
            }
            // Only what really passes by this rule counts: an earlier deny may take it.
            let real = self.really(rule, &excess);
            let Some(class) = classify::classify(rule, &real, self.needed, self.scene)
                .filter(|_| !real.is_empty())
            else {
                continue;
            };
            let mut f = self.word(rule, &class, &real);
            self.name_parts(&mut f, rule, &boxes, &real);
            out.push(f);
        }
        out.extend(self.fold_builtin(&builtin));
        out.extend(self.fold_unneeded(&unneeded));
    }

    /// The new connections of the boxes that no needed flow covers.
    fn excess(&self, rule: &Rule, boxes: &[PacketBox]) -> Vec<PacketBox> {
        let cut: Vec<PacketBox> = boxes
            .iter()
            .filter_map(|b| {
                let mut b = b.clone();
                b.state = StateSet(b.state.0 & StateSet::exactly(StateSet::NEW, false, false).0);
                b.dst = b.dst.intersect(&self.behind);
                b.src = b.src.intersect(hosts());
                b.dst = b.dst.intersect(hosts());
                // What starts a connection is a SYN; other protocols have no flags, and their boxes hold any.
                b.flags = FlagSet(b.flags.0 & FlagSet::exactly(TcpFlags::SYN).0);
                b.in_iface = peer_interfaces(&b.in_iface)?;
                (!b.is_empty()).then_some(b)
            })
            .collect();
        if classify::needs_ipsec(rule) {
            return Vec::new();
        }
        subtract_all(&cut, &self.needed.boxes)
    }

    /// The part of the excess that this rule itself lets in.
    fn really(&self, rule: &Rule, excess: &[PacketBox]) -> Vec<PacketBox> {
        // Where order is irrelevant, each of two rules lets in what both of them match. What a rule matches is not its
        // box alone if it names its peers.
        let unordered = matches!(&self.point.body, Body::Lists(l)
            if matches!(l.discipline, Discipline::UnionOfAllows | Discipline::BlockOverAllow))
            && rule.conditions().all(|c| c.kind == ConditionKind::Local);
        let mut out = Vec::new();
        for b in excess {
            for branch in self.evaluate(b) {
                let mine = branch
                    .by
                    .rule()
                    .is_some_and(|r| unordered || std::ptr::eq(r, rule))
                    || matches!(rule.action, Action::Nat(_));
                if branch.effect == Effect::Allow && mine {
                    let part = b.intersect(&PacketBox {
                        in_iface: IfaceSet::full(),
                        out_iface: IfaceSet::full(),
                        flags: FlagSet::FULL,
                        ..branch.space
                    });
                    out.push(part);
                }
            }
        }
        out.retain(|b| !b.is_empty());
        out
    }

    fn word(&self, rule: &Rule, class: &Class, excess: &[PacketBox]) -> Finding {
        let mut f = self.finding(
            class.code,
            class.severity,
            format!("{} at {}", class.message, self.guard.name),
        );
        let span = class
            .field
            .and_then(|x| rule.field(x))
            .unwrap_or_else(|| rule_span(self.exports, self.at, rule));
        // The place is the rule; the field that is too wide is labelled beside it.
        f.place = place::place(
            self.exports,
            self.at,
            rule_span(self.exports, self.at, rule),
        );
        f.label = class.label.clone();
        if span != rule_span(self.exports, self.at, rule)
            && let Some(place) = place::place(self.exports, self.at, span)
        {
            f.related.push(Related {
                place,
                label: "here".into(),
            });
        }
        f.rule = Some(place::decider_name(
            self.exports,
            &Decider::Rule { at: self.at, rule },
        ));
        let tcp = excess.iter().find(|b| b.proto.contains(proto::TCP));
        f.witness = tcp.or(excess.first()).and_then(place::witness);
        f.help = Some(class.help.clone());
        place::fingerprint(&mut f, &[&normalized(rule)]);
        f
    }

    /// Names the excess exactly, in as few parts as tell it.
    fn name_parts(&self, f: &mut Finding, rule: &Rule, whole: &[PacketBox], excess: &[PacketBox]) {
        let frame = Frame {
            whole: parts::union(whole),
            here: self.behind.intersect(hosts()),
        };
        let few = parts::few(excess);
        let given = classify::given(rule, self.scene);
        let parts = few.iter().take(Finding::PARTS);
        f.excess = parts.map(|b| frame.part(b, &given)).collect();
        f.excess_total = few.len();
    }

    fn fold(
        &self,
        rules: &[&Rule],
        code: &'static str,
        severity: Severity,
        message: String,
        help: &str,
    ) -> Option<Finding> {
        let first = rules.first()?;
        let mut f = self.finding(code, severity, message);
        f.place = place::place(
            self.exports,
            self.at,
            rule_span(self.exports, self.at, first),
        );
        f.label = "the first of them".into();
        f.rule = Some(place::decider_name(
            self.exports,
            &Decider::Rule {
                at: self.at,
                rule: first,
            },
        ));
        for r in rules.iter().skip(1).take(NAMED) {
            if let Some(place) =
                place::place(self.exports, self.at, rule_span(self.exports, self.at, r))
            {
                f.related.push(Related {
                    place,
                    label: "another".into(),
                });
            }
        }
        f.help = Some(help.to_owned());
        let kind = [self.profile_name(), severity.as_str(), help];
        place::fingerprint(&mut f, &kind);
        place::members(&mut f, rules.iter().copied());
        Some(f)
    }

    fn fold_builtin(&self, all: &[(&Rule, bool)]) -> Option<Finding> {
        let sensitive: Vec<&Rule> = all.iter().filter(|(_, s)| *s).map(|(r, _)| *r).collect();
        let (rules, severity) = if sensitive.is_empty() {
            (
                all.iter().map(|(r, _)| *r).collect::<Vec<_>>(),
                Severity::Note,
            )
        } else {
            (sensitive, Severity::Warning)
        };
        let n = rules.len();
        let (s, verb) = if n == 1 { ("", "opens") } else { ("s", "open") };
        let what = if severity == Severity::Warning {
            "a sensitive service to anyone"
        } else {
            "what no requirement needs"
        };
        let message = format!(
            "{n} built-in rule{s} of Windows {verb} {what} at {}",
            self.guard.name
        );
        self.fold(
            &rules,
            "unneeded-flow",
            severity,
            message,
            "disable the groups that this host does not use, or limit their remote addresses",
        )
    }

    fn fold_unneeded(&self, rules: &[&Rule]) -> Option<Finding> {
        let n = rules.len();
        let (s, verb) = if n == 1 { ("", "opens") } else { ("s", "open") };
        let message = format!(
            "{n} rule{s} {verb} what no requirement needs at {}",
            self.guard.name
        );
        self.fold(
            rules,
            "unneeded-flow",
            Severity::Note,
            message,
            "remove the rules, or say why they are there: `[[allow]]` in hylint.toml",
        )
    }
}

/// The part of an interface set that peers may use: not `lo`, not interfaces of software networks. `None` if nothing is left.
fn peer_interfaces(set: &IfaceSet) -> Option<IfaceSet> {
    if set.is_full() {
        return Some(IfaceSet::full());
    }
    if set.contains(0) {
        return Some(set.clone());
    }
    let keep: IfaceSet = set
        .iter()
        .filter(|(lo, _)| {
            let name: Vec<u8> = lo
                .to_be_bytes()
                .into_iter()
                .take_while(|b| *b != 0)
                .collect();
            let name = String::from_utf8_lossy(&name).into_owned();
            name != "lo" && !platform::is_software_iface(&name)
        })
        .collect();
    (!keep.is_empty()).then_some(keep)
}

/// Whether the boxes hold nearly every port of TCP or UDP.
pub(super) fn all_ports(b: &PacketBox) -> bool {
    let transport = b.proto.contains(proto::TCP) || b.proto.contains(proto::UDP);
    transport && b.dport.count() > 60_000
}

/// Ports of the boxes.
pub(super) fn ports(boxes: &[PacketBox]) -> PortSet {
    boxes
        .iter()
        .fold(PortSet::empty(), |a, b| a.union(&b.dport))
}

/// Protocols of the boxes.
pub(super) fn protocols(boxes: &[PacketBox]) -> ProtoSet {
    boxes
        .iter()
        .fold(ProtoSet::empty(), |a, b| a.union(&b.proto))
}
