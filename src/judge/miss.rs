//! The nearest miss: the rule that would have let a flow through but for one field, and the allow that a deny overrules.

use super::check::Checked;
use super::failure::Failure;
use super::judged::Judged;
use super::overruled::{allows, on_unnamed, rules};
use super::spec::FlowSpec;
use crate::finding::outcome::Status;
use crate::judge::Exports;
use crate::rules::matrix::Require;
use hylint_engine::{Carry, PointId};
use hylint_model::{Asked, Clause, Field, NotInForce, Rule, Side, Test};
use hylint_space::{AddrSet, FlagSet, PacketBox, ProtoSet};
use rustc_hash::FxHashSet;
use std::borrow::Cow;

/// A rule worth pointing at.
#[derive(Clone, Debug)]
pub struct Miss<'a> {
    /// Whose.
    pub at: PointId,
    /// Which.
    pub rule: &'a Rule,
    /// The clause of it that comes nearest.
    pub clause: &'a Clause,
    /// What is wrong with it.
    pub wrong: Wrong,
}

impl Miss<'_> {
    /// The field that is wrong.
    #[must_use]
    pub const fn field(&self) -> Field {
        match self.wrong {
            Wrong::Disabled => Field::Enabled,
            Wrong::OtherProfile => Field::Profiles,
            Wrong::LocalRulesDisabled => Field::Origin,
            Wrong::Sources => Field::Source,
            Wrong::Destinations => Field::Destination,
            Wrong::Protocol => Field::Protocol,
            Wrong::Port => Field::DestinationPort,
            Wrong::Swapped | Wrong::SourcePorts => Field::SourcePort,
            Wrong::Interface => Field::InInterface,
            Wrong::Program => Field::Program,
        }
    }
}

/// Why a rule misses packets that it all but allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// It is disabled.
    Disabled,
    /// It is for other Windows profiles.
    OtherProfile,
    /// Policy disables local rules.
    LocalRulesDisabled,
    /// It leaves out sources.
    Sources,
    /// It leaves out destinations.
    Destinations,
    /// It is for another protocol.
    Protocol,
    /// It is for another port.
    Port,
    /// It gives the port as source port.
    Swapped,
    /// It leaves out ephemeral source ports.
    SourcePorts,
    /// It is for another interface.
    Interface,
    /// It is for another program or service than the one that listens.
    Program,
}

/// Rules that serve a satisfied check: a mistyped rule is hardly one of them.
#[derive(Clone, Debug, Default)]
pub struct Serving(FxHashSet<*const Rule>);

impl Serving {
    /// What satisfied checks rest on.
    #[must_use]
    pub fn of(judged: &[Judged<'_>]) -> Self {
        let checks = judged.iter().flat_map(|j| &j.checks);
        let good = checks.filter(|c| c.status == Status::Satisfied);
        let rules = good.flat_map(|c| &c.evidence).filter_map(|d| d.rule());
        Self(rules.map(std::ptr::from_ref).collect())
    }
}

/// The rule that misses the packets by one field, best first: disabled, other profile or disabled by policy, too narrow for
/// this flow, protocol, port, for other peers altogether; rules that serve another flow come last.
#[must_use]
pub fn nearest<'a>(
    exports: &'a Exports,
    c: &Checked<'a>,
    spec: &FlowSpec<'a>,
    f: &Failure<'a>,
    serving: &Serving,
) -> Option<Miss<'a>> {
    let guard = &c.guard;
    let want = on_unnamed(f.packets.first()?);
    let listener = guard.listener(spec, &want);
    let mut best: Option<(u32, Miss<'a>)> = None;
    for (at, rule) in rules(exports, guard) {
        let late = if serving.0.contains(&std::ptr::from_ref(rule)) {
            SERVES
        } else {
            0
        };
        let Some(point) = exports.point(at) else {
            continue;
        };
        let idle: Vec<_> = point.not_in_force(rule, guard.profile).map(idle).collect();
        for clause in rule.clauses_that(allows) {
            let other = listener.asked(clause) == Some(Asked::NotShown);
            let process = other.then_some((1, Wrong::Program));
            let known: Vec<_> = idle.iter().copied().chain(process).collect();
            if let Some((rank, wrong)) = misses_by(c, &known, clause, &want, spec)
                && best.as_ref().is_none_or(|(r, _)| rank + late < *r)
            {
                let miss = Miss {
                    at,
                    rule,
                    clause,
                    wrong,
                };
                best = Some((rank + late, miss));
            }
        }
    }
    best.map(|(_, m)| m)
}

/// Added to the rank of a rule that serves another flow.
const SERVES: u32 = 10;

/// How far a rule is from what was meant, and why.
type Rank = (u32, Wrong);

/// A rule that would allow the flow if it acted.
fn idle(why: NotInForce) -> Rank {
    match why {
        NotInForce::Disabled => (0, Wrong::Disabled),
        NotInForce::OtherProfile => (1, Wrong::OtherProfile),
        NotInForce::LocalRulesDisabled(_) => (1, Wrong::LocalRulesDisabled),
    }
}

