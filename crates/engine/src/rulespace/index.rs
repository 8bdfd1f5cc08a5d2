//! An index over the boxes of an ordered list.

use super::entries::Entries;
use super::tags::{Tags, iface_bit, ifaces};
use super::tree::{Bounds, Coord, GivenUp, Query, Ranges, Tree};
use hylint_model::Action;
use hylint_space::{AddrSet, Family, FlagSet, PacketBox, RangeSet, Scalar, StateSet};
use std::ops::Range;

/// Pieces that one box is entered as; a box of more ranges is entered as fewer and larger ones.
const PIECES: usize = 64;
/// Nodes that a search for what a box touches meets before it is taken for a wide one.
const NODES: usize = 256;
/// Numbers that a wide search looks at one by one.
const NEAR: u32 = 4096;

/// One packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet {
    /// Its family.
    pub family: Family,
    /// Source address; of IPv4 the low 32 bits.
    pub src: u128,
    /// Destination address.
    pub dst: u128,
    /// Protocol.
    pub proto: u8,
    /// Source port or ICMP type.
    pub sport: u16,
    /// Destination port or ICMP code.
    pub dport: u16,
    /// TCP flags.
    pub flags: FlagSet,
    /// State.
    pub state: StateSet,
    /// Incoming interface.
    pub in_iface: u128,
    /// Outgoing interface.
    pub out_iface: u128,
}

impl Packet {
    /// The lowest packet of a box, IPv4 first.
    #[must_use]
    pub fn lowest(b: &PacketBox) -> Option<Self> {
        let v4 = b.src.v4.first().zip(b.dst.v4.first());
        let v6 = || b.src.v6.first().zip(b.dst.v6.first());
        let (family, src, dst) = match v4 {
            Some((s, d)) => (Family::V4, s.into(), d.into()),
            None => v6().map(|(s, d)| (Family::V6, s, d))?,
        };
        let low = |n: u64| n & n.wrapping_neg();
        let state = u32::try_from(low(b.state.0.into())).ok()?;
        Some(Self {
            family,
            src,
            dst,
            proto: b.proto.first()?,
            sport: b.sport.first()?,
            dport: b.dport.first()?,
            flags: FlagSet(low(b.flags.0)),
            state: StateSet(state),
            in_iface: b.in_iface.first()?,
            out_iface: b.out_iface.first()?,
        })
        .filter(|p| p.flags.0 != 0 && p.state.0 != 0)
    }

    /// The box of this packet alone.
    #[must_use]
    pub fn space(&self) -> PacketBox {
        let addr = |a: u128| match self.family {
            Family::V4 => AddrSet {
                v4: u32::try_from(a).map_or_else(|_| RangeSet::empty(), RangeSet::single),
                v6: RangeSet::empty(),
            },
            Family::V6 => AddrSet {
                v4: RangeSet::empty(),
                v6: RangeSet::single(a),
            },
        };
        PacketBox {
            src: addr(self.src),
            dst: addr(self.dst),
            proto: RangeSet::single(self.proto),
            sport: RangeSet::single(self.sport),
            dport: RangeSet::single(self.dport),
            flags: self.flags,
            state: self.state,
            in_iface: RangeSet::single(self.in_iface),
            out_iface: RangeSet::single(self.out_iface),
        }
    }

    /// Whether the packet is in the box.
    #[must_use]
    pub fn is_in(&self, b: &PacketBox) -> bool {
        let addrs = match self.family {
            Family::V4 => match (u32::try_from(self.src), u32::try_from(self.dst)) {
                (Ok(s), Ok(d)) => b.src.v4.contains(s) && b.dst.v4.contains(d),
                _ => false,
            },
            Family::V6 => b.src.v6.contains(self.src) && b.dst.v6.contains(self.dst),
        };
        addrs
            && b.proto.contains(self.proto)
            && b.sport.contains(self.sport)
            && b.dport.contains(self.dport)
            && self.flags.0 & b.flags.0 != 0
            && self.state.0 & b.state.0 != 0
            && b.in_iface.contains(self.in_iface)
            && b.out_iface.contains(self.out_iface)
    }
}

/// What the boxes of an index belong to, as bits: a search may be for some kinds only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kinds(pub u8);

