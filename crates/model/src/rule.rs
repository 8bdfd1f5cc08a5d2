//! One rule.

use super::condition::Condition;
use super::profiles::Profiles;
use crate::Span;
use hylint_space::{AddrSet, PacketBox, PortSet};
use smallvec::SmallVec;
use thin_vec::ThinVec;

/// A part of a rule's text that a finding may point at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Field {
    /// The rule's name or id.
    Name,
    /// Free text about it.
    Description,
    /// Whether it acts.
    Enabled,
    /// In or out.
    Direction,
    /// Windows profiles.
    Profiles,
    /// Windows rule group.
    Group,
    /// Source addresses.
    Source,
    /// Destination addresses.
    Destination,
    /// Protocol.
    Protocol,
    /// Source ports.
    SourcePort,
    /// Destination ports.
    DestinationPort,
    /// ICMP type and code.
    Icmp,
    /// TCP flags.
    Flags,
    /// Connection state.
    State,
    /// Incoming interface.
    InInterface,
    /// Outgoing interface.
    OutInterface,
    /// What it does: action, target.
    Action,
    /// Priority or rule number.
    Priority,
    /// Program.
    Program,
    /// Service.
    Service,
    /// Where the rule comes from (local, Group Policy).
    Origin,
    /// Anything else.
    Other,
}

/// What the counter of a rule says: whether anything matched since it began, which a reload or a restart sets back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Hits {
    /// The export prints no counter of it.
    #[default]
    Unprinted,
    /// Nothing matched.
    None,
    /// Something matched.
    Some,
}

impl Hits {
    /// Of a counter of packets.
    #[must_use]
    pub const fn of(packets: u64) -> Self {
        match packets {
            0 => Self::None,
            _ => Self::Some,
        }
    }
}

/// What happens to a packet that matches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// It passes this point (or this hook).
    Allow,
    /// It does not (DROP, REJECT, Block, Deny).
    Deny,
    /// Windows: it passes before block rules are asked; always rests on IPsec.
    Bypass,
    /// Go on in the chain with this index in the same table, and come back.
    Jump(u32),
    /// Go on in the chain with this index in the same table; its end returns to the caller of the present chain.
    Goto(u32),
    /// Back to the calling chain, or to the policy.
    Return,
    /// Nothing that changes the verdict (LOG, NFLOG, TCPMSS, a rule without target …).
    Continue,
    /// `mark = (mark & !mask) ^ value`, then go on.
    SetMark {
        /// Bits that are XORed in.
        value: u32,
        /// Bits that are cleared first.
        mask: u32,
    },
    /// The same for the connection mark.
    SetConnMark {
        /// Bits that are XORed in.
        value: u32,
        /// Bits that are cleared first.
        mask: u32,
    },
    /// `mark = (mark & !nfmask) ^ (connection mark & ctmask)`, then go on.
    RestoreMark {
        /// Bits of the packet mark that are cleared first.
        nfmask: u32,
        /// Bits of the connection mark that are XORed in.
        ctmask: u32,
    },
    /// `connection mark = (connection mark & !ctmask) ^ (mark & nfmask)`, then go on.
    SaveMark {
        /// Bits of the packet mark that are XORed in.
        nfmask: u32,
        /// Bits of the connection mark that are cleared first.
        ctmask: u32,
    },
    /// The packet's mark, or the connection's, becomes one that is not known; go on.
    LoseMark {
        /// The connection's.
        connection: bool,
    },
    /// The packet's connection is not tracked, unless [`Action::Track`] came first; go on.
    Notrack,
    /// The packet's connection will be tracked with settings of its own (a zone, a helper); go on. Of a packet that has
    /// either, no further rule says otherwise (Linux net/netfilter/xt_CT.c).
    Track,
    /// Address translation; ends the table's traversal.
    Nat(Box<Nat>),
    /// The packet is handed to something whose verdict is not in the export (NFQUEUE, SYNPROXY, TPROXY, an unknown
    /// target): the flow is conditional. The text names it.
    Opaque(Box<str>),
    /// A verdict map: what matches a clause gets the action with the clause's number. Of clauses that overlap the first
    /// one decides. INVARIANT: as many actions as the rule has clauses, and none of them is a map.
    Map(Box<[Action]>),
}

/// The kind of a translation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NatKind {
    /// New destination.
    Dnat,
    /// New destination: the machine itself.
    Redirect,
    /// New source.
    Snat,
    /// New source: the outgoing interface's address.
    Masquerade,
    /// One network onto another, host bits kept.
    Netmap,
}

/// A translation's target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nat {
    /// What is translated.
    pub kind: NatKind,
    /// New addresses; `None` keeps or derives them.
    pub addrs: Option<AddrSet>,
    /// New ports; `None` keeps them.
    pub ports: Option<PortSet>,
}

/// Who wrote a rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum RuleOrigin {
    /// The export does not say.
    #[default]
    Unsaid,
    /// The host's own configuration.
    Local,
    /// Group Policy.
    GroupPolicy,
    /// The platform itself (default rules of an NSG).
    Platform,
}

