use super::*;
use crate::input::Depth;
use hylint_model::Span;
use hylint_model::{Action, Companion, Profiles, WindowsProfiles};
use hylint_space::{AddrSet, PacketBox, PortSet, ProtoSet};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

fn read(text: &str) -> hylint_model::Export {
    crate::netsh::read::read(&Source::new("t", text, "UTF-8"), Depth::Whole)
}

fn field(out: &mut String, label: &str, value: &str) {
    out.push_str(&format!("{:<38}{value}\n", format!("{label}:")));
}

fn address() -> impl Strategy<Value = String> {
    let v4 = |a: u32| Ipv4Addr::from(a);
    let v6 = |a: u128| Ipv6Addr::from(a);
    prop_oneof![
        (any::<u32>(), 0u8..=32).prop_map(move |(a, n)| format!("{}/{n}", v4(a))),
        (any::<u128>(), 0u8..=128).prop_map(move |(a, n)| format!("{}/{n}", v6(a))),
        (any::<u32>(), any::<u32>()).prop_map(move |(a, b)| format!(
            "{}-{}",
            v4(a.min(b)),
            v4(a.max(b))
        )),
        (any::<u128>(), any::<u128>()).prop_map(move |(a, b)| format!(
            "{}-{}",
            v6(a.min(b)),
            v6(a.max(b))
        )),
        prop::sample::select(vec![
            "LocalSubnet",
            "DNS",
            "DHCP",
            "WINS",
            "DefaultGateway",
            "PlayToDevice",
            "RmtIntranet",
            "LocalSubnet6"
        ])
        .prop_map(str::to_owned),
    ]
}

fn list(item: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just("Any".to_owned()),
        3 => prop::collection::vec(item, 1..4).prop_map(|v| v.join(",")),
    ]
}

fn port(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u16>().prop_map(|n| n.to_string()),
        (any::<u16>(), any::<u16>()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        prop::sample::select(words).prop_map(str::to_owned),
    ]
}

/// Protocol with the lines that belong to it.
fn protocol() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let tcp = &["RPC", "RPC-EPMap", "IPHTTPS", "443"];
    let udp = &["Teredo", "Ply2Disc", "mDNS", "53"];
    let with = |name: &'static str| {
        move |(local, remote)| {
            vec![
                ("Protocol", name.to_owned()),
                ("LocalPort", local),
                ("RemotePort", remote),
            ]
        }
    };
    let icmp = |name: &'static str| {
        move |rows: Vec<(Option<u8>, Option<u8>)>| {
            let mut out = vec![("Protocol", name.to_owned())];
            let show = |n: Option<u8>| n.map_or("Any".to_owned(), |n| n.to_string());
            if !rows.is_empty() {
                out.push(("", format!("{:38}Type    Code", "")));
            }
            let row = |(k, c)| ("", format!("{:38}{:<8}{}", "", show(k), show(c)));
            out.extend(rows.into_iter().map(row));
            out
        }
    };
    let rows = || prop::collection::vec((any::<Option<u8>>(), any::<Option<u8>>()), 0..4);
    prop_oneof![
        4 => (list(port(tcp)), list(port(&["443"]))).prop_map(with("TCP")),
        4 => (list(port(udp)), list(port(&["53"]))).prop_map(with("UDP")),
        1 => (list(port(&["80"])), list(port(&["80"]))).prop_map(with("Any")),
        2 => Just(vec![("Protocol", "Any".to_owned())]),
        2 => any::<u8>().prop_filter("has its own lines", |n| ![1, 6, 17, 58].contains(n))
            .prop_map(|n| vec![("Protocol", n.to_string())]),
        2 => rows().prop_map(icmp("ICMPv4")),
        2 => rows().prop_map(icmp("ICMPv6")),
    ]
}

fn one_of(all: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(all)
}

