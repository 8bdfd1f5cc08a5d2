//! A host's rules as PowerShell and the registry have them.

use crate::host::{Host, Profile, Rule};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// A made-up identifier of an app package, as long as real ones.
const PACKAGE: &str =
    "S-1-15-2-1861897761-1695161497-2927542615-642690995-327840285-2659745135-2630312742";

/// A prefix with a mask, as Windows stores it; a single address without one.
fn address(text: &str) -> String {
    let Some((network, length)) = text.split_once('/') else {
        return match text.split_once('-') {
            Some((low, high)) if low == high => low.to_owned(),
            _ => text.to_owned(),
        };
    };
    if network.contains(':') {
        return text.to_owned();
    }
    let length: u32 = length.parse().unwrap();
    if length == 32 {
        return network.to_owned();
    }
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    format!("{network}/{}", std::net::Ipv4Addr::from(mask))
}

fn addresses(rule: &Rule, label: &str) -> Vec<String> {
    rule.list(label).into_iter().map(address).collect()
}

/// The words of netsh for a direction's ports that PowerShell and the registry call otherwise.
fn port(word: &str, label: &str) -> String {
    match (word, label) {
        ("RPC-EPMap", _) => "RPCEPMap",
        ("IPHTTPS", "LocalPort") => "IPHTTPSIn",
        ("IPHTTPS", _) => "IPHTTPSOut",
        ("Ply2Disc", _) => "PlayToDiscovery",
        (other, _) => other,
    }
    .to_owned()
}

fn ports(rule: &Rule, label: &str) -> Vec<String> {
    rule.list(label)
        .into_iter()
        .map(|p| port(p, label))
        .collect()
}

/// A list of one is a word, as PowerShell prints it.
fn words(list: Vec<String>) -> Value {
    match list.len() {
        1 => list.into_iter().next().into(),
        _ => list.into(),
    }
}

fn icmp(rule: &Rule) -> Vec<String> {
    let all = rule.icmp.iter().map(|(kind, code)| match code.as_str() {
        "Any" => kind.clone(),
        code => format!("{kind}:{code}"),
    });
    match rule.icmp.is_empty() {
        true => vec!["Any".into()],
        false => all.collect(),
    }
}

fn is_icmp(rule: &Rule) -> bool {
    rule.field("Protocol").starts_with("ICMP")
}

fn is_of_policy(rule: &Rule) -> bool {
    rule.is("Rule source", "Group Policy Setting")
}

/// What the rule's filters say.
fn filters(rule: &Rule, out: &mut Map<String, Value>) {
    let local = match is_icmp(rule) {
        // What PowerShell prints for ICMP, where it means nothing.
        true => json!("RPC"),
        false => words(ports(rule, "LocalPort")),
    };
    let package = match rule.is_of_app() {
        true => json!(PACKAGE),
        false => Value::Null,
    };
    for (key, value) in [
        ("Protocol", json!(rule.field("Protocol"))),
        ("LocalPort", local),
        ("RemotePort", words(ports(rule, "RemotePort"))),
        ("IcmpType", words(icmp(rule))),
        ("DynamicTarget", json!("Any")),
        ("LocalAddress", words(addresses(rule, "LocalIP"))),
        ("RemoteAddress", words(addresses(rule, "RemoteIP"))),
        ("Program", json!(rule.field("Program"))),
        ("Package", package),
        ("Service", json!(rule.field("Service"))),
        ("InterfaceAlias", json!("Any")),
        ("InterfaceType", json!("Any")),
        ("Authentication", json!("NotRequired")),
        ("Encryption", json!("NotRequired")),
        ("OverrideBlockRules", json!(false)),
        ("LocalUser", json!("Any")),
        ("RemoteUser", json!("Any")),
        ("RemoteMachine", json!("Any")),
    ] {
        out.insert(key.into(), value);
    }
}

