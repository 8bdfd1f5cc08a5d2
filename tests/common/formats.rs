//! How each format of exports is tried. A format without a line here does not pass: an export of it, one whose names are
//! given, a role that such exports may have, and what writes it.
#![allow(dead_code, unreachable_pub)] // each test binary uses its part

use hylint_model::{Export, Point};
use hylint_parsers::{aws, azure, iptables, netsh, nft, powershell, registry};

/// What the tests ask of one format.
pub struct Tried {
    /// As in `hylint_parsers::format::FORMATS`.
    pub id: &'static str,
    /// Exports, by their paths from `examples/`, each with a role that lets the whole check run on it.
    pub examples: &'static [(&'static str, &'static str)],
    /// A role that any export of the format may have.
    pub role: &'static str,
    /// An export whose one rule lets anyone in and bears the name, with the path that it goes to.
    pub named: fn(name: &str) -> (&'static str, String),
    pub names: Names,
    pub writer: Writer,
}

/// Names that a format has room for.
pub enum Names {
    /// Any text.
    Text,
    /// One word; the reason. Another character that would end the word is written as `_`.
    Word(&'static str),
}

/// What writes a format.
pub enum Writer {
    /// It writes all that the export holds, or says what it has no words for.
    By(fn(&Export) -> Result<String, String>),
    /// There is none; the reason.
    None(&'static str),
}

pub const TRIED: &[Tried] = &[
    Tried {
        id: "netsh",
        examples: &[
            ("windows-dc/compliant/cb1/rules.txt", "controller-broker"),
            ("windows-dc/compliant/cm1/allprofiles.txt", "session-host"),
        ],
        role: "session-host",
        named: |name| ("w/firewall.txt", windows_rule(&one_line(name))),
        names: Names::Text,
        writer: Writer::By(|e| {
            let all: Result<Vec<String>, _> = e.points.iter().map(netsh::write).collect();
            all.map(|a| a.concat()).map_err(|e| format!("{e:?}"))
        }),
    },
    Tried {
        id: "wfmsc",
        examples: &[("../tests/windows_lists/inbound.txt", "session-host")],
        role: "session-host",
        named: |name| ("w/inbound.txt", console_list(&one_line(name))),
        names: Names::Text,
        writer: Writer::None("a console writes it, and no command reads it"),
    },
    Tried {
        id: "powershell",
        examples: &[("windows-forms/compliant/sh1/firewall.json", "session-host")],
        role: "session-host",
        named: |name| ("p/firewall.json", firewall_rule(&json(name))),
        names: Names::Text,
        writer: Writer::By(|e| {
            let all: Result<Vec<String>, _> = e.points.iter().map(powershell::write).collect();
            all.map(|a| a.concat()).map_err(|e| format!("{e:?}"))
        }),
    },
    Tried {
        id: "registry",
        examples: &[("../tests/formats/firewall.reg", "session-host")],
        role: "session-host",
        named: |name| ("r/firewall.reg", registry_rule(&one_line(name))),
        names: Names::Text,
        writer: Writer::By(|e| {
            let all: Result<Vec<String>, _> = e.points.iter().map(registry::write).collect();
            all.map(|a| a.concat()).map_err(|e| e.to_string())
        }),
    },
    Tried {
        id: "gpo",
        examples: &[("../tests/formats/policy.xml", "session-host")],
        role: "session-host",
        named: |name| ("g/policy.xml", policy_report(&one_line(name))),
        names: Names::Text,
        writer: Writer::None("a console writes it of a policy, and no command reads it"),
    },
    Tried {
        id: "iptables",
        examples: &[(
            "linux-gateway/compliant/gw1/iptables.rules",
            "hysecure-gateway",
        )],
        role: "hysecure-gateway",
        named: |name| ("l/iptables.rules", tables(&shell(name))),
        names: Names::Text,
        writer: Writer::By(|e| iptables::write(&e.points).map_err(|e| format!("{e:?}"))),
    },
    Tried {
        id: "ufw",
        examples: &[("../tests/formats/ufw/user.rules", "session-host")],
        role: "session-host",
        named: |name| ("u/user.rules", user_rules(&shell(name))),
        names: Names::Text,
        writer: Writer::None("ufw writes it, and loads it by itself alone"),
    },
    Tried {
        id: "firewalld",
        examples: &[("../tests/formats/zones.txt", "session-host")],
        role: "session-host",
        named: |name| ("d/zones.txt", zones(&one_line(name))),
        names: Names::Word("firewalld takes no name of a zone with a blank"),
        writer: Writer::None("firewall-cmd prints it, and reads no listing"),
    },
    Tried {
        id: "iptables-list",
        examples: &[(
            "../parsers/tests/data/listing/nft-v6.nvL",
            "hysecure-gateway",
        )],
        role: "hysecure-gateway",
        named: |name| ("l/listing.txt", listing(&one_line(name))),
        names: Names::Text,
        writer: Writer::None("a list of what is loaded: the reader of save files has the writer"),
    },
    Tried {
        id: "nft",
        examples: &[
            ("debian-nft/compliant/dv2/ruleset.nft", "session-host"),
            ("debian-nft/compliant/gw1/ruleset.json", "hysecure-gateway"),
        ],
        role: "session-host",
        named: |name| ("n/ruleset.nft", ruleset(&one_line(name))),
        names: Names::Text,
        writer: Writer::By(|e| nft::write(&e.points).map_err(|e| format!("{e:?}"))),
    },
    Tried {
        id: "windows-network",
        examples: &[("../tests/formats/windows-network.txt", "session-host")],
        role: "session-host",
        named: |name| ("wn/ipconfig.txt", interface(&one_line(name))),
        names: Names::Text,
        writer: Writer::None("commands print it, and none reads it"),
    },
    Tried {
        id: "iproute2",
        examples: &[("../tests/formats/listings.txt", "session-host")],
        role: "session-host",
        named: |name| ("i/ss.txt", sockets(&one_line(name))),
        names: Names::Text,
        writer: Writer::None("commands print it, and none reads it"),
    },
    Tried {
        id: "aws",
        examples: &[
            (
                "cloud-hybrid/compliant/aws/security-groups.json",
                "controller-management",
            ),
            (
                "cloud-hybrid/compliant/aws/network-acls.json",
                "controller-management",
            ),
        ],
        role: "controller-management",
        named: |name| ("a/security-groups.json", security_group(&json(name))),
        names: Names::Text,
        writer: Writer::By(|e| aws::write(&e.points).map_err(|e| format!("{e:?}"))),
    },
    Tried {
        id: "azure",
        examples: &[("cloud-hybrid/compliant/azure/nsg-list.json", "session-host")],
        role: "session-host",
        named: |name| ("z/nsg-list.json", network_group(&json(name))),
        names: Names::Text,
        writer: Writer::By(|e| {
            let points: Vec<&Point> = e.points.iter().collect();
            azure::write::write(&points).map_err(|e| e.to_string())
        }),
    },
];

/// A listing of an interface that has a name.
fn interface(name: &str) -> String {
    format!(
        "Windows IP Configuration\n\n\nEthernet adapter {name}:\n\n   IPv4 Address. . . . . . . . . . . : 10.20.10.31\n   \
         Subnet Mask . . . . . . . . . . . : 255.255.255.0\n"
    )
}

/// A listing of sockets of which a program has a name.
fn sockets(name: &str) -> String {
    format!(
        "Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n\
         tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"{name}\",pid=812,fd=3))\n"
    )
}

/// The ids of every format.
pub fn ids() -> impl Iterator<Item = &'static str> {
    hylint_parsers::format::FORMATS.iter().map(|f| f.id)
}

/// How a format is tried.
pub fn tried(id: &str) -> &'static Tried {
    TRIED.iter().find(|t| t.id == id).unwrap_or_else(|| {
        panic!(
            "the format {id} is not tried: add an entry to TRIED in tests/common/formats.rs with an export of it below \
             examples/, one whose names are given, a role, and its writer (or why it has none)"
        )
    })
}

/// Every format, in the order of the registry.
pub fn each() -> impl Iterator<Item = &'static Tried> {
    ids().map(tried)
}