impl Kinds {
    /// Rules that let packets pass.
    pub const ALLOW: Self = Self(1);
    /// Rules that stop them.
    pub const DENY: Self = Self(2);
    /// Rules that let them pass before others are asked.
    pub const BYPASS: Self = Self(4);
    /// Rules that send them on elsewhere or change them.
    pub const OTHER: Self = Self(8);
    /// Jumps to chains whose rules are entered in their place: what no rule of the chain meets comes back as it went.
    pub const IDLE_JUMP: Self = Self(16);
    /// Allows that take packets for sure.
    pub const SURE_ALLOW: Self = Self(32);
    /// Denies that do.
    pub const SURE_DENY: Self = Self(64);
    /// Others that do.
    pub const SURE_OTHER: Self = Self(128);
    /// All that take packets for sure.
    pub const SURE: Self = Self::SURE_ALLOW.or(Self::SURE_DENY).or(Self::SURE_OTHER);
    /// Rules that do something, by all that they match.
    pub const ACTING: Self = Self::ALL.without(Self::SURE);
    /// Of any kind; the kind of boxes that are not told apart.
    pub const ALL: Self = Self(u8::MAX);

    /// What a rule with this action is found as; one that does nothing is not.
    #[must_use]
    pub fn of(action: &Action) -> Self {
        match action {
            Action::Allow => Self::ALLOW,
            Action::Deny => Self::DENY,
            Action::Bypass => Self::BYPASS,
            Action::Continue => Self(0),
            _ => Self::OTHER,
        }
    }

    /// Whether they share a kind.
    #[must_use]
    pub const fn meets(self, o: Self) -> bool {
        self.0 & o.0 != 0
    }

    /// All but these.
    #[must_use]
    pub const fn without(self, o: Self) -> Self {
        Self(self.0 & !o.0)
    }

    /// Of either.
    #[must_use]
    pub const fn or(self, o: Self) -> Self {
        Self(self.0 | o.0)
    }
}

/// Finds the boxes of a list that hold a packet or touch a box, without looking at each. It may name a box too many, never
/// one too few; whoever asks looks at the box itself.
#[derive(Clone, Debug)]
pub struct Index {
    pub(super) v4: Tree<u32>,
    pub(super) v6: Tree<u128>,
    /// Ranks of jumps that are entered by what they lead to, ascending.
    pub(super) jumps: Vec<u32>,
}

impl Index {
    /// Of boxes under the numbers of what they belong to, of any kind; a number may have several.
    pub fn new<'b>(boxes: impl Iterator<Item = (u32, &'b PacketBox)>) -> Self {
        let mut entries = Entries::new(0);
        for (id, b) in boxes {
            entries.space(id, Kinds::ALL, b);
        }
        entries.index()
    }

    /// The lowest number under `below` of a box of some kinds that holds the packet, as `holds` confirms.
    pub fn first(
        &self,
        p: &Packet,
        kinds: Kinds,
        below: u32,
        holds: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let within = 0..below;
        let found = match p.family {
            Family::V4 => {
                let (s, d) = (u32::try_from(p.src).ok()?, u32::try_from(p.dst).ok()?);
                let q = Query::of(of_point(p, kinds, s, d));
                self.v4.first(&q, within, usize::MAX, holds)
            }
            Family::V6 => {
                let q = Query::of(of_point(p, kinds, p.src, p.dst));
                self.v6.first(&q, within, usize::MAX, holds)
            }
        };
        found.unwrap_or_default()
    }

    /// Adds the numbers of the boxes that may share a packet with `q`, in no order and maybe more than once.
    pub fn touching(&self, q: &PacketBox, out: &mut Vec<u32>) {
        // Without a limit none is given up.
        let _ = self.met(q, Kinds::ALL, usize::MAX, out);
    }

    /// The numbers of the boxes of some kinds that may share a packet with `q`, ascending. `None` of a wide one in a long
    /// list, which meets too many.
    pub fn few_touching(&self, q: &PacketBox, kinds: Kinds) -> Option<Vec<u32>> {
        let mut out = Vec::new();
        self.met(q, kinds, NODES, &mut out).ok()?;
        out.sort_unstable();
        out.dedup();
        Some(out)
    }

    fn met(
        &self,
        q: &PacketBox,
        kinds: Kinds,
        nodes: usize,
        out: &mut Vec<u32>,
    ) -> Result<(), GivenUp> {
        if let Some(b) = query(q, kinds, &q.src.v4, &q.dst.v4) {
            self.v4.meeting(&b, nodes, out)?;
        }
        if let Some(b) = query(q, kinds, &q.src.v6, &q.dst.v6) {
            self.v6.meeting(&b, nodes, out)?;
        }
        Ok(())
    }

    /// The lowest of the numbers `within` of a box of some kinds that may share a packet with `q`, as `holds` confirms. It
    /// has to look at the kind as well: what is wide meets a box soon, and then the next ones are looked at by themselves.
    pub fn first_touching(
        &self,
        q: &PacketBox,
        kinds: Kinds,
        within: Range<u32>,
        mut holds: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        if let Ok(found) = self.lowest(q, kinds, within.clone(), NODES, &mut holds) {
            return found;
        }
        let near = within.start..within.end.min(within.start.saturating_add(NEAR));
        let found = near
            .clone()
            .find(|i| holds(*i) && self.leads_to(*i, q, kinds));
        found.or_else(|| {
            let beyond = near.end..within.end;
            let found = self.lowest(q, kinds, beyond, usize::MAX, &mut holds);
            found.unwrap_or_default()
        })
    }

    /// Whether what a rank was entered as may share a packet with `q`: a jump itself matches more than what it leads to.
    #[must_use]
    pub fn leads_to(&self, rank: u32, q: &PacketBox, kinds: Kinds) -> bool {
        let only = rank..rank.saturating_add(1);
        kinds.meets(Kinds::IDLE_JUMP)
            || self.jumps.binary_search(&rank).is_err()
            || matches!(
                self.lowest(q, kinds, only, usize::MAX, &mut |_| true),
                Ok(Some(_))
            )
    }

    /// The same by the index alone, until it has met so many nodes.
    fn lowest(
        &self,
        q: &PacketBox,
        kinds: Kinds,
        within: Range<u32>,
        nodes: usize,
        holds: &mut impl FnMut(u32) -> bool,
    ) -> Result<Option<u32>, GivenUp> {
        let v4 = match query(q, kinds, &q.src.v4, &q.dst.v4) {
            Some(b) => self.v4.first(&b, within.clone(), nodes, &mut *holds)?,
            None => None,
        };
        let under = within.start..v4.unwrap_or(within.end);
        let v6 = match query(q, kinds, &q.src.v6, &q.dst.v6) {
            Some(b) => self.v6.first(&b, under, nodes, holds)?,
            None => None,
        };
        Ok(v6.or(v4))
    }
}

