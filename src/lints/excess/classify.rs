//! How grave a rule's excess is, and what to call it.

use super::needed::Needed;
use super::sums::{all_ports, ports, protocols};
use crate::finding::{Code, Severity};
use crate::lints::describe;
use crate::rules::platform;
use hylint_engine::{Carry, union_addrs};
use hylint_model::{
    Action, Clause, Condition, ConditionKind, Field, NatKind, Rule, Side, Test, names_group,
};
use hylint_space::{AddrSet, Exposure, PacketBox, PortSet, RangeSet, Scalar, class, proto};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of point is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    /// A cloud point or a forwarding firewall: it stands in front of hosts.
    pub(super) in_front: bool,
    /// The Internet gets here: the point stands in front of hosts, or the host has a public address.
    pub(super) facing: bool,
    /// Names that stand for addresses.
    pub(super) resolve: &'a BTreeMap<String, AddrSet>,
    /// Addresses of which it is not known whether such a name holds them.
    pub(super) open: Option<&'a BTreeMap<String, AddrSet>>,
    /// Whether it is known what the hosts are for.
    pub(super) roles_known: bool,
    /// Whether there is a hylint.toml.
    pub(super) configured: bool,
}

impl Scene<'_> {
    /// Whether something that nobody exported may stand in front of the hosts: no hylint.toml says what does.
    pub(super) fn is_shielded(&self) -> bool {
        !self.configured && !self.facing
    }

    /// Whether it depends on what the exports do not say whom a name lets in: it stands for no addresses, is a group of sources
    /// that may have members which no file lists, or may hold public addresses beside a few that it surely holds.
    fn is_open(&self, key: &str, side: Side) -> bool {
        let public = class::public();
        let Some(sure) = self.resolve.get(key) else {
            return true;
        };
        let wide = sure.v4.intersect(&public.v4).count() >= 1 << 30;
        let open = self.open.and_then(|o| o.get(key));
        let may_hold = |o: &AddrSet| match (names_group(key), side) {
            (true, Side::Src) => !o.is_empty(),
            // The hosts that are listed as members are open whoever else is one.
            (true, Side::Dst) => sure.is_empty() && !o.is_empty(),
            (false, _) => !wide && o.intersects(public),
        };
        open.is_some_and(may_hold)
    }
}

/// A judged excess.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub(super) code: Code,
    pub(super) severity: Severity,
    says: Says,
    pub(super) label: &'static str,
    pub(super) help: &'static str,
    /// The field that is too wide.
    pub(super) field: Option<Field>,
    /// It opens a sensitive service to anyone.
    pub(super) sensitive_to_anyone: bool,
}

