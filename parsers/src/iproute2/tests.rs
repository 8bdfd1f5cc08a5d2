//! Listings as the tools print them: iproute2 4.15 to 6.1, net-tools 1.60 and 2.10.

use crate::format;
use crate::source::Source;
use hylint_model::{
    Companion, Export, Families, HostInterfaces, ProblemKind, RouteKind, Routes, RoutingRules,
    Sockets,
};
use hylint_space::AddrSet;

fn read(text: &str) -> Export {
    let export = format::read(&Source::new("facts.txt", text, "UTF-8")).expect("recognized");
    assert_eq!(export.format, "iproute2", "{text}");
    export
}

fn clean(text: &str) -> Export {
    let export = read(text);
    assert!(export.problems.is_empty(), "{:?}", export.problems);
    export
}

fn addresses(e: &Export) -> &HostInterfaces {
    let mut all = e.companions.iter().filter_map(|c| match c {
        Companion::HostInterfaces(l) => Some(&**l),
        _ => None,
    });
    all.next().expect("addresses")
}

fn routes(e: &Export) -> &Routes {
    let mut all = e.companions.iter().filter_map(|c| match c {
        Companion::Routes(l) => Some(&**l),
        _ => None,
    });
    all.next().expect("routes")
}

fn rules(e: &Export) -> &RoutingRules {
    let mut all = e.companions.iter().filter_map(|c| match c {
        Companion::RoutingRules(l) => Some(&**l),
        _ => None,
    });
    all.next().expect("rules")
}

fn sockets(e: &Export) -> &Sockets {
    let mut all = e.companions.iter().filter_map(|c| match c {
        Companion::Sockets(l) => Some(&**l),
        _ => None,
    });
    all.next().expect("sockets")
}

fn set(texts: &[&str]) -> AddrSet {
    let all = texts.iter().map(|t| AddrSet::parse(t).expect("address"));
    all.fold(AddrSet::empty(), |all, a| all.union(&a))
}

/// `name: addresses; networks`, a line each.
fn shown(l: &HostInterfaces) -> String {
    let text = |s: &AddrSet| s.texts().collect::<Vec<_>>().join(",");
    let each = l.interfaces.iter().map(|i| {
        let up = match i.up {
            Some(true) => "up",
            Some(false) => "down",
            None => "?",
        };
        let lo = if i.loopback { " lo" } else { "" };
        let master = if i.master.is_empty() {
            String::new()
        } else {
            format!(" in {}", i.master)
        };
        format!(
            "{} {up}{lo}{master}: {}; {}\n",
            i.name,
            text(&i.addrs),
            text(&i.networks)
        )
    });
    each.collect()
}

const ADDR: &str = "\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
    inet6 ::1/128 scope host
       valid_lft forever preferred_lft forever
2: ens3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel master bond0 state UP group default qlen 1000
    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff
    altname enp0s3
3: bond0.10@bond0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff
    inet 10.20.1.11/24 brd 10.20.1.255 scope global dynamic noprefixroute bond0.10
       valid_lft 3515sec preferred_lft 3515sec
    inet 10.20.1.40/32 scope global secondary deprecated bond0.10:vip
       valid_lft forever preferred_lft 0sec
    inet6 2001:db8:20::11/64 scope global dynamic mngtmpaddr
       valid_lft 86390sec preferred_lft 14390sec
    inet6 2001:db8:20::12/64 scope global dadfailed tentative
       valid_lft forever preferred_lft forever
    inet6 fe80::5054:ff:fe12:3456/64 scope link
       valid_lft forever preferred_lft forever
4: tun0: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UNKNOWN group default qlen 500
    link/none
    inet 10.8.0.1 peer 10.8.0.2/32 scope global tun0
       valid_lft forever preferred_lft forever
5: docker0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN group default
    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff
    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0
       valid_lft forever preferred_lft forever
";

const ADDR_READ: &str = "\
lo up lo: 127.0.0.1,::1; 127.0.0.0/8,::1
ens3 up in bond0: ; 
bond0.10 up: 10.20.1.11,10.20.1.40,2001:db8:20::11,fe80::5054:ff:fe12:3456; 10.20.1.0/24,2001:db8:20::/64,fe80::/64
tun0 up: 10.8.0.1; 10.8.0.2
docker0 down: 172.17.0.1; 172.17.0.0/16
";

