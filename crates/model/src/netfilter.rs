//! Tables and chains of Linux's netfilter, and the hooks at which the kernel calls them.

use super::rule::{Action, Rule};
use super::set::{NamedSet, NamedSetId};
use crate::Span;
use hylint_space::{Family, PacketBox};
use std::collections::HashSet;
use std::slice;

/// A place on a packet's way at which the kernel calls chains.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Hook {
    /// On arrival at an interface, before anything else.
    Ingress,
    /// Before the routing decision.
    Prerouting,
    /// To this host.
    Input,
    /// Through this host.
    Forward,
    /// From this host.
    Output,
    /// After the routing decision, on the way out.
    Postrouting,
    /// On departure from an interface, after everything else.
    Egress,
}

impl Hook {
    /// Whether it decides which packets pass, so that every host has a chain there that filters.
    #[must_use]
    pub const fn filters(self) -> bool {
        matches!(self, Self::Input | Self::Forward | Self::Output)
    }

    /// Each, in the order of a packet's way.
    pub const EACH: [Self; 7] = [
        Self::Ingress,
        Self::Prerouting,
        Self::Input,
        Self::Forward,
        Self::Output,
        Self::Postrouting,
        Self::Egress,
    ];

    /// The hook of a name in nft.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::EACH.into_iter().find(|h| h.as_str() == word)
    }

    /// Its name in nft.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Prerouting => "prerouting",
            Self::Input => "input",
            Self::Forward => "forward",
            Self::Output => "output",
            Self::Postrouting => "postrouting",
            Self::Egress => "egress",
        }
    }
}

/// Priorities at which the kernel itself or its tools stand (`enum nf_ip_hook_priorities` of
/// include/uapi/linux/netfilter_ipv4.h).
pub mod priority {
    /// The raw table.
    pub const RAW: i32 = -300;
    /// Connection tracking: chains before it see no connection.
    pub const CONNTRACK: i32 = -200;
    /// The mangle table.
    pub const MANGLE: i32 = -150;
    /// Translation of destinations.
    pub const NAT_DST: i32 = -100;
    /// The filter table.
    pub const FILTER: i32 = 0;
    /// The security table.
    pub const SECURITY: i32 = 50;
    /// Translation of sources.
    pub const NAT_SRC: i32 = 100;
}

/// What a base chain is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChainType {
    /// Any packet, any verdict.
    Filter,
    /// Translation: it sees only the first packet of a connection.
    Nat,
    /// A packet that it changes is routed anew.
    Route,
}

impl ChainType {
    /// Its name in nft.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Nat => "nat",
            Self::Route => "route",
        }
    }
}

/// The packets that a table is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TableFamily {
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// Both.
    Inet,
    /// ARP.
    Arp,
    /// Frames that a bridge forwards.
    Bridge,
    /// Everything on some interfaces.
    Netdev,
}

impl TableFamily {
    /// Its name in nft.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Inet => "inet",
            Self::Arp => "arp",
            Self::Bridge => "bridge",
            Self::Netdev => "netdev",
        }
    }

    /// Whether it sees routed packets of an IP family.
    #[must_use]
    pub const fn has(self, family: Family) -> bool {
        match self {
            Self::Inet | Self::Netdev => true,
            Self::Ip => matches!(family, Family::V4),
            Self::Ip6 => matches!(family, Family::V6),
            Self::Arp | Self::Bridge => false,
        }
    }
}

/// Where the kernel calls a chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BaseChain {
    /// The hook.
    pub hook: Hook,
    /// What it is for.
    pub kind: ChainType,
    /// Its place at the hook: lower ones come first, equal ones in file order.
    pub priority: i32,
    /// The priority that it has instead, where the export does not tell which of two tools made it.
    pub or_priority: Option<i32>,
    /// The packets that it sees.
    pub family: TableFamily,
    /// The interfaces that it is bound to ([`Hook::Ingress`] and [`Hook::Egress`]); empty elsewhere.
    pub devices: Vec<Box<str>>,
}

