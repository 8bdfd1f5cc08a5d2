//! `hylint diff` as it is typed: which files are compared with which, under which names, by which site file; what it does not
//! replace; and the exit status.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::{Hylint, IPTABLES, Run};
use serde_json::Value;

/// Opens a port, in line 7.
fn opened() -> String {
    IPTABLES.replace(
        "-A INPUT -j DROP",
        "-A INPUT -p tcp -m tcp --dport 8443 -j ACCEPT\n-A INPUT -j DROP",
    )
}

/// A site file with one host, whose exports a glob names.
fn site(glob: &str) -> String {
    format!(
        "[roles]\nworkspace-client = []\n[[host]]\nname = \"db\"\naddresses = [\"10.0.0.5\"]\n\
         roles = [\"sql-server\"]\nexports = [\"{glob}\"]\n"
    )
}

fn diff(h: Hylint, line: &str) -> Run {
    h.args(&format!("diff {line} --format json"))
        .env("SOURCE_DATE_EPOCH", "1796000000")
        .run()
}

/// `PATH ROLE_SOURCE` of each export of a side.
fn exports(report: &Value, side: &str) -> Vec<String> {
    let all = report[side]["exports"].as_array().unwrap().iter();
    all.map(|e| {
        let source = e["role_source"].as_str().unwrap_or("-");
        format!("{} {source}", e["path"].as_str().unwrap())
    })
    .collect()
}

/// `HOST CHANGE PORT OLD -> NEW` of each box of first packets inbound.
fn boxes(report: &Value) -> Vec<String> {
    let at = |d: &Value| format!("{}:{}", d["path"].as_str().unwrap_or("-"), d["line"]);
    let all = report["packets"].as_array().unwrap().iter();
    let all = all.filter(|b| b["direction"] == "in" && b["state"] == "NEW");
    all.map(|b| {
        let text = |key: &str| b[key].as_str().unwrap_or("-").to_owned();
        let ends = (at(&b["old"]), at(&b["new"]));
        format!(
            "{} {} {} {} -> {}",
            text("host"),
            text("change"),
            text("dport"),
            ends.0,
            ends.1
        )
    })
    .collect()
}

/// Two files pair whatever their names, and each line is shown under the name that its file has.
#[test]
fn two_files_pair_under_any_names() {
    for (old, new) in [
        ("old.rules.v4", "new.rules.v4"),
        ("a/db1.rules", "b/edge-firewall.txt"),
        ("iptables.conf", "iptables.conf.bak"),
        ("x/fw", "x/y/fw.rules"),
    ] {
        let h = Hylint::new().file(old, IPTABLES).file(new, opened());
        let run = diff(h, &format!("{old} {new}"));
        let report = run.json();
        assert_eq!(report["effect"], "changed", "{old} {new}: {}", run.err);
        let found = boxes(&report);
        assert_eq!(found.len(), 1, "{found:?}");
        let ends = format!("opened 8443 {old}:7 -> {new}:7");
        assert!(found[0].ends_with(&ends), "{found:?}");
        assert_eq!(report["hosts"]["added"], serde_json::json!([]));
        assert_eq!(exports(&report, "new").len(), 1);
        assert!(exports(&report, "new")[0].starts_with(&format!("{new} ")));
    }
}

/// A path may be spelt in every way; a side that is the other one, too, changes nothing.
#[test]
fn spellings_of_a_path_are_one_path() {
    let h = || {
        Hylint::new()
            .file("site/a/fw.rules", IPTABLES)
            .file("site/b/fw.rules", opened())
            .file("site/b/.hidden/fw.rules", IPTABLES)
    };
    let root = h();
    let absolute = root.path("site/a");
    let line = format!("{} site/b", absolute.display());
    assert_eq!(boxes(&diff(root, &line).json()).len(), 1, "{line}");
    for (line, count) in [
        ("site/a site/b", 1),
        ("site/a/ site/b/", 1),
        ("./site/a ./site/../site/b/.", 1),
        ("site/a/fw.rules ./site/b/fw.rules", 1),
        ("site/a site/a", 0),
        ("site/a ./site/a/", 0),
        ("site/a/../a site/a", 0),
    ] {
        let run = diff(h(), line);
        let found = boxes(&run.json());
        assert_eq!(found.len(), count, "{line}: {found:?}");
        assert_eq!(
            run.json()["hosts"]["added"],
            serde_json::json!([]),
            "{line}"
        );
    }
}

