//! An index over the boxes of an ordered list.

use super::bounds::{Bounds, Coord, Ranges};
use super::kinds::Kinds;
use super::packet::Packet;
use super::tags::{Tags, iface_bit, ifaces};
use super::tree::{GivenUp, Query, Tree};
use hylint_space::{Family, PacketBox, RangeSet, Scalar};
use std::ops::Range;

/// Pieces that one box is entered as; a box of more ranges is entered as fewer and larger ones.
const PIECES: usize = 64;
/// Nodes that a search for what a box touches meets before it is taken for a wide one.
const NODES: usize = 256;
/// Numbers that a wide search looks at one by one.
const NEAR: u32 = 4096;

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
    use crate::rulespace::Entries;
    use hylint_space::{
        AddrSet, FlagSet, IfaceExt, IfaceSet, PortSet, ProtoSet, StateSet, TcpFlags,
    };
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
