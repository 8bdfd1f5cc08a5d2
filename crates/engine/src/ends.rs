//! The two ends of a packet, by the parts that their addresses play in its conversation.
//!
//! What is found out of one address, say that it is in a set whose members are not known, holds for every packet of the
//! conversation that has this address, at either end; of the address that a translation puts in its place it says nothing.

use hylint_model::Side;
use hylint_space::{AddrSet, PacketBox, PortSet};

/// Whose an address or a port is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Part {
    /// The sender's of the first packet.
    #[default]
    Sender,
    /// What the first packet was sent to.
    Sent,
    /// What its destination was translated to.
    Moved,
    /// What its source was translated to, as the other side knows it.
    Shown,
}

/// An end of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct End {
    pub(crate) addr: Part,
    pub(crate) port: Part,
}

impl End {
    pub(crate) const SENDER: Self = Self::of(Part::Sender);
    pub(crate) const SENT: Self = Self::of(Part::Sent);

    const fn of(part: Part) -> Self {
        Self {
            addr: part,
            port: part,
        }
    }

    /// The destination of packets `to`, which were `from` before they were translated. `kept`: each has kept its address.
    pub(crate) fn moved(self, from: &PacketBox, to: &PacketBox, kept: bool) -> Self {
        let addr = if kept || is_one(&from.dst, &to.dst) {
            self.addr
        } else if is_one(&from.src, &to.dst) {
            Part::Sender
        } else {
            Part::Moved
        };
        let port = if is_one_port(&from.dport, &to.dport) {
            self.port
        } else {
            Part::Moved
        };
        Self { addr, port }
    }

    /// The address of this host that hides the sender of first packets, where it answers as `far`.
    pub(crate) fn shown(own: &AddrSet, far: &AddrSet, far_end: Self) -> Self {
        Self {
            addr: if is_one(own, far) {
                far_end.addr
            } else {
                Part::Shown
            },
            port: Part::Sender,
        }
    }
}

/// Both ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ends {
    pub(crate) src: End,
    pub(crate) dst: End,
}

impl Default for Ends {
    /// Those of a first packet.
    fn default() -> Self {
        Self {
            src: End::SENDER,
            dst: End::SENT,
        }
    }
}

impl Ends {
    /// Those of first packets.
    pub(crate) fn of(first: &PacketBox) -> Self {
        let mut ends = Self::default();
        if is_one(&first.src, &first.dst) {
            ends.dst.addr = Part::Sender;
        }
        ends
    }

    pub(crate) fn at(self, side: Side) -> End {
        match side {
            Side::Src => self.src,
            Side::Dst => self.dst,
        }
    }

    /// Whether the packet goes the other way than the first one.
    pub(crate) fn go_back(self) -> bool {
        self.src.port != Part::Sender
    }
}

/// Whether both are one and the same address.
fn is_one(a: &AddrSet, b: &AddrSet) -> bool {
    a == b && a.v4.count() + a.v6.count() == 1
}

fn is_one_port(a: &PortSet, b: &PortSet) -> bool {
    a == b && a.count() == 1
}
