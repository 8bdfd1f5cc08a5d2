//! `iptables-save`, `ip6tables-save`, `iptables -S` listings and `ipset save`.
//!
//! Two passes: `layout` splits lines into dumps, tables, chains and places of rules and counts the rules; `rule` reads
//! each rule. What a match or target means is in the tables [`MATCHES`] and [`TARGETS`].

mod block;
mod builtin;
mod changes;
mod draft;
mod edit;
mod family;
mod ipset;
mod layout;
mod loading;
mod matches;
pub(crate) mod names;
mod nat;
mod place;
mod read;
mod refuse;
mod rule;
mod script;
mod targets;
mod token;
mod torn;
mod values;
mod write;

#[cfg(test)]
mod tests;

pub use crate::write::WriteError;
pub use builtin::{base_chain, chain_name, is_base_chain};
pub(crate) use edit::numbered_commands;
pub(crate) use family::of_rules as family_of;
pub use matches::{MATCHES, MatchSpec};
pub use names::protocol as protocol_number;
pub use read::{NO_NAT, write};
pub(crate) use read::{
    name_tools, named_family, read_text, read_written, unsaid_family, unshown_nat,
};
pub(crate) use targets::goes_on;
pub use targets::{TARGETS, TargetSpec};
pub(crate) use values::under_mask;

use crate::input::FormatSpec;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: read::ID,
    name: "iptables-save",
    command: "iptables-save",
    detect: read::detect,
    read: read::read,
    edit: Some(edit::edit),
    commands: Some(edit::commands),
};