impl BaseChain {
    /// What orders the chains of a hook: the priority at which the kernel calls it, then its own. The kernel calls all nat chains of a hook one after the other at one place, and
    /// their priorities order them there (`nf_nat_register_fn`).
    #[must_use]
    pub const fn turn(&self) -> (i32, i32) {
        match (self.kind, self.hook) {
            (ChainType::Nat, Hook::Prerouting | Hook::Output) => (priority::NAT_DST, self.priority),
            (ChainType::Nat, _) => (priority::NAT_SRC, self.priority),
            _ => (self.priority, 0),
        }
    }
}

/// The policy of a base chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainPolicy {
    /// ACCEPT or DROP.
    pub allow: bool,
    /// Its place.
    pub span: Span,
}

/// One chain.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Name.
    pub name: Box<str>,
    /// Where the kernel calls it; `None` of one that only rules call.
    pub base: Option<BaseChain>,
    /// Only base chains have one.
    pub policy: Option<ChainPolicy>,
    /// The line that declares it; empty if nothing does.
    pub span: Span,
    /// In order.
    pub rules: Vec<Rule>,
}

/// One table. [`super::Action::Jump`] and [`super::Action::Goto`] index `chains`.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: Box<str>,
    /// The packets that it is for.
    pub family: TableFamily,
    /// Its chains say what passes: the filter table of iptables, any table of nftables. Other tables change packets, or
    /// drop some on the way.
    pub filters: bool,
    /// The `*table` line.
    pub span: Span,
    /// In order of declaration.
    pub chains: Vec<Chain>,
}

impl Table {
    /// A chain by name.
    #[must_use]
    pub fn chain(&self, name: &str) -> Option<(usize, &Chain)> {
        self.chains
            .iter()
            .enumerate()
            .find(|(_, c)| &*c.name == name)
    }

    /// The chains that packets meet that enter at one of them, each once, in the order in which the first packets may get
    /// there. Disabled rules call none.
    #[must_use]
    pub fn reached(&self, from: usize) -> Vec<usize> {
        let mut walk = Walk::new(self, from);
        walk.by_ref().for_each(drop);
        walk.entered
    }

