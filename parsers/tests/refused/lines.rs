//! Whole lines: chains that are named like targets, counters, words behind commands, ends of lines, quotes.

use super::Collect;

/// Names of chains: those of targets, of the tools' own words, and long ones.
const NAMES: [&str; 22] = [
    "LOG",
    "REJECT",
    "MARK",
    "SNAT",
    "DNAT",
    "MASQUERADE",
    "TCPMSS",
    "CT",
    "SET",
    "TRACE",
    "NOTRACK",
    "REDIRECT",
    "ECN",
    "NFLOG",
    "COMMIT",
    "filter",
    "tcp",
    "1",
    "accept",
    "PREROUTING",
    "--",
    "-j",
];

/// What stands where counters do.
const COUNTERS: [&str; 16] = [
    "[0:0]",
    "[1:2",
    "1:2]",
    "[1:]",
    "[:2]",
    "[:]",
    "[]",
    "[-1:2]",
    "[0x1:0x2]",
    "[1:2:3]",
    "[a:b]",
    "[1:2]x",
    "[1 2]",
    "[1,2]",
    "[1:2][3:4]",
    "[1:2] [3:4]",
];

/// Commands that are no rules.
const COMMANDS: [&str; 17] = [
    "-N new",
    "-P INPUT DROP",
    "-F",
    "-F INPUT",
    "-X",
    "-X site",
    "-Z",
    "-Z INPUT",
    "-E site new",
    "-L",
    "-L INPUT",
    "-L INPUT 1",
    "-S",
    "-S INPUT",
    "-D INPUT 1",
    "--pol INPUT DROP",
    "--ren site new",
];

/// Words that stand behind them.
const BEHIND: [&str; 16] = [
    "",
    "-v",
    "-n",
    "-x",
    "--line-numbers",
    "-w",
    "-j ACCEPT",
    "-p tcp",
    "-s 10.0.0.1",
    "-t filter",
    "-f",
    "--comment x",
    "-q",
    "x",
    "nosuch 1",
    "!",
];

/// Quoted words.
const WORDS: [&str; 14] = [
    "\"a b\"",
    "\"a\"b",
    "a\"b\"",
    "a\"b c\"d",
    "\"a\"\"b\"",
    "a\"b",
    "\"a",
    "a\\ b",
    "\"a\\\"b\"",
    "\"a\\\\\"",
    "\"\\\"",
    "a\\\"b",
    "'a b'",
    "\"\"",
];

pub(super) fn lines(c: &mut Collect, v6: bool) {
    chains(c, v6);
    for n in COUNTERS {
        for text in [
            format!("{n} -A INPUT -j ACCEPT"),
            format!("{n}-A INPUT -j ACCEPT"),
            format!("{n} -I INPUT -j ACCEPT"),
            format!(":INPUT DROP {n}"),
            format!(":new - {n}"),
        ] {
            c.add(v6, "filter", text);
        }
    }
    for command in COMMANDS {
        for behind in BEHIND {
            c.keep(super::Kind {
                v6,
                table: "filter".to_owned(),
                text: format!("-A INPUT -j DROP\n{command} {behind}")
                    .trim()
                    .to_owned(),
            });
        }
    }
    for name in [
        "LOG",
        "-x",
        "!x",
        "QUEUE",
        "ACCEPT",
        "a/b",
        &"x".repeat(31),
        &"x".repeat(32),
    ] {
        c.add(v6, "filter", format!("-E site {name}"));
    }
    for word in WORDS {
        for text in [
            format!("-A INPUT -m comment --comment {word} -j ACCEPT"),
            format!("-A INPUT -j LOG --log-prefix {word}"),
            format!("-A INPUT -j {word}"),
        ] {
            c.add(v6, "filter", text);
        }
    }
    for n in 246..256 {
        c.add(
            v6,
            "filter",
            format!("-A INPUT {}-j ACCEPT", "-v ".repeat(n)),
        );
    }
    short(c, v6);
    ends(c, v6);
}

/// Chains that are named like targets, in their table and in those that follow.
fn chains(c: &mut Collect, v6: bool) {
    for n in NAMES {
        for text in [
            format!(":{n} - [0:0]"),
            format!(":{n} - [0:0]\n-A INPUT -j {n}"),
            format!(":{n} - [0:0]\n-A INPUT -g {n}"),
            format!(":{n} - [0:0]\n-A INPUT -j {n} --log-prefix x"),
            format!(":{n} - [0:0]\n-A INPUT -j {n} --set-mark 1"),
        ] {
            c.keep(super::Kind {
                v6,
                table: "filter".to_owned(),
                text,
            });
        }
    }
    for (n, option) in [
        ("LOG", ""),
        ("REJECT", ""),
        ("MARK", " --set-mark 1"),
        ("CT", " --notrack"),
    ] {
        for table in ["filter", "mangle", "raw"] {
            let block =
                format!("*{table}\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j {n}{option}\nCOMMIT\n");
            let chain =
                format!("*nat\n:OUTPUT ACCEPT [0:0]\n:{n} - [0:0]\n-A OUTPUT -j {n}\nCOMMIT\n");
            c.file(v6, &format!("{chain}{block}"));
            c.file(v6, &format!("{block}{chain}"));
        }
    }
}

/// Options that are not written out, and those that the tool of the other family passes over.
fn short(c: &mut Collect, v6: bool) {
    let host = if v6 { "2001:db8::1" } else { "10.0.0.1" };
    for rest in [
        format!("--sou {host} -j ACCEPT"),
        format!("--dest {host} -j ACCEPT"),
        "--prot tcp --dp 22 -j ACCEPT".to_owned(),
        "--in-i eth0 --ju ACCEPT".to_owned(),
        "--in eth0 -j ACCEPT".to_owned(),
        "-p tcp --s 22 -j ACCEPT".to_owned(),
        "-p tcp -m tcp --sour 22 -j ACCEPT".to_owned(),
        "--ma state --st NEW --got site".to_owned(),
        format!(
            "! -s {host}/0 -m mac --mac-source 00:11:22:33:44:55 --mac-source 00:11:22:33:44:55"
        ),
        format!("! -s {host}/0 -j ACCEPT"),
        "-4 -p tcp -p tcp -j ACCEPT".to_owned(),
        "-p tcp -6 -p tcp -j ACCEPT".to_owned(),
        "-p tcp -4 -m ttl -j ACCEPT".to_owned(),
        "-6 -j ACCEPT nonsense".to_owned(),
    ] {
        c.add(v6, "filter", format!("-A INPUT {rest}"));
    }
}

/// Carriage returns on some lines, names of tables with a slip, lines that are longer than the tools' buffer.
fn ends(c: &mut Collect, v6: bool) {
    const FILE: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n";
    for (plain, other) in [
        ("*filter\n", "*filter\r\n"),
        (":INPUT ACCEPT [0:0]\n", ":INPUT ACCEPT [0:0]\r\n"),
        (":INPUT ACCEPT [0:0]\n", ":INPUT ACCEPT\r\n"),
        ("-j ACCEPT\n", "-j ACCEPT\r\n"),
        ("COMMIT\n", "COMMIT\r\n# end\n"),
        ("*filter\n", "# comment\r\n*filter\n"),
        ("*filter\n", "**filter\n"),
        ("*filter\n", "*filter*\n"),
        ("*filter\n", "*filter extra\n"),
    ] {
        c.file(v6, &FILE.replace(plain, other));
    }
    for n in [10_239, 10_240] {
        let comment = format!("#{}\n-A INPUT", "x".repeat(n - 1));
        c.file(v6, &FILE.replace("-A INPUT", &comment));
    }
}
