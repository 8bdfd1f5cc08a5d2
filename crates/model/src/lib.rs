//! The normalized rule set: exports, points, rules. Every reader fills it, every later stage reads it.
//!
//! A **rule** is a union of [`Clause`]s; a clause is a box of packets and the conditions that must hold beside it.
//! What packets decide is in the box, exactly; what packets cannot decide is a [`Condition`]. Nothing is approximated in
//! silence: a clause without conditions matches exactly its box.

mod companion;
mod condition;
mod direction;
mod facts;
mod listed;
mod listener;
mod netfilter;
mod number;
mod point;
mod problem;
mod profiles;
mod rule;
mod security;
mod set;
mod shift;
mod span;
mod ties;

pub use companion::{
    AddressList, Companion, IpSet, IpSetEntry, ListPart, Listing, Network, NetworkInterface,
    PacketDim, Peering, PublicAddress, RouteTable, Subnet,
};
pub use condition::{AddrTypes, Condition, ConditionKind, ConnTest, Side, Test, names_group};
pub use direction::Direction;
pub use facts::{
    HostInterface, HostInterfaces, Process, Processes, Route, RouteKind, Routes, RoutingRule,
    RoutingRules, Socket, Sockets, own_addrs,
};
pub use listed::contradiction;
pub use listener::{Asked, CUT_OFF, Listener, Running, SameProgram, file_name, same_program};
pub use netfilter::{
    Backend, BaseChain, Chain, ChainId, ChainPolicy, ChainType, Hook, Hooked, NatTable, Netfilter,
    OtherRules, Outline, Table, TableFamily, priority,
};
pub use point::{
    Body, Default as DefaultVerdict, DefaultOrigin, Discipline, Families, Lists, OtherPolicy,
    Point, PointKind, RuleList, Tag, View,
};
pub use problem::{Problem, ProblemKind, Wording, reworded};
pub use profiles::{
    Active, ActiveSource, InboundPolicy, NotInForce, Overrides, ProfileSettings, Profiles, Store,
    Stores, WindowsProfiles,
};
pub use rule::{Action, Clause, Field, Hits, Nat, NatKind, Rule, RuleOrigin};
pub use security::ConnectionSecurity;
pub use set::{NamedSet, NamedSetId, PacketField, Values};
pub use span::Span;
pub use ties::ties;

/// One export file, read.
#[derive(Clone, Debug, Default)]
pub struct Export {
    /// The format's id, as in `FormatSpec::id` of the readers.
    pub format: &'static str,
    /// The firewalls in it, in file order.
    pub points: Vec<Point>,
    /// What the file says beside rules: profiles, sets, interfaces, subnets, lists. Joined by the linker.
    pub companions: Vec<Companion>,
    /// Everything that was not taken as written, in file order.
    pub problems: Vec<Problem>,
    /// `# hylint: key=value …` comments of the file, in file order: the text after `hylint:` and its place.
    pub annotations: Vec<(String, Span)>,
    /// Rules that the file holds, counted while splitting the file and before any rule is understood
    /// (an AWS permission counts one for each address entry).
    pub rules_in_file: usize,
    /// When the export says it was made, as it says it.
    pub exported_at: Option<(String, Span)>,
    /// The host that the file itself names, if it does.
    pub host_name: Option<(String, Span)>,
    /// That name is of a machine that a command asked (`ssh`): a prompt may show another name than the one it is known by.
    pub host_asked: bool,
}

impl Export {
    /// Rules of all points.
    #[must_use]
    pub fn rules_in_model(&self) -> usize {
        self.points.iter().map(Point::rule_count).sum()
    }

    /// Rules of the file that are in no point and that no problem names as dropped: always 0, and checked.
    #[must_use]
    pub fn lost(&self) -> usize {
        let named = self.problems.iter().filter(|p| p.dropped).count();
        self.rules_in_file
            .saturating_sub(self.rules_in_model() + named)
    }

    /// Records a problem.
    pub fn problem(&mut self, kind: ProblemKind, span: Span, message: impl Into<Wording>) {
        self.problems.push(Problem::new(kind, span, message));
    }
}
