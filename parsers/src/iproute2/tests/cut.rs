//! Texts that are cut off anywhere.

use super::{ADDR, read};
use crate::format;
use crate::part::within::{each_cut, is_whole};
use crate::source::Source;
use hylint_model::{Companion, Export, ProblemKind};

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

const ONE_LINE: &str = "\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
1: lo    inet6 ::1/128 scope host \\       valid_lft forever preferred_lft forever
2: eth0    inet 172.31.38.241/20 brd 172.31.47.255 scope global dynamic eth0\\       valid_lft 3413sec preferred_lft 3413sec
12: eth10    inet 10.64.0.12/24 scope global eth10\\       valid_lft forever preferred_lft forever
";

const BRIEF: &str = "\
lo               UNKNOWN        127.0.0.1/8 ::1/128 
eth0@if5         UP             10.20.1.11/24 metric 100 fe80::1/64 
tun0             UNKNOWN        10.8.0.1 peer 10.8.0.2/32 
eth1             DOWN           
wg0              UNKNOWN        10.9.0.12/30 2001:db8::1/64 
";

const OLD_IFCONFIG: &str = "\
eth0      Link encap:Ethernet  HWaddr 08:00:27:AA:BB:CC
          inet addr:10.20.1.11  Bcast:10.20.1.255  Mask:255.255.255.192
          inet6 addr: fe80::a00:27ff:feaa:bbcc/64 Scope:Link
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1

tun0      Link encap:UNSPEC  HWaddr 00-00
          inet addr:10.8.0.1  P-t-P:10.8.0.22  Mask:255.255.255.255
";

const IFCONFIG: &str = "\
eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 10.20.1.11  netmask 255.255.255.192  broadcast 10.20.1.255
        inet6 2001:db8::11  prefixlen 64  scopeid 0x0<global>
        ether 08:00:27:aa:bb:cc  txqueuelen 1000  (Ethernet)

tun0: flags=4305<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST>  mtu 1500
        inet 10.8.0.1  netmask 255.255.255.255  destination 10.8.0.22
";

const ROUTES: &str = "\
default via 10.20.0.4 dev eth10 proto dhcp src 10.20.0.11 metric 100
10.20.0.0/24 dev eth10 proto kernel scope link src 10.20.0.11 metric 100
10.20.0.0/24 dev eth1 proto kernel scope link src 10.20.0.12 metric 1001
10.50.0.0/16 proto bird metric 32
\tnexthop via 10.20.0.2 dev eth10 weight 1
\tnexthop via 10.21.0.25 dev eth11 weight 1
blackhole 10.66.0.0/16
10.69.0.0/16 dev wg0 scope link
10.70.0.0/16 via 10.20.0.9 dev eth1
";

const TABLE: &str = "\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.20.1.1       0.0.0.0         UG    100    0        0 eth0
10.20.1.0       0.0.0.0         255.255.255.192 U     100    0        0 eth0
172.17.0.0      0.0.0.0         255.255.0.0     U     0      0        0 eth10
";

const TABLE_6: &str = "\
Kernel IPv6 routing table
Destination                    Next Hop                   Flag Met Ref Use If
2001:db8::/64                  [::]                       U    256 1     0 eth0
[::]/0                         fe80::1                    UG   1024 3   0 eth10
";

const RULES: &str = "\
0:\tfrom all lookup local
100:\tfrom 10.21.1.0/24 lookup 100
200:\tfrom all to 10.77.0.12 lookup 254
32764:\tfrom all lookup main suppress_prefixlength 10
32766:\tfrom all lookup main
32767:\tfrom all lookup default
";

