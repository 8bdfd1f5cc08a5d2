//! Rules and files that are wrong in one way each, or right.

#[path = "lines.rs"]
mod lines;

use std::collections::HashSet;
use std::fmt;

/// A file with one rule, or one oddity, in it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Kind {
    /// For ip6tables-restore.
    pub(crate) v6: bool,
    /// The table of the rule; empty where `text` is a whole file.
    pub(crate) table: String,
    /// The rule with its command, or the file.
    pub(crate) text: String,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = if self.v6 { 6 } else { 4 };
        write!(f, "v{family} {} {}", self.table, self.text.escape_debug())
    }
}

impl Kind {
    /// The file.
    pub(crate) fn file(&self) -> String {
        if self.table.is_empty() {
            return self.text.clone();
        }
        let chains = base_chains(&self.table).iter();
        let chains: String = chains.map(|c| format!(":{c} ACCEPT [0:0]\n")).collect();
        let Self { table, text, .. } = self;
        format!("*{table}\n{chains}:site - [0:0]\n{text}\nCOMMIT\n")
    }
}

fn base_chains(table: &str) -> &'static [&'static str] {
    match table {
        "raw" => &["PREROUTING", "OUTPUT"],
        "nat" => &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
        "mangle" => &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        _ => &["INPUT", "FORWARD", "OUTPUT"],
    }
}

const TABLES: [&str; 5] = ["raw", "mangle", "nat", "filter", "security"];

/// Values that most options do not take, and some do.
const VALUES: [&str; 37] = [
    "\"\"",
    "x!y",
    "-1",
    "0",
    "1",
    "32",
    "33",
    "64",
    "129",
    "255",
    "256",
    "10001",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "18446744073709551616",
    "0x10",
    "0x",
    "010",
    "08",
    "1.5",
    "5:9",
    "9:5",
    "5:",
    ":5",
    ":",
    "5:6:7",
    "5-9",
    "9-5",
    "5/9",
    "5/",
    "5,9",
    "any",
    "none",
    "ALL",
    "!",
];

struct Part {
    target: bool,
    families: Vec<bool>,
    table: String,
    chain: String,
    before: String,
    name: String,
    /// Options that go along with each of `options`.
    along: String,
    options: Vec<String>,
}

fn parts() -> Vec<Part> {
    let lines = include_str!("parts.txt").lines();
    lines.filter(|l| !l.starts_with('#')).map(part).collect()
}

fn part(line: &str) -> Part {
    let mut fields = line.split(" |").map(str::trim);
    let head: Vec<&str> = fields.next().unwrap().split(' ').collect();
    let before = fields.next().unwrap().to_owned();
    let name = fields.next().unwrap().to_owned();
    let rest: Vec<String> = fields.map(str::to_owned).collect();
    let mut options = Vec::new();
    let mut along = String::new();
    for option in rest {
        match option.strip_suffix('+') {
            Some(more) => along = more.trim().to_owned(),
            None => options.push(option),
        }
    }
    Part {
        target: head[0] == "t",
        families: head[1].chars().map(|c| c == '6').collect(),
        table: head[2].to_owned(),
        chain: head[3].to_owned(),
        before,
        name,
        along,
        options,
    }
}

/// One of so many kinds is asked by default, where many are alike; all with `HYLINT_KERNEL=deep`.
const SAMPLE: u64 = 6;

/// Whether a kind is one of the sample. It is the same one in every run.
fn sampled(kind: &Kind) -> bool {
    let text = kind.to_string();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 16).is_multiple_of(SAMPLE)
}

/// Collects kinds, each once, in the order of their making.
#[derive(Default)]
struct Collect {
    /// Everything, and not a sample of it.
    deep: bool,
    /// What comes is much alike.
    alike: bool,
    seen: HashSet<Kind>,
    out: Vec<Kind>,
}

impl Collect {
    fn add(&mut self, v6: bool, table: &str, text: impl Into<String>) {
        let text = text.into();
        let text = text
            .split(' ')
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>();
        let text = text.join(" ");
        self.keep(Kind {
            v6,
            table: table.to_owned(),
            text,
        });
    }

    fn file(&mut self, v6: bool, text: &str) {
        self.keep(Kind {
            v6,
            table: String::new(),
            text: text.to_owned(),
        });
    }

    fn keep(&mut self, kind: Kind) {
        if self.alike && !self.deep && !sampled(&kind) {
            return;
        }
        if self.seen.insert(kind.clone()) {
            self.out.push(kind);
        }
    }
}

/// All kinds.
pub(crate) fn kinds() -> Vec<Kind> {
    let mut c = Collect {
        deep: std::env::var_os("HYLINT_KERNEL").is_some_and(|v| v == "deep"),
        ..Collect::default()
    };
    for part in parts() {
        for v6 in &part.families {
            of_part(&mut c, &part, *v6);
        }
        if let [only] = part.families[..] {
            c.alike = false;
            plain(&mut c, &part, !only);
        }
    }
    c.alike = false;
    for v6 in [false, true] {
        base_options(&mut c, v6);
        files(&mut c, v6);
        lines::lines(&mut c, v6);
    }
    c.out
}

