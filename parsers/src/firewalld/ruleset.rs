//! The ruleset that firewalld writes, as text for the reader of nftables: so zones are judged by what a ruleset is judged by.
//!
//! The chains and their order are those of firewalld 1.3.3 (src/firewall/core/nftables.py), as far as they decide packets:
//! the five chains of a zone (`pre`, `log`, `deny`, `allow`, `post`) are one here, in that order.

use hylint_model::{Condition, Field, Side, Span};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Where a rule comes from.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    /// Its place in the file; empty of what firewalld writes for itself.
    pub span: Span,
    /// Its name for people.
    pub name: String,
    /// Places of its fields.
    pub fields: Vec<(Field, Span)>,
    /// What must hold beside what the text says.
    pub conditions: Vec<Condition>,
    /// It is no rule of a zone or a policy, but what holds where none matches.
    pub closing: bool,
    /// What decides instead, where nothing tells its verdict.
    pub opaque: Option<String>,
    /// Where its conditions stand, if not where it does.
    pub condition_at: Span,
    /// It is for packets of which the interface on this side is not known.
    pub unknown_interface: Option<Side>,
}

/// Which of the origins a rule has.
pub(super) type OriginId = usize;

/// A chain as it fills.
#[derive(Debug)]
struct Chain {
    name: String,
    /// Its hook, of a base chain.
    head: &'static str,
    rules: Vec<(String, OriginId)>,
}

/// A ruleset as it fills.
#[derive(Debug, Default)]
pub(super) struct Ruleset {
    sets: String,
    chains: Vec<Chain>,
    by_name: HashMap<String, usize>,
    pub origins: Vec<Origin>,
    /// Which packets come to which chain is not known of each.
    pub in_part: bool,
    /// firewalld does not take a port, a protocol or a service of a zone.
    pub refused: bool,
}

/// A text, and the origin of the rule on each of its lines by where the line begins.
pub(super) struct Text {
    pub text: String,
    pub lines: Vec<(u32, OriginId)>,
}

impl Ruleset {
    /// A ruleset without rules.
    pub(super) fn new() -> Self {
        Self {
            // The first origin is of what firewalld writes for itself.
            origins: vec![Origin {
                closing: true,
                ..Origin::default()
            }],
            ..Self::default()
        }
    }

    /// Adds an origin.
    pub(super) fn origin(&mut self, origin: Origin) -> OriginId {
        self.origins.push(origin);
        self.origins.len() - 1
    }

    /// Declares a chain; a base chain with its hook.
    pub(super) fn chain(&mut self, name: &str, head: &'static str) {
        if !self.by_name.contains_key(name) {
            self.by_name.insert(name.to_owned(), self.chains.len());
            self.chains.push(Chain {
                name: name.to_owned(),
                head,
                rules: Vec::new(),
            });
        }
    }

    /// Whether a chain is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Adds a rule to a chain, which is declared if it is not yet.
    pub(super) fn rule(&mut self, chain: &str, text: impl Into<String>, origin: OriginId) {
        self.chain(chain, "");
        let at = self.by_name.get(chain).copied();
        if let Some(c) = at.and_then(|at| self.chains.get_mut(at)) {
            c.rules.push((text.into(), origin));
        }
    }

    /// Declares a set.
    pub(super) fn set(&mut self, name: &str, kind: &str, interval: bool, elements: &[String]) {
        let out = &mut self.sets;
        let _ = write!(out, "\tset {name} {{\n\t\ttype {kind}\n");
        if interval {
            out.push_str("\t\tflags interval\n");
        }
        if !elements.is_empty() {
            let _ = writeln!(out, "\t\telements = {{ {} }}", elements.join(", "));
        }
        out.push_str("\t}\n\n");
    }

    /// The ruleset as `nft list ruleset` prints it.
    pub(super) fn text(&self) -> Text {
        let mut out = Text {
            text: String::from("table inet firewalld {\n"),
            lines: Vec::new(),
        };
        out.text.push_str(&self.sets);
        for chain in &self.chains {
            let _ = writeln!(out.text, "\tchain {} {{", chain.name);
            if !chain.head.is_empty() {
                let _ = writeln!(out.text, "\t\ttype {}; policy accept;", chain.head);
            }
            for (rule, origin) in &chain.rules {
                let start = u32::try_from(out.text.len()).unwrap_or(u32::MAX);
                out.lines.push((start, *origin));
                let _ = writeln!(out.text, "\t\t{rule}");
            }
            out.text.push_str("\t}\n\n");
        }
        out.text.push_str("}\n");
        out
    }
}
