//! Edits and listings.

use super::super::builtin::TableName;
use super::super::read::read_text;
use hylint_model::{Body, Export, Point, ProblemKind, Table};

const HEAD: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n:web - [0:0]\n\
    -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p udp -j LOG --log-prefix \"a b\"\n\
    -A INPUT -p udp -j LOG --log-prefix \"c\"\n-A INPUT -j web\n-A INPUT -j DROP\n-A web -j RETURN\n";

/// What the table comes to: each chain with the texts of its rules.
fn after(edits: &str) -> (Vec<String>, Export) {
    let text = format!("{HEAD}{edits}\nCOMMIT\n");
    let e = read_text(&text);
    assert_eq!(e.lost(), 0, "{edits}");
    let t = &table(&e.points[0], 0);
    let chains = t.chains.iter().map(|c| {
        let rules: Vec<_> = c
            .rules
            .iter()
            .map(|r| {
                let line = text.get(r.span.range()).unwrap();
                line.splitn(3, ' ')
                    .nth(2)
                    .unwrap_or("")
                    .replace("\" \"", "")
            })
            .collect();
        format!("{}: {}", c.name, rules.join("; "))
    });
    (chains.collect(), e)
}

fn table(p: &Point, i: usize) -> Table {
    match &p.body {
        Body::Netfilter(n) => n.tables()[i].clone(),
        Body::Lists(_) => panic!("no chains"),
    }
}

const SSH: &str = "-p tcp -m tcp --dport 22 -j ACCEPT";
const LOG_A: &str = "-p udp -j LOG --log-prefix \"a b\"";
const LOG_C: &str = "-p udp -j LOG --log-prefix \"c\"";

#[test]
fn edits_are_worked_out_as_iptables_restore_does() {
    let all = [SSH, LOG_A, LOG_C, "-j web", "-j DROP"];
    let without = |gone: &[usize]| {
        let kept = (0..all.len()).filter(|i| !gone.contains(i)).map(|i| all[i]);
        format!("INPUT: {}", kept.collect::<Vec<_>>().join("; "))
    };
    for (edit, input) in [
        ("-D INPUT 1", without(&[0])),
        ("-D INPUT 5", without(&[4])),
        ("[3:4] --delete INPUT 2", without(&[1])),
        // The same rule in other words: `-p tcp` brings its match, blanks and long names do not count.
        (
            "-D INPUT --protocol tcp   --destination-port 22 -j ACCEPT",
            without(&[0]),
        ),
        // What it logs belongs to a rule.
        ("-D INPUT -p udp -j LOG --log-prefix c", without(&[2])),
        ("-D INPUT -j web", without(&[3])),
        (
            "-D INPUT -j DROP\n-D INPUT -j web\n-D INPUT 1",
            without(&[0, 3, 4]),
        ),
        (
            "-R INPUT 2 -p 47 -j ACCEPT",
            without(&[]).replace(LOG_A, "2 -p 47 -j ACCEPT"),
        ),
        ("-I INPUT 3 -p 47 -j ACCEPT\n-D INPUT 3", without(&[])),
        ("-F INPUT", "INPUT: ".into()),
        ("-F", "INPUT: ".into()),
        ("-Z\n-Z INPUT\n-C INPUT -j DROP", without(&[])),
    ] {
        let (chains, e) = after(edit);
        assert_eq!(chains[0], input, "{edit}");
        // iptables-nft-restore ends with a fault at `-R`.
        let told = e.problems.iter().any(|p| p.kind != ProblemKind::Disputed);
        assert!(!told, "{edit}: {:?}", e.problems);
        assert_eq!(e.rules_in_file, e.rules_in_model(), "{edit}");
    }
}

#[test]
fn removed_and_renamed_chains_keep_the_jumps_of_the_others() {
    let (chains, e) =
        after("-N second\n-A second -j DROP\n-A INPUT -j second\n-D INPUT -j web\n-F web\n-X web");
    assert!(e.problems.is_empty(), "{:?}", e.problems);
    assert_eq!(chains[3], "second: -j DROP");
    let last = table(&e.points[0], 0).chains[0]
        .rules
        .last()
        .cloned()
        .unwrap();
    assert_eq!(last.action, hylint_model::Action::Jump(3));

    let (chains, e) = after("-E web site\n-A site -j DROP");
    // iptables-nft-restore does not find it.
    let kinds: Vec<_> = e.problems.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [ProblemKind::Disputed]);
    assert_eq!(chains[3], "site: -j RETURN; -j DROP");
    assert_eq!(
        table(&e.points[0], 0).chains[0].rules[3].action,
        hylint_model::Action::Jump(3)
    );

    // Every chain of one's own, where all are empty.
    let (chains, e) = after("-D INPUT -j web\n-F web\n-X");
    assert!(e.problems.is_empty(), "{:?}", e.problems);
    assert_eq!(chains.len(), 3);
}

