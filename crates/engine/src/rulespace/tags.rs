//! What a box has beside its ranges, folded into one word.

use super::kinds::Kinds;
use hylint_space::{FlagSet, IfaceSet, StateSet, TcpFlags};

/// Flags, state, interfaces and kinds, each in bits of its own. Two that share a packet share a bit of each; the other way
/// round it may not be so, since interfaces stand as a hash of their names and flags as what a connection's first packet has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tags(u64);

const STATE: u64 = StateSet::FULL.0 as u64;
const KINDS: u64 = 0xFF << KINDS_AT;
const FLAGS: u64 = 0xF << FLAGS_AT;
const INS: u64 = 0xFFFF << INS_AT;
const OUTS: u64 = 0xFFFF << OUTS_AT;
const KINDS_AT: u32 = 20;
const FLAGS_AT: u32 = 28;
const INS_AT: u32 = 32;
const OUTS_AT: u32 = 48;

impl Tags {
    /// Of no box.
    pub(super) const NONE: Self = Self(0);

    pub(super) fn new(flags: FlagSet, state: StateSet, ins: u16, outs: u16, kinds: Kinds) -> Self {
        Self(
            u64::from(state.0) & STATE
                | u64::from(kinds.0) << KINDS_AT
                | folded(flags) << FLAGS_AT
                | u64::from(ins) << INS_AT
                | u64::from(outs) << OUTS_AT,
        )
    }

    /// Of either.
    pub(super) const fn or(self, o: Self) -> Self {
        Self(self.0 | o.0)
    }

    /// Whether it is a rule's that stops packets.
    pub(super) const fn deny(self) -> bool {
        const DENY: u64 = (Kinds::DENY.or(Kinds::SURE_DENY).0 as u64) << KINDS_AT;
        self.0 & KINDS & !DENY == 0
    }

    pub(super) fn meet(self, o: Self) -> bool {
        let both = self.0 & o.0;
        [STATE, KINDS, FLAGS, INS, OUTS]
            .iter()
            .fold(true, |all, part| all & (both & part != 0))
    }
}

/// One bit for each way in which SYN and those flags go together that no first packet has.
fn folded(flags: FlagSet) -> u64 {
    const LATER: u8 = TcpFlags::FIN.0 | TcpFlags::RST.0 | TcpFlags::ACK.0;
    const SYN: u64 = having(TcpFlags::SYN.0);
    const OTHER: u64 = having(LATER);
    [SYN & !OTHER, SYN & OTHER, !SYN & OTHER, !SYN & !OTHER]
        .iter()
        .zip(0..)
        .filter(|(of, _)| flags.0 & **of != 0)
        .fold(0, |bits, (_, at)| bits | 1 << at)
}

/// The combinations that have one of some flags.
const fn having(flags: u8) -> u64 {
    let mut out = 0;
    let mut combination = 0u8;
    while combination < 64 {
        if combination & flags != 0 {
            out |= 1 << combination;
        }
        combination += 1;
    }
    out
}

/// Interfaces by a hash of their names; a pattern may be any.
pub(super) fn ifaces(set: &IfaceSet) -> u16 {
    if set.is_full() {
        return u16::MAX;
    }
    let bit = |(lo, hi)| if lo == hi { iface_bit(lo) } else { u16::MAX };
    set.iter().map(bit).fold(0, |a, b| a | b)
}

pub(super) fn iface_bit(name: u128) -> u16 {
    let folded = (name ^ (name >> 64)) as u64;
    // Fibonacci hashing: the upper bits depend on all of the name.
    1 << (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60)
}
