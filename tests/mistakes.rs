//! What every mistake prints: command lines, paths, hylint.toml, matrices, baselines, tables of packets. The transcript is
//! tests/mistakes/transcript.txt (`HYLINT_UPDATE=1` rewrites it), and each sentence of the sources is in it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::{Hylint, IPTABLES};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// Command lines over [`site`].
const LINES: &[&str] = &[
    "",
    "chek exports",
    "tarce exports",
    "exprots",
    "exports nope also/not",
    "--format json trace x",
    "exports --bogus",
    "exports --rol x",
    "exports --quiet --verbose",
    "exports --baseline a.json --write-baseline b.json",
    "exports --select shadow-rule",
    "exports --ignore foo",
    "exports --select",
    "exports --at yesterday",
    "exports --at 2026-11-30",
    "exports --fail-on eror",
    "SOURCE_DATE_EPOCH=soon exports",
    "exports --statistics --format json",
    "exports --output=",
    "exports --matrix mini.matrix --output json=mini.matrix",
    "own-matrix --output json=own-matrix/mini.matrix",
    "exports --threads many",
    "exports --threads -1",
    "exports --format jsn",
    "exports --role sesion-host",
    "exports --role foo",
    "exports --address 10.0.0.300",
    "exports --address 10.0.0.0/33",
    "exports --address fe80::/129",
    "exports --address 10.0.0.9-10.0.0.1",
    "exports --matrix hywork",
    "exports --matrix bad.toml",
    "exports --config none.toml",
    "exports --config exports",
    "exports --output json",
    "exports --output xml=y",
    "exports --output jsn=y",
    "exports --output json=",
    "exports --output report.dat",
    "exports --format json --output report.dat",
    "exports --output json=no/such/folder.json",
    "exports --output json=exports",
    "exports --output r.json --output csv=./r.json",
    "exports --output json=site/hylint.toml",
    "exports --output json=mini.toml",
    "exports --output json=exports/fw.rules",
    "exports --output json=r.json --write-baseline r.json",
    "exports --config own.conf --output human=own.conf",
    "exports --baseline known.json --output known.json",
    "exports --baseline none.json",
    "exports --baseline cut.json",
    "exports --baseline other.json",
    "exports --baseline newer.json",
    "exports --baseline entries.json",
    "exports site",
    "exports site other --format json",
    "site --role sql-server --address 10.1.1.1 -q",
    "site/fw.rules --role sql-server",
    "site --role sql-server --address 10.1.1.1",
    "plain --matrix mini.toml",
    "docs",
    "single",
    "many",
    "docs/notes.txt -q",
    "empty",
    "beside",
    "check",
    "matrix",
    "matrix lst",
    "matrix list --format yaml",
    "matrix check none.toml",
    "matrix check bad.toml",
    "matrix check syntax.toml",
    "matrix check empty.toml",
    "matrix check mini.toml mini.toml",
    "diff",
    "diff exports",
    "diff HEAD~1",
    "diff nope also/not",
    "diff main exports",
    "diff exports -",
    "diff exports exports/fw.rules",
    "diff exports/fw.rules exports",
    "diff exports exports exports",
    "diff exports docs",
    "diff docs exports/",
    "diff docs empty",
    "diff exports exports --baseline known.json",
    "diff exports site --format concise",
    "diff exports site --output junit=r.xml",
    "diff exports site --output r.csv",
    "diff exports site --output json=site/hylint.toml",
    "diff exports exports --output json=exports/fw.rules",
    "diff exports exports --matrix mini.matrix --output json=mini.matrix",
    "diff own-matrix exports --output json=own-matrix/mini.matrix",
    "diff exports exports --config none.toml",
    "diff exports exports --matrix hywork",
    "diff exports site/hylint.toml",
    "diff above above",
    "diff site/fw.rules site/fw.rules --role sql-server",
    "diff syntax exports",
    "diff exports syntax",
    "diff exports unread-matrix",
    "dif exports site",
    "diff --git",
    "diff --git HEAD exports",
    "diff --git HEAD nope",
    "diff --git HEAD exports site",
    "diff --git exports",
    "PATH=none diff --git HEAD exports",
    "diff --git HEAD~9 repo",
    "diff --git --help repo",
    "diff --git main..HEAD repo",
    "diff --git exports repo",
    "diff --git HEAD repo/later.rules",
    "diff --git HEAD repo/.git",
    "diff --git HEAD broken",
    "diff --git=--output=r.json repo",
    "explain shadow-rule",
    "explain 99",
    "explain nonsense",
    "explain rdp-session",
    "inspect",
    "inspect exports",
    "inspect nope",
    "inspect docs/notes.txt",
    "trace",
    "trace exports/fw.rules --src 10.0.0.1",
    "trace exports/fw.rules --src 300 --dst 10.0.0.2 --proto tcp",
    "trace exports/fw.rules --src 10.0.0.1 --dst ::1 --proto tcp",
    "trace exports/fw.rules --src 10.0.0.1 --dst 10.0.0.2 --proto tpc",
    "trace exports/fw.rules --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 70000",
    "trace exports/fw.rules --src 10.0.0.1 --dst 10.0.0.2 --proto icmp --sport 300",
    "trace exports/fw.rules --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1 --flags SIN",
    "trace exports/fw.rules --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1 --state NWE",
    "trace exports/fw.rules --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1 --mark x",
    "trace exports/fw.rules --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1 --smac x",
    "trace exports/fw.rules --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1 --direction up",
    "trace exports/fw.rules --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1 --resolve x",
    "trace exports/fw.rules --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1 --resolve x=y",
    "trace exports/fw.rules --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1 --point no",
    "trace groups.json --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1",
    "trace groups.json --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1 --point sg-0a --direction forward",
    "trace beside/allprofiles.txt --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1",
    "trace cut.rules --src 10.0.0.1 --dst 10.0.0.2 --proto tcp --dport 1",
    "trace - --packets -",
    "trace exports/fw.rules --packets none.csv",
    "trace exports/fw.rules --packets empty.csv",
    "trace exports/fw.rules --packets column.csv",
    "trace exports/fw.rules --packets twice.csv",
    "trace exports/fw.rules --packets row.csv",
    "trace exports/fw.rules --packets more.csv",
    "trace exports/fw.rules --packets bytes.csv",
    "completions",
    "completions powershel",
    "man none",
    "bad",
    "syntax",
    "outside",
    "unread-matrix",
    "own-matrix",
];

