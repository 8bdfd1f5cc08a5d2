//! What is gathered before points are made of it: groups, rules that wait for their group, and companions.

use hylint_model::{Companion, PublicAddress, Rule, Span, Tag};

/// The direction of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Direction {
    /// To the guarded hosts.
    Inbound,
    /// From them.
    Outbound,
}

/// A group while the file is read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Resource id, or empty.
    pub id: Box<str>,
    /// Name, or empty.
    pub name: Box<str>,
    /// Its text.
    pub span: Span,
    /// Its name's or id's place.
    pub label: Span,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Ids of the interfaces it guards.
    pub interfaces: Vec<Box<str>>,
    /// Ids of the subnets it guards.
    pub subnets: Vec<Box<str>>,
    /// Inbound rules.
    pub ingress: Vec<Rule>,
    /// Outbound rules.
    pub egress: Vec<Rule>,
    /// For rules that stand without a group: where their list begins, or `u32::MAX` for rules that stand alone.
    pub loose: Option<u32>,
    /// The rules in effect on an interface.
    pub effective: bool,
    /// Security admin rules, which act before groups and leave to them what they do not decide.
    pub admin: bool,
}

impl Draft {
    /// Puts a rule in its list.
    pub(super) fn add(&mut self, direction: Direction, rule: Rule) {
        match direction {
            Direction::Inbound => self.ingress.push(rule),
            Direction::Outbound => self.egress.push(rule),
        }
    }

    /// The rules of a direction.
    pub(super) fn rules(&self, direction: Direction) -> &[Rule] {
        match direction {
            Direction::Inbound => &self.ingress,
            Direction::Outbound => &self.egress,
        }
    }
}

/// A rule that an ARM template declares as a resource of its own.
#[derive(Debug)]
pub(super) struct Stray {
    /// Its resource's name: `nsg/rule`, or an expression.
    pub name: Box<str>,
    /// Its direction.
    pub direction: Direction,
    /// What it says.
    pub rule: Rule,
}

/// Companions as they were found, and public addresses that wait for their interface.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// In the order of reading.
    pub companions: Vec<Companion>,
    /// Public addresses.
    pub public: Vec<PublicAddress>,
}