/// What a message says of what is open. Most classes are never put into words.
#[derive(Clone, Copy, Debug)]
enum Says {
    Open,
    ToTheInternet,
    ToABlock,
    Service(&'static str),
    PastTheGateway,
    Moved,
    MorePorts,
    MoreSources,
    Unneeded,
}

impl Class {
    /// One sentence about the excess.
    pub(super) fn message(&self, rule: &Rule, excess: &[PacketBox], scene: Scene<'_>) -> String {
        let opened = what(excess);
        let named = unknown_sources(rule, &scene);
        let from = || {
            let src = union_addrs(excess, |b| &b.src);
            let own = own_network(rule, &scene).map(Condition::describe);
            own.or_else(|| named.clone())
                .unwrap_or_else(|| who(&src, rule))
        };
        let says = match (self.says, &named) {
            (Says::ToTheInternet | Says::ToABlock, Some(_)) => Says::Open,
            (says, _) => says,
        };
        match says {
            Says::Open => format!("{opened} is open to {}", from()),
            Says::ToTheInternet => format!("{opened} is open to the Internet"),
            Says::ToABlock => format!("{opened} is open to public addresses ({})", from()),
            Says::Service(name) if is_one_of(name, &ports(excess)) => {
                format!("{opened}, with {name}, is open to {}", from())
            }
            Says::Service(name) => format!("{name} ({opened}) is open to {}", from()),
            Says::PastTheGateway => format!("{opened} lets clients past the gateway"),
            Says::Moved => format!("{opened} is still open although the site moved the port"),
            Says::MorePorts => {
                format!("{opened} is open to {}, and fewer ports are needed", from())
            }
            Says::MoreSources => {
                format!("{opened} is open to {}, and fewer sources need it", from())
            }
            Says::Unneeded => format!(
                "{opened} is open to {}, and no requirement needs it",
                from()
            ),
        }
    }
}

/// Whether a set holds most of the Internet, so that "anyone" tells it: ranges around a hole are still anyone.
fn anyone(src: &AddrSet) -> bool {
    let p = class::public();
    most(&src.v4, &p.v4) || most(&src.v6, &p.v6)
}

fn most<T: Scalar>(part: &RangeSet<T>, whole: &RangeSet<T>) -> bool {
    let half = whole.count() / 2;
    part.count() > half && part.intersect(whole).count() > half
}

/// Whether the rule only lets authenticated peers in.
pub(super) fn needs_ipsec(rule: &Rule) -> bool {
    !rule.clauses.is_empty()
        && rule.clauses.iter().all(|c| {
            c.conditions
                .iter()
                .any(|c| matches!(c.test, Test::IpSec) && !c.negated)
        })
}

/// Whether a rule names its sources, whatever the name stands for.
pub(super) fn names_sources(rule: &Rule) -> bool {
    let named = |t: &Test| matches!(t, Test::Named { side, .. } if *side == Side::Src);
    rule.conditions().any(|c| named(&c.test))
}

/// Whether the rule is bound to an app package that the export does not print.
pub(super) fn is_app_package(rule: &Rule) -> bool {
    rule.conditions().any(|c| matches!(c.test, Test::Package))
}

/// Why it is not known what a rule for any port opens.
#[derive(Clone, Copy)]
enum PortLess {
    /// The export does not print whether a program narrows it.
    Unsaid,
    /// A program or service does.
    Program,
}

/// Program-scoped or brief, and for any port: what it opens is not known.
fn port_less(rule: &Rule) -> Option<PortLess> {
    let scoped = |t: &Test| matches!(t, Test::Program(_) | Test::Service(_));
    let unsaid = |t: &Test| matches!(t, Test::Unprinted | Test::Package);
    let port_less = |c: &Clause| Carry::of(&c.space) == Carry::PortLess;
    if !rule.clauses.iter().all(port_less) {
        return None;
    }
    if rule.conditions().any(|c| unsaid(&c.test)) {
        return Some(PortLess::Unsaid);
    }
    let scoped = rule.conditions().any(|c| scoped(&c.test));
    scoped.then_some(PortLess::Program)
}

/// Whether what a rule opens is not known by its match alone: a program decides which ports, or conditions that nobody can
/// decide which sources.
pub(super) fn is_open_ended(rule: &Rule, scene: Scene<'_>) -> bool {
    let narrowed = lowered(rule, Severity::Error, &scene) != Severity::Error;
    narrowed || port_less(rule).is_some() || own_network(rule, &scene).is_some()
}

/// One level lower when the source may be narrower than it looks, or a match is not modelled. A name that is resolved has
/// narrowed the source already, and "not in that set" leaves nearly everyone in.
fn lowered(rule: &Rule, severity: Severity, scene: &Scene<'_>) -> Severity {
    let open = |c: &Condition| match (&c.test, c.kind) {
        (Test::Named { key, side }, _) => !c.negated && scene.is_open(key, *side),
        (_, ConditionKind::Peer | ConditionKind::Unknown) => true,
        _ => false,
    };
    if rule.conditions().any(open) {
        severity.lower()
    } else {
        severity
    }
}

/// What must hold beside the packet for the rule to let it in: `, if …` for the end of a sentence.
pub(super) fn given(rule: &Rule, scene: Scene<'_>) -> String {
    // A name that is resolved has narrowed the source already.
    let open = |c: &&Condition| match &c.test {
        Test::Named { key, side } => scene.is_open(key, *side),
        _ => true,
    };
    let mut each = rule.clauses.iter().map(|clause| {
        let open = clause.conditions.iter().filter(open);
        let texts: BTreeSet<String> = open.map(Condition::describe).collect();
        texts
    });
    let first = each.next().unwrap_or_default();
    if each.any(|e| e != first) {
        return ", where the conditions of the rule hold".to_owned();
    }
    if first.is_empty() {
        return String::new();
    }
    let all: Vec<String> = first.into_iter().collect();
    format!(", if {}", all.join(" and "))
}

/// The machines of the own network that a rule lets in, if it lets in nobody else and their addresses are not known.
fn own_network<'a>(rule: &'a Rule, scene: &Scene<'_>) -> Option<&'a Condition> {
    let unresolved = |c: &Condition| match &c.test {
        Test::Named { key, side } => *side == Side::Src && scene.is_open(key, *side),
        _ => false,
    };
    let mut each = rule.clauses.iter().map(|clause| {
        let mut conditions = clause.conditions.iter();
        conditions.find(|c| c.within_own_network() && unresolved(c))
    });
    let first = each.next()??;
    each.all(|c| c.is_some()).then_some(first)
}

/// Whom a rule lets in, if all that it names are lists of addresses that the exports do not hold.
fn unknown_sources(rule: &Rule, scene: &Scene<'_>) -> Option<String> {
    let unknown = |c: &Condition| match &c.test {
        Test::Named {
            key,
            side: Side::Src,
        } => !c.negated && scene.is_open(key, Side::Src),
        _ => false,
    };
    let mut each = rule.clauses.iter();
    each.all(|clause| clause.conditions.iter().any(unknown))
        .then_some(())?;
    let first = rule.conditions().find(|c| unknown(c))?;
    let Test::Named { key, .. } = &first.test else {
        return None;
    };
    let name = key.split_once(':').map_or(&**key, |(_, name)| name);
    Some(format!("`{name}` (addresses not exported)"))
}

fn transport(boxes: &[PacketBox]) -> String {
    let p = protocols(boxes);
    match (p.contains(proto::TCP), p.contains(proto::UDP)) {
        (true, true) if p.is_full() => "every protocol".into(),
        (true, true) => "TCP and UDP".into(),
        (true, false) => "TCP".into(),
        (false, true) => "UDP".into(),
        (false, false) => {
            let name = p.first().map(crate::judge::protocol_name);
            format!("protocol {}", name.unwrap_or_default())
        }
    }
}

/// The protocols and ports of the boxes.
pub(super) fn what(boxes: &[PacketBox]) -> String {
    let p = ports(boxes);
    let t = transport(boxes);
    let has_ports = protocols(boxes)
        .iter()
        .any(|(lo, hi)| (lo..=hi).any(proto::has_ports));
    let opened = match p.len() {
        _ if !has_ports || t == "every protocol" => return t,
        _ if p.is_full() || p.count() > 60_000 => format!("every port of {t}"),
        n if n > 6 => format!("{t}, {} ports", p.count()),
        _ => format!("{t} {}", describe::ports(&p)),
    };
    // A rule for replies that is told by its source port lets whoever uses that port in.
    let from = union_ports(boxes);
    match from.count() {
        n if n <= FEW => format!("{opened} (from source port {})", describe::ports(&from)),
        _ => opened,
    }
}

/// Source ports that are told; more are a range that clients use.
const FEW: u128 = 16;

fn union_ports(boxes: &[PacketBox]) -> PortSet {
    let each = boxes.iter().flat_map(|b| b.sport.iter());
    each.collect()
}

fn sensitive(boxes: &[PacketBox]) -> Option<&'static str> {
    boxes.iter().find_map(|b| {
        let transports = [proto::TCP, proto::UDP]
            .into_iter()
            .filter(|p| b.proto.contains(*p));
        transports
            .flat_map(|p| platform::sensitive(p, &b.dport))
            .next()
            .map(|s| s.name.as_str())
    })
}