fn site() -> Hylint {
    let h = Hylint::new();
    for folder in ["empty", "outside", "unread-matrix"] {
        std::fs::create_dir(h.path(folder)).unwrap();
    }
    let host = "[site]\nmatrix = \"hyworks\"\n[roles]\n[[host]]\nname = \"sh1\"\naddresses = [\"10.0.0.5\"]\nroles = [\"session-host\"]\nexports = [\"fw.rules\"]\n[[host]]\nname = \"sh2\"\naddresses = [\"10.0.0.6\"]\nroles = [\"session-host\"]\nexports = [\"fw2.rules\"]\n";
    let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let read = |name: &str| std::fs::read_to_string(inputs.join(name)).unwrap();
    let group = |id: &str| {
        format!(
            "{{\"GroupId\": \"{id}\", \"GroupName\": \"{id}\", \"VpcId\": \"vpc-1\", \"IpPermissions\": [], \"IpPermissionsEgress\": []}}"
        )
    };
    let entry = |code: &str, peers: &str| {
        format!(
            "{{\"path\": \"x\", \"code\": \"{code}\", \"message\": \"m\", \"fingerprint\": \"{code}0\", \"peers\": [{peers}]}}"
        )
    };
    let baseline = |format: &str, version: u32, findings: &str| {
        format!(
            "{{\"format\": \"{format}\", \"version\": {version}, \"tool\": {{\"name\": \"hylint\", \"version\": \"0.1.0\"}}, \"findings\": [{findings}]}}"
        )
    };
    let entries = [
        entry("shadow-rule", ""),
        entry("unknown-role", ""),
        entry("missing-flow", "\"10.0.0.300\""),
    ];
    let mut h = h;
    for n in 1..=7 {
        h = h.file(&format!("many/{n}.txt"), "lunch at noon\n");
    }
    h.file("exports/fw.rules", IPTABLES)
        .file("cut.rules", IPTABLES.replace("-A INPUT -j DROP", "A INPUT -j DROP"))
        .file("site/hylint.toml", host)
        .file("site/fw.rules", IPTABLES)
        .file("other/hylint.toml", "")
        .file("above/net/hylint.toml", "")
        .file("above/net/fw.rules", IPTABLES)
        .file("other/fw.rules", IPTABLES)
        .file("own.conf", "")
        .file("docs/notes.txt", "lunch at noon\n")
        .file("docs/README.md", "hello\n")
        .file(
            "beside/allprofiles.txt",
            "Domain Profile Settings: \n----------------------------------------------------------------------\n\
             State                                 ON\nFirewall Policy                       BlockInbound,AllowOutbound\n",
        )
        .file(
            "groups.json",
            format!("{{\"SecurityGroups\": [{}, {}]}}", group("sg-0a"), group("sg-0b")),
        )
        .file("known.json", baseline("hylint-baseline", 1, ""))
        .file("cut.json", "{\"format\": \"hylint-baseline\", ")
        .file("other.json", baseline("sarif", 1, ""))
        .file("newer.json", baseline("hylint-baseline", 7, ""))
        .file("entries.json", baseline("hylint-baseline", 1, &entries.join(",\n")))
        .file("empty.csv", "")
        .file("column.csv", "src,proto\n")
        .file("twice.csv", "src,dst,proto,src\n")
        .file("row.csv", "src,dst,proto,dport\n10.0.0.1,10.0.0.2,tcp,443\n10.0.0.1,,tcp,443\n")
        .file("more.csv", "src,dst,proto,dport,note\n")
        .file("bytes.csv", b"src,dst,proto\n10.0.0.1,10.0.0.2,\xff\n")
        .file("mini.matrix", read("mini.toml"))
        .file("own-matrix/mini.matrix", read("mini.toml"))
        .file("own-matrix/fw.rules", IPTABLES)
        .file(
            "own-matrix/hylint.toml",
            "[site]\nmatrix = \"mini.matrix\"\n[deployment]\nfeatures = { backup = true }\n[ports]\nweb = [1]\n",
        )
        .file("plain/hylint.toml", "[site]\nmatrix = \"hyworks\"\n")
        .file("plain/fw.rules", IPTABLES)
        .file("site/fw2.rules", IPTABLES)
        .file("single/notes.txt", "lunch at noon\n")
        .file("mini.toml", read("mini.toml"))
        .file("bad.toml", read("matrix.toml"))
        .file("syntax.toml", "[matrix\nid = \"x\"\n")
        .file("empty.toml", "")
        .file("bad/hylint.toml", read("site.toml"))
        .file("bad/fw.rules", IPTABLES)
        .file("syntax/hylint.toml", "[roles]\nsession-host = [\"10.0.0.1\"\n[check]\nfail-on = \"never\"\n")
        .file("outside/hylint.toml", "[site]\nmatrix = \"../mini.toml\"\n")
        .file("unread-matrix/hylint.toml", "[site]\nmatrix = \"none.toml\"\n")
}

