//! What is known of the point that a rule stands at, and what the rule asks beside the packet.

use crate::finding::Severity;
use hylint_engine::Carry;
use hylint_model::{Clause, Condition, ConditionKind, Rule, Side, Test, names_group};
use hylint_space::{AddrSet, class};
use std::collections::BTreeMap;

/// What kind of point is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    /// A cloud point or a forwarding firewall: it stands in front of hosts.
    pub(super) in_front: bool,
    /// The Internet gets here: the point stands in front of hosts, or the host has a public address.
    pub(super) facing: bool,
    /// Names that stand for addresses.
    pub(super) resolve: &'a BTreeMap<String, AddrSet>,
    /// Addresses of which it is not known whether such a name holds them.
    pub(super) open: Option<&'a BTreeMap<String, AddrSet>>,
    /// Whether it is known what the hosts are for.
    pub(super) roles_known: bool,
    /// Whether there is a hylint.toml.
    pub(super) configured: bool,
}

impl Scene<'_> {
    /// Whether something that nobody exported may stand in front of the hosts: no hylint.toml says what does.
    pub(super) fn is_shielded(&self) -> bool {
        !self.configured && !self.facing
    }

    /// Whether it depends on what the exports do not say whom a name lets in: it stands for no addresses, is a group of sources
    /// that may have members which no file lists, or may hold public addresses beside a few that it surely holds.
    pub(super) fn is_open(&self, key: &str, side: Side) -> bool {
        let public = class::public();
        let Some(sure) = self.resolve.get(key) else {
            return true;
        };
        let wide = sure.v4.intersect(&public.v4).count() >= 1 << 30;
        let open = self.open.and_then(|o| o.get(key));
        let may_hold = |o: &AddrSet| match (names_group(key), side) {
            (true, Side::Src) => !o.is_empty(),
            // The hosts that are listed as members are open whoever else is one.
            (true, Side::Dst) => sure.is_empty() && !o.is_empty(),
            (false, _) => !wide && o.intersects(public),
        };
        open.is_some_and(may_hold)
    }
}

/// Whether the rule only lets authenticated peers in.
pub(super) fn needs_ipsec(rule: &Rule) -> bool {
    !rule.clauses.is_empty()
        && rule.clauses.iter().all(|c| {
            c.conditions
                .iter()
                .any(|c| matches!(c.test, Test::IpSec) && !c.negated)
        })
}

/// Whether a rule names its sources, whatever the name stands for.
pub(super) fn names_sources(rule: &Rule) -> bool {
    let named = |t: &Test| matches!(t, Test::Named { side, .. } if *side == Side::Src);
    rule.conditions().any(|c| named(&c.test))
}

/// Whether the rule is bound to an app package that the export does not print.
pub(super) fn is_app_package(rule: &Rule) -> bool {
    rule.conditions()
        .any(|c| matches!(c.test, Test::Package { .. }))
}

/// Why it is not known what a rule for any port opens.
#[derive(Clone, Copy)]
pub(super) enum PortLess {
    /// The export does not print whether a program narrows it.
    Unsaid,
    /// A program or service does.
    Program,
}

/// Program-scoped or brief, and for any port: what it opens is not known.
pub(super) fn port_less(rule: &Rule) -> Option<PortLess> {
    let scoped = |t: &Test| matches!(t, Test::Program(_) | Test::Service(_));
    let unsaid = |t: &Test| matches!(t, Test::Unprinted | Test::Package { .. });
    let port_less = |c: &Clause| Carry::of(&c.space) == Carry::PortLess;
    if !rule.clauses.iter().all(port_less) {
        return None;
    }
    if rule.conditions().any(|c| unsaid(&c.test)) {
        return Some(PortLess::Unsaid);
    }
    let scoped = rule.conditions().any(|c| scoped(&c.test));
    scoped.then_some(PortLess::Program)
}

/// Whether what a rule opens is not known by its match alone: a program decides which ports, or conditions that nobody can
/// decide which sources.
pub(super) fn is_open_ended(rule: &Rule, scene: Scene<'_>) -> bool {
    let narrowed = lowered(rule, Severity::Error, &scene) != Severity::Error;
    narrowed || port_less(rule).is_some() || own_network(rule, &scene).is_some()
}

/// One level lower when the source may be narrower than it looks, or a match is not modelled. A name that is resolved has
/// narrowed the source already, and "not in that set" leaves nearly everyone in.
pub(super) fn lowered(rule: &Rule, severity: Severity, scene: &Scene<'_>) -> Severity {
    let open = |c: &Condition| match (&c.test, c.kind) {
        (Test::Named { key, side }, _) => !c.negated && scene.is_open(key, *side),
        (_, ConditionKind::Peer | ConditionKind::Unknown) => true,
        _ => false,
    };
    if rule.conditions().any(open) {
        severity.lower()
    } else {
        severity
    }
}

/// The machines of the own network that a rule lets in, if it lets in nobody else and their addresses are not known.
pub(super) fn own_network<'a>(rule: &'a Rule, scene: &Scene<'_>) -> Option<&'a Condition> {
    let unresolved = |c: &Condition| match &c.test {
        Test::Named { key, side } => *side == Side::Src && scene.is_open(key, *side),
        _ => false,
    };
    let mut each = rule.clauses.iter().map(|clause| {
        let mut conditions = clause.conditions.iter();
        conditions.find(|c| c.within_own_network() && unresolved(c))
    });
    let first = each.next()??;
    each.all(|c| c.is_some()).then_some(first)
}

/// The condition that names the sources of a rule, if all that it names are lists of addresses that the exports do not hold.
pub(super) fn unknown_sources<'a>(rule: &'a Rule, scene: &Scene<'_>) -> Option<&'a Condition> {
    let unknown = |c: &Condition| match &c.test {
        Test::Named {
            key,
            side: Side::Src,
        } => !c.negated && scene.is_open(key, Side::Src),
        _ => false,
    };
    let mut each = rule.clauses.iter();
    each.all(|clause| clause.conditions.iter().any(unknown))
        .then_some(())?;
    rule.conditions().find(|c| unknown(c))
}
