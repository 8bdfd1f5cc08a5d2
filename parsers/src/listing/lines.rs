//! Lines to listings, chains and rules. No rule is understood here, only counted.

use super::columns::{self, Columns, Row, headless, heads};
use super::command::{self, Shown};
use super::{set, sets};
use crate::iptables::chain_name;
use crate::terminal;
use hylint_model::{Hook, Span};
use hylint_space::Family;
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

/// A line of a chain.
#[derive(Clone, Debug)]
pub(super) enum Item<'a> {
    Rule(Box<Row<'a>>),
    /// A line that stands where rules do and that cannot be read.
    Torn(Span),
    /// A line that says that others were left out.
    Elided(Span),
}

/// A chain that is listed.
#[derive(Clone, Debug)]
pub(super) struct ChainPart<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    /// The policy of a chain of the kernel.
    pub(super) policy: Option<columns::Word<'a>>,
    /// How many rules go to it.
    pub(super) references: Option<usize>,
    pub(super) columns: Option<Columns>,
    /// The width of the heads of its columns, if they are not whole.
    pub(super) short_heads: Option<usize>,
    pub(super) items: Vec<Item<'a>>,
    /// The text ends in it, perhaps before its last rule.
    pub(super) cut: bool,
}

/// A listing: what one command printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Block<'a> {
    /// The command, if the text shows it.
    pub(super) shown: Option<Shown<'a>>,
    pub(super) chains: Vec<ChainPart<'a>>,
    /// Lines of `iptables -S`.
    pub(super) saved: Vec<Span>,
    /// A line between those that says that others were left out.
    pub(super) elided: Option<Span>,
}

impl Block<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.chains.is_empty() && self.saved.is_empty()
    }
}

/// What a text holds.
#[derive(Debug, Default)]
pub(super) struct Lines<'a> {
    pub(super) blocks: Vec<Block<'a>>,
    pub(super) sets: Vec<set::Listed<'a>>,
    /// Comments, for the reader of save files.
    pub(super) comments: Vec<Span>,
    /// Rules outside of any chain.
    pub(super) strays: Vec<Span>,
    /// The first other line, and how many there are.
    pub(super) outside: Option<(Span, usize)>,
    /// Other lines and comments, in which other programs may show their rules.
    pub(super) around: String,
    /// Where the tool says that it cannot show a table.
    pub(super) incompatible: Option<Span>,
    /// Commands that change rules, each with its family if it says one.
    pub(super) changes: Vec<(Span, Option<Family>)>,
    pub(super) rules: usize,
}

/// How much of the other lines is kept.
const KEPT: usize = 64 * 1024;

/// Splits a text.
pub(super) fn split(text: &str) -> Lines<'_> {
    let mut s = Splitter {
        text,
        out: Lines::default(),
        open: Block::default(),
        pending: VecDeque::new(),
        names: FxHashSet::default(),
        near: false,
    };
    let (listed, taken) = sets::split(text);
    s.out.sets = listed;
    let mut taken = taken.into_iter().peekable();
    let mut at = 0;
    while at < text.len() {
        let rest = text.as_bytes().get(at..).unwrap_or(&[]);
        let end = memchr::memchr(b'\n', rest).map_or(text.len(), |n| at + n);
        let line = Span::new(at, end);
        at = end + 1;
        while taken.peek().is_some_and(|t| t.end <= line.start) {
            taken.next();
        }
        if taken.peek().is_none_or(|t| t.start > line.start) {
            let near = s.near;
            s.line(line);
            if end == text.len() {
                s.unended(line, near);
            }
        }
    }
    s.close();
    s.out
}

struct Splitter<'a> {
    text: &'a str,
    out: Lines<'a>,
    open: Block<'a>,
    /// Commands that were shown and whose output did not begin yet.
    pending: VecDeque<Shown<'a>>,
    /// The chains of the listing that is open.
    names: FxHashSet<&'a str>,
    /// The line before belongs to the chain that is open.
    near: bool,
}