    /// For each chain whether packets may still meet its rules that the rule at `at` of `chain` lets go on: those behind it,
    /// and what its callers have behind the call. After a goto that is what follows where the calling chain was called.
    #[must_use]
    pub fn behind(&self, chain: usize, at: usize) -> Vec<bool> {
        let mut met = vec![false; self.chains.len()];
        // Where packets go on: a chain, and the first rule of it that they meet.
        let mut open = vec![(chain, at.saturating_add(1))];
        let mut seen: HashSet<(usize, usize)> = HashSet::new();
        while let Some((chain, from)) = open.pop() {
            if !seen.insert((chain, from)) {
                continue;
            }
            let rules = self.chains.get(chain).map(|c| &c.rules);
            let rest = rules.and_then(|r| r.get(from..)).unwrap_or_default();
            if let Some(met) = met.get_mut(chain).filter(|_| !rest.is_empty()) {
                *met = true;
            }
            for called in rest.iter().flat_map(Rule::called) {
                if met.get(called) == Some(&false) {
                    self.reached(called).into_iter().for_each(|c| {
                        if let Some(met) = met.get_mut(c) {
                            *met = true;
                        }
                    });
                }
            }
            for (caller, c) in self.chains.iter().enumerate() {
                for (n, rule) in c.rules.iter().enumerate().filter(|(_, r)| r.enabled) {
                    for action in rule.action.each() {
                        match action {
                            Action::Jump(to) if *to as usize == chain => open.push((caller, n + 1)),
                            // Behind the last rule of the caller, so to its callers.
                            Action::Goto(to) if *to as usize == chain => {
                                open.push((caller, c.rules.len()));
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
        met
    }
}

/// The rules of a table in evaluation order, from a chain on: what a rule calls comes before the rule that follows it. A
/// chain is walked once.
#[derive(Clone, Debug)]
struct Walk<'a> {
    table: &'a Table,
    seen: Vec<bool>,
    /// The chains in the order in which they were entered.
    entered: Vec<usize>,
    /// What is left of the chains that are walked. A file may hold chains that call each other many thousand deep.
    stack: Vec<slice::Iter<'a, Rule>>,
}

impl<'a> Walk<'a> {
    fn new(table: &'a Table, from: usize) -> Self {
        let mut walk = Self {
            table,
            seen: vec![false; table.chains.len()],
            entered: Vec::new(),
            stack: Vec::new(),
        };
        walk.enter(std::iter::once(from));
        walk
    }

    /// Goes into chains, the first of them first.
    fn enter(&mut self, chains: impl Iterator<Item = usize>) {
        let first = self.stack.len();
        for chain in chains {
            let Some(seen @ false) = self.seen.get_mut(chain) else {
                continue;
            };
            *seen = true;
            self.entered.push(chain);
            let rules = self.table.chains.get(chain).map(|c| c.rules.iter());
            self.stack.extend(rules);
        }
        if let Some(new) = self.stack.get_mut(first..) {
            new.reverse();
        }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = &'a Rule;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(rule) = self.stack.last_mut()?.next() else {
                self.stack.pop();
                continue;
            };
            if matches!(
                rule.action,
                Action::Jump(_) | Action::Goto(_) | Action::Map(_)
            ) {
                self.enter(rule.called());
            }
            return Some(rule);
        }
    }
}

/// A chain of a netfilter instance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ChainId {
    table: u32,
    chain: u32,
}

impl ChainId {
    /// The chain at a place of the table at a place.
    #[must_use]
    pub fn new(table: usize, chain: usize) -> Self {
        let id = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            table: id(table),
            chain: id(chain),
        }
    }

    /// Another chain of the same table: what an action calls.
    #[must_use]
    pub const fn sibling(self, chain: u32) -> Self {
        Self { chain, ..self }
    }

    /// Its place in its table.
    #[must_use]
    pub const fn index(self) -> usize {
        self.chain as usize
    }
}

/// A base chain and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Hooked<'a> {
    /// The chain's id.
    pub id: ChainId,
    /// Its table.
    pub table: &'a Table,
    /// The chain.
    pub chain: &'a Chain,
    /// Where the kernel calls it.
    pub base: &'a BaseChain,
}

impl<'a> Hooked<'a> {
    /// Whether its rules say what passes: the filter table of iptables, and of nftables any chain that does not translate.
    #[must_use]
    pub fn decides(&self) -> bool {
        let routed = Family::BOTH.iter().any(|f| self.base.family.has(*f));
        self.table.filters && self.base.kind != ChainType::Nat && routed
    }

    /// The rules that the chain reaches, by itself and by jumps, each once and in evaluation order.
    pub fn reached(self) -> impl Iterator<Item = &'a Rule> + use<'a> {
        Walk::new(self.table, self.id.index())
    }
}

/// The tables of one netfilter instance.
#[derive(Clone, Debug, Default)]
pub struct Netfilter {
    tables: Vec<Table>,
    /// INVARIANT: every base chain of `tables`, by hook and then in the order in which the kernel calls them.
    bases: Vec<(Hook, ChainId)>,
    /// Sets that rules name, each held once ([`super::Test::Set`]).
    pub sets: Vec<NamedSet>,
    /// The export holds every chain that filters, so that a hook without one lets packets through. Where it is false (a dump
    /// of iptables), such a hook was not exported.
    pub whole: bool,
    /// Tables that the tools would not load as the export has them: what is in force there is not known. They have their
    /// base chains and no rules.
    pub unloaded: Vec<Box<str>>,
    /// A part of it was not given (a file that is included, the table that a rule is added to), which may hold any rule.
    pub in_part: bool,
    /// A listing that shows no nat table, which is a command of its own.
    pub nat: NatTable,
    /// The tools refuse the file as a whole, so that nothing of it is known to be in force.
    pub broken: bool,
    /// Whether other rule sets filter the same packets.
    pub others: OtherRules,
    /// Packets for which it makes a difference which of two chains comes first that stand at one place of a hook: the kernel
    /// leaves that open.
    pub ties: Vec<(Hook, PacketBox)>,
    /// The rules of a front end that may as well write nftables rules are in the export: one that runs is no sign of others.
    pub front_end: bool,
    /// A dump: it shows what a front end has loaded from files of its own.
    pub shows_files: bool,
    /// Which of the two kinds of iptables it is of. Rules of both are in force together.
    pub backend: Backend,
    /// What its tables are, where the tables themselves are not held here.
    pub outline: Option<Box<Outline>>,
}