/// Whether ports are more than those of a service. None of them is where a rule forwards another port to it.
fn is_one_of(service: &str, ports: &PortSet) -> bool {
    let named = platform::services().iter().filter(|s| s.name == service);
    let own: PortSet = named.flat_map(|s| s.ports.iter()).collect();
    ports.intersects(&own) && !ports.is_subset(&own)
}

/// The sensitive service behind a port that a rule forwards to another one.
fn forwarded(rule: &Rule, excess: &[PacketBox]) -> Option<&'static str> {
    let ports = rule.parts().filter_map(|(_, action)| match action {
        Action::Nat(n) if n.kind == NatKind::Dnat => n.ports.as_ref(),
        _ => None,
    });
    let there = |ports: &PortSet| -> Vec<PacketBox> {
        let to = |b: &PacketBox| PacketBox {
            dport: ports.clone(),
            ..b.clone()
        };
        excess.iter().map(to).collect()
    };
    // A range that a connection gets one port of may be any of it.
    let one = ports.filter(|p| p.count() == 1);
    one.map(there).find_map(|boxes| sensitive(&boxes))
}

const NARROW: &str = "limit the sources to the hosts that need it";
const NAME_PORTS: &str = "name the needed ports only";

/// One thing that an excess may be, as grave as it is where the rule asks for nothing beside the packet.
#[derive(Clone, Copy, Debug)]
struct Fault {
    code: Code,
    severity: Severity,
    says: Says,
    label: &'static str,
    help: &'static str,
    field: Option<Field>,
}

