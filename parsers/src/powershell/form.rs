//! How PowerShell speaks of rules.

use crate::windows::form::Form;
use crate::windows::words::Label;

/// The way to an export that lacks nothing.
pub(super) const COLLECT: &str =
    "run the script that `hylint collect windows` prints: it writes rules and filters joined";

/// The form.
pub(super) const FORM: Form = Form {
    label,
    full: COLLECT,
    unknown: "report the value to hylint, or set it with `Set-NetFirewallRule` and export again",
    missing: COLLECT,
    brief: (
        "lack properties of their filters (ports, addresses, programs), which may narrow them",
        "0 of 0 rules lack properties of their filters (ports, addresses, programs), which may narrow them",
    ),
    may_lack_fields: true,
    icmp_heading: false,
    names_packages: true,
};

/// The property that holds a field.
const fn label(label: Label) -> &'static str {
    match label {
        Label::Name => "DisplayName",
        Label::Description => "Description",
        Label::Enabled => "Enabled",
        Label::Direction => "Direction",
        Label::Profiles => "Profile",
        Label::Group => "Group",
        Label::LocalIp => "LocalAddress",
        Label::RemoteIp => "RemoteAddress",
        Label::Protocol => "Protocol",
        Label::LocalPort => "LocalPort",
        Label::RemotePort => "RemotePort",
        Label::Edge => "EdgeTraversalPolicy",
        Label::Program => "Program",
        Label::Service => "Service",
        Label::Interfaces => "InterfaceType",
        Label::Security => "Authentication",
        Label::Source => "PolicyStoreSourceType",
        Label::Action => "Action",
        Label::Peers => "RemoteMachine",
        Label::Consec | Label::ConsecPart => "InboundSecurity",
    }
}
