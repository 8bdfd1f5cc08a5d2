//! Where on a packet's way rules stand, and which packets meet them there.

use hylint_model::{Direction, Hook};
use std::ops::BitOrAssign;

/// Hooks as a set. Rules of a list stand at the hook that packets of their direction meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Places(u8);

impl Places {
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(0x7F);
    pub(super) const IN: Self = Self::of(Hook::Input);
    pub(super) const OUT: Self = Self::of(Hook::Output);
    /// What all packets from the network meet.
    const ARRIVAL: Self = Self::of(Hook::Ingress).and(Self::of(Hook::Prerouting));
    /// What all packets to the network meet.
    const DEPARTURE: Self = Self::of(Hook::Postrouting).and(Self::of(Hook::Egress));
    const THROUGH: Self = Self::of(Hook::Forward);

    pub(super) const fn of(hook: Hook) -> Self {
        Self(1 << hook as u8)
    }

    const fn and(self, o: Self) -> Self {
        Self(self.0 | o.0)
    }

    pub(super) const fn meets(self, o: Self) -> bool {
        self.0 & o.0 != 0
    }

    /// What packets of a direction meet, without translation.
    pub(super) const fn met(direction: Direction) -> Self {
        match direction {
            Direction::In => Self::ARRIVAL.and(Self::IN),
            Direction::Out => Self::OUT.and(Self::DEPARTURE),
            Direction::Forward => Self::ARRIVAL.and(Self::THROUGH).and(Self::DEPARTURE),
        }
    }

    /// What they meet in a turn once their destination was moved to elsewhere.
    pub(super) const fn met_moved(direction: Direction, turn: Turn) -> Self {
        let sent = Self::THROUGH.and(Self::DEPARTURE);
        match (direction, turn) {
            (Direction::Out, Turn::Nat) => Self::DEPARTURE,
            (Direction::Out, _) => Self::OUT.and(Self::DEPARTURE),
            (Direction::In | Direction::Forward, _) => Self::IN.and(sent),
        }
    }

    /// What the replies to packets of a direction meet, without translation.
    pub(super) const fn met_by_replies(direction: Direction) -> Self {
        match direction {
            Direction::In => Self::met(Direction::Out),
            Direction::Out => Self::met(Direction::In),
            Direction::Forward => Self::met(Direction::Forward),
        }
    }
}

/// When rules of a hook are asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// Before addresses are given back (`raw`, `mangle`).
    Early,
    /// When connections are translated: first packets alone.
    Nat,
    /// Behind.
    Filter,
}

impl BitOrAssign for Places {
    fn bitor_assign(&mut self, o: Self) {
        *self = self.and(o);
    }
}
