//! As PowerShell prints the objects of `Get-NetFirewallRule` and of its filters: JSON by Windows PowerShell 5.1 and by
//! PowerShell 7, and CSV.

use super::json::{Value, Version, array, number, object, print, text};
use super::rules::{
    Act, AddrWord, Beyond, Inbound, Interfaces, PROFILES, PortWord, Proto, Rule, Secure, Set,
};
use super::words::{Style, proto};

pub const STYLE: Style = Style {
    masks: true,
    whole: false,
    port: |w| match w {
        PortWord::Rpc => "RPC",
        PortWord::RpcEpMap => "RPCEPMap",
        PortWord::IpHttps => "IPHTTPSIn",
        PortWord::Teredo => "Teredo",
        PortWord::PlayTo => "PlayToDiscovery",
    },
    addr: |w| match w {
        AddrWord::LocalSubnet => "LocalSubnet",
        AddrWord::Dns => "DNS",
        AddrWord::Dhcp => "DHCP",
        AddrWord::Wins => "WINS",
        AddrWord::DefaultGateway => "DefaultGateway",
        AddrWord::PlayTo => "PlayToDevice",
    },
};

/// How a script put the objects into a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// One object a rule, with the properties of its filters.
    Joined,
    /// One object of named arrays: rules and the seven kinds of filters.
    Arrays,
    /// The output of one command after the other.
    Documents,
}

/// How enumerations are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Enums {
    Numbers,
    Words,
}

#[derive(Clone, Copy, Debug)]
pub struct How {
    pub version: Version,
    pub shape: Shape,
    pub enums: Enums,
}

pub fn how(seed: u64, version: Version) -> How {
    How {
        version,
        shape: [Shape::Joined, Shape::Arrays, Shape::Documents][(seed % 3) as usize],
        enums: if seed.is_multiple_of(2) {
            Enums::Numbers
        } else {
            Enums::Words
        },
    }
}

/// A name and its number in the type of the cmdlets.
fn word(how: How, number_of: i64, name: &str) -> Value {
    match how.enums {
        Enums::Numbers => number(number_of),
        Enums::Words => text(name),
    }
}

/// A property that holds a list: `Any`, one entry as text, several as an array.
fn list(all: &[String]) -> Value {
    match all {
        [] => text("Any"),
        [one] => text(one),
        many => array(many.iter().map(|s| text(s)).collect()),
    }
}

fn profile_word(r: &Rule) -> (i64, String) {
    if r.profiles == [true; 3] {
        return (0, "Any".into());
    }
    let on = PROFILES.iter().zip(r.profiles).filter(|(_, on)| *on);
    let bits = r.profiles.iter().enumerate().filter(|(_, on)| **on);
    let names: Vec<&str> = on.map(|(n, _)| *n).collect();
    (bits.map(|(n, _)| 1 << n).sum(), names.join(", "))
}

