//! Which packets two rule sets may decide otherwise, told by their rules and without asking about packets.
//!
//! A packet that meets only rules that both sides have, in the same order, ends the same way on both. So it is enough to ask
//! about what the other rules match. Most changes of a long list are a few rules.

mod found;
mod lists;
mod netfilter;
mod places;
mod suspects;

pub use suspects::{Packets, Suspects, suspects};
