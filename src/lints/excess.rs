//! What rules let in that nobody needs: `any-any`, `exposed-to-internet`, `over-permissive-source`,
//! `over-permissive-port`, `bypasses-gateway`, `unneeded-flow`, `default-allow`, `firewall-off`, `stale-port`.
//!
//! The excess of a rule is its own box minus every needed flow of the hosts behind the point, minus the platform's
//! background. Each rule gets at most one finding, the gravest.

mod classify;
mod defaults;
mod elsewhere;
mod entry;
mod fold;
mod needed;
mod parts;
mod passing;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use super::describe::Frame;
use super::order::Idle;
use super::place::{self, normalized, point_name, rule_span};
use crate::finding::{Code, Finding, Identity, Part, Place, Related, Severity};
use crate::judge::{Exports, Flows, Guard, alternative_profiles, host_guards, transit_guard};
use crate::rules::platform;
use crate::site::Host;
use classify::{Class, Scene};
use elsewhere::{lowered, seen_elsewhere};
use entry::Opening;
use fold::Fold;
use hylint_engine::rulespace::each;
use hylint_engine::{Context, Decider, Direction, LocalPolicy, PointId, SetId, subtract_all};
use hylint_model::{Action, Body, Overrides, Point, Rule};
use hylint_space::{
    AddrSet, FlagSet, IfaceSet, PacketBox, PortSet, ProtoSet, StateSet, TcpFlags, class, proto,
};
use needed::Needed;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Built-in and unneeded rules named beside the first one of a folded finding.
const NAMED: usize = 5;
/// Rules looked at before what is found of them is put together.
const AT_ONCE: usize = 1 << 14;

/// What a rule opens that nothing needs.
enum Seen {
    /// Of a rule that Windows or an app brings along.
    Builtin { to_anyone: bool },
    /// Worth a note: how many parts its excess has. Only the first ones of a list are told.
    Unneeded(usize),
    /// Worth a finding.
    Open(Box<Finding>),
}

/// What a rule opens that nothing needs, and how grave that is before other rules are looked at.
struct Weighed<'o> {
    boxes: SmallVec<[Cow<'o, PacketBox>; 1]>,
    excess: Vec<PacketBox>,
    class: Class,
    /// Windows or an app brings the rule along.
    shipped: bool,
}

