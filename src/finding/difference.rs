//! What a change of firewall exports does: what every report of `diff` renders and none computes.

use crate::finding::outcome::{Evidence, ExportInfo, MatrixInfo, SiteInfo, Status};
use crate::finding::{Finding, Place, Severity};
use hylint_model::Direction;
use std::sync::Arc;

/// A change, from one state of a site to another.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// RFC 3339, UTC.
    pub evaluated_at: String,
    /// The state before.
    pub old: State,
    /// The state behind.
    pub new: State,
    /// Hosts and other firewalls that only one side has.
    pub hosts: Hosts,
    /// Changes of what decides whether a change passes, in the order of hylint.toml.
    pub policy: Vec<PolicyChange>,
    /// Requirements whose status is another one, in row order.
    pub requirements: Vec<RequirementChange>,
    /// Findings that only one side has.
    pub findings: Findings,
    /// Packets that are decided otherwise: those that open first, then by host, point and direction.
    pub packets: Vec<PacketChange>,
    /// What the change is held against.
    pub envelope: Envelope,
    /// Lowest severity of a new finding that fails: the option's, else that of the old site.
    pub fail_on: Severity,
    /// What "no change in effect" does not mean.
    pub limits: Vec<String>,
}

/// One side of a comparison.
#[derive(Clone, PartialEq, Debug)]
pub struct State {
    /// As it was given: a path, or a revision of git.
    pub name: String,
    /// Its site file.
    pub site: SiteInfo,
    /// Its matrix.
    pub matrix: MatrixInfo,
    /// In path order.
    pub exports: Vec<ExportInfo>,
    /// The path that the old side has for each of them, in their order: equal paths are one file before and behind.
    pub known_as: Vec<Arc<str>>,
}

/// Hosts and other firewalls that only one side has, by name, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hosts {
    /// The new side's.
    pub added: Vec<String>,
    /// The old side's.
    pub removed: Vec<String>,
}

/// A change of hylint.toml, of the matrix, or of what else decides whether a change passes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyChange {
    /// The key or table, as hylint.toml has it: `[[allow]]`, `check.fail-on`, `lints.any-any`, `matrix`.
    pub key: String,
    /// What the old side has; none: nothing.
    pub old: Option<String>,
    /// What the new side has; none: nothing.
    pub new: Option<String>,
    /// It lets more pass than before.
    pub loosened: bool,
    /// One sentence for people.
    pub message: String,
    /// Where it stands, on the new side if it is there.
    pub place: Option<Place>,
}

/// A requirement whose status is another one.
#[derive(Clone, PartialEq, Debug)]
pub struct RequirementChange {
    /// Id.
    pub id: String,
    /// Row of the vendor's table.
    pub row: u32,
    /// Before; none: the old matrix does not have it.
    pub old: Option<Status>,
    /// Behind; none: the new matrix does not have it.
    pub new: Option<Status>,
    /// Less is proven than before.
    pub worse: bool,
    /// What it is for, for people.
    pub purpose: String,
    /// What breaks when it is closed, for people.
    pub impact: String,
}

/// Findings that only one side has, in the order of a report.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Findings {
    /// The new side's.
    pub new: Vec<Finding>,
    /// The old side's.
    pub gone: Vec<Finding>,
}

/// What a change may open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Envelope {
    /// What the old site requires, implies and allows.
    #[default]
    Old,
    /// The same of the new site, for the old side has none.
    New,
    /// Nothing: neither side has roles or `[[allow]]`.
    None,
}

/// What a packet change is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChangeKind {
    /// Blocked before, allowed behind.
    Opened,
    /// Another verdict that rests on a condition, before or behind.
    Conditional,
    /// The same verdict, and translated to somewhere else.
    Redirected,
    /// Allowed before, blocked behind.
    Closed,
}

impl ChangeKind {
    /// Each kind, in the order of reports.
    pub const EACH: [Self; 4] = [
        Self::Opened,
        Self::Conditional,
        Self::Redirected,
        Self::Closed,
    ];

    /// The name in outputs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Conditional => "conditional",
            Self::Redirected => "redirected",
            Self::Closed => "closed",
        }
    }
}

/// Whether packets pass.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PacketVerdict {
    /// They pass, whatever is open.
    Allow,
    /// They do not, whatever is open.
    Deny,
    /// It depends.
    Conditional,
}

impl PacketVerdict {
    /// The name in outputs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Conditional => "conditional",
        }
    }
}

/// Interfaces that packets of a box may have.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Interfaces {
    /// Any.
    #[default]
    Any,
    /// These; `eth+` stands for all that begin so.
    Named(Vec<String>),
    /// Any but these.
    Not(Vec<String>),
}