const SS: &str = "\
Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
udp   UNCONN 0      0      0.0.0.0%virbr0:67    0.0.0.0:*     users:((\"dnsmasq\",pid=912,fd=3))
tcp   LISTEN 0      511          *:80                 *:*     users:((\"nginx\",pid=71,fd=6),(\"nginx\",pid=82,fd=6))
tcp   LISTEN 0      128       [::]:2222            [::]:*     users:((\"sshd\",pid=1234,fd=4))
";

const SS_PLAIN: &str = "\
State  Recv-Q Send-Q Local Address:Port Peer Address:Port
LISTEN 0      511          *:80                 *:*
LISTEN 0      128       [::]:2222            [::]:*
";

const NETSTAT: &str = "\
Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 127.0.0.1:5432          0.0.0.0:*               LISTEN      912/postgres
tcp6       0      0 :::2222                 :::*                    LISTEN      812/sshd
udp        0      0 0.0.0.0:68              0.0.0.0:*                           601/dhclient
";

const JSON: &str = r#"[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"operstate":"UNKNOWN","link_type":"loopback","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"}]},{"ifindex":12,"ifname":"bond0.10","flags":["BROADCAST","UP"],"operstate":"UP","master":"br0","link_type":"ether","addr_info":[{"family":"inet","local":"10.20.1.11","prefixlen":24,"scope":"global"},{"family":"inet6","local":"2001:db8::9","prefixlen":64,"dadfailed":true}]}]
"#;

const JSON_ROUTES: &str = r#"[{"dst":"default","gateway":"10.20.1.1","dev":"bond0.10","metric":100,"flags":["onlink"]},{"dst":"10.50.0.0/16","flags":[],"nexthops":[{"gateway":"10.20.1.2","dev":"bond0.10","weight":1,"flags":[]},{"gateway":"10.21.1.2","dev":"eth11","weight":1,"flags":["dead"]}]}]
"#;

const JSON_RULES: &str = r#"[{"priority":0,"src":"all","table":"local"},{"priority":100,"src":"10.21.1.0","srclen":24,"table":"100"},{"priority":32766,"src":"all","table":"main"},{"priority":32767,"src":"all","table":"default"}]
"#;

const ALL: [&str; 15] = [
    ADDR,
    ONE_LINE,
    BRIEF,
    OLD_IFCONFIG,
    IFCONFIG,
    ROUTES,
    TABLE,
    TABLE_6,
    RULES,
    SS,
    SS_PLAIN,
    NETSTAT,
    JSON,
    JSON_ROUTES,
    JSON_RULES,
];

fn parse(text: &str) -> Option<Export> {
    let export = format::read(&Source::new("a", text, "UTF-8"))?;
    (export.format == "iproute2").then_some(export)
}

// A line that is cut is told, or all of it is read; what is read stands in the whole text.
#[test]
fn a_text_that_ends_within_a_line_says_nothing_else() {
    for text in ALL {
        each_cut(text, parse);
    }
}

// Editors take the last end of a line away.
#[test]
fn a_last_line_without_its_end_is_whole_where_nothing_can_be_missing() {
    for (text, whole) in [
        (ADDR, true),
        (ONE_LINE, true),
        (BRIEF, false),
        (
            "lo UNKNOWN 127.0.0.1/8 ::1/128 \neth0 UP 10.20.1.11/24 fe80::1/64 \n",
            true,
        ),
        (
            "lo UNKNOWN 127.0.0.1/8 ::1/128 \neth0 UP 10.20.1.11/24 \n",
            false,
        ),
        (RULES, true),
        (SS, true),
        (SS_PLAIN, true),
        (JSON, true),
        (JSON_ROUTES, true),
        (JSON_RULES, true),
        // The name of an interface or of a program may be a part.
        (TABLE, false),
        (TABLE_6, false),
        (NETSTAT, false),
        (
            "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.7\n",
            true,
        ),
        (
            "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 scope link\n10.1.0.0/24 via 10.0.0.2 dev eth0\n",
            true,
        ),
        (
            "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 scope link\n10.1.0.0/24 via 10.0.0.2 dev eth\n",
            false,
        ),
        (
            "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 proto kernel scope link metric 10\n",
            false,
        ),
        (
            "10.0.0.0/24 dev eth0 scope link\nblackhole 10.66.0.0/16\n",
            true,
        ),
        (
            "10.0.0.0/24 dev eth0 scope link\nblackhole 10.66.0.0/2\n",
            false,
        ),
    ] {
        let trimmed = text.trim_end_matches('\n');
        let export = parse(trimmed).expect("recognized");
        assert_eq!(export.companions.iter().all(is_whole), whole, "{trimmed}");
        assert_eq!(
            export.problems.is_empty(),
            whole,
            "{trimmed}\n{:?}",
            export.problems
        );
        // And so they do with the blanks before it.
        let blanks = text.trim_end();
        let export = parse(blanks).expect("recognized");
        assert_eq!(export.companions.iter().all(is_whole), whole, "{blanks}");
    }
}

#[test]
fn rules_without_the_one_for_the_main_table_are_a_part() {
    let text = "0:\tfrom all lookup local\n100:\tfrom 10.21.1.0/24 lookup 100\n";
    let export = read(text);
    assert!(!export.companions.iter().all(is_whole));
    assert_eq!(export.problems.len(), 1, "{:?}", export.problems);
}
