//! Configurations of other makers' firewalls.

use super::form::Standing::Host;
use super::form::{Form, Text};
use super::shape;

const NONE: &str = "hylint has no reader for it, so this firewall is not judged";

const VYOS: &str = "run `sudo nft list ruleset` on the router and give its output (before VyOS 1.4, and on EdgeOS, \
    `sudo iptables-save` and `sudo ip6tables-save`)";

pub(super) const FORMS: &[Form] = &[
    Form::new(Host, asa, "a configuration of Cisco ASA", NONE),
    Form::new(
        Host,
        ios,
        "a configuration of Cisco IOS or NX-OS, or one like it",
        NONE,
    ),
    Form::new(Host, junos, "a configuration of Juniper Junos", NONE),
    Form::new(Host, fortios, "a configuration of FortiGate", NONE),
    Form::new(Host, panos, "a configuration of Palo Alto PAN-OS", NONE),
    Form::new(Host, checkpoint, "a policy of Check Point", NONE),
    Form::new(Host, routeros, "an export of MikroTik RouterOS", NONE),
    Form::new(
        Host,
        pfsense,
        "a configuration of pfSense or OPNsense",
        NONE,
    ),
    Form::new(Host, vyos, "a configuration of VyOS or EdgeOS", VYOS),
    Form::new(Host, sophos, "a configuration of Sophos", NONE),
    Form::new(Host, huawei, "a configuration of a Huawei firewall", NONE),
    Form::new(Host, nsx, "a policy of VMware NSX", NONE),
    Form::new(Host, esxi, "the firewall ruleset of VMware ESXi", NONE),
    Form::new(
        Host,
        csv,
        "a CSV list of firewall rules",
        "give the export of the firewall itself: `netsh advfirewall firewall show rule name=all verbose`, `iptables-save`, \
         or the JSON of the AWS or Azure CLI",
    ),
];

fn asa(t: &Text<'_>) -> bool {
    let extended = |l: &str| {
        l.starts_with("access-list ")
            && (l.contains(" extended permit ") || l.contains(" extended deny "))
    };
    t.has("access-list ") && t.lines().any(extended) || t.begins(&["ASA Version "])
}

fn ios(t: &Text<'_>) -> bool {
    let numbered = |l: &str| {
        let mut words = l.split_ascii_whitespace();
        words.next() == Some("access-list")
            && words
                .next()
                .is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit()))
            && words
                .next()
                .is_some_and(|w| matches!(w, "permit" | "deny" | "remark"))
    };
    t.begins(&[
        "ip access-list ",
        "ipv6 access-list ",
        "Extended IP access list ",
        "Standard IP access list ",
    ]) || t.has("access-list ") && t.lines().any(numbered)
}

fn junos(t: &Text<'_>) -> bool {
    t.begins(&[
        "set security policies ",
        "set firewall family ",
        "set firewall filter ",
        "set security zones ",
    ]) || t.has("policies {") && t.has("from-zone ")
        || t.has("family inet {") && t.has("filter ") && t.has("term ")
}

fn fortios(t: &Text<'_>) -> bool {
    t.begins(&[
        "config firewall policy",
        "config firewall address",
        "#config-version=FG",
    ])
}

fn panos(t: &Text<'_>) -> bool {
    let set = |l: &str| l.starts_with("set ") && l.contains("rulebase security rules ");
    t.has("rulebase") && t.lines().any(set)
        || t.has("<rulebase>")
        || t.has("urldb=\"paloaltonetworks\"")
        || t.has("application/service ") && t.has_all(&["from ", "to ", "action "])
}

fn checkpoint(t: &Text<'_>) -> bool {
    t.json(&["rulebase", "uid"])
        || t.has(":rules (") && t.has_any(&[":AdminInfo (", ":chkpf_uid ("])
        || t.begins(&["mgmt_cli add access-rule", "add access-rule "])
}

/// An export, and `/ip firewall filter print`.
fn routeros(t: &Text<'_>) -> bool {
    let printed = |l: &str| l.contains("chain=") && l.contains(" action=");
    t.first().starts_with("Flags: ") && t.lines().any(printed)
        || t.begins(&[
            "/ip firewall ",
            "/ipv6 firewall ",
            "add action=accept chain=",
            "add action=drop chain=",
        ])
}

fn pfsense(t: &Text<'_>) -> bool {
    t.has_any(&["<pfsense>", "<opnsense>"])
}

fn vyos(t: &Text<'_>) -> bool {
    let set = |l: &str| {
        (l.starts_with("set firewall ") || l.starts_with("set zone-policy "))
            && (l.contains(" rule ") || l.contains("default-action"))
    };
    t.has("set ") && t.lines().any(set) || t.has("firewall {") && t.has("default-action ")
}

fn sophos(t: &Text<'_>) -> bool {
    t.has("<FirewallRule ") || t.has("<FirewallRule>")
}

fn huawei(t: &Text<'_>) -> bool {
    t.begins(&["security-policy"]) && t.begins(&["rule name "])
        || t.lines().any(|l| l.starts_with("acl number ")) && t.begins(&["rule "])
}

fn nsx(t: &Text<'_>) -> bool {
    t.json(&["resource_type", "source_groups", "destination_groups"])
}

fn esxi(t: &Text<'_>) -> bool {
    t.json(&["Ruleset", "Direction", "Port Begin"])
        || t.first().starts_with("Ruleset")
            && t.first().contains("Direction")
            && t.first().contains("Port Begin")
        || t.field("Default Action", &["DROP", "PASS"]) && t.field("Loaded", &[])
        || ["sshServer ", "vpxHeartbeats ", "webAccess "]
            .iter()
            .any(|r| t.begins(&[*r]))
            && t.first().starts_with("Name")
            && t.first().contains("Enabled")
}

/// Some spelling of an action, of a port and of an address among the heads of the columns; where a service stands for the
/// port, of both addresses. A column of times is that of a log.
fn csv(t: &Text<'_>) -> bool {
    const PORTS: &[&str] = &[
        "port",
        "ports",
        "protocol",
        "proto",
        "localport",
        "localports",
        "remoteport",
        "dstport",
        "dport",
        "destinationport",
        "destinationports",
        "portrange",
        "destinationportrange",
        "fromport",
        "toport",
    ];
    const SERVICES: &[&str] = &["service", "services"];
    const SOURCES: &[&str] = &[
        "source",
        "src",
        "sourceip",
        "srcip",
        "sourceaddress",
        "srcaddr",
        "remoteaddress",
        "remoteaddresses",
        "remoteip",
        "sourceprefix",
        "sourceaddressprefix",
        "cidr",
        "cidrip",
        "sourcecidr",
    ];
    const DESTINATIONS: &[&str] = &[
        "destination",
        "dst",
        "destinationip",
        "dstip",
        "localaddress",
    ];
    const ACTIONS: &[&str] = &[
        "action",
        "access",
        "policy",
        "direction",
        "allow",
        "target",
        "verdict",
        "permission",
    ];
    const TIMES: &[&str] = &[
        "time",
        "timestamp",
        "start",
        "starttime",
        "logstatus",
        "generatedtime",
    ];
    let is_rule = shape::csv(t, &[PORTS, SOURCES, ACTIONS])
        || shape::csv(t, &[PORTS, DESTINATIONS, ACTIONS])
        || shape::csv(t, &[SERVICES, SOURCES, DESTINATIONS, ACTIONS]);
    is_rule && !shape::csv(t, &[TIMES])
}
