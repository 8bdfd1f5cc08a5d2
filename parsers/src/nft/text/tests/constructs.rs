//! Expressions and statements of nft(8), each form once: a form that is not read, or read as something else, fails here.

use super::{rule, said};

#[test]
fn expressions_are_read_as_they_are_listed() {
    let same = [
        "meta mark 1",
        "meta l4proto { tcp, udp }",
        "iif \"lo\"",
        "iifname { \"eth0\", \"wg*\" }",
        "ct state established,related",
        "ct original ip saddr 10.0.0.1",
        "ct reply proto-dst 80",
        "ip saddr . tcp dport { 10.0.0.0/8 . 1-1024, 10.0.0.1-10.0.0.9 . 22 }",
        "ip6 saddr 2001:db8::/32",
        "ip6 saddr != { ::1, fe80::/10 }",
        "tcp flags & (fin | syn | rst | ack) == syn",
        "tcp flags ! syn,ack",
        "tcp option maxseg size 1-500",
        "tcp option sack-perm missing",
        "ip option lsrr exists",
        "exthdr hbh exists",
        "frag more-fragments 1",
        "srh sid[0] ::1",
        "rt nexthop 10.0.0.1",
        "rt type 0",
        "icmpv6 type { nd-neighbor-solicit, 135 }",
        "arp saddr ip 10.0.0.1",
        "ether saddr 00:00:5e:00:53:01",
        "vlan pcp 5",
        "fib saddr . iif oif missing",
        "fib saddr . iif check exists",
        "fib daddr type local",
        "socket cgroupv2 level 2 \"a/b\"",
        "osf ttl loose name \"Linux\"",
        "ipsec in spnum 1 ip saddr 10.0.0.1",
        "numgen inc mod 3 offset 1 2",
        "jhash ip saddr . tcp dport mod 4 1",
        "@th,16,16 53",
        "@nh,96,32 . @ih,0,8 { 1 . 2 }",
        "sctp chunk init num-inbound-streams 1",
        "dccp option 40 exists",
        "vxlan ip saddr 10.0.0.1",
        "geneve vni 7",
        "meta hour \"10:00\"-\"12:00\"",
        "meta priority 1:10",
        "ether type vlan",
    ];
    for text in same {
        assert_eq!(rule(text), text);
    }
}

#[test]
fn other_spellings_have_the_same_tree() {
    let spelled = [
        ("mark and 0xff == 0x1", "meta mark & 255 == 1"),
        ("meta secpath exists", "meta ipsec exists"),
        ("ibriport \"br0\"", "meta ibrname \"br0\""),
        ("tcp dport ne 22", "tcp dport != 22"),
        ("tcp flags syn / fin,syn", "tcp flags & (fin | syn) == syn"),
        ("tcp dport{22,80}accept", "tcp dport { 22, 80 } ; accept"),
        (
            "tcp dport vmap { 22:accept, 28:drop }",
            "tcp dport vmap { 22 : accept, 28 : drop }",
        ),
        (
            "ip6 saddr vmap { fe80:::accept }",
            "ip6 saddr vmap { fe80:: : accept }",
        ),
        (
            "ip saddr . tcp dport vmap @m",
            "ip saddr . tcp dport vmap @m",
        ),
        ("tcp dport 022", "tcp dport 18"),
        ("dnat to [2001:db8::1]:80", "dnat to 2001:db8::1:80"),
        ("redirect to 8080", "redirect to :8080"),
        (
            "masquerade to :1024-65535 random,persistent",
            "masquerade to :1024-65535 random,persistent",
        ),
        (
            "snat ip prefix to ip saddr map { 10.0.0.0/8 : 11.0.0.0/8 }",
            "snat ip prefix to ip saddr map { 10.0.0.0/8 : 11.0.0.0/8 }",
        ),
        (
            "dnat ip addr . port to tcp dport map { 80 : 1.1.1.1 . 8080 }",
            "dnat ip to tcp dport map { 80 : 1.1.1.1 . 8080 }",
        ),
        (
            "dnat to ip saddr map @a:tcp dport map @p",
            "dnat to ip saddr map @a:tcp dport map @p",
        ),
        (
            "meter m size 9 { ip saddr limit rate 5/second }",
            "add @m { ip saddr limit rate 5/second }",
        ),
        ("set add ip saddr timeout 5s @s", "add @s { ip saddr }"),
        (
            "add @s { ip saddr ct count over 3 } drop",
            "add @s { ip saddr ct count over 3 } ; drop",
        ),
        ("reset tcp option mptcp", "tcp option mptcp set missing"),
        ("ct mark set mark | 0x10", "ct mark set meta mark | 16"),
        ("queue num 1-3 bypass,fanout", "queue"),
        ("queue flags bypass to numgen inc mod 4", "queue"),
        ("xt target CHECKSUM", "xt target \"CHECKSUM\""),
        (
            "# xt_addrtype counter drop",
            "xt match \"addrtype\" ; counter ; drop",
        ),
        (
            "iifname \"a\" # xt_target_of_mine is a comment",
            "iifname \"a\"",
        ),
        ("goto a-b.c/d comment \"x\"", "goto a-b.c/d (x)"),
    ];
    for (text, tree) in spelled {
        assert_eq!(rule(text), tree, "{text}");
    }
}

