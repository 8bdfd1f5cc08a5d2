//! What a change does: two sessions, of the states before and behind it, and what differs between them.
//!
//! Each side is bound by its own site file. What the change may open, by which matrix both are judged and what fails is the
//! old side's to say, so that a change cannot approve itself.

mod envelope;
mod findings;
mod packets;
mod pair;
mod policy;
mod requirements;
mod shown;
mod sides;
mod standing;
mod whole;

pub use pair::Pair;
pub use sides::{Given, Policy, Shown, Sides};
pub use whole::compare;
