//! Which table of which family a listing is of, and which listings are parts of one table.

use super::columns::Row;
use super::lines::{Block, ChainPart, Item};
use crate::iptables::chain_name;
use hylint_model::{Backend, Hook, Span};
use hylint_space::Family;
use rustc_hash::FxHashMap;

/// Most parts of a table that are compared with another listing of it.
const MOST_PARTS: usize = 64;

/// The tables, in the order in which a save file has them.
const TABLES: [&str; 5] = ["raw", "mangle", "nat", "filter", "security"];

/// A table that is listed, perhaps in parts.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    pub(super) family: Option<Family>,
    /// What the command says that is shown before it; `None` where none is.
    pub(super) backend: Option<Backend>,
    pub(super) table: &'static str,
    pub(super) parts: Vec<Block<'a>>,
    /// Another listing with other rules, which may be a newer one, or of something else.
    pub(super) unclear: Option<Span>,
    /// A command behind it that changes its rules.
    pub(super) changed: Option<Span>,
    /// The chains that are listed.
    outline: Outline<'a>,
}

/// The chains of a listing, each with its policy and the targets of its rules.
type Outline<'a> = FxHashMap<&'a str, (Option<&'a str>, Vec<&'a str>)>;

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

/// Puts the listings of a text to their tables. Of one that is listed again, the earlier listing is `replaced`.
pub(super) fn sort<'a>(text: &'a str, blocks: Vec<Block<'a>>) -> (Vec<Listed<'a>>, Vec<Block<'a>>) {
    let (mut all, mut replaced): (Vec<Listed<'a>>, Vec<Block<'a>>) = (Vec::new(), Vec::new());
    for block in blocks {
        let table = table(text, &block);
        let own = family(text, &block);
        let shown = block.shown.filter(|s| s.family.is_some());
        let backend = shown.map(|s| s.backend);
        // A listing that does not say it is most likely of the tool of the one before it.
        let last = all.last().map(|l| l.family);
        let family = own.or_else(|| {
            let free = |f: &Family| all.iter().all(|l| l.family != Some(*f) || l.table != table);
            last.flatten().filter(free)
        });
        let same = all.iter_mut().find(|l| {
            // The tools of two names were asked because each has its rules.
            let apart = matches!((l.backend, backend), (Some(a), Some(b)) if a != b);
            let may_be = l.family == family || l.family.is_none() || family.is_none();
            l.table == table && !apart && may_be
        });
        let own = outline(text, &block);
        let Some(listed) = same else {
            all.push(Listed {
                family,
                backend,
                table,
                parts: vec![block],
                unclear: None,
                changed: None,
                outline: own,
            });
            continue;
        };
        listed.family = listed.family.or(family);
        listed.backend = listed.backend.or(backend);
        let saves = !block.saved.is_empty() && listed.parts.iter().any(|b| !b.saved.is_empty());
        let again = saves || own.keys().any(|c| listed.outline.contains_key(c));
        if !again {
            listed.outline.extend(own);
            listed.parts.push(block);
            continue;
        }
        let few = listed.parts.len() <= MOST_PARTS;
        let sure = few && listed.parts.iter().all(|b| is_said(b) && is_said(&block));
        if !sure && !alike(&listed.outline, &own) {
            listed.unclear.get_or_insert(place(&block));
        }
        // What says more is taken; of equals, the later.
        let says = |b: &Block<'_>| (b.chains.len().max(b.saved.len()), detail(b));
        if few && listed.parts.iter().all(|b| says(&block) >= says(b)) {
            replaced.append(&mut listed.parts);
            listed.outline = own;
            listed.parts.push(block);
        } else {
            // The later one is not taken, so that it has to say the same.
            if !alike(&listed.outline, &own) {
                listed.unclear.get_or_insert(place(&block));
            }
            replaced.push(block);
        }
    }
    adopt(&mut all);
    all.sort_by_key(|l| TABLES.iter().position(|t| *t == l.table));
    (all, replaced)
}

/// A listing that does not say its family is of that of another one in the file.
fn adopt(all: &mut [Listed<'_>]) {
    let known: Vec<(&str, Family)> = all
        .iter()
        .filter_map(|l| Some((l.table, l.family?)))
        .collect();
    for listed in all.iter_mut().filter(|l| l.family.is_none()) {
        let free = |f: &Family| !known.contains(&(listed.table, *f));
        listed.family = known.iter().map(|(_, f)| *f).find(free);
    }
}

/// Whether the text says of which table and family a listing is.
fn is_said(block: &Block<'_>) -> bool {
    block
        .shown
        .is_some_and(|s| s.table.is_some() && s.family.is_some())
}

fn place(block: &Block<'_>) -> Span {
    let chain = block.chains.first().map(|c| c.span);
    chain
        .or_else(|| block.saved.first().copied())
        .unwrap_or_default()
}

fn outline<'a>(text: &'a str, block: &Block<'a>) -> Outline<'a> {
    let mut out = Outline::default();
    for chain in &block.chains {
        let targets = chain.items.iter().map(|i| match i {
            Item::Rule(row) => row.target.map_or("", |t| t.text),
            Item::Torn(_) | Item::Elided(_) => "?",
        });
        let policy = chain.policy.map(|p| p.text);
        out.entry(chain.name).or_insert((policy, targets.collect()));
    }
    for line in block.saved.iter().filter_map(|s| text.get(s.range())) {
        let mut words = line.split_ascii_whitespace();
        let (first, Some(name)) = (words.next(), words.next()) else {
            continue;
        };
        let (policy, targets) = out.entry(name).or_default();
        match first {
            Some("-P") => *policy = words.next(),
            Some("-A") => {
                words.find(|w| matches!(*w, "-j" | "-g"));
                targets.push(words.next().unwrap_or(""));
            }
            _ => {}
        }
    }
    out
}

/// Whether two listings may be of one state of a table: the chains that both have are alike.
fn alike(a: &Outline<'_>, b: &Outline<'_>) -> bool {
    b.iter()
        .all(|(name, chain)| a.get(name).is_none_or(|c| c == chain))
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
