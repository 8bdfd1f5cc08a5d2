//! Listings as people paste them: in parts, cut, wrapped, several in a file.

use crate::format;
use crate::source::Source;
use hylint_model::{Action, Body, Companion, Export, Families, Hits, Netfilter, Problem, Rule};

const V: &str =
    " pkts bytes target     prot opt in     out     source               destination         \n";
const PLAIN: &str = "target     prot opt source               destination         \n";

fn read(text: &str) -> Export {
    let export = format::read(&Source::new("x", text, "UTF-8")).expect("read");
    assert_eq!(export.lost(), 0, "{text}");
    export
}

fn netfilter(export: &Export, point: usize) -> &Netfilter {
    match &export.points[point].body {
        Body::Netfilter(n) => n,
        Body::Lists(_) => panic!("no netfilter"),
    }
}

fn rules<'e>(export: &'e Export, table: &str, chain: &str) -> &'e [Rule] {
    let table = netfilter(export, 0).table(table).expect(table);
    &table.chain(chain).expect(chain).1.rules
}

fn told(export: &Export) -> Vec<String> {
    let said = |p: &Problem| format!("{:?} {}", p.kind, p.message);
    export.problems.iter().map(said).collect()
}

/// Whether what is told makes nothing open: a note, or the nat table that is another command's.
fn is_note(told: &str) -> bool {
    told.starts_with("Note") || told.starts_with("Unshown")
}

fn tells(export: &Export, part: &str) -> usize {
    told(export).iter().filter(|t| t.contains(part)).count()
}

/// A filter table with these rules of INPUT.
fn filter(input: &str) -> String {
    format!(
        "Chain INPUT (policy DROP 1 packets, 2 bytes)\n{V}{input}\nChain FORWARD (policy DROP 0 packets, 0 bytes)\n{V}\n\
         Chain OUTPUT (policy ACCEPT 12K packets, 3M bytes)\n{V}"
    )
}

const SSH: &str = "   12   34 ACCEPT     tcp  --  eth0   *       10.0.0.0/8           0.0.0.0/0            tcp dpt:22\n";

// Fails if tables or families of one file are mixed up, or prompts and warnings end the reading.
#[test]
fn several_tables_and_families_of_one_file() {
    let text = format!(
        "root@gw:~# iptables -nvL\n{}root@gw:~# iptables -t nat -L -n -v\nChain PREROUTING (policy ACCEPT 0 packets, 0 bytes)\n{V}\
         \x20   0     0 DNAT       6    --  eth0   *       0.0.0.0/0            0.0.0.0/0            tcp dpt:80 to:10.0.0.5:8080\n\
         \nChain OUTPUT (policy ACCEPT 0 packets, 0 bytes)\n{V}\nChain POSTROUTING (policy ACCEPT 0 packets, 0 bytes)\n{V}\nroot@gw:~# ip6tables -L -n -v\n\
         Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n{V}\
         \x20   0     0            all      lo     *       ::/0                 ::/0                \n\
         \x20   0     0 DROP       tcp      *      *       2001:db8::/32        ::/0                 tcp dpt:22\n\
         \nChain FORWARD (policy ACCEPT 0 packets, 0 bytes)\n{V}\nChain OUTPUT (policy ACCEPT 0 packets, 0 bytes)\n{V}root@gw:~# \n",
        filter(SSH)
    );
    for text in [text.clone(), text.replace('\n', "\r\n")] {
        let e = read(&text);
        let families: Vec<Families> = e.points.iter().map(|p| p.families).collect();
        assert_eq!(families, [Families::V4, Families::V6], "{:?}", told(&e));
        let tables = netfilter(&e, 0).tables().iter().map(|t| &*t.name);
        assert_eq!(tables.collect::<Vec<_>>(), ["nat", "filter"]);
        let [ssh] = rules(&e, "filter", "INPUT") else {
            panic!("{:?}", told(&e))
        };
        assert_eq!((ssh.action.clone(), ssh.hits), (Action::Allow, Hits::Some));
        assert_eq!(text[ssh.span.range()].trim(), SSH.trim());
        assert!(matches!(
            rules(&e, "nat", "PREROUTING")[0].action,
            Action::Nat(_)
        ));
        let v6 = &netfilter(&e, 1).table("filter").unwrap().chains[0].rules;
        assert_eq!(
            (&v6[0].action, &v6[1].action),
            (&Action::Continue, &Action::Deny)
        );
        assert_eq!(v6[1].hits, Hits::None);
        assert!(told(&e).iter().all(|t| is_note(t)), "{:?}", told(&e));
    }
}