/// Each side is bound by the site file in its own folder.
#[test]
fn each_side_has_its_own_site_file() {
    let h = Hylint::new()
        .file("old/fw.rules", IPTABLES)
        .file("old/hylint.toml", site("fw.rules"))
        .file("new/fw.rules", opened())
        .file(
            "new/hylint.toml",
            site("*.rules").replace("\"db\"", "\"sql\""),
        );
    let report = diff(h, "old new").json();
    assert_eq!(report["old"]["site"]["path"], "old/hylint.toml");
    assert_eq!(report["new"]["site"]["path"], "new/hylint.toml");
    assert_eq!(exports(&report, "old"), ["old/fw.rules config"]);
    assert_eq!(exports(&report, "new"), ["new/fw.rules config"]);
}

/// A site file above the exports is found on each side, however deep that side lies, and its globs name the exports as they
/// are called there.
#[test]
fn site_files_above_the_exports_count_from_their_own_folders() {
    for (old, new, old_glob, new_glob) in [
        (
            "a/exports",
            "b/c/d/exports",
            "exports/*",
            "exports/fw.rules",
        ),
        (
            "a/b/c/exports",
            "n/exports",
            "exports/*",
            "exports/fw.rules",
        ),
        ("a/exports", "b/proposed", "exports/*", "proposed/fw.rules"),
        ("a/before", "b/x/y/after", "before/**", "x/y/after/fw.rules"),
        ("a/fw.rules", "b/next.rules", "fw.rules", "next.rules"),
    ] {
        let file = |root: &str| match root.contains('.') {
            true => root.to_owned(),
            false => format!("{root}/fw.rules"),
        };
        let top = |root: &str, up: usize| {
            let parts: Vec<&str> = root.split('/').collect();
            format!("{}/hylint.toml", parts[..parts.len() - up].join("/"))
        };
        let up = new_glob.matches('/').count().max(1);
        let (old_site, new_site) = (
            top(old, 1),
            top(new, if new.contains('.') { 1 } else { up }),
        );
        let h = Hylint::new()
            .file(&file(old), IPTABLES)
            .file(&old_site, site(old_glob))
            .file(&file(new), opened())
            .file(&new_site, site(new_glob));
        let run = diff(h, &format!("{old} {new}"));
        let report = run.json();
        let told = format!("{old} {new}: {}{}", run.err, run.out);
        assert_eq!(report["new"]["site"]["path"], new_site.as_str(), "{told}");
        assert_eq!(
            exports(&report, "old"),
            [format!("{} config", file(old))],
            "{told}"
        );
        assert_eq!(
            exports(&report, "new"),
            [format!("{} config", file(new))],
            "{told}"
        );
        assert_eq!(report["hosts"]["added"], serde_json::json!([]), "{told}");
        assert_eq!(boxes(&report).len(), 1, "{told}");
    }
}

/// Both files lie beside one site file, as a proposal beside the export in force: the proposal stands in its place, and
/// neither side reads the other one's file.
#[test]
fn a_proposal_beside_the_export_takes_its_place() {
    for glob in ["fw.rules", "*.rules", "fw*"] {
        let h = Hylint::new()
            .file("site/hylint.toml", site(glob))
            .file("site/fw.rules", IPTABLES)
            .file("site/fw-next.rules", opened());
        let run = diff(h, "site/fw.rules site/fw-next.rules");
        let report = run.json();
        assert_eq!(exports(&report, "old"), ["site/fw.rules config"], "{glob}");
        assert_eq!(
            exports(&report, "new"),
            ["site/fw-next.rules config"],
            "{glob}"
        );
        let found = boxes(&report);
        assert_eq!(
            found,
            ["db opened 8443 site/fw.rules:7 -> site/fw-next.rules:7"],
            "{glob}"
        );
    }
}

