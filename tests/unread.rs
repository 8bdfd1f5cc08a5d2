//! Every file is accounted for: what could be a firewall and is not read is said, and what is plainly something else is
//! only counted.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::{Hylint, Run};

const RULES: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
    -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
    -A INPUT -s 10.0.0.11/32 -p tcp -m tcp --dport 1433 -j ACCEPT\nCOMMIT\n";
const REFUSED: &str = "The requested operation requires elevation (Run as administrator).\r\n";
const LISTING: &str = "Status: active\n\nTo                         Action      From\n--                         ------      ----\n22/tcp                     ALLOW       Anywhere\n";
const SITE: &str = "[roles]\ncontroller-management = [\"10.0.0.11\"]\n";

fn host(name: &str, address: &str, exports: &str) -> String {
    format!(
        "[[host]]\nname = \"{name}\"\naddresses = [\"{address}\"]\nroles = [\"sql-server\"]\nexports = [\"{exports}\"]\n"
    )
}

fn run(files: &[(&str, &str)]) -> Run {
    let files = files.iter();
    let h = files.fold(Hylint::new(), |h, (path, text)| h.file(path, text));
    h.args("check . --format json").run()
}

fn of(r: &Run, path: &str) -> Vec<String> {
    let all = r.findings().into_iter();
    all.filter(|f| f.contains(&format!(" {path}:"))).collect()
}

#[test]
fn a_file_that_a_host_names_is_an_error_and_is_not_called_missing() {
    let site = SITE.to_owned()
        + &host("sql1", "10.0.0.5", "sql1.rules")
        + &host("sql2", "10.0.0.6", "sql2.txt");
    let r = run(&[
        ("hylint.toml", &site),
        ("sql1.rules", RULES),
        ("sql2.txt", REFUSED),
    ]);
    assert!(
        r.has("unread-file", "error", "sql2.txt"),
        "{:?}",
        r.findings()
    );
    assert!(!r.out.contains("no export matches"), "{}", r.out);
    // A file that is not there is still missing.
    let r = run(&[("hylint.toml", &site), ("sql1.rules", RULES)]);
    assert!(
        r.has("incomplete-export", "error", "hylint.toml"),
        "{:?}",
        r.findings()
    );
}

#[test]
fn beside_an_export_of_its_host_an_unread_form_is_a_warning_and_else_an_error() {
    let site = SITE.to_owned() + &host("sql1", "10.0.0.5", "sql1/*");
    let both = run(&[
        ("hylint.toml", &site),
        ("sql1/a.rules", RULES),
        ("sql1/list.txt", LISTING),
    ]);
    assert!(
        both.has("unread-file", "warning", "sql1/list.txt"),
        "{:?}",
        both.findings()
    );
    let alone = run(&[("hylint.toml", &site), ("sql1/list.txt", LISTING)]);
    assert_ne!(alone.status, 0);
    assert!(
        alone.has("unread-file", "error", "sql1/list.txt"),
        "{:?}",
        alone.findings()
    );
    // A glob takes what lies there; without any sign of a firewall it is a note, and documentation nothing.
    let notes = run(&[
        ("hylint.toml", &site),
        ("sql1/a.rules", RULES),
        ("sql1/notes.txt", "lunch at noon\n"),
        ("sql1/README.md", LISTING),
    ]);
    assert!(
        notes.has("unread-file", "note", "sql1/notes.txt"),
        "{:?}",
        notes.findings()
    );
    assert!(
        of(&notes, "sql1/README.md").is_empty(),
        "{:?}",
        notes.findings()
    );
}