/// One record; `as_words` says whether enumerations are words or numbers.
fn record(at: usize, rule: &Rule, as_words: bool) -> Value {
    let choose = |word: Value, number: Value| if as_words { word } else { number };
    let yes = rule.is("Enabled", "Yes");
    let inbound = rule.is("Direction", "In");
    let allow = rule.is("Action", "Allow");
    let profiles = rule.list("Profiles");
    let bits = profiles.iter().map(|p| match *p {
        "Domain" => 1,
        "Private" => 2,
        _ => 4,
    });
    let bits: u32 = bits.sum();
    let (any, named) = (bits == 7, profiles.join(", "));
    let policy = is_of_policy(rule);
    let name = format!("{{00000000-0000-0000-0000-{at:012}}}");
    let mut out = Map::new();
    for (key, value) in [
        ("Name", json!(name)),
        ("InstanceID", json!(name)),
        ("DisplayName", json!(rule.field("Rule Name"))),
        ("Description", json!(rule.fields.get("Description"))),
        ("Group", json!(rule.field("Grouping"))),
        (
            "Enabled",
            choose(
                json!(if yes { "True" } else { "False" }),
                json!(if yes { 1 } else { 2 }),
            ),
        ),
        (
            "Profile",
            choose(
                json!(if any { "Any" } else { &named }),
                json!(if any { 0 } else { bits }),
            ),
        ),
        ("Platform", json!([])),
        (
            "Direction",
            choose(
                json!(if inbound { "Inbound" } else { "Outbound" }),
                json!(if inbound { 1 } else { 2 }),
            ),
        ),
        (
            "Action",
            choose(
                json!(if allow { "Allow" } else { "Block" }),
                json!(if allow { 2 } else { 4 }),
            ),
        ),
        ("EdgeTraversalPolicy", edge(rule, as_words)),
        ("LooseSourceMapping", json!(false)),
        ("LocalOnlyMapping", json!(false)),
        ("Owner", Value::Null),
        ("PrimaryStatus", choose(json!("OK"), json!(1))),
        (
            "Status",
            json!("The rule was parsed successfully from the store. (65536)"),
        ),
        ("EnforcementStatus", json!("Enforced")),
        (
            "PolicyStoreSource",
            json!(if policy { "Servers" } else { "PersistentStore" }),
        ),
        (
            "PolicyStoreSourceType",
            choose(
                json!(if policy { "GroupPolicy" } else { "Local" }),
                json!(if policy { 2 } else { 1 }),
            ),
        ),
    ] {
        out.insert(key.into(), value);
    }
    filters(rule, &mut out);
    Value::Object(out)
}

fn edge(rule: &Rule, as_words: bool) -> Value {
    let (word, number) = match rule.field("Edge traversal") {
        "Yes" => ("Allow", 1),
        "Defer to application" => ("DeferToApp", 3),
        "Defer to user" => ("DeferToUser", 2),
        _ => ("Block", 0),
    };
    match as_words {
        true => json!(word),
        false => json!(number),
    }
}

fn profile(p: &Profile, as_words: bool) -> Value {
    let action = |blocks: bool| match (as_words, blocks) {
        (true, true) => json!("Block"),
        (true, false) => json!("Allow"),
        (false, true) => json!(4),
        (false, false) => json!(2),
    };
    let yes = |is: bool| match as_words {
        true => json!(if is { "True" } else { "False" }),
        false => json!(u8::from(is)),
    };
    json!({
        "Name": p.name,
        "Enabled": yes(p.on),
        "DefaultInboundAction": action(p.blocks_in),
        "DefaultOutboundAction": action(p.blocks_out),
        "AllowInboundRules": yes(true),
        "AllowLocalFirewallRules": yes(true),
        "AllowLocalIPsecRules": yes(true),
        "AllowUserApps": yes(true),
        "AllowUserPorts": yes(true),
        "AllowUnicastResponseToMulticast": yes(true),
        "NotifyOnListen": yes(false),
        "EnableStealthModeForIPsec": yes(true),
        "LogFileName": "%systemroot%\\system32\\LogFiles\\Firewall\\pfirewall.log",
        "LogMaxSizeKilobytes": 4096,
        "LogAllowed": yes(false),
        "LogBlocked": yes(false),
        "LogIgnored": yes(false),
        "DisabledInterfaceAliases": ["NotConfigured"],
    })
}