fn of_point<A: Coord>(p: &Packet, kinds: Kinds, src: A, dst: A) -> Bounds<A> {
    Bounds {
        ranges: Ranges {
            src: (src, src),
            dst: (dst, dst),
            sport: (p.sport, p.sport),
            dport: (p.dport, p.dport),
            proto: (p.proto, p.proto),
        },
        tags: Tags::new(
            p.flags,
            p.state,
            iface_bit(p.in_iface),
            iface_bit(p.out_iface),
            kinds,
        ),
    }
}

/// What a search for what shares a packet with a box asks for, in one family.
fn query<'b, A: Coord>(
    b: &'b PacketBox,
    kinds: Kinds,
    src: &'b RangeSet<A>,
    dst: &'b RangeSet<A>,
) -> Option<Query<'b, A>> {
    let ranges = Ranges {
        src: hull(src)?,
        dst: hull(dst)?,
        sport: hull(&b.sport)?,
        dport: hull(&b.dport)?,
        proto: hull(&b.proto)?,
    };
    let (ins, outs) = (ifaces(&b.in_iface), ifaces(&b.out_iface));
    Some(Query {
        bounds: Bounds {
            ranges,
            tags: Tags::new(b.flags, b.state, ins, outs, kinds),
        },
        src: src.as_slice(),
        dst: dst.as_slice(),
        dport: b.dport.as_slice(),
    })
}

/// A box of one family as boxes with one range per dimension.
pub(super) fn each_piece<A: Coord>(
    b: &PacketBox,
    kinds: Kinds,
    src: &RangeSet<A>,
    dst: &RangeSet<A>,
    mut f: impl FnMut(Bounds<A>),
) {
    let (Some(proto), Some(sport)) = (hull(&b.proto), hull(&b.sport)) else {
        return;
    };
    let mut left = PIECES;
    let dports = ranges(&b.dport, &mut left);
    let srcs = ranges(src, &mut left);
    let dsts = ranges(dst, &mut left);
    let (ins, outs) = (ifaces(&b.in_iface), ifaces(&b.out_iface));
    let tags = Tags::new(b.flags, b.state, ins, outs, kinds);
    for dport in dports.clone() {
        for src in srcs.clone() {
            for dst in dsts.clone() {
                f(Bounds {
                    ranges: Ranges {
                        src,
                        dst,
                        sport,
                        dport,
                        proto,
                    },
                    tags,
                });
            }
        }
    }
}

fn hull<T: Scalar>(set: &RangeSet<T>) -> Option<(T, T)> {
    set.first().zip(set.last())
}