#[test]
fn folders_of_hosts_tell_hosts_and_one_without_an_export_fails_the_run() {
    for (name, text) in [
        ("rules.txt", REFUSED),
        ("rules.txt", ""),
        (
            "inbound.txt",
            "A\tB\tC\tD\tE\tF\tG\tH\nx\tSim\tx\tx\tTCP\t80\tx\tx\n",
        ),
        ("config.txt", "hostname sql2\n!\n"),
        ("rules.json", "{\"Error\": {\"Code\": \"ExpiredToken\"}}"),
    ] {
        let path = format!("exports/sql-server/sql2/{name}");
        let r = run(&[("exports/sql-server/sql1/rules.v4", RULES), (&path, text)]);
        let found = of(&r, &path);
        assert!(
            found.iter().any(|f| f.contains(" error ")),
            "{path}: {:?}",
            r.findings()
        );
        assert!(r.out.contains("`sql2` was read"), "{path}: {}", r.out);
    }
    // What lies beside the export of its own host is no host that is missing.
    let r = run(&[
        ("exports/sql-server/sql1/rules.v4", RULES),
        ("exports/sql-server/sql1/list.txt", LISTING),
        ("exports/sql-server/sql1/readme.txt", "hello\n"),
    ]);
    assert!(
        r.has("unread-file", "warning", "exports/sql-server/sql1/list.txt"),
        "{:?}",
        r.findings()
    );
    assert!(of(&r, "exports/sql-server/sql1/readme.txt").is_empty());
    // Nor is a dump of the same host from another day.
    let r = run(&[
        ("2026-01-01/sql1/rules.v4", RULES),
        (
            "2026-02-01/sql1/rules.v4",
            "bash: iptables-save: command not found\n",
        ),
    ]);
    assert!(
        r.has("unread-file", "warning", "2026-02-01/sql1/rules.v4"),
        "{:?}",
        r.findings()
    );
}

/// What documentation quotes is the firewall of nobody, unless the site names it.
#[test]
fn documentation_that_quotes_an_export_is_none() {
    let quoted = format!("# Rules\n\n```\n{RULES}```\n");
    let r = run(&[
        ("sql1/rules.v4", RULES),
        ("README.md", &quoted),
        ("docs/export.html", RULES),
    ]);
    let exports = r.json()["exports"].as_array().unwrap().len();
    assert_eq!(exports, 1, "{}", r.out);
    assert!(of(&r, "README.md").is_empty());
    let site = SITE.to_owned() + &host("sql1", "10.0.0.5", "sql1.md");
    let r = run(&[("hylint.toml", &site), ("sql1.md", RULES)]);
    assert_eq!(r.json()["exports"][0]["path"], "sql1.md", "{}", r.out);
    // A file that is called like its host is none.
    let r = run(&[("sql1.example.org", RULES), ("sql2.example.org", REFUSED)]);
    assert_eq!(r.json()["exports"].as_array().unwrap().len(), 1);
    assert!(
        r.has("unread-file", "error", "sql2.example.org"),
        "{:?}",
        r.findings()
    );
}

/// A repository has folders and files that are called like roles.
#[test]
fn an_ordinary_repository_is_only_counted() {
    let h = [
        ("deploy/sql1/rules.v4", RULES),
        ("README.md", LISTING),
        ("LICENSE", "MIT"),
        ("client/todo.txt", "buy milk\n"),
        ("docs/client/notes.txt", "hello\n"),
        ("gateway/package.json", "{\"name\": \"x\"}"),
        ("gateway/server.ts", "// iptables -A INPUT\n"),
        ("i18n/ad.json", "{\"a\": \"b\"}"),
        ("sql/seed.csv", "id,name\n1,x\n"),
        ("sql/empty.txt", ""),
        ("requirements.txt", ""),
        ("infra/main.tf", "resource \"aws_s3_bucket\" \"b\" {}\n"),
        (
            "infra/terraform.tfstate",
            "{\"version\": 4, \"terraform_version\": \"1.5\", \"type\": \"aws_s3_bucket\"}",
        ),
        ("k8s/deploy.yaml", "kind: Deployment\n"),
        ("scripts/build.sh", "#!/bin/sh\nmake all\nmake test\n"),
        ("logs/build.log", "sh: command not found\n"),
        (".gitkeep", ""),
        (
            "deploy/sql1/ip-addr.txt",
            "1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue\n",
        ),
    ];
    let r = run(&h);
    let told: Vec<String> = r
        .findings()
        .into_iter()
        // The host's peers are not declared.
        .filter(|f| !f.contains("deploy/") && !f.starts_with("undeclared-role"))
        .collect();
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(r.json()["summary"]["unread"], 0);
}

