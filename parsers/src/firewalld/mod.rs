//! What firewalld says of itself: `firewall-cmd --list-all-zones` and `--list-all-policies`, and its permanent configuration
//! (`/etc/firewalld`: zones, services, policies, ipsets, direct rules, firewalld.conf).
//!
//! Zones and policies become the chains that firewalld would write from them, so one evaluator judges both.

use crate::input::{FormatSpec, Input, Score};
use hylint_model::Export;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "firewalld",
    name: "firewalld",
    command: "firewall-cmd --list-all-zones; firewall-cmd --list-all-policies",
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
