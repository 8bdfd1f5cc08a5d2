//! What the reading of a rule comes to, and its state.

use super::spec::Ext;
use crate::iptables::builtin::TableName;
use crate::iptables::token::Tokens;
use hylint_model::{Span, Wording};
use hylint_space::Family;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::borrow::Cow;

/// The version that all this is of.
const VERSION: &str = "1.8.9";

/// Who refuses it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::iptables) enum By {
    /// Both backends.
    Both,
    /// The legacy tools alone.
    Legacy,
    /// iptables-nft alone.
    Nft,
}

/// A refused rule.
#[derive(Clone, Debug)]
pub(in crate::iptables) struct Refusal {
    /// The words that it is for.
    pub(in crate::iptables) span: Span,
    /// Why, as the end of a sentence.
    pub(in crate::iptables) why: Wording,
    pub(in crate::iptables) by: By,
}

impl Refusal {
    /// The sentence that tells of it.
    pub(in crate::iptables) fn message(&self, family: Option<Family>) -> Wording {
        let base = if family == Some(Family::V6) {
            "ip6tables"
        } else {
            "iptables"
        };
        self.why.within(|why| match self.by {
            By::Both => format!("{base}-restore refuses the rule: {why}"),
            By::Legacy => format!(
                "{base}-legacy-restore {VERSION} refuses the rule, and only the nft backend loads it: {why}"
            ),
            By::Nft => format!(
                "{base}-nft-restore {VERSION} refuses the rule, and only the legacy backend loads it: {why}"
            ),
        })
    }
}

/// Where a rule stands.
#[derive(Clone, Copy, Debug)]
pub(in crate::iptables) struct Setting<'t, 'a> {
    pub(in crate::iptables) text: &'a str,
    /// A list of shell commands.
    pub(in crate::iptables) shell: bool,
    /// The tool that printed the rule takes `!` behind an option, too: those before 1.8.8 did.
    pub(in crate::iptables) late_bang: bool,
    pub(in crate::iptables) table: TableName,
    /// The table's chains.
    pub(in crate::iptables) chains: &'t FxHashMap<&'a str, u32>,
    /// Chains of the tables before, which are named like targets: the tools take such a name for a chain's from then on.
    pub(in crate::iptables) announced: &'t [Box<str>],
    /// The rule's chain.
    pub(in crate::iptables) chain: &'t str,
    /// The chains of the kernel from which packets get there, as a set of [`hook`].
    pub(in crate::iptables) hooks: u8,
}

/// Longest name of a chain or target, and of an interface.
pub(super) const MAX_NAME: usize = 28;
pub(super) const MAX_INTERFACE: usize = 15;

pub(super) type Res<T = ()> = Result<T, Refusal>;

/// One option of a match or target, as given.
#[derive(Clone, Debug)]
pub(super) struct Given<'a> {
    /// Which match or target.
    pub(super) call: usize,
    pub(super) name: &'static str,
    pub(super) negated: bool,
    pub(super) value: Cow<'a, str>,
    pub(in crate::iptables) span: Span,
}

/// A match or target of the rule.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) ext: &'static Ext,
    pub(super) target: bool,
    pub(in crate::iptables) span: Span,
    /// Options that were given, as a set of numbers.
    pub(super) used: u32,
}

/// The state of reading.
pub(super) struct Walk<'t, 'a> {
    pub(super) set: Setting<'t, 'a>,
    pub(super) v6: bool,
    pub(super) tokens: Tokens<'a>,
    pub(super) whole: Span,
    /// Letters of the base options that were given.
    pub(super) seen: SmallVec<[char; 8]>,
    pub(super) bang: Option<Span>,
    /// The protocol and whether it is negated; `Some((None, _))` is a name that nobody here knows.
    pub(super) proto: Option<(Option<u8>, bool)>,
    pub(super) proto_used: bool,
    pub(super) calls: SmallVec<[Call; 6]>,
    pub(super) given: SmallVec<[Given<'a>; 8]>,
    /// A match or target is not known, so an unknown option may be its own.
    pub(super) unlisted: bool,
    pub(super) words: usize,
    /// Why one backend alone refuses what was read so far.
    pub(super) one_side: Option<Refusal>,
    /// A `-4` or `-6` of the other family was met: the tool passes over the line from there on.
    pub(super) passed: bool,
}

pub(super) fn refuse<T>(span: Span, why: impl Into<Wording>) -> Res<T> {
    Err(Refusal {
        span,
        why: why.into(),
        by: By::Both,
    })
}
