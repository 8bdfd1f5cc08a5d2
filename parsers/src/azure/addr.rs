//! Addresses of a rule's end.

use super::context::Context;
use super::tags;
use super::values::{elements, id_of, is_blank, is_expression, last_segment, shown};
use crate::json::Value;
use hylint_model::{Condition, ConditionKind, ProblemKind, Side, Span, Test, reworded};
use hylint_space::{AddrSet, RangeSet, class, v4_prefix};
use rustc_hash::FxHashMap;
use std::net::{IpAddr, Ipv4Addr};

/// The address that health probes and platform services come from: the tag `AzureLoadBalancer`.
const PLATFORM: IpAddr = IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16));

/// Unreadable words of one list that are named. One is enough to leave the end open.
const MAX_FAULTS: usize = 8;

/// More tags than any real list holds.
const MANY: usize = 512;

/// What `tagMap` of an effective group says of its tags.
pub(super) type TagMap = FxHashMap<String, AddrSet>;

/// One of the sets of addresses that an end takes: those for which the condition holds.
#[derive(Clone, Debug)]
pub(super) struct Alternative {
    /// Addresses.
    pub addrs: AddrSet,
    /// What must hold beside.
    pub condition: Option<Condition>,
}

/// The fields of one end.
#[derive(Clone, Copy, Debug)]
pub(super) struct End<'a> {
    /// Which end.
    pub side: Side,
    /// `sourceAddressPrefix`.
    pub single: Option<Value<'a>>,
    /// `sourceAddressPrefixes`.
    pub plural: Option<Value<'a>>,
    /// `sourceApplicationSecurityGroups`.
    pub groups: Option<Value<'a>>,
    /// `expandedSourceAddressPrefix`: the addresses behind the tags.
    pub expanded: Option<Value<'a>>,
}

/// What one word says.
enum Word {
    Addrs(AddrSet),
    /// A tag's name.
    Tag(String),
    /// Why it says nothing.
    Unknown(String),
}

/// Addresses that are written and names that stand for others.
#[derive(Default)]
struct Words {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
    tags: Vec<(String, Span)>,
    unknown: Vec<(String, Span)>,
}

impl Words {
    fn add(&mut self, set: &AddrSet) {
        self.v4.extend(set.v4.iter());
        self.v6.extend(set.v6.iter());
    }

    fn addrs(&self) -> AddrSet {
        AddrSet {
            v4: self.v4.iter().copied().collect::<RangeSet<u32>>(),
            v6: self.v6.iter().copied().collect::<RangeSet<u128>>(),
        }
    }

    fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty() && self.tags.is_empty() && self.unknown.is_empty()
    }

    fn within(&self, o: &Self) -> bool {
        self.addrs().is_subset(&o.addrs())
            && o.tags.len() <= MANY
            && self
                .tags
                .iter()
                .all(|(t, _)| o.tags.iter().any(|(u, _)| t == u))
            && self.unknown.is_empty()
    }
}

