//! Boxes of packets in the words of the interface.

use crate::finding::difference::Interfaces;
use crate::judge::protocol_name;
use hylint_engine::Onward;
use hylint_model::{Nat, NatKind};
use hylint_space::{AddrSet, IfaceSet, PacketBox, PortSet, ProtoSet};

/// Addresses above which a translation's target is "this host", whichever address that is.
const MANY: u128 = 1 << 24;

/// Protocols by name or number; empty: any.
pub(super) fn protocols(p: &ProtoSet) -> Vec<String> {
    if p.is_full() {
        return Vec::new();
    }
    p.iter()
        .flat_map(|(lo, hi)| lo..=hi)
        .map(protocol_name)
        .collect()
}

/// Ports as `443` or `1024-65535`; empty: any.
pub(super) fn ports(p: &PortSet) -> Vec<String> {
    if p.is_full() {
        return Vec::new();
    }
    let text = |(lo, hi): (u16, u16)| {
        if lo == hi {
            lo.to_string()
        } else {
            format!("{lo}-{hi}")
        }
    };
    p.iter().map(text).collect()
}

/// Addresses as CIDR or `a-b`.
pub(super) fn addresses(a: &AddrSet) -> Vec<String> {
    a.texts().collect()
}

/// Interfaces by name, or all but some. Of those that a beginning stands for, the `mentioned` ones are named as well.
pub(super) fn interfaces(set: &IfaceSet, mentioned: &IfaceSet) -> Interfaces {
    if set.is_full() {
        return Interfaces::Any;
    }
    // The interface that no rule names is in what is not named.
    match set.contains(0) {
        true => Interfaces::Not(names(&set.complement(), mentioned)),
        false => Interfaces::Named(names(set, mentioned)),
    }
}

/// Holes in what a beginning stands for that are told one by one.
const HOLES: usize = 8;

fn names(set: &IfaceSet, mentioned: &IfaceSet) -> Vec<String> {
    let single = |(lo, hi): &(u128, u128)| lo == hi;
    let own = set.iter().filter(single);
    let known = set.intersect(mentioned);
    let mut out: Vec<String> = own
        .chain(known.iter().filter(single))
        .map(|(n, _)| text(n))
        .collect();
    let mut left: IfaceSet = set.iter().filter(|r| !single(r)).collect();
    while let Some(&range) = left.as_slice().first() {
        let (pattern, all) = beginning(range);
        let holes = all.subtract(set);
        let inner = holes.iter().map(|h| {
            if single(&h) {
                text(h.0)
            } else {
                beginning(h).0
            }
        });
        let inner: Vec<String> = inner.take(HOLES).collect();
        out.push(match inner.as_slice() {
            [] => pattern,
            some => format!("{pattern} except {}", some.join(", ")),
        });
        left = left.subtract(&all);
    }
    out.sort();
    out.dedup();
    out
}

fn text(name: u128) -> String {
    let bytes: Vec<u8> = name
        .to_be_bytes()
        .into_iter()
        .take_while(|b| *b != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What the names of a range begin with, as rules write it, and all names that do.
fn beginning((lo, hi): (u128, u128)) -> (String, IfaceSet) {
    let shared = (lo ^ hi).leading_zeros() / 8;
    let kept = u128::MAX.checked_shl(128 - shared * 8).unwrap_or(0);
    let start = lo & kept;
    (
        format!("{}+", text(start)),
        IfaceSet::range(start, start | !kept),
    )
}

/// Where packets are translated to.
pub(super) fn translated(
    b: &PacketBox,
    onward: Option<&Onward>,
    source: Option<&Nat>,
) -> Option<String> {
    let to = onward.map(|o| {
        let many = o.dst.v4.count() > MANY || o.dst.v6.count() > MANY;
        let addrs = if many {
            "this host".to_owned()
        } else {
            addresses(&o.dst).join(",")
        };
        match o.dport == b.dport || o.dport.is_full() {
            true => addrs,
            false if o.dst.v4.is_empty() && !many => {
                format!("[{addrs}]:{}", ports(&o.dport).join(","))
            }
            false => format!("{addrs}:{}", ports(&o.dport).join(",")),
        }
    });
    let from = source.map(|n| match (&n.addrs, n.kind) {
        (Some(a), _) => format!("source {}", addresses(a).join(",")),
        (None, NatKind::Masquerade) => "source the outgoing interface's address".to_owned(),
        (None, _) => "source another port".to_owned(),
    });
    match (to, from) {
        (Some(to), Some(from)) => Some(format!("{to}, {from}")),
        (to, from) => to.or(from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hylint_space::{IfaceExt, iface_name};

    #[test]
    fn interfaces_are_told_by_name_or_by_those_that_are_left_out() {
        let eth = IfaceSet::iface("eth0").union(&IfaceSet::iface("wg+"));
        let none = IfaceSet::empty();
        let interfaces = |set: &IfaceSet| interfaces(set, &none);
        assert_eq!(
            interfaces(&eth),
            Interfaces::Named(vec!["eth0".into(), "wg+".into()])
        );
        assert_eq!(
            interfaces(&eth.complement()),
            Interfaces::Not(vec!["eth0".into(), "wg+".into()])
        );
        assert_eq!(interfaces(&IfaceSet::full()), Interfaces::Any);
        let long = IfaceSet::single(iface_name("abcdefghijklmno"));
        assert_eq!(
            interfaces(&long),
            Interfaces::Named(vec!["abcdefghijklmno".into()])
        );
        let odd = IfaceSet::iface("eth+").subtract(&IfaceSet::iface("eth1"));
        let known = IfaceSet::iface("eth0").union(&IfaceSet::iface("eth1"));
        assert_eq!(
            super::interfaces(&odd, &known),
            Interfaces::Named(vec!["eth+ except eth1".into(), "eth0".into()])
        );
    }
}
