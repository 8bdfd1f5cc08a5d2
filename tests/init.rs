//! `hylint init`: what it writes runs and hides nothing, what it only guesses is a comment, and nothing is overwritten.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::{Hylint, Run};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
    // An editor takes it: the schema that its first line names is there, and the file is valid by it.
    let schema = text.lines().next().unwrap().strip_prefix("#:schema ");
    let schema = std::fs::read_to_string(h.path(schema.unwrap())).unwrap();
    let schema = serde_json::from_str(&schema).unwrap();
    let table = toml::Value::Table(toml::from_str(&text).unwrap());
    let value = hylint::common::toml_schema::json_of(&table);
    assert!(jsonschema::is_valid(&schema, &value), "{text}");
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
        text.contains(
            "# sql-server: 1 of 1 port open: TCP 1433 (sql-server/db.rules:5).\n\
             # By its path or name: sql-server/db.rules.\n[[host]]\nname = \"db\"\n"
        ),
        "{text}"
    );
    let addresses = "# addresses = [\"10.0.0.5\"]  # its rules name it as destination, the first at sql-server/db.rules:5 \
                     (question 1)\nroles = [\"sql-server\"]\nexports = [\"sql-server/db.rules\"]\n";
    assert!(text.contains(addresses), "{text}");
    assert!(
        text.contains("# A comment in the export says its role.\n[[host]]\nname = \"sh1\"\naddresses = [\"10.0.0.31\"]\nroles = [\"session-host\"]\n"),
        "{text}"
    );
    for question in [
        "# access = \"direct\"",
        "# active-directory = [\"…\"]",
        "# workspace-client = [\"…\"]",
        "# controller-management = [\"…\"]  # question 2; rules name 10.0.0.11 (sql-server/db.rules:5)",
        "10.0.0.11 (1)",
    ] {
        assert!(text.contains(question), "{question} in {text}");
    }
    assert!(
        !text.contains("# sql-server = [\"…\"]"),
        "it is known where that is"
    );
}

/// Catches a draft that asks for what the host's own listing shows, and one that takes the bridge of containers for it.
#[test]
fn addresses_that_the_host_itself_lists_are_written_out_and_not_asked_for() {
    let addr = "\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever preferred_lft forever
3: docker0    inet 172.17.0.1/16 scope global docker0\\       valid_lft forever preferred_lft forever
";
    let files = [
        ("sql-server/db.rules", dump(SQL)),
        ("sql-server/db-ip-addr.txt", addr.to_owned()),
    ];
    let text = drafted(&files);
    let said = "addresses = [\"10.0.0.5\"]  # shown at sql-server/db-ip-addr.txt:1\n";
    assert!(text.contains(said), "{text}");
    let exports = "exports = [\"sql-server/db-ip-addr.txt\", \"sql-server/db.rules\"]";
    assert!(text.contains(exports), "{text}");
    // With a second interface on the wire, a person has to say which one peers use.
    let two = format!(
        "{addr}4: eth1    inet 10.9.0.5/24 scope global eth1\\       valid_lft forever preferred_lft forever\n"
    );
    let text = drafted(&[files[0].clone(), ("sql-server/db-ip-addr.txt", two)]);
    assert!(
        text.contains("# addresses = [\"10.0.0.5\", \"10.9.0.5\"]  # shown at"),
        "{text}"
    );
}