impl Part {
    fn rule(&self, options: &str) -> String {
        self.rule_in(&self.chain, &self.before, options)
    }

    fn rule_in(&self, chain: &str, before: &str, options: &str) -> String {
        let Self { name, along, .. } = self;
        if self.target {
            format!("-A {chain} {before} -j {name} {along} {options}")
        } else {
            format!("-A {chain} {before} -m {name} {along} {options} -j ACCEPT")
        }
    }
}

fn plain(c: &mut Collect, p: &Part, v6: bool) {
    for o in &p.options {
        c.add(v6, &p.table, p.rule(o));
    }
    if p.options.is_empty() {
        c.add(v6, &p.table, p.rule(""));
    }
}

fn of_part(c: &mut Collect, p: &Part, v6: bool) {
    c.alike = false;
    plain(c, p, v6);
    c.add(v6, &p.table, p.rule(""));
    c.alike = true;
    let first = p.options.first().map_or("", String::as_str);
    places(c, p, v6, first);
    around(c, p, v6, first);
    for option in p.options.iter().filter(|o| !o.is_empty()) {
        one_option(c, p, v6, option);
    }
    for (i, a) in p.options.iter().enumerate() {
        for b in p.options.iter().skip(i + 1) {
            c.add(v6, &p.table, p.rule(&format!("{a} {b}")));
        }
    }
}

/// In every table and chain, and in a chain that one of them calls.
fn places(c: &mut Collect, p: &Part, v6: bool, option: &str) {
    for table in TABLES {
        for chain in base_chains(table) {
            c.add(v6, table, p.rule_in(chain, &p.before, option));
        }
    }
    c.add(v6, &p.table, p.rule_in("site", &p.before, option));
    let called = p.rule_in("site", &p.before, option);
    for chain in base_chains(&p.table) {
        c.keep(Kind {
            v6,
            table: p.table.clone(),
            text: format!("-A {chain} -j site\n{}", called.trim()),
        });
    }
}

/// What stands before it, and the thing itself twice.
fn around(c: &mut Collect, p: &Part, v6: bool, option: &str) {
    let befores = [
        "", "-p tcp", "! -p tcp", "-p udp", "-p icmp", "-p 58", "-p sctp", "-p all", "-p 6",
        "-p TCP",
    ];
    for before in befores {
        c.add(v6, &p.table, p.rule_in(&p.chain, before, option));
    }
    let Part {
        chain,
        name,
        along,
        before,
        ..
    } = p;
    let table = &p.table;
    if p.target {
        c.add(
            v6,
            table,
            format!("-A {chain} {before} -j {name} {along} {option} -j {name} {along} {option}"),
        );
        c.add(
            v6,
            table,
            format!("-A {chain} {before} ! -j {name} {along} {option}"),
        );
        c.add(
            v6,
            table,
            format!("-A {chain} {before} -g {name} {along} {option}"),
        );
        c.add(
            v6,
            table,
            format!("-A {chain} {before} {along} {option} -j {name}"),
        );
    } else {
        let m = format!("-m {name} {along} {option}");
        c.add(v6, table, format!("-A {chain} {before} {m} {m} -j ACCEPT"));
        c.add(v6, table, format!("-A {chain} {before} ! {m} -j ACCEPT"));
        c.add(v6, table, format!("-A {chain} {m} {before} -j ACCEPT"));
        c.add(v6, table, format!("-A {chain} {before} -j ACCEPT {m}"));
        c.add(
            v6,
            table,
            format!("-A {chain} {before} {along} {option} -j ACCEPT"),
        );
        c.add(
            v6,
            table,
            format!("-A {chain} {before} {along} {option} -m {name} -j ACCEPT"),
        );
    }
}

fn one_option(c: &mut Collect, p: &Part, v6: bool, option: &str) {
    let table = &p.table;
    let mut add = |o: String| c.add(v6, table, p.rule(&o));
    let (name, value) = option.split_once(' ').unwrap_or((option, ""));
    add(format!("{option} {option}"));
    add(format!("! {option}"));
    add(format!("! ! {option}"));
    add(format!("{option} !"));
    add(format!("{option} extra"));
    add(name.to_owned());
    add(format!("{name}={value}"));
    add(format!("{name}{value}"));
    let short: String = name.chars().take(name.len() - 1).collect();
    add(format!("{short} {value}"));
    add(format!("{} {value}", name.to_ascii_uppercase()));
    add(format!("{name}x {value}"));
    add(format!("{option} --no-such-option 1"));
    if value.is_empty() {
        add(format!("{name} 1"));
        return;
    }
    add(format!("{name} ! {value}"));
    for other in VALUES {
        add(format!("{name} {other}"));
    }
    for other in [
        format!("{value},"),
        format!(",{value}"),
        format!("{value},{value}"),
        format!("{value}x"),
        format!("{value}:{value}"),
        format!("{value}-{value}"),
        value.to_ascii_lowercase(),
        value.to_ascii_uppercase(),
        value.chars().rev().collect(),
        "x".repeat(15),
        "x".repeat(16),
        "x".repeat(64),
        "x".repeat(300),
    ] {
        add(format!("{name} {other}"));
    }
}