/// The ranges of a set, or the one that spans them where they are more than `left`; what is used up is taken from `left`.
fn ranges<'s, T: Scalar>(
    set: &'s RangeSet<T>,
    left: &mut usize,
) -> impl Iterator<Item = (T, T)> + Clone + use<'s, T> {
    let each = set.len() <= *left;
    if each {
        *left /= set.len().max(1);
    }
    let whole = if each { None } else { hull(set) };
    set.as_slice()
        .iter()
        .copied()
        .take(if each { usize::MAX } else { 0 })
        .chain(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hylint_space::{AddrSet, IfaceExt, IfaceSet, PortSet, ProtoSet, TcpFlags};
    use proptest::prelude::*;

    fn addrs() -> impl Strategy<Value = AddrSet> {
        let part = || prop::collection::vec((0u32..40, 0u32..6), 0..3);
        (part(), part()).prop_map(|(a, b)| AddrSet {
            v4: a.into_iter().map(|(lo, n)| (lo, lo + n)).collect(),
            v6: b
                .into_iter()
                .map(|(lo, n)| (u128::from(lo), u128::from(lo + n)))
                .collect(),
        })
    }

    fn boxes() -> impl Strategy<Value = PacketBox> {
        let any_or = |s| prop_oneof![Just(AddrSet::any()), s];
        let ports = || prop::collection::vec((0u16..30, 0u16..4), 0..3);
        let iface = prop_oneof![
            Just(IfaceSet::full()),
            Just(IfaceSet::iface("eth0")),
            Just(IfaceSet::iface("eth1").complement()),
            Just(IfaceSet::iface("e+")),
        ];
        let starts = FlagSet::masked(TcpFlags(0b1_0111), TcpFlags::SYN);
        let flags = prop_oneof![
            Just(FlagSet::FULL),
            Just(starts),
            Just(starts.complement()),
            Just(FlagSet::exactly(TcpFlags::SYN)),
            (1u64..).prop_map(FlagSet),
        ];
        (
            any_or(addrs().boxed()),
            any_or(addrs().boxed()),
            ports(),
            0u8..4,
            iface,
            flags,
            1u32..8,
        )
            .prop_map(
                |(src, dst, ports, proto, in_iface, flags, state)| PacketBox {
                    src,
                    dst,
                    proto: if proto == 0 {
                        ProtoSet::full()
                    } else {
                        ProtoSet::single(proto)
                    },
                    dport: ports
                        .into_iter()
                        .map(|(lo, n)| (lo, lo + n))
                        .collect::<PortSet>(),
                    in_iface,
                    flags,
                    state: StateSet(state),
                    ..PacketBox::any()
                },
            )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn the_index_finds_what_a_scan_finds(list in prop::collection::vec(boxes(), 0..200), q in boxes()) {
            let index = Index::new(list.iter().enumerate().map(|(i, b)| (i as u32, b)));
            let mut found = Vec::new();
            index.touching(&q, &mut found);
            for (i, b) in list.iter().enumerate() {
                prop_assert!(!b.intersects(&q) || found.contains(&(i as u32)), "{i} is missing");
            }
            if let Some(few) = index.few_touching(&q, Kinds::DENY) {
                found.sort_unstable();
                found.dedup();
                prop_assert_eq!(few, found);
            }
            let touches = |i: u32| list[i as usize].intersects(&q);
            let first = list.iter().position(|b| b.intersects(&q)).map(|i| i as u32);
            prop_assert_eq!(index.first_touching(&q, Kinds::ALL, 0..u32::MAX, touches), first);
            if let Some(p) = Packet::lowest(&q) {
                prop_assert!(p.is_in(&q));
                prop_assert!(p.is_in(&p.space()) && p.space().is_subset(&q));
                let at = list.iter().position(|b| p.is_in(b)).map(|i| i as u32);
                let holds = |i: u32| p.is_in(&list[i as usize]);
                prop_assert_eq!(index.first(&p, Kinds::ALL, u32::MAX, holds), at);
                let before = at.and_then(|i| index.first(&p, Kinds::ALL, i, holds));
                prop_assert_eq!(before, None);
            }
        }

        #[test]
        fn denies_and_allows_that_stand_apart_are_each_found_as_a_scan_finds_them(
            list in prop::collection::vec((boxes(), any::<bool>()), 0..200), q in boxes()) {
            let kind = |deny: bool| if deny { Kinds::DENY } else { Kinds::ALLOW };
            let mut entries = Entries::new(list.len());
            for (i, (b, deny)) in (0..).zip(&list) {
                entries.space(i, kind(*deny), b);
            }
            let index = entries.index_apart();
            let of = |k: Kinds, i: u32| k.meets(kind(list[i as usize].1));
            for k in [Kinds::DENY, Kinds::ALLOW, Kinds::ALL] {
                let touches = |i: u32| of(k, i) && list[i as usize].0.intersects(&q);
                let scan = (0..list.len() as u32).find(|i| touches(*i));
                prop_assert_eq!(index.first_touching(&q, k, 0..u32::MAX, touches), scan);
                if let Some(p) = Packet::lowest(&q) {
                    let holds = |i: u32| of(k, i) && p.is_in(&list[i as usize].0);
                    let scan = (0..list.len() as u32).find(|i| holds(*i));
                    prop_assert_eq!(index.first(&p, k, u32::MAX, holds), scan);
                }
            }
        }
    }
}