/// What is known of tables without their rules.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outline {
    /// Their names.
    pub names: Vec<Box<str>>,
    /// One of them filters.
    pub filters: bool,
    /// They have no rules, and every packet passes them.
    pub idle: bool,
    /// All that they hold is known and in force.
    pub sound: bool,
}

impl Outline {
    /// Of the tables of an instance.
    #[must_use]
    pub fn of(n: &Netfilter) -> Self {
        let mut chains = n.tables.iter().flat_map(|t| &t.chains);
        Self {
            names: n.tables.iter().map(|t| t.name.clone()).collect(),
            filters: n.tables.iter().any(|t| t.filters),
            idle: chains.all(|c| c.rules.is_empty() && c.policy.as_ref().is_none_or(|p| p.allow)),
            sound: !n.in_part && !n.broken && n.unloaded.is_empty(),
        }
    }
}

/// What a dump or a listing says of the tool that printed it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Backend {
    /// The legacy tools, whose tables nft does not show.
    Legacy,
    /// iptables-nft, whose tables are those of nftables.
    Nft,
    /// Nothing, or what leaves it open.
    #[default]
    Unsaid,
}

impl Backend {
    /// Whether two are known to be of different tools, so that neither replaces the other.
    #[must_use]
    pub fn differs(self, other: Self) -> bool {
        self != other && self != Self::Unsaid && other != Self::Unsaid
    }

    /// What names of its programs end with.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Legacy => "-legacy",
            Self::Nft => "-nft",
            Self::Unsaid => "",
        }
    }

    /// By the name of a program, `iptables-legacy` or `ip6tables-nft-save`.
    #[must_use]
    pub fn of_program(name: &str) -> Self {
        match name.trim_end_matches("-save").rsplit_once('-') {
            Some((_, "legacy")) => Self::Legacy,
            Some((_, "nft")) => Self::Nft,
            _ => Self::Unsaid,
        }
    }
}

/// What is known of the nat table of a listing that does not show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NatTable {
    /// It is shown, or the export would show it if there were one.
    #[default]
    Unasked,
    /// It may be there.
    Unshown(Span),
    /// A chain at this place shows that there is one which translates destinations.
    Proven(Span),
}

/// What is known of rule sets that filter the same packets and are not in the export: iptables-nft and the legacy tools
/// each show their own tables, and nothing that nft made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OtherRules {
    /// Nothing is said of them.
    #[default]
    Unsaid,
    /// The export is of a tool that shows its own tables alone, and nothing shows others.
    Hidden,
    /// Something shows that there are some, at this place of the export; empty where another file shows it.
    Shown(Span),
}

impl Netfilter {
    /// An instance with these tables, in file order. What is not in them may exist nevertheless; see [`Netfilter::whole`].
    #[must_use]
    pub fn new(tables: Vec<Table>) -> Self {
        let ids = tables.iter().enumerate().flat_map(|(t, table)| {
            let each = table.chains.iter().enumerate();
            each.filter_map(move |(c, chain)| Some((chain.base.as_ref()?, ChainId::new(t, c))))
        });
        let mut bases: Vec<_> = ids.collect();
        bases.sort_by_key(|(base, _)| (base.hook, base.turn()));
        let bases = bases.into_iter().map(|(b, id)| (b.hook, id)).collect();
        Self {
            tables,
            bases,
            sets: Vec::new(),
            whole: false,
            unloaded: Vec::new(),
            in_part: false,
            nat: NatTable::Unasked,
            broken: false,
            others: OtherRules::Unsaid,
            ties: Vec::new(),
            front_end: false,
            shows_files: false,
            backend: Backend::Unsaid,
            outline: None,
        }
    }

