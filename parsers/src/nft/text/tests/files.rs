//! Files and listings: commands, blocks, variables, includes, and what is copied with a listing.

use super::{said, said_of};
use crate::source::{Include, Source};
use hylint_model::Span;

#[test]
fn a_listing_is_read_whole_with_its_handles() {
    let listing = "root@fw:~# nft -a list ruleset\n# Warning: table ip nat is managed by iptables-nft, do not touch!\ntable ip nat { # handle 1\n}\n\
        table netdev f { # handle 1\n\tchain in { # handle 3\n\t\ttype filter hook ingress devices = { \"eth0\", eth1 } priority filter - 5; policy drop;\n\
        \t\tct state vmap { established : accept, related : accept } comment \"x\" # handle 4\n\t}\n}\nroot@fw:~#\n";
    let said = said(listing);
    assert_eq!(said.problems, [""; 0]);
    assert_eq!(
        said.commands,
        [
            "Add table Ip nat iptables",
            "Add table Netdev f",
            "Add chain in filter ingress filter-5 [\"eth0\", \"eth1\"] drop",
            "Add rule in: ct state vmap { established : accept, related : accept } (x) #4",
        ]
    );
}

#[test]
fn commands_are_read_with_their_places() {
    let text = "#!/usr/sbin/nft -f\nflush ruleset inet\nadd table x; add chain x c { type filter hook input priority -150; policy drop; }\n\
        add rule x c position 5 tcp dport 22 accept\ninsert rule ip6 x c index 0 drop\nreplace rule x c handle 7 accept comment \"n\"\n\
        delete rule x c handle 3\nadd element x s { 1, 2-3 }\ndestroy table inet y\nadd x c counter\nip x c drop\nlist ruleset\n\
        rename chain x c d\nadd counter x k { packets 1 bytes 2 }\nadd ct helper x h { type \"ftp\" protocol tcp; }\ndelete set x s\n\
        delete chain x handle 4\ncreate table inet z { flags dormant; comment \"q\"; }\nnft add rule x c accept\n# nft list ruleset";
    let said = said(text);
    assert_eq!(said.problems, [""; 0]);
    assert_eq!(
        said.commands,
        [
            "Flush ruleset Some(Inet)",
            "Add table Ip x",
            "Add chain c filter input -150 [] drop",
            "Add rule c: tcp dport 22 ; accept Handle(5)",
            "Insert rule c: drop Index(0)",
            "Replace rule c: accept (n) Handle(7)",
            "Delete rule c:  Handle(3)",
            "Add elements s { 1, 2-3 }",
            "Destroy table Inet y",
            "Add rule c: counter",
            "Add rule c: drop",
            "Other Unknown list ruleset",
            "Other Unknown rename chain x c d",
            "Add Counter k",
            "Add CtObject h",
            "Delete set s {  }",
            "Delete chain ",
            "Create table Inet z dormant",
            "Add rule c: accept",
        ]
    );
}

#[test]
fn variables_stand_for_their_values_where_they_are_defined() {
    let text = "define wan = { eth0, \"eth1\" }\ndefine all = { $wan, lo }\ndefine prio = \"filter\"\ndefine addr = 10.0.0.1\ndefine low = 1\n\
        table ip t {\n define pol = drop2\n redefine low = 2\n chain c {\n type filter hook input priority $prio + 5\n\
        iifname $all tcp dport $low - 9 ip saddr { $addr, 10.0.0.2 } dnat to $addr:$low\n jump $pol\n }\n}\ntable ip u { chain c { tcp dport $low accept; }\n}\n";
    let all = said(text);
    assert_eq!(all.problems, [""; 0]);
    assert_eq!(
        all.commands[1..],
        [
            "Add chain c filter input filter+5 []",
            "Add rule c: iifname { eth0, \"eth1\", lo } ; tcp dport 2-9 ; ip saddr { 10.0.0.1, 10.0.0.2 } ; dnat to 10.0.0.1:2",
            "Add rule c: jump drop2",
            "Add table Ip u",
            "Add chain c",
            "Add rule c: tcp dport 1 ; accept",
        ]
    );
    // Each is told once where its cause is, and each rule that is lost with it.
    let cycle = "define a = $b\ndefine b = $a\ndefine c = { $c }\ntable ip x {\n chain c {\n  tcp dport $b accept\n  accept\n }\n}\n";
    assert_eq!(
        said(cycle).problems,
        [
            "1:12: the variable `$b` is not defined before it is used here",
            "3:14: the variable `$c` is not defined before it is used here",
            "6:13 dropped: the variable `$b` has no value: its definition cannot be read",
        ]
    );
}

/// A source whose includes stand for these parts.
fn composed(main: &str, parts: &[&str], includes: &[(&str, Include)]) -> Source {
    let mut source = Source::new("main", main, "UTF-8");
    for (n, part) in parts.iter().enumerate() {
        source.add_part(format!("part{n}"), part);
    }
    for (path, include) in includes {
        let word = format!("include \"{path}\"");
        for (at, _) in source.text.match_indices(&word) {
            source
                .includes
                .insert(Span::new(at, at).start, include.clone());
        }
    }
    source
}

#[test]
fn included_files_are_read_where_they_are_included() {
    let main = "include \"defs\"\ntable ip t {\n chain c {\n  include \"rules\"; include \"gone\"; drop\n }\n include \"none/*\"\n include \"gone\"\n include \"../out\"\n}";
    let parts = [
        "define p = 22",
        "tcp dport $p accept\nbroken\n}\nudp dport 1 accept",
    ];
    let includes = [
        ("defs", Include::Parts(vec![0])),
        ("rules", Include::Parts(vec![1])),
        ("none/*", Include::Parts(vec![])),
        ("gone", Include::Missing),
        ("../out", Include::Outside),
    ];
    let said = said_of(&composed(main, &parts, &includes));
    assert_eq!(
        said.commands[2..],
        [
            "Add rule c: tcp dport 22 ; accept",
            "Add rule c: udp dport 1 ; accept",
            "Add rule c: drop",
        ]
    );
    assert_eq!(
        said.problems,
        [
            "2:1 dropped: `broken` does not begin a statement of nftables",
            "3:1: this `}` closes nothing in this file",
            "4:20: the included file `gone` is not in this folder",
            "7:2: the included file `gone` is not in this folder",
            "8:2: the included file `../out` is outside this folder",
        ]
    );
}

#[test]
fn files_that_include_themselves_are_told_once() {
    let parts = ["include \"b\"\nadd table a", "include \"a\"\nadd table b"];
    let includes = [
        ("a", Include::Parts(vec![0])),
        ("b", Include::Parts(vec![1])),
        ("main", Include::Itself),
    ];
    let found = said_of(&composed(
        "include \"a\"\ninclude \"main\"\n",
        &parts,
        &includes,
    ));
    assert_eq!(found.commands, ["Add table Ip b", "Add table Ip a"]);
    assert_eq!(
        found.problems,
        [
            "1:1: `part0` includes itself",
            "2:1: `main` includes itself"
        ]
    );
}
