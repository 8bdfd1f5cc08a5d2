//! JSON with places: a flat tape, read once, without recursion.
//!
//! Takes what real files hold: comments, trailing commas, several documents one after the other, and text that is cut
//! off. Each such thing that RFC 8259 does not allow and that may lose data is a [`JsonError`]; comments and trailing
//! commas are not.

pub mod embedded;
pub(crate) mod escape;
pub mod memo;
mod parse;
pub mod shape;
mod tape;
mod value;
pub mod walk;

pub use tape::{Json, JsonError, Kind};
pub use value::Value;

#[cfg(test)]
mod tests;
