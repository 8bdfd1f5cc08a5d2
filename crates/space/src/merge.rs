//! Few boxes for many.

use super::addr::AddrSet;
use super::packet::{FlagSet, IfaceSet, PacketBox, PortSet, ProtoSet, StateSet};
use rustc_hash::FxHashMap;

/// A dimension of a box.
type Dimension = (fn(&mut PacketBox), fn(&mut PacketBox, &PacketBox));

/// Empties a dimension, and adds another box's values to it.
const DIMENSIONS: [Dimension; 9] = [
    (
        |b| b.dport = PortSet::empty(),
        |b, o| b.dport = b.dport.union(&o.dport),
    ),
    (
        |b| b.sport = PortSet::empty(),
        |b, o| b.sport = b.sport.union(&o.sport),
    ),
    (
        |b| b.proto = ProtoSet::empty(),
        |b, o| b.proto = b.proto.union(&o.proto),
    ),
    (
        |b| b.src = AddrSet::empty(),
        |b, o| b.src = b.src.union(&o.src),
    ),
    (
        |b| b.dst = AddrSet::empty(),
        |b, o| b.dst = b.dst.union(&o.dst),
    ),
    (
        |b| b.in_iface = IfaceSet::empty(),
        |b, o| b.in_iface = b.in_iface.union(&o.in_iface),
    ),
    (
        |b| b.out_iface = IfaceSet::empty(),
        |b, o| b.out_iface = b.out_iface.union(&o.out_iface),
    ),
    (
        |b| b.flags = FlagSet(0),
        |b, o| b.flags = FlagSet(b.flags.0 | o.flags.0),
    ),
    (
        |b| b.state = StateSet(0),
        |b, o| b.state = StateSet(b.state.0 | o.state.0),
    ),
];

/// The same packets in fewer boxes: two that differ in one dimension become one, as long as there are any. The order of the
/// boxes is kept as far as they stay. Disjoint boxes stay disjoint.
#[must_use]
pub fn merged(mut boxes: Vec<PacketBox>) -> Vec<PacketBox> {
    boxes.retain(|b| !b.is_empty());
    let mut still = 0;
    let mut dimensions = DIMENSIONS.iter().cycle();
    while still < DIMENSIONS.len() && boxes.len() > 1 {
        let Some(dimension) = dimensions.next() else {
            break;
        };
        let before = boxes.len();
        boxes = along(boxes, dimension);
        still = if boxes.len() < before { 0 } else { still + 1 };
    }
    boxes
}

/// Joins the boxes that differ in one given dimension alone.
fn along(boxes: Vec<PacketBox>, (empty, add): &Dimension) -> Vec<PacketBox> {
    let mut places: FxHashMap<PacketBox, usize> = FxHashMap::default();
    let mut out: Vec<PacketBox> = Vec::with_capacity(boxes.len());
    for b in boxes {
        let mut rest = b.clone();
        empty(&mut rest);
        match places.get(&rest).and_then(|i| out.get_mut(*i)) {
            Some(first) => add(first, &b),
            None => {
                places.insert(rest, out.len());
                out.push(b);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::proto;

    fn at(src: &str, port: u16) -> PacketBox {
        PacketBox {
            src: AddrSet::parse(src).unwrap(),
            proto: ProtoSet::single(proto::TCP),
            dport: PortSet::single(port),
            ..PacketBox::any()
        }
    }

    #[test]
    fn pieces_of_one_box_become_it_and_others_stay() {
        let whole = at("10.0.0.0/8", 80);
        let hole = at("10.1.0.0/16", 80);
        let mut pieces = whole.subtract(&hole);
        pieces.push(hole);
        assert_eq!(merged(pieces), [whole]);
        let two = vec![at("10.0.0.0/24", 80), at("10.0.1.0/24", 443)];
        assert_eq!(merged(two.clone()), two);
        let grid = ["10.0.0.0/24", "10.0.1.0/24"].map(|s| [at(s, 80), at(s, 443)]);
        let all = merged(grid.concat());
        assert_eq!(all.len(), 1);
        let one = all.first().unwrap();
        assert_eq!(one.src, AddrSet::parse("10.0.0.0/23").unwrap());
        assert_eq!(one.dport.count(), 2);
    }
}
