//! What the model says of one packet, evaluated as plainly as can be: every value of every open condition, every address
//! that a translation may lead to.

use crate::universe::{MAC, V4, V6};
use hylint::session::trace::{Packet, Verdict};
use hylint_model::{
    Clause, Condition, ConditionKind, NamedSet, PacketField, Rule, Side, Test, Values,
};
use hylint_space::{AddrSet, PacketBox, StateSet, iface_name};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What may happen to a packet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Outcome {
    Allow,
    Deny,
    Unknown,
}

pub(crate) type Outcomes = BTreeSet<Outcome>;

/// The verdict over everything that may happen.
pub(crate) fn verdict(outcomes: &Outcomes) -> Verdict {
    match outcomes.iter().collect::<Vec<_>>().as_slice() {
        [Outcome::Allow] => Verdict::Allow,
        [Outcome::Deny] => Verdict::Deny,
        _ => Verdict::Conditional,
    }
}

/// A mark's bits, lowest first; `None` for one that is not known.
pub(crate) type Bits = [Option<bool>; 32];

/// A packet on its way.
#[derive(Clone, Debug)]
pub(crate) struct Walker {
    pub(crate) src: IpAddr,
    pub(crate) dst: IpAddr,
    pub(crate) dport: u16,
    pub(crate) sport: u16,
    pub(crate) in_iface: Box<str>,
    pub(crate) out_iface: Box<str>,
    /// Its state's name, as rules see it now.
    pub(crate) state: &'static str,
    /// Whether a rule said if or how the connection is tracked.
    pub(crate) settled: bool,
    pub(crate) dnat: bool,
    /// A nat chain of the present hook has translated it.
    pub(crate) nat_done: bool,
    /// It is in a chain before connection tracking.
    pub(crate) early: bool,
    /// Set once translated: whether to an address that is this host's, whichever it is.
    pub(crate) translated: Option<bool>,
    pub(crate) mark: Bits,
    pub(crate) connmark: Bits,
    /// The interface that leads to its new destination.
    pub(crate) route: Option<Box<str>>,
    /// It was for this host and was sent on.
    pub(crate) on: bool,
    /// Its source was hidden.
    pub(crate) masked: bool,
    /// Its connection is known, and with it how it is translated.
    pub(crate) known: bool,
    /// What is to be changed of a packet of a connection that is translated.
    pub(crate) fixed: Fixed,
}

/// Translations of a packet that its connection settled.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Fixed {
    /// Where its destination goes, and whether to this host, whichever its address is.
    pub(crate) dst: Option<(IpAddr, u16, bool)>,
    /// The source that it gets back.
    pub(crate) src: Option<(IpAddr, u16)>,
    /// The peer, while it is for the address that hid this one.
    pub(crate) behind: Option<IpAddr>,
}

/// The case that is looked at: a packet, the host's own address, and a value for each open condition.
pub(crate) struct Case<'a> {
    pub(crate) packet: &'a Packet,
    pub(crate) own: Option<IpAddr>,
    /// Which end is this host's by the direction.
    pub(crate) own_side: Option<Side>,
    pub(crate) values: &'a Chosen,
    pub(crate) known: &'a AddrSet,
    /// The sets of the netfilter.
    pub(crate) sets: &'a [NamedSet],
    /// Where addresses are, if interfaces are not taken as they are given.
    pub(crate) faces: &'a [(String, AddrSet)],
    /// The packet goes against the first one of its conversation.
    pub(crate) back: bool,
}

enum Truth {
    Is(bool),
    /// Either, whatever it was for another rule.
    Any,
}

