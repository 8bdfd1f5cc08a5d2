//! Windows netsh advfirewall.

use crate::format::{FormatSpec, Input, Score};
use crate::model::Export;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "netsh",
    name: "Windows netsh advfirewall",
    command: "netsh advfirewall firewall show rule name=all verbose",
    detect,
    read,
};

fn detect(_input: &Input<'_>) -> Score {
    0
}

fn read(_input: &Input<'_>) -> Export {
    Export {
        format: FORMAT.id,
        ..Export::default()
    }
}