impl Fault {
    const ANY_ANY: Self = Self {
        code: Code::AnyAny,
        severity: Severity::Error,
        says: Says::Open,
        label: "anyone, every port",
        help: "name the sources and ports that are needed",
        field: None,
    };
    /// The program decides what is open, or the export does not even say whether there is one.
    const PORT_LESS: Self = Self {
        code: Code::UnneededFlow,
        severity: Severity::Note,
        says: Says::Open,
        label: "no port, and no program is printed",
        help: "export with `verbose` to see its program",
        field: None,
    };
    const PORT_LESS_TO_ANYONE: Self = Self {
        code: Code::AnyAny,
        severity: Severity::Warning,
        ..Self::PORT_LESS
    };
    /// In front of the hosts, where the gateway could have been put between.
    const BYPASS_IN_FRONT: Self = Self {
        code: Code::BypassesGateway,
        severity: Severity::Error,
        says: Says::PastTheGateway,
        label: "clients reach it directly",
        help: "let only the gateway in",
        field: Some(Field::Source),
    };
    const BYPASS_AT_HOST: Self = Self {
        severity: Severity::Warning,
        ..Self::BYPASS_IN_FRONT
    };
    const EXPOSED: Self = Self {
        code: Code::ExposedToInternet,
        severity: Severity::Error,
        says: Says::ToTheInternet,
        label: "any public source",
        help: NARROW,
        field: Some(Field::Source),
    };
    const EXPOSED_TO_A_BLOCK: Self = Self {
        severity: Severity::Warning,
        says: Says::ToABlock,
        label: "many public sources",
        ..Self::EXPOSED
    };
    const MOVED_PORT: Self = Self {
        code: Code::StalePort,
        severity: Severity::Warning,
        says: Says::Moved,
        label: "the default port",
        help: "close it",
        field: Some(Field::DestinationPort),
    };
    const MORE_PORTS: Self = Self {
        code: Code::OverPermissivePort,
        severity: Severity::Warning,
        says: Says::MorePorts,
        label: "more ports than needed",
        help: NAME_PORTS,
        field: Some(Field::DestinationPort),
    };
    const EVERY_PORT: Self = Self {
        says: Says::Open,
        label: "every port",
        ..Self::MORE_PORTS
    };
    const MORE_SOURCES: Self = Self {
        code: Code::OverPermissiveSource,
        severity: Severity::Warning,
        says: Says::MoreSources,
        label: "more sources than needed",
        help: NARROW,
        field: Some(Field::Source),
    };
    const UNNEEDED: Self = Self {
        code: Code::UnneededFlow,
        severity: Severity::Note,
        says: Says::Unneeded,
        label: "needed by nothing",
        help: "remove it, or say why it is there: `[[allow]]` in hylint.toml",
        field: None,
    };
    /// Wider than any role that was declared: not somebody's workstation.
    const UNNEEDED_AND_WIDE: Self = Self {
        severity: Severity::Warning,
        ..Self::UNNEEDED
    };

