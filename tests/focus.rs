//! Only a part of a site is given, as a pre-commit hook does: the site is found above it, its hosts are judged whole, and
//! the report is about what was given.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::{Hylint, Run};
use serde_json::Value;
use std::path::Path;

/// A folder with one of the example sites in `site/`.
fn example(name: &str) -> Hylint {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(name);
    let mut h = Hylint::new();
    for entry in walkdir::WalkDir::new(&from) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let to = Path::new("site").join(entry.path().strip_prefix(&from).unwrap());
            h = h.file(to.to_str().unwrap(), std::fs::read(entry.path()).unwrap());
        }
    }
    h
}

fn json(h: Hylint, args: &str) -> (i32, Value) {
    let r = h.args(&format!("--format json {args}")).run();
    (r.status, r.json())
}

fn within(d: &Value) -> Vec<&str> {
    let all = d["exports"].as_array().unwrap().iter();
    all.filter(|e| e["within"] == true)
        .map(|e| e["path"].as_str().unwrap())
        .collect()
}

fn codes(d: &Value) -> Vec<&str> {
    let all = d["findings"].as_array().unwrap().iter();
    all.map(|f| f["code"].as_str().unwrap()).collect()
}

/// The same findings as the run over the whole site has about the host, no more and no fewer, and all the others counted.
#[test]
fn a_file_of_a_host_gives_what_the_whole_site_says_of_that_host() {
    let (_, all) = json(example("windows-dc/faulty"), "site");
    for (file, host, exports) in [
        (
            "site/cm1/rules.txt",
            "cm1",
            vec!["site/cm1/allprofiles.txt", "site/cm1/rules.txt"],
        ),
        (
            "site/cm1/allprofiles.txt",
            "cm1",
            vec!["site/cm1/allprofiles.txt", "site/cm1/rules.txt"],
        ),
        (
            "site/cm2/firewall.txt",
            "cm2",
            vec!["site/cm2/firewall.txt"],
        ),
        (
            "site/sh1",
            "sh1",
            vec!["site/sh1/allprofiles.txt", "site/sh1/rules.txt"],
        ),
        (
            "site/sql1/rules.txt",
            "sql1",
            vec!["site/sql1/allprofiles.txt", "site/sql1/rules.txt"],
        ),
    ] {
        let (status, d) = json(example("windows-dc/faulty"), file);
        let of_host = all["findings"].as_array().unwrap().iter();
        // What rules do to each other is said of the file, whichever hosts it guards.
        let of_file = |f: &Value| {
            let path = f["path"].as_str().unwrap_or_default();
            f["host"].is_null() && exports.contains(&path)
        };
        let of_host: Vec<&Value> = of_host
            .filter(|f| f["host"] == host || of_file(f))
            .collect();
        let here: Vec<&Value> = d["findings"].as_array().unwrap().iter().collect();
        assert_eq!(here, of_host, "{file}");
        assert!(
            !here.is_empty(),
            "{file} has no finding, so nothing is compared"
        );
        let failing = here.iter().any(|f| f["severity"] == "error");
        assert_eq!(status, i32::from(failing), "{file}");
        assert_eq!(within(&d), exports);
        assert_eq!(d["scope"]["hosts"], serde_json::json!([host]));
        assert_eq!(d["requirements"], all["requirements"], "{file}");
        for level in ["errors", "warnings", "notes"] {
            let count = |v: &Value| v[level].as_u64().unwrap();
            assert_eq!(
                count(&d["summary"]) + count(&d["scope"]["elsewhere"]),
                count(&all["summary"]),
                "{file}: {level}"
            );
        }
    }
    assert!(all["scope"].is_null());
}

