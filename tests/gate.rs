//! The words of the gate, what a pass does not cover, and what a change may not do unseen.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::{Hylint, Run};

const HEAD: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
    -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";

fn rules(lines: &str) -> String {
    format!("{HEAD}{lines}COMMIT\n")
}

/// What the SQL server needs.
fn sql() -> String {
    rules("-A INPUT -s 10.0.0.11/32 -p tcp -m tcp --dport 1433 -j ACCEPT\n")
}

const ROLES: &str = "[roles]\ncontroller-management = [\"10.0.0.11\"]\ncontroller-broker = []\nsession-host = []\n\
    active-directory = []\nworkspace-client = []\nsql-log-server = []\n";

fn host(name: &str, address: &str, role: &str, exports: &str) -> String {
    format!(
        "[[host]]\nname = \"{name}\"\naddresses = [\"{address}\"]\nroles = [\"{role}\"]\nexports = [\"{exports}\"]\n"
    )
}

fn site() -> String {
    ROLES.to_owned() + &host("sql1", "10.0.0.5", "sql-server", "sql1/*.v4")
}

fn files(files: &[(&str, &str)]) -> Hylint {
    let files = files.iter();
    files.fold(Hylint::new(), |h, (path, text)| h.file(path, text))
}

fn run(h: &Hylint, line: &str) -> Run {
    Hylint::in_folder(h.path("")).args(line).run()
}

