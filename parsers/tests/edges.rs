//! What stands around the rules of a dump and in odd lines of it: chains that are named like targets, lines outside of the
//! tables, several hosts in one file, signs of other rule sets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use hylint_model::{Action, Body, Export, OtherRules, ProblemKind};
use hylint_parsers::format;
use hylint_parsers::lookalike;
use hylint_parsers::source::Source;

const HEAD: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n";
const RULE: &str = "-A INPUT -s 10.0.0.1/32 -p tcp -m tcp --dport 22 -j ACCEPT\n";

fn read(name: &str, text: &str) -> Export {
    let export = format::read(&Source::new(name, text, "UTF-8")).expect("an export");
    assert_eq!(export.lost(), 0, "{text}");
    export
}

fn malformed(e: &Export) -> Vec<&str> {
    let all = e.problems.iter();
    let bad = all.filter(|p| p.kind == ProblemKind::Malformed);
    bad.map(|p| &*p.message).collect()
}

fn others(e: &Export) -> Vec<OtherRules> {
    let of = |p: &hylint_model::Point| match &p.body {
        Body::Netfilter(n) => n.others,
        Body::Lists(_) => panic!("no netfilter"),
    };
    e.points.iter().map(of).collect()
}

#[test]
fn a_chain_comes_before_the_target_of_its_name() {
    let text = format!("{HEAD}:LOG - [0:0]\n-A INPUT -j LOG\n-A LOG -j ACCEPT\nCOMMIT\n");
    let e = read("t", &text);
    let jump = e.points[0].rules().next().unwrap();
    assert!(matches!(jump.action, Action::Jump(_)), "{:?}", jump.action);
    // Without the chain it is the target.
    let e = read("t", &format!("{HEAD}-A INPUT -j LOG\nCOMMIT\n"));
    let log = e.points[0].rules().next().unwrap();
    assert_eq!(log.action, Action::Continue);
}

#[test]
fn abbreviated_options_mean_what_they_abbreviate() {
    let plain = format!("{HEAD}-A INPUT -s 10.0.0.1 -p tcp --dport 22 -j ACCEPT\nCOMMIT\n");
    let short = format!("{HEAD}-A INPUT --sour 10.0.0.1 --proto tcp --dp 22 --ju ACCEPT\nCOMMIT\n");
    let clauses = |text: &str| {
        let e = read("rules.v4", text);
        assert!(e.problems.is_empty(), "{:?}", e.problems);
        let rule = e.points[0].rules().next().unwrap();
        (rule.clauses[0].space.clone(), rule.action.clone())
    };
    assert_eq!(clauses(&plain), clauses(&short));
}

#[test]
fn a_command_outside_of_the_tables_is_told() {
    let drop = "iptables -I INPUT -p tcp --dport 22 -j DROP\n";
    for text in [
        format!("{HEAD}{RULE}COMMIT\n{drop}"),
        format!("{drop}{HEAD}{RULE}COMMIT\n"),
        format!("{HEAD}{RULE}COMMIT\nsudo /usr/sbin/{drop}"),
        format!("{HEAD}{RULE}COMMIT\nnft add rule inet fw input tcp dport 22 drop\n"),
    ] {
        assert!(!malformed(&read("t", &text)).is_empty(), "{text}");
    }
    // Behind a prompt it changes what the dump before it shows, and nothing of one after it.
    let after = read("t", &format!("{HEAD}{RULE}COMMIT\nroot@fw:~# {drop}"));
    assert!(malformed(&after).is_empty());
    assert!(
        after
            .problems
            .iter()
            .any(|p| p.kind == ProblemKind::Incomplete)
    );
    for text in [
        format!("root@fw:~# {drop}root@fw:~# iptables-save\n{HEAD}{RULE}COMMIT\n"),
        format!("{HEAD}{RULE}COMMIT\nroot@fw:~# iptables -L -n\n"),
        format!("+ iptables-save\n{HEAD}{RULE}COMMIT\n"),
    ] {
        let e = read("t", &text);
        let graver = |k: ProblemKind| k != ProblemKind::Note;
        assert!(
            !e.problems.iter().any(|p| graver(p.kind)),
            "{text}: {:?}",
            e.problems
        );
    }
}

