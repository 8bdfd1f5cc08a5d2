//! What stands beside groups: interfaces, subnets, networks, service tags.

use super::addr::plain;
use super::context::Context;
use super::tags;
use super::values::{before, elements, id_of};
use crate::json::Value;
use hylint_model::{AddressList, Companion, NetworkInterface, ProblemKind, Subnet};
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
            "an address here is not written as one, so it is not known",
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
        span: cx.at(v),
        ..NetworkInterface::default()
    };
    for key in ["tags", "tag"] {
        if let Some(t) = v.get_ci(key) {
            cx.tags(t, &mut nic.tags);
        }
    }
    let at = cx.gathered.companions.len();
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
            cx.gathered
                .wanted
                .extend(id_of(p).filter(|_| set.is_empty()).map(|id| (at, id)));
        }
    }
    cx.gathered
        .companions
        .push(Companion::Interface(Box::new(nic)));
}

/// Reads a subnet.
pub(super) fn subnet(cx: &mut Context, v: Value<'_>) {
    let id = id(v.get_ci("id"));
    let one = addresses(cx, member(v, "addressPrefix"));
    let many = addresses(cx, member(v, "addressPrefixes"));
    let subnet = Subnet {
        name: text(v.get_ci("name")),
        addrs: one.union(&many),
        network: before(&id, "subnets").unwrap_or("").into(),
        points: member(v, "networkSecurityGroup")
            .and_then(id_of)
            .into_iter()
            .collect(),
        span: cx.at(v),
        id,
    };
    cx.gathered.companions.push(Companion::Subnet(subnet));
}

/// Reads a virtual network's address space. It is a part of what `VirtualNetwork` means: peered and connected networks
/// belong to that tag too.
pub(super) fn network(cx: &mut Context, v: Value<'_>) {
    let list = member(v, "addressSpace").and_then(|s| s.get_ci("addressPrefixes"));
    let addrs = addresses(cx, list);
    let name = text(v.get_ci("name"));
    if addrs.is_empty() || name.is_empty() {
        return;
    }
    let span = cx.at(list.unwrap_or(v));
    push_list(cx, format!("azure:vnet/{name}"), addrs, span);
}

/// Reads a public address, which tells its interface's.
pub(super) fn public_address(cx: &mut Context, v: Value<'_>) {
    let addrs = addresses(cx, member(v, "ipAddress"));
    let configuration = id(member(v, "ipConfiguration"));
    let own = id(v.get_ci("id"));
    let span = cx.at(v);
    cx.gathered.public.push((configuration, own, addrs, span));
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
    for (n, c) in companions.iter().enumerate() {
        if let Companion::Interface(i) = c {
            by_id.entry(lower(&i.id)).or_insert(n);
        }
    }
    let wanted: FxHashMap<String, usize> = gathered
        .wanted
        .iter()
        .map(|(n, id)| (lower(id), *n))
        .collect();
    for (configuration, own, addrs, span) in gathered.public {
        let owner = before(&configuration, "ipConfigurations").unwrap_or("");
        let place = match owner {
            "" => wanted.get(&lower(&own)).filter(|_| !own.is_empty()),
            _ => by_id.get(&lower(owner)),
        };
        match place.and_then(|n| companions.get_mut(*n)) {
            Some(Companion::Interface(i)) => i.public = i.public.union(&addrs),
            _ if owner.is_empty() || addrs.is_empty() => {}
            _ => companions.push(Companion::Interface(Box::new(NetworkInterface {
                id: owner.into(),
                public: addrs,
                span,
                ..NetworkInterface::default()
            }))),
        }
    }
    companions
}

/// A resource that rules name and that says nothing itself.
pub(super) fn label(cx: &mut Context, v: Value<'_>) {
    let span = cx.at(v);
    cx.gathered.companions.push(Companion::Label(span));
}