/// Every export of the examples, its format, and a role for it.
pub fn exports() -> Vec<(&'static str, &'static str, &'static str)> {
    let of = |t: &'static Tried| t.examples.iter().map(|(path, role)| (*path, t.id, *role));
    each().flat_map(of).collect()
}

fn console_list(name: &str) -> String {
    let name = name.replace(['\t', '"'], " ");
    format!(
        "Inbound Rules\nName\tGroup\tProfile\tEnabled\tAction\tOverride\tProgram\tLocal Address\tRemote Address\tProtocol\tLocal Port\t\
        Remote Port\tAuthorized Users\tAuthorized Computers\tAuthorized Local Principals\tLocal User Owner\tApplication Package\t\n\
        {name}\t\tAll\tYes\tAllow\tNo\tAny\tAny\tAny\tTCP\t443\tAny\tAny\tAny\tAny\tAny\tAny\t\n"
    )
}

fn one_line(name: &str) -> String {
    name.replace(['\n', '\r'], " ")
}

fn shell(name: &str) -> String {
    one_line(name).replace('\\', "\\\\").replace('"', "\\\"")
}

fn json(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

fn listing(name: &str) -> String {
    format!(
        "Chain INPUT (policy DROP 0 packets, 0 bytes)\n pkts bytes target     prot opt in     out     source               destination\n\
         \x20   0     0 ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0            /* {name} */\n\n\
         Chain FORWARD (policy DROP 0 packets, 0 bytes)\n pkts bytes target     prot opt in     out     source               destination\n\n\
         Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)\n pkts bytes target     prot opt in     out     source               destination\n"
    )
}

fn tables(shell: &str) -> String {
    format!(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -m comment --comment \"{shell}\" -j ACCEPT\nCOMMIT\n"
    )
}

fn user_rules(shell: &str) -> String {
    format!(
        "*filter\n:ufw-user-input - [0:0]\n:ufw-user-output - [0:0]\n:ufw-user-forward - [0:0]\n### RULES ###\n-A ufw-user-input -m comment --comment \"{shell}\" -j ACCEPT\nCOMMIT\n"
    )
}

/// nft has no way to write a quote, and takes 128 bytes of a comment.
fn ruleset(comment: &str) -> String {
    let comment: String = comment.replace('"', "'").chars().take(120).collect();
    format!(
        "table inet filter {{\n\tchain input {{\n\t\ttype filter hook input priority filter; policy drop;\n\t\tcounter accept comment \"{comment}\"\n\t}}\n}}\n"
    )
}

/// The name of a zone is one word.
fn zones(name: &str) -> String {
    let bad = |c: char| c.is_whitespace() || matches!(c, ':' | '=' | '<' | '"' | ',' | '(');
    let name = name.replace(bad, "_");
    format!(
        "{name} (default, active)\n  target: ACCEPT\n  icmp-block-inversion: no\n  interfaces: eth0\n  sources: \n  services: \n  ports: \n  protocols: \n  masquerade: no\n  forward-ports: \n  source-ports: \n  icmp-blocks: \n  rich rules: \n"
    )
}

fn windows_rule(name: &str) -> String {
    format!(
        "\r\nRule Name:                            {name}\r\n----------------------------------------------------------------------\r\nEnabled:                              Yes\r\nDirection:                            In\r\nProfiles:                             Domain,Private,Public\r\nGrouping:                             {name}\r\nLocalIP:                              Any\r\nRemoteIP:                             Any\r\nProtocol:                             Any\r\nEdge traversal:                       No\r\nProgram:                              Any\r\nService:                              Any\r\nInterfaceTypes:                       Any\r\nSecurity:                             NotRequired\r\nRule source:                          Local Setting\r\nAction:                               Allow\r\n\r\nOk.\r\n"
    )
}

fn firewall_rule(name: &str) -> String {
    format!(
        "[{{\"Name\":{name},\"InstanceID\":{name},\"DisplayName\":{name},\"Description\":{name},\"Group\":{name},\"Enabled\":1,\"Profile\":0,\"Direction\":1,\"Action\":2,\"PolicyStoreSourceType\":1,\"Protocol\":\"Any\",\"LocalPort\":\"Any\",\"RemotePort\":\"Any\",\"LocalAddress\":\"Any\",\"RemoteAddress\":\"Any\",\"Program\":\"Any\",\"Service\":\"Any\",\"InterfaceType\":0,\"Authentication\":0,\"Encryption\":0}}]"
    )
}

/// A bar ends a field of a rule string.
fn registry_rule(name: &str) -> String {
    let name = shell(name).replace('|', "/");
    format!(
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules]\r\n\"{{00000000-0000-0000-0000-000000000001}}\"=\"v2.31|Action=Allow|Active=TRUE|Dir=In|Name={name}|EmbedCtxt={name}|\"\r\n\r\n"
    )
}