/// Runs git, whatever the machine's own configuration is.
fn git(h: &Hylint, folder: &str, line: &str) {
    let mut run = Command::new("git");
    let run = run.arg("-C").arg(h.path(folder)).args(line.split(' '));
    for (key, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "a"),
        ("GIT_AUTHOR_EMAIL", "a@example.org"),
        ("GIT_COMMITTER_NAME", "a"),
        ("GIT_COMMITTER_EMAIL", "a@example.org"),
    ] {
        run.env(key, value);
    }
    assert!(run.output().unwrap().status.success(), "git {line}");
}

/// `repo`, a repository with a file that its only commit lacks, and `broken`, one whose objects are lost.
fn repositories(h: Hylint) -> Hylint {
    let h = h
        .file("repo/fw.rules", IPTABLES)
        .file("broken/deep/fw.rules", IPTABLES);
    for folder in ["repo", "broken"] {
        for line in ["init -q", "add .", "commit -qm one"] {
            git(&h, folder, line);
        }
    }
    let tree = Command::new("git")
        .arg("-C")
        .arg(h.path("broken"))
        .args(["rev-parse", "HEAD:deep"])
        .output();
    let tree = String::from_utf8(tree.unwrap().stdout).unwrap();
    let (folder, rest) = tree.trim().split_at(2);
    std::fs::remove_file(h.path("broken/.git/objects").join(folder).join(rest)).unwrap();
    h.file("repo/later.rules", IPTABLES)
}

/// The errors of each command line, and the exit status.
fn transcript() -> String {
    let h = repositories(site());
    let mut out = String::new();
    for line in LINES {
        // A variable of the environment may come first, as in a shell.
        let set = line
            .split_once(' ')
            .and_then(|(set, rest)| Some((set.split_once('=')?, rest)));
        let name = |key: &str| key.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        let set = set.filter(|((key, _), _)| name(key));
        let ((key, value), args) = set.unwrap_or((("SOURCE_DATE_EPOCH", "1796000000"), line));
        let run = Hylint::in_folder(h.path(""))
            .args(args)
            .env(key, value)
            .run();
        let _ = match set {
            Some(_) => writeln!(out, "$ {key}={value} hylint {args}"),
            None => writeln!(out, "$ hylint {args}"),
        };
        out.push_str(&run.err);
        // The mistakes in a matrix are what its check prints.
        if line.starts_with("matrix check") {
            out.push_str(&run.out);
        }
        let _ = writeln!(out, "[{}]\n", run.status);
    }
    out
}

#[test]
fn every_mistake_prints_what_the_transcript_shows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes/transcript.txt");
    let now = transcript();
    if std::env::var_os("HYLINT_UPDATE").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let then = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = now.lines().zip(then.lines()).find(|(a, b)| a != b);
    assert!(
        now == then,
        "first at {differs:?}; HYLINT_UPDATE=1 rewrites tests/mistakes/transcript.txt"
    );
}

