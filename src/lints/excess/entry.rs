//! Which packets reach a rule of a user chain: the boxes of the jumps that lead there.

use hylint_engine::Direction;
use hylint_model::{Action, ChainType, Clause, Hook, Hooked, NatKind, Netfilter, Rule, Table};
use hylint_space::{IfaceSet, PacketBox};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

/// Entries kept for one chain; a chain that is entered in more ways is taken to be entered by anything.
const ENTRIES: usize = 64;

/// A rule that lets packets in.
pub(super) struct Opening<'a> {
    pub(super) rule: &'a Rule,
    /// Which of its actions let packets in.
    lets_in: fn(&Action) -> bool,
    /// The ways into its chain, if not anything comes there.
    way: Option<Arc<[PacketBox]>>,
    /// What leaves by these interfaces goes out to the Internet.
    outside: Option<Arc<IfaceSet>>,
}

impl<'a> Opening<'a> {
    /// A rule that anything reaches.
    pub(super) fn of(rule: &'a Rule) -> Self {
        Self {
            rule,
            lets_in: accepts,
            way: None,
            outside: None,
        }
    }

    /// The boxes that it lets in. They are large, and long lists have many, so that they are made when they are asked for.
    pub(super) fn boxes(&self) -> SmallVec<[Cow<'_, PacketBox>; 1]> {
        let own = self.rule.clauses_that(self.lets_in).map(|c| &c.space);
        let mut boxes: SmallVec<[Cow<'_, PacketBox>; 1]> = match &self.way {
            Some(way) => own.flat_map(|b| cut(b, way)).map(Cow::Owned).collect(),
            None => own.map(Cow::Borrowed).collect(),
        };
        if let Some(outside) = &self.outside {
            boxes.retain(|b| !goes_out(b, outside));
        }
        boxes
    }
}

/// Whether packets of a box come from inside and leave to the outside: what they reach is not behind the firewall.
fn goes_out(b: &PacketBox, outside: &IfaceSet) -> bool {
    let others = outside.subtract(&b.out_iface);
    b.out_iface.is_subset(outside) && !b.in_iface.intersects(&others)
}

/// The interfaces behind which everything is hidden that leaves by them: the Internet is there.
fn outside(nf: &Netfilter) -> IfaceSet {
    let mut hidden = Vec::new();
    let nat = |b: &Hooked<'_>| b.base.kind == ChainType::Nat;
    for base in nf.base_chains(Hook::Postrouting).filter(nat) {
        reached(&base, hides, &mut hidden);
    }
    let mut out = IfaceSet::empty();
    for opening in hidden
        .iter()
        .filter(|o| o.rule.conditions().next().is_none())
    {
        for b in opening.boxes() {
            let anywhere = b.dst.v4.is_full() || b.dst.v6.is_full();
            // Any interface but some is none that is named.
            if anywhere && b.proto.is_full() && !b.out_iface.contains(0) {
                out = out.union(&b.out_iface);
            }
        }
    }
    out
}

fn hides(action: &Action) -> bool {
    matches!(action, Action::Nat(n) if matches!(n.kind, NatKind::Masquerade | NatKind::Snat))
}

/// Rules that let packets in (ACCEPT at the hook, DNAT before it), with the boxes that reach them.
pub(super) fn openings(nf: &Netfilter, direction: Direction) -> Vec<Opening<'_>> {
    let hook = if direction == Direction::Forward {
        Hook::Forward
    } else {
        Hook::Input
    };
    let mut out = Vec::new();
    for base in nf.filter_chains(hook) {
        reached(&base, accepts, &mut out);
    }
    if direction == Direction::Forward {
        let outside = Arc::new(outside(nf));
        for opening in out.iter_mut().filter(|_| !outside.is_empty()) {
            opening.outside = Some(outside.clone());
        }
    }
    // A published port: what comes for this host is sent on to another address.
    if direction == Direction::In {
        let nat = |b: &Hooked<'_>| b.base.kind == ChainType::Nat;
        for base in nf.base_chains(Hook::Prerouting).filter(nat) {
            reached(&base, translates, &mut out);
        }
    }
    out
}

