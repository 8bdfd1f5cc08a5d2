//! `hylint init`: what it writes runs, what it only guesses is a comment, and nothing is overwritten.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::{Hylint, Run};
use std::path::Path;

fn dump(rules: &str) -> String {
    format!(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{rules}COMMIT\n"
    )
}

const SQL: &str = "-A INPUT -s 10.0.0.11/32 -d 10.0.0.5/32 -p tcp -m tcp --dport 1433 -j ACCEPT\n";

/// The site file that `init` writes for these files, after it has been run against.
fn drafted(files: &[(&str, String)]) -> String {
    let mut h = Hylint::new();
    for (name, text) in files {
        h = h.file(name, text);
    }
    let h = h.args("init");
    h.run().expect(0, &["wrote ./hylint.toml"]);
    let told = h.run();
    told.expect(2, &["there is already"]);
    let text = std::fs::read_to_string(h.path("hylint.toml")).unwrap();
    let r = h.args("check . --format json").run();
    assert!(r.status < 2, "{}\n{text}", r.err);
    text
}

/// The lines that are no comments.
fn active(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty());
    lines.map(|l| format!("{l}\n")).collect()
}

#[test]
fn what_an_export_says_is_written_out_with_what_said_it() {
    let annotated = format!(
        "# hylint: role=session-host address=10.0.0.31 host=sh1\n{}",
        dump("")
    );
    let text = drafted(&[("sql-server/db.rules", dump(SQL)), ("x/a.rules", annotated)]);
    assert!(
        text.contains("# By its path or name: sql-server/db.rules.\n[[host]]\nname = \"db\"\n"),
        "{text}"
    );
    assert!(text.contains("# addresses = [\"10.0.0.5\"]  # its rules name it as destination\nroles = [\"sql-server\"]\nexports = [\"sql-server/db.rules\"]\n"), "{text}");
    assert!(
        text.contains("# A comment in the export says its role.\n[[host]]\nname = \"sh1\"\naddresses = [\"10.0.0.31\"]\nroles = [\"session-host\"]\n"),
        "{text}"
    );
    for question in [
        "# access = \"direct\"",
        "# active-directory = [\"…\"]",
        "# workspace-client = [\"…\"]",
        "10.0.0.11 (1)",
    ] {
        assert!(text.contains(question), "{question} in {text}");
    }
    assert!(
        !text.contains("# sql-server = [\"…\"]"),
        "it is known where that is"
    );
}

#[test]
fn a_role_that_is_only_likely_is_a_comment_and_stays_an_assumption_of_the_run() {
    let ports = [1433, 1434].map(|p| format!("-A INPUT -p tcp -m tcp --dport {p} -j ACCEPT\n"));
    let h = Hylint::new()
        .file("a/srv.rules", dump(&ports.concat()))
        .args("init");
    h.run().expect(0, &["1 host to confirm"]);
    let text = std::fs::read_to_string(h.path("hylint.toml")).unwrap();
    assert!(!active(&text).contains("[[host]]"), "{text}");
    assert!(text.contains("# [[host]]\n# name = \"srv\"\n"), "{text}");
    let d = h.args("check . --format json").run().json();
    let inferred = d["exports"][0]["role_source"] == "inferred";
    let unknown = d["findings"]
        .as_array()
        .unwrap()
        .iter()
        .any(|f| f["code"] == "unknown-role");
    assert!(inferred || unknown, "{d:#}");
}

#[test]
fn a_question_that_is_answered_by_taking_the_sign_away_alone_is_a_mistake() {
    let text = drafted(&[(
        "a/web.rules",
        dump("-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT\n"),
    )]);
    let open: String = text
        .lines()
        .map(|l| match l.strip_prefix("# ") {
            Some(rest)
                if rest.starts_with("[[host]]")
                    || rest.starts_with("name")
                    || rest.starts_with("roles")
                    || rest.starts_with("exports") =>
            {
                format!("{rest}\n")
            }
            _ => format!("{l}\n"),
        })
        .collect();
    let r = Hylint::new()
        .file("hylint.toml", open)
        .file("a/web.rules", dump(""))
        .args("check .")
        .run();
    r.expect(2, &["unknown role `…`"]);
}

#[test]
fn machines_of_an_account_are_hosts_and_a_groups_name_is_only_a_hint() {
    let groups = r#"{"SecurityGroups": [
        {"GroupId": "sg-1", "GroupName": "session-hosts", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 3389, "ToPort": 3389,
          "PrefixListIds": [{"PrefixListId": "pl-9"}]}], "IpPermissionsEgress": []},
        {"GroupId": "sg-2", "GroupName": "sql", "IpPermissions": [], "IpPermissionsEgress": []}]}"#;
    let nics = r#"{"NetworkInterfaces": [
        {"NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.1.0.4", "PrivateIpAddresses": [{"PrivateIpAddress": "10.1.0.4"}],
         "Groups": [{"GroupId": "sg-1"}], "SubnetId": "s", "VpcId": "v", "TagSet": [{"Key": "Name", "Value": "worker"}]},
        {"NetworkInterfaceId": "eni-2", "PrivateIpAddress": "10.1.0.5", "PrivateIpAddresses": [{"PrivateIpAddress": "10.1.0.5"}],
         "Groups": [{"GroupId": "sg-2"}], "SubnetId": "s", "VpcId": "v", "TagSet": [{"Key": "Name", "Value": "x"}, {"Key": "hylint:role", "Value": "sql-server"}]}]}"#;
    let text = drafted(&[("sg.json", groups.into()), ("eni.json", nics.into())]);
    assert!(active(&text).contains("addresses = [\"10.1.0.5\"]\nroles = [\"sql-server\"]\nexports = [\"eni.json\", \"sg.json\"]\n"), "{text}");
    assert!(
        text.contains("# addresses = [\"10.1.0.4\"]\n# roles = [\"session-host\"]\n"),
        "{text}"
    );
    assert!(
        text.contains("# \"aws:pl-9\" = [\"…\"]  # 1 rule, the first at sg.json:3\n"),
        "{text}"
    );
}