/// The options that every rule may have.
fn base_options(c: &mut Collect, v6: bool) {
    let (a, b, other) = if v6 {
        ("2001:db8::1", "2001:db8::2", "10.0.0.1")
    } else {
        ("10.0.0.1", "10.0.0.2", "2001:db8::1")
    };
    let mut add = |chain: &str, rest: &str| c.add(v6, "filter", format!("-A {chain} {rest}"));
    for o in ["-s", "-d", "--source", "--destination", "--src", "--dst"] {
        for v in [
            a.to_owned(),
            format!("{a}/24"),
            format!("{a}/0"),
            format!("{a}/33"),
            format!("{a}/129"),
            format!("{a}/"),
            format!("{a}/x"),
            format!("{a}/-1"),
            format!("{a}/24/24"),
            format!("{a},{b}"),
            format!("{a},"),
            format!(",{a}"),
            format!("{a},,{b}"),
            format!("{a}-{b}"),
            format!("{a}/255.255.255.0"),
            format!("{a}/255.0.255.0"),
            format!("{a}/ffff::"),
            other.to_owned(),
            "any".to_owned(),
            "0/0".to_owned(),
            "::/0".to_owned(),
            "10.1".to_owned(),
            "10.0.0.300".to_owned(),
            "10.0.0.1.1".to_owned(),
            "\"\"".to_owned(),
            "2001:db8:::1".to_owned(),
            "010.0.0.1".to_owned(),
            format!("[{a}]"),
            format!("{a}:80"),
            format!("{a}/0x18"),
            format!("{a}/024"),
            format!("{a} {b}"),
        ] {
            add("INPUT", &format!("{o} {v} -j ACCEPT"));
            add("INPUT", &format!("! {o} {v} -j ACCEPT"));
            if o == "-s" {
                add("INPUT", &format!("-s{v} -j ACCEPT"));
            }
        }
        add("INPUT", &format!("{o} {a} {o} {b} -j ACCEPT"));
        add("INPUT", &format!("{o} ! {a} -j ACCEPT"));
        add("INPUT", &format!("! {o} ! {a} -j ACCEPT"));
        add("INPUT", &format!("! ! {o} {a} -j ACCEPT"));
        add("INPUT", &format!("{o} -j ACCEPT"));
        add("INPUT", &format!("-j ACCEPT {o}"));
        add("INPUT", &format!("{o}={a} -j ACCEPT"));
    }
    for v in [
        "tcp",
        "TCP",
        "Tcp",
        "6",
        "all",
        "ALL",
        "0",
        "255",
        "256",
        "-1",
        "0x6",
        "06",
        "nosuch",
        "\"\"",
        "icmp",
        "icmpv6",
        "ipv6-icmp",
        "esp",
        "ah",
        "ipv6-frag",
        "ipv6-nonxt",
        "mh",
        "mobility-header",
        "gre",
        "ospf",
        "tcp,udp",
        "tcp udp",
        "6x",
        "ip",
        "ipv6",
        "hopopt",
        "any",
        "vrrp",
    ] {
        add("INPUT", &format!("-p {v} -j ACCEPT"));
        add("INPUT", &format!("! -p {v} -j ACCEPT"));
        add("INPUT", &format!("-p ! {v} -j ACCEPT"));
        add("INPUT", &format!("-p{v} -j ACCEPT"));
    }
    for rest in [
        "-p tcp -p tcp -j ACCEPT",
        "-p tcp -p udp -j ACCEPT",
        "-p -j ACCEPT",
        "-j ACCEPT -p",
        "-j ACCEPT -j ACCEPT",
        "-j ACCEPT -j DROP",
        "-j ACCEPT -g site",
        "-g site",
        "-g site -g site",
        "-j site",
        "! -j site",
        "-j ! site",
        "-g INPUT",
        "-j INPUT",
        "-j OUTPUT",
        "-g nosuch",
        "-j nosuch",
        "-j accept",
        "-j",
        "-g",
        "-j \"\"",
        "-j ACCEPT extra",
        "extra -j ACCEPT",
        "-j=ACCEPT",
        "--jump=ACCEPT",
        "-jACCEPT",
        "-gsite",
        "",
        "! -j ACCEPT",
        "!",
        "-j ACCEPT !",
        "! -m tcp -p tcp -j ACCEPT",
        "-m -j ACCEPT",
        "-m \"\" -j ACCEPT",
        "-mtcp -p tcp -j ACCEPT",
        "-m=tcp -p tcp -j ACCEPT",
        "-m TCP -p tcp -j ACCEPT",
        "-j CONTINUE",
        "-f -j ACCEPT",
        "! -f -j ACCEPT",
        "-f -f -j ACCEPT",
        "--fragment -j ACCEPT",
        "--fragments -j ACCEPT",
        "-n -j ACCEPT",
        "-v -j ACCEPT",
        "-v -v -j ACCEPT",
        "-x -j ACCEPT",
        "-w -j ACCEPT",
        "-w 5 -j ACCEPT",
        "--wait -j ACCEPT",
        "-W 5 -j ACCEPT",
        "--line-numbers -j ACCEPT",
        "-t filter -j ACCEPT",
        "-t nat -j ACCEPT",
        "--table filter -j ACCEPT",
        "-tfilter -j ACCEPT",
        "--table=filter -j ACCEPT",
        "-j ACCEPT -t filter",
        "-4 -j ACCEPT",
        "-6 -j ACCEPT",
        "--ipv4 -j ACCEPT",
        "--ipv6 -j ACCEPT",
        "-c 1 2 -j ACCEPT",
        "-c 1,2 -j ACCEPT",
        "-c 1 -j ACCEPT",
        "-c x y -j ACCEPT",
        "-c 1 x -j ACCEPT",
        "-c 1 2 -c 1 2 -j ACCEPT",
        "--set-counters 1 2 -j ACCEPT",
        "! -c 1 2 -j ACCEPT",
        "-c -j ACCEPT",
        "-A INPUT -j ACCEPT",
        "-D INPUT -j ACCEPT",
        "-q -j ACCEPT",
        "--nosuch -j ACCEPT",
        "--dport 22 -j ACCEPT",
        "--dport 22 -p tcp -j ACCEPT",
        "-p tcp --dport 22 -j ACCEPT",
        "-p tcp --dport ssh -j ACCEPT",
        "-p tcp --dport nosuchservice -j ACCEPT",
        "-p udp --dport http -j ACCEPT",
        "-p tcp -m udp --dport 22 -j ACCEPT",
        "-p tcp --syn --dport 22 -j ACCEPT",
        "-p tcp --tcp-flags SYN -j ACCEPT",
        "-p tcp --tcp-flags SYN,FOO SYN -j ACCEPT",
        "-p tcp --tcp-flags ALL NONE -j ACCEPT",
        "-p tcp --tcp-flags \"\" \"\" -j ACCEPT",
        "-p tcp --tcp-flags SYN ! SYN -j ACCEPT",
        "-p tcp --tcp-flags ! SYN SYN -j ACCEPT",
        "-p tcp --syn --tcp-flags SYN SYN -j ACCEPT",
        "-p tcp --tcp-flags syn,ack syn -j ACCEPT",
        "-p tcp --tcp-flags SYN ACK -j ACCEPT",
        "-p tcp --tcp-flags SYN -m tcp -j ACCEPT",
        "-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15 -j ACCEPT",
        "-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 -j ACCEPT",
        "-p tcp -m multiport --dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15 -j ACCEPT",
        "-p tcp -m multiport --dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16 -j ACCEPT",
        "-p tcp -m multiport --dports 22 --sports 22 -j ACCEPT",
        "-p tcp -m multiport --dports 22 -m multiport --sports 22 -j ACCEPT",
        "-p tcp -m multiport --dport 22 -j ACCEPT",
        "-p tcp -m multiport --port 22 -j ACCEPT",
        "-p tcp -m multiport --dports ssh,http -j ACCEPT",
        "-p tcp -m multiport --dports 22, -j ACCEPT",
        "-p tcp -m multiport ! --dports 22,23 -j ACCEPT",
        "-p tcp -m multiport --dports 22 23 -j ACCEPT",
        "-m conntrack --ctstate NEW,NEW -j ACCEPT",
        "-m conntrack --ctstate new -j ACCEPT",
        "-m conntrack --ctstate SNAT,DNAT -j ACCEPT",
        "-m conntrack --ctstate UNTRACKED -j ACCEPT",
        "-m conntrack --ctstate NEW, -j ACCEPT",
        "-m state --state SNAT -j ACCEPT",
        "-m state --state UNTRACKED -j ACCEPT",
        "-m state --state NEW --state ESTABLISHED -j ACCEPT",
        "-m state --state NEW -m state --state ESTABLISHED -j ACCEPT",
        "-m comment --comment \"a b\" -j ACCEPT",
        "-m comment --comment \"a\"b -j ACCEPT",
        "-m comment --comment 'a b' -j ACCEPT",
        "-m comment --comment \"a \\\" b\" -j ACCEPT",
        "-m comment --comment \"a -j ACCEPT",
        "-m comment --comment -- -j ACCEPT",
        "-m comment --comment -t -j ACCEPT",
        "-m comment --comment \"-t\" -j ACCEPT",
        "-m comment --comment \"-test\" -j ACCEPT",
        "-m comment --comment --table -j ACCEPT",
        "-m comment --comment -j DROP",
        "-m comment --comment ! -j ACCEPT",
        "-- -j ACCEPT",
        "- -j ACCEPT",
        "-j LOG --log-prefix \"-test \"",
        "-j LOG --log-prefix \"x -t \"",
        "-j LOG --log-prefix \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
        "-j LOG --log-level debug",
        "-j LOG --log-level nosuch",
        "-j LOG --log-level 8",
        "-j LOG --log-prefix \"a\nb\"",
        "-j ACCEPT -m tcp",
        "-m limit -j ACCEPT",
        "-m limit --limit 0 -j ACCEPT",
        "-m limit --limit 10000/sec -j ACCEPT",
        "-m limit --limit 100000/sec -j ACCEPT",
        "-m limit --limit 1/fortnight -j ACCEPT",
        "-m limit --limit 5/s -j ACCEPT",
        "-m limit --limit /s -j ACCEPT",
        "-m limit --limit-burst 0 -j ACCEPT",
        "-m limit ! --limit 5/sec -j ACCEPT",
        "-m recent --set --rcheck -j ACCEPT",
        "-m recent --name x -j ACCEPT",
        "-m recent --set --seconds 5 -j ACCEPT",
        "-m recent --rcheck --hitcount 300 -j ACCEPT",
        "-m recent --remove --hitcount 1 -j ACCEPT",
        "-m recent --rcheck --rsource --rdest -j ACCEPT",
        "-m recent ! --set -j ACCEPT",
        "-m recent ! --rcheck -j ACCEPT",
        "-m recent --rcheck --name a/b -j ACCEPT",
        "-m owner --uid-owner root -j ACCEPT",
        "-m mac ! --mac-source 00:11:22:33:44:55 -j ACCEPT",
        "-m mac --mac-source 0:1:2:3:4:5 -j ACCEPT",
        "-m mac --mac-source 00-11-22-33-44-55 -j ACCEPT",
        "-m mac --mac-source 001122334455 -j ACCEPT",
        "-m mac --mac-source 00:11:22:33:44 -j ACCEPT",
        "-m mac --mac-source 00:11:22:33:44:55:66 -j ACCEPT",
        "-m addrtype --dst-type LOCAL,NOSUCH -j ACCEPT",
        "-m addrtype --dst-type BROADCAST -j ACCEPT",
        "-m addrtype --dst-type BLACKHOLE -j ACCEPT",
        "-m addrtype --dst-type PROHIBIT -j ACCEPT",
        "-m addrtype --dst-type UNREACHABLE -j ACCEPT",
        "-m addrtype --dst-type local -j ACCEPT",
        "-m addrtype --dst-type MULTICAST -j ACCEPT",
        "-m addrtype --dst-type ANYCAST -j ACCEPT",
        "-m addrtype --dst-type THROW -j ACCEPT",
        "-m addrtype --dst-type NAT -j ACCEPT",
        "-m addrtype --dst-type XRESOLVE -j ACCEPT",
        "-m set --match-set s -j ACCEPT",
        "-m set --match-set s src,src,src,src,src,src,src -j ACCEPT",
        "-m set --match-set s up -j ACCEPT",
        "-m set -j ACCEPT",
        "-m set --match-set s src -m set --match-set s dst -j ACCEPT",
        "-m set --match-set s src --match-set s dst -j ACCEPT",
        "-m set ! --match-set s src -j ACCEPT",
        "-m set --set s src -j ACCEPT",
        "-m set --match-set s src --return-nomatch -j ACCEPT",
        "-m set --match-set s src ! --update-counters -j ACCEPT",
        "-m set --match-set s src --packets-eq 5 -j ACCEPT",
        "-m set --match-set s src --packets-eq 5 --packets-lt 6 -j ACCEPT",
        "-m set --match-set s src --bytes-gt x -j ACCEPT",
        "-m set --match-set toolongtoolongtoolongtoolongtoolongtoolong src -j ACCEPT",
        "-m time -j ACCEPT",
        "-m time --timestart 25:00 -j ACCEPT",
        "-m time --timestart 10:60 -j ACCEPT",
        "-m time --timestart 10 -j ACCEPT",
        "-m time --weekdays 1,7 -j ACCEPT",
        "-m time --weekdays 8 -j ACCEPT",
        "-m time --weekdays Mond -j ACCEPT",
        "-m time --weekdays Mo,Tue -j ACCEPT",
        "-m time --monthdays 0 -j ACCEPT",
        "-m time --monthdays 32 -j ACCEPT",
        "-m time --datestart 1960-01-01 -j ACCEPT",
        "-m time --datestart 2030-13-01 -j ACCEPT",
        "-m time --utc --localtz -j ACCEPT",
        "-m time --timestart 10:00 --contiguous -j ACCEPT",
        "-m time ! --weekdays Mon -j ACCEPT",
        "-m statistic --mode random -j ACCEPT",
        "-m statistic --mode nth -j ACCEPT",
        "-m statistic --mode nth --every 5 -j ACCEPT",
        "-m statistic --mode nth --every 5 --packet 5 -j ACCEPT",
        "-m statistic --mode nth --every 0 --packet 0 -j ACCEPT",
        "-m statistic --mode random --probability 1.1 -j ACCEPT",
        "-m statistic --mode random --every 5 --packet 1 -j ACCEPT",
        "-m statistic --mode nosuch --probability 0.1 -j ACCEPT",
        "-m pkttype --pkt-type broadcast -j ACCEPT",
        "-m pkttype --pkt-type host -j ACCEPT",
        "-m pkttype --pkt-type otherhost -j ACCEPT",
        "-m pkttype --pkt-type loopback -j ACCEPT",
        "-m pkttype --pkt-type nosuch -j ACCEPT",
        "-j REJECT --reject-with icmp-host-prohibited",
        "-j REJECT --reject-with icmp6-port-unreachable",
        "-j REJECT --reject-with icmp-nosuch",
        "-j REJECT --reject-with tcp-reset",
        "-j REJECT --reject-with tcp-rst",
        "-p tcp -j REJECT --reject-with tcp-rst",
        "-p tcp -j REJECT --reject-with tcp-r",
        "! -p tcp -j REJECT --reject-with tcp-reset",
        "-p udp -j REJECT --reject-with tcp-reset",
        "-j REJECT --reject-with port-unreach",
        "-j REJECT --reject-with icmp-port",
        "-j REJECT --reject-with icmp-",
        "-j REJECT --reject-with echo-reply",
        "-j REJECT --reject-with no-route",
        "-j REJECT --reject-with net-unreach",
        "-j REJECT --reject-with adm-prohibited",
        "-j REJECT --reject-with policy-fail",
        "-j REJECT --reject-with host-unreach",
        "-p icmp -m icmp --icmp-type any -j ACCEPT",
        "-p icmp -m icmp --icmp-type 255 -j ACCEPT",
        "-p icmp -m icmp --icmp-type 255/255 -j ACCEPT",
        "-p icmp -m icmp --icmp-type 8/256 -j ACCEPT",
        "-p icmp -m icmp --icmp-type echo -j ACCEPT",
        "-p icmp -m icmp --icmp-type echo-req -j ACCEPT",
        "-p icmp -m icmp --icmp-type network-unreachable -j ACCEPT",
        "-p icmp -m icmp --icmp-type nosuch -j ACCEPT",
        "-p icmp -m icmp -j ACCEPT",
        "-p icmp --icmp-type 8 -j ACCEPT",
        "-p icmp -m icmp --icmp-type 8/0/0 -j ACCEPT",
        "-p icmp -m icmp --icmp-type 8: -j ACCEPT",
        "-p ipv6-icmp -m icmp6 --icmpv6-type any -j ACCEPT",
        "-p ipv6-icmp -m icmp6 --icmpv6-type 255 -j ACCEPT",
        "-p ipv6-icmp -m icmp6 --icmpv6-type router-solicitation -j ACCEPT",
        "-p icmpv6 -m icmp6 --icmpv6-type 135 -j ACCEPT",
        "-p icmpv6 --icmpv6-type 135 -j ACCEPT",
        "-p icmpv6 -m icmpv6 --icmpv6-type 135 -j ACCEPT",
        "-p 58 -m icmp6 --icmpv6-type 135 -j ACCEPT",
        "-p ipv6-icmp -m ipv6-icmp --icmpv6-type 135 -j ACCEPT",
        "-p ipv6-icmp -m icmp6 -j ACCEPT",
    ] {
        add("INPUT", rest);
    }
    for (o, chains) in [
        ("-i", ["INPUT", "FORWARD", "OUTPUT"]),
        ("-o", ["INPUT", "FORWARD", "OUTPUT"]),
    ] {
        for chain in chains {
            for v in [
                "eth0",
                "eth+",
                "+",
                "\"\"",
                "a/b",
                "123456789012345",
                "1234567890123456",
                "eth0,eth1",
                "eth0:1",
                "!eth0",
                "-eth0",
                "\"a b\"",
                "eth0 eth1",
            ] {
                add(chain, &format!("{o} {v} -j ACCEPT"));
                add(chain, &format!("! {o} {v} -j ACCEPT"));
            }
            add(chain, &format!("{o} eth0 {o} eth1 -j ACCEPT"));
            add(chain, &format!("{o} ! eth0 -j ACCEPT"));
            add(chain, &format!("-j ACCEPT {o}"));
            add(chain, &format!("{o}eth0 -j ACCEPT"));
        }
    }
    for table in TABLES {
        for chain in [
            "PREROUTING",
            "INPUT",
            "FORWARD",
            "OUTPUT",
            "POSTROUTING",
            "site",
            "nosuch",
            "input",
            "\"site\"",
            "\"\"",
        ] {
            for rest in [
                "-j ACCEPT",
                "-j DROP",
                "-i eth0 -j ACCEPT",
                "-o eth0 -j ACCEPT",
                "-j RETURN",
                "-j site",
            ] {
                c.add(v6, table, format!("-A {chain} {rest}"));
            }
        }
    }
    commands(c, v6);
}

