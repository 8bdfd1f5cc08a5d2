//! A subscription as `az network … list` prints it.

use crate::azure::{Azure, Nic, Peering, Rule, Sku, Word, defaults};
use serde_json::{Value, json};

fn id(kind: &str, name: &str) -> String {
    format!(
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/{kind}/{name}"
    )
}

fn refer(kind: &str, name: &str) -> Value {
    json!({"id": id(kind, name), "resourceGroup": "rg"})
}

fn nsg_name(n: usize) -> String {
    format!("nsg-{n}")
}

fn subnet_path(a: &Azure, s: usize) -> String {
    format!("vnet-{}/subnets/snet-{s}", a.subnets[s].vnet)
}

/// Every file of the subscription.
pub(crate) fn files(a: &Azure) -> Vec<(String, Value)> {
    let mut all = vec![
        ("nsg-list.json".to_owned(), nsgs(a)),
        ("nic-list.json".to_owned(), nics(a)),
        ("vnet-list.json".to_owned(), vnets(a)),
        ("public-ip-list.json".to_owned(), public_addresses(a)),
        ("route-table-list.json".to_owned(), tables(a)),
    ];
    all.retain(|(_, v)| v.as_array().is_some_and(|l| !l.is_empty()));
    all
}

fn word(w: &Word) -> String {
    match w {
        Word::Any => "*".into(),
        Word::VirtualNetwork => "VirtualNetwork".into(),
        Word::Internet => "Internet".into(),
        Word::AzureLoadBalancer => "AzureLoadBalancer".into(),
        Word::Tag(t) => (*t).into(),
        Word::Block(b) => b.prefix(),
        Word::Asg(_) => String::new(),
    }
}

fn ports(of: &[(u16, u16)]) -> Vec<String> {
    let one = |(lo, hi): &(u16, u16)| match (lo, hi) {
        (0, 65535) => "*".to_owned(),
        _ if lo == hi => lo.to_string(),
        _ => format!("{lo}-{hi}"),
    };
    of.iter().map(one).collect()
}

fn rule(nsg: &str, folder: &str, r: &Rule) -> Value {
    let mut one = json!({
        "access": if r.allow { "Allow" } else { "Deny" }, "direction": if r.inbound { "Inbound" } else { "Outbound" },
        "etag": "W/\"1\"", "id": format!("{}/{folder}/{}", id("networkSecurityGroups", nsg), r.name), "name": r.name,
        "priority": r.priority, "protocol": match r.proto { None => "*", Some(6) => "Tcp", Some(_) => "Udp" },
        "provisioningState": "Succeeded", "resourceGroup": "rg",
        "type": format!("Microsoft.Network/networkSecurityGroups/{folder}")
    });
    for (side, words) in [("source", &r.src), ("destination", &r.dst)] {
        let asgs: Vec<Value> = words
            .iter()
            .filter_map(|w| match w {
                Word::Asg(n) => Some(refer("applicationSecurityGroups", &format!("asg-{n}"))),
                _ => None,
            })
            .collect();
        let texts: Vec<String> = words.iter().map(word).filter(|t| !t.is_empty()).collect();
        let (single, many) = match texts.as_slice() {
            [one] => (one.clone(), vec![]),
            many => (String::new(), many.to_vec()),
        };
        one[format!("{side}AddressPrefix")] = json!(single);
        one[format!("{side}AddressPrefixes")] = json!(many);
        if !asgs.is_empty() {
            one[format!("{side}ApplicationSecurityGroups")] = json!(asgs);
        }
    }
    for (side, list) in [("source", &r.sports), ("destination", &r.dports)] {
        let (single, many) = match ports(list).as_slice() {
            [one] => (one.clone(), vec![]),
            many => (String::new(), many.to_vec()),
        };
        one[format!("{side}PortRange")] = json!(single);
        one[format!("{side}PortRanges")] = json!(many);
    }
    one
}

