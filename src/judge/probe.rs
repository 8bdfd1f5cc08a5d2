//! One question to one layer: which of these packets pass, over the interfaces that they may use.

use super::interfaces::NamedInterfaces;
use super::spec::FlowSpec;
use crate::finding::Place;
use crate::judge::Exports;
use crate::site::HostFacts;
use hylint_engine::{
    Branch, Context, Direction, Judgement, LocalPolicy, PointId, RuleSets, converse, evaluate,
    subtract_all,
};
use hylint_model::{Listener, PointKind, Profiles, Running};
use hylint_space::{AddrSet, Family, IfaceExt, IfaceSet, PacketBox};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A layer of a host, or a forwarding firewall, in one direction.
#[derive(Clone, Debug)]
pub struct Guard<'a> {
    /// Name of the host or transit.
    pub name: &'a str,
    /// The united points.
    pub points: &'a [PointId],
    /// Direction.
    pub direction: Direction,
    /// Which interface named which peers, if the site says.
    pub interfaces: &'a [(String, AddrSet)],
    /// Peers of which it is likely, and not sure, that these interfaces lead to them.
    pub unproven: &'a AddrSet,
    /// Names.
    pub resolve: &'a BTreeMap<String, AddrSet>,
    /// Addresses of which it is not known whether a name holds them.
    pub open: Option<&'a BTreeMap<String, AddrSet>>,
    /// The host's own addresses, empty when unknown or in transit.
    pub local: &'a AddrSet,
    /// Windows profile that is judged.
    pub profile: Profiles,
    /// Interfaces that its rules name.
    pub named: Arc<NamedInterfaces>,
    /// What the host's own listings say, if it is a host.
    pub facts: Option<&'a HostFacts>,
}

/// The answer. Interface dimensions are projected away: a box says that the packets pass (or not) by the interface that
/// was assumed.
#[derive(Debug)]
pub struct Answer<'a> {
    /// Packets that pass.
    pub allowed: Vec<PacketBox>,
    /// Packets that do not.
    pub denied: Vec<PacketBox>,
    /// Packets for which it depends.
    pub conditional: Vec<PacketBox>,
    /// Every branch, interfaces included.
    pub branches: Vec<Branch<'a>>,
    /// The interface that must face the peers for `allowed` to be right, where interfaces differ.
    pub interface: Option<String>,
}

impl<'a> Guard<'a> {
    /// The process that a listing shows behind a port of the host at these addresses of a family, with where it stands.
    pub(super) fn running(
        &self,
        port: (u8, u16),
        at: &AddrSet,
        family: Family,
    ) -> Option<(Running<'a>, &'a Place)> {
        let heard = self.facts?.heard.as_ref()?;
        let inbound = self.direction == Direction::In;
        // Where nothing is declared, packets are asked about that go to other hosts as well.
        let at = at.intersect(self.local);
        inbound.then(|| heard.running(port, &at, family))?
    }

    /// The process that a listing shows behind the port of packets to the host, with where it stands.
    #[must_use]
    pub fn behind(&self, packets: &PacketBox) -> Option<(Running<'a>, &'a Place)> {
        let port = packets.dport.first()?;
        let protocol = packets.proto.first()?;
        let family = Family::BOTH.into_iter().find(|f| packets.dst.has(*f))?;
        self.running((protocol, port), &packets.dst, family)
    }

