//! How a condition is answered.

/// Whether a condition holds.
pub(super) enum Tri {
    True,
    Assumed,
    False,
    /// It counts as false, but no allow that asks the same may take it to hold.
    PassedOver,
    Open,
}

impl Tri {
    pub(super) fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}
