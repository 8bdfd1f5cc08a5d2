//! What the engine is given: rule sets, and what it looks their rules up by.

use super::indexes::Indexes;
use hylint_model::Point;

/// The number of a rule set among those that are evaluated together. It means nothing outside of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct SetId(u32);

impl SetId {
    /// The set at a place of the caller's list.
    #[must_use]
    pub fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The place in the caller's list.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A point of a rule set among those that are evaluated together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct PointId {
    /// Its rule set.
    pub set: SetId,
    /// Its place among the points of the set.
    pub point: u32,
}

impl PointId {
    /// The point at a place of a set.
    #[must_use]
    pub fn new(set: SetId, index: usize) -> Self {
        Self {
            set,
            point: u32::try_from(index).unwrap_or(u32::MAX),
        }
    }

    /// Its place among the points of the set.
    #[must_use]
    pub const fn index(self) -> usize {
        self.point as usize
    }
}

/// The points of one export, and the indexes of their long rule lists.
#[derive(Clone, Copy, Debug)]
pub struct RuleSet<'a> {
    /// The points. They must not change once a query was made.
    pub points: &'a [Point],
    /// Of these points.
    pub indexes: &'a Indexes,
}

/// The rule sets that are evaluated together.
pub trait RuleSets: Sync {
    /// A set by its number.
    fn set(&self, id: SetId) -> Option<RuleSet<'_>>;

    /// A point by its number.
    fn point(&self, id: PointId) -> Option<&Point> {
        self.set(id.set)?.points.get(id.index())
    }
}