fn lines(all: impl Iterator<Item = Value>) -> String {
    let all: Vec<String> = all.map(|v| v.to_string()).collect();
    all.join(",\n")
}

/// As the script of `hylint collect windows` writes it.
pub(crate) fn collected(host: &Host) -> String {
    let rules = || host.rules.iter().enumerate();
    let effective = lines(rules().map(|(at, r)| record(at, r, true)));
    let stored = rules().filter(|(_, r)| !is_of_policy(r));
    let stored = lines(stored.map(|(at, r)| record(at, r, true)));
    let profiles = lines(host.profiles.iter().map(|p| profile(p, true)));
    let name = host.name.to_uppercase();
    format!(
        "{{\"Hylint\":\"windows\",\"Version\":1,\"ComputerName\":\"{name}\",\"CollectedAt\":\"2026-11-30T12:00:00Z\",\"Windows\":\"10.0.20348.0\",\n\
        \"ActiveStore\":{{\n\"Rules\":[\n{effective}\n],\n\"Profiles\":[\n{profiles}\n],\n\"IPsecRules\":[\n\n]}},\n\
        \"PersistentStore\":{{\n\"Rules\":[\n{stored}\n],\n\"Profiles\":[\n{profiles}\n]}},\n\
        \"ConnectionProfiles\":[\n{{\"Name\":\"corp.example\",\"InterfaceAlias\":\"Ethernet\",\"InterfaceIndex\":\"4\",\"NetworkCategory\":\"DomainAuthenticated\",\"IPv4Connectivity\":\"Internet\",\"IPv6Connectivity\":\"NoTraffic\"}}\n],\n\
        \"IPAddresses\":[\n\n],\n\"PortProxy\":[\n\n],\n\"Errors\":[\n\n]}}\n"
    )
}

/// As `ConvertTo-Json` of joined objects: enumerations are numbers, and the profiles follow in a second document.
pub(crate) fn numbers(host: &Host) -> String {
    let rules = host.rules.iter().enumerate();
    let rules: Vec<Value> = rules.map(|(at, r)| record(at, r, false)).collect();
    let profiles: Vec<Value> = host.profiles.iter().map(|p| profile(p, false)).collect();
    let print = |v: Vec<Value>| serde_json::to_string_pretty(&v).unwrap();
    print(rules) + "\n" + &print(profiles) + "\n"
}

const LOCAL: &str =
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
const POLICY: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall";

/// As regedit exports the keys of both stores.
pub(crate) fn registry(host: &Host) -> Vec<u8> {
    let mut out = String::from("Windows Registry Editor Version 5.00\r\n\r\n");
    for (key, of_policy) in [(LOCAL, false), (POLICY, true)] {
        let rules: Vec<_> = host
            .rules
            .iter()
            .enumerate()
            .filter(|(_, r)| is_of_policy(r) == of_policy)
            .collect();
        if of_policy && rules.is_empty() {
            continue;
        }
        write!(
            out,
            "[{key}]\r\n\"PolicyVersion\"=dword:0000021e\r\n\r\n[{key}\\FirewallRules]\r\n"
        )
        .unwrap();
        for (at, rule) in rules {
            let value = string(rule).replace('\\', r"\\").replace('"', "\\\"");
            write!(
                out,
                "\"{{00000000-0000-0000-0000-{at:012}}}\"=\"{value}\"\r\n"
            )
            .unwrap();
        }
        out.push_str("\r\n");
        if !of_policy {
            host.profiles.iter().for_each(|p| settings(p, &mut out));
        }
    }
    let units = out.encode_utf16().flat_map(u16::to_le_bytes);
    [0xff, 0xfe].into_iter().chain(units).collect()
}