#[test]
fn blocks_of_ip_addr() {
    let export = clean(ADDR);
    let list = addresses(&export);
    assert_eq!(shown(list), ADDR_READ);
    assert!(list.whole);
    assert_eq!(list.families, Families::BOTH);
    assert_eq!(export.rules_in_file, 0);
    // Behind a prompt, with CR LF, and with notes around it.
    let asked = format!("root@gw1:~# ip a\r\n{}", ADDR.replace('\n', "\r\n"));
    assert_eq!(shown(addresses(&clean(&asked))), ADDR_READ);
}

#[test]
fn what_asks_for_a_part_is_no_whole_listing() {
    for command in [
        "ip addr show dev bond0.10",
        "ip a s docker0",
        "sudo ip addr | grep inet",
        "ip addr show scope global",
    ] {
        let text = format!("$ {command}\n{ADDR}");
        assert!(!addresses(&clean(&text)).whole, "{command}");
    }
    for command in [
        "ip addr",
        "/sbin/ip -d addr show",
        "ip addr ls up",
        "sudo ip a | tee addr.txt",
    ] {
        let text = format!("[root@gw1 ~]# {command}\n{ADDR}");
        assert!(addresses(&clean(&text)).whole, "{command}");
    }
    // Without the loopback interface it is one of several.
    let one = ADDR
        .split_once("3: bond0")
        .map(|(_, r)| format!("3: bond0{r}"))
        .expect("found");
    assert!(!addresses(&clean(&one)).whole);
}

#[test]
fn one_family_shows_no_links() {
    let four: String = ADDR
        .lines()
        .filter(|l| !l.contains("link/") && !l.contains("inet6"))
        .map(|l| format!("{l}\n"))
        .collect();
    let export = clean(&four);
    assert_eq!(addresses(&export).families, Families::V4);
    let asked = format!("# ip -4 addr\n{ADDR}");
    assert_eq!(addresses(&clean(&asked)).families, Families::V4);
}

#[test]
fn lines_and_brief() {
    let lines = "\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
1: lo    inet6 ::1/128 scope host \\       valid_lft forever preferred_lft forever
2: eth0    inet 172.31.38.241/20 brd 172.31.47.255 scope global eth0\\       valid_lft forever preferred_lft forever
2: eth0    inet 172.31.38.9/20 brd 172.31.47.255 scope global secondary eth0\\       valid_lft forever preferred_lft forever
";
    let export = clean(lines);
    let list = addresses(&export);
    assert_eq!(list.interfaces.len(), 2);
    assert_eq!(
        list.interfaces.get(1).expect("eth0").addrs,
        set(&["172.31.38.241", "172.31.38.9"])
    );
    assert!(list.whole);
    let brief = "\
lo               UNKNOWN        127.0.0.1/8 ::1/128 
eth0@if5         UP             10.20.1.11/24 metric 100 fe80::1/64 
tun0             UNKNOWN        10.8.0.1 peer 10.8.0.2/32 
eth1             DOWN           
";
    assert_eq!(
        shown(addresses(&clean(brief))),
        "lo up lo: 127.0.0.1,::1; 127.0.0.0/8,::1\neth0 up: 10.20.1.11,fe80::1; 10.20.1.0/24,fe80::/64\n\
         tun0 up: 10.8.0.1; 10.8.0.2\neth1 down: ; \n"
    );
}

