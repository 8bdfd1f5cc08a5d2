//! What a rule that asks for the process behind a port means for the process that is expected there: the one answer of every
//! question that is put to the engine.
//!
//! Packets do not tell which program, service or owner sends or receives them. A required flow rests on the expected one, a
//! packet taken literally on none, and excess on any.

use super::facts::is_same;
use super::piece::Piece;
use super::tri::Tri;
use hylint_model::{Action, Clause, Condition, ConditionKind, Listener, Test};
use hylint_space::PacketBox;

/// How conditions about the process behind a port count (design: kind *local*).
#[derive(Clone, Copy, Debug)]
pub enum LocalPolicy<'a> {
    /// Literally: undecided unless the packet says who sent it.
    Literal {
        /// Sender's user id.
        uid: Option<u32>,
        /// Sender's group id.
        gid: Option<u32>,
        /// Sender's hardware address.
        mac: Option<&'a str>,
        /// The packet mark at the start.
        mark: u32,
    },
    /// For a required flow: an allow that names its ports carries it under an assumption, unless its program is known to be
    /// another one than this.
    Required(Listener<'a>),
    /// For excess: whatever process is asked for is there, and nothing is known to keep packets out that may not.
    Holds,
}

/// Whether a clause names what a required flow needs to rest on a local condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carry {
    /// Protocol and a finite set of ports on the service's side.
    Finite,
    /// Any protocol, any port, or a protocol without ports.
    PortLess,
}

impl LocalPolicy<'_> {
    /// The packet mark that a query starts with.
    pub(super) fn mark(&self) -> u32 {
        match self {
            Self::Literal { mark, .. } => *mark,
            _ => 0,
        }
    }

    /// Whether a packet is taken as it is given.
    pub(super) fn is_literal(&self) -> bool {
        matches!(self, Self::Literal { .. })
    }

    /// Whether the packet itself says that a test holds.
    pub(super) fn said(&self, test: &Test) -> Option<bool> {
        let Self::Literal { uid, gid, mac, .. } = self else {
            return None;
        };
        match test {
            Test::Uid(set) => uid.map(|u| set.contains(u)),
            Test::Gid(set) => gid.map(|g| set.contains(g)),
            Test::Mac(wanted) => mac.map(|m| m.eq_ignore_ascii_case(wanted)),
            _ => None,
        }
    }
}

impl Carry {
    /// Judges a clause.
    #[must_use]
    pub fn of(space: &PacketBox) -> Self {
        let whole = space.dport.is_full() || space.dport.count() >= 65_535;
        if space.proto.is_full() || whole {
            Self::PortLess
        } else {
            Self::Finite
        }
    }
}

/// Decides a condition that packets do not, for who asks; `None` if it stays open. `fact` is what the way of the packets so
/// far says of it.
pub(super) fn decide(
    policy: &LocalPolicy<'_>,
    action: &Action,
    clause: &Clause,
    cond: &Condition,
    piece: &Piece<'_>,
    fact: impl Fn() -> Option<bool>,
) -> Option<Tri> {
    let finite = Carry::of(&clause.space) == Carry::Finite;
    match policy {
        LocalPolicy::Holds => opens(action, cond, finite, fact),
        // As for a required flow: what names its ports counts as it is written.
        LocalPolicy::Literal { .. } => {
            (cond.test == Test::Unprinted && finite).then_some(Tri::Assumed)
        }
        LocalPolicy::Required(_) if cond.kind != ConditionKind::Local => None,
        LocalPolicy::Required(listener) => match action {
            Action::Allow | Action::Bypass => Some(if finite && !stopped_before(piece, clause) {
                carries(listener, clause, cond, fact)
            } else {
                Tri::False
            }),
            _ => stops(listener, clause, cond, finite),
        },
    }
}

/// What a condition means for excess: who may listen is taken to listen, unless the way of the packets contradicts it. Any
/// other rule may act or not, and the packets go both ways: a deny that may not apply hides nothing behind it, nor does an
/// allow for somebody. Of a block that names its ports and does not print its program, an export says as much as it can.
fn opens(
    action: &Action,
    cond: &Condition,
    finite: bool,
    fact: impl Fn() -> Option<bool>,
) -> Option<Tri> {
    let local = cond.kind == ConditionKind::Local;
    match action {
        Action::Allow | Action::Bypass if local && fact() == Some(false) => Some(Tri::False),
        Action::Allow | Action::Bypass if local => Some(Tri::Assumed),
        _ => (cond.test == Test::Unprinted && finite).then_some(Tri::Assumed),
    }
}

/// Whether a clause that the packets passed over would have come first for whatever process this one means: it asked nothing
/// else.
fn stopped_before(piece: &Piece<'_>, clause: &Clause) -> bool {
    let asks = |c: &&Condition| clause.conditions.iter().any(|own| is_same(own, c));
    piece.passed.iter().any(|p| p.iter().all(asks))
}

/// Whether an allow of named ports carries a required flow: its program is the expected one or not known to be another.
fn carries(
    listener: &Listener<'_>,
    clause: &Clause,
    cond: &Condition,
    fact: impl Fn() -> Option<bool>,
) -> Tri {
    // One process listens: where another rule was passed because it is not this one, it is not this one here.
    if fact() == Some(false) {
        return Tri::False;
    }
    match cond.test {
        Test::Program(_) | Test::Service(_) if listener.is_asked_for(clause) == Some(false) => {
            Tri::False
        }
        // Whatever the system put there, it is not the required service.
        Test::SystemPort => Tri::False,
        _ => Tri::Assumed,
    }
}

/// Whether a rule that is no allow meets a required flow: its program is the expected one.
fn stops(listener: &Listener<'_>, clause: &Clause, cond: &Condition, finite: bool) -> Option<Tri> {
    match cond.test {
        Test::Uid(_) | Test::Gid(_) | Test::Opaque => None,
        Test::Program(_) | Test::Service(_) if finite => {
            let expected = listener.is_asked_for(clause)?;
            Some(if expected { Tri::Assumed } else { Tri::False })
        }
        Test::Program(_) | Test::Service(_) => Some(Tri::PassedOver),
        _ if !finite => Some(Tri::False),
        Test::SystemPort => None,
        _ => Some(Tri::Assumed),
    }
}
