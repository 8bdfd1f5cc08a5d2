//! `az network nsg list`.

use super::json::{J, s, write};
use super::page::Page;
use super::plan::{ADMINS, Dir, MONITOR, Proto, Rule};

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-vdi/providers/Microsoft.Network/networkSecurityGroups/nsg-hyworks";

/// Style 0: what nobody allows inbound falls to the default rules. 1: to a rule of the site's own. Outbound it always is
/// one, because the default rules let everything out.
pub fn export(rules: &[Rule], style: usize) -> Page {
    let noise = |key: &str, title: &str, dir, peers: Vec<String>, proto, port: u16| Rule {
        key: key.into(),
        title: title.into(),
        dir,
        allow: true,
        enabled: true,
        peers,
        proto,
        ports: vec![(port, port)],
        rows: vec![],
    };
    let mut all = vec![
        noise(
            "noise",
            "Allow-SSH-Jump",
            Dir::In,
            vec![ADMINS.into()],
            Proto::Tcp,
            22,
        ),
        noise(
            "noise",
            "Allow-Monitoring",
            Dir::In,
            vec![MONITOR.into()],
            Proto::Tcp,
            10050,
        ),
        noise("noise", "Allow-DNS", Dir::Out, vec![], Proto::Udp, 53),
    ];
    all.extend(rules.iter().cloned());
    let mut custom: Vec<J> = Vec::new();
    for (n, r) in all.iter().enumerate() {
        custom.push(J::At(r.key.clone(), Box::new(rule(r, 100 + 10 * n as u32))));
    }
    let mut closing = |key: &str, title: &str, dir| {
        let mut r = noise(key, title, dir, vec![], Proto::Any, 0);
        r.allow = false;
        r.ports.clear();
        custom.push(J::At(key.into(), Box::new(rule(&r, 4096))));
    };
    closing("default-out", "Deny-Everything-Else-Out", Dir::Out);
    if style == 1 {
        closing("default-in", "Deny-Everything-Else-In", Dir::In);
    }
    let mut p = Page::new("nsg-list.json");
    let nsg = J::O(vec![
        ("defaultSecurityRules", J::A(defaults(style))),
        ("etag", s("W/\\\"a70cd382-35c8-60d6-edd3-92deaf7d5813\\\"")),
        ("id", s(GROUP)),
        ("location", s("westeurope")),
        ("name", s("nsg-hyworks")),
        ("provisioningState", s("Succeeded")),
        ("resourceGroup", s("rg-vdi")),
        ("securityRules", J::A(custom)),
        ("type", s("Microsoft.Network/networkSecurityGroups")),
    ]);
    write(&mut p, &J::A(vec![nsg]), 0);
    p.text.push('\n');
    p
}

/// One value in the singular field, several in the plural one, as Azure itself answers.
fn spread(one: &'static str, many: &'static str, values: Vec<String>) -> Vec<(&'static str, J)> {
    match values.as_slice() {
        [] => vec![(one, s("*")), (many, J::A(vec![]))],
        [v] => vec![(one, s(v.clone())), (many, J::A(vec![]))],
        _ => vec![(many, J::A(values.into_iter().map(J::S).collect()))],
    }
}

fn rule(r: &Rule, priority: u32) -> J {
    let ports: Vec<String> = r
        .ports
        .iter()
        .map(|p| super::netsh::ranges(&[*p]))
        .collect();
    let (src, dst) = match r.dir {
        Dir::In => (r.peers.clone(), vec![]),
        Dir::Out => (vec![], r.peers.clone()),
    };
    let name: String = r
        .title
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let mut all = vec![("access", s(if r.allow { "Allow" } else { "Deny" }))];
    all.extend(spread(
        "destinationAddressPrefix",
        "destinationAddressPrefixes",
        dst,
    ));
    all.extend(spread(
        "destinationPortRange",
        "destinationPortRanges",
        ports,
    ));
    all.extend([
        (
            "direction",
            s(if r.dir == Dir::In {
                "Inbound"
            } else {
                "Outbound"
            }),
        ),
        ("id", s(format!("{GROUP}/securityRules/{name}"))),
        ("name", s(name)),
        ("priority", J::N(priority)),
        (
            "protocol",
            s(match r.proto {
                Proto::Tcp => "Tcp",
                Proto::Udp => "Udp",
                Proto::Any => "*",
            }),
        ),
        ("provisioningState", s("Succeeded")),
        ("resourceGroup", s("rg-vdi")),
    ]);
    all.extend(spread("sourceAddressPrefix", "sourceAddressPrefixes", src));
    all.extend([
        ("sourcePortRange", s("*")),
        ("sourcePortRanges", J::A(vec![])),
        (
            "type",
            s("Microsoft.Network/networkSecurityGroups/securityRules"),
        ),
    ]);
    J::O(all)
}

fn defaults(style: usize) -> Vec<J> {
    let mut out = Vec::new();
    for (name, access, direction, priority, src, dst) in [
        (
            "AllowVnetInBound",
            "Allow",
            "Inbound",
            65000,
            "VirtualNetwork",
            "VirtualNetwork",
        ),
        (
            "AllowAzureLoadBalancerInBound",
            "Allow",
            "Inbound",
            65001,
            "AzureLoadBalancer",
            "*",
        ),
        ("DenyAllInBound", "Deny", "Inbound", 65500, "*", "*"),
        (
            "AllowVnetOutBound",
            "Allow",
            "Outbound",
            65000,
            "VirtualNetwork",
            "VirtualNetwork",
        ),
        (
            "AllowInternetOutBound",
            "Allow",
            "Outbound",
            65001,
            "*",
            "Internet",
        ),
        ("DenyAllOutBound", "Deny", "Outbound", 65500, "*", "*"),
    ] {
        let one = J::O(vec![
            ("access", s(access)),
            ("destinationAddressPrefix", s(dst)),
            ("destinationAddressPrefixes", J::A(vec![])),
            ("destinationPortRange", s("*")),
            ("destinationPortRanges", J::A(vec![])),
            ("direction", s(direction)),
            ("id", s(format!("{GROUP}/defaultSecurityRules/{name}"))),
            ("name", s(name)),
            ("priority", J::N(priority)),
            ("protocol", s("*")),
            ("provisioningState", s("Succeeded")),
            ("resourceGroup", s("rg-vdi")),
            ("sourceAddressPrefix", s(src)),
            ("sourceAddressPrefixes", J::A(vec![])),
            ("sourcePortRange", s("*")),
            ("sourcePortRanges", J::A(vec![])),
            (
                "type",
                s("Microsoft.Network/networkSecurityGroups/defaultSecurityRules"),
            ),
        ]);
        let closes = name == "DenyAllInBound" && style == 0;
        out.push(if closes {
            J::At("default-in".into(), Box::new(one))
        } else {
            one
        });
    }
    out
}
