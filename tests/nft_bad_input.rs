//! Rulesets of nftables that are cut off, wrong or made to hurt, through the program: each is one clear error or warning at
//! its place, no rule is lost without a word, and nothing passes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::Hylint;

const LISTING: &str = "table inet filter {\n\tset allowed {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\telements = { 10.0.0.0/8, 192.168.0.1,\n\
    \t\t\t     192.168.1.1 }\n\t}\n\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n\
    \t\tct state established,related accept\n\t\tip saddr @allowed tcp dport 22 accept\n\t}\n}\n";

const JSON: &str = r#"{"nftables": [{"metainfo": {"version": "1.0.6", "release_name": "x", "json_schema_version": 1}},
{"table": {"family": "inet", "name": "filter", "handle": 1}},
{"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
{"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 2, "expr": [
 {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}, {"accept": null}]}}]}
"#;

/// A configuration with a line in its chain.
fn configuration(line: &str) -> String {
    let begin = "#!/usr/sbin/nft -f\nflush ruleset\ntable inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n\
        \t\tct state established,related accept\n";
    format!("{begin}{line}\n\t\ttcp dport 22 accept\n\t}}\n}}\n")
}

/// Problems of the files as `path:line:column severity message`.
fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let mut h = Hylint::new();
    for (name, text) in files {
        h = h.file(&format!("x/{name}"), text);
    }
    let run = h.args("check --format json --role session-host x").run();
    assert_eq!(run.status, 1, "{}{}", run.out, run.err);
    let report = run.json();
    let of_text = ["malformed-export", "incomplete-export", "unmodelled-match"];
    let findings = report["findings"].as_array().unwrap().iter();
    let own = findings.filter(|f| of_text.contains(&f["code"].as_str().unwrap()));
    own.map(|f| {
        let text = |key: &str| f[key].as_str().unwrap().to_owned();
        let (path, line, column) = (text("path"), &f["line"], &f["column"]);
        let path = path.trim_start_matches("x/");
        format!(
            "{path}:{line}:{column} {} {}",
            text("severity"),
            text("message")
        )
    })
    .collect()
}

#[test]
fn text_that_is_cut_off_is_one_error() {
    let inside = |part: &str| &LISTING[..LISTING.find(part).unwrap() + part.len()];
    let cuts = [
        (
            "192.168.0",
            "2:2 error the text ends inside set `allowed`: `}` is missing",
        ),
        ("ip saddr @all", "12:3 error the text ends inside this rule"),
        (
            "22 accept\n",
            "9:2 error the text ends inside chain `input`: `}` is missing",
        ),
    ];
    for (last, problem) in cuts {
        assert_eq!(
            problems(&[("fw.nft", inside(last))]),
            [format!("fw.nft:{problem}")]
        );
    }
    let half = problems(&[("fw.json", &JSON[..JSON.len() / 2])]);
    assert!(
        half[0].ends_with("error a string is not closed: the text is cut off here"),
        "{half:?}"
    );
}

#[test]
fn what_is_not_known_is_told_at_its_place() {
    let of = |line: &str| problems(&[("nftables.conf", &configuration(line))]);
    let json = |from: &str, to: &str| problems(&[("fw.json", &JSON.replace(from, to))]);
    assert_eq!(
        of("\t\tfrobnicate 5 accept"),
        ["nftables.conf:7:3 error `frobnicate` does not begin a statement of nftables"]
    );
    assert_eq!(
        of("\t\ttcp dprot 5 accept"),
        ["nftables.conf:7:7 error `dprot` is not a field of the header `tcp`"]
    );
    let statement = json("accept\"", "frobnicate\"");
    assert!(
        statement[0].contains("unknown statement `frobnicate`"),
        "{statement:?}"
    );
    let schema = json("version\": 1", "version\": 7");
    assert!(
        schema[0].contains("error JSON schema version 7 is newer than 1"),
        "{schema:?}"
    );
}