impl<'a> Splitter<'a> {
    fn line(&mut self, line: Span) {
        let whole = self.text.get(line.range()).unwrap_or("");
        let body = whole.trim();
        let start = line.start as usize + (whole.len() - whole.trim_start().len());
        let span = Span::new(start, start + body.len());
        let near = std::mem::replace(&mut self.near, false);
        if body.is_empty() {
            return;
        }
        if let Some(chain) = chain(self.text, span) {
            self.begin(chain);
        } else if let Some(columns) = heads(body) {
            self.near = true;
            if let Some(open) = self.open.chains.last_mut() {
                open.columns.get_or_insert(columns);
                open.short_heads = columns::short_heads(whole);
            }
        } else if let Some(row) = self.row(line) {
            self.near = true;
            self.push(Item::Rule(Box::new(row)));
        } else if command::is_saved(body) {
            self.saved(span, body);
        } else if terminal::leaves_out(body) && !self.open.is_empty() {
            self.left_out(span);
        } else if let Some(shown) = command::shown(self.text, span) {
            self.close();
            self.pending.extend(shown);
        } else if terminal::changes_rules(terminal::command(body)) {
            let v6 = terminal::command(body).contains("ip6tables");
            let v4 = !v6 && body.contains("iptables");
            let family = v6.then_some(Family::V6).or(v4.then_some(Family::V4));
            self.close();
            self.out.changes.push((span, family));
        } else if terminal::ends_output(body) {
            self.close();
            self.around(body);
        } else if body.starts_with('#') {
            self.around(body);
            self.out.comments.push(span);
        } else if is_incompatible(body) {
            self.near = near;
            self.around(body);
            self.out.incompatible.get_or_insert(span);
        } else if near && !command::is_remark(body) {
            self.rest(span, body);
        } else if headless(self.text, line).is_some() {
            self.out.rules += 1;
            self.out.strays.push(span);
        } else if !command::is_remark(body) {
            self.around(body);
            let (_, count) = self.out.outside.get_or_insert((span, 0));
            *count += 1;
        }
    }

    /// Keeps a line of something else.
    fn around(&mut self, body: &str) {
        let kept = &mut self.out.around;
        if kept.len() + body.len() < KEPT {
            kept.push_str(body);
            kept.push('\n');
        }
    }

    /// Lines were left out here: of the chain that is open, or of the commands that `iptables -S` prints.
    fn left_out(&mut self, span: Span) {
        self.near = true;
        match self.open.chains.last_mut() {
            Some(open) => open.items.push(Item::Elided(span)),
            None => {
                self.open.elided.get_or_insert(span);
            }
        }
    }

    /// The last line, without its end: what is left of it may be a part, and others may have followed.
    fn unended(&mut self, line: Span, near: bool) {
        let body = self.text.get(line.range()).unwrap_or("");
        let listed = self.near || near && body.trim().is_empty() && !body.is_empty();
        let Some(open) = self.open.chains.last_mut().filter(|_| listed) else {
            return;
        };
        // An editor may have taken the end of the line away.
        let whole = match open.items.last() {
            Some(Item::Rule(row)) => row.span.start >= line.start && columns::is_ended(row, body),
            Some(Item::Torn(_) | Item::Elided(_)) => false,
            None => {
                let heads = open.columns.is_some() && heads(body.trim()).is_some();
                heads && columns::short_heads(body).is_none()
            }
        };
        if whole {
            return;
        }
        (open.cut, open.short_heads) = (true, None);
        let known = |p: &columns::Word<'_>| matches!(p.text, "ACCEPT" | "DROP");
        open.policy = open.policy.map(|p| match known(&p) {
            true => p,
            false => columns::Word {
                text: "ACCEPT",
                ..p
            },
        });
        if let Some(Item::Rule(row)) = open.items.last_mut()
            && row.span.start >= line.start
        {
            row.cut = true;
        }
    }

