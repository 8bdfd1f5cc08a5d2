//! Where reports go: several at once, whole or not at all.

use super::formats::ids;
use super::harness::{Hylint, IPTABLES};

fn site() -> Hylint {
    Hylint::new().file("x/ok.rules", IPTABLES)
}

fn names(h: &Hylint, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(h.path(folder)).unwrap();
    let mut all: Vec<_> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    all.sort();
    all
}

#[test]
fn every_format_at_once_is_what_each_is_alone() {
    let outputs: Vec<String> = ids().map(|f| format!("--output {f}=out/r.{f}")).collect();
    let h = site().file("out/keep", "");
    let h = h.args(&format!(
        "x --at 2026-11-25T00:00:00Z {}",
        outputs.join(" ")
    ));
    let status = h.run().status;
    for f in ids() {
        let alone = site()
            .args(&format!("x --at 2026-11-25T00:00:00Z --format {f}"))
            .run();
        assert_eq!(alone.status, status, "{f}");
        assert_eq!(
            std::fs::read_to_string(h.path(&format!("out/r.{f}"))).unwrap(),
            alone.out,
            "{f}"
        );
    }
    assert_eq!(
        names(&h, "out").len(),
        ids().count() + 1,
        "nothing else is left"
    );
}

#[test]
fn when_one_report_cannot_be_written_the_others_stay_as_they_were() {
    let h = site()
        .file("old.sarif", "old")
        .args("x --output sarif=old.sarif --output junit=none/j.xml");
    h.run().expect(
        2,
        &[
            "cannot write none/j.xml: no such folder",
            "create the folder first",
        ],
    );
    assert_eq!(std::fs::read_to_string(h.path("old.sarif")).unwrap(), "old");
    assert_eq!(names(&h, "."), ["old.sarif", "x"]);
}

#[test]
fn a_dash_is_standard_output_and_a_place_is_given_once() {
    let run = site().args("x --output csv=- --output json=j.json").run();
    assert!(run.out.starts_with("record,"), "{}", run.out);
    assert!(!run.out.contains("FAILED: \n"));
    for twice in [
        "--output json=a --output csv=./a",
        "--output json=- --output csv=-",
    ] {
        site()
            .args(&format!("x {twice}"))
            .run()
            .expect(2, &["two reports would go to"]);
    }
    site()
        .args("x --output json=")
        .run()
        .expect(2, &["names no file"]);
    site()
        .file("dir/f", "")
        .args("x --output json=dir")
        .run()
        .expect(2, &["cannot write dir"]);
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let mode = |p| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
    let h = site().file("kept.json", "old").file("real/j.json", "old");
    std::fs::set_permissions(h.path("kept.json"), PermissionsExt::from_mode(0o640)).unwrap();
    symlink("real/j.json", h.path("link.json")).unwrap();
    let h = h.args("x --output json=kept.json --output sarif=new.sarif --output ndjson=link.json");
    h.run();
    assert_eq!(mode(h.path("kept.json")), 0o640);
    // A new file has the rights that any other new file has.
    std::fs::write(h.path("other"), "").unwrap();
    assert_eq!(mode(h.path("new.sarif")), mode(h.path("other")));
    assert!(h.path("link.json").symlink_metadata().unwrap().is_symlink());
    assert!(
        std::fs::read_to_string(h.path("real/j.json"))
            .unwrap()
            .starts_with("{\"kind\":\"run\"")
    );
}