/// Every excess finding of the run, in point order.
#[must_use]
pub(crate) fn findings(flows: Flows<'_>, exports: &Exports, idle: &Idle) -> Vec<Finding> {
    let mut out = Vec::new();
    let behind = guarded(&flows.part.hosts);
    for (at, point) in exports.points() {
        let ask = |guard: &Guard<'_>,
                   alternatives: &[Guard<'_>],
                   needed: &Needed,
                   hosts: &[&Host<PointId>]| {
            let of = |g| PointReview::new(exports, at, point, g, needed, hosts, idle);
            of(guard).findings(&alternatives.iter().map(of).collect::<Vec<_>>())
        };
        let transit = flows.part.transits.iter().find(|t| t.points.contains(&at));
        if let Some(t) = transit {
            let guard = transit_guard(exports, t);
            out.extend(ask(&guard, &[], &Needed::through(flows), &[]));
            continue;
        }
        let Some(hosts) = behind.get(&at) else {
            continue;
        };
        let needed = Needed::at(flows, hosts, point.kind);
        let Some(first) = hosts.first() else { continue };
        for (guard, _, assumed) in host_guards(exports, first, Direction::In) {
            if guard.points.contains(&at) {
                let others = if assumed {
                    alternative_profiles(exports, &guard)
                } else {
                    Vec::new()
                };
                out.extend(ask(&guard, &others, &needed, hosts));
            }
        }
    }
    out
}

/// The hosts behind each point.
fn guarded(hosts: &[Host<PointId>]) -> BTreeMap<PointId, Vec<&Host<PointId>>> {
    let mut all: BTreeMap<PointId, Vec<&Host<PointId>>> = BTreeMap::new();
    for h in hosts {
        let points: BTreeSet<PointId> = h.layers.iter().flat_map(|l| l.points.clone()).collect();
        for at in points {
            all.entry(at).or_default().push(h);
        }
    }
    all
}

/// Everything that is known while one point is looked at.
struct PointReview<'a, 'b> {
    exports: &'a Exports,
    at: PointId,
    point: &'a Point,
    guard: &'b Guard<'a>,
    needed: &'b Needed,
    idle: &'b Idle,
    scene: Scene<'a>,
    /// Addresses behind the point, if all are known, else those of any host.
    here: AddrSet,
    behind: AddrSet,
    /// A network ACL in front of a host whose security groups were not exported: what AWS ships lets everything in.
    alone: bool,
}

/// Whether a security group guards the host.
fn grouped(exports: &Exports, host: &Host<PointId>) -> bool {
    let mut points = host.layers.iter().flat_map(|l| &l.points);
    points.any(|at| exports.point(*at).is_some_and(|p| p.kind.is_united()))
}

impl<'a, 'b> PointReview<'a, 'b> {
    fn new(
        exports: &'a Exports,
        at: PointId,
        point: &'a Point,
        guard: &'b Guard<'a>,
        needed: &'b Needed,
        hosts: &[&Host<PointId>],
        idle: &'b Idle,
    ) -> Self {
        let known = !hosts.is_empty() && hosts.iter().all(|h| !h.addrs.is_empty());
        let behind = if known {
            hosts
                .iter()
                .fold(AddrSet::empty(), |a, h| a.union(&h.addrs))
        } else {
            AddrSet::any()
        };
        let scene = Scene {
            cloud: point.kind.is_cloud(),
            transit: guard.direction == Direction::Forward,
            resolve: guard.resolve,
            roles_known: needed.roles_known,
        };
        Self {
            exports,
            at,
            point,
            guard,
            needed,
            idle,
            scene,
            here: behind.intersect(class::hosts()),
            behind,
            alone: point.kind.is_stateless() && !hosts.iter().all(|h| grouped(exports, h)),
        }
    }

    /// What is found, and what would be in the profiles that may be active instead of the judged one.
    fn findings(&self, alternatives: &[Self]) -> Vec<Finding> {
        if let Some(f) = self.firewall_off() {
            return vec![f];
        }
        let mut out: Vec<Finding> = self.default_allow().into_iter().collect();
        let mut on: Vec<&Self> = Vec::new();
        for other in alternatives {
            let off = other.firewall_off();
            if off.is_none() {
                on.push(other);
            }
            out.extend(off.or_else(|| other.default_allow()).map(lowered));
        }
        self.rules(&on, &mut out);
        out
    }

    /// What the settings decide of inbound packets beside the rules.
    fn overrides(&self) -> Overrides {
        self.point.overrides(true, self.guard.profile)
    }

    /// Where the profile's settings stand.
    fn settings_at(&self) -> SetId {
        self.exports.settings(self.at)
    }

    fn finding(
        &self,
        code: Code,
        severity: Severity,
        message: String,
        identity: Identity,
        place: Option<Place>,
    ) -> Finding {
        let mut f = Finding::new(code, severity, message, identity, place);
        f.host = Some(self.guard.name.to_owned());
        f.point = Some(point_name(self.exports, self.at));
        f.direction = Some(self.guard.direction);
        f
    }

    fn profile_name(&self) -> &'static str {
        self.guard.profile.name().unwrap_or_default()
    }

    /// What is asked of the engine about this point.
    fn context(&self) -> Context<'a> {
        self.guard.context(self.exports, LocalPolicy::Holds)
    }

    /// Whether a rule is in force here and worth a word: what the platform wrote is so only where nothing else guards.
    fn acts(&self, r: &Rule) -> bool {
        let own = self.alone || r.origin != hylint_model::RuleOrigin::Platform;
        own && self.point.in_force(r, self.guard.profile)
    }

    /// Rules that let packets in, here or in a profile that may be active alternatives.
    fn openings(&self, alternatives: &[&Self]) -> Vec<Opening<'a>> {
        match &self.point.body {
            Body::Lists(l) => {
                let rules = l.ingress.rules.iter();
                let acts = |r: &Rule| self.acts(r) || alternatives.iter().any(|o| o.acts(r));
                rules
                    .filter(|r| r.action == Action::Allow && acts(r))
                    .map(Opening::of)
                    .collect()
            }
            Body::Netfilter(nf) => entry::openings(nf, self.guard.direction),
        }
    }

    fn rules(&self, alternatives: &[&Self], out: &mut Vec<Finding>) {
        let (mut builtin, mut sensitive) = (Fold::default(), Fold::default());
        let mut unneeded = Fold::default();
        let openings = self.openings(alternatives);
        for part in openings.chunks(AT_ONCE) {
            let one = |i: u32| {
                let opening = part.get(i as usize)?;
                let here = self.acts(opening.rule).then(|| self.seen(opening));
                here.flatten()
                    .or_else(|| seen_elsewhere(opening, alternatives))
            };
            let seen = each(0..part.len() as u32, one);
            for (opening, seen) in part.iter().zip(seen) {
                match seen {
                    None => {}
                    Some(Seen::Builtin { to_anyone }) => {
                        // Their group says what they are, and what each opens is the same everywhere.
                        if to_anyone {
                            sensitive.rules.push(opening.rule);
                        }
                        builtin.rules.push(opening.rule);
                    }
                    Some(Seen::Unneeded(total)) => {
                        let parts = self.unneeded_parts(opening, unneeded.room());
                        unneeded.add(opening.rule, parts, total);
                    }
                    Some(Seen::Open(f)) => out.push(*f),
                }
            }
        }
        out.extend(self.fold_builtin(builtin, sensitive));
        out.extend(self.fold_unneeded(unneeded));
    }

    /// What a rule opens by itself that nothing needs, whatever other rules do.
    fn weigh<'o>(&self, opening: &'o Opening<'a>) -> Option<Weighed<'o>> {
        let rule = opening.rule;
        let known = self
            .point
            .kind
            .has_profiles()
            .then(|| platform::builtin(rule))
            .flatten();
        if known.as_ref().is_some_and(|b| b.core) {
            return None;
        }
        let boxes = opening.boxes();
        let excess = self.excess(rule, &boxes);
        let class = classify::classify(rule, &excess, self.needed, self.scene)?;
        Some(Weighed {
            boxes,
            excess,
            class,
            shipped: known.is_some() || classify::is_app_package(rule),
        })
    }

    /// What is to be said of a rule by itself.
    fn seen(&self, opening: &Opening<'a>) -> Option<Seen> {
        let w = self.weigh(opening)?;
        if w.shipped {
            return Some(Seen::Builtin {
                to_anyone: w.class.sensitive_to_anyone,
            });
        }
        if w.class.severity == Severity::Note {
            let (_, total) = self.parts(opening.rule, &w.boxes, &w.excess, 0);
            return Some(Seen::Unneeded(total));
        }
        self.open(opening.rule, &w).map(Box::new).map(Seen::Open)
    }

    /// Only what really passes by this rule counts: an earlier deny may take it.
    fn open(&self, rule: &Rule, w: &Weighed<'_>) -> Option<Finding> {
        let (real, exact) = self.really(rule, &w.excess);
        let class = classify::classify(rule, &real, self.needed, self.scene)?;
        let mut f = self.word(rule, &class, &real);
        if exact {
            (f.excess, f.excess_total) = self.parts(rule, &w.boxes, &real, Finding::PARTS);
        }
        Some(f)
    }

    /// What a rule opens that nothing needs, in at most `room` parts.
    fn unneeded_parts(&self, opening: &Opening<'a>, room: usize) -> Vec<Part> {
        if room == 0 {
            return Vec::new();
        }
        let boxes = opening.boxes();
        let excess = self.excess(opening.rule, &boxes);
        self.parts(opening.rule, &boxes, &excess, room).0
    }

    /// The new connections of the boxes that no needed flow covers.
    fn excess(&self, rule: &Rule, boxes: &[Cow<'_, PacketBox>]) -> Vec<PacketBox> {
        if classify::needs_ipsec(rule) {
            return Vec::new();
        }
        let mut out = Vec::new();
        for b in boxes {
            let mut met = self
                .needed
                .boxes
                .iter()
                .filter(|n| n.intersects(b))
                .peekable();
            if met.peek().is_none() {
                out.extend(self.opened(b));
            } else if !met.any(|n| b.is_subset(n)) {
                let cut: Vec<PacketBox> = self.opened(b).into_iter().collect();
                out.append(&mut subtract_all(&cut, &self.needed.boxes));
            }
        }
        out
    }

    /// The new connections of a box.
    fn opened(&self, b: &PacketBox) -> Option<PacketBox> {
        // What starts a connection is a SYN; other protocols have no flags, and their boxes hold any.
        let flags = FlagSet(b.flags.0 & FlagSet::exactly(TcpFlags::SYN).0);
        let state = StateSet(b.state.0 & StateSet::exactly(StateSet::NEW, false, false).0);
        if flags.0 == 0 || state.0 == 0 {
            return None;
        }
        let opened = PacketBox {
            src: b.src.intersect(class::hosts()),
            dst: b.dst.intersect(&self.here),
            proto: b.proto.clone(),
            sport: b.sport.clone(),
            dport: b.dport.clone(),
            flags,
            state,
            in_iface: peer_interfaces(&b.in_iface)?,
            out_iface: b.out_iface.clone(),
        };
        (!opened.is_empty()).then_some(opened)
    }

    fn word(&self, rule: &Rule, class: &Class, excess: &[PacketBox]) -> Finding {
        let whole = rule_span(self.exports, self.at, rule);
        // The place is the rule; the field that is too wide is labelled beside it.
        let mut f = self.finding(
            class.code,
            class.severity,
            format!(
                "{} at {}",
                class.message(rule, excess, self.scene),
                self.guard.name
            ),
            Identity::of(&[&normalized(rule)]),
            place::place(self.exports, self.at, whole),
        );
        let span = class.field.and_then(|x| rule.field(x)).unwrap_or(whole);
        f.label = class.label.to_owned();
        if span != whole
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
        let packet = tcp.or(excess.first());
        f.witness = packet.and_then(place::witness).map(Box::new);
        f.help = Some(class.help.to_owned());
        f
    }

    /// The excess exactly, in as few parts as tell it: at most `room` of them, and how many there are. `whole` is all that
    /// the rule lets in.
    fn parts(
        &self,
        rule: &Rule,
        whole: &[Cow<'_, PacketBox>],
        excess: &[PacketBox],
        room: usize,
    ) -> (Vec<Part>, usize) {
        let many;
        let few = match excess {
            [one] if parts::is_plain(one) => std::slice::from_ref(one),
            _ => {
                many = parts::few(excess);
                &many
            }
        };
        if room == 0 {
            return (Vec::new(), few.len());
        }
        let frame = Frame {
            whole: parts::union(whole.iter().map(AsRef::as_ref)),
            here: self.here.clone(),
        };
        let given = classify::given(rule, self.scene);
        let named = few.iter().take(room).map(|b| frame.part(b, &given));
        (named.collect(), few.len())
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