/// What lies beside a single file is its own folder's.
#[test]
fn what_stands_beside_a_file_is_of_its_own_side() {
    let two = |ports: &str| {
        format!(
            "{}{}",
            site("fw.rules"),
            site(ports)
                .replace("[roles]\nworkspace-client = []\n", "")
                .replace("\"db\"", "\"db2\"")
                .replace("10.0.0.5", "10.0.0.6")
        )
    };
    let h = Hylint::new()
        .file("old/hylint.toml", two("beside.rules"))
        .file("old/fw.rules", IPTABLES)
        .file("old/beside.rules", IPTABLES)
        .file("new/hylint.toml", two("beside.rules"))
        .file("new/fw.rules", opened())
        .file("new/beside.rules", opened());
    let report = diff(h, "old/fw.rules new/fw.rules").json();
    assert_eq!(
        exports(&report, "new"),
        ["new/beside.rules config", "new/fw.rules config"]
    );
    let h = Hylint::new()
        .file("old/hylint.toml", two("beside.rules"))
        .file("old/fw.rules", IPTABLES)
        .file("old/beside.rules", IPTABLES)
        .file("new/hylint.toml", two("beside.rules"))
        .file("new/fw.rules", opened());
    let report = diff(h, "old/fw.rules new/fw.rules").json();
    assert_eq!(exports(&report, "new"), ["new/fw.rules config"]);
}

/// A site file that is named is the same for both sides: the new file stands in the place of the old one, wherever it lies.
#[test]
fn a_named_site_file_is_the_same_on_both_sides() {
    let h = Hylint::new()
        .file("site/hylint.toml", site("fw.rules"))
        .file("site/fw.rules", IPTABLES)
        .file("tmp/proposal.txt", opened())
        .file("tmp/hylint.toml", "")
        .file("tmp/other.rules", opened());
    let run = diff(
        h,
        "site/fw.rules tmp/proposal.txt --config site/hylint.toml",
    );
    let report = run.json();
    for side in ["old", "new"] {
        assert_eq!(report[side]["site"]["path"], "site/hylint.toml", "{side}");
    }
    assert_eq!(exports(&report, "new"), ["tmp/proposal.txt config"]);
    assert_eq!(
        boxes(&report),
        ["db opened 8443 site/fw.rules:7 -> tmp/proposal.txt:7"]
    );
}

/// A matrix beside a site file belongs to that side; one that an option names is the same for both.
#[test]
fn a_matrix_is_found_from_its_own_site_file() {
    let mini = std::fs::read_to_string("tests/mistakes/mini.toml").unwrap();
    let named = "[site]\nmatrix = \"mini.toml\"\n";
    let h = Hylint::new()
        .file("a/hylint.toml", named)
        .file("a/mini.toml", &mini)
        .file("a/x/fw.rules", IPTABLES)
        .file("b/hylint.toml", named)
        .file("b/mini.toml", &mini)
        .file("b/y/fw.rules", IPTABLES);
    let report = diff(h, "a/x b/y").json();
    assert_eq!(report["old"]["matrix"], report["new"]["matrix"]);
    assert_ne!(report["old"]["matrix"]["id"], "hyworks");
    let h = Hylint::new()
        .file("x/fw.rules", IPTABLES)
        .file("x/mini.toml", &mini)
        .file("y/fw.rules", IPTABLES);
    let report = diff(h, "x y --matrix x/mini.toml").json();
    assert_eq!(report["old"]["matrix"], report["new"]["matrix"]);
    assert_ne!(report["old"]["matrix"]["id"], "hyworks");
}