// Fails if a rule without a listed interface is taken for one of any interface.
#[test]
fn without_v_each_rule_depends_on_its_interface() {
    let text = format!(
        "Chain INPUT (policy DROP)\n{PLAIN}ACCEPT     all  --  anywhere             anywhere            \n\
         LOG        all  --  anywhere             anywhere             LOG level warn\n\
         \nChain FORWARD (policy DROP)\n{PLAIN}\nChain OUTPUT (policy ACCEPT)\n{PLAIN}"
    );
    let e = read(&text);
    let [accept, log] = rules(&e, "filter", "INPUT") else {
        panic!()
    };
    let open = |r: &Rule| {
        r.conditions()
            .map(|c| c.text.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(open(accept).len(), 1);
    assert!(open(accept)[0].starts_with("interface is not printed"));
    // Whether it matches decides nothing.
    assert_eq!((open(log).len(), &log.action), (0, &Action::Continue));
    assert_eq!(
        tells(
            &e,
            "without `-v` leaves out interfaces: 1 rule is conditional"
        ),
        1
    );
    assert_eq!(accept.hits, Hits::Unprinted);
}

// Fails if a part of a listing is taken for the whole.
#[test]
fn what_is_cut_or_filtered_is_told_and_stays_open() {
    // `| head`: the other chains of the kernel are missing.
    let e = read(&format!(
        "Chain INPUT (policy DROP 0 packets, 0 bytes)\n{V}{SSH}"
    ));
    let input = rules(&e, "filter", "INPUT");
    assert!(matches!(&input[1].action, Action::Opaque(_)), "{input:?}");
    assert_eq!(
        tells(&e, "after chain `INPUT` the listing ends"),
        1,
        "{:?}",
        told(&e)
    );
    // One chain is all that its command lists.
    let e = read(&format!(
        "# iptables -L INPUT -n -v\nChain INPUT (policy DROP 0 packets, 0 bytes)\n{V}{SSH}"
    ));
    assert_eq!(rules(&e, "filter", "INPUT").len(), 1, "{:?}", told(&e));
    // A chain that is used and not listed.
    let jump = "    0     0 f2b-sshd   tcp  --  *      *       0.0.0.0/0            0.0.0.0/0           \n";
    let e = read(&filter(jump));
    assert!(matches!(
        &rules(&e, "filter", "INPUT")[0].action,
        Action::Opaque(_)
    ));
    assert_eq!(
        tells(
            &e,
            "chain `f2b-sshd` of the filter table is used and not listed"
        ),
        1
    );
    assert_eq!(tells(&e, "unknown target"), 0);
    // Numbers that do not follow each other, a filter in the command, too few references.
    let numbered = |n: &str| {
        format!(
            "Chain INPUT (policy ACCEPT)\nnum  {PLAIN}1    DROP       tcp  --  10.0.0.1             0.0.0.0/0            tcp dpt:22\n\
             {n}    DROP       tcp  --  10.0.0.2             0.0.0.0/0            tcp dpt:22\n\
             \nChain FORWARD (policy ACCEPT)\nnum  {PLAIN}\nChain OUTPUT (policy ACCEPT)\nnum  {PLAIN}"
        )
    };
    assert!(!netfilter(&read(&numbered("2")), 0).in_part);
    for (text, why) in [
        (numbered("4"), "rule 4 of chain `INPUT` follows rule 1"),
        (
            format!("$ sudo iptables -nvL | grep ACCEPT\n{}", filter(SSH)),
            "the command that is shown leaves lines of it out",
        ),
        (
            format!(
                "{}\nChain f2b (3 references)\n{V}",
                filter(&jump.replace("f2b-sshd", "f2b"))
            ),
            "chain `f2b` has 3 references, and 1 are listed",
        ),
    ] {
        let e = read(&text);
        assert!(netfilter(&e, 0).in_part, "{why}: {:?}", told(&e));
        assert_eq!(tells(&e, why), 1, "{:?}", told(&e));
    }
    // What `grep` leaves.
    let e = read(&format!("{SSH}{SSH}"));
    assert_eq!((e.points.len(), e.rules_in_file), (0, 2));
    assert_eq!(
        tells(&e, "Malformed rule outside of any chain"),
        1,
        "{:?}",
        told(&e)
    );
}

// Fails if a line that is broken is read as if it were whole, or is lost.
#[test]
fn wrapped_and_cut_lines() {
    let rule = |line: &str| read(&filter(&format!("    0     0 {line}\n")));
    let open = |e: &Export| rules(e, "filter", "INPUT")[0].conditions().count();
    // Between two words, and inside of one.
    let whole = rule(
        "ACCEPT     tcp  --  *      *       10.0.0.0/8           0.0.0.0/0            tcp\ndpt:22 ctstate NEW",
    );
    assert_eq!(
        (open(&whole), whole.rules_in_file),
        (0, 1),
        "{:?}",
        told(&whole)
    );
    for line in [
        "ACCEPT     tcp  --  *      *       10.0.0.0/8           0.0.0.0/0            tcp dpt:4\n43",
        "ACCEPT     tcp  --  *      *       10.0.0.0/8\n0.0.0.0/0            tcp dpt:22",
    ] {
        let e = rule(line);
        assert_eq!((open(&e), e.rules_in_file), (1, 1), "{line}");
        let all = &rules(&e, "filter", "INPUT")[0].clauses[0].space;
        assert!(all.dport.is_full(), "{line}");
        assert_eq!(
            tells(&e, "Malformed a rule of the listing is wrapped or cut off"),
            1
        );
    }
    // The file ends in a rule.
    let text = format!("{}    0     0 DR", filter("")).replace("OUTPUT", "OUTPUT");
    let e = read(&text);
    assert_eq!(e.rules_in_file, 1);
    assert!(matches!(
        &rules(&e, "filter", "OUTPUT")[0].action,
        Action::Opaque(_)
    ));
}

// Fails if blanks that were lost, or asterisks that a page swallowed, move what stands in a column.
#[test]
fn columns_that_were_lost() {
    let e = read(&filter(
        "12 34 ACCEPT tcp -- eth0 * 10.0.0.0/8 0.0.0.0/0 tcp dpt:22\n",
    ));
    let line = &rules(&e, "filter", "INPUT")[0];
    assert_eq!(line.conditions().count(), 0, "{:?}", told(&e));
    let e = read(&filter(
        "0 0 ACCEPT tcp --     10.0.0.0/8 0.0.0.0/0 tcp dpt:22\n",
    ));
    let line = &rules(&e, "filter", "INPUT")[0];
    assert_eq!(line.conditions().count(), 1);
    assert_eq!(line.clauses[0].space.dport.iter().next(), Some((22, 22)));
}

// Fails if names are taken for addresses or ports that they may not stand for.
#[test]
fn names_of_services_and_hosts() {
    let text = |line: &str| {
        format!(
            "Chain INPUT (policy DROP 0 packets, 0 bytes)\n{V}    0     0 ACCEPT     tcp  --  any    any     {line}\n\
             \nChain FORWARD (policy DROP 0 packets, 0 bytes)\n{V}\nChain OUTPUT (policy ACCEPT 0 packets, 0 bytes)\n{V}"
        )
    };
    for (line, dport, src, open) in [
        ("anywhere anywhere tcp dpt:ssh", Some((22, 22)), true, 0),
        (
            "anywhere anywhere tcp dpt:frobnicate",
            Some((0, 65535)),
            true,
            1,
        ),
        ("loopback/8 anywhere tcp dpt:http", Some((80, 80)), false, 0),
        ("localhost anywhere tcp dpt:http", Some((80, 80)), false, 0),
        (
            "mail.example.org anywhere tcp dpt:http",
            Some((80, 80)),
            true,
            1,
        ),
        (
            "10.0.0.1 anywhere multiport dports ssh,frobnicate",
            Some((0, 65535)),
            false,
            1,
        ),
    ] {
        let e = read(&text(line));
        let rule = &rules(&e, "filter", "INPUT")[0];
        let space = &rule.clauses[0].space;
        assert_eq!(space.dport.iter().next(), dport, "{line}");
        assert_eq!(space.src.v4.is_full(), src, "{line}");
        assert_eq!(rule.conditions().count(), open, "{line}: {:?}", told(&e));
        assert_eq!(tells(&e, "invalid"), 0, "{line}: {:?}", told(&e));
    }
}

// Fails if one table that is listed twice is read twice, or if its rules vanish.
#[test]
fn a_table_that_is_listed_again_and_listings_of_s() {
    let plain = format!(
        "Chain INPUT (policy DROP)\n{PLAIN}ACCEPT     tcp  --  10.0.0.0/8           0.0.0.0/0            tcp dpt:22\n\
         \nChain FORWARD (policy DROP)\n{PLAIN}\nChain OUTPUT (policy ACCEPT)\n{PLAIN}\n"
    );
    for text in [
        format!("{plain}{}", filter(SSH)),
        format!("{}\n{plain}", filter(SSH)),
    ] {
        let e = read(&text);
        assert_eq!((e.points.len(), e.rules_in_file), (1, 2), "{:?}", told(&e));
        let kept = &rules(&e, "filter", "INPUT")[0];
        assert_eq!((kept.conditions().count(), kept.hits), (0, Hits::Some));
        assert_eq!(tells(&e, "the table is listed again"), 1);
    }
    let text = format!(
        "# iptables -nvL\n{}# iptables -t nat -S\n-P PREROUTING ACCEPT\n-P POSTROUTING ACCEPT\n-N D\n\
         -A PREROUTING -j D\n-A D -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080\n",
        filter(SSH)
    );
    let e = read(&text);
    assert_eq!((e.points.len(), e.rules_in_file), (1, 3), "{:?}", told(&e));
    let redirect = &rules(&e, "nat", "D")[0];
    assert!(text[redirect.span.range()].starts_with("-A D -p tcp"));
    assert!(matches!(redirect.action, Action::Nat(_)));
}

// Fails if other programs' heads before a table are not understood.
#[test]
fn heads_of_other_programs() {
    for head in [
        "Table: filter\n",
        "iptables filter table\n=====================\n",
    ] {
        let e = read(&format!(
            "{head}{}\n{}Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)\n{V}\nChain POSTROUTING (policy ACCEPT 0 packets, 0 bytes)\n{V}",
            filter(SSH),
            head.replace("filter", "nat")
        ));
        let tables = netfilter(&e, 0).tables().iter().map(|t| &*t.name);
        assert_eq!(tables.collect::<Vec<_>>(), ["nat", "filter"], "{head}");
    }
}

fn members(e: &Export) -> Vec<(String, usize)> {
    let sets = e.companions.iter().filter_map(|c| match c {
        Companion::IpSet(s) => Some((s.name.to_string(), s.entries.len())),
        _ => None,
    });
    sets.collect()
}

// Fails if a set whose members are not all listed is taken for a whole one.
#[test]
fn sets_as_text_and_as_xml() {
    let text = "Name: a\nType: hash:net\nRevision: 7\nHeader: family inet hashsize 1024 maxelem 65536 timeout 0 comment\n\
        Size in memory: 600\nReferences: 1\nNumber of entries: 2\nMembers:\n10.0.0.0/8 timeout 3 comment \"x y\"\n192.0.2.0/24 nomatch\n\n\
        Name: b\nType: hash:ip,port\nRevision: 6\nHeader: family inet\nSize in memory: 8\nReferences: 0\nNumber of entries: 0\nMembers:\n";
    let e = read(text);
    assert_eq!(
        members(&e),
        [("a".into(), 2), ("b".into(), 0)],
        "{:?}",
        told(&e)
    );
    let Companion::IpSet(a) = &e.companions[0] else {
        panic!()
    };
    assert_eq!(&text[a.entries[1].span.range()], "192.0.2.0/24 nomatch");
    assert!(a.entries[1].nomatch && !a.entries[0].nomatch);
    for (text, why) in [
        (
            text.replace("Number of entries: 0\nMembers:\n", "Number of entries: 4\n"),
            "the members of the set `b` are not listed",
        ),
        (
            text.replace("Number of entries: 0", "Number of entries: 3"),
            "the listing shows 0 of the 3 members of the set `b`",
        ),
    ] {
        let e = read(&text);
        assert_eq!(members(&e), [("a".into(), 2)]);
        assert_eq!(tells(&e, why), 1, "{:?}", told(&e));
    }
    let xml = "<ipsets>\n<ipset name=\"a\">\n<type>hash:net</type>\n<revision>7</revision>\n<header><family>inet</family>\
        <hashsize>1024</hashsize><maxelem>65536</maxelem><comment/><memsize>600</memsize><references>1</references>\
        <numentries>2</numentries></header>\n<members>\n<member><elem>10.0.0.0/8</elem><comment>\"x &amp; y\"</comment></member>\n\
        <member><elem>192.0.2.0/24</elem><nomatch/></member>\n</members>\n</ipset>\n</ipsets>\n";
    let e = read(xml);
    assert_eq!(members(&e), [("a".into(), 2)], "{:?}", told(&e));
    let cut = read(xml.split("</members>").next().unwrap());
    assert_eq!(members(&cut), [], "{:?}", told(&cut));
    assert_eq!(tells(&cut, "members of the set `a` are not listed"), 1);
}

// Fails if the row or the chain in which a text ends is taken for whole.
#[test]
fn a_text_that_ends_in_a_row_or_in_a_heading() {
    let whole = filter(SSH);
    let open = |text: &str, chain: &str| {
        let e = read(text);
        let rules = rules(&e, "filter", chain);
        let opaque = rules.iter().any(|r| matches!(r.action, Action::Opaque(_)));
        let asks: usize = rules.iter().map(|r| r.conditions().count()).sum();
        (opaque, asks, tells(&e, "after chain `"))
    };
    assert_eq!(open(&whole, "OUTPUT"), (false, 0, 0));
    // A prompt or an empty line follows.
    for end in ["root@gw:~# ", "\nroot@gw:~# "] {
        assert_eq!(open(&format!("{whole}{end}"), "OUTPUT"), (false, 0, 0));
    }
    let row =
        "    0     0 ACCEPT     6    --  *      *       0.0.0.0/0            0.0.0.0/0            ";
    for (end, asks) in [
        (row, 1),
        (row.trim_end(), 1),
        (&*format!("{row}tcp dpt:22"), 1),
        ("    ", 0),
    ] {
        assert_eq!(
            open(&format!("{whole}{end}"), "OUTPUT"),
            (true, asks, 1),
            "{end}"
        );
    }
    // In the heads of the columns, and in the line of the chain.
    let heads = whole.rfind(" source").expect("heads");
    let policy = whole.rfind("12K").expect("policy");
    for end in [heads + 4, policy + 2, policy - 2 - "CEPT".len()] {
        assert_eq!(
            open(&whole[..end], "OUTPUT"),
            (true, 0, 1),
            "{}",
            &whole[..end]
        );
        assert_eq!(open(&whole[..end], "INPUT"), (false, 0, 1));
    }
}

// Fails if rules whose ends are cut away at a column are taken for whole, or rules that end alike for cut ones.
#[test]
fn lines_that_end_at_one_column() {
    let row = |rest: &str| {
        format!(
            "    0     0 ACCEPT     6    --  *      *       0.0.0.0/0            0.0.0.0/0            {rest}\n"
        )
    };
    let text = filter(
        &[
            "tcp dpt:1433 ctstate NEW",
            "tcp spts:1024:65535 dpt:22",
            "ctstate RELATED,ESTABLISHED",
            "tcp dpt:53",
        ]
        .map(row)
        .concat(),
    );
    let cut = |at: usize| {
        let line = |l: &str| l.chars().take(at).collect::<String>() + "\n";
        text.lines().map(line).collect::<String>()
    };
    let asks = |text: &str| {
        let e = read(text);
        let asks = |r: &Rule| r.conditions().any(|c| c.text.contains("cut off"));
        let asks = rules(&e, "filter", "INPUT")
            .iter()
            .filter(|r| asks(r))
            .count();
        (asks, tells(&e, "cut off: lines end at column"))
    };
    assert_eq!(asks(&text), (0, 0));
    for at in [66, 80, 87] {
        assert_eq!(asks(&cut(at)), (4, 1), "{at}");
    }
    // The last rule is shorter.
    assert_eq!(asks(&cut(103)), (3, 1));
    // Behind the match, of which nothing is left.
    assert_eq!(asks(&cut(93)), (4, 1));
    // Ports of as many digits.
    let same = filter(
        &["tcp dpt:22", "tcp dpt:80", "udp dpt:53", "tcp dpt:25"]
            .map(row)
            .concat(),
    );
    assert_eq!(asks(&same), (0, 0));
    // A target that always prints options.
    let reject = filter(&(row("").replace("ACCEPT", "REJECT") + &row("")));
    assert_eq!(asks(&reject), (2, 1));
}

// Fails if chains without rules, of whatever table or family, stand for a listing with rules.
#[test]
fn a_second_listing_that_does_not_say_what_it_is_of() {
    let empty = filter("").replace("DROP", "ACCEPT");
    for text in [
        format!("{}{empty}", filter(SSH)),
        format!("{empty}{}", filter(SSH)),
    ] {
        let e = read(&text);
        assert_eq!(e.points.len(), 1);
        assert!(netfilter(&e, 0).in_part, "{:?}", told(&e));
        assert_eq!(tells(&e, "are listed again with other rules"), 1);
    }
    // The same again, later, and one that says what it is of.
    let e = read(&format!(
        "{}{}",
        filter(SSH),
        filter(&SSH.replace("12", "99"))
    ));
    assert!(!netfilter(&e, 0).in_part, "{:?}", told(&e));
    for command in [
        "ip6tables -nvL",
        "iptables -t security -nvL",
        "iptables -nvL",
    ] {
        let e = read(&format!(
            "# iptables -nvL\n{}# {command}\n{empty}",
            filter(SSH)
        ));
        assert!(!netfilter(&e, 0).in_part, "{command}: {:?}", told(&e));
    }
}

// Fails if tables of one firewall become two for which of them comes first.
#[test]
fn nat_before_filter() {
    let nat = format!(
        "Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)\n{V}\nChain INPUT (policy ACCEPT 0 packets, 0 bytes)\n{V}\n\
         Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)\n{V}\nChain POSTROUTING (policy ACCEPT 0 packets, 0 bytes)\n{V}"
    );
    for text in [
        format!("{nat}{}", filter(SSH)),
        format!("{}{nat}", filter(SSH)),
    ] {
        let e = read(&text);
        assert_eq!((e.points.len(), e.points[0].families), (1, Families::V4));
        assert_eq!(netfilter(&e, 0).tables().len(), 2);
    }
}

// Fails if `any` of a numeric listing, where it is a name, stands for every interface.
#[test]
fn an_interface_named_any() {
    let named = |line: &str| {
        let e = read(&filter(line));
        rules(&e, "filter", "INPUT")[0].conditions().count()
    };
    let numeric = SSH.replace("eth0   ", "any    ");
    assert_eq!(named(&numeric), named(SSH));
    assert_eq!(named(&SSH.replace("eth0   *  ", "any    any")), 0);
}

// Fails if a set of which `head` left no member is taken for an empty one.
#[test]
fn sets_without_their_members() {
    let old = "Name: mg\nType: hash:ip\nRevision: 5\nHeader: family inet hashsize 1024 maxelem 65536\nSize in memory: 200\n\
        References: 1\nMembers:\n";
    let other =
        "\nName: b\nType: hash:ip\nHeader: family inet\nReferences: 0\nMembers:\n10.0.0.1\n";
    assert_eq!(members(&read(old)), []);
    assert_eq!(
        tells(
            &read(old),
            "the set `mg` may have more members than are listed"
        ),
        1
    );
    let both = format!("{old}{other}");
    assert_eq!(members(&read(&both)), [("mg".into(), 0), ("b".into(), 1)]);
    // Another program took what it wanted, or the text ends in a member.
    assert_eq!(
        members(&read(&format!("$ sudo ipset list | head -20\n{both}"))),
        []
    );
    assert_eq!(
        members(&read(&format!("$ sudo ipset list\n{both}"))),
        members(&read(&both))
    );
    assert_eq!(members(&read(both.trim_end())), [("mg".into(), 0)]);
    let counted = both.replace("Members:", "Number of entries: 1\nMembers:");
    assert_eq!(
        members(&read(&format!("# ipset list|head -20\n{counted}"))),
        [("b".into(), 1)]
    );
}

// Fails if a listing whose last end of a line an editor took away is told to be cut, or one that is cut passes for whole.
#[test]
fn a_listing_without_its_last_end_of_a_line() {
    let chain = |last: &str| {
        format!(
            "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n{V}\nChain FORWARD (policy ACCEPT 0 packets, 0 bytes)\n{V}\n\
             Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)\n{V}    0     0 {last}"
        )
    };
    for (last, whole) in [
        (
            "ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0           ",
            true,
        ),
        (
            "ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0",
            true,
        ),
        (
            "ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0     ",
            false,
        ),
        (
            "ACCEPT     all  --  *      *       0.0.0.0/0            10.0.0.0/2",
            false,
        ),
        (
            "ACCEPT     tcp  --  *      *       0.0.0.0/0            0.0.0.0/0",
            false,
        ),
        (
            "ACCEPT     tcp  --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:22",
            false,
        ),
        (
            "ACCEPT     tcp  --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:22 ",
            true,
        ),
        (
            "ACCEPT     tcp  --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:8080",
            true,
        ),
        (
            "ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0            ctstate RELATED,ESTABLISHED",
            true,
        ),
        (
            "ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0            ctstate RELATED,EST",
            false,
        ),
        (
            "REJECT     all  --  *      *       0.0.0.0/0            0.0.0.0/0            reject-with icmp-port-unreachable",
            true,
        ),
        (
            "REJECT     all  --  *      *       0.0.0.0/0            0.0.0.0/0            reject-with icmp-port",
            false,
        ),
    ] {
        let e = read(&chain(last));
        let told = told(&e).iter().any(|t| !is_note(t));
        assert_eq!(!told, whole, "{last}");
        let rules = rules(&e, "filter", "OUTPUT");
        assert_eq!(
            rules.iter().any(|r| matches!(r.action, Action::Opaque(_))),
            !whole,
            "{last}"
        );
    }
    let e = read(filter(SSH).trim_end());
    assert!(told(&e).iter().all(|t| is_note(t)), "{:?}", told(&e));
}

// Fails if a listing of which nothing tells the family is judged as one of both.
#[test]
fn a_listing_that_does_not_say_its_family() {
    let empty = format!(
        "Chain INPUT (policy ACCEPT)\n{PLAIN}\nChain FORWARD (policy ACCEPT)\n{PLAIN}\nChain OUTPUT (policy ACCEPT)\n{PLAIN}"
    );
    let saved = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n";
    let file = |name: &str, text: &str| {
        crate::format::read(&crate::source::Source::new(name, text, "UTF-8")).expect("recognized")
    };
    for text in [&*empty, saved] {
        for (name, prompt, families) in [
            ("fw.txt", "", None),
            ("fw.txt", "root@fw:~# ip6tables -L\n", Some(Families::V6)),
            ("fw.txt", "root@fw:~# iptables -L\n", Some(Families::V4)),
            ("fw-iptables.txt", "", Some(Families::V4)),
            ("ip6tables-L.txt", "", Some(Families::V6)),
        ] {
            let prompt = if text == saved {
                prompt.replace("-L", "-S")
            } else {
                prompt.to_owned()
            };
            let e = file(name, &format!("{prompt}{text}"));
            let said = tells(
                &e,
                "does not say whether `iptables` or `ip6tables` printed it",
            );
            assert_eq!(
                said == 0,
                families.is_some(),
                "{name} {prompt}: {:?}",
                told(&e)
            );
            assert_eq!(
                netfilter(&e, 0).in_part,
                families.is_none(),
                "{name} {prompt}"
            );
            if let Some(families) = families {
                assert_eq!(e.points[0].families, families, "{name} {prompt}");
            }
        }
    }
}

// Fails if the sets of a session are not read where a dump stands in it.
#[test]
fn sets_that_are_listed_beside_a_dump() {
    let text = "root@fw:~# iptables-save\n# Generated by iptables-save v1.8.7\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
        -A INPUT -m set --match-set admins src -j ACCEPT\nCOMMIT\nroot@fw:~# ipset list\nName: admins\nType: hash:net\nRevision: 7\n\
        Header: family inet hashsize 1024 maxelem 65536\nSize in memory: 512\nReferences: 1\nNumber of entries: 1\nMembers:\n10.9.0.0/24\nroot@fw:~# exit\n";
    let e =
        crate::format::read(&crate::source::Source::new("fw.txt", text, "UTF-8")).expect("a dump");
    assert_eq!(e.format, "iptables");
    let [Companion::IpSet(set)] = e.companions.as_slice() else {
        panic!("{:?}", e.companions)
    };
    assert_eq!((&*set.name, set.entries.len()), ("admins", 1));
    assert!(text[set.span.range()].starts_with("Name: admins"));
    assert_eq!(
        tells(&e, "3 lines outside of any table are not read"),
        1,
        "{:?}",
        told(&e)
    );
    assert!(told(&e).iter().all(|t| is_note(t)), "{:?}", told(&e));
    let cut = text.replace("10.9.0.0/24\n", "");
    let e =
        crate::format::read(&crate::source::Source::new("fw.txt", cut, "UTF-8")).expect("a dump");
    assert_eq!(tells(&e, "shows 0 of the 1 members"), 1, "{:?}", told(&e));
}
