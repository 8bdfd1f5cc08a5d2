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

/// The ending of a file tells its format, whatever goes to standard output; a file takes the place of standard output only
/// where both would be of one format.
#[test]
fn the_ending_tells_the_format_and_format_is_of_standard_output() {
    let h = site();
    let run = |args: &str| Hylint::in_folder(h.path("")).args(args).run();
    let text = |name: &str| std::fs::read_to_string(h.path(name)).unwrap();
    let r = run("x --format json --output r.md");
    assert!(r.out.starts_with('{'), "{}", r.out);
    assert!(!text("r.md").starts_with('{'));
    let r = run("x --format json --output r.json");
    assert_eq!(r.out, "");
    assert!(text("r.json").starts_with('{'));
    let r = run("x --output r.csv --output r.sarif");
    assert_eq!(r.out, "");
    assert!(text("r.csv").starts_with("record,") && text("r.sarif").starts_with('{'));
    // A format that is given for the file leaves standard output to --format.
    assert!(run("x --output csv=r.dat").out.contains("1 export"));
    for name in ["json", "human", "Markdown"] {
        run(&format!("x --output {name}")).expect(2, &["names a format and no file"]);
        assert!(!h.path(name).exists());
    }
    run("x --format json --output r.bin").expect(2, &["--output json=r.bin"]);
}

/// What a run reads is refused before anything is written, however it is spelt and whatever leads to it.
#[cfg(unix)]
#[test]
fn what_a_run_reads_stays_whatever_leads_to_it() {
    let profiles = "Domain Profile Settings: \n\
        ----------------------------------------------------------------------\n\
        State                                 ON\n\
        Firewall Policy                       BlockInbound,AllowOutbound\n";
    let h = site()
        .file("x/allprofiles.txt", profiles)
        .file("x/hylint.toml", "[site]\nmatrix = \"own.matrix\"\n")
        .file(
            "x/own.matrix",
            "[matrix]\nid = \"m\"\nversion = \"1\"\n[[role]]\nid = \"a\"\n",
        );
    let run = |args: &str| Hylint::in_folder(h.path("")).args(args).run();
    run("x --write-baseline known.json");
    std::os::unix::fs::symlink("x/ok.rules", h.path("link.json")).unwrap();
    std::fs::hard_link(h.path("x/own.matrix"), h.path("hard.json")).unwrap();
    let before = |name: &str| std::fs::read(h.path(name)).unwrap();
    for (to, more) in [
        ("x/ok.rules", ""),
        ("./x/../x/ok.rules", ""),
        ("link.json", ""),
        ("x/allprofiles.txt", ""),
        ("x/hylint.toml", ""),
        ("x/own.matrix", ""),
        ("hard.json", ""),
        ("known.json", "--baseline known.json"),
    ] {
        let was = before(to);
        // The other report is not written either.
        run(&format!(
            "x {more} --output csv=first.csv --output json={to}"
        ))
        .expect(2, &["does not replace it"]);
        assert_eq!(before(to), was, "{to}");
        assert!(!h.path("first.csv").exists(), "{to}");
    }
    run("x --output json=both.json --write-baseline ./both.json")
        .expect(2, &["both a report and the baseline"]);
    assert!(!h.path("both.json").exists());
}
