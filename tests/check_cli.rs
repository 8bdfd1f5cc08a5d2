//! The command line from outside: what each bad input says, and the exit status.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::{Hylint, IPTABLES};

fn check(files: &[(&str, &[u8])], args: &str) -> harness::Run {
    let mut h = Hylint::new().file("x/ok.rules", IPTABLES);
    for (name, content) in files {
        h = h.file(name, content);
    }
    h.args(&format!("check --format json {args}")).run()
}

/// The readable export in the folder is judged whatever stands beside it.
fn ok_is_judged(r: &harness::Run) {
    let d = r.json();
    let paths: Vec<_> = d["exports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["path"].clone())
        .collect();
    assert!(paths.contains(&"x/ok.rules".into()), "{paths:?}");
}

#[test]
fn a_missing_path_stops_the_run_and_each_is_named() {
    Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .args("x nope also/not")
        .run()
        .expect(
            2,
            &[
                "nope: no such file or folder",
                "also/not: no such file or folder",
            ],
        );
}

#[test]
fn usage_errors_are_status_2_and_help_is_0() {
    Hylint::new().run().expect(2, &["Usage: hylint"]);
    Hylint::new()
        .args("--nonsense x")
        .run()
        .expect(2, &["error: unknown option `--nonsense`", "--help"]);
    Hylint::new()
        .args("--help")
        .run()
        .expect(0, &["Exit status"]);
    Hylint::new()
        .args("--version")
        .run()
        .expect(0, &[env!("CARGO_PKG_VERSION")]);
    Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .args("x --format xml")
        .run()
        .expect(
            2,
            &[
                "error: invalid value `xml` for --format",
                "expected human, concise, json",
            ],
        );
    Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .args("x --output xml=y")
        .run()
        .expect(2, &["error: unknown output format `xml`"]);
    Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .args("x --at yesterday")
        .run()
        .expect(
            2,
            &[
                "error: invalid value `yesterday` for --at",
                "such as 2026-11-30T00:00:00Z",
            ],
        );
    Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .args("x")
        .env("SOURCE_DATE_EPOCH", "soon")
        .run()
        .expect(2, &["SOURCE_DATE_EPOCH is `soon`"]);
}

#[test]
fn a_folder_without_exports_is_status_2() {
    Hylint::new()
        .file("x/README.md", "hello")
        .args("x")
        .run()
        .expect(2, &["no export was judged", "x/README.md", "iptables-save"]);
    let empty = Hylint::new().args("x");
    std::fs::create_dir(empty.path("x")).unwrap();
    empty.run().expect(2, &["there is no file"]);
}

#[test]
fn an_empty_file_is_an_error_beside_exports_that_are_judged() {
    let r = check(&[("x/failed.txt", b"")], "x");
    r.expect(1, &[]);
    ok_is_judged(&r);
    assert!(
        r.has("empty-export", "error", "x/failed.txt"),
        "{:?}",
        r.findings()
    );
    // A byte order mark is all that PowerShell leaves of a failed command.
    let r = check(&[("x/failed.txt", b"\xff\xfe")], "x");
    assert!(
        r.has("empty-export", "error", "x/failed.txt"),
        "{:?}",
        r.findings()
    );
    // What a repository holds anyway is none.
    let r = check(&[("x/.gitkeep", b""), ("x/__init__.py", b"")], "x");
    ok_is_judged(&r);
    assert!(!r.out.contains("empty-export"), "{}", r.out);
    Hylint::new()
        .file("a", "")
        .args("a")
        .run()
        .expect(2, &["error[empty-export]", "the file is empty"]);
}

#[test]
fn a_binary_file_is_an_error_where_it_should_be_text() {
    let png: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\x00\x00\x00\xff\xfe\xfd";
    let r = check(&[("x/logo.png", png), ("x/cm1.txt", png)], "x");
    r.expect(1, &[]);
    ok_is_judged(&r);
    assert!(
        r.has("unread-file", "error", "x/cm1.txt"),
        "{:?}",
        r.findings()
    );
    assert!(!r.findings().iter().any(|f| f.contains("x/logo.png")));
    Hylint::new()
        .file("logo.png", png)
        .args("logo.png")
        .run()
        .expect(2, &["error[unread-file]", "logo.png"]);
}

#[test]
fn a_file_that_is_no_export_is_counted_in_a_folder_and_an_error_by_name() {
    let r = check(&[("x/notes.txt", b"lunch at noon\n")], "x");
    ok_is_judged(&r);
    assert!(!r.findings().iter().any(|f| f.contains("notes.txt")));
    let both = Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .file("x/notes.txt", "lunch at noon\n");
    both.args("x -v").run().says(&["no export", "x/notes.txt"]);
    Hylint::new()
        .file("notes.txt", "lunch at noon\n")
        .file("ok.rules", IPTABLES)
        .args("notes.txt ok.rules")
        .run()
        .expect(
            1,
            &[
                "unrecognized file: no firewall export that hylint knows",
                "notes.txt",
            ],
        );
    Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .file("x/hylint.toml", "")
        .args("x -v")
        .run()
        .says(&["1 export"]);
}

#[test]
fn what_a_firewall_does_in_a_form_that_is_not_read_is_a_warning_in_a_folder() {
    let listing = "Status: active\n\nTo                         Action      From\n--                         ------      ----\n22/tcp                     ALLOW       Anywhere\n";
    let source = "resource \"aws_security_group\" \"a\" {\n}\n";
    let r = check(
        &[
            ("x/fw.txt", listing.as_bytes()),
            ("x/main.tf", source.as_bytes()),
        ],
        "x",
    );
    ok_is_judged(&r);
    let found = r.findings();
    let of = |name: &str| found.iter().filter(|f| f.contains(name)).count();
    assert_eq!((of("fw.txt"), of("main.tf")), (1, 1), "{found:?}");
    assert!(r.has("unread-file", "warning", "x/fw.txt"), "{found:?}");
    let both = Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .file("x/fw.txt", listing);
    both.args("x -v").run().says(&[
        "the file is not read: it looks like `ufw status`",
        "run `iptables-save`",
    ]);
}

#[test]
fn a_truncated_export_says_so_and_the_others_are_judged() {
    let cut = IPTABLES.split("COMMIT").next().unwrap();
    let r = check(&[("x/cut.rules", cut.as_bytes())], "x");
    ok_is_judged(&r);
    assert!(
        r.findings().iter().any(|f| f.contains("x/cut.rules")),
        "{:?}",
        r.findings()
    );
    let json =
        br#"{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "tcp", "#;
    let r = check(&[("x/cut.json", json)], "x");
    r.expect(1, &[]);
    ok_is_judged(&r);
    assert!(
        r.has("malformed-export", "error", "x/cut.json"),
        "{:?}",
        r.findings()
    );
}

#[test]
fn deep_nesting_is_no_hang_and_no_crash() {
    for depth in [100, 100_000] {
        let deep = format!(
            "{{\"SecurityGroups\": {}1{}}}",
            "[".repeat(depth),
            "]".repeat(depth)
        );
        let r = check(&[("x/deep.json", deep.as_bytes())], "x");
        assert!((0..=1).contains(&r.status), "{}", r.err);
        ok_is_judged(&r);
    }
}

#[test]
fn utf16_is_read_and_its_encoding_is_said() {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(IPTABLES.encode_utf16().flat_map(u16::to_le_bytes));
    let r = check(&[("x/wide.rules", &bytes)], "x");
    let d = r.json();
    let wide = d["exports"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["path"] == "x/wide.rules")
        .unwrap();
    assert_eq!(wide["encoding"], "UTF-16LE");
    assert_eq!(wide["rules"], 2);
    assert_eq!(wide["bytes"], bytes.len());
}

#[cfg(unix)]
#[test]
fn links_that_loop_or_lead_nowhere_are_told_once() {
    use std::os::unix::fs::symlink;
    let h = Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .args("check --format json x");
    symlink("..", h.path("x/up")).unwrap();
    symlink("self", h.path("x/self")).unwrap();
    symlink("gone.txt", h.path("x/dangling.txt")).unwrap();
    let r = h.run();
    r.expect(1, &[]);
    ok_is_judged(&r);
    let of = |path: &str| {
        let all = r.findings();
        all.iter().filter(|f| f.contains(path)).count()
    };
    assert!(
        r.has("malformed-export", "note", "x/up"),
        "{:?}",
        r.findings()
    );
    assert!(
        r.has("malformed-export", "error", "x/self"),
        "{:?}",
        r.findings()
    );
    assert!(
        r.has("malformed-export", "error", "x/dangling.txt"),
        "{:?}",
        r.findings()
    );
    assert_eq!((of("x/up"), of("x/self"), of("x/dangling.txt")), (1, 1, 1));
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_an_error_and_the_others_are_judged() {
    use std::os::unix::fs::PermissionsExt;
    let h = Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .file("x/secret.txt", IPTABLES)
        .args("check --format json x");
    let secret = h.path("x/secret.txt");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o0)).unwrap();
    if std::fs::read(&secret).is_ok() {
        eprintln!("skipped: this account may read every file");
        return;
    }
    let r = h.run();
    r.expect(1, &["permission denied"]);
    ok_is_judged(&r);
    assert!(r.has("malformed-export", "error", "x/secret.txt"));
}