/// One alternative of a rule: packets of the box for which every condition holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Clause {
    /// What packets decide.
    pub space: PacketBox,
    /// What they do not; all must hold.
    pub conditions: ThinVec<Condition>,
}

/// One rule. It matches a packet if any of its clauses does.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// Name, as people know it: the netsh name, the NSG rule's name, an AWS rule id, else empty.
    pub name: Box<str>,
    /// The rule's whole text.
    pub span: Span,
    /// Places of its fields; a field may occur more than once (several ranges).
    pub fields: ThinVec<(Field, Span)>,
    /// False if the export says that the rule does not act.
    pub enabled: bool,
    /// What it does.
    pub action: Action,
    /// What it matches; no clause means that it matches nothing.
    pub clauses: SmallVec<[Clause; 1]>,
    /// Priority (Azure) or rule number (AWS NACL); lower acts first. `None` elsewhere.
    pub priority: Option<u32>,
    /// Windows profiles in which it acts.
    pub profiles: Profiles,
    /// Who wrote it.
    pub origin: RuleOrigin,
    /// Windows group, or empty.
    pub group: Box<str>,
    /// Comment or description, or empty.
    pub comment: Box<str>,
    /// Whether it has matched since its counter began.
    pub hits: Hits,
}

impl Action {
    /// Each action that it may come to: those of a verdict map, else itself.
    #[must_use]
    #[inline]
    pub fn each(&self) -> &[Self] {
        match self {
            Self::Map(actions) => actions,
            one => std::slice::from_ref(one),
        }
    }

    /// The texts of what it hands packets to whose verdict is not in the export.
    pub fn opaque(&self) -> impl Iterator<Item = &str> {
        self.each().iter().filter_map(|a| match a {
            Self::Opaque(text) => Some(&**text),
            _ => None,
        })
    }

    /// The chains that it goes to, by their indexes in the table.
    #[inline]
    pub fn called(&self) -> impl Iterator<Item = usize> {
        self.each().iter().filter_map(|a| match a {
            Self::Jump(to) | Self::Goto(to) => Some(*to as usize),
            _ => None,
        })
    }
}

impl Rule {
    /// An enabled rule for every packet.
    #[must_use]
    pub fn new(span: Span, action: Action) -> Self {
        Self {
            name: "".into(),
            span,
            fields: ThinVec::new(),
            enabled: true,
            action,
            clauses: SmallVec::from_elem(Clause::default(), 1),
            priority: None,
            profiles: Profiles::ALL,
            origin: RuleOrigin::Unsaid,
            group: "".into(),
            comment: "".into(),
            hits: Hits::Unprinted,
        }
    }

    /// Whether the rule acts in some configuration of its point. Whether it acts in a given one, its point knows:
    /// [`Point::in_force`](crate::Point::in_force).
    #[must_use]
    pub const fn may_be_in_force(&self) -> bool {
        self.enabled
    }

    /// What orders the rules of a list that act by priority; equal ones act in file order, those without one last.
    #[must_use]
    pub fn turn(&self) -> u32 {
        self.priority.unwrap_or(u32::MAX)
    }

    /// The first place of a field, else the rule's own.
    #[must_use]
    pub fn place(&self, field: Field) -> Span {
        self.field(field).unwrap_or(self.span)
    }

    /// The first place of a field.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<Span> {
        self.fields
            .iter()
            .find(|(f, _)| *f == field)
            .map(|(_, s)| *s)
    }

    /// The chains that packets go to which it matches, by their indexes in the table; a disabled rule calls none.
    #[inline]
    pub fn called(&self) -> impl Iterator<Item = usize> {
        self.action.called().filter(|_| self.enabled)
    }

    /// Whether it does to some packets what `does` says.
    #[inline]
    pub fn does(&self, does: impl FnMut(&Action) -> bool) -> bool {
        self.action.each().iter().any(does)
    }

    /// The clauses with what happens to their packets: all of them together, or each clause of a verdict map by itself. The
    /// first part that matches a packet decides.
    #[inline]
    pub fn parts(&self) -> impl Iterator<Item = (&[Clause], &Action)> {
        let parts = match &self.action {
            Action::Map(_) => self.clauses.chunks(1),
            _ => self.clauses.chunks(self.clauses.len().max(1)),
        };
        parts.zip(self.action.each())
    }

    /// The clauses to whose packets it does what `does` says.
    #[inline]
    pub fn clauses_that(&self, does: impl Fn(&Action) -> bool) -> impl Iterator<Item = &Clause> {
        let (all, map): (&[Clause], &[Action]) = match &self.action {
            Action::Map(actions) => (&[], actions),
            one if does(one) => (&self.clauses, &[]),
            _ => (&[], &[]),
        };
        let of_map = self.clauses.iter().zip(map).filter(move |(_, a)| does(a));
        all.iter().chain(of_map.map(|(clause, _)| clause))
    }

    /// Every condition of every clause.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.clauses.iter().flat_map(|c| &c.conditions)
    }
}

// A fleet's rules are made and moved by the million: what most of them lack is kept out of their size.
const _: () = assert!(size_of::<Rule>() <= 256 && size_of::<PacketBox>() <= 128);