#[test]
fn json_of_ip() {
    let text = r#"[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"operstate":"UNKNOWN","link_type":"loopback","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"}]},{"ifindex":4,"ifname":"tun0","flags":["POINTOPOINT","UP"],"link_type":"none","addr_info":[{"family":"inet","local":"10.8.0.1","address":"10.8.0.2","prefixlen":32,"scope":"global"}]},{"ifindex":2,"link":"bond0","ifname":"bond0.10","flags":["BROADCAST","UP","LOWER_UP"],"operstate":"UP","master":"br0","link_type":"ether","addr_info":[{"family":"inet","local":"10.20.1.11","prefixlen":24},{"family":"inet6","local":"2001:db8::9","prefixlen":64,"dadfailed":true}]}]
[{"dst":"default","gateway":"10.20.1.1","dev":"bond0.10","protocol":"dhcp","metric":100,"flags":["onlink"]},{"type":"unreachable","dst":"10.66.0.0/16","dev":"lo","metric":4278198272,"flags":[]},{"dst":"10.50.0.0/16","flags":[],"nexthops":[{"gateway":"10.20.1.2","dev":"bond0.10","weight":1,"flags":[]},{"gateway":"10.21.1.2","dev":"eth1","weight":1,"flags":["dead","linkdown"]}]},{"dst":"10.51.0.0/16","via":{"family":"inet6","host":"fe80::1"},"dev":"eth9","flags":["linkdown"]}]
[{"priority":0,"src":"all","table":"local"},{"priority":100,"src":"10.21.1.0","srclen":24,"table":"100"},{"priority":32766,"src":"all","table":"main"},{"priority":32767,"src":"all","table":"default"}]
tcp   LISTEN 0      128          0.0.0.0:22        0.0.0.0:*    users:(("sshd",pid=812,fd=3))
udp   UNCONN 0      0            0.0.0.0:68        0.0.0.0:*    users:(("dhclient",pid=9,fd=3))
"#;
    // Each array may stand below the command that printed it.
    assert_eq!(clean(&format!("# ip -j addr\n{text}")).companions.len(), 4);
    let export = clean(text);
    assert_eq!(
        shown(addresses(&export)),
        "lo up lo: 127.0.0.1; 127.0.0.0/8\ntun0 up: 10.8.0.1; 10.8.0.2\nbond0.10 up in br0: 10.20.1.11; 10.20.1.0/24\n"
    );
    let list = routes(&export);
    let all: Vec<String> = list.routes.iter().map(one_route).collect();
    assert_eq!(
        all,
        [
            "0.0.0.0/0 Unicast main bond0.10 100",
            "10.66.0.0/16 Refused main lo 4278198272",
            "10.50.0.0/16 Unicast main bond0.10 0",
            "10.51.0.0/16 Unicast main eth9 0 down",
        ]
    );
    assert_eq!(list.families, Families::V4);
    assert!(list.whole && !list.every_table);
    let narrowed: Vec<bool> = rules(&export).rules.iter().map(|r| r.narrowed).collect();
    assert_eq!(narrowed, [false; 4]);
    assert_eq!(
        rules(&export).rules.get(1).expect("from").from,
        set(&["10.21.1.0/24"])
    );
    assert!(sockets(&export).whole);
    let first = sockets(&export).sockets.first().expect("sshd");
    let at = text.find("tcp").expect("there");
    assert_eq!(
        first.span.start as usize, at,
        "places are those of the file"
    );
    let lo = addresses(&export).interfaces.first().expect("lo");
    assert_eq!(&text[lo.span.range()], "\"lo\"");
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
    let all: Vec<String> = list.routes.iter().map(one_route).collect();
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
    let all: Vec<String> = list.routes.iter().map(one_route).collect();
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
fn waiting(l: &Sockets) -> Vec<String> {
    let each = l.sockets.iter().map(|s| {
        let addrs = match () {
            () if s.addrs.is_any() => "any".to_owned(),
            () => s.addrs.texts().collect::<Vec<_>>().join(","),
        };
        let on = if s.interface.is_empty() {
            String::new()
        } else {
            format!("%{}", s.interface)
        };
        format!(
            "{} {addrs}{on}:{} {}",
            s.protocol,
            s.port,
            s.programs.join(",")
        )
        .trim_end()
        .to_owned()
    });
    each.collect()
}

#[test]
fn sockets_of_ss() {
    let text = "\
Netid State     Recv-Q Send-Q            Local Address:Port    Peer Address:Port Process
udp   UNCONN    0      0                 127.0.0.53%lo:53           0.0.0.0:*     users:((\"systemd-resolve\",pid=5,fd=1)) uid:101 ino:29400 sk:7 <->
udp   UNCONN    0      0                0.0.0.0%virbr0:67           0.0.0.0:*
udp   ESTAB     0      0             10.20.1.11%eth0:68         10.20.1.1:67
tcp   LISTEN    0      511                           *:80                 *:*     users:((\"nginx\",pid=7,fd=6),(\"nginx\",pid=8,fd=6))
tcp   LISTEN    0      128                        [::]:22              [::]:*     users:((\"sshd\",1234,4))
tcp   LISTEN    0      128          [::ffff:10.20.1.11]:8080              *:*
tcp   LISTEN    0      4096     [fe80::1]%eth0:546              [::]:*
tcp   ESTAB     0      0                    10.20.1.11:22         10.9.9.4:50044
u_str LISTEN    0      4096     /run/systemd/private 13451            * 0
";
    let export = clean(text);
    let list = sockets(&export);
    assert_eq!(
        waiting(list),
        [
            "17 127.0.0.53%lo:53 systemd-resolve",
            "17 0.0.0.0/0%virbr0:67",
            "6 any:80 nginx",
            "6 ::/0:22 sshd",
            "6 10.20.1.11:8080",
            "6 fe80::1%eth0:546",
        ]
    );
    assert!(list.tcp && list.udp && list.whole);
    assert_eq!(list.families, Families::BOTH);
    assert_eq!(list.sockets.get(3).expect("sshd").pid, Some(1234));
}

#[test]
fn sockets_without_a_column_for_their_kind() {
    let text = "\
State    Recv-Q   Send-Q     Local Address:Port     Peer Address:Port  Process
LISTEN   0        128            127.0.0.1:1433          0.0.0.0:*
LISTEN   0        128              0.0.0.0:22            0.0.0.0:*
";
    let export = clean(text);
    let list = sockets(&export);
    assert_eq!(waiting(list), ["6 127.0.0.1:1433", "6 0.0.0.0/0:22"]);
    assert!(list.tcp && !list.udp && list.whole);
    assert_eq!(list.families, Families::V4);
}

#[test]
fn what_shows_a_filter_proves_no_absence() {
    let row = |port: u16, name: &str| {
        format!(
            "tcp   LISTEN 0      128    0.0.0.0:{port}    0.0.0.0:*    users:((\"{name}\",pid=1,fd=3))\n"
        )
    };
    let whole = |text: &str| sockets(&clean(text)).whole;
    assert!(whole(&(row(22, "sshd") + &row(443, "nginx"))));
    assert!(
        !whole(&(row(443, "nginx") + &row(8443, "java"))),
        "grep 443"
    );
    assert!(
        !whole(&(row(80, "nginx") + &row(443, "nginx"))),
        "grep nginx"
    );
    assert!(!whole(&format!(
        "root@h:~# ss -lntup | grep -v sshd\n{}{}",
        row(80, "nginx"),
        row(25, "master")
    )));
    assert!(!whole(&format!(
        "$ ss -lnt 'sport = :443'\nState Recv-Q Send-Q Local Address:Port Peer Address:Port\n{}",
        row(443, "nginx")
    )));
    assert!(whole(&format!(
        "$ sudo ss -H -lntup\n{}",
        row(443, "nginx")
    )));
    let connected = "$ ss -tn\nState Recv-Q Send-Q Local Address:Port Peer Address:Port\nESTAB 0 0 10.0.0.1:22 10.0.0.9:50000\n";
    let export = clean(connected);
    assert!(
        !sockets(&export).tcp,
        "sockets that listen were not asked for"
    );
}

#[test]
fn sockets_of_netstat() {
    let text = "\
(Not all processes could be identified, non-owned process info
 will not be shown, you would have to be root to see it all.)
Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 127.0.0.1:5432          0.0.0.0:*               LISTEN      912/postgres
tcp6       0      0 :::22                   :::*                    LISTEN      812/sshd: /usr/sbin
tcp        0      0 10.20.1.11:22           10.9.9.4:50044          ESTABLISHED -
udp        0      0 0.0.0.0:68              0.0.0.0:*                           601/dhclient
Active UNIX domain sockets (only servers)
Proto RefCnt Flags       Type       State         I-Node   PID/Program name     Path
unix  2      [ ACC ]     STREAM     LISTENING     16450    1/init               /run/systemd/private
";
    let export = clean(text);
    let list = sockets(&export);
    assert_eq!(
        waiting(list),
        [
            "6 127.0.0.1:5432 postgres",
            "6 any:22 sshd",
            "17 0.0.0.0/0:68 dhclient"
        ]
    );
    assert!(list.tcp && list.udp && list.whole);
    let german = text
        .replace(
            "Active Internet connections (only servers)",
            "Aktive Internetverbindungen (Nur Server)",
        )
        .replace("LISTEN     ", "HOERT      ");
    let export = read(&german);
    assert_eq!(waiting(sockets(&export)).len(), 3, "what waits has no peer");
}

#[test]
fn old_and_new_ifconfig() {
    let text = "\
eth0      Link encap:Ethernet  HWaddr 08:00:27:AA:BB:CC
          inet addr:10.20.1.11  Bcast:10.20.1.255  Mask:255.255.255.0
          inet6 addr: fe80::a00:27ff:feaa:bbcc/64 Scope:Link
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1

eth0:1    Link encap:Ethernet  Hardware Adresse 08:00:27:AA:BB:CC
          inet Adresse:10.20.1.12  Bcast:10.20.1.255  Maske:255.255.255.0

tun0      Link encap:UNSPEC  HWaddr 00-00
          inet addr:10.8.0.1  P-t-P:10.8.0.2  Mask:255.255.255.255

lo        Link encap:Local Loopback
          inet addr:127.0.0.1  Mask:255.0.0.0
";
    assert_eq!(
        shown(addresses(&clean(text))),
        "eth0 ?: 10.20.1.11-10.20.1.12,fe80::a00:27ff:feaa:bbcc; 10.20.1.0/24,fe80::/64\n\
         tun0 ?: 10.8.0.1; 10.8.0.2\nlo ? lo: 127.0.0.1; 127.0.0.0/8\n"
    );
    let text = "\
eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 10.20.1.11  netmask 255.255.255.0  broadcast 10.20.1.255
        inet6 2001:db8::11  prefixlen 64  scopeid 0x0<global>
        ether 08:00:27:aa:bb:cc  txqueuelen 1000  (Ethernet)
        RX packets 1  bytes 2 (2.0 B)

lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 127.0.0.1  netmask 255.0.0.0
";
    let export = clean(text);
    let list = addresses(&export);
    assert_eq!(
        shown(list),
        "eth0 up: 10.20.1.11,2001:db8::11; 10.20.1.0/24,2001:db8::/64\nlo up lo: 127.0.0.1; 127.0.0.0/8\n"
    );
    assert!(!list.whole, "it shows one IPv4 address of an interface");
}

#[test]
fn several_commands_in_one_file() {
    let text = format!(
        "Last login: Mon Nov 30 10:00:00 2026\nroot@gw1:~# ip a\n{ADDR}root@gw1:~# ip r\ndefault via 10.20.1.1 dev bond0.10\n\
         root@gw1:~# ip rule\n0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n\
         root@gw1:~# ss -lntup\nNetid State Recv-Q Send-Q Local Address:Port Peer Address:Port\n\
         tcp LISTEN 0 128 *:22 *:*\nroot@gw1:~# uname -r\n6.1.0\nroot@gw1:~# exit\n"
    );
    let export = read(&text);
    assert_eq!(export.companions.len(), 4);
    let [note] = export.problems.as_slice() else {
        panic!("{:?}", export.problems)
    };
    assert_eq!(note.kind, ProblemKind::Note);
    assert!(
        note.message.starts_with("2 lines are not read"),
        "{}",
        note.message
    );
}

#[test]
fn what_is_cut_off_is_told_and_proves_no_absence() {
    // Wherever it ends, the listing is whole, or it says that it is not.
    let end = ADDR.len();
    for at in 1..end {
        let cut = &ADDR[..at];
        // Where a line ends below a link or a lifetime, the block may end, too.
        let last = cut.lines().last().unwrap_or("").trim();
        let begun = ["link/", "valid_lft", "altname"]
            .iter()
            .any(|w| last.starts_with(w));
        if cut.ends_with('\n') && begun
            || last.starts_with("valid_lft") && last.ends_with(['c', 'r'])
            || last == "link/none"
            || last.split_once(" brd ").is_some_and(|(_, b)| b.len() == 17)
        {
            continue;
        }
        let Some(export) = format::read(&Source::new("a", cut, "UTF-8")) else {
            continue;
        };
        let whole = export
            .companions
            .iter()
            .any(|c| matches!(c, Companion::HostInterfaces(l) if l.whole));
        let lost = !shown_whole(cut);
        assert!(!(whole && lost), "{cut}");
    }
    for (text, line) in [
        ("default via 10.0.0.1 dev eth0\n10.0.0.0/24 via 10.0", 2),
        (
            "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\ntcp LISTEN 0 128 0.0.0.0:4",
            2,
        ),
        ("tcp LISTEN 0 128 0.0.0.0:ssh 0.0.0.0:*\n", 1),
    ] {
        let export = read(text);
        let [problem] = export.problems.as_slice() else {
            panic!("{text}: {:?}", export.problems)
        };
        assert_eq!(problem.kind, ProblemKind::Disputed);
        assert_eq!(
            text[..problem.span.range().start].lines().count() + 1,
            line,
            "{text}"
        );
        let whole = |c: &Companion| match c {
            Companion::Routes(r) => r.whole,
            Companion::Sockets(s) => s.whole,
            _ => true,
        };
        assert!(!export.companions.iter().all(whole), "{text}");
    }
}

/// Whether all addresses are in a part of [`ADDR`].
fn shown_whole(cut: &str) -> bool {
    let own = [
        "127.0.0.1/8 scope",
        "10.20.1.40/32 scope",
        "fe80::5054:ff:fe12:3456/64 scope",
        "172.17.0.1/16 brd 172.17.255.255 scope",
    ];
    own.iter().all(|a| cut.contains(a))
}

#[test]
fn listings_behind_a_dump_are_read_with_it() {
    let text = format!(
        "root@gw1:~# iptables-save\n*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\nroot@gw1:~# ip addr\n{ADDR}root@gw1:~# ip route\ndefault via 10.20.1.1 dev bond0.10\n"
    );
    let export = format::read(&Source::new("gw1.txt", text.clone(), "UTF-8")).expect("a dump");
    assert_eq!(export.format, "iptables");
    assert_eq!(export.companions.len(), 2, "{:?}", export.problems);
    let lo = addresses(&export).interfaces.first().expect("lo").span;
    assert!(
        text[lo.range()].starts_with("1: lo"),
        "places are those of the file"
    );
    assert_eq!(routes(&export).routes.len(), 1);
    assert!(
        !export
            .problems
            .iter()
            .any(|p| p.message.contains("second export")),
        "{:?}",
        export.problems
    );
}

#[test]
fn other_texts_are_no_listings() {
    let none = |text: &str| {
        let found = format::read(&Source::new("a", text, "UTF-8"));
        assert!(
            found.as_ref().is_none_or(|e| e.format != "iproute2"),
            "{text}: {found:?}"
        );
    };
    // macOS and FreeBSD.
    none(
        "en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500\n\tinet 10.0.0.5 netmask 0xffffff00 broadcast 10.0.0.255\n",
    );
    none("Active Internet connections (including servers)\nProto Recv-Q Send-Q  Local Address          Foreign Address        (state)\ntcp4       0      0  *.22                   *.*                    LISTEN\n".split_once('\n').map_or("", |(_, r)| r).split_once('\n').map_or("", |(_, r)| r));
    none(
        "\nActive Connections\n\n  Proto  Local Address          Foreign Address        State           PID\n  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       996\n",
    );
    none("The gateway is UP and running.\nAsk the network team about 10.0.0.0/8 via VPN.\n");
    none("10.0.0.0/8\n192.168.0.0/16\n");
    none("[{\"Name\":\"x\",\"Priority\":100}]");
}

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

#[test]
fn listings_of_other_machines_tell_nothing() {
    let listing = "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 scope link\n";
    for command in [
        "$ ip netns exec blue ip route",
        "# ip -n blue route",
        "$ sudo docker exec -it web ip route",
        "root@a:~# nsenter -t 812 -n ip route",
        "$ kubectl exec web -- ip route",
    ] {
        let e = read(&format!("{command}\n{listing}"));
        let told = e
            .companions
            .iter()
            .any(|c| matches!(c, Companion::Routes(_)));
        assert!(!told && e.problems.len() == 1, "{command}: {e:?}");
    }
    let named = |text: String| read(&text).host_name.map(|(n, _)| n);
    for (command, host) in [
        ("root@web7:~# ip route", Some("web7")),
        ("[root@web7 ~]# ip route", Some("web7")),
        ("admin@jump:~$ ssh -q root@web7 ip route", Some("web7")),
        ("$ ip route", None),
    ] {
        let name = named(format!("{command}\n{listing}"));
        assert_eq!(name.as_deref(), host, "{command}");
    }
    let two = read(&format!(
        "root@a:~# ip route\n{listing}root@b:~# ip route\n{listing}"
    ));
    assert_eq!((two.companions.len(), two.problems.len()), (1, 1));
}
