//! What Windows prints of its firewall beside `netsh advfirewall`.

use super::form::Standing::{Host, Other};
use super::form::{Form, Text};
use super::{policy, shape};

/// What to do instead, on the host.
pub(super) const COLLECT: &str = "run the script that `hylint collect windows` prints on the host, or \
    `netsh advfirewall firewall show rule name=all verbose`, and give its output";

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
        powershell_of_policy,
        policy::POWERSHELL,
        policy::EFFECTIVE,
    ),
    Form::new(
        Host,
        powershell_with_filters,
        "firewall rules as PowerShell objects",
        COLLECT,
    ),
    Form::new(
        Host,
        powershell,
        "the output of Get-NetFirewallRule, which holds no addresses and ports",
        COLLECT,
    ),
    Form::new(
        Host,
        filters,
        "the output of Get-NetFirewallPortFilter or another filter, which names no rule",
        COLLECT,
    ),
    Form::new(
        Host,
        profiles,
        "the output of Get-NetFirewallProfile, which holds no rules",
        COLLECT,
    ),
    Form::new(
        Host,
        old_netsh,
        "`netsh firewall show`, which holds no rules of Windows Vista and later",
        COLLECT,
    ),
    Form::new(Host, wf_list, "a list exported from wf.msc", COLLECT),
    Form::new(
        Host,
        registry,
        "firewall rules of the Windows registry",
        COLLECT,
    ),
    Form::new(
        Host,
        shape::netsh,
        "netsh output in a language that hylint does not read",
        LANGUAGE,
    ),
    Form::new(
        Other,
        addresses,
        "`ipconfig`, `route print` or `netstat`",
        "export the rules of the firewall beside it",
    ),
];

/// Properties of INetFwRule (netfw.h), as a list, as JSON or as a table.
fn com(t: &Text<'_>) -> bool {
    const OWN: [&str; 3] = ["LocalAddresses", "RemoteAddresses", "LocalPorts"];
    let list = t.fields(&OWN) || t.fields(&["IcmpTypesAndCodes", "RemotePorts"]);
    let head = t.first();
    list || t.json(&OWN) || OWN.iter().all(|column| head.contains(column))
}

/// The columns of a rule beside its name, of which PowerShell needs `Get-NetFirewallPortFilter` and others.
const FILTERS: [&str; 2] = ["LocalPort", "RemoteAddress"];

fn powershell_with_filters(t: &Text<'_>) -> bool {
    powershell(t) && FILTERS.iter().all(|k| t.has(k))
}

/// Rules of policy, or profiles in which policy disables local rules.
fn powershell_of_policy(t: &Text<'_>) -> bool {
    let rules = || t.has("GroupPolicy") || t.has("\"PolicyStoreSourceType\":  2");
    let merge = || {
        t.field("AllowLocalFirewallRules", &["False"])
            || t.has("\"AllowLocalFirewallRules\":  0")
            || t.has("\"AllowLocalFirewallRules\": 0")
    };
    powershell(t) && rules() || profiles(t) && merge()
}

fn powershell(t: &Text<'_>) -> bool {
    const COLUMNS: [&str; 4] = ["DisplayName", "Direction", "Action", "Profile"];
    let head = t.first();
    let is_table = |columns: &[&str]| columns.iter().all(|c| head.contains(c));
    t.field("DisplayName", &[]) && t.field("Direction", &["Inbound", "Outbound"])
        || t.json(&["DisplayName", "Direction", "Action"])
        || t.has_any(&["MSFT|FW|FirewallRule", "MSFT_NetFirewallRule"])
        || t.field("Direction", &["Inbound", "Outbound"])
            && t.fields(&["EdgeTraversalPolicy", "PrimaryStatus"])
        || is_table(&COLUMNS)
        || is_table(&["DisplayName", "Direction", "LocalPort"])
        || is_table(&["DisplayName", "DisplayGroup", "Enabled", "Action"])
}

fn filters(t: &Text<'_>) -> bool {
    const PORT: [&str; 4] = ["LocalPort", "RemotePort", "IcmpType", "DynamicTarget"];
    let address = ["LocalAddress", "RemoteAddress"];
    t.fields(&PORT)
        || t.json(&PORT)
        || PORT.iter().all(|c| t.first().contains(c))
        || t.fields(&address) && t.field("InstanceID", &[])
}

fn profiles(t: &Text<'_>) -> bool {
    const OWN: [&str; 2] = ["DefaultInboundAction", "AllowLocalFirewallRules"];
    t.fields(&OWN) || t.json(&OWN)
}

/// By words that stay in every language, or by the shape of `netstat`'s lines.
fn addresses(t: &Text<'_>) -> bool {
    let socket = |l: &str| {
        let mut words = l.split_ascii_whitespace();
        words.next().is_some_and(|w| matches!(w, "TCP" | "UDP"))
            && words.next().is_some_and(|w| w.contains(':'))
            && words.next().is_some_and(|w| w.contains(':'))
    };
    t.lines().take(20).filter(|l| socket(l)).count() >= 2
        || t.has("IPv4") && t.has_any(&[" . . . :", ". . . . :", ".0.0.0          0.0.0.0"])
}

/// The context `netsh firewall` of Windows XP, which later versions still answer.
fn old_netsh(t: &Text<'_>) -> bool {
    t.has("Operational mode  ") && t.has("Exception mode  ")
}

fn wf_list(t: &Text<'_>) -> bool {
    let head = t.first();
    let named = |columns: &[&str]| columns.iter().all(|c| head.contains(c));
    head.contains(['\t', ',', ';'])
        && (named(&["Local Address", "Remote Address", "Protocol"])
            || named(&["Local Port", "Remote Port", "Protocol"]))
        || shape::wf_list(t)
}

fn registry(t: &Text<'_>) -> bool {
    t.has_all(&["|Action=", "|Dir="])
}
