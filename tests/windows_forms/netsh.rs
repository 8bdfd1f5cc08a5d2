//! As `netsh advfirewall show allprofiles` and `netsh advfirewall firewall show rule name=all verbose` print it.

use super::rules::{
    Act, AddrWord, Inbound, Interfaces, PROFILES, PortWord, Proto, Rule, Secure, Set, Settings,
};
use super::words::{Style, or_any, proto};

pub const STYLE: Style = Style {
    masks: false,
    whole: true,
    port: |w| match w {
        PortWord::Rpc => "RPC",
        PortWord::RpcEpMap => "RPC-EPMap",
        PortWord::IpHttps => "IPHTTPS",
        PortWord::Teredo => "Teredo",
        PortWord::PlayTo => "Ply2Disc",
    },
    addr: |w| match w {
        AddrWord::LocalSubnet => "LocalSubnet",
        AddrWord::Dns => "DNS",
        AddrWord::Dhcp => "DHCP",
        AddrWord::Wins => "WINS",
        AddrWord::DefaultGateway => "DefaultGateway",
        AddrWord::PlayTo => "Ply2Renders",
    },
};

fn ruler() -> String {
    "-".repeat(70)
}

/// The settings of all profiles.
pub fn profiles(set: &Set) -> String {
    let mut lines = Vec::new();
    for (name, s) in PROFILES.iter().zip(&set.settings) {
        settings(name, s, &mut lines);
    }
    lines.push("Ok.".into());
    lines.push(String::new());
    lines.join("\r\n")
}

fn settings(name: &str, s: &Settings, lines: &mut Vec<String>) {
    let field = |k: &str, v: &str| format!("{k:<38}{v}");
    let inbound = match s.inbound {
        Inbound::Block => "BlockInbound",
        Inbound::Allow => "AllowInbound",
        Inbound::Always => "BlockInboundAlways",
    };
    let outbound = if s.outbound { "Allow" } else { "Block" };
    lines.extend([
        String::new(),
        format!("{name} Profile Settings: "),
        ruler(),
        field("State", if s.on { "ON" } else { "OFF" }),
        field("Firewall Policy", &format!("{inbound},{outbound}Outbound")),
        field("LocalFirewallRules", "N/A (GPO-store only)"),
        field("LocalConSecRules", "N/A (GPO-store only)"),
        field("InboundUserNotification", "Disable"),
        field("RemoteManagement", "Disable"),
        field("UnicastResponseToMulticast", "Enable"),
        String::new(),
        "Logging:".into(),
        field("LogAllowedConnections", "Disable"),
        field("LogDroppedConnections", "Disable"),
        String::new(),
    ]);
}

pub fn text(set: &Set) -> String {
    let mut lines = vec![profiles(set)];
    lines.push("C:\\>netsh advfirewall firewall show rule name=all verbose".into());
    for r in &set.rules {
        rule(r, &mut lines);
    }
    lines.extend([String::new(), "Ok.".into(), String::new()]);
    lines.join("\r\n")
}

fn field(k: &str, v: &str) -> String {
    format!("{:<38}{v}", format!("{k}:"))
}

fn rule(r: &Rule, lines: &mut Vec<String>) {
    let yes = |b: bool| if b { "Yes" } else { "No" };
    lines.extend([String::new(), field("Rule Name", &r.name), ruler()]);
    if !r.description.is_empty() {
        lines.push(field("Description", &r.description));
    }
    let on = PROFILES.iter().zip(r.profiles).filter(|(_, on)| *on);
    let on: Vec<&str> = on.map(|(n, _)| *n).collect();
    lines.extend([
        field("Enabled", yes(r.enabled)),
        field("Direction", if r.inbound { "In" } else { "Out" }),
        field("Profiles", &on.join(",")),
        field("Grouping", &r.group),
        field("LocalIP", &or_any(&STYLE.addresses(&r.local), ",")),
        field("RemoteIP", &or_any(&STYLE.addresses(&r.remote), ",")),
        field("Protocol", &proto(r.proto)),
    ]);
    if !r.icmp.is_empty() {
        lines.push(format!("{:<38}Type    Code", ""));
    }
    for (kind, code) in &r.icmp {
        let code = code.map_or("Any".to_owned(), |c| c.to_string());
        lines.push(format!("{:<38}{kind:<8}{code}", ""));
    }
    if matches!(r.proto, Proto::Tcp | Proto::Udp) {
        lines.push(field("LocalPort", &or_any(&STYLE.ports(&r.lports), ",")));
        lines.push(field("RemotePort", &or_any(&STYLE.ports(&r.rports), ",")));
    }
    lines.push(field("Edge traversal", yes(r.edge)));
    if let Some(p) = &r.program {
        // netsh expands variables.
        let path = p.replace("%SystemRoot%", "C:\\Windows");
        let path = path.replace("%ProgramFiles(x86)%", "C:\\Program Files (x86)");
        lines.push(field("Program", &path));
    }
    if let Some(s) = &r.service {
        lines.push(field("Service", if s == "*" { "Any" } else { s }));
    }
    let interfaces = match r.interfaces {
        Interfaces::Any => "Any",
        Interfaces::Lan => "LAN",
        Interfaces::Wireless => "Wireless",
        Interfaces::Ras => "RAS",
    };
    let secure = match r.secure {
        Secure::No => "NotRequired",
        Secure::Authenticate => "Authenticate",
        Secure::Encrypt => "AuthEnc",
    };
    let source = if r.policy { "Group Policy" } else { "Local" };
    let action = match r.action {
        Act::Allow => "Allow",
        Act::Block => "Block",
        Act::Bypass => "Bypass",
    };
    lines.extend([
        field("InterfaceTypes", interfaces),
        field("Security", secure),
        field("Rule source", &format!("{source} Setting")),
        field("Action", action),
    ]);
}