fn last(r: &Run) -> String {
    r.out
        .trim_end()
        .lines()
        .next_back()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_pass_says_what_is_not_proven_and_what_the_baseline_holds() {
    let h = files(&[("hylint.toml", &site()), ("sql1/a.v4", &sql())]);
    let r = run(&h, "check .");
    assert_eq!(r.status, 0);
    assert!(last(&r).starts_with("PASSED ·"), "{}", r.out);
    // The row is closed, and the baseline holds the finding.
    let closed = rules("");
    let h = h.file("sql1/a.v4", &closed);
    assert!(last(&run(&h, "check .")).starts_with("FAILED: "));
    let r = run(&h, "check . --write-baseline known.json");
    assert_eq!(r.status, 0, "{}", r.out);
    assert!(
        last(&r).starts_with("PASSED, 1 violated requirement is in the baseline ·"),
        "{}",
        r.out
    );
    // Nothing told of it, it is still not proven to be open.
    let r = run(&h, "check . --ignore missing-flow");
    assert!(
        last(&r).starts_with("PASSED, 1 violated requirement is below what fails the run"),
        "{}",
        r.out
    );
    // Half of the hosts have no export.
    let two = site()
        + &host("sql2", "10.0.0.6", "sql-server", "sql2/*.v4")
            .replace("exports = [\"sql2/*.v4\"]\n", "");
    let h = h.file("hylint.toml", two).file("sql1/a.v4", sql());
    let r = run(&h, "check .");
    assert!(
        last(&r).contains("of 1 requirement not proven"),
        "{}",
        r.out
    );
    r.says(&["sql2 (10.0.0.6)"]);
}

#[test]
fn requirements_judged_at_their_source_alone_are_counted() {
    let one = ROLES.replace("[\"10.0.0.11\"]", "[]")
        + "sql-server = [\"10.0.0.5\"]\n"
        + &host("cm1", "10.0.0.11", "controller-management", "cm1/*.v4");
    let one = one.replace("controller-management = []\n", "");
    let h = files(&[("hylint.toml", &one), ("cm1/a.v4", &rules(""))]);
    let r = run(&h, "check .");
    assert!(
        last(&r).starts_with("PASSED, 1 of 1 requirement judged at one end only"),
        "{}",
        r.out
    );
    let d = run(&h, "check . --format json").json();
    assert_eq!(d["summary"]["one_end"], 1);
    assert_eq!(d["summary"]["gate"], "PASSED");
    // Its row says so, too.
    for line in [
        "check . -v",
        "check . --format csv",
        "check . --format html",
    ] {
        let out = run(&h, line).out;
        let rows = out.lines().filter(|l| !l.contains("PASSED"));
        let rows: Vec<&str> = rows.flat_map(str::split_whitespace).collect();
        let rows = rows.join(" ");
        assert!(rows.contains("judged at one end only"), "{line}: {out}");
    }
    // Judged at the destination too, it is not.
    let both = one.replace("sql-server = [\"10.0.0.5\"]\n", "")
        + &host("sql1", "10.0.0.5", "sql-server", "sql1/*.v4");
    let h = h.file("hylint.toml", both).file("sql1/a.v4", sql());
    let r = run(&h, "check .");
    assert!(last(&r).starts_with("PASSED ·"), "{}", r.out);
}

#[test]
fn every_report_says_the_same_words() {
    let h = files(&[("hylint.toml", &site()), ("sql1/a.v4", &rules(""))]);
    run(&h, "check . --write-baseline known.json");
    for format in [
        "human", "json", "ndjson", "sarif", "junit", "github", "markdown", "csv", "html",
    ] {
        let r = run(
            &h,
            &format!("check . --baseline known.json --format {format}"),
        );
        assert!(r.out.contains("PASSED"), "{format}: {}", r.out);
        assert!(
            r.out.contains("1 violated requirement is in the baseline"),
            "{format}: {}",
            r.out
        );
        let r = run(&h, &format!("check . --format {format}"));
        assert!(r.out.contains("FAILED"), "{format}: {}", r.out);
    }
}

#[test]
fn an_inner_site_file_does_not_take_over_and_is_told() {
    let open = rules("-A INPUT -j ACCEPT\n");
    let inner = ROLES.to_owned()
        + &host("sql1", "10.0.0.5", "sql-server", "*.v4")
        + "[lints]\nany-any = \"off\"\nover-permissive-source = \"off\"\nunneeded-flow = \"off\"\n";
    let h = files(&[
        ("hylint.toml", &site()),
        ("sql1/a.v4", &open),
        ("sql1/hylint.toml", &inner),
    ]);
    for line in [
        "check .",
        "check sql1",
        "check sql1/a.v4",
        "check --changed sql1/a.v4",
        "check --changed sql1/hylint.toml",
    ] {
        let r = run(&h, line);
        r.expect(
            1,
            &[
                "any-any",
                "sql1/hylint.toml",
                "this hylint.toml is not read",
            ],
        );
    }
    // One that names none of them leaves them to the inner one, which is told in a run of the outer one.
    let h = h.file("hylint.toml", ROLES);
    run(&h, "check sql1/a.v4").expect(0, &["PASSED", "lints switched off"]);
    run(&h, "check . -v").says(&["note[unread-file]", "sql1/hylint.toml"]);
    // One without exports below it is told, too.
    let h = h.file("other/hylint.toml", ROLES);
    run(&h, "check . -v").says(&["other/hylint.toml"]);
    // A broken one is no way out.
    let h = h.file("hylint.toml", "[[host]\n");
    run(&h, "check sql1/a.v4").expect(2, &["hylint.toml"]);
}

#[test]
fn a_matrix_of_the_site_lies_below_it() {
    let h = files(&[
        (
            "m.toml",
            "[matrix]\nid = \"m\"\nversion = \"1\"\nname = \"M\"\n[[role]]\nid = \"db\"\nname = \"DB\"\n",
        ),
        ("s/hylint.toml", "[site]\nmatrix = \"../m.toml\"\n"),
        ("s/a.v4", &sql()),
    ]);
    run(&h, "check s").expect(2, &["is outside the folder", "--matrix"]);
}

#[test]
fn what_is_left_out_of_a_run_is_counted_in_its_last_line() {
    let more = site()
        + "[[allow]]\nfrom = \"0.0.0.0/1\"\nto = \"sql-server\"\nport = \"tcp/8443\"\nreason = \"half\"\n"
        + "[[allow]]\nfrom = \"10.9.0.0/16\"\nto = \"sql-server\"\nport = \"tcp/22\"\nreason = \"admins\"\n"
        + "[lints]\nredundant-rule = \"off\"\n[check]\nexclude = [\"old/**\"]\n";
    let text = sql().replace("*filter", "# hylint: role=smtp-server\n*filter");
    let h = files(&[
        ("hylint.toml", &more),
        ("sql1/a.v4", &text),
        ("old/a.v4", &sql()),
        ("old/b.txt", "x"),
    ]);
    let r = run(&h, "check .");
    let last = last(&r);
    for part in [
        "2 excluded files",
        "1 lint switched off",
        "1 contradicted annotation",
        "1 [[allow]] from any source",
    ] {
        assert!(last.contains(part), "{part}: {last}");
    }
    run(&h, "check . -v").says(&["the annotation contradicts hylint.toml"]);
    // A lint that is lowered holds findings as one that is off; one that is raised holds none.
    let levels = "[lints]\nmissing-flow = \"note\"\nincomplete-export = \"warning\"\n";
    let lowered = files(&[
        ("hylint.toml", &(site() + levels)),
        ("sql1/a.v4", &rules("")),
    ]);
    run(&lowered, "check .").expect(0, &["below what fails the run", ", 1 lint lowered"]);
    // What agrees is not counted.
    let h = h.file(
        "sql1/a.v4",
        sql().replace("*filter", "# hylint: role=sql-server\n*filter"),
    );
    assert!(!run(&h, "check .").out.contains("contradicted"));
}

/// Addresses of a role are the site's to say, and who its audience is the matrix's: RDP for everyone is nobody's need.
#[test]
fn a_role_that_is_declared_as_everyone_makes_nothing_of_everyone_a_need() {
    let open = rules(
        "-A INPUT -s 10.0.0.11/32 -p tcp -m multiport --dports 38871,38870,3389,38863 -j ACCEPT\n\
         -A INPUT -p tcp -m tcp --dport 3389 -j ACCEPT\n",
    );
    let clients = |addresses: &str| {
        let roles = ROLES
            .replace("session-host = []\n", "sql-server = []\n")
            .replace(
                "workspace-client = []",
                &format!("workspace-client = [{addresses}]"),
            );
        "[deployment]\naccess = \"direct\"\n".to_owned()
            + &roles
            + &host("sh1", "10.0.0.20", "session-host", "sh1/*.v4")
    };
    let of = |addresses: &str, rules: &str| {
        let h = files(&[("hylint.toml", &clients(addresses)), ("sh1/a.v4", rules)]);
        run(&h, "check . --format json")
    };
    for everyone in [
        "\"0.0.0.0/0\"",
        "\"0.0.0.0/1\", \"128.0.0.0/1\"",
        "\"10.0.0.0/8\", \"64.0.0.0/2\"",
    ] {
        let r = of(everyone, &open);
        assert!(
            r.out.contains("over-permissive-source"),
            "{everyone}: {}",
            r.out
        );
    }
    let r = of(
        "\"10.50.0.0/16\"",
        &open.replace("-A INPUT -p tcp", "-A INPUT -s 10.50.0.0/16 -p tcp"),
    );
    assert!(!r.out.contains("over-permissive-source"), "{}", r.out);
}

#[test]
fn a_baseline_entry_holds_only_what_it_says_it_is_about() {
    let h = files(&[("hylint.toml", &site()), ("sql1/a.v4", &rules(""))]);
    run(&h, "check . --write-baseline known.json");
    let text = std::fs::read_to_string(h.path("known.json")).unwrap();
    assert!(text.contains("\"host\": \"sql1\""), "{text}");
    let with = |text: &str| {
        std::fs::write(h.path("known.json"), text).unwrap();
        run(&h, "check . --baseline known.json").status
    };
    assert_eq!(with(&text), 0);
    // Reviewed as something else than it holds.
    assert_eq!(
        with(&text.replace("\"host\": \"sql1\"", "\"host\": \"sql9\"")),
        1
    );
    assert_eq!(
        with(&text.replace("\"code\": \"missing-flow\"", "\"code\": \"duplicate-name\"")),
        1
    );
    assert_eq!(
        with(&text.replace("\"point\": \"iptables\"", "\"point\": \"sg-1\"")),
        1
    );
    // Entries of an older form are known by their fingerprint.
    let old: Vec<&str> = text
        .lines()
        .filter(|l| !l.contains("\"host\"") && !l.contains("\"point\""))
        .collect();
    assert_eq!(with(&old.join("\n")), 0);
}

#[test]
fn a_gateway_implies_its_clients() {
    let gateway = "[deployment]\naccess = \"gateway\"\n".to_owned()
        + &ROLES.replace(
            "workspace-client = []",
            "workspace-client = [\"10.50.0.0/16\"]",
        )
        + "sql-server = []\n"
        + &host("gw1", "10.0.1.20", "hysecure-gateway", "gw1/*.v4");
    let h = files(&[("hylint.toml", &gateway), ("gw1/a.v4", &rules(""))]);
    let d = run(&h, "check . --format json").json();
    let row = |d: &serde_json::Value| {
        let all = d["requirements"].as_array().unwrap();
        all.iter().find(|r| r["row"] == 51).unwrap()["status"].clone()
    };
    assert_eq!(row(&d), "unverified");
    run(&h, "check .").says(&["hysecure-client"]);
    // The site may say that there are none.
    let none = gateway.replace(
        "sql-server = []\n",
        "sql-server = []\nhysecure-client = []\n",
    );
    let h = h.file("hylint.toml", none);
    assert_eq!(
        row(&run(&h, "check . --format json").json()),
        "not-applicable"
    );
}

#[test]
fn exports_of_one_flow_that_are_days_apart_are_a_note() {
    let both = ROLES.replace("controller-management = [\"10.0.0.11\"]\n", "")
        + &host("cm1", "10.0.0.11", "controller-management", "cm1/*.v4")
        + &host("sql1", "10.0.0.5", "sql-server", "sql1/*.v4");
    let dated = |day: &str, text: &str| {
        format!(
            "# Generated by iptables-save v1.8.7 on {day} 04:05:06 2026\n{text}# Completed on {day} 04:05:06 2026\n"
        )
    };
    let h = files(&[
        ("hylint.toml", &both),
        ("cm1/a.v4", &dated("Tue Mar  3", &rules(""))),
        ("sql1/a.v4", &dated("Wed Mar 11", &sql())),
    ]);
    let r = run(&h, "check . -v");
    r.expect(0, &["note[stale-export]", "8 days older", "cm1/a.v4"]);
    let h = h.file("sql1/a.v4", dated("Tue Mar  3", &sql()));
    assert!(!run(&h, "check . -v").out.contains("stale-export"));
}

#[test]
fn nothing_to_check_is_said_where_no_changed_file_is_an_export() {
    let h = files(&[
        ("hylint.toml", &site()),
        ("sql1/a.v4", &sql()),
        ("docs/a.txt", "x"),
    ]);
    let r = run(&h, "check --changed docs/a.txt");
    assert_eq!(r.status, 0);
    assert!(last(&r).starts_with("NOTHING TO CHECK: "), "{}", r.out);
    assert!(last(&run(&h, "check --changed sql1/a.v4")).starts_with("PASSED"));
}

/// Catches a second dump of a forwarding firewall that is passed over, so that what one of them opens is not judged.
#[test]
fn every_dump_of_a_forwarding_firewall_is_judged() {
    let site = site() + "[[transit]]\nname = \"fw\"\nexports = [\"fw/*\"]\n";
    let open = rules("-A FORWARD -j ACCEPT\n");
    let dated = |day: &str, text: &str| {
        format!("# Generated by iptables-save v1.8.7 on {day} 10:00:00 2026\n{text}")
    };
    let monday = |text: &str| dated("Mon Nov 30", text);
    for (one, other) in [
        (rules(""), open.clone()),
        (open.clone(), rules("")),
        (monday(&rules("")), monday(&open)),
        (dated("Sun Nov 29", &rules("")), monday(&open)),
    ] {
        let h = files(&[
            ("hylint.toml", &site),
            ("sql1/a.v4", &sql()),
            ("fw/a.v4", &one),
            ("fw/b.v4", &other),
        ]);
        let r = run(&h, "check .");
        assert_eq!(r.status, 1, "{one}\n{other}\n{}", r.out);
    }
    // Two copies are one, and the two halves of one firewall are.
    let same = files(&[
        ("hylint.toml", &site),
        ("sql1/a.v4", &sql()),
        ("fw/a.v4", &rules("")),
        ("fw/b.v4", &rules("")),
    ]);
    assert_eq!(
        run(&same, "check .").status,
        0,
        "{}",
        run(&same, "check .").out
    );
}