#[test]
fn standard_input_is_an_export() {
    let r = Hylint::new()
        .args("check --format json -")
        .stdin(IPTABLES)
        .run();
    assert_eq!(r.json()["exports"][0]["path"], "-");
    Hylint::new()
        .args("-")
        .stdin("")
        .run()
        .expect(2, &["the file is empty"]);
}

#[test]
fn the_same_run_gives_the_same_bytes_whatever_the_threads() {
    let run = |threads: usize| {
        let mut h = Hylint::new();
        for n in 0..30 {
            h = h.file(&format!("x/h{n}.rules"), IPTABLES);
        }
        h.args(&format!(
            "check --format json --at 2026-11-23T00:00:00Z --threads {threads} x"
        ))
        .run()
        .out
    };
    let one = run(1);
    assert!(one.contains("x/h29.rules"));
    assert_eq!(one, run(2));
    assert_eq!(one, run(0));
}

#[test]
fn the_moment_is_at_then_source_date_epoch() {
    let h = || Hylint::new().file("x/ok.rules", IPTABLES);
    let args = "check --format json x";
    let r = h()
        .args(&format!("{args} --at 2027-01-02T03:04:05Z"))
        .env("SOURCE_DATE_EPOCH", "0")
        .run();
    assert_eq!(r.json()["evaluated_at"], "2027-01-02T03:04:05Z");
    let r = h().args(args).env("SOURCE_DATE_EPOCH", "86400").run();
    assert_eq!(r.json()["evaluated_at"], "1970-01-02T00:00:00Z");
}

