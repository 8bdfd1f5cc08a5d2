//! No line of any output is a command of a build runner, whatever an export, a site file, a matrix, a path or an argument
//! is called, and wherever a line breaks. The lines are read as each runner reads them (sources in src/common/sanitize.rs).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;
#[path = "common/formats.rs"]
mod inputs;
#[path = "common/runners.rs"]
mod scanner;

use harness::Hylint;
use hylint::report::diff::DIFF_FORMATS;
use hylint::report::{FORMATS, RenderOptions};
use hylint::session::{Request, check};
use scanner::{COMMANDS, harmless, obeyed, repeated};

#[test]
fn the_scanner_knows_each_command() {
    for c in COMMANDS {
        assert!(obeyed(&format!("  {c}"), false).is_some(), "{c}");
    }
    for plain in [
        "::1/128 and ::/0",
        "a ::error::b",
        "## [x]",
        "section_start:1:a",
    ] {
        assert_eq!(obeyed(plain, false), None, "{plain}");
    }
}

fn toml(s: &str) -> String {
    let inner: String = s
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{:04X}", c as u32),
            c => c.to_string(),
        })
        .collect();
    format!("\"{inner}\"")
}

/// A site in which everything that has a name has this one.
fn site(name: &str, with_site_file: bool) -> Hylint {
    let folder: String = name.replace('/', "_").chars().take(60).collect();
    let mut h = Hylint::new();
    for (path, text) in inputs::each().map(|f| (f.named)(name)) {
        h = h.file(&format!("x/{folder}/{path}"), text);
    }
    let chain: String = COMMANDS[0].chars().take(28).collect();
    h = h.file(
        "x/chain/iptables.rules",
        format!(
            "*filter\n:INPUT DROP [0:0]\n:{chain} - [0:0]\n-A INPUT -j {chain}\n-A {chain} -p tcp -m tcp --dport 22 -j ACCEPT\n\
             -A {chain} -m comment --comment \"hylint: allow {chain}\" -j FROB\nbroken ##[error]x ::error::y\nCOMMIT\n"
        ),
    );
    h = h.file(
        "x/lost.txt",
        format!("Rule Name: {name}\r\nEnabled: {name}\r\nfoo {name}\r\n"),
    );
    if with_site_file {
        let n = toml(name);
        h = h.file(
            "hylint.toml",
            format!(
                "[site]\nname = {n}\n[roles]\ncontroller-management = [\"10.20.1.11\"]\n[resolve]\n{resolve} = [\"10.0.0.0/8\"]\n\
                 [[host]]\nname = {n}\naddresses = [\"10.20.10.31\"]\nroles = [\"session-host\"]\nexports = [\"x/*/w/*\"]\n\
                 [[host]]\nname = \"gone\"\nexports = [{glob}]\npoints = [{n}]\n\
                 [[allow]]\nfrom = \"0.0.0.0/0\"\nto = \"session-host\"\nport = \"tcp/1\"\nreason = {n}\n\
                 [[waive]]\ncode = \"unneeded-flow\"\nexport = \"**\"\nuntil = 2026-12-31\nreason = {n}\nowner = {n}\n\
                 [[waive]]\ncode = \"any-any\"\nrule = {n}\nuntil = 2026-01-31\nreason = {n}\nowner = {n}\n",
                resolve = toml(&format!("azure:{name}")),
                glob = toml(&name.replace('[', "?"))
            ),
        );
    }
    h
}

fn tried(h: &Hylint, args: &[&str], what: &str) {
    let mut run = Hylint::in_folder(h.path(""));
    for a in args {
        run = run.arg(*a);
    }
    let run = run.run();
    assert!(!run.err.contains("panicked"), "{}", run.err);
    let wrote = args.iter().any(|a| a.starts_with("--output="));
    // A change may pass.
    let ran = run.status == 1 || run.status == 0 && args[0] == "diff";
    assert!(!wrote || ran, "{what}: {}", run.err);
    harmless(&run.out, false, what);
    harmless(&run.err, false, what);
}

#[test]
fn no_report_speaks_to_a_runner() {
    let outputs: Vec<String> = FORMATS
        .iter()
        .map(|(id, _)| format!("--output={id}=out/{id}"))
        .collect();
    for command in COMMANDS {
        let name = repeated(command);
        for with_site_file in [true, false] {
            let h = site(&name, with_site_file).file("out/keep", "");
            for more in ["--threads=0", "-v"] {
                let mut args = vec!["x", "--color", "always", more];
                args.extend(outputs.iter().map(String::as_str));
                tried(&h, &args, &format!("{more} of {command:?}"));
                for (id, _) in FORMATS {
                    let text = std::fs::read_to_string(h.path(&format!("out/{id}"))).unwrap();
                    harmless(&text, *id == "github", &format!("{id} of {command:?}"));
                }
            }
            tried(
                &h,
                &["init", ".", "--stdout"],
                &format!("init of {command:?}"),
            );
        }
    }
}