/// A dump that is a part of a program, a template, a page or a patch is the firewall of nobody; it is told where the file could
/// be what rules are made from.
#[test]
fn a_dump_inside_something_else_is_no_export() {
    let script = format!("#!/bin/sh\niptables-restore <<EOF\n{RULES}EOF\n");
    let program = format!("DUMP = \"\"\"\n{RULES}\"\"\"\n");
    let template = RULES.replace("1433", "{{ port }}");
    let fenced = format!("Rules of sql1:\n\n```\n{RULES}```\n");
    let patch = format!("--- a/x\n+++ b/x\n@@ -1,7 +1,7 @@\n{RULES}");
    let schema = "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"properties\": {\"securityRules\": {}, \"SecurityGroups\": {}}}";
    let h = [
        ("sql1/rules.v4", RULES),
        ("apply", &script),
        ("roles/fw/templates/rules.v4.j2", &template),
        ("notes.txt", &fenced),
        ("applied.txt", &patch),
        ("tests/test_rules.py", &program),
        ("README", &fenced),
        ("CHANGELOG.txt", RULES),
        ("sql1/rules.v4.rej", &patch),
        ("schema/nsg.json", schema),
        ("group_vars/firewall.yml", "port: 22\n"),
        ("udev/net.rules", "SUBSYSTEM==\"net\", NAME=\"eth0\"\n"),
    ];
    let r = run(&h);
    let exports = r.json()["exports"].as_array().unwrap().len();
    assert_eq!(exports, 1, "{:?}", r.findings());
    let told = [
        "apply",
        "roles/fw/templates/rules.v4.j2",
        "notes.txt",
        "applied.txt",
    ];
    for path in told {
        assert!(
            r.has("unread-file", "warning", path),
            "{path}: {:?}",
            r.findings()
        );
    }
    let all = r.findings();
    let unread = all.iter().filter(|f| f.contains("unread-file"));
    assert_eq!(unread.count(), told.len(), "{all:?}");
    // Where the site names it, it is read.
    let site = SITE.to_owned() + &host("sql1", "10.0.0.5", "sql1/*.sh");
    let r = run(&[("hylint.toml", &site), ("sql1/apply.sh", &script)]);
    assert_eq!(r.json()["exports"][0]["path"], "sql1/apply.sh", "{}", r.out);
    // What a glob takes is told, whatever it is called.
    let site = SITE.to_owned() + &host("sql1", "10.0.0.5", "sql1/*");
    for name in ["rules.py", "rules.sh", "rules"] {
        let path = format!("sql1/{name}");
        let r = run(&[("hylint.toml", &site), (&path, &script)]);
        assert!(
            r.has("unread-file", "error", &path),
            "{path}: {:?}",
            r.findings()
        );
    }
}