    /// The process that is behind the port of a flow's packets: the one that a listing shows, else the one that is expected.
    #[must_use]
    pub fn listener(&self, spec: &FlowSpec<'a>, packets: &PacketBox) -> Listener<'a> {
        let listener = spec.listener(self.direction);
        let running = self.behind(packets);
        Listener {
            running: running.map(|(r, _)| r),
            ..listener
        }
    }

    /// The kind of the first point.
    #[must_use]
    pub fn kind(&self, exports: &dyn RuleSets) -> Option<PointKind> {
        Some(exports.point(*self.points.first()?)?.kind)
    }

    /// Whether its rules may ask for interfaces.
    #[must_use]
    pub fn has_interfaces(&self, exports: &dyn RuleSets) -> bool {
        self.kind(exports).is_some_and(PointKind::has_interfaces)
    }

    /// What the engine needs to know to judge this guard's packets.
    #[must_use]
    pub fn context<'b>(&self, exports: &'b Exports, policy: LocalPolicy<'b>) -> Context<'b>
    where
        'a: 'b,
    {
        Context {
            profile: self.profile,
            interfaces: self.interfaces,
            open: self.open,
            ..Context::new(exports, self.resolve, self.local, policy)
        }
    }

    /// Every branch of the packets, at the interfaces that peers may use. For who wants to know what a rule does and not
    /// whether the whole query passes.
    #[must_use]
    pub fn branches(&self, ctx: &Context<'a>, query: &PacketBox) -> Vec<Branch<'a>> {
        if !self.has_interfaces(ctx.sets) {
            return evaluate(ctx, self.points, self.direction, query);
        }
        let mut each = self.by_site_interfaces(query);
        each.extend(self.by_idle_interfaces(query));
        let each = each.into_iter();
        each.flat_map(|part| evaluate(ctx, self.points, self.direction, &self.spread(part).query))
            .collect()
    }

    /// Asks about the first packets of a flow. The query's interfaces are ignored.
    #[must_use]
    pub fn ask(
        &self,
        exports: &'a Exports,
        policy: LocalPolicy<'a>,
        query: &PacketBox,
    ) -> Answer<'a> {
        self.ask_in(&self.context(exports, policy), query)
    }

    /// The same in a context of the caller's.
    pub(super) fn ask_in(&self, ctx: &Context<'a>, query: &PacketBox) -> Answer<'a> {
        self.put(ctx, query, &|part| {
            evaluate(ctx, self.points, self.direction, part)
        })
    }

    /// Asks about the whole conversations that first packets begin. `back` says how conditions about a process count for
    /// the replies.
    #[must_use]
    pub fn converse(
        &self,
        exports: &'a Exports,
        (policy, back): (LocalPolicy<'a>, LocalPolicy<'a>),
        query: &PacketBox,
    ) -> Answer<'a> {
        let ctx = self.context(exports, policy);
        self.put(&ctx, query, &|part| {
            converse(&ctx, back, self.points, self.direction, part)
        })
    }

    /// Puts a question at every interface that the packets may use.
    fn put(
        &self,
        ctx: &Context<'a>,
        query: &PacketBox,
        ask: &dyn Fn(&PacketBox) -> Vec<Branch<'a>>,
    ) -> Answer<'a> {
        if !self.has_interfaces(ctx.sets) {
            let branches = ask(query);
            let j = Judgement::of(&branches);
            return Answer {
                allowed: j.allowed,
                denied: j.denied,
                conditional: j.conditional,
                branches,
                interface: None,
            };
        }
        let mut whole: Option<Answer<'a>> = None;
        for part in self.by_site_interfaces(query) {
            let likely = self.likely_interface(&part);
            let likely = likely.map(|name| (name, part.clone()));
            let mut answer = self.over_interfaces(part, ask);
            if let Some((name, part)) = likely
                && !answer.allowed.is_empty()
                && self.differs(part, ask)
            {
                answer.interface = Some(name.to_owned());
            }
            whole = Some(match whole {
                None => answer,
                Some(mut w) => {
                    w.allowed.extend(answer.allowed);
                    w.denied.extend(answer.denied);
                    w.conditional.extend(answer.conditional);
                    w.branches.extend(answer.branches);
                    w.interface = w.interface.or(answer.interface);
                    w
                }
            });
        }
        whole.unwrap_or(Answer {
            allowed: Vec::new(),
            denied: Vec::new(),
            conditional: Vec::new(),
            branches: Vec::new(),
            interface: None,
        })
    }

