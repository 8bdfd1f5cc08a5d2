//! The first run, without hylint.toml: one screen that ends with the command that goes on, and hides nothing from the count.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::Hylint;
use std::path::Path;

/// Dumps of so many hosts whose role nothing tells, each with faults of several kinds.
fn hosts(n: usize) -> Hylint {
    let dump = |n: usize| {
        let wrong = if n.is_multiple_of(4) {
            "nonsense\n"
        } else {
            ""
        };
        let more: String = (0..n % 7)
            .map(|p| format!("-A INPUT -p tcp -m tcp --dport {} -j ACCEPT\n", 7000 + p))
            .collect();
        format!(
            "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
             -A INPUT -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j DROP\n{more}{wrong}COMMIT\n"
        )
    };
    (0..n).fold(Hylint::new(), |h, i| {
        h.file(&format!("exports/box{i}.rules"), dump(i))
    })
}

/// Rows on a terminal of 80 columns.
fn rows(text: &str) -> usize {
    text.lines()
        .map(|l| l.chars().count().div_ceil(80).max(1))
        .sum()
}

#[test]
fn a_long_report_is_one_screen_and_names_the_command_that_goes_on() {
    for n in [3, 40] {
        let h = hosts(n);
        let r = h.args("check exports").run();
        assert_eq!(r.status, 1);
        assert!(rows(&r.out) <= 30, "{}\n{}", rows(&r.out), r.out);
        for part in [
            "no hylint.toml",
            "hylint init exports\n",
            "have no known role",
            "error[",
        ] {
            assert!(r.out.contains(part), "{part}: {}", r.out);
        }
        let last = r.out.lines().last().unwrap();
        assert!(last.starts_with("FAILED: "), "{}", r.out);
        // Whatever is not shown is counted.
        let h = hosts(n).args("check exports --format json");
        let s = h.run().json()["summary"].clone();
        for (key, what) in [("errors", "error"), ("warnings", "warning")] {
            assert!(last.contains(&format!("{} {what}", s[key])), "{last}");
        }
    }
}

#[test]
fn everything_is_shown_to_those_who_ask() {
    for args in ["check exports --show all", "check exports -v"] {
        let r = hosts(3).args(args).run();
        assert!(
            rows(&r.out) > 30 && r.out.contains("exports/box2.rules"),
            "{}",
            r.out
        );
        assert!(!r.out.contains("no hylint.toml."), "{}", r.out);
    }
}

#[test]
fn the_gravest_of_each_kind_is_shown_and_the_others_are_counted() {
    let r = hosts(12).args("check exports").run();
    let json = hosts(12).args("check exports --format json").run().json();
    let all = json["findings"].as_array().unwrap().iter();
    let asked = ["unknown-role", "undeclared-role"];
    let all = all.filter(|f| f["severity"] != "note" && !asked.iter().any(|c| f["code"] == *c));
    let codes: std::collections::BTreeSet<&str> =
        all.map(|f| f["code"].as_str().unwrap()).collect();
    assert!(codes.len() > 2, "{codes:?}");
    assert!(
        codes.iter().all(|c| r.out.contains(c)),
        "{codes:?} {}",
        r.out
    );
}

/// Who names the role, or has a site file, asks for its requirements.
#[test]
fn with_a_role_or_a_site_file_the_report_is_the_usual_one() {
    let r = hosts(3).args("check exports --role session-host").run();
    assert!(!r.out.contains("no hylint.toml."), "{}", r.out);
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/windows-dc/faulty");
    let r = Hylint::in_folder(site).args("check .").run();
    assert!(!r.out.contains("no hylint.toml."), "{}", r.out);
    assert!(rows(&r.out) > 30, "{}", r.out);
}
