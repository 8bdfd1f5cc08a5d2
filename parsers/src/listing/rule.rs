//! A row as the specification of a rule.

use super::columns::{Row, Word, words};
use super::spec::{Cursor, Spec};
use super::{matches, targets};
use crate::iptables::{TARGETS, goes_on, names};
use hylint_model::{ConditionKind, Hits, Span};
use hylint_space::Family;

/// What is known of the listing that a row stands in.
#[derive(Clone, Copy)]
pub(super) struct Setting<'s> {
    pub(super) text: &'s str,
    /// Whether the listing has a chain of a name.
    pub(super) chain: &'s dyn Fn(&str) -> bool,
    /// The kernel's chain that the row stands in, if it does.
    pub(super) family: Option<Family>,
    /// The listing prints numbers (`-n`): any interface is `*`, and `any` the name of one.
    pub(super) numeric: bool,
}

/// A row that was read.
pub(super) struct Read<'a> {
    pub(super) spec: Spec<'a>,
    pub(super) hits: Hits,
    /// The name of a chain that it goes to and that is not listed.
    pub(super) missing: Option<Word<'a>>,
    /// Words of it may be cut.
    pub(super) torn: bool,
}

/// Words for what a column leaves open.
pub(super) const INTERFACES: &str = "interface is not printed";

/// Most words behind the columns of a rule, and most bytes of its line. A longer one stays open.
const MOST_WORDS: usize = 1024;
const MOST_BYTES: usize = 16 * 1024;

/// What is not known of a row of which any word may be cut.
fn part(text: &str, span: Span) -> String {
    let line = text.get(span.range()).unwrap_or("");
    let words: Vec<&str> = line.split_whitespace().take(24).collect();
    format!("`{}`, which is wrapped or cut off", words.join(" "))
}

/// Reads a row.
pub(super) fn read<'a>(set: Setting<'a>, row: &Row<'a>) -> Read<'a> {
    let named = row.target.map_or("", |t| t.text);
    let goto = row.rest.first().is_some_and(|w| w.text == "[goto]");
    let jumps = (set.chain)(named);
    let known = TARGETS.iter().any(|t| t.name == named);
    let kind = Kind {
        goto,
        printed: if jumps { "" } else { named },
        // Whether such a rule matches decides nothing.
        idle: !jumps && (row.target.is_none() || goes_on(named)),
    };
    let long = row.rest.len() > MOST_WORDS || row.span.len() > MOST_BYTES;
    let (spec, is_torn) = match (row.is_whole() && !long && !row.cut, row.more) {
        (true, None) => (whole(set, row, kind, &row.rest), false),
        (true, Some(more)) => match wrapped(set, row, kind, more) {
            Some(spec) => (spec, false),
            None => (torn(set, row, kind), true),
        },
        (false, _) => {
            let is = row.more.is_some() || !row.is_whole() || row.cut;
            (torn(set, row, kind), is)
        }
    };
    Read {
        spec,
        hits: row.packets.map_or(Hits::Unprinted, Hits::of),
        missing: row.target.filter(|_| !jumps && (!known || goto)),
        torn: is_torn,
    }
}

/// What a row's target says of it.
#[derive(Clone, Copy)]
struct Kind<'a> {
    goto: bool,
    /// The target, if it may print options.
    printed: &'a str,
    idle: bool,
}

