//! Few large boxes for the same packets.

use super::verdict::subtract_all;
use hylint_space::{AddrSet, Family, IfaceSet, PacketBox, PortSet, ProtoSet, merged};

/// Boxes up to which each is grown as far as it goes.
const FEW: usize = 400;

/// The same packets in few boxes, each as large as it can be; they may overlap. Of very many, those that touch are joined
/// and no more.
#[must_use]
pub fn grown(boxes: Vec<PacketBox>) -> Vec<PacketBox> {
    let all = merged(boxes);
    if all.len() < 2 || all.len() > FEW {
        return all;
    }
    let mut left = all.clone();
    let mut out = Vec::new();
    while let Some(seed) = left.first() {
        let whole = grow(seed, &all);
        left = subtract_all(&left, std::slice::from_ref(&whole));
        out.push(whole);
    }
    out
}

/// The box with all values in one dimension that its other dimensions allow, dimension by dimension.
fn grow(seed: &PacketBox, all: &[PacketBox]) -> PacketBox {
    let mut b = seed.clone();
    let family = if b.src.has(Family::V4) {
        Family::V4
    } else {
        Family::V6
    };
    let missing = |open: PacketBox| subtract_all(std::slice::from_ref(&open), all);
    macro_rules! widen {
        ($($dim:ident, $full:expr;)*) => {$(
            let full = $full;
            let open = PacketBox { $dim: full.clone(), ..b.clone() };
            let outside = missing(open);
            b.$dim = outside.iter().fold(full, |left, r| left.subtract(&r.$dim));
        )*};
    }
    widen! {
        out_iface, IfaceSet::full();
        in_iface, IfaceSet::full();
        dst, AddrSet::any_of(family);
        src, AddrSet::any_of(family);
        sport, PortSet::full();
        dport, PortSet::full();
    }
    // Of several protocols, the same ports are nothing in common.
    if b.sport.is_full() && b.dport.is_full() {
        widen! { proto, ProtoSet::full(); }
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covers;
    use hylint_space::proto;

    #[test]
    fn a_cross_is_two_boxes_and_a_whole_that_was_cut_is_one() {
        let at = |src: &str, ports: (u16, u16)| PacketBox {
            src: AddrSet::parse(src).unwrap(),
            dst: AddrSet::any_of(Family::V4),
            proto: ProtoSet::single(proto::TCP),
            dport: PortSet::range(ports.0, ports.1),
            ..PacketBox::any()
        };
        let (wide, tall) = (at("10.0.0.0/8", (22, 22)), at("10.1.0.0/16", (1, 100)));
        let mut pieces = wide.subtract(&tall);
        pieces.push(tall.clone());
        let cross = grown(pieces);
        assert_eq!(cross.len(), 2);
        assert!(cross.contains(&wide) && cross.contains(&tall));
        let cut = at("10.1.0.0/16", (443, 443));
        let whole = at("10.0.0.0/8", (80, 500));
        let mut pieces = whole.subtract(&cut);
        pieces.push(cut);
        assert_eq!(grown(pieces.clone()), std::slice::from_ref(&whole));
        assert!(covers(&pieces, &whole));
    }
}
