//! `ss` and `netstat`.

use super::{clean, read, sockets};
use hylint_model::{Families, Sockets};

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
