//! A box in packet space: one set per dimension, all of which must hold.

use super::addr::{AddrSet, Family};
use super::range::RangeSet;

/// Transport ports. For ICMP and ICMPv6 the "source port" dimension holds the type and the "destination port"
/// dimension the code (0–255), as they share the place of the ports in a packet and never occur together.
pub type PortSet = RangeSet<u16>;

/// IP protocol numbers (IANA "Assigned Internet Protocol Numbers").
pub type ProtoSet = RangeSet<u8>;

/// IP protocol numbers that have a meaning here.
pub mod proto {
    use super::ProtoSet;

    /// ICMP (RFC 792).
    pub const ICMP: u8 = 1;
    /// TCP (RFC 9293).
    pub const TCP: u8 = 6;
    /// UDP (RFC 768).
    pub const UDP: u8 = 17;
    /// DCCP (RFC 4340).
    pub const DCCP: u8 = 33;
    /// ICMPv6 (RFC 4443).
    pub const ICMPV6: u8 = 58;
    /// SCTP (RFC 9260).
    pub const SCTP: u8 = 132;
    /// UDP-Lite (RFC 3828).
    pub const UDPLITE: u8 = 136;

    /// The protocols whose packets begin with a source and a destination port.
    const WITH_PORTS: [u8; 5] = [TCP, UDP, DCCP, SCTP, UDPLITE];

    /// Whether packets of the protocol carry ports.
    #[must_use]
    #[inline]
    pub fn has_ports(p: u8) -> bool {
        WITH_PORTS.contains(&p)
    }

    /// Returns the protocols whose packets carry ports.
    #[must_use]
    pub fn with_ports() -> ProtoSet {
        WITH_PORTS.into_iter().map(|p| (p, p)).collect()
    }

    /// Whether packets of the protocol carry an ICMP type and code.
    #[must_use]
    pub fn is_icmp(p: u8) -> bool {
        matches!(p, ICMP | ICMPV6)
    }
}

/// Interface names as numbers: up to 15 bytes, left-aligned and zero-padded (Linux `IFNAMSIZ` is 16), so that a prefix
/// such as `eth+` is one range. The empty name (0) is an interface that no rule names.
pub type IfaceSet = RangeSet<u128>;

/// The number of an interface name; longer names are cut like the kernel does.
#[must_use]
pub fn iface_name(name: &str) -> u128 {
    let mut b = [0u8; 16];
    for (slot, byte) in b.iter_mut().zip(name.bytes()).take(15) {
        *slot = byte;
    }
    u128::from_be_bytes(b)
}

/// Builds and prints interface sets.
pub trait IfaceExt: Sized {
    /// The set that an iptables interface argument names: `eth0`, `eth+`, or `+` for all.
    fn iface(pattern: &str) -> Self;
}

impl IfaceExt for IfaceSet {
    fn iface(pattern: &str) -> Self {
        match pattern.strip_suffix('+') {
            Some("") => Self::full(),
            Some(prefix) => {
                let n = prefix.len().min(15);
                let host = u128::MAX
                    .checked_shr(u32::try_from(n * 8).unwrap_or(128))
                    .unwrap_or(0);
                let lo = iface_name(prefix);
                Self::range(lo, lo | host)
            }
            None => Self::single(iface_name(pattern)),
        }
    }
}

/// The six classic TCP flags as bits: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// FIN.
    pub const FIN: Self = Self(1);
    /// SYN.
    pub const SYN: Self = Self(2);
    /// RST.
    pub const RST: Self = Self(4);
    /// PSH.
    pub const PSH: Self = Self(8);
    /// ACK.
    pub const ACK: Self = Self(16);
    /// URG.
    pub const URG: Self = Self(32);
    /// All six.
    pub const ALL: Self = Self(63);

    /// Reads one flag name (`SYN`), `ALL` or `NONE`, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "FIN" => Self::FIN,
            "SYN" => Self::SYN,
            "RST" => Self::RST,
            "PSH" => Self::PSH,
            "ACK" => Self::ACK,
            "URG" => Self::URG,
            "ALL" => Self::ALL,
            "NONE" => Self(0),
            _ => return None,
        })
    }
}

/// A set of combinations of the six TCP flags, one bit per combination. Full for packets that are not TCP.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlagSet(pub u64);

