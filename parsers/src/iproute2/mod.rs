//! What `ip addr`, `ip route`, `ip rule` and `ss` print of a Linux host, and their older counterparts of net-tools.
//!
//! None of it is a firewall: each listing is a companion, which tells of the firewall beside it.

use crate::input::{FormatSpec, Input, Score};
use hylint_model::Export;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "iproute2",
    name: "ip and ss",
    command: "ip -j addr; ip -j route; ip -j rule; ss -H -lntup",
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