/// A change to one file of an account concerns every host that it guards, and the other layers are read with it.
#[test]
fn a_layer_of_a_cloud_host_is_judged_with_the_others() {
    let (status, d) = json(example("cloud-hybrid/faulty"), "site/aws/network-acls.json");
    assert_eq!(status, 1);
    assert!(within(&d).contains(&"site/aws/security-groups.json"));
    assert!(!within(&d).contains(&"site/azure/nsg-list.json"));
    assert_eq!(
        d["scope"]["hosts"],
        serde_json::json!(["cb1", "cm1", "cm2", "sql1"])
    );
    let (status, d) = json(
        example("cloud-hybrid/compliant"),
        "site/aws/network-acls.json",
    );
    let notes = &d["summary"]["notes"];
    assert_eq!((status, &codes(&d).len().into()), (0, notes), "{d:#}");
}

/// Seen alone, the rules would be judged by assumed defaults, and the site's waivers and roles would seem to be unused.
#[test]
fn a_part_of_a_compliant_site_has_no_finding_above_a_note() {
    for (site, file) in [
        ("windows-dc/compliant", "site/cb1/rules.txt"),
        ("windows-dc/compliant", "site/cb1/allprofiles.txt"),
        ("linux-gateway/compliant", "site/gw1/iptables.rules"),
        ("linux-gateway/compliant", "site/edge/ip6tables.rules"),
        ("cloud-hybrid/compliant", "site/azure/nic-list.json"),
    ] {
        for flag in ["", "--changed "] {
            let h = example(site);
            let text = std::fs::read_to_string(h.path("site/hylint.toml")).unwrap();
            let waived = "\n[check]\nrequire-evidence = \"destination\"\n";
            let h = h.file("site/hylint.toml", format!("{text}{waived}"));
            let (status, d) = json(h, &format!("{flag}{file}"));
            let above = codes(&d);
            let notes = d["summary"]["notes"].as_u64().unwrap();
            assert_eq!(
                (status, above.len() as u64),
                (0, notes),
                "{file}: {above:?}"
            );
        }
    }
}

#[test]
fn an_unused_waiver_is_said_where_the_whole_site_is_asked_for() {
    let site = || {
        let h = example("windows-dc/compliant");
        let text = std::fs::read_to_string(h.path("site/hylint.toml")).unwrap();
        let waive = "\n[[waive]]\ncode = \"any-any\"\nrule = \"gone\"\nuntil = 2099-01-01\nreason = \"CHG-1\"\nowner = \"net\"\n";
        h.file("site/hylint.toml", format!("{text}{waive}"))
    };
    let (_, whole) = json(site(), "site");
    assert!(codes(&whole).contains(&"unused-waiver"));
    let (_, part) = json(site(), "site/sh1/rules.txt");
    assert!(!codes(&part).contains(&"unused-waiver"));
    assert_eq!(part["scope"]["elsewhere"]["warnings"], 1);
    // The file that holds the waiver stands for the whole site.
    for args in [
        "site/hylint.toml",
        "--changed site/hylint.toml site/sh1/rules.txt",
    ] {
        let (_, d) = json(site(), args);
        assert!(codes(&d).contains(&"unused-waiver"), "{args}");
        assert!(d["scope"].is_null(), "{args}");
    }
}

/// As it is spelt does not matter.
#[test]
fn the_site_is_found_from_a_folder_below_and_by_absolute_path() {
    let h = example("windows-dc/faulty");
    let absolute = h.path("site/cm2/firewall.txt");
    for (args, path) in [
        (
            "./site/cm1/../cm2/firewall.txt",
            "site/cm1/../cm2/firewall.txt".to_owned(),
        ),
        (
            absolute.to_str().unwrap(),
            absolute.to_str().unwrap().to_owned(),
        ),
        (
            "--changed site/cm1/../cm2/firewall.txt",
            "site/cm2/firewall.txt".to_owned(),
        ),
    ] {
        let run = Hylint::in_folder(h.path("")).args(&format!("--format json {args}"));
        let d = run.run().json();
        assert_eq!(within(&d), [path.as_str()], "{args}");
        assert_eq!(
            d["exports"].as_array().unwrap().len(),
            11,
            "{args}: read twice"
        );
        assert_eq!(
            codes(&d).iter().filter(|c| **c == "blocked-flow").count(),
            1
        );
    }
    let below = Hylint::in_folder(h.path("site/cm2"))
        .args("--format json firewall.txt")
        .run();
    let d = below.json();
    assert_eq!(within(&d), ["firewall.txt"]);
    assert_eq!(d["site"]["path"], "../hylint.toml");
    assert!(
        d["exports"]
            .as_array()
            .unwrap()
            .iter()
            .any(|e| e["path"] == "../sh1/rules.txt")
    );
}