/// Commands other than `-A`, and names of chains.
fn commands(c: &mut Collect, v6: bool) {
    let n28 = "x".repeat(28);
    let n29 = "x".repeat(29);
    for line in [
        "-I INPUT -j ACCEPT",
        "-I INPUT 1 -j ACCEPT",
        "-I INPUT 2 -j ACCEPT",
        "-I INPUT 0 -j ACCEPT",
        "-I INPUT x -j ACCEPT",
        "-A INPUT 1 -j ACCEPT",
        "-N more",
        "-N site",
        "-N INPUT",
        "-N",
        "-N ACCEPT",
        "-N LOG",
        "-N -x",
        "-N !x",
        "-N \"a b\"",
        "-P INPUT DROP",
        "-P INPUT REJECT",
        "-P INPUT",
        "-P site DROP",
        "-P nosuch DROP",
        "-F",
        "-F INPUT",
        "-F nosuch",
        "-X",
        "-X site",
        "-X INPUT",
        "-X nosuch",
        "-Z",
        "-Z INPUT",
        "-E site other",
        "-E site INPUT",
        "-E site",
        "-E nosuch other",
        "-E INPUT other",
        "-D INPUT -j ACCEPT",
        "-D INPUT 1",
        "-D nosuch 1",
        "-R INPUT 1 -j ACCEPT",
        "-R INPUT",
        "-C INPUT -j ACCEPT",
        "-L",
        "-S",
        "-A",
        "-A INPUT",
        "-AINPUT -j ACCEPT",
        "--append INPUT -j ACCEPT",
        "--append=INPUT -j ACCEPT",
        "--app INPUT -j ACCEPT",
        "-j ACCEPT -A INPUT",
        "-p tcp -A INPUT -j ACCEPT",
        "INPUT -j ACCEPT",
        "[0:0] -A INPUT -j ACCEPT",
        "[1:2]-A INPUT -j ACCEPT",
        "[1] -A INPUT -j ACCEPT",
        "[a:b] -A INPUT -j ACCEPT",
        "[1:2 -A INPUT -j ACCEPT",
        "[1:2]",
        "nonsense",
        "*nat",
        ":late - [0:0]",
        ":site - [0:0]",
        ":INPUT DROP [0:0]",
        ":INPUT REJECT [0:0]",
        ":INPUT - [0:0]",
        ":INPUT DROP",
        ":INPUT",
        ":",
        ":INPUT DROP [0]",
        ":INPUT DROP [a:b]",
        ":INPUT DROP x",
        ":more ACCEPT [0:0]",
        ":more DROP [0:0]",
        ":more -",
        ":more",
        ":more [0:0]",
        ":INPUT QUEUE [0:0]",
        ":INPUT RETURN [0:0]",
        ":INPUT accept [0:0]",
        ":PREROUTING ACCEPT [0:0]",
        ":ACCEPT - [0:0]",
        ":DROP - [0:0]",
        ":RETURN - [0:0]",
        ":QUEUE - [0:0]",
        ":LOG - [0:0]",
        ":REJECT - [0:0]",
        ":!x - [0:0]",
        ":-x - [0:0]",
        ":a/b - [0:0]",
        ":\"a - [0:0]",
        "COMMIT",
        "commit",
        "COMMIT x",
        "# comment",
        "\u{20}# indented",
        "-A INPUT -j ACCEPT # comment",
        "-A INPUT -j ACCEPT;",
        "-A INPUT -s 10.0.0.1 # -j ACCEPT",
        "-A INPUT --protocol tcp --destination-port=22 --jump ACCEPT",
        "-A INPUT --proto tcp -j ACCEPT",
        "-A INPUT --in-interface eth0 -j ACCEPT",
        "-A INPUT --in eth0 -j ACCEPT",
        "-A INPUT --s 10.0.0.1 -j ACCEPT",
        "-A INPUT --so 10.0.0.1 -j ACCEPT",
    ] {
        c.add(v6, "filter", line);
    }
    for text in [
        format!(":{n28} - [0:0]\n-A INPUT -j {n28}"),
        format!(":{n29} - [0:0]\n-A INPUT -j {n29}"),
        format!(":{n29} - [0:0]"),
        format!("-N {n28}"),
        format!("-N {n29}"),
        format!("-A INPUT -j {n29}"),
        format!("-E site {n29}"),
        "-A site -j site".to_owned(),
        "-A INPUT -j site\n-A site -j site".to_owned(),
        ":b - [0:0]\n-A site -j b\n-A b -j site".to_owned(),
        ":b - [0:0]\n-A INPUT -j b\n-A b -j site\n-A site -j b".to_owned(),
        "-A INPUT -j later\n:later - [0:0]".to_owned(),
        ":LOG - [0:0]\n-A INPUT -j LOG".to_owned(),
        ":LOG - [0:0]\n-A INPUT -g LOG".to_owned(),
        ":REJECT - [0:0]\n-A INPUT -j REJECT\n-A REJECT -j DROP".to_owned(),
        "-A INPUT -j site\n-A site -o eth0 -j ACCEPT".to_owned(),
        "-A OUTPUT -j site\n-A site -i eth0 -j ACCEPT".to_owned(),
        "-D INPUT -j DROP\n-A INPUT -j DROP".to_owned(),
        "-A INPUT -j DROP\n-D INPUT -j DROP".to_owned(),
        "-A INPUT -j site\n-X site".to_owned(),
        "-A site -j DROP\n-X site".to_owned(),
        "-A INPUT -j DROP\n-R INPUT 1 -j ACCEPT".to_owned(),
        "-A INPUT -j DROP\n-R INPUT 2 -j ACCEPT".to_owned(),
        "-A INPUT -j DROP\n-I INPUT 2 -j ACCEPT".to_owned(),
        "-A INPUT -j DROP\n-I INPUT 3 -j ACCEPT".to_owned(),
        "-A INPUT -j DROP\n-D INPUT 2".to_owned(),
        "-A INPUT -g site\n-A site -g site".to_owned(),
        "-A INPUT -j site\n-E site other\n-A INPUT -j other".to_owned(),
        "-A INPUT -j site\n-E site other\n-A INPUT -j site".to_owned(),
    ] {
        c.keep(Kind {
            v6,
            table: "filter".to_owned(),
            text,
        });
    }
}