fn accepts(action: &Action) -> bool {
    *action == Action::Allow
}

fn translates(action: &Action) -> bool {
    matches!(action, Action::Nat(n) if n.kind == NatKind::Dnat)
}

/// The wanted rules that a base chain reaches, with their boxes cut to the ways into its chain.
fn reached<'a>(base: &Hooked<'a>, lets_in: fn(&Action) -> bool, out: &mut Vec<Opening<'a>>) {
    let table = base.table;
    let ways = Ways::into(table, base.id.index());
    for index in &ways.order {
        let (Some(chain), Some(way)) = (table.chains.get(*index), ways.of(*index)) else {
            continue;
        };
        let anything = way.iter().any(PacketBox::is_any);
        let way: Option<Arc<[PacketBox]>> = (!anything).then(|| way.into());
        let wanted = chain.rules.iter().filter(|r| r.does(lets_in));
        out.extend(wanted.map(|rule| Opening {
            rule,
            lets_in,
            way: way.clone(),
            outside: None,
        }));
    }
}

/// The parts of a box that come one of the ways.
fn cut(b: &PacketBox, way: &[PacketBox]) -> impl Iterator<Item = PacketBox> {
    let met = way.iter().filter(|w| w.intersects(b));
    met.map(|w| w.intersect(b))
}

/// What enters each chain of a table.
struct Ways {
    /// By chain; nothing where no packet comes.
    boxes: Vec<Option<Vec<PacketBox>>>,
    /// The chains that are entered, by when that was seen first.
    order: Vec<usize>,
}

impl Ways {
    /// Follows each chain once, when all that call it were followed.
    fn into(table: &Table, start: usize) -> Self {
        let mut ways = Self {
            boxes: vec![None; table.chains.len()],
            order: Vec::new(),
        };
        let mut callers = callers(table, start);
        let mut queue = VecDeque::from([start]);
        ways.enter(start, &[PacketBox::any()]);
        loop {
            while let Some(index) = queue.pop_front() {
                ways.follow(table, index, &mut callers, &mut queue);
            }
            // What is left are chains that call each other in a ring, which no kernel loads.
            let Some(ring) = callers.iter().position(|n| *n > 0) else {
                return ways;
            };
            if let Some(n) = callers.get_mut(ring) {
                *n = 0;
            }
            ways.enter(ring, &[PacketBox::any()]);
            queue.push_back(ring);
        }
    }

    fn follow(
        &mut self,
        table: &Table,
        index: usize,
        callers: &mut [usize],
        queue: &mut VecDeque<usize>,
    ) {
        let way = self.of(index).unwrap_or_default().to_vec();
        let rules = table.chains.get(index).map(|c| &c.rules);
        for rule in rules.into_iter().flatten() {
            for (to, own) in calls(rule) {
                let own = own.iter().map(|c| &c.space);
                let boxes: Vec<PacketBox> = own.flat_map(|b| cut(b, &way)).collect();
                self.enter(to, &boxes);
                let Some(left @ 1..) = callers.get_mut(to) else {
                    continue;
                };
                *left -= 1;
                if *left == 0 {
                    queue.push_back(to);
                }
            }
        }
    }

    fn of(&self, chain: usize) -> Option<&[PacketBox]> {
        self.boxes.get(chain)?.as_deref()
    }

    fn holds(&self, chain: usize, boxes: &[PacketBox]) -> bool {
        let known = self.of(chain).unwrap_or_default();
        let mut each = boxes.iter();
        each.all(|b| known.iter().any(|k| b.is_subset(k)))
    }