/// Catches a host that is called after the command whose output a file holds, two hosts with one docker0 that are taken to
/// have an address in common, and files of a host's firewalld that the draft does not name.
#[test]
fn hosts_are_called_after_their_folders_where_files_are_called_after_commands() {
    let zones = "public (default, active)\n  target: DROP\n  interfaces: eth0\n  sources: \n  services: \n  ports: 1433/tcp\n";
    let policies = "deny-sql (active)\n  priority: -100\n  target: CONTINUE\n  ingress-zones: ANY\n  egress-zones: HOST\n  services: \n  ports: \n";
    let addr = |n: u8| {
        format!(
            "2: eth0    inet 10.0.0.{n}/24 scope global eth0\\       valid_lft forever preferred_lft forever\n\
             2: eth0    inet 10.0.0.{}/24 scope global eth0\\       valid_lft forever preferred_lft forever\n\
             3: docker0    inet 172.17.0.1/16 scope global docker0\\       valid_lft forever preferred_lft forever\n",
            n + 1
        )
    };
    let text = drafted(&[
        ("sql1/firewall-cmd.txt", zones.to_owned()),
        ("sql1/ip-addr.txt", addr(4)),
        ("sql2/iptables_-vnxL", dump(SQL)),
        ("sql2/ip-addr.txt", addr(8)),
        ("sql3/firewall-cmd-list-all-zones.txt", zones.to_owned()),
        ("sql3/policies.txt", policies.to_owned()),
    ]);
    for name in ["sql1", "sql2", "sql3"] {
        assert!(text.contains(&format!("name = \"{name}\"")), "{text}");
    }
    assert!(!text.contains("172.17.0.1"), "{text}");
    // Two addresses side by side are two.
    let own = "addresses = [\"10.0.0.4\", \"10.0.0.5\"]  # shown at sql1/ip-addr.txt:1\n";
    assert!(text.contains(own), "{text}");
    let exports = "exports = [\"sql3/firewall-cmd-list-all-zones.txt\", \"sql3/policies.txt\"]";
    assert!(text.contains(exports), "{text}");
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
    // What its group lets in is reported as it is without the file, so its entry stands without the role.
    assert!(
        text.contains(
            "\naddresses = [\"10.1.0.4\"]\n# roles = [\"session-host\"]  # which? (question 1)\n"
        ),
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
    assert!(r.out.starts_with("#:schema "), "{}", r.out);
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

#[test]
fn every_question_has_a_number_that_its_key_has_too() {
    let h = Hylint::new()
        .file("sql-server/db.rules", dump(SQL))
        .file("a/srv.rules", dump(""))
        .args("init");
    let told = h.run();
    told.expect(
        0,
        &[
            "questions",
            "  1. Which addresses does db have?",
            "`hylint .`",
        ],
    );
    let text = std::fs::read_to_string(h.path("hylint.toml")).unwrap();
    let head = text.split("[site]").next().unwrap();
    let keys = text.split("[site]").nth(1).unwrap();
    let count = told.out.lines().filter(|l| l.contains("→")).count();
    assert!(count > 3, "{}", told.out);
    for n in 1..=count {
        assert!(head.contains(&format!("#  {n}. ")), "{n}: {text}");
        assert!(keys.contains(&format!("question {n}")), "{n}: {text}");
    }
    // The first screen of a person who runs it.
    assert!(told.out.lines().count() < 25, "{}", told.out);
}

#[test]
fn the_ports_and_rules_that_speak_for_a_role_are_named_and_the_best_host_comes_first() {
    let rule = "Rule Name:                            HyWorks agent\n----------------------------------------------------------------------\n\
                Enabled:                              Yes\nDirection:                            In\nProfiles:                             Domain,Private,Public\n\
                Grouping:                             \nLocalIP:                              Any\nRemoteIP:                             Any\n\
                Protocol:                             TCP\nLocalPort:                            38863,38870\nRemotePort:                           Any\n\
                Edge traversal:                       No\nProgram:                              Any\nService:                              Any\n\
                InterfaceTypes:                       Any\nSecurity:                             NotRequired\nAction:                               Allow\nOk.\n";
    let text = drafted(&[
        ("sh1/rules.txt", dump("")),
        ("sh2/rules.txt", rule.to_owned()),
    ]);
    let said = "# session-host: 2 of 4 ports open: TCP 38863, 38870 (rule \"HyWorks agent\", sh2/rules.txt:1);";
    assert!(text.contains(said), "{text}");
    assert!(text.contains("# session-host: 0 of 4 ports open"), "{text}");
    assert!(
        text.find("name = \"sh2\"") < text.find("name = \"sh1\""),
        "{text}"
    );
}

#[test]
fn a_file_that_could_not_be_read_and_stands_for_a_host_is_named() {
    let text = drafted(&[
        ("sql-server/db.rules", dump(SQL)),
        ("session-host/sh1.txt", String::new()),
    ]);
    let entry = "[[host]]\nname = \"sh1\"\nexports = [\"session-host/sh1.txt\"]\n";
    assert!(active(&text).contains(entry), "{text}");
}

/// A matrix whose client listens on nothing.
const MATRIX: &str = r#"
[matrix]
id = "shop"
version = "1"
name = "Shop"

[[role]]
id = "web"
name = "Web server"

[[role]]
id = "till"
name = "Till"

[[requirement]]
id = "shop.web"
row = 1
from = "till"
to = "web"
purpose = "Sales"
ports = [8443]
transport = "tcp"
application-protocol = "HTTPS"
customizable = "no"
mandatory = true
impact = "Tills do not sell"
reference = "Manual 1"
"#;

#[test]
fn any_matrix_will_do_and_is_named_by_its_path_from_the_file() {
    let web = dump("-A INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 8443 -j ACCEPT\n");
    let site = || {
        Hylint::new()
            .file("exports/web/a.rules", web.clone())
            .file("exports/till/b.rules", dump(""))
    };
    let h = site().file("exports/rules/shop.toml", MATRIX);
    let h = h.args("init exports --matrix exports/rules/shop.toml");
    h.run().expect(0, &["next: ", "`hylint exports`"]);
    let text = std::fs::read_to_string(h.path("exports/hylint.toml")).unwrap();
    assert!(text.contains("\nmatrix = \"rules/shop.toml\"\n"), "{text}");
    assert!(
        text.contains("# web: 1 of 1 port open: TCP 8443 (web/a.rules:5)."),
        "{text}"
    );
    assert!(
        !text.contains("access"),
        "this matrix knows no gateway: {text}"
    );
    assert!(h.args("check exports --format json").run().status < 2);
    // A site file names no matrix outside of its folder.
    let h = site().file("shop.toml", MATRIX);
    let h = h.args("init exports --matrix shop.toml");
    h.run().expect(0, &["`hylint exports --matrix shop.toml`"]);
    let r = h
        .args("check exports --matrix shop.toml --format json")
        .run();
    assert!(r.status < 2, "{}", r.err);
}

/// Folders of exports: examples, cases, and real files where they are at hand.
fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = vec![root.join("examples/large")];
    let mut within = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut all: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
        all.sort();
        out.extend(all);
    };
    for site in ["cloud-hybrid", "linux-gateway", "windows-dc"] {
        within(root.join("examples").join(site));
    }
    for kind in ["cloud", "linux", "site", "windows"] {
        within(root.join("tests/cases").join(kind));
    }
    let corpus = std::env::var_os("HYLINT_CORPUS").map(PathBuf::from);
    within(corpus.unwrap_or_else(|| root.join("../shared/corpus")));
    out
}

