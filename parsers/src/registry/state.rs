//! How the registry speaks of rules.

use crate::windows::form::Form;
use crate::windows::words::Label;

/// What to do for a full export of both stores.
pub(crate) const FULL: &str = "export the rules of the host and of policy: `reg export HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy local.reg` and `reg export HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall policy.reg`, or the output of `hylint collect windows`";

/// What to do about a word that is not known.
const EFFECTIVE: &str = "export what Windows makes of it: `Get-NetFirewallRule -PolicyStore ActiveStore` with its filters, as `hylint collect windows` does";

/// How rule strings speak.
pub(crate) const FORM: Form = Form {
    label,
    full: FULL,
    unknown: EFFECTIVE,
    missing: "correct the rule, or remove it: Windows ignores a rule without these fields",
    brief: ("tell nothing of programs and services", ""),
    may_lack_fields: false,
    icmp_heading: false,
    names_packages: true,
};

/// The field of a rule string that holds what netsh prints under a label.
fn label(label: Label) -> &'static str {
    match label {
        Label::Name => "Name",
        Label::Description => "Desc",
        Label::Enabled => "Active",
        Label::Direction => "Dir",
        Label::Profiles => "Profile",
        Label::Group => "EmbedCtxt",
        Label::LocalIp => "LA4",
        Label::RemoteIp => "RA4",
        Label::Protocol => "Protocol",
        Label::LocalPort => "LPort",
        Label::RemotePort => "RPort",
        Label::Edge => "Edge",
        Label::Program => "App",
        Label::Service => "Svc",
        Label::Interfaces => "IFType",
        Label::Security => "Security",
        Label::Source => "key",
        Label::Peers => "RMAuth",
        Label::Action => "Action",
        Label::Consec | Label::ConsecPart => "Auth1Set",
    }
}
