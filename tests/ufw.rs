//! ufw's files against what ufw 0.36.2 loads of them (`tests/ufw/saved`: the files as ufw wrote them, without remarks, and
//! what `iptables-save` 1.8.9 then showed in a network namespace): every packet gets the same verdict from both.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "common/cli.rs"]
mod common;

use common::Hylint;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Each configuration.
fn saved() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ufw/saved");
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .collect();
    all.sort();
    all
}

/// The run with the files of a configuration below a folder, but for those left out.
fn with_files(folder: &Path, without: &[&str]) -> Hylint {
    let mut run = Hylint::new();
    let files = [
        "etc/ufw/before.rules",
        "etc/ufw/after.rules",
        "etc/ufw/user.rules",
        "etc/ufw/before6.rules",
        "etc/ufw/after6.rules",
        "etc/ufw/user6.rules",
        "etc/ufw/ufw.conf",
        "etc/default/ufw",
    ];
    for file in files.iter().filter(|f| !without.contains(f)) {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        run = run.file(file, &text);
    }
    run
}

/// Packets that tell the rules of the configurations apart, as a table for `trace`.
fn packets(v6: bool, direction: &str) -> String {
    let (sources, target) = match v6 {
        false => (
            [
                "10.1.2.3",
                "10.66.1.1",
                "10.9.9.9",
                "203.0.113.9",
                "192.0.2.7",
            ]
            .as_slice(),
            "10.1.0.5",
        ),
        true => (["2001:db8::7", "2001:db9::1"].as_slice(), "2001:db8:1::5"),
    };
    let mut out = "src,dst,proto,sport,dport,in_iface,out_iface,state\n".to_owned();
    let mut add = |src: &str, proto: &str, ports: &str| {
        for (from, to) in [("eth0", "eth1"), ("eth1", "eth0")] {
            let (inside, outside) = match direction {
                "in" => (from, ""),
                "out" => ("", to),
                _ => (from, to),
            };
            for state in ["NEW", "ESTABLISHED", "INVALID"] {
                out += &format!("{src},{target},{proto},{ports},{inside},{outside},{state}\n");
            }
        }
    };
    for src in sources {
        for proto in ["tcp", "udp"] {
            for port in [
                22, 23, 25, 53, 67, 80, 113, 137, 443, 445, 2222, 5353, 5432, 8080, 8443, 9100,
            ] {
                add(src, proto, &format!("40000,{port}"));
            }
        }
        match v6 {
            false => ["8,0", "3,1", "5,0"]
                .iter()
                .for_each(|t| add(src, "icmp", t)),
            true => ["128,0", "1,0", "137,0"]
                .iter()
                .for_each(|t| add(src, "icmpv6", t)),
        }
    }
    out
}

fn verdicts(run: Hylint, export: &str, direction: &str, table: &str) -> Vec<String> {
    let args = format!("trace {export} --direction {direction} --packets p.csv --format ndjson");
    let run = run.file("p.csv", table).args(&args).run();
    run.expect(0, &[]);
    let lines = run.out.lines().map(|l| serde_json::from_str(l).unwrap());
    lines
        .map(|v: Value| v["verdict"].as_str().unwrap().to_owned())
        .collect()
}

// Fails if the chains of ufw-init, their order, the policies or the order of the files are not those that ufw loads.
#[test]
fn files_decide_as_what_ufw_loads_of_them() {
    let (mut asked, mut open, mut wrong) = (0, 0, Vec::new());
    for folder in saved() {
        for (v6, dump) in [(false, "rules.v4"), (true, "rules.v6")] {
            for direction in ["in", "out", "forward"] {
                let table = packets(v6, direction);
                let loaded = std::fs::read_to_string(folder.join("kernel").join(dump)).unwrap();
                let kernel = Hylint::new().file(dump, &loaded);
                let kernel = verdicts(kernel, dump, direction, &table);
                let own = with_files(&folder, &[]);
                let own = verdicts(own, "etc/ufw/user.rules", direction, &table);
                let rows = table.lines().skip(1);
                for ((own, kernel), row) in own.iter().zip(&kernel).zip(rows) {
                    asked += 1;
                    open += usize::from(own == "conditional");
                    if own != kernel {
                        let name = folder.file_name().unwrap().to_string_lossy();
                        wrong.push(format!("{name} {direction} {row}: {own}, loaded {kernel}"));
                    }
                }
            }
        }
    }
    println!("{asked} packets, {open} conditional (limit)");
    assert!(asked > 10_000 && open * 20 < asked);
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}