impl End<'_> {
    fn field(&self) -> &'static str {
        match self.side {
            Side::Src => "source address",
            Side::Dst => "destination address",
        }
    }

    fn verb(&self) -> &'static str {
        match self.side {
            Side::Src => "source in",
            Side::Dst => "destination in",
        }
    }

    /// The sets of addresses that this end takes, of which any may hold.
    pub(super) fn alternatives(
        &self,
        cx: &mut Context,
        rule: Value<'_>,
        name: &str,
        map: &TagMap,
    ) -> Vec<Alternative> {
        if let Some(alone) = self.alone(cx, map) {
            return vec![alone];
        }
        let mut words = self.words(cx, self.plural);
        let one = self.words(cx, self.single);
        if !words.is_empty() && !one.within(&words) {
            let at = self.single.map(|v| cx.at(v)).unwrap_or_default();
            let field = self.field();
            cx.problem(
                ProblemKind::Note,
                at,
                format!("{field} of rule `{name}` is not in the list beside it; both are read"),
            );
        }
        words.merge(one);
        let groups = self.groups(cx);
        if words.is_empty() && groups.is_empty() {
            let reason = cx.missing(rule, self.field(), name);
            words.unknown.push((reason, cx.at(rule)));
        }
        self.resolve(cx, &mut words, map);
        self.join(&words, groups)
    }

    /// The usual end: one address, and nothing beside it.
    fn alone(&self, cx: &mut Context, map: &TagMap) -> Option<Alternative> {
        let rest = [self.plural, self.groups, self.expanded];
        if !map.is_empty() || rest.into_iter().flatten().any(|v| !is_blank(v)) {
            return None;
        }
        let v = self.single?;
        let text = v.str()?;
        let addrs = match &*text {
            "*" => AddrSet::any(),
            word => AddrSet::parse(word).inspect(|set| host_bits(cx, v, word, set))?,
        };
        Some(Alternative {
            addrs,
            condition: None,
        })
    }

    fn words(&self, cx: &mut Context, list: Option<Value<'_>>) -> Words {
        let mut out = Words::default();
        let Some(list) = list.filter(|v| !is_blank(*v)) else {
            return out;
        };
        for e in elements(list) {
            if out.unknown.len() >= MAX_FAULTS {
                break;
            }
            // Security admin rules: `{"addressPrefix": …, "addressPrefixType": …}`.
            let e = e.get_ci("addressPrefix").unwrap_or(e);
            let span = cx.at(e);
            let text = e.text().unwrap_or_default();
            let whole = text.trim();
            let list = !is_expression(whole) && !whole.contains(" - ");
            if whole.is_empty() && !is_blank(e) {
                let word = shown(e, whole);
                let why = cx.unreadable(e, self.field(), &word);
                out.unknown.push((why, span));
            }
            // PowerShell's default depth prints a list as its words with blanks between them.
            let split = |c: char| list && (c == ',' || c.is_ascii_whitespace());
            for word in whole.split(split).filter(|w| !w.is_empty()) {
                match self.word(cx, e, word) {
                    Word::Addrs(set) => out.add(&set),
                    Word::Tag(tag) => out.add_tag(tag, span),
                    Word::Unknown(why) => out.unknown.push((why, span)),
                }
            }
        }
        out
    }

    fn word(&self, cx: &mut Context, v: Value<'_>, word: &str) -> Word {
        if word == "*" || word.eq_ignore_ascii_case("any") {
            return Word::Addrs(AddrSet::any());
        }
        if let Some(set) = AddrSet::parse(word) {
            host_bits(cx, v, word, &set);
            return Word::Addrs(set);
        }
        if !tags::is_word(word) {
            return Word::Unknown(cx.unreadable(v, self.field(), word));
        }
        let Some(tag) = tags::known(word) else {
            cx.unknown_tag(v, word);
            return Word::Tag(word.to_owned());
        };
        if tag == "AzureLoadBalancer" {
            return Word::Addrs(AddrSet::host(PLATFORM));
        }
        Word::Tag(tag)
    }

    /// Ids of application security groups.
    fn groups(&self, cx: &mut Context) -> Vec<(String, Span)> {
        let mut out = Vec::new();
        for e in self.groups.into_iter().flat_map(elements) {
            let at = cx.at(e);
            match id_of(e) {
                Some(id) if is_expression(&id) => {
                    out.push((cx.unreadable(e, "application security group", &id), at));
                }
                Some(id) => out.push((format!("azure:asg/{}", last_segment(&id)), at)),
                None => {
                    let word = shown(e, "");
                    out.push((cx.unreadable(e, "application security group", &word), at));
                }
            }
        }
        out
    }

    /// Puts addresses in the place of tags where the export lists them.
    fn resolve(&self, cx: &mut Context, words: &mut Words, map: &TagMap) {
        let expanded = self.words(cx, self.expanded);
        let usable = expanded.tags.is_empty() && expanded.unknown.is_empty();
        if usable && !expanded.is_empty() {
            words.tags.clear();
            words.merge(expanded);
        }
        for (tag, span) in std::mem::take(&mut words.tags) {
            match map.get(&tag) {
                Some(set) => words.add(set),
                None => words.tags.push((tag, span)),
            }
        }
    }

    fn join(&self, words: &Words, groups: Vec<(String, Span)>) -> Vec<Alternative> {
        let addrs = words.addrs();
        let mut out = Vec::new();
        if !addrs.is_empty() {
            let done = addrs.is_any();
            out.push(Alternative {
                addrs,
                condition: None,
            });
            if done {
                return out;
            }
        }
        for (tag, span) in &words.tags {
            out.push(named(tag, self.side, *span));
        }
        for (key, span) in groups {
            let condition = if key.starts_with("azure:") {
                self.peer(key, span)
            } else {
                unknown(key, span)
            };
            out.push(any_with(condition));
        }
        for (why, span) in &words.unknown {
            out.push(any_with(unknown(why.clone(), *span)));
        }
        out
    }

    fn peer(&self, key: String, span: Span) -> Condition {
        let text = format!("{} {key}", self.verb());
        let test = Test::Named {
            key: key.into(),
            side: self.side,
        };
        Condition::new(ConditionKind::Peer, test, span, text)
    }
}