fn nsgs(a: &Azure) -> Value {
    let one = |(n, nsg): (usize, &crate::azure::Nsg)| {
        let name = nsg_name(n);
        let of = |rules: &[Rule], folder| {
            rules
                .iter()
                .map(|r| rule(&name, folder, r))
                .collect::<Vec<_>>()
        };
        let subnets = (0..a.subnets.len()).filter(|s| a.subnets[*s].nsg == Some(n));
        let subnets: Vec<Value> = subnets
            .map(|s| refer("virtualNetworks", &subnet_path(a, s)))
            .collect();
        let nics = (0..a.nics.len()).filter(|i| a.nics[*i].nsg == Some(n));
        let nics: Vec<Value> = nics
            .map(|i| refer("networkInterfaces", &format!("nic-{i}")))
            .collect();
        json!({
            "defaultSecurityRules": of(&defaults(), "defaultSecurityRules"), "etag": "W/\"1\"", "flushConnection": false,
            "id": id("networkSecurityGroups", &name), "location": "westeurope", "name": name, "networkInterfaces": nics,
            "provisioningState": "Succeeded", "resourceGroup": "rg", "resourceGuid": format!("00000000-0000-0000-0000-{n:012}"),
            "securityRules": of(&nsg.rules, "securityRules"), "subnets": subnets, "tags": {},
            "type": "Microsoft.Network/networkSecurityGroups"
        })
    };
    let exported = a.nsgs.iter().enumerate().filter(|(_, n)| n.exported);
    exported.map(one).collect()
}

fn nics(a: &Azure) -> Value {
    let one = |(n, nic): (usize, &Nic)| {
        let name = format!("nic-{n}");
        let configs: Vec<Value> = (0..nic.configs.len()).map(|c| config(a, n, c)).collect();
        json!({
            "dnsSettings": {"appliedDnsServers": [], "dnsServers": []}, "enableAcceleratedNetworking": false,
            "enableIPForwarding": false, "id": id("networkInterfaces", &name), "ipConfigurations": configs,
            "location": "westeurope", "macAddress": format!("00-0D-3A-00-00-{n:02X}"), "name": name,
            "networkSecurityGroup": nic.nsg.map(|g| refer("networkSecurityGroups", &nsg_name(g))), "primary": true,
            "provisioningState": "Succeeded", "resourceGroup": "rg", "type": "Microsoft.Network/networkInterfaces",
            "virtualMachine": {
                "id": format!("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-{}", nic.machine),
                "resourceGroup": "rg"
            }
        })
    };
    a.nics.iter().enumerate().map(one).collect()
}

fn config(a: &Azure, n: usize, c: usize) -> Value {
    let (nic, config) = (&a.nics[n], &a.nics[n].configs[c]);
    let path = format!("nic-{n}/ipConfigurations/ipconfig{c}");
    let version = if config.private.v6 { "IPv6" } else { "IPv4" };
    let mut one = json!({
        "id": id("networkInterfaces", &path), "name": format!("ipconfig{c}"), "primary": c == 0,
        "privateIPAddress": config.private.to_string(), "privateIPAddressVersion": version,
        "privateIPAllocationMethod": "Static", "provisioningState": "Succeeded", "resourceGroup": "rg",
        "subnet": refer("virtualNetworks", &subnet_path(a, nic.subnet)),
        "type": "Microsoft.Network/networkInterfaces/ipConfigurations"
    });
    if !config.asgs.is_empty() {
        let all = config
            .asgs
            .iter()
            .map(|g| refer("applicationSecurityGroups", &format!("asg-{g}")));
        one["applicationSecurityGroups"] = all.collect();
    }
    if config.public.is_some() {
        one["publicIPAddress"] = refer("publicIPAddresses", &format!("pip-{n}-{c}"));
    }
    one
}

fn peering(vnet: usize, n: usize, p: &Peering) -> Value {
    let name = format!("peering-{n}");
    let mut one = json!({
        "allowForwardedTraffic": true, "allowGatewayTransit": false, "allowVirtualNetworkAccess": p.access,
        "doNotVerifyRemoteGateways": false,
        "id": id("virtualNetworks", &format!("vnet-{vnet}/virtualNetworkPeerings/{name}")), "name": name,
        "peeringState": p.state, "peeringSyncLevel": "FullyInSync", "provisioningState": "Succeeded",
        "remoteVirtualNetwork": refer("virtualNetworks", &format!("remote-{vnet}-{n}")), "resourceGroup": "rg",
        "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "useRemoteGateways": p.remote_gateways
    });
    if p.printed {
        let space =
            json!({"addressPrefixes": p.space.iter().map(|b| b.prefix()).collect::<Vec<_>>()});
        one["remoteAddressSpace"] = space.clone();
        one["remoteVirtualNetworkAddressSpace"] = space;
    }
    one
}

