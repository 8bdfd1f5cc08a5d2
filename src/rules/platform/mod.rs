//! What platforms bring along by themselves: built-in rules, background traffic, software interfaces, and the services
//! that nobody may open to everyone. All of it is data under `rules/platform`, read once.

mod data;
mod read;

pub use data::{Background, Builtin, Owner, Service};

use data::{On, Platform, Signature};
use hylint_model::{Clause, Listener, PointKind, Rule, TableFamily, Test};
use hylint_space::{AddrSet, PortSet, proto};
use std::sync::LazyLock;

static PLATFORM: LazyLock<Platform> = LazyLock::new(|| read::all().0);

/// Whether an inbound Windows rule is one that Windows ships: it is in a known group and opens no more than that group's
/// shipped rules do.
#[must_use]
pub fn builtin(rule: &Rule) -> Option<Builtin> {
    if rule.group.is_empty() || rule.clauses.is_empty() {
        return None;
    }
    let key = group_key(&rule.group);
    let group = PLATFORM.groups.iter().find(|g| g.keys.contains(&key))?;
    let shipped = |c: &Clause| group.rules.iter().any(|s| s.covers(c));
    rule.clauses
        .iter()
        .all(shipped)
        .then_some(Builtin { core: group.core })
}

/// A group as it is compared: lower case, and a resource (`@%SystemRoot%\x.dll,-1`) without its directory.
fn group_key(group: &str) -> String {
    let group = group.trim().to_lowercase();
    match (group.strip_prefix('@'), group.rsplit(['\\', '/']).next()) {
        (Some(_), Some(file)) => format!("@{}", file.trim_start_matches('@')),
        _ => group,
    }
}

impl Signature {
    fn covers(&self, clause: &Clause) -> bool {
        let b = &clause.space;
        let only = b.proto.first() == Some(self.proto) && b.proto.count() == 1;
        only && b.dport.is_subset(&self.local)
            && b.sport.is_subset(&self.remote)
            && !(self.local_subnet && b.src.is_any())
            && self.program_fits(clause)
    }

    /// The printed program is a shipped one. Where none is printed, a signature of any port says too little.
    fn program_fits(&self, clause: &Clause) -> bool {
        let mut narrowed = false;
        for c in &clause.conditions {
            match &c.test {
                Test::Program(p) => {
                    let file = p.rsplit(['\\', '/']).next().unwrap_or(p).to_lowercase();
                    if c.negated || !(self.programs.is_empty() || self.programs.contains(&file)) {
                        return false;
                    }
                    narrowed = true;
                }
                Test::Unprinted => narrowed = true,
                _ => {}
            }
        }
        narrowed || !(proto::has_ports(self.proto) && self.local.is_full())
    }
}

/// The sensitive services that the ports of a protocol reach.
pub fn sensitive(proto: u8, ports: &PortSet) -> impl Iterator<Item = &'static Service> {
    PLATFORM
        .services
        .iter()
        .filter(move |s| s.proto == proto && s.ports.intersects(ports))
}

/// Every sensitive service.
#[must_use]
pub fn services() -> &'static [Service] {
    &PLATFORM.services
}

/// The process that is expected behind a port, by the names that it may have; none if it is not known.
#[must_use]
pub fn listener(names: &[String]) -> Listener<'_> {
    expected(names, &[])
}

/// The same where, if no name is known, the parts of the paths of the vendor's programs are.
#[must_use]
pub fn expected<'a>(names: &'a [String], vendor: &'a [String]) -> Listener<'a> {
    Listener {
        names,
        shared: &PLATFORM.hosts.shared,
        runtimes: &PLATFORM.hosts.runtimes,
        vendor,
        running: None,
    }
}

/// Whether an interface (or an iptables pattern such as `br-+`) belongs to a software network.
#[must_use]
pub fn is_software_iface(name: &str) -> bool {
    let name = name.trim_end_matches('+');
    PLATFORM.software.iter().any(|p| fits(p, name))
}

/// Whether a name fits a pattern, in which `*` at the end stands for the rest.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

impl Owner {
    /// Whether it leaves the rules of one of its chains, and their order, to people.
    #[must_use]
    pub fn leaves(&self, chain: &str) -> bool {
        self.edited.iter().any(|c| fits(c, chain))
    }
}

/// Names of the tables that iptables has.
const IPTABLES: [&str; 5] = ["filter", "nat", "mangle", "raw", "security"];

