//! What the packets of a conversation so far have settled for the next one.

use super::facts::Fact;
use super::marks::Mark;
use super::tracking::Tracking;
use super::trail::{Moved, Trail};
use hylint_space::{FlagSet, StateSet};
use smallvec::SmallVec;

/// What the packets before have settled.
#[derive(Clone)]
pub(super) struct Past<'a> {
    pub(super) tracking: Tracking,
    pub(super) connmark: Mark,
    pub(super) facts: SmallVec<[Fact<'a>; 2]>,
    pub(super) moved: Option<Moved>,
    pub(super) masked: bool,
    pub(super) asked: SmallVec<[Asked; 4]>,
}

/// A question that was put already.
#[derive(Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) back: bool,
    pub(super) state: StateSet,
    pub(super) connmark: Mark,
    pub(super) flags: FlagSet,
    pub(super) untracked: bool,
    /// The connection's mark after it.
    pub(super) left: Mark,
    /// All of its packets passed alike.
    pub(super) alike: bool,
}

impl<'a> Past<'a> {
    pub(super) fn new(tcp: bool) -> Self {
        Self {
            tracking: Tracking::new(tcp),
            connmark: Mark::exactly(0),
            facts: SmallVec::new(),
            moved: None,
            masked: false,
            asked: SmallVec::new(),
        }
    }

    /// Whether what comes next is the same: what passed alike would do so here, too.
    pub(super) fn is_same(&self, o: &Self) -> bool {
        let open = |p: &Self| p.asked.iter().filter(|a| !a.alike).count();
        let in_other = |a: &Asked| a.alike || o.asked.contains(a);
        self.tracking == o.tracking
            && self.connmark == o.connmark
            && self.facts == o.facts
            && self.moved == o.moved
            && self.masked == o.masked
            && open(self) == open(o)
            && self.asked.iter().all(in_other)
    }

    /// With what packets leave that have passed. Where some left this and others that, the question is put again when it
    /// comes again, as what is drawn anew may come out otherwise.
    pub(super) fn after(
        &self,
        number: usize,
        asked: Option<Asked>,
        trail: Option<&Trail<'a>>,
    ) -> Self {
        let mut past = self.clone();
        let untracked = trail.is_some_and(|t| t.untracked);
        past.tracking = self.tracking.after(number, untracked);
        if !untracked {
            past.connmark = trail.map_or(Mark::exactly(0), |t| t.connmark);
        }
        past.asked.extend(asked.map(|asked| Asked {
            untracked,
            left: past.connmark,
            ..asked
        }));
        if let Some(t) = trail {
            past.facts.clone_from(&t.facts);
            if number == 0 {
                past.moved = t.moved.clone().filter(|_| !untracked);
                past.masked = t.masked && !untracked;
            }
        }
        past
    }
}

/// Whether a destination was moved. A translation onto itself moves nothing.
pub(super) fn is_elsewhere(moved: Option<&Moved>) -> bool {
    moved.is_some_and(|m| m.nat)
}

/// A state with the translations that the connection may count with.
pub(super) fn translated(state: StateSet, past: &Past<'_>, known: bool) -> StateSet {
    let one = |dnat, snat| StateSet::exactly(state, dnat, snat);
    if !known {
        return one(false, false);
    }
    let (nat, still) = past
        .moved
        .as_ref()
        .map_or((false, true), |m| (m.nat, m.still));
    let mut all = StateSet(0);
    for (dnat, may) in [(true, nat), (false, still)] {
        if may {
            all = all.union(one(dnat, false));
            if past.masked {
                all = all.union(one(dnat, true));
            }
        }
    }
    all
}
