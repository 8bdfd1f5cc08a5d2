//! Rules and settings of the Windows firewall as they stand in the registry: in files of the registry editor, as `reg query`,
//! osquery and PowerShell print them, as text of policy files, and in commands that write them.
//!
//! The key under which a string stands decides what it is ([`key`]), the string itself is a grammar of its own ([`fields`]).

mod aside;
pub mod catalog;
mod command;
pub(crate) mod consec;
mod detect;
pub(crate) mod fields;
pub(crate) mod key;
mod mdm;
pub(crate) mod profiles;
mod read;
pub(crate) mod rule;
mod scan;
pub(crate) mod state;
mod store;
pub(crate) mod text;
mod write;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_open;

pub use write::write;

use crate::input::{FormatSpec, Input, Score};
use hylint_model::Export;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "registry",
    name: "Windows registry firewall policy",
    command: "reg export HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy firewall.reg",
    detect,
    read,
    edit: None,
    commands: Some(command::commands),
};

fn detect(input: &Input<'_>) -> Score {
    detect::score(input)
}

fn read(input: &Input<'_>) -> Export {
    Export {
        format: FORMAT.id,
        ..read::read(input)
    }
}
