//! What firewalld says of itself: `firewall-cmd --list-all-zones` and `--list-all-policies`, and its permanent configuration
//! (`/etc/firewalld`: zones, services, policies, ipsets, direct rules, firewalld.conf).
//!
//! Zones and policies become the chains that firewalld would write from them, so one evaluator judges both: [`build`] makes
//! the ruleset, the reader of nftables takes it, and [`lower`] gives its rules the places of the zones' lines.

mod age;
mod build;
mod catalog;
mod commands;
mod conf;
mod connection;
mod detect;
mod direct;
mod draft;
mod line;
mod listing;
mod lower;
mod matches;
mod own;
mod read;
mod refuse;
mod rich;
mod ruleset;
mod session;
mod settle;
mod shown;
mod stored;
mod tags;
mod template;
mod wrap;
mod xml;

pub use read::{ID, Part, part_of, word};

use crate::input::FormatSpec;

/// Whether firewalld ships a zone of a name.
#[must_use]
pub fn is_shipped(zone: &str) -> bool {
    catalog::zones().any(|(name, ..)| name == zone)
}

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: ID,
    name: "firewalld",
    command: "firewall-cmd --list-all-zones; firewall-cmd --list-all-policies",
    detect: detect::detect,
    read: read::read,
    edit: None,
    commands: Some(commands::commands),
};