impl std::fmt::Debug for FlagSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 == u64::MAX {
            f.write_str("Full")
        } else {
            write!(f, "{:#018x}", self.0)
        }
    }
}

impl FlagSet {
    /// Every combination.
    pub const FULL: Self = Self(u64::MAX);

    /// Exactly this combination.
    #[must_use]
    pub fn exactly(f: TcpFlags) -> Self {
        Self(1 << (f.0 & 63))
    }

    /// The combinations whose flags under `mask` are exactly `set` (`--tcp-flags mask set`).
    #[must_use]
    pub fn masked(mask: TcpFlags, set: TcpFlags) -> Self {
        Self(
            (0u8..64)
                .filter(|c| c & mask.0 == set.0)
                .fold(0, |acc, c| acc | 1 << c),
        )
    }

    /// The combinations that are not in the set.
    #[must_use]
    pub fn complement(self) -> Self {
        Self(!self.0)
    }

    /// The lowest combination of the set.
    #[must_use]
    pub fn first(self) -> Option<TcpFlags> {
        u8::try_from(self.0.trailing_zeros())
            .ok()
            .filter(|n| *n < 64)
            .map(TcpFlags)
    }
}

/// A set of connection-tracking states. A packet has one of the five states (two bits more say whether its connection was
/// source- or destination-translated), so the set has one bit per combination.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateSet(pub u32);

impl std::fmt::Debug for StateSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Self::FULL {
            f.write_str("Full")
        } else {
            write!(f, "{:#x}", self.0)
        }
    }
}

impl StateSet {
    const STATES: u32 = 5;
    /// Every state.
    pub const FULL: Self = Self((1 << (4 * Self::STATES)) - 1);
    /// A packet that starts a connection.
    pub const NEW: Self = Self::of_state(0);
    /// A packet of a known connection.
    pub const ESTABLISHED: Self = Self::of_state(1);
    /// A packet that a known connection announced.
    pub const RELATED: Self = Self::of_state(2);
    /// A packet that fits no connection.
    pub const INVALID: Self = Self::of_state(3);
    /// A packet that connection tracking was told to leave alone.
    pub const UNTRACKED: Self = Self::of_state(4);
    /// A packet that belongs to a connection or starts one.
    pub const TRACKED: Self = Self::NEW.union(Self::ESTABLISHED).union(Self::RELATED);
    /// The connection's destination was translated (virtual state `DNAT`).
    pub const DNAT: Self = Self::of_nat(0b01);
    /// The connection's source was translated (virtual state `SNAT`).
    pub const SNAT: Self = Self::of_nat(0b10);

    const fn of_state(n: u32) -> Self {
        let mut bits = 0;
        let mut nat = 0;
        while nat < 4 {
            bits |= 1 << (nat * Self::STATES + n);
            nat += 1;
        }
        Self(bits)
    }

    const fn of_nat(mask: u32) -> Self {
        let mut bits = 0;
        let mut nat = 0;
        while nat < 4 {
            if nat & mask != 0 {
                bits |= ((1 << Self::STATES) - 1) << (nat * Self::STATES);
            }
            nat += 1;
        }
        Self(bits)
    }

    /// Exactly one state with the given translations.
    #[must_use]
    pub const fn exactly(state: Self, dnat: bool, snat: bool) -> Self {
        let mut s = state.0;
        s &= if dnat { Self::DNAT.0 } else { !Self::DNAT.0 };
        s &= if snat { Self::SNAT.0 } else { !Self::SNAT.0 };
        Self(s)
    }

    /// States in either set.
    #[must_use]
    pub const fn union(self, o: Self) -> Self {
        Self(self.0 | o.0)
    }

    /// States that are not in the set.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(!self.0 & Self::FULL.0)
    }

    /// Reads one state name as `--ctstate` and `--state` print it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "NEW" => Self::NEW,
            "ESTABLISHED" => Self::ESTABLISHED,
            "RELATED" => Self::RELATED,
            "INVALID" => Self::INVALID,
            "UNTRACKED" => Self::UNTRACKED,
            "DNAT" => Self::DNAT,
            "SNAT" => Self::SNAT,
            _ => return None,
        })
    }
}

