//! `ip addr` and `ifconfig`.

use super::{ADDR, ADDR_READ, addresses, clean, set, shown};
use hylint_model::Families;

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
