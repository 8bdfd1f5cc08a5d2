//! nftables: the text of `nft list ruleset` and of the files that `nft -f` loads, and the JSON of `nft -j list ruleset`.
//!
//! Text and JSON become the same [`syntax`]; [`ruleset`] carries out its commands, and [`lower`] turns the tables that are
//! then there into the model.

pub mod catalog;
mod counted;
mod detect;
mod edit;
mod include;
mod json;
mod list;
mod listed;
mod lower;
mod parts;
mod read;
mod ruleset;
mod syntax;
mod text;
mod write;
mod xt;

use crate::input::FormatSpec;

pub use include::{DEEPEST, Include, includes, is_pattern, searched};
pub use listed::listed;
pub use read::{ID, write, write_json};
pub use xt::{rewrites_xt, shows_xt};

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: ID,
    name: "nftables",
    command: "nft -j list ruleset",
    detect: detect::detect,
    read: read::read,
    edit: Some(edit::edit),
    commands: Some(edit::commands),
};