/// The text of one rule.
fn rule_text() -> impl Strategy<Value = String> {
    let name = one_of(&[
        "web",
        "a: b: c",
        "Remote Desktop - User Mode (TCP-In)",
        "@{Pkg_1.0_x64__abc?ms-resource://Pkg/Name}",
        "Überwachung 監視",
        "-- x --",
        "@FirewallAPI.dll,-80206",
    ]);
    let head = (
        name,
        one_of(&["", "front end", "line one: x\n    and: two", "Ok."]),
        any::<bool>(),
        any::<bool>(),
        1u8..8,
        one_of(&[
            "",
            "Web",
            "Core Networking",
            "web",
            "@{Pkg?ms-resource://g}",
        ]),
        one_of(&["Allow", "Allow", "Block", "Bypass"]),
    );
    let scope = (
        any::<bool>(),
        one_of(&["", "", "System", r"C:\a b\c.exe"]),
        one_of(&["", "", "Any", "TermService"]),
        one_of(&["Any", "LAN", "Wireless,RAS"]),
        one_of(&["NotRequired", "Authenticate", "AuthEnc"]),
        one_of(&["Local Setting", "Group Policy Setting"]),
    );
    (head, list(address()), list(address()), protocol(), scope).prop_map(
        |(head, local, remote, protocol, scope)| {
            let (name, about, enabled, ingress, profiles, group, action) = head;
            let (verbose, program, service, interfaces, security, source) = scope;
            let mut out = String::from("\n");
            field(&mut out, "Rule Name", name);
            out += &("-".repeat(70) + "\n");
            if !about.is_empty() && verbose {
                field(&mut out, "Description", about);
            }
            field(&mut out, "Enabled", if enabled { "Yes" } else { "No" });
            field(&mut out, "Direction", if ingress { "In" } else { "Out" });
            let names = ["Domain", "Private", "Public"];
            let names: Vec<_> = (0..3)
                .filter(|n| profiles & (1 << n) != 0)
                .map(|n| names[n])
                .collect();
            field(&mut out, "Profiles", &names.join(","));
            field(&mut out, "Grouping", group);
            field(&mut out, "LocalIP", &local);
            field(&mut out, "RemoteIP", &remote);
            for (label, value) in protocol {
                if label.is_empty() {
                    out += &(value + "\n");
                } else {
                    field(&mut out, label, &value);
                }
            }
            field(&mut out, "Edge traversal", "No");
            if verbose {
                for (label, value) in [("Program", program), ("Service", service)] {
                    if !value.is_empty() {
                        field(&mut out, label, value);
                    }
                }
                field(&mut out, "InterfaceTypes", interfaces);
                field(&mut out, "Security", security);
                field(&mut out, "Rule source", source);
            }
            field(&mut out, "Action", action);
            out
        },
    )
}

fn lists(point: &Point) -> &Lists {
    match &point.body {
        Body::Lists(l) => l,
        Body::Netfilter(_) => panic!("chains"),
    }
}

/// Corner packets of a box: the first and last value of each set, and their neighbours, one dimension at a time.
fn probes(space: &PacketBox) -> Vec<(IpAddr, IpAddr, u8, u16, u16)> {
    let ends = |s: &AddrSet| -> Vec<IpAddr> {
        let v4 =
            s.v4.iter()
                .flat_map(|(a, b)| [a, b, a.wrapping_sub(1), b.wrapping_add(1)]);
        let v6 =
            s.v6.iter()
                .flat_map(|(a, b)| [a, b, a.wrapping_sub(1), b.wrapping_add(1)]);
        v4.map(|a| Ipv4Addr::from(a).into())
            .chain(v6.map(|a| Ipv6Addr::from(a).into()))
            .collect()
    };
    let ports = |s: &PortSet| -> Vec<u16> {
        s.iter()
            .flat_map(|(a, b)| [a, b, a.wrapping_sub(1), b.wrapping_add(1)])
            .collect()
    };
    let protos: Vec<u8> = space
        .proto
        .iter()
        .flat_map(|(a, b)| [a, b, 6, 17])
        .collect();
    let (src, dst) = (ends(&space.src), ends(&space.dst));
    let (sport, dport) = (ports(&space.sport), ports(&space.dport));
    let (Some(s), Some(d), Some(p), Some(sp), Some(dp)) = (
        src.first(),
        dst.first(),
        protos.first(),
        sport.first(),
        dport.first(),
    ) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    out.extend(src.iter().map(|x| (*x, *d, *p, *sp, *dp)));
    out.extend(dst.iter().map(|x| (*s, *x, *p, *sp, *dp)));
    out.extend(protos.iter().map(|x| (*s, *d, *x, *sp, *dp)));
    out.extend(sport.iter().map(|x| (*s, *d, *p, *x, *dp)));
    out.extend(dport.iter().map(|x| (*s, *d, *p, *sp, *x)));
    out
}

