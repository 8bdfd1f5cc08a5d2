//! What chains of netfilter are called: those of iptables by their names, those of nft with their tables.

use crate::judge::Exports;
use crate::rules::platform::{self, Owner};
use hylint_engine::{Decider, PointId};
use hylint_model::{Body, Chain, ChainType, Netfilter, Rule, Table};
use hylint_parsers::nft;

/// A chain with its table.
#[derive(Clone, Copy, Debug)]
pub struct NamedChain<'a> {
    table: &'a Table,
    chain: &'a Chain,
    nft: bool,
}

/// Whether an export is a ruleset of nft, where tables have families and chains any name.
#[must_use]
pub fn is_nft(exports: &Exports, at: PointId) -> bool {
    let export = exports.get(at.set).map(|e| e.export.format);
    export == Some(nft::ID)
}

fn netfilter(exports: &Exports, at: PointId) -> Option<&Netfilter> {
    match &exports.point(at)?.body {
        Body::Netfilter(nf) => Some(nf),
        Body::Lists(_) => None,
    }
}

impl<'a> NamedChain<'a> {
    /// A chain of a table.
    #[must_use]
    pub const fn new(table: &'a Table, chain: &'a Chain, nft: bool) -> Self {
        Self { table, chain, nft }
    }

    fn find(exports: &'a Exports, at: PointId, is: impl Fn(&Chain) -> bool) -> Option<Self> {
        let mut chains = netfilter(exports, at)?.chains();
        let (_, table, chain) = chains.find(|(_, _, c)| is(c))?;
        Some(Self::new(table, chain, is_nft(exports, at)))
    }

    /// The chain that holds a rule; none of a rule in a list.
    #[must_use]
    pub fn of_rule(exports: &'a Exports, at: PointId, rule: &Rule) -> Option<Self> {
        let holds = |c: &Chain| c.rules.as_ptr_range().contains(&std::ptr::from_ref(rule));
        Self::find(exports, at, holds)
    }

    /// The chain of a rule or a policy.
    #[must_use]
    pub fn of(exports: &'a Exports, d: &Decider<'_>) -> Option<Self> {
        match d {
            Decider::Rule { at, rule } => Self::of_rule(exports, *at, rule),
            Decider::Policy { at, chain } => Self::find(exports, *at, |c| std::ptr::eq(c, *chain)),
            _ => None,
        }
    }

    /// `INPUT`; of nft `inet filter input`, as its commands name it.
    #[must_use]
    pub fn name(self) -> String {
        match self.nft {
            true => format!("{} {}", table(self.table, true), self.chain.name),
            false => self.chain.name.to_string(),
        }
    }

    /// `filter INPUT`; of nft the same as [`NamedChain::name`].
    #[must_use]
    pub fn path(self) -> String {
        format!("{} {}", table(self.table, self.nft), self.chain.name)
    }

    /// In a sentence behind the word chain: `INPUT`, `input of inet filter`.
    #[must_use]
    pub fn told(self) -> String {
        match self.nft {
            true => format!("{} of {}", self.chain.name, table(self.table, true)),
            false => self.chain.name.to_string(),
        }
    }

    /// `the policy of INPUT`, `the policy of chain input of inet filter`.
    #[must_use]
    pub fn policy(self) -> String {
        match (self.owned(), self.nft) {
            (Some(owned), _) => format!("the policy of {owned}"),
            (None, true) => format!("the policy of chain {}", self.told()),
            (None, false) => format!("the policy of {}", self.chain.name),
        }
    }

    /// Whether its policy says what passes at a hook where packets are filtered.
    #[must_use]
    pub fn decides(self) -> bool {
        let base = self.chain.base.as_ref();
        base.is_some_and(|b| self.table.filters && b.hook.filters() && b.kind != ChainType::Nat)
    }

    /// Whether people write its rules, though a program makes it.
    #[must_use]
    pub fn is_edited(self) -> bool {
        self.owner().is_none_or(|o| o.leaves(&self.chain.name))
    }

    /// Whether it stands for rules of a zone or a policy, which people write: no file has the chain itself.
    #[must_use]
    pub fn is_of_zones(self) -> bool {
        self.table.span.is_empty() && &*self.table.name == "firewalld"
    }

    /// The zone or policy whose rules for packets to the host it stands for: zone `public`.
    #[must_use]
    pub fn zone(self) -> Option<String> {
        let own = self
            .chain
            .name
            .strip_prefix("filter_")
            .filter(|_| self.is_of_zones())?;
        let (short, name) = own.split_once('_')?;
        match (short, name.strip_prefix("policy_")) {
            ("IN" | "OUT" | "FWD", Some(policy)) => Some(format!("policy `{policy}`")),
            ("IN", None) => Some(format!("zone `{name}`")),
            _ => None,
        }
    }

    /// The program that writes it.
    #[must_use]
    pub fn owner(self) -> Option<&'static Owner> {
        if self.is_of_zones() {
            return None;
        }
        platform::owner(self.table.family, &self.table.name, &self.chain.name)
    }

    /// Of a chain that a program writes: docker's chain `DOCKER`.
    #[must_use]
    pub fn owned(self) -> Option<String> {
        let owner = self.owner()?;
        Some(format!("{}'s chain `{}`", owner.name, self.chain.name))
    }
}

/// `filter`; of nft `inet filter`, as tables of several families may have one name.
#[must_use]
pub fn table(table: &Table, nft: bool) -> String {
    match nft {
        true => format!("{} {}", table.family.as_str(), table.name),
        false => table.name.to_string(),
    }
}

/// Where rules are that a program wrote, for the end of a sentence: ` (docker's chain `DOCKER`)`; nothing of others, or where
/// several programs wrote them.
#[must_use]
pub fn of_owner(exports: &Exports, at: PointId, rules: &[&Rule]) -> String {
    let owned = |r: &&Rule| NamedChain::of_rule(exports, at, r).and_then(NamedChain::owned);
    let first = rules.first().and_then(owned);
    let same = |text: &String| rules.iter().all(|r| owned(r).as_ref() == Some(text));
    let owned = first.filter(same);
    owned.map_or_else(String::new, |text| format!(" ({text})"))
}

/// What to do instead of editing what a program wrote, for the end of help; nothing of others.
#[must_use]
pub fn to_change(exports: &Exports, d: &Decider<'_>) -> String {
    let chain = NamedChain::of(exports, d);
    let owner = chain.and_then(NamedChain::owner);
    owner.map_or_else(String::new, |o| {
        format!("; {} rewrites that chain: {}", o.name, o.change)
    })
}