/// A box of packets of one family that are decided otherwise than before.
#[derive(Clone, PartialEq, Debug)]
pub struct PacketChange {
    /// The host, where one is known.
    pub host: Option<String>,
    /// The point whose rules decide otherwise.
    pub point: String,
    /// The way of the packets.
    pub direction: Direction,
    /// What changes.
    pub change: ChangeKind,
    /// The packets are proven to be in the envelope; false for what closes.
    pub within: bool,
    /// Source addresses, CIDR or `a-b`; empty: any.
    pub src: Vec<String>,
    /// Destination addresses before any translation; empty: any, or the host's own, whichever they are.
    pub dst: Vec<String>,
    /// Protocols: lower-case names, else numbers; empty: any.
    pub proto: Vec<String>,
    /// Source ports, or ICMP types; empty: any, or the protocol has none.
    pub sport: Vec<String>,
    /// Destination ports, or ICMP codes; empty: any, or the protocol has none.
    pub dport: Vec<String>,
    /// Interfaces that they come in by.
    pub in_iface: Interfaces,
    /// Interfaces that they leave by.
    pub out_iface: Interfaces,
    /// TCP flags of the packet that is decided otherwise: `SYN` of a first one; none where the protocols have none.
    pub flags: Option<String>,
    /// The state in which it is decided: `NEW`, else what conntrack gives a first packet of these protocols; `ESTABLISHED`
    /// where the first packets are decided as before and later ones of their conversation are not. None: several.
    pub state: Option<String>,
    /// What the verdicts depend on, where one is conditional.
    pub conditions: Vec<String>,
    /// Before.
    pub old: Decision,
    /// Behind.
    pub new: Decision,
}

/// What one side does with the packets of a box.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// Whether they pass.
    pub verdict: PacketVerdict,
    /// What decides; of a conditional verdict, the first that does under a condition. Its place has the line. `rule` is
    /// empty for a policy or a default.
    pub evidence: Evidence,
    /// Where they are translated to, `10.0.0.5:8443`.
    pub translated: Option<String>,
}

/// Counts of a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DifferenceCounts {
    /// Boxes that open.
    pub opened: usize,
    /// Boxes that close.
    pub closed: usize,
    /// Boxes that depend on conditions.
    pub conditional: usize,
    /// Boxes that are translated otherwise.
    pub redirected: usize,
    /// Requirements with a worse status.
    pub worse: usize,
    /// Requirements with a better one.
    pub better: usize,
}

/// Why a change does not pass, in the order of reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// So many requirements have a worse status.
    Worse(usize),
    /// So many new findings at or above the threshold.
    NewFindings(usize),
    /// So many boxes open outside the envelope.
    Outside(usize),
    /// So many boxes depend on conditions or are translated otherwise, and are not proven to be inside.
    NotProven(usize),
    /// So many changes of the policy let more pass.
    Loosened(usize),
}

impl Difference {
    /// Whether nothing changes in effect: no packet, and no host.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.packets.is_empty() && self.hosts.added.is_empty() && self.hosts.removed.is_empty()
    }

    /// Whether all that opens, or may, is inside the envelope.
    #[must_use]
    pub fn within(&self) -> bool {
        self.envelope != Envelope::None && self.packets.iter().all(|p| p.within || !p.opens())
    }

    /// Counts.
    #[must_use]
    pub fn counts(&self) -> DifferenceCounts {
        let of = |k: ChangeKind| self.packets.iter().filter(|p| p.change == k).count();
        let worse = self.requirements.iter().filter(|r| r.worse).count();
        DifferenceCounts {
            opened: of(ChangeKind::Opened),
            closed: of(ChangeKind::Closed),
            conditional: of(ChangeKind::Conditional),
            redirected: of(ChangeKind::Redirected),
            worse,
            better: self.requirements.iter().filter(|r| r.better()).count(),
        }
    }

    /// New findings that fail.
    pub fn failing(&self) -> impl Iterator<Item = &Finding> {
        let grave = |f: &&Finding| f.is_active() && f.severity >= self.fail_on;
        self.findings.new.iter().filter(grave)
    }

    /// Why it does not pass; empty if it does.
    #[must_use]
    pub fn obstacles(&self) -> Vec<Obstacle> {
        let outside = |kinds: &[ChangeKind]| {
            let all = self.packets.iter().filter(|p| !p.within);
            all.filter(|p| kinds.contains(&p.change)).count()
        };
        let all = [
            Obstacle::Worse(self.counts().worse),
            Obstacle::NewFindings(self.failing().count()),
            Obstacle::Outside(outside(&[ChangeKind::Opened])),
            Obstacle::NotProven(outside(&[ChangeKind::Conditional, ChangeKind::Redirected])),
            Obstacle::Loosened(self.policy.iter().filter(|p| p.loosened).count()),
        ];
        all.into_iter().filter(|o| o.count() > 0).collect()
    }

    /// Whether both sides have a firewall to compare.
    #[must_use]
    pub fn compared(&self) -> bool {
        let read = |s: &State| s.exports.iter().any(|e| e.points > 0);
        read(&self.old) && read(&self.new)
    }
}

impl Obstacle {
    /// How many.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Worse(n)
            | Self::NewFindings(n)
            | Self::Outside(n)
            | Self::NotProven(n)
            | Self::Loosened(n) => n,
        }
    }
}

impl RequirementChange {
    /// Whether more is proven than before. What nobody judges or asks for any more, and what is waived, is not better.
    #[must_use]
    pub fn better(&self) -> bool {
        let proven = |s: Option<Status>| match s {
            Some(Status::Satisfied) => 2,
            Some(Status::Conditional) => 1,
            Some(
                Status::Violated | Status::Unverified | Status::Waived | Status::NotApplicable,
            )
            | None => 0,
        };
        // Conditions on what nobody asked for before are no gain.
        let asked = !matches!(self.old, Some(Status::NotApplicable) | None);
        let gained = asked || self.new == Some(Status::Satisfied);
        !self.worse && gained && proven(self.new) > proven(self.old)
    }
}

impl PacketChange {
    /// Whether it lets, or may let, packets pass otherwise than before.
    #[must_use]
    pub fn opens(&self) -> bool {
        self.change != ChangeKind::Closed
    }
}