/// Which conditions let a packet through, one line for each clause that holds it.
fn answer(rule: &Rule, (src, dst, p, sport, dport): (IpAddr, IpAddr, u8, u16, u16)) -> Vec<String> {
    let mut out: Vec<String> = rule
        .clauses
        .iter()
        .filter(|c| {
            c.space.src.contains(src)
                && c.space.dst.contains(dst)
                && c.space.proto.contains(p)
                && c.space.sport.contains(sport)
                && c.space.dport.contains(dport)
        })
        .map(|c| {
            let mut texts: Vec<_> = c
                .conditions
                .iter()
                .map(|c| format!("{:?} {}", c.kind, c.text))
                .collect();
            texts.sort();
            texts.join("; ")
        })
        .collect();
    out.sort();
    out.dedup();
    out
}

fn check_same(a: &Rule, b: &Rule) {
    let plain = |r: &Rule| {
        format!(
            "{:?} {:?} {:?} {} {:?} {:?} {:?}",
            r.name, r.group, r.comment, r.enabled, r.action, r.profiles, r.origin
        )
    };
    assert_eq!(plain(a), plain(b));
    for clause in a.clauses.iter().chain(&b.clauses) {
        for packet in probes(&clause.space) {
            assert_eq!(answer(a, packet), answer(b, packet), "{packet:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn what_is_written_reads_back_as_the_same_rules(rules in prop::collection::vec(rule_text(), 1..6)) {
        let text = rules.concat() + "Ok.\n";
        let first = read(&text);
        let point = &first.points[0];
        // A keyword of another protocol leaves a rule that matches nothing, which netsh cannot print for one protocol alone.
        let dead = |r: &Rule| r.clauses.iter().any(|c| c.space.proto.is_empty());
        prop_assume!(!point.rules().any(dead));
        let written = write(point).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let second = read(&written);
        let back = &second.points[0];
        prop_assert_eq!(point.brief, back.brief);
        let noisy = |e: &hylint_model::Export| e.problems.iter().any(|p| p.dropped || p.kind == hylint_model::ProblemKind::Malformed);
        prop_assert!(!noisy(&second), "{:?}\n{}", second.problems, written);
        for (a, b) in [
            (&lists(point).ingress.rules, &lists(back).ingress.rules),
            (&lists(point).egress.rules, &lists(back).egress.rules),
        ] {
            prop_assert_eq!(a.len(), b.len());
            for (x, y) in a.iter().zip(b) {
                check_same(x, y);
            }
        }
        prop_assert_eq!(write(back).unwrap(), written, "a second turn changes nothing");
    }

    #[test]
    fn profile_settings_read_back(each in prop::collection::vec(prop::option::of((any::<Option<bool>>(), 0u8..4, any::<Option<bool>>(), any::<Option<bool>>())), 3), active in prop::option::of(1u8..8)) {
        use hylint_model::{InboundPolicy, ProfileSettings};
        let at = Span::default();
        type One = Option<(Option<bool>, u8, Option<bool>, Option<bool>)>;
        let one = |p: &One| p.map(|(on, inbound, out, local)| ProfileSettings {
            span: at,
            enabled: on.map(|v| (v, at)),
            inbound: [None, Some(InboundPolicy::Block), Some(InboundPolicy::Allow), Some(InboundPolicy::BlockAlways)][inbound as usize].map(|v| (v, at)),
            outbound_allow: out.map(|v| (v, at)),
            local_rules: local.map(|v| (v, at)),
        });
        let settings = WindowsProfiles {
            profiles: [one(&each[0]), one(&each[1]), one(&each[2])],
            active: active.map(|a| (Profiles(a), at)),
            ..WindowsProfiles::default()
        };
        let text = write_profiles(&settings).unwrap();
        let back = read(&text);
        let found = back.companions.iter().find_map(|c| match c {
            Companion::WindowsProfiles(p) => Some(p),
            _ => None,
        });
        prop_assert_eq!(found.is_some(), each.iter().any(Option::is_some) || active.is_some());
        prop_assert!(back.problems.iter().all(|p| p.kind == hylint_model::ProblemKind::Empty), "{:?}", back.problems);
    }
}

fn one_rule(change: impl FnOnce(&mut Rule)) -> Point {
    let mut text = String::from("\n");
    for (label, value) in [
        ("Rule Name", "web"),
        ("Enabled", "Yes"),
        ("Direction", "In"),
        ("Profiles", "Domain"),
        ("Grouping", ""),
        ("LocalIP", "Any"),
        ("RemoteIP", "10.0.0.0/8"),
        ("Protocol", "TCP"),
        ("LocalPort", "443"),
        ("RemotePort", "Any"),
        ("InterfaceTypes", "Any"),
        ("Security", "NotRequired"),
        ("Action", "Allow"),
    ] {
        field(&mut text, label, value);
        if label == "Rule Name" {
            text += &("-".repeat(70) + "\n");
        }
    }
    let mut point = read(&text).points.remove(0);
    point.rules_mut().for_each({
        let mut change = Some(change);
        move |r| {
            if let Some(change) = change.take() {
                change(r);
            }
        }
    });
    point
}

#[test]
fn the_text_is_that_of_netsh() {
    let text = write(&one_rule(|_| {})).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[1], "Rule Name:                            web");
    assert_eq!(lines[2], "-".repeat(70));
    assert_eq!(lines[7], "LocalIP:                              Any");
    assert_eq!(lines[8], "RemoteIP:                             10.0.0.0/8");
    assert_eq!(lines[10], "LocalPort:                            443");
    assert_eq!(lines.last(), Some(&"Ok."));
}

#[test]
fn what_netsh_cannot_say_is_an_error_that_names_the_rule() {
    let refused = |change: fn(&mut Rule)| {
        let e = write(&one_rule(change)).expect_err("refused");
        assert!(!e.message.is_empty());
        e.rule.to_string()
    };
    assert_eq!(
        refused(|r| r.name = "web ".into()),
        "web ",
        "netsh would cut the blank"
    );
    assert_eq!(
        refused(|r| r.name = "a\nRule Name: b".into()),
        "a\nRule Name: b"
    );
    assert_eq!(refused(|r| r.comment = "x\nEnabled: No".into()), "web");
    assert_eq!(
        refused(|r| r.comment = "x\nRule Name: y\n----------\nAction: Allow".into()),
        "web"
    );
    assert_eq!(refused(|r| r.priority = Some(1)), "web");
    assert_eq!(refused(|r| r.profiles = Profiles(0)), "web");
    assert_eq!(refused(|r| r.clauses.clear()), "web");
    assert_eq!(refused(|r| r.action = Action::Return), "web");
    assert_eq!(
        refused(|r| r.group = "web".into()),
        "web",
        "read as an app's rule"
    );
    let other = |r: &mut Rule| {
        let mut more = r.clauses[0].clone();
        more.space.src = AddrSet::parse("192.0.2.0/24").unwrap();
        more.space.dport = PortSet::single(80);
        r.clauses.push(more);
    };
    assert_eq!(
        refused(other),
        "web",
        "two boxes that are no product of lists"
    );
    assert_eq!(
        refused(|r| r.clauses[0].space.proto = ProtoSet::range(6, 9)),
        "web"
    );
    assert_eq!(refused(|r| r.clauses[0].space.flags.0 = 1), "web");
}
