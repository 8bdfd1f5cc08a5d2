//! Packets that are decided otherwise.
//!
//! Hosts and points of both sides are paired ([`units`]). Of each pair the rules say which packets may be decided otherwise
//! at all ([`hylint_engine::suspects`]); these are put through both sides ([`ask`]), as first packets ([`universe`]) and as
//! whole conversations, and what differs is told in few boxes ([`boxes`]).

mod ask;
mod boxes;
mod names;
mod pair;
mod side;
mod target;
mod told;
mod units;
mod universe;
mod whole;

pub(super) use names::Names;
pub(super) use units::units;
pub(super) use whole::compare;
