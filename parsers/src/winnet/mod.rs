//! What Windows prints of its network: `ipconfig`, `route print`, `netstat -ano`, `tasklist /svc`, in any language.
//!
//! None of it is a firewall: each listing is a companion, which tells of the firewall beside it.

use crate::input::{FormatSpec, Input, Score};
use hylint_model::Export;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "windows-network",
    name: "Windows network listings",
    command: "ipconfig /all; route print; netstat -ano; tasklist /svc",
    detect,
    read,
    edit: None,
    commands: None,
};

fn detect(_: &Input<'_>) -> Score {
    0
}

fn read(_: &Input<'_>) -> Export {
    Export {
        format: FORMAT.id,
        ..Export::default()
    }
}