impl Words {
    fn add_tag(&mut self, tag: String, span: Span) {
        // Beyond that many the rule is not modelled, whatever the tags are.
        if self.tags.len() > MANY || !self.tags.iter().any(|(t, _)| *t == tag) {
            self.tags.push((tag, span));
        }
    }

    fn merge(&mut self, o: Self) {
        self.v4.extend(o.v4);
        self.v6.extend(o.v6);
        for (tag, span) in o.tags {
            self.add_tag(tag, span);
        }
        self.unknown.extend(o.unknown);
    }
}

/// The addresses of a tag that the export does not list: those that it may hold, and the condition that it does ("Virtual
/// network service tags" of the Azure documentation; the spaces of the network and its peers are not in `Internet`).
pub(super) fn named(tag: &str, side: Side, span: Span) -> Alternative {
    let end = End {
        side,
        single: None,
        plural: None,
        groups: None,
        expanded: None,
    };
    let mut out = any_with(end.peer(format!("azure:{tag}"), span));
    if let Some(most) = at_most(tag) {
        out.addrs = most;
    }
    out
}

/// What a tag holds at most, whatever network it is used in; `None` where that is anything. A service tag stands for the
/// public prefixes of a service, so a private address is in none; of the platform's own, some are link-local.
fn at_most(tag: &str) -> Option<AddrSet> {
    match tag {
        VIRTUAL_NETWORK => None,
        "Internet" => Some(class::public().subtract(&AddrSet::host(PLATFORM))),
        _ if tag.starts_with("AzurePlatform") => Some(class::public().union(class::link_local())),
        _ => tags::known(tag).map(|_| class::public().clone()),
    }
}

/// The tag of the network's own space, which is private as a rule.
const VIRTUAL_NETWORK: &str = "VirtualNetwork";

/// The platform's address.
pub(super) fn load_balancer() -> Alternative {
    Alternative {
        addrs: AddrSet::host(PLATFORM),
        condition: None,
    }
}

fn any_with(condition: Condition) -> Alternative {
    Alternative {
        addrs: AddrSet::any(),
        condition: Some(condition),
    }
}

/// A condition of which only the text is known.
pub(super) fn unknown(text: String, span: Span) -> Condition {
    Condition::new(ConditionKind::Unknown, Test::Opaque, span, text)
}

/// Notes a prefix with bits set beyond its length: the platform masks them.
fn host_bits(cx: &mut Context, v: Value<'_>, word: &str, set: &AddrSet) {
    let written = match v4_prefix(word) {
        Some((address, _)) => Some(address.into()),
        None => {
            let Some((written, _)) = word.split_once('/') else {
                return;
            };
            written.trim().parse().ok()
        }
    };
    if written.is_some() && written != set.first() {
        let at = cx.at(v);
        cx.problem(
            ProblemKind::Note,
            at,
            reworded(
                format!("`{word}` has bits set after its prefix length and is read as {set}"),
                format!("`{word}` has bits set beyond its prefix length; it is read as {set}"),
            ),
        );
    }
}

/// Reads a list of plain addresses. Words that are none are counted.
pub(super) fn plain(list: Value<'_>) -> (AddrSet, usize) {
    let mut words = Words::default();
    let mut other = 0;
    for e in elements(list) {
        match e.str().and_then(|t| AddrSet::parse(&t)) {
            Some(set) => words.add(&set),
            None => other += 1,
        }
    }
    (words.addrs(), other)
}
