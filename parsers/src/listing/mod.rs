//! Listings of `iptables -L` and `ip6tables -L`: columns instead of options.

use crate::input::{FormatSpec, Input, Score};
use hylint_model::Export;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "iptables-list",
    name: "iptables -L",
    command: "iptables -L -n -v",
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