/// What a hook is given: text files of any kind, and of several sites.
#[test]
fn changed_files_that_are_no_exports_are_passed_over() {
    let h = example("windows-dc/faulty").file("docs/notes.txt", "Nothing to see here.\n");
    let run = |args: &str| Hylint::in_folder(h.path("")).args(args).run();
    run("--changed docs/notes.txt gone/rules.txt")
        .expect(0, &["NOTHING TO CHECK: no changed file is an export"]);
    run("--changed docs/notes.txt site/EXPECTED.tsv")
        .expect(0, &["belongs to no host of the site", "8 errors elsewhere"]);
    run("--changed docs/notes.txt site/cm2/firewall.txt").expect(1, &["blocked-flow"]);
    // Without the option a named file has to be an export.
    run("docs/notes.txt").expect(2, &["no export was judged"]);
}

#[test]
fn a_changed_file_that_became_no_export_fails() {
    for file in ["site/cm2/firewall.txt", "site/sh1/rules.txt"] {
        for text in ["Access is denied.\n", ""] {
            let h = example("windows-dc/compliant");
            h.file(file, text)
                .args(&format!("--changed {file}"))
                .run()
                .expect(1, &["error"]);
        }
        let h = example("windows-dc/compliant");
        std::fs::remove_file(h.path(file)).unwrap();
        h.args(&format!("--changed {file}"))
            .run()
            .expect(1, &["incomplete-export"]);
    }
}

#[test]
fn files_of_two_sites_are_judged_each_by_its_own() {
    let h = example("windows-dc/compliant");
    let faulty = example("windows-dc/faulty");
    let text = |f: &str| std::fs::read_to_string(faulty.path(f)).unwrap();
    let h = h
        .file("two/hylint.toml", text("site/hylint.toml"))
        .file("two/sh1/allprofiles.txt", text("site/sh1/allprofiles.txt"))
        .file("two/sh1/rules.txt", text("site/sh1/rules.txt"));
    let run = |args: &str| -> Run { Hylint::in_folder(h.path("")).args(args).run() };
    let both = "site/sh1/rules.txt two/sh1/rules.txt";
    let r = run(&format!("--changed {both}"));
    r.expect(1, &["FAILED"]);
    assert_eq!(r.out.matches("scope ").count(), 2, "{}", r.out);
    run("--changed site/sh1/rules.txt").expect(0, &["PASSED"]);
    run(&format!("--format json {both}")).expect(2, &["belong to 2 sites", "once for each"]);
}

/// Files of one host beside each other, named after it.
#[test]
fn without_a_site_file_the_other_exports_of_the_host_lie_beside() {
    let from = example("windows-dc/compliant");
    let text = |f: &str| std::fs::read_to_string(from.path(f)).unwrap();
    let h = Hylint::new()
        .file("session-host/sh1-rules.txt", text("site/sh1/rules.txt"))
        .file(
            "session-host/sh1-allprofiles.txt",
            text("site/sh1/allprofiles.txt"),
        )
        .file("session-host/sh2-rules.txt", text("site/sh2/rules.txt"));
    let (_, d) = json(h, "--changed session-host/sh1-allprofiles.txt");
    assert_eq!(
        within(&d),
        [
            "session-host/sh1-allprofiles.txt",
            "session-host/sh1-rules.txt"
        ]
    );
    assert_eq!(d["exports"].as_array().unwrap().len(), 2);
    assert!(
        d["summary"]["checks"]["satisfied"].as_u64().unwrap() > 0,
        "{d:#}"
    );
    let assumed: Vec<_> = d["assumptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["id"])
        .collect();
    assert!(
        !assumed.contains(&&"windows-defaults".into()),
        "{assumed:?}"
    );
}