#[test]
fn statements_without_a_verdict_are_read_to_their_ends() {
    let silent = [
        "counter packets 0 bytes 5",
        "counter name \"c\"",
        "counter name tcp dport map { 80 : \"web\" }",
        "last used 1d2h",
        "log prefix \"a: \" level warn flags tcp sequence,options group 2",
        "quota over 25 mbytes used 2 kbytes",
        "limit rate over 400/minute burst 5 packets",
        "limit rate 10 mbytes/second burst 12000 kbytes",
        "limit name \"l\"",
        "ct count over 20",
        "ct helper set \"ftp\"",
        "ct timeout set \"t\"",
        "ct zone set iif map { 1 : 2 }",
        "ct event set new,related",
        "notrack",
        "meta nftrace set 1",
        "flow add @f",
        "synproxy mss 1460 wscale 7 timestamp sack-perm",
        "tproxy ip to 127.0.0.1:50080",
        "dup to 10.0.0.1 device \"eth1\"",
        "fwd ip to 10.0.0.1 device \"eth1\"",
        "reject with icmpx type port-unreachable",
        "reject with tcp reset",
        "tcp option maxseg size set rt mtu",
        "ip dscp set ip dscp map { 1 : 2 }",
        "update @m { ip saddr . tcp dport timeout 5m counter : tcp sport }",
        "delete @s { ip saddr }",
    ];
    for text in silent {
        let tree = rule(&format!("{text} tcp dport 22"));
        assert!(tree.ends_with(" ; tcp dport 22"), "{text}: {tree}");
    }
}

#[test]
fn rules_of_an_anonymous_chain_are_of_their_rule() {
    let text = "tcp dport 22 jump {\n ip saddr 10.0.0.1 accept; ip saddr 10.0.0.2 accept\n drop\n }\n accept";
    let rules = rule(text);
    assert!(rules.starts_with("tcp dport 22 ; jump { "), "{rules}");
    assert!(rules.ends_with(" / accept"), "{rules}");
}

// Fails if a translation that the listing leaves out makes a rule without effect of it.
#[test]
fn a_target_that_nft_does_not_list_is_unknown() {
    let lost = "iifname != \"docker0\" tcp dport 2222 counter packets 0 bytes 0";
    let known = "iifname != \"docker0\" ; tcp dport 2222 ; counter";
    assert_eq!(rule(lost), known);
    let unknown = format!("{known} ; xt target \"unknown\"");
    assert_eq!(rule(&format!("{lost} ")), unknown);
    assert_eq!(
        rule(&format!("{lost}  # handle 7")),
        format!("{unknown} #7")
    );
    assert_eq!(rule(&format!("{lost} # handle 7")), format!("{known} #7"));
    let told = rule(&format!("{lost} XT target DNAT not found"));
    assert_eq!(told, format!("{known} ; xt target \"DNAT\""));
}

#[test]
fn sets_have_their_elements_whatever_stands_beside_them() {
    let text = "table ip t {\n set s {\n  typeof ip saddr . tcp dport\n  flags dynamic,timeout; timeout 1h\n  counter\n  size 9\n  policy memory\n  auto-merge\n\
        comment \"c\"\n  elements = { 10.0.0.1 . 22 timeout 5m expires 2m comment \"a\" counter packets 1 bytes 2,\n  # no\n  10.0.0.2 . 23 last used never, }\n }\n\
        map m {\n  type ipv4_addr . inet_proto : verdict\n  elements = { 10.0.0.1 . tcp comment \"x\" : goto c,\n   * : drop }\n }\n\
        map o { typeof ip saddr : ct helper; elements = { 10.0.0.1 : \"ftp\" } }\n map i { type ipv4_addr : interval ipv4_addr . inet_service; }\n}\n";
    let said = said(text);
    assert_eq!(said.problems, [""; 0]);
    assert_eq!(
        said.commands,
        [
            "Add table Ip t",
            "Add set s { 10.0.0.1 . 22 counter, 10.0.0.2 . 23 counter }",
            "Add set m { 10.0.0.1 . tcp : goto c, * : drop }",
            "Add set o { 10.0.0.1 : \"ftp\" }",
            "Add set i {  }",
        ]
    );
}