#[test]
fn reports_go_to_files_whole_and_without_colour() {
    let h = Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .args("x --color always --output json=r.json --output human=r.txt");
    let r = h.run();
    assert!(r.out.contains("\x1b["));
    let json = std::fs::read_to_string(h.path("r.json")).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    let text = std::fs::read_to_string(h.path("r.txt")).unwrap();
    assert!(text.contains("1 export") && !text.contains('\x1b'));
    let left: Vec<_> = std::fs::read_dir(h.path("."))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 3, "{left:?}");
    // Without a format the report itself goes to the file.
    let h = Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .args("x --format json --output out.json");
    let r = h.run();
    assert_eq!(r.out, "");
    assert!(h.path("out.json").exists());
    // Without any format the file's ending tells it, and one that tells none is refused.
    for (file, begin) in [
        ("r.json", "{"),
        ("r.sarif", "{"),
        ("r.xml", "<?xml"),
        ("r.HTML", "<!DOCTYPE"),
    ] {
        let r = Hylint::in_folder(h.path(""))
            .args(&format!("x --output {file}"))
            .run();
        assert_eq!(r.out, "");
        let text = std::fs::read_to_string(h.path(file)).unwrap();
        assert!(text.starts_with(begin), "{file}: {text}");
    }
    Hylint::in_folder(h.path(""))
        .args("x --output r.dat")
        .run()
        .expect(2, &["r.dat names no output format", "FORMAT=r.dat"]);
    Hylint::new()
        .file("x/ok.rules", IPTABLES)
        .args("x --output no/such/dir.txt")
        .run()
        .expect(2, &["cannot write no/such/dir.txt"]);
}

#[test]
fn no_color_without_a_terminal_and_no_escape_from_a_name() {
    let hostile = IPTABLES.replace(
        "-A INPUT -j DROP",
        "-A INPUT -m comment --comment \"\x1b[2J\u{202e}evil\" -j FROBNICATE\x1b[31m",
    );
    let h = Hylint::new().file("x/a\u{1b}[31mb.rules", hostile);
    for args in ["x", "x -v", "check --format json x"] {
        let r = h_run(&h, args);
        assert!(
            !r.out.contains('\x1b') && !r.out.contains('\u{202e}'),
            "{}",
            r.out
        );
        assert!(!r.err.contains('\x1b'));
    }
}

fn h_run(h: &Hylint, args: &str) -> harness::Run {
    let mut copy = Hylint::new();
    for e in std::fs::read_dir(h.path("x")).unwrap() {
        let e = e.unwrap();
        let name = format!("x/{}", e.file_name().to_str().unwrap());
        copy = copy.file(&name, std::fs::read(e.path()).unwrap());
    }
    copy.args(args).run()
}

/// Profiles, sets or interfaces alone are no firewall: nothing was judged, so nothing may pass.
#[test]
fn what_only_stands_beside_rules_is_status_2() {
    let profiles = "Domain Profile Settings: \n\
        ----------------------------------------------------------------------\n\
        State                                 ON\n\
        Firewall Policy                       BlockInbound,AllowOutbound\n";
    let lists = r#"{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "a", "Cidrs": ["192.0.2.0/24"]}]}"#;
    for (name, content) in [("allprofiles.txt", profiles), ("lists.json", lists)] {
        Hylint::new()
            .file(name, content)
            .args(&format!("{name} --role session-host"))
            .run()
            .expect(
                2,
                &["NOT RUN", "no export was judged", name, "holds no firewall"],
            );
    }
}
