//! Windows PowerShell and PowerShell: rules, filters and settings of the NetSecurity module as JSON, CSV, lists and tables.
//!
//! `Get-NetFirewallRule` prints no ports, addresses, programs or services: these are in filter objects of their own, which
//! scripts join in as many ways as there are scripts. So every form is read to objects of properties first; filters are
//! then joined to their rules by InstanceID, over files too, and what an object states goes into the room for the rules
//! of Windows. Names and enumerations are English in every language of Windows.

mod asked;
mod cell;
pub(crate) mod command;
mod detect;
mod form;
mod forms;
mod found;
mod ids;
mod ipsec;
mod join;
mod lines;
mod lost;
mod network;
mod props;
mod read;
mod record;
mod rule;
mod settings;
#[cfg(test)]
mod tests;
mod texts;
mod words;
mod write;

pub use write::write;

use crate::input::{FormatSpec, Input, Score};
use hylint_model::Export;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "powershell",
    name: "Windows PowerShell Get-NetFirewallRule",
    command: "hylint collect windows",
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