fn vnets(a: &Azure) -> Value {
    let one = |(n, v): (usize, &crate::azure::Vnet)| {
        let of = (0..a.subnets.len()).filter(|s| a.subnets[*s].vnet == n);
        let mut subnets: Vec<Value> = of
            .map(|s| {
                let subnet = &a.subnets[s];
                let mut one = json!({
                    "delegations": [],
                    "id": id("virtualNetworks", &subnet_path(a, s)), "name": format!("snet-{s}"),
                    "networkSecurityGroup": subnet.nsg.map(|g| refer("networkSecurityGroups", &nsg_name(g))),
                    "provisioningState": "Succeeded", "resourceGroup": "rg",
                    "routeTable": subnet.table.map(|t| refer("routeTables", &format!("rt-{t}"))),
                    "type": "Microsoft.Network/virtualNetworks/subnets"
                });
                match subnet.prefixes.as_slice() {
                    [prefix] => one["addressPrefix"] = json!(prefix.prefix()),
                    many => {
                        let all = many.iter().map(|b| b.prefix());
                        one["addressPrefixes"] = all.collect();
                    }
                }
                one
            })
            .collect();
        if v.gateway {
            let path = format!("vnet-{n}/subnets/GatewaySubnet");
            subnets.push(json!({
                "addressPrefix": format!("10.7{n}.255.0/27"), "delegations": [], "id": id("virtualNetworks", &path),
                "ipConfigurations": [refer("virtualNetworkGateways", &format!("gw-{n}/ipConfigurations/default"))],
                "name": "GatewaySubnet", "networkSecurityGroup": null, "provisioningState": "Succeeded",
                "resourceGroup": "rg", "routeTable": null, "type": "Microsoft.Network/virtualNetworks/subnets"
            }));
        }
        let peerings: Vec<Value> = v
            .peerings
            .iter()
            .enumerate()
            .map(|(k, p)| peering(n, k, p))
            .collect();
        json!({
            "addressSpace": {"addressPrefixes": v.spaces.iter().map(|b| b.prefix()).collect::<Vec<_>>()},
            "dhcpOptions": {"dnsServers": []}, "enableDdosProtection": false,
            "id": id("virtualNetworks", &format!("vnet-{n}")), "location": "westeurope", "name": format!("vnet-{n}"),
            "provisioningState": "Succeeded", "resourceGroup": "rg", "subnets": subnets,
            "type": "Microsoft.Network/virtualNetworks", "virtualNetworkPeerings": peerings
        })
    };
    a.vnets.iter().enumerate().map(one).collect()
}

fn public_addresses(a: &Azure) -> Value {
    let mut all = Vec::new();
    for (n, nic) in a.nics.iter().enumerate() {
        for (c, config) in nic.configs.iter().enumerate() {
            let Some((address, sku)) = config.public.filter(|p| p.1 != Sku::Unknown) else {
                continue;
            };
            let name = format!("pip-{n}-{c}");
            let sku = if sku == Sku::Basic {
                "Basic"
            } else {
                "Standard"
            };
            all.push(json!({
                "id": id("publicIPAddresses", &name), "ipAddress": address.to_string(),
                "ipConfiguration": refer("networkInterfaces", &format!("nic-{n}/ipConfigurations/ipconfig{c}")),
                "location": "westeurope", "name": name, "publicIPAllocationMethod": "Static",
                "publicIPAddressVersion": "IPv4", "provisioningState": "Succeeded", "resourceGroup": "rg",
                "sku": {"name": sku, "tier": "Regional"}, "type": "Microsoft.Network/publicIPAddresses"
            }));
        }
    }
    all.into()
}

fn tables(a: &Azure) -> Value {
    let one = |(n, t): (usize, &crate::azure::Table)| {
        let name = format!("rt-{n}");
        let route = |(k, b): (usize, &crate::space::Block)| {
            json!({
                "addressPrefix": b.prefix(), "hasBgpOverride": false, "id": id("routeTables", &format!("{name}/routes/r{k}")),
                "name": format!("r{k}"), "nextHopIpAddress": "10.70.250.4", "nextHopType": "VirtualAppliance",
                "provisioningState": "Succeeded", "resourceGroup": "rg", "type": "Microsoft.Network/routeTables/routes"
            })
        };
        let of = (0..a.subnets.len()).filter(|s| a.subnets[*s].table == Some(n));
        let subnets: Vec<Value> = of
            .map(|s| refer("virtualNetworks", &subnet_path(a, s)))
            .collect();
        json!({
            "disableBgpRoutePropagation": false, "id": id("routeTables", &name), "location": "westeurope", "name": name,
            "provisioningState": "Succeeded", "resourceGroup": "rg",
            "routes": t.routes.iter().enumerate().map(route).collect::<Vec<_>>(), "subnets": subnets,
            "type": "Microsoft.Network/routeTables"
        })
    };
    let exported = a.tables.iter().enumerate().filter(|(_, t)| t.exported);
    exported.map(one).collect()
}
