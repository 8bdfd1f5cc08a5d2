//! How grave a rule's excess is, and what to call it.

use super::needed::Needed;
use super::{all_ports, ports, protocols};
use crate::engine::{Carry, union_addrs};
use crate::finding::Severity;
use crate::judge::public;
use crate::lints::describe;
use crate::platform;
use hylint_parsers::model::{Condition, ConditionKind, Field, Rule, Side, Test};
use hylint_parsers::space::{AddrSet, PacketBox, RangeSet, proto};
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
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) label: String,
    pub(super) help: String,
    /// The field that is too wide.
    pub(super) field: Option<Field>,
    /// It opens a sensitive service to anyone.
    pub(super) sensitive_to_anyone: bool,
}

/// Whether a set holds most of the Internet: ranges around a hole are still anyone.
pub(super) fn anyone(src: &AddrSet) -> bool {
    let most = |part: u128, whole: u128| part > whole / 2;
    let p = public();
    most(src.v4.intersect(&p.v4).count(), p.v4.count())
        || most(src.v6.intersect(&p.v6).count(), p.v6.count())
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
    match (rule.conditions().any(open), severity) {
        (true, Severity::Error) => Severity::Warning,
        (true, Severity::Warning) => Severity::Note,
        (_, s) => s,
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

fn sensitive(boxes: &[PacketBox]) -> Option<String> {
    boxes.iter().find_map(|b| {
        let transports = [proto::TCP, proto::UDP]
            .into_iter()
            .filter(|p| b.proto.contains(*p));
        transports
            .flat_map(|p| platform::sensitive(p, &b.dport))
            .next()
            .map(|s| s.name.clone())
    })
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
    let src = union_addrs(excess, |b| &b.src);
    let own = own_network(rule, &scene);
    let from_anyone = own.is_none() && anyone(&src);
    let from = own.map_or_else(|| who(&src, rule), Condition::describe);
    let service = sensitive(excess);
    let opened = what(excess);
    let scoped = port_less_local(rule);
    let sensitive_to_anyone = from_anyone && service.is_some() && scoped.is_none();
    let class = |code, severity, message: String, label: &str, help: &str, field| {
        Some(Class {
            code,
            severity: lowered(rule, severity, &scene),
            message,
            label: label.to_owned(),
            help: help.to_owned(),
            field,
            sensitive_to_anyone,
        })
    };
    let narrow_help = "limit the sources to the hosts that need it";
    if let Some(brief) = scoped {
        // The program decides what is open, or the export does not even say whether there is one.
        let severity = if brief && from_anyone {
            Severity::Warning
        } else {
            Severity::Note
        };
        let code = if brief && from_anyone {
            "any-any"
        } else {
            "unneeded-flow"
        };
        let message = format!("{opened} is open to {from}");
        return class(
            code,
            severity,
            message,
            "no port, and no program is printed",
            "export with `verbose` to see its program",
            None,
        );
    }
    if from_anyone && excess.iter().any(|b| all_ports(b) && anyone(&b.src)) {
        let message = format!("{opened} is open to anyone");
        return class(
            "any-any",
            Severity::Error,
            message,
            "anyone, every port",
            "name the sources and ports that are needed",
            None,
        );
    }
    let past = excess
        .iter()
        .any(|b| needed.bypass.iter().any(|n| n.intersects(b)));
    let exposed = from_anyone && (scene.cloud || scene.transit);
    if past && (scene.cloud || scene.transit) {
        return bypass(&class, excess, Severity::Error);
    }
    // A host of an unknown role may be there for the public.
    if exposed && (scene.roles_known || service.is_some()) {
        let message = format!("{opened} is open to the Internet");
        return class(
            "exposed-to-internet",
            Severity::Error,
            message,
            "any public source",
            narrow_help,
            Some(Field::Source),
        );
    }
    if let Some(name) = service.filter(|_| from_anyone) {
        let message = format!("{name} ({opened}) is open to anyone");
        return class(
            "over-permissive-source",
            Severity::Error,
            message,
            "anyone",
            narrow_help,
            Some(Field::Source),
        );
    }
    if past {
        return bypass(&class, excess, Severity::Warning);
    }
    if !scene.roles_known {
        return None;
    }
    if excess
        .iter()
        .any(|b| needed.stale.iter().any(|n| n.intersects(b)))
    {
        let message = format!("{opened} is still open although the site moved the port");
        return class(
            "stale-port",
            Severity::Warning,
            message,
            "the default port",
            "close it",
            Some(Field::DestinationPort),
        );
    }
    if let Some(too_wide) = touching(rule, excess, needed) {
        let (code, text, field) = match too_wide {
            Wide::Ports => (
                "over-permissive-port",
                "more ports than needed",
                Field::DestinationPort,
            ),
            Wide::Sources => (
                "over-permissive-source",
                "more sources than needed",
                Field::Source,
            ),
        };
        let message = format!(
            "{opened} is open to {}, {}",
            from,
            if field == Field::Source {
                "and fewer sources need it"
            } else {
                "and fewer ports are needed"
            }
        );
        let help = if field == Field::Source {
            narrow_help
        } else {
            "name the needed ports only"
        };
        return class(code, Severity::Warning, message, text, help, Some(field));
    }
    if excess.iter().any(all_ports) {
        let message = format!("{opened} is open to {from}");
        return class(
            "over-permissive-port",
            Severity::Warning,
            message,
            "every port",
            "name the needed ports only",
            Some(Field::DestinationPort),
        );
    }
    // Wider than any role that was declared: not somebody's workstation.
    let wider = from_anyone
        || own.is_none() && !needed.declared.is_empty() && wider_than_any(&src, &needed.declared);
    let severity = if wider {
        Severity::Warning
    } else {
        Severity::Note
    };
    let message = format!("{opened} is open to {from}, and no requirement needs it");
    class(
        "unneeded-flow",
        severity,
        message,
        "needed by nothing",
        "remove it, or say why it is there: `[[allow]]` in hylint.toml",
        None,
    )
}

/// Makes a class of a code, a severity, a message, a label, a help and the field to point at.
type MakeClass<'a> =
    dyn Fn(&'static str, Severity, String, &str, &str, Option<Field>) -> Option<Class> + 'a;

fn bypass(class: &MakeClass<'_>, excess: &[PacketBox], severity: Severity) -> Option<Class> {
    let message = format!("{} lets clients past the gateway", what(excess));
    class(
        "bypasses-gateway",
        severity,
        message,
        "clients reach it directly",
        "let only the gateway in",
        Some(Field::Source),
    )
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
        for b in excess {
            if !b.proto.intersects(&n.proto) || !b.dst.intersects(&n.dst) {
                continue;
            }
            if b.dport.intersects(&n.dport) {
                wide = Some(Wide::Sources);
            } else if b.src.intersects(&n.src) && near(b, n) && holds(rule, n) {
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

/// Whether a source range holds more addresses than the widest declared range.
fn wider_than_any(src: &AddrSet, declared: &AddrSet) -> bool {
    let widest4 = declared
        .v4
        .iter()
        .map(|(a, b)| u128::from(b - a))
        .max()
        .unwrap_or(0);
    let widest6 = declared.v6.iter().map(|(a, b)| b - a).max().unwrap_or(0);
    let one = |lo: u128, hi: u128| RangeSet::range(lo, hi).count();
    src.v4
        .iter()
        .any(|(a, b)| u128::from(b - a) > widest4.max(255))
        || src.v6.iter().any(|(a, b)| one(a, b) > widest6.max(1 << 64))
}
