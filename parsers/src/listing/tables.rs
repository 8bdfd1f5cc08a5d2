//! Which table of which family a listing is of, and which listings are parts of one table.

use super::columns::Row;
use super::lines::{Block, ChainPart, Item};
use crate::iptables::{self, chain_name};
use hylint_model::{Backend, Hook, Span};
use hylint_space::Family;
use rustc_hash::FxHashSet;

/// The tables, in the order in which a save file has them.
pub(super) const TABLES: [&str; 5] = ["raw", "mangle", "nat", "filter", "security"];

/// A table that is listed, perhaps in parts.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    pub(super) family: Option<Family>,
    /// What the command says that is shown before it; `None` where none is.
    pub(super) backend: Option<Backend>,
    pub(super) table: &'static str,
    pub(super) parts: Vec<Block<'a>>,
    /// Another listing with other rules, which may be a newer one, or of something else, and in what it differs.
    pub(super) unclear: Option<(Span, String)>,
    /// A command behind it that changes its rules.
    pub(super) changed: Option<Span>,
    /// The chains that are listed.
    pub(super) names: FxHashSet<&'a str>,
}

impl<'a> Listed<'a> {
    pub(super) fn chains(&self) -> impl Iterator<Item = &ChainPart<'a>> {
        self.parts.iter().flat_map(|b| &b.chains)
    }

    /// Where it begins.
    pub(super) fn span(&self) -> Span {
        let chains = self.chains().map(|c| c.span);
        let saved = self.parts.iter().flat_map(|b| b.saved.iter().copied());
        chains.chain(saved).reduce(Span::to).unwrap_or_default()
    }
}

/// The rows of a chain.
pub(super) fn rows<'c, 'a>(chain: &'c ChainPart<'a>) -> impl Iterator<Item = &'c Row<'a>> + Clone {
    chain.items.iter().filter_map(|i| match i {
        Item::Rule(row) => Some(&**row),
        Item::Torn(_) | Item::Elided(_) => None,
    })
}

/// Whether the text says of which table and family a listing is.
pub(super) fn is_said(block: &Block<'_>) -> bool {
    block
        .shown
        .is_some_and(|s| s.table.is_some() && s.family.is_some())
}

pub(super) fn place(block: &Block<'_>) -> Span {
    let chain = block.chains.first().map(|c| c.span);
    chain
        .or_else(|| block.saved.first().copied())
        .unwrap_or_default()
}

/// The chains that a listing shows.
pub(super) fn names<'a>(text: &'a str, block: &Block<'a>) -> FxHashSet<&'a str> {
    let listed = block.chains.iter().map(|c| c.name);
    let saved = block.saved.iter().filter_map(|s| text.get(s.range()));
    listed
        .chain(saved.filter_map(|l| l.split_ascii_whitespace().nth(1)))
        .collect()
}

/// How much a listing says: interfaces, and numbers in place of names.
pub(super) fn detail(block: &Block<'_>) -> u8 {
    let columns = block.chains.iter().filter_map(|c| c.columns);
    let interfaces = columns.clone().any(|c| c.interfaces);
    let ends = block.chains.iter().flat_map(rows);
    let named = ends
        .clone()
        .any(|r| r.source.is_some_and(|s| s.text == "anywhere"));
    let saved = u8::from(!block.saved.is_empty()) * 8;
    saved + u8::from(interfaces) * 2 + u8::from(!named)
}

pub(super) fn table(text: &str, block: &Block<'_>) -> &'static str {
    let said = block.shown.and_then(|s| s.table);
    if let Some(t) = TABLES.into_iter().find(|t| said == Some(t)) {
        return t;
    }
    let saved = block.saved.iter().filter_map(|s| text.get(s.range()));
    let named: Vec<&str> = saved
        .filter_map(|l| l.split_ascii_whitespace().nth(1))
        .collect();
    let has = |name: &str| block.chains.iter().any(|c| c.name == name) || named.contains(&name);
    let targets = block.chains.iter().flat_map(rows).filter_map(|r| r.target);
    let uses = |all: &[&str]| targets.clone().any(|t| all.contains(&t.text));
    let hooked = |hook: Hook| has(chain_name(hook));
    match (
        hooked(Hook::Prerouting),
        hooked(Hook::Forward),
        hooked(Hook::Postrouting),
    ) {
        (_, true, true) | (true, true, _) => "mangle",
        (_, false, true) => "nat",
        (true, false, false) if uses(&["DNAT", "REDIRECT", "NETMAP"]) => "nat",
        (true, false, false) if uses(&["MARK", "CONNMARK", "TOS", "DSCP", "TPROXY"]) => "mangle",
        (true, false, false) => "raw",
        _ if uses(&["SECMARK", "CONNSECMARK"]) => "security",
        _ => "filter",
    }
}

/// The family of a listing: by its command, by its addresses and words, by the column that old versions of ip6tables leave blank.
pub(super) fn family(text: &str, block: &Block<'_>) -> Option<Family> {
    if let Some(family) = block.shown.and_then(|s| s.family) {
        return Some(family);
    }
    let all = || block.chains.iter().flat_map(rows);
    let addresses = || all().flat_map(|r| [r.source, r.destination].into_iter().flatten());
    let of = |w: super::columns::Word<'_>| {
        let (_, text) = w.negation();
        let host = text.split('/').next()?;
        match host.parse().ok()? {
            std::net::IpAddr::V4(_) => Some(Family::V4),
            std::net::IpAddr::V6(_) => Some(Family::V6),
        }
    };
    if let Some(family) = addresses().find_map(of) {
        return Some(family);
    }
    if all().any(|r| r.blank_opt) {
        return Some(Family::V6);
    }
    let word = |word: &str| match word {
        "ipv6-icmp" | "icmpv6" => Some(Family::V6),
        "icmp" | "igmp" => Some(Family::V4),
        w if w.starts_with("icmp6-") => Some(Family::V6),
        w if w.starts_with("icmp-") && w.ends_with(['e', 'd']) => Some(Family::V4),
        _ => None,
    };
    let words = all().flat_map(|r| r.protocol.iter().chain(&r.rest));
    let mut words = words.filter_map(|w| word(w.negation().1));
    let first = words.next();
    first.or_else(|| iptables::family_of(text, block.saved.iter().copied()))
}

/// The chains of the kernel in a table.
pub(super) fn base_chains(table: &str) -> Vec<&'static str> {
    use Hook::{Forward, Input, Output, Postrouting, Prerouting};
    let hooks: &[Hook] = match table {
        "raw" => &[Prerouting, Output],
        // Kernels before 2.6.34 have no INPUT in it.
        "nat" => &[Prerouting, Output, Postrouting],
        "mangle" => &[Prerouting, Input, Forward, Output, Postrouting],
        _ => &[Input, Forward, Output],
    };
    hooks.iter().map(|h| chain_name(*h)).collect()
}