impl Case<'_> {
    pub(crate) fn start(&self) -> Walker {
        let p = self.packet;
        Walker {
            src: p.src,
            dst: p.dst,
            sport: p.sport.map_or(0, |(n, _)| n),
            dport: p.dport.map_or(0, |(n, _)| n),
            in_iface: p.in_iface.clone(),
            out_iface: p.out_iface.clone(),
            state: p.state,
            settled: false,
            dnat: false,
            nat_done: false,
            early: false,
            translated: None,
            mark: std::array::from_fn(|i| Some(p.mark >> i & 1 == 1)),
            // Packets before it may have marked the connection.
            connmark: [(!matches!(p.state, "ESTABLISHED" | "RELATED")).then_some(false); 32],
            route: None,
            on: false,
            masked: false,
            known: false,
            fixed: Fixed::default(),
        }
    }

    fn inside(&self, b: &PacketBox, w: &Walker) -> bool {
        // What has no connection has none that is translated.
        let dnat = w.dnat && matches!(w.state, "NEW" | "ESTABLISHED" | "RELATED");
        let state = StateSet::exactly(StateSet::parse(w.state).unwrap(), dnat, false);
        b.src.contains(w.src)
            && b.dst.contains(w.dst)
            && b.proto.contains(self.packet.proto)
            && b.sport.contains(w.sport)
            && b.dport.contains(w.dport)
            && self.packet.flags.is_none_or(|f| b.flags.0 >> f.0 & 1 == 1)
            && b.state.0 & state.0 != 0
            && b.in_iface.contains(iface_name(&w.in_iface))
            && b.out_iface.contains(iface_name(&w.out_iface))
    }

    fn local(&self, side: Side, w: &Walker) -> bool {
        let a = if side == Side::Src { w.src } else { w.dst };
        let redirected = side == Side::Dst && w.translated == Some(true);
        let moved = side == Side::Dst && w.translated.is_some();
        let by_direction = self.own_side == Some(side) && !moved;
        let hides = side == Side::Dst && w.fixed.behind.is_some();
        redirected || hides || by_direction || a.is_loopback() || self.own == Some(a)
    }

    /// Whether some member holds every field.
    fn in_set(&self, set: &NamedSet, fields: &[PacketField], w: &Walker) -> bool {
        let holds = |(field, values): (&PacketField, &Values)| match (field, values) {
            (PacketField::Src, Values::Addrs(a)) => a.contains(w.src),
            (PacketField::Dst, Values::Addrs(a)) => a.contains(w.dst),
            (PacketField::Sport, Values::Ports(p)) => p.contains(w.sport),
            (PacketField::Dport, Values::Ports(p)) => p.contains(w.dport),
            (PacketField::Protocol, Values::Protocols(p)) => p.contains(self.packet.proto),
            (PacketField::InInterface, Values::Interfaces(i)) => {
                i.contains(iface_name(&w.in_iface))
            }
            (PacketField::OutInterface, Values::Interfaces(i)) => {
                i.contains(iface_name(&w.out_iface))
            }
            other => panic!("{other:?}"),
        };
        let member = |m: &[Values]| fields.iter().zip(m).all(holds);
        set.members.iter().any(|m| member(m))
    }

    /// No address of this universe is multicast. IPv4 wants one of the types asked for, IPv6 each of them.
    fn of_type(&self, side: Side, types: hylint_model::AddrTypes, w: &Walker) -> bool {
        let (v6, local) = (w.src.is_ipv6(), self.local(side, w));
        let kinds = [
            (types.has("LOCAL"), local),
            (types.has("MULTICAST"), false),
            (types.has("UNICAST"), v6 || !local),
        ];
        let mut asked = kinds.iter().filter(|(asked, _)| *asked).map(|(_, is)| *is);
        if v6 {
            asked.all(|is| is)
        } else {
            asked.any(|is| is)
        }
    }

    fn truth(&self, c: &Condition, w: &Walker) -> Truth {
        let value = || self.values.of(name(c, self.back, w));
        let p = self.packet;
        let tracked = matches!(w.state, "NEW" | "ESTABLISHED" | "RELATED");
        Truth::Is(match &c.test {
            _ if c.kind == ConditionKind::Rate => return Truth::Any,
            // Without a connection neither the test nor its negation holds.
            Test::ConnMark { .. } if !tracked => c.negated,
            Test::Mark { value, mask } | Test::ConnMark { value, mask } => {
                let conn = matches!(c.test, Test::ConnMark { .. });
                let bits = if conn { w.connmark } else { w.mark };
                let each = |i: usize| match mask >> i & 1 == 1 {
                    true => bits[i].map(|b| b == (value >> i & 1 == 1)),
                    false => Some(value >> i & 1 == 0),
                };
                let fits: Vec<Option<bool>> = (0..32).map(each).collect();
                match (fits.contains(&Some(false)), fits.contains(&None)) {
                    (true, _) => false,
                    (_, true) => return Truth::Any,
                    _ => true,
                }
            }
            Test::Uid(set) => p.uid.map_or_else(value, |u| set.contains(u)),
            Test::Gid(set) => p.gid.map_or_else(value, |g| set.contains(g)),
            Test::Mac(_) => p.smac.as_ref().map_or_else(value, |m| &**m == MAC),
            Test::Named { key, side } if &**key == "known" => self
                .known
                .contains(if *side == Side::Src { w.src } else { w.dst }),
            Test::Set { set, fields } => self.in_set(&self.sets[set.index()], fields, w),
            Test::Fragment | Test::ExtensionHeader => false,
            Test::PktType(_) => true,
            // Taken to hold, as an assumption.
            Test::Unprinted => !c.negated,
            Test::AddrType { side, types, .. } => self.of_type(*side, *types, w),
            _ => value(),
        })
    }

    /// Whether a rule may match, and whether it may miss.
    pub(crate) fn may(&self, r: &Rule, w: &Walker) -> (bool, bool) {
        self.may_of(&r.clauses, w)
    }

    /// The same for some of its clauses.
    pub(crate) fn may_of(&self, clauses: &[Clause], w: &Walker) -> (bool, bool) {
        let (mut hit, mut miss) = (false, true);
        for clause in clauses.iter().filter(|c| self.inside(&c.space, w)) {
            let (mut possible, mut sure) = (true, true);
            let mut marks: BTreeMap<&str, bool> = BTreeMap::new();
            for c in &clause.conditions {
                let truth = match c.test {
                    // What is not printed may narrow a rule of any port; one that names its ports counts as written.
                    Test::Unprinted if names_no_port(&clause.space) => Truth::Any,
                    _ => self.truth(c, w),
                };
                match truth {
                    Truth::Is(t) => {
                        possible &= t != c.negated;
                        sure &= t != c.negated;
                    }
                    Truth::Any => {
                        sure = false;
                        // One clause looks at one mark: a test and its negation cannot both hold.
                        if c.kind != ConditionKind::Rate {
                            let said = *marks.entry(&c.text).or_insert(c.negated);
                            possible &= said == c.negated;
                        }
                    }
                }
            }
            hit |= possible;
            miss &= !sure;
        }
        (hit, miss)
    }
}

