//! Reads `rules/platform`.

use super::data::{Background, Group, Hosts, On, Owner, Platform, Service, Signature, addresses};
use crate::common::diag::Diag;
use crate::common::toml_reader::{Document, Table};
use hylint_space::{AddrSet, PacketBox, PortSet, ProtoSet, proto};

macro_rules! file {
    ($name:literal) => {
        (
            concat!("rules/platform/", $name),
            include_str!(concat!("../../../rules/platform/", $name)),
        )
    };
}

/// Everything, and the mistakes in the files; a test holds that there are none.
pub(super) fn all() -> (Platform, Vec<Diag>) {
    let mut mistakes = Vec::new();
    let platform = Platform {
        groups: each(file!("windows-builtin.toml"), "group", group, &mut mistakes),
        services: each(file!("sensitive.toml"), "service", service, &mut mistakes),
        software: each(
            file!("interfaces.toml"),
            "interfaces",
            software,
            &mut mistakes,
        )
        .concat(),
        hosts: each(file!("programs.toml"), "programs", hosts, &mut mistakes)
            .pop()
            .unwrap_or_default(),
        background: each(file!("background.toml"), "flow", flow, &mut mistakes),
        owners: each(file!("owners.toml"), "owner", owner, &mut mistakes),
    };
    (platform, mistakes)
}

/// Reads the tables under a key, or the one table.
fn each<T>(
    (path, text): (&str, &str),
    key: &str,
    read: fn(&Table<'_, '_>) -> Option<T>,
    mistakes: &mut Vec<Diag>,
) -> Vec<T> {
    let doc = Document::new(path, text, "platform");
    let all = doc.read(|root| {
        root.only(&[key]);
        let one = root.get(key).filter(|v| !v.is_list());
        match one.and_then(|v| v.table()) {
            Some(t) => read(&t).into_iter().collect(),
            None => root.tables(key).iter().filter_map(read).collect::<Vec<T>>(),
        }
    });
    mistakes.extend(doc.finish());
    all
}

fn protocol(t: &Table<'_, '_>) -> Option<u8> {
    let value = t.need("protocol")?;
    let word = value.str()?;
    let number = match word {
        "tcp" => Some(proto::TCP),
        "udp" => Some(proto::UDP),
        "icmpv4" => Some(proto::ICMP),
        "icmpv6" => Some(proto::ICMPV6),
        n => n.parse().ok(),
    };
    if number.is_none() {
        value.error(format!("unknown protocol `{word}`"), None);
    }
    number
}

/// `any`, `rpc`, or numbers and ranges joined by commas; full if the key is missing.
fn ports(t: &Table<'_, '_>, key: &str) -> Option<PortSet> {
    let Some(value) = t.get(key) else {
        return Some(PortSet::full());
    };
    let text = value.str()?;
    let range = |part: &str| {
        let (a, b) = part.split_once('-').unwrap_or((part, part));
        Some((a.trim().parse().ok()?, b.trim().parse().ok()?))
    };
    let set = match text {
        "any" => Some(PortSet::full()),
        // Dynamic RPC ports since Windows Server 2008, the first one with this firewall.
        "rpc" => Some(PortSet::range(49152, 65535)),
        list => list.split(',').map(range).collect(),
    };
    if set.is_none() {
        value.error(format!("invalid list of ports `{text}`"), None);
    }
    set
}

/// ICMP types; full if the key is missing.
fn types(t: &Table<'_, '_>) -> Option<PortSet> {
    let Some(value) = t.get("types") else {
        return Some(PortSet::full());
    };
    let numbers = value.list()?.into_iter().map(|v| v.int(0, 255));
    let numbers: Option<Vec<i64>> = numbers.collect();
    let numbers = numbers?.into_iter().filter_map(|n| u16::try_from(n).ok());
    Some(numbers.map(|n| (n, n)).collect())
}

fn group(t: &Table<'_, '_>) -> Option<Group> {
    t.only(&["core", "names", "resources", "rules"]);
    let names = t.strings("names").into_iter().chain(t.strings("resources"));
    Some(Group {
        core: t.get("core").is_some_and(|v| v.bool() == Some(true)),
        keys: names.map(|(n, _)| n.to_lowercase()).collect(),
        rules: t.tables("rules").iter().filter_map(signature).collect(),
    })
}

fn signature(t: &Table<'_, '_>) -> Option<Signature> {
    t.only(&[
        "protocol",
        "local",
        "remote",
        "types",
        "programs",
        "local-subnet",
    ]);
    let proto = protocol(t)?;
    let icmp = proto::is_icmp(proto);
    Some(Signature {
        proto,
        local: ports(t, "local")?,
        remote: if icmp { types(t)? } else { ports(t, "remote")? },
        programs: t
            .strings("programs")
            .into_iter()
            .map(|(p, _)| p.to_lowercase())
            .collect(),
        local_subnet: t
            .get("local-subnet")
            .is_some_and(|v| v.bool() == Some(true)),
    })
}

fn service(t: &Table<'_, '_>) -> Option<Service> {
    t.only(&["name", "protocol", "ports"]);
    Some(Service {
        name: t.need_str("name")?.to_owned(),
        proto: protocol(t)?,
        ports: t.need("ports").and_then(|_| ports(t, "ports"))?,
    })
}

fn software(t: &Table<'_, '_>) -> Option<Vec<String>> {
    t.only(&["software"]);
    let names = t.strings("software").into_iter();
    Some(names.map(|(s, _)| s.to_owned()).collect())
}

fn hosts(t: &Table<'_, '_>) -> Option<Hosts> {
    t.only(&["shared", "runtimes"]);
    let names = |key| {
        let names = t.strings(key).into_iter();
        names.map(|(s, _)| s.to_owned()).collect()
    };
    Some(Hosts {
        shared: names("shared"),
        runtimes: names("runtimes"),
    })
}

fn owner(t: &Table<'_, '_>) -> Option<Owner> {
    t.only(&["name", "source", "tables", "chains", "edited", "change"]);
    let names = |key| {
        let names = t.strings(key).into_iter();
        names.map(|(s, _)| s.to_owned()).collect()
    };
    t.need_str("source")?;
    Some(Owner {
        name: t.need_str("name")?.to_owned(),
        change: t.need_str("change")?.to_owned(),
        tables: names("tables"),
        chains: names("chains"),
        edited: names("edited"),
    })
}

fn flow(t: &Table<'_, '_>) -> Option<Background> {
    t.only(&[
        "name", "on", "protocol", "ports", "remote", "types", "from", "to",
    ]);
    let on = t.need("on")?.choice(&[
        ("any", On::Any),
        ("host", On::Host),
        ("aws", On::Aws),
        ("azure", On::Azure),
    ])?;
    let mut space = PacketBox::any();
    if t.get("protocol").is_some() {
        let p = protocol(t)?;
        space.proto = ProtoSet::single(p);
        space.sport = if proto::is_icmp(p) {
            types(t)?
        } else {
            ports(t, "remote")?
        };
        space.dport = ports(t, "ports")?;
    }
    let addrs = |key| match t.get(key) {
        None => Some(AddrSet::any()),
        Some(v) => {
            let set = addresses(v.strings().into_iter().map(|(s, _)| s));
            if set.is_none() {
                v.error("expected addresses, prefixes or ranges", None);
            }
            set
        }
    };
    space.src = addrs("from")?;
    space.dst = addrs("to")?;
    Some(Background {
        name: t.need_str("name")?.to_owned(),
        space,
        on,
    })
}
