//! The state of reading one rule.

use crate::iptables::draft::{Draft, Opt, OptionTable};
use crate::iptables::matches::MatchSpec;
use crate::iptables::targets::TargetSpec;
use crate::iptables::token::{Token, Tokens};
use hylint_model::{Hits, Span};
use hylint_space::PacketBox;
use rustc_hash::FxHashMap;

/// What a rule needs to know of its table.
#[derive(Debug)]
pub(in super::super) struct Context<'t, 'a> {
    /// The whole text.
    pub(in super::super) text: &'a str,
    /// Every packet of the dump's family.
    pub(in super::super) space: PacketBox,
    /// The table's chains.
    pub(in super::super) chains: &'t FxHashMap<&'a str, u32>,
    /// Whether the tool that loads the rules may be iptables-nft 1.8.8 to 1.8.10. Of `-m tcp` and `-m udp` these compare
    /// both ports at once where each is one number: `! --sport 22 ! --dport 80` is then "not both", not "neither", though
    /// they print it as it was written (`add_nft_tcpudp` in iptables/nft.c, mended upstream in March 2024).
    pub(in super::super) merges_ports: bool,
    /// Whether the rules are shell commands.
    pub(in super::super) shell: bool,
}

/// A match or target on the line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Match(&'static MatchSpec),
    Unlisted,
    Target(&'static TargetSpec),
}

impl Kind {
    /// The options that it knows.
    pub(super) fn options(&self) -> OptionTable {
        match self {
            Self::Match(m) => m.options,
            Self::Target(t) => t.options,
            Self::Unlisted => &[],
        }
    }
}

/// A match or target with its place on the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// What it is.
    pub(super) kind: Kind,
    /// From the name to its last option.
    pub(super) span: Span,
    /// Brought along by `-p`.
    pub(super) implied: bool,
}

/// Buffers that are used again for each rule.
#[derive(Debug, Default)]
pub(in super::super) struct Scratch<'a> {
    pub(super) calls: Vec<Call>,
    pub(super) options: Vec<Opt<'a>>,
}

/// One rule while its line is read.
pub(super) struct Reader<'s, 't, 'a> {
    pub(super) context: &'s Context<'t, 'a>,
    pub(super) scratch: &'s mut Scratch<'a>,
    pub(super) draft: Draft,
    pub(super) tokens: Tokens<'a>,
    /// `-j`/`-g` and its word.
    pub(super) jump: Option<(Token<'a>, bool, Span)>,
    /// What a counter of the rule says.
    pub(super) hits: Hits,
    /// Words that belong to no option.
    pub(super) stray: bool,
}
