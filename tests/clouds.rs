//! Whole sites in clouds, judged twice: by hylint from the files that the vendors' command lines print, and by an oracle
//! from the vendors' documentation alone. The oracle asks packet by packet, with no packet space, rule index or model of
//! hylint's, so where both agree, both are right or have read the documentation in the same wrong way.
//!
//! `HYLINT_CLOUDS` sets the number of sites, `HYLINT_CLOUDS_SEEDS=3,17` names some, `HYLINT_CLOUDS_KEEP=FOLDER` writes
//! those that differ to a folder.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "clouds/ask.rs"]
mod ask;
#[path = "clouds/aws.rs"]
mod aws;
#[path = "clouds/azure.rs"]
mod azure;
#[path = "clouds/compare.rs"]
mod compare;
#[path = "clouds/make.rs"]
mod make;
#[path = "clouds/make_aws.rs"]
mod make_aws;
#[path = "clouds/make_azure.rs"]
mod make_azure;
#[path = "clouds/site.rs"]
mod site;
#[path = "clouds/space.rs"]
mod space;
#[path = "clouds/text.rs"]
mod text;
#[path = "clouds/write_aws.rs"]
mod write_aws;
#[path = "clouds/write_azure.rs"]
mod write_azure;

use compare::{Tally, compared};
use std::path::Path;

/// The sites to try.
fn seeds() -> Vec<u64> {
    if let Ok(list) = std::env::var("HYLINT_CLOUDS_SEEDS") {
        return list.split(',').map(|n| n.trim().parse().unwrap()).collect();
    }
    let count = std::env::var("HYLINT_CLOUDS")
        .ok()
        .and_then(|n| n.parse().ok());
    (0..count.unwrap_or(40)).collect()
}

/// Catches a required flow that is called satisfied and does not work or that works and is called violated, and a port that
/// is open to the Internet and not told or that is told and closed.
#[test]
fn the_oracle_and_hylint_say_the_same_of_random_sites() {
    let (mut tally, mut told) = (Tally::default(), Vec::new());
    for seed in seeds() {
        let site = make::site(seed);
        let files = text::files(&site);
        let differences = compared(&site, &files, &mut tally);
        if let (false, Ok(folder)) = (differences.is_empty(), std::env::var("HYLINT_CLOUDS_KEEP")) {
            keep(&Path::new(&folder).join(seed.to_string()), &files);
        }
        told.extend(differences.into_iter().map(|d| format!("seed {seed}: {d}")));
    }
    println!("{tally:?}");
    let count = told.len();
    told.truncate(2000);
    assert!(told.is_empty(), "{count} differences\n{}", told.join("\n"));
}

/// Catches two layers that each leave it to the other to say what is open.
#[test]
fn a_group_of_subnet_and_interface_hides_nothing() {
    let open = |src| azure::Rule {
        name: "ssh".into(),
        priority: 100,
        inbound: true,
        allow: true,
        proto: Some(6),
        src: vec![src],
        dst: vec![azure::Word::Any],
        sports: vec![(0, 65535)],
        dports: vec![(22, 22)],
    };
    let private = space::Addr::parse("10.70.0.10");
    let subscription = |src| azure::Azure {
        vnets: network(Vec::new()),
        subnets: vec![azure::Subnet {
            vnet: 0,
            prefixes: vec![space::Block::parse("10.70.0.0/24")],
            nsg: Some(0),
            table: None,
        }],
        nsgs: vec![azure::Nsg {
            rules: vec![open(src)],
            exported: true,
        }],
        nics: vec![azure::Nic {
            subnet: 0,
            nsg: Some(0),
            configs: vec![azure::IpConfig {
                private,
                asgs: Vec::new(),
                public: None,
            }],
            machine: 0,
        }],
        ..azure::Azure::default()
    };
    for (src, exposed) in [(azure::Word::Internet, 1), (azure::Word::VirtualNetwork, 0)] {
        let site = one_host(subscription(src), private, "10.50.0.0/16", 443);
        let mut tally = Tally::default();
        let differences = compared(&site, &text::files(&site), &mut tally);
        let exposure: Vec<_> = differences.iter().filter(|d| !d.contains("->")).collect();
        assert!(exposure.is_empty(), "{exposure:?}");
        assert_eq!(tally.exposed, exposed);
    }
}

/// A site of one machine of the subscription, which has to reach a port of clients outside.
fn one_host(cloud: azure::Azure, private: space::Addr, clients: &str, port: u16) -> site::Site {
    site::Site {
        clouds: vec![site::Cloud::Azure(cloud)],
        hosts: vec![site::Host {
            name: "azure0".into(),
            cloud: 0,
            machine: 0,
            declared: vec![private],
        }],
        others: vec![("clients", space::Block::parse(clients))],
        rows: vec![site::Row {
            from: site::Role::Host(0),
            to: site::Role::Others(0),
            proto: 6,
            ports: vec![port],
            reply: true,
        }],
        ..site::Site::default()
    }
}