#[test]
fn no_review_of_a_change_speaks_to_a_runner() {
    let outputs: Vec<String> = DIFF_FORMATS
        .iter()
        .map(|(id, _)| format!("--output={id}=out/{id}"))
        .collect();
    for command in COMMANDS {
        for with_site_file in [true, false] {
            let h = site(&repeated(command), with_site_file)
                .file("out/keep", "")
                .file(
                    "y/a.rules",
                    "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 1 -j ACCEPT\nCOMMIT\n",
                );
            for sides in [["x", "y"], ["y", "x"]] {
                let mut args = vec!["diff", sides[0], sides[1], "--color", "always", "-v"];
                args.extend(outputs.iter().map(String::as_str));
                tried(&h, &args, &format!("diff of {command:?}"));
                for (id, _) in DIFF_FORMATS {
                    let text = std::fs::read_to_string(h.path(&format!("out/{id}"))).unwrap();
                    harmless(&text, false, &format!("{id} of {command:?}"));
                }
            }
        }
    }
}

#[test]
fn no_width_makes_a_command_of_a_name() {
    let (first, rest) = COMMANDS.split_at(6);
    for name in [first.join(" "), rest.join(" "), repeated(COMMANDS[0])] {
        let h = site(&name, false);
        let request = Request {
            role: vec!["session-host".into()],
            at: "2026-11-25T00:00:00Z".parse().unwrap(),
            ..Request::new([h.path("x")])
        };
        let outcome = check(&request).unwrap();
        assert!(!outcome.findings.is_empty());
        for (format, report) in FORMATS.iter().filter(|(id, _)| *id != "github") {
            // Others take no width.
            let widths = if *format == "human" {
                40..=200
            } else {
                100..=100
            };
            for width in widths {
                for verbose in [false, true] {
                    let options = RenderOptions {
                        width,
                        verbose,
                        ..RenderOptions::default()
                    };
                    let mut out = Vec::new();
                    report.write(&outcome, &options, &mut out).unwrap();
                    let text = String::from_utf8(out).unwrap();
                    harmless(&text, false, &format!("{format} at {width}"));
                }
            }
        }
    }
}

#[test]
fn no_other_command_speaks_to_a_runner() {
    for command in COMMANDS {
        let name = repeated(command);
        let n = toml(&name);
        let matrix = format!(
            "[matrix]\nid = \"m\"\nname = {n}\nversion = {n}\n[[role]]\nid = \"a\"\nname = {n}\n[[role]]\nid = \"b\"\n[[requirement]]\n\
             id = \"r\"\nrow = 1\nfrom = \"a\"\nto = \"b\"\ntransport = \"tcp\"\nports = [1]\nmandatory = true\npurpose = {n}\n\
             impact = {n}\nnote = {n}\nreference = {n}\nvendor-mandatory = {n}\napplication-protocol = {n}\nlisteners = [{n}]\n"
        );
        let bad = format!(
            "{n} = 1\n[{n}]\n[[host]]\nname = {n}\nroles = [{n}]\nprofile = {n}\n[lints]\n{n} = {n}\n{name}\n"
        );
        let mut h = Hylint::new()
            .file("m.toml", matrix.clone())
            .file(
                "bad.toml",
                matrix.replace("ports = [1]", &format!("ports = [{n}]")),
            )
            .file("bad/hylint.toml", bad)
            .file("bad/x.txt", "x")
            .file(
                "known.json",
                format!(
                    "{{\"format\": {}, {name}",
                    serde_json::to_string(&name).unwrap()
                ),
            )
            .file(
                "p.csv",
                format!("src,dst,proto,{name}\n{name},1.1.1.1,tcp,\n"),
            );
        for (path, text) in inputs::each().map(|f| (f.named)(&name)) {
            h = h.file(path, text);
        }
        let packet = [
            "--src", "10.0.0.1", "--dst", "10.0.0.2", "--proto", "tcp", "--dport", "22",
        ];
        for f in inputs::each() {
            let (path, _) = (f.named)(&name);
            for format in ["human", "json"] {
                tried(&h, &["inspect", path, "-v", "--format", format], "inspect");
            }
            for format in ["human", "json", "ndjson"] {
                let args = [&["trace", path, "--format", format][..], &packet].concat();
                tried(&h, &args, "trace");
            }
            tried(
                &h,
                &["trace", path, "--packets", "p.csv"],
                "trace of a table",
            );
            let point = [&["trace", path, "--point", &name][..], &packet].concat();
            tried(&h, &point, "trace of a point");
        }
        let name = name.replace('\0', "");
        for args in [
            &["matrix", "list", "--matrix", "m.toml"][..],
            &["matrix", "list", "--matrix", "m.toml", "--format", "json"],
            &["matrix", "check", "m.toml"],
            &["matrix", "check", "bad.toml"],
            &["matrix", "check", &name],
            &["explain", "1", "--matrix", "m.toml"],
            &["explain", &name],
            &["bad"],
            &["bad", "--matrix", "bad.toml"],
            &[&name],
            &["check", &name],
            &["inspect", &name],
            &["init", &name],
            &["l", "--role", &name],
            &["l", "--address", &name],
            &["l", "--select", &name],
            &["l", "--at", &name],
            &["l", "--threads", &name],
            &["l", "--format", &name],
            &["l", "--output", &name],
            &["l", "--output", command],
            &["l", "--baseline", &name],
            &["l", "--baseline", "known.json"],
            &["l", "--config", &name],
            &["l", "--matrix", &name],
            &["diff", &name],
            &["diff", "l", &name],
            &["diff", &name, "l", "--config", &name],
            &["diff", "--git", &name, "l"],
            &["matrix", &name],
            &["completions", &name],
            &["man", &name],
        ] {
            tried(&h, args, &format!("{} of {command:?}", args[0]));
        }
    }
}
