#![allow(clippy::unwrap_used, clippy::panic)]

use crate::input::Input;
use crate::nft::{FORMAT, write, write_json};
use crate::source::Source;
use hylint_model::{Body, Export};

fn read(text: &str) -> Export {
    (FORMAT.read)(&Input::new(&Source::new("x", text, "UTF-8")))
}

/// A listing of one table with one base chain at input.
fn listing(table: &str, sets: &str, rules: &[&str]) -> String {
    let rules: String = rules.iter().map(|r| format!("\t\t{r}\n")).collect();
    format!(
        "table {table} {{\n{sets}\tchain input {{\n\t\ttype filter hook input priority 0; policy drop;\n{rules}\t}}\n\n\tchain other {{\n\t\tcounter\n\t}}\n}}\n"
    )
}

/// The rules as written, without their places.
fn rules(text: &str) -> Vec<String> {
    let inside = |l: &&str| l.starts_with("\t\t") && !l.contains(" hook ");
    text.lines()
        .filter(inside)
        .map(|l| l.trim().to_owned())
        .collect()
}

/// A rule that is written in other words than these is either not the shortest, or not what nft lists.
#[test]
fn rules_are_written_as_nft_lists_them() {
    let same = [
        "iifname \"lo\" accept",
        "iifname { \"eth0\", \"wg*\" } accept",
        "oifname != \"eth0\" drop",
        "ip saddr 10.0.0.1 accept",
        "ip saddr { 10.0.0.0/8, 192.168.0.1-192.168.0.9 } tcp dport { 22, 80-90 } accept",
        "ip6 daddr != fd00::/8 drop",
        "meta nfproto ipv6 accept",
        "meta l4proto udp accept",
        "tcp dport != 22 drop",
        "meta l4proto { tcp, udp } th dport 53 accept",
        "icmp type 8 accept",
        "icmpv6 type { 1-4, 128 } accept",
        "tcp flags & (fin | syn | rst | ack) == syn accept",
        "ct state established,related accept",
        "ct state invalid drop",
        "ct state != new drop",
        "ct status dnat accept",
        "ct state vmap { established : accept, related : accept, invalid : drop }",
        "tcp dport vmap { 22 : accept, 23 : drop, 80 : jump other }",
        "ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.2 . 23 } accept",
        "limit rate over 10/second burst 3 packets drop",
        "limit rate 512 kbytes/second accept",
        "quota over 10 mbytes drop",
        "ct count over 20 drop",
        "meta mark 0x1 accept",
        "meta mark & 0xff == 0x1 accept",
        "ct mark != 0x2 drop",
        "fib daddr type local accept",
        "fib saddr . iif oif missing drop",
        "meta skuid 1000 accept",
        "meta pkttype broadcast drop",
        "meta mark set 0x1",
        "meta mark set meta mark | 0x10",
        "ct mark set meta mark & 0xff",
        "meta mark set ct mark",
        "notrack",
        "jump other",
        "goto other",
        "return",
        "counter",
        "tcp dport 22 accept comment \"say who\"",
    ];
    let text = listing("inet t", "", &same);
    let export = read(&text);
    let written =
        write(&export.points).unwrap_or_else(|e| panic!("{e} {:?}", text.get(e.span.range())));
    let mut want: Vec<String> = same.iter().map(|r| (*r).to_owned()).collect();
    want.push("counter".into());
    assert_eq!(rules(&written), want);
    let json = write_json(&export.points).unwrap();
    let back = read(&json);
    assert_eq!(write(&back.points).unwrap(), written, "JSON says the same");
}

/// What the model holds of these is less than what their lines say, or nft has no words for it.
#[test]
fn what_cannot_be_written_is_an_error() {
    for (rule, message) in [
        (
            "xt match \"addrtype\" accept",
            "the rule rests on a condition that nft does not have",
        ),
        (
            "tproxy to :50",
            "nft has no statement for what the rule does",
        ),
    ] {
        let export = read(&listing("ip t", "", &[rule]));
        let error = write(&export.points).unwrap_err();
        assert_eq!((error.format, error.message), ("nft", message), "{rule}");
    }
    let mut export = read(&listing("ip t", "", &["accept"]));
    let Body::Netfilter(body) = &mut export.points[0].body else {
        panic!()
    };
    let id = body.chains().next().unwrap().0;
    body.chain_rules_mut(id).unwrap()[0].enabled = false;
    assert!(write(&export.points).is_err(), "a disabled rule");
    assert!(write([]).is_err() && write_json([]).is_err());
}

/// An interface, a state and a protocol in one set: each element is a combination.
#[test]
fn members_of_a_large_concatenation_are_a_set_of_the_table() {
    let members: Vec<String> = (0..100)
        .map(|n| format!("10.0.0.{n} . {}", 1000 + n))
        .collect();
    let sets = format!(
        "\tset s {{\n\t\ttype ipv4_addr . inet_service\n\t\tflags interval\n\t\telements = {{ {} }}\n\t}}\n\n",
        members.join(", ")
    );
    let text = listing("ip t", &sets, &["ip saddr . tcp dport @s accept"]);
    let export = read(&text);
    let written = write(&export.points).unwrap_or_else(|e| panic!("{e}"));
    assert!(
        written.contains("ip saddr . tcp dport @s accept"),
        "{written}"
    );
    assert_eq!(written.matches(" . 1").count(), 100);
    assert!(write_json(&export.points).unwrap().contains("\"set\""));
}

#[test]
fn chains_that_stand_in_rules_are_written_there() {
    let text = listing(
        "inet t",
        "",
        &["tcp dport 22 jump { ip saddr 10.0.0.1 accept; drop; }"],
    );
    let export = read(&text);
    let written = write(&export.points).unwrap_or_else(|e| panic!("{e}"));
    assert!(
        written.contains("tcp dport 22 jump { ip saddr 10.0.0.1 accept; drop; }"),
        "{written}"
    );
    assert!(
        write_json(&export.points).is_err(),
        "JSON has no such chains"
    );
}