/// hylint and the oracle say the same of a site, and of a row this.
fn agrees(site: &site::Site, right: &str) {
    let mut tally = Tally::default();
    let differences = compared(site, &text::files(site), &mut tally);
    assert_eq!(differences, Vec::<String>::new(), "{right}");
    assert!(tally.rows.contains_key(right), "{right}: {tally:?}");
}

/// Catches packets to a peering without access that pass by the rule that lets out to the Internet.
#[test]
fn no_default_rule_lets_out_to_a_peering_without_access() {
    let private = space::Addr::parse("10.70.0.30");
    for (access, printed, right) in [
        (false, true, "violated"),
        (true, true, "satisfied"),
        // Which space has no access, no export tells.
        (false, false, "conditional"),
    ] {
        let cloud = azure::Azure {
            vnets: network(vec![azure::Peering {
                space: vec![space::Block::parse("10.71.0.0/16")],
                printed,
                state: "Connected",
                access,
                remote_gateways: false,
            }]),
            subnets: vec![azure::Subnet {
                vnet: 0,
                prefixes: vec![space::Block::parse("10.70.0.0/24")],
                nsg: Some(0),
                table: None,
            }],
            nsgs: vec![azure::Nsg {
                rules: Vec::new(),
                exported: true,
            }],
            nics: vec![azure::Nic {
                subnet: 0,
                nsg: None,
                configs: vec![azure::IpConfig {
                    private,
                    asgs: Vec::new(),
                    public: None,
                }],
                machine: 0,
            }],
            ..azure::Azure::default()
        };
        agrees(&one_host(cloud, private, "10.71.0.0/24", 8080), right);
    }
}

/// Catches a public address of one interface that is taken for one of another interface of the same machine, whose subnet
/// alone a route to everywhere leads out of.
#[test]
fn a_public_address_is_one_of_its_own_interface() {
    let (outer, inner) = (
        space::Addr::parse("10.70.0.10"),
        space::Addr::parse("10.70.1.10"),
    );
    let public = (space::Addr::parse("52.178.1.1"), azure::Sku::Standard);
    for (at_inner, exposed) in [(false, 0), (true, 1)] {
        let subnet = |prefix, table| azure::Subnet {
            vnet: 0,
            prefixes: vec![space::Block::parse(prefix)],
            nsg: Some(0),
            table,
        };
        let nic = |subnet, private, public| azure::Nic {
            subnet,
            nsg: None,
            configs: vec![azure::IpConfig {
                private,
                asgs: Vec::new(),
                public,
            }],
            machine: 0,
        };
        let cloud = azure::Azure {
            vnets: network(Vec::new()),
            subnets: vec![
                subnet("10.70.0.0/24", None),
                subnet("10.70.1.0/24", Some(0)),
            ],
            tables: vec![azure::Table {
                routes: vec![space::Block::parse("0.0.0.0/0")],
                exported: true,
            }],
            nsgs: vec![azure::Nsg {
                rules: Vec::new(),
                exported: true,
            }],
            nics: vec![
                nic(0, outer, (!at_inner).then_some(public)),
                nic(1, inner, at_inner.then_some(public)),
            ],
            ..azure::Azure::default()
        };
        let mut site = one_host(cloud, outer, "10.50.0.0/16", 443);
        site.hosts[0].declared.push(inner);
        let mut tally = Tally::default();
        let differences = compared(&site, &text::files(&site), &mut tally);
        let exposure: Vec<_> = differences.iter().filter(|d| !d.contains("->")).collect();
        assert!(exposure.is_empty(), "{exposure:?}");
        assert_eq!(
            tally.exposed, exposed,
            "public at the inner one: {at_inner}"
        );
    }
}

/// The network of these tests, with what it is peered with.
fn network(peerings: Vec<azure::Peering>) -> Vec<azure::Vnet> {
    vec![azure::Vnet {
        spaces: vec![space::Block::parse("10.70.0.0/16")],
        peerings,
        gateway: false,
    }]
}

/// One machine at 10.70.0.30 behind the group 0 of its subnet and, of two, the group 1 of its interface.
fn guarded(groups: [&[azure::Rule]; 2], table: Option<azure::Table>) -> azure::Azure {
    let nsg = |rules: &[azure::Rule]| azure::Nsg {
        rules: rules.to_vec(),
        exported: true,
    };
    azure::Azure {
        vnets: network(Vec::new()),
        subnets: vec![azure::Subnet {
            vnet: 0,
            prefixes: vec![space::Block::parse("10.70.0.0/24")],
            nsg: Some(0),
            table: table.is_some().then_some(0),
        }],
        tables: table.into_iter().collect(),
        nsgs: groups.into_iter().map(nsg).collect(),
        nics: vec![azure::Nic {
            subnet: 0,
            nsg: Some(1),
            configs: vec![azure::IpConfig {
                private: space::Addr::parse("10.70.0.30"),
                asgs: Vec::new(),
                public: None,
            }],
            machine: 0,
        }],
        ..azure::Azure::default()
    }
}