fn names_no_port(b: &PacketBox) -> bool {
    b.proto.is_full() || b.dport.count() >= 65_535
}

/// What the value of a condition goes by. Of replies other things may hold, but an address is in a set or not.
fn name(c: &Condition, back: bool, w: &Walker) -> String {
    match &c.test {
        Test::Named { key, side } => {
            let addr = if *side == Side::Src { w.src } else { w.dst };
            format!("{addr} in {key}")
        }
        Test::IpSet { name, sides } => {
            let end = |side: &Side| match side {
                Side::Src => (w.src, w.sport),
                Side::Dst => (w.dst, w.dport),
            };
            let ends: Vec<_> = sides.iter().map(end).collect();
            format!("{ends:?} in {name}")
        }
        _ if back => format!("{} of replies", c.text),
        _ => c.text.to_string(),
    }
}

/// One value for each open condition.
#[derive(Default)]
pub(crate) struct Chosen {
    values: BTreeMap<String, bool>,
    /// The first that was asked for and has none yet.
    missing: RefCell<Option<String>>,
}

impl Chosen {
    fn of(&self, name: String) -> bool {
        self.values.get(&name).copied().unwrap_or_else(|| {
            self.missing.borrow_mut().get_or_insert(name);
            false
        })
    }
}

/// What comes of it under every combination of values of the conditions that are asked for.
pub(crate) fn every_value(mut judge: impl FnMut(&Chosen, &mut Outcomes)) -> Outcomes {
    let mut all = Outcomes::new();
    let mut todo = vec![Chosen::default()];
    while let Some(chosen) = todo.pop() {
        let mut outcomes = Outcomes::new();
        judge(&chosen, &mut outcomes);
        match chosen.missing.into_inner() {
            None => all.append(&mut outcomes),
            Some(name) => todo.extend([false, true].map(|value| {
                let mut values = chosen.values.clone();
                values.insert(name.clone(), value);
                Chosen {
                    values,
                    ..Chosen::default()
                }
            })),
        }
    }
    all
}

/// Every address of the universe that some rule could tell from another, and one more, in the family of one.
pub(crate) fn representatives(like: IpAddr) -> Vec<IpAddr> {
    let numbers = (0..4u32).chain([99]);
    numbers
        .map(|n| match like {
            IpAddr::V4(_) => IpAddr::from((V4 + n).to_be_bytes()),
            IpAddr::V6(_) => IpAddr::from((V6 + u128::from(n)).to_be_bytes()),
        })
        .collect()
}