    /// The interface that leads to the peers of a part as far as it is known, which is not for sure.
    fn likely_interface(&self, part: &PacketBox) -> Option<&'a str> {
        let (peers, iface) = match self.direction {
            Direction::Out => (&part.dst, &part.out_iface),
            Direction::In | Direction::Forward => (&part.src, &part.in_iface),
        };
        let other = self.direction == Direction::Forward && !part.out_iface.is_full();
        let (peers, iface) = match iface.is_full() && other {
            true => (&part.dst, &part.out_iface),
            false => (peers, iface),
        };
        let sides = peers.intersects(self.unproven)
            || self.direction == Direction::Forward && part.dst.intersects(self.unproven);
        if iface.is_full() || !sides {
            return None;
        }
        let mut all = self.interfaces.iter().map(|(name, _)| &**name);
        all.find(|name| IfaceSet::iface(name) == *iface)
    }

    /// Whether it matters by which interface the packets of a part come or go.
    fn differs(&self, part: PacketBox, ask: &dyn Fn(&PacketBox) -> Vec<Branch<'a>>) -> bool {
        let open = PacketBox {
            in_iface: IfaceSet::full(),
            out_iface: IfaceSet::full(),
            ..part
        };
        let any = self.over_interfaces(open, ask);
        any.interface.is_some() || any.allowed.is_empty()
    }

    /// Splits a query by the interfaces that the site names; full interface sets mean "not said".
    fn by_site_interfaces(&self, query: &PacketBox) -> Vec<PacketBox> {
        let open = PacketBox {
            in_iface: IfaceSet::full(),
            out_iface: IfaceSet::full(),
            ..query.clone()
        };
        let mut parts = vec![open];
        for (name, peers) in self.interfaces {
            let set = IfaceSet::iface(name);
            let mut next = Vec::new();
            for part in parts {
                next.extend(cut(
                    &part,
                    peers,
                    self.direction != Direction::Out,
                    true,
                    &set,
                ));
            }
            parts = Vec::new();
            for part in next {
                parts.extend(cut(
                    &part,
                    peers,
                    self.direction != Direction::In,
                    false,
                    &set,
                ));
            }
        }
        parts.retain(|p| !p.is_empty());
        parts
    }

    /// A query to the host at each interface that its rules name and to which no route leads: an interface that has no address
    /// yet, or does not exist now, may bring packets tomorrow.
    fn by_idle_interfaces(&self, query: &PacketBox) -> Vec<PacketBox> {
        if self.direction != Direction::In || self.interfaces.is_empty() {
            return Vec::new();
        }
        let faces: Vec<IfaceSet> = self
            .interfaces
            .iter()
            .map(|(n, _)| IfaceSet::iface(n))
            .collect();
        let named = self.named.ruled.iter().filter(|(n, _)| **n != 0);
        let idle = named.filter(|(n, text)| match text.strip_suffix('+') {
            Some(start) => !self.interfaces.iter().any(|(i, _)| i.starts_with(start)),
            None => !faces.iter().any(|f| f.contains(**n)),
        });
        let at = |(n, _): (&u128, &String)| PacketBox {
            in_iface: IfaceSet::single(*n),
            out_iface: IfaceSet::full(),
            ..query.clone()
        };
        idle.map(at).collect()
    }

    /// The interfaces of one part of a query, and the query over all of them at once.
    fn spread(&self, part: PacketBox) -> Spread<'_> {
        let said = |set: &IfaceSet| vec![(set.first().unwrap_or(0), "")];
        let unnamed = vec![(0, "")];
        let ins = match self.direction {
            Direction::Out => unnamed.clone(),
            _ if part.in_iface.is_full() => names(&self.named.peers),
            _ => said(&part.in_iface),
        };
        let outs = match self.direction {
            Direction::In => unnamed,
            _ if part.out_iface.is_full() => names(&self.named.peers),
            _ => said(&part.out_iface),
        };
        let set = |all: &[(u128, &str)]| all.iter().map(|(n, _)| (*n, *n)).collect::<IfaceSet>();
        // A packet to this host may still be translated and forwarded; by which interface then is not known.
        let free_out = self.direction == Direction::In;
        let out_iface = if free_out {
            IfaceSet::full()
        } else {
            set(&outs)
        };
        let query = PacketBox {
            in_iface: set(&ins),
            out_iface,
            ..part
        };
        Spread {
            ins,
            outs,
            free_out,
            query,
        }
    }

    fn over_interfaces(
        &self,
        part: PacketBox,
        ask: &dyn Fn(&PacketBox) -> Vec<Branch<'a>>,
    ) -> Answer<'a> {
        let Spread {
            ins,
            outs,
            free_out,
            query,
        } = self.spread(part);
        let branches = ask(&query);
        // What does not depend on the interface is sorted once; that is nearly everything.
        let any = |b: &&Branch<'a>| {
            b.alone && b.space.in_iface == query.in_iface && b.space.out_iface == query.out_iface
        };
        let (shared, apart): (Vec<&Branch<'a>>, Vec<&Branch<'a>>) = branches.iter().partition(any);
        // Each is alone: there may be tens of thousands, and there is nothing to compare them with.
        let mut sure = Judgement::default();
        for b in shared {
            sure.of_effect(b.effect).push(without_interfaces(&b.space));
        }
        let mut best: Vec<PacketBox> = Vec::new();
        let mut maybe: Vec<PacketBox> = Vec::new();
        let mut rest: Option<Vec<PacketBox>> = None;
        let mut agree = sure.all_allowed();
        let mut names: Vec<&str> = Vec::new();
        for (i, in_name) in &ins {
            for (o, out_name) in &outs {
                let here: Vec<Branch<'a>> = apart
                    .iter()
                    .filter_map(|b| at_interfaces(b, *i, (!free_out).then_some(*o)))
                    .collect();
                let j = Judgement::of(&here);
                agree &= j.all_allowed();
                if !subtract_all(&j.allowed, &best).is_empty() {
                    names.extend([*in_name, *out_name].iter().filter(|n| !n.is_empty()));
                    best.extend(j.allowed);
                }
                // At each pair of interfaces the branches hold the same packets, so those of the first pair are all.
                rest.get_or_insert_with(|| [j.denied, j.conditional.clone()].concat());
                maybe.extend(j.conditional);
            }
        }
        let missing = subtract_all(&rest.unwrap_or_default(), &best);
        let denied = subtract_all(&missing, &maybe);
        sure.conditional.extend(subtract_all(&missing, &denied));
        sure.denied.extend(denied);
        sure.allowed.extend(best);
        names.dedup();
        let some = !sure.allowed.is_empty();
        let interface = (!agree && !names.is_empty() && some).then(|| names.join(", "));
        Answer {
            allowed: sure.allowed,
            denied: sure.denied,
            conditional: sure.conditional,
            branches,
            interface,
        }
    }
}

