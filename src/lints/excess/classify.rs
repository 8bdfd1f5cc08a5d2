//! How grave a rule's excess is, and what to call it.

use super::needed::Needed;
use super::{all_ports, ports, protocols};
use crate::finding::Severity;
use crate::lints::describe;
use crate::rules::platform;
use hylint_engine::{Carry, union_addrs};
use hylint_model::{Condition, ConditionKind, Field, Rule, Side, Test};
use hylint_space::{AddrSet, PacketBox, RangeSet, Scalar, class, proto};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of point is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    /// A cloud point.
    pub(super) cloud: bool,
    /// A forwarding firewall.
    pub(super) transit: bool,
    /// Names that stand for addresses.
    pub(super) resolve: &'a BTreeMap<String, AddrSet>,
    /// Whether it is known what the hosts are for.
    pub(super) roles_known: bool,
}

/// A judged excess.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub(super) code: &'static str,
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
    ToAnyone,
    ToTheInternet,
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
        let from = || {
            let src = union_addrs(excess, |b| &b.src);
            own_network(rule, &scene).map_or_else(|| who(&src, rule), Condition::describe)
        };
        match self.says {
            Says::Open => format!("{opened} is open to {}", from()),
            Says::ToAnyone => format!("{opened} is open to anyone"),
            Says::ToTheInternet => format!("{opened} is open to the Internet"),
            Says::Service(name) => format!("{name} ({opened}) is open to anyone"),
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

/// Whether a set holds most of the Internet: ranges around a hole are still anyone.
pub(super) fn anyone(src: &AddrSet) -> bool {
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

/// Whether the rule is bound to an app package that the export does not print.
pub(super) fn is_app_package(rule: &Rule) -> bool {
    rule.conditions().any(|c| matches!(c.test, Test::Package))
}

/// Program-scoped or brief, and for any port: what it opens is not known.
fn port_less_local(rule: &Rule) -> Option<bool> {
    let scoped = |t: &Test| matches!(t, Test::Program(_) | Test::Service(_));
    let port_less = rule
        .clauses
        .iter()
        .all(|c| Carry::of(&c.space) == Carry::PortLess);
    if !port_less {
        return None;
    }
    if rule
        .conditions()
        .any(|c| matches!(c.test, Test::Unprinted | Test::Package))
    {
        return Some(true);
    }
    rule.conditions().any(|c| scoped(&c.test)).then_some(false)
}

/// One level lower when the source may be narrower than it looks, or a match is not modelled. A name that is resolved has
/// narrowed the source already, and "not in that set" leaves nearly everyone in.
fn lowered(rule: &Rule, severity: Severity, scene: &Scene<'_>) -> Severity {
    let open = |c: &Condition| match (&c.test, c.kind) {
        (Test::Named { key, .. }, _) => !c.negated && !scene.resolve.contains_key(&**key),
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
        Test::Named { key, .. } => !scene.resolve.contains_key(&**key),
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
        Test::Named { key, side } => *side == Side::Src && !scene.resolve.contains_key(&**key),
        _ => false,
    };
    let mut each = rule.clauses.iter().map(|clause| {
        let mut conditions = clause.conditions.iter();
        conditions.find(|c| c.within_own_network() && unresolved(c))
    });
    let first = each.next()??;
    each.all(|c| c.is_some()).then_some(first)
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

fn what(boxes: &[PacketBox]) -> String {
    let p = ports(boxes);
    let t = transport(boxes);
    let has_ports = protocols(boxes)
        .iter()
        .any(|(lo, hi)| (lo..=hi).any(proto::has_ports));
    match p.len() {
        _ if !has_ports || t == "every protocol" => t,
        _ if p.is_full() || p.count() > 60_000 => format!("every port of {t}"),
        n if n > 6 => format!("{t}, {} ports", p.count()),
        _ => format!("{t} {}", describe::ports(&p)),
    }
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

/// Makes a class of a code, a severity, what it says, a label, a help and the field to point at.
type Make<'a> = dyn Fn(&'static str, Severity, Says, &'static str, &'static str, Option<Field>) -> Option<Class>
    + 'a;

const NARROW: &str = "limit the sources to the hosts that need it";
const NAME_PORTS: &str = "name the needed ports only";

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
    let own = own_network(rule, &scene).is_some();
    let united;
    let src = match excess {
        [one] => &one.src,
        _ => {
            united = union_addrs(excess, |b| &b.src);
            &united
        }
    };
    let from_anyone = !own && anyone(src);
    let service = if from_anyone { sensitive(excess) } else { None };
    let scoped = port_less_local(rule);
    let class = |code, severity, says, label, help, field| {
        Some(Class {
            code,
            severity: lowered(rule, severity, &scene),
            says,
            label,
            help,
            field,
            sensitive_to_anyone: service.is_some() && scoped.is_none(),
        })
    };
    if let Some(brief) = scoped {
        return port_less(&class, brief && from_anyone);
    }
    if from_anyone && excess.iter().any(|b| all_ports(b) && anyone(&b.src)) {
        return class(
            "any-any",
            Severity::Error,
            Says::ToAnyone,
            "anyone, every port",
            "name the sources and ports that are needed",
            None,
        );
    }
    if let Some(class) = reaching(&class, excess, needed, scene, from_anyone, service) {
        return class;
    }
    let stale = excess
        .iter()
        .any(|b| needed.stale.iter().any(|n| n.intersects(b)));
    if stale {
        return class(
            "stale-port",
            Severity::Warning,
            Says::Moved,
            "the default port",
            "close it",
            Some(Field::DestinationPort),
        );
    }
    match touching(rule, excess, needed) {
        Some(Wide::Ports) => {
            return class(
                "over-permissive-port",
                Severity::Warning,
                Says::MorePorts,
                "more ports than needed",
                NAME_PORTS,
                Some(Field::DestinationPort),
            );
        }
        Some(Wide::Sources) => {
            return class(
                "over-permissive-source",
                Severity::Warning,
                Says::MoreSources,
                "more sources than needed",
                NARROW,
                Some(Field::Source),
            );
        }
        None => {}
    }
    if excess.iter().any(all_ports) {
        return class(
            "over-permissive-port",
            Severity::Warning,
            Says::Open,
            "every port",
            NAME_PORTS,
            Some(Field::DestinationPort),
        );
    }
    // Wider than any role that was declared: not somebody's workstation.
    let wider = from_anyone || !own && needed.is_narrower_than(src);
    let severity = if wider {
        Severity::Warning
    } else {
        Severity::Note
    };
    class(
        "unneeded-flow",
        severity,
        Says::Unneeded,
        "needed by nothing",
        "remove it, or say why it is there: `[[allow]]` in hylint.toml",
        None,
    )
}

/// The program decides what is open, or the export does not even say whether there is one.
fn port_less(class: &Make<'_>, unknown_to_anyone: bool) -> Option<Class> {
    let (code, severity) = if unknown_to_anyone {
        ("any-any", Severity::Warning)
    } else {
        ("unneeded-flow", Severity::Note)
    };
    class(
        code,
        severity,
        Says::Open,
        "no port, and no program is printed",
        "export with `verbose` to see its program",
        None,
    )
}

/// Who reaches what he must not: the public, or clients past the gateway. `Some(None)`: that is nobody's concern here.
fn reaching(
    class: &Make<'_>,
    excess: &[PacketBox],
    needed: &Needed,
    scene: Scene<'_>,
    from_anyone: bool,
    service: Option<&'static str>,
) -> Option<Option<Class>> {
    let past = excess
        .iter()
        .any(|b| needed.bypass.iter().any(|n| n.intersects(b)));
    let in_front = scene.cloud || scene.transit;
    let bypass = |severity| {
        class(
            "bypasses-gateway",
            severity,
            Says::PastTheGateway,
            "clients reach it directly",
            "let only the gateway in",
            Some(Field::Source),
        )
    };
    if past && in_front {
        return Some(bypass(Severity::Error));
    }
    // A host of an unknown role may be there for the public.
    if from_anyone && in_front && (scene.roles_known || service.is_some()) {
        return Some(class(
            "exposed-to-internet",
            Severity::Error,
            Says::ToTheInternet,
            "any public source",
            NARROW,
            Some(Field::Source),
        ));
    }
    if let Some(name) = service {
        return Some(class(
            "over-permissive-source",
            Severity::Error,
            Says::Service(name),
            "anyone",
            NARROW,
            Some(Field::Source),
        ));
    }
    if past {
        return Some(bypass(Severity::Warning));
    }
    (!scene.roles_known).then_some(None)
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