    fn row(&self, line: Span) -> Option<Row<'a>> {
        let open = self.open.chains.last()?;
        columns::row(self.text, line, open.columns?)
    }

    fn push(&mut self, item: Item<'a>) {
        self.out.rules += 1;
        if let Some(open) = self.open.chains.last_mut() {
            open.items.push(item);
        }
    }

    /// A line behind a rule that is none itself: the rest of one that was wrapped, or what is left of one.
    fn rest(&mut self, span: Span, body: &str) {
        self.near = true;
        let Some(open) = self.open.chains.last_mut() else {
            return;
        };
        match open.items.last_mut() {
            Some(Item::Rule(row)) if !begins(body) => {
                row.more = Some(row.more.map_or(span, |m| m.to(span)));
            }
            None if is_head(body) => open.short_heads = None,
            _ => self.push(Item::Torn(span)),
        }
    }

    fn begin(&mut self, chain: ChainPart<'a>) {
        self.near = true;
        if !self.open.saved.is_empty()
            || self.names.contains(chain.name)
            || next(&self.open.chains, chain.name)
        {
            self.close();
        }
        if self.open.is_empty() {
            self.open.shown = self.pending.pop_front();
        }
        self.names.insert(chain.name);
        self.open.chains.push(chain);
    }

    fn saved(&mut self, span: Span, body: &'a str) {
        let policy = body.starts_with("-P ");
        let rules = |b: &Block<'_>| {
            let text = |s: &Span| self.text.get(s.range()).unwrap_or("");
            b.saved.iter().any(|s| !text(s).starts_with("-P "))
        };
        if !self.open.chains.is_empty() || policy && rules(&self.open) {
            self.close();
        }
        if self.open.is_empty() {
            self.open.shown = self.pending.pop_front();
        }
        self.out.rules += usize::from(!body.starts_with("-P ") && !body.starts_with("-N "));
        self.open.saved.push(span);
    }

    fn close(&mut self) {
        self.near = false;
        self.names.clear();
        let block = std::mem::take(&mut self.open);
        if !block.is_empty() {
            self.out.blocks.push(block);
        }
    }
}

/// What iptables over nf_tables says of a table that it cannot show (iptables/nft.c).
fn is_incompatible(body: &str) -> bool {
    body.contains("is incompatible, use 'nft' tool")
}

/// Whether a line begins with the name of a target that every host has.
fn begins(body: &str) -> bool {
    let first = body.split_ascii_whitespace().next().unwrap_or("");
    let first = first.trim_start_matches(|c: char| c.is_ascii_digit());
    ["ACCEPT", "DROP", "REJECT", "RETURN", "LOG"].contains(&first)
}

/// The heads of columns, wrapped.
fn is_head(body: &str) -> bool {
    body.split_ascii_whitespace()
        .all(|w| ["opt", "in", "out", "source", "destination"].contains(&w))
}

/// `Chain INPUT (policy ACCEPT 3 packets, 4 bytes)`, `Chain f2b-sshd (1 references)`.
fn chain(text: &str, span: Span) -> Option<ChainPart<'_>> {
    let words = columns::words(text, span);
    let [first, name, third, rest @ ..] = words.as_slice() else {
        return None;
    };
    if first.text != "Chain" {
        return None;
    }
    let mut part = ChainPart {
        name: name.text,
        span,
        policy: None,
        references: None,
        columns: None,
        short_heads: None,
        items: Vec::new(),
        cut: false,
    };
    if third.text == "(policy" {
        let policy = rest.first()?;
        let bare = policy.text.trim_end_matches(')');
        part.policy = Some(columns::Word {
            text: bare,
            span: Span::new(
                policy.span.range().start,
                policy.span.range().start + bare.len(),
            ),
        });
        return Some(part);
    }
    let count = third.text.strip_prefix('(')?;
    if !rest.first()?.text.starts_with("reference") {
        return None;
    }
    part.references = count.parse().ok();
    Some(part)
}

/// The order in which the chains of the kernel are listed.
const ORDER: [Hook; 5] = [
    Hook::Prerouting,
    Hook::Input,
    Hook::Forward,
    Hook::Output,
    Hook::Postrouting,
];

/// Whether a chain begins the next listing: the chains of the kernel come first, in the order of their hooks.
fn next(before: &[ChainPart<'_>], name: &str) -> bool {
    let place = |name: &str| ORDER.iter().position(|h| chain_name(*h) == name);
    let (Some(new), Some(last)) = (place(name), before.last()) else {
        return false;
    };
    // Kernels before 2.6.34 list the chains of nat in another order.
    let is = |name: &str, hook: Hook| name == chain_name(hook);
    let turned = is(name, Hook::Output) && is(last.name, Hook::Postrouting);
    let old_nat = turned && before.len() == 2;
    place(last.name).is_none_or(|last| last > new) && !old_nat
}
