//! `ip route`, `route` and `ip rule`.

use super::{clean, read, routes, rules, set};
use hylint_model::{Families, RouteKind};
use hylint_space::AddrSet;

/// The routes of a listing, a text each.
pub(super) fn each_route(list: &hylint_model::Routes) -> Vec<String> {
    list.routes.iter().map(one_route).collect()
}

fn one_route(r: &hylint_model::Route) -> String {
    let to = r.to.texts().collect::<Vec<_>>().join(",");
    let down = if r.down { " down" } else { "" };
    format!(
        "{to} {:?} {} {} {}{down}",
        r.kind,
        r.table,
        r.interfaces.join("+"),
        r.metric
    )
}

#[test]
fn lines_of_ip_route() {
    let text = "\
default via 10.0.0.4 dev eth0 proto dhcp src 10.0.0.1 metric 100 onlink
default via inet6 fe80::1 dev eth1 metric 200
unreachable default metric 4278198272
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1 linkdown
192.168.131.2 dev ens32 proto dhcp scope link src 192.168.131.128 metric 100
10.50.0.0/16 proto bird metric 32
\tnexthop via 10.0.0.2 dev eth0 weight 1
\tnexthop via 10.1.0.2 dev eth1 weight 1
blackhole 10.66.0.0/16
throw 10.67.0.0/16
prohibit 10.68.0.0/16 proto static
10.69.0.0/16 dev wg0 scope link
";
    let export = clean(text);
    let list = routes(&export);
    let all = each_route(list);
    assert_eq!(
        all,
        [
            "0.0.0.0/0 Unicast main eth0 100",
            "0.0.0.0/0 Unicast main eth1 200",
            "0.0.0.0/0 Refused main  4278198272",
            "10.0.0.0/24 Unicast main eth0 0",
            "172.17.0.0/16 Unicast main docker0 0 down",
            "192.168.131.2 Unicast main ens32 100",
            "10.50.0.0/16 Unicast main eth0+eth1 32",
            "10.66.0.0/16 Refused main  0",
            "10.67.0.0/16 Throw main  0",
            "10.68.0.0/16 Refused main  0",
            "10.69.0.0/16 Unicast main wg0 0",
        ]
    );
    assert_eq!(list.families, Families::V4);
}

#[test]
fn every_table_of_both_families() {
    let text = "\
default via 10.21.1.1 dev eth1 table 100
default via 10.20.1.1 dev eth0 proto static
10.20.1.0/24 dev eth0 proto kernel scope link src 10.20.1.11
local 10.20.1.11 dev eth0 table local proto kernel scope host src 10.20.1.11
broadcast 10.20.1.255 dev eth0 table local proto kernel scope link src 10.20.1.11
2001:db8:20::/64 dev eth0 proto kernel metric 256 pref medium
default via fe80::1 dev eth0 proto ra metric 1024 expires 1798sec hoplimit 64 pref medium
local ::1 dev lo table local proto kernel metric 0 pref medium
multicast ff00::/8 dev eth0 table local proto kernel metric 256 pref medium
";
    let export = clean(text);
    let list = routes(&export);
    assert!(list.every_table);
    assert_eq!(list.families, Families::BOTH);
    let default6 = list
        .routes
        .iter()
        .find(|r| r.metric == 1024)
        .expect("default");
    assert_eq!(one_route(default6), "::/0 Unicast main eth0 1024");
    assert_eq!(
        list.routes
            .iter()
            .filter(|r| r.kind == RouteKind::Own)
            .count(),
        4
    );
    let asked = "$ ip -6 route show table 200\ndefault dev wg0 metric 1024\n";
    let export = clean(asked);
    let list = routes(&export);
    let first = list.routes.first().expect("one");
    assert_eq!(one_route(first), "::/0 Unicast 200 wg0 1024");
    assert_eq!(list.families, Families::V6);
}

#[test]
fn tables_of_net_tools() {
    let text = "\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.20.1.1       0.0.0.0         UG    100    0        0 eth0
10.20.1.0       0.0.0.0         255.255.255.0   U     100    0        0 eth0
10.66.0.0       -               255.255.0.0     !     0      -        0 -
Kernel IPv6 routing table
Destination                    Next Hop                   Flag Met Ref Use If
2001:db8::/64                  [::]                       U    256 1     0 eth0
[::]/0                         fe80::1                    UGDAe 1024 3   0 eth0
::1/128                        [::]                       Un   0   3     0 lo
::/0                           ::                         !n   -1  1     0 lo
";
    let export = clean(text);
    let list = routes(&export);
    let all = each_route(list);
    assert_eq!(
        all,
        [
            "0.0.0.0/0 Unicast main eth0 100",
            "10.20.1.0/24 Unicast main eth0 100",
            "10.66.0.0/16 Refused main - 0",
            "2001:db8::/64 Unicast main eth0 256",
            "::/0 Unicast main eth0 1024",
            "::1 Own main lo 0",
            "::/0 Refused main lo 4294967295",
        ]
    );
    let german = text
        .replace("Kernel IP routing table", "Kernel-IP-Routentabelle")
        .replace("Destination     Gateway", "Ziel            Router ");
    assert_eq!(routes(&clean(&german)).routes.len(), 7);
    let both = "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface    MSS   Window irtt\n0.0.0.0 10.0.2.2 0.0.0.0 UG 100 0 0 ens33 0 0 0\n";
    let export = clean(both);
    assert_eq!(
        one_route(routes(&export).routes.first().expect("one")),
        "0.0.0.0/0 Unicast main ens33 100"
    );
    let windows = "Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n0.0.0.0 10.0.2.2 0.0.0.0 UG 0 0 0 enp0s3\n";
    assert_eq!(routes(&clean(windows)).routes.len(), 1);
}