fn whole<'a>(set: Setting<'a>, row: &Row<'a>, kind: Kind<'a>, rest: &[Word<'a>]) -> Spec<'a> {
    let mut spec = Spec::default();
    ends(&mut spec, row, set.family);
    interfaces(&mut spec, row, kind.idle, set.numeric);
    protocol(&mut spec, row);
    let rest = rest.get(usize::from(kind.goto)..).unwrap_or(&[]);
    let mut c = Cursor::new(set.text, rest);
    extras(&mut c, &mut spec, (kind.printed, kind.idle));
    let Some(target) = row.target else {
        return spec;
    };
    // NOTRACK is listed as CT by versions that made it an alias.
    let alias = kind.printed == "CT" && c.ahead(0) == "NOTRACK";
    spec.word(if kind.goto { "-g" } else { "-j" }, target.span);
    spec.word(if alias { "NOTRACK" } else { target.text }, target.span);
    if alias {
        c.next();
    } else if !kind.printed.is_empty() {
        targets::read(kind.printed, &mut c, &mut spec);
    }
    if let Some(span) = c.rest().filter(|_| !kind.idle) {
        let words = set.text.get(span.range()).unwrap_or("");
        spec.open(ConditionKind::Unknown, &format!("`{words}`"), span);
    }
    spec
}

/// A row whose rest stands on the next line; `None` unless the line was broken between two words.
fn wrapped<'a>(set: Setting<'a>, row: &Row<'a>, kind: Kind<'a>, more: Span) -> Option<Spec<'a>> {
    let mut rest = row.rest.clone();
    rest.extend(words(set.text, more));
    let spec = whole(set, row, kind, &rest);
    let listed = row.input.is_some() || kind.idle;
    if spec.opens.len() == usize::from(!listed) {
        return Some(spec);
    }
    None
}

/// A row of which any word may be cut but its target.
fn torn<'a>(set: Setting<'a>, row: &Row<'a>, kind: Kind<'a>) -> Spec<'a> {
    let mut spec = Spec::default();
    if let Some(target) = row.target {
        spec.word(if kind.goto { "-g" } else { "-j" }, target.span);
        spec.word(target.text, target.span);
    }
    spec.open(ConditionKind::Unknown, &part(set.text, row.span), row.span);
    spec
}

/// Everything behind the columns up to what the target prints.
fn extras<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, (target, idle): (&str, bool)) {
    while let Some(word) = c.peek() {
        if word.text == "/*" {
            comment(c, spec, idle);
        } else if matches::one(c, spec) {
        } else {
            if targets::begins(target, c) {
                return;
            }
            unknown(c, spec, target, idle);
        }
    }
}

/// A word that no known match prints: it and what follows, up to what the target prints, stays open.
fn unknown<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, target: &str, idle: bool) {
    let Some(first) = c.next() else { return };
    while c.peek().is_some() && !targets::begins(target, c) {
        c.next();
    }
    let span = c.since(first.span);
    if !idle {
        let words = c.text.get(span.range()).unwrap_or("");
        spec.open(ConditionKind::Unknown, &format!("`{words}`"), span);
    }
}

/// A comment ends at `*/`. Where several stand on the line, what lies between the first and the last may be of a comment or
/// of a match.
fn comment<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, idle: bool) {
    let Some(first) = c.next() else { return };
    let mut ahead = *c;
    let (mut ends, mut opens) = (Vec::new(), 1);
    while let Some(word) = ahead.next() {
        match word.text {
            "*/" => ends.push(word.span),
            "/*" => opens += 1,
            _ => {}
        }
    }
    let (Some(close), Some(last)) = (ends.first().copied(), ends.last().copied()) else {
        // The end is cut off.
        let span = c.rest().map_or(first.span, |r| first.span.to(r));
        while c.next().is_some() {}
        if !idle {
            spec.open(ConditionKind::Unknown, &part(c.text, span), span);
        }
        return;
    };
    let end = |at: Span, c: &mut Cursor<'_, 'a>| {
        c.behind(at.end);
        let from = first.span.end as usize + 1;
        let to = (at.start as usize).saturating_sub(1).max(from);
        Span::new(from, to)
    };
    let mut one = *c;
    let body = end(close, &mut one);
    let next_is_comment = one.ahead(0) == "/*" && ends.len() == opens;
    if idle || ends.len() == 1 || next_is_comment {
        *c = one;
        words_of(c.text, body, spec);
        return;
    }
    let body = end(last, c);
    words_of(c.text, body, spec);
    let all = first.span.to(last);
    let words = c.text.get(all.range()).unwrap_or("");
    let text = format!("`{words}`, comments or matches");
    spec.open(ConditionKind::Unknown, &text, all);
}

fn words_of<'a>(text: &'a str, body: Span, spec: &mut Spec<'a>) {
    let said = text.get(body.range()).unwrap_or("");
    spec.call("comment", body);
    spec.text("--comment", said, false, body);
}