type Fields = Vec<(&'static str, Value)>;

fn none_or(value: &str) -> Value {
    if value.is_empty() {
        Value::Null
    } else {
        text(value)
    }
}

fn rule_fields(r: &Rule, how: How) -> Fields {
    let (bits, profiles) = profile_word(r);
    let (action, action_name) = match r.action {
        Act::Allow | Act::Bypass => (2, "Allow"),
        Act::Block => (4, "Block"),
    };
    let owner = match &r.beyond {
        Some(Beyond::Owner(sid)) => text(sid),
        _ => Value::Null,
    };
    let platform = match &r.beyond {
        Some(Beyond::Platform) => vec![text("6.2+")],
        _ => Vec::new(),
    };
    let group = r.reference.as_ref().map_or(&r.group, |(_, g)| g);
    let (store, store_name) = if r.policy {
        (2, "GroupPolicy")
    } else {
        (1, "Local")
    };
    let source = if r.policy {
        "HyWorks servers"
    } else {
        "PersistentStore"
    };
    vec![
        ("Name", text(&r.id)),
        ("DisplayName", text(&r.name)),
        ("Description", none_or(&r.description)),
        ("DisplayGroup", none_or(&r.group)),
        ("Group", none_or(group)),
        (
            "Enabled",
            word(
                how,
                if r.enabled { 1 } else { 2 },
                if r.enabled { "True" } else { "False" },
            ),
        ),
        ("Profile", word(how, bits, &profiles)),
        ("Platform", array(platform)),
        (
            "Direction",
            word(
                how,
                if r.inbound { 1 } else { 2 },
                if r.inbound { "Inbound" } else { "Outbound" },
            ),
        ),
        ("Action", word(how, action, action_name)),
        (
            "EdgeTraversalPolicy",
            word(
                how,
                i64::from(r.edge),
                if r.edge { "Allow" } else { "Block" },
            ),
        ),
        ("LooseSourceMapping", Value::Bool(false)),
        ("LocalOnlyMapping", Value::Bool(false)),
        ("Owner", owner),
        ("PrimaryStatus", word(how, 1, "OK")),
        (
            "Status",
            text("The rule was parsed successfully from the store. (65536)"),
        ),
        ("EnforcementStatus", word(how, 0, "NotApplicable")),
        ("PolicyStoreSource", text(source)),
        ("PolicyStoreSourceType", word(how, store, store_name)),
        ("InstanceID", text(&r.id)),
        (
            "CreationClassName",
            text(&format!("MSFT|FW|FirewallRule|{}", r.id)),
        ),
    ]
}

/// The names of the arrays, in the order of [`filters`].
const KINDS: [(&str, &str); 7] = [
    ("Get-NetFirewallPortFilter", "PortFilters"),
    ("Get-NetFirewallAddressFilter", "AddressFilters"),
    ("Get-NetFirewallApplicationFilter", "ApplicationFilters"),
    ("Get-NetFirewallServiceFilter", "ServiceFilters"),
    ("Get-NetFirewallInterfaceFilter", "InterfaceFilters"),
    ("Get-NetFirewallInterfaceTypeFilter", "InterfaceTypeFilters"),
    ("Get-NetFirewallSecurityFilter", "SecurityFilters"),
];

fn filters(r: &Rule, how: How) -> [Fields; 7] {
    let icmp: Vec<String> = r
        .icmp
        .iter()
        .map(|(t, c)| c.map_or(t.to_string(), |c| format!("{t}:{c}")))
        .collect();
    // An ICMP rule's ports say nothing; Windows prints a word for them all the same.
    let lports = match r.proto {
        Proto::Icmp4 | Proto::Icmp6 => text("RPC"),
        _ => list(&STYLE.ports(&r.lports)),
    };
    let out_ports = r.rports.iter().map(|p| match p {
        super::rules::Port::Word(PortWord::IpHttps) => "IPHTTPSOut".to_owned(),
        one => STYLE.ports(std::slice::from_ref(one)).concat(),
    });
    let (dynamic, dynamic_name) = match &r.beyond {
        Some(Beyond::Proximity) => (2, "ProximitySharing"),
        _ => (0, "Any"),
    };
    let package = match &r.beyond {
        Some(Beyond::Package(sid)) => text(sid),
        _ => Value::Null,
    };
    let user = match &r.beyond {
        Some(Beyond::LocalUser(sddl)) => text(sddl),
        _ => text("Any"),
    };
    let (interface, interface_name) = match r.interfaces {
        Interfaces::Any => (0, "Any"),
        Interfaces::Lan => (1, "Wired"),
        Interfaces::Wireless => (2, "Wireless"),
        Interfaces::Ras => (4, "RemoteAccess"),
    };
    let authentic = r.secure != Secure::No;
    let encrypted = r.secure == Secure::Encrypt;
    let required = |b: bool| {
        word(
            how,
            i64::from(b),
            if b { "Required" } else { "NotRequired" },
        )
    };
    [
        vec![
            ("Protocol", text(&proto(r.proto))),
            ("LocalPort", lports),
            ("RemotePort", list(&out_ports.collect::<Vec<_>>())),
            ("IcmpType", list(&icmp)),
            ("DynamicTarget", word(how, dynamic, dynamic_name)),
        ],
        vec![
            ("LocalAddress", list(&STYLE.addresses(&r.local))),
            ("RemoteAddress", list(&STYLE.addresses(&r.remote))),
        ],
        vec![
            ("Program", text(r.program.as_deref().unwrap_or("Any"))),
            ("Package", package),
        ],
        vec![("Service", text(r.service.as_deref().unwrap_or("Any")))],
        vec![("InterfaceAlias", text("Any"))],
        vec![("InterfaceType", word(how, interface, interface_name))],
        vec![
            ("Authentication", required(authentic)),
            ("Encryption", required(encrypted)),
            ("OverrideBlockRules", Value::Bool(r.action == Act::Bypass)),
            ("LocalUser", user),
            ("RemoteUser", text("Any")),
            ("RemoteMachine", text("Any")),
        ],
    ]
}

/// One object with all that the filters say.
fn joined(r: &Rule, how: How) -> Fields {
    let mut out = rule_fields(r, how);
    out.extend(filters(r, how).into_iter().flatten());
    out
}

fn profiles(set: &Set, how: How) -> Value {
    let of = |(name, s): (&&str, &super::rules::Settings)| {
        let always = s.inbound == Inbound::Always;
        let act = |allow: bool| {
            word(
                how,
                if allow { 2 } else { 4 },
                if allow { "Allow" } else { "Block" },
            )
        };
        let gpo = |on: bool| word(how, i64::from(on), if on { "True" } else { "False" });
        object(vec![
            ("Name", text(name)),
            ("Profile", text(name)),
            ("Enabled", gpo(s.on)),
            ("DefaultInboundAction", act(s.inbound == Inbound::Allow)),
            ("DefaultOutboundAction", act(s.outbound)),
            (
                "AllowInboundRules",
                if always {
                    gpo(false)
                } else {
                    word(how, 2, "NotConfigured")
                },
            ),
            ("AllowLocalFirewallRules", word(how, 2, "NotConfigured")),
            ("AllowLocalIPsecRules", word(how, 2, "NotConfigured")),
            ("AllowUserApps", word(how, 2, "NotConfigured")),
            ("NotifyOnListen", gpo(true)),
            (
                "LogFileName",
                text("%systemroot%\\system32\\LogFiles\\Firewall\\pfirewall.log"),
            ),
            ("LogMaxSizeKilobytes", number(4096)),
            ("LogAllowed", gpo(false)),
            (
                "DisabledInterfaceAliases",
                array(vec![text("NotConfigured")]),
            ),
        ])
    };
    array(PROFILES.iter().zip(&set.settings).map(of).collect())
}

/// The rules and the settings of the profiles as JSON.
pub fn text_json(set: &Set, how: How) -> String {
    let by_kind = |kind: usize| {
        let of = |r: &Rule| {
            let mut fields = filters(r, how)[kind].clone();
            fields.push(("InstanceID", text(&r.id)));
            fields.push((
                "CreationClassName",
                text(&format!("MSFT|FW|FirewallRule|{}", r.id)),
            ));
            object(fields)
        };
        // Windows lists the filters in an order of its own.
        array(set.rules.iter().rev().map(of).collect())
    };
    let rules = || {
        array(
            set.rules
                .iter()
                .map(|r| object(rule_fields(r, how)))
                .collect(),
        )
    };
    match how.shape {
        Shape::Joined => {
            let all = set.rules.iter().map(|r| object(joined(r, how))).collect();
            let docs = [array(all), profiles(set, how)];
            docs.map(|d| print(&d, how.version)).join("\r\n")
        }
        Shape::Arrays => {
            let mut all = vec![("Rules", rules())];
            all.extend(
                KINDS
                    .iter()
                    .enumerate()
                    .map(|(n, (_, name))| (*name, by_kind(n))),
            );
            all.push(("Profiles", profiles(set, how)));
            print(&object(all), how.version)
        }
        Shape::Documents => {
            let prompt =
                |command: &str| format!("PS C:\\> {command} | ConvertTo-Json -Depth 3\r\n");
            let mut out = prompt("Get-NetFirewallRule") + &print(&rules(), how.version);
            for (n, (command, _)) in KINDS.iter().enumerate() {
                out += "\r\n";
                out += &prompt(command);
                out += &print(&by_kind(n), how.version);
            }
            out += "\r\n";
            out += &prompt("Get-NetFirewallProfile");
            out + &print(&profiles(set, how), how.version)
        }
    }
}

/// Columns of the joined CSV and of its lists' separators.
pub fn text_csv(set: &Set, delimiter: char, between: &str) -> String {
    let how = How {
        version: Version::Seven,
        shape: Shape::Joined,
        enums: Enums::Words,
    };
    let cell = |v: &Value| match v {
        Value::Null => String::new(),
        Value::Bool(b) => quoted(if *b { "True" } else { "False" }),
        Value::Number(n) => quoted(&n.to_string()),
        Value::Text(t) => quoted(t),
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(Value::plain).collect();
            quoted(&all.join(between))
        }
        Value::Object(_) => String::new(),
    };
    let line = |cells: Vec<String>| cells.join(&delimiter.to_string()) + "\r\n";
    let mut out = String::new();
    for (n, r) in set.rules.iter().enumerate() {
        let fields = joined(r, how);
        if n == 0 {
            out += &line(fields.iter().map(|(k, _)| quoted(k)).collect());
        }
        out += &line(fields.iter().map(|(_, v)| cell(v)).collect());
    }
    out
}

fn quoted(t: &str) -> String {
    format!("\"{}\"", t.replace('"', "\"\""))
}
