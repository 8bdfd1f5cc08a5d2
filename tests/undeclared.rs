//! Peers whose addresses nothing declares: one finding with the rows that it holds up, and no invented address.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::Hylint;
use serde_json::Value;

/// A SQL server that lets one network reach its port.
fn sql(rules: &str) -> String {
    format!(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
         -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n{rules}COMMIT\n"
    )
}

const SOME: &str = "-A INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 1433 -j ACCEPT\n";

fn of<'d>(d: &'d Value, code: &str) -> Vec<&'d Value> {
    let all = d["findings"].as_array().unwrap().iter();
    all.filter(|f| f["code"] == code).collect()
}

/// The finding; there must be one.
fn one(d: &Value) -> &Value {
    let all = of(d, "undeclared-role");
    assert_eq!(all.len(), 1, "{d:#}");
    all[0]
}

#[test]
fn without_a_site_file_it_is_one_error_with_the_command_that_goes_on() {
    let h = Hylint::new()
        .file("exports/sql-server/db.rules", sql(SOME))
        .file("exports/sql-server-2/db.rules", sql(SOME));
    let r = h.args("check exports --format json").run();
    let d = r.json();
    assert_eq!(r.status, 1);
    assert!(of(&d, "conditional-flow").is_empty(), "{d:#}");
    let f = one(&d);
    assert_eq!((&f["severity"], &f["row"]), (&"error".into(), &8.into()));
    assert!(f["also"].as_array().unwrap().contains(&10.into()), "{f:#}");
    let message = f["message"].as_str().unwrap();
    assert!(message.contains("need the addresses of `controller-management`"));
    assert!(message.ends_with("which nothing declares"), "{message}");
    assert!(
        f["help"]
            .as_str()
            .unwrap()
            .contains("`hylint init exports`")
    );
    assert_eq!(
        (&f["witness"], &f["pairs"]),
        (&Value::Null, &Value::Array(vec![]))
    );
    let row = |n: u32| {
        let mut all = d["requirements"].as_array().unwrap().iter();
        all.find(|r| r["row"] == n).unwrap()["status"].clone()
    };
    assert_eq!(row(8), "conditional");
}

#[test]
fn the_command_names_the_folder_of_what_was_given() {
    let h = || {
        Hylint::new()
            .file("a b/sql-server.rules", sql(SOME))
            .file("a b/c/sql-server-2.rules", sql(SOME))
    };
    for (args, command) in [
        (vec!["a b/sql-server.rules"], "hylint init 'a b'"),
        (vec!["a b/c", "a b/sql-server.rules"], "hylint init 'a b'"),
        (vec!["."], "hylint init ."),
        (
            vec![".", "--matrix", "hyworks"],
            "hylint init . --matrix hyworks",
        ),
    ] {
        let r = args
            .iter()
            .fold(h().args("check --format json"), |h, a| h.arg(a));
        let d = r.run().json();
        let help = one(&d)["help"].as_str().unwrap();
        assert!(help.contains(&format!("`{command}`")), "{help}");
    }
}

#[test]
fn a_flow_that_no_source_may_use_is_its_own_finding_and_names_roles_for_peers() {
    let h = Hylint::new().file("sql-server/db.rules", sql(""));
    let d = h.args("check . --format json").run().json();
    let missing = of(&d, "missing-flow");
    assert!(!missing.is_empty());
    for f in missing {
        let text = format!("{} {} {}", f["message"], f["help"], f["pairs"]);
        assert!(!text.contains("1.0.0.0"), "{text}");
        assert!(f["pairs"][0].as_str().unwrap().ends_with("-> db"), "{f:#}");
    }
    assert!(of(&d, "undeclared-role").is_empty(), "{d:#}");
}

#[test]
fn a_site_file_is_told_the_key_that_is_missing() {
    let host = "[[host]]\nname = \"db\"\nroles = [\"sql-server\"]\naddresses = [\"10.0.0.5\"]\nexports = [\"db.rules\"]\n";
    let cm = "[[host]]\nname = \"cm1\"\nroles = [\"controller-management\"]\n";
    let rest = "[roles]\nactive-directory = []\nsession-host = []\nworkspace-client = []\n";
    let h = Hylint::new()
        .file("hylint.toml", format!("{rest}{host}{cm}"))
        .file("db.rules", sql(SOME));
    let h = h.args("check . --format json");
    let r = h.run();
    let d = r.json();
    let f = one(&d);
    assert_eq!((r.status, &f["severity"]), (1, &"error".into()));
    let message = f["message"].as_str().unwrap();
    assert!(message.ends_with("`controller-management`, which hylint.toml does not declare"));
    let help = f["help"].as_str().unwrap();
    assert!(
        help.contains("`addresses = [\"…\"]` to the [[host]] \"cm1\""),
        "{help}"
    );
    assert_eq!(f["path"], "hylint.toml");
    // A part of the site is held up by it, too.
    let d = h.args("check db.rules --format json").run().json();
    assert_eq!(one(&d)["fingerprint"], f["fingerprint"]);
}

#[test]
fn a_site_that_takes_conditional_flows_less_gravely_takes_this_so() {
    let site = |lints: &str| {
        Hylint::new()
            .file("hylint.toml", format!("{lints}[[host]]\nname = \"db\"\nroles = [\"sql-server\"]\nexports = [\"db.rules\"]\n[[host]]\nname = \"cm1\"\nroles = [\"controller-management\"]\n"))
            .file("db.rules", sql(SOME))
            .args("check . --format json")
            .run()
    };
    assert_eq!(site("").status, 1);
    for lints in [
        "[lints]\nconditional-flow = \"warning\"\n",
        "[lints]\nconditional-flow = \"off\"\n",
        "[lints]\nundeclared-role = \"warning\"\n",
    ] {
        let r = site(lints);
        assert_eq!(r.status, 0, "{lints}{}", r.out);
    }
}

#[test]
fn its_fingerprint_is_one_and_a_baseline_holds_no_more_than_it_named() {
    let h = Hylint::new().file("sql-server/db.rules", sql(SOME));
    let h = h.args("check . --write-baseline base.json");
    h.run().expect(0, &["PASSED"]);
    let known = std::fs::read_to_string(h.path("base.json")).unwrap();
    h.args("check . --baseline base.json")
        .run()
        .expect(0, &["PASSED"]);
    // Another host whose peers are not declared is not in it.
    let more = Hylint::new()
        .file("sql-server/db.rules", sql(SOME))
        .file("sql-server-2/db2.rules", sql(SOME))
        .file("base.json", known);
    let r = more
        .args("check . --baseline base.json --format json")
        .run();
    assert_eq!(r.status, 1, "{}", r.out);
    assert_eq!(one(&r.json())["baselined"], false);
}
