//! Listings of `iptables -L` and `ip6tables -L`: columns instead of options. `ipset list` beside them is read, too.
//!
//! `lines` splits a text into listings and chains, `tables` says which table of which family each is, `again` which of them
//! are of one table, `rule` turns a row
//! into the options of a save file, which the reader of those reads; `apply` puts the places of the listing in, and what
//! it leaves open.

mod again;
mod apply;
mod columns;
mod command;
mod cut;
mod doubt;
mod lines;
mod matches;
mod packet;
mod rates;
mod read;
mod rule;
mod save_file;
mod set;
mod sets;
mod spec;
mod tables;
mod targets;
mod told;
mod translate;
mod xml;

#[cfg(test)]
mod tests;

use crate::input::FormatSpec;

/// Adds the sets that `ipset list` shows in one text with a dump.
pub(crate) fn sets_beside(text: &str, export: &mut hylint_model::Export) {
    let (listed, _) = sets::split(text);
    sets::add(&listed, export);
}

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: read::ID,
    name: "iptables -L",
    command: "iptables -L -n -v",
    detect: read::detect,
    read: read::read,
    edit: None,
    commands: Some(read::commands),
};
