//! One way that packets may go.

use crate::facts::Fact;
use crate::outcome::{Branch, Decider, Effect, Onward, Reason, Stage};
use crate::sets::PointId;
use hylint_model::{Condition, Nat, Profiles};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

/// One way that packets may go through all layers.
#[derive(Clone, Debug)]
pub(super) struct Way<'a> {
    pub(super) effect: Effect,
    /// The layer that decides.
    pub(super) layer: usize,
    /// What decides, layer by layer.
    pub(super) by: SmallVec<[Decider<'a>; 1]>,
    /// A rule that decides took the packets by an open condition of its own.
    pub(super) by_chance: bool,
    /// The profile in which it is gone, where it matters.
    pub(super) profile: Option<Profiles>,
    /// It is not known where it ends, for that would take too long.
    pub(super) counted_out: bool,
    pub(super) conditions: SmallVec<[&'a Condition; 2]>,
    pub(super) facts: SmallVec<[Fact<'a>; 1]>,
    pub(super) onward: Option<Box<Onward>>,
    pub(super) source: Option<&'a Nat>,
    /// The packet of the conversation that is stopped, where one is.
    pub(super) stage: Stage,
}

impl<'a> Way<'a> {
    pub(super) fn of(b: Branch<'a>) -> Self {
        let by_chance = b.by_chance();
        let passes = b.effect != Effect::Deny;
        Self {
            effect: b.effect,
            layer: 0,
            profile: None,
            by: smallvec![b.by],
            by_chance,
            counted_out: matches!(
                b.by,
                Decider::Nothing {
                    reason: Reason::Budget,
                    ..
                }
            ),
            conditions: b.conditions,
            facts: b.facts,
            onward: b.onward.filter(|_| passes),
            source: b.source.filter(|_| passes),
            stage: b.stage,
        }
    }

    /// Both after each other; none if they cannot both be gone.
    pub(super) fn and(&self, o: &Self) -> Option<Self> {
        if !self.fits(o) {
            return None;
        }
        let weight = |e: Effect| match e {
            Effect::Deny => 0,
            Effect::Unknown => 1,
            Effect::Allow => 2,
        };
        let second = weight(o.effect) < weight(self.effect);
        let mut out = self.clone();
        out.by.extend(o.by.iter().copied());
        for c in &o.conditions {
            if !out.conditions.iter().any(|d| std::ptr::eq(*d, *c)) {
                out.conditions.push(c);
            }
        }
        out.facts.extend(o.facts.iter().copied());
        out.profile = out.profile.or(o.profile);
        out.by_chance |= o.by_chance;
        out.counted_out |= o.counted_out;
        if second {
            out.effect = o.effect;
            out.stage = o.stage;
            out.layer = self.by.len() + o.layer;
        }
        out.onward = out.onward.or_else(|| o.onward.clone());
        out.source = out.source.or(o.source);
        Some(out)
    }

    /// Whether the open conditions of both may be as both take them.
    pub(super) fn fits(&self, o: &Way<'_>) -> bool {
        if let (Some(p), Some(q)) = (self.profile, o.profile)
            && p != q
        {
            return false;
        }
        let mut pairs = self
            .facts
            .iter()
            .flat_map(|f| o.facts.iter().map(move |g| (f, g)));
        !pairs.any(|(f, g)| f.contradicts(g))
    }

    pub(super) fn stops_reply(&self) -> bool {
        self.effect == Effect::Deny && matches!(self.stage, Stage::Reply | Stage::NextReply)
    }

    /// What becomes of the packets, apart from what decides it.
    pub(super) fn end<'w>(&'w self) -> End<'w> {
        let unknown = self.effect == Effect::Unknown;
        let by = self.by.get(self.layer).filter(|_| unknown);
        End {
            effect: self.effect,
            onward: self.onward.as_deref(),
            source: self.source,
            reason: match by {
                Some(Decider::Nothing { reason, .. }) => Some(*reason),
                _ => None,
            },
            handed: match by {
                Some(Decider::Rule { rule, .. }) => rule.action.opaque().collect(),
                _ => SmallVec::new(),
            },
        }
    }

    /// A number for the conditions that are drawn anew for each rule, by their texts and as often as they are.
    pub(super) fn drawn(&self) -> u64 {
        let settled = |c: &&&Condition| !self.facts.iter().any(|f| f.is_on(c));
        let all = self.conditions.iter().filter(settled);
        let mut texts: Vec<Cow<'_, str>> = all.map(|c| c.without_place()).collect();
        texts.sort_unstable();
        let mut h = DefaultHasher::new();
        texts.hash(&mut h);
        h.finish()
    }

    /// Of packets that do not cross the layer of a point.
    pub(super) fn past(at: PointId) -> Self {
        let reason = Reason::IncompleteExport;
        Self {
            effect: Effect::Allow,
            layer: 0,
            by: smallvec![Decider::Nothing { at, reason }],
            by_chance: false,
            profile: None,
            counted_out: false,
            conditions: SmallVec::new(),
            facts: SmallVec::new(),
            onward: None,
            source: None,
            stage: Stage::Request,
        }
    }

    /// Whether another one takes the same conditions alike, but for those that are drawn anew, and ends there too.
    pub(super) fn is_like(&self, o: &Way<'_>) -> bool {
        let ends = self.end() == o.end() && self.profile == o.profile;
        let within = |a: &Way<'_>, b: &Way<'_>| {
            let mut facts = a.facts.iter();
            facts.all(|f| b.facts.iter().any(|g| f == g))
        };
        let alike = || within(self, o) && within(o, self);
        let by_words = || {
            self.facts.len() == o.facts.len() && {
                let mut pairs = self.facts.iter().zip(&o.facts);
                pairs.all(|(f, g)| f.without_place() == g.without_place())
            }
        };
        ends && (alike() || by_words())
    }
}

/// Where a way ends.
#[derive(PartialEq)]
pub(super) struct End<'w> {
    effect: Effect,
    onward: Option<&'w Onward>,
    source: Option<&'w Nat>,
    reason: Option<Reason>,
    handed: SmallVec<[&'w str; 1]>,
}
