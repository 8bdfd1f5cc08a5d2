use super::lexer::{Line, Lines};
use super::{Program, is_list, list};

fn words(text: &str) -> Vec<Vec<String>> {
    let lines = Lines::new(text).map(|l| l.unwrap());
    let commands = lines.filter_map(|l| match l {
        Line::Command(c) => Some(c.values(text)),
        Line::Comment(_) => None,
    });
    commands.collect()
}

// Fails if words, quotes, escapes or the ends of commands are not those of a POSIX shell.
#[test]
fn commands_are_split_as_a_shell_splits_them() {
    let text = "# it's\n a 'b c'\"d e\"\\ f ; g \\\n  --h=\"i \\\"j\\\"\" 2>/dev/null # k\r\nl \"\" >> '/x y' || true\nm#n\n";
    assert_eq!(
        words(text),
        [
            vec!["a", "b cd e f"],
            vec!["g", "--h=i \"j\""],
            vec!["l", ""],
            vec!["m#n"]
        ]
    );
}

// Fails if something that only a run of it resolves is taken for a plain command.
#[test]
fn what_a_shell_works_out_is_no_plain_command() {
    for text in [
        "a $b",
        "a \"$b\"",
        "a `b`",
        "a | b",
        "a && b",
        "a || b",
        "a || true || b",
        "a &",
        "a < b",
        "(a)",
        "a () { b; }",
        "a *",
        "a eth?",
        "a ~/b",
        "a {b,c}",
        "a {1..3}",
        "a 'b",
        "a \"b",
        "a;;",
    ] {
        assert!(Lines::new(text).any(|l| l.is_err()), "{text}");
    }
    // These are words.
    for text in [
        "a '$b'",
        "a \\$b",
        "a { b, c }",
        "a b=c",
        "a '{b,c}'",
        "a \\{ b \\}",
    ] {
        assert!(Lines::new(text).all(|l| l.is_ok()), "{text}");
    }
}

const RULE: &str = "iptables -A INPUT -p tcp --dport 22 -j ACCEPT\n";

// Fails if a command that leaves the rules as they are makes a list a script.
#[test]
fn commands_that_change_no_rule_stand_in_a_list() {
    for line in [
        "#!/bin/sh",
        "set -euo pipefail",
        "PATH=/sbin:/usr/sbin",
        "export PATH='/sbin'",
        "echo \"done\" > /proc/sys/net/ipv4/ip_forward",
        "sysctl -w net.ipv4.ip_forward=1",
        "modprobe nf_conntrack_ftp",
        "iptables-save > /etc/iptables/rules.v4",
        "service iptables save",
        "/etc/init.d/iptables save",
        "netfilter-persistent save",
        "systemctl enable iptables",
        "sudo -n /usr/sbin/ip6tables -P INPUT DROP",
        "iptables -D INPUT -j DROP 2>/dev/null || true",
        "ipset list",
        "sleep 1",
    ] {
        assert!(is_list(&format!("{line}\n{RULE}")), "{line}");
    }
    assert!(is_list(&format!("{RULE}exit 0\n")));
}

// Fails if a script is read as if it were a list.
#[test]
fn what_may_change_rules_or_flow_makes_a_script() {
    for line in [
        "IPT=/sbin/iptables",
        "exit 0",
        "if [ -x /sbin/iptables ]; then",
        "for p in 22 80; do",
        "source /etc/firewall.conf",
        ". ./common.sh",
        "iptables-restore < /etc/iptables/rules.v4",
        "systemctl restart iptables",
        "systemctl enable --now iptables",
        "service iptables restart",
        "modprobe -r ip_tables",
        "rmmod ip_tables",
        "ufw enable",
        "firewall-cmd --reload",
        "nft add table ip x",
        "nft -f /etc/nftables.conf",
        "ip route add default via 10.0.0.1",
        "./more-rules.sh",
        "'if' true",
        "iptables -A INPUT -i $WAN -j DROP",
        "iptables -C INPUT -j DROP || iptables -A INPUT -j DROP",
        "eval iptables -F",
        "bash -c 'iptables -F'",
    ] {
        assert!(!is_list(&format!("{line}\n{RULE}")), "{line}");
    }
    // Nothing is added.
    assert!(!is_list("iptables -F\niptables -X\n"));
    // A chain of the name of a verb is no saving.
    let found = list(&format!("iptables -N save\n{RULE}")).unwrap();
    assert!(matches!(found.lines[0].1, Program::Tables(_)));
}

#[test]
fn a_last_command_without_its_end_may_go_on() {
    for (text, cut) in [
        ("iptables -A INPUT -p tcp --dport 22 -j ACCEPT", false),
        ("iptables -A INPUT -p tcp --dport 2", true),
        ("iptables -A INPUT -p tcp --dport 22 -j ACC", true),
        ("iptables -A INPUT -p tcp --dport 22 -j ACC\n", false),
        (
            "iptables -A INPUT -j REJECT --reject-with icmp-host-prohibited",
            false,
        ),
        ("nft add rule inet filter input tcp dport 22 accept", false),
        ("nft add rule inet filter input tcp dport 2", true),
        ("nft add rule inet filter input tcp dport 2\n", false),
        (
            "nft add table inet f\nnft add rule inet f i tcp dport { 22, 80 } accept\nnft add chain inet f i '{ policy drop; }'",
            false,
        ),
        (
            "iptables -A INPUT -j ACCEPT\niptables-save > /etc/iptables/rules.v4",
            false,
        ),
    ] {
        assert_eq!(super::torn(text).is_some(), cut, "{text}");
    }
}
