//! Windows `netsh advfirewall`: rules and profile settings, in any language of Windows.
//!
//! One file is one host. It may hold several captures: rules of both directions, profile settings, connection security
//! rules, with the prompts between them. The point's defaults are those of Windows; the linker and the engine replace them
//! by the settings of the profile that is judged.

mod block;
pub mod catalog;
mod command;
mod consec;
mod detect;
mod lines;
mod portproxy;
mod profiles;
mod prompt;
mod read;
mod state;
mod write;

pub use crate::write::WriteError;
pub(crate) use detect::familiarity;
pub(crate) use portproxy::proxies as port_proxies;
pub use write::{write, write_profiles};

use crate::input::{FormatSpec, Input, Score};
use hylint_model::Export;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "netsh",
    name: "Windows netsh advfirewall",
    command: "netsh advfirewall firewall show rule name=all verbose",
    detect,
    read,
    edit: None,
    commands: Some(command::commands),
};

fn detect(input: &Input<'_>) -> Score {
    detect::score(&input.source.text)
}

fn read(input: &Input<'_>) -> Export {
    Export {
        format: FORMAT.id,
        ..read::read(input.source, input.depth)
    }
}