#[test]
fn a_backup_copy_is_told_and_not_judged_unless_it_stands_alone_or_is_named() {
    let other = RULES.replace("10.0.0.11/32", "10.0.0.0/8");
    let site = SITE.to_owned() + &host("sql1", "10.0.0.5", "sql1/*");
    for name in [
        "rules.v4.bak",
        "rules.v4~",
        "rules.v4.orig",
        "rules.v4.dpkg-old",
    ] {
        let path = format!("sql1/{name}");
        let r = run(&[
            ("hylint.toml", &site),
            ("sql1/rules.v4", RULES),
            (&path, &other),
        ]);
        assert!(
            r.has("unread-file", "note", &path),
            "{path}: {:?}",
            r.findings()
        );
        assert_eq!(
            (r.status, r.json()["summary"]["unread"].as_u64()),
            (0, Some(1))
        );
    }
    let alone = run(&[("hylint.toml", &site), ("sql1/rules.v4.bak", &other)]);
    assert_eq!(alone.json()["exports"][0]["path"], "sql1/rules.v4.bak");
    let named = site.replace("sql1/*", "sql1/rules.v4.bak");
    let r = run(&[
        ("hylint.toml", &named),
        ("sql1/rules.v4", RULES),
        ("sql1/rules.v4.bak", &other),
    ]);
    assert_eq!(
        r.json()["exports"].as_array().unwrap().len(),
        2,
        "{}",
        r.out
    );
    // Another name is another export: nothing tells which one is in force.
    let r = run(&[
        ("hylint.toml", &site),
        ("sql1/rules.v4", RULES),
        ("sql1/copy.v4", &other),
    ]);
    assert_ne!(r.status, 0);
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_file_is_told_and_not_waited_for() {
    let site = SITE.to_owned() + &host("sql1", "10.0.0.5", "sql1/*");
    let h = Hylint::new()
        .file("hylint.toml", &site)
        .file("sql1/rules.v4", RULES);
    std::os::unix::net::UnixListener::bind(h.path("sql1/rules.v6")).unwrap();
    std::os::unix::fs::symlink("/dev/null", h.path("sql1/mangle.rules")).unwrap();
    let r = h.args("check . --format json").run();
    for path in ["sql1/rules.v6", "sql1/mangle.rules"] {
        assert!(
            r.has("unread-file", "warning", path),
            "{path}: {:?}",
            r.findings()
        );
    }
}

/// Readers take what they know from both sides of a conflict, so that neither version is judged.
#[test]
fn an_unresolved_merge_conflict_is_an_error_in_every_format() {
    let both =
        |ours: &str, theirs: &str| format!("<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> other\n");
    let closed = RULES.replace("-A INPUT -s 10.0.0.11/32", "-A INPUT -s 10.0.0.12/32");
    let profile = |policy: &str| {
        format!(
            "Domain Profile Settings:\n{}\nState                                 ON\n\
             Firewall Policy                       {policy}\n",
            "-".repeat(70)
        )
    };
    let groups = "{\"SecurityGroups\": [{\"GroupId\": \"sg-1\", \"IpPermissions\": [], \"IpPermissionsEgress\": []}]}\n";
    for (name, text) in [
        ("rules.v4", both(&closed, RULES)),
        (
            "profiles.txt",
            both(
                &profile("BlockInbound,AllowOutbound"),
                &profile("AllowInbound,AllowOutbound"),
            ) + "Ok.\n",
        ),
        ("groups.json", groups.to_owned() + &both(groups, groups)),
    ] {
        let path = format!("sql1/{name}");
        let r = run(&[(&path, &text)]);
        assert!(
            r.out.contains("unresolved merge conflict"),
            "{name}: {}",
            r.out
        );
        assert_ne!(r.status, 0, "{name}");
    }
    let one = RULES.replace("*filter", "# <<<<<<< HEAD\n# =======\n*filter");
    let r = run(&[("sql1/rules.v4", &one)]);
    assert!(!r.out.contains("merge conflict"), "{}", r.out);
}

#[test]
fn what_exports_names_and_is_not_there_is_told() {
    let of = |globs: &str| {
        let site = SITE.to_owned() + &host("sql1", "10.0.0.5", "sql1/rules.v4");
        let site = site.replace("[\"sql1/rules.v4\"]", globs);
        run(&[("hylint.toml", &site), ("sql1/rules.v4", RULES)])
    };
    let r = of("[\"sql1/rules.v4\", \"sql1/rules.v6\"]");
    assert!(
        r.has("incomplete-export", "warning", "hylint.toml"),
        "{:?}",
        r.findings()
    );
    let r = of("[\"sql1/*\", \"more/*\"]");
    assert!(
        r.has("incomplete-export", "note", "hylint.toml"),
        "{:?}",
        r.findings()
    );
    let r = of("[\"sql1/*.v4\", \"sql1/rules.*\"]");
    assert!(
        !r.has("incomplete-export", "note", "hylint.toml"),
        "{:?}",
        r.findings()
    );
    // The site file may be named, and lie elsewhere.
    let site = SITE.to_owned() + &host("sql1", "10.0.0.5", "sql1/*");
    let h = Hylint::new()
        .file("conf/hylint.toml", &site)
        .file("sql1/rules.v4", RULES)
        .args("check sql1 --config conf/hylint.toml")
        .run();
    h.expect(
        1,
        &[
            "no export of `sql1` was read",
            "from the folder of hylint.toml",
        ],
    );
    for (globs, help) in [
        ("[\"sql1\"]", "`sql1/**`"),
        ("[\"/sql1/*\"]", "relative to the folder"),
        ("['sql1\\*']", "separated by `/`"),
        ("[\"../sql1/*\"]", "below hylint.toml"),
    ] {
        let r = of(globs);
        assert_ne!(r.status, 0, "{globs}");
        assert!(r.out.contains(help), "{globs}: {}", r.out);
    }
}

#[test]
fn sources_of_one_form_are_one_finding() {
    let source = "resource \"aws_security_group\" \"a\" {\n}\n";
    let r = run(&[
        ("sql1/rules.v4", RULES),
        ("a.tf", source),
        ("b.tf", source),
        ("c.tf", "resource \"aws_s3_bucket\" \"b\" {}\n"),
    ]);
    assert!(
        r.has("unread-file", "warning", "a.tf"),
        "{:?}",
        r.findings()
    );
    assert!(
        of(&r, "b.tf").is_empty() && of(&r, "c.tf").is_empty(),
        "{:?}",
        r.findings()
    );
    assert!(r.out.contains("as does `b.tf`"), "{}", r.out);
    assert_eq!(r.json()["summary"]["unread"], 2);
}

#[test]
fn the_last_line_counts_them_and_a_run_with_nothing_else_is_not_run() {
    let h = Hylint::new()
        .file("sql1/rules.v4", RULES)
        .file("sql1/list.txt", LISTING);
    h.args("check .").run().says(&["1 unread file"]);
    Hylint::new()
        .file("list.txt", LISTING)
        .args("list.txt")
        .run()
        .expect(
            2,
            &[
                "error[unread-file]",
                "NOT RUN: no export was judged",
                "iptables-save",
            ],
        );
}

#[test]
fn a_compressed_export_is_told_and_an_archive_of_something_else_is_not() {
    let gzip: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xd3\xe2\0\0\xff\xfe";
    let h = Hylint::new()
        .file("sql1/rules.v4", RULES)
        .file("sql1/backup.rules.gz", gzip)
        .file("assets/site.zip", b"PK\x03\x04\0\0\0\xff\xfe");
    let r = h.args("check . --format json").run();
    // In a host's folder there is nothing else of the host.
    for (name, bytes) in [
        ("sql2.zip", &b"PK\x03\x04\0\0\0\xff\xfe"[..]),
        ("rules.v4.gpg", b"\x85\x02\x0c\x03\xff\xfe\0"),
        ("export", b"\0\x01\x02\xff\xfe\0\x03"),
        ("rules.txt", b"\0GITCRYPT\0\xff\xfe\x01"),
    ] {
        let path = format!("exports/sql-server/sql2/{name}");
        let r = Hylint::new()
            .file("exports/sql-server/sql1/rules.v4", RULES)
            .file(&path, bytes)
            .args("check . --format json")
            .run();
        assert!(
            r.has("unread-file", "error", &path),
            "{name}: {:?}",
            r.findings()
        );
    }
    assert!(
        r.has("unread-file", "warning", "sql1/backup.rules.gz"),
        "{:?}",
        r.findings()
    );
    assert!(of(&r, "assets/site.zip").is_empty());
}

#[test]
fn a_report_among_exports_is_no_export_and_replaces_none() {
    let h = Hylint::new().file("sql1/rules.v4", RULES);
    let formats = [
        "human", "json", "ndjson", "sarif", "junit", "github", "gitlab", "markdown", "csv", "html",
    ];
    for format in formats {
        let out = h.path(&format!("sql1/{format}.txt"));
        let line = format!("check sql1/rules.v4 -q --output {format}=sql1/{format}.txt");
        Hylint::in_folder(h.path("")).args(&line).run();
        assert!(out.is_file(), "{format}");
    }
    let r = Hylint::in_folder(h.path(""))
        .args("check . --format json")
        .run();
    assert_eq!(
        r.json()["exports"].as_array().unwrap().len(),
        1,
        "{}",
        r.out
    );
    for format in formats {
        let path = format!("sql1/{format}.txt");
        assert!(of(&r, &path).is_empty(), "{path}: {:?}", r.findings());
    }
    // What the other commands print is none either.
    for (name, line) in [
        ("inspect", "inspect sql1/rules.v4 --format json"),
        ("matrix", "matrix list --format json"),
        (
            "trace",
            "trace sql1/rules.v4 --src 10.0.0.11 --dst 10.0.0.5 --proto tcp --dport 1433 --format ndjson",
        ),
    ] {
        let out = Hylint::in_folder(h.path("")).args(line).run().out;
        std::fs::write(h.path(&format!("sql1/{name}.json")), out).unwrap();
        let r = Hylint::in_folder(h.path(""))
            .args("check . --format json")
            .run();
        assert!(
            of(&r, &format!("sql1/{name}.json")).is_empty(),
            "{:?}",
            r.findings()
        );
    }
    // It may replace an older report, and no export, site file or matrix.
    let report = |to: &str| {
        let line = format!("check sql1/rules.v4 --output json={to}");
        Hylint::in_folder(h.path("")).args(&line).run()
    };
    assert_ne!(report("sql1/json.txt").status, 2);
    std::fs::write(h.path("hylint.toml"), SITE).unwrap();
    std::fs::write(h.path("list.txt"), LISTING).unwrap();
    for to in ["sql1/rules.v4", "hylint.toml", "list.txt"] {
        let before = std::fs::read(h.path(to)).unwrap();
        report(to).expect(2, &["does not replace it"]);
        assert_eq!(std::fs::read(h.path(to)).unwrap(), before, "{to}");
    }
    let baseline = "check sql1/rules.v4 --write-baseline sql1/rules.v4";
    Hylint::in_folder(h.path(""))
        .args(baseline)
        .run()
        .expect(2, &["does not replace it"]);
}