/// A box in packet space. A packet is in the box if it is in every dimension's set; source and destination are always of
/// one family, so a box with IPv4 sources and only IPv6 destinations is empty.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PacketBox {
    /// Source addresses.
    pub src: AddrSet,
    /// Destination addresses.
    pub dst: AddrSet,
    /// IP protocols.
    pub proto: ProtoSet,
    /// Source ports, or ICMP types.
    pub sport: PortSet,
    /// Destination ports, or ICMP codes.
    pub dport: PortSet,
    /// TCP flag combinations; full where the protocol is not TCP.
    pub flags: FlagSet,
    /// Connection-tracking states.
    pub state: StateSet,
    /// Interfaces that the packet came in by.
    pub in_iface: IfaceSet,
    /// Interfaces that the packet leaves by.
    pub out_iface: IfaceSet,
}

impl Default for PacketBox {
    fn default() -> Self {
        Self::any()
    }
}

/// What is left of a box dimension by dimension, for [`PacketBox::subtract`].
macro_rules! split {
    ($rest:ident, $cut:ident, $out:ident, $($dim:ident),*) => {$(
        if !$rest.$dim.is_subset(&$cut.$dim) {
            let outside = $rest.$dim.subtract(&$cut.$dim);
            // What is left of it is small, and quickly copied.
            $rest.$dim = $rest.$dim.intersect(&$cut.$dim);
            let mut piece = $rest.clone();
            piece.$dim = outside;
            if !piece.is_empty() { $out.push(piece); }
        }
    )*};
}

impl PacketBox {
    /// Every packet.
    #[must_use]
    pub fn any() -> Self {
        Self {
            src: AddrSet::any(),
            dst: AddrSet::any(),
            proto: ProtoSet::full(),
            sport: PortSet::full(),
            dport: PortSet::full(),
            flags: FlagSet::FULL,
            state: StateSet::FULL,
            in_iface: IfaceSet::full(),
            out_iface: IfaceSet::full(),
        }
    }