fn table(routes: &[&str], exported: bool) -> Option<azure::Table> {
    Some(azure::Table {
        routes: routes.iter().map(|r| space::Block::parse(r)).collect(),
        exported,
    })
}

/// Catches a flow to a peering without access that is called stopped while a route that nobody exported may let it out.
#[test]
fn a_missing_route_table_may_bring_in_a_peering_without_access() {
    for (routes, right) in [
        (table(&["10.71.0.0/16"], false), "conditional"),
        (table(&["10.71.0.0/16"], true), "satisfied"),
        (table(&["10.72.0.0/16"], true), "violated"),
    ] {
        let mut cloud = guarded([&[], &[]], routes);
        cloud.vnets[0].peerings = vec![azure::Peering {
            space: vec![space::Block::parse("10.71.0.0/16")],
            printed: true,
            state: "Connected",
            access: false,
            remote_gateways: false,
        }];
        let private = space::Addr::parse("10.70.0.30");
        agrees(&one_host(cloud, private, "10.71.0.0/24", 8080), right);
    }
}

/// Catches an error over a rule for anyone where only the other group's default rule, widened by a route, lets them come as
/// far: at a machine without a public address that is a warning, and where the table is missing it is told of the table.
#[test]
fn a_rule_counts_as_far_as_the_other_group_lets_anyone_in() {
    let open = azure::Rule {
        name: "open".into(),
        priority: 100,
        inbound: true,
        allow: true,
        proto: Some(6),
        src: vec![azure::Word::Any],
        dst: vec![azure::Word::Any],
        sports: vec![(0, 65535)],
        dports: vec![(443, 443)],
    };
    // Each of them is no quarter of the Internet.
    let eighths: Vec<azure::Rule> = (0..8u32)
        .map(|n| azure::Rule {
            name: format!("eighth-{n}"),
            priority: 200 + n,
            src: vec![azure::Word::Block(space::Block::parse(&format!(
                "{}.0.0.0/3",
                n * 32
            )))],
            ..open.clone()
        })
        .collect();
    let open = std::slice::from_ref(&open);
    let private = space::Addr::parse("10.70.0.30");
    let address = Some((space::Addr::parse("52.178.1.31"), azure::Sku::Standard));
    let route = |exported| table(&["0.0.0.0/0"], exported);
    for (case, groups, routes, public, errors) in [
        ("no route", [&[], open], None, None, 0),
        ("a route", [&[], open], route(true), None, 0),
        ("and an address", [&[], open], route(true), address, 2),
        ("both open", [open, open], route(true), None, 1),
        ("eighths", [&[], &eighths], route(true), None, 0),
        ("eighths by rules", [open, &eighths], route(true), None, 1),
        ("eighths twice", [&eighths, &eighths], route(true), None, 1),
        ("eighths, address", [&[], &eighths], route(true), address, 2),
        ("table missing", [open, &[]], route(false), None, 0),
        ("missing, both open", [open, open], route(false), None, 1),
    ] {
        let mut cloud = guarded(groups, routes);
        cloud.nics[0].configs[0].public = public;
        let site = one_host(cloud, private, "10.50.0.0/16", 8080);
        let mut tally = Tally::default();
        let differences = compared(&site, &text::files(&site), &mut tally);
        let exposure: Vec<_> = differences.iter().filter(|d| !d.contains("->")).collect();
        assert!(exposure.is_empty(), "{case}: {exposure:?}");
        assert_eq!(tally.exposed, errors, "{case}");
    }
}

/// Catches an error that names a machine without a public address, for one of its group that has one.
#[test]
fn a_widened_default_rule_is_told_of_the_machine_that_is_reached() {
    let mut cloud = guarded([&[], &[]], table(&["0.0.0.0/0"], true));
    cloud.nics[0].nsg = None;
    let mut other = cloud.nics[0].clone();
    let address = space::Addr::parse("10.70.0.40");
    other.configs[0].private = address;
    other.configs[0].public = Some((space::Addr::parse("52.178.1.40"), azure::Sku::Standard));
    other.machine = 1;
    cloud.nics.push(other);
    let first = space::Addr::parse("10.70.0.30");
    let mut site = one_host(cloud, first, "10.50.0.0/16", 8080);
    site.hosts.push(site::Host {
        name: "azure1".into(),
        cloud: 0,
        machine: 1,
        declared: vec![address],
    });
    let mut tally = Tally::default();
    let differences = compared(&site, &text::files(&site), &mut tally);
    let exposure: Vec<_> = differences.iter().filter(|d| !d.contains("->")).collect();
    assert!(exposure.is_empty(), "{exposure:?}");
    assert_eq!(tally.exposed, 1);
}

fn keep(folder: &Path, files: &[(String, String)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}