#[test]
fn a_stray_line_stops_the_loading_of_a_file_that_hosts_load() {
    let text = format!("rules of the edge\n{HEAD}{RULE}COMMIT\n");
    for (name, refused) in [
        ("fw/rules.v4", true),
        ("etc/sysconfig/iptables", true),
        ("fw/iptables.txt", false),
        ("fw/iptables", false),
    ] {
        let e = read(name, &text);
        assert_eq!(!malformed(&e).is_empty(), refused, "{name}");
        assert_eq!(e.points[0].rules().count(), usize::from(!refused), "{name}");
    }
    // What a terminal or a collector printed shows that it is a copy.
    for first in [
        "root@fw:~# iptables-save",
        "+ sudo iptables-save",
        "fw | CHANGED | rc=0 >>",
    ] {
        let e = read("fw/rules.v4", &format!("{first}\n{HEAD}{RULE}COMMIT\n"));
        assert!(malformed(&e).is_empty(), "{first}");
    }
}

#[test]
fn dumps_of_several_hosts_in_one_file_are_told() {
    let dump = format!("{HEAD}{RULE}COMMIT\n");
    for (a, b) in [
        ("a | CHANGED | rc=0 >>", "b | CHANGED | rc=0 >>"),
        ("==> a/rules <==", "==> b/rules <=="),
        ("root@a:~# iptables-save", "[root@b ~]# iptables-save"),
    ] {
        let e = read("t", &format!("{a}\n{dump}{b}\n{dump}"));
        let told = malformed(&e).iter().any(|m| m.contains("several hosts"));
        assert!(told, "{b}: {:?}", e.problems);
        let e = read("t", &format!("{a}\n{dump}{a}\n{dump}"));
        assert!(malformed(&e).is_empty(), "{a}");
    }
    // One host's two families, and its tables one after the other.
    let v6 = "# Generated by ip6tables-save v1.8.9 on x\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
    let e = read("t", &format!("==> a/v4 <==\n{dump}==> a/v6 <==\n{v6}"));
    assert!(malformed(&e).is_empty(), "{:?}", e.problems);
}

#[test]
fn other_rules_in_the_same_text_are_a_sign() {
    let dump =
        format!("# Generated by iptables-save v1.8.9 (nf_tables) on x\n{HEAD}{RULE}COMMIT\n");
    let nft = "table inet fw {\n\tchain input {\n\t\ttype filter hook input priority 10; policy drop;\n\t}\n}\n";
    let json = "{\"nftables\": [{\"metainfo\": {\"version\": \"1.0.6\"}}, {\"rule\": {\"expr\": [{\"drop\": null}]}}]}\n";
    let status = "● firewalld.service - firewalld - dynamic firewall daemon\n   Active: active (running) since Tue\n";
    let list = "public (active)\n  services: ssh\n  ports: \n  rich rules: \n";
    for more in [nft, json, status, list] {
        let e = read("t", &format!("{dump}{more}"));
        assert!(matches!(others(&e)[0], OtherRules::Shown(_)), "{more}");
    }
    let idle = nft.replace("policy drop", "policy accept");
    let inactive = status.replace("active (running)", "inactive (dead)");
    let own = "# Warning: table ip filter is managed by iptables-nft, do not touch!\ntable ip filter {\n\tchain INPUT {\n\t}\n}\n";
    let old = own.trim_start_matches(
        "# Warning: table ip filter is managed by iptables-nft, do not touch!\n",
    );
    for more in [
        idle.as_str(),
        &inactive,
        own,
        old,
        "2: eth0: <UP> mtu 1500\n",
        "",
    ] {
        let e = read("t", &format!("{dump}{more}"));
        assert_eq!(others(&e)[0], OtherRules::Hidden, "{more}");
    }
    // firewalld that writes by iptables is in the dump.
    let zones = dump.replace("-A INPUT", ":INPUT_ZONES - [0:0]\n-A INPUT");
    assert_eq!(
        others(&read("t", &format!("{zones}{status}")))[0],
        OtherRules::Hidden
    );
}