    /// Whether what the export has of a table is what the tools load.
    #[must_use]
    pub fn is_loaded(&self, table: &str) -> bool {
        !self.unloaded.iter().any(|t| **t == *table)
    }

    /// In file order.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Its tables, to make another instance of.
    #[must_use]
    pub fn into_tables(self) -> Vec<Table> {
        self.tables
    }

    /// The first table of a name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|t| &*t.name == name)
    }

    /// A set.
    #[must_use]
    pub fn set(&self, id: NamedSetId) -> Option<&NamedSet> {
        self.sets.get(id.index())
    }

    /// A chain with its table.
    #[must_use]
    pub fn chain(&self, id: ChainId) -> Option<(&Table, &Chain)> {
        let table = self.tables.get(id.table as usize)?;
        Some((table, table.chains.get(id.index())?))
    }

    /// Every chain, in file order.
    pub fn chains(&self) -> impl Iterator<Item = (ChainId, &Table, &Chain)> {
        let tables = self.tables.iter().enumerate();
        tables.flat_map(|(t, table)| {
            let chains = table.chains.iter().enumerate();
            chains.map(move |(c, chain)| (ChainId::new(t, c), table, chain))
        })
    }

    /// The base chains of a hook, in the order in which the kernel calls them.
    pub fn base_chains(&self, hook: Hook) -> impl Iterator<Item = Hooked<'_>> + Clone {
        let start = self.bases.partition_point(|(h, _)| *h < hook);
        let of_hook = self.bases.get(start..).unwrap_or_default().iter();
        let of_hook = of_hook.take_while(move |(h, _)| *h == hook);
        of_hook.filter_map(|(_, id)| {
            let (table, chain) = self.chain(*id)?;
            Some(Hooked {
                id: *id,
                table,
                chain,
                base: chain.base.as_ref()?,
            })
        })
    }

    /// The base chains of a hook that say which IP packets pass there.
    pub fn filter_chains(&self, hook: Hook) -> impl Iterator<Item = Hooked<'_>> + Clone {
        self.base_chains(hook).filter(Hooked::decides)
    }

    /// The rules that say what passes a hook, in evaluation order and each once for a base chain that reaches it.
    pub fn filter_rules(&self, hook: Hook) -> impl Iterator<Item = &Rule> {
        let bases = self.filter_chains(hook);
        bases.flat_map(Hooked::reached)
    }

    /// The rules of a chain, to change.
    pub fn chain_rules_mut(&mut self, id: ChainId) -> Option<&mut Vec<Rule>> {
        let table = self.tables.get_mut(id.table as usize)?;
        Some(&mut table.chains.get_mut(id.index())?.rules)
    }

    /// The policy of a chain, to change, if it has one.
    pub fn policy_mut(&mut self, id: ChainId) -> Option<&mut ChainPolicy> {
        let table = self.tables.get_mut(id.table as usize)?;
        table.chains.get_mut(id.index())?.policy.as_mut()
    }

    pub(super) fn rules_mut(&mut self) -> impl Iterator<Item = &mut Rule> {
        let chains = self.tables.iter_mut().flat_map(|t| &mut t.chains);
        chains.flat_map(|c| &mut c.rules)
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn rule(at: usize, action: Action) -> Rule {
        Rule::new(Span::new(at, at + 1), action)
    }

    fn chain(base: Option<BaseChain>, rules: Vec<Rule>) -> Chain {
        Chain {
            name: "".into(),
            base,
            policy: None,
            span: Span::default(),
            rules,
        }
    }

    fn base(hook: Hook, kind: ChainType, priority: i32) -> Option<BaseChain> {
        Some(BaseChain {
            hook,
            kind,
            priority,
            or_priority: None,
            family: TableFamily::Inet,
            devices: Vec::new(),
        })
    }

    fn table(filters: bool, chains: Vec<Chain>) -> Table {
        Table {
            name: "".into(),
            family: TableFamily::Inet,
            filters,
            span: Span::default(),
            chains,
        }
    }

    fn places<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<u32> {
        rules.map(|r| r.span.start).collect()
    }

    /// A rule of a called chain that were told after the rules behind the jump would be named in the wrong order, and a
    /// ring that is followed again never ends.
    #[test]
    fn what_a_rule_calls_comes_before_the_rule_that_follows_it() {
        let input = base(Hook::Input, ChainType::Filter, 0);
        let called = vec![rule(10, Action::Goto(2)), rule(11, Action::Jump(0))];
        let idle = Rule {
            enabled: false,
            ..rule(3, Action::Jump(3))
        };
        let chains = vec![
            chain(
                input,
                vec![
                    rule(1, Action::Jump(1)),
                    rule(2, Action::Jump(2)),
                    idle,
                    rule(4, Action::Allow),
                ],
            ),
            chain(None, called),
            chain(None, vec![rule(20, Action::Return)]),
            chain(None, vec![rule(30, Action::Allow)]),
            chain(None, vec![rule(40, Action::Allow)]),
        ];
        let nf = Netfilter::new(vec![table(true, chains)]);
        assert_eq!(
            places(nf.filter_rules(Hook::Input)),
            [1, 10, 20, 11, 2, 3, 4]
        );
        assert_eq!(places(nf.filter_rules(Hook::Output)), [0; 0]);
        assert_eq!(nf.tables()[0].reached(0), [0, 1, 2]);
    }

    #[test]
    fn chains_that_call_each_other_very_deep_are_walked() {
        let deep = 200_000;
        let each = (1..=deep).map(|to| chain(None, vec![rule(0, Action::Jump(to))]));
        let table = table(true, each.collect());
        assert_eq!(table.reached(0).len(), deep as usize);
    }

    /// By the priority of the file alone a nat chain at 0 would come after a filter chain at -50.
    #[test]
    fn base_chains_are_called_by_priority_and_nat_chains_at_their_place() {
        use ChainType::{Filter, Nat};
        let at = |kind, priority| chain(base(Hook::Prerouting, kind, priority), Vec::new());
        let first = vec![at(Filter, 10), at(Nat, 0), at(Filter, -50), at(Nat, -150)];
        let second = vec![at(Filter, 10), at(Filter, -150), chain(None, Vec::new())];
        let nf = Netfilter::new(vec![table(true, first), table(false, second)]);
        let all = nf.base_chains(Hook::Prerouting);
        let order: Vec<_> = all.map(|b| (b.base.kind, b.base.priority)).collect();
        let want = [
            (Filter, -150),
            (Nat, -150),
            (Nat, 0),
            (Filter, -50),
            (Filter, 10),
            (Filter, 10),
        ];
        assert_eq!(order, want);
        let filters: Vec<ChainId> = nf.filter_chains(Hook::Prerouting).map(|b| b.id).collect();
        assert!(filters.iter().all(|id| id.table == 0), "{filters:?}");
        assert_eq!(nf.base_chains(Hook::Input).count(), 0);
    }

    // Fails if what a goto left behind counts as met, or if what the caller has behind a jump does not.
    #[test]
    fn packets_go_on_behind_a_jump_and_not_behind_a_goto() {
        let base = vec![
            rule(0, Action::Jump(1)),
            rule(1, Action::Jump(4)),
            rule(2, Action::Allow),
        ];
        let zones = vec![rule(3, Action::Goto(2)), rule(4, Action::Goto(3))];
        let zone = |at| vec![rule(at, Action::Allow), rule(at + 1, Action::Deny)];
        let all = [base, zones, zone(10), zone(20), zone(30)];
        let table = table(true, all.into_iter().map(|r| chain(None, r)).collect());
        assert_eq!(table.behind(2, 1), [true, false, false, false, true]);
        assert_eq!(table.behind(4, 0), [true, false, false, false, true]);
        assert_eq!(table.behind(0, 2), [false; 5]);
    }
}