#[test]
fn rules_that_pick_a_table() {
    let text = "\
0:\tfrom all lookup local
100:\tfrom 10.21.1.0/24 lookup 100
200:\tfrom all to 10.77.0.0/16 lookup 254
300:\tfrom all fwmark 0x1 lookup 300
32764:\tfrom all lookup main suppress_prefixlength 0
32765:\tnot from all fwmark 0xca6c lookup 51820
32766:\tfrom all lookup main
32767:\tfrom all lookup default
";
    let export = clean(text);
    let list = rules(&export);
    let all: Vec<String> = list
        .rules
        .iter()
        .map(|r| format!("{} {} {} {:?}", r.priority, r.table, r.narrowed, r.suppress))
        .collect();
    assert_eq!(
        all,
        [
            "0 local false None",
            "100 100 false None",
            "200 main false None",
            "300 300 true None",
            "32764 main false Some(0)",
            "32765 51820 true None",
            "32766 main false None",
            "32767 default false None",
        ]
    );
    assert_eq!(list.rules.get(2).expect("to").to, set(&["10.77.0.0/16"]));
    assert_eq!(list.families, Families::V4);
    let six = "$ ip -6 rule\n0:\tfrom all lookup local\n32766:\tfrom all lookup main\n";
    assert_eq!(rules(&clean(six)).families, Families::V6);
}

/// `protocol addresses:port programs`.

#[test]
fn a_negated_rule_asks_for_the_contrary() {
    let all = clean(
        "0:\tfrom all lookup local
100:\tnot from 10.30.0.0/24 lookup 100
101:\tnot from all to 10.40.0.0/16 lookup 101
102:\tnot from 10.30.0.0/24 to 10.40.0.0/16 lookup 102
32766:\tfrom all lookup main
32767:\tfrom all lookup default
",
    );
    let json = clean(
        r#"[{"priority":0,"src":"all","table":"local"},
{"priority":100,"not":null,"src":"10.30.0.0","srclen":24,"table":"100"},
{"priority":101,"not":null,"src":"all","dst":"10.40.0.0","dstlen":16,"table":"101"},
{"priority":102,"not":null,"src":"10.30.0.0","srclen":24,"dst":"10.40.0.0","dstlen":16,"table":"102"},
{"priority":32766,"src":"all","table":"main"},{"priority":32767,"src":"all","table":"default"}]
"#,
    );
    let any = AddrSet::any();
    for e in [&all, &json] {
        let each: Vec<(AddrSet, AddrSet, bool)> = rules(e)
            .rules
            .iter()
            .filter(|r| (100..200).contains(&r.priority))
            .map(|r| (r.from.clone(), r.to.clone(), r.narrowed))
            .collect();
        let but = |text: &str| any.subtract(&set(&[text]));
        let wanted = vec![
            (but("10.30.0.0/24"), any.clone(), false),
            (any.clone(), but("10.40.0.0/16"), false),
            (any.clone(), any.clone(), true),
        ];
        assert_eq!(each, wanted);
    }
}

#[test]
fn a_gateway_that_no_route_leads_to_shows_a_filter() {
    for (text, whole) in [
        ("default via 10.0.0.1 dev eth0\n", false),
        ("default via 10.0.0.1 dev eth0 onlink\n", true),
        ("default dev ppp0 scope link\n", true),
        (
            "default via 10.0.0.1 dev eth0\n10.0.0.1 dev eth0 scope link\n",
            true,
        ),
        (
            "default via 10.0.0.1 dev eth0\n10.1.0.0/16 dev eth1 scope link\n",
            false,
        ),
        (
            "default \n\tnexthop via 10.0.0.1 dev eth0 weight 1\n\tnexthop via 10.1.0.1 dev eth1 weight 1\n10.0.0.0/24 dev eth0 scope link\n",
            false,
        ),
        ("root@a:~# ip route\ndefault via 10.0.0.1 dev eth0\n", true),
        (
            r#"[{"dst":"default","gateway":"10.0.0.1","dev":"eth0","flags":[]}]"#,
            false,
        ),
        (
            r#"[{"dst":"default","gateway":"10.0.0.1","dev":"eth0","flags":["onlink"]}]"#,
            true,
        ),
    ] {
        let e = read(text);
        assert_eq!(routes(&e).whole, whole, "{text}");
        assert_eq!(e.problems.is_empty(), whole, "{text}");
    }
}