/// A folder in the other one is no part of it.
#[test]
fn a_side_in_the_other_one_is_no_part_of_it() {
    let h = || {
        Hylint::new()
            .file("site/fw.rules", IPTABLES)
            .file("site/next/fw.rules", opened())
    };
    let report = diff(h(), "site site/next").json();
    assert_eq!(exports(&report, "old").len(), 1);
    assert_eq!(boxes(&report).len(), 1);
    let report = diff(h(), "site/next site").json();
    assert_eq!(exports(&report, "new").len(), 1);
    assert!(boxes(&report)[0].contains("closed"));
    // With a site file over both.
    let h = h().file("site/hylint.toml", site("**/fw.rules"));
    let report = diff(h, "site site/next").json();
    assert_eq!(exports(&report, "old"), ["site/fw.rules config"]);
    assert_eq!(exports(&report, "new"), ["site/next/fw.rules config"]);
}

#[cfg(unix)]
#[test]
fn links_lead_to_their_side() {
    use std::os::unix::fs::symlink;
    let h = Hylint::new()
        .file("hylint.toml", site("*/fw.rules"))
        .file("2026-10/fw.rules", IPTABLES)
        .file("2026-11/fw.rules", opened());
    symlink("2026-11", h.path("current")).unwrap();
    let report = diff(h, "2026-10 current").json();
    assert_eq!(exports(&report, "old"), ["2026-10/fw.rules config"]);
    assert_eq!(exports(&report, "new"), ["current/fw.rules config"]);
    assert_eq!(boxes(&report).len(), 1);
    // What did not change may be a link to the old side.
    let h = Hylint::new()
        .file("old/a.rules", IPTABLES)
        .file("old/b.rules", IPTABLES)
        .file("new/a.rules", opened());
    symlink("../old/b.rules", h.path("new/b.rules")).unwrap();
    let report = diff(h, "old new").json();
    assert_eq!(exports(&report, "new").len(), 2);
    assert_eq!(report["hosts"]["removed"], serde_json::json!([]));
    assert_eq!(boxes(&report).len(), 1);
}

/// `hylint diff <(…) <(…)`: a pipe is read once.
#[cfg(unix)]
#[test]
fn pipes_are_compared() {
    let h = Hylint::new().file("a", IPTABLES).file("b", opened());
    let line = format!(
        "{} diff <(cat a) <(cat b) --format json",
        env!("CARGO_BIN_EXE_hylint")
    );
    let run = std::process::Command::new("bash")
        .args(["-c", &line])
        .current_dir(h.path(""))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stderr);
    let report: Value =
        serde_json::from_slice(&run.stdout).unwrap_or_else(|e| panic!("{e} {told}"));
    assert_eq!(boxes(&report).len(), 1, "{told}");
}

/// Only a side without any firewall stops the run.
#[test]
fn a_side_without_a_firewall_is_status_2() {
    let h = || {
        Hylint::new()
            .file("a/fw.rules", IPTABLES)
            .file("b/fw.rules", "")
            .file("c/notes.txt", "lunch at noon\n")
            .file("d/fw.rules", IPTABLES)
            .file("d/db2.rules", "")
    };
    for line in ["a b", "b a", "a c", "a missing"] {
        assert_eq!(diff(h(), line).status, 2, "{line}");
    }
    assert_ne!(diff(h(), "a d").status, 2);
    assert_ne!(diff(h(), "d a").status, 2);
}

/// No report takes the place of what either side is made of.
#[test]
fn reports_replace_no_file_of_either_side() {
    let h = || {
        Hylint::new()
            .file("old/fw.rules", IPTABLES)
            .file("old/hylint.toml", site("fw.rules"))
            .file("new/fw.rules", opened())
            .file("new/beside.json", "{\"NetworkInterfaces\": []}")
            .file("new/hylint.toml", site("fw.rules"))
    };
    for file in [
        "old/fw.rules",
        "new/fw.rules",
        "old/hylint.toml",
        "new/hylint.toml",
        "new/beside.json",
    ] {
        let h = h().args(&format!("diff old new --output json={file}"));
        let before = std::fs::read(h.path(file)).unwrap();
        h.run().expect(2, &["a report does not replace it"]);
        assert_eq!(std::fs::read(h.path(file)).unwrap(), before, "{file}");
    }
}