#[test]
fn includes_and_variables_that_lead_nowhere_are_told() {
    let including = configuration("\t\tinclude \"b.nft\"");
    assert_eq!(
        problems(&[
            ("nftables.conf", &including),
            ("b.nft", "include \"b.nft\"\n")
        ]),
        ["b.nft:1:1 error `x/b.nft` includes itself"]
    );
    assert_eq!(
        problems(&[("nftables.conf", &including)]),
        ["nftables.conf:7:3 warning the included file `b.nft` is not in this folder"]
    );
    let outside = configuration("\t\tinclude \"../../../../etc/passwd\"");
    assert_eq!(
        problems(&[("nftables.conf", &outside)]),
        [
            "nftables.conf:7:3 warning the included file `../../../../etc/passwd` is outside this folder"
        ]
    );
    let cycle = configuration("\t\tdefine a = $b\n\t\tdefine b = $a");
    assert_eq!(
        problems(&[("nftables.conf", &cycle)]),
        ["nftables.conf:7:14 error the variable `$b` is not defined before it is used here"]
    );
}

// Fails if rules behind a carriage return are lost, or the text counts as one that loads.
#[test]
fn lines_that_only_carriage_returns_end_are_read_and_told() {
    let lone = LISTING.replace('\n', "\r");
    let found = problems(&[("fw.nft", &lone)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("fw.nft:1:20 error a carriage return alone ends no line"),
        "{found:?}"
    );
    let run = Hylint::new()
        .file("fw.nft", &lone)
        .args("inspect fw.nft")
        .run();
    assert!(run.out.contains("2 rules"), "{}", run.out);
    assert!(problems(&[("fw.nft", &LISTING.replace('\n', "\r\n"))]).is_empty());
}

// Fails if a document passes of which nft reads another part, or whose keys may change what its objects do.
#[test]
fn json_that_says_more_than_one_ruleset_is_told() {
    let of = |text: &str| problems(&[("fw.json", text)]);
    let body = JSON.trim_end().strip_suffix('}').unwrap();
    for second in [
        format!("{body}, \"nftables\": []}}"),
        format!("{JSON}{JSON}"),
    ] {
        let found = of(&second);
        assert!(
            found[0].contains("error a second `nftables` in one file"),
            "{found:?}"
        );
    }
    let beside = of(&format!("{body}, \"nftables2\": []}}"));
    assert!(
        beside[0].contains("warning unknown key `nftables2` of the document"),
        "{beside:?}"
    );
    let chain = of(&JSON.replace("\"prio\": 0", "\"prio\": 0, \"dormant\": true"));
    assert!(
        chain
            .iter()
            .any(|p| p.contains("unknown key `dormant` of a chain: it may change")),
        "{chain:?}"
    );
    let null = of(&JSON.replace("\"expr\": [", "\"expr\": null, \"x\": ["));
    assert!(
        null.iter()
            .any(|p| p.contains("error `expr` is not a list")),
        "{null:?}"
    );
    let off = JSON.replace("\"expr\": [", "\"disabled\": true, \"expr\": [");
    let run = Hylint::new()
        .file("fw.json", &off)
        .args("trace fw.json --direction in --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 22")
        .run();
    assert!(run.out.contains("key disabled"), "{}{}", run.out, run.err);
}

// Fails if a ruleset passes that nft refuses for a value, or one is refused whose names the machine may know.
#[test]
fn values_that_nft_refuses_are_told_at_their_place() {
    let of = |rule: &str| problems(&[("nftables.conf", &configuration(&format!("\t\t{rule}")))]);
    for (rule, value) in [
        ("tcp dport 4000-3000 accept", "4000-3000"),
        ("tcp dport 65536 accept", "65536"),
        ("tcp dport { 22, 65000-70000 } accept", "65000-70000"),
        ("tcp dport 33\u{200b}89 accept", "33\u{200b}89"),
        ("udp dport > 70000 accept", "70000"),
        ("meta l4proto 256 accept", "256"),
        ("icmp type 300 accept", "300"),
        ("ip ttl 256 accept", "256"),
        ("ip dscp 64 accept", "64"),
        ("ip saddr 10.0.0.0/33 accept", "10.0.0.0/33"),
        ("ip saddr 300.0.0.0/8 accept", "300.0.0.0/8"),
        ("ip saddr fe80::/8 accept", "fe80::/8"),
        ("ip saddr 10.0.0.9-10.0.0.1 accept", "10.0.0.9-10.0.0.1"),
        ("iifname abcdefghijklmnop accept", "abcdefghijklmnop"),
    ] {
        let found = of(rule);
        let at = rule.find(value).unwrap() + 3;
        let place = format!("nftables.conf:7:{at} error ");
        assert!(
            found.len() == 1
                && found[0].starts_with(&place)
                && found[0].contains("no value that nft takes"),
            "{rule}: {found:?}"
        );
    }
    for right in ["-1", "22.5", "1e400", "\"\""] {
        let found = problems(&[(
            "fw.json",
            &JSON.replace("\"right\": 22", &format!("\"right\": {right}")),
        )]);
        assert!(
            found.len() == 1 && found[0].contains("no value that nft takes"),
            "{right}: {found:?}"
        );
    }
    for rule in [
        "tcp dport nosuchservice accept",
        "tcp dport 5-5 accept",
        "ip saddr host.example accept",
        "ip saddr 010.1.1.8 accept",
        "ip saddr 10/8 accept",
        "meta length 70000 accept",
        "meta skuid nobody accept",
        "iifname \"abcdefghijklmn*\" accept",
    ] {
        let found = of(rule);
        assert!(
            found.iter().all(|p| !p.contains("nft takes")),
            "{rule}: {found:?}"
        );
    }
}

// Fails if a ruleset passes that names what is not there, so that nft refuses it, or one is refused that may be right.
#[test]
fn what_is_not_there_is_told_where_it_is_named() {
    let of = |rule: &str| problems(&[("nftables.conf", &configuration(&format!("\t\t{rule}")))]);
    assert_eq!(
        of("ip saddr @nope tcp dport 3389 accept"),
        ["nftables.conf:7:12 error the set `nope` is not in the table `filter`"]
    );
    let elided = of("ip saddr { 1.1.1.1, ... } accept");
    assert!(
        elided[1].starts_with("nftables.conf:7:23 error `...` stands for values that are left out"),
        "{elided:?}"
    );
    let included = of("include \"gone.nft\"\n\t\tip saddr @nope accept");
    assert!(
        included.iter().all(|p| !p.contains(" error ")),
        "{included:?}"
    );
    let whole = configuration("");
    let after = |command: &str| problems(&[("nftables.conf", &format!("{whole}{command}\n"))]);
    for command in [
        "delete rule inet filter input handle 4",
        "delete table inet nosuch",
        "delete chain inet filter nosuch",
        "flush chain inet filter nosuch",
        "delete element inet filter nosuch { 1.1.1.1 }",
        "add element inet filter nosuch { 1.1.1.1 }",
    ] {
        let found = after(command);
        assert!(
            found.len() == 1
                && found[0].starts_with("nftables.conf:11:")
                && found[0].contains(" error the "),
            "{command}: {found:?}"
        );
    }
    assert!(after("destroy table inet nosuch").is_empty());
    let host = whole.replace("flush ruleset\n", "");
    let unknown = problems(&[(
        "nftables.conf",
        &format!("{host}delete table inet nosuch\n"),
    )]);
    assert!(
        unknown.len() == 1 && unknown[0].contains(" note the table that is changed here"),
        "{unknown:?}"
    );
}

// Fails if a table passes that a flag may switch off.
#[test]
fn a_flag_of_a_table_that_is_not_known_leaves_it_open() {
    let flagged = LISTING.replace("filter {\n\tset", "filter {\n\tflags zork\n\tset");
    let run = Hylint::new()
        .file("fw.nft", &flagged)
        .args("trace fw.nft --direction in --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 23")
        .run();
    assert!(run.out.contains("conditional"), "{}{}", run.out, run.err);
    let found = problems(&[("fw.nft", &flagged)]);
    assert!(found[0].contains("unknown table flag `zork`"), "{found:?}");
}