    /// True when no packet is in the box.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let pair = |f| self.src.has(f) && self.dst.has(f);
        !(pair(Family::V4) || pair(Family::V6))
            || self.proto.is_empty()
            || self.sport.is_empty()
            || self.dport.is_empty()
            || self.flags.0 == 0
            || self.state.0 == 0
            || self.in_iface.is_empty()
            || self.out_iface.is_empty()
    }

    /// The same packets, without the addresses of a family of which the other end has none.
    #[must_use]
    pub fn paired(mut self) -> Self {
        let both = |f| self.src.has(f) && self.dst.has(f);
        let (v4, v6) = (both(Family::V4), both(Family::V6));
        for end in [&mut self.src, &mut self.dst] {
            if !v4 {
                end.v4 = RangeSet::empty();
            }
            if !v6 {
                end.v6 = RangeSet::empty();
            }
        }
        self
    }

    /// True when every packet is in the box.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.src.is_any()
            && self.dst.is_any()
            && self.proto.is_full()
            && self.sport.is_full()
            && self.dport.is_full()
            && self.flags == FlagSet::FULL
            && self.state == StateSet::FULL
            && self.in_iface.is_full()
            && self.out_iface.is_full()
    }

    /// Packets in both boxes.
    #[must_use]
    pub fn intersect(&self, o: &Self) -> Self {
        Self {
            src: self.src.intersect(&o.src),
            dst: self.dst.intersect(&o.dst),
            proto: self.proto.intersect(&o.proto),
            sport: self.sport.intersect(&o.sport),
            dport: self.dport.intersect(&o.dport),
            flags: FlagSet(self.flags.0 & o.flags.0),
            state: StateSet(self.state.0 & o.state.0),
            in_iface: self.in_iface.intersect(&o.in_iface),
            out_iface: self.out_iface.intersect(&o.out_iface),
        }
    }

    /// Whether the boxes share a packet. Cheaper than [`PacketBox::intersect`]: nothing is allocated.
    #[must_use]
    pub fn intersects(&self, o: &Self) -> bool {
        self.proto.intersects(&o.proto)
            && self.dport.intersects(&o.dport)
            && self.state.0 & o.state.0 != 0
            && self.flags.0 & o.flags.0 != 0
            && self.sport.intersects(&o.sport)
            && ((self.src.v4.intersects(&o.src.v4) && self.dst.v4.intersects(&o.dst.v4))
                || (self.src.v6.intersects(&o.src.v6) && self.dst.v6.intersects(&o.dst.v6)))
            && self.in_iface.intersects(&o.in_iface)
            && self.out_iface.intersects(&o.out_iface)
    }

    /// Whether every packet of `self` is in `o`.
    #[must_use]
    pub fn is_subset(&self, o: &Self) -> bool {
        if self.is_empty() {
            return true;
        }
        // A family that only one side of the box has holds no packet, so it must not decide.
        let side = |f: Family| {
            !(self.src.has(f) && self.dst.has(f))
                || match f {
                    Family::V4 => {
                        self.src.v4.is_subset(&o.src.v4) && self.dst.v4.is_subset(&o.dst.v4)
                    }
                    Family::V6 => {
                        self.src.v6.is_subset(&o.src.v6) && self.dst.v6.is_subset(&o.dst.v6)
                    }
                }
        };
        side(Family::V4)
            && side(Family::V6)
            && self.proto.is_subset(&o.proto)
            && self.sport.is_subset(&o.sport)
            && self.dport.is_subset(&o.dport)
            && self.flags.0 & !o.flags.0 == 0
            && self.state.0 & !o.state.0 == 0
            && self.in_iface.is_subset(&o.in_iface)
            && self.out_iface.is_subset(&o.out_iface)
    }

    /// Packets of `self` that are not in `cut`, as disjoint boxes (at most one per dimension and family).
    #[must_use]
    pub fn subtract(&self, cut: &Self) -> Vec<Self> {
        self.clone().without(cut)
    }

    /// The same where the box itself is not needed any more: nothing is copied that may be large.
    #[must_use]
    pub fn without(self, cut: &Self) -> Vec<Self> {
        if !self.intersects(cut) {
            return if self.is_empty() {
                Vec::new()
            } else {
                vec![self]
            };
        }
        let mut out = Vec::new();
        let mut rest = self;
        split!(
            rest, cut, out, proto, src, dst, dport, sport, in_iface, out_iface
        );
        if rest.flags.0 & !cut.flags.0 != 0 {
            let mut piece = rest.clone();
            piece.flags = FlagSet(rest.flags.0 & !cut.flags.0);
            out.push(piece);
            rest.flags = FlagSet(rest.flags.0 & cut.flags.0);
        }
        if rest.state.0 & !cut.state.0 != 0 {
            rest.state = StateSet(rest.state.0 & !cut.state.0);
            out.push(rest);
        }
        out.retain(|b| !b.is_empty());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // A tiny universe: two addresses per family, protocols TCP/UDP, ports 0..4, two flags, two states, two interfaces.
    type Packet = (bool, u8, u8, u8, u16, u16, u8, u8, u8);

    fn universe() -> Vec<Packet> {
        let mut all = Vec::new();
        for v6 in [false, true] {
            for s in 0..2 {
                for d in 0..2 {
                    for p in [6, 17] {
                        for sp in 0..3 {
                            for dp in 0..3 {
                                for (fl, st, i) in [(1, 0, 0), (2, 1, 1), (1, 1, 0), (2, 0, 1)] {
                                    all.push((v6, s, d, p, sp, dp, fl, st, i));
                                }
                            }
                        }
                    }
                }
            }
        }
        all
    }

    fn contains(b: &PacketBox, p: &Packet) -> bool {
        let (v6, s, d, pr, sp, dp, fl, st, i) = *p;
        let addr = |set: &AddrSet, a: u8| {
            if v6 {
                set.v6.contains(a.into())
            } else {
                set.v4.contains(a.into())
            }
        };
        addr(&b.src, s)
            && addr(&b.dst, d)
            && b.proto.contains(pr)
            && b.sport.contains(sp)
            && b.dport.contains(dp)
            && b.flags.0 & FlagSet::exactly(TcpFlags(fl)).0 != 0
            && b.state.0 & (1 << st) != 0
            && b.in_iface.contains(i.into())
    }

    fn addrs() -> impl Strategy<Value = AddrSet> {
        (0u32..3, 0u32..3, 0u128..3, 0u128..3).prop_map(|(a, b, c, d)| AddrSet {
            v4: RangeSet::range(a, b),
            v6: RangeSet::range(c, d),
        })
    }

    fn boxes() -> impl Strategy<Value = PacketBox> {
        (
            addrs(),
            addrs(),
            prop_oneof![
                Just(ProtoSet::full()),
                Just(ProtoSet::single(6)),
                Just(ProtoSet::single(17))
            ],
            (0u16..3, 0u16..4),
            (0u16..3, 0u16..4),
            0u64..8,
            1u32..4,
            (0u128..2, 0u128..3),
        )
            .prop_map(|(src, dst, proto, s, d, fl, st, i)| PacketBox {
                src,
                dst,
                proto,
                sport: PortSet::range(s.0, s.1),
                dport: PortSet::range(d.0, d.1),
                flags: FlagSet(fl),
                state: StateSet(st),
                in_iface: IfaceSet::range(i.0, i.1),
                out_iface: IfaceSet::full(),
            })
    }

    #[test]
    fn addresses_without_any_at_the_other_end_are_left_out() {
        let set = |texts: &[&str]| {
            let each = texts.iter().map(|t| AddrSet::parse(t).unwrap());
            each.fold(AddrSet::empty(), |all, s| all.union(&s))
        };
        let paired = |src: &[&str], dst: &[&str]| {
            let b = PacketBox {
                src: set(src),
                dst: set(dst),
                ..PacketBox::any()
            };
            let b = b.paired();
            (b.src, b.dst)
        };
        let (v4, v6) = ("192.0.2.0/24", "2001:db8::/32");
        assert_eq!(paired(&[v4, v6], &[v4]), (set(&[v4]), set(&[v4])));
        assert_eq!(paired(&[v6], &[v4, v6]), (set(&[v6]), set(&[v6])));
        assert_eq!(
            paired(&[v4, v6], &[v4, v6]),
            (set(&[v4, v6]), set(&[v4, v6]))
        );
        assert_eq!(paired(&[v4], &[v6]), (AddrSet::empty(), AddrSet::empty()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn algebra_agrees_with_enumeration(a in boxes(), b in boxes()) {
            let cut = a.subtract(&b);
            let both = a.intersect(&b);
            let mut shared = false;
            for p in universe() {
                let (ina, inb) = (contains(&a, &p), contains(&b, &p));
                shared |= ina && inb;
                prop_assert_eq!(contains(&both, &p), ina && inb);
                let hits = cut.iter().filter(|c| contains(c, &p)).count();
                prop_assert_eq!(hits, usize::from(ina && !inb), "pieces are disjoint and exact");
                if a.is_subset(&b) { prop_assert!(!ina || inb); }
                if a.is_empty() { prop_assert!(!ina); }
            }
            if shared { prop_assert!(a.intersects(&b)); }
            prop_assert_eq!(cut.is_empty(), a.is_subset(&b));
            prop_assert_eq!(a.intersects(&b), !both.is_empty());
        }
    }

    #[test]
    fn interface_patterns_are_ranges() {
        let eth = IfaceSet::iface("eth+");
        for (name, want) in [
            ("eth0", true),
            ("eth", true),
            ("eth10", true),
            ("et", false),
            ("fth0", false),
            ("", false),
        ] {
            assert_eq!(eth.contains(iface_name(name)), want, "{name}");
        }
        assert!(IfaceSet::iface("+").contains(iface_name("")));
        assert!(!IfaceSet::iface("eth0").contains(iface_name("eth01")));
    }

    #[test]
    fn flags_and_states() {
        let syn = FlagSet::masked(TcpFlags(0b10111), TcpFlags::SYN);
        assert_ne!(syn.0 & FlagSet::exactly(TcpFlags::SYN).0, 0);
        assert_eq!(syn.0 & FlagSet::exactly(TcpFlags(0b10010)).0, 0);
        assert_eq!(StateSet::NEW.0 & StateSet::ESTABLISHED.0, 0);
        assert_ne!(
            StateSet::exactly(StateSet::NEW, true, false).0 & StateSet::DNAT.0,
            0
        );
        assert_eq!(
            StateSet::exactly(StateSet::NEW, false, false).0 & StateSet::DNAT.0,
            0
        );
    }
}