#[test]
fn groups_of_which_nothing_is_known_are_listed() {
    let groups = r#"{"SecurityGroups": [
        {"GroupId": "sg-1", "GroupName": "a", "IpPermissions": [], "IpPermissionsEgress": []},
        {"GroupId": "sg-2", "GroupName": "b", "IpPermissions": [], "IpPermissionsEgress": []}]}"#;
    let text = drafted(&[("sg.json", groups.into())]);
    assert!(
        text.contains("#   sg-1 in sg.json\n#   sg-2 in sg.json\n"),
        "{text}"
    );
    assert!(!text.contains("[[host]]\n"), "{text}");
}

#[test]
fn profiles_beside_the_rules_belong_to_the_host_and_the_active_one_is_taken() {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/windows-dc/compliant");
    let mut files = Vec::new();
    for name in ["cm1/rules.txt", "cm1/allprofiles.txt"] {
        files.push((name, std::fs::read_to_string(site.join(name)).unwrap()));
    }
    let text = drafted(&files);
    assert!(
        active(&text).contains("exports = [\"cm1/allprofiles.txt\", \"cm1/rules.txt\"]\n"),
        "{text}"
    );
    assert!(
        text.contains("# profile = \"domain\"  # which is active? domain is assumed"),
        "{text}"
    );
    let said = files[1]
        .1
        .replace("Domain Profile Settings", "Private Profile Settings");
    let only = said.split("Public Profile").next().unwrap().to_owned();
    drop(drafted(&[
        ("cm1/rules.txt", files[0].1.clone()),
        ("cm1/allprofiles.txt", only),
    ]));
}

fn again(h: Hylint, args: &str) -> Run {
    h.args(args).run()
}

#[test]
fn nothing_is_ever_overwritten() {
    let there = || {
        Hylint::new()
            .file("hylint.toml", "# mine\n")
            .file("sql-server/a.rules", dump(SQL))
    };
    for args in ["init", "init .", "init sql-server"] {
        let h = there().args(args);
        h.run()
            .expect(2, &["there is already", "hylint.toml", "--stdout"]);
        assert_eq!(
            std::fs::read_to_string(h.path("hylint.toml")).unwrap(),
            "# mine\n"
        );
        assert!(!h.path("sql-server/hylint.toml").exists());
    }
    let r = again(there(), "init --stdout");
    r.expect(0, &["[[host]]"]);
    assert!(r.out.starts_with("# What is where"), "{}", r.out);
}

#[test]
fn a_folder_without_exports_and_a_file_are_no_sites() {
    again(Hylint::new().file("a.md", "x"), "init").expect(2, &["there is no export of a firewall"]);
    again(Hylint::new().file("a.rules", dump("")), "init a.rules")
        .expect(2, &["a.rules is a file"]);
    again(Hylint::new(), "init no").expect(2, &["no"]);
}

#[test]
fn the_same_exports_give_the_same_bytes() {
    let text = || {
        drafted(&[
            ("sql-server/db.rules", dump(SQL)),
            ("b/sh2.rules", dump("")),
            ("a/sh1.rules", dump("")),
        ])
    };
    // The site is named after its folder, which has another name each time.
    let nameless = |t: String| {
        active(&t).replacen(
            &t[t.find("name = ").unwrap()..t.find("\nmatrix").unwrap()],
            "",
            1,
        )
    };
    assert_eq!(nameless(text()), nameless(text()));
}

#[test]
fn names_that_would_break_out_of_the_file_stay_names() {
    let name = "a\"]\\n[roles]\\nsql-server = []\\u001b[31m\\u202e#";
    let groups = format!(
        r#"{{"SecurityGroups": [{{"GroupId": "sg-1", "GroupName": "{name}", "IpPermissions": [], "IpPermissionsEgress": []}}]}}"#,
        name = name.replace('"', "\\\"")
    );
    let nics = format!(
        r#"{{"NetworkInterfaces": [{{"NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.1.0.4", "PrivateIpAddresses": [{{"PrivateIpAddress": "10.1.0.4"}}],
         "Groups": [{{"GroupId": "sg-1"}}], "SubnetId": "s", "VpcId": "v", "TagSet": [{{"Key": "Name", "Value": "{n}"}}, {{"Key": "role", "Value": "sql-server"}}]}}]}}"#,
        n = name.replace('"', "\\\"")
    );
    let text = drafted(&[("sg[1].json", groups), ("eni.json", nics)]);
    assert!(
        text.contains("exports = [\"eni.json\", \"sg[[]1[]].json\"]"),
        "{text}"
    );
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}'),
        "{text}"
    );
    assert_eq!(text.matches("\n[roles]\n").count(), 1);
    assert!(!active(&text).contains("\nsql-server = []"));
}
