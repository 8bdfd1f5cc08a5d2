//! Changes of what decides whether a change passes: of hylint.toml, of the matrix, of waivers in exports.
//!
//! What was read is compared, never its text: order, comments and reasons do not count. A change is loosened if it lets
//! more be open than before, or asks for less.

mod changes;
mod deployment;
mod guards;
mod hosts;
mod inline;
mod levels;
mod matrix;
mod roles;
mod vias;
mod wanted;
mod whole;

pub(super) use whole::compare;
