//! Chains that stand at one place of a hook: which of them the kernel calls first is not said anywhere.

use crate::condition::Test;
use crate::netfilter::{ChainType, Hook, Hooked, Netfilter};
use crate::rule::{Action, NatKind, Rule};
use hylint_space::{Family, PacketBox};

/// Translations of two chains that are compared with each other; of more, any packet may be one of both.
const PAIRS: usize = 1 << 22;

/// The packets for which it makes a difference which of two chains comes first that stand at one place of a hook, with the
/// hook. Chains whose order is told by their priorities have none.
#[must_use]
pub fn ties(netfilter: &Netfilter) -> Vec<(Hook, PacketBox)> {
    let mut out: Vec<(Hook, PacketBox)> = Vec::new();
    for hook in Hook::EACH {
        let bases: Vec<Hooked<'_>> = netfilter.base_chains(hook).collect();
        for (i, a) in bases.iter().enumerate() {
            let rest = bases.iter().skip(i + 1);
            for b in rest.take_while(|b| b.base.turn() == a.base.turn()) {
                if !Family::BOTH
                    .iter()
                    .any(|f| a.base.family.has(*f) && b.base.family.has(*f))
                {
                    continue;
                }
                for space in between(*a, *b) {
                    if !out.iter().any(|(h, s)| *h == hook && *s == space) {
                        out.push((hook, space));
                    }
                }
            }
        }
    }
    out
}

/// The packets of two chains that both translate, or all where one changes what the other asks for.
fn between(a: Hooked<'_>, b: Hooked<'_>) -> Vec<PacketBox> {
    let depends = |x: Hooked<'_>, y: Hooked<'_>| {
        let changes = Changed::by(x.reached());
        changes != Changed::default() && Changed::asked(y.reached()).meets(changes)
    };
    if depends(a, b) || depends(b, a) {
        return vec![PacketBox::any()];
    }
    let mut pairs = vec![(moved(a), moved(b))];
    if a.base.kind == ChainType::Nat && b.base.kind == ChainType::Nat {
        // The chain behind one that translates a packet is not asked about it (`nf_nat_inet_fn`, net/netfilter/nf_nat_core.c).
        pairs.push((translated(a), stopped(b)));
        pairs.push((stopped(a), translated(b)));
    }
    let mut out = Vec::new();
    for (x, y) in pairs {
        if x.len().saturating_mul(y.len()) > PAIRS {
            return vec![PacketBox::any()];
        }
        for s in &x {
            out.extend(y.iter().filter(|t| s.intersects(t)).map(|t| s.intersect(t)));
        }
    }
    out.retain(|s| !s.is_empty());
    out
}

/// The packets that a chain's rules translate.
fn translated(of: Hooked<'_>) -> Vec<PacketBox> {
    spaces(of, |a| matches!(a, Action::Nat(_)))
}

/// The packets that a chain may stop.
fn stopped(of: Hooked<'_>) -> Vec<PacketBox> {
    if of.chain.policy.is_some_and(|p| !p.allow) {
        return vec![PacketBox::any()];
    }
    spaces(of, |a| matches!(a, Action::Deny | Action::Opaque(_)))
}

/// The packets whose destination a chain's rules move.
fn moved(of: Hooked<'_>) -> Vec<PacketBox> {
    spaces(
        of,
        |a| matches!(a, Action::Nat(n) if !matches!(n.kind, NatKind::Snat | NatKind::Masquerade)),
    )
}

/// The packets of a chain's rules with such an action.
fn spaces(of: Hooked<'_>, fits: impl Fn(&Action) -> bool) -> Vec<PacketBox> {
    let rules = of.reached().filter(|r| r.may_be_in_force());
    let parts = rules.flat_map(Rule::parts).filter(|(_, a)| fits(a));
    parts
        .flat_map(|(clauses, _)| clauses)
        .map(|c| c.space.clone())
        .collect()
}

/// What rules change in a packet or its connection, and what others ask for.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Changed {
    mark: bool,
    connection_mark: bool,
    tracking: bool,
}

impl Changed {
    const fn meets(self, o: Self) -> bool {
        self.mark && o.mark
            || self.connection_mark && o.connection_mark
            || self.tracking && o.tracking
    }

    fn by<'r>(rules: impl Iterator<Item = &'r Rule>) -> Self {
        let mut all = Self::default();
        for action in rules
            .filter(|r| r.may_be_in_force())
            .flat_map(|r| r.action.each())
        {
            match action {
                Action::SetMark { .. } | Action::RestoreMark { .. } => all.mark = true,
                Action::SetConnMark { .. } | Action::SaveMark { .. } => all.connection_mark = true,
                Action::LoseMark { connection } => {
                    all.mark |= !connection;
                    all.connection_mark |= connection;
                }
                Action::Notrack | Action::Track => all.tracking = true,
                _ => {}
            }
        }
        all
    }

    fn asked<'r>(rules: impl Iterator<Item = &'r Rule>) -> Self {
        let mut all = Self::default();
        for rule in rules.filter(|r| r.may_be_in_force()) {
            for condition in rule.conditions() {
                match condition.test {
                    Test::Mark { .. } => all.mark = true,
                    Test::ConnMark { .. } => all.connection_mark = true,
                    Test::Connection(_) => all.tracking = true,
                    _ => {}
                }
            }
            let any = PacketBox::any().state;
            all.tracking |= rule.clauses.iter().any(|c| c.space.state != any);
            for action in rule.action.each() {
                match action {
                    Action::RestoreMark { .. } => all.connection_mark = true,
                    Action::SaveMark { .. } => all.mark = true,
                    Action::Notrack | Action::Track => all.tracking = true,
                    _ => {}
                }
            }
        }
        all
    }
}
