//! How grave a rule's excess is. What it is called stands in `words`.

use super::needed::Needed;
use super::scene::{PortLess, Scene, lowered, own_network, port_less};
use super::sums::all_ports;
use crate::finding::{Code, Severity};
use crate::rules::platform;
use hylint_engine::union_addrs;
use hylint_model::{Action, Field, NatKind, Rule};
use hylint_space::{AddrSet, Exposure, PacketBox, PortSet, proto};

/// A judged excess.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub(super) code: Code,
    pub(super) severity: Severity,
    pub(super) kind: Kind,
    /// A sensitive service that is open to a block of the Internet at least.
    pub(super) service: Option<&'static str>,
    /// It opens a sensitive service to anyone.
    pub(super) sensitive_to_anyone: bool,
}

/// What an excess is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Any source, every port.
    AnyAny,
    /// Every port, and a program that the export does not print may narrow it.
    PortLess,
    /// Clients reach a host past the gateway.
    Bypass,
    /// Anyone on the Internet.
    Exposed,
    /// A large part of the Internet.
    ExposedToBlock,
    /// A sensitive service from any source.
    Service,
    /// One from a large part of the Internet.
    ServiceToBlock,
    /// A default port that the site moved.
    MovedPort,
    /// More ports than required.
    MorePorts,
    /// Every port, and none is required.
    EveryPort,
    /// More sources than required.
    MoreSources,
    /// Nothing requires it.
    Unneeded,
}

impl Kind {
    /// The field that is too wide.
    pub(super) fn field(self) -> Option<Field> {
        match self {
            Self::AnyAny | Self::PortLess | Self::Unneeded => None,
            Self::Bypass
            | Self::Exposed
            | Self::ExposedToBlock
            | Self::Service
            | Self::ServiceToBlock
            | Self::MoreSources => Some(Field::Source),
            Self::MovedPort | Self::MorePorts | Self::EveryPort => Some(Field::DestinationPort),
        }
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

/// One thing that an excess may be, as grave as it is where the rule asks for nothing beside the packet.
#[derive(Clone, Copy, Debug)]
struct Fault {
    code: Code,
    severity: Severity,
    kind: Kind,
}

impl Fault {
    const ANY_ANY: Self = Self::new(Code::AnyAny, Severity::Error, Kind::AnyAny);
    /// The program decides what is open, or the export does not even say whether there is one.
    const PORT_LESS: Self = Self::new(Code::UnneededFlow, Severity::Note, Kind::PortLess);
    const PORT_LESS_TO_ANYONE: Self = Self::new(Code::AnyAny, Severity::Warning, Kind::PortLess);
    /// In front of the hosts, where the gateway could have been put between.
    const BYPASS_IN_FRONT: Self = Self::new(Code::BypassesGateway, Severity::Error, Kind::Bypass);
    const BYPASS_AT_HOST: Self = Self::new(Code::BypassesGateway, Severity::Warning, Kind::Bypass);
    const EXPOSED: Self = Self::new(Code::ExposedToInternet, Severity::Error, Kind::Exposed);
    const EXPOSED_TO_A_BLOCK: Self = Self::new(
        Code::ExposedToInternet,
        Severity::Warning,
        Kind::ExposedToBlock,
    );
    const SERVICE_TO_ANYONE: Self =
        Self::new(Code::OverPermissiveSource, Severity::Error, Kind::Service);
    const SERVICE_TO_A_BLOCK: Self = Self::new(
        Code::OverPermissiveSource,
        Severity::Warning,
        Kind::ServiceToBlock,
    );
    const MOVED_PORT: Self = Self::new(Code::StalePort, Severity::Warning, Kind::MovedPort);
    const MORE_PORTS: Self =
        Self::new(Code::OverPermissivePort, Severity::Warning, Kind::MorePorts);
    const EVERY_PORT: Self =
        Self::new(Code::OverPermissivePort, Severity::Warning, Kind::EveryPort);
    const MORE_SOURCES: Self = Self::new(
        Code::OverPermissiveSource,
        Severity::Warning,
        Kind::MoreSources,
    );
    const UNNEEDED: Self = Self::new(Code::UnneededFlow, Severity::Note, Kind::Unneeded);
    /// Wider than any role that was declared: not somebody's workstation.
    const UNNEEDED_AND_WIDE: Self =
        Self::new(Code::UnneededFlow, Severity::Warning, Kind::Unneeded);

    const fn new(code: Code, severity: Severity, kind: Kind) -> Self {
        Self {
            code,
            severity,
            kind,
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
        kind: fault.kind,
        service: excess.service,
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
            (Exposure::Anyone, Some(_)) => Reach::Told(Fault::SERVICE_TO_ANYONE),
            _ if past => Reach::Told(Fault::BYPASS_AT_HOST),
            (Exposure::Block, _) if faced => Reach::Told(Fault::EXPOSED_TO_A_BLOCK),
            (Exposure::Block, Some(_)) => Reach::Told(Fault::SERVICE_TO_A_BLOCK),
            _ if !self.scene.roles_known => Reach::Unknown,
            _ => Reach::Nobody,
        }
    }
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
