//! Which table of which family a listing is of, and which listings are parts of one table.

use super::columns::Row;
use super::lines::{Block, ChainPart, Item};
use hylint_model::Span;
use hylint_space::Family;
use rustc_hash::FxHashSet;

/// Most parts of a table that are compared with another listing of it.
const MOST_PARTS: usize = 64;

/// The tables, in the order in which a save file has them.
const TABLES: [&str; 5] = ["raw", "mangle", "nat", "filter", "security"];

/// A table that is listed, perhaps in parts.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    pub(super) family: Option<Family>,
    pub(super) table: &'static str,
    pub(super) parts: Vec<Block<'a>>,
    /// The chains that are listed.
    names: FxHashSet<&'a str>,
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
        Item::Torn(_) => None,
    })
}

/// Puts the listings of a text to their tables. Of one that is listed again, the earlier listing is `replaced`.
pub(super) fn sort<'a>(text: &str, blocks: Vec<Block<'a>>) -> (Vec<Listed<'a>>, Vec<Block<'a>>) {
    let (mut all, mut replaced): (Vec<Listed<'a>>, Vec<Block<'a>>) = (Vec::new(), Vec::new());
    for block in blocks {
        let table = table(text, &block);
        let own = family(text, &block);
        // A listing that does not say it is most likely of the tool of the one before it.
        let last = all.last().map(|l| l.family);
        let family = own.or_else(|| {
            let free = |f: &Family| all.iter().all(|l| l.family != Some(*f) || l.table != table);
            last.flatten().filter(free)
        });
        let same = all.iter_mut().find(|l| {
            l.table == table && (l.family == family || l.family.is_none() || family.is_none())
        });
        let Some(listed) = same else {
            let names = block.chains.iter().map(|c| c.name).collect();
            all.push(Listed {
                family,
                table,
                parts: vec![block],
                names,
            });
            continue;
        };
        listed.family = listed.family.or(family);
        let saves = !block.saved.is_empty() && listed.parts.iter().any(|b| !b.saved.is_empty());
        let again = saves || block.chains.iter().any(|c| listed.names.contains(c.name));
        if !again {
            listed.names.extend(block.chains.iter().map(|c| c.name));
            listed.parts.push(block);
            continue;
        }
        // What says more is taken; of equals, the later.
        let says = |b: &Block<'_>| (b.chains.len().max(b.saved.len()), detail(b));
        let few = listed.parts.len() <= MOST_PARTS;
        if few && listed.parts.iter().all(|b| says(&block) >= says(b)) {
            replaced.append(&mut listed.parts);
            listed.names = block.chains.iter().map(|c| c.name).collect();
            listed.parts.push(block);
        } else {
            replaced.push(block);
        }
    }
    all.sort_by_key(|l| TABLES.iter().position(|t| *t == l.table));
    (all, replaced)
}

/// How much a listing says: interfaces, and numbers in place of names.
fn detail(block: &Block<'_>) -> u8 {
    let columns = block.chains.iter().filter_map(|c| c.columns);
    let interfaces = columns.clone().any(|c| c.interfaces);
    let ends = block.chains.iter().flat_map(rows);
    let named = ends
        .clone()
        .any(|r| r.source.is_some_and(|s| s.text == "anywhere"));
    let saved = u8::from(!block.saved.is_empty()) * 8;
    saved + u8::from(interfaces) * 2 + u8::from(!named)
}

fn table(text: &str, block: &Block<'_>) -> &'static str {
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
    match (has("PREROUTING"), has("FORWARD"), has("POSTROUTING")) {
        (_, true, true) | (true, true, _) => "mangle",
        (_, false, true) => "nat",
        (true, false, false) if uses(&["DNAT", "REDIRECT", "NETMAP"]) => "nat",
        (true, false, false) if uses(&["MARK", "CONNMARK", "TOS", "DSCP", "TPROXY"]) => "mangle",
        (true, false, false) => "raw",
        _ if uses(&["SECMARK", "CONNSECMARK"]) => "security",
        _ => "filter",
    }
}

/// The family of a listing: by its command, by its addresses, by the column that old versions of ip6tables leave blank.
fn family(text: &str, block: &Block<'_>) -> Option<Family> {
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
    let _ = text;
    first
}

/// The chains of the kernel in a table.
pub(super) fn base_chains(table: &str) -> &'static [&'static str] {
    match table {
        "raw" => &["PREROUTING", "OUTPUT"],
        // Kernels before 2.6.34 have no INPUT in it.
        "nat" => &["PREROUTING", "OUTPUT", "POSTROUTING"],
        "mangle" => &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        _ => &["INPUT", "FORWARD", "OUTPUT"],
    }
}