fn settings(p: &Profile, out: &mut String) {
    let key = match p.name.as_str() {
        "Private" => "StandardProfile",
        "Domain" => "DomainProfile",
        _ => "PublicProfile",
    };
    let dword = |is: bool| u8::from(is);
    write!(
        out,
        "[{LOCAL}\\{key}]\r\n\"EnableFirewall\"=dword:{:08x}\r\n\"DisableNotifications\"=dword:00000001\r\n\"DefaultInboundAction\"=dword:{:08x}\r\n\"DefaultOutboundAction\"=dword:{:08x}\r\n\"DoNotAllowExceptions\"=dword:00000000\r\n\r\n",
        dword(p.on),
        dword(p.blocks_in),
        dword(p.blocks_out)
    )
    .unwrap();
}

/// A rule by the grammar of MS-GPFAS 2.2.2.19.
fn string(rule: &Rule) -> String {
    let mut out = String::from("v2.30|");
    let mut field = |key: &str, value: &str| write!(out, "{key}={value}|").unwrap();
    field("Action", rule.field("Action"));
    field(
        "Active",
        if rule.is("Enabled", "Yes") {
            "TRUE"
        } else {
            "FALSE"
        },
    );
    field("Dir", rule.field("Direction"));
    let number = match rule.field("Protocol") {
        "TCP" => "6",
        "UDP" => "17",
        "ICMPv4" => "1",
        "ICMPv6" => "58",
        other => other,
    };
    if number != "Any" {
        field("Protocol", number);
    }
    let profiles = rule.list("Profiles");
    if profiles.len() < 3 {
        profiles.iter().for_each(|p| field("Profile", p));
    }
    for (kind, code) in &rule.icmp {
        let key = if number == "1" { "ICMP4" } else { "ICMP6" };
        let code = if code == "Any" { "*" } else { code };
        field(key, &format!("{kind}:{code}"));
    }
    for (label, key) in [("LocalPort", "LPort"), ("RemotePort", "RPort")] {
        for word in rule.list(label) {
            match word {
                "Any" => {}
                "IPHTTPS" => {
                    let side = if key == "LPort" { "In" } else { "Out" };
                    field(&format!("{key}2_10"), &format!("IPTLS{side}"));
                    field(&format!("{key}2_10"), &format!("IPHTTPS{side}"));
                }
                range if range.contains('-') && range != "RPC-EPMap" => {
                    field(&format!("{key}2_10"), range)
                }
                word => field(key, word),
            }
        }
    }
    for (label, key) in [("LocalIP", "LA"), ("RemoteIP", "RA")] {
        for word in addresses(rule, label) {
            match word.as_str() {
                "Any" => {}
                "LocalSubnet" => {
                    field(&format!("{key}4"), "LocalSubnet");
                    field(&format!("{key}6"), "LocalSubnet");
                }
                six if six.contains(':') => field(&format!("{key}6"), six),
                four => field(&format!("{key}4"), four),
            }
        }
    }
    for (label, key) in [("Program", "App"), ("Service", "Svc")] {
        if !rule.is(label, "Any") {
            field(key, rule.field(label));
        }
    }
    field("Name", rule.field("Rule Name"));
    if let Some(text) = rule.fields.get("Description") {
        field("Desc", text);
    }
    if !rule.is("Grouping", "") {
        field("EmbedCtxt", rule.field("Grouping"));
    }
    if rule.is_of_app() {
        field("LUOwn", "S-1-5-21-1004336348-1177238915-682003330-512");
        field("AppPkgId", PACKAGE);
    }
    match rule.field("Edge traversal") {
        "Yes" => field("Edge", "TRUE"),
        "Defer to application" => field("Defer", "App"),
        "Defer to user" => field("Defer", "User"),
        _ => {}
    }
    out
}
