//! nftables: the text of `nft list ruleset` and of the files that `nft -f` loads, and the JSON of `nft -j list ruleset`.
//!
//! Text and JSON become the same [`syntax`]; [`ruleset`] carries out its commands, and [`lower`] turns the tables that are
//! then there into the model.

mod include;
mod json;
mod lower;
mod ruleset;
mod syntax;
mod text;

pub use include::{Include, includes, is_pattern, searched};

/// The id of the format in outputs.
pub const ID: &str = "nft";