/// A copy of a folder without its site files.
fn bare(folder: &Path) -> Hylint {
    let walk = walkdir::WalkDir::new(folder).into_iter().flatten();
    let files = walk.filter(|e| e.file_type().is_file());
    let skipped = ["hylint.toml", "expect.json", "EXPECTED.tsv"];
    files.fold(Hylint::new(), |h, e| {
        let name = e
            .path()
            .strip_prefix(folder)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        match skipped.contains(&&*e.file_name().to_string_lossy()) {
            true => h,
            false => h.file(&name, std::fs::read(e.path()).unwrap()),
        }
    })
}

/// Code, file and line of every finding above a note: of the finding itself, and of all its places.
type Places = BTreeSet<(String, String, u64)>;

fn found(report: &serde_json::Value) -> (Places, Places) {
    let grave = report["findings"].as_array().unwrap().iter();
    let grave = grave.filter(|f| f["severity"] != "note");
    let (mut own, mut all) = (Places::new(), Places::new());
    for f in grave {
        let code = f["code"].as_str().unwrap().to_owned();
        let at = |p: &serde_json::Value| {
            let path = p["path"].as_str().unwrap_or_default().to_owned();
            (code.clone(), path, p["line"].as_u64().unwrap_or_default())
        };
        own.insert(at(f));
        all.insert(at(f));
        all.extend(f["related"].as_array().unwrap().iter().map(at));
    }
    (own, all)
}

/// What a draft would hide of a folder; none if there is no export in it.
fn hidden(folder: &Path) -> Option<String> {
    let h = bare(folder).args("check . --format json");
    let before = h.run();
    if before.status > 1 {
        return None;
    }
    let h = h.args("init");
    if h.run().status != 0 {
        return None;
    }
    let text = std::fs::read_to_string(h.path("hylint.toml")).unwrap();
    let after = h.args("check . --format json").run();
    assert!(
        after.status < 2,
        "{}: {}\n{text}",
        folder.display(),
        after.err
    );
    for key in ["[[allow]]", "[[waive]]", "[lints]", "exclude", "[check]"] {
        assert!(!active(&text).contains(key), "{}: {text}", folder.display());
    }
    let (own, _) = found(&before.json());
    let (_, all) = found(&after.json());
    let asked = |f: &&(String, String, u64)| !["unknown-role", "undeclared-role"].contains(&&*f.0);
    let lost: Vec<_> = own.difference(&all).filter(asked).collect();
    (!lost.is_empty()).then(|| format!("{}: {lost:?}\n{text}", folder.display()))
}

/// A draft that hides what was found would make a gate green by asking for it.
#[test]
fn a_draft_as_written_hides_no_finding_of_the_run_without_it() {
    let all = folders();
    assert!(all.len() > 150, "{}", all.len());
    let bad: Vec<String> = std::thread::scope(|s| {
        let parts = all.chunks(all.len().div_ceil(4));
        let running: Vec<_> = parts
            .map(|part| s.spawn(move || part.iter().filter_map(|f| hidden(f)).collect::<Vec<_>>()))
            .collect();
        running
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    });
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// A translation to a host and an address that two hosts have are asked, as comments: a guess must not change what is judged.
#[test]
fn what_may_stand_between_senders_and_hosts_is_asked() {
    let own = |name: &str, address: &str| {
        format!(
            "# hylint: role=session-host address={address} host={name}\n{}",
            dump("")
        )
    };
    let edge = "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n\
                -A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.0.0.31:8443\nCOMMIT\n"
        .to_owned()
        + &dump("-A FORWARD -d 10.0.0.31/32 -p tcp -m tcp --dport 8443 -j ACCEPT\n");
    let text = drafted(&[
        ("a/sh1.rules", own("sh1", "10.0.0.31")),
        ("b/sh2.rules", own("sh2", "10.0.0.32")),
        ("edge/edge.rules", edge),
    ]);
    assert!(
        text.contains(
            "# edge/edge.rules:6 translates 203.0.113.10 to 10.0.0.31. If senders use that address"
        ),
        "{text}"
    );
    let entry = "# [[via]]\n# front = [\"203.0.113.10\"]\n# hosts = [\"sh1\"]\n# ports = { \"443\" = \"8443\" }\n";
    assert!(text.contains(entry), "{text}");
    assert!(!active(&text).contains("via"), "{text}");
}
