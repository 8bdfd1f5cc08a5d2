//! What a rule that asks for the process behind a port means for the process that is expected there: the one answer of every
//! question that is put to the engine.
//!
//! Packets do not tell which program, service or owner sends or receives them. A required flow rests on the expected one, a
//! packet taken literally on none, and excess on any.

use super::facts::is_same;
use super::piece::Piece;
use super::tri::Tri;
use hylint_model::{
    Action, Asked, Clause, Condition, ConditionKind, Listener, SameProgram, Test, same_program,
};
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
    /// For a required flow: an allow that names its ports, or this process, carries it under an assumption, unless its program
    /// is known to be another one; a block of any port stops it where the program is or may be this one.
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

/// What is known of the process behind the port of a packet that is taken literally.
#[derive(Clone, Copy, Debug, Default)]
pub enum Process<'a> {
    /// Nothing.
    #[default]
    Unknown,
    /// The caller names it.
    Named {
        /// The program: a path, or a file name.
        program: Option<&'a str>,
        /// The short name of the Windows service.
        service: Option<&'a str>,
    },
    /// It is the one that a required flow expects.
    Expected(Listener<'a>),
}

impl Process<'_> {
    /// Whether the process that the caller names is the one that a test asks for.
    fn said(&self, test: &Test) -> Option<bool> {
        let Self::Named { program, service } = self else {
            return None;
        };
        match test {
            Test::Program(wanted) => program.and_then(|p| is_program(p, wanted)),
            Test::Service(wanted) if &**wanted == "*" => service.map(|s| !s.is_empty()),
            Test::Service(wanted) => service.map(|s| s.to_lowercase() == wanted.to_lowercase()),
            _ => None,
        }
    }
}

/// Whether a program, given by its path or its file name, is the one that a rule names; `None` where two paths to files of
/// one name cannot be compared.
fn is_program(given: &str, wanted: &str) -> Option<bool> {
    match same_program(given, wanted) {
        SameProgram::Yes | SameProgram::Name => Some(true),
        SameProgram::No => Some(false),
        SameProgram::Open => None,
    }
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
    process: &Process<'_>,
    asks: &Asks<'_, '_>,
    cond: &Condition,
    fact: impl Fn() -> Option<bool>,
) -> Option<Tri> {
    match cond.test {
        // Who may have written a rule is no matter of the process.
        Test::PolicySource if !matches!(policy, LocalPolicy::Holds) => return None,
        // Servers are wired. What holds for other interfaces alone is no way in, and may still be a block.
        Test::InterfaceTypes { wired } if !matches!(policy, LocalPolicy::Holds) => {
            return interface_types(asks.action, wired);
        }
        _ => {}
    }
    let about_process = matches!(
        cond.test,
        Test::Program(_) | Test::Service(_) | Test::Package { named: true }
    );
    match policy {
        LocalPolicy::Holds => opens(asks, cond, fact),
        LocalPolicy::Literal { .. } => match process {
            Process::Expected(listener) if about_process => asks.required(listener, cond, fact),
            // As for a required flow: what names its ports counts as it is written.
            _ if cond.test == Test::Unprinted => asks.finite().then_some(Tri::Assumed),
            _ => process.said(&cond.test).map(|t| Tri::of(t != cond.negated)),
        },
        LocalPolicy::Required(_) if cond.kind != ConditionKind::Local => None,
        LocalPolicy::Required(listener) => asks.required(listener, cond, fact),
    }
}

/// What a condition means for excess: who may listen is taken to listen, unless the way of the packets contradicts it. Any
/// other rule may act or not, and the packets go both ways: a deny that may not apply hides nothing behind it, nor does an
/// allow for somebody. Of a block that names its ports and does not print its program, an export says as much as it can.
fn opens(asks: &Asks<'_, '_>, cond: &Condition, fact: impl Fn() -> Option<bool>) -> Option<Tri> {
    let local = cond.kind == ConditionKind::Local;
    match asks.action {
        Action::Allow | Action::Bypass if local && fact() == Some(false) => Some(Tri::False),
        Action::Allow | Action::Bypass if local => Some(Tri::Assumed),
        _ => (cond.test == Test::Unprinted && asks.finite()).then_some(Tri::Assumed),
    }
}

