//! `netsh advfirewall show allprofiles` and `… firewall show rule name=all verbose`, as one file.

use super::page::Page;
use super::plan::{ADMINS, Dir, MONITOR, Proto, Rule};

const DASHES: &str = "----------------------------------------------------------------------";

pub fn export(rules: &[Rule], style: usize) -> Page {
    let mut p = Page::new("firewall.txt");
    for profile in ["Domain", "Private", "Public"] {
        profile_settings(&mut p, profile);
    }
    for r in &noise()[..4] {
        r.write(&mut p, "noise");
    }
    for r in rules {
        let lines: Vec<String> = r.peers.iter().map(|a| shown(a)).collect();
        let remote = if r.peers.is_empty() {
            "Any".into()
        } else {
            lines.join(",")
        };
        let ports = if r.ports.is_empty() {
            "Any".into()
        } else {
            ranges(&r.ports)
        };
        let (local_port, remote_port) = match r.dir {
            Dir::In => (ports, "Any".into()),
            Dir::Out => ("Any".into(), ports),
        };
        Entry {
            name: r.title.clone(),
            enabled: r.enabled,
            dir: r.dir,
            grouping: if style == 0 { "" } else { "Accops HyWorks" },
            remote,
            protocol: match r.proto {
                Proto::Tcp => "TCP",
                Proto::Udp => "UDP",
                Proto::Any => "Any",
            },
            ports: (r.proto != Proto::Any).then_some((local_port, remote_port)),
            program: "",
            allow: r.allow,
        }
        .write(&mut p, &r.key);
    }
    for r in &noise()[4..] {
        r.write(&mut p, "noise");
    }
    p.put("Ok.");
    p
}

fn profile_settings(p: &mut Page, profile: &str) {
    p.put("");
    p.put(&format!("{profile} Profile Settings: "));
    p.put(DASHES);
    p.put("State                                 ON");
    let policy = "Firewall Policy                       BlockInbound,BlockOutbound";
    if profile == "Domain" {
        p.put_marked("default-in", policy);
        p.mark("default-out", (p.line() - 1, p.line() - 1));
    } else {
        p.put(policy);
    }
    for line in [
        "LocalFirewallRules                    N/A (GPO-store only)",
        "LocalConSecRules                      N/A (GPO-store only)",
        "InboundUserNotification               Disable",
        "RemoteManagement                      Disable",
        "UnicastResponseToMulticast            Enable",
        "",
        "Logging:",
        "LogAllowedConnections                 Disable",
        "LogDroppedConnections                 Enable",
        "FileName                              %systemroot%\\system32\\LogFiles\\Firewall\\pfirewall.log",
        "MaxFileSize                           4096",
        "",
    ] {
        p.put(line);
    }
}

/// Netsh prints every host as a prefix.
fn shown(a: &str) -> String {
    if a.contains('/') {
        a.to_owned()
    } else {
        format!("{a}/32")
    }
}

pub fn ranges(ports: &[(u16, u16)]) -> String {
    let one = |(a, b): &(u16, u16)| {
        if a == b {
            a.to_string()
        } else {
            format!("{a}-{b}")
        }
    };
    ports.iter().map(one).collect::<Vec<_>>().join(",")
}

struct Entry {
    name: String,
    enabled: bool,
    dir: Dir,
    grouping: &'static str,
    remote: String,
    protocol: &'static str,
    ports: Option<(String, String)>,
    program: &'static str,
    allow: bool,
}

impl Entry {
    fn write(&self, p: &mut Page, key: &str) {
        p.put("");
        let first = p.line();
        let field = |label: &str, value: &str| format!("{:<38}{value}", format!("{label}:"));
        p.put(&field("Rule Name", &self.name));
        p.put(DASHES);
        p.put(&field("Enabled", if self.enabled { "Yes" } else { "No" }));
        p.put(&field(
            "Direction",
            if self.dir == Dir::In { "In" } else { "Out" },
        ));
        p.put(&field("Profiles", "Domain,Private,Public"));
        p.put(&field("Grouping", self.grouping));
        p.put(&field("LocalIP", "Any"));
        p.put(&field("RemoteIP", &self.remote));
        p.put(&field("Protocol", self.protocol));
        if let Some((local, remote)) = &self.ports {
            p.put(&field("LocalPort", local));
            p.put(&field("RemotePort", remote));
        }
        if self.protocol.starts_with("ICMP") {
            p.put("                                      Type    Code");
            p.put("                                      8       Any ");
        }
        p.put(&field("Edge traversal", "No"));
        if !self.program.is_empty() {
            p.put(&field("Program", self.program));
        }
        p.put(&field("InterfaceTypes", "Any"));
        p.put(&field("Security", "NotRequired"));
        p.put(&field("Rule source", "Local Setting"));
        p.put(&field("Action", if self.allow { "Allow" } else { "Block" }));
        p.mark(key, (first, p.line() - 1));
    }
}

fn noise() -> Vec<Entry> {
    let svchost = "C:\\Windows\\system32\\svchost.exe";
    let core = "Core Networking";
    let any = || "Any".to_owned();
    let mut out = Vec::new();
    for (name, dir, remote, protocol, ports, program, grouping) in [
        (
            "Core Networking - Dynamic Host Configuration Protocol (DHCP-In)",
            Dir::In,
            any(),
            "UDP",
            Some(("68", "67")),
            svchost,
            core,
        ),
        (
            "Core Networking - Dynamic Host Configuration Protocol (DHCP-Out)",
            Dir::Out,
            any(),
            "UDP",
            Some(("68", "67")),
            svchost,
            core,
        ),
        (
            "Core Networking - DNS (UDP-Out)",
            Dir::Out,
            any(),
            "UDP",
            Some(("Any", "53")),
            svchost,
            core,
        ),
        (
            "Core Networking - Group Policy (LSASS-Out)",
            Dir::Out,
            any(),
            "TCP",
            Some(("Any", "Any")),
            "C:\\Windows\\system32\\lsass.exe",
            core,
        ),
        (
            "WinRM from the jump hosts",
            Dir::In,
            ADMINS.to_owned(),
            "TCP",
            Some(("5985,5986", "Any")),
            "System",
            "",
        ),
        (
            "Monitoring agent",
            Dir::In,
            shown(MONITOR),
            "TCP",
            Some(("10050", "Any")),
            "C:\\Program Files\\Agent\\agentd.exe",
            "",
        ),
        (
            "Ping from the jump hosts",
            Dir::In,
            ADMINS.to_owned(),
            "ICMPv4",
            None,
            "",
            "",
        ),
    ] {
        out.push(Entry {
            name: name.to_owned(),
            enabled: true,
            dir,
            grouping,
            remote,
            protocol,
            ports: ports.map(|(l, r): (&str, &str)| (l.to_owned(), r.to_owned())),
            program,
            allow: true,
        });
    }
    out
}
