//! The tables that are there once the commands of a file have been carried out, in the order of nft(8).

mod apply;
mod table;

pub(super) use apply::carry_out;
pub(super) use table::{Chain, Ruleset, Table};