fn interface_types(action: &Action, wired: bool) -> Option<Tri> {
    match (wired, action) {
        (true, _) => Some(Tri::Assumed),
        (false, Action::Allow | Action::Bypass) => Some(Tri::False),
        (false, _) => None,
    }
}

/// A clause that is asked about some packets.
pub(super) struct Asks<'q, 'a> {
    /// What comes of it.
    pub(super) action: &'q Action,
    /// The clause.
    pub(super) clause: &'q Clause,
    /// The packets.
    pub(super) piece: &'q Piece<'a>,
}

impl Asks<'_, '_> {
    fn finite(&self) -> bool {
        Carry::of(&self.clause.space) == Carry::Finite
    }

    /// For a required flow.
    fn required(
        &self,
        listener: &Listener<'_>,
        cond: &Condition,
        fact: impl Fn() -> Option<bool>,
    ) -> Option<Tri> {
        match self.action {
            Action::Allow | Action::Bypass if self.stopped_before() => Some(Tri::False),
            // A rule that is only half understood is no known allow, and no known silence.
            Action::Allow | Action::Bypass
                if cond.test == Test::Unprinted && !self.finite() && self.is_unread() =>
            {
                None
            }
            Action::Allow | Action::Bypass => Some(self.carries(listener, cond, fact)),
            _ => self.stops(listener, cond),
        }
    }

    /// Whether a clause that the packets passed over would have come first for whatever process this one means: it asked
    /// nothing else.
    fn stopped_before(&self) -> bool {
        let asks = |c: &&Condition| self.clause.conditions.iter().any(|own| is_same(own, c));
        self.piece.passed.iter().any(|p| p.iter().all(asks))
    }

    /// Whether a field of the rule was not understood: it may name ports.
    fn is_unread(&self) -> bool {
        let mut all = self.clause.conditions.iter();
        all.any(|c| c.kind == ConditionKind::Unknown)
    }

    /// Whether an allow carries a required flow: it is for the expected process, or it names its ports and its program is not
    /// known to be another one.
    fn carries(
        &self,
        listener: &Listener<'_>,
        cond: &Condition,
        fact: impl Fn() -> Option<bool>,
    ) -> Tri {
        let asked = listener.asked(self.clause);
        let names = matches!(cond.test, Test::Program(_) | Test::Service(_));
        if asked == Some(Asked::NotShown) && names {
            return Tri::False;
        }
        let shown = asked == Some(Asked::Shown);
        let likely = matches!(asked, Some(Asked::Listener | Asked::Named));
        if !self.finite() && !likely && !shown {
            return Tri::False;
        }
        if names && shown {
            return Tri::True;
        }
        // One process listens: where another rule was passed because it is not this one, it is not this one here.
        if fact() == Some(false) {
            return Tri::False;
        }
        match cond.test {
            Test::Program(_) | Test::Service(_)
                if asked == Some(Asked::Other) && !listener.names.is_empty() =>
            {
                Tri::False
            }
            // Whatever the system put there, it is not the required service; no server is an app.
            Test::SystemPort | Test::Package { named: true } => Tri::False,
            _ => Tri::Assumed,
        }
    }

    /// Whether a rule that is no allow meets a required flow: its program is the expected one.
    fn stops(&self, listener: &Listener<'_>, cond: &Condition) -> Option<Tri> {
        let asked = listener.asked(self.clause);
        match cond.test {
            Test::Uid(_) | Test::Gid(_) | Test::Opaque => None,
            Test::Program(_) | Test::Service(_) => match asked {
                Some(Asked::Listener) => Some(Tri::Assumed),
                Some(Asked::Other) if listener.names.is_empty() => Some(Tri::PassedOver),
                Some(Asked::Other | Asked::NotShown) => Some(Tri::False),
                Some(Asked::Shown) => Some(Tri::True),
                Some(Asked::MayBe | Asked::Named) | None => None,
            },
            Test::Package { named: true } => Some(Tri::False),
            // What the block names is the process; what else narrows it is not known.
            Test::Unprinted | Test::Package { .. } if !self.finite() && asked.is_some() => None,
            Test::Unprinted if !self.finite() && self.is_unread() => None,
            _ if !self.finite() => Some(Tri::False),
            Test::SystemPort => None,
            _ => Some(Tri::Assumed),
        }
    }
}