#[test]
fn what_iptables_restore_refuses_is_told_and_its_table_is_not_loaded() {
    for edit in [
        "-D INPUT 6",
        "-D INPUT 0",
        "-D INPUT -j REJECT",
        "-D nosuch 1",
        "-R INPUT 9 -j ACCEPT",
        "-F nosuch",
        "-X web",
        "-X",
        "-E web INPUT",
        "-E web",
        "-D",
        "-C INPUT -j REJECT",
        "-I INPUT 99 -j ACCEPT",
        "-I INPUT 0 -j ACCEPT",
        "-N web",
        "-P web DROP",
    ] {
        let (_, e) = after(edit);
        assert_eq!(e.rules_in_model(), 0, "{edit}");
        let Body::Netfilter(n) = &e.points[0].body else {
            panic!("no chains")
        };
        assert!(!n.is_loaded("filter"), "{edit}");
        let errors = e
            .problems
            .iter()
            .filter(|p| p.kind == ProblemKind::Malformed);
        assert_eq!(errors.count(), 1, "{edit}: {:?}", e.problems);
    }
}

#[test]
fn edits_that_would_take_too_long_are_told() {
    let mut text = HEAD.to_owned();
    for n in 0..4000 {
        text.push_str(&format!("-A web -p {} -j DROP\n", n % 200));
    }
    for _ in 0..4000 {
        text.push_str("-D web -p 199 -j DROP\n");
    }
    text.push_str("COMMIT\n");
    let start = std::time::Instant::now();
    let e = read_text(&text);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert_eq!(e.lost(), 0);
    let told = e
        .problems
        .iter()
        .filter(|p| p.message.contains("more edits"));
    assert!(told.count() > 3000);
}

const FILTER: &str = "-P INPUT DROP\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N web\n-A INPUT -s 10.0.0.1/32 -j ACCEPT\n";
const NAT: &str = "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n-A POSTROUTING -j MASQUERADE\n";

fn shape(text: &str) -> Vec<(String, Vec<&'static str>)> {
    let e = read_text(text);
    assert!(
        e.problems.iter().all(|p| p.kind == ProblemKind::Note),
        "{text}: {:?}",
        e.problems
    );
    let tables = |p: &Point| match &p.body {
        Body::Netfilter(n) => {
            let names = n.tables().iter().filter_map(|t| TableName::parse(&t.name));
            names.map(TableName::as_str).collect()
        }
        Body::Lists(_) => Vec::new(),
    };
    e.points
        .iter()
        .map(|p| (p.name.to_string(), tables(p)))
        .collect()
}

#[test]
fn listings_one_after_the_other_are_tables_of_one_firewall() {
    let one = vec![("iptables".to_owned(), vec!["filter", "nat"])];
    assert_eq!(shape(&format!("{FILTER}{NAT}")), one);
    let prompts =
        format!("root@fw:~# iptables -S\n{FILTER}root@fw:~# iptables -t nat -vS\n{NAT}root@fw:~#");
    assert_eq!(shape(&prompts), one);
    let comments =
        format!("# iptables -t filter --list-rules\n{FILTER}# iptables -S -t nat\n{NAT}");
    assert_eq!(shape(&comments), one);
    // The command says what policies alone do not.
    let both = format!(
        "$ iptables -S\n{FILTER}$ sudo ip6tables -S\n-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT DROP\n"
    );
    assert_eq!(
        shape(&both),
        [
            ("iptables".to_owned(), vec!["filter"]),
            ("ip6tables".to_owned(), vec!["filter"])
        ]
    );
    let e = read_text(&both);
    assert!(!e.points[0].families.v6 && e.points[1].families.v6 && !e.points[1].families_assumed);
    let raw = "# iptables -t raw -S\n-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n";
    assert_eq!(table(&read_text(raw).points[0], 0).name, "raw".into());
}

#[test]
fn firewalls_beyond_a_thousand_are_named_and_not_read() {
    let one = "-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT DROP\n-A INPUT -j DROP\n";
    let e = read_text(&one.repeat(1002));
    assert_eq!(
        (
            e.points.len(),
            e.rules_in_file,
            e.rules_in_model(),
            e.lost()
        ),
        (1000, 1002, 1000, 0)
    );
    assert!(e.problems.iter().all(|p| p.kind == ProblemKind::Malformed));
    assert_eq!(e.problems.iter().filter(|p| p.dropped).count(), 2);
}
