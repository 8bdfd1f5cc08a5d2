//! What a query rests on.

use super::indexes::PointIndex;
use super::process::{LocalPolicy, Process};
use super::sets::{PointId, RuleSets};
use hylint_model::{Profiles, Rule};
use hylint_space::AddrSet;
use std::collections::BTreeMap;

/// What an evaluation needs to know beside the packets.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The rule sets that points are of.
    pub sets: &'a dyn RuleSets,
    /// Names that resolve to addresses.
    pub resolve: &'a BTreeMap<String, AddrSet>,
    /// Addresses of which it is not known whether a name of `resolve` holds them, beside those that it surely holds.
    pub open: Option<&'a BTreeMap<String, AddrSet>>,
    /// Addresses of the guarded host, empty when unknown.
    pub local: &'a AddrSet,
    /// Which interface faces which addresses, as far as somebody said so.
    pub interfaces: &'a [(String, AddrSet)],
    /// The profile that is judged, of points whose settings and rules depend on one.
    pub profile: Profiles,
    /// How conditions about the local process count.
    pub policy: LocalPolicy<'a>,
    /// The process behind the port, where packets are taken literally.
    pub process: Process<'a>,
    /// Policy disables the rules that are not its own, of the point that is asked.
    pub policy_only: bool,
    /// Asks the chains alone that filter at the hook of the direction ([`hylint_model::Table::filters`]).
    pub filter_only: bool,
    /// No sender has sent anything before, so that what limits rates has not come to its limit; and the process behind a port
    /// is none that rules ask for.
    pub ordinary: bool,
    /// Pieces that rules take at most for one query, usually [`BRANCH_BUDGET`]; past it the rest is [`Effect::Unknown`]
    /// with the reason [`Reason::Budget`](crate::Reason::Budget).
    pub budget: usize,
    /// A rule that acts before the others of its list where their order makes no difference, so that what it lets in is
    /// told as its own and is not cut up by those that let the same in.
    pub ahead: Option<&'a Rule>,
    /// A rule that is passed over, to ask what would decide if it did not exist.
    pub without: Option<&'a Rule>,
}

impl<'a> Context<'a> {
    /// For whole answers about the whole path, in the profile that is assumed where nothing is known.
    #[must_use]
    pub const fn new(
        sets: &'a dyn RuleSets,
        resolve: &'a BTreeMap<String, AddrSet>,
        local: &'a AddrSet,
        policy: LocalPolicy<'a>,
    ) -> Self {
        Self {
            sets,
            resolve,
            open: None,
            local,
            interfaces: &[],
            profile: Profiles::ASSUMED,
            policy,
            process: Process::Unknown,
            policy_only: false,
            filter_only: false,
            ordinary: false,
            budget: BRANCH_BUDGET,
            ahead: None,
            without: None,
        }
    }

    /// Whether a rule is the one that is passed over.
    pub(super) fn passes_over(&self, rule: &Rule) -> bool {
        self.without.is_some_and(|w| std::ptr::eq(w, rule))
    }

    /// The addresses of which it is not known whether a name holds them; `None` if that is known of all.
    pub(super) fn open_in(&self, name: &str) -> Option<&'a AddrSet> {
        self.open?.get(name).filter(|set| !set.is_empty())
    }

    /// The indexes of a point's long lists, if it has any.
    pub(super) fn index(&self, at: PointId) -> Option<&'a PointIndex> {
        let set = self.sets.set(at.set)?;
        set.indexes.of(set.points, at.index())
    }
}

/// What a query may cost whose answer has to be whole. A branch is nearly half a kilobyte, and each core asks a query.
pub const BRANCH_BUDGET: usize = 1 << 15;
