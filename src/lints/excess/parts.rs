//! Few boxes that together are a set of packets, for people to read.
//!
//! The boxes that the engine leaves are as many and as odd as the order in which it cut them. PartScope the set is sliced anew
//! along one dimension after the other, so that equal sets give equal boxes; the order of dimensions that takes the fewest
//! boxes wins. Boxes may overlap where that makes one simpler.

use hylint_engine::covers;
use hylint_space::{
    AddrSet, Family, FlagSet, PacketBox, PortSet, ProtoSet, RangeSet, Scalar, StateSet, proto,
};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

/// Dimensions of a cell.
const PROTO: usize = 0;
const DPORT: usize = 1;
const SPORT: usize = 2;
const IN: usize = 3;
const OUT: usize = 4;
const FAMILY: usize = 5;
const DST: usize = 6;
const SRC: usize = 7;
const DIMS: usize = 8;

/// Orders to slice in; of equal results the first counts. Ports first is what people read best. Addresses mean nothing
/// without their family.
const ORDERS: [[usize; DIMS]; 3] = [
    [PROTO, DPORT, SPORT, IN, OUT, FAMILY, DST, SRC],
    [FAMILY, DST, PROTO, DPORT, SPORT, IN, OUT, SRC],
    [FAMILY, SRC, DST, IN, OUT, PROTO, DPORT, SPORT],
];

/// Boxes up to which slicing is tried; more are only joined.
const SLICED: usize = 256;
/// Slices looked at for one order.
const STEPS: usize = 20_000;
/// Boxes up to which each is widened as far as the set reaches.
const WIDENED: usize = 24;

/// A box whose addresses are of one family.
type Cell = [RangeSet<u128>; DIMS];

/// The same packets in few boxes. What only holds of the first packet of a connection (its flags, its state) is left out.
#[must_use]
pub(super) fn few(boxes: &[PacketBox]) -> Vec<PacketBox> {
    let cells = joined(
        boxes
            .iter()
            .flat_map(kinds)
            .flat_map(|b| cells(&b))
            .collect(),
    );
    let back = |cells: &[Cell]| {
        let boxes = cells.iter().flat_map(packets);
        both(boxes.flat_map(|b| kinds(&b)))
    };
    if cells.len() < 2 {
        return back(&cells);
    }
    let sliced = ORDERS.iter().filter_map(|order| in_order(&cells, order));
    // What is joined in one family may no longer be what the other has, so both are looked at.
    let sliced = sliced.flat_map(|c| [back(&c), back(&joined(c))]);
    // Of equally many the first stays.
    let fewest = sliced.min_by_key(Vec::len);
    widened(fewest.unwrap_or_else(|| back(&cells)))
}

/// The cells sliced in an order of dimensions, if that is not too much.
fn in_order(cells: &[Cell], order: &[usize; DIMS]) -> Option<Vec<Cell>> {
    if cells.len() > SLICED {
        return None;
    }
    let mut steps = STEPS;
    let all: Vec<&Cell> = cells.iter().collect();
    sliced(&all, order, &mut steps)
}

/// A box by its families.
fn cells(b: &PacketBox) -> Vec<Cell> {
    let of = |family: u128, src: RangeSet<u128>, dst: RangeSet<u128>| {
        [
            wide(&b.proto),
            wide(&b.dport),
            wide(&b.sport),
            b.in_iface.clone(),
            b.out_iface.clone(),
            RangeSet::single(family),
            dst,
            src,
        ]
    };
    let v4 = of(4, wide(&b.src.v4), wide(&b.dst.v4));
    let v6 = of(6, b.src.v6.clone(), b.dst.v6.clone());
    let full = |c: &Cell| c.iter().all(|s| !s.is_empty());
    [v4, v6].into_iter().filter(full).collect()
}

/// The protocols by what ports are in them: ports; types and codes; nothing.
static KINDS: LazyLock<[ProtoSet; 3]> = LazyLock::new(|| {
    let of = |test: fn(u8) -> bool| -> ProtoSet {
        (0..=u8::MAX).filter(|p| test(*p)).map(|p| (p, p)).collect()
    };
    let (ports, icmp) = (of(proto::has_ports), of(proto::is_icmp));
    let other = ports.union(&icmp).complement();
    [ports, icmp, other]
});

/// A box by the kinds of its protocols.
fn kinds(b: &PacketBox) -> Vec<PacketBox> {
    let [ports, icmp, other] = &*KINDS;
    let alike = b.proto.is_subset(ports) || b.proto.is_subset(icmp);
    if alike || b.dport.is_full() && b.sport.is_full() {
        return vec![b.clone()];
    }
    // Packets without ports are those with port 0.
    let none = b.dport.contains(0) && b.sport.contains(0);
    let of_kind = |kind: &ProtoSet, bare: bool| PacketBox {
        proto: b.proto.intersect(kind),
        dport: if bare {
            PortSet::full()
        } else {
            b.dport.clone()
        },
        sport: if bare {
            PortSet::full()
        } else {
            b.sport.clone()
        },
        ..b.clone()
    };
    let mut all = vec![of_kind(ports, false), of_kind(icmp, false)];
    if none {
        all.push(of_kind(other, true));
    }
    all.retain(|b| !b.is_empty());
    all
}