fn misses_by(
    c: &Checked<'_>,
    idle: &[Rank],
    clause: &Clause,
    want: &PacketBox,
    spec: &FlowSpec<'_>,
) -> Option<Rank> {
    let s = &clause.space;
    let flags_differ =
        want.proto.is_subset(&s.proto) && want.flags.0 & s.flags.0 == 0 && s.flags != FlagSet::FULL;
    let swapped = is_swapped(s, want);
    // A rule for any port, or for established packets only, is about something else.
    let port_less = Carry::of(s) == Carry::PortLess && !swapped;
    if port_less || want.state.0 & s.state.0 == 0 || flags_differ {
        return None;
    }
    let mut wrong: Vec<Rank> = idle.to_vec();
    let (src, dst) = (
        held(c, clause, Side::Src, &s.src),
        held(c, clause, Side::Dst, &s.dst),
    );
    // One line a peer or a port is usual, so a rule need not hold all of the flow: it must touch it.
    if !want.src.intersects(&src) {
        // For some of the flow's own peers, or for other ones.
        let own = c.queries.iter().any(|q| q.src.intersects(&src));
        let rank = if own { 2 } else { 6 };
        wrong.push((rank, Wrong::Sources));
    }
    if !want.dst.intersects(&dst) {
        let own = c.queries.iter().any(|q| q.dst.intersects(&dst));
        let rank = if own { 2 } else { 6 };
        wrong.push((rank, Wrong::Destinations));
    }
    if !want.proto.is_subset(&s.proto) {
        wrong.push((3, Wrong::Protocol));
    }
    // Of several ports that each suffice, the rule's own is the one that was meant.
    let any = spec.require == Require::Any;
    let meant = any && names_one(s, spec.ports);
    if !meant && !want.dport.intersects(&s.dport) {
        let missing = |p: &&u16| any || want.dport.contains(**p);
        let d = port_distance(s, spec.ports.iter().filter(missing))?;
        wrong.push((4 + d, Wrong::Port));
    }
    if swapped {
        wrong.push((3, Wrong::Swapped));
    } else if !want.sport.is_subset(&s.sport) {
        wrong.push((7, Wrong::SourcePorts));
    }
    if !want.in_iface.is_subset(&s.in_iface) || !want.out_iface.is_subset(&s.out_iface) {
        wrong.push((8, Wrong::Interface));
    }
    if wrong.is_empty() && !want.src.is_subset(&src) {
        wrong.push((2, Wrong::Sources));
    }
    if wrong.is_empty() && !want.dst.is_subset(&dst) {
        wrong.push((2, Wrong::Destinations));
    }
    match wrong.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// Addresses of one side of a clause: those of its box that names with known addresses leave.
fn held<'s>(c: &Checked<'_>, clause: &Clause, of: Side, all: &'s AddrSet) -> Cow<'s, AddrSet> {
    let mut out = Cow::Borrowed(all);
    for cond in &clause.conditions {
        if let Test::Named { key, side } = &cond.test
            && *side == of
            && let Some(named) = c.guard.resolve.get(&**key)
        {
            out = Cow::Owned(match cond.negated {
                true => out.subtract(named),
                false => out.intersect(named),
            });
        }
    }
    out
}

/// Most ports of a list that somebody wrote by hand.
const LISTED: u128 = 64;

/// Whether a clause asks for the wanted ports where the client's are.
fn is_swapped(s: &PacketBox, want: &PacketBox) -> bool {
    s.dport.is_full()
        && s.proto != ProtoSet::full()
        && s.sport.count() <= LISTED
        && want.dport.is_subset(&s.sport)
}

fn names_one(s: &PacketBox, ports: &[u16]) -> bool {
    ports.iter().any(|p| s.dport.contains(*p))
}

/// How far a rule's ports are from the required ones in keystrokes, if at most one: a digit changed, dropped or added, or
/// two swapped; the port before or behind counts as one.
fn port_distance<'p>(s: &PacketBox, ports: impl Iterator<Item = &'p u16> + Clone) -> Option<u32> {
    if s.dport.count() > LISTED || s.proto == ProtoSet::full() {
        return None;
    }
    // The end of a range is no port that somebody mistyped.
    let named = s.dport.iter().filter(|(lo, hi)| lo == hi).map(|(lo, _)| lo);
    named
        .flat_map(|n| {
            ports.clone().map(move |p| match n.abs_diff(*p) {
                1 => 1,
                _ => keystrokes(&n.to_string(), &p.to_string()),
            })
        })
        .min()
        .filter(|d| *d <= 1)
}

/// 0, 1, or 2 for "more than one" keystroke between two short strings.
fn keystrokes(a: &str, b: &str) -> u32 {
    if a == b {
        return 0;
    }
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let one = if long.len() == short.len() {
        let differ: Vec<(u8, u8)> = long
            .bytes()
            .zip(short.bytes())
            .filter(|(x, y)| x != y)
            .collect();
        let adjacent = |i: usize| long.as_bytes().get(i) != short.as_bytes().get(i);
        match differ.as_slice() {
            [_] => true,
            [(x1, y1), (x2, y2)] => {
                x1 == y2 && y1 == x2 && (0..long.len()).any(|i| adjacent(i) && adjacent(i + 1))
            }
            _ => false,
        }
    } else {
        long.len() == short.len() + 1
            && (0..long.len()).any(|i| {
                let mut cut = long.to_owned();
                cut.remove(i);
                cut == short
            })
    };
    if one { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::keystrokes;

    #[test]
    fn one_digit_off() {
        for (a, b, d) in [
            ("3389", "3389", 0),
            ("3389", "3398", 1),
            ("3389", "3380", 1),
            ("3389", "389", 1),
            ("443", "80", 2),
            ("3389", "9383", 2),
        ] {
            assert_eq!(keystrokes(a, b), d, "{a} {b}");
        }
    }
}