/// The program that writes a chain by itself, if one is known to.
#[must_use]
pub fn owner(family: TableFamily, table: &str, chain: &str) -> Option<&'static Owner> {
    let known = format!("{} {table}", family.as_str());
    let of_iptables =
        matches!(family, TableFamily::Ip | TableFamily::Ip6) && IPTABLES.contains(&table);
    PLATFORM.owners.iter().find(|o| {
        o.tables.iter().any(|t| fits(t, &known))
            || of_iptables && o.chains.iter().any(|c| fits(c, chain))
    })
}

/// The background flows of a kind of point.
pub fn background(kind: PointKind) -> impl Iterator<Item = &'static Background> {
    PLATFORM.background.iter().filter(move |b| match b.on {
        On::Any => true,
        On::Host => kind.is_host(),
        On::Aws => matches!(kind, PointKind::SecurityGroup | PointKind::NetworkAcl),
        On::Azure => kind == PointKind::Nsg,
    })
}

/// Addresses at which the platform itself speaks to its machines (probes, metadata, loopback): never those of a peer.
#[must_use]
pub fn own_addresses(kind: PointKind) -> AddrSet {
    background(kind)
        .filter(|b| b.space.proto.is_full())
        .fold(AddrSet::empty(), |all, b| all.union(&b.space.src))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hylint_model::{Action, Condition, ConditionKind, Span};
    use hylint_space::ProtoSet;

    fn rule(group: &str, p: u8, dport: PortSet) -> Rule {
        let mut r = Rule::new(Span::default(), Action::Allow);
        r.group = group.into();
        r.clauses[0].space.proto = ProtoSet::single(p);
        r.clauses[0].space.dport = dport;
        r
    }

    fn with(mut r: Rule, test: Test) -> Rule {
        r.clauses[0].conditions.push(Condition::new(
            ConditionKind::Local,
            test,
            Span::default(),
            "x",
        ));
        r
    }

    #[test]
    fn the_data_reads() {
        let (p, mistakes) = read::all();
        assert_eq!(mistakes, []);
        assert!(p.groups.len() > 40 && p.services.len() > 30 && p.software.len() > 20);
        assert!(p.owners.len() > 15);
    }

    #[test]
    fn a_builtin_rule_is_told_by_its_whole_signature() {
        let rdp = rule("Remote Desktop", 6, PortSet::single(3389));
        assert_eq!(builtin(&rdp), Some(Builtin { core: false }));
        assert!(builtin(&rule("remotedesktop", 17, PortSet::single(3389))).is_some());
        assert!(
            builtin(&rule(
                "@%SystemRoot%\\System32\\FirewallAPI.dll,-28752",
                6,
                PortSet::single(3389)
            ))
            .is_some()
        );
        assert!(
            builtin(&rule("Remote Desktop", 6, PortSet::single(3390))).is_none(),
            "another port"
        );
        assert!(
            builtin(&rule("Remote Desktop", 6, PortSet::full())).is_none(),
            "any port without a program"
        );
        assert!(builtin(&rule("My rules", 6, PortSet::single(3389))).is_none());
        assert!(builtin(&rule("", 6, PortSet::single(3389))).is_none());
        let program = |p: &str| with(rdp.clone(), Test::Program(p.into()));
        assert!(builtin(&program("C:\\Windows\\system32\\SvcHost.exe")).is_some());
        assert!(
            builtin(&program("C:\\Temp\\nc.exe")).is_none(),
            "another program"
        );
        let rpc = |p: PortSet| builtin(&rule("File and Printer Sharing", 6, p));
        assert!(rpc(PortSet::range(49152, 65535)).is_some());
        assert!(
            rpc(PortSet::single(27017)).is_none(),
            "no dynamic port of RPC"
        );
    }

    #[test]
    fn any_port_needs_the_shipped_program() {
        let wmi = rule(
            "Windows Management Instrumentation (WMI)",
            6,
            PortSet::full(),
        );
        assert!(builtin(&wmi).is_none());
        assert!(builtin(&with(wmi.clone(), Test::Unprinted)).is_some());
        assert!(
            builtin(&with(
                wmi,
                Test::Program("%systemroot%\\system32\\svchost.exe".into())
            ))
            .is_some()
        );
    }

    #[test]
    fn what_is_shipped_for_the_local_subnet_is_not_built_in_for_all() {
        let mut ssdp = rule("Network Discovery", 17, PortSet::single(1900));
        assert!(builtin(&ssdp).is_none());
        ssdp.clauses[0].space.src = AddrSet::parse("10.0.0.0/8").unwrap();
        assert!(builtin(&ssdp).is_some());
    }

    #[test]
    fn dhcp_is_core_only_from_the_server_port() {
        let mut dhcp = rule("Core Networking", 17, PortSet::single(68));
        dhcp.clauses[0].space.sport = PortSet::single(67);
        assert_eq!(builtin(&dhcp), Some(Builtin { core: true }));
        let mut icmp = rule("Core Networking", 58, PortSet::full());
        assert!(
            builtin(&icmp).is_none(),
            "any type is more than was shipped"
        );
        icmp.clauses[0].space.sport = PortSet::range(135, 136);
        assert!(builtin(&icmp).is_some());
    }

    #[test]
    fn sensitive_services_by_port() {
        let names = |p, ports: PortSet| {
            sensitive(p, &ports)
                .map(|s| s.name.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(6, PortSet::single(3389)), ["RDP"]);
        assert_eq!(names(17, PortSet::single(22)), Vec::<&str>::new());
        assert!(names(6, PortSet::full()).len() > 20);
    }

    #[test]
    fn software_interfaces() {
        for (name, want) in [
            ("docker0", true),
            ("br-+", true),
            ("br-0a1b", true),
            ("br0", false),
            ("eth0", false),
            ("virbr0", true),
            ("wg0", true),
            ("ens5", false),
            ("bond0", false),
            ("lo", false),
        ] {
            assert_eq!(is_software_iface(name), want, "{name}");
        }
    }

    #[test]
    fn chains_have_the_owner_that_writes_them() {
        use TableFamily::{Inet, Ip, Ip6};
        for (family, table, chain, want) in [
            (Ip, "filter", "DOCKER", "docker"),
            (Ip6, "docker-bridges", "filter-forward", "docker"),
            (Ip, "nat", "KUBE-SVC-ABC", "kube-proxy"),
            (Ip, "filter", "KUBE-POD-FW-X", "kube-router"),
            (Inet, "firewalld", "filter_INPUT", "firewalld"),
            (Ip6, "filter", "ufw6-user-input", "ufw"),
            // What people write there is theirs.
            (Ip, "filter", "DOCKER-USER", ""),
            (Ip, "filter", "INPUT", ""),
            // No table that docker has.
            (Inet, "filter", "DOCKER", ""),
        ] {
            let name = owner(family, table, chain).map_or("", |o| o.name.as_str());
            assert_eq!(name, want, "{table} {chain}");
        }
    }

    #[test]
    fn background_belongs_to_its_platform() {
        let names = |k| background(k).map(|b| b.name.as_str()).collect::<Vec<_>>();
        assert!(
            names(PointKind::Nsg)
                .iter()
                .any(|n| n.starts_with("health probes"))
        );
        assert!(
            !names(PointKind::Netfilter)
                .iter()
                .any(|n| n.starts_with("health probes"))
        );
        let azure = background(PointKind::Nsg)
            .find(|b| b.on == On::Azure)
            .unwrap();
        assert!(!azure.space.src.is_any() && azure.space.dst.is_any());
    }
}

#[cfg(test)]
mod corpus {
    use super::*;
    use hylint_model::Body;
    use hylint_parsers::source::Source;

    fn folder() -> Option<std::fs::ReadDir> {
        let root = env!("CARGO_MANIFEST_DIR");
        let places = ["/../shared/corpus/netsh", "/../../shared/corpus/netsh"];
        places
            .iter()
            .find_map(|p| std::fs::read_dir(format!("{root}{p}")).ok())
    }

    /// Rules of a known group that no signature covers would be told as excess on every stock server.
    #[test]
    fn shipped_rules_of_real_dumps_are_known() {
        let Some(files) = folder() else {
            println!("skipped: no corpus beside the workspace");
            return;
        };
        let (mut known, mut missed) = (0, std::collections::BTreeSet::new());
        for f in files.filter_map(Result::ok) {
            if !f.file_name().to_string_lossy().contains("full") {
                continue;
            }
            let text = std::fs::read_to_string(f.path()).unwrap();
            let export =
                hylint_parsers::format::read(&Source::new("x.txt", text, "UTF-8")).unwrap();
            for p in &export.points {
                let Body::Lists(l) = &p.body else { continue };
                for r in &l.ingress.rules {
                    let group = group_key(&r.group);
                    // App packages share a name with a group of the system and are of any protocol.
                    let app = r.clauses.iter().any(|c| c.space.proto.is_full());
                    if builtin(r).is_some() {
                        known += 1;
                    } else if !app && PLATFORM.groups.iter().any(|g| g.keys.contains(&group)) {
                        missed.insert(format!("{} {}", r.group, r.name));
                    }
                }
            }
        }
        assert!(known > 300, "{known}");
        assert_eq!(missed, std::collections::BTreeSet::new());
    }
}