fn names(all: &BTreeMap<u128, String>) -> Vec<(u128, &str)> {
    all.iter().map(|(n, t)| (*n, t.as_str())).collect()
}

/// A query at every pair of interfaces that it may use.
struct Spread<'f> {
    ins: Vec<(u128, &'f str)>,
    outs: Vec<(u128, &'f str)>,
    free_out: bool,
    query: PacketBox,
}

/// The part of a branch at one pair of interfaces, with the interfaces projected away.
fn at_interfaces<'a>(b: &Branch<'a>, i: u128, o: Option<u128>) -> Option<Branch<'a>> {
    let fits = b.space.in_iface.contains(i) && o.is_none_or(|o| b.space.out_iface.contains(o));
    fits.then(|| {
        let mut here = b.clone();
        here.space = without_interfaces(&b.space);
        // Branches that differ by an interface that is not known hold the same packets now.
        here.alone &= o.is_some() || b.space.out_iface.is_full();
        here
    })
}

/// A box without its interfaces.
pub(super) fn without_interfaces(b: &PacketBox) -> PacketBox {
    PacketBox {
        in_iface: IfaceSet::full(),
        out_iface: IfaceSet::full(),
        ..b.clone()
    }
}

/// Splits a box by whether the peers' side is in `peers`; the inside gets the interface.
fn cut(
    part: &PacketBox,
    peers: &AddrSet,
    wanted: bool,
    by_src: bool,
    iface: &IfaceSet,
) -> Vec<PacketBox> {
    let said = if by_src {
        &part.in_iface
    } else {
        &part.out_iface
    };
    if !wanted || !said.is_full() {
        return vec![part.clone()];
    }
    let side = if by_src { &part.src } else { &part.dst };
    let (inside, outside) = (side.intersect(peers), side.subtract(peers));
    let with = |addrs: AddrSet, set: Option<&IfaceSet>| {
        let mut b = part.clone();
        let (addr, face) = if by_src {
            (&mut b.src, &mut b.in_iface)
        } else {
            (&mut b.dst, &mut b.out_iface)
        };
        *addr = addrs;
        if let Some(set) = set {
            *face = set.clone();
        }
        b
    };
    [with(inside, Some(iface)), with(outside, None)]
        .into_iter()
        .filter(|b| !b.is_empty())
        .collect()
}