fn ends<'a>(spec: &mut Spec<'a>, row: &Row<'a>, family: Option<Family>) {
    for (end, option) in [(row.source, "-s"), (row.destination, "-d")] {
        let Some(word) = end else { continue };
        let (not, text) = word.negation();
        if let Some(address) = address(text, family) {
            spec.option(option, address, not, word.span);
        }
    }
}

/// The words of a column of addresses in those of a save file; `None` of any address. Names of networks and of the host itself
/// are those of `/etc/networks` and `/etc/hosts` that Debian and Red Hat ship.
fn address(text: &str, family: Option<Family>) -> Option<std::borrow::Cow<'_, str>> {
    let (host, mask) = text
        .split_once('/')
        .map_or((text, None), |(h, m)| (h, Some(m)));
    let lower = host.to_ascii_lowercase();
    let multicast = MULTICAST.iter().find(|(name, _)| *name == lower);
    let known = match host {
        _ if multicast.is_some() => multicast.map_or(host, |(_, a)| a),
        "anywhere" => return None,
        "default" => "0.0.0.0",
        "loopback" if mask.is_some() => "127.0.0.0",
        "link-local" if mask.is_some() => "169.254.0.0",
        "localhost" if family == Some(Family::V6) => "::1",
        "localhost" => "127.0.0.1",
        "ip6-localhost" | "ip6-loopback" => "::1",
        "ip6-allnodes" => "ff02::1",
        "ip6-allrouters" => "ff02::2",
        "ip6-mcastprefix" => "ff00::",
        _ if text == "0.0.0.0/0" || text == "::/0" => return None,
        _ => return Some(text.into()),
    };
    Some(match mask {
        Some(mask) => format!("{known}/{mask}").into(),
        None => known.into(),
    })
}

/// Names of multicast addresses that every resolver gets from the servers of mcast.net (IANA, "IPv4 Multicast Address Space
/// Registry", RFC 1112 and its successors).
const MULTICAST: [(&str, &str); 10] = [
    ("base-address.mcast.net", "224.0.0.0"),
    ("all-systems.mcast.net", "224.0.0.1"),
    ("all-routers.mcast.net", "224.0.0.2"),
    ("ospf-all.mcast.net", "224.0.0.5"),
    ("ospf-dsig.mcast.net", "224.0.0.6"),
    ("rip2-routers.mcast.net", "224.0.0.9"),
    ("pim-routers.mcast.net", "224.0.0.13"),
    ("vrrp.mcast.net", "224.0.0.18"),
    ("igmp.mcast.net", "224.0.0.22"),
    ("mdns.mcast.net", "224.0.0.251"),
];

/// Whether a listing prints numbers (`-n`).
pub(super) fn is_numeric<'r, 'a: 'r>(mut rows: impl Iterator<Item = &'r Row<'a>>) -> bool {
    rows.any(|r| {
        let is = |w: Option<Word<'_>>, texts: &[&str]| w.is_some_and(|w| texts.contains(&w.text));
        let any = |w| is(w, &["0.0.0.0/0", "::/0"]);
        is(r.input, &["*"]) || is(r.output, &["*"]) || any(r.source) || any(r.destination)
    })
}

fn interfaces<'a>(spec: &mut Spec<'a>, row: &Row<'a>, idle: bool, numeric: bool) {
    if row.input.is_none() || row.output.is_none() {
        if !idle {
            spec.open(ConditionKind::Unknown, INTERFACES, row.span);
        }
        return;
    }
    for (column, option) in [(row.input, "-i"), (row.output, "-o")] {
        let Some(word) = column else { continue };
        let (not, name) = word.negation();
        if name != "*" && (name != "any" || numeric) || not {
            spec.option(option, name, not, word.span);
        }
    }
}

fn protocol<'a>(spec: &mut Spec<'a>, row: &Row<'a>) {
    if let Some(word) = row.protocol {
        let (not, name) = word.negation();
        if !(name == "all" || name == "0") {
            if names::protocol(name).is_some() {
                spec.option("-p", name, not, word.span);
            } else {
                let text = format!("protocol `{name}`");
                spec.open(ConditionKind::Unknown, &text, word.span);
            }
        }
    }
    if let Some(word) = row.fragment {
        if word.text == "!f" {
            spec.word("!", word.span);
        }
        spec.flag("-f", word.span);
    }
}