fn policy_report(name: &str) -> String {
    let mut text = name.replace('&', "&amp;").replace('<', "&lt;");
    text.retain(|c| !c.is_control());
    format!(
        "<?xml version=\"1.0\"?>\r\n<GPO xmlns=\"http://www.microsoft.com/GroupPolicy/Settings\"><Name>Servers</Name><Computer><Enabled>true</Enabled><ExtensionData><Extension xmlns:q1=\"http://www.microsoft.com/GroupPolicy/Settings/WindowsFirewall\" xsi:type=\"q1:WindowsFirewallSettings\"><q1:InboundFirewallRules><q1:Version>2.30</q1:Version><q1:Action>Allow</q1:Action><q1:Name>{text}</q1:Name><q1:Dir>In</q1:Dir><q1:Active>true</q1:Active><q1:EmbedCtxt>{text}</q1:EmbedCtxt></q1:InboundFirewallRules></Extension></ExtensionData></Computer></GPO>\r\n"
    )
}

fn security_group(name: &str) -> String {
    format!(
        "{{\"SecurityGroups\":[{{\"GroupId\":\"sg-0a\",\"GroupName\":{name},\"Description\":{name},\"VpcId\":\"vpc-1\",\"IpPermissions\":[{{\"IpProtocol\":\"-1\",\"IpRanges\":[{{\"CidrIp\":\"0.0.0.0/0\",\"Description\":{name}}}],\"Ipv6Ranges\":[],\"PrefixListIds\":[],\"UserIdGroupPairs\":[]}}],\"IpPermissionsEgress\":[]}}]}}"
    )
}

fn network_group(name: &str) -> String {
    format!(
        "[{{\"name\":{name},\"id\":\"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/n\",\"type\":\"Microsoft.Network/networkSecurityGroups\",\"securityRules\":[{{\"name\":{name},\"description\":{name},\"access\":\"Allow\",\"direction\":\"Inbound\",\"priority\":100,\"protocol\":\"*\",\"sourceAddressPrefix\":\"*\",\"sourcePortRange\":\"*\",\"destinationAddressPrefix\":\"*\",\"destinationPortRange\":\"*\"}}],\"defaultSecurityRules\":[]}}]"
    )
}
