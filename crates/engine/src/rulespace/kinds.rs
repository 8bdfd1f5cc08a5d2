//! What rules are, for searches that are for some of them only.

use hylint_model::Action;

/// What the boxes of an index belong to, as bits: a search may be for some kinds only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kinds(pub u8);

impl Kinds {
    /// Rules that let packets pass.
    pub const ALLOW: Self = Self(1);
    /// Rules that stop them.
    pub const DENY: Self = Self(2);
    /// Rules that let them pass before others are asked.
    pub const BYPASS: Self = Self(4);
    /// Rules that send them on elsewhere or change them.
    pub const OTHER: Self = Self(8);
    /// Jumps to chains whose rules are entered in their place: what no rule of the chain meets comes back as it went.
    pub const IDLE_JUMP: Self = Self(16);
    /// Allows that take packets for sure.
    pub const SURE_ALLOW: Self = Self(32);
    /// Denies that do.
    pub const SURE_DENY: Self = Self(64);
    /// Others that do.
    pub const SURE_OTHER: Self = Self(128);
    /// All that take packets for sure.
    pub const SURE: Self = Self::SURE_ALLOW.or(Self::SURE_DENY).or(Self::SURE_OTHER);
    /// Rules that do something, by all that they match.
    pub const ACTING: Self = Self::ALL.without(Self::SURE);
    /// Of any kind; the kind of boxes that are not told apart.
    pub const ALL: Self = Self(u8::MAX);

    /// What a rule with this action is found as; one that does nothing is not.
    #[must_use]
    pub fn of(action: &Action) -> Self {
        match action {
            Action::Allow => Self::ALLOW,
            Action::Deny => Self::DENY,
            Action::Bypass => Self::BYPASS,
            Action::Continue => Self(0),
            _ => Self::OTHER,
        }
    }

    /// Whether they share a kind.
    #[must_use]
    pub const fn meets(self, o: Self) -> bool {
        self.0 & o.0 != 0
    }

    /// All but these.
    #[must_use]
    pub const fn without(self, o: Self) -> Self {
        Self(self.0 & !o.0)
    }

    /// Of either.
    #[must_use]
    pub const fn or(self, o: Self) -> Self {
        Self(self.0 | o.0)
    }
}