    /// A service that is known by name and open to anyone.
    const fn service_to_anyone(name: &'static str) -> Self {
        Self {
            severity: Severity::Error,
            label: "anyone",
            ..Self::service_to_a_block(name)
        }
    }

    /// One that is open to a large part of the Internet.
    const fn service_to_a_block(name: &'static str) -> Self {
        Self {
            says: Says::Service(name),
            label: "many public sources",
            ..Self::MORE_SOURCES
        }
    }
}

/// Whom an excess lets in who must not get there.
enum Reach {
    /// Somebody: that is the fault.
    Told(Fault),
    /// Nobody that is known: what the hosts are for is not known either, and nothing more is to be said.
    Unknown,
    /// Nobody.
    Nobody,
}

/// What is left of a rule, and what is known of it.
struct Excess<'a> {
    rule: &'a Rule,
    boxes: &'a [PacketBox],
    needed: &'a Needed,
    scene: Scene<'a>,
    /// Only machines of the own network get in, whatever their addresses are.
    own: bool,
    exposure: Exposure,
    /// A sensitive service that is open to a block of the Internet at least.
    service: Option<&'static str>,
    port_less: Option<PortLess>,
}

/// Judges what is left of a rule. `None` if that is nothing to speak of.
pub(super) fn classify(
    rule: &Rule,
    excess: &[PacketBox],
    needed: &Needed,
    scene: Scene<'_>,
) -> Option<Class> {
    if excess.is_empty() {
        return None;
    }
    let united;
    let src = match excess {
        [one] => &one.src,
        _ => {
            united = union_addrs(excess, |b| &b.src);
            &united
        }
    };
    let own = own_network(rule, &scene).is_some();
    let exposure = if own {
        Exposure::Few
    } else {
        Exposure::of(src)
    };
    let excess = Excess {
        rule,
        boxes: excess,
        needed,
        scene,
        own,
        exposure,
        service: (exposure > Exposure::Few)
            .then(|| sensitive(excess).or_else(|| forwarded(rule, excess)))
            .flatten(),
        port_less: port_less(rule),
    };
    let fault = excess.fault(src)?;
    let most = match (fault.code, scene.is_shielded()) {
        (Code::OverPermissiveSource, true) => Severity::Warning,
        _ => Severity::Error,
    };
    Some(Class {
        code: fault.code,
        severity: lowered(rule, fault.severity, &scene).min(most),
        says: fault.says,
        label: fault.label,
        help: fault.help,
        field: fault.field,
        sensitive_to_anyone: excess.exposure == Exposure::Anyone
            && excess.service.is_some()
            && excess.port_less.is_none(),
    })
}