    /// Adds a way into a chain.
    fn enter(&mut self, chain: usize, boxes: &[PacketBox]) {
        if boxes.is_empty() || self.holds(chain, boxes) {
            return;
        }
        let Some(slot) = self.boxes.get_mut(chain) else {
            return;
        };
        if slot.is_none() {
            self.order.push(chain);
        }
        let known = slot.get_or_insert_default();
        known.extend(boxes.iter().cloned());
        if known.len() > ENTRIES || known.iter().any(PacketBox::is_any) {
            *known = vec![PacketBox::any()];
        }
    }
}

/// The chains that a rule calls, with the clauses whose packets go there.
fn calls(rule: &Rule) -> impl Iterator<Item = (usize, &[Clause])> {
    let parts = rule.parts().filter(|_| rule.enabled);
    parts.flat_map(|(clauses, action)| action.called().map(move |to| (to, clauses)))
}

/// How many rules go to each chain, of those that `start` leads to.
fn callers(table: &Table, start: usize) -> Vec<usize> {
    let mut callers = vec![0; table.chains.len()];
    let reached = table.reached(start).into_iter();
    let chains = reached.filter_map(|i| table.chains.get(i));
    for to in chains.flat_map(|c| &c.rules).flat_map(Rule::called) {
        if let Some(n) = callers.get_mut(to) {
            *n += 1;
        }
    }
    callers
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::{Ways, openings};
    use hylint_engine::Direction;
    use hylint_model::{Action, Body, Hook, Netfilter};
    use hylint_parsers::source::Source;

    fn read(text: &str) -> Netfilter {
        let source = Source::new("t", text, "UTF-8");
        let mut export = hylint_parsers::format::read(&source).unwrap();
        match export.points.remove(0).body {
            Body::Netfilter(nf) => nf,
            other => panic!("{other:?}"),
        }
    }

    /// The chain is entered from INPUT for a part first, and later, by way of another chain, for the rest; nothing else
    /// enters it.
    #[test]
    fn a_chain_that_is_entered_again_later_lets_in_what_comes_then_too() {
        let text = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n\
                    -A INPUT -s 10.1.0.0/16 -j A\n-A INPUT -j B\n-A B -s 10.2.0.0/16 -j A\n\
                    -A A -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";
        let nf = &read(text);
        let all = openings(nf, Direction::In);
        let [one] = all.as_slice() else {
            panic!("{} rules", all.len());
        };
        for source in ["10.1.0.9", "10.2.0.9"] {
            let source = source.parse().unwrap();
            assert!(
                one.boxes().iter().any(|b| b.src.contains(source)),
                "{source}"
            );
        }
        let other = "10.3.0.9".parse().unwrap();
        assert!(!one.boxes().iter().any(|b| b.src.contains(other)));
        let base = nf.filter_chains(Hook::Input).next().unwrap();
        assert_eq!(Ways::into(base.table, base.id.index()).order.len(), 3);
    }

    /// No kernel loads such a ruleset and the reader of iptables refuses it, but the model can hold one.
    #[test]
    fn chains_in_a_ring_let_in_what_their_rules_match() {
        let text = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n\
                    -A INPUT -s 10.1.0.0/16 -j A\n-A A -j B\n-A B -p udp -j RETURN\n-A B -j RETURN\n\
                    -A B -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";
        let mut nf = read(text);
        let named = |name: &str| {
            let mut chains = nf.chains();
            chains.find(|(_, _, c)| &*c.name == name).unwrap().0
        };
        let [input, a, b] = ["INPUT", "A", "B"].map(named);
        let rules = nf.chain_rules_mut(b).unwrap();
        for (rule, to) in rules.iter_mut().zip([a, input]) {
            rule.action = Action::Jump(u32::try_from(to.index()).unwrap());
        }
        let nf = &nf;
        let all = openings(nf, Direction::In);
        assert_eq!(all.len(), 1);
        let inside = "10.1.0.9".parse().unwrap();
        assert!(all[0].boxes().iter().any(|b| b.src.contains(inside)));
    }
}
