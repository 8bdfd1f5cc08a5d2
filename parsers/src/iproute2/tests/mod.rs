//! Listings as the tools print them: iproute2 4.15 to 6.1, net-tools 1.60 and 2.10.

mod addrs;
mod cut;
mod routes;
mod sockets;

use crate::format;
use crate::source::Source;
use hylint_model::{
    Companion, Export, Families, HostInterfaces, ProblemKind, Routes, RoutingRules, Sockets,
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

/// The first listing of a kind.
macro_rules! picker {
    ($name:ident, $kind:ident) => {
        fn $name(e: &Export) -> &$kind {
            let of = |c: &'_ Companion| matches!(c, Companion::$kind(_));
            match e.companions.iter().find(|c| of(c)) {
                Some(Companion::$kind(l)) => l,
                _ => panic!("no {}: {:?}", stringify!($kind), e.problems),
            }
        }
    };
}

picker!(addresses, HostInterfaces);
picker!(routes, Routes);
picker!(rules, RoutingRules);
picker!(sockets, Sockets);

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
    let all = routes::each_route(list);
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