#[test]
fn headers_that_may_be_of_nftables_are_known() {
    for (header, hidden) in [
        ("iptables-save v1.8.9 (nf_tables)", true),
        ("xtables-save v1.8.2", true),
        ("iptables-save v1.8.4", true),
        ("iptables-nft-save v1.8.5", true),
        ("iptables-save v1.8.9", false),
        ("iptables-save v1.4.21", false),
    ] {
        let e = read(
            "t",
            &format!("# Generated by {header} on x\n{HEAD}{RULE}COMMIT\n"),
        );
        assert_eq!(others(&e)[0] == OtherRules::Hidden, hidden, "{header}");
    }
}

#[test]
fn settings_of_programs_that_write_nftables_are_told() {
    for text in [
        "{\"iptables\": true, \"firewall-backend\": \"nftables\"}",
        "firewall_backend = \"nftables\"\n",
        "[network]\nfirewall_driver = \"nftables\"\n",
        "[network]\nnetwork_backend = \"netavark\"\n",
        "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: nftables\n",
        "root 1 /usr/bin/kube-proxy --proxy-mode=nftables --config=x\n",
        "[DEFAULT]\nbanaction = nftables-multiport\n",
        "root 7 /usr/bin/python3 -s /usr/sbin/firewalld --nofork\n",
        "  firewalld.service   loaded active running firewalld - dynamic firewall daemon\n",
    ] {
        let like = lookalike::of_text(text);
        assert!(like.is_some_and(|l| l.filters_beside_iptables()), "{text}");
    }
    for text in [
        "{\"iptables\": true, \"firewall-backend\": \"iptables\"}",
        "#firewall_backend = \"nftables\"\n",
        "[network]\nnetwork_backend = \"netavark\"\nfirewall_driver = \"iptables\"\n",
        "mode: ipvs\n",
        "banaction = iptables-multiport\n",
        "  firewalld.service   loaded inactive dead firewalld - dynamic firewall daemon\n",
        "firewalld.service enabled\n",
        "root 9 grep /usr/sbin/firewalld\n",
        "we moved from iptables to nftables last year\n",
    ] {
        let like = lookalike::of_text(text);
        assert!(!like.is_some_and(|l| l.filters_beside_iptables()), "{text}");
    }
}

#[test]
fn a_dump_inside_of_other_text_is_no_export_and_is_told() {
    let dump = format!("{HEAD}{RULE}COMMIT\n");
    let each = |head: &str| -> String { dump.lines().map(|l| format!("{head}{l}\n")).collect() };
    for text in [
        each("Nov 17 09:12:44 fw collect[812]: "),
        each("> "),
        format!("{{\"fw\": {{\"stdout\": {:?}}}}}", dump),
    ] {
        assert!(
            format::read(&Source::new("t", text.as_str(), "UTF-8")).is_none(),
            "{text}"
        );
        assert!(lookalike::of_text(&text).is_some(), "{text}");
    }
}

#[test]
fn a_carriage_return_on_some_lines_is_refused() {
    let text = format!("{HEAD}{RULE}COMMIT\n");
    let one = text.replace("-j ACCEPT\n", "-j ACCEPT\r\n");
    assert!(!malformed(&read("t", &one)).is_empty());
    for all in [
        text.replace('\n', "\r\n"),
        text.replace("[0:0]\n", "[0:0]\r\n"),
    ] {
        assert!(malformed(&read("t", &all)).is_empty(), "{all:?}");
    }
}
