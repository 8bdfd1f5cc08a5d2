//! Azure NSG JSON.

use crate::format::{FormatSpec, Input, Score};
use crate::model::Export;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "azure",
    name: "Azure NSG JSON",
    command: "az network nsg list",
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
