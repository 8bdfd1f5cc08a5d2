//! What stands beside groups: interfaces, subnets, networks, service tags.

use super::addr::plain;
use super::context::Context;
use super::tags;
use super::values::{before, elements, id_of, last_segment};
use crate::json::Value;
use hylint_model::{
    AddressList, Companion, Network, NetworkInterface, Peering, ProblemKind, PublicAddress,
    RouteTable, Subnet, reworded,
};
use hylint_space::AddrSet;
use rustc_hash::FxHashMap;

/// More groups than an interface can be in.
const MANY: usize = 512;

/// A member of an object or of its `properties`.
fn member<'a>(v: Value<'a>, key: &str) -> Option<Value<'a>> {
    let inner = |v: Value<'a>| v.get_ci("properties").and_then(|p| p.get_ci(key));
    v.get_ci(key).filter(|v| !v.is_null()).or_else(|| inner(v))
}

fn text(v: Option<Value<'_>>) -> Box<str> {
    v.and_then(Value::str).unwrap_or_default().as_ref().into()
}

fn id(v: Option<Value<'_>>) -> Box<str> {
    v.and_then(id_of).unwrap_or_default()
}

/// What names an object, or all of it.
fn label(v: Value<'_>) -> Value<'_> {
    let named = v.get_ci("name").or_else(|| v.get_ci("id"));
    named.filter(|v| !v.is_null()).unwrap_or(v)
}

/// Addresses of a value; words that are none are told.
fn addresses(cx: &mut Context, v: Option<Value<'_>>) -> AddrSet {
    let Some(v) = v.filter(|v| !v.is_null()) else {
        return AddrSet::empty();
    };
    let (set, other) = plain(v);
    if other > 0 {
        let at = cx.at(v);
        cx.problem(
            ProblemKind::Note,
            at,
            reworded(
                "invalid address here counts as unknown",
                "an address here is not written as one, so it is not known",
            ),
        );
    }
    set
}

/// Reads a network interface.
pub(super) fn interface(cx: &mut Context, v: Value<'_>) {
    let mut nic = NetworkInterface {
        id: id(v.get_ci("id")),
        name: text(v.get_ci("name")),
        points: member(v, "networkSecurityGroup")
            .and_then(id_of)
            .into_iter()
            .collect(),
        instance: id(member(v, "virtualMachine")),
        span: cx.at(label(v)),
        ..NetworkInterface::default()
    };
    for key in ["tags", "tag"] {
        if let Some(t) = v.get_ci(key) {
            cx.tags(t, &mut nic.tags);
        }
    }
    for c in member(v, "ipConfigurations").into_iter().flat_map(elements) {
        let private = addresses(cx, member(c, "privateIPAddress"));
        nic.private = nic.private.union(&private);
        if nic.subnet.is_empty() {
            nic.subnet = id(member(c, "subnet"));
        }
        for g in member(c, "applicationSecurityGroups")
            .into_iter()
            .flat_map(elements)
            .filter_map(id_of)
        {
            if nic.groups.len() > MANY || !nic.groups.contains(&g) {
                nic.groups.push(g);
            }
        }
        if let Some(p) = member(c, "publicIPAddress") {
            let set = addresses(cx, member(p, "ipAddress"));
            nic.public = nic.public.union(&set);
            nic.public_ids.extend(id_of(p));
        }
    }
    cx.gathered
        .companions
        .push(Companion::Interface(Box::new(nic)));
}

/// Reads a subnet.
pub(super) fn subnet(cx: &mut Context, v: Value<'_>) {
    let own = id(v.get_ci("id"));
    let one = addresses(cx, member(v, "addressPrefix"));
    let many = addresses(cx, member(v, "addressPrefixes"));
    let subnet = Subnet {
        name: text(v.get_ci("name")),
        addrs: one.union(&many),
        network: before(&own, "subnets").unwrap_or("").into(),
        points: member(v, "networkSecurityGroup")
            .and_then(id_of)
            .into_iter()
            .collect(),
        routes: id(member(v, "routeTable")),
        span: cx.at(label(v)),
        id: own,
    };
    cx.gathered.companions.push(Companion::Subnet(subnet));
}

/// Reads a virtual network: its space and its peerings, which are parts of what `VirtualNetwork` means.
pub(super) fn network(cx: &mut Context, v: Value<'_>) {
    let list = member(v, "addressSpace").and_then(|s| s.get_ci("addressPrefixes"));
    let addrs = addresses(cx, list);
    let name = text(v.get_ci("name"));
    if addrs.is_empty() || name.is_empty() {
        return;
    }
    let all = member(v, "virtualNetworkPeerings")
        .into_iter()
        .flat_map(elements);
    let peerings = all.map(|p| one_peering(cx, p)).collect();
    let network = Network {
        id: id(v.get_ci("id")),
        name,
        addrs,
        peerings,
        span: cx.at(v.get_ci("name").unwrap_or(v)),
    };
    cx.gathered
        .companions
        .push(Companion::Network(Box::new(network)));
}

/// Reads a peering that stands without its network (`az network vnet peering list`).
pub(super) fn peering(cx: &mut Context, v: Value<'_>) {
    let own = id(v.get_ci("id"));
    let Some(network) = before(&own, "virtualNetworkPeerings") else {
        return;
    };
    let network = Network {
        id: network.into(),
        name: last_segment(network).into(),
        peerings: vec![one_peering(cx, v)],
        span: cx.at(v.get_ci("id").unwrap_or(v)),
        ..Network::default()
    };
    cx.gathered
        .companions
        .push(Companion::Network(Box::new(network)));
}

fn one_peering(cx: &mut Context, v: Value<'_>) -> Peering {
    let mut space = |key| {
        let list = member(v, key).and_then(|s| s.get_ci("addressPrefixes"));
        addresses(cx, list)
    };
    // What is peered; the other network's space may have grown since.
    let mut addrs = space("remoteAddressSpace");
    if addrs.is_empty() {
        addrs = space("remoteVirtualNetworkAddressSpace");
    }
    let is = |key, word: &str| {
        let said = member(v, key).map(|v| v.raw().trim_matches(['"', ' ']));
        said.filter(|s| !s.is_empty())
            .map(|s| s.eq_ignore_ascii_case(word))
    };
    Peering {
        remote: id(member(v, "remoteVirtualNetwork")),
        addrs,
        connected: is("peeringState", "Connected"),
        access: is("allowVirtualNetworkAccess", "false") != Some(true),
    }
}

/// Reads a route table.
pub(super) fn route_table(cx: &mut Context, v: Value<'_>) {
    let own = id(v.get_ci("id"));
    let name = text(v.get_ci("name"));
    let mut table = RouteTable {
        name,
        span: cx.at(v.get_ci("name").unwrap_or(v)),
        ..RouteTable::default()
    };
    for route in member(v, "routes").into_iter().flat_map(elements) {
        let prefix = member(route, "addressPrefix");
        let read = prefix.and_then(Value::str).and_then(|t| AddrSet::parse(&t));
        match (prefix, read) {
            (Some(at), Some(set)) => table.routes.push((set, cx.at(at))),
            // A service tag as a prefix routes public addresses that the tag names.
            _ => table.open = true,
        }
    }
    let subnets = member(v, "subnets").into_iter().flat_map(elements);
    table.subnets = subnets.filter_map(id_of).collect();
    table.id = own;
    cx.gathered
        .companions
        .push(Companion::RouteTable(Box::new(table)));
}

/// Reads a public address, which tells its interface's.
pub(super) fn public_address(cx: &mut Context, v: Value<'_>) {
    let configuration = id(member(v, "ipConfiguration"));
    let sku = member(v, "sku");
    let name = sku.map(|s| s.get_ci("name").unwrap_or(s));
    let address = PublicAddress {
        id: id(v.get_ci("id")),
        interface: before(&configuration, "ipConfigurations")
            .unwrap_or("")
            .into(),
        addrs: addresses(cx, member(v, "ipAddress")),
        sku: text(name).to_ascii_lowercase().into(),
        span: cx.at(v),
    };
    cx.gathered.public.push(address);
}

/// Reads the published list of service tags (`ServiceTags_Public_*.json`, `az network list-service-tags`).
pub(super) fn service_tags(cx: &mut Context, v: Value<'_>) {
    for tag in v.get_ci("values").into_iter().flat_map(elements) {
        let name = text(tag.get_ci("name").or_else(|| tag.get_ci("id")));
        let list = member(tag, "addressPrefixes");
        let addrs = addresses(cx, list);
        if name.is_empty() || addrs.is_empty() {
            let at = cx.at(tag);
            cx.problem(
                ProblemKind::Note,
                at,
                "a service tag without a name or addresses",
            );
            continue;
        }
        let name = tags::known(&name).unwrap_or_else(|| name.into());
        let span = cx.at(tag);
        push_list(cx, format!("azure:{name}"), addrs, span);
    }
}

fn push_list(cx: &mut Context, key: String, addrs: AddrSet, span: hylint_model::Span) {
    let list = AddressList {
        key: key.into(),
        addrs,
        span,
    };
    cx.gathered.companions.push(Companion::AddressList(list));
}

/// The companions, with the public addresses of the file at their interfaces.
pub(super) fn finish(cx: &mut Context) -> Vec<Companion> {
    let gathered = std::mem::take(&mut cx.gathered);
    let mut companions = gathered.companions;
    if gathered.public.is_empty() {
        return companions;
    }
    let lower = |id: &str| id.to_ascii_lowercase();
    let mut by_id: FxHashMap<String, usize> = FxHashMap::default();
    let mut wanted: FxHashMap<String, usize> = FxHashMap::default();
    for (n, c) in companions.iter().enumerate() {
        if let Companion::Interface(i) = c {
            by_id.entry(lower(&i.id)).or_insert(n);
            for id in &i.public_ids {
                wanted.insert(lower(id), n);
            }
        }
    }
    for address in gathered.public {
        let place = match &*address.interface {
            "" => wanted.get(&lower(&address.id)),
            owner => by_id.get(&lower(owner)),
        };
        if let Some(Companion::Interface(i)) = place.and_then(|n| companions.get_mut(*n)) {
            i.public = i.public.union(&address.addrs);
        }
        companions.push(Companion::PublicAddress(Box::new(address)));
    }
    companions
}

/// A resource that rules name and that says nothing itself.
pub(super) fn group(cx: &mut Context, v: Value<'_>) {
    let span = cx.at(v);
    cx.gathered.companions.push(Companion::Label(span));
}