impl Excess<'_> {
    /// The gravest thing that it is; `src` are its sources.
    fn fault(&self, src: &AddrSet) -> Option<Fault> {
        let anyone = self.exposure == Exposure::Anyone;
        match self.port_less {
            Some(PortLess::Unsaid) if anyone => return Some(Fault::PORT_LESS_TO_ANYONE),
            Some(PortLess::Unsaid | PortLess::Program) => return Some(Fault::PORT_LESS),
            None => {}
        }
        let whole = |b: &PacketBox| all_ports(b) && Exposure::of(&b.src) == Exposure::Anyone;
        if anyone && self.boxes.iter().any(whole) {
            return Some(Fault::ANY_ANY);
        }
        match self.reach() {
            Reach::Told(fault) => return Some(fault),
            Reach::Unknown => return None,
            Reach::Nobody => {}
        }
        if self.meets(&self.needed.stale) {
            return Some(Fault::MOVED_PORT);
        }
        Some(match touching(self.rule, self.boxes, self.needed) {
            Some(Wide::Ports) => Fault::MORE_PORTS,
            Some(Wide::Sources) => Fault::MORE_SOURCES,
            None if self.boxes.iter().any(all_ports) => Fault::EVERY_PORT,
            None if self.exposure > Exposure::Few
                || !self.own && self.needed.is_narrower_than(src) =>
            {
                Fault::UNNEEDED_AND_WIDE
            }
            None => Fault::UNNEEDED,
        })
    }

    fn meets(&self, others: &[PacketBox]) -> bool {
        self.boxes
            .iter()
            .any(|b| others.iter().any(|n| n.intersects(b)))
    }

    /// Who reaches what he must not: the public, or clients past the gateway.
    fn reach(&self) -> Reach {
        let past = self.meets(&self.needed.bypass);
        if past && self.scene.in_front {
            return Reach::Told(Fault::BYPASS_IN_FRONT);
        }
        // A host of an unknown role may be there for the public.
        let meant = self.scene.roles_known || self.service.is_some();
        let faced = self.scene.facing && meant;
        match (self.exposure, self.service) {
            (Exposure::Anyone, _) if faced => Reach::Told(Fault::EXPOSED),
            (Exposure::Anyone, Some(name)) => Reach::Told(Fault::service_to_anyone(name)),
            _ if past => Reach::Told(Fault::BYPASS_AT_HOST),
            (Exposure::Block, _) if faced => Reach::Told(Fault::EXPOSED_TO_A_BLOCK),
            (Exposure::Block, Some(name)) => Reach::Told(Fault::service_to_a_block(name)),
            _ if !self.scene.roles_known => Reach::Unknown,
            _ => Reach::Nobody,
        }
    }
}

fn who(src: &AddrSet, rule: &Rule) -> String {
    if anyone(src) {
        return "anyone".into();
    }
    let known = union_addrs(rule.clauses.iter().map(|c| &c.space), |b| &b.src);
    describe::addresses(src, &known, 2)
}

enum Wide {
    Ports,
    Sources,
}

/// Whether the rule serves a needed flow and is too wide for it: in ports for its sources, or in sources for its ports.
fn touching(rule: &Rule, excess: &[PacketBox], needed: &Needed) -> Option<Wide> {
    let mut wide = None;
    for n in &needed.required {
        for b in excess.iter().filter(|b| b.proto.intersects(&n.proto)) {
            let same = b.dport.intersects(&n.dport);
            if !same && !near(b, n) || !b.dst.intersects(&n.dst) {
                continue;
            }
            if same {
                wide = Some(Wide::Sources);
            } else if b.src.intersects(&n.src) && holds(rule, n) {
                return Some(Wide::Ports);
            }
        }
    }
    wide
}

/// Whether the rule lets some of a needed flow in: a port that is one off serves nothing.
fn holds(rule: &Rule, n: &PacketBox) -> bool {
    rule.clauses
        .iter()
        .any(|c| c.space.dport.intersects(&n.dport) && c.space.src.intersects(&n.src))
}

/// A range that the needed port lies in or at: the excess of `38800-38900` around 38866.
fn near(b: &PacketBox, n: &PacketBox) -> bool {
    n.dport.iter().any(|(lo, hi)| {
        b.dport
            .iter()
            .any(|(blo, bhi)| bhi.checked_add(1) == Some(lo) || hi.checked_add(1) == Some(blo))
    })
}