fn wide<T: Scalar + Into<u128>>(s: &RangeSet<T>) -> RangeSet<u128> {
    s.iter().map(|(lo, hi)| (lo.into(), hi.into())).collect()
}

fn narrow<T: Scalar + TryFrom<u128>>(s: &RangeSet<u128>) -> RangeSet<T> {
    let one = |(lo, hi)| Some((T::try_from(lo).ok()?, T::try_from(hi).ok()?));
    s.iter().filter_map(one).collect()
}

fn packets(c: &Cell) -> Vec<PacketBox> {
    let [proto, dport, sport, in_iface, out_iface, family, dst, src] = c;
    let addrs = |s: &RangeSet<u128>, f: Family| match f {
        Family::V4 => AddrSet {
            v4: narrow(s),
            v6: RangeSet::empty(),
        },
        Family::V6 => AddrSet {
            v4: RangeSet::empty(),
            v6: s.clone(),
        },
    };
    let families = [(4, Family::V4), (6, Family::V6)].into_iter();
    let of = |(_, f): (u128, Family)| PacketBox {
        src: addrs(src, f),
        dst: addrs(dst, f),
        proto: narrow(proto),
        sport: narrow(sport),
        dport: narrow(dport),
        flags: FlagSet::FULL,
        state: StateSet::FULL,
        in_iface: in_iface.clone(),
        out_iface: out_iface.clone(),
    };
    families
        .filter(|(n, _)| family.contains(*n))
        .map(of)
        .collect()
}

/// The union of the cells, sliced by the dimensions in turn; dimensions that come later differ only within a slice.
/// Nothing where that takes too many steps.
fn sliced(cells: &[&Cell], order: &[usize], steps: &mut usize) -> Option<Vec<Cell>> {
    *steps = steps.checked_sub(1)?;
    let Some((&dim, later)) = order.split_first() else {
        return Some(vec![std::array::from_fn(|_| RangeSet::full())]);
    };
    if let [one] = cells {
        let mut cell: Cell = std::array::from_fn(|_| RangeSet::full());
        for d in order {
            if let (Some(slot), Some(set)) = (cell.get_mut(*d), one.get(*d)) {
                slot.clone_from(set);
            }
        }
        return Some(vec![cell]);
    }
    let mut out: Vec<(Vec<Cell>, RangeSet<u128>)> = Vec::new();
    for (within, here) in slices(cells, dim, steps)? {
        let rest = sliced(&here, later, steps)?;
        match out.iter_mut().find(|(r, _)| *r == rest) {
            Some((_, set)) => *set = set.union(&within),
            None => out.push((rest, within)),
        }
    }
    let mut all = Vec::new();
    for (rest, within) in out {
        all.extend(rest.into_iter().map(|mut c| {
            if let Some(set) = c.get_mut(dim) {
                set.clone_from(&within);
            }
            c
        }));
    }
    Some(all)
}

