//! What Windows prints of its firewall beside `netsh advfirewall`.

use super::form::Standing::Host;
use super::form::{Form, Text};
use super::shape;

/// What to do instead, on the host.
pub(super) const COLLECT: &str = "run the script that `hylint collect windows` prints on the host, or \
    `netsh advfirewall firewall show rule name=all verbose`, and give its output";

/// A policy file is a hive, of which `reg` makes text.
pub(super) const HIVE: &str = "make text of it on any Windows (`reg load HKLM\\WFW FILE`, `reg export HKLM\\WFW rules.reg`, \
    `reg unload HKLM\\WFW`) and give rules.reg, or run the script that `hylint collect windows` prints on the host";

const LANGUAGE: &str = "run the script that `hylint collect windows` prints on the host: PowerShell prints the same words in \
    every language";

pub(super) const FORMS: &[Form] = &[
    Form::new(
        Host,
        com,
        "a property list of the COM interface HNetCfg.FwPolicy2",
        COLLECT,
    ),
    Form::new(
        Host,
        powershell,
        "firewall rules of PowerShell in a form that hylint does not read",
        COLLECT,
    ),
    Form::new(
        Host,
        old_netsh,
        "`netsh firewall show`, which holds no rules of Windows Vista and later",
        COLLECT,
    ),
    Form::new(
        Host,
        shape::netsh,
        "netsh output in a language that hylint does not read",
        LANGUAGE,
    ),
];

/// Properties of INetFwRule (netfw.h), as a list, as JSON or as a table.
fn com(t: &Text<'_>) -> bool {
    const OWN: [&str; 3] = ["LocalAddresses", "RemoteAddresses", "LocalPorts"];
    let list = t.fields(&OWN) || t.fields(&["IcmpTypesAndCodes", "RemotePorts"]);
    let head = t.first();
    list || t.json(&OWN) || OWN.iter().all(|column| head.contains(column))
}

/// What the reader of PowerShell's output leaves: `Export-Clixml`, pages of `ConvertTo-Html`, and texts that name the class of
/// its objects and hold none.
fn powershell(t: &Text<'_>) -> bool {
    t.has_any(&["MSFT|FW|FirewallRule", "MSFT_NetFirewallRule"])
        || t.field("DisplayName", &[]) && t.field("Direction", &["Inbound", "Outbound"])
        || t.has_all(&["<th>DisplayName</th>", "<th>Direction</th>"])
}

/// The context `netsh firewall` of Windows XP, which later versions still answer.
fn old_netsh(t: &Text<'_>) -> bool {
    t.has("Operational mode  ") && t.has("Exception mode  ")
}