/// Whole files.
fn files(c: &mut Collect, v6: bool) {
    const HEAD: &str =
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
    const RULE: &str = "-A INPUT -j ACCEPT\n";
    for rest in [
        "COMMIT\n",
        "COMMIT",
        "COMMIT\nCOMMIT\n",
        "COMMIT\n\nCOMMIT\n",
        "COMMIT\n# end\n",
        "COMMIT\n-A INPUT -j DROP\n",
        "COMMIT\n-A INPUT -j DROP\nCOMMIT\n",
        "COMMIT\n:late - [0:0]\n",
        "COMMIT\n*nat\nCOMMIT\n",
        "COMMIT\n*nat\n",
        "COMMIT\n*nat\nCOMMIT",
        "*nat\nCOMMIT\n",
        "COMMIT\n*nosuch\nCOMMIT\n",
        "COMMIT\n*\nCOMMIT\n",
        "COMMIT\n*NAT\nCOMMIT\n",
        "COMMIT\n*nat extra\nCOMMIT\n",
        "COMMIT\n* nat\nCOMMIT\n",
        "",
        "commit\n",
        "COMMIT\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n",
        "COMMIT\n-P INPUT DROP\n",
        "COMMIT\n[0:0] -A INPUT -j DROP\n",
        "COMMIT\n*broute\nCOMMIT\n",
    ] {
        c.file(v6, &format!("{HEAD}{RULE}{rest}"));
    }
    c.file(v6, &format!("COMMIT\n{HEAD}{RULE}COMMIT\n"));
    c.file(v6, &format!("-A INPUT -j DROP\n{HEAD}{RULE}COMMIT\n"));
    c.file(v6, &format!(":INPUT DROP [0:0]\n{HEAD}{RULE}COMMIT\n"));
    c.file(
        v6,
        &format!("{HEAD}{RULE}COMMIT\n{HEAD}-A INPUT -j nosuch\nCOMMIT\n"),
    );
    c.file(v6, "*filter\nCOMMIT\n");
    c.file(v6, "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n");
    c.file(v6, "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
    c.file(v6, "*filter\n-A mine -j ACCEPT\nCOMMIT\n");
    c.file(
        v6,
        &format!(
            "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment {} -j ACCEPT\nCOMMIT\n",
            "x".repeat(255)
        ),
    );
    c.file(
        v6,
        &format!(
            "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment {} -j ACCEPT\nCOMMIT\n",
            "x".repeat(1030)
        ),
    );
    c.file(
        v6,
        &format!(
            "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT {}-j ACCEPT\nCOMMIT\n",
            "-m comment --comment x ".repeat(80)
        ),
    );
    c.file(
        v6,
        &format!(
            "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT {}-j ACCEPT\nCOMMIT\n",
            "-m comment --comment x ".repeat(300)
        ),
    );
}