/// Parts of one dimension, each with the cells that hold all of it; no cell holds some of it only.
fn slices<'c>(
    cells: &[&'c Cell],
    dim: usize,
    steps: &mut usize,
) -> Option<Vec<(RangeSet<u128>, Vec<&'c Cell>)>> {
    let mut out: Vec<(RangeSet<u128>, Vec<&'c Cell>)> = Vec::new();
    for cell in cells {
        *steps = steps.checked_sub(out.len() + 1)?;
        let mut new = cell.get(dim)?.clone();
        let mut split = Vec::new();
        for (set, members) in &mut out {
            let both = set.intersect(&new);
            if both.is_empty() {
                continue;
            }
            new = new.subtract(&both);
            let outside = set.subtract(&both);
            if !outside.is_empty() {
                split.push((outside, members.clone()));
                *set = both;
            }
            members.push(cell);
        }
        out.append(&mut split);
        if !new.is_empty() {
            out.push((new, vec![cell]));
        }
    }
    // By their first number: the order of the cells does not show.
    out.sort_by_key(|(set, _)| set.first());
    Some(out)
}

/// Joins cells that are equal in all but one dimension, until there are none.
fn joined(mut cells: Vec<Cell>) -> Vec<Cell> {
    const JOINED: [usize; 7] = [PROTO, DPORT, SPORT, IN, OUT, DST, SRC];
    // Equal cells go at the first dimension. From then on none is joined along one in which all are the same.
    let mut repeated = true;
    let mut tried = 0;
    for dim in JOINED.into_iter().cycle() {
        if cells.len() < 2 || tried == JOINED.len() {
            break;
        }
        let before = cells.len();
        if repeated || varies(&cells, dim) {
            cells = joined_along(cells, dim);
            repeated = false;
        }
        tried = if cells.len() < before { 0 } else { tried + 1 };
    }
    cells
}

fn varies(cells: &[Cell], dim: usize) -> bool {
    let first = cells.first().and_then(|c| c.get(dim));
    cells.iter().any(|c| c.get(dim) != first)
}

fn joined_along(cells: Vec<Cell>, dim: usize) -> Vec<Cell> {
    let mut out: Vec<(RangeSet<u128>, Cell)> = Vec::with_capacity(cells.len());
    // By their hash: a cell may have a million ranges.
    let mut index: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    for mut cell in cells {
        let Some(slot) = cell.get_mut(dim) else {
            continue;
        };
        let set = std::mem::take(slot);
        let alike = index.entry(FxBuildHasher.hash_one(&cell)).or_default();
        let same = |i: &&usize| out.get(**i).is_some_and(|(_, c)| *c == cell);
        match alike.iter().find(same).and_then(|i| out.get_mut(*i)) {
            Some((all, _)) => *all = all.union(&set),
            None => {
                alike.push(out.len());
                out.push((set, cell));
            }
        }
    }
    let whole = out.into_iter().map(|(set, mut cell)| {
        if let Some(slot) = cell.get_mut(dim) {
            *slot = set;
        }
        cell
    });
    whole.collect()
}

/// Each box as wide in its addresses, source ports and interfaces as the boxes together allow, if it gets the whole of a
/// dimension; then without those that the others hold.
fn widened(mut boxes: Vec<PacketBox>) -> Vec<PacketBox> {
    if boxes.len() < 2 || boxes.len() > WIDENED {
        return boxes;
    }
    let set = boxes.clone();
    let whole = union(&set);
    let try_wider = |b: &mut PacketBox, widen: fn(&mut PacketBox, &PacketBox)| {
        let mut wider = b.clone();
        widen(&mut wider, &whole);
        of_both_ends(&mut wider);
        if wider != *b && covers(&set, &wider) {
            *b = wider;
        }
    };
    for b in &mut boxes {
        try_wider(b, |b, w| b.out_iface.clone_from(&w.out_iface));
        try_wider(b, |b, w| b.in_iface.clone_from(&w.in_iface));
        try_wider(b, |b, w| b.sport.clone_from(&w.sport));
        try_wider(b, |b, w| b.dst.clone_from(&w.dst));
        try_wider(b, |b, w| b.src.clone_from(&w.src));
    }
    let mut i = boxes.len();
    while i > 0 {
        i -= 1;
        let one = boxes.remove(i);
        if !covers(&boxes, &one) {
            boxes.insert(i, one);
        }
    }
    boxes
}

/// Leaves out addresses of a family that only one end has.
fn of_both_ends(b: &mut PacketBox) {
    let families = Family::BOTH.into_iter();
    let shared: AddrSet = families
        .filter(|f| b.src.has(*f) && b.dst.has(*f))
        .fold(AddrSet::empty(), |all, f| all.union(&AddrSet::any_of(f)));
    b.src = b.src.intersect(&shared);
    b.dst = b.dst.intersect(&shared);
}

/// The smallest box that holds all.
#[must_use]
pub(super) fn union<'b>(boxes: impl IntoIterator<Item = &'b PacketBox>) -> PacketBox {
    let mut boxes = boxes.into_iter();
    let Some(first) = boxes.next() else {
        return PacketBox::any();
    };
    boxes.fold(first.clone(), |mut all, b| {
        all.src = all.src.union(&b.src);
        all.dst = all.dst.union(&b.dst);
        all.proto = all.proto.union(&b.proto);
        all.sport = all.sport.union(&b.sport);
        all.dport = all.dport.union(&b.dport);
        all.in_iface = all.in_iface.union(&b.in_iface);
        all.out_iface = all.out_iface.union(&b.out_iface);
        all
    })
}

/// Whether a box alone is told as it is.
#[must_use]
pub(super) fn is_plain(b: &PacketBox) -> bool {
    let mut families = Family::BOTH.into_iter();
    let [ports, icmp, _] = &*KINDS;
    let alike = b.proto.is_subset(ports) || b.proto.is_subset(icmp);
    (alike || b.dport.is_full() && b.sport.is_full())
        && families.all(|f| b.src.has(f) == b.dst.has(f))
}

/// Boxes of both families: those that differ in nothing but the addresses are one.
fn both(boxes: impl Iterator<Item = PacketBox>) -> Vec<PacketBox> {
    let (mut v4, v6): (Vec<PacketBox>, Vec<PacketBox>) = boxes.partition(|b| b.src.has(Family::V4));
    for b in v6 {
        let same = |a: &&mut PacketBox| {
            a.src.v6.is_empty()
                && a.proto == b.proto
                && a.sport == b.sport
                && a.dport == b.dport
                && a.in_iface == b.in_iface
                && a.out_iface == b.out_iface
        };
        match v4.iter_mut().find(same) {
            Some(a) => {
                a.src.v6 = b.src.v6;
                a.dst.v6 = b.dst.v6;
            }
            None => v4.push(b),
        }
    }
    v4
}