#[test]
fn every_mistake_has_the_form_of_all() {
    let all = transcript().replace("$ SOURCE_DATE_EPOCH=soon hylint", "$ hylint");
    for block in all.split("$ hylint ").filter(|b| !b.is_empty()) {
        let (line, rest) = block.split_once('\n').unwrap();
        let status = rest.trim_end().rsplit('[').next().unwrap();
        if status != "2]" || line.is_empty() {
            continue;
        }
        assert!(rest.starts_with("error: "), "hylint {line}: {rest}");
        for said in rest.lines().filter(|l| l.starts_with("error: ")) {
            assert!(!said.ends_with('.'), "a full stop: {said}");
            assert!(!said.contains("os error"), "{said}");
            // What is quoted may be long, what hylint says is not.
            assert!(said.chars().count() < 160, "{said}");
        }
    }
}

/// Sentences that no command line can bring about, with the reason.
const UNREACHED: &[(&str, &str)] = &[
    ("the baseline has its fingerprint", "the help of a finding"),
    (
        "the baseline holds a part of this finding",
        "the help of a finding",
    ),
    (
        "hylint --help explains every option",
        "the help of the program",
    ),
    ("hylint [OPTIONS] PATH…", "the help of the program"),
    ("hylint trace EXPORT --src", "the help of the program"),
    ("hylint diff OLD NEW [OPTIONS]", "the help of the program"),
    ("git does not trust the repository", "of another user"),
    ("it belongs to another user", "of another user"),
    ("safe.directory", "of another user"),
    ("see `safe.directory`", "of another user"),
    ("one and the same of them", "the page of a requirement"),
    ("the vendor's cell", "the page of a requirement"),
    ("only where clients connect", "the page of a requirement"),
];

/// Where the sentences of mistakes are.
const SOURCES: &[&str] = &[
    "src/cli/check.rs",
    "src/cli/diff.rs",
    "src/cli/explain.rs",
    "src/cli/matrix.rs",
    "src/cli/mod.rs",
    "src/cli/one_host.rs",
    "src/cli/options.rs",
    "src/cli/spare.rs",
    "src/cli/targets.rs",
    "src/cli/values.rs",
    "src/common/toml_reader.rs",
    "src/load/discover.rs",
    "src/rules/matrix/raw.rs",
    "src/rules/matrix/resolve.rs",
    "src/session/diff/pair.rs",
    "src/session/suppress/baseline.rs",
    "src/session/trace/packet.rs",
    "src/session/trace/select.rs",
    "src/session/trace/table.rs",
    "src/site/config/fields.rs",
    "src/site/config/flows.rs",
    "src/site/config/hosts.rs",
    "src/site/config/mod.rs",
    "src/site/config/ports.rs",
    "src/site/config/read.rs",
];

/// The texts between quotes of a source, without its tests, comments and attributes.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap();
    let code: String = source
        .lines()
        .filter(|l| !l.trim_start().starts_with("//") && !l.trim_start().starts_with("#["))
        .map(|l| format!("{l}\n"))
        .collect();
    let mut all = Vec::new();
    let mut rest = code.as_str();
    while let Some(at) = rest.find('"') {
        rest = &rest[at + 1..];
        let mut end = 0;
        let bytes = rest.as_bytes();
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let end = end.min(rest.len());
        all.push(rest[..end].to_owned());
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    all
}

/// The longest part of a sentence that holds no value.
fn fixed(sentence: &str) -> String {
    let text = sentence
        .replace("\\\n", "")
        .replace("\\\"", "\"")
        .replace("\\n", " ");
    let mut parts = Vec::new();
    for (n, piece) in text.split(['{', '}']).enumerate() {
        // Every second piece is the name of a value.
        if n % 2 == 0 {
            parts.push(piece.trim().to_owned());
        }
    }
    parts
        .into_iter()
        .max_by_key(String::len)
        .unwrap_or_default()
}

#[test]
fn every_sentence_of_the_sources_is_in_the_transcript() {
    let words = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shown =
        words(&std::fs::read_to_string(path.join("tests/mistakes/transcript.txt")).unwrap());
    let mut missing = BTreeSet::new();
    for source in SOURCES {
        let text = std::fs::read_to_string(path.join(source)).unwrap();
        for sentence in literals(&text) {
            let fixed = words(&fixed(&sentence));
            // A name or a key is no sentence.
            if fixed.split(' ').count() < 3 || shown.contains(&fixed) {
                continue;
            }
            if !UNREACHED.iter().any(|(known, _)| fixed.contains(known)) {
                missing.insert(format!("{source}: {fixed}"));
            }
        }
    }
    let all: Vec<String> = missing.into_iter().collect();
    assert!(
        all.is_empty(),
        "no mistake in LINES brings these about:\n{}",
        all.join("\n")
    );
}
